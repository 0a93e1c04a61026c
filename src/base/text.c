/* Building and reading text. */
#include "base/text.h"
#include "base/alloc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

hf_err hf_buf_printf(struct hf_buf *buf, const char *fmt, ...)
{
    va_list args;
    char small[512];
    uint8_t *place = NULL;
    int n;

    va_start(args, fmt);
    n = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);
    if (n < 0)
        return hf_fail(HF_E_INTERNAL, "cannot format \"%s\"", fmt);
    if ((size_t)n < sizeof(small))
        return hf_buf_add(buf, (struct hf_bytes){(const uint8_t *)small, (size_t)n});
    HF_TRY(hf_buf_grow(buf, (size_t)n + 1, &place));
    va_start(args, fmt);
    (void)vsnprintf((char *)place, (size_t)n + 1, fmt, args);
    va_end(args);
    buf->n--; /* the NUL */
    return HF_OK;
}

hf_err hf_text_u64(const char *text, uint64_t max, const char *what, uint64_t *out)
{
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *number = hex ? text + 2 : text;
    const char *allowed = hex ? "0123456789abcdefABCDEF" : "0123456789";
    unsigned long long v;

    if (!number[0] || number[strspn(number, allowed)])
        return hf_fail(HF_E_ARG, "%s \"%.64s\" is not a number (decimal or 0x…)", what, text);
    errno = 0;
    v = strtoull(number, NULL, hex ? 16 : 10);
    if (errno || v > max)
        return hf_fail(HF_E_ARG, "%s %.64s is larger than %llu", what, text, (unsigned long long)max);
    *out = v;
    return HF_OK;
}

hf_err hf_text_of(struct hf_bytes bytes, char **out)
{
    char *copy = NULL;

    if (bytes.n && memchr(bytes.p, 0, bytes.n))
        return hf_fail(HF_E_FORMAT, "the text holds a NUL byte");
    HF_TRY(hf_alloc(bytes.n + 1, &copy));
    if (bytes.n)
        memcpy(copy, bytes.p, bytes.n);
    *out = copy;
    return HF_OK;
}

#define DISTANCE_MAX 64

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t hf_text_distance(struct hf_bytes a, struct hf_bytes b)
{
    size_t before[DISTANCE_MAX + 1] = {0};
    size_t above[DISTANCE_MAX + 1];
    size_t here[DISTANCE_MAX + 1];
    size_t an = least(a.n, DISTANCE_MAX);
    size_t bn = least(b.n, DISTANCE_MAX);

    for (size_t k = 0; k <= DISTANCE_MAX; k++)
        above[k] = here[k] = k;
    for (size_t i = 1; i <= an; i++) {
        here[0] = i;
        for (size_t k = 1; k <= bn; k++) {
            here[k] = least(least(above[k] + 1, here[k - 1] + 1), above[k - 1] + (a.p[i - 1] != b.p[k - 1]));
            if (i > 1 && k > 1 && a.p[i - 1] == b.p[k - 2] && a.p[i - 2] == b.p[k - 1])
                here[k] = least(here[k], before[k - 2] + 1);
        }
        memcpy(before, above, sizeof(above));
        memcpy(above, here, sizeof(here));
    }
    return above[bn];
}
