/* Hashes and HMAC over algorithms that are fetched once and contexts that each thread keeps. */
#include "crypto/hash.h"
#include "crypto/context.h"
#include "crypto/light.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

static const struct row {
    enum hf_hash_alg alg;
    size_t size;
    size_t block; /* HMAC block bytes */
    const char *name;
    const char *ossl;
} rows[] = {
    {HF_SHA1, 20, 64, "sha1", "SHA1"},
    {HF_SHA256, 32, 64, "sha256", "SHA2-256"},
    {HF_SHA384, 48, 128, "sha384", "SHA2-384"},
    {HF_SHA512, 64, 128, "sha512", "SHA2-512"},
    {HF_SM3_256, 32, 64, "sm3_256", "SM3"},
    {HF_SHA3_256, 32, 136, "sha3_256", "SHA3-256"},
    {HF_SHA3_384, 48, 104, "sha3_384", "SHA3-384"},
    {HF_SHA3_512, 64, 72, "sha3_512", "SHA3-512"},
};

#define BLOCK_MAX 136

static EVP_MD *fetched[HF_COUNT(rows)];
static pthread_mutex_t fetch_lock = PTHREAD_MUTEX_INITIALIZER;

static const struct row *row_of(enum hf_hash_alg alg)
{
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (rows[i].alg == alg)
            return &rows[i];
    }
    return NULL;
}

size_t hf_hash_size(enum hf_hash_alg alg)
{
    const struct row *row = row_of(alg);

    return row ? row->size : 0;
}

const char *hf_hash_name(enum hf_hash_alg alg)
{
    const struct row *row = row_of(alg);

    return row ? row->name : NULL;
}

hf_err hf_hash_by_name(struct hf_bytes name, enum hf_hash_alg *out)
{
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (hf_bytes_equal(name, hf_bytes_text(rows[i].name))) {
            *out = rows[i].alg;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_UNSUPPORTED,
                   "\"%.*s\" is not a hash: sha1, sha256, sha384, sha512, sm3_256, sha3_256, sha3_384, sha3_512",
                   (int)(name.n > 40 ? 40 : name.n), name.n ? (const char *)name.p : "");
}

static hf_err md_of(enum hf_hash_alg alg, const struct row **row, EVP_MD **md)
{
    *row = row_of(alg);
    if (!*row)
        return hf_fail(HF_E_UNSUPPORTED, "hash algorithm 0x%04x is not known", (unsigned)alg);
    *md = __atomic_load_n(&fetched[*row - rows], __ATOMIC_ACQUIRE);
    if (*md)
        return HF_OK;
    (void)pthread_mutex_lock(&fetch_lock);
    *md = fetched[*row - rows];
    if (!*md) {
        *md = EVP_MD_fetch(hf_ossl(), (*row)->ossl, NULL);
        __atomic_store_n(&fetched[*row - rows], *md, __ATOMIC_RELEASE);
    }
    (void)pthread_mutex_unlock(&fetch_lock);
    return *md ? HF_OK : hf_fail_ossl(HF_E_UNSUPPORTED, (*row)->name);
}

const EVP_MD *hf_hash_evp(enum hf_hash_alg alg)
{
    const struct row *row = NULL;
    EVP_MD *md = NULL;

    return md_of(alg, &row, &md) == HF_OK ? md : NULL;
}

static pthread_key_t ctx_key;
static pthread_once_t ctx_once = PTHREAD_ONCE_INIT;

static void ctx_free(void *ctx)
{
    EVP_MD_CTX_free(ctx);
}

static void ctx_start(void)
{
    (void)pthread_key_create(&ctx_key, ctx_free);
}

/* This thread's context for one-shot digests. */
static EVP_MD_CTX *ctx_of_thread(void)
{
    EVP_MD_CTX *ctx;

    (void)pthread_once(&ctx_once, ctx_start);
    ctx = pthread_getspecific(ctx_key);
    if (!ctx) {
        ctx = EVP_MD_CTX_new();
        (void)pthread_setspecific(ctx_key, ctx);
    }
    return ctx;
}

/* first || parts, with the thread's context. */
static hf_err digest(enum hf_hash_alg alg, struct hf_bytes first, const struct hf_bytes *parts, size_t n,
                     struct hf_digest *out)
{
    const struct row *row = NULL;
    EVP_MD *md = NULL;
    EVP_MD_CTX *ctx;
    struct hf_digest d = {0};
    unsigned size = 0;
    int ok;

    if (hf_light_hash(alg, first, parts, n, &d)) {
        *out = d;
        return HF_OK;
    }
    HF_TRY(md_of(alg, &row, &md));
    ctx = ctx_of_thread();
    if (!ctx)
        return hf_fail(HF_E_MEMORY, "no memory for a hash");
    ok = EVP_DigestInit_ex2(ctx, md, NULL) && EVP_DigestUpdate(ctx, first.p, first.n);
    for (size_t i = 0; ok && i < n; i++)
        ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n);
    if (!ok || !EVP_DigestFinal_ex(ctx, d.bytes, &size))
        return hf_fail_ossl(HF_E_INTERNAL, row->name);
    d.n = size;
    *out = d;
    return HF_OK;
}

hf_err hf_hash(enum hf_hash_alg alg, const struct hf_bytes *parts, size_t n, struct hf_digest *out)
{
    return digest(alg, (struct hf_bytes){NULL, 0}, parts, n, out);
}

hf_err hf_hash_one(enum hf_hash_alg alg, struct hf_bytes part, struct hf_digest *out)
{
    return digest(alg, (struct hf_bytes){NULL, 0}, &part, 1, out);
}

hf_err hf_hmac(enum hf_hash_alg alg, struct hf_bytes key, const struct hf_bytes *parts, size_t n, struct hf_digest *out)
{
    const struct row *row = row_of(alg);
    struct hf_digest inner = {0};
    uint8_t pad[BLOCK_MAX] = {0};
    hf_err err = HF_OK;

    if (!row)
        return hf_fail(HF_E_UNSUPPORTED, "hash algorithm 0x%04x is not known", (unsigned)alg);
    if (key.n > row->block) {
        HF_TRY(hf_hash_one(alg, key, &inner));
        memcpy(pad, inner.bytes, inner.n);
    } else if (key.n) {
        memcpy(pad, key.p, key.n);
    }
    for (size_t i = 0; i < row->block; i++)
        pad[i] ^= 0x36;
    err = digest(alg, (struct hf_bytes){pad, row->block}, parts, n, &inner);
    for (size_t i = 0; i < row->block; i++)
        pad[i] ^= 0x36 ^ 0x5c;
    if (err == HF_OK) {
        struct hf_bytes second = hf_digest_bytes(&inner);

        err = digest(alg, (struct hf_bytes){pad, row->block}, &second, 1, out);
    }
    hf_wipe(pad, sizeof(pad));
    hf_wipe(&inner, sizeof(inner));
    return err;
}

hf_err hf_hasher_new(enum hf_hash_alg alg, struct hf_hasher *out)
{
    const struct row *row = NULL;
    EVP_MD *md = NULL;
    EVP_MD_CTX *ctx;

    HF_TRY(md_of(alg, &row, &md));
    ctx = EVP_MD_CTX_new();
    if (!ctx || !EVP_DigestInit_ex2(ctx, md, NULL)) {
        EVP_MD_CTX_free(ctx);
        return hf_fail(HF_E_MEMORY, "no memory for a hash");
    }
    out->state = ctx;
    return HF_OK;
}

hf_err hf_hasher_add(struct hf_hasher *h, struct hf_bytes part)
{
    return EVP_DigestUpdate(h->state, part.p, part.n) ? HF_OK : hf_fail_ossl(HF_E_INTERNAL, "hash");
}

hf_err hf_hasher_end(struct hf_hasher *h, struct hf_digest *out)
{
    unsigned size = 0;

    if (!EVP_DigestFinal_ex(h->state, out->bytes, &size))
        return hf_fail_ossl(HF_E_INTERNAL, "hash");
    out->n = size;
    hf_hasher_free(h);
    return HF_OK;
}

void hf_hasher_free(struct hf_hasher *h)
{
    EVP_MD_CTX_free(h->state);
    h->state = NULL;
}

bool hf_equal_secretly(struct hf_bytes a, struct hf_bytes b)
{
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}
