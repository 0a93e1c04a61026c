/* A Nitro Enclaves document judged (aws-nitro-enclaves-nsm-api, docs/attestation_process.md, section 3). */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "crypto/hash.h"
#include "evidence/nitro.h"
#include "verify/made_at.h"

#include <stdio.h>

struct work {
    const struct hf_judge *j;
    struct hf_verdict *v;
    struct hf_findings *f;
    struct hf_nitro_doc doc;
    const struct hf_certs *certs; /* the signer's, then the bundle, as they came */
    struct hf_chain chain;
};

/* ---- certificates ---- */

static void certs_free(void *address)
{
    struct hf_certs **certs = address;

    if (*certs)
        hf_certs_free(*certs);
    hf_free(certs);
}

static hf_err add_cert(struct hf_bytes der, const char *which, size_t i, struct hf_certs *certs)
{
    HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
    hf_err err = hf_cert_parse(der, &cert);

    if (err != HF_OK)
        return hf_fail(err, "%s %zu: %.200s", which, i, hf_err_detail());
    return hf_certs_add(certs, cert);
}

static hf_err parse_certs(const struct hf_nitro_doc *doc, struct hf_certs *certs)
{
    HF_TRY(add_cert(doc->certificate, "certificate", 0, certs));
    for (size_t i = 0; i < doc->n_bundle; i++)
        HF_TRY(add_cert(doc->bundle[i], "cabundle", i, certs));
    return HF_OK;
}

/* Certificates of one enclave come again with each document: they are parsed once. */
static hf_err take_certs(struct work *w, struct hf_certs **own)
{
    struct hf_bytes parts[2 * (HF_NITRO_BUNDLE_MAX + 1)];
    uint8_t length[HF_NITRO_BUNDLE_MAX + 1][2];
    struct hf_digest key = {0};
    void *object = NULL;
    size_t n = 0;

    for (size_t i = 0; i <= w->doc.n_bundle; i++) {
        struct hf_bytes der = i ? w->doc.bundle[i - 1] : w->doc.certificate;

        length[i][0] = (uint8_t)(der.n >> 8);
        length[i][1] = (uint8_t)der.n;
        parts[n++] = HF_BYTES_OF(length[i]);
        parts[n++] = der;
    }
    HF_TRY(hf_hash(HF_SHA256, parts, n, &key));
    if (hf_cache_get(w->j->cache, HF_FACT_CERTS, key.bytes, &object)) {
        w->certs = object;
        return HF_OK;
    }
    HF_TRY(hf_alloc(sizeof(**own), own));
    HF_TRY(parse_certs(&w->doc, *own));
    w->certs = *own;
    if (hf_cache_put(w->j->cache, HF_FACT_CERTS, key.bytes, *own, certs_free) == HF_OK)
        *own = NULL;
    return HF_OK;
}

/* Section 3.2.2: the root first, each next one issued by it, the last one the signer's issuer. */
static void check_order(struct work *w)
{
    const struct hf_certs *certs = w->certs;
    const struct hf_cert *root = certs->cert[1];
    struct hf_check *row;
    size_t bad = hf_cert_self_issued(root) ? 0 : 1;

    for (size_t i = 1; !bad && i < certs->n; i++) {
        const struct hf_cert *child = i + 1 < certs->n ? certs->cert[i + 1] : certs->cert[0];

        if (!hf_cert_may_issue(certs->cert[i], child))
            bad = i;
    }
    row = hf_check(w->v, "certificate bundle",
                   bad ? hf_fail(HF_E_MISMATCH, "certificate %zu of it is not the next one's issuer", bad) : HF_OK);
    hf_check_expected(row, "the root first, the signer's issuer last");
    hf_check_found(row, "%zu certificates, first %s", certs->n - 1, root->subject_text);
}

static const char *wrong_algorithm(const struct hf_cert *cert)
{
    if (hf_pubkey_curve(cert->key) != HF_P384)
        return "its key is not on P-384";
    if (cert->sig_alg.scheme != HF_SIG_ECDSA_DER && cert->sig_alg.scheme != HF_SIG_ECDSA)
        return "it is not signed with ECDSA";
    return cert->sig_alg.hash == HF_SHA384 ? NULL : "it is not signed over SHA-384";
}

static void check_algorithms(struct work *w)
{
    struct hf_check *row;

    for (size_t i = 0; i < w->certs->n; i++) {
        const char *wrong = wrong_algorithm(w->certs->cert[i]);

        if (!wrong)
            continue;
        row = hf_check(w->v, "algorithms", hf_fail(HF_E_UNTRUSTED, "%s", wrong));
        hf_check_expected(row, "P-384, SHA-384");
        hf_check_found(row, "%s", w->certs->cert[i]->subject_text);
        return;
    }
    hf_check_found(hf_check(w->v, "algorithms", HF_OK), "P-384, SHA-384");
}

/* A document is signed by an enclave's certificate, not by one that issues others. */
static void check_role(struct work *w)
{
    const struct hf_cert *leaf = w->certs->cert[0];
    hf_err err = HF_OK;

    if (leaf->ca)
        err = hf_fail(HF_E_UNTRUSTED, "a certificate authority is no enclave");
    else if (!leaf->has_key_usage || !(leaf->key_usage & HF_KU_DIGITAL_SIGNATURE))
        err = hf_fail(HF_E_UNTRUSTED, "its key usage is not to sign");
    hf_check_found(hf_check(w->v, "certificate role", err), "%s", leaf->subject_text);
}

static struct hf_check *row_from(struct hf_verdict *v, size_t from, const char *name)
{
    for (size_t i = from; i < v->n; i++) {
        if (strcmp(v->row[i].name, name) == 0)
            return &v->row[i];
    }
    return NULL;
}

/* What the time of judgement says, and what the document's own does: a signer's certificate lives for three hours,
 * so a document that was good is most of what comes late. */
static void check_chain(struct work *w)
{
    const struct hf_chain_options rules = {.need_key_usage = true};
    size_t from = w->v->n;
    struct hf_check *validity;
    char until[HF_TIME_TEXT];
    hf_err err;

    (void)hf_judge_chain(w->j, HF_VENDOR_AWS_NITRO, w->certs->cert[0], w->certs, &rules, w->v, w->f, &w->chain);
    if (w->chain.n == 0)
        return;
    err = hf_chain_check_time(&w->chain, w->f->made_at);
    (void)hf_check(w->v, "certificate at signing", err);
    validity = row_from(w->v, from, "validity");
    if (err != HF_OK || !validity || validity->status != HF_CHECK_FAILED)
        return;
    hf_time_write(w->chain.valid_until, until);
    hf_check_note(validity, "the certificates were valid when the document was made; %s",
                  w->j->at > w->chain.valid_until ? "it is older than they live" : "this time is before they were");
}

/* AWS publishes lists for its regional and zonal authorities, and asks relying parties not to look at them (section
 * 3.2.3.2). Who gives one wants it checked. */
static void check_revocation(struct work *w)
{
    const struct hf_endorsement *e;
    bool given = false;

    for (size_t at = 0; (e = hf_judge_next(w->j, HF_ENDORSEMENT_CRL, &at)) != NULL;) {
        for (size_t i = 0; i + 1 < w->chain.n; i++)
            given |= hf_crl_covers(e->crl, w->chain.cert[i]);
    }
    if (given)
        (void)hf_judge_revocation(w->j, &w->chain, NULL, w->v, w->f);
    else
        (void)hf_check_not_applicable(w->v, "revocation", "AWS asks not to use lists: certificates live for hours");
}

/* ---- the document ---- */

/* Sig_structure (RFC 9052, 4.4) in two parts: its head here, the payload where it lies. */
static hf_err signed_digest(const struct hf_nitro_doc *doc, struct hf_digest *out)
{
    uint8_t head[64] = {0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1'};
    size_t n = 12, length = doc->payload.n;
    struct hf_bytes parts[2];

    if (doc->protected_bytes.n > 23 || length > UINT16_MAX)
        return hf_fail(HF_E_LIMIT, "%zu bytes of headers, %zu of payload", doc->protected_bytes.n, length);
    head[n++] = (uint8_t)(0x40 | doc->protected_bytes.n);
    memcpy(head + n, doc->protected_bytes.p, doc->protected_bytes.n);
    n += doc->protected_bytes.n;
    head[n++] = 0x40; /* no external data */
    if (length > 0xff) {
        head[n++] = 0x59;
        head[n++] = (uint8_t)(length >> 8);
    } else if (length > 23) {
        head[n++] = 0x58;
    }
    head[n++] = (uint8_t)(length > 23 ? length : 0x40 | length);
    parts[0] = (struct hf_bytes){head, n};
    parts[1] = doc->payload;
    return hf_hash(HF_SHA384, parts, HF_COUNT(parts), out);
}

static void check_signature(struct work *w)
{
    const struct hf_sig_alg es384 = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA384};
    struct hf_digest digest = {0};
    hf_err err = signed_digest(&w->doc, &digest);

    if (err == HF_OK)
        err = hf_pubkey_verify(w->certs->cert[0]->key, &es384, hf_digest_bytes(&digest), w->doc.signature);
    hf_check_found(hf_check(w->v, "signature", err), "ES384 by %s", w->certs->cert[0]->subject_text);
}

static bool all_zero(struct hf_bytes b)
{
    uint8_t any = 0;

    for (size_t i = 0; i < b.n; i++)
        any |= b.p[i];
    return any == 0;
}

/* What is measured is SHA-384 over something: never zero. A debug enclave's first three registers are. */
static void check_registers(struct work *w)
{
    const struct hf_nitro_doc *doc = &w->doc;
    char how[64] = "";
    size_t odd = HF_NITRO_PCRS;

    for (unsigned i = 0; i < HF_NITRO_PCRS; i++) {
        if (doc->pcr_mask & 1u << i && doc->pcr[i].n != hf_hash_size(HF_SHA384))
            odd = i;
    }
    if (odd < HF_NITRO_PCRS) {
        struct hf_check *row = hf_check(w->v, "pcr sizes", hf_fail(HF_E_FORMAT, "not a digest of SHA-384"));

        hf_check_expected(row, "%zu bytes", hf_hash_size(HF_SHA384));
        hf_check_found(row, "PCR%zu has %zu bytes", odd, doc->pcr[odd].n);
    } else {
        (void)hf_check(w->v, "pcr sizes", HF_OK);
    }
    for (unsigned i = 0; i < 3 && !how[0]; i++) {
        if (!(doc->pcr_mask & 1u << i))
            (void)snprintf(how, sizeof(how), "PCR%u is not in it", i);
        else if (all_zero(doc->pcr[i]))
            (void)snprintf(how, sizeof(how), "PCR%u is zero", i);
    }
    hf_judge_debug(how[0] != 0, how, w->v, w->f);
}

/* The nonce has a field of its own; applications that leave it empty put one into user data. Report data, the exact
 * field of other kinds, is user data here. */
static void check_freshness(struct work *w)
{
    struct hf_bytes nonce = w->doc.nonce.bytes.n ? w->doc.nonce.bytes : w->doc.user_data.bytes;
    struct hf_judge own = *w->j;

    if (!own.report_data) {
        hf_judge_freshness(&own, nonce, 0, w->v, w->f);
        return;
    }
    if (!own.nonce) {
        hf_judge_freshness(&own, w->doc.user_data.bytes, 0, w->v, w->f);
        return;
    }
    if (hf_check_equal(w->v, "report data", w->doc.user_data.bytes, *own.report_data)->status == HF_CHECK_OK)
        w->f->fresh = true;
    own.report_data = NULL;
    hf_judge_freshness(&own, nonce, 0, w->v, w->f);
}

static void check_public_key(struct work *w)
{
    const struct hf_nitro_field *key = &w->doc.public_key;

    if (w->j->public_key.n && key->given)
        (void)hf_check_equal(w->v, "public key", key->bytes, w->j->public_key);
    else
        hf_check_found(hf_check_not_applicable(w->v, "public key", "%s",
                                               key->given ? "none was given to compare" : "the document has none"),
                       "%zu bytes", key->bytes.n);
}

static void claim_field(struct hf_claims *c, const char *name, const struct hf_nitro_field *field)
{
    if (field->given)
        hf_claim_bytes(c, name, field->bytes);
}

/* "i-0123-enc4567": the parent instance, and the enclave on it. */
static void claim_module(struct hf_claims *c, struct hf_bytes module)
{
    hf_claim_text(c, "module_id", module);
    for (size_t i = 0; i + 4 < module.n; i++) {
        if (memcmp(module.p + i, "-enc", 4) != 0)
            continue;
        hf_claim_text(c, "instance_id", (struct hf_bytes){module.p, i});
        hf_claim_text(c, "enclave_id", (struct hf_bytes){module.p + i + 1, module.n - i - 1});
        return;
    }
}

static void say_claims(struct work *w)
{
    struct hf_claims *c = &w->f->claims;

    claim_module(c, w->doc.module_id);
    hf_claim_text(c, "digest", w->doc.digest);
    hf_claim_number(c, "timestamp", w->doc.timestamp_ms);
    for (unsigned i = 0; i < HF_NITRO_PCRS; i++) {
        char name[8];

        (void)snprintf(name, sizeof(name), "pcr%u", i);
        if (w->doc.pcr_mask & 1u << i)
            hf_claim_bytes(c, name, w->doc.pcr[i]);
    }
    claim_field(c, "public_key", &w->doc.public_key);
    claim_field(c, "user_data", &w->doc.user_data);
    claim_field(c, "nonce", &w->doc.nonce);
}

hf_judge_fn hf_nitro_judge;

void hf_nitro_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    struct work w = {.j = j, .v = v, .f = f};
    HF_CLEANUP(certs_free) struct hf_certs *own = NULL;
    hf_err err = hf_nitro_doc_parse(evidence, &w.doc);

    (void)hf_check(v, "structure", err);
    if (err != HF_OK)
        return;
    hf_judge_made_at(j, (hf_time)(w.doc.timestamp_ms / 1000), v, f);
    err = take_certs(&w, &own);
    if (err != HF_OK) {
        (void)hf_check(v, "certificate chain", err);
    } else {
        check_order(&w);
        check_algorithms(&w);
        check_role(&w);
        check_chain(&w);
        check_revocation(&w);
        check_signature(&w);
    }
    check_registers(&w);
    check_freshness(&w);
    check_public_key(&w);
    say_claims(&w);
    if (f->environment == HF_ENV_HARDWARE)
        f->level = HF_LEVEL_HIGH;
}
