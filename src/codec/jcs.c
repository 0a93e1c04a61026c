/* Canonical JSON (RFC 8785). */
#include "codec/jcs.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/number.h"
#include "codec/sort.h"
#include "codec/utf8.h"

#include <stdio.h>

#define EXACT_MAX 400 /* the longest double has 309 digits before the point */

struct member {
    struct hf_json_value key;
    struct hf_json_value value;
};

static hf_err put(struct hf_buf *out, const char *text)
{
    return hf_buf_add(out, hf_bytes_text(text));
}

/* 3.2.2.2: the escapes with a name, \u00XX for the other control characters, and nothing else. */
static hf_err write_text(struct hf_json_value v, struct hf_buf *out)
{
    static const char named[] = "\b\t\n\f\r\"\\";
    static const char names[] = "btnfr\"\\";
    struct hf_bytes in = hf_json_quoted(v);

    HF_TRY(put(out, "\""));
    for (size_t i = 0; i < in.n;) {
        char piece[8] = {0};
        const char *name;
        uint32_t point;
        size_t n;

        i += hf_json_point(in.p + i, &point);
        name = point && point < 0x80 ? strchr(named, (int)point) : NULL;
        if (name)
            n = (size_t)snprintf(piece, sizeof(piece), "\\%c", names[name - named]);
        else if (point < 0x20)
            n = (size_t)snprintf(piece, sizeof(piece), "\\u%04x", (unsigned)point);
        else
            n = hf_utf8_write(point, (uint8_t *)piece);
        HF_TRY(hf_buf_add(out, (struct hf_bytes){(const uint8_t *)piece, n}));
    }
    return put(out, "\"");
}

static bool is_whole(struct hf_bytes number)
{
    for (size_t i = 0; i < number.n; i++) {
        if (number.p[i] == '.' || number.p[i] == 'e' || number.p[i] == 'E')
            return false;
    }
    return true;
}

/* 3.2.2.3 */
static hf_err write_number(struct hf_json_value v, struct hf_buf *out)
{
    char text[HF_NUMBER_TEXT];
    char exact[EXACT_MAX];
    double d = 0;

    HF_TRY(hf_json_as_double(v, &d));
    HF_TRY(hf_number_write(d, text));
    if (is_whole(v.raw)) {
        (void)snprintf(exact, sizeof(exact), "%.0f", d);
        if (!hf_bytes_equal(v.raw, hf_bytes_text(exact)) && !hf_bytes_equal(v.raw, hf_bytes_text(text)))
            return hf_fail(HF_E_FORMAT, "canonical JSON: the integer %.*s is not a double; the nearest is %s",
                           (int)(v.raw.n < 40 ? v.raw.n : 40), (const char *)v.raw.p, text);
    }
    return put(out, text);
}

/* The order of two different code points in UTF-16, where those beyond U+FFFF begin with 0xd800 to 0xdbff. */
static int compare_utf16(uint32_t a, uint32_t b)
{
    uint32_t x = a, y = b;

    if ((a > 0xffff) != (b > 0xffff)) {
        x = a > 0xffff ? 0xd7c0 + (a >> 10) : a;
        y = b > 0xffff ? 0xd7c0 + (b >> 10) : b;
    }
    return x < y ? -1 : x > y;
}

static int by_key(const void *left, const void *right)
{
    struct hf_bytes a = hf_json_quoted(((const struct member *)left)->key);
    struct hf_bytes b = hf_json_quoted(((const struct member *)right)->key);
    size_t i = 0, k = 0;

    while (i < a.n && k < b.n) {
        uint32_t x, y;

        i += hf_json_point(a.p + i, &x);
        k += hf_json_point(b.p + k, &y);
        if (x != y)
            return compare_utf16(x, y);
    }
    return (i < a.n) - (k < b.n);
}

static hf_err write_value(struct hf_json_value v, struct hf_buf *out);

static hf_err write_object(struct hf_json_value v, struct hf_buf *out)
{
    HF_CLEANUP(hf_free) struct member *members = NULL;
    struct hf_json_iter it = hf_json_iter(v);
    size_t n = hf_json_count(v);

    HF_TRY(put(out, "{"));
    if (n)
        HF_TRY(hf_alloc(n * sizeof(*members), &members));
    while (hf_json_next(&it))
        members[it.index] = (struct member){it.key, it.value};
    if (n)
        hf_sort(members, n, sizeof(*members), by_key);
    for (size_t i = 0; i < n; i++) {
        HF_TRY(put(out, i ? "," : ""));
        HF_TRY(write_text(members[i].key, out));
        HF_TRY(put(out, ":"));
        HF_TRY(write_value(members[i].value, out));
    }
    return put(out, "}");
}

static hf_err write_array(struct hf_json_value v, struct hf_buf *out)
{
    struct hf_json_iter it = hf_json_iter(v);

    HF_TRY(put(out, "["));
    while (hf_json_next(&it)) {
        HF_TRY(put(out, it.index ? "," : ""));
        HF_TRY(write_value(it.value, out));
    }
    return put(out, "]");
}

static hf_err write_value(struct hf_json_value v, struct hf_buf *out)
{
    switch (v.type) {
    case HF_JSON_OBJECT:
        return write_object(v, out);
    case HF_JSON_ARRAY:
        return write_array(v, out);
    case HF_JSON_TEXT:
        return write_text(v, out);
    case HF_JSON_NUMBER:
        return write_number(v, out);
    case HF_JSON_NULL:
    case HF_JSON_BOOL:
        break;
    }
    return hf_buf_add(out, v.raw);
}

hf_err hf_jcs_write_value(struct hf_json_value v, struct hf_buf *out)
{
    size_t before = out->n;
    hf_err err = write_value(v, out);

    if (err != HF_OK)
        out->n = before;
    return err;
}

hf_err hf_jcs_write(struct hf_bytes text, struct hf_buf *out)
{
    struct hf_json_value top;

    HF_TRY(hf_json_parse(text, &top));
    return hf_jcs_write_value(top, out);
}
