/* Public keys from numbers and back. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "crypto/context.h"
#include "crypto/fast_p384.h"
#include "crypto/pubkey_i.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdio.h>

static struct hf_bytes strip(struct hf_bytes b)
{
    while (b.n && b.p[0] == 0)
        b = (struct hf_bytes){b.p + 1, b.n - 1};
    return b;
}

static unsigned bits_of(struct hf_bytes stripped)
{
    unsigned n = (unsigned)stripped.n * 8;

    for (unsigned top = stripped.n ? stripped.p[0] : 0x80; !(top & 0x80); top <<= 1)
        n--;
    return n;
}

static hf_err key_new(enum hf_key_kind kind, struct hf_pubkey **out)
{
    HF_TRY(hf_alloc(sizeof(**out), out));
    (*out)->kind = kind;
    atomic_init(&(*out)->owners, 1);
    (void)pthread_mutex_init(&(*out)->lock, NULL);
    return HF_OK;
}

struct hf_pubkey *hf_pubkey_share(struct hf_pubkey *key)
{
    if (key)
        (void)atomic_fetch_add(&key->owners, 1);
    return key;
}

void hf_pubkey_free(struct hf_pubkey **key)
{
    struct hf_pubkey *gone = hf_take(*key);

    if (!gone || atomic_fetch_sub(&gone->owners, 1) != 1)
        return;
    for (size_t i = 0; i < HF_VERIFIERS; i++)
        EVP_PKEY_CTX_free(gone->idle[i].ctx);
    hf_p384_free(&gone->fast);
    EVP_PKEY_free(gone->evp);
    (void)pthread_mutex_destroy(&gone->lock);
    hf_free(&gone->n);
    hf_free(&gone);
}

/* A coordinate into its full width. */
static hf_err coordinate(enum hf_curve curve, const char *what, struct hf_bytes in, uint8_t *out)
{
    struct hf_bytes b = strip(in);
    size_t size = hf_curve_size(curve);

    if (b.n > size)
        return hf_fail(HF_E_FORMAT, "%s of %zu bytes, a %s coordinate has at most %zu", what, b.n, hf_curve_name(curve),
                       size);
    if (b.n)
        memcpy(out + size - b.n, b.p, b.n);
    return HF_OK;
}

static hf_err point_import(struct hf_pubkey *key)
{
    uint8_t encoded[1 + 2 * HF_COORD_MAX] = {4}; /* SEC 1, 2.3.3: uncompressed */
    size_t size = hf_curve_size(key->curve);
    EVP_PKEY *params = NULL;

    HF_TRY(hf_curve_template(key->curve, &params));
    memcpy(encoded + 1, key->point.x, size);
    memcpy(encoded + 1 + size, key->point.y, size);
    key->evp = EVP_PKEY_dup(params);
    if (!key->evp)
        return hf_fail_ossl(HF_E_MEMORY, "EC key");
    if (EVP_PKEY_set1_encoded_public_key(key->evp, encoded, 1 + 2 * size) != 1)
        return hf_fail_ossl(HF_E_FORMAT, "the point is not on the curve");
    return HF_OK;
}

hf_err hf_pubkey_from_point(enum hf_curve curve, struct hf_bytes x, struct hf_bytes y, struct hf_pubkey **out)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;

    if (hf_curve_size(curve) == 0)
        return hf_fail(HF_E_UNSUPPORTED, "curve 0x%04x is not P-256, P-384 or P-521", (unsigned)curve);
    HF_TRY(key_new(HF_KEY_EC, &key));
    key->curve = key->point.curve = curve;
    key->bits = curve == HF_P521 ? 521 : (unsigned)hf_curve_size(curve) * 8;
    HF_TRY(coordinate(curve, "x", x, key->point.x));
    HF_TRY(coordinate(curve, "y", y, key->point.y));
    HF_TRY(point_import(key));
    if (curve == HF_P384)
        HF_TRY(hf_p384_new(&key->point, &key->fast));
    *out = hf_take(key);
    return HF_OK;
}

static hf_err rsa_import(struct hf_pubkey *key)
{
    uint8_t native[HF_RSA_BYTES_MAX];
    EVP_PKEY_CTX *ctx;
    OSSL_PARAM params[3];
    int ok;

    for (size_t i = 0; i < key->n_size; i++) /* OpenSSL takes numbers in the machine's order */
        native[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? key->n_size - 1 - i : i] = key->n[i];
    params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, native, key->n_size);
    params[1] = OSSL_PARAM_construct_uint64(OSSL_PKEY_PARAM_RSA_E, &key->e);
    params[2] = OSSL_PARAM_construct_end();
    ctx = EVP_PKEY_CTX_new_from_name(hf_ossl(), "RSA", NULL);
    ok = ctx && EVP_PKEY_fromdata_init(ctx) == 1 && EVP_PKEY_fromdata(ctx, &key->evp, EVP_PKEY_PUBLIC_KEY, params) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok ? HF_OK : hf_fail_ossl(HF_E_FORMAT, "RSA key");
}

hf_err hf_pubkey_from_rsa(struct hf_bytes n, uint64_t e, struct hf_pubkey **out)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    struct hf_bytes m = strip(n);

    if (m.n > HF_RSA_BYTES_MAX || bits_of(m) < HF_RSA_BITS_MIN)
        return hf_fail(HF_E_UNSUPPORTED, "an RSA modulus of %u bits, want %u to %u", bits_of(m), HF_RSA_BITS_MIN,
                       HF_RSA_BYTES_MAX * 8);
    if (!(m.p[m.n - 1] & 1) || !(e & 1) || e < 3)
        return hf_fail(HF_E_FORMAT, "an RSA key whose modulus or exponent (%llu) is even, or whose exponent is 1",
                       (unsigned long long)e);
    HF_TRY(key_new(HF_KEY_RSA, &key));
    HF_TRY(hf_alloc(m.n, &key->n));
    memcpy(key->n, m.p, m.n);
    key->n_size = m.n;
    key->bits = bits_of(m);
    key->e = e;
    HF_TRY(rsa_import(key));
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_pubkey_from_ed25519(struct hf_bytes raw, struct hf_pubkey **out)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;

    if (raw.n != sizeof(key->raw))
        return hf_fail(HF_E_FORMAT, "an Ed25519 key of %zu bytes, want 32", raw.n);
    HF_TRY(key_new(HF_KEY_ED25519, &key));
    memcpy(key->raw, raw.p, raw.n);
    key->bits = 256;
    key->evp = EVP_PKEY_new_raw_public_key_ex(hf_ossl(), "ED25519", NULL, raw.p, raw.n);
    if (!key->evp)
        return hf_fail_ossl(HF_E_FORMAT, "Ed25519 key");
    *out = hf_take(key);
    return HF_OK;
}

enum hf_key_kind hf_pubkey_kind(const struct hf_pubkey *key)
{
    return key->kind;
}

enum hf_curve hf_pubkey_curve(const struct hf_pubkey *key)
{
    return key->curve;
}

unsigned hf_pubkey_bits(const struct hf_pubkey *key)
{
    return key->bits;
}

EVP_PKEY *hf_pubkey_evp(const struct hf_pubkey *key)
{
    return key->evp;
}

void hf_pubkey_describe(const struct hf_pubkey *key, char out[16])
{
    if (key->kind == HF_KEY_RSA)
        (void)snprintf(out, 16, "rsa%u", key->bits);
    else
        (void)snprintf(out, 16, "%s", key->kind == HF_KEY_EC ? hf_curve_name(key->curve) : "ed25519");
}

static hf_err want_kind(const struct hf_pubkey *key, enum hf_key_kind kind, const char *what)
{
    char name[16];

    if (key->kind == kind)
        return HF_OK;
    hf_pubkey_describe(key, name);
    return hf_fail(HF_E_KEY_TYPE, "the key is %s, want %s", name, what);
}

hf_err hf_pubkey_point(const struct hf_pubkey *key, struct hf_point *out)
{
    HF_TRY(want_kind(key, HF_KEY_EC, "an EC key"));
    *out = key->point;
    return HF_OK;
}

hf_err hf_pubkey_rsa(const struct hf_pubkey *key, struct hf_bytes *n, uint64_t *e)
{
    HF_TRY(want_kind(key, HF_KEY_RSA, "an RSA key"));
    *n = (struct hf_bytes){key->n, key->n_size};
    *e = key->e;
    return HF_OK;
}

hf_err hf_pubkey_ed25519(const struct hf_pubkey *key, struct hf_bytes *raw)
{
    HF_TRY(want_kind(key, HF_KEY_ED25519, "an Ed25519 key"));
    *raw = HF_BYTES_OF(key->raw);
    return HF_OK;
}

bool hf_pubkey_equal(const struct hf_pubkey *a, const struct hf_pubkey *b)
{
    size_t size = hf_curve_size(a->curve);

    if (a->kind != b->kind || a->curve != b->curve)
        return false;
    if (a->kind == HF_KEY_EC)
        return memcmp(a->point.x, b->point.x, size) == 0 && memcmp(a->point.y, b->point.y, size) == 0;
    if (a->kind == HF_KEY_RSA)
        return a->e == b->e && a->n_size == b->n_size && memcmp(a->n, b->n, a->n_size) == 0;
    return memcmp(a->raw, b->raw, sizeof(a->raw)) == 0;
}
