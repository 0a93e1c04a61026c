/* A result of verification, on its way from a worker to its parent. */
#include "worker/message.h"

#include <stdio.h>

/* ---- writing ---- */

static void put_horizon(struct hf_msg *w, const struct hf_horizon *h)
{
    hf_msg_u64(w, (uint64_t)h->from);
    hf_msg_u64(w, (uint64_t)h->until);
    hf_msg_text(w, h->from_by);
    hf_msg_text(w, h->until_by);
}

static void put_verdict(struct hf_msg *w, const struct hf_verdict *v, bool briefly)
{
    hf_msg_u32(w, (uint32_t)v->n);
    hf_msg_u32(w, (uint32_t)v->lost);
    for (size_t i = 0; i < v->n; i++) {
        const struct hf_check *row = &v->row[i];
        bool name_only = briefly && (row->status == HF_CHECK_OK || row->status == HF_CHECK_NOT_APPLICABLE);

        hf_msg_u16(w, (uint16_t)row->status);
        hf_msg_u16(w, (uint16_t)row->err);
        hf_msg_text(w, row->name);
        hf_msg_text(w, name_only ? "" : row->expected);
        hf_msg_text(w, name_only ? "" : row->found);
        hf_msg_text(w, name_only ? "" : row->note);
    }
}

static void put_claims(struct hf_msg *w, const struct hf_claims *c, bool briefly)
{
    size_t n = briefly ? 0 : c->n;

    hf_msg_u32(w, (uint32_t)n);
    hf_msg_u32(w, (uint32_t)c->lost);
    for (size_t i = 0; i < n; i++) {
        hf_msg_text(w, c->item[i].name);
        hf_msg_u16(w, (uint16_t)c->item[i].kind);
        hf_msg_bytes(w, c->item[i].bytes);
        hf_msg_u64(w, c->item[i].number);
    }
}

static void put_item(struct hf_msg *w, const struct hf_item_result *item, bool briefly)
{
    const struct hf_findings *f = &item->findings;

    hf_msg_text(w, item->format->name);
    hf_msg_text(w, item->label);
    hf_msg_u16(w, (uint16_t)item->status);
    hf_msg_u16(w, (uint16_t)f->environment);
    hf_msg_u16(w, (uint16_t)f->level);
    hf_msg_u8(w, f->has_time);
    hf_msg_u64(w, (uint64_t)f->made_at);
    hf_msg_u8(w, f->fresh);
    put_horizon(w, &f->horizon);
    put_claims(w, &f->claims, briefly && strcmp(item->format->family, "azure") != 0); /* they say what is inside */
    hf_msg_u32(w, (uint32_t)f->n_missing);
    for (size_t i = 0; i < f->n_missing; i++) {
        hf_msg_text(w, f->missing[i].what);
        hf_msg_text(w, f->missing[i].url);
    }
}

void hf_msg_result(struct hf_msg *w, const struct hf_verify_result *r, bool briefly)
{
    hf_msg_u8(w, r->has_nonce);
    hf_msg_u16(w, (uint16_t)r->recipe);
    hf_msg_text(w, r->policy);
    hf_msg_bytes(w, HF_BYTES_OF(r->policy_sha256));
    put_horizon(w, &r->horizon);
    put_verdict(w, &r->verdict, briefly);
    hf_msg_u32(w, (uint32_t)r->n);
    for (size_t i = 0; i < r->n; i++)
        put_item(w, &r->item[i], briefly);
}

/* ---- reading ---- */

static void read_horizon(struct hf_reader *r, struct hf_horizon *h)
{
    h->from = (hf_time)hf_rd_u64le(r);
    h->until = (hf_time)hf_rd_u64le(r);
    hf_msg_read_text(r, h->from_by, sizeof(h->from_by));
    hf_msg_read_text(r, h->until_by, sizeof(h->until_by));
}

static void read_verdict(struct hf_reader *r, struct hf_verdict *v)
{
    hf_verdict_start(v);
    v->n = hf_rd_u32le(r);
    v->lost = hf_rd_u32le(r);
    if (v->n > HF_CHECKS_MAX) {
        hf_rd_fail(r, HF_E_LIMIT, "%zu rows", v->n);
        v->n = 0;
    }
    for (size_t i = 0; i < v->n; i++) {
        struct hf_check *row = &v->row[i];

        row->status = (enum hf_check_status)hf_msg_read_word(r, HF_CHECK_FAILED + 1, "status");
        row->err = (hf_err)hf_msg_read_word(r, HF_ERR_COUNT, "error");
        hf_msg_read_text(r, row->name, sizeof(row->name));
        hf_msg_read_text(r, row->expected, sizeof(row->expected));
        hf_msg_read_text(r, row->found, sizeof(row->found));
        hf_msg_read_text(r, row->note, sizeof(row->note));
        if (row->status == HF_CHECK_NONE)
            hf_rd_fail(r, HF_E_FORMAT, "row %zu has no status", i);
    }
}

static void read_claims(struct hf_reader *r, struct hf_claims *c)
{
    size_t n = hf_rd_u32le(r);

    hf_claims_start(c);
    c->lost = hf_rd_u32le(r);
    if (n > HF_CLAIMS_MAX)
        hf_rd_fail(r, HF_E_LIMIT, "%zu claims", n);
    for (size_t i = 0; i < n && hf_rd_err(r) == HF_OK; i++) {
        struct hf_claim *claim = &c->item[i];

        hf_msg_read_text(r, claim->name, sizeof(claim->name));
        claim->kind = (enum hf_claim_kind)hf_msg_read_word(r, HF_CLAIM_TEXTS + 1, "claim kind");
        claim->bytes = hf_msg_read(r);
        claim->number = hf_rd_u64le(r);
        c->n++;
    }
}

static const struct hf_evidence_format *format_named(struct hf_reader *r, const char *name)
{
    for (size_t i = 0; hf_evidence_formats[i]; i++) {
        if (strcmp(hf_evidence_formats[i]->name, name) == 0)
            return hf_evidence_formats[i];
    }
    hf_rd_fail(r, HF_E_FORMAT, "a kind that is none");
    return NULL;
}

static void read_item(struct hf_reader *r, struct hf_item_result *item)
{
    struct hf_findings *f = &item->findings;
    char format[64];
    size_t n;

    hf_msg_read_text(r, format, sizeof(format));
    item->format = format_named(r, format);
    hf_msg_read_text(r, item->label, sizeof(item->label));
    item->status = (enum hf_verdict_status)hf_msg_read_word(r, HF_VERDICT_CONTRAINDICATED + 1, "item status");
    f->environment = (enum hf_environment)hf_msg_read_word(r, HF_ENV_EMULATED + 1, "environment");
    f->level = (enum hf_level)hf_msg_read_word(r, HF_LEVEL_HIGH + 1, "level");
    f->has_time = hf_rd_u8(r) != 0;
    f->made_at = (hf_time)hf_rd_u64le(r);
    f->fresh = hf_rd_u8(r) != 0;
    read_horizon(r, &f->horizon);
    read_claims(r, &f->claims);
    n = hf_rd_u32le(r);
    if (n > HF_MISSING_MAX)
        hf_rd_fail(r, HF_E_LIMIT, "%zu missing pieces", n);
    for (f->n_missing = 0; f->n_missing < n && hf_rd_err(r) == HF_OK; f->n_missing++) {
        hf_msg_read_text(r, f->missing[f->n_missing].what, sizeof(f->missing[0].what));
        hf_msg_read_text(r, f->missing[f->n_missing].url, sizeof(f->missing[0].url));
    }
}

static void read_all(struct hf_reader *r, struct hf_verify_result *out)
{
    struct hf_bytes sha256;
    size_t n;

    out->has_nonce = hf_rd_u8(r) != 0;
    out->recipe = (enum hf_recipe)hf_msg_read_word(r, HF_RECIPE_AZURE_HCL + 1, "recipe");
    hf_msg_read_text(r, out->policy, sizeof(out->policy));
    sha256 = hf_msg_read(r);
    if (sha256.n == sizeof(out->policy_sha256))
        memcpy(out->policy_sha256, sha256.p, sha256.n);
    else
        hf_rd_fail(r, HF_E_FORMAT, "a policy's hash of %zu bytes", sha256.n);
    read_horizon(r, &out->horizon);
    read_verdict(r, &out->verdict);
    n = hf_rd_u32le(r);
    if (n > HF_EVIDENCE_ITEMS_MAX)
        hf_rd_fail(r, HF_E_LIMIT, "%zu items", n);
    for (size_t i = 0; i < n && hf_rd_err(r) == HF_OK; i++) {
        read_item(r, &out->item[i]);
        out->n += hf_rd_err(r) == HF_OK;
    }
}

hf_err hf_msg_result_read(struct hf_bytes in, const struct hf_verify_request *q, struct hf_verify_result *out)
{
    struct hf_reader r;

    hf_evidence_set_free(&out->set);
    out->n = 0;
    HF_TRY(hf_buf_add(&out->set.buf[0], in));
    out->set.n_buf = 1;
    r = hf_reader(hf_buf_bytes(&out->set.buf[0]));
    read_all(&r, out);
    if (hf_rd_end(&r) != HF_OK) {
        out->n = 0;
        hf_verdict_start(&out->verdict);
        return hf_fail(HF_E_INTERNAL, "the judge's answer does not hold together: %.200s", hf_err_detail());
    }
    out->at = q->at;
    out->has_nonce = out->has_nonce && q->has_nonce && q->nonce.n <= sizeof(out->nonce.bytes);
    out->nonce.n = 0;
    if (out->has_nonce && q->nonce.n)
        memcpy(out->nonce.bytes, q->nonce.p, out->nonce.n = q->nonce.n);
    return HF_OK;
}
