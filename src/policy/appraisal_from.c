/* A policy for the evidence at hand: what it says is what is wanted, and every relaxation is marked. */
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/hex.h"
#include "policy/appraisal_i.h"
#include "policy/composite.h"
#include "policy/verify.h"

#include <stdio.h>

struct writing {
    const struct hf_verify_result *r;
    struct hf_appraisal *p;
    const char *remark[HF_AP_FIELDS_MAX];
};

static void set_number(struct writing *w, size_t field, uint64_t number, const char *remark)
{
    struct hf_appraisal_value *v = &w->p->value[field];

    v->number = number;
    v->set = v->holds = true;
    if (remark)
        w->remark[field] = remark;
}

/* ---- rows ---- */

static const char *row_end(const struct hf_verify_result *r, const char *name)
{
    const char *colon = r->n > 1 ? strstr(name, ": ") : NULL;

    return colon ? colon + 2 : name;
}

/* What a policy may decide, by the name of the row; the field that does. */
static const struct {
    const char *row;
    size_t field;
    const char *remark;
} relaxations[] = {
    {"revocation", HF_AP_MISSING_CRL, "relaxed: no revocation list of this time was given"},
    {"debug", HF_AP_DEBUG, "relaxed: the host can read and change this one"},
    {"migration", HF_AP_MIGRATION, "relaxed: this one may be moved to other machines"},
    {"environment", HF_AP_TEST_MODE, "relaxed: no hardware stands behind this one"},
};

static hf_err take_row(struct writing *w, const struct hf_check *row)
{
    const char *name = row_end(w->r, row->name);

    if (row->status == HF_CHECK_OK || row->status == HF_CHECK_NOT_APPLICABLE)
        return HF_OK;
    for (size_t i = 0; i < HF_COUNT(relaxations); i++) {
        bool revoked = relaxations[i].field == HF_AP_MISSING_CRL && row->status == HF_CHECK_FAILED;

        if (strcmp(name, relaxations[i].row) == 0 && !revoked) {
            set_number(w, relaxations[i].field, 1, relaxations[i].remark);
            return HF_OK;
        }
    }
    if (strcmp(name, "platform level") == 0 || strcmp(name, "freshness") == 0 || strcmp(name, "nonce") == 0 ||
        row->status != HF_CHECK_FAILED)
        return HF_OK;
    return hf_fail(HF_E_UNTRUSTED, "no policy lets this pass: \"%s\" failed: %s", row->name, row->note);
}

/* ---- claims ---- */

/* Fields about what differs from machine to machine or says nothing of the software. */
static bool is_pinned(const struct hf_appraisal_field *f)
{
    static const char *const not [] = {"intel.fmspcs",       "sgx.config_ids",
                                       "sgx.min_config_svn", "tdx.mrseam",
                                       "tdx.mrsignerseam",   "tdx.mrconfigid",
                                       "tdx.mrowner",        "tdx.mrownerconfig",
                                       "tdx.mrservicetd",    "tdx.rtmr3",
                                       "snp.family_id",      "snp.image_id",
                                       "snp.chip_ids",       "snp.products",
                                       "snp.signing_keys",   "nitro.module_ids",
                                       "cca.instance_ids",   "cca.implementation_ids",
                                       "sev.min_build",      "cca.realm_personalization",
                                       "snp.host_data",      "snp.min_report_version",
                                       "vendor.key_ids"};

    for (size_t i = 0; i < HF_COUNT(not ); i++) {
        if (strcmp(f->path, not [i]) == 0)
            return false;
    }
    return f->rule == HF_AP_ONE_OF || f->rule == HF_AP_AT_LEAST || f->rule == HF_AP_COMPONENTS;
}

static bool is_zero(struct hf_bytes b)
{
    for (size_t i = 0; i < b.n; i++) {
        if (b.p[i])
            return false;
    }
    return true;
}

static hf_err pin_list(const struct hf_appraisal_field *f, const struct hf_claim *c, struct hf_appraisal_value *v)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    hf_err err;

    if (c->kind == HF_CLAIM_BYTES && (is_zero(c->bytes) || (f->size && c->bytes.n != f->size)))
        return HF_OK;
    if (f->kind == HF_AP_NUMBERS) {
        err = c->kind == HF_CLAIM_NUMBER ? hf_appraisal_add_number(v, c->number) : HF_OK;
    } else {
        HF_TRY(hf_claim_value_text(c, &text));
        err = text.n ? hf_appraisal_add_text(v, hf_buf_bytes(&text)) : HF_OK;
    }
    v->set = v->holds = v->n > 0;
    return err == HF_E_EXISTS ? HF_OK : err;
}

static hf_err pin(const struct hf_appraisal_field *f, const struct hf_claim *c, struct hf_appraisal_value *v)
{
    if (f->rule == HF_AP_ONE_OF)
        return pin_list(f, c, v);
    if (f->rule == HF_AP_AT_LEAST && c->kind == HF_CLAIM_NUMBER) {
        v->number = v->holds && v->number < c->number ? v->number : c->number;
        v->set = v->holds = true;
    }
    if (f->rule == HF_AP_COMPONENTS && c->kind == HF_CLAIM_BYTES && c->bytes.n == f->size) {
        for (size_t i = 0; i < f->size; i++) {
            if (!v->holds || c->bytes.p[i] < v->bytes[i])
                v->bytes[i] = c->bytes.p[i];
        }
        v->n = (size_t)f->size;
        v->set = v->holds = true;
    }
    return HF_OK;
}

static hf_err pin_pcrs(const struct hf_claims *claims, struct hf_appraisal_value *v)
{
    for (size_t i = 0; i < claims->n; i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
        const struct hf_claim *c = &claims->item[i];
        struct hf_appraisal_named *named = NULL;
        hf_err err;

        if (strncmp(c->name, "pcr", 3) != 0 || c->name[3] < '0' || c->name[3] > '9' || c->kind != HF_CLAIM_BYTES ||
            is_zero(c->bytes))
            continue;
        HF_TRY(hf_claim_value_text(c, &text));
        err = hf_appraisal_add_named(v, "", c->name, &named);
        if (err == HF_E_EXISTS)
            continue; /* of the first item */
        HF_TRY(err);
        HF_TRY(hf_appraisal_named_add(named, hf_buf_bytes(&text)));
        v->set = v->holds = true;
    }
    return HF_OK;
}

static hf_err take_status(struct writing *w, const struct hf_item_result *item)
{
    struct hf_appraisal_value *v = &w->p->value[HF_AP_STATUSES];
    const struct hf_claim *c = hf_claim_find(&item->findings.claims, "tcb_status");
    hf_err err;

    if (!c || c->kind != HF_CLAIM_TEXT)
        return HF_OK;
    if (hf_bytes_equal(c->bytes, hf_bytes_text("Revoked")) || hf_bytes_equal(c->bytes, hf_bytes_text("NotSupported")))
        return hf_fail(HF_E_UNTRUSTED, "no policy lets this pass: the platform's status is %.*s", (int)c->bytes.n,
                       (const char *)c->bytes.p);
    err = hf_appraisal_add_text(v, hf_bytes_text("UpToDate"));
    if (err == HF_OK || err == HF_E_EXISTS)
        err = hf_appraisal_add_text(v, c->bytes);
    if (err != HF_OK && err != HF_E_EXISTS)
        return err;
    if (v->n > 1)
        w->remark[HF_AP_STATUSES] = "relaxed: the platform lacks updates";
    v->set = v->holds = true;
    return HF_OK;
}

static hf_err take_item(struct writing *w, const struct hf_item_result *item)
{
    const char *family = hf_composite_family(item);
    hf_err err = hf_appraisal_add_text(&w->p->value[HF_AP_PROVIDERS], hf_bytes_text(family));

    if (err != HF_OK && err != HF_E_EXISTS)
        return err;
    for (size_t i = HF_AP_NAMED; i < hf_appraisal_n_fields(); i++) {
        const struct hf_appraisal_field *f = &hf_appraisal_fields[i];
        const struct hf_claim *c;

        if (!hf_appraisal_about(f, family))
            continue;
        if (f->kind == HF_AP_PCRS)
            HF_TRY(pin_pcrs(&item->findings.claims, &w->p->value[i]));
        c = f->claim && is_pinned(f) ? hf_appraisal_claim(&item->findings.claims, f->claim) : NULL;
        if (c)
            HF_TRY(pin(f, c, &w->p->value[i]));
    }
    return take_status(w, item);
}

/* ---- what is general ---- */

static void take_general(struct writing *w)
{
    uint64_t level = 2, age = 0;
    bool fresh = true;

    for (size_t i = 0; i < w->r->n; i++) {
        const struct hf_findings *f = &w->r->item[i].findings;
        struct hf_standing standing;

        hf_composite_standing(w->r, &w->r->item[i], &standing);
        level = (uint64_t)standing.level < level ? (uint64_t)standing.level : level;
        fresh &= standing.fresh;
        if (f->has_time && w->r->at > f->made_at && (uint64_t)(w->r->at - f->made_at) > age)
            age = (uint64_t)(w->r->at - f->made_at);
    }
    set_number(w, HF_AP_LEVEL, level, level < 2 ? "relaxed: no vendor's root says that it is hardware" : NULL);
    set_number(w, HF_AP_NONCE, fresh, fresh ? NULL : "relaxed: no fresh nonce was compared; this may be a replay");
    set_number(w, HF_AP_AGE, age > 3600 ? age * 1000 : 3600000, age > 3600 ? "relaxed: so old is this evidence" : NULL);
}

hf_err hf_appraisal_from_result(const struct hf_verify_result *result, const char *name, struct hf_buf *out)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    struct writing w = {.r = result};

    HF_TRY(hf_appraisal_new(name, &p));
    w.p = p;
    for (size_t i = 0; i < result->verdict.n; i++)
        HF_TRY(take_row(&w, &result->verdict.row[i]));
    hf_appraisal_value_free(&p->value[HF_AP_PROVIDERS]);
    p->value[HF_AP_PROVIDERS].set = p->value[HF_AP_PROVIDERS].holds = true;
    take_general(&w);
    for (size_t i = 0; i < result->n; i++)
        HF_TRY(take_item(&w, &result->item[i]));
    HF_TRY(hf_appraisal_check(p));
    return hf_appraisal_print(p, w.remark, out);
}
