/* Writing EARs: claims as JSON or CBOR, signed by a key at hand or by one elsewhere. */
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/cose.h"
#include "codec/utf8.h"
#include "policy/ear.h"

#include <stdio.h>

/* Keys of CWT claims: RFC 8392, RFC 9711, draft-ietf-rats-ear-04. */
enum {
    KEY_EXP = 4,
    KEY_IAT = 6,
    KEY_NONCE = 10,
    KEY_PROFILE = 265,
    KEY_SUBMODS = 266,
    KEY_STATUS = 1000,
    KEY_VECTOR = 1001,
    KEY_RAW_EVIDENCE = 1002,
    KEY_POLICY_IDS = 1003,
    KEY_VERIFIER_ID = 1004,
    KEY_ATTESTER_CLAIMS = 1005,
};

struct issue {
    const struct hf_verify_result *r;
    const struct hf_ear_how *how;
    const char *developer, *build;
};

static const char *item_name(const struct hf_item_result *item)
{
    return item->label[0] ? item->label : item->format->name;
}

/* RFC 6920: the policy by its hash, which says more than its name. */
static hf_err policy_hash(const struct hf_verify_result *r, struct hf_buf *out)
{
    HF_TRY(hf_buf_printf(out, "ni:///sha-256;"));
    return hf_base64url_write(HF_BYTES_OF(r->policy_sha256), out);
}

/* ---- JSON ---- */

static void vector_json(const struct hf_trust_vector *v, struct hf_json *j)
{
    bool any = false;

    for (size_t i = 0; i < HF_TRUST_CLAIMS; i++)
        any |= v->judged[i];
    if (!any)
        return;
    hf_json_object(j, "ear_trustworthiness_vector");
    for (size_t i = 0; i < HF_TRUST_CLAIMS; i++) {
        if (v->judged[i])
            hf_json_i64(j, hf_trust_claim_name((enum hf_trust_claim)i), v->value[i]);
    }
    hf_json_close(j);
}

static hf_err submod_json(const struct issue *s, size_t i, struct hf_json *j)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf id = {0};
    const struct hf_item_result *item = &s->r->item[i];
    struct hf_trust_vector v;

    hf_trust_vector_of(s->r, i, &v);
    hf_json_object(j, item_name(item));
    hf_json_text(j, "ear_status", hf_verdict_status_name(item->status));
    vector_json(&v, j);
    if (s->r->policy[0]) {
        HF_TRY(policy_hash(s->r, &id));
        hf_json_array(j, "ear_appraisal_policy_ids");
        hf_json_printf(j, NULL, "holdfast:policy/%s", s->r->policy);
        hf_json_text_n(j, NULL, hf_buf_bytes(&id));
        hf_json_close(j);
    }
    if (item->findings.claims.n) {
        hf_json_object(j, "ear_attester_claims");
        hf_claims_json(&item->findings.claims, j);
        hf_json_close(j);
    }
    hf_json_close(j);
    return HF_OK;
}

static hf_err base64url_member(struct hf_json *j, const char *key, struct hf_bytes bytes)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    HF_TRY(hf_base64url_write(bytes, &text));
    hf_json_text_n(j, key, hf_buf_bytes(&text));
    return HF_OK;
}

static hf_err claims_json(const struct issue *s, struct hf_buf *out)
{
    struct hf_json j = hf_json(out, false);

    hf_json_object(&j, NULL);
    hf_json_text(&j, "eat_profile", HF_EAR_PROFILE);
    hf_json_i64(&j, "iat", s->r->at);
    if (s->how->expires)
        hf_json_i64(&j, "exp", s->how->expires);
    if (s->r->has_nonce)
        HF_TRY(base64url_member(&j, "eat_nonce", hf_digest_bytes(&s->r->nonce)));
    hf_json_object(&j, "ear_verifier_id");
    hf_json_text(&j, "developer", s->developer);
    hf_json_text(&j, "build", s->build);
    hf_json_close(&j);
    hf_json_text(&j, "ear_status", hf_verify_result_verdict(s->r));
    if (s->how->evidence.n)
        HF_TRY(base64url_member(&j, "ear_raw_evidence", s->how->evidence));
    hf_json_object(&j, "submods");
    for (size_t i = 0; i < s->r->n; i++)
        HF_TRY(submod_json(s, i, &j));
    hf_json_close(&j);
    hf_json_close(&j);
    return hf_json_end(&j);
}

/* ---- CBOR ---- */

/* The evidence may call text what CBOR would not. */
static void text_cbor(struct hf_bytes text, struct hf_cbor_writer *w)
{
    if (hf_utf8_check(text) == HF_OK)
        hf_cbor_put_text_n(w, text);
    else
        hf_cbor_put_bytes(w, text);
}

static void claim_cbor(const struct hf_claim *c, struct hf_cbor_writer *w)
{
    struct hf_bytes rest = c->bytes, word;

    hf_cbor_put_text(w, c->name);
    switch (c->kind) {
    case HF_CLAIM_BYTES:
        hf_cbor_put_bytes(w, c->bytes);
        break;
    case HF_CLAIM_TEXT:
        text_cbor(c->bytes, w);
        break;
    case HF_CLAIM_TEXTS:
        hf_cbor_put_array(w);
        while (hf_claim_next_word(&rest, &word))
            text_cbor(word, w);
        hf_cbor_put_close(w);
        break;
    case HF_CLAIM_NUMBER:
        hf_cbor_put_u64(w, c->number);
        break;
    case HF_CLAIM_BOOL:
        hf_cbor_put_bool(w, c->number != 0);
        break;
    }
}

static void vector_cbor(const struct hf_trust_vector *v, struct hf_cbor_writer *w)
{
    bool any = false;

    for (size_t i = 0; i < HF_TRUST_CLAIMS; i++)
        any |= v->judged[i];
    if (!any)
        return;
    hf_cbor_put_u64(w, KEY_VECTOR);
    hf_cbor_put_map(w);
    for (size_t i = 0; i < HF_TRUST_CLAIMS; i++) {
        if (v->judged[i]) {
            hf_cbor_put_u64(w, i);
            hf_cbor_put_i64(w, v->value[i]);
        }
    }
    hf_cbor_put_close(w);
}

static hf_err submod_cbor(const struct issue *s, size_t i, struct hf_cbor_writer *w)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf id = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf name = {0};
    const struct hf_item_result *item = &s->r->item[i];
    const struct hf_claims *claims = &item->findings.claims;
    struct hf_trust_vector v;

    hf_trust_vector_of(s->r, i, &v);
    hf_cbor_put_text(w, item_name(item));
    hf_cbor_put_map(w);
    hf_cbor_put_u64(w, KEY_STATUS);
    hf_cbor_put_i64(w, hf_trust_tier_value(item->status));
    vector_cbor(&v, w);
    if (s->r->policy[0]) {
        HF_TRY(policy_hash(s->r, &id));
        HF_TRY(hf_buf_printf(&name, "holdfast:policy/%s", s->r->policy));
        hf_cbor_put_u64(w, KEY_POLICY_IDS);
        hf_cbor_put_array(w);
        hf_cbor_put_text_n(w, hf_buf_bytes(&name));
        hf_cbor_put_text_n(w, hf_buf_bytes(&id));
        hf_cbor_put_close(w);
    }
    if (claims->n) {
        hf_cbor_put_u64(w, KEY_ATTESTER_CLAIMS);
        hf_cbor_put_map(w);
        for (size_t k = 0; k < claims->n; k++)
            claim_cbor(&claims->item[k], w);
        hf_cbor_put_close(w);
    }
    hf_cbor_put_close(w);
    return HF_OK;
}

static hf_err claims_cbor(const struct issue *s, struct hf_buf *out)
{
    struct hf_cbor_writer w = hf_cbor_writer(out);

    hf_cbor_put_map(&w);
    hf_cbor_put_u64(&w, KEY_PROFILE);
    hf_cbor_put_text(&w, HF_EAR_PROFILE);
    hf_cbor_put_u64(&w, KEY_IAT);
    hf_cbor_put_i64(&w, s->r->at);
    if (s->how->expires) {
        hf_cbor_put_u64(&w, KEY_EXP);
        hf_cbor_put_i64(&w, s->how->expires);
    }
    if (s->r->has_nonce) {
        hf_cbor_put_u64(&w, KEY_NONCE);
        hf_cbor_put_bytes(&w, hf_digest_bytes(&s->r->nonce));
    }
    hf_cbor_put_u64(&w, KEY_VERIFIER_ID);
    hf_cbor_put_map(&w);
    hf_cbor_put_u64(&w, 0);
    hf_cbor_put_text(&w, s->developer);
    hf_cbor_put_u64(&w, 1);
    hf_cbor_put_text(&w, s->build);
    hf_cbor_put_close(&w);
    hf_cbor_put_u64(&w, KEY_STATUS);
    hf_cbor_put_i64(&w, hf_trust_tier_value(hf_verdict_status(&s->r->verdict)));
    if (s->how->evidence.n) {
        hf_cbor_put_u64(&w, KEY_RAW_EVIDENCE);
        hf_cbor_put_bytes(&w, s->how->evidence);
    }
    hf_cbor_put_u64(&w, KEY_SUBMODS);
    hf_cbor_put_map(&w);
    for (size_t i = 0; i < s->r->n; i++)
        HF_TRY(submod_cbor(s, i, &w));
    hf_cbor_put_close(&w);
    hf_cbor_put_close(&w);
    return hf_cbor_end(&w);
}

/* ---- signing ---- */

struct signer {
    hf_err (*sign)(void *arg, struct hf_bytes digest, struct hf_buf *out);
    void *arg;
    struct hf_privkey *key;
    int64_t alg; /* COSE's number */
};

static void signer_free(struct signer *s)
{
    hf_privkey_free(&s->key);
}

static const struct {
    const char *name;
    int64_t alg;
    enum hf_hash_alg hash;
} algs[] = {
    {"ES256", HF_COSE_ES256, HF_SHA256}, {"ES384", HF_COSE_ES384, HF_SHA384}, {"EdDSA", HF_COSE_EDDSA, HF_HASH_NONE}};

static hf_err signer_of_key(struct signer *s)
{
    const struct hf_pubkey *pub = hf_privkey_public(s->key);
    char what[16];

    if (hf_pubkey_kind(pub) == HF_KEY_ED25519)
        s->alg = HF_COSE_EDDSA;
    else if (hf_pubkey_curve(pub) == HF_P256)
        s->alg = HF_COSE_ES256;
    else if (hf_pubkey_curve(pub) == HF_P384)
        s->alg = HF_COSE_ES384;
    if (s->alg)
        return HF_OK;
    hf_pubkey_describe(pub, what);
    return hf_fail(HF_E_KEY_TYPE, "a key of kind %s; an EAR is signed by P-256, P-384 or ed25519", what);
}

static hf_err signer_of(const struct hf_ear_how *how, struct signer *out)
{
    if (!how->sign == !how->key.n)
        return hf_fail(HF_E_ARG, "an EAR is signed by a key or by a function: give one of them");
    if (how->key.n) {
        HF_TRY(hf_privkey_parse(how->key, NULL, &out->key));
        return signer_of_key(out);
    }
    out->sign = how->sign;
    out->arg = how->arg;
    for (size_t i = 0; i < HF_COUNT(algs); i++) {
        if (how->alg && strcmp(algs[i].name, how->alg) == 0)
            out->alg = algs[i].alg;
    }
    return out->alg ? HF_OK
                    : hf_fail(HF_E_ARG, "algorithm %s; there are ES256, ES384, EdDSA", how->alg ? how->alg : "(none)");
}

static hf_err sign(const struct signer *s, struct hf_bytes message, struct hf_buf *out)
{
    struct hf_sig_alg how = {.scheme = HF_SIG_ED25519};
    struct hf_digest digest;
    size_t i = 0;

    while (algs[i].alg != s->alg)
        i++;
    if (algs[i].hash)
        how = (struct hf_sig_alg){.scheme = HF_SIG_ECDSA, .hash = algs[i].hash};
    if (s->key)
        return hf_privkey_sign_message(s->key, &how, message, out);
    if (!algs[i].hash)
        return s->sign(s->arg, message, out);
    HF_TRY(hf_hash_one(algs[i].hash, message, &digest));
    return s->sign(s->arg, hf_digest_bytes(&digest), out);
}

/* ---- the two envelopes ---- */

static hf_err write_jwt(const struct issue *s, const struct signer *by, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf head = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf claims = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_json j = hf_json(&head, false);
    size_t i = 0;

    while (algs[i].alg != by->alg)
        i++;
    hf_json_object(&j, NULL);
    hf_json_text(&j, "alg", algs[i].name);
    hf_json_text(&j, "typ", "JWT");
    if (s->how->kid)
        hf_json_text(&j, "kid", s->how->kid);
    hf_json_close(&j);
    HF_TRY(hf_json_end(&j));
    HF_TRY(claims_json(s, &claims));
    HF_TRY(hf_base64url_write(hf_buf_bytes(&head), &text));
    HF_TRY(hf_buf_printf(&text, "."));
    HF_TRY(hf_base64url_write(hf_buf_bytes(&claims), &text));
    HF_TRY(sign(by, hf_buf_bytes(&text), &sig));
    HF_TRY(hf_buf_printf(&text, "."));
    HF_TRY(hf_base64url_write(hf_buf_bytes(&sig), &text));
    return hf_buf_add(out, hf_buf_bytes(&text));
}

static hf_err write_cwt(const struct issue *s, const struct signer *by, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf head = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf claims = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf tbs = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_cbor_writer w = hf_cbor_writer(&head);
    struct hf_cose_sign1 msg = {.tagged = true};

    hf_cbor_put_map(&w);
    hf_cbor_put_i64(&w, HF_COSE_ALG);
    hf_cbor_put_i64(&w, by->alg);
    hf_cbor_put_i64(&w, HF_COSE_CONTENT_TYPE);
    hf_cbor_put_text(&w, "application/eat-cwt; eat_profile=\"" HF_EAR_PROFILE "\"");
    if (s->how->kid) {
        hf_cbor_put_i64(&w, HF_COSE_KID);
        hf_cbor_put_bytes(&w, hf_bytes_text(s->how->kid));
    }
    hf_cbor_put_close(&w);
    HF_TRY(hf_cbor_end(&w));
    HF_TRY(claims_cbor(s, &claims));
    msg.protected_bytes = hf_buf_bytes(&head);
    msg.payload = hf_buf_bytes(&claims);
    HF_TRY(hf_cose_to_be_signed(msg.protected_bytes, (struct hf_bytes){NULL, 0}, msg.payload, &tbs));
    HF_TRY(sign(by, hf_buf_bytes(&tbs), &sig));
    msg.signature = hf_buf_bytes(&sig);
    return hf_cose_sign1_write(&msg, out);
}

hf_err hf_verify_result_ear(const struct hf_verify_result *result, const struct hf_ear_how *how, struct hf_buf *out)
{
    HF_CLEANUP(signer_free) struct signer by = {0};
    struct issue s = {result, how, how->developer ? how->developer : "holdfast",
                      how->build ? how->build : "holdfast " HF_VERSION};

    if (result->n == 0)
        return hf_fail(HF_E_ARG, "nothing was judged");
    if (result->has_nonce && (result->nonce.n < 8 || result->nonce.n > 64))
        return hf_fail(HF_E_ARG, "a nonce of %zu bytes; an EAR carries 8 to 64", result->nonce.n);
    if (how->expires && how->expires <= result->at)
        return hf_fail(HF_E_ARG, "it would expire before it is issued");
    HF_TRY(signer_of(how, &by));
    return how->cwt ? write_cwt(&s, &by, out) : write_jwt(&s, &by, out);
}
