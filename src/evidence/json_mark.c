/* Which format a JSON object says that it is. */
#include "evidence/json_mark.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t behind_space(struct hf_bytes in, size_t at)
{
    while (at < in.n && is_space(in.p[at]))
        at++;
    return at;
}

/* The text that begins at a quote, and the place behind it. */
static struct hf_bytes quoted(struct hf_bytes in, size_t at, size_t *behind)
{
    size_t from = at + 1, end = from;

    while (end < in.n && in.p[end] != '"')
        end += in.p[end] == '\\' ? 2 : 1;
    *behind = end < in.n ? end + 1 : in.n;
    return end < in.n ? (struct hf_bytes){in.p + from, end - from} : (struct hf_bytes){0};
}

bool hf_json_mark(struct hf_bytes in, const char *key, struct hf_bytes *value)
{
    size_t at = behind_space(in, 0), depth = 0;

    while (in.n > at && is_space(in.p[in.n - 1]))
        in.n--;
    if (at == in.n || in.p[at] != '{' || in.p[in.n - 1] != '}') /* one that is cut is malformed JSON to all */
        return false;
    while (at < in.n) {
        uint8_t c = in.p[at];
        struct hf_bytes text;

        depth += c == '{' || c == '[';
        depth -= (c == '}' || c == ']') && depth > 0;
        if (c != '"') {
            at++;
            continue;
        }
        text = quoted(in, at, &at);
        if (depth != 1 || !hf_bytes_equal(text, hf_bytes_text(key)))
            continue;
        at = behind_space(in, at);
        if (at == in.n || in.p[at] != ':')
            continue;
        at = behind_space(in, at + 1);
        if (at == in.n || in.p[at] != '"')
            return false;
        *value = quoted(in, at, &at);
        return value->p != NULL;
    }
    return false;
}

bool hf_json_marked(struct hf_bytes in, const char *key, const char *value)
{
    struct hf_bytes text;

    return hf_json_mark(in, key, &text) && hf_bytes_equal(text, hf_bytes_text(value));
}
