/* COSE_Sign1 (RFC 9052, 4.2): reading it, the bytes that are signed, and writing it. Signing and verifying is
 * elsewhere. */
#ifndef HF_CODEC_COSE_H
#define HF_CODEC_COSE_H

#include "codec/cbor.h"

#define HF_COSE_TAG_SIGN1 18
#define HF_COSE_HEADERS_MAX 32 /* parameters of either header */
#define HF_COSE_CHAIN_MAX 16   /* certificates of an x5chain */

/* Header parameters (IANA, COSE Header Parameters). */
#define HF_COSE_ALG 1
#define HF_COSE_CRIT 2
#define HF_COSE_CONTENT_TYPE 3
#define HF_COSE_KID 4
#define HF_COSE_X5CHAIN 33

/* Algorithms (IANA, COSE Algorithms). */
#define HF_COSE_ES256 (-7)
#define HF_COSE_EDDSA (-8)
#define HF_COSE_ES384 (-35)
#define HF_COSE_ES512 (-36)
#define HF_COSE_PS256 (-37)
#define HF_COSE_PS384 (-38)
#define HF_COSE_PS512 (-39)

/* Every view and value lies inside the message. */
struct hf_cose_sign1 {
    bool tagged;
    struct hf_bytes protected_bytes;   /* the byte string's content: the encoded map, or nothing */
    struct hf_cbor protected_header;   /* a map; an empty one where there is none */
    struct hf_cbor unprotected_header; /* a map */
    bool detached;                     /* the payload is null: it travels apart */
    struct hf_bytes payload;
    struct hf_bytes signature;
};

/*
 * One COSE_Sign1, with tag 18 or without, that fills the input. No parameter may stand in both headers. A `crit`
 * parameter may name alg, content type, kid and x5chain only.
 * Errors as hf_cbor_parse; HF_E_UNSUPPORTED where crit names another one.
 */
hf_err hf_cose_sign1_parse(struct hf_bytes in, enum hf_cbor_rules rules, struct hf_cose_sign1 *out);

/* The algorithm, which counts only in the protected header. HF_E_NOT_FOUND without one, HF_E_UNSUPPORTED for a text. */
hf_err hf_cose_alg(const struct hf_cose_sign1 *msg, int64_t *out);

/* A parameter from the protected header or else the unprotected one; *is_protected tells. HF_E_NOT_FOUND. */
hf_err hf_cose_header(const struct hf_cose_sign1 *msg, int64_t label, bool *is_protected, struct hf_cbor *out);

/* The certificates of x5chain (RFC 9360), the signer's first, from either header: at most `max` of them. */
hf_err hf_cose_x5chain(const struct hf_cose_sign1 *msg, size_t max, struct hf_bytes *certs, size_t *n);

/* Append the Sig_structure: what is signed. `payload` is msg->payload, or the detached one. */
hf_err hf_cose_to_be_signed(struct hf_bytes protected_bytes, struct hf_bytes external_aad, struct hf_bytes payload,
                            struct hf_buf *out);

/* Append a message: with tag 18 where msg->tagged. An unprotected header without raw bytes is an empty map;
 * msg->protected_header is not looked at. */
hf_err hf_cose_sign1_write(const struct hf_cose_sign1 *msg, struct hf_buf *out);

#endif
