/* The files of the audit trail. */
#include "core/audit_file.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "core/audit_line.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WINDOW ((size_t)16 * 1024)     /* holds a whole line whatever its length */
#define FILE_MAX ((uint64_t)256 << 20) /* what is searched for an intact record at most */

hf_err hf_audit_lock(int lock_fd, bool exclusive)
{
    struct flock want = {.l_type = exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET};
    uint64_t give_up = 0;

    for (long pause_ns = 20000;; pause_ns = pause_ns < 5000000 ? pause_ns * 2 : pause_ns) {
        struct timespec pause = {0, pause_ns};

        if (fcntl(lock_fd, F_OFD_SETLK, &want) == 0)
            return HF_OK;
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return hf_fail_errno("%s", HF_AUDIT_LOCK);
        if (!give_up)
            give_up = hf_monotonic_ms() + HF_AUDIT_WAIT_MS;
        else if (hf_monotonic_ms() >= give_up)
            return hf_fail(HF_E_BUSY, "another process holds %s for more than %u ms", HF_AUDIT_LOCK, HF_AUDIT_WAIT_MS);
        (void)nanosleep(&pause, NULL);
    }
}

void hf_audit_unlock(int lock_fd)
{
    struct flock none = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

    (void)fcntl(lock_fd, F_OFD_SETLK, &none);
}

static bool is_closed_name(const char *name)
{
    return strlen(name) == 6 + 20 + 4 && strncmp(name, "audit.", 6) == 0 && strspn(name + 6, "0123456789") == 20 &&
           strcmp(name + 26, ".log") == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

void hf_audit_names_free(struct hf_audit_names *names)
{
    hf_free(&names->name);
    names->n = 0;
}

static void dir_close(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
    *dir = NULL;
}

hf_err hf_audit_names(int dir, struct hf_audit_names *out)
{
    HF_CLEANUP(hf_audit_names_free) struct hf_audit_names names = {0};
    HF_CLEANUP(dir_close) DIR *open_dir = NULL;
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct dirent *entry;

    if (fd < 0 || !(open_dir = fdopendir(fd))) {
        hf_err err = hf_fail_errno("state directory");

        hf_fd_close(&fd);
        return err;
    }
    while ((entry = readdir(open_dir)) != NULL) {
        if (!is_closed_name(entry->d_name))
            continue;
        HF_TRY(hf_realloc((names.n + 1) * sizeof(*names.name), &names.name));
        (void)snprintf(names.name[names.n++], HF_AUDIT_NAME_MAX, "%.30s", entry->d_name);
    }
    if (names.n)
        qsort(names.name, names.n, sizeof(*names.name), by_name);
    out->n = names.n;
    out->name = hf_take(names.name);
    return HF_OK;
}

static hf_err read_at(int fd, const char *name, uint64_t offset, size_t n, struct hf_buf *out)
{
    uint8_t *place = NULL;

    out->n = 0;
    HF_TRY(hf_buf_grow(out, n, &place));
    while (n) {
        ssize_t got = pread(fd, place, n, (off_t)offset);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return hf_fail_errno("%s", name);
        if (got == 0)
            return hf_fail(HF_E_TRUNCATED, "%s ends %zu bytes early", name, n);
        place += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return HF_OK;
}

/* Is this line an intact record? A failure that says nothing about the line is passed up: what cannot be
 * judged for want of memory is not torn. */
static hf_err intact(struct hf_bytes line, struct hf_audit_record *rec, bool *yes)
{
    hf_err err = hf_audit_line_parse(line, rec);

    if (err == HF_OK)
        err = hf_audit_line_check(line, rec);
    *yes = err == HF_OK;
    return err == HF_E_FORMAT || err == HF_E_INTEGRITY ? HF_OK : err;
}

/* The last intact line of `in`, searched backwards. A line whose start lies before `in` is not looked
 * at unless `whole`. Gives the offset behind it, or 0. */
static hf_err last_intact(struct hf_bytes in, bool whole, struct hf_audit_head *head, size_t *end)
{
    const uint8_t *newline = in.n ? memrchr(in.p, '\n', in.n) : NULL;

    *end = 0;
    while (newline) {
        const uint8_t *before = memrchr(in.p, '\n', (size_t)(newline - in.p));
        const uint8_t *start = before ? before + 1 : in.p;
        struct hf_audit_record rec;
        bool yes = false;

        if (before || whole)
            HF_TRY(intact((struct hf_bytes){start, (size_t)(newline - start)}, &rec, &yes));
        if (yes) {
            head->seq = rec.seq;
            memcpy(head->hash, rec.hash, sizeof(head->hash));
            *end = (size_t)(newline - in.p) + 1;
            return HF_OK;
        }
        newline = before;
    }
    return HF_OK;
}

hf_err hf_audit_last(int fd, const char *name, uint64_t size, struct hf_audit_head *head, uint64_t *end)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};

    *end = 0;
    for (uint64_t window = WINDOW; size; window *= 16) {
        uint64_t start = size > window ? size - window : 0;
        size_t at = 0;

        if (window > FILE_MAX)
            return hf_fail(HF_E_INTEGRITY, "%s has no intact record in its last %" PRIu64 " bytes", name, window / 16);
        HF_TRY(read_at(fd, name, start, (size_t)(size - start), &in));
        HF_TRY(last_intact(hf_buf_bytes(&in), start == 0, head, &at));
        if (at) {
            *end = start + at;
            return HF_OK;
        }
        if (start == 0)
            break;
    }
    if (size > HF_AUDIT_LINE_MAX)
        return hf_fail(HF_E_INTEGRITY,
                       "%s has %" PRIu64 " bytes and no intact record: keep it elsewhere, and a new one begins", name,
                       size);
    return HF_OK;
}

hf_err hf_audit_last_closed(int dir, struct hf_audit_head *head)
{
    HF_CLEANUP(hf_audit_names_free) struct hf_audit_names names = {0};
    HF_CLEANUP(hf_fd_close) int fd = -1;
    uint64_t end = 0;
    const char *name;
    off_t size;

    *head = (struct hf_audit_head){0};
    HF_TRY(hf_audit_names(dir, &names));
    if (names.n == 0)
        return HF_OK;
    name = names.name[names.n - 1];
    HF_TRY(hf_open_beneath(dir, name, O_RDONLY, 0, &fd));
    size = lseek(fd, 0, SEEK_END);
    if (size < 0)
        return hf_fail_errno("%s", name);
    HF_TRY(hf_audit_last(fd, name, (uint64_t)size, head, &end));
    return end ? HF_OK : hf_fail(HF_E_INTEGRITY, "%s has no intact record to go on from", name);
}

hf_err hf_audit_cut(int dir, int fd, uint64_t end, uint64_t size, char kept[HF_AUDIT_NAME_MAX])
{
    HF_CLEANUP(hf_buf_free) struct hf_buf torn = {0};

    HF_TRY(read_at(fd, HF_AUDIT_FILE, end, (size_t)(size - end), &torn));
    (void)snprintf(kept, HF_AUDIT_NAME_MAX, "audit.torn.%" PRIu64, hf_now_ms());
    HF_TRY(hf_file_replace_at(dir, kept, hf_buf_bytes(&torn)));
    if (ftruncate(fd, (off_t)end) != 0)
        return hf_fail_errno("%s: cutting a torn record off", HF_AUDIT_FILE);
    return HF_OK;
}

hf_err hf_audit_retire(int dir, int fd)
{
    char start[32] = "";
    char name[HF_AUDIT_NAME_MAX];
    char *digits_end = NULL;
    unsigned long long seq;

    if (pread(fd, start, sizeof(start) - 1, 0) < 8 || strncmp(start, "{\"seq\":", 7) != 0)
        return hf_fail(HF_E_INTEGRITY, "%s does not begin with an audit record", HF_AUDIT_FILE);
    seq = strtoull(start + 7, &digits_end, 10);
    if (*digits_end != ',')
        return hf_fail(HF_E_INTEGRITY, "%s begins with a record without a number", HF_AUDIT_FILE);
    (void)snprintf(name, sizeof(name), "audit.%020llu.log", seq);
    if (fdatasync(fd) != 0)
        return hf_fail_errno("%s: fdatasync", HF_AUDIT_FILE);
    if (renameat2(dir, HF_AUDIT_FILE, dir, name, RENAME_NOREPLACE) != 0)
        return hf_fail_errno("%s to %s", HF_AUDIT_FILE, name);
    if (fsync(dir) != 0)
        return hf_fail_errno("state directory: fsync");
    return HF_OK;
}
