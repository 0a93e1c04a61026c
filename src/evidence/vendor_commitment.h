/*
 * Vendor commitments: a vendor's signed word about the model that it serves. JSON as in seed 002's attestation
 * providers, with a real signature (docs/verify-vendor.md):
 *
 *     {"version": "1.0", "type": "vendor_commitment",
 *      "commitment": {"vendor", "timestamp", "model": {"name", "version", "hash", "architecture", "parameters"},
 *                     "api": {"endpoint", "version"}, "nonce", "guarantees": {}, "sla_terms": {}},
 *      "key_id", "algorithm", "issued_at", "expires_at", "issuer": {"name", "contact"},
 *      "certificate_chain": ["PEM"], "signature": "base64"}
 *
 * The signature is over the canonical form (RFC 8785) of everything but `signature`: expiry, issuer and key included.
 */
#ifndef HF_EVIDENCE_VENDOR_COMMITMENT_H
#define HF_EVIDENCE_VENDOR_COMMITMENT_H

#include "base/clock.h"
#include "codec/json_fields.h"
#include "crypto/privkey.h"
#include "evidence/table.h"

#define HF_VENDOR_VERSION "1.0"
#define HF_VENDOR_TYPE "vendor_commitment"
#define HF_VENDOR_CERTS_MAX 8

/* Texts may be NULL where the document leaves them out. Read: texts are owned, JSON values are slices of the document.
 * Written: only the texts and times are looked at, and JSON values with raw bytes. */
struct hf_vendor_commitment {
    char *version, *type;
    char *vendor;
    char *model_name, *model_version, *model_hash, *architecture;
    struct hf_json_value parameters;
    char *api_endpoint, *api_version;
    char *nonce;
    struct hf_json_value guarantees, sla_terms;
    char *key_id, *algorithm;
    struct hf_json_value timestamp_value, issued_value, expires_value;
    hf_time timestamp, issued_at, expires_at;
    char *issuer_name, *issuer_contact;
    struct hf_json_texts certificate_chain;
    char *signature;
};

/* HF_E_FORMAT names line, column and member. Free with hf_vendor_commitment_free, which accepts an empty one. */
hf_err hf_vendor_commitment_parse(struct hf_bytes json, struct hf_vendor_commitment *out);
void hf_vendor_commitment_free(struct hf_vendor_commitment *doc);

/* Append what is signed of a document; and the document itself in canonical form. */
hf_err hf_vendor_commitment_signed(struct hf_bytes json, struct hf_buf *out);
hf_err hf_vendor_commitment_write(const struct hf_vendor_commitment *doc, struct hf_buf *out);

/* Algorithms by name: "Ed25519", "ES256", "ES384", "PS256", "PS384", "PS512". HF_E_UNSUPPORTED lists them; for HMAC
 * it says why there is none: whoever can verify it can forge it. `key`: HF_KEY_*, `curve` for EC keys. */
struct hf_vendor_alg {
    const char *name;
    enum hf_key_kind key;
    enum hf_curve curve;
    struct hf_sig_alg sig;
};
hf_err hf_vendor_alg_by_name(const char *name, const struct hf_vendor_alg **out);
const struct hf_vendor_alg *hf_vendor_alg_of(const struct hf_pubkey *key); /* NULL: no algorithm for it */

/* Append the document with a signature by the key. algorithm and key_id (SHA-256 of the key's SubjectPublicKeyInfo)
 * follow from it where they are NULL. HF_E_KEY_TYPE: no algorithm goes with the key. */
hf_err hf_vendor_commitment_sign(const struct hf_vendor_commitment *doc, const struct hf_privkey *key,
                                 struct hf_buf *out);

/* The signature's bytes, appended: base64 as written here, base64url and hex as others do. */
hf_err hf_vendor_signature(const struct hf_vendor_commitment *doc, struct hf_buf *out);

hf_err hf_vendor_commitment_inspect(struct hf_bytes in, struct hf_inspect *out);

#endif
