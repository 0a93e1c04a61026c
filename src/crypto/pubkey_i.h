/* The inside of a public key, for pubkey*.c alone. */
#ifndef HF_CRYPTO_PUBKEY_I_H
#define HF_CRYPTO_PUBKEY_I_H

#include "crypto/pubkey.h"

#include <pthread.h>
#include <stdatomic.h>

struct hf_p384; /* crypto/fast_p384.h */

/* Verification contexts that are prepared and idle: a thread takes one, or makes one, and puts it back.
 * As many as threads that commonly verify with one key at once. */
#define HF_VERIFIERS 4
struct hf_verifier {
    EVP_PKEY_CTX *ctx;
    struct hf_sig_alg alg;
};

struct hf_pubkey {
    atomic_uint owners;
    enum hf_key_kind kind;
    enum hf_curve curve;
    unsigned bits;
    EVP_PKEY *evp;
    struct hf_point point; /* EC */
    uint8_t *n;            /* RSA modulus without leading zeros */
    size_t n_size;
    uint64_t e;
    uint8_t raw[32]; /* Ed25519 */
    struct hf_p384 *fast;
    pthread_mutex_t lock; /* of idle */
    struct hf_verifier idle[HF_VERIFIERS];
};

/* OpenSSL's group name: "prime256v1"; the order of the base point, big-endian; the curve's OID. */
const char *hf_curve_ossl(enum hf_curve curve);
struct hf_bytes hf_curve_order(enum hf_curve curve);
const char *hf_curve_oid(enum hf_curve curve);

/* A key that has nothing but the curve's parameters: copying it costs a sixth of looking a group up.
 * Kept until the process ends. */
hf_err hf_curve_template(enum hf_curve curve, EVP_PKEY **out);

/* HF_E_KEY_TYPE unless the scheme goes with the key; HF_E_ARG unless the digest is as long as the hash. */
hf_err hf_sig_scheme_fits(const struct hf_pubkey *key, const struct hf_sig_alg *alg);
hf_err hf_sig_digest_fits(const struct hf_sig_alg *alg, struct hf_bytes digest);

/* Padding, hash and PSS parameters of an RSA context that is prepared to sign or to verify. */
hf_err hf_rsa_scheme_set(EVP_PKEY_CTX *ctx, const struct hf_sig_alg *alg);

/* PKCS#1 RSAPublicKey, the whole of it. */
hf_err hf_pubkey_from_pkcs1(struct hf_bytes der, struct hf_pubkey **out);

#endif
