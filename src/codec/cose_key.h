/* COSE_Key (RFC 9052, 7; RFC 9053, 7): public keys of elliptic curves. Private ones are refused. */
#ifndef HF_CODEC_COSE_KEY_H
#define HF_CODEC_COSE_KEY_H

#include "codec/cbor.h"

/* IANA, COSE Key Types and COSE Elliptic Curves. */
#define HF_COSE_KTY_OKP 1
#define HF_COSE_KTY_EC2 2
#define HF_COSE_P256 1
#define HF_COSE_P384 2
#define HF_COSE_P521 3
#define HF_COSE_ED25519 6

/* Views lie in the input. */
struct hf_cose_key {
    int64_t kty;
    int64_t curve;
    struct hf_bytes x;
    struct hf_bytes y; /* EC2 */
    bool has_alg;
    int64_t alg;
    struct hf_bytes kid; /* empty when absent */
};

/* Bytes of a coordinate of the curve; 0 for one that is not known. */
size_t hf_cose_curve_size(int64_t curve);

/*
 * One COSE_Key that fills the input. Whether the point is on its curve is not looked at. HF_E_UNSUPPORTED for other
 * kinds of key, other curves and compressed points; HF_E_FORMAT for coordinates that are not as wide as the curve's,
 * a private key, and parameters of other kinds. Key operations and unknown parameters are passed over.
 */
hf_err hf_cose_key_parse(struct hf_bytes in, enum hf_cbor_rules rules, struct hf_cose_key *out);

/* Append it, deterministic. */
hf_err hf_cose_key_write(const struct hf_cose_key *key, struct hf_buf *out);

#endif
