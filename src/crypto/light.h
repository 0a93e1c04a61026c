/*
 * The few primitives of a TPM session, so that a command that signs once does not wait for OpenSSL's algorithms to be
 * fetched (2.4 ms): hashes and AES by libnettle, the curve by OpenSSL's arithmetic without its providers. Each says by
 * false that it does not do what was asked, or that this build has no libnettle: then the usual way is taken. The tests
 * compare every one with that.
 */
#ifndef HF_CRYPTO_LIGHT_H
#define HF_CRYPTO_LIGHT_H

#include "crypto/hash.h"
#include "crypto/pubkey.h"

/* Bytes hashed at most: OpenSSL is twice as fast with more, once it has started. */
#define HF_LIGHT_MAX 16384
#define HF_LIGHT_MAX_BESIDE 512

/* SHA-1 and SHA-256 over `first` and n parts. */
bool hf_light_hash(enum hf_hash_alg alg, struct hf_bytes first, const struct hf_bytes *parts, size_t n,
                   struct hf_digest *out);

/* AES-128-CFB (128-bit feedback) in place. */
bool hf_light_aes_cfb(bool encrypt, struct hf_bytes key, const uint8_t iv[16], uint8_t *data, size_t n);

/* An ephemeral P-256 key and its shared x coordinate with `peer`. The scalar is random; multiplication takes the same
 * time for all. *on_curve is false where the peer's point is not on the curve: then nothing was made. */
bool hf_light_ecdh(const struct hf_point *peer, bool *on_curve, struct hf_point *mine, uint8_t z[32]);

#endif
