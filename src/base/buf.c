/* The growing buffer of holdfast/bytes.h. */
#include "base/alloc.h"
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAX ((size_t)1 << 30)

hf_err hf_buf_grow(struct hf_buf *buf, size_t n, uint8_t **place)
{
    size_t max = buf->max ? buf->max : DEFAULT_MAX;

    if (n > max || buf->n > max - n)
        return hf_fail(HF_E_LIMIT, "%zu bytes and %zu more exceed the limit of %zu", buf->n, n, max);
    if (buf->n + n > buf->cap) {
        size_t cap = buf->cap ? buf->cap : 64;

        while (cap < buf->n + n)
            cap *= 2;
        HF_TRY(hf_realloc(cap, &buf->p));
        buf->cap = cap;
    }
    *place = buf->p ? buf->p + buf->n : NULL;
    buf->n += n;
    return HF_OK;
}

hf_err hf_buf_add(struct hf_buf *buf, struct hf_bytes bytes)
{
    uint8_t *place = NULL;

    if (bytes.n == 0)
        return HF_OK;
    HF_TRY(hf_buf_grow(buf, bytes.n, &place));
    memcpy(place, bytes.p, bytes.n);
    return HF_OK;
}

hf_err hf_buf_set(struct hf_buf *buf, struct hf_bytes bytes)
{
    size_t before = buf->n;
    hf_err err;

    buf->n = 0;
    err = hf_buf_add(buf, bytes);
    if (err != HF_OK)
        buf->n = before;
    return err;
}

struct hf_bytes hf_buf_bytes(const struct hf_buf *buf)
{
    return (struct hf_bytes){buf->p, buf->n};
}

void hf_buf_free(struct hf_buf *buf)
{
    free(buf->p);
    *buf = (struct hf_buf){.max = buf->max};
}

struct hf_bytes hf_bytes_text(const char *text)
{
    return (struct hf_bytes){(const uint8_t *)text, text ? strlen(text) : 0};
}

bool hf_bytes_equal(struct hf_bytes a, struct hf_bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

hf_err hf_buf_text(struct hf_buf *buf, char **out)
{
    uint8_t *nul = NULL;

    HF_TRY(hf_buf_grow(buf, 1, &nul));
    *nul = 0;
    buf->n--;
    *out = (char *)buf->p;
    return HF_OK;
}
