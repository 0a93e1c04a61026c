/* The parent's side of a worker. */
#include "worker/worker.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "worker/child.h"
#include "worker/message.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define MEMORY ((size_t)1 << 30)
#define WAIT_MS 30000u
#define CHUNK 65536u

struct hf_worker {
    int fd;
    pid_t pid;
    unsigned wait_ms;
    bool begun;  /* its first message was read */
    bool failed; /* it died, was late or spoke nonsense */
    unsigned parts;
    struct hf_buf outbox; /* questions on their way */
    size_t sent;
    struct hf_buf inbox; /* answers, whole or in part */
    size_t read;
};

hf_err hf_worker_start(const struct hf_worker_conf *conf, struct hf_worker **out)
{
    static const struct hf_worker_conf usual;
    HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;
    int pair[2] = {-1, -1};

    conf = conf ? conf : &usual;
    HF_TRY(hf_alloc(sizeof(*w), &w));
    w->fd = w->pid = -1;
    w->wait_ms = conf->wait_ms ? conf->wait_ms : WAIT_MS;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return hf_fail_errno("socketpair");
    w->fd = pair[0];
    {
        const struct hf_child_conf child = {
            .fd = pair[1],
            .parent = getpid(),
            .limits = {.memory = conf->memory ? conf->memory : MEMORY, .cpu_s = conf->cpu_s},
            .probe = conf->probe};

        w->pid = fork();
        if (w->pid == 0)
            hf_child_run(&child);
    }
    (void)close(pair[1]);
    if (w->pid < 0)
        return hf_fail_errno("fork");
    *out = hf_take(w);
    return HF_OK;
}

void hf_worker_stop(struct hf_worker **worker)
{
    struct hf_worker *w = *worker;

    if (!w)
        return;
    hf_fd_close(&w->fd);
    if (w->pid > 0) {
        (void)kill(w->pid, SIGKILL);
        while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    hf_buf_free(&w->outbox);
    hf_buf_free(&w->inbox);
    hf_free(worker);
}

int hf_worker_fd(const struct hf_worker *worker)
{
    return worker->fd;
}

/* ---- messages ---- */

static hf_err late(struct hf_worker *w)
{
    w->failed = true;
    (void)kill(w->pid, SIGKILL);
    return hf_fail(HF_E_TIMEOUT, "the judge took longer than %u ms and was ended", w->wait_ms);
}

static hf_err nonsense(struct hf_worker *w)
{
    w->failed = true;
    (void)kill(w->pid, SIGKILL);
    return hf_fail(HF_E_INTERNAL, "the judge's answer does not hold together: %.200s", hf_err_detail());
}

/* The socket is closed: how did the child end? */
static hf_err died(struct hf_worker *w)
{
    int status = 0;

    w->failed = true;
    if (w->pid <= 0)
        return hf_fail(HF_E_INTERNAL, "the judge is gone");
    (void)kill(w->pid, SIGKILL); /* it may live with its socket closed; one that is dead keeps its status */
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    w->pid = -1;
    if (WIFSIGNALED(status))
        return hf_fail(HF_E_INTERNAL, "the judge died (signal %d)", WTERMSIG(status));
    return hf_fail(HF_E_INTERNAL, "the judge died (status %d)", WEXITSTATUS(status));
}

static hf_err receive(struct hf_worker *w)
{
    uint8_t *place = NULL;
    ssize_t n;

    if (w->read) {
        memmove(w->inbox.p, w->inbox.p + w->read, w->inbox.n - w->read);
        w->inbox.n -= w->read;
        w->read = 0;
    }
    HF_TRY(hf_buf_grow(&w->inbox, CHUNK, &place));
    w->inbox.n -= CHUNK;
    n = recv(w->fd, place, CHUNK, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return HF_OK;
    if (n <= 0)
        return died(w);
    w->inbox.n += (size_t)n;
    return HF_OK;
}

static hf_err transmit(struct hf_worker *w)
{
    ssize_t n = send(w->fd, w->outbox.p + w->sent, w->outbox.n - w->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return HF_OK;
    if (n < 0)
        return died(w);
    w->sent += (size_t)n;
    if (w->sent == w->outbox.n)
        w->sent = w->outbox.n = 0;
    return HF_OK;
}

/* Whatever can be sent or received, until `deadline`. Both at once, so that neither side waits for the other. */
static hf_err pump(struct hf_worker *w, uint64_t deadline)
{
    uint64_t now = hf_monotonic_ms();
    struct pollfd p = {.fd = w->fd, .events = (short)(POLLIN | (w->outbox.n ? POLLOUT : 0))};
    int n;

    if (now >= deadline)
        return late(w);
    n = poll(&p, 1, (int)(deadline - now));
    if (n < 0 && errno != EINTR)
        return hf_fail_errno("poll");
    if (n > 0 && (p.revents & (POLLIN | POLLHUP | POLLERR)))
        HF_TRY(receive(w));
    if (n > 0 && !w->failed && (p.revents & POLLOUT))
        HF_TRY(transmit(w));
    return HF_OK;
}

static bool whole(const struct hf_worker *w, size_t *n)
{
    struct hf_reader r = hf_reader((struct hf_bytes){w->inbox.p + w->read, w->inbox.n - w->read});

    (void)hf_rd_u32le(&r);
    *n = hf_rd_u32le(&r);
    return hf_rd_left(&r) >= *n && w->inbox.n - w->read >= HF_MSG_HEAD;
}

/* The next answer: a reader over its body behind the error, valid until the next call. */
static hf_err next(struct hf_worker *w, struct hf_reader *out, hf_err *err, char detail[1024])
{
    uint64_t deadline = hf_monotonic_ms() + w->wait_ms;
    struct hf_reader r;
    size_t n = 0;

    if (w->failed)
        return hf_fail(HF_E_INTERNAL, "the judge is gone");
    while (!whole(w, &n)) {
        if (n > HF_ANSWER_MAX) {
            (void)hf_fail(HF_E_LIMIT, "%zu bytes", n);
            return nonsense(w);
        }
        HF_TRY(pump(w, deadline));
    }
    r = hf_reader((struct hf_bytes){w->inbox.p + w->read, HF_MSG_HEAD + n});
    w->read += HF_MSG_HEAD + n;
    if (hf_rd_u32le(&r) != HF_MSG_ANSWER)
        hf_rd_fail(&r, HF_E_FORMAT, "no answer");
    (void)hf_rd_u32le(&r);
    *err = (hf_err)hf_msg_read_word(&r, HF_ERR_COUNT, "error");
    hf_msg_read_text(&r, detail, 1024);
    if (hf_rd_err(&r) != HF_OK)
        return nonsense(w);
    *out = r;
    return HF_OK;
}

/* The first message of all says how the confinement went. */
static hf_err begin(struct hf_worker *w)
{
    char detail[1024];
    struct hf_reader r;
    hf_err err = HF_OK;

    if (w->begun)
        return HF_OK;
    HF_TRY(next(w, &r, &err, detail));
    w->parts = hf_rd_u32le(&r);
    if (hf_rd_end(&r) != HF_OK)
        return nonsense(w);
    if (err != HF_OK) {
        w->failed = true;
        return hf_fail(HF_E_INTERNAL, "the judge could not be confined: %.900s", detail);
    }
    w->begun = true;
    return HF_OK;
}

/* The answer to a question. Codes that would be a verdict are none of the child's to give here. */
static hf_err answer(struct hf_worker *w, struct hf_reader *out)
{
    char detail[1024];
    hf_err err = HF_OK;

    HF_TRY(begin(w));
    HF_TRY(next(w, out, &err, detail));
    if (err == HF_E_WARNED || err == HF_E_UNTRUSTED || err == HF_E_MISMATCH) {
        (void)hf_fail(HF_E_FORMAT, "%s without its rows", hf_err_name(err));
        return nonsense(w);
    }
    return err == HF_OK ? HF_OK : hf_fail(err, "%s", detail);
}

static hf_err flush(struct hf_worker *w)
{
    uint64_t deadline = hf_monotonic_ms() + w->wait_ms;

    if (w->failed)
        return hf_fail(HF_E_INTERNAL, "the judge is gone");
    HF_TRY(transmit(w));
    while (w->outbox.n)
        HF_TRY(pump(w, deadline));
    return HF_OK;
}

static hf_err ask(struct hf_worker *w, struct hf_msg *wire, size_t start)
{
    hf_msg_end(wire, start);
    if (wire->err != HF_OK) {
        w->outbox.n = start;
        return wire->err;
    }
    return flush(w);
}

hf_err hf_worker_confinement(struct hf_worker *worker, unsigned *parts)
{
    HF_TRY(begin(worker));
    *parts = worker->parts;
    return HF_OK;
}

hf_err hf_worker_ready(struct hf_worker *worker, bool *ready)
{
    size_t n = 0;

    if (!whole(worker, &n) && !worker->failed)
        HF_TRY(receive(worker));
    *ready = whole(worker, &n);
    return HF_OK;
}

/* ---- briefing ---- */

hf_err hf_briefing_add(struct hf_briefing *b, enum hf_brief what, const char *name, struct hf_bytes bytes)
{
    struct hf_msg w = {.out = &b->body};
    size_t before = b->body.n;

    hf_msg_u16(&w, (uint16_t)what);
    hf_msg_text(&w, name);
    hf_msg_bytes(&w, bytes);
    if (w.err == HF_OK && b->body.n > HF_MSG_MAX)
        w.err = hf_fail(HF_E_LIMIT, "%s: collateral of more than %u bytes", name, HF_MSG_MAX);
    if (w.err != HF_OK)
        b->body.n = before;
    else
        b->n++;
    return w.err;
}

void hf_briefing_free(struct hf_briefing *b)
{
    hf_buf_free(&b->body);
    b->n = 0;
}

hf_err hf_worker_brief(struct hf_worker *worker, const struct hf_briefing *b, hf_brief_refused *refused, void *to)
{
    struct hf_msg w = {.out = &worker->outbox};
    size_t start = hf_msg_start(&w, HF_MSG_BRIEF);
    struct hf_reader r;

    if (w.err == HF_OK)
        w.err = hf_buf_add(w.out, hf_buf_bytes(&b->body));
    HF_TRY(ask(worker, &w, start));
    HF_TRY(answer(worker, &r));
    for (size_t i = 0; i < b->n; i++) {
        hf_err err = (hf_err)hf_msg_read_word(&r, HF_ERR_COUNT, "error");
        char detail[1024];

        hf_msg_read_text(&r, detail, sizeof(detail));
        if (hf_rd_err(&r) == HF_OK && err != HF_OK)
            HF_TRY(refused(to, i, err, detail));
    }
    return hf_rd_end(&r) == HF_OK ? HF_OK : nonsense(worker);
}

/* ---- judging ---- */

hf_err hf_worker_ask(struct hf_worker *worker, const struct hf_verify_request *request, bool briefly)
{
    struct hf_msg w = {.out = &worker->outbox};
    size_t start = hf_msg_start(&w, briefly ? HF_MSG_BRIEFLY : HF_MSG_VERIFY);

    hf_msg_request(&w, request);
    return ask(worker, &w, start);
}

hf_err hf_worker_answer(struct hf_worker *worker, const struct hf_verify_request *request,
                        struct hf_verify_result *result)
{
    struct hf_reader r;

    HF_TRY(answer(worker, &r));
    if (hf_msg_result_read(hf_rd_rest(&r), request, result) != HF_OK)
        return nonsense(worker);
    return hf_verdict_err(&result->verdict);
}

hf_err hf_worker_verify(struct hf_worker *worker, const struct hf_verify_request *request,
                        struct hf_verify_result *result)
{
    HF_TRY(hf_worker_ask(worker, request, false));
    return hf_worker_answer(worker, request, result);
}

/* ---- inspecting ---- */

static void read_row(struct hf_reader *r, hf_inspect_on_row *row, void *to)
{
    struct hf_inspect_row got;
    char name[96];

    got.kind = (enum hf_inspect_kind)hf_msg_read_word(r, HF_INSPECT_TEXT + 1, "row kind");
    got.depth = hf_rd_u32le(r);
    got.at = hf_rd_u64le(r);
    got.n = hf_rd_u64le(r);
    hf_msg_read_text(r, name, sizeof(name));
    got.name = name;
    got.bytes = hf_msg_read(r);
    got.number = hf_rd_u64le(r);
    hf_msg_read_text(r, got.meaning, sizeof(got.meaning));
    if (hf_rd_err(r) == HF_OK && row)
        row(to, &got);
}

/* How an item's inspector ended stands behind its rows: a first pass finds it, a second tells the rows. */
static void read_item(struct hf_reader *r, hf_inspect_on_item *item, hf_inspect_on_row *row, void *to)
{
    struct hf_inspect_item got = {0};
    char name[64], where[64], detail[1024];
    struct hf_reader rows;

    hf_msg_read_text(r, name, sizeof(name));
    hf_msg_read_text(r, where, sizeof(where));
    got.n = hf_rd_u64le(r);
    for (size_t i = 0; hf_evidence_formats[i]; i++) {
        if (strcmp(hf_evidence_formats[i]->name, name) == 0)
            got.format = hf_evidence_formats[i];
    }
    rows = *r;
    while (hf_rd_u8(r) == 1)
        read_row(r, NULL, NULL);
    got.err = (hf_err)hf_msg_read_word(r, HF_ERR_COUNT, "error");
    hf_msg_read_text(r, detail, sizeof(detail));
    if (hf_rd_err(r) != HF_OK)
        return;
    got.where = where;
    got.detail = detail;
    item(to, &got);
    while (hf_rd_u8(&rows) == 1)
        read_row(&rows, row, to);
}

hf_err hf_worker_inspect(struct hf_worker *worker, struct hf_bytes evidence, const char *kind,
                         hf_inspect_on_item *item, hf_inspect_on_row *row, void *to)
{
    struct hf_msg w = {.out = &worker->outbox};
    size_t start = hf_msg_start(&w, HF_MSG_INSPECT);
    struct hf_reader r;

    if (kind && strlen(kind) > 40)
        kind = "longer than any kind's name"; /* the child refuses it in its own words */
    hf_msg_text(&w, kind);
    hf_msg_bytes(&w, evidence);
    HF_TRY(ask(worker, &w, start));
    HF_TRY(answer(worker, &r));
    while (hf_rd_u8(&r) == 1)
        read_item(&r, item, row, to);
    return hf_rd_end(&r) == HF_OK ? HF_OK : nonsense(worker);
}

hf_err hf_worker_probe_run(struct hf_worker *worker, struct hf_bytes in, struct hf_buf *out)
{
    struct hf_msg w = {.out = &worker->outbox};
    size_t start = hf_msg_start(&w, HF_MSG_PROBE);
    struct hf_bytes got;
    struct hf_reader r;

    if (w.err == HF_OK)
        w.err = hf_buf_add(w.out, in);
    HF_TRY(ask(worker, &w, start));
    HF_TRY(answer(worker, &r));
    got = hf_msg_read(&r);
    return hf_rd_end(&r) == HF_OK ? hf_buf_add(out, got) : nonsense(worker);
}
