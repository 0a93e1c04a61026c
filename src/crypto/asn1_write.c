/* DER elements appended to a buffer. */
#include "crypto/asn1.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Tag and length octets into `out`; their number. */
static size_t header(uint8_t tag, size_t n, uint8_t out[6])
{
    size_t octets = 0;

    out[0] = tag;
    if (n < 0x80) {
        out[1] = (uint8_t)n;
        return 2;
    }
    for (size_t rest = n; rest; rest >>= 8)
        octets++;
    out[1] = (uint8_t)(0x80 | octets);
    for (size_t i = 0; i < octets; i++)
        out[2 + i] = (uint8_t)(n >> (8 * (octets - 1 - i)));
    return 2 + octets;
}

static hf_err add_split(struct hf_buf *out, uint8_t tag, struct hf_bytes front, struct hf_bytes body)
{
    uint8_t head[6];
    uint8_t *place = NULL;
    size_t n;

    if (body.n > UINT32_MAX - front.n)
        return hf_fail(HF_E_LIMIT, "a DER element of %zu bytes is too long", body.n);
    n = header(tag, front.n + body.n, head);
    HF_TRY(hf_buf_grow(out, n + front.n + body.n, &place));
    memcpy(place, head, n);
    if (front.n)
        memcpy(place + n, front.p, front.n);
    if (body.n)
        memcpy(place + n + front.n, body.p, body.n);
    return HF_OK;
}

hf_err hf_asn1_add(struct hf_buf *out, uint8_t tag, struct hf_bytes body)
{
    return add_split(out, tag, (struct hf_bytes){NULL, 0}, body);
}

hf_err hf_asn1_add_uint(struct hf_buf *out, struct hf_bytes m)
{
    static const uint8_t zero[1] = {0};

    while (m.n && m.p[0] == 0)
        m = (struct hf_bytes){m.p + 1, m.n - 1};
    return add_split(out, HF_ASN1_INTEGER, (struct hf_bytes){zero, m.n == 0 || (m.p[0] & 0x80) ? 1 : 0}, m);
}

hf_err hf_asn1_add_u64(struct hf_buf *out, uint64_t v)
{
    uint8_t be[8];

    for (size_t i = 0; i < 8; i++)
        be[i] = (uint8_t)(v >> (56 - 8 * i));
    return hf_asn1_add_uint(out, HF_BYTES_OF(be));
}

hf_err hf_asn1_add_bits(struct hf_buf *out, struct hf_bytes bytes)
{
    static const uint8_t unused[1] = {0};

    return add_split(out, HF_ASN1_BITS, HF_BYTES_OF(unused), bytes);
}

/* One arc in base 128, the most significant group first. */
static size_t arc(uint64_t v, uint8_t out[10])
{
    size_t n = 1;

    for (uint64_t rest = v >> 7; rest; rest >>= 7)
        n++;
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)((v >> (7 * (n - 1 - i)) & 0x7f) | (i + 1 < n ? 0x80 : 0));
    return n;
}

hf_err hf_asn1_add_oid(struct hf_buf *out, const char *dotted)
{
    uint8_t body[HF_OID_TEXT];
    size_t n = 0;
    unsigned long first = 0;
    const char *at = dotted;

    for (unsigned i = 0; *at; i++) {
        char *end = NULL;
        unsigned long v = strtoul(at, &end, 10);

        if (end == at || (*end && (*end != '.' || !end[1])) || n + 10 > sizeof(body) || v > UINT64_MAX >> 8 ||
            (i == 0 && v > 2) || (i == 1 && first < 2 && v > 39))
            return hf_fail(HF_E_ARG, "\"%.60s\" is not an object identifier", dotted);
        if (i == 0)
            first = v;
        else
            n += arc(i == 1 ? first * 40 + v : v, body + n);
        at = *end ? end + 1 : end;
    }
    if (n == 0)
        return hf_fail(HF_E_ARG, "\"%.60s\" is not an object identifier", dotted);
    return hf_asn1_add(out, HF_ASN1_OID, (struct hf_bytes){body, n});
}

hf_err hf_asn1_add_time(struct hf_buf *out, hf_time t)
{
    time_t seconds = (time_t)t;
    struct tm tm;
    char text[32];
    bool utc;

    if (!gmtime_r(&seconds, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
        return hf_fail(HF_E_ARG, "the time %lld has no year of four digits", (long long)t);
    utc = tm.tm_year >= 50 && tm.tm_year < 150;
    if (strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm) != 15)
        return hf_fail(HF_E_ARG, "the time %lld has no year of four digits", (long long)t);
    return hf_asn1_add(out, utc ? HF_ASN1_UTC_TIME : HF_ASN1_TIME, hf_bytes_text(utc ? text + 2 : text));
}

hf_err hf_asn1_wrap(struct hf_buf *out, size_t start, uint8_t tag)
{
    uint8_t head[6];
    uint8_t *place = NULL;
    size_t n;
    size_t body = out->n - start;

    if (body > UINT32_MAX)
        return hf_fail(HF_E_LIMIT, "a DER element of %zu bytes is too long", body);
    n = header(tag, body, head);
    HF_TRY(hf_buf_grow(out, n, &place));
    memmove(out->p + start + n, out->p + start, body);
    memcpy(out->p + start, head, n);
    return HF_OK;
}
