/* Intel's collateral: which TCB info and which identity count, and who signed them. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "crypto/hash.h"
#include "verify/dcap_i.h"

#include <stdio.h>

#define TRIES_MAX 16 /* documents whose signature is looked at */

/* ---- certificates around ---- */

static hf_err add_issuers(const struct hf_certs *from, const struct hf_cert *leaf, struct hf_certs *out)
{
    for (size_t i = 0; i < from->n; i++) {
        struct hf_cert *cert = from->cert[i];
        bool issues = hf_cert_may_issue(cert, leaf), known = false;

        for (size_t k = 0; k < out->n; k++) {
            issues |= hf_cert_may_issue(cert, out->cert[k]);
            known |= memcmp(cert->sha256, out->cert[k]->sha256, sizeof(cert->sha256)) == 0;
        }
        if (issues && !known)
            HF_TRY(hf_certs_add(out, cert));
    }
    return HF_OK;
}

hf_err hf_dcap_pool(const struct hf_dcap *d, const struct hf_certs *quote, const struct hf_cert *leaf,
                    struct hf_certs *out)
{
    size_t before;

    do {
        before = out->n;
        HF_TRY(add_issuers(quote, leaf, out));
        HF_TRY(add_issuers(&d->j->endorsements->certs, leaf, out));
        HF_TRY(add_issuers(&d->j->inner->certs, leaf, out));
    } while (out->n > before);
    return HF_OK;
}

/* ---- one document ---- */

struct document {
    struct hf_bytes signed_part;
    const uint8_t *signature;
    hf_time issued, next_update;
    uint32_t evaluation;
    bool fits;
};

static struct document document_of(const struct hf_endorsement *e, const struct hf_dcap_want *want)
{
    if (e->kind == HF_ENDORSEMENT_TCB_INFO) {
        const struct hf_tcb_info *t = e->document;
        bool fits = t->tdx == want->tdx && memcmp(t->fmspc, want->pck->fmspc, sizeof(t->fmspc)) == 0 &&
                    memcmp(t->pce_id, want->pck->pce_id, sizeof(t->pce_id)) == 0 &&
                    (want->below == 0 || t->evaluation < want->below);

        return (struct document){t->signed_part, t->signature, t->issued, t->next_update, t->evaluation, fits};
    } else {
        const struct hf_identity *i = e->document;
        bool fits = i->id == (want->tdx ? HF_IDENTITY_TD_QE : HF_IDENTITY_QE);

        return (struct document){i->signed_part, i->signature, i->issued, i->next_update, i->evaluation, fits};
    }
}

static bool is_signer(const struct hf_cert *cert)
{
    static const char name[] = "SGX TCB Signing";
    struct hf_bytes cn = {0};

    return !cert->ca && hf_pubkey_curve(cert->key) == HF_P256 && hf_name_find(cert->subject, "2.5.4.3", &cn) == HF_OK &&
           memmem(cn.p, cn.n, name, sizeof(name) - 1) != NULL;
}

/* Over the bytes as they came; found good once, it stays so. */
static bool signed_by(const struct hf_dcap *d, const struct hf_endorsement *e, const struct document *doc,
                      const struct hf_pubkey *key, const uint8_t spki_sha256[32])
{
    struct hf_bytes parts[] = {HF_BYTES_OF(e->sha256), {spki_sha256, 32}};
    struct hf_digest fact = {0};

    if (hf_hash(HF_SHA256, parts, HF_COUNT(parts), &fact) != HF_OK)
        return false;
    if (hf_cache_get(d->j->cache, HF_FACT_DOCUMENT, fact.bytes, NULL))
        return true;
    if (hf_pubkey_verify_message(key, &hf_dcap_ecdsa, doc->signed_part, (struct hf_bytes){doc->signature, 64}) != HF_OK)
        return false;
    (void)hf_cache_put(d->j->cache, HF_FACT_DOCUMENT, fact.bytes, NULL, NULL);
    return true;
}

/* Intel's TCB Signing key, of its certificates 2018-2025 and 2025-2032 (api.trustedservices.intel.com, header
 * TCB-Info-Issuer-Chain): for documents that come without their chain. It counts where Intel's own root does. */
static const uint8_t intel_key[64] = {
    0x43, 0x45, 0x1b, 0xcc, 0x73, 0xc9, 0xd5, 0x91, 0x7c, 0xaf, 0x76, 0x6e, 0x61, 0xaf, 0x3f, 0xe9,
    0x80, 0x87, 0xdd, 0x4f, 0x13, 0x25, 0x7b, 0x26, 0x1e, 0x85, 0x18, 0x97, 0x79, 0x9d, 0xd1, 0x3d,
    0x68, 0x11, 0xfb, 0x47, 0x71, 0x38, 0x03, 0xbb, 0x9b, 0xae, 0x58, 0x7f, 0xcc, 0xdd, 0xc2, 0xe3,
    0x1b, 0xe9, 0xa2, 0x8b, 0x86, 0x96, 0x2a, 0xcc, 0x6d, 0xaf, 0x96, 0xda, 0x58, 0xee, 0xca, 0x96,
};

static bool intel_root_counts(const struct hf_judge *j)
{
    for (size_t i = 0; i < j->anchors->n; i++) {
        if (j->anchors->item[i].vendor == HF_VENDOR_INTEL_SGX && j->anchors->item[i].environment == HF_ENV_HARDWARE)
            return true;
    }
    return false;
}

static bool signed_by_intel(const struct hf_dcap *d, const struct hf_endorsement *e, const struct document *doc)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    uint8_t spki[32];

    return intel_root_counts(d->j) &&
           hf_pubkey_from_point(HF_P256, (struct hf_bytes){intel_key, 32}, (struct hf_bytes){intel_key + 32, 32}, &key) ==
               HF_OK &&
           hf_pubkey_spki_sha256(key, spki) == HF_OK && signed_by(d, e, doc, key, spki);
}

/* ---- its signer's chain ---- */

struct aside {
    struct hf_verdict v; /* rows of the signer's chain: one line of them is told */
    struct hf_findings f;
    struct hf_chain chain;
};

static void aside_free(struct aside **a)
{
    hf_free(a);
}

/* The signer is of this time and chained to a root of Intel's. What is wrong goes to `why`. */
static bool chain_is_good(const struct hf_dcap *d, const struct hf_certs *quote, const struct hf_cert *signer,
                          struct aside *a, char why[160])
{
    HF_CLEANUP(hf_certs_free) struct hf_certs pool = {0};
    struct hf_chain_options rules = {.need_key_usage = true};
    bool good;

    hf_verdict_start(&a->v);
    hf_claims_start(&a->f.claims);
    hf_horizon_start(&a->f.horizon);
    if (hf_dcap_pool(d, quote, signer, &pool) != HF_OK) {
        (void)snprintf(why, 160, "%.150s", hf_err_detail());
        return false;
    }
    good = hf_judge_chain(d->j, HF_VENDOR_INTEL_SGX, signer, &pool, &rules, &a->v, &a->f, &a->chain);
    for (size_t i = 0; !good && i < a->v.n; i++) {
        if (a->v.row[i].status == HF_CHECK_FAILED) {
            (void)snprintf(why, 160, "its signer: %.20s: %.120s", a->v.row[i].name, a->v.row[i].note);
            break;
        }
    }
    return good;
}

static void lower_environment(const struct hf_dcap *d, enum hf_environment signer)
{
    if (signer == HF_ENV_EMULATED || (signer == HF_ENV_UNKNOWN && d->f->environment != HF_ENV_EMULATED))
        d->f->environment = signer;
}

/* A certificate that signed the document and is good. Intel issued several for one key: any of them does. */
static bool find_signer(const struct hf_dcap *d, const struct hf_certs *quote, const struct document *doc,
                        struct aside *a, struct hf_dcap_document *out)
{
    const struct hf_certs *lists[] = {&d->j->endorsements->certs, &d->j->inner->certs, quote};

    (void)snprintf(out->why, sizeof(out->why), "no certificate \"Intel SGX TCB Signing\" at hand signed it");
    out->no_signer = true;
    for (size_t k = 0; k < HF_COUNT(lists); k++) {
        for (size_t i = 0; i < lists[k]->n; i++) {
            const struct hf_cert *cert = lists[k]->cert[i];

            if (!is_signer(cert))
                continue;
            out->no_signer = false;
            if (signed_by(d, out->e, doc, cert->key, cert->spki_sha256) &&
                chain_is_good(d, quote, cert, a, out->why))
                return true;
        }
    }
    return false;
}

static bool check_document(const struct hf_dcap *d, const struct hf_certs *quote, const struct hf_endorsement *e,
                           const struct document *doc, bool quiet, struct hf_dcap_document *out)
{
    HF_CLEANUP(aside_free) struct aside *a = NULL;
    char from[HF_TIME_TEXT], until[HF_TIME_TEXT];

    out->e = e;
    if (d->j->at < doc->issued || d->j->at > doc->next_update) {
        hf_time_write(doc->issued, from);
        hf_time_write(doc->next_update, until);
        (void)snprintf(out->why, sizeof(out->why), "it is of another time: %s to %s", from, until);
        return false;
    }
    (void)snprintf(out->why, sizeof(out->why), "no memory");
    if (hf_alloc(sizeof(*a), &a) != HF_OK)
        return false;
    if (find_signer(d, quote, doc, a, out)) {
        out->signer = a->chain.cert[0];
        out->issuer = a->chain.cert[1];
    } else if (out->no_signer && signed_by_intel(d, e, doc)) {
        out->by_key = true;
    } else {
        out->no_signer &= !intel_root_counts(d->j); /* else it is known whose key it must be, and it is not */
        return false;
    }
    if (quiet)
        return true;
    if (!out->by_key) {
        hf_horizon_narrow(&d->f->horizon, a->f.horizon.from, a->f.horizon.until, "TCB Signing certificate");
        lower_environment(d, a->f.environment);
    }
    hf_horizon_narrow(&d->f->horizon, doc->issued, doc->next_update,
                      e->kind == HF_ENDORSEMENT_TCB_INFO ? "TCB info" : "enclave identity");
    return true;
}

/* ---- the best of them ---- */

/* Of this time before others, then the higher evaluation number, then the later one. */
static bool better(const struct document *a, const struct document *b, hf_time at)
{
    bool a_now = at >= a->issued && at <= a->next_update, b_now = at >= b->issued && at <= b->next_update;

    if (a_now != b_now)
        return a_now;
    if (a->evaluation != b->evaluation)
        return a->evaluation > b->evaluation;
    return a->issued > b->issued;
}

static bool tried(const struct hf_endorsement *e, const struct hf_endorsement *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == e)
            return true;
    }
    return false;
}

void hf_dcap_document_choose(const struct hf_dcap *d, const struct hf_certs *quote, const struct hf_dcap_want *want,
                             bool quiet, struct hf_dcap_document *out)
{
    const struct hf_endorsement *list[TRIES_MAX];
    struct hf_dcap_document first = {0};

    *out = (struct hf_dcap_document){0};
    for (size_t n = 0; n < TRIES_MAX; n++) {
        const struct hf_endorsement *e, *best = NULL;
        struct document best_doc = {0};

        for (size_t at = 0; (e = hf_judge_next(d->j, want->kind, &at)) != NULL;) {
            struct document doc = document_of(e, want);

            out->others |= !doc.fits;
            if (doc.fits && !tried(e, list, n) && (!best || better(&doc, &best_doc, d->j->at))) {
                best = e;
                best_doc = doc;
            }
        }
        if (!best)
            break;
        out->good = check_document(d, quote, best, &best_doc, quiet, out);
        if (out->good)
            return;
        if (n == 0)
            first = *out;
        list[n] = best;
    }
    first.others = out->others;
    *out = first;
}
