/* RSA encryption by OpenSSL; OAEP's padding undone here (RFC 8017). */
#include "crypto/rsa.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "crypto/context.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

static void ctx_free(EVP_PKEY_CTX **ctx)
{
    EVP_PKEY_CTX_free(*ctx);
    *ctx = NULL;
}

static hf_err start(const struct hf_pubkey *key, int padding, size_t *size, EVP_PKEY_CTX **out)
{
    struct hf_bytes n = {0};
    uint64_t e = 0;
    HF_CLEANUP(ctx_free) EVP_PKEY_CTX *ctx = NULL;

    HF_TRY(hf_pubkey_rsa(key, &n, &e));
    ctx = EVP_PKEY_CTX_new_from_pkey(hf_ossl(), hf_pubkey_evp(key), NULL);
    if (!ctx || EVP_PKEY_encrypt_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_padding(ctx, padding) != 1)
        return hf_fail_ossl(HF_E_INTERNAL, "preparing RSA");
    *size = n.n;
    *out = hf_take(ctx);
    return HF_OK;
}

static hf_err finish(EVP_PKEY_CTX *ctx, size_t size, struct hf_bytes data, struct hf_buf *out)
{
    uint8_t block[HF_RSA_BYTES_MAX];
    size_t n = sizeof(block);

    if (EVP_PKEY_encrypt(ctx, block, &n, data.p, data.n) != 1 || n != size)
        return hf_fail_ossl(HF_E_ARG, "RSA encryption");
    return hf_buf_add(out, (struct hf_bytes){block, n});
}

/* OpenSSL takes ownership of the label, which must come from its own allocator. */
static hf_err set_label(EVP_PKEY_CTX *ctx, struct hf_bytes label)
{
    void *copy;

    if (label.n == 0)
        return HF_OK;
    if (label.n > INT32_MAX)
        return hf_fail(HF_E_LIMIT, "an OAEP label of %zu bytes", label.n);
    copy = OPENSSL_memdup(label.p, label.n);
    if (!copy)
        return hf_fail(HF_E_MEMORY, "no memory for an OAEP label of %zu bytes", label.n);
    if (EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy, (int)label.n) == 1)
        return HF_OK;
    OPENSSL_free(copy);
    return hf_fail_ossl(HF_E_INTERNAL, "OAEP label");
}

hf_err hf_rsa_oaep_encrypt(const struct hf_pubkey *key, enum hf_hash_alg hash, struct hf_bytes label,
                           struct hf_bytes data, struct hf_buf *out)
{
    HF_CLEANUP(ctx_free) EVP_PKEY_CTX *ctx = NULL;
    const EVP_MD *md = hf_hash_evp(hash);
    size_t overhead = 2 * hf_hash_size(hash) + 2;
    size_t size = 0;

    if (!md)
        return hf_fail(HF_E_UNSUPPORTED, "hash algorithm 0x%04x is not known", (unsigned)hash);
    HF_TRY(start(key, RSA_PKCS1_OAEP_PADDING, &size, &ctx));
    if (overhead > size || data.n > size - overhead)
        return hf_fail(HF_E_LIMIT, "%zu bytes are too many for OAEP with %s and a modulus of %zu bytes", data.n,
                       hf_hash_name(hash), size);
    if (EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) != 1 || EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) != 1)
        return hf_fail_ossl(HF_E_INTERNAL, "OAEP hash");
    HF_TRY(set_label(ctx, label));
    return finish(ctx, size, data, out);
}

hf_err hf_rsa_pkcs1_encrypt(const struct hf_pubkey *key, struct hf_bytes data, struct hf_buf *out)
{
    HF_CLEANUP(ctx_free) EVP_PKEY_CTX *ctx = NULL;
    size_t size = 0;

    HF_TRY(start(key, RSA_PKCS1_PADDING, &size, &ctx));
    if (data.n > size - 11)
        return hf_fail(HF_E_LIMIT, "%zu bytes are too many for PKCS#1 with a modulus of %zu bytes", data.n, size);
    return finish(ctx, size, data, out);
}

hf_err hf_rsa_public_raw(const struct hf_pubkey *key, struct hf_bytes block, struct hf_buf *out)
{
    HF_CLEANUP(ctx_free) EVP_PKEY_CTX *ctx = NULL;
    size_t size = 0;

    HF_TRY(start(key, RSA_NO_PADDING, &size, &ctx));
    if (block.n != size)
        return hf_fail(HF_E_ARG, "a block of %zu bytes, the modulus has %zu", block.n, size);
    return finish(ctx, size, block, out);
}

/* MGF1 of a seed, xored into a place. */
static hf_err mask(enum hf_hash_alg hash, struct hf_bytes seed, uint8_t *place, size_t n)
{
    struct hf_digest d = {0};
    hf_err err = HF_OK;
    uint32_t counter = 0;

    for (size_t at = 0; at < n && err == HF_OK; counter++) {
        uint8_t be[4] = {(uint8_t)(counter >> 24), (uint8_t)(counter >> 16), (uint8_t)(counter >> 8), (uint8_t)counter};
        struct hf_bytes parts[] = {seed, HF_BYTES_OF(be)};

        err = hf_hash(hash, parts, 2, &d);
        for (size_t i = 0; i < d.n && at < n; i++)
            place[at++] ^= d.bytes[i];
    }
    hf_wipe(&d, sizeof(d));
    return err;
}

/* 1 where a == b, without a branch. */
static unsigned same(unsigned a, unsigned b)
{
    return 1 & (((a ^ b) - 1) >> 8);
}

/*
 * DB = lHash || 0x00 ... || 0x01 || M (RFC 8017, 7.1.2, step 3.g). The place of the 0x01 is found by looking
 * at every byte; only whether all is well becomes visible, and the length of what is then given out.
 */
static bool db_split(const uint8_t *db, size_t n, const struct hf_digest *lhash, size_t *start)
{
    unsigned bad = 0;
    unsigned found = 0;
    size_t at = 0;

    for (size_t i = 0; i < lhash->n; i++)
        bad |= db[i] ^ lhash->bytes[i];
    for (size_t i = lhash->n; i < n; i++) {
        unsigned one = same(db[i], 1);
        unsigned zero = same(db[i], 0);

        at |= (i + 1) & (0 - (size_t)(one & ~found & 1));
        bad |= ~(found | one | zero) & 1;
        found |= one;
    }
    bad |= ~found & 1;
    *start = at;
    return bad == 0;
}

/* Unmask in the place of a copy: 0x00 || maskedSeed || maskedDB. */
static hf_err unmask(enum hf_hash_alg mgf1, size_t h, uint8_t *em, size_t n)
{
    uint8_t *seed = em + 1;
    uint8_t *db = seed + h;

    HF_TRY(mask(mgf1, (struct hf_bytes){db, n - 1 - h}, seed, h));
    return mask(mgf1, (struct hf_bytes){seed, h}, db, n - 1 - h);
}

hf_err hf_rsa_oaep_unpad(const struct hf_oaep *oaep, const struct hf_secret *block, struct hf_secret **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *work = NULL;
    struct hf_bytes em = hf_secret_expose(block);
    size_t h = hf_hash_size(oaep->hash);
    struct hf_digest lhash = {0};
    struct hf_bytes copy;
    uint8_t *place = NULL;
    size_t start = 0;
    bool good;

    HF_TRY(hf_hash_one(oaep->hash, oaep->label, &lhash));
    if (em.n < 2 * h + 2)
        return hf_fail(HF_E_ARG, "a block of %zu bytes is too short for OAEP with %s", em.n, hf_hash_name(oaep->hash));
    HF_TRY(hf_secret_new_zero(em.n, &place, &work));
    memcpy(place, em.p, em.n);
    HF_TRY(unmask(oaep->mgf1 ? oaep->mgf1 : oaep->hash, h, place, em.n));
    good = db_split(place + 1 + h, em.n - 1 - h, &lhash, &start);
    if (!(good & (place[0] == 0)))
        return hf_fail(HF_E_INTEGRITY, "the block is not OAEP with this hash and label");
    copy = (struct hf_bytes){place + 1 + h + start, em.n - 1 - h - start};
    return hf_secret_new(copy, out);
}
