/* A cursor that cannot leave its place. */
#include "base/writer.h"

struct hf_writer hf_writer(void *place, size_t size)
{
    uint8_t *p = place;

    return (struct hf_writer){.start = p, .at = p, .end = p + size};
}

static uint8_t *take(struct hf_writer *w, size_t n)
{
    uint8_t *p = w->at;

    if (w->full || n > (size_t)(w->end - w->at)) {
        w->full = true;
        return NULL;
    }
    w->at += n;
    return p;
}

static void big(struct hf_writer *w, uint64_t v, size_t n)
{
    uint8_t *p = take(w, n);

    for (size_t i = 0; p && i < n; i++)
        p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

static void little(struct hf_writer *w, uint64_t v, size_t n)
{
    uint8_t *p = take(w, n);

    for (size_t i = 0; p && i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

void hf_wr_u8(struct hf_writer *w, uint8_t v)
{
    big(w, v, 1);
}

void hf_wr_u16be(struct hf_writer *w, uint16_t v)
{
    big(w, v, 2);
}

void hf_wr_u16le(struct hf_writer *w, uint16_t v)
{
    little(w, v, 2);
}

void hf_wr_u32be(struct hf_writer *w, uint32_t v)
{
    big(w, v, 4);
}

void hf_wr_u32le(struct hf_writer *w, uint32_t v)
{
    little(w, v, 4);
}

void hf_wr_u64be(struct hf_writer *w, uint64_t v)
{
    big(w, v, 8);
}

void hf_wr_u64le(struct hf_writer *w, uint64_t v)
{
    little(w, v, 8);
}

void hf_wr_bytes(struct hf_writer *w, struct hf_bytes b)
{
    uint8_t *p = take(w, b.n);

    if (p && b.n)
        memcpy(p, b.p, b.n);
}

void hf_wr_zero(struct hf_writer *w, size_t n)
{
    uint8_t *p = take(w, n);

    if (p && n)
        memset(p, 0, n);
}

void hf_wr_b16(struct hf_writer *w, struct hf_bytes b)
{
    if (b.n > UINT16_MAX) {
        w->full = true;
        return;
    }
    hf_wr_u16be(w, (uint16_t)b.n);
    hf_wr_bytes(w, b);
}

struct hf_bytes hf_wr_done(const struct hf_writer *w)
{
    return (struct hf_bytes){w->start, (size_t)(w->at - w->start)};
}

hf_err hf_wr_end(const struct hf_writer *w, struct hf_bytes *out)
{
    if (w->full)
        return hf_fail(HF_E_LIMIT, "what is to be written does not fit in %zu bytes", (size_t)(w->end - w->start));
    *out = hf_wr_done(w);
    return HF_OK;
}
