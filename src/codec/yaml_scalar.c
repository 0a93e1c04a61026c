/* Plain scalars of YAML 1.2's core schema. */
#include "codec/yaml_scalar.h"
#include "base/text.h"

#include <stdio.h>

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static size_t digits_at(struct hf_bytes text, size_t at)
{
    size_t n = 0;

    while (at + n < text.n && is_digit(text.p[at + n]))
        n++;
    return n;
}

/* A number in decimal: [-+]? digits [. digits] [e [-+]? digits], with digits on one side of the point at least. */
struct decimal {
    bool negative;
    struct hf_bytes whole, fraction, exponent; /* the exponent with its sign */
    bool point;
};

static bool decimal_of(struct hf_bytes text, struct decimal *out)
{
    struct decimal d = {0};
    size_t at = 0;

    if (at < text.n && (text.p[at] == '-' || text.p[at] == '+'))
        d.negative = text.p[at++] == '-';
    d.whole = (struct hf_bytes){text.p + at, digits_at(text, at)};
    at += d.whole.n;
    if (at < text.n && text.p[at] == '.') {
        d.point = true;
        d.fraction = (struct hf_bytes){text.p + at + 1, digits_at(text, at + 1)};
        at += 1 + d.fraction.n;
    }
    if (d.whole.n + d.fraction.n == 0)
        return false;
    if (at < text.n && (text.p[at] == 'e' || text.p[at] == 'E')) {
        size_t sign = at + 1 < text.n && (text.p[at + 1] == '-' || text.p[at + 1] == '+');
        size_t n = digits_at(text, at + 1 + sign);

        if (n == 0)
            return false;
        d.exponent = (struct hf_bytes){text.p + at + 1, sign + n};
        at += 1 + sign + n;
    }
    *out = d;
    return at == text.n;
}

static hf_err put_decimal(struct hf_bytes text, const struct decimal *d, struct hf_buf *out)
{
    if (d->whole.n > 1 && d->whole.p[0] == '0')
        return hf_fail(HF_E_FORMAT, "%.*s has a leading zero: write it without, or quote it to make it a text",
                       (int)(text.n < 40 ? text.n : 40), (const char *)text.p);
    HF_TRY(hf_buf_add(out, hf_bytes_text(d->negative ? "-" : "")));
    HF_TRY(hf_buf_add(out, d->whole.n ? d->whole : hf_bytes_text("0")));
    if (d->point) {
        HF_TRY(hf_buf_add(out, hf_bytes_text(".")));
        HF_TRY(hf_buf_add(out, d->fraction.n ? d->fraction : hf_bytes_text("0")));
    }
    if (d->exponent.n) {
        HF_TRY(hf_buf_add(out, hf_bytes_text("e")));
        HF_TRY(hf_buf_add(out, d->exponent));
    }
    return HF_OK;
}

/* 0x... or 0o...: false where it is not all digits of its base. */
static bool based_of(struct hf_bytes text, bool *fits, uint64_t *out)
{
    unsigned bits = text.n > 2 && text.p[0] == '0' ? (text.p[1] == 'x' ? 4 : text.p[1] == 'o' ? 3 : 0) : 0;
    uint64_t v = 0;

    *fits = true;
    if (bits == 0)
        return false;
    for (size_t i = 2; i < text.n; i++) {
        uint8_t c = text.p[i];
        uint8_t low = c | 0x20;
        unsigned digit = is_digit(c) ? (unsigned)(c - '0') : low >= 'a' && low <= 'f' ? (unsigned)(low - 'a' + 10) : 16;

        if (digit >> bits)
            return false;
        *fits = *fits && v >> (64 - bits) == 0;
        v = v << bits | digit;
    }
    *out = v;
    return true;
}

static bool is_one_of(struct hf_bytes text, const char *const *words)
{
    for (; *words; words++) {
        if (hf_bytes_equal(text, hf_bytes_text(*words)))
            return true;
    }
    return false;
}

hf_err hf_yaml_scalar(struct hf_bytes text, bool *is_text, struct hf_buf *out)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    static const char *const others[] = {".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
                                         "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL};
    struct decimal decimal;
    uint64_t value = 0;
    bool fits;

    *is_text = false;
    if (is_one_of(text, nulls))
        return hf_buf_add(out, hf_bytes_text("null"));
    if (is_one_of(text, trues))
        return hf_buf_add(out, hf_bytes_text("true"));
    if (is_one_of(text, falses))
        return hf_buf_add(out, hf_bytes_text("false"));
    if (is_one_of(text, others))
        return hf_fail(HF_E_FORMAT, "%.*s is no number here: quote it to make it a text", (int)text.n,
                       (const char *)text.p);
    if (decimal_of(text, &decimal))
        return put_decimal(text, &decimal, out);
    if (based_of(text, &fits, &value)) {
        if (!fits)
            return hf_fail(HF_E_FORMAT, "%.40s exceeds 64 bits: quote it to make it a text", (const char *)text.p);
        return hf_buf_printf(out, "%llu", (unsigned long long)value);
    }
    *is_text = true;
    return HF_OK;
}
