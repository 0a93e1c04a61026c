/* A cursor that cannot leave its input. */
#include "base/reader.h"

#include <stdarg.h>
#include <stdio.h>

struct hf_reader hf_reader(struct hf_bytes in)
{
    static const uint8_t none[1];
    const uint8_t *p = in.p ? in.p : none;

    return (struct hf_reader){.start = p, .at = p, .end = p + in.n};
}

size_t hf_rd_left(const struct hf_reader *r)
{
    return (size_t)(r->end - r->at);
}

size_t hf_rd_at(const struct hf_reader *r)
{
    return (size_t)(r->at - r->start);
}

/* The next n bytes, or NULL after marking the reader failed. */
static const uint8_t *take(struct hf_reader *r, size_t n)
{
    const uint8_t *p = r->at;

    if (r->err != HF_OK)
        return NULL;
    if (n > hf_rd_left(r)) {
        r->err = hf_fail(HF_E_TRUNCATED, "at offset %zu: need %zu bytes, have %zu", hf_rd_at(r), n, hf_rd_left(r));
        r->err_at = hf_rd_at(r);
        r->err_want = n;
        r->at = r->end;
        return NULL;
    }
    r->at += n;
    return p;
}

static uint64_t big(struct hf_reader *r, size_t n)
{
    const uint8_t *p = take(r, n);
    uint64_t v = 0;

    for (size_t i = 0; p && i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static uint64_t little(struct hf_reader *r, size_t n)
{
    const uint8_t *p = take(r, n);
    uint64_t v = 0;

    for (size_t i = n; p && i > 0; i--)
        v = v << 8 | p[i - 1];
    return v;
}

uint8_t hf_rd_u8(struct hf_reader *r)
{
    return (uint8_t)big(r, 1);
}

uint16_t hf_rd_u16be(struct hf_reader *r)
{
    return (uint16_t)big(r, 2);
}

uint16_t hf_rd_u16le(struct hf_reader *r)
{
    return (uint16_t)little(r, 2);
}

uint32_t hf_rd_u32be(struct hf_reader *r)
{
    return (uint32_t)big(r, 4);
}

uint32_t hf_rd_u32le(struct hf_reader *r)
{
    return (uint32_t)little(r, 4);
}

uint64_t hf_rd_u64be(struct hf_reader *r)
{
    return big(r, 8);
}

uint64_t hf_rd_u64le(struct hf_reader *r)
{
    return little(r, 8);
}

void hf_rd_copy(struct hf_reader *r, void *out, size_t n)
{
    const uint8_t *p = take(r, n);

    if (n == 0)
        return;
    if (p)
        memcpy(out, p, n);
    else
        memset(out, 0, n);
}

struct hf_bytes hf_rd_view(struct hf_reader *r, size_t n)
{
    const uint8_t *p = take(r, n);

    return p ? (struct hf_bytes){p, n} : (struct hf_bytes){NULL, 0};
}

struct hf_bytes hf_rd_rest(struct hf_reader *r)
{
    return hf_rd_view(r, hf_rd_left(r));
}

void hf_rd_zero(struct hf_reader *r, size_t n)
{
    size_t at = hf_rd_at(r);
    const uint8_t *p = take(r, n);

    for (size_t i = 0; p && i < n; i++) {
        if (p[i] != 0) {
            hf_rd_fail(r, HF_E_FORMAT, "at offset %zu: reserved byte is 0x%02x, not zero", at + i, p[i]);
            return;
        }
    }
}

void hf_rd_skip(struct hf_reader *r, size_t n)
{
    (void)take(r, n);
}

struct hf_reader hf_rd_sub(struct hf_reader *r, size_t n)
{
    struct hf_reader sub = hf_reader(hf_rd_view(r, n));

    sub.err = r->err;
    return sub;
}

bool hf_rd_more(const struct hf_reader *r)
{
    return r->err == HF_OK && r->at < r->end;
}

void hf_rd_fail(struct hf_reader *r, hf_err err, const char *fmt, ...)
{
    va_list args;
    char line[256];

    if (r->err != HF_OK)
        return;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    r->err_at = hf_rd_at(r);
    r->err = hf_fail(err, "%s", line);
    r->at = r->end;
}

hf_err hf_rd_err(const struct hf_reader *r)
{
    return r->err;
}

hf_err hf_rd_end(const struct hf_reader *r)
{
    if (r->err != HF_OK)
        return r->err;
    if (r->at < r->end)
        return hf_fail(HF_E_TRAILING, "%zu bytes are left over after offset %zu", hf_rd_left(r), hf_rd_at(r));
    return HF_OK;
}
