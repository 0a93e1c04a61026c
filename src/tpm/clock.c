/* The TPM's clock (Part 3, 29). */
#include "base/cleanup.h"
#include "tpm/lockout.h"

#include <inttypes.h>

hf_err hf_tpm_clock_get(struct hf_tpm *tpm, struct hf_tpm_clock *out)
{
    struct hf_tpm_clock clock = {0};
    struct hf_tpm_call c;
    uint8_t safe;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_ReadClock));
    HF_TRY(hf_tpm_call_run(tpm, &c));
    clock.time_ms = hf_rd_u64be(&c.r);
    clock.clock_ms = hf_rd_u64be(&c.r);
    clock.reset_count = hf_rd_u32be(&c.r);
    clock.restart_count = hf_rd_u32be(&c.r);
    safe = hf_rd_u8(&c.r);
    HF_TRY(hf_rd_end(&c.r));
    if (safe > 1)
        return hf_fail(HF_E_DEVICE, "TPM2_ReadClock: safe is %u, neither yes nor no", safe);
    clock.safe = safe == 1;
    *out = clock;
    return HF_OK;
}

static hf_err set(struct hf_tpm *tpm, enum hf_tpm_authority by, const struct hf_secret *auth, uint64_t clock_ms)
{
    struct hf_tpm_entity who = hf_tpm_entity_plain(hf_tpm_authority_handle(by));
    struct hf_tpm_auth value = {.value = auth};
    struct hf_tpm_clock now = {0};
    struct hf_tpm_call c;

    HF_TRY(hf_tpm_clock_get(tpm, &now));
    if (clock_ms <= now.clock_ms)
        return hf_fail(HF_E_ARG,
                       "the TPM's clock stands at %" PRIu64 " ms and goes only forward; %" PRIu64 " is not later",
                       now.clock_ms, clock_ms);
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_ClockSet));
    hf_tpm_call_handle(&c, &who, &value);
    hf_wr_u64be(&c.w, clock_ms);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    return hf_rd_end(&c.r);
}

hf_err hf_tpm_clock_advance(struct hf_tpm *tpm, enum hf_tpm_authority by, const struct hf_secret *auth, uint64_t clock_ms)
{
    hf_err err;

    if (by != HF_TPM_BY_OWNER && by != HF_TPM_BY_PLATFORM)
        return hf_fail(HF_E_ARG, "the clock is set by the owner or the platform, not by %s", hf_tpm_authority_name(by));
    HF_TRY(hf_tpm_take(tpm));
    err = set(tpm, by, auth, clock_ms);
    hf_tpm_give(tpm);
    return err;
}
