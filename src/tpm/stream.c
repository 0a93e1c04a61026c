/* Sockets and device nodes with deadlines. */
#include "tpm/stream.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#define HEADER_SIZE 10u

void hf_tpm_stream_close(struct hf_tpm_stream *s)
{
    hf_fd_close(&s->fd);
}

/* Wait for an event until the deadline: 1 when it came, 0 when the time is over, -1 with errno. */
static int wait_for(int fd, short events, uint64_t deadline)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = events};
        uint64_t now = hf_monotonic_ms();
        uint64_t left = deadline > now ? deadline - now : 0;
        int n = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);

        if (n >= 0 || errno != EINTR)
            return n;
    }
}

static hf_err fail_connect(const char *name, int number)
{
    if (number == EACCES || number == EPERM)
        return hf_fail(HF_E_PERMISSION, "%s: %s; the socket belongs to another user", name, strerror(number));
    if (number == ETIMEDOUT)
        return hf_fail(HF_E_TIMEOUT, "%s did not accept a connection in %u ms", name, HF_TPM_CONNECT_MS);
    return hf_fail(HF_E_UNAVAILABLE, "%s: %s; is it running, and is this its address?", name, strerror(number));
}

/* A connected, non-blocking socket, or the errno. */
static int connect_to(int family, const struct sockaddr *address, socklen_t size, uint64_t deadline, int *fd)
{
    HF_CLEANUP(hf_fd_close) int s = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = 0;
    socklen_t n = sizeof(error);

    if (s < 0)
        return errno;
    if (connect(s, address, size) != 0) {
        if (errno != EINPROGRESS && errno != EINTR)
            return errno;
        if (wait_for(s, POLLOUT, deadline) <= 0)
            return ETIMEDOUT;
        if (getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
            return errno;
        if (error)
            return error;
    }
    *fd = hf_fd_take(&s);
    return 0;
}

hf_err hf_tpm_stream_tcp(const char *what, const char *host, uint16_t port, struct hf_tpm_stream *out)
{
    struct hf_tpm_stream s = {.fd = -1, .is_socket = true};
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    uint64_t deadline = hf_monotonic_ms() + HF_TPM_CONNECT_MS;
    char service[8];
    int one = 1;
    int error;

    (void)snprintf(s.name, sizeof(s.name), "%.20s at %.100s:%u", what, host, port);
    (void)snprintf(service, sizeof(service), "%u", port);
    error = getaddrinfo(host, service, &hints, &list);
    if (error)
        return hf_fail(HF_E_UNAVAILABLE, "%s: %s", s.name, gai_strerror(error));
    error = EHOSTUNREACH;
    for (const struct addrinfo *a = list; a && s.fd < 0; a = a->ai_next)
        error = connect_to(a->ai_family, a->ai_addr, a->ai_addrlen, deadline, &s.fd);
    freeaddrinfo(list);
    if (s.fd < 0)
        return fail_connect(s.name, error);
    (void)setsockopt(s.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    *out = s;
    return HF_OK;
}

hf_err hf_tpm_stream_unix(const char *what, const char *path, struct hf_tpm_stream *out)
{
    struct hf_tpm_stream s = {.fd = -1, .is_socket = true};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int error;

    (void)snprintf(s.name, sizeof(s.name), "%.20s at %.120s", what, path);
    if (strlen(path) >= sizeof(address.sun_path))
        return hf_fail(HF_E_ARG, "the socket's path has %zu bytes; at most %zu are possible: %.80s...", strlen(path),
                       sizeof(address.sun_path) - 1, path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    error = connect_to(AF_UNIX, (const struct sockaddr *)&address, sizeof(address),
                       hf_monotonic_ms() + HF_TPM_CONNECT_MS, &s.fd);
    if (error)
        return fail_connect(s.name, error);
    *out = s;
    return HF_OK;
}

/* The connection is of no more use. */
static hf_err fail_dead(struct hf_tpm_stream *s, hf_err err)
{
    hf_tpm_stream_close(s);
    return err;
}

static hf_err fail_gone(struct hf_tpm_stream *s, int number)
{
    hf_err err = hf_fail(HF_E_UNAVAILABLE, "%s has gone%s%s", s->name, number ? ": " : "",
                         number ? strerror(number) : "");

    return fail_dead(s, err);
}

hf_err hf_tpm_stream_ready(struct hf_tpm_stream *s)
{
    uint8_t byte;
    ssize_t n;

    if (s->fd < 0)
        return hf_fail(HF_E_UNAVAILABLE, "%s: the connection was lost before", s->name);
    if (!s->is_socket)
        return HF_OK;
    n = recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return HF_OK;
    if (n <= 0)
        return fail_gone(s, n < 0 ? errno : 0);
    return fail_dead(
        s, hf_fail(HF_E_UNAVAILABLE, "%s sent bytes that belong to no command; the connection is dropped", s->name));
}

static ssize_t write_some(const struct hf_tpm_stream *s, struct hf_bytes b)
{
    return s->is_socket ? send(s->fd, b.p, b.n, MSG_NOSIGNAL) : write(s->fd, b.p, b.n);
}

hf_err hf_tpm_stream_write(struct hf_tpm_stream *s, struct hf_bytes bytes, uint64_t deadline)
{
    size_t whole = bytes.n;

    while (bytes.n) {
        ssize_t n = write_some(s, bytes);

        if (n > 0) {
            bytes.p += n;
            bytes.n -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            if (wait_for(s->fd, POLLOUT, deadline) <= 0)
                return fail_dead(s, hf_fail(HF_E_TIMEOUT, "%s took %zu of %zu bytes of the command in time", s->name,
                                            whole - bytes.n, whole));
        } else if (n == 0 || errno != EINTR) {
            return fail_gone(s, n < 0 ? errno : 0);
        }
    }
    return HF_OK;
}

/* At least one byte, at most n. */
static hf_err read_some(struct hf_tpm_stream *s, uint8_t *place, size_t n, uint64_t deadline, size_t *got)
{
    for (;;) {
        ssize_t r;
        int ready = wait_for(s->fd, POLLIN, deadline);

        if (ready == 0)
            return fail_dead(s, hf_fail(HF_E_TIMEOUT, "%s did not answer in time; the connection is dropped", s->name));
        r = ready < 0 ? -1 : read(s->fd, place, n);
        if (r > 0) {
            *got = (size_t)r;
            return HF_OK;
        }
        if (r == 0)
            return fail_gone(s, 0);
        if (errno != EINTR && errno != EAGAIN)
            return fail_gone(s, errno);
    }
}

hf_err hf_tpm_stream_read(struct hf_tpm_stream *s, void *place, size_t n, uint64_t deadline)
{
    uint8_t *p = place;
    size_t got = 0;

    for (size_t at = 0; at < n; at += got)
        HF_TRY(read_some(s, p + at, n - at, deadline, &got));
    return HF_OK;
}

hf_err hf_tpm_stream_read_reply(struct hf_tpm_stream *s, uint64_t deadline, struct hf_tpm_reply *reply)
{
    size_t n = 0;
    size_t want = HEADER_SIZE;
    size_t got = 0;

    while (n < want) { /* in one read where possible: no second answer can be under way */
        HF_TRY(read_some(s, reply->bytes + n, HF_TPM_IO_MAX - n, deadline, &got));
        n += got;
        if (n >= HEADER_SIZE && want == HEADER_SIZE) {
            struct hf_reader r = hf_reader((struct hf_bytes){reply->bytes + 2, 4});
            uint32_t size = hf_rd_u32be(&r);

            if (size < HEADER_SIZE || size > HF_TPM_IO_MAX)
                return fail_dead(s, hf_fail(HF_E_DEVICE, "%s announces an answer of %u bytes; %u to %u are possible",
                                            s->name, size, HEADER_SIZE, HF_TPM_IO_MAX));
            want = size;
        }
    }
    if (n > want)
        return fail_dead(s, hf_fail(HF_E_DEVICE, "%s answered %zu bytes that say they are %zu", s->name, n, want));
    reply->n = n;
    return HF_OK;
}
