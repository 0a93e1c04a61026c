/* The record of a process's handles in a raw TPM. */
#include "tpm/leftover.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "tpm/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <tss2/tss2_tpm2_types.h>

#define FILE_SIZE (HF_LEFTOVER_MAX * sizeof(uint32_t))

struct hf_leftover {
    int fd;
    uint32_t *handle; /* HF_LEFTOVER_MAX of them, 0: a free place */
};

/* The TPM's fixed properties and its reset count: unequal for two TPMs, and after a reset. */
static hf_err identity(struct hf_tpm_transport *raw, struct hf_digest *out)
{
    HF_CLEANUP(hf_free) struct hf_tpm_reply *fixed = NULL;
    HF_CLEANUP(hf_free) struct hf_tpm_reply *clock = NULL;
    uint8_t place[HF_TPM_IO_MAX];
    struct hf_writer w = hf_wire_start(place, TPM2_ST_NO_SESSIONS, TPM2_CC_GetCapability);
    struct hf_bytes command = {0};

    HF_TRY(hf_alloc(sizeof(*fixed), &fixed));
    HF_TRY(hf_alloc(sizeof(*clock), &clock));
    hf_wr_u32be(&w, TPM2_CAP_TPM_PROPERTIES);
    hf_wr_u32be(&w, TPM2_PT_FIXED);
    hf_wr_u32be(&w, 64);
    HF_TRY(hf_wire_end(&w, &command));
    HF_TRY(raw->ops->transact(raw, command, HF_TPM_TIMEOUT_MS, fixed));
    w = hf_wire_start(place, TPM2_ST_NO_SESSIONS, TPM2_CC_ReadClock);
    HF_TRY(hf_wire_end(&w, &command));
    HF_TRY(raw->ops->transact(raw, command, HF_TPM_TIMEOUT_MS, clock));
    if (clock->n < HF_WIRE_HEADER + 25) /* TPMS_TIME_INFO: time, clock, resetCount, restartCount, safe */
        return hf_fail(HF_E_FORMAT, "TPM2_ReadClock answered %zu bytes; wanted %u", clock->n, HF_WIRE_HEADER + 25);
    return hf_hash(HF_SHA256,
                   (const struct hf_bytes[]){{fixed->bytes, fixed->n}, {clock->bytes + HF_WIRE_HEADER + 16, 8}}, 2,
                   out);
}

static const char *runtime_dir(void)
{
    const char *named = secure_getenv("XDG_RUNTIME_DIR");

    if (named && named[0] == '/')
        return named;
    return geteuid() == 0 ? "/run" : NULL;
}

static hf_err open_file(const struct hf_digest *id, int *out)
{
    HF_CLEANUP(hf_fd_close) int dir = -1;
    HF_CLEANUP(hf_fd_close) int fd = -1;
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/holdfast", runtime_dir());
    HF_TRY(hf_dir_open(path, &dir));
    (void)snprintf(path, sizeof(path), "tpm-%02x%02x%02x%02x%02x%02x%02x%02x", id->bytes[0], id->bytes[1], id->bytes[2],
                   id->bytes[3], id->bytes[4], id->bytes[5], id->bytes[6], id->bytes[7]);
    HF_TRY(hf_open_beneath(dir, path, O_RDWR | O_CREAT, 0600, &fd));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? hf_fail(HF_E_BUSY, "another process manages this TPM")
                                    : hf_fail_errno("%s", path);
    if (ftruncate(fd, (off_t)FILE_SIZE) != 0)
        return hf_fail_errno("%s", path);
    *out = hf_fd_take(&fd);
    return HF_OK;
}

hf_err hf_leftover_open(struct hf_tpm_transport *raw, struct hf_leftover **out)
{
    HF_CLEANUP(hf_leftover_close) struct hf_leftover *record = NULL;
    struct hf_digest id = {0};
    void *place;
    hf_err err;

    *out = NULL;
    if (!runtime_dir())
        return HF_OK;
    HF_TRY(identity(raw, &id));
    HF_TRY(hf_alloc(sizeof(*record), &record));
    record->fd = -1;
    err = open_file(&id, &record->fd);
    if (err != HF_OK) { /* a read-only or missing place, or in use: the TPM works without it */
        hf_log(HF_LOG_NOTICE, "rm.unrecorded", "why=%s", hf_err_detail());
        return HF_OK;
    }
    place = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, record->fd, 0);
    if (place == MAP_FAILED)
        return hf_fail_errno("mmap of the record of TPM handles");
    record->handle = place;
    *out = hf_take(record);
    return HF_OK;
}

void hf_leftover_close(struct hf_leftover **record)
{
    if (!*record)
        return;
    if ((*record)->handle)
        (void)munmap((*record)->handle, FILE_SIZE);
    hf_fd_close(&(*record)->fd);
    hf_free(record);
}

size_t hf_leftover_take(struct hf_leftover *record, uint32_t out[HF_LEFTOVER_MAX])
{
    size_t n = 0;

    if (!record)
        return 0;
    for (size_t i = 0; i < HF_LEFTOVER_MAX; i++) {
        if (record->handle[i])
            out[n++] = record->handle[i];
        record->handle[i] = 0;
    }
    return n;
}

void hf_leftover_note(struct hf_leftover *record, uint32_t handle, bool added)
{
    uint32_t from = added ? 0 : handle;

    if (!record)
        return;
    for (size_t i = 0; i < HF_LEFTOVER_MAX; i++) {
        if (record->handle[i] == from) {
            record->handle[i] = added ? handle : 0;
            return;
        }
    }
}
