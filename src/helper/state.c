/* The state directory of an embedded TPM: opening and locking. */
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

static hf_err key_of_fd(const char *number, struct hf_secret **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *key = NULL;
    uint8_t *place = NULL;
    uint64_t fd = 0;
    ssize_t n;

    HF_TRY(hf_text_u64(number, 1023, "the descriptor of the TPM state key", &fd));
    HF_TRY(hf_secret_new_zero(KEY_SIZE, &place, &key));
    (void)lseek((int)fd, 0, SEEK_SET); /* a file may have been read by an earlier start; a pipe cannot */
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

    HF_CLEANUP(hf_fd_close) int fd = -1;

    if (faccessat(s->dir, "software", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return HF_OK;
    HF_TRY(hf_open_beneath(s->dir, "software", O_WRONLY | O_CREAT, 0600, &fd));
    return hf_fd_write_all(fd, "software", hf_bytes_text(text));
}

hf_err hf_tpm_state_open(const char *path, const char *key_spec, struct hf_tpm_state **out)
{
    HF_CLEANUP(hf_tpm_state_close) struct hf_tpm_state *s = NULL;

    HF_TRY(hf_alloc(sizeof(*s), &s));
    s->dir = s->lock = s->file = -1;
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
    hf_fd_close(&s->file);
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
