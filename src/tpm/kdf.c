/* KDFa and KDFe (TCG TPM 2.0 Library, Part 1, 11.4.10). */
#include "tpm/session.h"

/* Blocks of `digest` until the place is full; the last one may be cut. */
static void fill(uint8_t *out, size_t n, size_t at, const struct hf_digest *block)
{
    memcpy(out + at, block->bytes, n - at < block->n ? n - at : block->n);
}

static void u32be(uint8_t out[4], uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static hf_err check(enum hf_hash_alg alg, size_t bits)
{
    if (hf_hash_size(alg) == 0)
        return hf_fail(HF_E_UNSUPPORTED, "hash algorithm 0x%04x is not known", (unsigned)alg);
    if (bits == 0 || bits % 8 || bits > 8192)
        return hf_fail(HF_E_ARG, "a derived key of %zu bits", bits);
    return HF_OK;
}

hf_err hf_tpm_kdfa(enum hf_hash_alg alg, struct hf_bytes key, const char *label, struct hf_bytes u, struct hf_bytes v,
                   size_t bits, uint8_t *out)
{
    size_t n = bits / 8;
    uint8_t counter[4];
    uint8_t length[4];
    struct hf_digest block = {0};

    HF_TRY(check(alg, bits));
    u32be(length, (uint32_t)bits);
    for (size_t at = 0, i = 1; at < n; at += block.n, i++) {
        struct hf_bytes parts[] = {
            {counter, 4}, {(const uint8_t *)label, strlen(label) + 1}, u, v, {length, 4},
        };

        u32be(counter, (uint32_t)i);
        HF_TRY(hf_hmac(alg, key, parts, HF_COUNT(parts), &block));
        fill(out, n, at, &block);
    }
    hf_wipe(&block, sizeof(block));
    return HF_OK;
}

hf_err hf_tpm_kdfe(enum hf_hash_alg alg, struct hf_bytes z, const char *label, struct hf_bytes u, struct hf_bytes v,
                   size_t bits, uint8_t *out)
{
    size_t n = bits / 8;
    uint8_t counter[4];
    struct hf_digest block = {0};

    HF_TRY(check(alg, bits));
    for (size_t at = 0, i = 1; at < n; at += block.n, i++) {
        struct hf_bytes parts[] = {{counter, 4}, z, {(const uint8_t *)label, strlen(label) + 1}, u, v};

        u32be(counter, (uint32_t)i);
        HF_TRY(hf_hash(alg, parts, HF_COUNT(parts), &block));
        fill(out, n, at, &block);
    }
    hf_wipe(&block, sizeof(block));
    return HF_OK;
}
