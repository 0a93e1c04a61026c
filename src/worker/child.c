/* The inside of a worker: questions in, answers out. */
#include "worker/child.h"
#include "base/cleanup.h"
#include "crypto/context.h"
#include "worker/message.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#define SEND_AT ((size_t)16 << 10) /* bytes of answers that are kept back while questions wait: fewer wake-ups */

struct child {
    const struct hf_child_conf *conf;
    struct hf_verifier *verifier;
    struct hf_verify_result *result;
    struct hf_request_room room;
    struct hf_buf in; /* what was read and not yet answered */
    size_t at;        /* of `in`: answered up to here */
    struct hf_buf out;
};

static hf_err send_all(int fd, struct hf_bytes b)
{
    while (b.n) {
        ssize_t n = write(fd, b.p, b.n);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return HF_E_IO;
        b.p += n;
        b.n -= (size_t)n;
    }
    return HF_OK;
}

/* Have `n` bytes behind c->at. false at the end of the questions. */
static bool have(struct child *c, size_t n)
{
    while (c->in.n - c->at < n) {
        size_t want = n - (c->in.n - c->at);
        uint8_t *place = NULL;
        ssize_t got;

        if (c->at) { /* make room in front */
            memmove(c->in.p, c->in.p + c->at, c->in.n - c->at);
            c->in.n -= c->at;
            c->at = 0;
        }
        want = want < 65536 ? 65536 : want;
        if (hf_buf_grow(&c->in, want, &place) != HF_OK)
            _exit(HF_CHILD_BROKEN);
        c->in.n -= want;
        got = read(c->conf->fd, place, want);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        c->in.n += (size_t)got;
    }
    return true;
}

/* ---- answers ---- */

static void answer_head(struct hf_msg *w, hf_err err)
{
    hf_msg_u16(w, (uint16_t)err);
    hf_msg_text(w, err == HF_OK ? "" : hf_err_detail());
}

/* Each root, piece of collateral and policy: what became of it. */
static void answer_brief(struct child *c, struct hf_bytes in, struct hf_msg *w)
{
    struct hf_reader r = hf_reader(in);

    answer_head(w, HF_OK);
    while (hf_rd_more(&r)) {
        unsigned what = hf_msg_read_word(&r, HF_BRIEF_POLICY + 1, "briefing");
        struct hf_bytes bytes, name;
        char source[96];
        hf_err err;

        name = hf_msg_read(&r);
        bytes = hf_msg_read(&r);
        if (hf_rd_err(&r) != HF_OK)
            _exit(HF_CHILD_BROKEN);
        (void)snprintf(source, sizeof(source), "%.*s", (int)name.n, (const char *)name.p);
        if (what == HF_BRIEF_ROOT) {
            err = hf_verifier_add_root(c->verifier, bytes, source);
        } else if (what == HF_BRIEF_COLLATERAL) {
            err = hf_verifier_add_collateral(c->verifier, bytes, source);
        } else {
            err = hf_verifier_set_policy_from(c->verifier, bytes, source);
        }
        answer_head(w, err);
    }
}

static void answer_verify(struct child *c, struct hf_bytes in, bool briefly, struct hf_msg *w)
{
    struct hf_verify_request request;
    hf_err err;

    if (hf_msg_request_read(in, &c->room, &request) != HF_OK)
        _exit(HF_CHILD_BROKEN);
    err = hf_verify(c->verifier, &request, c->result);
    if (err != HF_OK && err != HF_E_WARNED && err != HF_E_UNTRUSTED) {
        answer_head(w, err);
        return;
    }
    answer_head(w, HF_OK);
    hf_msg_result(w, c->result, briefly);
}

static void put_row(void *to, const struct hf_inspect_row *row)
{
    struct hf_msg *w = to;

    hf_msg_u8(w, 1);
    hf_msg_u16(w, (uint16_t)row->kind);
    hf_msg_u32(w, row->depth);
    hf_msg_u64(w, row->at);
    hf_msg_u64(w, row->n);
    hf_msg_text(w, row->name);
    hf_msg_bytes(w, row->bytes);
    hf_msg_u64(w, row->number);
    hf_msg_text(w, row->meaning);
}

/* Rows of one item, and how its inspector ended: behind them, since it knows then. */
static void put_item(const struct hf_evidence_item *item, struct hf_msg *w)
{
    struct hf_inspect i = {.row = put_row, .to = w, .whole = item->bytes};
    hf_err err = HF_OK;

    hf_msg_u8(w, 1);
    hf_msg_text(w, item->format ? item->format->name : "");
    hf_msg_text(w, item->where);
    hf_msg_u64(w, item->bytes.n);
    if (item->format)
        err = item->format->inspect(item->bytes, &i);
    hf_msg_u8(w, 0);
    answer_head(w, err);
}

static void answer_inspect(struct hf_bytes in, struct hf_msg *w)
{
    HF_CLEANUP(hf_evidence_set_free) struct hf_evidence_set set = {0};
    struct hf_reader r = hf_reader(in);
    struct hf_bytes evidence;
    char kind[64];
    hf_err err;

    hf_msg_read_text(&r, kind, sizeof(kind));
    evidence = hf_msg_read(&r);
    if (hf_rd_end(&r) != HF_OK)
        _exit(HF_CHILD_BROKEN);
    err = hf_evidence_open(evidence, kind[0] ? kind : NULL, &set);
    answer_head(w, err);
    for (size_t i = 0; err == HF_OK && i < set.n; i++)
        put_item(&set.item[i], w);
    if (err == HF_OK)
        hf_msg_u8(w, 0);
}

static void answer_probe(const struct child *c, struct hf_bytes in, struct hf_msg *w)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    hf_err err = c->conf->probe ? c->conf->probe(in, &out) : hf_fail(HF_E_UNSUPPORTED, "there is no probe");

    answer_head(w, err);
    if (err == HF_OK)
        hf_msg_bytes(w, hf_buf_bytes(&out));
}

static void answer(struct child *c, uint32_t kind, struct hf_bytes in)
{
    struct hf_msg w = {.out = &c->out};
    size_t before = c->out.n;
    size_t start = hf_msg_start(&w, HF_MSG_ANSWER);

    if (kind == HF_MSG_BRIEF)
        answer_brief(c, in, &w);
    else if (kind == HF_MSG_VERIFY || kind == HF_MSG_BRIEFLY)
        answer_verify(c, in, kind == HF_MSG_BRIEFLY, &w);
    else if (kind == HF_MSG_INSPECT)
        answer_inspect(in, &w);
    else if (kind == HF_MSG_PROBE)
        answer_probe(c, in, &w);
    else
        _exit(HF_CHILD_BROKEN);
    if (w.err != HF_OK) { /* more than an answer may hold */
        c->out.n = before;
        w.err = HF_OK;
        start = hf_msg_start(&w, HF_MSG_ANSWER);
        answer_head(&w, hf_fail(HF_E_LIMIT, "the answer is larger than %u bytes", HF_ANSWER_MAX));
    }
    hf_msg_end(&w, start);
    if (w.err != HF_OK)
        _exit(HF_CHILD_BROKEN);
}

static void send_answers(struct child *c)
{
    if (send_all(c->conf->fd, hf_buf_bytes(&c->out)) != HF_OK)
        _exit(HF_CHILD_BROKEN);
    c->out.n = 0;
}

/* Is the next question there, whole? */
static bool is_waiting(const struct child *c)
{
    struct hf_reader r = hf_reader((struct hf_bytes){c->in.p + c->at, c->in.n - c->at});

    (void)hf_rd_u32le(&r);
    return hf_rd_u32le(&r) <= hf_rd_left(&r) && hf_rd_err(&r) == HF_OK;
}

/* The first message: how the confinement went. */
static void begin(struct child *c)
{
    struct hf_msg w = {.out = &c->out};
    unsigned parts = 0;
    size_t start;
    hf_err err;

    (void)hf_ossl(); /* what OpenSSL and libc may want of the system, they take now */
    tzset();
    err = hf_confine(c->conf->fd, c->conf->parent, &c->conf->limits, &parts);
    if (err == HF_OK)
        err = hf_verifier_new(&c->verifier);
    if (err == HF_OK)
        err = hf_verify_result_new(&c->result);
    start = hf_msg_start(&w, HF_MSG_ANSWER);
    answer_head(&w, err);
    hf_msg_u32(&w, parts);
    hf_msg_end(&w, start);
    if (w.err != HF_OK)
        _exit(HF_CHILD_BROKEN);
    send_answers(c);
    if (err != HF_OK)
        _exit(HF_CHILD_BROKEN);
}

_Noreturn void hf_child_run(const struct hf_child_conf *conf)
{
    static struct child c;

    c.conf = conf;
    c.out.max = HF_ANSWER_MAX + SEND_AT;
    begin(&c);
    while (have(&c, HF_MSG_HEAD)) {
        struct hf_reader r = hf_reader((struct hf_bytes){c.in.p + c.at, HF_MSG_HEAD});
        uint32_t kind = hf_rd_u32le(&r), n = hf_rd_u32le(&r);

        if (n > HF_MSG_MAX || !have(&c, HF_MSG_HEAD + (size_t)n))
            _exit(HF_CHILD_BROKEN);
        answer(&c, kind, (struct hf_bytes){c.in.p + c.at + HF_MSG_HEAD, n});
        c.at += HF_MSG_HEAD + (size_t)n;
        if (c.out.n > SEND_AT || !is_waiting(&c))
            send_answers(&c);
    }
    _exit(HF_CHILD_DONE);
}
