/*
 * Public keys: made once, used many times, from any number of threads at once.
 *
 * A key made from raw numbers costs 11 µs (EC) to 20 µs (RSA); so does one from SPKI DER, which is read
 * here and not by OpenSSL. Verifying keeps its prepared state with the key, so the second verification
 * pays for the arithmetic alone. Keep keys that come again.
 */
#ifndef HF_CRYPTO_PUBKEY_H
#define HF_CRYPTO_PUBKEY_H

#include "crypto/hash.h"

#include <openssl/types.h>

enum hf_key_kind { HF_KEY_RSA = 1, HF_KEY_EC, HF_KEY_ED25519 };

/* The numbers are TPM_ECC_CURVE (TCG Algorithm Registry). */
enum hf_curve { HF_CURVE_NONE = 0, HF_P256 = 0x0003, HF_P384 = 0x0004, HF_P521 = 0x0005 };

#define HF_COORD_MAX 66       /* bytes of a P-521 coordinate */
#define HF_RSA_BYTES_MAX 1024 /* modulus bytes: RSA-8192 */
#define HF_RSA_BITS_MIN 1024

/* Coordinate and scalar bytes: 32, 48, 66; 0 for an unknown curve. */
size_t hf_curve_size(enum hf_curve curve);

/* "P-256"; NULL for an unknown curve. Back from that, prime256v1, secp384r1 and so on. */
const char *hf_curve_name(enum hf_curve curve);
hf_err hf_curve_by_name(struct hf_bytes name, enum hf_curve *out);

/* An affine point; coordinates are big-endian in exactly hf_curve_size bytes. */
struct hf_point {
    enum hf_curve curve;
    uint8_t x[HF_COORD_MAX];
    uint8_t y[HF_COORD_MAX];
};

struct hf_pubkey;

/* From affine coordinates, big-endian, with or without leading zeros. HF_E_FORMAT when the point is not
 * on the curve (all three curves have cofactor 1, so it then generates the whole group). */
hf_err hf_pubkey_from_point(enum hf_curve curve, struct hf_bytes x, struct hf_bytes y, struct hf_pubkey **out);

/* From modulus (big-endian, 1024 to 8192 bits, odd) and public exponent (odd, at least 3). */
hf_err hf_pubkey_from_rsa(struct hf_bytes n, uint64_t e, struct hf_pubkey **out);

/* From the 32 bytes of RFC 8032. */
hf_err hf_pubkey_from_ed25519(struct hf_bytes raw, struct hf_pubkey **out);

/* From SubjectPublicKeyInfo DER, the whole of it. Named curves only; rsaEncryption, and the algorithm
 * identifiers that restrict an RSA key to OAEP or PSS, whose restriction is not kept. */
hf_err hf_pubkey_from_spki(struct hf_bytes der, struct hf_pubkey **out);

/* From the first "PUBLIC KEY" or "RSA PUBLIC KEY" block of a text. HF_E_NOT_FOUND when there is none. */
hf_err hf_pubkey_from_pem(struct hf_bytes text, struct hf_pubkey **out);

/* Another owner of the same key; each calls hf_pubkey_free. */
struct hf_pubkey *hf_pubkey_share(struct hf_pubkey *key);
void hf_pubkey_free(struct hf_pubkey **key);

enum hf_key_kind hf_pubkey_kind(const struct hf_pubkey *key);
enum hf_curve hf_pubkey_curve(const struct hf_pubkey *key); /* HF_CURVE_NONE for other kinds */
unsigned hf_pubkey_bits(const struct hf_pubkey *key);       /* of modulus or field; 256 for Ed25519 */

/* "rsa2048", "P-256", "ed25519" into at least 16 bytes. */
void hf_pubkey_describe(const struct hf_pubkey *key, char out[16]);

/* The raw numbers: HF_E_KEY_TYPE when the key is of another kind. Views live as long as the key. */
hf_err hf_pubkey_point(const struct hf_pubkey *key, struct hf_point *out);
hf_err hf_pubkey_rsa(const struct hf_pubkey *key, struct hf_bytes *n, uint64_t *e);
hf_err hf_pubkey_ed25519(const struct hf_pubkey *key, struct hf_bytes *raw);

/* Append SubjectPublicKeyInfo, as DER or as PEM. */
hf_err hf_pubkey_to_spki(const struct hf_pubkey *key, struct hf_buf *out);
hf_err hf_pubkey_to_pem(const struct hf_pubkey *key, struct hf_buf *out);

/* SHA-256 of the DER that hf_pubkey_to_spki writes. */
hf_err hf_pubkey_spki_sha256(const struct hf_pubkey *key, uint8_t out[32]);

/* The same key, by its numbers. */
bool hf_pubkey_equal(const struct hf_pubkey *a, const struct hf_pubkey *b);

/* For the neighbours in crypto/: OpenSSL's form, owned by the key. */
EVP_PKEY *hf_pubkey_evp(const struct hf_pubkey *key);

enum hf_sig_scheme {
    HF_SIG_NONE = 0,
    HF_SIG_ECDSA,     /* r || s, each of hf_curve_size bytes */
    HF_SIG_ECDSA_DER, /* SEQUENCE { r, s } */
    HF_SIG_RSASSA,    /* PKCS#1 v1.5 */
    HF_SIG_RSAPSS,
    HF_SIG_ED25519, /* over the message; hash is HF_HASH_NONE */
};

/* Salt lengths of RSAPSS beside an exact number of bytes. */
enum { HF_SALT_HASH = 0, HF_SALT_AUTO = -1, HF_SALT_NONE = -2 };

struct hf_sig_alg {
    enum hf_sig_scheme scheme;
    enum hf_hash_alg hash;
    enum hf_hash_alg mgf1; /* RSAPSS: HF_HASH_NONE means the same as hash */
    int salt;              /* RSAPSS: bytes, or HF_SALT_HASH (as long as the hash), HF_SALT_AUTO (any), HF_SALT_NONE */
};

/* "ecdsa", "rsassa", "rsapss", "ed25519". Never NULL. */
const char *hf_sig_scheme_name(enum hf_sig_scheme scheme);

/*
 * Is this the key's signature over the digest (over the message itself for Ed25519)?
 *
 * Returns HF_OK, or
 *   HF_E_MISMATCH  no, whatever is wrong with the signature: its length, its form, r or s out of
 *                  [1, n-1], or the numbers
 *   HF_E_KEY_TYPE  the scheme does not go with the key
 *   HF_E_ARG       the digest is not as long as the hash
 */
hf_err hf_pubkey_verify(const struct hf_pubkey *key, const struct hf_sig_alg *alg, struct hf_bytes digest,
                        struct hf_bytes sig);

/* The same over a message that is still to be hashed. */
hf_err hf_pubkey_verify_message(const struct hf_pubkey *key, const struct hf_sig_alg *alg, struct hf_bytes message,
                                struct hf_bytes sig);

/* r || s of a curve to and from DER SEQUENCE { r, s }. Appends. Reading refuses what is not DER
 * (HF_E_FORMAT) and numbers too wide for the curve. */
hf_err hf_ecdsa_to_der(enum hf_curve curve, struct hf_bytes raw, struct hf_buf *out);
hf_err hf_ecdsa_from_der(enum hf_curve curve, struct hf_bytes der, struct hf_buf *out);

#endif
