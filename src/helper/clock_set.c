/* The TPM's clock as wall time. */
#include "helper/clock_set.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "tpm/wire.h"

#include <inttypes.h>
#include <tss2/tss2_tpm2_types.h>

#define MS_2024 UINT64_C(1704067200000)    /* 2024-01-01T00:00:00Z */
#define MS_2100 UINT64_C(4102444800000)    /* 2100-01-01T00:00:00Z */
#define MS_10_YEARS UINT64_C(315576000000) /* of 365.25 days */

uint64_t hf_tpm_clock_target(uint64_t clock_ms, uint64_t wall_ms)
{
    if (wall_ms < MS_2024 || wall_ms > MS_2100 || wall_ms <= clock_ms)
        return 0;
    /* A clock before 2024 has never held wall time: new, or of a TPM that counted its running time. */
    if (clock_ms >= MS_2024 && wall_ms - clock_ms > MS_10_YEARS)
        return 0;
    return wall_ms;
}

/* TPM2_ReadClock: TPMS_TIME_INFO, of which the clock follows the 8 bytes of `time`. */
static hf_err clock_read(struct hf_tpm_transport *tpm, struct hf_tpm_reply *reply, uint64_t *clock_ms)
{
    uint8_t place[HF_TPM_IO_MAX];
    struct hf_writer w = hf_wire_start(place, TPM2_ST_NO_SESSIONS, TPM2_CC_ReadClock);
    struct hf_bytes command = {0};
    struct hf_reader r;
    uint32_t rc = 0;

    HF_TRY(hf_wire_end(&w, &command));
    HF_TRY(tpm->ops->transact(tpm, command, HF_TPM_TIMEOUT_MS, reply));
    HF_TRY(hf_wire_reply_check(reply, &rc));
    if (rc != TPM2_RC_SUCCESS)
        return hf_fail_device(HF_E_DEVICE, rc, "TPM2_ReadClock gave 0x%08x", rc);
    r = hf_reader((struct hf_bytes){reply->bytes, reply->n});
    hf_rd_skip(&r, HF_WIRE_HEADER + 8);
    *clock_ms = hf_rd_u64be(&r);
    return hf_rd_err(&r);
}

hf_err hf_tpm_clock_set(struct hf_tpm_transport *tpm)
{
    HF_CLEANUP(hf_free) struct hf_tpm_reply *reply = NULL;
    uint8_t place[HF_TPM_IO_MAX];
    struct hf_writer w = hf_wire_start(place, TPM2_ST_SESSIONS, TPM2_CC_ClockSet);
    struct hf_bytes command = {0};
    uint64_t clock_ms = 0;
    uint64_t wall = hf_now_ms();
    uint64_t target;
    uint32_t rc = 0;

    HF_TRY(hf_alloc(sizeof(*reply), &reply));
    HF_TRY(clock_read(tpm, reply, &clock_ms));
    target = hf_tpm_clock_target(clock_ms, wall);
    if (target == 0) {
        hf_log(HF_LOG_NOTICE, "tpm.clock", "kept=%" PRIu64 " wall=%" PRIu64, clock_ms, wall);
        return HF_OK;
    }
    hf_wr_u32be(&w, TPM2_RH_PLATFORM);
    hf_wire_password_empty(&w);
    hf_wr_u64be(&w, target);
    HF_TRY(hf_wire_end(&w, &command));
    HF_TRY(tpm->ops->transact(tpm, command, HF_TPM_TIMEOUT_MS, reply));
    HF_TRY(hf_wire_reply_check(reply, &rc));
    if (rc != TPM2_RC_SUCCESS)
        return hf_fail_device(HF_E_DEVICE, rc, "TPM2_ClockSet to %" PRIu64 " gave 0x%08x", target, rc);
    return HF_OK;
}
