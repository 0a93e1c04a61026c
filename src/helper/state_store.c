/* The state of an embedded TPM on disk: two slots, of which one is zero. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "helper/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define SLOT_MIN ((size_t)32768) /* a fresh TPM needs 1.4 kB, one with keys and certificates 10 kB */
#define SLOT_GRAIN ((size_t)4096)

static const char *const file_of[] = {[HF_TPM_STATE_PERMANENT] = "state", [HF_TPM_STATE_RESUME] = "resume"};

void hf_buf_wiped_free(struct hf_buf *buf)
{
    if (buf->p)
        hf_wipe(buf->p, buf->cap);
    hf_buf_free(buf);
}

/* All of it at one place, and with the disk. */
static hf_err put_at(const struct hf_tpm_state *s, int fd, struct hf_bytes bytes, size_t at)
{
    while (bytes.n) {
        ssize_t n = pwrite(fd, bytes.p, bytes.n, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return hf_fail_errno("%s/state", s->path);
        bytes.p += n;
        bytes.n -= (size_t)n;
        at += (size_t)n;
    }
    return fdatasync(fd) == 0 ? HF_OK : hf_fail_errno("%s/state: fdatasync", s->path);
}

static hf_err zero_at(const struct hf_tpm_state *s, int fd, size_t at, size_t n)
{
    static const uint8_t zeros[SLOT_MIN];

    while (n) {
        size_t part = n < sizeof(zeros) ? n : sizeof(zeros);

        HF_TRY(put_at(s, fd, (struct hf_bytes){zeros, part}, at));
        at += part;
        n -= part;
    }
    return HF_OK;
}

/* Which of the two slots holds the state. The error of the one that is not whole, when none is. */
static hf_err choose(struct hf_tpm_state *s, struct hf_bytes file, unsigned *live, bool *both)
{
    enum hf_tpm_slot_is is[2];
    uint64_t generation[2] = {0, 0};
    size_t used[2] = {0, 0};
    size_t slot = file.n / 2;
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf ignored = {.max = HF_TPM_STATE_MAX};

    if (file.n < 2 * SLOT_GRAIN || file.n % (2 * SLOT_GRAIN))
        return hf_fail(HF_E_TRUNCATED, "need two slots of a multiple of %zu bytes, have %zu bytes", SLOT_GRAIN, file.n);
    for (unsigned i = 0; i < 2; i++)
        is[i] = hf_tpm_slot_look((struct hf_bytes){file.p + i * slot, slot}, &generation[i], &used[i]);
    if (is[0] == HF_TPM_SLOT_EMPTY && is[1] == HF_TPM_SLOT_EMPTY)
        return hf_fail(HF_E_FORMAT, "both slots are empty");
    if (is[0] != HF_TPM_SLOT_WHOLE && is[1] != HF_TPM_SLOT_WHOLE)
        return hf_tpm_slot_parse(HF_TPM_STATE_PERMANENT, s->key,
                                 (struct hf_bytes){file.p + (is[0] == HF_TPM_SLOT_EMPTY ? slot : 0), slot}, &ignored);
    *live = is[1] == HF_TPM_SLOT_WHOLE && (is[0] != HF_TPM_SLOT_WHOLE || generation[1] > generation[0]);
    *both = is[1 - *live] != HF_TPM_SLOT_EMPTY;
    s->slot = slot;
    s->live = *live;
    s->used = used[*live];
    s->generation = generation[*live];
    return HF_OK;
}

static hf_err parse(struct hf_tpm_state *s, enum hf_tpm_state_kind kind, struct hf_bytes file, struct hf_buf *out,
                    bool *both)
{
    unsigned live = 0;

    if (kind == HF_TPM_STATE_RESUME)
        return hf_tpm_slot_parse(kind, s->key, file, out);
    HF_TRY(choose(s, file, &live, both));
    return hf_tpm_slot_parse(kind, s->key, (struct hf_bytes){file.p + live * s->slot, s->slot}, out);
}

static hf_err read_one(struct hf_tpm_state *s, enum hf_tpm_state_kind kind, struct hf_buf *out, bool *both)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf file = {.max = 3 * HF_TPM_STATE_MAX};
    char why[512]; /* hf_fail may not be given what it overwrites */
    hf_err err;

    if (faccessat(s->dir, file_of[kind], F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
        return HF_OK;
    HF_TRY(hf_file_read_at(s->dir, file_of[kind], 2 * HF_TPM_STATE_MAX, &file));
    err = parse(s, kind, hf_buf_bytes(&file), out, both);
    if (err == HF_OK)
        return HF_OK;
    (void)snprintf(why, sizeof(why), "%s", hf_err_detail());
    return hf_fail(err, "%s/%s: %s", s->path, file_of[kind], why);
}

hf_err hf_tpm_state_peek(struct hf_tpm_state *s, enum hf_tpm_state_kind kind, struct hf_buf *out)
{
    bool both = false;

    return read_one(s, kind, out, &both);
}

hf_err hf_tpm_state_load(struct hf_tpm_state *s, enum hf_tpm_state_kind kind, struct hf_buf *out)
{
    bool both = false;

    HF_TRY(read_one(s, kind, out, &both));
    if (kind != HF_TPM_STATE_PERMANENT || out->n == 0)
        return HF_OK;
    if (s->file < 0)
        HF_TRY(hf_open_beneath(s->dir, "state", O_RDWR, 0, &s->file));
    if (!both)
        return HF_OK;
    hf_log(HF_LOG_NOTICE, "tpm.slot", "wiped=%u why=a crash left it", 1 - s->live);
    return zero_at(s, s->file, (1 - s->live) * s->slot, s->slot);
}

/* A new file, with room for twice what it holds now; the one before is overwritten. */
static hf_err move_to_new_file(struct hf_tpm_state *s, const struct hf_buf *content)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf file = {.max = 4 * HF_TPM_STATE_MAX};
    HF_CLEANUP(hf_fd_close) int old = hf_fd_take(&s->file);
    size_t slot = (2 * content->n + SLOT_GRAIN - 1) / SLOT_GRAIN * SLOT_GRAIN;
    struct stat st = {0};
    uint8_t *place = NULL;

    if (slot < SLOT_MIN)
        slot = SLOT_MIN;
    if (old < 0) /* one that could not be loaded, and is replaced on request */
        old = openat(s->dir, "state", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    HF_TRY(hf_buf_grow(&file, 2 * slot, &place));
    memset(place, 0, 2 * slot);
    memcpy(place, content->p, content->n);
    HF_TRY(hf_file_replace_at(s->dir, "state", hf_buf_bytes(&file)));
    s->slot = slot;
    s->live = 0;
    if (old >= 0 && fstat(old, &st) == 0)
        HF_TRY(zero_at(s, old, 0, (size_t)st.st_size));
    return hf_open_beneath(s->dir, "state", O_RDWR, 0, &s->file);
}

hf_err hf_tpm_state_save(struct hf_tpm_state *s, struct hf_bytes permanent)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf content = {.max = HF_TPM_STATE_MAX};
    unsigned next = 1 - s->live;

    HF_TRY(hf_tpm_slot_write(HF_TPM_STATE_PERMANENT, s->key, s->generation + 1, permanent, &content));
    if (s->file < 0 || content.n > s->slot) {
        HF_TRY(move_to_new_file(s, &content));
    } else {
        HF_TRY(put_at(s, s->file, hf_buf_bytes(&content), next * s->slot));
        HF_TRY(zero_at(s, s->file, s->live * s->slot, s->used));
        s->live = next;
    }
    s->used = content.n;
    s->generation++;
    return HF_OK;
}

/* Neither of the two below waits for the disk: after a power cut the machine has booted anew, and a
 * volatile state of another boot is not used. */
hf_err hf_tpm_state_save_resume(struct hf_tpm_state *s, struct hf_bytes resume)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf content = {.max = HF_TPM_STATE_MAX};
    HF_CLEANUP(hf_fd_close) int fd = -1;

    HF_TRY(hf_tpm_slot_write(HF_TPM_STATE_RESUME, s->key, 0, resume, &content));
    HF_TRY(hf_open_beneath(s->dir, "resume", O_WRONLY | O_CREAT | O_EXCL, 0600, &fd));
    return hf_fd_write_all(fd, s->path, hf_buf_bytes(&content));
}

hf_err hf_tpm_state_drop_resume(struct hf_tpm_state *s)
{
    HF_CLEANUP(hf_fd_close) int fd = openat(s->dir, "resume", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    HF_CLEANUP(hf_buf_free) struct hf_buf zeros = {.max = HF_TPM_STATE_MAX};
    struct stat st = {0};
    uint8_t *place = NULL;

    if (fd < 0)
        return errno == ENOENT ? HF_OK : hf_fail_errno("%s/resume", s->path);
    if (unlinkat(s->dir, "resume", 0) != 0 || fstat(fd, &st) != 0)
        return hf_fail_errno("%s/resume", s->path);
    HF_TRY(hf_buf_grow(&zeros, (size_t)st.st_size, &place));
    memset(place, 0, (size_t)st.st_size);
    return hf_fd_write_all(fd, s->path, hf_buf_bytes(&zeros));
}
