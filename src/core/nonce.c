/* Nonces that are used once, evidence that is seen once. */
#include "core/nonce.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "crypto/cipher.h"
#include "crypto/hash.h"

static const char *const states[] = {
    [HF_NONCE_FRESH] = "fresh", [HF_NONCE_USED] = "used",       [HF_NONCE_EXPIRED] = "expired",
    [HF_NONCE_OTHER] = "other", [HF_NONCE_UNKNOWN] = "unknown",
};

const char *hf_nonce_state_name(enum hf_nonce_state state)
{
    return (size_t)state < HF_COUNT(states) ? states[state] : "unknown";
}

/* The store keeps the hash: who reads it learns no nonce that could still be used. */
static hf_err nonce_id(struct hf_bytes nonce, struct hf_digest *out)
{
    if (nonce.n < HF_NONCE_MIN || nonce.n > HF_NONCE_MAX)
        return hf_fail(HF_E_ARG, "a nonce of %zu bytes: %d to %d are issued", nonce.n, HF_NONCE_MIN, HF_NONCE_MAX);
    return hf_hash_one(HF_SHA256, nonce, out);
}

static hf_err check_purpose(const char *purpose)
{
    size_t n = strlen(purpose);

    if (n > HF_NONCE_PURPOSE_MAX)
        return hf_fail(HF_E_ARG, "a purpose of %zu bytes: at most %u", n, HF_NONCE_PURPOSE_MAX);
    return HF_OK;
}

/* ---- issue ---- */

struct issue {
    const struct hf_nonce_spec *spec;
    hf_time now;
    struct hf_bytes nonces; /* all of them */
};

static hf_err make_room(struct hf_store *store, const struct issue *is)
{
    uint64_t max = is->spec->max ? is->spec->max : HF_NONCE_ENTRIES;
    struct hf_value now = hf_value_int(is->now);
    int64_t there = 0;

    HF_TRY(hf_store_run(store, HF_STMT_NONCE_PURGE, &now, NULL));
    HF_TRY(hf_store_number(store, HF_STMT_NONCE_COUNT, NULL, &there));
    if ((uint64_t)there + is->spec->count > max) {
        HF_TRY(hf_store_run(store, HF_STMT_NONCE_PURGE_DEAD, &now, NULL));
        HF_TRY(hf_store_number(store, HF_STMT_NONCE_COUNT, NULL, &there));
    }
    if ((uint64_t)there + is->spec->count > max)
        return hf_fail(HF_E_FULL, "%lld nonces are out, and %zu more would pass the limit of %llu", (long long)there,
                       is->spec->count, (unsigned long long)max);
    return HF_OK;
}

static hf_err issue(struct hf_store *store, void *arg)
{
    const struct issue *is = arg;
    const struct hf_nonce_spec *spec = is->spec;

    HF_TRY(make_room(store, is));
    for (size_t i = 0; i < spec->count; i++) {
        struct hf_digest id;
        struct hf_value args[5];

        HF_TRY(nonce_id((struct hf_bytes){is->nonces.p + i * spec->bytes, spec->bytes}, &id));
        args[0] = hf_value_blob(hf_digest_bytes(&id));
        args[1] = hf_value_text(spec->purpose ? spec->purpose : "");
        args[2] = hf_value_int(is->now);
        args[3] = hf_value_int(is->now + spec->ttl_s);
        args[4] = hf_value_int(is->now + 2 * (int64_t)spec->ttl_s);
        HF_TRY(hf_store_run(store, HF_STMT_NONCE_ADD, args, NULL));
    }
    return HF_OK;
}

hf_err hf_nonce_issue(struct hf_store *store, const struct hf_nonce_spec *spec, hf_time now, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf fresh = {0};
    struct issue is = {.spec = spec, .now = now};
    uint8_t *place = NULL;

    if (spec->bytes < HF_NONCE_MIN || spec->bytes > HF_NONCE_MAX)
        return hf_fail(HF_E_ARG, "nonces of %zu bytes: %d to %d are possible", spec->bytes, HF_NONCE_MIN, HF_NONCE_MAX);
    if (spec->count == 0 || spec->count > HF_NONCE_COUNT_MAX)
        return hf_fail(HF_E_ARG, "%zu nonces: 1 to %u in one go", spec->count, HF_NONCE_COUNT_MAX);
    if (spec->ttl_s == 0 || spec->ttl_s > HF_NONCE_TTL_MAX)
        return hf_fail(HF_E_ARG, "nonces for %u s: 1 to %u", (unsigned)spec->ttl_s, HF_NONCE_TTL_MAX);
    HF_TRY(check_purpose(spec->purpose ? spec->purpose : ""));
    HF_TRY(hf_buf_grow(&fresh, spec->bytes * spec->count, &place));
    HF_TRY(hf_random(place, fresh.n));
    is.nonces = hf_buf_bytes(&fresh);
    HF_TRY(hf_store_do(store, HF_STORE_GROUP, issue, &is)); /* one that a power loss forgets is refused later */
    return hf_buf_move(&fresh, out);
}

/* ---- burn ---- */

struct burn {
    struct hf_digest id;
    const char *purpose;
    hf_time now;
    struct hf_nonce_answer *answer;
};

/* Why it was not fresh. */
static hf_err explain(void *arg, const struct hf_value *column, size_t n)
{
    const struct burn *b = arg;
    struct hf_nonce_answer *a = b->answer;

    if (n != 4)
        return hf_fail(HF_E_INTERNAL, "%zu columns of a nonce", n);
    a->issued_at = column[1].number;
    a->expires_at = column[2].number;
    a->used_at = column[3].number; /* 0 for NULL */
    if (!hf_bytes_equal(column[0].bytes, hf_bytes_text(b->purpose)))
        *a = (struct hf_nonce_answer){.state = HF_NONCE_OTHER}; /* the rest is for those it was issued for */
    else
        a->state = column[3].kind != HF_VALUE_NULL ? HF_NONCE_USED : HF_NONCE_EXPIRED;
    return HF_OK;
}

static hf_err burn(struct hf_store *store, void *arg)
{
    struct burn *b = arg;
    struct hf_value id = hf_value_blob(hf_digest_bytes(&b->id));
    struct hf_value args[] = {hf_value_int(b->now), id, hf_value_text(b->purpose)};
    uint64_t changed = 0;

    *b->answer = (struct hf_nonce_answer){.state = HF_NONCE_UNKNOWN};
    HF_TRY(hf_store_run(store, HF_STMT_NONCE_BURN, args, &changed));
    if (changed == 1) {
        *b->answer = (struct hf_nonce_answer){.state = HF_NONCE_FRESH, .used_at = b->now};
        return HF_OK;
    }
    return hf_store_query(store, HF_STMT_NONCE_SHOW, &id, explain, b);
}

static hf_err say(const struct hf_nonce_answer *a)
{
    char when[HF_TIME_TEXT];

    switch (a->state) {
    case HF_NONCE_FRESH:
        return HF_OK;
    case HF_NONCE_USED:
        hf_time_write(a->used_at, when);
        return hf_fail(HF_E_MISMATCH, "the nonce was used at %s", when);
    case HF_NONCE_EXPIRED:
        hf_time_write(a->expires_at, when);
        return hf_fail(HF_E_MISMATCH, "the nonce expired at %s", when);
    case HF_NONCE_OTHER:
        return hf_fail(HF_E_MISMATCH, "the nonce was issued for another purpose");
    case HF_NONCE_UNKNOWN:
        break;
    }
    return hf_fail(HF_E_MISMATCH, "the nonce is unknown: never issued here, or long over");
}

hf_err hf_nonce_burn(struct hf_store *store, struct hf_bytes nonce, const char *purpose, hf_time now,
                     struct hf_nonce_answer *out)
{
    struct hf_nonce_answer answer;
    struct burn b = {.purpose = purpose ? purpose : "", .now = now, .answer = &answer};

    HF_TRY(check_purpose(b.purpose));
    HF_TRY(nonce_id(nonce, &b.id));
    HF_TRY(hf_store_do(store, HF_STORE_DURABLE, burn, &b));
    *out = answer;
    return say(out);
}

struct burn_many {
    const struct hf_value *args;
    size_t n;
    uint64_t *changed;
};

static hf_err burn_many(struct hf_store *store, void *arg)
{
    const struct burn_many *b = arg;

    return hf_store_run_many(store, HF_STMT_NONCE_BURN, b->args, b->n, b->changed);
}

hf_err hf_nonce_burn_many(struct hf_store *store, const struct hf_bytes *nonces, size_t n, const char *purpose,
                          hf_time now, bool *fresh)
{
    HF_CLEANUP(hf_free) struct hf_digest *id = NULL;
    HF_CLEANUP(hf_free) struct hf_value *args = NULL;
    HF_CLEANUP(hf_free) uint64_t *changed = NULL;

    if (!purpose)
        purpose = "";
    HF_TRY(check_purpose(purpose));
    if (n == 0)
        return HF_OK;
    HF_TRY(hf_alloc(n * sizeof(*id), &id));
    HF_TRY(hf_alloc(n * 3 * sizeof(*args), &args));
    HF_TRY(hf_alloc(n * sizeof(*changed), &changed));
    for (size_t i = 0; i < n; i++) {
        HF_TRY(nonce_id(nonces[i], &id[i]));
        args[3 * i] = hf_value_int(now);
        args[3 * i + 1] = hf_value_blob(hf_digest_bytes(&id[i]));
        args[3 * i + 2] = hf_value_text(purpose);
    }
    HF_TRY(hf_store_do(store, HF_STORE_DURABLE, burn_many, &(struct burn_many){args, n, changed}));
    for (size_t i = 0; i < n; i++)
        fresh[i] = changed[i] == 1;
    return HF_OK;
}

/* ---- evidence seen ---- */

hf_err hf_replay_id(struct hf_bytes nonce, hf_time timestamp, struct hf_bytes evidence, uint8_t out[32])
{
    uint64_t fixed[3] = {nonce.n, (uint64_t)timestamp, evidence.n};
    uint8_t sizes[24];
    struct hf_bytes parts[] = {HF_BYTES_OF(sizes), nonce, evidence};
    struct hf_digest id;

    for (size_t i = 0; i < sizeof(sizes); i++)
        sizes[i] = (uint8_t)(fixed[i / 8] >> (56 - 8 * (i % 8)));
    HF_TRY(hf_hash(HF_SHA256, parts, HF_COUNT(parts), &id));
    memcpy(out, id.bytes, 32);
    return HF_OK;
}

struct seen {
    const uint8_t *id;
    uint32_t max_age_s;
    uint64_t max;
    hf_time now;
    struct hf_nonce_answer *answer;
};

static hf_err see(struct hf_store *store, void *arg)
{
    const struct seen *s = arg;
    struct hf_value now = hf_value_int(s->now);
    struct hf_value id = hf_value_blob((struct hf_bytes){s->id, 32});
    struct hf_value args[] = {id, now, hf_value_int(s->now + 2 * (int64_t)s->max_age_s)};
    uint64_t changed = 0;
    int64_t there = 0;

    *s->answer = (struct hf_nonce_answer){.state = HF_NONCE_FRESH, .used_at = s->now};
    HF_TRY(hf_store_run(store, HF_STMT_SEEN_PURGE, &now, NULL));
    HF_TRY(hf_store_run(store, HF_STMT_SEEN_ADD, args, &changed));
    if (changed == 0) {
        s->answer->state = HF_NONCE_USED;
        return hf_store_number(store, HF_STMT_SEEN_SHOW, &id, &s->answer->used_at);
    }
    HF_TRY(hf_store_number(store, HF_STMT_SEEN_COUNT, NULL, &there));
    if ((uint64_t)there > s->max)
        return hf_fail(HF_E_FULL, "%llu pieces of evidence are remembered, none older than twice %u s: more could be "
                                  "replayed unseen",
                       (unsigned long long)s->max, (unsigned)s->max_age_s);
    return HF_OK;
}

hf_err hf_replay_check(struct hf_store *store, const uint8_t id[32], uint32_t max_age_s, uint64_t max, hf_time now,
                       struct hf_nonce_answer *out)
{
    struct hf_nonce_answer answer;
    struct seen s = {id, max_age_s, max ? max : HF_NONCE_ENTRIES, now, &answer};
    char when[HF_TIME_TEXT];

    HF_TRY(hf_store_do(store, HF_STORE_DURABLE, see, &s));
    *out = answer;
    if (answer.state == HF_NONCE_FRESH)
        return HF_OK;
    hf_time_write(answer.used_at, when);
    return hf_fail(HF_E_MISMATCH, "a replay: this evidence was seen at %s", when);
}
