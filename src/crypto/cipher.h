/* Symmetric ciphers and randomness. */
#ifndef HF_CRYPTO_CIPHER_H
#define HF_CRYPTO_CIPHER_H

#include "base/bytes.h"

/* n random bytes from OpenSSL's DRBG. */
hf_err hf_random(void *place, size_t n);

/* AES-CFB128 in place; key of 16 or 32 bytes, iv of 16 bytes. No integrity: for formats that ask for it. */
hf_err hf_aes_cfb(bool encrypt, struct hf_bytes key, const uint8_t iv[16], uint8_t *data, size_t n);

/* AES-CTR in place; key of 16, 24 or 32 bytes, counter block of 16 bytes. */
hf_err hf_aes_ctr(struct hf_bytes key, const uint8_t counter[16], uint8_t *data, size_t n);

/* AES-GCM in place; key of 16 or 32 bytes, 12-byte nonce, 16-byte tag. Opening gives HF_E_INTEGRITY
 * for a wrong tag, and data is wiped then. */
hf_err hf_aes_gcm_seal(struct hf_bytes key, const uint8_t nonce[12], struct hf_bytes aad, uint8_t *data, size_t n,
                       uint8_t tag[16]);
hf_err hf_aes_gcm_open(struct hf_bytes key, const uint8_t nonce[12], struct hf_bytes aad, uint8_t *data, size_t n,
                       const uint8_t tag[16]);

#endif
