/* Vendor commitments: writing and signing. */
#include "base/cleanup.h"
#include "codec/base64.h"
#include "codec/jcs.h"
#include "evidence/vendor_commitment.h"

#include <stdio.h>

static void put_text(struct hf_json *j, const char *key, const char *value)
{
    if (value)
        hf_json_text(j, key, value);
}

static void put_raw(struct hf_json *j, const char *key, struct hf_json_value value)
{
    if (value.raw.n)
        hf_json_raw(j, key, value.raw);
}

static void put_model(struct hf_json *j, const struct hf_vendor_commitment *doc)
{
    hf_json_object(j, "model");
    put_text(j, "name", doc->model_name);
    put_text(j, "version", doc->model_version);
    put_text(j, "hash", doc->model_hash);
    put_text(j, "architecture", doc->architecture);
    put_raw(j, "parameters", doc->parameters);
    hf_json_close(j);
    if (!doc->api_endpoint && !doc->api_version)
        return;
    hf_json_object(j, "api");
    put_text(j, "endpoint", doc->api_endpoint);
    put_text(j, "version", doc->api_version);
    hf_json_close(j);
}

static void put_commitment(struct hf_json *j, const struct hf_vendor_commitment *doc)
{
    hf_json_object(j, "commitment");
    put_text(j, "vendor", doc->vendor);
    hf_json_i64(j, "timestamp", doc->timestamp);
    put_model(j, doc);
    put_text(j, "nonce", doc->nonce);
    put_raw(j, "guarantees", doc->guarantees);
    put_raw(j, "sla_terms", doc->sla_terms);
    hf_json_close(j);
}

static void put_issuer(struct hf_json *j, const struct hf_vendor_commitment *doc)
{
    if (!doc->issuer_name && !doc->issuer_contact)
        return;
    hf_json_object(j, "issuer");
    put_text(j, "name", doc->issuer_name);
    put_text(j, "contact", doc->issuer_contact);
    hf_json_close(j);
}

hf_err hf_vendor_commitment_write(const struct hf_vendor_commitment *doc, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j = hf_json(&text, false);

    hf_json_object(&j, NULL);
    hf_json_text(&j, "version", HF_VENDOR_VERSION);
    hf_json_text(&j, "type", HF_VENDOR_TYPE);
    put_commitment(&j, doc);
    put_text(&j, "key_id", doc->key_id);
    put_text(&j, "algorithm", doc->algorithm);
    hf_json_i64(&j, "issued_at", doc->issued_at);
    hf_json_i64(&j, "expires_at", doc->expires_at);
    put_issuer(&j, doc);
    if (doc->certificate_chain.n) {
        hf_json_array(&j, "certificate_chain");
        for (size_t i = 0; i < doc->certificate_chain.n; i++)
            hf_json_text(&j, NULL, doc->certificate_chain.item[i]);
        hf_json_close(&j);
    }
    put_text(&j, "signature", doc->signature);
    hf_json_close(&j);
    HF_TRY(hf_json_end(&j));
    return hf_jcs_write(hf_buf_bytes(&text), out);
}

/* The hexadecimal SHA-256 of the key, as a text. */
static hf_err key_id_of(const struct hf_pubkey *key, char out[65])
{
    uint8_t hash[32];

    HF_TRY(hf_pubkey_spki_sha256(key, hash));
    for (size_t i = 0; i < sizeof(hash); i++)
        (void)snprintf(out + 2 * i, 3, "%02x", hash[i]);
    return HF_OK;
}

hf_err hf_vendor_commitment_sign(const struct hf_vendor_commitment *doc, const struct hf_privkey *key,
                                 struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig_text = {0};
    const struct hf_vendor_alg *alg = hf_vendor_alg_of(hf_privkey_public(key));
    struct hf_vendor_commitment full = *doc;
    char id[65], name[16];

    if (doc->algorithm)
        HF_TRY(hf_vendor_alg_by_name(doc->algorithm, &alg));
    if (!alg)
        return hf_fail(HF_E_KEY_TYPE, "no algorithm of vendor commitments goes with this key");
    HF_TRY(key_id_of(hf_privkey_public(key), id));
    (void)snprintf(name, sizeof(name), "%s", alg->name);
    full.algorithm = name;
    full.key_id = doc->key_id ? doc->key_id : id;
    full.signature = NULL;
    HF_TRY(hf_vendor_commitment_write(&full, &text));
    HF_TRY(hf_privkey_sign_message(key, &alg->sig, hf_buf_bytes(&text), &sig));
    HF_TRY(hf_base64_write(hf_buf_bytes(&sig), &sig_text));
    HF_TRY(hf_buf_text(&sig_text, &full.signature));
    return hf_vendor_commitment_write(&full, out);
}
