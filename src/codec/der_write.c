/* Writing DER (X.690, 2021), and ECDSA signatures in it (RFC 3279, 2.2.3). */
#include "base/cleanup.h"
#include "codec/der.h"
#include "codec/sort.h"

#define SET_MAX 256 /* elements of one SET that we write */
#define HEADER_MAX 16

struct hf_der_writer hf_der_writer(struct hf_buf *out)
{
    return (struct hf_der_writer){.out = out};
}

static size_t encode_tag(uint32_t tag, uint8_t *out)
{
    uint32_t number = HF_DER_NUMBER(tag);
    uint8_t first = (uint8_t)(tag >> 24 & 0xe0);
    size_t n = 0;

    if (number < 0x1f) {
        out[0] = (uint8_t)(first | number);
        return 1;
    }
    out[n++] = first | 0x1f;
    for (unsigned shift = 28; shift > 0; shift -= 7) {
        uint32_t left = number >> (shift - 7);

        if (left || shift == 7)
            out[n++] = (uint8_t)((left & 0x7f) | (shift > 7 ? 0x80 : 0));
    }
    return n;
}

static size_t encode_length(size_t length, uint8_t *out)
{
    size_t bytes = 0;

    if (length < 0x80) {
        out[0] = (uint8_t)length;
        return 1;
    }
    while (length >> (8 * bytes))
        bytes++;
    out[0] = (uint8_t)(0x80 | bytes);
    for (size_t i = 0; i < bytes; i++)
        out[1 + i] = (uint8_t)(length >> (8 * (bytes - 1 - i)));
    return 1 + bytes;
}

static void add(struct hf_der_writer *w, const uint8_t *p, size_t n)
{
    if (w->err == HF_OK)
        w->err = hf_buf_add(w->out, (struct hf_bytes){p, n});
}

static void header(struct hf_der_writer *w, uint32_t tag, size_t length)
{
    uint8_t head[HEADER_MAX];
    size_t n = encode_tag(tag, head);

    if (w->err == HF_OK && (length > UINT32_MAX || HF_DER_NUMBER(tag) >= 1u << 28))
        w->err = hf_fail(HF_E_LIMIT, "a DER element with tag number %u and %zu bytes is too large",
                         (unsigned)HF_DER_NUMBER(tag), length);
    n += encode_length(length, head + n);
    add(w, head, n);
}

void hf_der_put_open(struct hf_der_writer *w, uint32_t tag)
{
    if (w->err == HF_OK && w->depth == HF_DER_DEPTH)
        w->err = hf_fail(HF_E_INTERNAL, "DER nested deeper than %d", HF_DER_DEPTH);
    if (w->err != HF_OK)
        return;
    w->tag[w->depth] = tag;
    w->content[w->depth++] = w->out->n;
}

/* 11.6: ascending by encoding, a shorter one padded with zeros. */
static int by_encoding(const void *a, const void *b)
{
    const struct hf_bytes *x = a;
    const struct hf_bytes *y = b;
    size_t common = x->n < y->n ? x->n : y->n;
    int order = memcmp(x->p, y->p, common);

    return order ? order : x->n < y->n ? -1 : x->n > y->n;
}

static hf_err sort_set(struct hf_buf *out, size_t start)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sorted = {0};
    struct hf_bytes content = {out->p + start, out->n - start};
    struct hf_reader r = hf_reader(content);
    struct hf_bytes elements[SET_MAX];
    struct hf_der e;
    size_t count = 0;

    while (hf_rd_more(&r)) {
        if (count == SET_MAX)
            return hf_fail(HF_E_LIMIT, "a SET of more than %d elements", SET_MAX);
        HF_TRY(hf_der_next(&r, &e));
        elements[count++] = e.whole;
    }
    HF_TRY(hf_rd_end(&r));
    if (count < 2)
        return HF_OK;
    hf_sort(elements, count, sizeof(elements[0]), by_encoding);
    for (size_t i = 0; i < count; i++)
        HF_TRY(hf_buf_add(&sorted, elements[i]));
    memcpy(out->p + start, sorted.p, sorted.n);
    return HF_OK;
}

void hf_der_put_close(struct hf_der_writer *w)
{
    size_t start, length, n;

    if (w->err == HF_OK && w->depth == 0)
        w->err = hf_fail(HF_E_INTERNAL, "DER closed once too often");
    if (w->err != HF_OK)
        return;
    start = w->content[--w->depth];
    length = w->out->n - start;
    if (w->tag[w->depth] == HF_DER_SET && length)
        w->err = sort_set(w->out, start);
    header(w, w->tag[w->depth], length);
    if (w->err != HF_OK)
        return;
    n = w->out->n - start - length; /* the header, written behind its content: turn them around */
    if (length) {
        uint8_t head[HEADER_MAX];

        memcpy(head, w->out->p + start + length, n);
        memmove(w->out->p + start + n, w->out->p + start, length);
        memcpy(w->out->p + start, head, n);
    }
}

void hf_der_put(struct hf_der_writer *w, uint32_t tag, struct hf_bytes content)
{
    header(w, tag, content.n);
    add(w, content.p, content.n);
}

void hf_der_put_raw(struct hf_der_writer *w, struct hf_bytes elements)
{
    add(w, elements.p, elements.n);
}

void hf_der_put_unsigned(struct hf_der_writer *w, struct hf_bytes v)
{
    static const uint8_t zero[1];

    while (v.n && v.p[0] == 0)
        v = (struct hf_bytes){v.p + 1, v.n - 1};
    if (v.n == 0)
        v = HF_BYTES_OF(zero);
    if (v.n && v.p[0] & 0x80) {
        header(w, HF_DER_INTEGER, v.n + 1);
        add(w, zero, 1);
    } else {
        header(w, HF_DER_INTEGER, v.n);
    }
    add(w, v.p, v.n);
}

void hf_der_put_u64(struct hf_der_writer *w, uint64_t value)
{
    uint8_t digits[8];

    for (size_t i = 0; i < sizeof(digits); i++)
        digits[i] = (uint8_t)(value >> (56 - 8 * i));
    hf_der_put_unsigned(w, HF_BYTES_OF(digits));
}

void hf_der_put_oid(struct hf_der_writer *w, const char *dotted)
{
    uint8_t content[HF_DER_OID_MAX];
    size_t n = 0;

    if (w->err == HF_OK)
        w->err = hf_der_oid_encode(dotted, content, &n);
    if (w->err == HF_OK)
        hf_der_put(w, HF_DER_OID, (struct hf_bytes){content, n});
}

void hf_der_put_octets(struct hf_der_writer *w, struct hf_bytes content)
{
    hf_der_put(w, HF_DER_OCTETS, content);
}

void hf_der_put_bits(struct hf_der_writer *w, struct hf_bytes content, unsigned unused)
{
    uint8_t first = (uint8_t)unused;

    if (w->err == HF_OK &&
        (unused > 7 || (unused && (content.n == 0 || content.p[content.n - 1] & ((1u << unused) - 1)))))
        w->err = hf_fail(HF_E_ARG, "a BIT STRING of %zu bytes cannot leave %u bits unused", content.n, unused);
    header(w, HF_DER_BITS, content.n + 1);
    add(w, &first, 1);
    add(w, content.p, content.n);
}

void hf_der_put_bool(struct hf_der_writer *w, bool value)
{
    uint8_t content[] = {value ? 0xff : 0};

    hf_der_put(w, HF_DER_BOOLEAN, HF_BYTES_OF(content));
}

void hf_der_put_null(struct hf_der_writer *w)
{
    hf_der_put(w, HF_DER_NULL, (struct hf_bytes){NULL, 0});
}

void hf_der_put_utf8(struct hf_der_writer *w, struct hf_bytes text)
{
    hf_der_put(w, HF_DER_UTF8, text);
}

/* The date of a day since 1970-01-01; the inverse of hf_der_days. */
static void date_of(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t era, of_era, y, of_year, m;

    days += 719468;
    era = (days >= 0 ? days : days - 146096) / 146097;
    of_era = days - era * 146097;
    y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * y + y / 4 - y / 100);
    m = (5 * of_year + 2) / 153;
    *day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
    *month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *year = y + era * 400 + (*month <= 2 ? 1 : 0);
}

void hf_der_put_time(struct hf_der_writer *w, int64_t t)
{
    int64_t days = t / 86400 - (t % 86400 < 0 ? 1 : 0);
    unsigned second = (unsigned)(t - days * 86400);
    int64_t year = 0;
    unsigned month = 0, day = 0;
    char text[64];

    if (w->err == HF_OK && (t < -62167219200 || t > 253402300799)) /* 0000-01-01 to 9999-12-31 */
        w->err = hf_fail(HF_E_ARG, "time %lld lies outside the years 0 to 9999", (long long)t);
    if (w->err != HF_OK)
        return;
    date_of(days, &year, &month, &day);
    (void)snprintf(text, sizeof(text), "%04u%02u%02u%02u%02u%02uZ", (unsigned)year, month, day, second / 3600,
                   second / 60 % 60, second % 60);
    hf_der_put(w, HF_DER_GENERALIZED_TIME, hf_bytes_text(text));
}

hf_err hf_der_end(struct hf_der_writer *w)
{
    if (w->err == HF_OK && w->depth)
        w->err = hf_fail(HF_E_INTERNAL, "DER left open at depth %u", w->depth);
    return w->err;
}

/* One arc of dotted text, which moves on behind it. */
static bool take_arc(const char **text, uint64_t *out)
{
    const char *p = *text;
    uint64_t v = 0;

    if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
        return false;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (v > (UINT64_MAX - 9) / 10)
            return false;
        v = v * 10 + (uint64_t)(*p - '0');
    }
    *text = p;
    *out = v;
    return true;
}

static bool put_arc(uint64_t arc, uint8_t *out, size_t *n)
{
    unsigned groups = 1;

    while (groups < 10 && arc >> (7 * groups))
        groups++;
    if (*n + groups > HF_DER_OID_MAX)
        return false;
    while (groups--)
        out[(*n)++] = (uint8_t)((arc >> (7 * groups) & 0x7f) | (groups ? 0x80 : 0));
    return true;
}

hf_err hf_der_oid_encode(const char *dotted, uint8_t out[HF_DER_OID_MAX], size_t *n)
{
    const char *at = dotted;
    uint64_t top = 0, arc = 0;
    size_t made = 0;
    bool good = take_arc(&at, &top) && top <= 2 && *at++ == '.' && take_arc(&at, &arc);

    good = good && (top == 2 ? arc <= UINT64_MAX - 80 : arc < 40) && put_arc(top * 40 + arc, out, &made);
    while (good && *at)
        good = *at++ == '.' && take_arc(&at, &arc) && put_arc(arc, out, &made);
    if (!good)
        return hf_fail(HF_E_ARG, "\"%.80s\" is not an OBJECT IDENTIFIER in dotted decimal", dotted);
    *n = made;
    return HF_OK;
}

static bool is_zero(struct hf_bytes v)
{
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i])
            return false;
    }
    return true;
}

hf_err hf_der_ecdsa_write(struct hf_bytes r, struct hf_bytes s, struct hf_buf *out)
{
    size_t before = out->n;
    struct hf_der_writer w = hf_der_writer(out);
    hf_err err;

    if (is_zero(r) || is_zero(s))
        return hf_fail(HF_E_FORMAT, "an ECDSA signature with r or s zero");
    hf_der_put_open(&w, HF_DER_SEQUENCE);
    hf_der_put_unsigned(&w, r);
    hf_der_put_unsigned(&w, s);
    hf_der_put_close(&w);
    err = hf_der_end(&w);
    if (err != HF_OK)
        out->n = before;
    return err;
}

static hf_err ecdsa_number(struct hf_reader *seq, char name, size_t n, struct hf_bytes *out)
{
    HF_TRY(hf_der_unsigned(seq, out));
    if (is_zero(*out) || out->n > n)
        return hf_fail(HF_E_FORMAT, "ECDSA signature: %c of %zu bytes is zero or longer than %zu", name, out->n, n);
    return HF_OK;
}

hf_err hf_der_ecdsa_parse(struct hf_bytes in, size_t n, uint8_t *r, uint8_t *s)
{
    struct hf_reader top = hf_reader(in);
    struct hf_reader seq;
    struct hf_bytes rv, sv;

    HF_TRY(hf_der_sequence(&top, &seq));
    HF_TRY(hf_rd_end(&top));
    HF_TRY(ecdsa_number(&seq, 'r', n, &rv));
    HF_TRY(ecdsa_number(&seq, 's', n, &sv));
    HF_TRY(hf_rd_end(&seq));
    memset(r, 0, n);
    memset(s, 0, n);
    memcpy(r + n - rv.n, rv.p, rv.n);
    memcpy(s + n - sv.n, sv.p, sv.n);
    return HF_OK;
}
