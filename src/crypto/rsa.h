/* RSA encryption, and the OAEP padding by itself. */
#ifndef HF_CRYPTO_RSA_H
#define HF_CRYPTO_RSA_H

#include "crypto/pubkey.h"

/*
 * RSAES-OAEP (RFC 8017, 7.1) with the same hash for label and mask.
 *
 *   label   taken verbatim: a TPM's labels include their NUL; none is the empty label
 *   data    at most modulus bytes - 2 hash bytes - 2: HF_E_LIMIT past it
 *   out     modulus bytes are appended
 */
hf_err hf_rsa_oaep_encrypt(const struct hf_pubkey *key, enum hf_hash_alg hash, struct hf_bytes label,
                           struct hf_bytes data, struct hf_buf *out);

/* RSAES-PKCS1-v1_5 (RFC 8017, 7.2); at most modulus bytes - 11. */
hf_err hf_rsa_pkcs1_encrypt(const struct hf_pubkey *key, struct hf_bytes data, struct hf_buf *out);

/* The public operation itself: block^e mod n; block has exactly the modulus's bytes. Appends as many. */
hf_err hf_rsa_public_raw(const struct hf_pubkey *key, struct hf_bytes block, struct hf_buf *out);

/*
 * What a processor is given so that it need not divide (Intel SDM volume 3D, 38.13: SIGSTRUCT.Q1 and Q2):
 * q1 = s * s / n, q2 = (s * s - q1 * n) * s / n, both rounded down. All numbers big-endian in exactly `size` bytes, at
 * most HF_RSA_BYTES_MAX; s < n. HF_E_FORMAT for numbers that do not fit.
 */
hf_err hf_rsa_quotients(const uint8_t *n, const uint8_t *s, size_t size, uint8_t *q1, uint8_t *q2);

/* What OAEP is told of the hashes: the mask may have its own (PKCS#11 allows it). */
struct hf_oaep {
    enum hf_hash_alg hash;
    enum hf_hash_alg mgf1; /* HF_HASH_NONE: the same */
    struct hf_bytes label;
};

/*
 * Undo OAEP in a block that a device decrypted without padding. `block` has exactly the modulus's bytes.
 * Time and memory access do not depend on where the padding is wrong; there is one answer for all of it,
 * HF_E_INTEGRITY (a decrypting service that tells more is Manger's oracle).
 */
hf_err hf_rsa_oaep_unpad(const struct hf_oaep *oaep, const struct hf_secret *block, struct hf_secret **out);

#endif
