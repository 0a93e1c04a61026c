/* Reading DER (X.690, 2021). */
#include "codec/der.h"
#include "base/text.h"
#include "codec/utf8.h"

#define LENGTH_BYTES 4 /* no element we read is 4 GiB long */

#define BAD(r, ...) (hf_rd_fail((r), HF_E_FORMAT, __VA_ARGS__), hf_rd_err(r))

/* 8.1.2: identifier octets, the number in base 128 from 31 on. */
static uint32_t read_tag(struct hf_reader *r)
{
    size_t at = hf_rd_at(r);
    uint8_t first = hf_rd_u8(r);
    uint32_t number = first & 0x1f;
    uint8_t b;

    if (number == 0x1f) {
        number = 0;
        do {
            b = hf_rd_u8(r);
            if ((number == 0 && b == 0x80) || number >= 1u << 21)
                hf_rd_fail(r, HF_E_FORMAT, "at offset %zu: the tag number is padded or 2^28 or more", at);
            number = number << 7 | (b & 0x7f);
        } while (b & 0x80);
        if (hf_rd_err(r) == HF_OK && number < 0x1f)
            hf_rd_fail(r, HF_E_FORMAT, "at offset %zu: tag number %u in the long form", at, (unsigned)number);
    }
    return HF_DER_TAG(first >> 6, first >> 5 & 1, number);
}

/* 8.1.3 and 10.1: length octets, definite and minimal. */
static size_t read_length(struct hf_reader *r)
{
    size_t at = hf_rd_at(r);
    uint8_t first = hf_rd_u8(r);
    unsigned bytes = first & 0x7f;
    size_t length = 0;

    if (first < 0x80)
        return first;
    if (bytes == 0 || bytes > LENGTH_BYTES) {
        hf_rd_fail(r, HF_E_FORMAT,
                   "at offset %zu: length octet 0x%02x, where DER allows 0x00 to 0x7f and 0x81 to 0x8%d", at, first,
                   LENGTH_BYTES);
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++)
        length = length << 8 | hf_rd_u8(r);
    if (hf_rd_err(r) == HF_OK && (length < 0x80 || length >> (8 * (bytes - 1)) == 0))
        hf_rd_fail(r, HF_E_FORMAT, "at offset %zu: length %zu in %u bytes is not minimal", at, length, bytes);
    return length;
}

/* 10.2: strings are primitive; what holds elements is constructed. */
static bool form_fits(uint32_t tag)
{
    uint32_t number = HF_DER_NUMBER(tag);
    bool holds = number == 8 || number == 11 || number == 16 || number == 17 || number == 29;

    return HF_DER_CLASS(tag) != 0 || (number != 0 && HF_DER_CONSTRUCTED(tag) == holds);
}

hf_err hf_der_next(struct hf_reader *r, struct hf_der *out)
{
    size_t at = hf_rd_at(r);
    const uint8_t *start = r->at;
    struct hf_der e;
    size_t length;

    e.tag = read_tag(r);
    length = read_length(r);
    if (hf_rd_err(r) == HF_OK && !form_fits(e.tag))
        return BAD(r, "at offset %zu: universal tag %u, %s, is not DER", at, (unsigned)HF_DER_NUMBER(e.tag),
                   HF_DER_CONSTRUCTED(e.tag) ? "constructed" : "primitive");
    e.content = hf_rd_view(r, length);
    HF_TRY(hf_rd_err(r));
    e.whole = (struct hf_bytes){start, (size_t)(r->at - start)};
    *out = e;
    return HF_OK;
}

static hf_err check_elements(struct hf_bytes content, unsigned depth)
{
    struct hf_reader r = hf_reader(content);
    struct hf_der e;

    if (depth > HF_DER_DEPTH)
        return hf_fail(HF_E_FORMAT, "DER nested deeper than %d", HF_DER_DEPTH);
    while (hf_rd_more(&r)) {
        HF_TRY(hf_der_next(&r, &e));
        if (HF_DER_CONSTRUCTED(e.tag))
            HF_TRY(check_elements(e.content, depth + 1));
    }
    return hf_rd_end(&r);
}

hf_err hf_der_check(struct hf_bytes in)
{
    struct hf_reader r = hf_reader(in);
    struct hf_der e;

    HF_TRY(hf_der_next(&r, &e));
    HF_TRY(hf_rd_end(&r));
    return check_elements(in, 0);
}

bool hf_der_is(const struct hf_reader *r, uint32_t tag)
{
    struct hf_reader ahead = *r;

    return hf_rd_more(r) && read_tag(&ahead) == tag && hf_rd_err(&ahead) == HF_OK;
}

hf_err hf_der_content(struct hf_reader *r, uint32_t tag, struct hf_bytes *out)
{
    static const char *const classes[] = {"universal", "application", "context", "private"};
    size_t at = hf_rd_at(r);
    struct hf_der e;

    HF_TRY(hf_der_next(r, &e));
    if (e.tag != tag)
        return BAD(r, "at offset %zu: %s tag %u (%s), where %s tag %u (%s) is wanted", at, classes[HF_DER_CLASS(e.tag)],
                   (unsigned)HF_DER_NUMBER(e.tag), HF_DER_CONSTRUCTED(e.tag) ? "constructed" : "primitive",
                   classes[HF_DER_CLASS(tag)], (unsigned)HF_DER_NUMBER(tag),
                   HF_DER_CONSTRUCTED(tag) ? "constructed" : "primitive");
    *out = e.content;
    return HF_OK;
}

hf_err hf_der_open(struct hf_reader *r, uint32_t tag, struct hf_reader *inside)
{
    struct hf_bytes content;

    HF_TRY(hf_der_content(r, tag, &content));
    *inside = hf_reader(content);
    return HF_OK;
}

hf_err hf_der_sequence(struct hf_reader *r, struct hf_reader *inside)
{
    return hf_der_open(r, HF_DER_SEQUENCE, inside);
}

hf_err hf_der_set(struct hf_reader *r, struct hf_reader *inside)
{
    return hf_der_open(r, HF_DER_SET, inside);
}

hf_err hf_der_open_optional(struct hf_reader *r, uint32_t tag, bool *present, struct hf_reader *inside)
{
    HF_TRY(hf_rd_err(r));
    if (!hf_der_is(r, tag)) {
        *inside = hf_reader((struct hf_bytes){NULL, 0});
        *present = false;
        return HF_OK;
    }
    HF_TRY(hf_der_open(r, tag, inside));
    *present = true;
    return HF_OK;
}

/* 8.3.2: the first nine bits are neither all zero nor all one. */
static bool integer_is_minimal(struct hf_bytes c)
{
    return c.n == 1 || (c.n > 1 && !(c.p[0] == 0 && c.p[1] < 0x80) && !(c.p[0] == 0xff && c.p[1] >= 0x80));
}

hf_err hf_der_integer(struct hf_reader *r, struct hf_bytes *out)
{
    size_t at = hf_rd_at(r);
    struct hf_bytes c;

    HF_TRY(hf_der_content(r, HF_DER_INTEGER, &c));
    if (!integer_is_minimal(c))
        return BAD(r, "at offset %zu: an INTEGER of %zu bytes is not minimal", at, c.n);
    *out = c;
    return HF_OK;
}

hf_err hf_der_unsigned(struct hf_reader *r, struct hf_bytes *out)
{
    size_t at = hf_rd_at(r);
    struct hf_bytes c;

    HF_TRY(hf_der_integer(r, &c));
    if (c.p[0] & 0x80)
        return BAD(r, "at offset %zu: the INTEGER is negative", at);
    *out = c.n > 1 && c.p[0] == 0 ? (struct hf_bytes){c.p + 1, c.n - 1} : c;
    return HF_OK;
}

hf_err hf_der_integer_value(struct hf_bytes c, uint64_t *out)
{
    uint64_t v = 0;

    if (!integer_is_minimal(c) || c.p[0] & 0x80 || c.n > 9 || (c.n == 9 && c.p[0] != 0))
        return hf_fail(HF_E_FORMAT, "an integer of %zu bytes is not a minimal number from 0 to 2^64-1", c.n);
    for (size_t i = 0; i < c.n; i++)
        v = v << 8 | c.p[i];
    *out = v;
    return HF_OK;
}

static hf_err read_number(struct hf_reader *r, uint32_t tag, uint64_t *out)
{
    size_t at = hf_rd_at(r);
    struct hf_bytes c;

    HF_TRY(hf_der_content(r, tag, &c));
    if (hf_der_integer_value(c, out) != HF_OK)
        return BAD(r, "at offset %zu: an integer of %zu bytes is not a minimal number from 0 to 2^64-1", at, c.n);
    return HF_OK;
}

hf_err hf_der_u64(struct hf_reader *r, uint64_t *out)
{
    return read_number(r, HF_DER_INTEGER, out);
}

hf_err hf_der_enumerated(struct hf_reader *r, uint64_t *out)
{
    return read_number(r, HF_DER_ENUMERATED, out);
}

hf_err hf_der_bool(struct hf_reader *r, bool tolerant, bool *out)
{
    size_t at = hf_rd_at(r);
    struct hf_bytes c;

    HF_TRY(hf_der_content(r, HF_DER_BOOLEAN, &c));
    if (c.n != 1)
        return BAD(r, "at offset %zu: a BOOLEAN of %zu bytes", at, c.n);
    if (!tolerant && c.p[0] != 0 && c.p[0] != 0xff)
        return BAD(r, "at offset %zu: BOOLEAN 0x%02x, where DER allows 0x00 and 0xff", at, c.p[0]);
    *out = c.p[0] != 0;
    return HF_OK;
}

hf_err hf_der_null(struct hf_reader *r)
{
    size_t at = hf_rd_at(r);
    struct hf_bytes c;

    HF_TRY(hf_der_content(r, HF_DER_NULL, &c));
    return c.n == 0 ? HF_OK : BAD(r, "at offset %zu: a NULL of %zu bytes", at, c.n);
}

hf_err hf_der_octets(struct hf_reader *r, struct hf_bytes *out)
{
    return hf_der_content(r, HF_DER_OCTETS, out);
}

hf_err hf_der_bits(struct hf_reader *r, struct hf_bytes *out, unsigned *unused)
{
    size_t at = hf_rd_at(r);
    struct hf_bytes c;

    HF_TRY(hf_der_content(r, HF_DER_BITS, &c));
    if (c.n == 0 || c.p[0] > 7 || (c.n == 1 && c.p[0] != 0))
        return BAD(r, "at offset %zu: a BIT STRING of %zu bytes that begins with 0x%02x", at, c.n, c.n ? c.p[0] : 0);
    if (c.p[c.n - 1] & ((1u << c.p[0]) - 1) && c.n > 1) /* 11.2.1 */
        return BAD(r, "at offset %zu: the BIT STRING's %u unused bits are not zero", at, (unsigned)c.p[0]);
    *out = (struct hf_bytes){c.p + 1, c.n - 1};
    *unused = c.p[0];
    return HF_OK;
}

hf_err hf_der_text(struct hf_reader *r, struct hf_bytes *out)
{
    size_t at = hf_rd_at(r);
    struct hf_der e;

    HF_TRY(hf_der_next(r, &e));
    if (e.tag != HF_DER_UTF8 && e.tag != HF_DER_PRINTABLE && e.tag != HF_DER_IA5)
        return BAD(r, "at offset %zu: tag number %u, where a UTF8String, PrintableString or IA5String is wanted", at,
                   (unsigned)HF_DER_NUMBER(e.tag));
    for (size_t i = 0; i < e.content.n; i++) {
        uint8_t c = e.content.p[i];

        if (c == 0 || (e.tag != HF_DER_UTF8 && c > 0x7f) || (e.tag == HF_DER_PRINTABLE && (c < 0x20 || c > 0x7e)))
            return BAD(r, "at offset %zu: byte 0x%02x does not belong in the text", at, c);
    }
    if (hf_utf8_check(e.content) != HF_OK)
        return BAD(r, "at offset %zu: the UTF8String is not UTF-8", at);
    *out = e.content;
    return HF_OK;
}

int64_t hf_der_days(int64_t year, unsigned month, unsigned day)
{
    /* Years run from March here, so that the leap day is the last; 719,468 days from 0000-03-01 to 1970-01-01. */
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool two_digits(const uint8_t *p, unsigned low, unsigned high, unsigned *out)
{
    if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
        return false;
    *out = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
    return *out >= low && *out <= high;
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* The time in c, whose year has 2 or 4 digits. */
static bool time_value(struct hf_bytes c, bool four_digits, int64_t *out)
{
    unsigned century = 0;
    unsigned year, month, day, hour, minute, second;
    const uint8_t *p = c.p;

    if (c.n != (four_digits ? 15u : 13u) || p[c.n - 1] != 'Z')
        return false;
    if (four_digits && !two_digits(p, 0, 99, &century))
        return false;
    p += four_digits ? 2 : 0;
    if (!two_digits(p, 0, 99, &year) || !two_digits(p + 2, 1, 12, &month) || !two_digits(p + 4, 1, 31, &day) ||
        !two_digits(p + 6, 0, 23, &hour) || !two_digits(p + 8, 0, 59, &minute) || !two_digits(p + 10, 0, 59, &second))
        return false;
    year += four_digits ? century * 100 : year < 50 ? 2000 : 1900;
    if (day > days_in(year, month))
        return false;
    *out = ((hf_der_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    return true;
}

hf_err hf_der_time(struct hf_reader *r, int64_t *out)
{
    size_t at = hf_rd_at(r);
    struct hf_der e;

    HF_TRY(hf_der_next(r, &e));
    if (e.tag != HF_DER_UTC_TIME && e.tag != HF_DER_GENERALIZED_TIME)
        return BAD(r, "at offset %zu: tag number %u, where a UTCTime or GeneralizedTime is wanted", at,
                   (unsigned)HF_DER_NUMBER(e.tag));
    if (!time_value(e.content, e.tag == HF_DER_GENERALIZED_TIME, out))
        return BAD(r, "at offset %zu: %zu bytes that are not a time in whole seconds, ending in Z", at, e.content.n);
    return HF_OK;
}

/* 8.19: arcs in base 128, without padding, the last one complete. */
static bool oid_is_whole(struct hf_bytes oid)
{
    bool starts = true;

    for (size_t i = 0; i < oid.n; i++) {
        if (starts && oid.p[i] == 0x80)
            return false;
        starts = oid.p[i] < 0x80;
    }
    return oid.n > 0 && starts;
}

hf_err hf_der_oid(struct hf_reader *r, struct hf_bytes *out)
{
    size_t at = hf_rd_at(r);
    struct hf_bytes c;

    HF_TRY(hf_der_content(r, HF_DER_OID, &c));
    if (!oid_is_whole(c))
        return BAD(r, "at offset %zu: an OBJECT IDENTIFIER of %zu bytes with padded or unfinished arcs", at, c.n);
    *out = c;
    return HF_OK;
}

bool hf_der_oid_is(struct hf_bytes oid, const char *dotted)
{
    uint8_t want[HF_DER_OID_MAX];
    size_t n = 0;

    return hf_der_oid_encode(dotted, want, &n) == HF_OK && hf_bytes_equal(oid, (struct hf_bytes){want, n});
}

hf_err hf_der_oid_text(struct hf_bytes oid, struct hf_buf *out)
{
    size_t before = out->n;
    uint64_t arc = 0;
    hf_err err = HF_OK;

    if (!oid_is_whole(oid))
        return hf_fail(HF_E_FORMAT, "an OBJECT IDENTIFIER of %zu bytes with padded or unfinished arcs", oid.n);
    for (size_t i = 0; i < oid.n && err == HF_OK; i++) {
        if (arc >> 57) {
            err = hf_fail(HF_E_UNSUPPORTED, "an OBJECT IDENTIFIER has an arc of 2^64 or more");
            break;
        }
        arc = arc << 7 | (oid.p[i] & 0x7fu);
        if (oid.p[i] & 0x80)
            continue;
        if (out->n == before) { /* the first number holds two arcs */
            uint64_t top = arc < 80 ? arc / 40 : 2;

            err = hf_buf_printf(out, "%llu.%llu", (unsigned long long)top, (unsigned long long)(arc - top * 40));
        } else {
            err = hf_buf_printf(out, ".%llu", (unsigned long long)arc);
        }
        arc = 0;
    }
    if (err != HF_OK)
        out->n = before;
    return err;
}
