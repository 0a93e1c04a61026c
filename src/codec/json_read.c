/* Checking JSON (RFC 8259). */
#include "codec/json_read.h"
#include "base/cleanup.h"
#include "codec/sort.h"
#include "codec/utf8.h"

#define FEW_KEYS 8 /* up to here every pair is compared: 28 comparisons */

/* A key between its quotes. */
struct key {
    const uint8_t *p;
    uint32_t n;
    bool escaped;
};

struct check {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    const uint8_t *failed; /* where */
    struct hf_buf keys;    /* struct key of every object that is open, the innermost last */
};

void hf_json_where(struct hf_bytes text, const uint8_t *at, size_t *line, size_t *column)
{
    *line = 1;
    *column = 1;
    for (const uint8_t *p = text.p; p < at && p < text.p + text.n; p++) {
        *line += *p == '\n';
        *column = *p == '\n' ? 1 : *column + 1;
    }
}

static hf_err fail_at(struct check *c, const uint8_t *at, const char *wanted)
{
    size_t line, column;

    c->failed = at;
    hf_json_where((struct hf_bytes){c->start, (size_t)(c->end - c->start)}, at, &line, &column);
    if (at >= c->end)
        return hf_fail(HF_E_FORMAT, "JSON, line %zu, column %zu: the text ends, where %s is wanted", line, column,
                       wanted);
    if (*at > 0x20 && *at < 0x7f)
        return hf_fail(HF_E_FORMAT, "JSON, line %zu, column %zu: '%c', where %s is wanted", line, column, *at, wanted);
    return hf_fail(HF_E_FORMAT, "JSON, line %zu, column %zu: byte 0x%02x, where %s is wanted", line, column, *at,
                   wanted);
}

static void skip_space(struct check *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
        c->at++;
}

/* Move past one character if it is next. */
static bool take(struct check *c, char want)
{
    if (c->at == c->end || *c->at != (uint8_t)want)
        return false;
    c->at++;
    return true;
}

static bool is_digit(const struct check *c)
{
    return c->at < c->end && *c->at >= '0' && *c->at <= '9';
}

static hf_err take_digits(struct check *c)
{
    if (!is_digit(c))
        return fail_at(c, c->at, "a digit");
    while (is_digit(c))
        c->at++;
    return HF_OK;
}

static hf_err check_number(struct check *c)
{
    (void)take(c, '-');
    if (take(c, '0')) {
        if (is_digit(c))
            return fail_at(c, c->at, "no digit behind a leading zero");
    } else {
        HF_TRY(take_digits(c));
    }
    if (take(c, '.'))
        HF_TRY(take_digits(c));
    if (take(c, 'e') || take(c, 'E')) {
        if (!take(c, '+'))
            (void)take(c, '-');
        HF_TRY(take_digits(c));
    }
    return HF_OK;
}

static hf_err check_word(struct check *c, const char *word)
{
    for (; *word; word++) {
        if (!take(c, *word))
            return fail_at(c, c->at, "true, false, null or another value");
    }
    return HF_OK;
}

/* Four hex digits. */
static hf_err take_unit(struct check *c, uint32_t *unit)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < 4; i++, c->at++) {
        uint8_t d = c->at < c->end ? *c->at : 0;
        uint8_t low = d | 0x20;

        if (d >= '0' && d <= '9')
            v = v << 4 | (uint32_t)(d - '0');
        else if (low >= 'a' && low <= 'f')
            v = v << 4 | (uint32_t)(low - 'a' + 10);
        else
            return fail_at(c, c->at, "one of four hex digits");
    }
    *unit = v;
    return HF_OK;
}

/* What stands behind a backslash. */
static hf_err check_escape(struct check *c)
{
    const uint8_t *start = c->at;
    uint32_t unit = 0;

    if (c->at == c->end || !*c->at || !strchr("\"\\/bfnrtu", *c->at))
        return fail_at(c, c->at, "one of \" \\ / b f n r t u");
    if (*c->at++ != 'u')
        return HF_OK;
    HF_TRY(take_unit(c, &unit));
    if (unit < 0xd800 || unit > 0xdfff)
        return HF_OK;
    if (unit > 0xdbff)
        return fail_at(c, start, "the first half of a surrogate pair before its second");
    if (!take(c, '\\') || !take(c, 'u'))
        return fail_at(c, c->at, "the second half of a surrogate pair");
    start = c->at;
    HF_TRY(take_unit(c, &unit));
    return unit >= 0xdc00 && unit <= 0xdfff ? HF_OK : fail_at(c, start, "the second half of a surrogate pair");
}

/* A text; c stands at its first quote. *escaped tells whether it holds a backslash. */
static hf_err check_text(struct check *c, bool *escaped)
{
    *escaped = false;
    if (!take(c, '"'))
        return fail_at(c, c->at, "a key in double quotes");
    for (;;) {
        size_t step;

        while (c->at < c->end && *c->at >= 0x20 && *c->at < 0x80 && *c->at != '"' && *c->at != '\\')
            c->at++;
        if (take(c, '"'))
            return HF_OK;
        if (c->at == c->end)
            return fail_at(c, c->at, "a closing quote");
        if (*c->at < 0x20)
            return fail_at(c, c->at, "an escape for a control character");
        if (take(c, '\\')) {
            *escaped = true;
            HF_TRY(check_escape(c));
            continue;
        }
        step = hf_utf8_sequence(c->at, (size_t)(c->end - c->at));
        if (step == 0)
            return fail_at(c, c->at, "UTF-8");
        c->at += step;
    }
}

static int compare_escaped(const struct key *a, const struct key *b)
{
    const uint8_t *p = a->p, *q = b->p;

    while (p < a->p + a->n && q < b->p + b->n) {
        uint32_t x, y;

        p += hf_json_point(p, &x);
        q += hf_json_point(q, &y);
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (p < a->p + a->n) - (q < b->p + b->n);
}

/* By code points, which is the order of UTF-8 bytes as well. */
static int compare_keys(const void *left, const void *right)
{
    const struct key *a = left, *b = right;
    int order;

    if (a->escaped || b->escaped)
        return compare_escaped(a, b);
    order = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);
    return order ? order : a->n < b->n ? -1 : a->n > b->n;
}

static hf_err fail_twice(struct check *c, const struct key *a, const struct key *b)
{
    const struct key *later = a->p > b->p ? a : b;
    size_t line, column;

    c->failed = later->p - 1;
    hf_json_where((struct hf_bytes){c->start, (size_t)(c->end - c->start)}, later->p - 1, &line, &column);
    return hf_fail(HF_E_FORMAT, "JSON, line %zu, column %zu: the key \"%.*s\" stands twice in its object", line, column,
                   (int)(later->n < 80 ? later->n : 80), (const char *)later->p);
}

/* No two keys of the object that ends here, whose keys begin at offset `from` of c->keys, are the same. */
static hf_err check_keys(struct check *c, size_t from)
{
    struct key *keys = c->keys.p ? (struct key *)(void *)(c->keys.p + from) : NULL;
    size_t n = (c->keys.n - from) / sizeof(*keys);

    if (n > FEW_KEYS)
        hf_sort(keys, n, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < n; i++) {
        for (size_t k = n > FEW_KEYS ? i - 1 : 0; k < i; k++) {
            if (compare_keys(&keys[k], &keys[i]) == 0)
                return fail_twice(c, &keys[k], &keys[i]);
        }
    }
    return HF_OK;
}

static hf_err check_value(struct check *c, unsigned depth);

static hf_err check_array(struct check *c, unsigned depth)
{
    c->at++;
    skip_space(c);
    if (take(c, ']'))
        return HF_OK;
    for (;;) {
        HF_TRY(check_value(c, depth + 1));
        if (take(c, ']'))
            return HF_OK;
        if (!take(c, ','))
            return fail_at(c, c->at, "',' or ']'");
        skip_space(c);
    }
}

static hf_err check_member(struct check *c, unsigned depth)
{
    const uint8_t *start;
    struct key key;

    skip_space(c);
    start = c->at;
    HF_TRY(check_text(c, &key.escaped));
    key.p = start + 1;
    key.n = (uint32_t)(c->at - start - 2);
    HF_TRY(hf_buf_add(&c->keys, (struct hf_bytes){(const uint8_t *)&key, sizeof(key)}));
    skip_space(c);
    if (!take(c, ':'))
        return fail_at(c, c->at, "':'");
    skip_space(c);
    return check_value(c, depth + 1);
}

static hf_err check_object(struct check *c, unsigned depth)
{
    size_t before = c->keys.n;

    c->at++;
    skip_space(c);
    if (take(c, '}'))
        return HF_OK;
    for (;;) {
        HF_TRY(check_member(c, depth));
        if (take(c, '}'))
            break;
        if (!take(c, ','))
            return fail_at(c, c->at, "',' or '}'");
    }
    HF_TRY(check_keys(c, before));
    c->keys.n = before;
    return HF_OK;
}

/* One value and the white space behind it. */
static hf_err check_value(struct check *c, unsigned depth)
{
    uint8_t first = c->at < c->end ? *c->at : 0;
    bool escaped;

    if ((first == '{' || first == '[') && depth == HF_JSON_READ_DEPTH)
        return fail_at(c, c->at, "a value no deeper than 64 levels");
    if (first == '{')
        HF_TRY(check_object(c, depth));
    else if (first == '[')
        HF_TRY(check_array(c, depth));
    else if (first == '"')
        HF_TRY(check_text(c, &escaped));
    else if (first == '-' || (first >= '0' && first <= '9'))
        HF_TRY(check_number(c));
    else if (first == 't' || first == 'f' || first == 'n')
        HF_TRY(check_word(c, first == 't' ? "true" : first == 'f' ? "false" : "null"));
    else
        return fail_at(c, c->at, "a value");
    skip_space(c);
    return HF_OK;
}

static hf_err check_all(struct check *c)
{
    skip_space(c);
    HF_TRY(check_value(c, 0));
    return c->at == c->end ? HF_OK : fail_at(c, c->at, "the end of the text");
}

hf_err hf_json_check_at(struct hf_bytes text, size_t *failed)
{
    struct check c = {.start = text.p, .at = text.p, .end = text.p + text.n, .failed = text.p};
    hf_err err;

    *failed = 0;
    if (text.n == 0)
        return hf_fail(HF_E_FORMAT, "JSON, line 1, column 1: the text is empty, where a value is wanted");
    if (text.n > UINT32_MAX)
        return hf_fail(HF_E_LIMIT, "JSON of %zu bytes, where 4 GiB is the limit", text.n);
    c.keys.max = SIZE_MAX / 4;
    err = check_all(&c);
    hf_buf_free(&c.keys);
    *failed = (size_t)(c.failed - text.p);
    return err;
}

hf_err hf_json_check(struct hf_bytes text)
{
    size_t failed;

    return hf_json_check_at(text, &failed);
}
