/* UTF-8. The table of well-formed sequences is Unicode's table 3-7. */
#include "codec/utf8.h"

size_t hf_utf8_sequence(const uint8_t *p, size_t n)
{
    static const struct {
        uint8_t low, high, more, next_low, next_high;
    } rows[] = {
        {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf}, {0xe1, 0xec, 2, 0x80, 0xbf},
        {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf}, {0xf0, 0xf0, 3, 0x90, 0xbf},
        {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
    };

    if (p[0] < 0x80)
        return 1;
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (p[0] < rows[i].low || p[0] > rows[i].high)
            continue;
        if (n < 1u + rows[i].more)
            return 0;
        for (size_t k = 1; k <= rows[i].more; k++) {
            if (p[k] < (k == 1 ? rows[i].next_low : 0x80) || p[k] > (k == 1 ? rows[i].next_high : 0xbf))
                return 0;
        }
        return 1u + rows[i].more;
    }
    return 0;
}

uint32_t hf_utf8_point(const uint8_t *p, size_t n)
{
    static const uint8_t lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t v = p[0] & lead[n];

    for (size_t i = 1; i < n; i++)
        v = v << 6 | (p[i] & 0x3fu);
    return v;
}

size_t hf_utf8_write(uint32_t point, uint8_t out[4])
{
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

    for (size_t i = n; i > 1; i--) {
        out[i - 1] = (uint8_t)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (uint8_t)(lead[n] | point);
    return n;
}

hf_err hf_utf8_check(struct hf_bytes text)
{
    for (size_t i = 0, step; i < text.n; i += step) {
        step = hf_utf8_sequence(text.p + i, text.n - i);
        if (step == 0)
            return hf_fail(HF_E_FORMAT, "byte 0x%02x at position %zu is not UTF-8", text.p[i], i);
    }
    return HF_OK;
}

size_t hf_utf8_shown(const uint8_t *p, size_t n)
{
    size_t len = hf_utf8_sequence(p, n);
    uint32_t point = len ? hf_utf8_point(p, len) : 0;
    bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    bool direction = point == 0x61c || point == 0x200e || point == 0x200f || (point >= 0x2028 && point <= 0x202e) ||
                     (point >= 0x2066 && point <= 0x2069);

    return control || direction ? 0 : len;
}
