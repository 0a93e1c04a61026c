/* swtpm's state, in and out. */
#include "helper/transfer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/reader.h"
#include "base/writer.h"
#include "tpm/tpm_inproc.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#define HEADER_SIZE 10u
#define TAG_DATA 1u
#define READ_TRIES 5

hf_err hf_transfer_parse(struct hf_bytes file, struct hf_bytes *permanent)
{
    struct hf_reader r = hf_reader(file);
    uint8_t version = hf_rd_u8(&r);
    uint8_t least = hf_rd_u8(&r);
    uint16_t header = hf_rd_u16be(&r);
    uint16_t flags = hf_rd_u16be(&r);
    uint32_t total = hf_rd_u32be(&r);
    uint16_t tag = hf_rd_u16be(&r);
    struct hf_bytes data = hf_rd_view(&r, hf_rd_u32be(&r));

    HF_TRY(hf_rd_err(&r));
    if (version < 1 || least > 2 || header != HEADER_SIZE || total != file.n)
        return hf_fail(HF_E_FORMAT, "not a swtpm state: version %u, header of %u bytes, %u bytes in all of %zu",
                       version, header, total, file.n);
    if (flags != 0 || tag != TAG_DATA)
        return hf_fail(HF_E_UNSUPPORTED, "a swtpm state that is encrypted or migrating (flags 0x%x, tag %u)", flags,
                       tag);
    HF_TRY(hf_rd_end(&r));
    *permanent = data;
    return HF_OK;
}

hf_err hf_transfer_write(struct hf_bytes permanent, struct hf_buf *file)
{
    uint8_t place[HEADER_SIZE + 6];
    struct hf_writer w = hf_writer(place, sizeof(place));

    hf_wr_u8(&w, 2);                                          /* 0 version */
    hf_wr_u8(&w, 1);                                          /* 1 least version that can read it */
    hf_wr_u16be(&w, HEADER_SIZE);                             /* 2 header size */
    hf_wr_u16be(&w, 0);                                       /* 4 flags */
    hf_wr_u32be(&w, (uint32_t)(sizeof(place) + permanent.n)); /* 6 total size */
    hf_wr_u16be(&w, TAG_DATA);                                /* 10 */
    hf_wr_u32be(&w, (uint32_t)permanent.n);                   /* 12 */
    HF_TRY(hf_buf_add(file, hf_wr_done(&w)));
    return hf_buf_add(file, permanent);
}

/* libtpms must accept it, before anything is replaced by it. */
static hf_err try_out(struct hf_bytes permanent)
{
    struct hf_tpm_transport *t = NULL;

    if (permanent.n == 0)
        return hf_fail(HF_E_FORMAT, "an empty TPM state");
    HF_TRY(hf_tpm_inproc_start(permanent, (struct hf_bytes){NULL, 0}, &t));
    t->ops->close(&t);
    return HF_OK;
}

hf_err hf_transfer_import(struct hf_tpm_state *state, const char *file, bool replace)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf content = {.max = 2 * HF_TPM_STATE_MAX};
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf there = {.max = HF_TPM_STATE_MAX};
    struct hf_bytes permanent = {0};
    hf_err err;

    HF_TRY(hf_file_read(file, HF_TPM_STATE_MAX, &content));
    HF_TRY(hf_transfer_parse(hf_buf_bytes(&content), &permanent));
    HF_TRY(hf_tpm_state_lock(state));
    err = hf_tpm_state_load(state, HF_TPM_STATE_PERMANENT, &there);
    if (!replace) {
        HF_TRY(err);
        if (there.n)
            return hf_fail(HF_E_EXISTS, "%s holds a TPM already; importing over it destroys that one", state->path);
    }
    HF_TRY(try_out(permanent));
    HF_TRY(hf_tpm_state_drop_resume(state));
    return hf_tpm_state_save(state, permanent);
}

/* A TPM that runs may replace its state between our opening and our reading. */
static hf_err load_settled(struct hf_tpm_state *state, struct hf_buf *out)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    hf_err err = HF_OK;

    for (int i = 0; i < READ_TRIES; i++) {
        err = hf_tpm_state_peek(state, HF_TPM_STATE_PERMANENT, out);
        if (err == HF_OK || err == HF_E_AUTH)
            return err;
        (void)nanosleep(&pause, NULL);
    }
    return err;
}

hf_err hf_transfer_export(struct hf_tpm_state *state, const char *file)
{
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf permanent = {.max = HF_TPM_STATE_MAX};
    HF_CLEANUP(hf_buf_wiped_free) struct hf_buf content = {.max = 2 * HF_TPM_STATE_MAX};
    HF_CLEANUP(hf_fd_close) int fd = -1;
    hf_err err;

    HF_TRY(load_settled(state, &permanent));
    if (permanent.n == 0)
        return hf_fail(HF_E_NOT_FOUND, "%s holds no TPM", state->path);
    HF_TRY(hf_transfer_write(hf_buf_bytes(&permanent), &content));
    fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? hf_fail(HF_E_EXISTS, "%s exists already", file) : hf_fail_errno("%s", file);
    err = hf_fd_write_all(fd, file, hf_buf_bytes(&content));
    if (err == HF_OK && fsync(fd) != 0)
        err = hf_fail_errno("%s: fsync", file);
    if (err != HF_OK)
        (void)unlink(file);
    return err;
}
