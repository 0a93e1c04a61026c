/* Replay of IMA lists. Linux security/integrity/ima: ima_queue.c (extend), ima_crypto.c (template digests). */
#include "base/cleanup.h"
#include "crypto/hash.h"
#include "evidence/ima.h"
#include "evidence/pcr.h"

#include <holdfast/eventlog.h>

struct replay {
    enum hf_hash_alg alg;
    size_t size;
    unsigned pcr;
    struct hf_bytes want;
    struct hf_ima ima; /* as far as replayed */
    struct hf_ima hit; /* as it was when the wanted value was there */
};

/* The hash a list's own digests are of: 32 bytes are SHA-256 or SM3-256, whichever fits. */
static hf_err digest_fits(const struct hf_ima_entry *entry, bool *fits)
{
    static const enum hf_hash_alg algs[] = {HF_SHA1, HF_SHA256, HF_SM3_256, HF_SHA384, HF_SHA512};

    *fits = false;
    for (size_t i = 0; i < HF_COUNT(algs) && !*fits; i++) {
        struct hf_digest digest;

        if (hf_hash_size(algs[i]) != entry->digest.n)
            continue;
        HF_TRY(hf_hash(algs[i], entry->part, entry->n_parts, &digest));
        *fits = hf_bytes_equal(hf_digest_bytes(&digest), hf_digest_bytes(&entry->digest));
    }
    return HF_OK;
}

/* What the kernel extends: since 5.8 the bank's own hash of the data, before that SHA-1 in every bank. A
 * list that has digests of the bank's size says itself what was extended. Ones stand for a violation. */
static hf_err extended(const struct replay *r, const struct hf_ima_entry *entry, bool padded, struct hf_digest *out)
{
    enum hf_hash_alg alg = padded ? HF_SHA1 : r->alg;
    size_t size = hf_hash_size(alg);

    if (entry->violation)
        memset(out->bytes, 0xff, size);
    else if (entry->digest.n == size)
        memcpy(out->bytes, entry->digest.bytes, size);
    else
        HF_TRY(hf_hash(alg, entry->part, entry->n_parts, out));
    memset(out->bytes + size, 0, HF_DIGEST_MAX - size);
    out->n = r->size;
    return HF_OK;
}

static hf_err extend(const struct replay *r, uint8_t *value, const struct hf_digest *with)
{
    struct hf_bytes parts[2] = {{value, r->size}, {with->bytes, with->n}};
    struct hf_digest next;

    HF_TRY(hf_hash(r->alg, parts, 2, &next));
    memcpy(value, next.bytes, next.n);
    return HF_OK;
}

static void look_for_want(struct replay *r)
{
    struct hf_ima *ima = &r->ima;
    bool exact, padded;

    if (r->hit.matches || r->want.n == 0)
        return;
    exact = memcmp(ima->state.exact, r->want.p, r->size) == 0;
    padded = memcmp(ima->state.padded, r->want.p, r->size) == 0;
    if (!exact && !padded)
        return;
    r->hit = *ima;
    r->hit.matches = true;
    r->hit.matched = ima->state.entries;
    r->hit.padded = !exact;
    memcpy(r->hit.value, r->want.p, r->size);
}

static hf_err replay_entry(struct replay *r, const struct hf_ima_entry *entry, uint64_t behind)
{
    struct hf_ima *ima = &r->ima;
    struct hf_digest digest;
    bool fits;

    ima->state.offset = behind;
    if (entry->pcr != r->pcr) {
        ima->state.other_pcr++;
        ima->other_pcr++;
        return HF_OK;
    }
    HF_TRY(extended(r, entry, false, &digest));
    HF_TRY(extend(r, ima->state.exact, &digest));
    if (r->alg != HF_SHA1) {
        HF_TRY(extended(r, entry, true, &digest));
        HF_TRY(extend(r, ima->state.padded, &digest));
    } else {
        memcpy(ima->state.padded, ima->state.exact, r->size);
    }
    if (entry->violation) {
        ima->violations++;
    } else {
        HF_TRY(digest_fits(entry, &fits));
        if (!fits && ima->differ++ == 0)
            ima->first_differ = entry->number;
    }
    ima->state.entries++;
    ima->entries++;
    look_for_want(r);
    return HF_OK;
}

static hf_err replay_list(struct replay *r, struct hf_ima_list *list, const struct hf_ima *from)
{
    struct hf_ima_entry entry;

    if (from) {
        r->ima = (struct hf_ima){
            .entries = from->state.entries,
            .other_pcr = from->state.other_pcr,
            .violations = from->violations,
            .differ = from->differ,
            .first_differ = from->first_differ,
            .state = from->state,
        };
        HF_TRY(hf_ima_list_seek(list, from->state.offset, from->state.entries + from->state.other_pcr));
    }
    look_for_want(r);
    while (hf_ima_list_next(list, &entry))
        HF_TRY(replay_entry(r, &entry, hf_rd_at(&list->r)));
    return hf_ima_list_end(list);
}

hf_err hf_ima_replay(struct hf_bytes bytes, unsigned pcr, uint16_t alg, struct hf_bytes want, const struct hf_ima *from,
                     struct hf_ima *out)
{
    HF_CLEANUP(hf_ima_list_close) struct hf_ima_list list = {0};
    struct replay r = {
        .alg = (enum hf_hash_alg)alg, .size = hf_hash_size((enum hf_hash_alg)alg), .pcr = pcr, .want = want};
    uint32_t entries;

    if (r.size == 0)
        return hf_fail(HF_E_UNSUPPORTED, "PCR bank 0x%04x is of an unknown hash", alg);
    if (want.n && want.n != r.size)
        return hf_fail(HF_E_ARG, "the wanted value has %zu bytes; the bank's have %zu", want.n, r.size);
    HF_TRY(hf_ima_list_open(bytes, &list));
    HF_TRY(replay_list(&r, &list, from));
    entries = r.ima.entries;
    if (r.hit.matches) {
        *out = r.hit;
        out->entries = entries;
        return HF_OK;
    }
    memcpy(r.ima.value, r.ima.state.exact, r.size);
    *out = r.ima;
    if (want.n)
        return hf_fail(HF_E_MISMATCH, "no point of the %u entries gives the wanted value", entries);
    return HF_OK;
}
