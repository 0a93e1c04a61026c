/* The cache: files by their hash, an index, a lock that makes writers take turns. */
#include "collateral/cache.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "collateral/index.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define LOCK_WAIT_MS 10000u

struct hf_collateral {
    int dir;
};

hf_err hf_collateral_open(int state_dir, struct hf_collateral **out)
{
    HF_CLEANUP(hf_collateral_close) struct hf_collateral *cache = NULL;

    HF_TRY(hf_alloc(sizeof(*cache), &cache));
    cache->dir = -1;
    if (mkdirat(state_dir, HF_COLLATERAL_FOLDER, 0700) != 0 && errno != EEXIST)
        return hf_fail_errno(HF_COLLATERAL_FOLDER);
    HF_TRY(hf_open_beneath(state_dir, HF_COLLATERAL_FOLDER, O_RDONLY | O_DIRECTORY, 0, &cache->dir));
    *out = hf_take(cache);
    return HF_OK;
}

void hf_collateral_close(struct hf_collateral **cache)
{
    if (*cache)
        hf_fd_close(&(*cache)->dir);
    hf_free(cache);
}

int hf_collateral_dir(const struct hf_collateral *cache)
{
    return cache->dir;
}

/* Writers take turns; *fd ends the turn when it is closed. */
static hf_err lock(const struct hf_collateral *cache, int *fd)
{
    HF_CLEANUP(hf_fd_close) int own = -1;
    uint64_t until = hf_monotonic_ms() + LOCK_WAIT_MS;

    HF_TRY(hf_open_beneath(cache->dir, "lock", O_RDWR | O_CREAT, 0600, &own));
    while (flock(own, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return hf_fail_errno("lock of the collateral cache");
        if (hf_monotonic_ms() >= until)
            return hf_fail(HF_E_BUSY, "the collateral cache is held by another process for %u ms", LOCK_WAIT_MS);
        (void)nanosleep(&(const struct timespec){.tv_nsec = 5000000}, NULL);
    }
    *fd = hf_fd_take(&own);
    return HF_OK;
}

/* The entry's file, if it is what its name says. HF_E_INTEGRITY, HF_E_NOT_FOUND. */
static hf_err read_file(const struct hf_collateral *cache, const struct hf_collateral_entry *e, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    char seen[65];

    HF_TRY(hf_file_read_at(cache->dir, e->sha256, HF_COLLATERAL_ITEM_MAX, &bytes));
    HF_TRY(hf_collateral_id(hf_buf_bytes(&bytes), seen));
    if (strcmp(seen, e->sha256) != 0)
        return hf_fail(HF_E_INTEGRITY, "%s: its bytes have the SHA-256 %.16s..., its name says %.16s...", e->url, seen,
                       e->sha256);
    return hf_buf_add(out, hf_buf_bytes(&bytes));
}

/* An entry whose file is gone or damaged: out with it, unless somebody put it right meanwhile. */
static hf_err forget(struct hf_collateral *cache, const struct hf_collateral_entry *e)
{
    HF_CLEANUP(hf_fd_close) int turn = -1;
    HF_CLEANUP(hf_index_free) struct hf_index index = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    struct hf_collateral_entry *now;

    hf_log(HF_LOG_WARNING, "collateral.damaged", "url=%s detail=\"%.200s\"", e->url, hf_err_detail());
    HF_TRY(lock(cache, &turn));
    HF_TRY(hf_index_read(cache->dir, &index));
    now = hf_index_find(&index, e->url);
    if (!now || read_file(cache, now, &bytes) == HF_OK)
        return HF_OK;
    (void)unlinkat(cache->dir, now->sha256, 0);
    hf_index_remove(&index, (size_t)(now - index.entry));
    return hf_index_write(cache->dir, &index);
}

/* Other bytes, none, too many; a link or a folder in its place. */
static bool is_lost(hf_err err)
{
    return err == HF_E_INTEGRITY || err == HF_E_NOT_FOUND || err == HF_E_LIMIT || err == HF_E_ARG || err == HF_E_DENIED;
}

hf_err hf_collateral_get(struct hf_collateral *cache, const char *url_or_id, struct hf_collateral_entry *entry,
                         struct hf_buf *out)
{
    HF_CLEANUP(hf_index_free) struct hf_index index = {0};
    const struct hf_collateral_entry *e;
    hf_err err;

    HF_TRY(hf_index_read(cache->dir, &index));
    e = hf_index_find(&index, url_or_id);
    if (!e)
        return hf_fail(HF_E_NOT_FOUND, "the cache has no \"%.200s\"", url_or_id);
    err = read_file(cache, e, out);
    if (is_lost(err)) {
        HF_TRY(forget(cache, e));
        return hf_fail(HF_E_NOT_FOUND, "%.200s was damaged in the cache, and is dropped", e->url);
    }
    HF_TRY(err);
    if (entry)
        *entry = *e;
    return HF_OK;
}

hf_err hf_collateral_put(struct hf_collateral *cache, const struct hf_collateral_entry *entry, struct hf_bytes bytes)
{
    HF_CLEANUP(hf_fd_close) int turn = -1;
    HF_CLEANUP(hf_index_free) struct hf_index index = {0};
    struct hf_collateral_entry e = *entry;
    const struct hf_collateral_entry *before;
    char old[65] = "";

    if (bytes.n > HF_COLLATERAL_ITEM_MAX)
        return hf_fail(HF_E_LIMIT, "%zu bytes: at most %zu", bytes.n, HF_COLLATERAL_ITEM_MAX);
    HF_TRY(hf_collateral_look(bytes, &e));
    HF_TRY(lock(cache, &turn));
    HF_TRY(hf_index_read(cache->dir, &index));
    before = hf_index_find(&index, e.url);
    if (before)
        (void)snprintf(old, sizeof(old), "%s", before->sha256);
    HF_TRY(hf_index_put(&index, &e));
    HF_TRY(hf_file_replace_at(cache->dir, e.sha256, bytes));
    HF_TRY(hf_index_write(cache->dir, &index));
    if (old[0] && !hf_index_names(&index, old))
        (void)unlinkat(cache->dir, old, 0);
    return HF_OK;
}

hf_err hf_collateral_touch(struct hf_collateral *cache, const char *url, hf_time fetched_at)
{
    HF_CLEANUP(hf_fd_close) int turn = -1;
    HF_CLEANUP(hf_index_free) struct hf_index index = {0};
    struct hf_collateral_entry *e;

    HF_TRY(lock(cache, &turn));
    HF_TRY(hf_index_read(cache->dir, &index));
    e = hf_index_find(&index, url);
    if (!e)
        return hf_fail(HF_E_NOT_FOUND, "the cache has no \"%.200s\"", url);
    e->fetched_at = fetched_at;
    return hf_index_write(cache->dir, &index);
}

hf_err hf_collateral_each(struct hf_collateral *cache, hf_collateral_visit *visit, void *arg)
{
    HF_CLEANUP(hf_index_free) struct hf_index index = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};

    HF_TRY(hf_index_read(cache->dir, &index));
    for (size_t i = 0; i < index.n; i++) {
        hf_err err;

        bytes.n = 0;
        err = read_file(cache, &index.entry[i], &bytes);
        if (is_lost(err)) {
            HF_TRY(forget(cache, &index.entry[i]));
            continue;
        }
        HF_TRY(err);
        HF_TRY(visit(arg, &index.entry[i], hf_buf_bytes(&bytes)));
    }
    return HF_OK;
}

hf_err hf_collateral_list(struct hf_collateral *cache, hf_collateral_visit *visit, void *arg)
{
    HF_CLEANUP(hf_index_free) struct hf_index index = {0};

    HF_TRY(hf_index_read(cache->dir, &index));
    for (size_t i = 0; i < index.n; i++)
        HF_TRY(visit(arg, &index.entry[i], (struct hf_bytes){0}));
    return HF_OK;
}

/* Files that no entry names, and temporaries of processes that were killed. */
static hf_err sweep(const struct hf_collateral *cache, const struct hf_index *index)
{
    int fd = openat(cache->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *d;

    if (!dir) {
        hf_fd_close(&fd);
        return hf_fail_errno(HF_COLLATERAL_FOLDER);
    }
    while ((d = readdir(dir)) != NULL) {
        size_t n = strlen(d->d_name);
        bool content = n == 64 && strspn(d->d_name, "0123456789abcdef") == n;
        bool temporary = d->d_name[0] == '.' && n > 5 && strcmp(d->d_name + n - 4, ".new") == 0;

        if (temporary || (content && !hf_index_names(index, d->d_name)))
            (void)unlinkat(cache->dir, d->d_name, 0);
    }
    (void)closedir(dir);
    return HF_OK;
}

hf_err hf_collateral_drop(struct hf_collateral *cache,
                          bool (*gone)(void *arg, const struct hf_collateral_entry *entry), void *arg, size_t *dropped)
{
    HF_CLEANUP(hf_fd_close) int turn = -1;
    HF_CLEANUP(hf_index_free) struct hf_index index = {0};
    size_t n = 0;

    HF_TRY(lock(cache, &turn));
    HF_TRY(hf_index_read(cache->dir, &index));
    for (size_t i = 0; i < index.n;) {
        if (gone(arg, &index.entry[i])) {
            hf_index_remove(&index, i);
            n++;
        } else {
            i++;
        }
    }
    HF_TRY(hf_index_write(cache->dir, &index));
    HF_TRY(sweep(cache, &index));
    *dropped = n;
    return HF_OK;
}
