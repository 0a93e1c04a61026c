/* libtpms whose every change is on disk before it is answered. */
#include "helper/engine.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "helper/clock_set.h"
#include "helper/resume.h"
#include "tpm/tpm_inproc.h"
#include "tpm/wire.h"

#include <tss2/tss2_tpm2_types.h>

#define RETRIES 3

struct engine {
    struct hf_tpm_transport base;
    struct hf_tpm_transport *tpm; /* libtpms */
    struct hf_tpm_state *state;
    uint64_t stored; /* generation of libtpms' state that is on disk */
    bool broken;
    bool resumed;
    struct hf_buf extra;
};

static const struct hf_tpm_transport_ops engine_ops;

static hf_err store(struct engine *e)
{
    uint64_t generation = hf_tpm_inproc_generation();
    hf_err err = HF_OK;

    if (generation != e->stored)
        err = hf_tpm_state_save(e->state, hf_tpm_inproc_permanent());
    if (err != HF_OK)
        e->broken = true;
    else
        e->stored = generation;
    return err;
}

static hf_err shutdown_clear(struct engine *e)
{
    HF_CLEANUP(hf_free) struct hf_tpm_reply *reply = NULL;
    uint8_t place[HF_TPM_IO_MAX];
    struct hf_writer w = hf_wire_start(place, TPM2_ST_NO_SESSIONS, TPM2_CC_Shutdown);
    struct hf_bytes command = {0};
    uint32_t rc = 0;

    HF_TRY(hf_alloc(sizeof(*reply), &reply));
    hf_wr_u16be(&w, TPM2_SU_CLEAR);
    HF_TRY(hf_wire_end(&w, &command));
    HF_TRY(hf_tpm_inproc_ops.transact(e->tpm, command, HF_TPM_TIMEOUT_MS, reply));
    HF_TRY(hf_wire_reply_check(reply, &rc));
    return rc == TPM2_RC_SUCCESS ? HF_OK : hf_fail_device(HF_E_DEVICE, rc, "TPM2_Shutdown(CLEAR) gave 0x%08x", rc);
}

/* The lockout hierarchy is the one protected authorization that libtpms does not announce. */
static bool names_lockout(struct hf_bytes command)
{
    uint32_t handle = 0;

    for (size_t i = 0; i < 2; i++)
        if (hf_wire_get_u32(command, HF_WIRE_HANDLE_AT(i), &handle) && handle == TPM2_RH_LOCKOUT)
            return true;
    return false;
}

/*
 * libtpms answers the first use of a dictionary-attack-protected authorization after an orderly
 * Shutdown with TPM_RC_RETRY, having marked its state so that a loss counts as a failed try.
 */
static hf_err engine_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                              struct hf_tpm_reply *reply)
{
    struct engine *e = (struct engine *)t;
    bool protected_use = names_lockout(command);
    uint32_t rc = TPM2_RC_RETRY;

    if (e->broken)
        return hf_fail(HF_E_UNAVAILABLE, "the embedded TPM stopped: its state could not be written");
    for (int i = 0; i <= RETRIES && rc == TPM2_RC_RETRY; i++) {
        HF_TRY(hf_tpm_inproc_ops.transact(e->tpm, command, timeout_ms, reply));
        HF_TRY(hf_wire_reply_check(reply, &rc));
        protected_use = protected_use || rc == TPM2_RC_RETRY;
    }
    if (protected_use && hf_tpm_inproc_generation() != e->stored && shutdown_clear(e) != HF_OK)
        hf_log(HF_LOG_WARNING, "tpm.shutdown", "why=%s", hf_err_detail());
    if (store(e) != HF_OK) {
        hf_log(HF_LOG_ERROR, "tpm.store", "why=%s", hf_err_detail());
        hf_wire_reply_rc(reply, TPM2_RC_NV_UNAVAILABLE);
    }
    return HF_OK;
}

static void engine_close(struct hf_tpm_transport **t)
{
    struct engine *e = (struct engine *)*t;

    if (!e)
        return;
    hf_tpm_inproc_ops.close(&e->tpm);
    hf_buf_free(&e->extra);
    hf_free(t);
}

static const struct hf_tpm_transport_ops engine_ops = {
    .scheme = "engine",
    .about = "libtpms with a durable state",
    .close = engine_close,
    .transact = engine_transact,
};

/* Wall time into the TPM's clock, then everything that starting changed, in one write. */
static hf_err engine_begin(struct engine *e)
{
    hf_err err = hf_tpm_clock_set(e->tpm);

    if (err != HF_OK && !e->resumed)
        return err;
    if (err != HF_OK) /* a client may have set a platform authorization, which lasts until a reset */
        hf_log(HF_LOG_NOTICE, "tpm.clock", "why=%s", hf_err_detail());
    HF_TRY(shutdown_clear(e));
    if (!e->resumed)
        return store(e);
    /* Memory and disk are both at rest and differ by the clock alone, which is set at every start. */
    e->stored = hf_tpm_inproc_generation();
    return HF_OK;
}

hf_err hf_engine_open(struct hf_tpm_state *state, struct hf_tpm_transport **out)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf permanent = {.max = HF_TPM_STATE_MAX};
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf resume = {.max = HF_TPM_STATE_MAX};
    struct engine *e = NULL;
    struct hf_tpm_transport *t = NULL;
    hf_err err;

    HF_TRY(hf_alloc(sizeof(*e), &e));
    t = &e->base;
    e->base.ops = &engine_ops;
    e->base.kind = HF_TPM_KIND_EMULATED;
    e->state = state;
    e->extra.max = HF_TPM_STATE_MAX;
    err = hf_tpm_state_load(state, HF_TPM_STATE_PERMANENT, &permanent);
    if (err == HF_OK)
        err = hf_resume_take(state, hf_buf_bytes(&permanent), &resume, &e->extra);
    if (err == HF_OK) {
        e->resumed = resume.n > 0;
        e->stored = hf_tpm_inproc_generation();
        err = hf_tpm_inproc_start(hf_buf_bytes(&permanent), hf_buf_bytes(&resume), &e->tpm);
    }
    if (err == HF_OK)
        err = engine_begin(e);
    if (err != HF_OK)
        engine_close(&t);
    else
        *out = t;
    return err;
}

bool hf_engine_broken(const struct hf_tpm_transport *engine)
{
    return ((const struct engine *)engine)->broken;
}

bool hf_engine_resumed(const struct hf_tpm_transport *engine, struct hf_bytes *extra)
{
    const struct engine *e = (const struct engine *)engine;

    *extra = hf_buf_bytes(&e->extra);
    return e->resumed;
}

hf_err hf_engine_rest(struct hf_tpm_transport *engine)
{
    struct engine *e = (struct engine *)engine;

    if (e->broken)
        return hf_fail(HF_E_IO, "the state could not be written");
    HF_TRY(shutdown_clear(e));
    return store(e);
}

hf_err hf_engine_suspend(struct hf_tpm_transport *engine, struct hf_bytes extra)
{
    struct engine *e = (struct engine *)engine;
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf volatile_state = {.max = HF_TPM_STATE_MAX};
    hf_err err;

    HF_TRY(hf_engine_rest(engine));
    HF_TRY(hf_tpm_inproc_volatile(&volatile_state));
    HF_TRY(store(e));
    err = hf_resume_keep(e->state, hf_tpm_inproc_permanent(), hf_buf_bytes(&volatile_state), extra);
    return err;
}
