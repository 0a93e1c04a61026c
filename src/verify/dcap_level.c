/* Rows and claims of a platform's level: found and needed in numbers, and what would have to change. */
#include "verify/dcap_i.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ADVISORIES_MAX 256
#define DAY_S 86400

/* Text that grows until it is full. */
struct line {
    size_t n;
    char text[192];
};

static HF_PRINTF(2, 3) void add(struct line *l, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(l->text + l->n, sizeof(l->text) - l->n, fmt, args);
    va_end(args);
    l->n = n < 0 ? l->n : l->n + (size_t)n < sizeof(l->text) ? l->n + (size_t)n : sizeof(l->text) - 1;
}

static void add_components(struct line *l, const uint16_t svn[HF_TCB_COMPONENTS])
{
    for (size_t i = 0; i < HF_TCB_COMPONENTS; i++)
        add(l, "%s%u", i ? " " : "", svn[i]);
}

/* ---- advisories ---- */

static int by_text(const void *a, const void *b)
{
    const struct hf_bytes *x = a, *y = b;
    int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

    return order ? order : (x->n > y->n) - (x->n < y->n);
}

static void take_advisories(struct hf_json_value list, struct hf_bytes *out, size_t *n)
{
    for (struct hf_json_iter it = hf_json_iter(list); hf_json_next(&it);) {
        if (*n < ADVISORIES_MAX) /* a text, without its quotes */
            out[(*n)++] = (struct hf_bytes){it.value.raw.p + 1, it.value.raw.n - 2};
    }
}

/* The union of the matched levels', sorted. False when they do not fit. */
static bool join_advisories(const struct hf_json_value *lists, size_t n_lists, struct hf_dcap_platform *out)
{
    struct hf_bytes all[ADVISORIES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < n_lists; i++)
        take_advisories(lists[i], all, &n);
    qsort(all, n, sizeof(all[0]), by_text);
    out->n_advisories = 0;
    for (size_t i = 0; i < n; i++) {
        if (i && by_text(&all[i - 1], &all[i]) == 0)
            continue;
        if (out->n_advisories + all[i].n + 1 > sizeof(out->advisories))
            return false;
        if (out->n_advisories)
            out->advisories[out->n_advisories++] = ',';
        memcpy(out->advisories + out->n_advisories, all[i].p, all[i].n);
        out->n_advisories += all[i].n;
    }
    return n < ADVISORIES_MAX;
}

static void say_advisories(const struct hf_dcap *d, struct hf_dcap_platform *out)
{
    const struct hf_tcb_level *level = d->q->tee == HF_QUOTE_TEE_TDX ? out->tcb.tdx : out->tcb.sgx;
    struct hf_json_value lists[3] = {out->qe_advisories};
    size_t n = 1;
    struct hf_check *row;

    if (level)
        lists[n++] = level->advisories;
    if (level && out->tcb.module_level)
        lists[n++] = out->tcb.module_level->advisories;
    row = hf_check(d->v, "advisories",
                   join_advisories(lists, n, out) ? HF_OK : hf_fail(HF_E_LIMIT, "more than there is room for"));
    if (out->n_advisories)
        hf_check_found(row, "%.*s", (int)out->n_advisories, out->advisories);
    else
        hf_check_found(row, "none");
}

/* ---- the TDX module ---- */

static void say_module(const struct hf_dcap *d, const struct hf_dcap_platform *p)
{
    const struct hf_td_body *td = &d->q->td;
    const struct hf_intel_tcb *t = &p->tcb;
    hf_err err = HF_OK;
    struct hf_check *row;

    if (!t->module)
        err = hf_fail(HF_E_UNTRUSTED, "the TCB info knows no module TDX_%02X", td->tee_tcb_svn[1]);
    else if (td->seam_attributes != 0)
        err = hf_fail(HF_E_UNTRUSTED, "SEAMATTRIBUTES are 0x%016" PRIx64 ", not zero", td->seam_attributes);
    else if (!t->module_ok)
        err = hf_fail(HF_E_MISMATCH, "MRSIGNERSEAM or attributes are not those of the module");
    else if (td->tee_tcb_svn[1] && !t->module_level)
        err = hf_fail(HF_E_UNTRUSTED, "the module's ISVSVN meets no level: the lowest is %u",
                      t->module->level[t->module->n - 1].isv_svn);
    else if (t->module_refused)
        err = hf_fail(HF_E_UNTRUSTED, "the TCB info knows no module TDX_%02X, which the platform has now",
                      td->tee_tcb_svn_2[1]);
    row = hf_check(d->v, "module identity", err);
    if (td->tee_tcb_svn[1])
        hf_check_found(row, "TDX_%02X of ISVSVN %u: %s", td->tee_tcb_svn[1], td->tee_tcb_svn[0],
                       hf_tcb_status_name(t->module_status));
    else
        hf_check_found(row, "version 0, ISVSVN %u", td->tee_tcb_svn[0]);
    if (t->module_level && t->module_level != &t->module->level[0])
        hf_check_expected(row, "ISVSVN %u", t->module->level[0].isv_svn);
}

/* The platform may be newer than its TD. */
static void say_relaunch(const struct hf_dcap *d, const struct hf_dcap_platform *p)
{
    if (!d->q->td.v15)
        (void)hf_check_not_applicable(d->v, "relaunch", "this TD report does not say what the platform has now");
    else if (p->tcb.relaunch)
        hf_check_expected(hf_check_warn(d->v, "relaunch",
                                        "the platform was brought up to date after this TD was "
                                        "started"),
                          "the TD started anew");
    else
        (void)hf_check(d->v, "relaunch", HF_OK);
}

/* ---- the level ---- */

static void level_text(const struct hf_tcb_level *level, bool tdx, char out[160])
{
    char date[HF_TIME_TEXT];
    struct line l = {0};

    hf_time_write(level->date, date);
    add(&l, "%s, %.10s: SGX ", hf_tcb_status_name(level->status), date);
    add_components(&l, level->sgx);
    add(&l, ", PCESVN %u", level->pce_svn);
    if (tdx) {
        add(&l, ", TDX ");
        add_components(&l, level->tdx);
    }
    (void)snprintf(out, 160, "%.159s", l.text);
}

/* Which numbers are below those of a level. */
static void add_lacks(const struct hf_tcb_level *level, const struct hf_intel_platform *p, struct line *l)
{
    size_t from = p->td && p->td->tee_tcb_svn[1] ? 2 : 0;
    size_t start = l->n;

    for (size_t i = 0; i < HF_TCB_COMPONENTS; i++) {
        if (p->pck->svn[i] < level->sgx[i])
            add(l, "%scomponent %zu is %u, needs %u", l->n > start ? "; " : "", i + 1, p->pck->svn[i], level->sgx[i]);
    }
    if (p->pck->pce_svn < level->pce_svn)
        add(l, "%sPCESVN is %u, needs %u", l->n > start ? "; " : "", p->pck->pce_svn, level->pce_svn);
    for (size_t i = from; p->td && i < HF_TCB_COMPONENTS; i++) {
        if (p->td->tee_tcb_svn[i] < level->tdx[i])
            add(l, "%sTDX component %zu is %u, needs %u", l->n > start ? "; " : "", i, p->td->tee_tcb_svn[i],
                level->tdx[i]);
    }
}

static hf_err level_err(const struct hf_dcap_platform *p)
{
    unsigned severity = hf_tcb_severity(p->tcb.status);
    const char *name = hf_tcb_status_name(p->tcb.status);

    if (severity == 0)
        return HF_OK;
    if (severity < hf_tcb_severity(HF_TCB_TD_RELAUNCH_ADVISED))
        return hf_fail(HF_E_WARNED, "%s", name);
    return hf_fail(HF_E_UNTRUSTED, "%s", name);
}

/* What would have to change for the newest level; or what else made the status what it is. */
static void say_remedy(const struct hf_tcb_info *info, const struct hf_intel_platform *platform,
                       const struct hf_dcap_platform *p, struct hf_check *row)
{
    const struct hf_tcb_level *newest = &info->level[0];
    const struct hf_intel_tcb *t = &p->tcb;
    struct line l = {0};
    size_t bare;

    add(&l, "%s: ", hf_tcb_status_name(t->status));
    bare = l.n;
    add_lacks(newest, platform, &l);
    if (t->module_refused)
        add(&l, "%sthe TDX module is not one that is known", l.n > bare ? "; " : "");
    else if (t->module_level && t->module_level->status != HF_TCB_UP_TO_DATE)
        add(&l, "%sthe TDX module's ISVSVN is %u, needs %u", l.n > bare ? "; " : "", platform->td->tee_tcb_svn[0],
            t->module->level[0].isv_svn);
    if (p->has_qe && p->qe != HF_TCB_UP_TO_DATE)
        add(&l, "%sthe quoting enclave is %s", l.n > bare ? "; " : "", hf_tcb_status_name(p->qe));
    if (l.n == bare)
        add(&l, "no update helps: its configuration or its software must change");
    hf_check_note(row, "%s", l.text);
}

static void say_level(const struct hf_dcap *d, const struct hf_tcb_info *info, const struct hf_intel_platform *platform,
                      const struct hf_dcap_platform *p)
{
    const struct hf_tcb_level *level = platform->td ? p->tcb.tdx : p->tcb.sgx;
    struct hf_check *row = hf_check(d->v, "platform level", level_err(p));
    struct line l = {0};
    char text[160];

    if (level) {
        level_text(level, platform->td != NULL, text);
        hf_check_found(row, "%s", text);
    } else {
        add(&l, "no level; SGX ");
        for (size_t i = 0; i < HF_TCB_COMPONENTS; i++)
            add(&l, "%s%u", i ? " " : "", platform->pck->svn[i]);
        add(&l, ", PCESVN %u", platform->pck->pce_svn);
        hf_check_found(row, "%s", l.text);
    }
    if (p->tcb.status == HF_TCB_UP_TO_DATE)
        return;
    level_text(&info->level[0], platform->td != NULL, text);
    hf_check_expected(row, "%s", text);
    say_remedy(info, platform, p, row);
}

void hf_dcap_level_rows(const struct hf_dcap *d, const struct hf_tcb_info *info, const struct hf_intel_platform *p,
                        struct hf_dcap_platform *out)
{
    const struct hf_tcb_level *level = p->td ? out->tcb.tdx : out->tcb.sgx;

    out->has_date = level != NULL;
    if (level)
        out->tcb_date = level->date;
    out->sgx_status = out->tcb.sgx ? out->tcb.sgx->status : HF_TCB_NOT_SUPPORTED;
    out->tdx_status = out->tcb.tdx ? out->tcb.tdx->status : HF_TCB_NOT_SUPPORTED;
    if (p->td) {
        say_module(d, out);
        say_relaunch(d, out);
    }
    say_level(d, info, p, out);
    say_advisories(d, out);
}

/* ---- claims ---- */

static void claim_time(struct hf_claims *c, const char *name, hf_time t)
{
    char text[HF_TIME_TEXT];

    hf_time_write(t, text);
    hf_claim_printf(c, name, "%s", text);
}

static void claim_statuses(const struct hf_dcap_platform *p, bool tdx, struct hf_claims *c)
{
    const struct hf_intel_tcb *t = &p->tcb;

    if (p->has_qe)
        hf_claim_word(c, "qe_status", hf_tcb_status_name(p->qe));
    if (!p->has_tcb)
        return;
    hf_claim_word(c, "tcb_status", hf_tcb_status_name(t->status));
    hf_claim_word(c, "sgx_tcb_status", hf_tcb_status_name(p->sgx_status));
    if (tdx) {
        hf_claim_word(c, "tdx_tcb_status", hf_tcb_status_name(p->tdx_status));
        hf_claim_word(c, "module_status", hf_tcb_status_name(t->module_status));
    }
    if (p->has_date)
        claim_time(c, "tcb_date", p->tcb_date);
    hf_claim_number(c, "tcb_evaluation_data_number", p->evaluation);
}

void hf_dcap_platform_claims(const struct hf_dcap_platform *p, bool tdx, hf_time at, struct hf_findings *f)
{
    struct hf_claims *c = &f->claims;

    hf_claim_bytes_copy(c, "fmspc", HF_BYTES_OF(p->pck.fmspc));
    hf_claim_bytes_copy(c, "pce_id", HF_BYTES_OF(p->pck.pce_id));
    hf_claim_bytes_copy(c, "sgx_components", HF_BYTES_OF(p->pck.svn));
    hf_claim_number(c, "pce_svn", p->pck.pce_svn);
    if (tdx)
        hf_claim_bytes_copy(c, "cpu_svn", HF_BYTES_OF(p->pck.cpu_svn));
    if (p->ca)
        hf_claim_word(c, "pck_ca", p->ca);
    claim_statuses(p, tdx, c);
    if (p->issued)
        claim_time(c, "collateral_issued", p->issued);
    if (p->has_early)
        hf_claim_number(c, "days_until_out_of_date", (uint64_t)((p->early_until - at) / DAY_S));
    if (p->has_tcb)
        hf_claim_texts_copy(c, "advisory_ids", (struct hf_bytes){(const uint8_t *)p->advisories, p->n_advisories});
}
