/* record:FILE:URI passes everything on to another transport and appends it to a recording. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "tpm/recording.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

struct record {
    struct hf_tpm_transport base;
    struct hf_tpm_transport *inner;
    int fd;
    char *path;
    struct hf_buf line; /* one record, written at once */
};

static void record_free(struct record **r)
{
    if (!*r)
        return;
    hf_tpm_transport_close(&(*r)->inner);
    hf_fd_close(&(*r)->fd);
    hf_free(&(*r)->path);
    if ((*r)->line.p)
        hf_wipe((*r)->line.p, (*r)->line.cap);
    hf_buf_free(&(*r)->line);
    hf_free(r);
}

static void record_close(struct hf_tpm_transport **t)
{
    struct record *r = (struct record *)*t;

    record_free(&r);
    *t = NULL;
}

/* A new recording gets its header; an old one must be of the same kind of TPM. */
static hf_err header_ensure(const struct record *r)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf header = {0};
    uint8_t have[HF_TPM_RECORDING_HEADER];
    bool managed = false;
    ssize_t n = pread(r->fd, have, sizeof(have), 0);

    if (n < 0)
        return hf_fail_errno("%s", r->path);
    if (n == 0) {
        HF_TRY(hf_tpm_recording_header_write(r->base.managed, &header));
        return hf_fd_write_all(r->fd, r->path, hf_buf_bytes(&header));
    }
    if (hf_tpm_recording_header_parse((struct hf_bytes){have, (size_t)n}, &managed) != HF_OK)
        return hf_fail(HF_E_EXISTS, "%s exists and is not appended to: %s", r->path, hf_err_detail());
    if (managed != r->base.managed)
        return hf_fail(HF_E_EXISTS, "%s was recorded from a TPM %s resource manager; this one is %s", r->path,
                       managed ? "with a" : "without", r->base.managed ? "with one" : "without");
    return HF_OK;
}

static hf_err file_open(struct record *r)
{
    struct stat st;

    r->fd = open(r->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
    if (r->fd < 0 || fstat(r->fd, &st) != 0)
        return hf_fail_errno("%s", r->path);
    if (!S_ISREG(st.st_mode))
        return hf_fail(HF_E_ARG, "%s is not a regular file", r->path);
    if (flock(r->fd, LOCK_EX | LOCK_NB) != 0)
        return hf_fail(HF_E_BUSY, "%s is being recorded to by another connection", r->path);
    return header_ensure(r);
}

static hf_err record_open(const struct hf_tpm_where *where, struct hf_tpm_transport **out)
{
    HF_CLEANUP(record_free) struct record *r = NULL;
    const char *colon = strchr(where->rest, ':');

    if (!colon || colon == where->rest || !colon[1])
        return hf_fail(HF_E_ARG, "\"record:%.200s\": wanted record:FILE:URI, such as record:wire.rec:swtpm:port=2321",
                       where->rest);
    HF_TRY(hf_alloc(sizeof(*r), &r));
    r->fd = -1;
    HF_TRY(hf_text_of((struct hf_bytes){(const uint8_t *)where->rest, (size_t)(colon - where->rest)}, &r->path));
    HF_TRY(hf_tpm_transport_open(colon + 1, where->state_dir, where->tpm_state, &r->inner));
    r->base = (struct hf_tpm_transport){&hf_tpm_record_ops, r->inner->kind, r->inner->managed};
    HF_TRY(file_open(r));
    *out = &hf_take(r)->base;
    return HF_OK;
}

static hf_err append(struct record *r, enum hf_tpm_direction direction, struct hf_bytes bytes)
{
    r->line.n = 0;
    HF_TRY(hf_tpm_recording_record_write(direction, hf_monotonic_ns(), bytes, &r->line));
    return hf_fd_write_all(r->fd, r->path, hf_buf_bytes(&r->line));
}

/* A command that cannot be recorded is not sent; an answer that cannot be is not given. */
static hf_err record_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                              struct hf_tpm_reply *reply)
{
    struct record *r = (struct record *)t;
    hf_err err;

    HF_TRY(append(r, HF_TPM_SENT, command));
    HF_TRY(r->inner->ops->transact(r->inner, command, timeout_ms, reply));
    err = append(r, HF_TPM_RECEIVED, (struct hf_bytes){reply->bytes, reply->n});
    if (err != HF_OK)
        reply->n = 0;
    return err;
}

const struct hf_tpm_transport_ops hf_tpm_record_ops = {
    .scheme = "record",
    .about = "record:FILE:URI, the TPM at URI with every command and response appended to FILE",
    .open = record_open,
    .close = record_close,
    .transact = record_transact,
};
