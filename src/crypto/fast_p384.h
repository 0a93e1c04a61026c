/*
 * P-384 verification by libhogweed, twice as fast as OpenSSL 3.0's. Public inputs only; no memory of GMP's
 * is allocated while verifying. In a build without it hf_p384_new leaves NULL and OpenSSL does the work.
 */
#ifndef HF_CRYPTO_FAST_P384_H
#define HF_CRYPTO_FAST_P384_H

#include "crypto/pubkey.h"

struct hf_p384;

/* Is it built in? */
bool hf_p384_available(void);

/* For benchmarks and comparisons: keys that are prepared from now on are OpenSSL's to verify with (false), or not. */
void hf_p384_use(bool fast);

/* Prepare a point that is known to be on P-384. NULL in *out, and HF_OK, where the fast way is not built in. */
hf_err hf_p384_new(const struct hf_point *point, struct hf_p384 **out);
void hf_p384_free(struct hf_p384 **key);

/* Does r || s (48 bytes each, both within [1, n-1]) fit the digest? From any number of threads at once. */
bool hf_p384_verify(const struct hf_p384 *key, struct hf_bytes digest, const uint8_t sig[96]);

#endif
