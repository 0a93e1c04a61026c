/* SGX and TDX quotes: from the quote's signature to the PCK. Rows of the platform: dcap_platform.c. */
#include "verify/dcap.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/reader.h"
#include "crypto/hash.h"
#include "verify/dcap_i.h"

#include <stdio.h>

const struct hf_sig_alg hf_dcap_ecdsa = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256};

bool hf_dcap_open(struct hf_bytes evidence, enum hf_quote_tee tee, struct hf_sgx_quote *q, struct hf_verdict *v)
{
    hf_err err = hf_sgx_quote_parse(evidence, q);
    struct hf_check *row;

    if (err == HF_OK && q->tee != (uint32_t)tee)
        err = hf_fail(HF_E_FORMAT, "a quote of TEE 0x%02x, want 0x%02x", q->tee, tee);
    row = hf_check(v, "structure", err);
    if (err != HF_OK)
        return false;
    if (q->padding)
        hf_check_found(row, "quote version %u, %zu zero bytes behind it", q->version, q->padding);
    else
        hf_check_found(row, q->version == 3   ? "quote version 3"
                            : q->version == 4 ? "quote version 4"
                                              : "quote version 5");
    return true;
}

/* ---- what a quoting enclave proved ---- */

/* Kept under the hash of QE report, its signature, AK and authentication data: they are the PCK's, whose certification
 * data follow. */
struct qe_fact {
    struct hf_buf cert;
    struct hf_pubkey *ak;
    uint8_t certs_sha256[32];
};

static void qe_fact_free(void *address)
{
    struct qe_fact **fact = address;

    if (*fact) {
        hf_buf_free(&(*fact)->cert);
        hf_pubkey_free(&(*fact)->ak);
    }
    hf_free(fact);
}

static hf_err qe_key(const struct hf_sgx_quote *q, struct hf_digest *out)
{
    struct hf_bytes parts[] = {q->qe_report, q->qe_signature, q->ak, q->auth};

    return hf_hash(HF_SHA256, parts, HF_COUNT(parts), out);
}

static const struct qe_fact *qe_fact_find(const struct hf_dcap *d, const struct hf_digest *key)
{
    void *object = NULL;
    const struct qe_fact *fact;

    if (d->q->cert_type != HF_QUOTE_CERT_CHAIN || !hf_cache_get(d->j->cache, HF_FACT_QE, key->bytes, &object))
        return NULL;
    fact = object;
    return hf_bytes_equal(hf_buf_bytes(&fact->cert), d->q->cert) ? fact : NULL;
}

static void qe_fact_keep(const struct hf_dcap *d, const struct hf_digest *key, const struct hf_dcap_certs *certs,
                         struct hf_pubkey *ak)
{
    HF_CLEANUP(qe_fact_free) struct qe_fact *fact = NULL;

    if (!d->j->cache || d->q->cert_type != HF_QUOTE_CERT_CHAIN || hf_alloc(sizeof(*fact), &fact) != HF_OK ||
        hf_buf_add(&fact->cert, d->q->cert) != HF_OK)
        return;
    fact->ak = hf_pubkey_share(ak);
    memcpy(fact->certs_sha256, certs->sha256, sizeof(fact->certs_sha256));
    if (hf_cache_put(d->j->cache, HF_FACT_QE, key->bytes, fact, qe_fact_free) == HF_OK)
        fact = NULL;
}

static bool say_qe_signature(const struct hf_dcap *d, const struct hf_dcap_certs *certs)
{
    hf_err err;

    if (hf_pubkey_curve(certs->leaf->key) != HF_P256)
        err = hf_fail(HF_E_UNTRUSTED, "the PCK's key is not on P-256");
    else
        err = hf_pubkey_verify_message(certs->leaf->key, &hf_dcap_ecdsa, d->q->qe_report, d->q->qe_signature);
    (void)hf_check(d->v, "qe report signature", err);
    return err == HF_OK;
}

/* SHA-256(AK || authentication data) || zeros is the QE report's data. */
static bool say_binding(const struct hf_dcap *d)
{
    struct hf_bytes parts[] = {d->q->ak, d->q->auth};
    struct hf_digest digest = {0};
    uint8_t want[64] = {0};
    hf_err err = hf_hash(HF_SHA256, parts, HF_COUNT(parts), &digest);
    struct hf_check *row;

    memcpy(want, digest.bytes, 32);
    if (err == HF_OK && memcmp(want, d->q->qe.report_data, sizeof(want)) != 0)
        err = hf_fail(HF_E_MISMATCH, "the QE did not vouch for this attestation key");
    row = hf_check(d->v, "qe report binding", err);
    if (err != HF_OK) {
        hf_check_expected_hex(row, HF_BYTES_OF(want));
        hf_check_found_hex(row, HF_BYTES_OF(d->q->qe.report_data));
    }
    return err == HF_OK;
}

static void say_signature(const struct hf_dcap *d, const struct hf_pubkey *ak, hf_err err)
{
    if (err == HF_OK)
        err = hf_pubkey_verify_message(ak, &hf_dcap_ecdsa, d->q->signed_part, d->q->signature);
    hf_check_found(hf_check(d->v, "signature", err), "ECDSA P-256");
}

static hf_err import_ak(const struct hf_sgx_quote *q, struct hf_pubkey **out)
{
    return hf_pubkey_from_point(HF_P256, (struct hf_bytes){q->ak.p, 32}, (struct hf_bytes){q->ak.p + 32, 32}, out);
}

/* ---- what a platform proved ---- */

/* Rows as they were written, with texts cut to their length, and what else came with them. They are the same at each
 * time between `from` and `until`: none of the dates that were looked at lies in between. */
struct platform_fact {
    hf_time from, until;
    struct hf_horizon horizon;
    enum hf_environment environment;
    struct hf_dcap_platform platform;
    struct hf_buf rows;
    size_t n_rows;
};

static void platform_fact_free(void *address)
{
    struct platform_fact **fact = address;

    if (*fact)
        hf_buf_free(&(*fact)->rows);
    hf_free(fact);
}

/* A date at which something begins to hold, or the last one at which it does. */
static void edge(struct platform_fact *fact, hf_time at, hf_time begins, hf_time ends)
{
    if (begins <= at && begins > fact->from)
        fact->from = begins;
    if (begins > at && begins - 1 < fact->until)
        fact->until = begins - 1;
    if (ends >= at && ends < fact->until)
        fact->until = ends;
    if (ends < at && ends + 1 > fact->from)
        fact->from = ends + 1;
}

static void edges_of_certs(struct platform_fact *fact, hf_time at, const struct hf_certs *certs)
{
    for (size_t i = 0; i < certs->n; i++)
        edge(fact, at, certs->cert[i]->not_before, certs->cert[i]->not_after);
}

static void edges(struct platform_fact *fact, const struct hf_judge *j, const struct hf_certs *quote)
{
    fact->from = INT64_MIN;
    fact->until = INT64_MAX;
    edges_of_certs(fact, j->at, quote);
    edges_of_certs(fact, j->at, &j->endorsements->certs);
    for (size_t i = 0; i < j->endorsements->n; i++) {
        const struct hf_endorsement *e = &j->endorsements->item[i];

        if (e->kind == HF_ENDORSEMENT_CRL)
            edge(fact, j->at, e->crl->this_update, e->crl->next_update);
        if (e->kind == HF_ENDORSEMENT_TCB_INFO)
            edge(fact, j->at, ((const struct hf_tcb_info *)e->document)->issued,
                 ((const struct hf_tcb_info *)e->document)->next_update);
        if (e->kind == HF_ENDORSEMENT_IDENTITY)
            edge(fact, j->at, ((const struct hf_identity *)e->document)->issued,
                 ((const struct hf_identity *)e->document)->next_update);
    }
}

static hf_err pack_text(struct hf_buf *out, const char *text)
{
    uint8_t n = (uint8_t)strlen(text); /* every text of a row is shorter than 256 */

    HF_TRY(hf_buf_add(out, (struct hf_bytes){&n, 1}));
    return hf_buf_add(out, (struct hf_bytes){(const uint8_t *)text, n});
}

static hf_err pack(const struct hf_verdict *v, size_t from, struct hf_buf *out)
{
    for (size_t i = from; i < v->n; i++) {
        uint8_t head[2] = {(uint8_t)v->row[i].status, (uint8_t)v->row[i].err};

        HF_TRY(hf_buf_add(out, HF_BYTES_OF(head)));
        HF_TRY(pack_text(out, v->row[i].name));
        HF_TRY(pack_text(out, v->row[i].expected));
        HF_TRY(pack_text(out, v->row[i].found));
        HF_TRY(pack_text(out, v->row[i].note));
    }
    return HF_OK;
}

static void unpack_text(struct hf_reader *r, char *out)
{
    struct hf_bytes text = hf_rd_view(r, hf_rd_u8(r));

    if (text.n)
        memcpy(out, text.p, text.n);
    out[text.n] = 0;
}

static void unpack(const struct platform_fact *fact, struct hf_verdict *v)
{
    struct hf_reader r = hf_reader(hf_buf_bytes(&fact->rows));

    for (size_t i = 0; i < fact->n_rows; i++) {
        struct hf_check *row = hf_check(v, "", HF_OK);

        row->status = (enum hf_check_status)hf_rd_u8(&r);
        row->err = (hf_err)hf_rd_u8(&r);
        unpack_text(&r, row->name);
        unpack_text(&r, row->expected);
        unpack_text(&r, row->found);
        unpack_text(&r, row->note);
    }
}

/* Roots that count, with what they prove. */
static size_t roots_key(const struct hf_anchors *anchors, uint8_t out[HF_ANCHORS_MAX][33])
{
    size_t n = 0;

    for (size_t i = 0; i < anchors->n; i++) {
        const struct hf_anchor *a = &anchors->item[i];

        if (a->vendor != HF_VENDOR_ANY && a->vendor != HF_VENDOR_INTEL_SGX)
            continue;
        memcpy(out[n], a->spki_sha256, 32);
        out[n++][32] = (uint8_t)a->environment;
    }
    return n;
}

/* Everything that the rows depend on, but for the time. */
static hf_err platform_key(const struct hf_dcap *d, const uint8_t certs_sha256[32], struct hf_digest *out)
{
    bool tdx = d->q->tee == HF_QUOTE_TEE_TDX, v15 = tdx && d->q->td.v15;
    uint8_t roots[HF_ANCHORS_MAX][33], what[] = {'I', 'n', 't', 'e', 'l', tdx, v15};
    struct hf_bytes parts[] = {HF_BYTES_OF(what),
                               {certs_sha256, 32},
                               HF_BYTES_OF(d->j->endorsements->sha256),
                               {d->q->qe_report.p, 320},      /* but its report data */
                               {d->q->body.p, tdx ? 120 : 0}, /* SVNs, module, attributes of it */
                               {d->q->td.tee_tcb_svn_2, v15 ? 16 : 0},
                               {roots[0], 0}};

    parts[HF_COUNT(parts) - 1].n = roots_key(d->j->anchors, roots) * sizeof(roots[0]);
    return hf_hash(HF_SHA256, parts, HF_COUNT(parts), out);
}

static bool platform_replay(const struct hf_dcap *d, const struct hf_digest *key)
{
    void *object = NULL;
    const struct platform_fact *fact;

    if (d->j->inner->n || !hf_cache_get(d->j->cache, HF_FACT_OTHER, key->bytes, &object))
        return false;
    fact = object;
    if (d->j->at < fact->from || d->j->at > fact->until)
        return false;
    unpack(fact, d->v);
    hf_horizon_narrow(&d->f->horizon, fact->horizon.from, INT64_MAX, fact->horizon.from_by);
    hf_horizon_narrow(&d->f->horizon, INT64_MIN, fact->horizon.until, fact->horizon.until_by);
    d->f->environment = fact->environment;
    hf_dcap_platform_claims(&fact->platform, d->q->tee == HF_QUOTE_TEE_TDX, d->j->at, d->f);
    return true;
}

/* Only what a vendor's root vouches for is kept, and only complete verdicts. */
static void platform_keep(const struct hf_dcap *d, const struct hf_digest *key, const struct hf_dcap_certs *certs,
                          const struct hf_dcap_platform *platform, size_t from_row)
{
    HF_CLEANUP(platform_fact_free) struct platform_fact *fact = NULL;
    const struct hf_check *root = hf_verdict_row(d->v, "root");

    if (!d->j->cache || d->j->inner->n || d->f->n_missing || d->v->lost || !root || root->status != HF_CHECK_OK ||
        d->q->cert_type != HF_QUOTE_CERT_CHAIN || hf_alloc(sizeof(*fact), &fact) != HF_OK)
        return;
    edges(fact, d->j, &certs->list);
    fact->horizon = d->f->horizon;
    fact->environment = d->f->environment;
    fact->platform = *platform;
    fact->n_rows = d->v->n - from_row;
    if (pack(d->v, from_row, &fact->rows) == HF_OK &&
        hf_cache_put(d->j->cache, HF_FACT_OTHER, key->bytes, fact, platform_fact_free) == HF_OK)
        fact = NULL;
}

static void say_platform(const struct hf_dcap *d, const uint8_t certs_sha256[32], const struct hf_dcap_certs *certs)
{
    HF_CLEANUP(hf_dcap_certs_free) struct hf_dcap_certs *own = NULL;
    struct hf_dcap_platform platform;
    struct hf_digest key = {0};
    size_t from = d->v->n;
    bool keyed = d->q->cert_type == HF_QUOTE_CERT_CHAIN && platform_key(d, certs_sha256, &key) == HF_OK;

    if (keyed && platform_replay(d, &key))
        return;
    if (!certs)
        certs = hf_dcap_certs_take(d, &own);
    if (!certs)
        return;
    hf_dcap_platform_judge(d, certs, &platform);
    hf_dcap_platform_claims(&platform, d->q->tee == HF_QUOTE_TEE_TDX, d->j->at, d->f);
    if (keyed)
        platform_keep(d, &key, certs, &platform, from);
}

/* ---- the whole ---- */

static void say_certification(const struct hf_dcap *d)
{
    hf_check_found(hf_check(d->v, "certification data", HF_OK),
                   d->q->cert_type == HF_QUOTE_CERT_CHAIN  ? "PCK certificate chain"
                   : d->q->cert_type == HF_QUOTE_CERT_LEAF ? "PCK certificate"
                                                           : "the PCK certificate is among the endorsements");
}

static void judge_known(const struct hf_dcap *d, const struct qe_fact *fact)
{
    say_certification(d);
    (void)hf_check(d->v, "qe report signature", HF_OK);
    (void)hf_check(d->v, "qe report binding", HF_OK);
    say_signature(d, fact->ak, HF_OK);
    say_platform(d, fact->certs_sha256, NULL);
}

static void judge_new(const struct hf_dcap *d, const struct hf_digest *key)
{
    HF_CLEANUP(hf_dcap_certs_free) struct hf_dcap_certs *own = NULL;
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *ak = NULL;
    const struct hf_dcap_certs *certs = hf_dcap_certs_take(d, &own);
    hf_err err = import_ak(d->q, &ak);
    bool good = err == HF_OK && certs;

    if (certs) {
        say_certification(d);
        good &= say_qe_signature(d, certs);
    }
    good &= say_binding(d);
    if (err != HF_OK) /* again, for the words of its failure: others stand there by now */
        err = import_ak(d->q, &ak);
    say_signature(d, ak, err);
    if (!certs) {
        (void)hf_check(d->v, "certificate chain", hf_fail(HF_E_UNTRUSTED, "no certificate, so no chain and no root"));
        return;
    }
    if (good)
        qe_fact_keep(d, key, certs, ak);
    say_platform(d, certs->sha256, certs);
}

/* What an Open Enclave program says of itself: its hash stands in the report data, behind it zeros. */
static void judge_custom_claims(const struct hf_dcap *d)
{
    bool td = d->q->tee == HF_QUOTE_TEE_TDX;
    struct hf_digest hash = {0};
    uint8_t want[64] = {0};
    hf_err err;

    if (d->q->claims.n == 0)
        return;
    err = hf_hash_one(HF_SHA256, d->q->claims, &hash);
    memcpy(want, hash.bytes, 32);
    if (err == HF_OK)
        (void)hf_check_equal(d->v, "custom claims",
                             td ? HF_BYTES_OF(d->q->td.report_data) : HF_BYTES_OF(d->q->sgx.report_data),
                             HF_BYTES_OF(want));
    else
        (void)hf_check(d->v, "custom claims", err);
    hf_claim_bytes(&d->f->claims, "custom_claims", d->q->claims);
}

void hf_dcap_judge(const struct hf_dcap *d)
{
    struct hf_digest key = {0};
    const struct qe_fact *fact = qe_key(d->q, &key) == HF_OK ? qe_fact_find(d, &key) : NULL;

    if (fact)
        judge_known(d, fact);
    else
        judge_new(d, &key);
    judge_custom_claims(d);
    if (d->f->environment == HF_ENV_HARDWARE)
        d->f->level = HF_LEVEL_HIGH;
}
