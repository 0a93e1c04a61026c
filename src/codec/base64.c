/* Base64. */
#include "codec/base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static hf_err encode(const char *digits, bool pad, struct hf_bytes in, struct hf_buf *out)
{
    size_t tail = in.n % 3;
    size_t chars = in.n / 3 * 4 + (tail == 0 ? 0 : pad ? 4 : tail + 1);
    uint8_t *at = NULL;

    if (in.n == 0)
        return HF_OK;
    if (in.n > SIZE_MAX / 2)
        return hf_fail(HF_E_LIMIT, "%zu bytes are too many for base64", in.n);
    HF_TRY(hf_buf_grow(out, chars, &at));
    for (size_t i = 0; i < in.n; i += 3) {
        size_t have = in.n - i < 3 ? in.n - i : 3;
        uint32_t v = (uint32_t)in.p[i] << 16 | (have > 1 ? (uint32_t)in.p[i + 1] << 8 : 0) |
                     (have > 2 ? in.p[i + 2] : 0);

        for (size_t k = 0; k < 4; k++) {
            if (k <= have)
                *at++ = (uint8_t)digits[v >> (18 - 6 * k) & 63];
            else if (pad)
                *at++ = '=';
        }
    }
    return HF_OK;
}

/* What letters and digits stand for in either alphabet, by ASCII code: branches on them would be guessed wrong. */
/* clang-format off */
static const int8_t values[128] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1,
    -1,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1,
    -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1,
};
/* clang-format on */

static int value_of(const char *digits, uint8_t c)
{
    int v = c < sizeof(values) ? values[c] : -1;

    if (v >= 0)
        return v;
    return c == (uint8_t)digits[62] ? 62 : c == (uint8_t)digits[63] ? 63 : -1;
}

static bool is_space(uint8_t c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

/* Decode into place (large enough); *made is the number of bytes. */
static hf_err decode(const char *digits, bool pad, bool loose, struct hf_bytes in, uint8_t *place, size_t *made)
{
    uint32_t bits = 0;
    size_t chars = 0; /* digits so far */
    size_t pads = 0;
    size_t n = 0;

    for (size_t i = 0; i < in.n; i++) {
        int v;

        if (loose && is_space(in.p[i]))
            continue;
        if (pad && in.p[i] == '=') {
            pads++;
            continue;
        }
        v = value_of(digits, in.p[i]);
        if (v < 0 || pads)
            return hf_fail(HF_E_FORMAT, "byte 0x%02x at position %zu does not belong in base64", in.p[i], i);
        bits = bits << 6 | (uint32_t)v;
        if (++chars % 4 == 0) {
            place[n++] = (uint8_t)(bits >> 16);
            place[n++] = (uint8_t)(bits >> 8);
            place[n++] = (uint8_t)bits;
            bits = 0;
        }
    }
    if (chars % 4 == 1 || (pad && (chars + pads) % 4) || pads > 2 || (pads && chars % 4 == 0))
        return hf_fail(HF_E_FORMAT, "base64 of %zu digits with %zu padding characters does not end on a byte", chars,
                       pads);
    if ((chars % 4 == 2 && bits & 15) || (chars % 4 == 3 && bits & 3))
        return hf_fail(HF_E_FORMAT, "base64 ends in bits that are not zero");
    if (chars % 4 == 2)
        place[n++] = (uint8_t)(bits >> 4);
    if (chars % 4 == 3) {
        place[n++] = (uint8_t)(bits >> 10);
        place[n++] = (uint8_t)(bits >> 2);
    }
    *made = n;
    return HF_OK;
}

static hf_err parse(const char *digits, bool pad, bool loose, struct hf_bytes in, struct hf_buf *out)
{
    size_t before = out->n;
    uint8_t *place = NULL;
    size_t chars = 0;
    size_t made = 0;
    hf_err err;

    for (size_t i = 0; i < in.n; i++) /* exactly what is needed, so that a ceiling of the content's size holds it */
        chars += in.p[i] != '=' && !(loose && is_space(in.p[i]));
    if (chars > 1)
        HF_TRY(hf_buf_grow(out, chars / 4 * 3 + chars % 4 * 3 / 4, &place));
    err = decode(digits, pad, loose, in, place, &made);
    out->n = before + (err == HF_OK ? made : 0);
    return err;
}

hf_err hf_base64_write(struct hf_bytes in, struct hf_buf *out)
{
    return encode(standard, true, in, out);
}

hf_err hf_base64url_write(struct hf_bytes in, struct hf_buf *out)
{
    return encode(url, false, in, out);
}

hf_err hf_base64_parse(struct hf_bytes text, struct hf_buf *out)
{
    return parse(standard, true, false, text, out);
}

hf_err hf_base64url_parse(struct hf_bytes text, struct hf_buf *out)
{
    return parse(url, false, false, text, out);
}

hf_err hf_base64_parse_loose(struct hf_bytes text, struct hf_buf *out)
{
    return parse(standard, true, true, text, out);
}
