/*
 * Dictionary-attack lockout (Part 3, 25). One wrong lockout authorization bars the right one for the
 * recovery time, so what can be foreseen to be wrong is not sent; and since the TPM does not tell of a bar,
 * holdfast remembers its own failures: a line for each TPM in <state>/tpm.lockout, "UNIX-SECONDS URI".
 */
#include "tpm/lockout.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "tpm/caps.h"

#include <stdio.h>
#include <sys/file.h>

#define BAR_FILE "tpm.lockout"
#define BAR_FILE_MAX ((size_t)1 << 20)

uint32_t hf_tpm_authority_handle(enum hf_tpm_authority authority)
{
    switch (authority) {
    case HF_TPM_BY_OWNER:
        return TPM2_RH_OWNER;
    case HF_TPM_BY_ENDORSEMENT:
        return TPM2_RH_ENDORSEMENT;
    case HF_TPM_BY_LOCKOUT:
        return TPM2_RH_LOCKOUT;
    case HF_TPM_BY_PLATFORM:
        break;
    }
    return TPM2_RH_PLATFORM;
}

const char *hf_tpm_authority_name(enum hf_tpm_authority authority)
{
    static const char *const names[] = {"owner", "endorsement", "lockout", "platform"};

    return (unsigned)authority < HF_COUNT(names) ? names[authority] : "unknown";
}

/* One line: its time, and whether it is the URI's. A line that is not ours to read is an error: the file decides
 * whether an authorization is tried. */
static hf_err line_parse(const char *line, const char *uri, int64_t *at, bool *ours)
{
    const char *space = strchr(line, ' ');
    HF_CLEANUP(hf_free) char *number = NULL;
    uint64_t seconds = 0;

    if (!space || !space[1])
        return hf_fail(HF_E_FORMAT, "%s: a line is not a time and a URI", BAR_FILE);
    HF_TRY(hf_text_of((struct hf_bytes){(const uint8_t *)line, (size_t)(space - line)}, &number));
    if (hf_text_u64(number, INT64_MAX, BAR_FILE ": time", &seconds) != HF_OK)
        return hf_fail(HF_E_FORMAT, "%.200s", hf_err_detail());
    *ours = strcmp(space + 1, uri) == 0;
    *at = (int64_t)seconds;
    return HF_OK;
}

/* The lines of other TPMs, into `others` unless it is NULL; when this one's authorization failed in *at, or 0. */
static hf_err bars_read(int dir, const char *uri, struct hf_buf *others, int64_t *at)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    hf_err err = hf_file_read_at(dir, BAR_FILE, BAR_FILE_MAX, &buf);
    char *text = NULL;
    char *rest = NULL;

    *at = 0;
    if (err == HF_E_NOT_FOUND)
        return HF_OK;
    HF_TRY(err);
    HF_TRY(hf_buf_text(&buf, &text));
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        int64_t when = 0;
        bool ours = false;

        HF_TRY(line_parse(line, uri, &when, &ours));
        if (ours)
            *at = when;
        else if (others)
            HF_TRY(hf_buf_printf(others, "%s\n", line));
    }
    return HF_OK;
}

/* Remember a failure at a time; 0: forget it. */
static hf_err bar_write(const struct hf_tpm *tpm, int64_t at)
{
    HF_CLEANUP(hf_fd_close) int dir = -1;
    HF_CLEANUP(hf_buf_free) struct hf_buf lines = {0};
    int64_t before = 0;

    HF_TRY(hf_dir_open(tpm->state_dir, &dir));
    if (flock(dir, LOCK_EX) != 0)
        return hf_fail_errno("%s", tpm->state_dir);
    HF_TRY(bars_read(dir, tpm->uri, &lines, &before));
    if (before == at)
        return HF_OK;
    if (at)
        HF_TRY(hf_buf_printf(&lines, "%lld %s\n", (long long)at, tpm->uri));
    return hf_file_replace_at(dir, BAR_FILE, hf_buf_bytes(&lines));
}

static hf_err bar_read(const struct hf_tpm *tpm, int64_t *at)
{
    HF_CLEANUP(hf_fd_close) int dir = -1;

    HF_TRY(hf_dir_open(tpm->state_dir, &dir));
    return bars_read(dir, tpm->uri, NULL, at);
}

/* Does the bar of a failure at `at` still stand, by this machine's clock? */
static void bar_judge(struct hf_tpm_lockout *l, int64_t at, hf_time now)
{
    if (at == 0)
        return;
    if (l->lockout_recovery_s == 0) {
        l->auth_barred = true; /* until a reset; a success takes the mark away */
        return;
    }
    if (now < at) /* the clock was set back: the whole time counts from now */
        at = now;
    if (now - at < (int64_t)l->lockout_recovery_s) {
        l->auth_barred = true;
        l->barred_for_s = (uint32_t)((int64_t)l->lockout_recovery_s - (now - at));
    }
}

static hf_err variable(void *arg, uint32_t property, uint32_t value)
{
    struct hf_tpm_lockout *l = arg;

    switch (property) {
    case TPM2_PT_PERMANENT:
        l->in_lockout = (value & TPMA_PERMANENT_INLOCKOUT) != 0;
        l->auth_set = (value & TPMA_PERMANENT_LOCKOUTAUTHSET) != 0;
        break;
    case TPM2_PT_LOCKOUT_COUNTER:
        l->counter = value;
        break;
    case TPM2_PT_MAX_AUTH_FAIL:
        l->max_tries = value;
        break;
    case TPM2_PT_LOCKOUT_INTERVAL:
        l->recovery_s = value;
        break;
    case TPM2_PT_LOCKOUT_RECOVERY:
        l->lockout_recovery_s = value;
        break;
    default:
        break;
    }
    return HF_OK;
}

/* Without the file: for the detail of an error. */
static hf_err get(struct hf_tpm *tpm, struct hf_tpm_lockout *out)
{
    struct hf_tpm_lockout l = {0};

    HF_TRY(hf_tpm_properties(tpm, TPM2_PT_VAR, variable, &l));
    l.tries_left = l.counter < l.max_tries ? l.max_tries - l.counter : 0;
    l.next_within_s = l.counter ? l.recovery_s : 0;
    *out = l;
    return HF_OK;
}

hf_err hf_tpm_lockout_get(struct hf_tpm *tpm, struct hf_tpm_lockout *out)
{
    struct hf_tpm_lockout l = {0};
    int64_t at = 0;
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = get(tpm, &l);
    hf_tpm_give(tpm);
    HF_TRY(err);
    HF_TRY(bar_read(tpm, &at));
    bar_judge(&l, at, hf_now());
    *out = l;
    return HF_OK;
}

/* What tpm/rc.c says behind TPM_RC_AUTH_FAIL. */
#define HINT "; `holdfast tpm lockout show`"

static bool is_auth_fail(uint32_t rc)
{
    return (rc & 0xbf) == TPM2_RC_AUTH_FAIL;
}

hf_err hf_tpm_tries_left(struct hf_tpm *tpm, hf_err err)
{
    uint32_t rc = hf_err_device_code();
    struct hf_tpm_lockout l = {0};
    char said[600];

    if (err != HF_E_AUTH || !is_auth_fail(rc))
        return err;
    (void)snprintf(said, sizeof(said), "%s", hf_err_detail());
    if (strstr(said, HINT)) /* the question it suggests is answered below */
        *strstr(said, HINT) = 0;
    if (get(tpm, &l) != HF_OK)
        return hf_fail_device(err, rc, "%s", said);
    if (l.tries_left == 0)
        return hf_fail_device(err, rc, "%s; no tries are left: the TPM is in lockout%s", said,
                              l.recovery_s ? " until the counter goes down" : "");
    return hf_fail_device(err, rc, "%s; %u of %u tries left before lockout, one comes back every %u s", said,
                          (unsigned)l.tries_left, (unsigned)l.max_tries, (unsigned)l.recovery_s);
}

static hf_err foresee(const struct hf_tpm_lockout *l, const struct hf_secret *auth)
{
    bool given = hf_secret_expose(auth).n != 0;
    char bar[64] = "until the TPM is reset";

    if (l->lockout_recovery_s)
        (void)snprintf(bar, sizeof(bar), "for %u s", (unsigned)l->lockout_recovery_s);
    if (l->auth_barred && l->lockout_recovery_s)
        return hf_fail(HF_E_DENIED,
                       "the lockout authorization given before was wrong, and the TPM takes none for another %u s; "
                       "--force tries nevertheless",
                       (unsigned)l->barred_for_s);
    if (l->auth_barred)
        return hf_fail(HF_E_DENIED,
                       "the lockout authorization given before was wrong, and the TPM takes none until it is reset; "
                       "--force tries nevertheless");
    if (given && !l->auth_set)
        return hf_fail(HF_E_DENIED,
                       "the TPM's lockout authorization is empty, so the one given is wrong; trying it would bar the "
                       "empty one %s: leave --auth away, or --force",
                       bar);
    if (!given && l->auth_set)
        return hf_fail(
            HF_E_DENIED,
            "the TPM has a lockout authorization and none was given; trying the empty one would bar the right "
            "one %s: give it with --auth, or --force",
            bar);
    return HF_OK;
}

hf_err hf_tpm_lockout_foresee(struct hf_tpm *tpm, const struct hf_secret *auth, bool force)
{
    struct hf_tpm_lockout l = {0};
    int64_t at = 0;

    if (force)
        return HF_OK;
    HF_TRY(get(tpm, &l));
    HF_TRY(bar_read(tpm, &at));
    bar_judge(&l, at, hf_now());
    return foresee(&l, auth);
}

/* TPM_RC_LOCKOUT for the lockout authorization itself: a wrong one was given, here or by another program. */
static hf_err barred(struct hf_tpm *tpm, uint32_t rc)
{
    int64_t at = 0;

    if (bar_read(tpm, &at) == HF_OK && at == 0 &&
        bar_write(tpm, hf_now()) != HF_OK) /* since when is not known: from now at most */
        hf_log(HF_LOG_WARNING, "tpm.lockout.bar", "error=%s", hf_err_detail());
    return hf_fail_device(
        HF_E_LOCKED, rc,
        "TPM_RC_LOCKOUT: the TPM takes no lockout authorization now, for a wrong one was given before; "
        "`holdfast tpm lockout show` tells for how long");
}

hf_err hf_tpm_lockout_remember(struct hf_tpm *tpm, hf_err err)
{
    uint32_t rc = hf_err_device_code();
    uint32_t recovery_s = 0;
    char said[600];

    if (err == HF_OK)
        return bar_write(tpm, 0);
    if (err == HF_E_LOCKED)
        return barred(tpm, rc);
    if (err != HF_E_AUTH || !is_auth_fail(rc))
        return err;
    (void)snprintf(said, sizeof(said), "%s", hf_err_detail());
    if (bar_write(tpm, hf_now()) != HF_OK)
        return hf_fail_device(err, rc, "%s; that could not be remembered: %.200s", said, hf_err_detail());
    if (hf_tpm_property(tpm, TPM2_PT_LOCKOUT_RECOVERY, &recovery_s) == HF_OK && recovery_s)
        return hf_fail_device(err, rc,
                              "TPM_RC_AUTH_FAIL: the lockout authorization is wrong; the TPM takes none for %u s now",
                              (unsigned)recovery_s);
    return hf_fail_device(err, rc,
                          "TPM_RC_AUTH_FAIL: the lockout authorization is wrong; the TPM takes none until it is reset");
}

/* One command by the lockout authorization. */
static hf_err run(struct hf_tpm *tpm, const struct hf_secret *auth, bool force, struct hf_tpm_call *c)
{
    struct hf_tpm_entity lockout = hf_tpm_entity_plain(TPM2_RH_LOCKOUT);
    struct hf_tpm_auth by = {.value = auth};

    HF_TRY(hf_tpm_lockout_foresee(tpm, auth, force));
    hf_tpm_call_handle(c, &lockout, &by);
    HF_TRY(hf_tpm_lockout_remember(tpm, hf_tpm_call_run(tpm, c)));
    return hf_rd_end(&c->r);
}

static hf_err set(struct hf_tpm *tpm, const struct hf_secret *auth, const struct hf_tpm_lockout_change *change,
                  bool force)
{
    struct hf_tpm_lockout now = {0};
    struct hf_tpm_call c;
    uint32_t max_tries;

    HF_TRY(get(tpm, &now));
    max_tries = change->set_max_tries ? change->max_tries : now.max_tries;
    if (max_tries == 0)
        return hf_fail(HF_E_ARG, "zero tries would be a lockout without end: at least 1");
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_DictionaryAttackParameters));
    hf_wr_u32be(&c.w, max_tries);
    hf_wr_u32be(&c.w, change->set_recovery ? change->recovery_s : now.recovery_s);
    hf_wr_u32be(&c.w, change->set_lockout_recovery ? change->lockout_recovery_s : now.lockout_recovery_s);
    return run(tpm, auth, force, &c);
}

hf_err hf_tpm_lockout_set(struct hf_tpm *tpm, const struct hf_secret *auth, const struct hf_tpm_lockout_change *change,
                          bool force)
{
    hf_err err;

    if (!change->set_max_tries && !change->set_recovery && !change->set_lockout_recovery)
        return hf_fail(HF_E_ARG, "nothing to set: tries, recovery or lockout recovery");
    HF_TRY(hf_tpm_take(tpm));
    err = set(tpm, auth, change, force);
    hf_tpm_give(tpm);
    return err;
}

hf_err hf_tpm_lockout_reset(struct hf_tpm *tpm, const struct hf_secret *auth, bool force)
{
    struct hf_tpm_call c;
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = hf_tpm_call_start(&c, TPM2_CC_DictionaryAttackLockReset);
    if (err == HF_OK)
        err = run(tpm, auth, force, &c);
    hf_tpm_give(tpm);
    return err;
}
