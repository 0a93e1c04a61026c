/* The resource manager's own commands to the TPM. */
#include "base/log.h"
#include "tpm/rm_inside.h"

#include <time.h>

#define RETRIES 5
#define FIRST_PAUSE_NS 1000000 /* doubled each time: 31 ms in all */

hf_err hf_rm_raw(struct hf_rm *rm, struct hf_bytes command, uint32_t timeout_ms, struct hf_tpm_reply *reply,
                 uint32_t *rc)
{
    hf_err err;

    if (rm->dead)
        return hf_fail(HF_E_UNAVAILABLE, "the TPM behind the resource manager is gone");
    err = rm->raw->ops->transact(rm->raw, command, timeout_ms, reply);
    if (err == HF_OK)
        err = hf_wire_reply_check(reply, rc);
    if (err != HF_OK)
        rm->dead = true;
    return err;
}

/* A command of the manager's own: what the specification says to send again is sent again, bounded. */
static hf_err own(struct hf_rm *rm, struct hf_bytes command, uint32_t *rc)
{
    static const uint8_t startup[] = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x44, 0, 0};
    struct timespec pause = {.tv_nsec = FIRST_PAUSE_NS};

    HF_TRY(hf_rm_raw(rm, command, HF_TPM_TIMEOUT_MS, &rm->in, rc));
    if (*rc == TPM2_RC_INITIALIZE) { /* a simulator that was just switched on waits for TPM2_Startup */
        HF_TRY(hf_rm_raw(rm, HF_BYTES_OF(startup), HF_TPM_TIMEOUT_MS, &rm->in, rc));
        HF_TRY(hf_rm_raw(rm, command, HF_TPM_TIMEOUT_MS, &rm->in, rc));
    }
    for (int i = 0; i < RETRIES && (*rc == TPM2_RC_RETRY || *rc == TPM2_RC_YIELDED || *rc == TPM2_RC_TESTING); i++) {
        (void)nanosleep(&pause, NULL);
        pause.tv_nsec *= 2;
        HF_TRY(hf_rm_raw(rm, command, HF_TPM_TIMEOUT_MS, &rm->in, rc));
    }
    return HF_OK;
}

void hf_rm_tell(struct hf_rm *rm, uint32_t handle, bool added)
{
    if (rm->watch)
        rm->watch(rm->watch_arg, handle, added);
}

hf_err hf_rm_raw_save(struct hf_rm *rm, uint32_t handle, struct hf_buf *context, uint32_t *rc)
{
    struct hf_writer w = hf_wire_start(rm->out, TPM2_ST_NO_SESSIONS, TPM2_CC_ContextSave);
    struct hf_bytes command = {0};

    hf_wr_u32be(&w, handle);
    HF_TRY(hf_wire_end(&w, &command));
    HF_TRY(own(rm, command, rc));
    if (*rc != TPM2_RC_SUCCESS)
        return HF_OK;
    return hf_buf_set(context, (struct hf_bytes){rm->in.bytes + HF_WIRE_HEADER, rm->in.n - HF_WIRE_HEADER});
}

hf_err hf_rm_raw_load(struct hf_rm *rm, struct hf_bytes context, uint32_t *handle, uint32_t *rc)
{
    struct hf_writer w = hf_wire_start(rm->out, TPM2_ST_NO_SESSIONS, TPM2_CC_ContextLoad);
    struct hf_bytes command = {0};

    hf_wr_bytes(&w, context);
    HF_TRY(hf_wire_end(&w, &command));
    HF_TRY(own(rm, command, rc));
    if (*rc != TPM2_RC_SUCCESS)
        return HF_OK;
    if (!hf_wire_get_u32((struct hf_bytes){rm->in.bytes, rm->in.n}, HF_WIRE_HANDLE_AT(0), handle)) {
        rm->dead = true;
        return hf_fail(HF_E_FORMAT, "TPM2_ContextLoad answered without a handle");
    }
    rm->swaps++;
    return HF_OK;
}

static hf_err flush_once(struct hf_rm *rm, uint32_t handle, uint32_t *rc)
{
    struct hf_writer w = hf_wire_start(rm->out, TPM2_ST_NO_SESSIONS, TPM2_CC_FlushContext);
    struct hf_bytes command = {0};

    hf_wr_u32be(&w, handle);
    HF_TRY(hf_wire_end(&w, &command));
    return own(rm, command, rc);
}

/* What the TPM did not flush still fills a slot: remembered, and tried again when room is needed. */
hf_err hf_rm_raw_flush(struct hf_rm *rm, uint32_t handle, uint32_t *rc)
{
    HF_TRY(flush_once(rm, handle, rc));
    if (*rc == TPM2_RC_SUCCESS || (*rc & TPM2_RC_FMT1)) /* gone, or never there */
        return HF_OK;
    hf_log(HF_LOG_WARNING, "rm.flush", "handle=0x%08x rc=0x%08x", handle, *rc);
    for (size_t i = 0; i < HF_RM_STUCK; i++) {
        if (rm->stuck[i] == HF_RM_NO_HANDLE || rm->stuck[i] == handle) {
            rm->stuck[i] = handle;
            break;
        }
    }
    return HF_OK;
}

hf_err hf_rm_raw_flush_stuck(struct hf_rm *rm, bool *done)
{
    *done = false;
    for (size_t i = 0; i < HF_RM_STUCK; i++) {
        uint32_t rc = 0;

        if (rm->stuck[i] == HF_RM_NO_HANDLE)
            continue;
        HF_TRY(flush_once(rm, rm->stuck[i], &rc));
        if (rc == TPM2_RC_SUCCESS || (rc & TPM2_RC_FMT1)) {
            rm->stuck[i] = HF_RM_NO_HANDLE;
            *done = true;
        }
    }
    return HF_OK;
}

void hf_rm_raw_unstick(struct hf_rm *rm, uint32_t handle)
{
    for (size_t i = 0; i < HF_RM_STUCK; i++) {
        if (rm->stuck[i] == handle)
            rm->stuck[i] = HF_RM_NO_HANDLE;
    }
}

hf_err hf_rm_raw_capability(struct hf_rm *rm, uint32_t capability, uint32_t property, uint32_t count, bool *more,
                            uint32_t *n, struct hf_reader *r)
{
    struct hf_writer w = hf_wire_start(rm->out, TPM2_ST_NO_SESSIONS, TPM2_CC_GetCapability);
    struct hf_bytes command = {0};
    uint32_t rc = 0;
    uint32_t seen;

    hf_wr_u32be(&w, capability);
    hf_wr_u32be(&w, property);
    hf_wr_u32be(&w, count);
    HF_TRY(hf_wire_end(&w, &command));
    HF_TRY(own(rm, command, &rc));
    if (rc != TPM2_RC_SUCCESS)
        return hf_fail_device(HF_E_DEVICE, rc, "TPM2_GetCapability(%u, 0x%x) gave 0x%08x", capability, property, rc);
    *r = hf_reader((struct hf_bytes){rm->in.bytes, rm->in.n});
    hf_rd_skip(r, HF_WIRE_HEADER);
    *more = hf_rd_u8(r) != 0;
    seen = hf_rd_u32be(r);
    *n = hf_rd_u32be(r);
    if (seen != capability || *n > count)
        hf_rd_fail(r, HF_E_FORMAT, "TPM2_GetCapability(%u) answered %u elements of capability %u", capability, *n,
                   seen);
    return hf_rd_err(r);
}
