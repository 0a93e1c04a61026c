/* Hashing and HMAC in the TPM, of any length: one command where it fits, a sequence where it does not. */
#include "base/cleanup.h"
#include "tpm/key.h"

/* What surely fits in one TPM2B_MAX_BUFFER (Part 2, 10.4.8: at least 1,024). */
#define CHUNK 1024u

struct start {
    uint16_t hash;
};

/* TPM2_HashSequenceStart or TPM2_HMAC_Start with an empty authorization for the sequence. */
static hf_err build_start(struct hf_tpm_call *c, void *arg)
{
    const struct start *s = arg;

    hf_wr_u16be(&c->w, 0);
    hf_wr_u16be(&c->w, s->hash);
    return HF_OK;
}

/* TPM2_SequenceUpdate for all but the last chunk, then TPM2_SequenceComplete. */
static hf_err feed(struct hf_tpm *tpm, uint32_t handle, struct hf_bytes data, uint32_t hierarchy, struct hf_buf *digest,
                   struct hf_buf *ticket)
{
    struct hf_tpm_entity sequence = {.handle = handle}; /* the Name of a sequence is empty (Part 1, 32.4.5) */
    struct hf_tpm_call c;
    struct hf_bytes made;

    while (data.n > CHUNK) {
        HF_TRY(hf_tpm_call_start(&c, TPM2_CC_SequenceUpdate));
        hf_tpm_call_handle(&c, &sequence, NULL);
        hf_wr_b16(&c.w, (struct hf_bytes){data.p, CHUNK});
        HF_TRY(hf_tpm_call_run(tpm, &c));
        data.p += CHUNK;
        data.n -= CHUNK;
    }
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_SequenceComplete));
    hf_tpm_call_handle(&c, &sequence, NULL);
    hf_wr_b16(&c.w, data);
    hf_wr_u32be(&c.w, hierarchy);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    made = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_err(&c.r));
    HF_TRY(hf_buf_set(digest, made));
    return ticket ? hf_buf_set(ticket, hf_rd_rest(&c.r)) : HF_OK;
}

static hf_err feed_or_flush(struct hf_tpm *tpm, uint32_t handle, struct hf_bytes data, uint32_t hierarchy,
                            struct hf_buf *digest, struct hf_buf *ticket)
{
    hf_err err = feed(tpm, handle, data, hierarchy, digest, ticket);

    if (err != HF_OK && !tpm->dead) {
        char detail[512];
        uint32_t rc = hf_err_device_code();

        (void)strncpy(detail, hf_err_detail(), sizeof(detail) - 1);
        detail[sizeof(detail) - 1] = 0;
        hf_tpm_flush(tpm, handle);
        (void)hf_fail_device(err, rc, "%s", detail);
    }
    return err;
}

static hf_err in_sequence(struct hf_tpm *tpm, uint16_t hash, struct hf_bytes data, struct hf_buf *digest, struct hf_buf *ticket)
{
    struct start s = {hash};
    struct hf_tpm_call c;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_HashSequenceStart));
    HF_TRY(build_start(&c, &s));
    HF_TRY(hf_tpm_call_run(tpm, &c));
    return feed_or_flush(tpm, c.out_handle, data, TPM2_RH_OWNER, digest, ticket);
}

static hf_err at_once(struct hf_tpm *tpm, uint16_t hash, struct hf_bytes data, struct hf_buf *digest, struct hf_buf *ticket)
{
    struct hf_tpm_call c;
    struct hf_bytes made;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_Hash));
    hf_wr_b16(&c.w, data);
    hf_wr_u16be(&c.w, hash);
    hf_wr_u32be(&c.w, TPM2_RH_OWNER);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    made = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_err(&c.r));
    HF_TRY(hf_buf_set(digest, made));
    return ticket ? hf_buf_set(ticket, hf_rd_rest(&c.r)) : HF_OK;
}

hf_err hf_tpm_hash_ticket(struct hf_tpm *tpm, enum hf_hash_alg hash, struct hf_bytes data, struct hf_buf *digest,
                          struct hf_buf *ticket)
{
    hf_err err;

    if (hf_hash_size(hash) == 0)
        return hf_fail(HF_E_UNSUPPORTED, "hash algorithm 0x%04x is not known", (unsigned)hash);
    HF_TRY(hf_tpm_take(tpm));
    err = data.n <= CHUNK ? at_once(tpm, (uint16_t)hash, data, digest, ticket)
                          : in_sequence(tpm, (uint16_t)hash, data, digest, ticket);
    hf_tpm_give(tpm);
    return err;
}

hf_err hf_tpm_hash(struct hf_tpm *tpm, unsigned hash, struct hf_bytes data, struct hf_buf *out)
{
    return hf_tpm_hash_ticket(tpm, (enum hf_hash_alg)hash, data, out, NULL);
}

struct hmac {
    struct hf_bytes data;
    uint16_t hash;
};

static hf_err build_hmac(struct hf_tpm_call *c, void *arg)
{
    const struct hmac *h = arg;

    hf_wr_b16(&c->w, h->data);
    hf_wr_u16be(&c->w, h->hash);
    return HF_OK;
}

static hf_err hmac_at_once(struct hf_tpm_key *key, struct hmac *h, struct hf_buf *out)
{
    struct hf_tpm_call c;
    struct hf_bytes made;

    HF_TRY(hf_tpm_key_run(key, TPM2_CC_HMAC, build_hmac, h, &c));
    made = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    return hf_buf_set(out, made);
}

static hf_err hmac_in_sequence(struct hf_tpm_key *key, struct hmac *h, struct hf_buf *out)
{
    struct start s = {h->hash};
    struct hf_tpm_call c;

    HF_TRY(hf_tpm_key_run(key, TPM2_CC_HMAC_Start, build_start, &s, &c));
    return feed_or_flush(key->tpm, c.out_handle, h->data, TPM2_RH_NULL, out, NULL);
}

hf_err hf_tpm_hmac(struct hf_tpm_key *key, struct hf_bytes data, struct hf_buf *out)
{
    struct hmac h = {data, key->pub.parameters.keyedHashDetail.scheme.details.hmac.hashAlg};
    hf_err err;

    if (key->pub.type != TPM2_ALG_KEYEDHASH || key->pub.parameters.keyedHashDetail.scheme.scheme != TPM2_ALG_HMAC) {
        char name[16];

        hf_tpm_algorithm_name(&key->pub, name);
        return hf_fail(HF_E_KEY_TYPE, "a key of kind %s does no HMAC: take one made with --alg hmac", name);
    }
    HF_TRY(hf_tpm_take(key->tpm));
    err = data.n <= CHUNK ? hmac_at_once(key, &h, out) : hmac_in_sequence(key, &h, out);
    hf_tpm_give(key->tpm);
    return err;
}

#define RANDOM_CHUNK 32u /* never more than the largest digest comes at once (Part 3, 16.1) */
#define RANDOM_MAX ((size_t)1 << 20)

hf_err hf_tpm_random(struct hf_tpm *tpm, size_t n, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf all = {0};

    if (n > RANDOM_MAX)
        return hf_fail(HF_E_LIMIT, "%zu random bytes; at most %zu at a time", n, RANDOM_MAX);
    while (all.n < n) {
        size_t want = n - all.n < RANDOM_CHUNK ? n - all.n : RANDOM_CHUNK;
        struct hf_bytes got;
        struct hf_tpm_call c;

        HF_TRY(hf_tpm_call_start(&c, TPM2_CC_GetRandom));
        hf_wr_u16be(&c.w, (uint16_t)want);
        HF_TRY(hf_tpm_call_run(tpm, &c));
        got = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
        HF_TRY(hf_rd_end(&c.r));
        if (got.n == 0 || got.n > want)
            return hf_fail(HF_E_DEVICE, "TPM2_GetRandom: %zu bytes, where %zu were asked for", got.n, want);
        HF_TRY(hf_buf_add(&all, got));
    }
    return hf_buf_set(out, hf_buf_bytes(&all));
}
