/* The transport "embedded": a unix socket to the process of the embedded TPM, started on demand. */
#include "tpm/embedded.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "tpm/pipe.h"
#include "tpm/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <holdfast/objects.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <tss2/tss2_tpm2_types.h>

#define ATTEMPTS 5 /* connections that end before the first answer: the process was just ending */

struct embedded {
    struct hf_tpm_transport base;
    int fd; /* -1: dead */
};

hf_err hf_embedded_dir(const struct hf_tpm_where *where, char **out)
{
    size_t size;

    if (where->rest && where->rest[0])
        return hf_strdup(where->rest, out);
    if (where->tpm_state && where->tpm_state[0])
        return hf_strdup(where->tpm_state, out);
    if (!where->state_dir || !where->state_dir[0])
        return hf_fail(HF_E_ARG, "the embedded TPM has no state directory; name one as embedded:DIR");
    size = strlen(where->state_dir) + sizeof("/tpm");
    HF_TRY(hf_alloc(size, out));
    (void)snprintf(*out, size, "%s/tpm", where->state_dir);
    return HF_OK;
}

hf_err hf_embedded_address(const char *dir, int dir_fd, struct sockaddr_un *out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t room = sizeof(address.sun_path);

    if ((size_t)snprintf(address.sun_path, room, "%s/" HF_EMBEDDED_SOCKET, dir) >= room &&
        (size_t)snprintf(address.sun_path, room, "/proc/self/fd/%d/" HF_EMBEDDED_SOCKET, dir_fd) >= room)
        return hf_fail(HF_E_LIMIT, "%s: the path is too long for a socket", dir);
    *out = address;
    return HF_OK;
}

/* Who listens must be this user, the directory's owner, or root: else secrets would go to a stranger. */
static hf_err peer_check(int fd, int dir_fd, const char *dir)
{
    struct ucred peer = {0};
    socklen_t n = sizeof(peer);
    struct stat st;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) != 0 || fstat(dir_fd, &st) != 0)
        return hf_fail_errno("%s", dir);
    if (peer.uid != geteuid() && peer.uid != 0 && peer.uid != st.st_uid)
        return hf_fail(HF_E_IMPOSTOR, "the process that listens in %s runs as uid %u; wanted %u", dir, peer.uid,
                       geteuid());
    return HF_OK;
}

/* HF_E_NOT_FOUND when nobody listens: start the process, then. */
static hf_err connect_once(const char *dir, int *out)
{
    HF_CLEANUP(hf_fd_close) int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    HF_CLEANUP(hf_fd_close) int fd = -1;
    struct sockaddr_un address;

    if (dir_fd < 0 && errno == ENOENT)
        return hf_fail(HF_E_NOT_FOUND, "%s: there is no embedded TPM yet", dir);
    if (dir_fd < 0)
        return hf_fail_errno("%s", dir);
    HF_TRY(hf_embedded_address(dir, dir_fd, &address));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return hf_fail_errno("%s: socket", dir);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED)
            return hf_fail(HF_E_NOT_FOUND, "%s: the embedded TPM does not run", dir);
        if (errno == EAGAIN)
            return hf_fail(HF_E_BUSY, "%s: the embedded TPM has too many clients waiting", dir);
        return hf_fail_errno("%s", address.sun_path);
    }
    HF_TRY(peer_check(fd, dir_fd, dir));
    *out = hf_fd_take(&fd);
    return HF_OK;
}

/* Wait until the socket can be read or written, up to a deadline. */
static hf_err wait_for(int fd, short events, uint64_t deadline)
{
    for (;;) {
        uint64_t now = hf_monotonic_ms();
        struct pollfd p = {.fd = fd, .events = events};
        int n;

        if (now >= deadline)
            return hf_fail(HF_E_TIMEOUT, "the embedded TPM did not answer in time");
        n = poll(&p, 1, deadline - now > INT32_MAX ? INT32_MAX : (int)(deadline - now));
        if (n > 0)
            return HF_OK;
        if (n < 0 && errno != EINTR)
            return hf_fail_errno("poll");
    }
}

static hf_err gone(const char *doing)
{
    return hf_fail(HF_E_UNAVAILABLE, "the embedded TPM's process ended while %s", doing);
}

static hf_err send_all(int fd, struct hf_bytes bytes, uint64_t deadline)
{
    while (bytes.n) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);

        if (n > 0) {
            bytes.p += n;
            bytes.n -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            HF_TRY(wait_for(fd, POLLOUT, deadline));
        } else if (n < 0 && errno != EINTR) {
            return gone("it was sent a command");
        }
    }
    return HF_OK;
}

/* Read until `want` bytes are there; one read may bring the whole response. */
static hf_err receive(int fd, struct hf_tpm_reply *reply, size_t want, uint64_t deadline)
{
    while (reply->n < want) {
        ssize_t n = recv(fd, reply->bytes + reply->n, sizeof(reply->bytes) - reply->n, 0);

        if (n > 0)
            reply->n += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            HF_TRY(wait_for(fd, POLLIN, deadline));
        else if (n == 0 || errno != EINTR)
            return gone("an answer was awaited");
    }
    return HF_OK;
}

static hf_err exchange(int fd, struct hf_bytes command, uint32_t timeout_ms, struct hf_tpm_reply *reply)
{
    uint64_t deadline = hf_monotonic_ms() + timeout_ms;
    size_t size = 0;
    uint32_t rc = 0;

    reply->n = 0;
    HF_TRY(send_all(fd, command, deadline));
    HF_TRY(receive(fd, reply, HF_WIRE_HEADER, deadline));
    HF_TRY(hf_wire_size((struct hf_bytes){reply->bytes, reply->n}, &size));
    HF_TRY(receive(fd, reply, size, deadline));
    return hf_wire_reply_check(reply, &rc);
}

static hf_err embedded_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                                struct hf_tpm_reply *reply)
{
    struct embedded *e = (struct embedded *)t;
    hf_err err;

    if (e->fd < 0)
        return hf_fail(HF_E_UNAVAILABLE, "the connection to the embedded TPM has ended");
    err = exchange(e->fd, command, timeout_ms, reply);
    if (err != HF_OK)
        hf_fd_close(&e->fd); /* out of step, or dead */
    return err;
}

/*
 * Say hello with TPM2_Startup, which the process answers by itself: who has had one answer is
 * registered as a client, and the process does not end of idleness before the connection does.
 */
static hf_err hello(int fd)
{
    static const uint8_t startup[] = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x44, 0, TPM2_SU_CLEAR};
    HF_CLEANUP(hf_free) struct hf_tpm_reply *reply = NULL;

    HF_TRY(hf_alloc(sizeof(*reply), &reply));
    return exchange(fd, HF_BYTES_OF(startup), HF_EMBEDDED_START_MS, reply);
}

/* A connection that has had its first answer. */
static hf_err connect_or_start(const char *dir, int *out)
{
    hf_err err = HF_OK;

    for (int i = 0; i < ATTEMPTS; i++) {
        HF_CLEANUP(hf_fd_close) int fd = -1;

        err = connect_once(dir, &fd);
        if (err == HF_E_NOT_FOUND) {
            HF_TRY(hf_embedded_start(dir));
            err = connect_once(dir, &fd);
        }
        if (err == HF_OK)
            err = hello(fd);
        if (err == HF_OK) {
            *out = hf_fd_take(&fd);
            return HF_OK;
        }
        if (err != HF_E_NOT_FOUND && err != HF_E_UNAVAILABLE)
            return err;
    }
    return err == HF_E_NOT_FOUND ? hf_fail(HF_E_UNAVAILABLE, "%s: the embedded TPM ends as soon as it starts", dir)
                                 : err;
}

static hf_err embedded_open(const struct hf_tpm_where *where, struct hf_tpm_transport **out)
{
    HF_CLEANUP(hf_free) char *dir = NULL;
    HF_CLEANUP(hf_fd_close) int fd = -1;
    struct embedded *e = NULL;

    HF_TRY(hf_embedded_dir(where, &dir));
    HF_TRY(connect_or_start(dir, &fd));
    HF_TRY(hf_alloc(sizeof(*e), &e));
    e->base = (struct hf_tpm_transport){&hf_tpm_embedded_ops, HF_TPM_KIND_EMULATED, true};
    e->fd = hf_fd_take(&fd);
    *out = &e->base;
    return HF_OK;
}

static void embedded_close(struct hf_tpm_transport **t)
{
    struct embedded *e = (struct embedded *)*t;

    if (e)
        hf_fd_close(&e->fd);
    hf_free(t);
}

hf_err hf_embedded_relay(int in, int out, const struct hf_tpm_where *where)
{
    HF_CLEANUP(embedded_close) struct hf_tpm_transport *t = NULL;
    HF_CLEANUP(hf_tpm_pipe_close) struct hf_tpm_pipe *p = NULL;

    HF_TRY(embedded_open(where, &t));
    HF_TRY(hf_tpm_pipe_over(&t, &p));
    return hf_tpm_pipe_run(p, in, out);
}

const struct hf_tpm_transport_ops hf_tpm_embedded_ops = {
    .scheme = "embedded",
    .about = "embedded[:DIR], a software TPM of this user, started on demand",
    .open = embedded_open,
    .close = embedded_close,
    .transact = embedded_transact,
};
