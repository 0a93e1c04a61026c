/*
 * Nonces that are used once, and evidence that is seen once. Both hold under any concurrency, on one machine or many,
 * by the store's constraints: of those who burn a nonce at the same time exactly one is told that it was fresh.
 *
 * A nonce is issued for a purpose and a time. What is forgotten is refused: forgetting an issued nonce can only make
 * a good answer be refused, so used and expired ones are dropped after a while. Evidence that was seen must not be
 * forgotten while it would still be accepted, so there a full store refuses.
 */
#ifndef HF_CORE_NONCE_H
#define HF_CORE_NONCE_H

#include "base/clock.h"
#include "core/core.h"
#include "store/store.h"

#define HF_NONCE_MIN 16 /* bytes */
#define HF_NONCE_MAX 64
#define HF_NONCE_TTL 300 /* seconds */
#define HF_NONCE_TTL_MAX (30u * 86400)
#define HF_NONCE_ENTRIES 10000u    /* kept at most, unless said otherwise */
#define HF_NONCE_COUNT_MAX 10000u  /* issued in one go */
#define HF_NONCE_PURPOSE_MAX 255u  /* bytes */

struct hf_nonce_spec {
    size_t bytes;        /* of each */
    size_t count;        /* how many */
    uint32_t ttl_s;      /* valid for so long, and forgotten after twice as long */
    const char *purpose; /* NULL: "" */
    uint64_t max;        /* entries that the store keeps; 0: HF_NONCE_ENTRIES */
};

/* What became of a nonce, or of evidence. */
struct hf_nonce_answer {
    enum hf_nonce_state {
        HF_NONCE_FRESH,   /* and burned by this very call */
        HF_NONCE_USED,    /* at used_at */
        HF_NONCE_EXPIRED, /* at expires_at */
        HF_NONCE_OTHER,   /* issued for another purpose; it stays as it is */
        HF_NONCE_UNKNOWN, /* never issued here, or forgotten */
    } state;
    hf_time issued_at, expires_at, used_at; /* 0 where not known */
};

/* "fresh", "used", .... Never NULL. */
const char *hf_nonce_state_name(enum hf_nonce_state state);

/* ---- on a store ---- */

/*
 * Fresh random nonces, one behind the other in *out.
 *   HF_E_FULL  the store keeps spec->max that are neither used nor expired
 */
hf_err hf_nonce_issue(struct hf_store *store, const struct hf_nonce_spec *spec, hf_time now, struct hf_buf *out);

/* Use a nonce up, on disk before this returns. HF_OK: it was fresh; HF_E_MISMATCH: it was not, *out says why. Any other
 * failure: take it for used. */
hf_err hf_nonce_burn(struct hf_store *store, struct hf_bytes nonce, const char *purpose, hf_time now,
                     struct hf_nonce_answer *out);

/* The same for many in one transaction; fresh[i] says how it went for each. */
hf_err hf_nonce_burn_many(struct hf_store *store, const struct hf_bytes *nonces, size_t n, const char *purpose,
                          hf_time now, bool *fresh);

/* What names a piece of evidence: SHA-256 over nonce, time (seconds) and the evidence, and their lengths. */
hf_err hf_replay_id(struct hf_bytes nonce, hf_time timestamp, struct hf_bytes evidence, uint8_t out[32]);

/*
 * Note evidence as seen, on disk before this returns; it is remembered for twice `max_age_s`, the age up to which it
 * would be accepted. HF_OK: it is new; HF_E_MISMATCH: a replay, of what was seen at out->used_at.
 *   HF_E_FULL  `max` (0: HF_NONCE_ENTRIES) are remembered, none of which may be forgotten yet
 */
hf_err hf_replay_check(struct hf_store *store, const uint8_t id[32], uint32_t max_age_s, uint64_t max, hf_time now,
                       struct hf_nonce_answer *out);

/* ---- operations, on the core's store and clock ---- */

hf_err hf_core_nonce_new(struct hf_core *core, const struct hf_who *who, const struct hf_nonce_spec *spec,
                         struct hf_buf *out);
/* *out is filled in with HF_E_MISMATCH too. */
hf_err hf_core_nonce_burn(struct hf_core *core, const struct hf_who *who, struct hf_bytes nonce, const char *purpose,
                          struct hf_nonce_answer *out);
hf_err hf_core_replay_check(struct hf_core *core, const struct hf_who *who, const uint8_t id[32], uint32_t max_age_s,
                            uint64_t max, struct hf_nonce_answer *out);

#endif
