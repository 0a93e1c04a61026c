/* SHA-1, SHA-256, AES-128-CFB and P-256 Diffie-Hellman by libnettle and libhogweed. */
#include "crypto/light.h"
#include "crypto/cipher.h"
#include "crypto/context.h"

#ifdef HF_WITH_NETTLE

#include <nettle/aes.h>
#include <nettle/cfb.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

#define P256 32

bool hf_light_hash(enum hf_hash_alg alg, struct hf_bytes first, const struct hf_bytes *parts, size_t n,
                   struct hf_digest *out)
{
    union {
        struct sha1_ctx sha1;
        struct sha256_ctx sha256;
    } ctx;
    size_t most = hf_ossl_started() ? HF_LIGHT_MAX_BESIDE : HF_LIGHT_MAX;
    size_t total = first.n;

    for (size_t i = 0; i < n && total <= most; i++)
        total = parts[i].n <= most ? total + parts[i].n : parts[i].n;
    if (total > most || (alg != HF_SHA1 && alg != HF_SHA256))
        return false;
    if (alg == HF_SHA1) {
        sha1_init(&ctx.sha1);
        sha1_update(&ctx.sha1, first.n, first.p);
        for (size_t i = 0; i < n; i++)
            sha1_update(&ctx.sha1, parts[i].n, parts[i].p);
        sha1_digest(&ctx.sha1, SHA1_DIGEST_SIZE, out->bytes);
    } else {
        sha256_init(&ctx.sha256);
        sha256_update(&ctx.sha256, first.n, first.p);
        for (size_t i = 0; i < n; i++)
            sha256_update(&ctx.sha256, parts[i].n, parts[i].p);
        sha256_digest(&ctx.sha256, SHA256_DIGEST_SIZE, out->bytes);
    }
    out->n = hf_hash_size(alg);
    hf_wipe(&ctx, sizeof(ctx));
    return true;
}

bool hf_light_aes_cfb(bool encrypt, struct hf_bytes key, const uint8_t iv[16], uint8_t *data, size_t n)
{
    struct aes128_ctx ctx;
    uint8_t state[AES_BLOCK_SIZE];
    nettle_cipher_func *block = (nettle_cipher_func *)aes128_encrypt; /* as nettle's own tables do */

    if (key.n != AES128_KEY_SIZE || n > HF_LIGHT_MAX)
        return false;
    memcpy(state, iv, sizeof(state));
    aes128_set_encrypt_key(&ctx, key.p);
    if (encrypt)
        cfb_encrypt(&ctx, block, AES_BLOCK_SIZE, state, n, data, data);
    else
        cfb_decrypt(&ctx, block, AES_BLOCK_SIZE, state, n, data, data);
    hf_wipe(&ctx, sizeof(ctx));
    return true;
}

static void random_bytes(void *failed, size_t n, uint8_t *place)
{
    hf_err err = hf_random(place, n);

    if (err != HF_OK)
        *(hf_err *)failed = err;
}

/* Coordinates big-endian, with leading zeros. */
static void coordinates(const struct ecc_point *point, uint8_t x[P256], uint8_t y[P256])
{
    mpz_t a, b;
    size_t n;

    mpz_init(a);
    mpz_init(b);
    ecc_point_get(point, a, b);
    for (int i = 0; i < 2; i++) {
        uint8_t *place = i ? y : x;

        n = (mpz_sizeinbase(i ? b : a, 2) + 7) / 8;
        memset(place, 0, P256);
        mpz_export(place + P256 - n, NULL, 1, 1, 1, 0, i ? b : a);
    }
    mpz_clear(a);
    mpz_clear(b);
}

static bool take_peer(const struct hf_point *peer, struct ecc_point *out)
{
    mpz_t x, y;
    bool ok;

    mpz_init(x);
    mpz_init(y);
    mpz_import(x, P256, 1, 1, 1, 0, peer->x);
    mpz_import(y, P256, 1, 1, 1, 0, peer->y);
    ok = ecc_point_set(out, x, y) == 1;
    mpz_clear(x);
    mpz_clear(y);
    return ok;
}

bool hf_light_ecdh(const struct hf_point *peer, bool *on_curve, struct hf_point *mine, uint8_t z[32])
{
    struct ecc_scalar scalar;
    struct ecc_point point, shared;
    uint8_t unused[P256];
    hf_err failed = HF_OK;

    if (peer->curve != HF_P256)
        return false;
    ecc_point_init(&point, nettle_get_secp_256r1());
    ecc_point_init(&shared, nettle_get_secp_256r1());
    ecc_scalar_init(&scalar, nettle_get_secp_256r1());
    *on_curve = take_peer(peer, &point);
    if (*on_curve) {
        ecc_scalar_random(&scalar, &failed, random_bytes);
        ecc_point_mul(&shared, &scalar, &point);
        coordinates(&shared, z, unused);
        ecc_point_mul_g(&point, &scalar);
        *mine = (struct hf_point){.curve = HF_P256};
        coordinates(&point, mine->x, mine->y);
    }
    ecc_scalar_clear(&scalar);
    ecc_point_clear(&shared);
    ecc_point_clear(&point);
    hf_wipe(unused, sizeof(unused));
    return failed == HF_OK;
}

#else

bool hf_light_hash(enum hf_hash_alg alg, struct hf_bytes first, const struct hf_bytes *parts, size_t n,
                   struct hf_digest *out)
{
    (void)alg, (void)first, (void)parts, (void)n, (void)out;
    return false;
}

bool hf_light_aes_cfb(bool encrypt, struct hf_bytes key, const uint8_t iv[16], uint8_t *data, size_t n)
{
    (void)encrypt, (void)key, (void)iv, (void)data, (void)n;
    return false;
}

bool hf_light_ecdh(const struct hf_point *peer, bool *on_curve, struct hf_point *mine, uint8_t z[32])
{
    (void)peer, (void)on_curve, (void)mine, (void)z;
    return false;
}

#endif
