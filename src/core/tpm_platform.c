/* The TPM as a whole. */
#include "core/tpm_platform.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "tpm/connection.h"
#include "tpm/embedded.h"

#include <time.h>

/* What one operation takes and gives; each fills in its part. */
struct work {
    hf_err (*with)(struct hf_tpm *tpm, struct work *w);
    enum hf_tpm_authority authority;
    const struct hf_secret *auth, *new_auth;
    const struct hf_tpm_lockout_change *change;
    bool force;
    uint64_t clock_ms;
    enum hf_tpm_caps_group group;
    struct hf_tpm_lockout *lockout;
    struct hf_tpm_clear_report *report;
    struct hf_tpm_clock *clock;
    struct hf_tpm_info *info;
    struct hf_buf *rows;
};

static hf_err with_tpm(struct hf_core *core, void *arg)
{
    struct work *w = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    return w->with(tpm, w);
}

static hf_err show_lockout(struct hf_tpm *tpm, struct work *w)
{
    return hf_tpm_lockout_get(tpm, w->lockout);
}

hf_err hf_core_tpm_lockout_show(struct hf_core *core, const struct hf_who *who, struct hf_tpm_lockout *out)
{
    struct hf_tpm_lockout lockout;
    struct work w = {.with = show_lockout, .lockout = &lockout};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_LOCKOUT_SHOW, NULL, with_tpm, &w));
    *out = lockout;
    return HF_OK;
}

static hf_err set_lockout(struct hf_tpm *tpm, struct work *w)
{
    HF_TRY(hf_tpm_lockout_set(tpm, w->auth, w->change, w->force));
    return hf_tpm_lockout_get(tpm, w->lockout);
}

hf_err hf_core_tpm_lockout_set(struct hf_core *core, const struct hf_who *who, const struct hf_secret *auth,
                               const struct hf_tpm_lockout_change *change, bool force, struct hf_tpm_lockout *out)
{
    struct hf_tpm_lockout lockout;
    struct work w = {.with = set_lockout, .auth = auth, .change = change, .force = force, .lockout = &lockout};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_LOCKOUT_SET, NULL, with_tpm, &w));
    *out = lockout;
    return HF_OK;
}

static hf_err reset_lockout(struct hf_tpm *tpm, struct work *w)
{
    HF_TRY(hf_tpm_lockout_reset(tpm, w->auth, w->force));
    return hf_tpm_lockout_get(tpm, w->lockout);
}

hf_err hf_core_tpm_lockout_reset(struct hf_core *core, const struct hf_who *who, const struct hf_secret *auth,
                                 bool force, struct hf_tpm_lockout *out)
{
    struct hf_tpm_lockout lockout;
    struct work w = {.with = reset_lockout, .auth = auth, .force = force, .lockout = &lockout};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_LOCKOUT_RESET, NULL, with_tpm, &w));
    *out = lockout;
    return HF_OK;
}

static hf_err change_auth(struct hf_tpm *tpm, struct work *w)
{
    return hf_tpm_hierarchy_change_auth(tpm, w->authority, w->auth, w->new_auth, w->force);
}

hf_err hf_core_tpm_auth(struct hf_core *core, const struct hf_who *who, enum hf_tpm_authority authority,
                        const struct hf_secret *auth, const struct hf_secret *new_auth, bool force)
{
    struct work w = {.with = change_auth, .authority = authority, .auth = auth, .new_auth = new_auth, .force = force};

    return hf_core_do(core, who, HF_OP_TPM_AUTH, hf_tpm_authority_name(authority), with_tpm, &w);
}

static hf_err clear(struct hf_tpm *tpm, struct work *w)
{
    return hf_tpm_clear(tpm, w->authority, w->auth, w->force, w->report);
}

hf_err hf_core_tpm_clear(struct hf_core *core, const struct hf_who *who, enum hf_tpm_authority by,
                         const struct hf_secret *auth, bool force, struct hf_tpm_clear_report *out)
{
    struct hf_tpm_clear_report report = {0};
    struct work w = {.with = clear, .authority = by, .auth = auth, .force = force, .report = &report};
    hf_err err = hf_core_do(core, who, HF_OP_TPM_CLEAR, hf_tpm_authority_name(by), with_tpm, &w);

    if (err == HF_OK || err == HF_E_WARNED)
        *out = report;
    return err;
}

static hf_err show_clock(struct hf_tpm *tpm, struct work *w)
{
    return hf_tpm_clock_get(tpm, w->clock);
}

hf_err hf_core_tpm_clock(struct hf_core *core, const struct hf_who *who, struct hf_tpm_clock *out)
{
    struct hf_tpm_clock clock;
    struct work w = {.with = show_clock, .clock = &clock};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_CLOCK, NULL, with_tpm, &w));
    *out = clock;
    return HF_OK;
}

static hf_err set_clock(struct hf_tpm *tpm, struct work *w)
{
    HF_TRY(hf_tpm_clock_advance(tpm, w->authority, w->auth, w->clock_ms));
    return hf_tpm_clock_get(tpm, w->clock);
}

hf_err hf_core_tpm_clock_set(struct hf_core *core, const struct hf_who *who, enum hf_tpm_authority by,
                             const struct hf_secret *auth, uint64_t clock_ms, struct hf_tpm_clock *out)
{
    struct hf_tpm_clock clock;
    struct work w = {.with = set_clock, .authority = by, .auth = auth, .clock_ms = clock_ms, .clock = &clock};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_CLOCK_SET, NULL, with_tpm, &w));
    *out = clock;
    return HF_OK;
}

static hf_err show_info(struct hf_tpm *tpm, struct work *w)
{
    return hf_tpm_info_get(tpm, w->info);
}

hf_err hf_core_tpm_info(struct hf_core *core, const struct hf_who *who, struct hf_tpm_info *out)
{
    struct hf_tpm_info info;
    struct work w = {.with = show_info, .info = &info};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_INFO, NULL, with_tpm, &w));
    *out = info;
    return HF_OK;
}

static hf_err add_cap(void *arg, const struct hf_tpm_cap *cap)
{
    return hf_buf_add(arg, (struct hf_bytes){(const uint8_t *)cap, sizeof(*cap)});
}

static hf_err list_caps(struct hf_tpm *tpm, struct work *w)
{
    if (w->group != HF_TPM_CAPS_GROUPS)
        return hf_tpm_caps(tpm, w->group, add_cap, w->rows);
    for (int group = 0; group < HF_TPM_CAPS_GROUPS; group++)
        HF_TRY(hf_tpm_caps(tpm, (enum hf_tpm_caps_group)group, add_cap, w->rows));
    return HF_OK;
}

hf_err hf_core_tpm_caps(struct hf_core *core, const struct hf_who *who, enum hf_tpm_caps_group group,
                        struct hf_buf *rows)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    struct work w = {.with = list_caps, .group = group, .rows = &made};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_CAPS, NULL, with_tpm, &w));
    return hf_buf_move(&made, rows);
}

struct transfer {
    const char *file;
    bool import, replace;
};

/* The embedded TPM that this core would open, without opening it: an import needs it at rest. */
static hf_err embedded_of(struct hf_core *core, char **uri, struct hf_tpm_where *out)
{
    const struct hf_tpm_options *options = hf_core_tpm_options(core);
    const char *source = NULL;

    HF_TRY(hf_tpm_uri_choose(options->uri, options->configured_uri, uri, &source));
    if (strcmp(*uri, "embedded") != 0 && strncmp(*uri, "embedded:", 9) != 0)
        return hf_fail(HF_E_ARG, "the TPM is %s, and only an embedded one has a state to move: --tpm embedded", *uri);
    *out = (struct hf_tpm_where){
        .rest = (*uri)[8] == ':' ? *uri + 9 : "", .state_dir = options->state_dir, .tpm_state = options->tpm_state};
    return HF_OK;
}

/* The TPM's process ends by itself some seconds after its last client: wait so long, no longer. */
#define WAIT_MS 12000u

static hf_err import(const struct hf_tpm_where *where, const struct transfer *t)
{
    uint64_t deadline = hf_monotonic_ms() + WAIT_MS;
    hf_err err;

    while ((err = hf_embedded_import_swtpm(where, t->file, t->replace)) == HF_E_BUSY && hf_monotonic_ms() < deadline) {
        hf_log(HF_LOG_INFO, "tpm.import.wait", "why=%s", hf_err_detail());
        (void)nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    }
    return err;
}

static hf_err transfer(struct hf_core *core, void *arg)
{
    struct transfer *t = arg;
    HF_CLEANUP(hf_free) char *uri = NULL;
    struct hf_tpm_where where = {0};

    HF_TRY(embedded_of(core, &uri, &where));
    if (!t->import)
        return hf_embedded_export_swtpm(&where, t->file);
    HF_TRY(import(&where, t));
    return hf_tpm_pin_forget(hf_core_state_path(core), uri); /* another TPM, by the operator's own hand */
}

hf_err hf_core_tpm_state_import(struct hf_core *core, const struct hf_who *who, const char *file, bool replace)
{
    struct transfer t = {.file = file, .import = true, .replace = replace};

    return hf_core_do(core, who, HF_OP_TPM_STATE_IMPORT, NULL, transfer, &t);
}

hf_err hf_core_tpm_state_export(struct hf_core *core, const struct hf_who *who, const char *file)
{
    struct transfer t = {.file = file};

    return hf_core_do(core, who, HF_OP_TPM_STATE_EXPORT, NULL, transfer, &t);
}
