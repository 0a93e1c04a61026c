/* P-384 verification by libhogweed's low-level ECDSA, in place and without allocation. */
#include "crypto/fast_p384.h"
#include "base/alloc.h"
#include "base/cleanup.h"

static bool refused; /* hf_p384_use */

void hf_p384_use(bool fast)
{
    refused = !fast;
}

#ifdef HF_WITH_NETTLE

#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>

#define BYTES 48
#define LIMBS (BYTES / sizeof(mp_limb_t))

/* What hogweed 3.8 asks for is 37 x LIMBS and more; a library that wants more than this is not used. */
#define SCRATCH_MAX 2048

struct hf_p384 {
    mp_limb_t point[2 * LIMBS]; /* x, y */
};

/* Big-endian bytes into limbs, the lowest first. */
static void limbs(const uint8_t in[BYTES], mp_limb_t out[LIMBS])
{
    for (size_t i = 0; i < LIMBS; i++) {
        const uint8_t *p = in + BYTES - (i + 1) * sizeof(mp_limb_t);
        mp_limb_t v = 0;

        for (size_t j = 0; j < sizeof(mp_limb_t); j++)
            v = v << 8 | p[j];
        out[i] = v;
    }
}

bool hf_p384_available(void)
{
    mp_size_t want = ecc_ecdsa_verify_itch(nettle_get_secp_384r1());

    return GMP_NAIL_BITS == 0 && want > 0 && want <= SCRATCH_MAX;
}

hf_err hf_p384_new(const struct hf_point *point, struct hf_p384 **out)
{
    struct hf_p384 *key = NULL;

    if (refused || !hf_p384_available()) {
        *out = NULL;
        return HF_OK;
    }
    HF_TRY(hf_alloc(sizeof(*key), &key));
    limbs(point->x, key->point);
    limbs(point->y, key->point + LIMBS);
    *out = key;
    return HF_OK;
}

bool hf_p384_verify(const struct hf_p384 *key, struct hf_bytes digest, const uint8_t sig[96])
{
    mp_limb_t scratch[SCRATCH_MAX];
    mp_limb_t r[LIMBS];
    mp_limb_t s[LIMBS];

    limbs(sig, r);
    limbs(sig + BYTES, s);
    return ecc_ecdsa_verify(nettle_get_secp_384r1(), key->point, digest.n, digest.p, r, s, scratch) == 1;
}

#else

bool hf_p384_available(void)
{
    return false;
}

hf_err hf_p384_new(const struct hf_point *point, struct hf_p384 **out)
{
    (void)point, (void)refused;
    *out = NULL;
    return HF_OK;
}

bool hf_p384_verify(const struct hf_p384 *key, struct hf_bytes digest, const uint8_t sig[96])
{
    (void)key, (void)digest, (void)sig;
    return false;
}

#endif

void hf_p384_free(struct hf_p384 **key)
{
    hf_free(key);
}
