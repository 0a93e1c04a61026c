/* A hash table of facts, open addressing, emptied of the longest unused when it is over its limit. */
#include "verify/cache.h"
#include "base/alloc.h"
#include "base/cleanup.h"

#include <stdlib.h>

#define SLOTS 64 /* at the start */

struct entry {
    bool used;
    enum hf_fact fact;
    uint8_t key[32];
    void *object;
    void (*free_object)(void *address);
    uint64_t last; /* verification of its last use */
};

struct hf_cache {
    size_t max;
    size_t n;
    size_t slots; /* a power of two, at least twice n */
    size_t most;  /* slots that it grows to: more than twice max at every begin */
    struct entry *entry;
    uint64_t round;
    uint64_t hits, misses;
};

hf_err hf_cache_new(size_t max, struct hf_cache **out)
{
    HF_CLEANUP(hf_cache_free) struct hf_cache *c = NULL;

    HF_TRY(hf_alloc(sizeof(*c), &c));
    c->max = max < 16 ? 16 : max;
    for (c->most = SLOTS; c->most < 4 * c->max; c->most *= 2)
        ;
    c->slots = SLOTS;
    HF_TRY(hf_alloc(c->slots * sizeof(*c->entry), &c->entry));
    *out = hf_take(c);
    return HF_OK;
}

static void drop(struct entry *e)
{
    if (e->free_object)
        e->free_object((void *)&e->object);
    *e = (struct entry){0};
}

void hf_cache_free(struct hf_cache **cache)
{
    struct hf_cache *c = *cache;

    if (!c)
        return;
    for (size_t i = 0; c->entry && i < c->slots; i++) {
        if (c->entry[i].used)
            drop(&c->entry[i]);
    }
    hf_free(&c->entry);
    hf_free(cache);
}

/* The slot of a key, or the empty one where it would go. Keys are hashes already: their first bytes do. */
static struct entry *find(const struct hf_cache *c, enum hf_fact fact, const uint8_t key[32])
{
    size_t at;

    memcpy(&at, key, sizeof(at));
    for (at += (size_t)fact * 0x9e3779b97f4a7c15U;; at++) {
        struct entry *e = &c->entry[at & (c->slots - 1)];

        if (!e->used || (e->fact == fact && memcmp(e->key, key, sizeof(e->key)) == 0))
            return e;
    }
}

/* Twice the slots, where there may be more. */
static hf_err grow(struct hf_cache *c)
{
    struct hf_cache larger = *c;

    if (c->slots == c->most) /* one verification brought more than fits */
        return hf_fail(HF_E_MEMORY, "the cache is full until the next verification");
    larger.slots *= 2;
    larger.entry = NULL;
    HF_TRY(hf_alloc(larger.slots * sizeof(*larger.entry), &larger.entry));
    for (size_t i = 0; i < c->slots; i++) {
        if (c->entry[i].used)
            *find(&larger, c->entry[i].fact, c->entry[i].key) = c->entry[i];
    }
    hf_free(&c->entry);
    *c = larger;
    return HF_OK;
}

static int newest_first(const void *a, const void *b)
{
    uint64_t x = ((const struct entry *)a)->last, y = ((const struct entry *)b)->last;

    return x < y ? 1 : x > y ? -1 : 0;
}

/* Keep the newer half: so this is paid for once in max/2 new entries. */
static void shrink(struct hf_cache *c)
{
    struct entry *all = NULL;
    size_t n = 0;

    if (hf_alloc(c->n * sizeof(*all), &all) != HF_OK) { /* without room to sort: everything goes */
        for (size_t i = 0; i < c->slots; i++) {
            if (c->entry[i].used)
                drop(&c->entry[i]);
        }
        c->n = 0;
        return;
    }
    for (size_t i = 0; i < c->slots; i++) {
        if (c->entry[i].used)
            all[n++] = c->entry[i];
        c->entry[i] = (struct entry){0};
    }
    qsort(all, n, sizeof(*all), newest_first);
    c->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (i < c->max / 2) {
            *find(c, all[i].fact, all[i].key) = all[i];
            c->n++;
        } else {
            drop(&all[i]);
        }
    }
    hf_free(&all);
}

void hf_cache_begin(struct hf_cache *cache)
{
    if (!cache)
        return;
    cache->round++;
    if (cache->n > cache->max)
        shrink(cache);
}

bool hf_cache_get(struct hf_cache *cache, enum hf_fact fact, const uint8_t key[32], void **object)
{
    struct entry *e = cache ? find(cache, fact, key) : NULL;

    if (!e || !e->used) {
        if (cache)
            cache->misses++;
        return false;
    }
    cache->hits++;
    e->last = cache->round;
    if (object)
        *object = e->object;
    return true;
}

hf_err hf_cache_put(struct hf_cache *cache, enum hf_fact fact, const uint8_t key[32], void *object,
                    void (*free_object)(void *address))
{
    struct entry *e;

    if (!cache)
        return hf_fail(HF_E_UNAVAILABLE, "there is no cache");
    if (cache->n >= cache->slots / 2)
        HF_TRY(grow(cache));
    e = find(cache, fact, key);
    if (e->used) {
        e->last = cache->round;
        if (free_object && object != e->object)
            free_object((void *)&object);
        return HF_OK;
    }
    *e = (struct entry){true, fact, {0}, object, free_object, cache->round};
    memcpy(e->key, key, sizeof(e->key));
    cache->n++;
    return HF_OK;
}

void hf_cache_counts(const struct hf_cache *cache, uint64_t *hits, uint64_t *misses)
{
    *hits = cache ? cache->hits : 0;
    *misses = cache ? cache->misses : 0;
}
