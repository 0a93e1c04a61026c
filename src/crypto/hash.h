/* Hashes and HMAC. Parts are hashed one after another, so callers need not join them. */
#ifndef HF_CRYPTO_HASH_H
#define HF_CRYPTO_HASH_H

#include "base/bytes.h"

#include <openssl/types.h>

/* The numbers are TPM_ALG_ID (TCG Algorithm Registry), so that TPM code needs no translation. */
enum hf_hash_alg {
    HF_HASH_NONE = 0,
    HF_SHA1 = 0x0004,
    HF_SHA256 = 0x000b,
    HF_SHA384 = 0x000c,
    HF_SHA512 = 0x000d,
    HF_SM3_256 = 0x0012,
    HF_SHA3_256 = 0x0027,
    HF_SHA3_384 = 0x0028,
    HF_SHA3_512 = 0x0029,
};

/* Digest bytes: 20 to 64; 0 for an unknown algorithm. */
size_t hf_hash_size(enum hf_hash_alg alg);

/* "sha256"; NULL for an unknown algorithm. And back: HF_E_UNSUPPORTED lists what is known. */
const char *hf_hash_name(enum hf_hash_alg alg);
hf_err hf_hash_by_name(struct hf_bytes name, enum hf_hash_alg *out);

/* The digest of n parts in order. */
hf_err hf_hash(enum hf_hash_alg alg, const struct hf_bytes *parts, size_t n, struct hf_digest *out);

/* The digest of one part. */
hf_err hf_hash_one(enum hf_hash_alg alg, struct hf_bytes part, struct hf_digest *out);

/* HMAC over n parts in order. Any key length, none included. */
hf_err hf_hmac(enum hf_hash_alg alg, struct hf_bytes key, const struct hf_bytes *parts, size_t n,
               struct hf_digest *out);

/* A digest made piece by piece. hf_hasher_free accepts an empty one ({0}). */
struct hf_hasher {
    void *state;
};
hf_err hf_hasher_new(enum hf_hash_alg alg, struct hf_hasher *out);
hf_err hf_hasher_add(struct hf_hasher *h, struct hf_bytes part);
hf_err hf_hasher_end(struct hf_hasher *h, struct hf_digest *out);
void hf_hasher_free(struct hf_hasher *h);

/* OpenSSL's form, fetched once, for the neighbours in crypto/. NULL for what is not known or not there. */
const EVP_MD *hf_hash_evp(enum hf_hash_alg alg);

/* Equal in constant time; false for unequal lengths. */
bool hf_equal_secretly(struct hf_bytes a, struct hf_bytes b);

#endif
