/* Reading CBOR (RFC 8949). */
#include "codec/cbor.h"
#include "base/cleanup.h"
#include "base/reader.h"
#include "codec/sort.h"
#include "codec/utf8.h"

#include <float.h>
#include <math.h>

#define FEW_KEYS 8
#define ROOM_KEYS 64

enum { MAJOR_UINT, MAJOR_NINT, MAJOR_BYTES, MAJOR_TEXT, MAJOR_ARRAY, MAJOR_MAP, MAJOR_TAG, MAJOR_SIMPLE };
#define INDEFINITE 31
#define BREAK 0xff

struct key {
    enum hf_cbor_type type;
    uint64_t value;
    struct hf_bytes content;
    size_t offset;
};

struct check {
    struct hf_reader r;
    enum hf_cbor_rules rules;
    bool known; /* checked before: walk on without the costly part */
    /* keys of every map that is open, the innermost last: in `room` while they fit, then in `more` */
    struct key *room;
    size_t n_keys;
    struct hf_buf more;
};

#define BAD(c, at, fmt, ...) \
    (hf_rd_fail(&(c)->r, HF_E_FORMAT, "CBOR, offset %zu: " fmt, (at), __VA_ARGS__), hf_rd_err(&(c)->r))

struct head {
    size_t at;
    uint8_t major;
    uint8_t info;
    uint64_t value;
};

/* Section 3: the initial byte and its argument. */
static hf_err read_head(struct check *c, struct head *h)
{
    static const uint64_t least[] = {24, 0x100, 0x10000, 0x100000000};
    uint8_t first;

    h->at = hf_rd_at(&c->r);
    first = hf_rd_u8(&c->r);
    h->major = first >> 5;
    h->info = first & 0x1f;
    h->value = h->info;
    if (h->info == 24)
        h->value = hf_rd_u8(&c->r);
    else if (h->info == 25)
        h->value = hf_rd_u16be(&c->r);
    else if (h->info == 26)
        h->value = hf_rd_u32be(&c->r);
    else if (h->info == 27)
        h->value = hf_rd_u64be(&c->r);
    HF_TRY(hf_rd_err(&c->r));
    if (h->info > 27 && h->info < INDEFINITE)
        return BAD(c, h->at, "initial byte 0x%02x is reserved", first);
    if (h->info == INDEFINITE && (h->major < MAJOR_BYTES || h->major == MAJOR_TAG))
        return BAD(c, h->at, "initial byte 0x%02x: this type has no indefinite length", first);
    if (h->info == INDEFINITE && c->rules >= HF_CBOR_DEFINITE)
        return BAD(c, h->at, "initial byte 0x%02x is of indefinite length, which is not allowed here", first);
    if (c->rules == HF_CBOR_DETERMINISTIC && h->major != MAJOR_SIMPLE && h->info >= 24 &&
        h->value < least[h->info - 24])
        return BAD(c, h->at, "%llu is not in its shortest form", (unsigned long long)h->value);
    return HF_OK;
}

static bool take_break(struct check *c)
{
    if (!hf_rd_more(&c->r) || *c->r.at != BREAK)
        return false;
    hf_rd_skip(&c->r, 1);
    return true;
}

static hf_err check_text(struct check *c, size_t at, uint8_t major, struct hf_bytes content)
{
    if (major == MAJOR_TEXT && !c->known && hf_utf8_check(content) != HF_OK)
        return BAD(c, at, "a text of %zu bytes is not UTF-8", content.n);
    return HF_OK;
}

static hf_err read_string(struct check *c, const struct head *h, struct hf_cbor *v)
{
    const uint8_t *start = c->r.at;
    struct head chunk;

    v->type = h->major == MAJOR_BYTES ? HF_CBOR_BYTES : HF_CBOR_TEXT;
    if (h->info != INDEFINITE) {
        if (h->value > hf_rd_left(&c->r)) /* before it is cut to size_t */
            hf_rd_fail(&c->r, HF_E_TRUNCATED, "CBOR, offset %zu: a string of %llu bytes, where %zu are left", h->at,
                       (unsigned long long)h->value, hf_rd_left(&c->r));
        v->content = hf_rd_view(&c->r, (size_t)h->value);
        HF_TRY(hf_rd_err(&c->r));
        return check_text(c, h->at, h->major, v->content);
    }
    v->value = 0;
    while (!take_break(c)) {
        struct hf_cbor part = {0};

        HF_TRY(read_head(c, &chunk));
        if (chunk.major != h->major || chunk.info == INDEFINITE)
            return BAD(c, chunk.at, "major type %u, where a chunk of the string is wanted", chunk.major);
        HF_TRY(read_string(c, &chunk, &part));
        v->value += part.content.n;
    }
    v->content = (struct hf_bytes){start, (size_t)(c->r.at - start - 1)};
    return HF_OK;
}

static double float_of(const struct head *h)
{
    uint32_t word = (uint32_t)h->value;
    double d;
    float f;

    if (h->info == 27) {
        memcpy(&d, &h->value, sizeof(d));
        return d;
    }
    if (h->info == 26) {
        memcpy(&f, &word, sizeof(f));
        return (double)f;
    }
    if ((word & 0x7c00) == 0x7c00)
        d = word & 0x3ff ? (double)NAN : (double)INFINITY;
    else if (word & 0x7c00)
        d = ldexp((double)((word & 0x3ff) | 0x400), (int)(word >> 10 & 0x1f) - 25);
    else
        d = ldexp((double)(word & 0x3ff), -24);
    return word & 0x8000 ? -d : d;
}

bool hf_cbor_half(double v, uint16_t *out)
{
    uint16_t sign = signbit(v) ? 0x8000 : 0;
    int e = 0;
    double m;

    if (isnan(v) || isinf(v) || v == 0) {
        *out = isnan(v) ? 0x7e00 : isinf(v) ? sign | 0x7c00 : sign;
        return true;
    }
    m = ldexp(frexp(fabs(v), &e), 11); /* 1024 to 2047 with an exponent of e - 11 */
    if (e < -13) {                     /* below 2^-14: steps of 2^-24 */
        m = ldexp(fabs(v), 24);
        e = -14;
    }
    if (e > 16 || m != floor(m))
        return false;
    *out = (uint16_t)(sign | (m < 1024 ? (unsigned)m : (unsigned)(e + 14) << 10 | ((unsigned)m - 1024)));
    return true;
}

bool hf_cbor_single(double v)
{
    return fabs(v) <= (double)FLT_MAX && (double)(float)v == v;
}

/* 4.2.1: a float is in the shortest form that keeps its value; 4.2.2: the one NaN is 0xf97e00. */
static bool float_is_shortest(const struct head *h, double v)
{
    uint16_t half;

    if (h->info == 25)
        return !isnan(v) || h->value == 0x7e00;
    if (hf_cbor_half(v, &half))
        return false;
    return h->info == 26 || !hf_cbor_single(v);
}

static hf_err read_simple(struct check *c, const struct head *h, struct hf_cbor *v)
{
    if (h->info == INDEFINITE)
        return BAD(c, h->at, "%s", "a break outside of an indefinite length");
    if (h->info == 24 && h->value < 32)
        return BAD(c, h->at, "simple value %u in two bytes", (unsigned)h->value);
    v->type = HF_CBOR_SIMPLE;
    if (h->info < 25)
        return HF_OK;
    v->type = HF_CBOR_FLOAT;
    v->value = 0;
    v->number = float_of(h);
    if (c->rules == HF_CBOR_DETERMINISTIC && !float_is_shortest(h, v->number))
        return BAD(c, h->at, "the float %g is not in its shortest form", v->number);
    return HF_OK;
}

static int compare_keys(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    int order;

    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    if (a->content.n != b->content.n)
        return a->content.n < b->content.n ? -1 : 1;
    order = a->content.n ? memcmp(a->content.p, b->content.p, a->content.n) : 0;
    return order;
}

static hf_err check_keys(struct check *c, size_t from)
{
    struct key *keys = (c->more.n ? (struct key *)(void *)c->more.p : c->room) + from;
    size_t n = c->n_keys - from;

    if (n > FEW_KEYS)
        hf_sort(keys, n, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < n; i++) {
        for (size_t k = n > FEW_KEYS ? i - 1 : 0; k < i; k++) {
            if (compare_keys(&keys[k], &keys[i]) == 0)
                return BAD(c, keys[k].offset > keys[i].offset ? keys[k].offset : keys[i].offset, "%s",
                           "the key stands twice in its map");
        }
    }
    c->n_keys = from;
    if (c->more.n)
        c->more.n = from * sizeof(*keys);
    return HF_OK;
}

static hf_err keep_key(struct check *c, const struct key *key)
{
    if (c->more.n == 0 && c->n_keys < ROOM_KEYS) {
        c->room[c->n_keys++] = *key;
        return HF_OK;
    }
    if (c->more.n == 0)
        HF_TRY(hf_buf_add(&c->more, (struct hf_bytes){(const uint8_t *)c->room, c->n_keys * sizeof(*key)}));
    HF_TRY(hf_buf_add(&c->more, (struct hf_bytes){(const uint8_t *)key, sizeof(*key)}));
    c->n_keys++;
    return HF_OK;
}

/* One key, kept for comparison; under deterministic rules compared with the one before. */
static hf_err check_key(struct check *c, size_t at, struct hf_cbor key, struct hf_bytes *before)
{
    struct key kept = {key.type, key.value, {NULL, 0}, at};
    size_t common = before->n < key.raw.n ? before->n : key.raw.n;
    int order = common ? memcmp(before->p, key.raw.p, common) : -1;

    if (key.type == HF_CBOR_ARRAY || key.type == HF_CBOR_MAP || key.type == HF_CBOR_TAG || key.type == HF_CBOR_FLOAT ||
        key.indefinite) {
        hf_rd_fail(&c->r, HF_E_UNSUPPORTED, "CBOR, offset %zu: %s%s as a map's key", at,
                   key.indefinite ? "in parts, " : "", hf_cbor_type_name(key.type));
        return hf_rd_err(&c->r);
    }
    if (c->rules == HF_CBOR_DETERMINISTIC) {
        if (before->n && order >= 0)
            return BAD(c, at, "%s", "the key is not behind the one before it in bytewise order");
        *before = key.raw;
        return HF_OK;
    }
    if (key.type == HF_CBOR_BYTES || key.type == HF_CBOR_TEXT) {
        kept.value = 0;
        kept.content = key.content;
    }
    return keep_key(c, &kept);
}

static hf_err read_item(struct check *c, unsigned depth, struct hf_cbor *out);

static hf_err read_items(struct check *c, const struct head *h, unsigned depth, struct hf_cbor *v)
{
    bool map = h->major == MAJOR_MAP;
    const uint8_t *start = c->r.at;
    size_t keys = c->n_keys;
    struct hf_bytes before = {NULL, 0};
    struct hf_cbor item;
    uint64_t n = 0;

    v->type = map ? HF_CBOR_MAP : HF_CBOR_ARRAY;
    for (; h->info == INDEFINITE ? !take_break(c) : n < h->value; n++) {
        size_t at = hf_rd_at(&c->r);

        HF_TRY(read_item(c, depth + 1, &item));
        if (!map)
            continue;
        if (!c->known)
            HF_TRY(check_key(c, at, item, &before));
        HF_TRY(read_item(c, depth + 1, &item));
    }
    v->value = n;
    v->content = (struct hf_bytes){start, (size_t)(c->r.at - start) - (h->info == INDEFINITE)};
    return map && !c->known ? check_keys(c, keys) : HF_OK;
}

static hf_err read_item(struct check *c, unsigned depth, struct hf_cbor *out)
{
    const uint8_t *start = c->r.at;
    struct hf_cbor v = {0};
    struct hf_cbor inner;
    struct head h;

    HF_TRY(read_head(c, &h));
    v.value = h.value;
    v.indefinite = h.info == INDEFINITE;
    if (h.major >= MAJOR_ARRAY && h.major <= MAJOR_TAG && depth == HF_CBOR_DEPTH)
        return BAD(c, h.at, "nested deeper than %d", HF_CBOR_DEPTH);
    switch (h.major) {
    case MAJOR_BYTES:
    case MAJOR_TEXT:
        HF_TRY(read_string(c, &h, &v));
        break;
    case MAJOR_ARRAY:
    case MAJOR_MAP:
        HF_TRY(read_items(c, &h, depth, &v));
        break;
    case MAJOR_TAG:
        HF_TRY(read_item(c, depth + 1, &inner));
        v.type = HF_CBOR_TAG;
        v.content = inner.raw;
        break;
    case MAJOR_SIMPLE:
        HF_TRY(read_simple(c, &h, &v));
        break;
    default:
        v.type = h.major == MAJOR_UINT ? HF_CBOR_UINT : HF_CBOR_NINT;
    }
    v.raw = (struct hf_bytes){start, (size_t)(c->r.at - start)};
    *out = v;
    return HF_OK;
}

hf_err hf_cbor_parse_first(struct hf_bytes in, enum hf_cbor_rules rules, struct hf_cbor *out, struct hf_bytes *rest)
{
    struct key room[ROOM_KEYS];
    struct check c = {.r = hf_reader(in), .rules = rules, .room = room};
    struct hf_cbor v;
    hf_err err = read_item(&c, 0, &v);

    hf_buf_free(&c.more);
    HF_TRY(err);
    *rest = hf_rd_rest(&c.r);
    *out = v;
    return HF_OK;
}

hf_err hf_cbor_parse(struct hf_bytes in, enum hf_cbor_rules rules, struct hf_cbor *out)
{
    struct hf_bytes rest;
    struct hf_cbor v;

    HF_TRY(hf_cbor_parse_first(in, rules, &v, &rest));
    if (rest.n)
        return hf_fail(HF_E_TRAILING, "CBOR: %zu bytes are left over after offset %zu", rest.n, in.n - rest.n);
    *out = v;
    return HF_OK;
}

struct hf_cbor_iter hf_cbor_iter(struct hf_cbor v)
{
    struct hf_cbor_iter it = {.map = v.type == HF_CBOR_MAP};

    if (v.type == HF_CBOR_MAP || v.type == HF_CBOR_ARRAY)
        it.left = v.content;
    return it;
}

bool hf_cbor_next(struct hf_cbor_iter *it)
{
    struct check c = {.r = hf_reader(it->left), .rules = HF_CBOR_LOOSE, .known = true};

    if (it->left.n == 0)
        return false;
    if ((it->map && read_item(&c, 0, &it->key) != HF_OK) || read_item(&c, 0, &it->value) != HF_OK)
        return false;
    it->left = hf_rd_rest(&c.r);
    it->index += it->started;
    it->started = true;
    return true;
}
