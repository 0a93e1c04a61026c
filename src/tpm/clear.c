/* TPM2_Clear, and a look before and after it (Part 3, 24.6). */
#include "base/cleanup.h"
#include "tpm/caps.h"
#include "tpm/lockout.h"
#include "tpm/nv.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* What a clear changes, as it can be seen from outside. */
struct look {
    bool srk_known; /* the primary of the usual template could be made, which tells the seed */
    struct hf_tpm_name srk;
    bool srk_there; /* a key at 0x81000001 */
    size_t persistent, persistent_platform;
    size_t nv, nv_platform;
    bool clear_disabled, owner_auth, endorsement_auth, lockout_auth;
    uint32_t counter;
    struct hf_tpm_clock clock;
};

static hf_err count_persistent(void *arg, uint32_t handle)
{
    struct look *look = arg;

    if (handle >= HF_TPM_PLATFORM_PERSISTENT)
        look->persistent_platform++;
    else
        look->persistent++;
    if (handle == HF_TPM_SRK)
        look->srk_there = true;
    return HF_OK;
}

static hf_err count_nv(void *arg, const struct hf_tpm_nv_info *info)
{
    struct look *look = arg;

    if (info->platform)
        look->nv_platform++;
    else
        look->nv++;
    return HF_OK;
}

static hf_err count_variable(void *arg, uint32_t property, uint32_t value)
{
    struct look *look = arg;

    if (property == TPM2_PT_PERMANENT) {
        look->clear_disabled = (value & TPMA_PERMANENT_DISABLECLEAR) != 0;
        look->owner_auth = (value & TPMA_PERMANENT_OWNERAUTHSET) != 0;
        look->endorsement_auth = (value & TPMA_PERMANENT_ENDORSEMENTAUTHSET) != 0;
        look->lockout_auth = (value & TPMA_PERMANENT_LOCKOUTAUTHSET) != 0;
    }
    if (property == TPM2_PT_LOCKOUT_COUNTER)
        look->counter = value;
    return HF_OK;
}

/* The Name of the primary that the usual template gives now. Not to be had where the owner has a value. */
static hf_err seed_look(struct hf_tpm *tpm, struct look *look)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf template = {0};
    uint32_t handle = 0;

    if (look->owner_auth)
        return HF_OK;
    HF_TRY(hf_tpm_srk_template(&template));
    HF_TRY(hf_tpm_primary_raw(tpm, TPM2_RH_OWNER, NULL, hf_buf_bytes(&template), &handle, &look->srk, NULL));
    hf_tpm_flush(tpm, handle);
    look->srk_known = true;
    return HF_OK;
}

static hf_err take_look(struct hf_tpm *tpm, struct look *look)
{
    HF_TRY(hf_tpm_properties(tpm, TPM2_PT_VAR, count_variable, look));
    HF_TRY(hf_tpm_handles(tpm, TPM2_HT_PERSISTENT, count_persistent, look));
    HF_TRY(hf_tpm_nv_list(tpm, count_nv, look));
    HF_TRY(hf_tpm_clock_get(tpm, &look->clock));
    return seed_look(tpm, look);
}

static HF_PRINTF(4, 5) void step(struct hf_tpm_clear_report *report, const char *name, bool done, const char *fmt, ...)
{
    struct hf_tpm_clear_step *s = &report->step[report->n];
    va_list args;

    if (report->n == HF_TPM_CLEAR_STEPS)
        return;
    s->name = name;
    s->done = done;
    va_start(args, fmt);
    (void)vsnprintf(s->text, sizeof(s->text), fmt, args);
    va_end(args);
    report->n++;
}

static void report_seed(struct hf_tpm_clear_report *report, const struct look *before, const struct look *after)
{
    bool same = before->srk_known && after->srk_known &&
                hf_bytes_equal(hf_tpm_name_bytes(&before->srk), hf_tpm_name_bytes(&after->srk));

    if (!before->srk_known)
        step(report, "storage seed", true,
             "changed, by the TPM's word; it could not be looked at before, for the owner had an authorization");
    else if (!after->srk_known || same)
        step(report, "storage seed", false, "the primary key of the storage hierarchy is %s",
             same ? "the same as before" : "not to be had");
    else
        step(report, "storage seed", true, "changed: the storage root key that it gives is another one now");
    step(report, "keys under it", !same,
         same ? "key files may still load"
              : "dead for good, also for who kept copies: key files and sealed data "
                "made under the old storage root key never load again");
}

static void report_rest(struct hf_tpm_clear_report *report, const struct look *before, const struct look *after)
{
    step(report, "storage root key", !after->srk_there,
         before->srk_there ? after->srk_there ? "still at 0x%08x"
                                              : "gone from 0x%08x; the next use makes "
                                                "another"
                           : "there was none at 0x%08x",
         HF_TPM_SRK);
    step(report, "persistent objects", after->persistent == 0,
         "%zu of owner and endorsement before, %zu now; %zu of the platform stay", before->persistent,
         after->persistent, after->persistent_platform);
    step(report, "owner's NV indices", after->nv == 0, "%zu before, %zu now; %zu of the platform stay", before->nv,
         after->nv, after->nv_platform);
    step(report, "authorizations", !after->owner_auth && !after->endorsement_auth && !after->lockout_auth,
         "owner %s, endorsement %s, lockout %s", after->owner_auth ? "SET" : "empty",
         after->endorsement_auth ? "SET" : "empty", after->lockout_auth ? "SET" : "empty");
    step(report, "lockout counter", after->counter == 0, "%u before, %u now", (unsigned)before->counter,
         (unsigned)after->counter);
    step(report, "clock", after->clock.reset_count == 0,
         "reset count %u before, %u now; the clock began anew at %" PRIu64 " ms", (unsigned)before->clock.reset_count,
         (unsigned)after->clock.reset_count, after->clock.clock_ms);
}

/* What this connection knew of the TPM is of the past: the next session learns the salt key, and with it the pin, anew.
 */
static hf_err forget(struct hf_tpm *tpm)
{
    hf_tpm_pool_flush(tpm);
    tpm->srk.handle = 0;
    tpm->srk_file_parent = 0;
    return tpm->no_pin ? HF_OK : hf_tpm_pin_forget(tpm->state_dir, tpm->uri);
}

static hf_err command(struct hf_tpm *tpm, enum hf_tpm_authority by, const struct hf_secret *auth, bool force)
{
    struct hf_tpm_entity who = hf_tpm_entity_plain(hf_tpm_authority_handle(by));
    struct hf_tpm_auth value = {.value = auth};
    struct hf_tpm_call c;
    hf_err err;

    if (by == HF_TPM_BY_LOCKOUT)
        HF_TRY(hf_tpm_lockout_foresee(tpm, auth, force));
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_Clear));
    hf_tpm_call_handle(&c, &who, &value);
    c.changes_auth = by == HF_TPM_BY_LOCKOUT; /* to the empty value, under which the response is protected */
    err = hf_tpm_call_run(tpm, &c);
    if (by == HF_TPM_BY_LOCKOUT)
        err = hf_tpm_lockout_remember(tpm, err);
    HF_TRY(err);
    return hf_rd_end(&c.r);
}

static hf_err clear(struct hf_tpm *tpm, enum hf_tpm_authority by, const struct hf_secret *auth, bool force,
                    struct hf_tpm_clear_report *report)
{
    struct look before = {0};
    struct look after = {0};
    hf_err pin;

    HF_TRY(take_look(tpm, &before));
    if (before.clear_disabled && by == HF_TPM_BY_LOCKOUT)
        return hf_fail(
            HF_E_DENIED,
            "clearing by the lockout authorization is disabled (TPM2_ClearControl): the platform (firmware setup) "
            "clears, or permits it again");
    HF_TRY(command(tpm, by, auth, force));
    report->cleared = true;
    pin = forget(tpm);
    step(report, "pin of the salt key", pin == HF_OK, "%s",
         pin != HF_OK  ? hf_err_detail()
         : tpm->no_pin ? "none is kept"
                       : "dropped: the next use learns "
                         "the new key");
    HF_TRY(take_look(tpm, &after));
    report_seed(report, &before, &after);
    report_rest(report, &before, &after);
    for (size_t i = 0; i < report->n; i++) {
        if (!report->step[i].done)
            return hf_fail(HF_E_WARNED, "the TPM was cleared, but: %s: %s", report->step[i].name, report->step[i].text);
    }
    return HF_OK;
}

hf_err hf_tpm_clear(struct hf_tpm *tpm, enum hf_tpm_authority by, const struct hf_secret *auth, bool force,
                    struct hf_tpm_clear_report *out)
{
    struct hf_tpm_clear_report report = {0};
    hf_err err;

    if (by != HF_TPM_BY_LOCKOUT && by != HF_TPM_BY_PLATFORM)
        return hf_fail(HF_E_ARG, "a TPM is cleared by lockout or platform, not by %s", hf_tpm_authority_name(by));
    HF_TRY(hf_tpm_take(tpm));
    err = clear(tpm, by, auth, force, &report);
    hf_tpm_give(tpm);
    if (report.cleared)
        *out = report;
    return err;
}
