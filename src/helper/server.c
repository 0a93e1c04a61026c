/* The helper's loop. */
#include "helper/server.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "tpm/embedded.h"
#include "tpm/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <tss2/tss2_tpm2_types.h>

#define HALF_COMMAND_MS 30000u /* how long a command may take to arrive, or an answer to be fetched */

struct client {
    int fd;
    uint64_t since; /* when the bytes that wait here began to wait; 0: none wait */
    struct hf_rm_client *rm;
    size_t in_n;
    size_t out_at;
    struct hf_tpm_reply out;
    uint8_t in[HF_TPM_IO_MAX];
};

struct loop {
    const struct hf_server *server;
    size_t n;
    bool stop;
    uint64_t idle_since;
    struct client *client[HF_SERVER_CLIENTS];
    struct pollfd poll[HF_SERVER_CLIENTS + 2];
};

hf_err hf_server_listen(const char *dir, int dir_fd, int *out)
{
    HF_CLEANUP(hf_fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un address;

    if (fd < 0)
        return hf_fail_errno("socket");
    HF_TRY(hf_embedded_address(dir, dir_fd, &address));
    if (unlinkat(dir_fd, HF_EMBEDDED_SOCKET, 0) != 0 && errno != ENOENT)
        return hf_fail_errno("%s", address.sun_path);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, SOMAXCONN) != 0)
        return hf_fail_errno("%s", address.sun_path);
    *out = hf_fd_take(&fd);
    return HF_OK;
}

static void client_free(struct client **client)
{
    struct client *c = *client;

    if (!c)
        return;
    hf_rm_client_close(&c->rm);
    hf_fd_close(&c->fd);
    hf_wipe(c->in, sizeof(c->in));
    hf_wipe(c->out.bytes, sizeof(c->out.bytes));
    hf_free(client);
}

static void drop(struct loop *l, size_t i)
{
    client_free(&l->client[i]);
    l->client[i] = l->client[--l->n];
    l->client[l->n] = NULL;
    if (l->n == 0)
        l->idle_since = hf_monotonic_ms();
}

/* Same user or root: the directory's mode says so already; this holds where it was changed. */
static bool peer_allowed(int fd)
{
    struct ucred peer = {0};
    socklen_t n = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

static void take_in(struct loop *l)
{
    while (l->n < HF_SERVER_CLIENTS) {
        HF_CLEANUP(hf_fd_close) int fd = accept4(l->server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        HF_CLEANUP(client_free) struct client *c = NULL;

        if (fd < 0)
            return;
        if (!peer_allowed(fd)) {
            hf_log(HF_LOG_WARNING, "tpm.refused", "why=another user");
            continue;
        }
        if (hf_alloc(sizeof(*c), &c) != HF_OK)
            return;
        c->fd = -1;
        if (hf_rm_client_open(l->server->rm, &c->rm) != HF_OK)
            continue;
        c->fd = hf_fd_take(&fd);
        l->client[l->n++] = hf_take(c);
    }
}

/* False when the connection is over. */
static bool flush_out(struct client *c)
{
    while (c->out_at < c->out.n) {
        ssize_t n = send(c->fd, c->out.bytes + c->out_at, c->out.n - c->out_at, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        c->out_at += (size_t)n;
    }
    c->out.n = c->out_at = 0;
    return true;
}

static bool fill_in(struct client *c)
{
    ssize_t n;

    if (c->in_n == sizeof(c->in))
        return true;
    n = recv(c->fd, c->in + c->in_n, sizeof(c->in) - c->in_n, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    c->in_n += (size_t)n;
    return n > 0;
}

/* Startup and Shutdown are this process's business: clients that send them hear that all is well. */
static bool answered_here(struct hf_bytes command, struct hf_tpm_reply *reply)
{
    uint32_t code = 0;

    if (!hf_wire_get_u32(command, 6, &code) || (code != TPM2_CC_Startup && code != TPM2_CC_Shutdown))
        return false;
    hf_wire_reply_rc(reply, command.n == 12 ? TPM2_RC_SUCCESS : TPM2_RC_COMMAND_SIZE);
    return true;
}

/* Run the first whole command that waits, if any. False when the connection is over. */
static bool serve_one(struct loop *l, struct client *c)
{
    size_t size = 0;
    struct hf_bytes command;

    if (c->out.n || hf_wire_size((struct hf_bytes){c->in, c->in_n}, &size) != HF_OK)
        return c->out.n > 0; /* not a TPM command: nothing after it can be told apart */
    if (size == 0 || c->in_n < size)
        return true;
    command = (struct hf_bytes){c->in, size};
    if (!answered_here(command, &c->out) && hf_rm_transact(c->rm, command, HF_TPM_TIMEOUT_MS, &c->out) != HF_OK) {
        hf_log(HF_LOG_ERROR, "tpm.command", "why=%s", hf_err_detail());
        hf_wire_reply_rc(&c->out, TPM2_RC_FAILURE);
    }
    if (l->server->broken(l->server->arg))
        l->stop = true;
    c->in_n -= size;
    memmove(c->in, c->in + size, c->in_n);
    hf_wipe(c->in + c->in_n, size);
    return flush_out(c);
}

/* One turn for one client. False when it is to be dropped. */
static bool turn(struct loop *l, struct client *c, short events)
{
    uint64_t now;

    if ((events & (POLLERR | POLLNVAL)) != 0)
        return false;
    if (c->out.n && !flush_out(c))
        return false;
    if ((events & (POLLIN | POLLHUP)) && !fill_in(c))
        return false;
    if (!serve_one(l, c))
        return false;
    if (c->in_n == 0 && c->out.n == 0) {
        c->since = 0;
        return true;
    }
    now = hf_monotonic_ms();
    if (c->since == 0 || (events & POLLIN))
        c->since = now;
    return now - c->since < HALF_COMMAND_MS;
}

/* A whole command waits although the socket is quiet: the last read brought more than one. */
static bool has_whole(const struct client *c)
{
    size_t size = 0;

    return c->out.n == 0 && hf_wire_size((struct hf_bytes){c->in, c->in_n}, &size) == HF_OK && size && c->in_n >= size;
}

static int poll_wait_ms(const struct loop *l)
{
    uint64_t idle = hf_monotonic_ms() - l->idle_since;
    bool waiting = false;

    for (size_t i = 0; i < l->n; i++) {
        if (has_whole(l->client[i]))
            return 0;
        waiting = waiting || l->client[i]->since != 0;
    }
    if (waiting)
        return 1000;
    if (l->n)
        return -1;
    return idle >= l->server->idle_ms ? 0 : (int)(l->server->idle_ms - idle);
}

static void one_turn(struct loop *l)
{
    size_t n = l->n;

    l->poll[0] = (struct pollfd){.fd = l->server->signals, .events = POLLIN};
    l->poll[1] = (struct pollfd){.fd = n < HF_SERVER_CLIENTS ? l->server->listener : -1, .events = POLLIN};
    for (size_t i = 0; i < n; i++) {
        const struct client *c = l->client[i];

        l->poll[2 + i] = (struct pollfd){.fd = c->fd, .events = c->out.n ? POLLOUT : POLLIN};
    }
    if (poll(l->poll, (nfds_t)n + 2, poll_wait_ms(l)) < 0)
        return;
    for (size_t i = n; i-- > 0 && !l->stop;) { /* backwards: a drop moves only what had its turn */
        struct client *c = l->client[i];
        short events = l->poll[2 + i].revents;

        if ((events || c->since || c->in_n) && !turn(l, c, events))
            drop(l, i);
    }
    if (l->poll[1].revents)
        take_in(l);
    if (l->poll[0].revents || (l->n == 0 && hf_monotonic_ms() - l->idle_since >= l->server->idle_ms))
        l->stop = true;
}

hf_err hf_server_run(const struct hf_server *server)
{
    HF_CLEANUP(hf_free) struct loop *l = NULL;

    HF_TRY(hf_alloc(sizeof(*l), &l));
    l->server = server;
    l->idle_since = hf_monotonic_ms();
    while (!l->stop)
        one_turn(l);
    while (l->n)
        drop(l, l->n - 1);
    return HF_OK;
}
