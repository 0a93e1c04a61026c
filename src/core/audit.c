/* Appending to the audit trail. */
#include "core/audit.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "core/audit_file.h"
#include "core/audit_line.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define ROTATE_AT ((uint64_t)16 << 20)
#define RESERVE (2 * HF_AUDIT_LINE_MAX)
#define GROUP_MS 50 /* USE records wait this long for others before their fdatasync: half of what is promised */

struct hf_audit {
    int dir;
    int lock_fd;
    int fd; /* audit.log, for appending */
    bool one_shot;
    bool known; /* head and size are those of the file with this dev and ino */
    dev_t dev;
    ino_t ino;
    uint64_t size;
    uint64_t rotate_at;
    struct hf_audit_head head;
    struct hf_buf line;    /* kept, so that an append allocates nothing */
    pthread_mutex_t mutex; /* over all of this between threads; lock_fd is between processes */
    atomic_int mutex_pid;  /* the process whose mutex it is */
    pid_t pid;             /* the process that opened the descriptors */
    /* the flusher */
    pthread_cond_t wake;
    pthread_t thread;
    bool running, stop, dirty;
};

static hf_err open_files(struct hf_audit *a)
{
    hf_fd_close(&a->lock_fd);
    hf_fd_close(&a->fd);
    a->known = false;
    a->running = false; /* a thread does not follow into a forked child */
    a->dirty = false;
    HF_TRY(hf_open_beneath(a->dir, HF_AUDIT_LOCK, O_RDWR | O_CREAT, 0600, &a->lock_fd));
    a->pid = getpid();
    return HF_OK;
}

void hf_audit_rotate_at(struct hf_audit *a, uint64_t bytes)
{
    a->rotate_at = bytes;
}

/* ---- the flusher ---- */

/* Make what is written durable, without holding the mutex while the disk works. */
static void flush_unlocked(struct hf_audit *a)
{
    HF_CLEANUP(hf_fd_close) int fd = a->fd < 0 ? -1 : fcntl(a->fd, F_DUPFD_CLOEXEC, 3);

    a->dirty = false;
    (void)pthread_mutex_unlock(&a->mutex);
    if (fd >= 0 && fdatasync(fd) != 0)
        hf_log(HF_LOG_ERROR, "audit.flush", "errno=%d", errno);
    (void)pthread_mutex_lock(&a->mutex);
}

static void *flusher(void *arg)
{
    struct hf_audit *a = arg;
    struct timespec group = {0, GROUP_MS * 1000000L};

    (void)pthread_mutex_lock(&a->mutex);
    while (!a->stop) {
        if (!a->dirty) {
            (void)pthread_cond_wait(&a->wake, &a->mutex);
            continue;
        }
        (void)pthread_mutex_unlock(&a->mutex);
        (void)nanosleep(&group, NULL);
        (void)pthread_mutex_lock(&a->mutex);
        if (a->dirty)
            flush_unlocked(a);
    }
    (void)pthread_mutex_unlock(&a->mutex);
    return NULL;
}

/* The program's signals are not this thread's. */
static bool start_flusher(struct hf_audit *a)
{
    sigset_t all;
    sigset_t before;
    bool ok;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    a->stop = false;
    ok = pthread_create(&a->thread, NULL, flusher, a) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

/* A USE record stands in the file: have it on disk within 100 ms. The mutex is held. Where no thread
 * can be had, the record is made durable here. */
static hf_err flush_soon(struct hf_audit *a)
{
    bool was_dirty = a->dirty;

    a->dirty = true;
    if (a->one_shot)
        return HF_OK;
    if (!a->running)
        a->running = start_flusher(a);
    if (!a->running) {
        a->dirty = false;
        return fdatasync(a->fd) == 0 ? HF_OK : hf_fail_errno("%s: fdatasync", HF_AUDIT_FILE);
    }
    if (!was_dirty)
        (void)pthread_cond_signal(&a->wake);
    return HF_OK;
}

/* A forked child's mutex may be held by a thread that did not follow: it gets a fresh one. */
static void lock_mutex(struct hf_audit *a, pid_t pid)
{
    int owner = atomic_load(&a->mutex_pid);

    if (owner != pid && atomic_compare_exchange_strong(&a->mutex_pid, &owner, pid)) {
        (void)pthread_mutex_init(&a->mutex, NULL);
        (void)pthread_cond_init(&a->wake, NULL);
    }
    (void)pthread_mutex_lock(&a->mutex);
}

static void stop_flusher(struct hf_audit *a)
{
    pid_t pid = getpid();

    lock_mutex(a, pid);
    if (a->pid == pid && a->running) {
        a->stop = true;
        (void)pthread_cond_signal(&a->wake);
        (void)pthread_mutex_unlock(&a->mutex);
        (void)pthread_join(a->thread, NULL);
        lock_mutex(a, pid);
    }
    if (a->pid == pid && a->dirty && a->fd >= 0)
        flush_unlocked(a);
    (void)pthread_mutex_unlock(&a->mutex);
}

void hf_audit_close(struct hf_audit **a)
{
    struct hf_audit *gone = hf_take(*a);

    if (!gone)
        return;
    if (gone->lock_fd >= 0)
        stop_flusher(gone);
    hf_fd_close(&gone->fd);
    hf_fd_close(&gone->lock_fd);
    hf_fd_close(&gone->dir);
    hf_buf_free(&gone->line);
    (void)pthread_cond_destroy(&gone->wake);
    (void)pthread_mutex_destroy(&gone->mutex);
    hf_free(&gone);
}

/* ---- the place to append at ---- */

/* Have the present audit.log open. Another process may have closed the one that was. */
static hf_err open_log(struct hf_audit *a)
{
    struct stat st;
    hf_err err;

    if (a->fd >= 0 && fstatat(a->dir, HF_AUDIT_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == a->ino &&
        st.st_dev == a->dev)
        return HF_OK;
    hf_fd_close(&a->fd);
    err = hf_open_beneath(a->dir, HF_AUDIT_FILE, O_RDWR | O_APPEND, 0, &a->fd);
    if (err != HF_E_NOT_FOUND)
        return err;
    HF_TRY(hf_open_beneath(a->dir, HF_AUDIT_FILE, O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0600, &a->fd));
    return fsync(a->dir) == 0 ? HF_OK : hf_fail_errno("state directory: fsync");
}

static void cut_text(char *out, size_t max, const char *in)
{
    size_t n = in ? strnlen(in, max + 1) : 0;

    if (n > max) { /* not in the middle of a character */
        for (n = max; n && ((uint8_t)in[n] & 0xc0) == 0x80; n--)
            ;
    }
    if (n)
        memcpy(out, in, n);
    out[n] = 0;
}

/* Write a record at the end of the file, whole or not at all, and go on from it. */
static hf_err write_record(struct hf_audit *a, const struct hf_audit_entry *entry)
{
    struct hf_audit_record rec = {.seq = a->head.seq + 1, .time_ms = hf_now_ms(), .code = entry->code};
    struct hf_audit_head next = {.seq = rec.seq};
    ssize_t n;

    cut_text(rec.who, HF_AUDIT_WHO, entry->who);
    cut_text(rec.door, HF_AUDIT_WORD, entry->door);
    cut_text(rec.op, HF_AUDIT_WORD, entry->op);
    cut_text(rec.object, HF_AUDIT_TEXT, entry->object);
    cut_text(rec.result, HF_AUDIT_WORD, entry->result);
    cut_text(rec.detail, HF_AUDIT_TEXT, entry->detail);
    memcpy(rec.prev, a->head.hash, sizeof(rec.prev));
    a->line.n = 0;
    HF_TRY(hf_audit_line_write(&rec, &a->line, next.hash));
    do {
        n = write(a->fd, a->line.p, a->line.n);
    } while (n < 0 && errno == EINTR);
    if (n != (ssize_t)a->line.n) {
        hf_err err = n < 0 ? hf_fail_errno("%s", HF_AUDIT_FILE)
                           : hf_fail(HF_E_FULL, "%s took %zd of %zu bytes", HF_AUDIT_FILE, n, a->line.n);

        if (n > 0 &&
            ftruncate(a->fd, (off_t)a->size) != 0) /* what stays is a torn line, which the next append cuts off */
            hf_log(HF_LOG_ERROR, "audit.torn", "errno=%d bytes=%zd", errno, n);
        a->known = false;
        return err;
    }
    a->head = next;
    a->size += (uint64_t)n;
    return HF_OK;
}

/* A record of the trail's own. */
static hf_err write_own(struct hf_audit *a, const char *op, const char *object, const char *detail)
{
    struct hf_audit_entry entry = {
        .door = "audit", .op = op, .object = object, .result = hf_err_name(HF_OK), .detail = detail};
    char who[32];

    (void)snprintf(who, sizeof(who), "uid:%u", (unsigned)getuid());
    entry.who = who;
    HF_TRY(write_record(a, &entry));
    return fdatasync(a->fd) == 0 ? HF_OK : hf_fail_errno("%s: fdatasync", HF_AUDIT_FILE);
}

/* Keep a torn tail aside and record the gap. */
static hf_err mend(struct hf_audit *a, uint64_t end)
{
    char kept[HF_AUDIT_NAME_MAX];
    char detail[160];
    uint64_t torn = a->size - end;

    HF_TRY(hf_audit_cut(a->dir, a->fd, end, a->size, kept));
    a->size = end;
    (void)snprintf(detail, sizeof(detail), "%" PRIu64 " bytes after record %" PRIu64 " were torn", torn, a->head.seq);
    hf_log(HF_LOG_WARNING, "audit.gap", "seq=%" PRIu64 " bytes=%" PRIu64 " kept=%s", a->head.seq, torn, kept);
    return write_own(a, "audit.gap", kept, detail);
}

/* Learn the end of audit.log: it is new to this process, or another process wrote to it. */
static hf_err learn(struct hf_audit *a)
{
    struct hf_audit_head head = {0};
    struct hf_audit_head before = a->head;
    struct stat st;
    uint64_t end = 0;
    bool torn;

    a->known = false;
    HF_TRY(open_log(a));
    if (fstat(a->fd, &st) != 0)
        return hf_fail_errno("%s", HF_AUDIT_FILE);
    HF_TRY(hf_audit_last(a->fd, HF_AUDIT_FILE, (uint64_t)st.st_size, &head, &end));
    if (end == 0)
        HF_TRY(hf_audit_last_closed(a->dir, &head));
    a->dev = st.st_dev;
    a->ino = st.st_ino;
    a->size = (uint64_t)st.st_size;
    a->head = head;
    torn = end != a->size;
    if (torn)
        HF_TRY(mend(a, end));
    if (a->head.seq < before.seq) /* records that stood there are gone: the chain must show it */
        a->head = before;
    a->known = true;
    return HF_OK;
}

/* Both locks are held: be at the end of the present audit.log. One system call when nothing changed. */
static hf_err current(struct hf_audit *a)
{
    struct stat st;

    if (a->known && fstatat(a->dir, HF_AUDIT_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == a->ino &&
        st.st_dev == a->dev && (uint64_t)st.st_size == a->size)
        return HF_OK;
    return learn(a);
}

static hf_err rotate(struct hf_audit *a)
{
    struct hf_audit_head head = a->head;

    a->known = false;
    HF_TRY(hf_audit_retire(a->dir, a->fd));
    HF_TRY(learn(a));
    if (a->head.seq != head.seq || memcmp(a->head.hash, head.hash, sizeof(head.hash)) != 0)
        return hf_fail(HF_E_INTEGRITY, "the audit trail changed while its file was closed");
    return write_own(a, "audit.rotate", "", "the chain goes on in a new file");
}

static void give(struct hf_audit *a)
{
    hf_audit_unlock(a->lock_fd);
    (void)pthread_mutex_unlock(&a->mutex);
}

static hf_err take(struct hf_audit *a)
{
    pid_t pid = getpid();
    hf_err err = HF_OK;

    lock_mutex(a, pid);
    if (a->pid != pid)
        err = open_files(a);
    if (err == HF_OK)
        err = hf_audit_lock(a->lock_fd, true);
    if (err != HF_OK) {
        (void)pthread_mutex_unlock(&a->mutex);
        return err;
    }
    err = current(a);
    if (err == HF_OK && a->size >= a->rotate_at)
        err = rotate(a);
    if (err != HF_OK)
        give(a);
    return err;
}

hf_err hf_audit_open(int state_dir, bool one_shot, struct hf_audit **out)
{
    HF_CLEANUP(hf_audit_close) struct hf_audit *a = NULL;

    HF_TRY(hf_alloc(sizeof(*a), &a));
    a->lock_fd = -1;
    a->fd = -1;
    a->one_shot = one_shot;
    a->rotate_at = ROTATE_AT;
    (void)pthread_mutex_init(&a->mutex, NULL);
    (void)pthread_cond_init(&a->wake, NULL);
    atomic_store(&a->mutex_pid, getpid());
    a->dir = fcntl(state_dir, F_DUPFD_CLOEXEC, 3);
    if (a->dir < 0)
        return hf_fail_errno("state directory");
    HF_TRY(open_files(a));
    HF_TRY(take(
        a)); /* what the last power loss tore is mended, and what cannot be appended to is known, before any work */
    give(a);
    *out = hf_take(a);
    return HF_OK;
}

hf_err hf_audit_append(struct hf_audit *a, const struct hf_audit_entry *entry, bool durable)
{
    HF_CLEANUP(hf_fd_close) int fd = -1;
    hf_err err;

    HF_TRY(take(a));
    err = write_record(a, entry);
    hf_audit_unlock(a->lock_fd);
    if (err == HF_OK && !durable)
        err = flush_soon(a);
    if (err == HF_OK && durable && (fd = fcntl(a->fd, F_DUPFD_CLOEXEC, 3)) < 0)
        err = hf_fail_errno("%s", HF_AUDIT_FILE);
    (void)pthread_mutex_unlock(&a->mutex);
    if (err == HF_OK && durable && fdatasync(fd) != 0) /* without the locks: others append meanwhile, and share it */
        err = hf_fail_errno("%s: fdatasync", HF_AUDIT_FILE);
    return err;
}

hf_err hf_audit_reserve(struct hf_audit *a)
{
    hf_err err = HF_OK;

    HF_TRY(take(a));
    if (fallocate(a->fd, FALLOC_FL_KEEP_SIZE, (off_t)a->size, RESERVE) != 0 && errno != EOPNOTSUPP && errno != ENOSYS)
        err = hf_fail_errno("%s: no room for the next record", HF_AUDIT_FILE);
    give(a);
    return err;
}

hf_err hf_audit_head_get(struct hf_audit *a, struct hf_audit_head *out)
{
    HF_TRY(take(a));
    *out = a->head;
    give(a);
    return HF_OK;
}
