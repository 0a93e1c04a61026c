/* DER elements taken off a reader (X.690). */
#include "crypto/asn1.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* Length octets, X.690 10.1: definite, in the fewest octets; at most four of them. */
static size_t length(struct hf_reader *r)
{
    uint8_t first = hf_rd_u8(r);
    size_t octets = first & 0x7f;
    size_t n = 0;

    if (first < 0x80)
        return first;
    if (octets == 0 || octets > 4) {
        hf_rd_fail(r, HF_E_FORMAT, "a DER length begins with 0x%02x: want 0x00 to 0x7f, 0x81 to 0x84", first);
        return 0;
    }
    for (size_t i = 0; i < octets; i++)
        n = n << 8 | hf_rd_u8(r);
    if (n < 0x80 || n >> (8 * (octets - 1)) == 0)
        hf_rd_fail(r, HF_E_FORMAT, "the DER length %zu is written in %zu octets", n, octets + 1);
    return n;
}

struct hf_element hf_asn1_any(struct hf_reader *r)
{
    struct hf_element e = {0};
    const uint8_t *start = r->at;

    e.tag = hf_rd_u8(r);
    if (hf_rd_err(r) == HF_OK && ((e.tag & 0x1f) == 0x1f || e.tag == 0))
        hf_rd_fail(r, HF_E_FORMAT, "the DER tag 0x%02x is not one that is used here", e.tag);
    e.body = hf_rd_view(r, length(r));
    if (r->err != HF_OK)
        return (struct hf_element){0};
    e.whole = (struct hf_bytes){start, (size_t)(r->at - start)};
    return e;
}

struct hf_element hf_asn1_take(struct hf_reader *r, uint8_t tag)
{
    if (r->err == HF_OK && hf_rd_left(r) > 0 && *r->at != tag) {
        hf_rd_fail(r, HF_E_FORMAT, "at offset %zu: DER tag 0x%02x, want 0x%02x", hf_rd_at(r), *r->at, tag);
        return (struct hf_element){0};
    }
    return hf_asn1_any(r);
}

struct hf_reader hf_asn1_enter(struct hf_reader *r, uint8_t tag)
{
    struct hf_element e = hf_asn1_take(r, tag);
    struct hf_reader in = hf_reader(e.body);

    in.err = r->err;
    in.err_at = r->err_at;
    in.err_want = r->err_want;
    return in;
}

bool hf_asn1_next_is(const struct hf_reader *r, uint8_t tag)
{
    return hf_rd_more(r) && *r->at == tag;
}

struct hf_bytes hf_asn1_uint(struct hf_reader *r)
{
    struct hf_bytes b = hf_asn1_take(r, HF_ASN1_INTEGER).body;

    if (r->err != HF_OK)
        return b;
    if (b.n == 0 || (b.p[0] & 0x80) || (b.n > 1 && b.p[0] == 0 && !(b.p[1] & 0x80))) {
        hf_rd_fail(r, HF_E_FORMAT, "an INTEGER of %zu octets is negative or not minimal", b.n);
        return (struct hf_bytes){NULL, 0};
    }
    return b.p[0] == 0 ? (struct hf_bytes){b.p + 1, b.n - 1} : b;
}

uint64_t hf_asn1_u64(struct hf_reader *r)
{
    struct hf_bytes b = hf_asn1_uint(r);
    uint64_t v = 0;

    if (b.n > 8) {
        hf_rd_fail(r, HF_E_LIMIT, "an INTEGER of %zu octets, want at most 8", b.n);
        return 0;
    }
    for (size_t i = 0; i < b.n; i++)
        v = v << 8 | b.p[i];
    return v;
}

bool hf_asn1_bool(struct hf_reader *r)
{
    struct hf_bytes b = hf_asn1_take(r, HF_ASN1_BOOLEAN).body;

    if (r->err == HF_OK && (b.n != 1 || (b.p[0] != 0 && b.p[0] != 0xff)))
        hf_rd_fail(r, HF_E_FORMAT, "a BOOLEAN is neither 0x00 nor 0xff in one octet");
    return r->err == HF_OK && b.p[0] == 0xff;
}

struct hf_bytes hf_asn1_bits(struct hf_reader *r)
{
    struct hf_bytes b = hf_asn1_take(r, HF_ASN1_BITS).body;

    if (r->err != HF_OK)
        return b;
    if (b.n == 0 || b.p[0] != 0) {
        hf_rd_fail(r, HF_E_FORMAT, "a BIT STRING is not of whole octets");
        return (struct hf_bytes){NULL, 0};
    }
    return (struct hf_bytes){b.p + 1, b.n - 1};
}

uint16_t hf_asn1_named_bits(struct hf_reader *r)
{
    struct hf_bytes b = hf_asn1_take(r, HF_ASN1_BITS).body;
    uint16_t bits = 0;

    if (r->err != HF_OK)
        return 0;
    if (b.n == 0 || b.n > 3 || b.p[0] > 7 || (b.n == 1 && b.p[0] != 0) ||
        (b.n > 1 && (b.p[b.n - 1] & ((1u << b.p[0]) - 1)) != 0)) {
        hf_rd_fail(r, HF_E_FORMAT, "a BIT STRING of %zu octets is not one of at most 16 named bits", b.n);
        return 0;
    }
    for (size_t i = 0; i < (b.n - 1) * 8; i++) {
        if (b.p[1 + i / 8] & (0x80 >> i % 8))
            bits = (uint16_t)(bits | 1u << i);
    }
    return bits;
}

static int two(const uint8_t *p)
{
    return p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9' ? (p[0] - '0') * 10 + (p[1] - '0') : -1;
}

/* YYMMDDHHMMSSZ behind a century; RFC 5280 4.1.2.5.1. */
static bool time_of(const uint8_t *p, int century, hf_time *out)
{
    struct tm tm = {.tm_mon = two(p + 2) - 1,
                    .tm_mday = two(p + 4),
                    .tm_hour = two(p + 6),
                    .tm_min = two(p + 8),
                    .tm_sec = two(p + 10)};
    struct tm back;
    int year = two(p);

    if (year < 0 || century < 0 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
        tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 59 ||
        p[12] != 'Z')
        return false;
    tm.tm_year = century * 100 + year - 1900;
    back = tm;
    *out = (hf_time)timegm(&back);
    return back.tm_mday == tm.tm_mday; /* not the 31st of a month of 30 days */
}

hf_time hf_asn1_time(struct hf_reader *r)
{
    struct hf_element e = hf_asn1_any(r);
    hf_time t = 0;
    bool ok = false;

    if (r->err != HF_OK)
        return 0;
    if (e.tag == HF_ASN1_UTC_TIME && e.body.n == 13)
        ok = time_of(e.body.p, two(e.body.p) >= 50 ? 19 : 20, &t);
    if (e.tag == HF_ASN1_TIME && e.body.n == 15)
        ok = time_of(e.body.p + 2, two(e.body.p), &t);
    if (!ok)
        hf_rd_fail(r, HF_E_FORMAT, "a time of tag 0x%02x and %zu octets is not YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ", e.tag,
                   e.body.n);
    return ok ? t : 0;
}

/* Append a number in decimal: 0 when it does not fit. By hand, because certificates are full of identifiers. */
static size_t put_decimal(char *out, size_t room, uint64_t v)
{
    char digits[20];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    if (n >= room)
        return 0;
    for (size_t i = 0; i < n; i++)
        out[i] = digits[n - 1 - i];
    out[n] = 0;
    return n;
}

/* The next arc at *at; the first one stands for two. False for one that is not minimal, too large, or cut. */
static bool next_arc(struct hf_bytes body, size_t *at, uint64_t *out)
{
    uint64_t v = 0;

    if (body.p[*at] == 0x80)
        return false;
    while (*at < body.n) {
        uint8_t b = body.p[(*at)++];

        if (v >> 56)
            return false;
        v = v << 7 | (b & 0x7f);
        if (!(b & 0x80)) {
            *out = v;
            return true;
        }
    }
    return false;
}

static bool oid_text(struct hf_bytes body, char out[HF_OID_TEXT])
{
    size_t at = 0, n = 0, wrote;
    uint64_t arc = 0;

    while (at < body.n) {
        bool first = at == 0;

        if (!next_arc(body, &at, &arc))
            return false;
        if (first) {
            out[n++] = (char)('0' + (arc < 80 ? arc / 40 : 2));
            arc = arc < 80 ? arc % 40 : arc - 80;
        }
        if (HF_OID_TEXT - n < 2)
            return false;
        out[n++] = '.';
        wrote = put_decimal(out + n, HF_OID_TEXT - n, arc);
        if (!wrote)
            return false;
        n += wrote;
    }
    return n > 0;
}

void hf_oid_text(struct hf_bytes body, char out[HF_OID_TEXT])
{
    if (!oid_text(body, out))
        memcpy(out, "?", 2);
}

bool hf_oid_is(struct hf_bytes body, const char *dotted)
{
    char text[HF_OID_TEXT];

    hf_oid_text(body, text);
    return strcmp(text, dotted) == 0;
}
