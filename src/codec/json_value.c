/* Values of a JSON text that was checked. */
#include "base/cleanup.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/json_read.h"
#include "codec/number.h"
#include "codec/utf8.h"

#include <stdio.h>

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static const uint8_t *skip_space(const uint8_t *p, const uint8_t *end)
{
    while (p < end && is_space(*p))
        p++;
    return p;
}

/* Behind the text whose first quote is at p. */
static const uint8_t *skip_text(const uint8_t *p, const uint8_t *end)
{
    for (const uint8_t *from = p + 1; (p = memchr(from, '"', (size_t)(end - from))) != NULL; from = p + 1) {
        size_t escapes = 0;

        while (p - escapes > from && p[-1 - (ptrdiff_t)escapes] == '\\')
            escapes++;
        if (escapes % 2 == 0)
            return p + 1;
    }
    return end;
}

/* Behind the object or array that begins at p. */
static const uint8_t *skip_nested(const uint8_t *p, const uint8_t *end)
{
    unsigned depth = 0;

    while (p < end) {
        if (*p == '"') {
            p = skip_text(p, end);
            continue;
        }
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        p++;
        if (depth == 0)
            break;
    }
    return p;
}

static struct hf_json_value value_at(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *after = p;
    enum hf_json_type type;

    switch (p < end ? *p : 0) {
    case '{':
    case '[':
        type = *p == '{' ? HF_JSON_OBJECT : HF_JSON_ARRAY;
        after = skip_nested(p, end);
        break;
    case '"':
        type = HF_JSON_TEXT;
        after = skip_text(p, end);
        break;
    default:
        type = p == end || *p == 'n' ? HF_JSON_NULL : *p == 't' || *p == 'f' ? HF_JSON_BOOL : HF_JSON_NUMBER;
        while (after < end && !is_space(*after) && *after != ',' && *after != ']' && *after != '}')
            after++;
    }
    return (struct hf_json_value){type, {p, (size_t)(after - p)}};
}

hf_err hf_json_parse(struct hf_bytes text, struct hf_json_value *out)
{
    HF_TRY(hf_json_check(text));
    *out = value_at(skip_space(text.p, text.p + text.n), text.p + text.n);
    return HF_OK;
}

const char *hf_json_type_name(enum hf_json_type type)
{
    static const char *const names[] = {"null", "true or false", "a number", "a text", "an array", "an object"};

    return (unsigned)type < HF_COUNT(names) ? names[type] : "nothing";
}

struct hf_json_iter hf_json_iter(struct hf_json_value v)
{
    bool nested = v.type == HF_JSON_OBJECT || v.type == HF_JSON_ARRAY;
    struct hf_json_iter it = {.object = v.type == HF_JSON_OBJECT};

    if (nested && v.raw.n >= 2) {
        it.at = v.raw.p + 1;
        it.end = v.raw.p + v.raw.n - 1;
    }
    return it;
}

bool hf_json_next(struct hf_json_iter *it)
{
    const uint8_t *p = skip_space(it->at, it->end);

    if (p == it->end)
        return false;
    if (*p == ',')
        p = skip_space(p + 1, it->end);
    if (it->object) {
        it->key = value_at(p, it->end);
        p = skip_space(p + it->key.raw.n, it->end);
        p = p < it->end ? skip_space(p + 1, it->end) : p; /* the colon */
    }
    it->value = value_at(p, it->end);
    it->at = p + it->value.raw.n;
    it->index += it->started;
    it->started = true;
    return true;
}

size_t hf_json_count(struct hf_json_value v)
{
    struct hf_json_iter it = hf_json_iter(v);
    size_t n = 0;

    while (hf_json_next(&it))
        n++;
    return n;
}

hf_err hf_json_get(struct hf_json_value object, const char *key, struct hf_json_value *out)
{
    struct hf_json_iter it = hf_json_iter(object);

    if (object.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "JSON: %s, where an object with the key \"%s\" is wanted",
                       hf_json_type_name(object.type), key);
    while (hf_json_next(&it)) {
        if (hf_json_is(it.key, key)) {
            *out = it.value;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_NOT_FOUND, "JSON: the key \"%s\" is missing", key);
}

static uint32_t hex4(const uint8_t *p)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < 4; i++)
        v = v << 4 | (p[i] <= '9' ? (uint32_t)(p[i] - '0') : (uint32_t)((p[i] | 0x20) - 'a' + 10));
    return v;
}

size_t hf_json_point(const uint8_t *p, uint32_t *point)
{
    static const char names[] = "bfnrt";
    static const char values[] = "\b\f\n\r\t";
    const char *name;
    uint32_t high;
    size_t n;

    if (*p != '\\') {
        n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
        *point = hf_utf8_point(p, n);
        return n;
    }
    if (p[1] != 'u') {
        name = strchr(names, p[1]);
        *point = name ? (uint8_t)values[name - names] : p[1];
        return 2;
    }
    high = hex4(p + 2);
    if (high < 0xd800 || high > 0xdfff) {
        *point = high;
        return 6;
    }
    *point = 0x10000 + ((high - 0xd800) << 10) + (hex4(p + 8) - 0xdc00);
    return 12;
}

struct hf_bytes hf_json_quoted(struct hf_json_value v)
{
    return v.type == HF_JSON_TEXT && v.raw.n >= 2 ? (struct hf_bytes){v.raw.p + 1, v.raw.n - 2}
                                                  : (struct hf_bytes){NULL, 0};
}

bool hf_json_is(struct hf_json_value v, const char *text)
{
    struct hf_bytes in = hf_json_quoted(v);
    size_t n = strlen(text);
    size_t done = 0;

    if (v.type != HF_JSON_TEXT)
        return false;
    if (!memchr(v.raw.p, '\\', v.raw.n))
        return hf_bytes_equal(in, (struct hf_bytes){(const uint8_t *)text, n});
    for (size_t i = 0; i < in.n;) {
        uint8_t utf8[4];
        uint32_t point;
        size_t made;

        i += hf_json_point(in.p + i, &point);
        made = hf_utf8_write(point, utf8);
        if (made > n - done || memcmp(text + done, utf8, made) != 0)
            return false;
        done += made;
    }
    return done == n;
}

static hf_err wrong_type(struct hf_json_value v, enum hf_json_type want)
{
    return hf_fail(HF_E_FORMAT, "JSON: %s, where %s is wanted", hf_json_type_name(v.type), hf_json_type_name(want));
}

/* Escapes are longer than what they stand for, so the text fits where its raw form does. */
hf_err hf_json_as_text(struct hf_json_value v, struct hf_buf *out)
{
    struct hf_bytes in = hf_json_quoted(v);
    size_t before = out->n;
    uint8_t *place = NULL;
    size_t n = 0;

    if (v.type != HF_JSON_TEXT)
        return wrong_type(v, HF_JSON_TEXT);
    if (!memchr(v.raw.p, '\\', v.raw.n))
        return hf_buf_add(out, in);
    HF_TRY(hf_buf_grow(out, in.n, &place));
    for (size_t i = 0; i < in.n;) {
        uint32_t point;

        i += hf_json_point(in.p + i, &point);
        if (point < 0x80) {
            place[n++] = (uint8_t)point;
        } else {
            uint8_t utf8[4];
            size_t made = hf_utf8_write(point, utf8);

            memcpy(place + n, utf8, made);
            n += made;
        }
    }
    out->n = before + n;
    return HF_OK;
}

static hf_err not_integer(struct hf_json_value v, const char *range)
{
    return hf_fail(HF_E_FORMAT, "JSON: %.*s, where a whole number %s is wanted", (int)(v.raw.n < 40 ? v.raw.n : 40),
                   (const char *)v.raw.p, range);
}

/* Digits alone that stay within max. */
static bool digits_value(struct hf_bytes digits, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;

    for (size_t i = 0; i < digits.n; i++) {
        uint64_t d = (uint64_t)digits.p[i] - '0';

        if (d > 9 || d > max || v > (max - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *out = v;
    return digits.n > 0;
}

hf_err hf_json_as_u64(struct hf_json_value v, uint64_t max, uint64_t *out)
{
    char range[40];

    if (v.type != HF_JSON_NUMBER)
        return wrong_type(v, HF_JSON_NUMBER);
    (void)snprintf(range, sizeof(range), "from 0 to %llu", (unsigned long long)max);
    return digits_value(v.raw, max, out) ? HF_OK : not_integer(v, range);
}

hf_err hf_json_as_i64(struct hf_json_value v, int64_t *out)
{
    bool negative = v.raw.n && v.raw.p[0] == '-';
    struct hf_bytes digits = negative ? (struct hf_bytes){v.raw.p + 1, v.raw.n - 1} : v.raw;
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
    uint64_t size;

    if (v.type != HF_JSON_NUMBER)
        return wrong_type(v, HF_JSON_NUMBER);
    if (!digits_value(digits, limit, &size))
        return not_integer(v, "from -2^63 to 2^63-1");
    if (negative)
        *out = size ? -(int64_t)(size - 1) - 1 : 0;
    else
        *out = (int64_t)size;
    return HF_OK;
}

hf_err hf_json_as_double(struct hf_json_value v, double *out)
{
    return v.type == HF_JSON_NUMBER ? hf_number_double(v.raw, out) : wrong_type(v, HF_JSON_NUMBER);
}

hf_err hf_json_as_bool(struct hf_json_value v, bool *out)
{
    if (v.type != HF_JSON_BOOL)
        return wrong_type(v, HF_JSON_BOOL);
    *out = v.raw.p[0] == 't';
    return HF_OK;
}

/* What an encoded text stands for. Base64's '/' may come escaped. */
static hf_err decoded(struct hf_json_value v, hf_err (*decode)(struct hf_bytes, struct hf_buf *), struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    if (v.type != HF_JSON_TEXT)
        return wrong_type(v, HF_JSON_TEXT);
    if (!memchr(v.raw.p, '\\', v.raw.n))
        return decode(hf_json_quoted(v), out);
    HF_TRY(hf_json_as_text(v, &text));
    return decode(hf_buf_bytes(&text), out);
}

hf_err hf_json_as_hex(struct hf_json_value v, struct hf_buf *out)
{
    return decoded(v, hf_hex_parse, out);
}

hf_err hf_json_as_base64(struct hf_json_value v, struct hf_buf *out)
{
    return decoded(v, hf_base64_parse, out);
}

hf_err hf_json_as_base64url(struct hf_json_value v, struct hf_buf *out)
{
    return decoded(v, hf_base64url_parse, out);
}
