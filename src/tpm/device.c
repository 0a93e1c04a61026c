/* The kernel's TPM: /dev/tpmrm0 behind the kernel's resource manager, /dev/tpm0 without it. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "tpm/stream.h"
#include "tpm/uri.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>

struct device {
    struct hf_tpm_transport base;
    struct hf_tpm_stream stream;
};

static void device_close(struct hf_tpm_transport **t)
{
    struct device *d = (struct device *)*t;

    if (!d)
        return;
    hf_tpm_stream_close(&d->stream);
    hf_free(t);
}

static hf_err fail_open(const char *path, int number)
{
    switch (number) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return hf_fail(HF_E_UNAVAILABLE, "%s: %s; no TPM, or its driver is not loaded. \"embedded\" works without one",
                       path, strerror(number));
    case EACCES:
    case EPERM:
        return hf_fail(HF_E_PERMISSION,
                       "%s: %s; on Debian members of the group tss may use it "
                       "(adduser USER tss, then log in again)",
                       path, strerror(number));
    case EBUSY:
        return hf_fail(HF_E_BUSY,
                       "%s is held by another process (often tpm2-abrmd); several can share /dev/tpmrm0, "
                       "or reach abrmd as tcti:tabrmd",
                       path);
    default:
        errno = number;
        return hf_fail_errno("%s", path);
    }
}

static hf_err open_node(const char *path, int *fd)
{
    struct stat st;
    HF_CLEANUP(hf_fd_close) int node = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (node < 0)
        return fail_open(path, errno);
    if (fstat(node, &st) != 0)
        return hf_fail_errno("%s", path);
    if (!S_ISCHR(st.st_mode))
        return hf_fail(HF_E_ARG, "%s is not a device node", path);
    *fd = hf_fd_take(&node);
    return HF_OK;
}

/* /dev/tpmrm*: the kernel swaps objects and sessions for each open file of its own. */
static bool is_managed(const char *path)
{
    const char *slash = strrchr(path, '/');

    return strncmp(slash ? slash + 1 : path, "tpmrm", 5) == 0;
}

static hf_err device_open(const struct hf_tpm_where *where, struct hf_tpm_transport **out)
{
    HF_CLEANUP(hf_free) struct device *d = NULL;
    HF_CLEANUP(hf_free) char *found = NULL;
    const char *path = where->rest;

    if (!path[0]) {
        HF_TRY(hf_tpm_uri_find_device("/dev", "/sys/class/tpm", &found));
        path = found ? strchr(found, ':') + 1 : "/dev/tpmrm0";
    }
    HF_TRY(hf_alloc(sizeof(*d), &d));
    d->base = (struct hf_tpm_transport){.ops = &hf_tpm_device_ops, .managed = is_managed(path)};
    (void)snprintf(d->stream.name, sizeof(d->stream.name), "%.150s", path);
    HF_TRY(open_node(path, &d->stream.fd));
    *out = &hf_take(d)->base;
    return HF_OK;
}

static hf_err device_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                              struct hf_tpm_reply *reply)
{
    struct device *d = (struct device *)t;
    uint64_t deadline = hf_monotonic_ms() + timeout_ms;

    HF_TRY(hf_tpm_stream_ready(&d->stream));
    HF_TRY(hf_tpm_stream_write(&d->stream, command, deadline));
    return hf_tpm_stream_read_reply(&d->stream, deadline, reply);
}

const struct hf_tpm_transport_ops hf_tpm_device_ops = {
    .scheme = "device",
    .about = "device:/dev/tpmrm0 (shared) or device:/dev/tpm0 (alone), a TPM of this machine",
    .open = device_open,
    .close = device_close,
    .transact = device_transact,
};
