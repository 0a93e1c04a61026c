/* Writing deterministic CBOR (RFC 8949, 4.2.1). */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/cbor.h"
#include "codec/sort.h"
#include "codec/utf8.h"

#define HEAD_MAX 9

struct hf_cbor_writer hf_cbor_writer(struct hf_buf *out)
{
    return (struct hf_cbor_writer){.out = out};
}

static size_t encode_head(unsigned major, uint64_t value, uint8_t out[HEAD_MAX])
{
    unsigned info = value < 24            ? (unsigned)value
                    : value <= 0xff       ? 24
                    : value <= 0xffff     ? 25
                    : value <= 0xffffffff ? 26
                                          : 27;
    size_t bytes = info < 24 ? 0 : (size_t)1 << (info - 24);

    out[0] = (uint8_t)(major << 5 | info);
    for (size_t i = 0; i < bytes; i++)
        out[1 + i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    return 1 + bytes;
}

static void add(struct hf_cbor_writer *w, struct hf_bytes bytes)
{
    if (w->err == HF_OK)
        w->err = hf_buf_add(w->out, bytes);
}

/* A head that begins an item of the level that is open. */
static void begin(struct hf_cbor_writer *w, unsigned major, uint64_t value)
{
    uint8_t head[HEAD_MAX];
    size_t n = encode_head(major, value, head);

    if (!w->tagged)
        w->level[w->depth].items++;
    w->tagged = false;
    add(w, (struct hf_bytes){head, n});
}

static void open_level(struct hf_cbor_writer *w, bool map)
{
    if (w->err == HF_OK && w->depth == HF_CBOR_DEPTH)
        w->err = hf_fail(HF_E_INTERNAL, "CBOR nested deeper than %d", HF_CBOR_DEPTH);
    if (w->err != HF_OK)
        return;
    if (!w->tagged)
        w->level[w->depth].items++;
    w->tagged = false;
    w->depth++;
    w->level[w->depth].content = w->out->n;
    w->level[w->depth].items = 0;
    w->level[w->depth].map = map;
}

void hf_cbor_put_array(struct hf_cbor_writer *w)
{
    open_level(w, false);
}

void hf_cbor_put_map(struct hf_cbor_writer *w)
{
    open_level(w, true);
}

struct pair {
    struct hf_bytes key;
    struct hf_bytes whole;
};

static int by_key(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    int order = memcmp(a->key.p, b->key.p, a->key.n < b->key.n ? a->key.n : b->key.n);

    return order ? order : a->key.n < b->key.n ? -1 : a->key.n > b->key.n;
}

static hf_err sort_pairs(struct hf_bytes content, size_t n, uint8_t *place)
{
    HF_CLEANUP(hf_free) struct pair *pairs = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sorted = {0};
    struct hf_cbor_iter it = {.left = content, .map = true};

    if (n < 2)
        return HF_OK;
    HF_TRY(hf_alloc(n * sizeof(*pairs), &pairs));
    for (size_t i = 0; i < n && hf_cbor_next(&it); i++)
        pairs[i] = (struct pair){it.key.raw, {it.key.raw.p, it.key.raw.n + it.value.raw.n}};
    hf_sort(pairs, n, sizeof(*pairs), by_key);
    for (size_t i = 0; i < n; i++) {
        if (i && by_key(&pairs[i - 1], &pairs[i]) == 0)
            return hf_fail(HF_E_ARG, "CBOR: a key was put twice into a map of %zu pairs", n);
        HF_TRY(hf_buf_add(&sorted, pairs[i].whole));
    }
    memcpy(place, sorted.p, sorted.n);
    return HF_OK;
}

/* The head of what is open goes before its content. */
static hf_err close_level(struct hf_cbor_writer *w)
{
    size_t start = w->level[w->depth].content;
    uint64_t items = w->level[w->depth].items;
    bool map = w->level[w->depth].map;
    size_t length = w->out->n - start;
    uint8_t head[HEAD_MAX];
    uint8_t *place = NULL;
    size_t n;

    if (map && items % 2)
        return hf_fail(HF_E_INTERNAL, "CBOR: a map closed behind a key without a value");
    n = map ? encode_head(5, items / 2, head) : encode_head(4, items, head);
    if (map)
        HF_TRY(sort_pairs((struct hf_bytes){w->out->p + start, length}, (size_t)(items / 2), w->out->p + start));
    HF_TRY(hf_buf_grow(w->out, n, &place));
    memmove(w->out->p + start + n, w->out->p + start, length);
    memcpy(w->out->p + start, head, n);
    return HF_OK;
}

void hf_cbor_put_close(struct hf_cbor_writer *w)
{
    if (w->err == HF_OK && (w->depth == 0 || w->tagged))
        w->err = hf_fail(HF_E_INTERNAL, "CBOR: %s", w->tagged ? "closed behind a tag" : "closed once too often");
    if (w->err == HF_OK)
        w->err = close_level(w);
    if (w->err == HF_OK)
        w->depth--;
}

void hf_cbor_put_u64(struct hf_cbor_writer *w, uint64_t value)
{
    begin(w, 0, value);
}

void hf_cbor_put_i64(struct hf_cbor_writer *w, int64_t value)
{
    if (value < 0)
        begin(w, 1, (uint64_t)(-1 - value));
    else
        begin(w, 0, (uint64_t)value);
}

void hf_cbor_put_bytes(struct hf_cbor_writer *w, struct hf_bytes value)
{
    begin(w, 2, value.n);
    add(w, value);
}

void hf_cbor_put_text_n(struct hf_cbor_writer *w, struct hf_bytes value)
{
    if (w->err == HF_OK)
        w->err = hf_utf8_check(value);
    begin(w, 3, value.n);
    add(w, value);
}

void hf_cbor_put_text(struct hf_cbor_writer *w, const char *value)
{
    hf_cbor_put_text_n(w, hf_bytes_text(value));
}

void hf_cbor_put_tag(struct hf_cbor_writer *w, uint64_t tag)
{
    begin(w, 6, tag);
    w->tagged = true;
}

void hf_cbor_put_bool(struct hf_cbor_writer *w, bool value)
{
    begin(w, 7, value ? 21 : 20);
}

void hf_cbor_put_null(struct hf_cbor_writer *w)
{
    begin(w, 7, 22);
}

static void add_float(struct hf_cbor_writer *w, uint8_t first, uint64_t bits, size_t bytes)
{
    uint8_t item[HEAD_MAX] = {first};

    for (size_t i = 0; i < bytes; i++)
        item[1 + i] = (uint8_t)(bits >> (8 * (bytes - 1 - i)));
    if (!w->tagged)
        w->level[w->depth].items++;
    w->tagged = false;
    add(w, (struct hf_bytes){item, 1 + bytes});
}

void hf_cbor_put_double(struct hf_cbor_writer *w, double value)
{
    uint16_t half;
    uint32_t single;
    uint64_t full;
    float narrow;

    if (hf_cbor_half(value, &half)) {
        add_float(w, 0xf9, half, 2);
    } else if (hf_cbor_single(value)) {
        narrow = (float)value;
        memcpy(&single, &narrow, sizeof(single));
        add_float(w, 0xfa, single, 4);
    } else {
        memcpy(&full, &value, sizeof(full));
        add_float(w, 0xfb, full, 8);
    }
}

void hf_cbor_put_raw(struct hf_cbor_writer *w, struct hf_bytes item)
{
    struct hf_cbor v;

    if (w->err == HF_OK)
        w->err = hf_cbor_parse(item, HF_CBOR_LOOSE, &v);
    if (!w->tagged)
        w->level[w->depth].items++;
    w->tagged = false;
    add(w, item);
}

hf_err hf_cbor_end(struct hf_cbor_writer *w)
{
    if (w->err == HF_OK && (w->depth || w->tagged))
        w->err = hf_fail(HF_E_INTERNAL, "CBOR left open at depth %u%s", w->depth, w->tagged ? ", behind a tag" : "");
    return w->err;
}
