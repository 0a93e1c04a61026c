/* Private keys from files, from their parts, and new ones. */
#include "base/cleanup.h"
#include "crypto/context.h"
#include "crypto/privkey_i.h"
#include "crypto/pubkey_i.h"

#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

static void evp_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
    *key = NULL;
}

struct asked {
    const struct hf_secret *passphrase;
    bool was; /* the input is encrypted */
};

/* OpenSSL asks here and never at a terminal. */
static int give_passphrase(char *place, size_t size, size_t *n, const OSSL_PARAM params[], void *arg)
{
    struct asked *asked = arg;
    struct hf_bytes pass = hf_secret_expose(asked->passphrase);

    (void)params;
    asked->was = true;
    if (!asked->passphrase || pass.n > size)
        return 0;
    if (pass.n)
        memcpy(place, pass.p, pass.n);
    *n = pass.n;
    return 1;
}

static hf_err decode(struct hf_bytes in, struct asked *asked, EVP_PKEY **out)
{
    OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(out, NULL, NULL, NULL, OSSL_KEYMGMT_SELECT_PRIVATE_KEY,
                                                          hf_ossl(), NULL);
    const uint8_t *at = in.p;
    size_t left = in.n;
    bool ok = ctx && OSSL_DECODER_CTX_set_passphrase_cb(ctx, give_passphrase, asked) == 1 &&
              OSSL_DECODER_from_data(ctx, &at, &left) == 1 && *out;

    OSSL_DECODER_CTX_free(ctx);
    if (ok)
        return HF_OK;
    evp_free(out);
    ERR_clear_error();
    if (asked->was)
        return hf_fail(HF_E_AUTH, "the private key is encrypted and its passphrase is %s",
                       asked->passphrase ? "wrong" : "missing");
    return hf_fail(HF_E_FORMAT, "%zu bytes hold no private key that can be read (PKCS#8, SEC1, PKCS#1; PEM or DER)",
                   in.n);
}

/* Do both halves belong together? What comes from outside may be made to fail later, or to leak. */
static hf_err check_pair(EVP_PKEY *evp)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(hf_ossl(), evp, NULL);
    bool ok = ctx && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok ? HF_OK : hf_fail_ossl(HF_E_FORMAT, "the private key's parts do not fit each other");
}

static hf_err check_rsa(EVP_PKEY *evp)
{
    BIGNUM *third = NULL;
    bool more = EVP_PKEY_get_bn_param(evp, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1;

    BN_clear_free(third);
    ERR_clear_error();
    return more ? hf_fail(HF_E_KEY_TYPE, "the RSA key has more than two primes") : HF_OK;
}

hf_err hf_privkey_parse(struct hf_bytes in, const struct hf_secret *passphrase, struct hf_privkey **out)
{
    HF_CLEANUP(evp_free) EVP_PKEY *evp = NULL;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    struct asked asked = {.passphrase = passphrase};

    HF_TRY(decode(in, &asked, &evp));
    if (EVP_PKEY_is_a(evp, "RSA"))
        HF_TRY(check_rsa(evp));
    HF_TRY(hf_privkey_of_evp(&evp, &key)); /* first the kind and size, then the long check */
    HF_TRY(check_pair(hf_privkey_evp(key)));
    *out = hf_take(key);
    return HF_OK;
}

static hf_err from_params(const char *type, OSSL_PARAM *params, struct hf_privkey **out)
{
    HF_CLEANUP(evp_free) EVP_PKEY *evp = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(hf_ossl(), type, NULL);
    bool ok = params && ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
              EVP_PKEY_fromdata(ctx, &evp, EVP_PKEY_KEYPAIR, params) == 1;

    EVP_PKEY_CTX_free(ctx);
    if (!ok)
        return hf_fail_ossl(HF_E_FORMAT, "making a private key of its parts");
    return hf_privkey_of_evp(&evp, out);
}

/* OpenSSL does not compute the public point of a scalar by itself: G times it, uncompressed. */
static bool public_point(const char *group, const BIGNUM *scalar, uint8_t *encoded, size_t size, size_t *n)
{
    EC_GROUP *g = EC_GROUP_new_by_curve_name_ex(hf_ossl(), NULL, OBJ_txt2nid(group));
    EC_POINT *point = g ? EC_POINT_new(g) : NULL;

    *n = 0;
    if (point && EC_POINT_mul(g, point, scalar, NULL, NULL, NULL) == 1)
        *n = EC_POINT_point2oct(g, point, POINT_CONVERSION_UNCOMPRESSED, encoded, size, NULL);
    EC_POINT_clear_free(point);
    EC_GROUP_free(g);
    return *n > 1;
}

static hf_err scalar_check(enum hf_curve curve, struct hf_bytes scalar)
{
    struct hf_bytes order = hf_curve_order(curve);
    uint8_t any = 0;

    if (order.n == 0)
        return hf_fail(HF_E_UNSUPPORTED, "curve 0x%04x is not P-256, P-384 or P-521", (unsigned)curve);
    if (scalar.n != order.n)
        return hf_fail(HF_E_ARG, "a scalar of %zu bytes, %s has %zu", scalar.n, hf_curve_name(curve), order.n);
    for (size_t i = 0; i < scalar.n; i++)
        any |= scalar.p[i];
    if (!any || memcmp(scalar.p, order.p, order.n) >= 0)
        return hf_fail(HF_E_FORMAT, "the scalar is not within [1, n-1]");
    return HF_OK;
}

hf_err hf_privkey_from_scalar(enum hf_curve curve, const struct hf_secret *scalar, struct hf_privkey **out)
{
    struct hf_bytes raw = hf_secret_expose(scalar);
    const char *group = hf_curve_ossl(curve);
    uint8_t encoded[1 + 2 * HF_COORD_MAX];
    OSSL_PARAM_BLD *bld;
    OSSL_PARAM *params = NULL;
    BIGNUM *bn;
    size_t n = 0;
    hf_err err;

    HF_TRY(scalar_check(curve, raw));
    bn = BN_secure_new();
    bld = OSSL_PARAM_BLD_new();
    if (bn)
        BN_set_flags(bn, BN_FLG_CONSTTIME);
    if (bn && bld && BN_bin2bn(raw.p, (int)raw.n, bn) && public_point(group, bn, encoded, sizeof(encoded), &n) &&
        OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, encoded, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, bn) == 1)
        params = OSSL_PARAM_BLD_to_param(bld);
    err = from_params("EC", params, out);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    BN_clear_free(bn);
    return err;
}

/* What an RSA key is made of: p, q, d and the CRT parts, from n, e and p. */
struct rsa_parts {
    BIGNUM *n, *e, *p, *q, *d, *dp, *dq, *qinv;
};

static void parts_free(struct rsa_parts *r)
{
    BN_free(r->n);
    BN_free(r->e);
    BN_clear_free(r->p);
    BN_clear_free(r->q);
    BN_clear_free(r->d);
    BN_clear_free(r->dp);
    BN_clear_free(r->dq);
    BN_clear_free(r->qinv);
    *r = (struct rsa_parts){0};
}

/* d = e^-1 mod lcm(p-1, q-1) (FIPS 186-4, B.3.1). False when p does not divide n, or e has no inverse. */
static bool parts_solve(struct rsa_parts *r, BN_CTX *ctx)
{
    BIGNUM *rest = BN_CTX_get(ctx);
    BIGNUM *p1 = BN_CTX_get(ctx);
    BIGNUM *q1 = BN_CTX_get(ctx);
    BIGNUM *gcd = BN_CTX_get(ctx);
    BIGNUM *lcm = BN_CTX_get(ctx);

    BN_set_flags(r->p, BN_FLG_CONSTTIME);
    return lcm && !BN_is_zero(r->p) && !BN_is_one(r->p) && BN_div(r->q, rest, r->n, r->p, ctx) && BN_is_zero(rest) &&
           !BN_is_one(r->q) && BN_sub(p1, r->p, BN_value_one()) && BN_sub(q1, r->q, BN_value_one()) &&
           BN_gcd(gcd, p1, q1, ctx) && BN_div(lcm, NULL, p1, gcd, ctx) && BN_mul(lcm, lcm, q1, ctx) &&
           BN_mod_inverse(r->d, r->e, lcm, ctx) && BN_mod(r->dp, r->d, p1, ctx) && BN_mod(r->dq, r->d, q1, ctx) &&
           BN_mod_inverse(r->qinv, r->q, r->p, ctx);
}

static OSSL_PARAM *parts_params(const struct rsa_parts *r)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;

    if (bld && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, r->n) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, r->e) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_D, r->d) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_FACTOR1, r->p) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_FACTOR2, r->q) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_EXPONENT1, r->dp) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_EXPONENT2, r->dq) == 1 &&
        OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, r->qinv) == 1)
        params = OSSL_PARAM_BLD_to_param(bld);
    OSSL_PARAM_BLD_free(bld);
    return params;
}

hf_err hf_privkey_from_prime(struct hf_bytes n, uint64_t e, const struct hf_secret *prime, struct hf_privkey **out)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *pub = NULL;
    HF_CLEANUP(parts_free) struct rsa_parts r = {0};
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    struct hf_bytes p = hf_secret_expose(prime);
    OSSL_PARAM *params = NULL;
    BN_CTX *ctx;
    hf_err err;

    HF_TRY(hf_pubkey_from_rsa(n, e, &pub)); /* the limits of size */
    if (p.n == 0 || p.n > HF_RSA_BYTES_MAX / 2)
        return hf_fail(HF_E_ARG, "a prime of %zu bytes", p.n);
    ctx = BN_CTX_secure_new_ex(hf_ossl());
    r = (struct rsa_parts){.n = BN_bin2bn(n.p, (int)n.n, NULL),
                           .e = BN_new(),
                           .p = BN_secure_new(),
                           .q = BN_secure_new(),
                           .d = BN_secure_new(),
                           .dp = BN_secure_new(),
                           .dq = BN_secure_new(),
                           .qinv = BN_secure_new()};
    if (ctx && r.n && r.e && r.p && r.q && r.d && r.dp && r.dq && r.qinv && BN_set_word(r.e, e) &&
        BN_bin2bn(p.p, (int)p.n, r.p)) {
        BN_CTX_start(ctx);
        if (parts_solve(&r, ctx))
            params = parts_params(&r);
        BN_CTX_end(ctx);
    }
    BN_CTX_free(ctx);
    err = params ? from_params("RSA", params, &key)
                 : hf_fail_ossl(HF_E_FORMAT, "the prime does not divide the modulus");
    OSSL_PARAM_free(params);
    HF_TRY(err);
    HF_TRY(check_pair(hf_privkey_evp(key)));
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_privkey_from_seed(const struct hf_secret *seed, struct hf_privkey **out)
{
    HF_CLEANUP(evp_free) EVP_PKEY *evp = NULL;
    struct hf_bytes raw = hf_secret_expose(seed);

    if (raw.n != 32)
        return hf_fail(HF_E_ARG, "an Ed25519 seed of %zu bytes, want 32", raw.n);
    evp = EVP_PKEY_new_raw_private_key_ex(hf_ossl(), "ED25519", NULL, raw.p, raw.n);
    if (!evp)
        return hf_fail_ossl(HF_E_INTERNAL, "Ed25519");
    return hf_privkey_of_evp(&evp, out);
}

static hf_err generated(EVP_PKEY *made, struct hf_privkey **out)
{
    HF_CLEANUP(evp_free) EVP_PKEY *evp = made;

    if (!evp)
        return hf_fail_ossl(HF_E_INTERNAL, "key generation");
    return hf_privkey_of_evp(&evp, out);
}

hf_err hf_privkey_generate_ec(enum hf_curve curve, struct hf_privkey **out)
{
    const char *group = hf_curve_ossl(curve);

    if (!group)
        return hf_fail(HF_E_UNSUPPORTED, "curve 0x%04x is not P-256, P-384 or P-521", (unsigned)curve);
    return generated(EVP_PKEY_Q_keygen(hf_ossl(), NULL, "EC", group), out);
}

hf_err hf_privkey_generate_rsa(unsigned bits, struct hf_privkey **out)
{
    if (bits < HF_RSA_BITS_MIN || bits > HF_RSA_BYTES_MAX * 8 || bits % 8 != 0)
        return hf_fail(HF_E_ARG, "an RSA key of %u bits, want %u to %u", bits, HF_RSA_BITS_MIN, HF_RSA_BYTES_MAX * 8);
    return generated(EVP_PKEY_Q_keygen(hf_ossl(), NULL, "RSA", (size_t)bits), out);
}

hf_err hf_privkey_generate_ed25519(struct hf_privkey **out)
{
    return generated(EVP_PKEY_Q_keygen(hf_ossl(), NULL, "ED25519"), out);
}

hf_err hf_privkey_to_pkcs8(const struct hf_privkey *key, struct hf_secret **out)
{
    OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(hf_privkey_evp(key), OSSL_KEYMGMT_SELECT_ALL, "DER",
                                                          "PrivateKeyInfo", NULL);
    unsigned char *der = NULL;
    size_t n = 0;
    hf_err err;

    if (!ctx || OSSL_ENCODER_to_data(ctx, &der, &n) != 1)
        err = hf_fail_ossl(HF_E_INTERNAL, "writing a private key");
    else
        err = hf_secret_new((struct hf_bytes){der, n}, out);
    OPENSSL_clear_free(der, n);
    OSSL_ENCODER_CTX_free(ctx);
    return err;
}
