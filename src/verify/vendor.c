/* A vendor commitment judged: who signed it, over everything in it, for how long, and for whose nonce. */
#include "base/cleanup.h"
#include "codec/hex.h"
#include "evidence/vendor_commitment.h"
#include "verify/made_at.h"

#include <stdio.h>

struct work {
    const struct hf_judge *j;
    struct hf_verdict *v;
    struct hf_findings *f;
    struct hf_vendor_commitment doc;
    const struct hf_vendor_alg *alg; /* set before any key is looked at */
    struct hf_buf tbs, signature;
    struct hf_certs certs; /* where the document brings some: these, and those that were given */
    const struct hf_pubkey *key; /* the signer's; NULL: none was found */
};

static void work_free(struct work *w)
{
    hf_vendor_commitment_free(&w->doc);
    hf_buf_free(&w->tbs);
    hf_buf_free(&w->signature);
    hf_certs_free(&w->certs);
}

/* ---- whose key ---- */

static bool fits(const struct work *w, const struct hf_pubkey *key)
{
    return hf_pubkey_kind(key) == w->alg->key && hf_pubkey_curve(key) == w->alg->curve;
}

static hf_err signed_by(const struct work *w, const struct hf_pubkey *key)
{
    return hf_pubkey_verify_message(key, &w->alg->sig, hf_buf_bytes(&w->tbs), hf_buf_bytes(&w->signature));
}

/* A key_id of 64 hexadecimal digits is the key's SHA-256; another is a name that proves nothing. */
static bool is_hash(const char *key_id, uint8_t out[32])
{
    return hf_hex_parse_exact(hf_bytes_text(key_id), out, 32) == HF_OK;
}

/* Of the keys that the verifier was given: what travels with the evidence vouches for nothing. */
static const struct hf_endorsement *given_key(const struct work *w)
{
    const struct hf_endorsement *e, *first = NULL;
    uint8_t hash[32];
    bool by_hash = is_hash(w->doc.key_id, hash);

    for (size_t at = 0; (e = hf_endorsements_next(w->j->endorsements, HF_ENDORSEMENT_PUBLIC_KEY, &at)) != NULL;) {
        if (!fits(w, e->key) || (by_hash && memcmp(hash, e->sha256, sizeof(hash)) != 0))
            continue;
        if (by_hash || signed_by(w, e->key) == HF_OK)
            return e;
        if (!first)
            first = e;
    }
    return first;
}

/* The signer's certificate: the first of the document's own, else one that was given, by the key's hash. */
static const struct hf_cert *signer_cert(const struct work *w, const struct hf_certs **pool)
{
    uint8_t hash[32];

    *pool = &w->certs;
    if (w->certs.n)
        return w->certs.cert[0];
    *pool = &w->j->endorsements->certs;
    for (size_t i = 0; is_hash(w->doc.key_id, hash) && i < (*pool)->n; i++) {
        if (memcmp((*pool)->cert[i]->spki_sha256, hash, sizeof(hash)) == 0)
            return (*pool)->cert[i];
    }
    return NULL;
}

static void check_revocation(struct work *w, const struct hf_chain *chain)
{
    const struct hf_endorsement *e;
    struct hf_bytes url;
    bool published = false;

    for (size_t i = 0; i + 1 < chain->n; i++) {
        published |= hf_cert_url(chain->cert[i], HF_URL_CRL, 0, &url) == HF_OK;
        for (size_t at = 0; (e = hf_judge_next(w->j, HF_ENDORSEMENT_CRL, &at)) != NULL;)
            published |= hf_crl_covers(e->crl, chain->cert[i]);
    }
    if (published)
        (void)hf_judge_revocation(w->j, chain, NULL, w->v, w->f);
    else
        (void)hf_check_not_applicable(w->v, "revocation", "the certificates name no list");
}

static void check_key_by_cert(struct work *w, const struct hf_cert *cert, const struct hf_certs *pool)
{
    struct hf_chain chain = {0};

    (void)hf_judge_chain(w->j, HF_VENDOR_ANY, cert, pool, NULL, w->v, w->f, &chain);
    if (chain.n)
        check_revocation(w, &chain);
    if (cert->ca || (cert->has_key_usage && !(cert->key_usage & HF_KU_DIGITAL_SIGNATURE)))
        hf_check_found(hf_check(w->v, "certificate role",
                                hf_fail(HF_E_UNTRUSTED, "%s", cert->ca ? "an authority's certificate"
                                                                       : "its key usage is not to sign")),
                       "%s", cert->subject_text);
    w->key = cert->key;
}

static void check_key(struct work *w)
{
    const struct hf_certs *pool;
    const struct hf_cert *cert = signer_cert(w, &pool);
    const struct hf_endorsement *given = cert ? NULL : given_key(w);
    uint8_t hash[32], own[32];
    char about[16] = "";

    if (cert) {
        check_key_by_cert(w, cert, pool);
    } else if (given) {
        w->key = given->key;
        hf_check_found(hf_check(w->v, "root", HF_OK), "the key itself was given: %.96s", given->source);
    } else {
        hf_check_expected(hf_check(w->v, "root",
                                   hf_fail(HF_E_UNTRUSTED, "nobody that is trusted says whose key this is")),
                          "the vendor's public key, or a certificate and its root");
        return;
    }
    hf_pubkey_describe(w->key, about);
    if (!is_hash(w->doc.key_id, hash))
        hf_check_found(hf_check_not_applicable(w->v, "key id", "a name; it proves nothing"), "%.100s", w->doc.key_id);
    else if (hf_pubkey_spki_sha256(w->key, own) == HF_OK)
        (void)hf_check_equal(w->v, "key id", HF_BYTES_OF(hash), HF_BYTES_OF(own));
    hf_check_found(hf_check(w->v, "public key",
                            fits(w, w->key) ? HF_OK
                                            : hf_fail(HF_E_KEY_TYPE, "%s is not what this key does", w->alg->name)),
                   "%s", about);
}

static void check_signature(struct work *w)
{
    hf_err err = HF_OK;

    if (!w->key)
        err = hf_fail(HF_E_UNTRUSTED, "not checked: there is no key");
    else if (!fits(w, w->key))
        err = hf_fail(HF_E_KEY_TYPE, "not checked: the key is of another kind");
    else
        err = signed_by(w, w->key);
    hf_check_found(hf_check(w->v, "signature", err), "%s over %zu bytes of canonical JSON", w->alg->name, w->tbs.n);
}

/* ---- what it says ---- */

static void check_expiry(struct work *w)
{
    hf_time at = w->j->at;
    char from[HF_TIME_TEXT], until[HF_TIME_TEXT], now[HF_TIME_TEXT];
    hf_err err = HF_OK;
    struct hf_check *row;

    if (at > w->doc.expires_at)
        err = hf_fail(HF_E_UNTRUSTED, "it is expired");
    else if (at < w->doc.issued_at && w->doc.issued_at - at > HF_SKEW_S)
        err = hf_fail(HF_E_UNTRUSTED, "it is not valid yet");
    row = hf_check(w->v, "commitment validity", err);
    hf_time_write(w->doc.issued_at, from);
    hf_time_write(w->doc.expires_at, until);
    hf_time_write(at, now);
    hf_check_expected(row, "%s to %s", from, until);
    hf_check_found(row, "%s", now);
    hf_horizon_narrow(&w->f->horizon, w->doc.issued_at, w->doc.expires_at, "commitment");
}

static void say(struct hf_claims *c, const char *name, const char *value)
{
    if (value)
        hf_claim_printf(c, name, "%s", value);
}

static void say_raw(struct hf_claims *c, const char *name, struct hf_json_value v)
{
    uint64_t number = 0;

    if (v.type == HF_JSON_NUMBER && v.raw.n && hf_json_as_u64(v, UINT64_MAX, &number) == HF_OK)
        hf_claim_number(c, name, number);
    else if (v.type == HF_JSON_TEXT && v.raw.n > 1)
        hf_claim_text(c, name, (struct hf_bytes){v.raw.p + 1, v.raw.n - 2});
}

static void say_guarantees(struct hf_claims *c, struct hf_json_value guarantees)
{
    for (struct hf_json_iter it = hf_json_iter(guarantees); it.object && hf_json_next(&it);) {
        char name[32];
        bool value = false;

        (void)snprintf(name, sizeof(name), "guarantee_%.*s", (int)(it.key.raw.n < 20 ? it.key.raw.n - 2 : 18),
                       (const char *)it.key.raw.p + 1);
        if (hf_json_as_bool(it.value, &value) == HF_OK)
            hf_claim_bool(c, name, value);
        else
            say_raw(c, name, it.value);
    }
}

static void say_claims(struct work *w)
{
    const struct hf_vendor_commitment *d = &w->doc;
    struct hf_claims *c = &w->f->claims;

    say(c, "vendor_name", d->vendor);
    say(c, "model_hash", d->model_hash);
    say(c, "model_checksum", d->model_hash);
    say(c, "model_name", d->model_name);
    say(c, "version", d->model_version);
    say(c, "architecture", d->architecture);
    say_raw(c, "parameter_count", d->parameters);
    say(c, "api_endpoint", d->api_endpoint);
    say(c, "api_version", d->api_version);
    say(c, "commitment_version", d->version);
    say(c, "issuer", d->issuer_name);
    say(c, "key_id", d->key_id);
    say(c, "algorithm", d->algorithm);
    say(c, "nonce", d->nonce);
    say_guarantees(c, d->guarantees);
}

static hf_err prepare(struct work *w, struct hf_bytes evidence)
{
    HF_TRY(hf_vendor_commitment_parse(evidence, &w->doc));
    HF_TRY(hf_vendor_commitment_signed(evidence, &w->tbs));
    HF_TRY(hf_vendor_signature(&w->doc, &w->signature));
    for (size_t i = 0; i < w->doc.certificate_chain.n; i++)
        HF_TRY(hf_certs_read(hf_bytes_text(w->doc.certificate_chain.item[i]), &w->certs));
    for (size_t i = 0; w->certs.n && i < w->j->endorsements->certs.n; i++)
        HF_TRY(hf_certs_add(&w->certs, w->j->endorsements->certs.cert[i]));
    return HF_OK;
}

hf_judge_fn hf_vendor_judge;

void hf_vendor_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    HF_CLEANUP(work_free) struct work w = {.j = j, .v = v, .f = f};
    hf_err err = prepare(&w, evidence);

    (void)hf_check(v, "structure", err);
    if (err != HF_OK)
        return;
    err = hf_vendor_alg_by_name(w.doc.algorithm, &w.alg);
    hf_check_found(hf_check(v, "algorithm", err), "%.60s", w.doc.algorithm);
    if (err == HF_OK) {
        check_key(&w);
        check_signature(&w);
    }
    check_expiry(&w);
    hf_judge_made_at(j, w.doc.timestamp, v, f);
    hf_judge_text_nonce(j, w.doc.nonce, v, f);
    say_claims(&w);
    f->level = f->environment == HF_ENV_EMULATED ? HF_LEVEL_LOW : HF_LEVEL_MEDIUM;
}
