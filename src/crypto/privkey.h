/*
 * Private keys in software: keys brought in from outside, test hierarchies, the log's Ed25519 key. What
 * protects a key that matters is a device; here the parts that leave OpenSSL come out in locked memory, and
 * OpenSSL wipes its own copy when the key is freed.
 *
 * A key may sign from several threads at once.
 */
#ifndef HF_CRYPTO_PRIVKEY_H
#define HF_CRYPTO_PRIVKEY_H

#include "crypto/pubkey.h"

struct hf_privkey;

/*
 * From PEM or DER: PKCS#8 (encrypted or not), SEC1, PKCS#1; EC on P-256, P-384 or P-521, RSA of two primes
 * and 1024 to 8192 bits, Ed25519. Private and public half must fit each other.
 *
 *   passphrase  NULL for none
 *
 * HF_E_AUTH      encrypted, and the passphrase is missing or wrong
 * HF_E_FORMAT    not a private key, or not a consistent one
 * HF_E_KEY_TYPE  a private key of another kind
 */
hf_err hf_privkey_parse(struct hf_bytes in, const struct hf_secret *passphrase, struct hf_privkey **out);

/* From parts: a scalar in [1, n-1]; the modulus, exponent and one prime; the 32-byte seed of RFC 8032. */
hf_err hf_privkey_from_scalar(enum hf_curve curve, const struct hf_secret *scalar, struct hf_privkey **out);
hf_err hf_privkey_from_prime(struct hf_bytes n, uint64_t e, const struct hf_secret *prime, struct hf_privkey **out);
hf_err hf_privkey_from_seed(const struct hf_secret *seed, struct hf_privkey **out);

/* A new key. RSA with exponent 65537; 2048 bits take about 0.1 s, 4096 about 1 s. */
hf_err hf_privkey_generate_ec(enum hf_curve curve, struct hf_privkey **out);
hf_err hf_privkey_generate_rsa(unsigned bits, struct hf_privkey **out);
hf_err hf_privkey_generate_ed25519(struct hf_privkey **out);

void hf_privkey_free(struct hf_privkey **key);

/* The public half, owned by the key (hf_pubkey_share to keep it). Never NULL. */
struct hf_pubkey *hf_privkey_public(const struct hf_privkey *key);

/* The scalar in exactly hf_curve_size bytes; prime p in half the modulus's bytes (what TPM2_Import asks for);
 * Ed25519's 32-byte seed. HF_E_KEY_TYPE for a key of another kind. */
hf_err hf_privkey_scalar(const struct hf_privkey *key, struct hf_secret **out);
hf_err hf_privkey_prime(const struct hf_privkey *key, struct hf_secret **out);
hf_err hf_privkey_seed(const struct hf_privkey *key, struct hf_secret **out);

/* PKCS#8 DER, in the clear. */
hf_err hf_privkey_to_pkcs8(const struct hf_privkey *key, struct hf_secret **out);

/* Sign a digest (a message for Ed25519) into out, which is appended to. ECDSA, RSASSA, RSAPSS as hf_sig_alg says;
 * HF_SALT_AUTO signs with the longest salt. HF_E_ARG when the digest is not as long as the hash. */
hf_err hf_privkey_sign(const struct hf_privkey *key, const struct hf_sig_alg *alg, struct hf_bytes digest,
                       struct hf_buf *out);
hf_err hf_privkey_sign_message(const struct hf_privkey *key, const struct hf_sig_alg *alg, struct hf_bytes message,
                               struct hf_buf *out);

/* RSA: undo RSAES-OAEP is not here (crypto/rsa.h unpads a block); the private operation itself, without padding. */
hf_err hf_privkey_rsa_raw(const struct hf_privkey *key, struct hf_bytes block, struct hf_secret **out);

/* For the neighbours in crypto/: OpenSSL's form, owned by the key. */
EVP_PKEY *hf_privkey_evp(const struct hf_privkey *key);

#endif
