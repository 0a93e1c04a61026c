/* The state directory of an embedded TPM: opening, locking, replacing. */
#include "helper/state.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#define KEY_SIZE 32u
#define ROOM ((size_t)32768) /* files grow by this */

static const char *const file_of[] = {[HF_TPM_STATE_PERMANENT] = "state", [HF_TPM_STATE_RESUME] = "resume"};
static const char spare_file[] = "spare";

static hf_err key_of_fd(const char *number, struct hf_secret **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *key = NULL;
    uint8_t *place = NULL;
    uint64_t fd = 0;
    ssize_t n;

    HF_TRY(hf_text_u64(number, 1023, "the descriptor of the TPM state key", &fd));
    HF_TRY(hf_secret_new_zero(KEY_SIZE, &place, &key));
    n = read((int)fd, place, KEY_SIZE);
    if (n != (ssize_t)KEY_SIZE)
        return hf_fail(HF_E_ARG, "the TPM state key of fd:%s has %zd bytes; wanted %u", number, n, KEY_SIZE);
    *out = hf_take(key);
    return HF_OK;
}

static hf_err key_of_file(const char *path, struct hf_secret **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *key = NULL;

    HF_TRY(hf_file_read_secret(path, KEY_SIZE, &key));
    if (hf_secret_expose(key).n != KEY_SIZE)
        return hf_fail(HF_E_ARG, "the TPM state key in %s has %zu bytes; wanted %u", path, hf_secret_expose(key).n,
                       KEY_SIZE);
    *out = hf_take(key);
    return HF_OK;
}

static hf_err key_of_credential(const char *name, struct hf_secret **out)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    char path[4096];

    if (!folder)
        return hf_fail(HF_E_CONFIG, "credential:%s: CREDENTIALS_DIRECTORY is not set", name);
    if (!name[0] || strchr(name, '/'))
        return hf_fail(HF_E_ARG, "credential:%s is not a plain name", name);
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
        return hf_fail(HF_E_LIMIT, "the path of credential:%s is too long", name);
    return key_of_file(path, out);
}

static hf_err key_open(const char *spec, struct hf_secret **out)
{
    if (strncmp(spec, "file:", 5) == 0)
        return key_of_file(spec + 5, out);
    if (strncmp(spec, "credential:", 11) == 0)
        return key_of_credential(spec + 11, out);
    if (strncmp(spec, "fd:", 3) == 0)
        return key_of_fd(spec + 3, out);
    return hf_fail(HF_E_ARG, "HOLDFAST_TPM_STATE_KEY: wanted file:PATH, credential:NAME or fd:N");
}

static hf_err dir_check(int dir, const char *path)
{
    struct stat st;

    if (fstat(dir, &st) != 0)
        return hf_fail_errno("%s", path);
    if (st.st_uid != geteuid())
        return hf_fail(HF_E_PERMISSION,
                       "%s belongs to uid %u; an embedded TPM runs as the owner of its state, not as %u", path,
                       st.st_uid, geteuid());
    if ((st.st_mode & 077) && fchmod(dir, 0700) != 0)
        return hf_fail_errno("%s: mode %03o is open to others", path, st.st_mode & 0777);
    return HF_OK;
}

/* What this directory is, for whoever finds it. */
static hf_err mark(const struct hf_tpm_state *s)
{
    static const char text[] =
        "This directory is a software TPM. Who can read it can use its keys; who restores an older\n"
        "copy of it brings destroyed keys back. It proves nothing about any hardware.\n";

    if (faccessat(s->dir, "software", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return HF_OK;
    return hf_file_replace_at(s->dir, "software", hf_bytes_text(text));
}

hf_err hf_tpm_state_open(const char *path, const char *key_spec, struct hf_tpm_state **out)
{
    HF_CLEANUP(hf_tpm_state_close) struct hf_tpm_state *s = NULL;

    HF_TRY(hf_alloc(sizeof(*s), &s));
    s->dir = s->lock = -1;
    HF_TRY(hf_strdup(path, &s->path));
    if (key_spec && key_spec[0])
        HF_TRY(key_open(key_spec, &s->key));
    HF_TRY(hf_dir_open(path, &s->dir));
    HF_TRY(dir_check(s->dir, path));
    HF_TRY(mark(s));
    *out = hf_take(s);
    return HF_OK;
}

void hf_tpm_state_close(struct hf_tpm_state **state)
{
    struct hf_tpm_state *s = *state;

    if (!s)
        return;
    hf_fd_close(&s->lock);
    hf_fd_close(&s->dir);
    hf_secret_free(&s->key);
    hf_free(&s->path);
    hf_free(state);
}

hf_err hf_tpm_state_lock(struct hf_tpm_state *s)
{
    HF_CLEANUP(hf_fd_close) int fd = -1;

    HF_TRY(hf_open_beneath(s->dir, "lock", O_RDWR | O_CREAT, 0600, &fd));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? hf_fail(HF_E_BUSY, "%s: another process runs this TPM", s->path)
                                    : hf_fail_errno("%s/lock", s->path);
    s->lock = hf_fd_take(&fd);
    return HF_OK;
}

/* Overwrite the first n bytes with zeros, durably. For what must not be found again. */
static hf_err zero_fd(int fd, const char *what, size_t n)
{
    static const uint8_t zeros[4096];
    off_t at = 0;

    while (n) {
        ssize_t w = pwrite(fd, zeros, n < sizeof(zeros) ? n : sizeof(zeros), at);

        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return hf_fail_errno("%s: overwriting the previous state", what);
        at += w;
        n -= (size_t)w;
    }
    return fdatasync(fd) == 0 ? HF_OK : hf_fail_errno("%s: fdatasync", what);
}

/* A crash between exchange and wipe, or a failed write, leaves a generation in the spare. */
static hf_err wipe_spare(struct hf_tpm_state *s)
{
    HF_CLEANUP(hf_fd_close) int fd = openat(s->dir, spare_file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf content = {.max = 2 * HF_TPM_STATE_MAX};
    bool clean = true;

    if (fd < 0 && errno != ENOENT)
        return hf_fail_errno("%s/spare", s->path);
    if (fd >= 0) {
        HF_TRY(hf_fd_read_all(fd, "spare", HF_TPM_STATE_MAX, &content));
        for (size_t i = 0; clean && i < content.n; i++)
            clean = content.p[i] == 0;
        if (!clean)
            HF_TRY(zero_fd(fd, s->path, content.n));
    }
    s->spare_clean = true;
    return HF_OK;
}

/* Open a file of at least `size` allocated bytes, so that writing it needs no more room. */
static hf_err open_allocated(struct hf_tpm_state *s, const char *name, size_t size, int *out)
{
    HF_CLEANUP(hf_fd_close) int fd = -1;
    size_t room = (size + ROOM - 1) / ROOM * ROOM;
    struct stat st;
    int rc;

    HF_TRY(hf_open_beneath(s->dir, name, O_RDWR | O_CREAT, 0600, &fd));
    if (fstat(fd, &st) != 0)
        return hf_fail_errno("%s/%s", s->path, name);
    if ((size_t)st.st_size < room) {
        rc = posix_fallocate(fd, 0, (off_t)room);
        errno = rc;
        if (rc != 0)
            return hf_fail_errno("%s/%s: no room for %zu bytes", s->path, name, room);
        if (fsync(fd) != 0)
            return hf_fail_errno("%s/%s: fsync", s->path, name);
    }
    *out = hf_fd_take(&fd);
    return HF_OK;
}

static hf_err write_whole(int fd, const char *name, struct hf_bytes bytes)
{
    if (lseek(fd, 0, SEEK_SET) != 0)
        return hf_fail_errno("%s", name);
    HF_TRY(hf_fd_write_all(fd, name, bytes));
    return fdatasync(fd) == 0 ? HF_OK : hf_fail_errno("%s: fdatasync", name);
}

/* Give the spare the name of the state. Where the file system can exchange, the old state becomes the
 * spare and is wiped there; elsewhere it is wiped through its descriptor after its name is gone. */
static hf_err swap_in(struct hf_tpm_state *s)
{
    HF_CLEANUP(hf_fd_close) int old = -1;
    struct stat st = {0};

    old = openat(s->dir, file_of[HF_TPM_STATE_PERMANENT], O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (old < 0 && errno != ENOENT)
        return hf_fail_errno("%s/state", s->path);
    if (old < 0 || renameat2(s->dir, spare_file, s->dir, "state", RENAME_EXCHANGE) != 0) {
        if (renameat(s->dir, spare_file, s->dir, "state") != 0)
            return hf_fail_errno("%s/state", s->path);
    }
    if (fsync(s->dir) != 0)
        return hf_fail_errno("%s: fsync", s->path);
    if (old < 0)
        return HF_OK;
    if (fstat(old, &st) != 0)
        return hf_fail_errno("%s/state", s->path);
    return zero_fd(old, s->path, s->used ? s->used : (size_t)st.st_size);
}

hf_err hf_tpm_state_save(struct hf_tpm_state *s, struct hf_bytes permanent)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf file = {.max = HF_TPM_STATE_MAX};
    HF_CLEANUP(hf_fd_close) int fd = -1;
    hf_err err;

    if (!s->spare_clean)
        HF_TRY(wipe_spare(s));
    HF_TRY(hf_tpm_state_write(HF_TPM_STATE_PERMANENT, s->key, permanent, &file));
    s->spare_clean = false;
    err = open_allocated(s, spare_file, file.n, &fd);
    if (err == HF_OK)
        err = write_whole(fd, s->path, hf_buf_bytes(&file));
    if (err == HF_OK)
        err = swap_in(s);
    if (err == HF_OK) {
        s->used = file.n;
        s->spare_clean = true;
    }
    return err;
}

hf_err hf_tpm_state_save_resume(struct hf_tpm_state *s, struct hf_bytes resume)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf file = {.max = HF_TPM_STATE_MAX};
    HF_CLEANUP(hf_fd_close) int fd = -1;
    hf_err err;

    HF_TRY(hf_tpm_state_write(HF_TPM_STATE_RESUME, s->key, resume, &file));
    err = hf_open_beneath(s->dir, file_of[HF_TPM_STATE_RESUME], O_RDWR | O_CREAT | O_EXCL, 0600, &fd);
    if (err == HF_OK)
        err = write_whole(fd, s->path, hf_buf_bytes(&file));
    if (err == HF_OK && fsync(s->dir) != 0)
        err = hf_fail_errno("%s: fsync", s->path);
    return err;
}

hf_err hf_tpm_state_drop_resume(struct hf_tpm_state *s)
{
    HF_CLEANUP(hf_fd_close) int fd = openat(s->dir, "resume", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct stat st = {0};

    if (fd < 0)
        return errno == ENOENT ? HF_OK : hf_fail_errno("%s/resume", s->path);
    if (unlinkat(s->dir, "resume", 0) != 0)
        return hf_fail_errno("%s/resume", s->path);
    if (fsync(s->dir) != 0 || fstat(fd, &st) != 0)
        return hf_fail_errno("%s/resume", s->path);
    return zero_fd(fd, s->path, (size_t)st.st_size);
}

void hf_buf_wiped_free(struct hf_buf *buf)
{
    if (buf->p)
        hf_wipe(buf->p, buf->cap);
    hf_buf_free(buf);
}

hf_err hf_tpm_state_peek(struct hf_tpm_state *s, enum hf_tpm_state_kind kind, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf file = {.max = 2 * HF_TPM_STATE_MAX};
    char why[512]; /* hf_fail may not be given what it overwrites */
    hf_err err;

    if (faccessat(s->dir, file_of[kind], F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return HF_OK;
    HF_TRY(hf_file_read_at(s->dir, file_of[kind], HF_TPM_STATE_MAX, &file));
    err = hf_tpm_state_parse(kind, s->key, hf_buf_bytes(&file), out);
    if (err == HF_OK)
        return HF_OK;
    (void)snprintf(why, sizeof(why), "%s", hf_err_detail());
    return hf_fail(err, "%s/%s: %s", s->path, file_of[kind], why);
}

hf_err hf_tpm_state_load(struct hf_tpm_state *s, enum hf_tpm_state_kind kind, struct hf_buf *out)
{
    if (kind == HF_TPM_STATE_PERMANENT && !s->spare_clean)
        HF_TRY(wipe_spare(s));
    return hf_tpm_state_peek(s, kind, out);
}
