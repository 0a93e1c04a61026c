/* SHA-1, SHA-256 and AES-128-CFB by libnettle, P-256 Diffie-Hellman by OpenSSL's curve alone. */
#include "crypto/light.h"
#include "base/cleanup.h"
#include "crypto/cipher.h"
#include "crypto/context.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#ifdef HF_WITH_NETTLE

#include <nettle/aes.h>
#include <nettle/cfb.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>

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

#endif

/* ---- P-256 ---- */

#define P256 32

struct curve {
    EC_GROUP *group;
    EC_POINT *peer, *mine, *shared;
    BIGNUM *scalar, *x, *y;
    BN_CTX *ctx;
};

static void curve_free(struct curve *c)
{
    EC_POINT_free(c->peer);
    EC_POINT_free(c->mine);
    EC_POINT_clear_free(c->shared);
    EC_GROUP_free(c->group);
    BN_clear_free(c->scalar);
    BN_clear_free(c->x);
    BN_free(c->y);
    BN_CTX_free(c->ctx);
}

static bool curve_new(struct curve *c)
{
    c->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    if (!c->group)
        return false;
    c->peer = EC_POINT_new(c->group);
    c->mine = EC_POINT_new(c->group);
    c->shared = EC_POINT_new(c->group);
    c->scalar = BN_secure_new();
    c->x = BN_new();
    c->y = BN_new();
    c->ctx = BN_CTX_secure_new();
    return c->peer && c->mine && c->shared && c->scalar && c->x && c->y && c->ctx;
}

/* In [1, n-1], each with the same chance: what is not is drawn again, once in 2^32. */
static bool random_scalar(struct curve *c)
{
    uint8_t bytes[P256];
    bool ok = false;

    for (int i = 0; i < 100 && !ok; i++) {
        if (hf_random(bytes, sizeof(bytes)) != HF_OK || !BN_bin2bn(bytes, sizeof(bytes), c->scalar))
            break;
        ok = !BN_is_zero(c->scalar) && BN_cmp(c->scalar, EC_GROUP_get0_order(c->group)) < 0;
    }
    BN_set_flags(c->scalar, BN_FLG_CONSTTIME);
    hf_wipe(bytes, sizeof(bytes));
    return ok;
}

bool hf_light_ecdh(const struct hf_point *peer, bool *on_curve, struct hf_point *mine, uint8_t z[32])
{
    HF_CLEANUP(curve_free) struct curve c = {0};
    struct hf_point made = {.curve = HF_P256};

    if (peer->curve != HF_P256 || !curve_new(&c) || !BN_bin2bn(peer->x, P256, c.x) || !BN_bin2bn(peer->y, P256, c.y))
        return false;
    *on_curve = EC_POINT_set_affine_coordinates(c.group, c.peer, c.x, c.y, c.ctx) == 1; /* checks that it is */
    if (!*on_curve) {
        ERR_clear_error();
        return true;
    }
    if (!random_scalar(&c) || EC_POINT_mul(c.group, c.mine, c.scalar, NULL, NULL, c.ctx) != 1 ||
        EC_POINT_mul(c.group, c.shared, NULL, c.peer, c.scalar, c.ctx) != 1 ||
        EC_POINT_get_affine_coordinates(c.group, c.mine, c.x, c.y, c.ctx) != 1 ||
        BN_bn2binpad(c.x, made.x, P256) != P256 || BN_bn2binpad(c.y, made.y, P256) != P256 ||
        EC_POINT_get_affine_coordinates(c.group, c.shared, c.x, NULL, c.ctx) != 1 ||
        BN_bn2binpad(c.x, z, P256) != P256)
        return false;
    *mine = made;
    return true;
}
