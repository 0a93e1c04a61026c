/*
 * Secrets: one locked arena for the small ones, a locked mapping of its own for each large one.
 * Locked against swapping (mlock), kept out of core dumps (MADV_DONTDUMP), wiped when freed.
 */
#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define ARENA_SIZE ((size_t)128 * 1024)
#define GRAIN ((size_t)64)
#define GRAINS (ARENA_SIZE / GRAIN)
#define LARGE (ARENA_SIZE / 8)
#define SECRET_MAX ((size_t)1 << 20)

struct hf_secret {
    uint8_t *p;
    size_t n;
    size_t mapped; /* bytes of its own mapping, or 0 when it lives in the arena */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t *arena;
static uint8_t used[GRAINS]; /* 1 where a grain of the arena is taken */
static atomic_bool unlocked; /* the system refused to lock something */

static uint8_t *map_locked(size_t n)
{
    uint8_t *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    (void)madvise(p, n, MADV_DONTDUMP);
    if (mlock(p, n) != 0 && !atomic_exchange(&unlocked, true))
        hf_log(HF_LOG_WARNING, "secret.unlocked", "bytes=%zu reason=RLIMIT_MEMLOCK", n);
    return p;
}

static size_t grains_of(size_t n)
{
    return n ? (n + GRAIN - 1) / GRAIN : 1;
}

/* First fit; NULL when the arena has no run that long. The lock is held. */
static uint8_t *arena_take(size_t n)
{
    size_t want = grains_of(n);
    size_t run = 0;

    if (!arena && !(arena = map_locked(ARENA_SIZE)))
        return NULL;
    for (size_t i = 0; i < GRAINS; i++) {
        run = used[i] ? 0 : run + 1;
        if (run == want) {
            memset(&used[i + 1 - want], 1, want);
            return arena + (i + 1 - want) * GRAIN;
        }
    }
    return NULL;
}

hf_err hf_secret_new_zero(size_t n, uint8_t **place, struct hf_secret **out)
{
    HF_CLEANUP(hf_free) struct hf_secret *s = NULL;

    if (n > SECRET_MAX)
        return hf_fail(HF_E_LIMIT, "a secret of %zu bytes exceeds the limit of %zu", n, SECRET_MAX);
    HF_TRY(hf_alloc(sizeof(*s), &s));
    s->n = n;
    if (n <= LARGE) {
        (void)pthread_mutex_lock(&lock);
        s->p = arena_take(n);
        (void)pthread_mutex_unlock(&lock);
    }
    if (!s->p) {
        s->mapped = n ? n : 1;
        s->p = map_locked(s->mapped);
    }
    if (!s->p)
        return hf_fail(HF_E_MEMORY, "no memory for a secret of %zu bytes", n);
    *place = s->p;
    *out = hf_take(s);
    return HF_OK;
}

hf_err hf_secret_new(struct hf_bytes bytes, struct hf_secret **out)
{
    uint8_t *place = NULL;

    HF_TRY(hf_secret_new_zero(bytes.n, &place, out));
    if (bytes.n)
        memcpy(place, bytes.p, bytes.n);
    return HF_OK;
}

struct hf_bytes hf_secret_expose(const struct hf_secret *s)
{
    return s ? (struct hf_bytes){s->p, s->n} : (struct hf_bytes){NULL, 0};
}

bool hf_secret_equal(const struct hf_secret *s, struct hf_bytes b)
{
    struct hf_bytes a = hf_secret_expose(s);
    volatile uint8_t diff = 0;

    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        diff = (uint8_t)(diff | (a.p[i] ^ b.p[i]));
    return diff == 0;
}

void hf_wipe(void *place, size_t n)
{
    explicit_bzero(place, n);
}

void hf_secret_free(struct hf_secret **s)
{
    struct hf_secret *gone = *s;

    *s = NULL;
    if (!gone)
        return;
    hf_wipe(gone->p, gone->n);
    if (gone->mapped) {
        (void)munmap(gone->p, gone->mapped);
    } else {
        (void)pthread_mutex_lock(&lock);
        memset(&used[(size_t)(gone->p - arena) / GRAIN], 0, grains_of(gone->n));
        (void)pthread_mutex_unlock(&lock);
    }
    hf_free(&gone);
}

bool hf_secret_locked(void)
{
    return !atomic_load(&unlocked);
}
