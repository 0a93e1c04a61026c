/* Private keys: made, their parts, signing. Reading files is in privkey_parse.c. */
#include "crypto/privkey.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "crypto/context.h"
#include "crypto/privkey_i.h"
#include "crypto/pubkey_i.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

struct hf_privkey {
    EVP_PKEY *evp;
    struct hf_pubkey *pub;
};

void hf_privkey_free(struct hf_privkey **key)
{
    struct hf_privkey *gone = hf_take(*key);

    if (!gone)
        return;
    EVP_PKEY_free(gone->evp);
    hf_pubkey_free(&gone->pub);
    hf_free(&gone);
}

struct hf_pubkey *hf_privkey_public(const struct hf_privkey *key)
{
    return key->pub;
}

EVP_PKEY *hf_privkey_evp(const struct hf_privkey *key)
{
    return key->evp;
}

static hf_err ec_public(EVP_PKEY *evp, struct hf_pubkey **out)
{
    uint8_t encoded[1 + 2 * HF_COORD_MAX];
    char group[64];
    enum hf_curve curve = HF_CURVE_NONE;
    size_t n = 0;
    size_t size;

    if (EVP_PKEY_get_group_name(evp, group, sizeof(group), NULL) != 1)
        return hf_fail_ossl(HF_E_KEY_TYPE, "the EC key is not on a named curve");
    HF_TRY(hf_curve_by_name(hf_bytes_text(group), &curve));
    size = hf_curve_size(curve);
    if (EVP_PKEY_set_utf8_string_param(evp, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") != 1 ||
        EVP_PKEY_get_octet_string_param(evp, OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof(encoded), &n) != 1 ||
        n != 1 + 2 * size)
        return hf_fail_ossl(HF_E_FORMAT, "public half of an EC key");
    return hf_pubkey_from_point(curve, (struct hf_bytes){encoded + 1, size},
                                (struct hf_bytes){encoded + 1 + size, size}, out);
}

static hf_err rsa_public(EVP_PKEY *evp, struct hf_pubkey **out)
{
    uint8_t modulus[HF_RSA_BYTES_MAX];
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    uint64_t exponent = 0;
    bool ok = EVP_PKEY_get_bn_param(evp, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
              EVP_PKEY_get_bn_param(evp, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_num_bits(e) <= 64 &&
              BN_num_bytes(n) <= HF_RSA_BYTES_MAX;
    uint8_t be[8];

    if (ok) {
        ok = BN_bn2binpad(n, modulus, sizeof(modulus)) > 0 && BN_bn2binpad(e, be, sizeof(be)) > 0;
        for (size_t i = 0; ok && i < sizeof(be); i++)
            exponent = exponent << 8 | be[i];
    }
    BN_free(n);
    BN_free(e);
    if (!ok)
        return hf_fail_ossl(HF_E_KEY_TYPE, "an RSA key wider than 8192 bits, or of an exponent wider than 64");
    return hf_pubkey_from_rsa(HF_BYTES_OF(modulus), exponent, out);
}

static hf_err public_of(EVP_PKEY *evp, struct hf_pubkey **out)
{
    uint8_t raw[32];
    size_t n = sizeof(raw);

    if (EVP_PKEY_is_a(evp, "EC"))
        return ec_public(evp, out);
    if (EVP_PKEY_is_a(evp, "RSA"))
        return rsa_public(evp, out);
    if (!EVP_PKEY_is_a(evp, "ED25519"))
        return hf_fail(HF_E_KEY_TYPE, "the private key is of kind %s, want EC, RSA or Ed25519",
                       EVP_PKEY_get0_type_name(evp) ? EVP_PKEY_get0_type_name(evp) : "unknown");
    if (EVP_PKEY_get_raw_public_key(evp, raw, &n) != 1 || n != sizeof(raw))
        return hf_fail_ossl(HF_E_FORMAT, "public half of an Ed25519 key");
    return hf_pubkey_from_ed25519(HF_BYTES_OF(raw), out);
}

hf_err hf_privkey_of_evp(EVP_PKEY **evp, struct hf_privkey **out)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;

    HF_TRY(hf_alloc(sizeof(*key), &key));
    HF_TRY(public_of(*evp, &key->pub));
    key->evp = hf_take(*evp);
    *out = hf_take(key);
    return HF_OK;
}

static hf_err want_kind(const struct hf_privkey *key, enum hf_key_kind kind, const char *what)
{
    char name[16];

    if (hf_pubkey_kind(key->pub) == kind)
        return HF_OK;
    hf_pubkey_describe(key->pub, name);
    return hf_fail(HF_E_KEY_TYPE, "the private key is %s, want %s", name, what);
}

/* A number of the key in exactly `size` bytes. */
static hf_err number(const struct hf_privkey *key, const char *param, size_t size, struct hf_secret **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *s = NULL;
    BIGNUM *bn = NULL;
    uint8_t *place = NULL;
    bool ok;

    HF_TRY(hf_secret_new_zero(size, &place, &s));
    ok = EVP_PKEY_get_bn_param(key->evp, param, &bn) == 1 && BN_bn2binpad(bn, place, (int)size) == (int)size;
    BN_clear_free(bn);
    if (!ok)
        return hf_fail_ossl(HF_E_FORMAT, "a part of the private key");
    *out = hf_take(s);
    return HF_OK;
}

hf_err hf_privkey_scalar(const struct hf_privkey *key, struct hf_secret **out)
{
    HF_TRY(want_kind(key, HF_KEY_EC, "an EC key"));
    return number(key, OSSL_PKEY_PARAM_PRIV_KEY, hf_curve_size(hf_pubkey_curve(key->pub)), out);
}

hf_err hf_privkey_prime(const struct hf_privkey *key, struct hf_secret **out)
{
    HF_TRY(want_kind(key, HF_KEY_RSA, "an RSA key"));
    return number(key, OSSL_PKEY_PARAM_RSA_FACTOR1, (hf_pubkey_bits(key->pub) + 15) / 16, out);
}

hf_err hf_privkey_seed(const struct hf_privkey *key, struct hf_secret **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *s = NULL;
    uint8_t *place = NULL;
    size_t n = 32;

    HF_TRY(want_kind(key, HF_KEY_ED25519, "an Ed25519 key"));
    HF_TRY(hf_secret_new_zero(n, &place, &s));
    if (EVP_PKEY_get_raw_private_key(key->evp, place, &n) != 1 || n != 32)
        return hf_fail_ossl(HF_E_INTERNAL, "an Ed25519 key's seed");
    *out = hf_take(s);
    return HF_OK;
}

static void ctx_free(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
    *ctx = NULL;
}

static hf_err sign_digest(const struct hf_privkey *key, const struct hf_sig_alg *alg, struct hf_bytes digest,
                          struct hf_buf *out)
{
    HF_CLEANUP(ctx_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(hf_ossl(), key->evp, NULL);
    uint8_t sig[HF_RSA_BYTES_MAX];
    size_t n = sizeof(sig);

    if (!ctx || EVP_PKEY_sign_init(ctx) != 1)
        return hf_fail_ossl(HF_E_INTERNAL, "preparing to sign");
    if (hf_pubkey_kind(key->pub) == HF_KEY_RSA)
        HF_TRY(hf_rsa_scheme_set(ctx, alg));
    if (EVP_PKEY_sign(ctx, sig, &n, digest.p, digest.n) != 1)
        return hf_fail_ossl(HF_E_INTERNAL, "signing");
    if (alg->scheme == HF_SIG_ECDSA)
        return hf_ecdsa_from_der(hf_pubkey_curve(key->pub), (struct hf_bytes){sig, n}, out);
    return hf_buf_add(out, (struct hf_bytes){sig, n});
}

static hf_err sign_ed25519(const struct hf_privkey *key, struct hf_bytes message, struct hf_buf *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t sig[64];
    size_t n = sizeof(sig);
    bool ok = ctx && EVP_DigestSignInit_ex(ctx, NULL, NULL, hf_ossl(), NULL, key->evp, NULL) == 1 &&
              EVP_DigestSign(ctx, sig, &n, message.p, message.n) == 1 && n == sizeof(sig);

    EVP_MD_CTX_free(ctx);
    return ok ? hf_buf_add(out, HF_BYTES_OF(sig)) : hf_fail_ossl(HF_E_INTERNAL, "Ed25519");
}

hf_err hf_privkey_sign(const struct hf_privkey *key, const struct hf_sig_alg *alg, struct hf_bytes digest,
                       struct hf_buf *out)
{
    HF_TRY(hf_sig_scheme_fits(key->pub, alg));
    if (alg->scheme == HF_SIG_ED25519)
        return sign_ed25519(key, digest, out);
    HF_TRY(hf_sig_digest_fits(alg, digest));
    return sign_digest(key, alg, digest, out);
}

hf_err hf_privkey_sign_message(const struct hf_privkey *key, const struct hf_sig_alg *alg, struct hf_bytes message,
                               struct hf_buf *out)
{
    struct hf_digest d = {0};

    if (alg->scheme == HF_SIG_ED25519)
        return hf_privkey_sign(key, alg, message, out);
    HF_TRY(hf_hash_one(alg->hash, message, &d));
    return hf_privkey_sign(key, alg, hf_digest_bytes(&d), out);
}

hf_err hf_privkey_rsa_raw(const struct hf_privkey *key, struct hf_bytes block, struct hf_secret **out)
{
    HF_CLEANUP(ctx_free) EVP_PKEY_CTX *ctx = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *s = NULL;
    uint8_t *place = NULL;
    size_t size = (hf_pubkey_bits(key->pub) + 7) / 8;
    size_t n = size;

    HF_TRY(want_kind(key, HF_KEY_RSA, "an RSA key"));
    if (block.n != size)
        return hf_fail(HF_E_ARG, "a block of %zu bytes, the modulus has %zu", block.n, size);
    HF_TRY(hf_secret_new_zero(size, &place, &s));
    ctx = EVP_PKEY_CTX_new_from_pkey(hf_ossl(), key->evp, NULL);
    if (!ctx || EVP_PKEY_decrypt_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) != 1 ||
        EVP_PKEY_decrypt(ctx, place, &n, block.p, block.n) != 1 || n != size)
        return hf_fail_ossl(HF_E_ARG, "the RSA private operation");
    *out = hf_take(s);
    return HF_OK;
}
