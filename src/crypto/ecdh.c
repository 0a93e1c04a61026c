/* Diffie-Hellman on the NIST curves (SP 800-56A, 5.7.1.2). */
#include "crypto/ecdh.h"
#include "base/cleanup.h"
#include "crypto/context.h"
#include "crypto/light.h"
#include "crypto/privkey.h"
#include "crypto/pubkey_i.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

static void evp_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
    *key = NULL;
}

static hf_err generate(enum hf_curve curve, EVP_PKEY **out)
{
    EVP_PKEY *params = NULL;
    EVP_PKEY_CTX *ctx;
    int ok;

    HF_TRY(hf_curve_template(curve, &params));
    ctx = EVP_PKEY_CTX_new_from_pkey(hf_ossl(), params, NULL);
    ok = ctx && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_keygen(ctx, out) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok ? HF_OK : hf_fail_ossl(HF_E_INTERNAL, "EC key generation");
}

static hf_err point_of(EVP_PKEY *key, enum hf_curve curve, struct hf_point *out)
{
    uint8_t encoded[1 + 2 * HF_COORD_MAX];
    size_t size = hf_curve_size(curve);
    size_t n = 0;
    struct hf_point point = {.curve = curve};

    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, encoded, sizeof(encoded), &n) != 1 ||
        n != 1 + 2 * size || encoded[0] != 4)
        return hf_fail_ossl(HF_E_INTERNAL, "public point of an EC key");
    memcpy(point.x, encoded + 1, size);
    memcpy(point.y, encoded + 1 + size, size);
    *out = point;
    return HF_OK;
}

/* The peer's point was checked to be on the curve when its key was made, and the cofactor is 1: no second check. */
static hf_err derive(EVP_PKEY *mine, const struct hf_pubkey *peer, struct hf_secret **z)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *shared = NULL;
    size_t size = hf_curve_size(peer->curve);
    size_t n = size;
    uint8_t *place = NULL;
    EVP_PKEY_CTX *ctx;
    int ok;

    HF_TRY(hf_secret_new_zero(size, &place, &shared));
    ctx = EVP_PKEY_CTX_new_from_pkey(hf_ossl(), mine, NULL);
    ok = ctx && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer_ex(ctx, peer->evp, 0) == 1 &&
         EVP_PKEY_derive(ctx, place, &n) == 1 && n == size;
    EVP_PKEY_CTX_free(ctx);
    if (!ok)
        return hf_fail_ossl(HF_E_INTERNAL, "ECDH");
    *z = hf_take(shared);
    return HF_OK;
}

hf_err hf_ecdh_ephemeral_key(const struct hf_pubkey *peer, struct hf_point *mine, struct hf_secret **z)
{
    HF_CLEANUP(evp_free) EVP_PKEY *own = NULL;
    struct hf_point point = {0};

    HF_TRY(hf_pubkey_point(peer, &point)); /* refuses what is not EC */
    HF_TRY(generate(peer->curve, &own));
    HF_TRY(point_of(own, peer->curve, &point));
    HF_TRY(derive(own, peer, z));
    *mine = point;
    return HF_OK;
}

static hf_err peer_of(const struct hf_point *point, struct hf_pubkey **out)
{
    size_t size = hf_curve_size(point->curve);

    return hf_pubkey_from_point(point->curve, (struct hf_bytes){point->x, size}, (struct hf_bytes){point->y, size},
                                out);
}

hf_err hf_ecdh_ephemeral(const struct hf_point *peer, struct hf_point *mine, struct hf_secret **z)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *shared = NULL;
    struct hf_point point = {0};
    uint8_t *place = NULL;
    bool on_curve = false;

    HF_TRY(hf_secret_new_zero(32, &place, &shared));
    if (hf_light_ecdh(peer, &on_curve, &point, place)) {
        if (!on_curve)
            return hf_fail(HF_E_FORMAT, "the point is not on %s", hf_curve_name(peer->curve));
        *mine = point;
        *z = hf_take(shared);
        return HF_OK;
    }
    HF_TRY(peer_of(peer, &key));
    return hf_ecdh_ephemeral_key(key, mine, z);
}

hf_err hf_ecdh_scalar(const struct hf_secret *scalar, const struct hf_point *peer, struct hf_secret **z)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *own = NULL;

    HF_TRY(peer_of(peer, &key));
    HF_TRY(hf_privkey_from_scalar(peer->curve, scalar, &own));
    return derive(hf_privkey_evp(own), key, z);
}
