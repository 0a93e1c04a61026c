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

bool hf_json_marked(struct hf_bytes in, const char *key, const char *value)
{
    size_t at = behind_space(in, 0), depth = 0;

    if (at == in.n || in.p[at] != '{')
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
        text = quoted(in, at, &at);
        return value ? hf_bytes_equal(text, hf_bytes_text(value)) : text.p != NULL;
    }
    return false;
}
