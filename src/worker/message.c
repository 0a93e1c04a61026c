/* Messages between the parent and a worker: numbers, texts, requests. */
#include "worker/message.h"
#include "codec/utf8.h"

#include <stdio.h>

/* ---- writing ---- */

static uint8_t *grow(struct hf_msg *w, size_t n)
{
    uint8_t *place = NULL;

    if (w->err == HF_OK)
        w->err = hf_buf_grow(w->out, n, &place);
    return w->err == HF_OK ? place : NULL;
}

static void put(uint8_t *place, uint64_t v, size_t n)
{
    for (size_t i = 0; place && i < n; i++)
        place[i] = (uint8_t)(v >> (8 * i));
}

void hf_msg_u8(struct hf_msg *w, uint8_t v)
{
    put(grow(w, 1), v, 1);
}

void hf_msg_u16(struct hf_msg *w, uint16_t v)
{
    put(grow(w, 2), v, 2);
}

void hf_msg_u32(struct hf_msg *w, uint32_t v)
{
    put(grow(w, 4), v, 4);
}

void hf_msg_u64(struct hf_msg *w, uint64_t v)
{
    put(grow(w, 8), v, 8);
}

void hf_msg_bytes(struct hf_msg *w, struct hf_bytes b)
{
    uint8_t *place;

    if (w->err == HF_OK && b.n > HF_MSG_MAX)
        w->err = hf_fail(HF_E_LIMIT, "%zu bytes in one piece; the limit is %u", b.n, HF_MSG_MAX);
    hf_msg_u32(w, (uint32_t)b.n);
    place = b.n ? grow(w, b.n) : NULL;
    if (place)
        memcpy(place, b.p, b.n);
}

void hf_msg_text(struct hf_msg *w, const char *text)
{
    hf_msg_bytes(w, hf_bytes_text(text));
}

size_t hf_msg_start(struct hf_msg *w, enum hf_msg_kind kind)
{
    size_t start = w->out->n;

    hf_msg_u32(w, kind);
    hf_msg_u32(w, 0);
    return start;
}

void hf_msg_end(struct hf_msg *w, size_t start)
{
    size_t n = w->err == HF_OK ? w->out->n - start - HF_MSG_HEAD : 0;

    if (n > HF_MSG_MAX)
        w->err = hf_fail(HF_E_LIMIT, "%zu bytes in one message; the limit is %u", n, HF_MSG_MAX);
    if (w->err == HF_OK)
        put(w->out->p + start + 4, n, 4);
}

/* ---- reading ---- */

struct hf_bytes hf_msg_read(struct hf_reader *r)
{
    return hf_rd_view(r, hf_rd_u32le(r));
}

void hf_msg_read_text(struct hf_reader *r, char *place, size_t size)
{
    struct hf_bytes text = hf_msg_read(r);

    if (text.n >= size) {
        hf_rd_fail(r, HF_E_LIMIT, "a text of %zu bytes where %zu fit", text.n, size - 1);
        text.n = 0;
    }
    for (size_t i = 0, len; i < text.n; i += len ? len : 1) {
        if (text.p[i] >= 0x20 && text.p[i] < 0x7f) { /* nearly all of them */
            place[i] = (char)text.p[i];
            len = 1;
            continue;
        }
        len = hf_utf8_shown(text.p + i, text.n - i);
        memcpy(place + i, len ? text.p + i : (const uint8_t *)"?", len ? len : 1);
    }
    place[text.n] = 0;
}

unsigned hf_msg_read_word(struct hf_reader *r, unsigned limit, const char *what)
{
    unsigned v = hf_rd_u16le(r);

    if (v < limit)
        return v;
    hf_rd_fail(r, HF_E_FORMAT, "%s %u of %u", what, v, limit);
    return 0;
}

/* A text that stays where it lies: it was written with a NUL behind it. */
static const char *read_string(struct hf_reader *r)
{
    struct hf_bytes text = hf_msg_read(r);

    if (text.n && text.p[text.n - 1] == 0 && !memchr(text.p, 0, text.n - 1))
        return (const char *)text.p;
    hf_rd_fail(r, HF_E_FORMAT, "a text of %zu bytes without its end", text.n);
    return "";
}

static void put_string(struct hf_msg *w, const char *text)
{
    hf_msg_bytes(w, (struct hf_bytes){(const uint8_t *)text, strlen(text) + 1});
}

/* ---- requests ---- */

static void put_optional(struct hf_msg *w, const char *text)
{
    hf_msg_u8(w, text != NULL);
    put_string(w, text ? text : "");
}

static const char *read_optional(struct hf_reader *r)
{
    bool there = hf_rd_u8(r) != 0;
    const char *text = read_string(r);

    return there ? text : NULL;
}

void hf_msg_request(struct hf_msg *w, const struct hf_verify_request *q)
{
    hf_msg_u64(w, (uint64_t)q->at);
    put_optional(w, q->kind);
    put_optional(w, q->recipe);
    hf_msg_u8(w, q->has_nonce);
    hf_msg_bytes(w, q->nonce);
    hf_msg_u8(w, q->has_report_data);
    hf_msg_bytes(w, q->report_data);
    hf_msg_bytes(w, q->public_key);
    hf_msg_bytes(w, q->model_hash);
    hf_msg_u32(w, (uint32_t)q->n_expect);
    for (size_t i = 0; i < q->n_expect; i++)
        put_string(w, q->expect[i]);
    hf_msg_u32(w, (uint32_t)q->n_outside);
    for (size_t i = 0; i < q->n_outside; i++) {
        put_string(w, q->outside[i].name);
        hf_msg_u8(w, q->outside[i].passed);
        put_optional(w, q->outside[i].note);
    }
    hf_msg_u32(w, (uint32_t)q->n_evidence);
    for (size_t i = 0; i < q->n_evidence; i++)
        hf_msg_bytes(w, q->evidence[i]);
}

static size_t read_count(struct hf_reader *r, size_t max, const char *what)
{
    size_t n = hf_rd_u32le(r);

    if (n <= max)
        return n;
    hf_rd_fail(r, HF_E_LIMIT, "%zu %s; the limit is %zu", n, what, max);
    return 0;
}

hf_err hf_msg_request_read(struct hf_bytes in, struct hf_request_room *room, struct hf_verify_request *out)
{
    struct hf_verify_request q = {.evidence = room->evidence, .expect = room->expect, .outside = room->outside};
    struct hf_reader r = hf_reader(in);

    q.at = (int64_t)hf_rd_u64le(&r);
    q.kind = read_optional(&r);
    q.recipe = read_optional(&r);
    q.has_nonce = hf_rd_u8(&r) != 0;
    q.nonce = hf_msg_read(&r);
    q.has_report_data = hf_rd_u8(&r) != 0;
    q.report_data = hf_msg_read(&r);
    q.public_key = hf_msg_read(&r);
    q.model_hash = hf_msg_read(&r);
    q.n_expect = read_count(&r, HF_COUNT(room->expect), "expectations");
    for (size_t i = 0; i < q.n_expect; i++)
        room->expect[i] = read_string(&r);
    q.n_outside = read_count(&r, HF_COUNT(room->outside), "checks made outside");
    for (size_t i = 0; i < q.n_outside; i++) {
        room->outside[i].name = read_string(&r);
        room->outside[i].passed = hf_rd_u8(&r) != 0;
        room->outside[i].note = read_optional(&r);
    }
    q.n_evidence = read_count(&r, HF_COUNT(room->evidence), "files of evidence");
    for (size_t i = 0; i < q.n_evidence; i++)
        room->evidence[i] = hf_msg_read(&r);
    HF_TRY(hf_rd_end(&r));
    *out = q;
    return HF_OK;
}
