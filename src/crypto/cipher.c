/* AES modes over ciphers that are fetched once, and randomness. */
#include "crypto/cipher.h"
#include "crypto/context.h"
#include "crypto/light.h"

#include <errno.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sys/random.h>

/* The kernel's own generator, which needs no seeding, survives fork and costs less than OpenSSL's to start. */
hf_err hf_random(void *place, size_t n)
{
    uint8_t *at = place;

    while (n) {
        ssize_t got = getrandom(at, n, 0);

        if (got < 0 && errno != EINTR)
            return hf_fail_errno("random bytes from the kernel");
        if (got > 0) {
            at += got;
            n -= (size_t)got;
        }
    }
    return HF_OK;
}

enum mode { CFB, CTR, GCM };

static const struct row {
    enum mode mode;
    size_t key; /* bytes */
    const char *ossl;
} rows[] = {
    {CFB, 16, "AES-128-CFB"}, {CFB, 24, "AES-192-CFB"}, {CFB, 32, "AES-256-CFB"}, {CTR, 16, "AES-128-CTR"},
    {CTR, 24, "AES-192-CTR"}, {CTR, 32, "AES-256-CTR"}, {GCM, 16, "AES-128-GCM"}, {GCM, 32, "AES-256-GCM"},
};

static EVP_CIPHER *fetched[HF_COUNT(rows)];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static hf_err cipher_of(enum mode mode, size_t key, EVP_CIPHER **out)
{
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (rows[i].mode != mode || rows[i].key != key)
            continue;
        (void)pthread_mutex_lock(&lock);
        if (!fetched[i])
            fetched[i] = EVP_CIPHER_fetch(hf_ossl(), rows[i].ossl, NULL);
        *out = fetched[i];
        (void)pthread_mutex_unlock(&lock);
        return *out ? HF_OK : hf_fail_ossl(HF_E_UNSUPPORTED, rows[i].ossl);
    }
    return hf_fail(HF_E_ARG, "an AES key of %zu bytes does not fit the mode", key);
}

static pthread_key_t ctx_key;
static pthread_once_t ctx_once = PTHREAD_ONCE_INIT;

static void ctx_free(void *ctx)
{
    EVP_CIPHER_CTX_free(ctx);
}

static void ctx_start(void)
{
    (void)pthread_key_create(&ctx_key, ctx_free);
}

/* This thread's cipher context; every use ends by wiping the key out of it. */
static EVP_CIPHER_CTX *ctx_of_thread(void)
{
    EVP_CIPHER_CTX *ctx;

    (void)pthread_once(&ctx_once, ctx_start);
    ctx = pthread_getspecific(ctx_key);
    if (!ctx) {
        ctx = EVP_CIPHER_CTX_new();
        (void)pthread_setspecific(ctx_key, ctx);
    }
    return ctx;
}

static hf_err check_size(size_t n)
{
    return n <= INT32_MAX ? HF_OK : hf_fail(HF_E_LIMIT, "%zu bytes are too many for one cipher call", n);
}

static hf_err stream(enum mode mode, bool encrypt, struct hf_bytes key, const uint8_t iv[16], uint8_t *data, size_t n)
{
    EVP_CIPHER_CTX *ctx = ctx_of_thread();
    EVP_CIPHER *cipher = NULL;
    int done = 0;
    int ok;

    HF_TRY(cipher_of(mode, key.n, &cipher));
    HF_TRY(check_size(n));
    if (!ctx)
        return hf_fail(HF_E_MEMORY, "no memory for a cipher");
    ok = EVP_CipherInit_ex2(ctx, cipher, key.p, iv, encrypt, NULL) &&
         EVP_CipherUpdate(ctx, data, &done, data, (int)n) && (size_t)done == n;
    (void)EVP_CIPHER_CTX_reset(ctx);
    return ok ? HF_OK : hf_fail_ossl(HF_E_INTERNAL, "AES");
}

hf_err hf_aes_cfb(bool encrypt, struct hf_bytes key, const uint8_t iv[16], uint8_t *data, size_t n)
{
    return hf_light_aes_cfb(encrypt, key, iv, data, n) ? HF_OK : stream(CFB, encrypt, key, iv, data, n);
}

hf_err hf_aes_ctr(struct hf_bytes key, const uint8_t counter[16], uint8_t *data, size_t n)
{
    return stream(CTR, true, key, counter, data, n);
}

/* Key, nonce, additional data and data through GCM; the tag is set or asked for by the caller. */
static int gcm(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, bool encrypt, struct hf_bytes key,
               const uint8_t nonce[12], struct hf_bytes aad, uint8_t *data, size_t n)
{
    int done = 0;

    return EVP_CipherInit_ex2(ctx, cipher, key.p, nonce, encrypt, NULL) &&
           (aad.n == 0 || EVP_CipherUpdate(ctx, NULL, &done, aad.p, (int)aad.n)) &&
           (n == 0 || (EVP_CipherUpdate(ctx, data, &done, data, (int)n) && (size_t)done == n));
}

hf_err hf_aes_gcm_seal(struct hf_bytes key, const uint8_t nonce[12], struct hf_bytes aad, uint8_t *data, size_t n,
                       uint8_t tag[16])
{
    EVP_CIPHER_CTX *ctx = ctx_of_thread();
    EVP_CIPHER *cipher = NULL;
    uint8_t none[16];
    int done = 0;
    int ok;

    HF_TRY(cipher_of(GCM, key.n, &cipher));
    HF_TRY(check_size(n));
    HF_TRY(check_size(aad.n));
    if (!ctx)
        return hf_fail(HF_E_MEMORY, "no memory for a cipher");
    ok = gcm(ctx, cipher, true, key, nonce, aad, data, n) && EVP_CipherFinal_ex(ctx, none, &done) &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag);
    (void)EVP_CIPHER_CTX_reset(ctx);
    return ok ? HF_OK : hf_fail_ossl(HF_E_INTERNAL, "AES-GCM");
}

hf_err hf_aes_gcm_open(struct hf_bytes key, const uint8_t nonce[12], struct hf_bytes aad, uint8_t *data, size_t n,
                       const uint8_t tag[16])
{
    EVP_CIPHER_CTX *ctx = ctx_of_thread();
    EVP_CIPHER *cipher = NULL;
    uint8_t expected[16];
    uint8_t none[16];
    int done = 0;
    int ok;

    HF_TRY(cipher_of(GCM, key.n, &cipher));
    HF_TRY(check_size(n));
    HF_TRY(check_size(aad.n));
    if (!ctx)
        return hf_fail(HF_E_MEMORY, "no memory for a cipher");
    memcpy(expected, tag, sizeof(expected));
    ok = gcm(ctx, cipher, false, key, nonce, aad, data, n) &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, expected) && EVP_CipherFinal_ex(ctx, none, &done);
    (void)EVP_CIPHER_CTX_reset(ctx);
    if (ok)
        return HF_OK;
    if (n)
        hf_wipe(data, n);
    return hf_fail(HF_E_INTEGRITY, "the AES-GCM tag does not fit the data");
}
