/* The claims of an EAR, from JSON and from CBOR: the draft's names, and the older ones with dots. */
#include "base/cleanup.h"
#include "codec/base64.h"
#include "codec/cbor.h"
#include "codec/json_read.h"
#include "policy/ear.h"

/* ---- what both have ---- */

static hf_err put_text(struct hf_bytes text, char out[HF_EAR_TEXT], const char *what)
{
    if (text.n >= HF_EAR_TEXT || (text.n && memchr(text.p, 0, text.n)))
        return hf_fail(HF_E_LIMIT, "%s of %zu bytes, at most %d without NUL", what, text.n, HF_EAR_TEXT - 1);
    if (text.n)
        memcpy(out, text.p, text.n);
    out[text.n] = 0;
    return HF_OK;
}

static bool tier_by_name(struct hf_bytes name, enum hf_verdict_status *out)
{
    for (unsigned i = HF_VERDICT_NONE; i <= HF_VERDICT_CONTRAINDICATED; i++) {
        if (hf_bytes_equal(name, hf_bytes_text(hf_verdict_status_name((enum hf_verdict_status)i)))) {
            *out = (enum hf_verdict_status)i;
            return true;
        }
    }
    return false;
}

static hf_err put_value(int64_t value, enum hf_trust_claim claim, struct hf_ear_submod *sub)
{
    if (value < -128 || value > 127)
        return hf_fail(HF_E_FORMAT, "%s is %lld, beyond -128 to 127", hf_trust_claim_name(claim), (long long)value);
    sub->vector.judged[claim] = true;
    sub->vector.value[claim] = (int8_t)value;
    return HF_OK;
}

static hf_err next_submod(struct hf_ear *ear, struct hf_bytes name, struct hf_ear_submod **out)
{
    if (ear->n == HF_EAR_SUBMODS_MAX)
        return hf_fail(HF_E_LIMIT, "more than %d submodules", HF_EAR_SUBMODS_MAX);
    *out = &ear->submod[ear->n];
    HF_TRY(put_text(name, (*out)->name, "a submodule's name"));
    ear->n++;
    return HF_OK;
}

/* ---- JSON ---- */

/* A member under its new name, or its older one. */
static bool member(struct hf_json_value object, const char *name, const char *old, struct hf_json_value *out,
                   struct hf_ear *ear)
{
    if (hf_json_get(object, name, out) == HF_OK)
        return true;
    if (!old || hf_json_get(object, old, out) != HF_OK)
        return false;
    ear->old_names = true;
    return true;
}

static hf_err json_text(struct hf_json_value v, char out[HF_EAR_TEXT], const char *what)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    HF_TRY(hf_json_as_text(v, &text));
    return put_text(hf_buf_bytes(&text), out, what);
}

static hf_err json_tier(struct hf_json_value v, enum hf_verdict_status *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    int64_t value;

    if (v.type == HF_JSON_NUMBER) {
        HF_TRY(hf_json_as_i64(v, &value));
        if (value < -128 || value > 127)
            return hf_fail(HF_E_FORMAT, "a status of %lld, beyond -128 to 127", (long long)value);
        *out = hf_trust_tier(value);
        return HF_OK;
    }
    HF_TRY(hf_json_as_text(v, &text));
    if (tier_by_name(hf_buf_bytes(&text), out))
        return HF_OK;
    return hf_fail(HF_E_FORMAT, "status %.*s is none of none, affirming, warning, contraindicated",
                   (int)(v.raw.n < 40 ? v.raw.n : 40), (const char *)v.raw.p);
}

static hf_err json_vector(struct hf_json_value v, struct hf_ear_submod *sub)
{
    if (v.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "the trustworthiness vector is %s, not an object", hf_json_type_name(v.type));
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        enum hf_trust_claim claim;
        char name[HF_EAR_TEXT];
        int64_t value;

        HF_TRY(json_text(it.key, name, "a trustworthiness claim"));
        if (!hf_trust_claim_by_name(hf_bytes_text(name), &claim))
            return hf_fail(HF_E_FORMAT, "there is no trustworthiness claim \"%.40s\"", name);
        HF_TRY(hf_json_as_i64(it.value, &value));
        HF_TRY(put_value(value, claim, sub));
    }
    sub->has_vector = true;
    return HF_OK;
}

static hf_err json_policies(struct hf_json_value v, struct hf_ear_submod *sub)
{
    if (v.type == HF_JSON_TEXT) { /* the older claim holds one */
        sub->n_policies = 1;
        return json_text(v, sub->policy[0], "a policy's id");
    }
    if (v.type != HF_JSON_ARRAY || hf_json_count(v) > HF_EAR_POLICIES_MAX)
        return hf_fail(HF_E_FORMAT, "policy ids are an array of at most %d texts", HF_EAR_POLICIES_MAX);
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);)
        HF_TRY(json_text(it.value, sub->policy[sub->n_policies++], "a policy's id"));
    return HF_OK;
}

static hf_err json_submod(struct hf_json_value name, struct hf_json_value v, struct hf_ear *ear)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_ear_submod *sub = NULL;
    struct hf_json_value m;

    if (v.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "a submodule is %s, not an object", hf_json_type_name(v.type));
    HF_TRY(hf_json_as_text(name, &text));
    HF_TRY(next_submod(ear, hf_buf_bytes(&text), &sub));
    if (!member(v, "ear_status", "ear.status", &m, ear))
        return hf_fail(HF_E_FORMAT, "submodule %s has no status", sub->name);
    HF_TRY(json_tier(m, &sub->status));
    if (member(v, "ear_trustworthiness_vector", "ear.trustworthiness-vector", &m, ear))
        HF_TRY(json_vector(m, sub));
    if (member(v, "ear_appraisal_policy_ids", "ear.appraisal-policy-id", &m, ear))
        HF_TRY(json_policies(m, sub));
    return HF_OK;
}

static hf_err json_nonce(struct hf_json_value v, struct hf_ear *ear)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};

    HF_TRY(hf_json_as_base64url(v, &raw));
    if (raw.n == 0 || raw.n > sizeof(ear->nonce.bytes))
        return hf_fail(HF_E_FORMAT, "a nonce of %zu bytes; an EAT's has 8 to 64", raw.n);
    memcpy(ear->nonce.bytes, raw.p, ear->nonce.n = raw.n);
    return HF_OK;
}

hf_err hf_ear_read_json(struct hf_bytes claims, struct hf_ear *out)
{
    struct hf_json_value top, v, m;

    HF_TRY(hf_json_parse(claims, &top));
    HF_TRY(hf_json_get(top, "eat_profile", &v));
    HF_TRY(json_text(v, out->profile, "a profile"));
    HF_TRY(hf_json_get(top, "iat", &v));
    HF_TRY(hf_json_as_i64(v, &out->issued_at));
    out->has_expiry = hf_json_get(top, "exp", &v) == HF_OK;
    if (out->has_expiry)
        HF_TRY(hf_json_as_i64(v, &out->expires_at));
    if (hf_json_get(top, "eat_nonce", &v) == HF_OK)
        HF_TRY(json_nonce(v, out));
    if (!member(top, "ear_verifier_id", "ear.verifier-id", &v, out))
        return hf_fail(HF_E_FORMAT, "the EAR does not say who verified");
    HF_TRY(hf_json_get(v, "developer", &m));
    HF_TRY(json_text(m, out->developer, "a developer's name"));
    HF_TRY(hf_json_get(v, "build", &m));
    HF_TRY(json_text(m, out->build, "a build's name"));
    out->has_status = member(top, "ear_status", "ear.status", &v, out);
    if (out->has_status)
        HF_TRY(json_tier(v, &out->status));
    HF_TRY(hf_json_get(top, "submods", &v));
    if (v.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "submods is %s, not an object", hf_json_type_name(v.type));
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);)
        HF_TRY(json_submod(it.key, it.value, out));
    return HF_OK;
}

/* ---- CBOR ---- */

static hf_err cbor_text(struct hf_cbor v, char out[HF_EAR_TEXT], const char *what)
{
    struct hf_bytes text;

    HF_TRY(hf_cbor_as_text(v, &text));
    return put_text(text, out, what);
}

static hf_err cbor_tier(struct hf_cbor v, enum hf_verdict_status *out)
{
    int64_t value;

    HF_TRY(hf_cbor_as_i64(v, &value));
    if (value < -128 || value > 127)
        return hf_fail(HF_E_FORMAT, "a status of %lld, beyond -128 to 127", (long long)value);
    *out = hf_trust_tier(value);
    return HF_OK;
}

static hf_err cbor_vector(struct hf_cbor v, struct hf_ear_submod *sub)
{
    if (v.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "the trustworthiness vector is %s, not a map", hf_cbor_type_name(v.type));
    for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it);) {
        int64_t value;

        if (it.key.type != HF_CBOR_UINT || it.key.value >= HF_TRUST_CLAIMS)
            return hf_fail(HF_E_FORMAT, "a trustworthiness claim that is none of 0 to %d", HF_TRUST_CLAIMS - 1);
        HF_TRY(hf_cbor_as_i64(it.value, &value));
        HF_TRY(put_value(value, (enum hf_trust_claim)it.key.value, sub));
    }
    sub->has_vector = true;
    return HF_OK;
}

static hf_err cbor_policies(struct hf_cbor v, struct hf_ear_submod *sub)
{
    if (v.type == HF_CBOR_TEXT) {
        sub->n_policies = 1;
        return cbor_text(v, sub->policy[0], "a policy's id");
    }
    if (v.type != HF_CBOR_ARRAY)
        return hf_fail(HF_E_FORMAT, "policy ids are %s, not an array", hf_cbor_type_name(v.type));
    for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it);) {
        if (sub->n_policies == HF_EAR_POLICIES_MAX)
            return hf_fail(HF_E_LIMIT, "more than %d policy ids", HF_EAR_POLICIES_MAX);
        HF_TRY(cbor_text(it.value, sub->policy[sub->n_policies], "a policy's id"));
        sub->n_policies++;
    }
    return HF_OK;
}

static hf_err cbor_submod(struct hf_cbor name, struct hf_cbor v, struct hf_ear *ear)
{
    struct hf_ear_submod *sub = NULL;
    struct hf_bytes text;
    struct hf_cbor m;

    if (v.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "a submodule is %s, not a map", hf_cbor_type_name(v.type));
    HF_TRY(hf_cbor_as_text(name, &text));
    HF_TRY(next_submod(ear, text, &sub));
    HF_TRY(hf_cbor_get(v, 1000, &m));
    HF_TRY(cbor_tier(m, &sub->status));
    if (hf_cbor_get(v, 1001, &m) == HF_OK)
        HF_TRY(cbor_vector(m, sub));
    if (hf_cbor_get(v, 1003, &m) == HF_OK)
        HF_TRY(cbor_policies(m, sub));
    return HF_OK;
}

static hf_err cbor_head(struct hf_cbor top, struct hf_ear *out)
{
    struct hf_bytes nonce;
    struct hf_cbor v;

    HF_TRY(hf_cbor_get(top, 265, &v));
    HF_TRY(cbor_text(v, out->profile, "a profile"));
    HF_TRY(hf_cbor_get(top, 6, &v));
    HF_TRY(hf_cbor_as_i64(v, &out->issued_at));
    out->has_expiry = hf_cbor_get(top, 4, &v) == HF_OK;
    if (out->has_expiry)
        HF_TRY(hf_cbor_as_i64(v, &out->expires_at));
    out->has_status = hf_cbor_get(top, 1000, &v) == HF_OK;
    if (out->has_status)
        HF_TRY(cbor_tier(v, &out->status));
    if (hf_cbor_get(top, 10, &v) != HF_OK)
        return HF_OK;
    HF_TRY(hf_cbor_as_bytes(v, &nonce));
    if (nonce.n == 0 || nonce.n > sizeof(out->nonce.bytes))
        return hf_fail(HF_E_FORMAT, "a nonce of %zu bytes; an EAT's has 8 to 64", nonce.n);
    memcpy(out->nonce.bytes, nonce.p, out->nonce.n = nonce.n);
    return HF_OK;
}

hf_err hf_ear_read_cbor(struct hf_bytes claims, struct hf_ear *out)
{
    struct hf_cbor top, v, m;

    HF_TRY(hf_cbor_parse(claims, HF_CBOR_LOOSE, &top));
    HF_TRY(cbor_head(top, out));
    HF_TRY(hf_cbor_get(top, 1004, &v));
    HF_TRY(hf_cbor_get(v, 0, &m));
    HF_TRY(cbor_text(m, out->developer, "a developer's name"));
    HF_TRY(hf_cbor_get(v, 1, &m));
    HF_TRY(cbor_text(m, out->build, "a build's name"));
    HF_TRY(hf_cbor_get(top, 266, &v));
    if (v.type != HF_CBOR_MAP)
        return hf_fail(HF_E_FORMAT, "submods is %s, not a map", hf_cbor_type_name(v.type));
    for (struct hf_cbor_iter it = hf_cbor_iter(v); hf_cbor_next(&it);)
        HF_TRY(cbor_submod(it.key, it.value, out));
    return HF_OK;
}
