/* Reading EARs: the two envelopes, and whether the signature is good. RFC 7515, RFC 9052. */
#include "policy/ear.h"
#include "base/cleanup.h"
#include "codec/base64.h"
#include "codec/cose.h"
#include "codec/json_read.h"

#include <stdio.h>

#define EAR_MAX ((size_t)16 << 20) /* it may carry the evidence */
#define SKEW_S 300

void hf_ear_free(struct hf_ear *ear)
{
    hf_buf_free(&ear->payload);
    hf_buf_free(&ear->to_verify);
    hf_buf_free(&ear->signature);
}

bool hf_ear_known_profile(const char *profile)
{
    static const char *const known[] = {HF_EAR_PROFILE, "tag:ietf.org,2026:rats/ear#04",
                                        "tag:ietf.org,2026:rats/ear#02", "tag:github.com,2023:veraison/ear"};

    for (size_t i = 0; i < HF_COUNT(known); i++) {
        if (strcmp(profile, known[i]) == 0)
            return true;
    }
    return false;
}

/* ---- JWT ---- */

static hf_err jwt_header(struct hf_bytes text, struct hf_ear *out)
{
    static const struct {
        const char *name;
        int64_t alg;
    } algs[] = {{"ES256", HF_COSE_ES256}, {"ES384", HF_COSE_ES384}, {"EdDSA", HF_COSE_EDDSA}};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    struct hf_json_value head, v;

    HF_TRY(hf_base64url_parse(text, &json));
    HF_TRY(hf_json_parse(hf_buf_bytes(&json), &head));
    if (head.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "the JWT's header is %s, not an object", hf_json_type_name(head.type));
    if (hf_json_get(head, "crit", &v) == HF_OK)
        return hf_fail(HF_E_UNSUPPORTED, "the JWT has critical headers: %.*s", (int)(v.raw.n < 80 ? v.raw.n : 80),
                       (const char *)v.raw.p);
    HF_TRY(hf_json_get(head, "alg", &v));
    for (size_t i = 0; i < HF_COUNT(algs); i++) {
        if (hf_json_is(v, algs[i].name)) {
            out->alg = algs[i].alg;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_UNSUPPORTED, "algorithm %.*s; known are ES256, ES384, EdDSA",
                   (int)(v.raw.n < 40 ? v.raw.n : 40), (const char *)v.raw.p);
}

static hf_err parse_jwt(struct hf_bytes in, struct hf_ear *out)
{
    const uint8_t *first = memchr(in.p, '.', in.n), *second;
    struct hf_bytes head, payload, sig;

    if (!first)
        return hf_fail(HF_E_FORMAT, "%zu characters without a dot: no JWT", in.n);
    head = (struct hf_bytes){in.p, (size_t)(first - in.p)};
    second = memchr(first + 1, '.', in.n - head.n - 1);
    if (!second)
        return hf_fail(HF_E_FORMAT, "one dot: a signed JWT has two");
    payload = (struct hf_bytes){first + 1, (size_t)(second - first - 1)};
    sig = (struct hf_bytes){second + 1, in.n - (size_t)(second + 1 - in.p)};
    HF_TRY(jwt_header(head, out));
    HF_TRY(hf_base64url_parse(payload, &out->payload));
    HF_TRY(hf_base64url_parse(sig, &out->signature)); /* a third dot is no base64 */
    HF_TRY(hf_buf_add(&out->to_verify, (struct hf_bytes){in.p, (size_t)(second - in.p)}));
    return hf_ear_read_json(hf_buf_bytes(&out->payload), out);
}

/* ---- CWT ---- */

static hf_err parse_cwt(struct hf_bytes in, struct hf_ear *out)
{
    struct hf_cose_sign1 msg;

    out->cwt = true;
    HF_TRY(hf_cose_sign1_parse(in, HF_CBOR_LOOSE, &msg));
    if (msg.detached)
        return hf_fail(HF_E_FORMAT, "the CWT's claims are not in it");
    HF_TRY(hf_cose_alg(&msg, &out->alg));
    if (out->alg != HF_COSE_ES256 && out->alg != HF_COSE_ES384 && out->alg != HF_COSE_EDDSA)
        return hf_fail(HF_E_UNSUPPORTED, "algorithm %lld; known are -7, -35, -8", (long long)out->alg);
    HF_TRY(hf_buf_add(&out->payload, msg.payload));
    HF_TRY(hf_buf_add(&out->signature, msg.signature));
    HF_TRY(hf_cose_to_be_signed(msg.protected_bytes, (struct hf_bytes){NULL, 0}, msg.payload, &out->to_verify));
    return hf_ear_read_cbor(hf_buf_bytes(&out->payload), out);
}

static hf_err check_claims(struct hf_ear *ear)
{
    enum hf_verdict_status worst = HF_VERDICT_NONE;

    if (!hf_ear_known_profile(ear->profile))
        return hf_fail(HF_E_UNSUPPORTED, "profile \"%.100s\" is no EAR's that is known; this writes %s", ear->profile,
                       HF_EAR_PROFILE);
    if (ear->n == 0)
        return hf_fail(HF_E_FORMAT, "an EAR without submodules says nothing");
    for (size_t i = 0; i < ear->n; i++)
        worst = ear->submod[i].status > worst ? ear->submod[i].status : worst;
    if (!ear->has_status)
        ear->status = worst;
    if (ear->nonce.n && ear->nonce.n < 8)
        return hf_fail(HF_E_FORMAT, "a nonce of %zu bytes; an EAT's has 8 to 64", ear->nonce.n);
    return HF_OK;
}

hf_err hf_ear_parse(struct hf_bytes in, struct hf_ear *out)
{
    HF_CLEANUP(hf_ear_free) struct hf_ear ear = {0};
    char why[256];
    hf_err err;

    while (in.n && (in.p[in.n - 1] == '\n' || in.p[in.n - 1] == '\r') && in.p[0] == 'e')
        in.n--; /* as files of text end */
    if (in.n == 0 || in.n > EAR_MAX)
        return hf_fail(in.n ? HF_E_LIMIT : HF_E_FORMAT, "%zu bytes; an EAR has 1 to %zu", in.n, EAR_MAX);
    err = in.p[0] == 'e' ? parse_jwt(in, &ear) : parse_cwt(in, &ear); /* base64url of "{" */
    if (err == HF_E_NOT_FOUND) {
        (void)snprintf(why, sizeof(why), "%s", hf_err_detail());
        return hf_fail(HF_E_FORMAT, "the EAR lacks a claim: %s", why);
    }
    HF_TRY(err);
    HF_TRY(check_claims(&ear));
    *out = ear;
    ear = (struct hf_ear){0};
    return HF_OK;
}

/* ---- trust ---- */

hf_err hf_ear_verify(const struct hf_ear *ear, const struct hf_pubkey *key, int64_t at)
{
    struct hf_sig_alg alg = {.scheme = HF_SIG_ED25519};
    bool fits = hf_pubkey_kind(key) == HF_KEY_ED25519;

    if (ear->alg != HF_COSE_EDDSA) {
        alg = (struct hf_sig_alg){.scheme = HF_SIG_ECDSA, .hash = ear->alg == HF_COSE_ES256 ? HF_SHA256 : HF_SHA384};
        fits = hf_pubkey_curve(key) == (ear->alg == HF_COSE_ES256 ? HF_P256 : HF_P384);
    }
    if (!fits)
        return hf_fail(HF_E_KEY_TYPE, "the key is not one of the token's algorithm %lld", (long long)ear->alg);
    HF_TRY(hf_pubkey_verify_message(key, &alg, hf_buf_bytes(&ear->to_verify), hf_buf_bytes(&ear->signature)));
    if (ear->has_expiry && at >= ear->expires_at)
        return hf_fail(HF_E_UNTRUSTED, "the EAR expired at %lld; it is %lld", (long long)ear->expires_at,
                       (long long)at);
    if (at < ear->issued_at && (uint64_t)ear->issued_at - (uint64_t)at > SKEW_S)
        return hf_fail(HF_E_UNTRUSTED, "the EAR was issued at %lld; it is %lld", (long long)ear->issued_at,
                       (long long)at);
    return HF_OK;
}
