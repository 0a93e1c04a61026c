/*
 * Positive facts that do not depend on time, by the SHA-256 of the bytes they are about: "this certificate's
 * signature is that key's", "this leaf chains to that root", "this QE report is signed by that PCK", a key that was
 * prepared. Dates, revocation, policy and nonces are never cached: they are judged anew each time.
 *
 * A cache serves one thread. It holds at most `max` entries; the longest unused go first, at the start of a
 * verification only, so that what was looked up stays valid until the verification ends. A NULL cache is an empty
 * one that keeps nothing: hf_cache_put then says so, and the caller keeps its object.
 */
#ifndef HF_VERIFY_CACHE_H
#define HF_VERIFY_CACHE_H

#include "base/bytes.h"

/* What an entry is about: the same hash under two of these is two entries. */
enum hf_fact {
    HF_FACT_LINK,     /* SHA-256(child DER || issuer SPKI): the signature is good; no object */
    HF_FACT_DOCUMENT, /* SHA-256(document || signer's SPKI): signed so; no object */
    HF_FACT_CERTS,    /* SHA-256(chain as it came): struct hf_certs * */
    HF_FACT_CHAIN,    /* SHA-256(chain as it came || root set): a chain found good but for its dates */
    HF_FACT_KEY,      /* SHA-256(raw public key): struct hf_pubkey * */
    HF_FACT_QE,       /* SGX, TDX: what is proved of a QE report, its AK and its PCK */
    HF_FACT_OTHER,    /* the format's own: begin what is hashed with its name */
};

struct hf_cache;

/* At most `max` entries, 16 at least. */
hf_err hf_cache_new(size_t max, struct hf_cache **out);
void hf_cache_free(struct hf_cache **cache);

/* Begin a verification: entries over the limit go. */
void hf_cache_begin(struct hf_cache *cache);

/* Is the fact there? *object is what was put with it (NULL where nothing was), valid until the next begin. */
bool hf_cache_get(struct hf_cache *cache, enum hf_fact fact, const uint8_t key[32], void **object);

/* Keep a fact; `free_object` (NULL for none) is called with the object's address when it goes. On success the object
 * is the cache's. HF_E_UNAVAILABLE for a NULL cache, HF_E_MEMORY: it stays the caller's. Putting a fact that is
 * there already keeps the older object and frees the newer. */
hf_err hf_cache_put(struct hf_cache *cache, enum hf_fact fact, const uint8_t key[32], void *object,
                    void (*free_object)(void *address));

/* Hits and misses since it was made, for tests and benchmarks. */
void hf_cache_counts(const struct hf_cache *cache, uint64_t *hits, uint64_t *misses);

#endif
