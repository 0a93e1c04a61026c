/* Files. */
#include "base/file.h"
#include "base/alloc.h"
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static hf_err open_for_reading(const char *path, int *fd)
{
    struct stat st;

    *fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (*fd < 0)
        return hf_fail_errno("%s", path);
    if (fstat(*fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        hf_fd_close(fd);
        return hf_fail(HF_E_ARG, "%s is a directory, not a file", path);
    }
    return HF_OK;
}

hf_err hf_fd_read_all(int fd, const char *what, size_t max, struct hf_buf *out)
{
    size_t start = out->n;

    for (;;) {
        uint8_t *place = NULL;
        ssize_t n;

        HF_TRY(hf_buf_grow(out, 16384, &place));
        out->n -= 16384;
        n = read(fd, place, 16384);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hf_fail_errno("%s", what);
        if (n == 0)
            return HF_OK;
        out->n += (size_t)n;
        if (out->n - start > max)
            return hf_fail(HF_E_LIMIT, "%s is larger than %zu bytes", what, max);
    }
}

hf_err hf_file_read(const char *path, size_t max, struct hf_buf *out)
{
    HF_CLEANUP(hf_fd_close) int fd = -1;

    HF_TRY(open_for_reading(path, &fd));
    return hf_fd_read_all(fd, path, max, out);
}

hf_err hf_file_read_secret(const char *path, size_t max, struct hf_secret **out)
{
    HF_CLEANUP(hf_fd_close) int fd = -1;
    HF_CLEANUP(hf_secret_free) struct hf_secret *whole = NULL;
    uint8_t *place = NULL;
    size_t n = 0;

    HF_TRY(open_for_reading(path, &fd));
    HF_TRY(hf_secret_new_zero(max + 1, &place, &whole));
    while (n <= max) {
        ssize_t got = read(fd, place + n, max + 1 - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return hf_fail_errno("%s", path);
        if (got == 0)
            return hf_secret_new((struct hf_bytes){place, n}, out);
        n += (size_t)got;
    }
    return hf_fail(HF_E_LIMIT, "%s is larger than %zu bytes", path, max);
}

hf_err hf_fd_write_all(int fd, const char *what, struct hf_bytes bytes)
{
    while (bytes.n) {
        ssize_t n = write(fd, bytes.p, bytes.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hf_fail_errno("%s", what);
        bytes.p += n;
        bytes.n -= (size_t)n;
    }
    return HF_OK;
}

/* Write a temporary beside the file and give it the file's name; durable: nothing of it is lost with the power. */
static hf_err replace_at(int dir, const char *name, mode_t mode, bool durable, struct hf_bytes bytes)
{
    HF_CLEANUP(hf_fd_close) int fd = -1;
    char temporary[300];
    hf_err err;

    if ((size_t)snprintf(temporary, sizeof(temporary), ".%.240s.%ld.new", name, (long)getpid()) >= sizeof(temporary))
        return hf_fail(HF_E_ARG, "the file name is too long");
    fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return hf_fail_errno("%s", name);
    err = hf_fd_write_all(fd, name, bytes);
    if (err == HF_OK && durable && fsync(fd) != 0)
        err = hf_fail_errno("%s: fsync", name);
    if (err == HF_OK && renameat(dir, temporary, dir, name) != 0)
        err = hf_fail_errno("%s", name);
    if (err != HF_OK)
        (void)unlinkat(dir, temporary, 0);
    else if (durable && fsync(dir) != 0 && errno != EINVAL)
        err = hf_fail_errno("folder of %s: fsync", name);
    return err;
}

static hf_err write_path(const char *path, mode_t mode, bool durable, struct hf_bytes bytes)
{
    HF_CLEANUP(hf_fd_close) int dir = -1;
    HF_CLEANUP(hf_free) char *for_dir = NULL;
    HF_CLEANUP(hf_free) char *for_name = NULL;
    struct stat st;

    if (strcmp(path, "-") == 0)
        return hf_fd_write_all(STDOUT_FILENO, "standard output", bytes);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* /dev/stdout, a pipe: written through */
        HF_CLEANUP(hf_fd_close) int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd < 0 ? hf_fail_errno("%s", path) : hf_fd_write_all(fd, path, bytes);
    }
    HF_TRY(hf_strdup(path, &for_dir));
    HF_TRY(hf_strdup(path, &for_name));
    dir = open(dirname(for_dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return hf_fail_errno("folder of %s", path);
    return replace_at(dir, basename(for_name), mode, durable, bytes);
}

hf_err hf_file_write(const char *path, struct hf_bytes bytes)
{
    return write_path(path, 0644, false, bytes);
}

hf_err hf_file_write_private(const char *path, struct hf_bytes bytes)
{
    return write_path(path, 0600, true, bytes);
}

static hf_err make_dirs(char *path)
{
    for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = 0;
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
            return hf_fail_errno("%s", path);
        *slash = '/';
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return hf_fail_errno("%s", path);
    return HF_OK;
}

hf_err hf_dir_open(const char *path, int *fd)
{
    HF_CLEANUP(hf_free) char *copy = NULL;
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0 && errno == ENOENT && path[0]) {
        HF_TRY(hf_strdup(path, &copy));
        HF_TRY(make_dirs(copy));
        dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (dir < 0)
        return hf_fail_errno("%s", path);
    *fd = dir;
    return HF_OK;
}

hf_err hf_open_beneath(int dir, const char *name, int flags, mode_t mode, int *fd)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = (flags & O_CREAT) ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    long got = syscall(SYS_openat2, dir, name, &how, sizeof(how));

    if (got < 0 && errno == EXDEV)
        return hf_fail(HF_E_DENIED, "\"%.200s\" leads out of its folder", name);
    if (got < 0)
        return hf_fail_errno("%s", name);
    *fd = (int)got;
    return HF_OK;
}

hf_err hf_file_replace_at(int dir, const char *name, struct hf_bytes bytes)
{
    if (!name[0] || strchr(name, '/'))
        return hf_fail(HF_E_ARG, "\"%.200s\" is not a plain file name", name);
    return replace_at(dir, name, 0600, true, bytes);
}

hf_err hf_file_read_at(int dir, const char *name, size_t max, struct hf_buf *out)
{
    HF_CLEANUP(hf_fd_close) int fd = -1;

    HF_TRY(hf_open_beneath(dir, name, O_RDONLY, 0, &fd));
    return hf_fd_read_all(fd, name, max, out);
}
