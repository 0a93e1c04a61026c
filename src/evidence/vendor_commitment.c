/* Vendor commitments: reading, and what of them is signed. */
#include "evidence/vendor_commitment.h"
#include "base/cleanup.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/jcs.h"
#include "evidence/json_mark.h"

#include <stdio.h>

#define TEXT_MAX 4096

/* The objects within: their members lie in one struct. */
static const struct hf_json_field model_fields[] = {
    HF_FIELD(TEXT, "name", struct hf_vendor_commitment, model_name, .required = true, .max = TEXT_MAX),
    HF_FIELD(TEXT, "version", struct hf_vendor_commitment, model_version, .max = TEXT_MAX),
    HF_FIELD(TEXT, "hash", struct hf_vendor_commitment, model_hash, .required = true, .max = TEXT_MAX),
    HF_FIELD(TEXT, "architecture", struct hf_vendor_commitment, architecture, .max = TEXT_MAX),
    HF_FIELD(RAW, "parameters", struct hf_vendor_commitment, parameters),
    HF_FIELDS_END,
};

static const struct hf_json_field api_fields[] = {
    HF_FIELD(TEXT, "endpoint", struct hf_vendor_commitment, api_endpoint, .max = TEXT_MAX),
    HF_FIELD(TEXT, "version", struct hf_vendor_commitment, api_version, .max = TEXT_MAX),
    HF_FIELDS_END,
};

static const struct hf_json_field issuer_fields[] = {
    HF_FIELD(TEXT, "name", struct hf_vendor_commitment, issuer_name, .max = TEXT_MAX),
    HF_FIELD(TEXT, "contact", struct hf_vendor_commitment, issuer_contact, .max = TEXT_MAX),
    HF_FIELDS_END,
};

#define INSIDE(key_, fields_, ...) \
    {.kind = HF_FIELD_OBJECT, .key = (key_), .at = 0, .fields = (fields_), __VA_ARGS__}

static const struct hf_json_field commitment_fields[] = {
    HF_FIELD(TEXT, "vendor", struct hf_vendor_commitment, vendor, .required = true, .max = TEXT_MAX),
    HF_FIELD(RAW, "timestamp", struct hf_vendor_commitment, timestamp_value, .required = true),
    INSIDE("model", model_fields, .required = true),
    INSIDE("api", api_fields),
    HF_FIELD(TEXT, "nonce", struct hf_vendor_commitment, nonce, .max = TEXT_MAX),
    HF_FIELD(RAW, "guarantees", struct hf_vendor_commitment, guarantees),
    HF_FIELD(RAW, "sla_terms", struct hf_vendor_commitment, sla_terms),
    HF_FIELDS_END,
};

static const struct hf_json_field fields[] = {
    HF_FIELD(TEXT, "version", struct hf_vendor_commitment, version, .required = true, .words = HF_VENDOR_VERSION),
    HF_FIELD(TEXT, "type", struct hf_vendor_commitment, type, .required = true, .words = HF_VENDOR_TYPE),
    INSIDE("commitment", commitment_fields, .required = true),
    HF_FIELD(TEXT, "key_id", struct hf_vendor_commitment, key_id, .required = true, .max = TEXT_MAX),
    HF_FIELD(TEXT, "algorithm", struct hf_vendor_commitment, algorithm, .required = true, .max = 64),
    HF_FIELD(RAW, "issued_at", struct hf_vendor_commitment, issued_value, .required = true),
    HF_FIELD(RAW, "expires_at", struct hf_vendor_commitment, expires_value, .required = true),
    INSIDE("issuer", issuer_fields),
    HF_FIELD(TEXTS, "certificate_chain", struct hf_vendor_commitment, certificate_chain, .max = HF_VENDOR_CERTS_MAX),
    HF_FIELD(TEXT, "signature", struct hf_vendor_commitment, signature, .required = true, .max = TEXT_MAX),
    HF_FIELDS_END,
};

void hf_vendor_commitment_free(struct hf_vendor_commitment *doc)
{
    hf_json_free(fields, doc);
}

/* Seconds since 1970, fractions cut, or RFC 3339. */
static hf_err read_time(struct hf_json_value v, const char *name, hf_time *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    double seconds = 0;
    char *c = NULL;

    if (v.type == HF_JSON_NUMBER && hf_json_as_double(v, &seconds) == HF_OK && seconds > -9e15 && seconds < 9e15) {
        *out = (hf_time)seconds;
        return HF_OK;
    }
    if (v.type == HF_JSON_TEXT) {
        HF_TRY(hf_json_as_text(v, &text));
        HF_TRY(hf_buf_text(&text, &c));
        if (strlen(c) == text.n && strchr(c, 'T'))
            return hf_time_parse(c, out);
    }
    return hf_fail(HF_E_FORMAT, "%s is neither seconds since 1970 nor RFC 3339", name);
}

static hf_err read_times(struct hf_vendor_commitment *doc)
{
    HF_TRY(read_time(doc->timestamp_value, "timestamp", &doc->timestamp));
    HF_TRY(read_time(doc->issued_value, "issued_at", &doc->issued_at));
    HF_TRY(read_time(doc->expires_value, "expires_at", &doc->expires_at));
    if (doc->expires_at < doc->issued_at)
        return hf_fail(HF_E_FORMAT, "expires_at is before issued_at");
    return HF_OK;
}

hf_err hf_vendor_commitment_parse(struct hf_bytes json, struct hf_vendor_commitment *out)
{
    HF_CLEANUP(hf_vendor_commitment_free) struct hf_vendor_commitment doc = {0};
    hf_err err = hf_json_read(json, fields, &doc);

    if (err != HF_OK)
        return err == HF_E_ARG ? hf_fail(HF_E_FORMAT, "%.400s", hf_err_detail()) : err;
    HF_TRY(read_times(&doc));
    *out = doc;
    doc = (struct hf_vendor_commitment){0};
    return HF_OK;
}

hf_err hf_vendor_commitment_signed(struct hf_bytes json, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf rest = {0};
    struct hf_json_value top;

    HF_TRY(hf_json_parse(json, &top));
    if (top.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "%s, where an object is wanted", hf_json_type_name(top.type));
    for (struct hf_json_iter it = hf_json_iter(top); hf_json_next(&it);) {
        if (hf_json_is(it.key, "signature"))
            continue;
        HF_TRY(hf_buf_add(&rest, hf_bytes_text(rest.n ? "," : "{")));
        HF_TRY(hf_buf_add(&rest, it.key.raw));
        HF_TRY(hf_buf_add(&rest, hf_bytes_text(":")));
        HF_TRY(hf_buf_add(&rest, it.value.raw));
    }
    HF_TRY(hf_buf_add(&rest, hf_bytes_text(rest.n ? "}" : "{}")));
    return hf_jcs_write(hf_buf_bytes(&rest), out);
}

hf_err hf_vendor_signature(const struct hf_vendor_commitment *doc, struct hf_buf *out)
{
    struct hf_bytes text = hf_bytes_text(doc->signature);

    if (text.n == 0)
        return hf_fail(HF_E_FORMAT, "the signature is empty");
    if (text.n % 2 == 0 && strspn(doc->signature, "0123456789abcdefABCDEF") == text.n)
        return hf_hex_parse(text, out);
    return strpbrk(doc->signature, "-_") ? hf_base64url_parse(text, out) : hf_base64_parse(text, out);
}

/* ---- algorithms ---- */

static const struct hf_vendor_alg algs[] = {
    {"Ed25519", HF_KEY_ED25519, HF_CURVE_NONE, {.scheme = HF_SIG_ED25519}},
    {"EdDSA", HF_KEY_ED25519, HF_CURVE_NONE, {.scheme = HF_SIG_ED25519}},
    {"ES256", HF_KEY_EC, HF_P256, {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256}},
    {"ES384", HF_KEY_EC, HF_P384, {.scheme = HF_SIG_ECDSA, .hash = HF_SHA384}},
    {"PS256", HF_KEY_RSA, HF_CURVE_NONE, {.scheme = HF_SIG_RSAPSS, .hash = HF_SHA256}},
    {"PS384", HF_KEY_RSA, HF_CURVE_NONE, {.scheme = HF_SIG_RSAPSS, .hash = HF_SHA384}},
    {"PS512", HF_KEY_RSA, HF_CURVE_NONE, {.scheme = HF_SIG_RSAPSS, .hash = HF_SHA512}},
};

hf_err hf_vendor_alg_by_name(const char *name, const struct hf_vendor_alg **out)
{
    for (size_t i = 0; i < HF_COUNT(algs); i++) {
        if (strcmp(algs[i].name, name) == 0) {
            *out = &algs[i];
            return HF_OK;
        }
    }
    if (strncmp(name, "HMAC", 4) == 0 || strncmp(name, "HS", 2) == 0)
        return hf_fail(HF_E_UNSUPPORTED, "%.40s is no signature: whoever can verify it can forge it", name);
    return hf_fail(HF_E_UNSUPPORTED, "algorithm \"%.40s\"; there are Ed25519, ES256, ES384, PS256, PS384, PS512", name);
}

const struct hf_vendor_alg *hf_vendor_alg_of(const struct hf_pubkey *key)
{
    for (size_t i = 0; i < HF_COUNT(algs); i++) {
        if (algs[i].key == hf_pubkey_kind(key) && algs[i].curve == hf_pubkey_curve(key))
            return &algs[i];
    }
    return NULL;
}

/* ---- telling ---- */

static void tell(struct hf_json_value v, const char *name, struct hf_inspect *out)
{
    if (v.type == HF_JSON_OBJECT || v.type == HF_JSON_ARRAY) {
        hf_inspect_open(out, name, v.raw);
        for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
            char key[40] = "";

            (void)snprintf(key, sizeof(key), "%.*s", (int)(it.object ? it.key.raw.n - 2 : 1),
                           it.object ? (const char *)it.key.raw.p + 1 : "-");
            tell(it.value, key, out);
        }
        hf_inspect_close(out);
        return;
    }
    hf_inspect_text(out, name, v.raw, NULL);
}

hf_err hf_vendor_commitment_inspect(struct hf_bytes in, struct hf_inspect *out)
{
    HF_CLEANUP(hf_vendor_commitment_free) struct hf_vendor_commitment doc = {0};
    struct hf_json_value top;

    HF_TRY(hf_json_parse(in, &top));
    tell(top, HF_VENDOR_TYPE, out);
    return hf_vendor_commitment_parse(in, &doc);
}

static bool detect(struct hf_bytes in)
{
    struct hf_bytes ours;

    return hf_json_marked(in, "type", HF_VENDOR_TYPE) && !hf_json_mark(in, "holdfast", &ours);
}

const struct hf_evidence_format hf_format_vendor_commitment = {
    .name = "vendor-commitment",
    .family = "vendor",
    .about = "a vendor's signed commitment to the model that it serves (JSON)",
    .detect = detect,
    .inspect = hf_vendor_commitment_inspect,
};
