/* The three NIST curves: names, sizes, orders, and their parameters as OpenSSL keeps them. */
#include "crypto/context.h"
#include "crypto/pubkey_i.h"

#include <openssl/ec.h>
#include <openssl/evp.h>

static const struct row {
    enum hf_curve curve;
    size_t size;
    const char *name;
    const char *ossl;
    const char *also; /* another name in use */
    const char *oid;
    uint8_t order[HF_COORD_MAX]; /* FIPS 186-4 D.1.2: n */
} rows[] = {
    {HF_P256, 32, "P-256", "prime256v1", "secp256r1", "1.2.840.10045.3.1.7", {0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00,
                                                                              0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                                              0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
                                                                              0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2,
                                                                              0xfc, 0x63, 0x25, 0x51}},
    {HF_P384, 48, "P-384", "secp384r1", "nistp384", "1.3.132.0.34", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                                     0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
                                                                     0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a,
                                                                     0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73}},
    {HF_P521,
     66,
     "P-521",
     "secp521r1",
     "nistp521",
     "1.3.132.0.35",
     {0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfa,
      0x51, 0x86, 0x87, 0x83, 0xbf, 0x2f, 0x96, 0x6b, 0x7f, 0xcc, 0x01, 0x48, 0xf7, 0x09, 0xa5, 0xd0, 0x3b,
      0xb5, 0xc9, 0xb8, 0x89, 0x9c, 0x47, 0xae, 0xbb, 0x6f, 0xb7, 0x1e, 0x91, 0x38, 0x64, 0x09}},
};

static EVP_PKEY *templates[HF_COUNT(rows)];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const struct row *row_of(enum hf_curve curve)
{
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (rows[i].curve == curve)
            return &rows[i];
    }
    return NULL;
}

size_t hf_curve_size(enum hf_curve curve)
{
    const struct row *row = row_of(curve);

    return row ? row->size : 0;
}

const char *hf_curve_name(enum hf_curve curve)
{
    const struct row *row = row_of(curve);

    return row ? row->name : NULL;
}

const char *hf_curve_ossl(enum hf_curve curve)
{
    const struct row *row = row_of(curve);

    return row ? row->ossl : NULL;
}

const char *hf_curve_oid(enum hf_curve curve)
{
    const struct row *row = row_of(curve);

    return row ? row->oid : NULL;
}

struct hf_bytes hf_curve_order(enum hf_curve curve)
{
    const struct row *row = row_of(curve);

    return row ? (struct hf_bytes){row->order, row->size} : (struct hf_bytes){NULL, 0};
}

hf_err hf_curve_by_name(struct hf_bytes name, enum hf_curve *out)
{
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (hf_bytes_equal(name, hf_bytes_text(rows[i].name)) || hf_bytes_equal(name, hf_bytes_text(rows[i].ossl)) ||
            hf_bytes_equal(name, hf_bytes_text(rows[i].also))) {
            *out = rows[i].curve;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_UNSUPPORTED, "\"%.*s\" is not a curve: P-256, P-384, P-521", (int)(name.n > 40 ? 40 : name.n),
                   name.n ? (const char *)name.p : "");
}

static EVP_PKEY *template_new(const struct row *row)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(hf_ossl(), "EC", NULL);
    EVP_PKEY *key = NULL;

    if (ctx && EVP_PKEY_paramgen_init(ctx) == 1 && EVP_PKEY_CTX_set_group_name(ctx, row->ossl) == 1)
        (void)EVP_PKEY_paramgen(ctx, &key);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

hf_err hf_curve_template(enum hf_curve curve, EVP_PKEY **out)
{
    const struct row *row = row_of(curve);
    EVP_PKEY **slot;

    if (!row)
        return hf_fail(HF_E_UNSUPPORTED, "curve 0x%04x is not P-256, P-384 or P-521", (unsigned)curve);
    slot = &templates[row - rows];
    (void)pthread_mutex_lock(&lock);
    if (!*slot)
        *slot = template_new(row);
    *out = *slot;
    (void)pthread_mutex_unlock(&lock);
    return *out ? HF_OK : hf_fail_ossl(HF_E_UNSUPPORTED, row->name);
}
