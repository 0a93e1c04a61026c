/* Writing JSON. */
#include "codec/json.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/utf8.h"

#include <stdarg.h>
#include <stdio.h>

struct hf_json hf_json(struct hf_buf *out, bool pretty)
{
    return (struct hf_json){.out = out, .pretty = pretty};
}

static void put(struct hf_json *j, const char *text, size_t n)
{
    if (j->err == HF_OK)
        j->err = hf_buf_add(j->out, (struct hf_bytes){(const uint8_t *)text, n});
}

static void put_text(struct hf_json *j, const char *text)
{
    put(j, text, strlen(text));
}

static void line(struct hf_json *j)
{
    if (!j->pretty)
        return;
    put_text(j, "\n");
    for (unsigned i = 0; i < j->depth; i++)
        put_text(j, "  ");
}

/* Bytes from the start that stand for themselves: printable ASCII but the quote and the backslash. */
static size_t plain_run(const uint8_t *p, size_t n)
{
    size_t i = 0;

    while (i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\')
        i++;
    return i;
}

static void quoted(struct hf_json *j, struct hf_bytes text)
{
    static const char escapes[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                      {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};

    put_text(j, "\"");
    for (size_t i = 0, step; i < text.n; i += step) {
        char escaped[8] = {'\\'};

        step = plain_run(text.p + i, text.n - i);
        if (step) {
            put(j, (const char *)text.p + i, step);
            continue;
        }
        step = hf_utf8_sequence(text.p + i, text.n - i);
        if (step == 0) {
            put_text(j, "\xef\xbf\xbd");
            step = 1;
            continue;
        }
        for (size_t k = 0; k < HF_COUNT(escapes); k++) {
            if (text.p[i] == (uint8_t)escapes[k][0])
                escaped[1] = escapes[k][1];
        }
        if (!escaped[1] && text.p[i] < 0x20)
            (void)snprintf(escaped, sizeof(escaped), "\\u%04x", text.p[i]);
        if (escaped[1])
            put_text(j, escaped);
        else
            put(j, (const char *)text.p + i, step);
    }
    put_text(j, "\"");
}

/* Comma, line, and key before a value. */
static void before(struct hf_json *j, const char *key)
{
    if (j->more[j->depth])
        put_text(j, ",");
    if (j->depth)
        line(j);
    j->more[j->depth] = true;
    if (key) {
        quoted(j, hf_bytes_text(key));
        put_text(j, j->pretty ? ": " : ":");
    }
}

static void open_level(struct hf_json *j, const char *key, char open, char close)
{
    before(j, key);
    if (j->err == HF_OK && j->depth == HF_JSON_DEPTH)
        j->err = hf_fail(HF_E_INTERNAL, "JSON nested deeper than %d", HF_JSON_DEPTH);
    if (j->err != HF_OK)
        return;
    put(j, &open, 1);
    j->close[j->depth++] = close;
    j->more[j->depth] = false;
}

void hf_json_object(struct hf_json *j, const char *key)
{
    open_level(j, key, '{', '}');
}

void hf_json_array(struct hf_json *j, const char *key)
{
    open_level(j, key, '[', ']');
}

void hf_json_close(struct hf_json *j)
{
    bool any;

    if (j->err == HF_OK && j->depth == 0)
        j->err = hf_fail(HF_E_INTERNAL, "JSON closed once too often");
    if (j->err != HF_OK)
        return;
    any = j->more[j->depth];
    j->depth--;
    if (any)
        line(j);
    put(j, &j->close[j->depth], 1);
}

void hf_json_text_n(struct hf_json *j, const char *key, struct hf_bytes value)
{
    before(j, key);
    quoted(j, value);
}

void hf_json_text(struct hf_json *j, const char *key, const char *value)
{
    if (value)
        hf_json_text_n(j, key, hf_bytes_text(value));
    else
        hf_json_null(j, key);
}

void hf_json_printf(struct hf_json *j, const char *key, const char *fmt, ...)
{
    HF_CLEANUP(hf_free) char *text = NULL;
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (j->err == HF_OK && n < 0)
        j->err = hf_fail(HF_E_INTERNAL, "cannot format \"%s\"", fmt);
    if (j->err == HF_OK)
        j->err = hf_alloc((size_t)n + 1, &text);
    if (j->err != HF_OK)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, (size_t)n + 1, fmt, args);
    va_end(args);
    hf_json_text(j, key, text);
}

static void plain(struct hf_json *j, const char *key, const char *text)
{
    before(j, key);
    put_text(j, text);
}

void hf_json_u64(struct hf_json *j, const char *key, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    plain(j, key, text);
}

void hf_json_i64(struct hf_json *j, const char *key, int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    plain(j, key, text);
}

void hf_json_bool(struct hf_json *j, const char *key, bool value)
{
    plain(j, key, value ? "true" : "false");
}

void hf_json_null(struct hf_json *j, const char *key)
{
    plain(j, key, "null");
}

void hf_json_handle(struct hf_json *j, const char *key, uint32_t handle)
{
    hf_json_printf(j, key, "0x%08x", (unsigned)handle);
}

/* A text made by an encoder, which yields nothing that needs escaping. */
static void encoded(struct hf_json *j, const char *key, struct hf_bytes value,
                    hf_err (*encode)(struct hf_bytes, struct hf_buf *))
{
    before(j, key);
    put_text(j, "\"");
    if (j->err == HF_OK)
        j->err = encode(value, j->out);
    put_text(j, "\"");
}

void hf_json_hex(struct hf_json *j, const char *key, struct hf_bytes value)
{
    encoded(j, key, value, hf_hex_write);
}

void hf_json_base64(struct hf_json *j, const char *key, struct hf_bytes value)
{
    encoded(j, key, value, hf_base64_write);
}

void hf_json_raw(struct hf_json *j, const char *key, struct hf_bytes json)
{
    before(j, key);
    put(j, (const char *)json.p, json.n);
}

hf_err hf_json_end(struct hf_json *j)
{
    if (j->err == HF_OK && j->depth)
        j->err = hf_fail(HF_E_INTERNAL, "JSON left open at depth %u", j->depth);
    return j->err;
}
