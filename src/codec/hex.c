/* Hexadecimal. */
#include "codec/hex.h"

hf_err hf_hex_write(struct hf_bytes in, struct hf_buf *out)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *place = NULL;

    if (in.n == 0)
        return HF_OK;
    if (in.n > SIZE_MAX / 2)
        return hf_fail(HF_E_LIMIT, "%zu bytes are too many for hex", in.n);
    HF_TRY(hf_buf_grow(out, in.n * 2, &place));
    for (size_t i = 0; i < in.n; i++) {
        place[2 * i] = (uint8_t)digits[in.p[i] >> 4];
        place[2 * i + 1] = (uint8_t)digits[in.p[i] & 15];
    }
    return HF_OK;
}

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (uint8_t)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* All digits are looked at before the first byte is written. */
static hf_err decode(struct hf_bytes text, uint8_t *place)
{
    for (size_t i = 0; i < text.n; i++) {
        if (nibble(text.p[i]) < 0)
            return hf_fail(HF_E_FORMAT, "byte 0x%02x at position %zu is not a hex digit", text.p[i], i);
    }
    for (size_t i = 0; i < text.n; i += 2)
        place[i / 2] = (uint8_t)(nibble(text.p[i]) << 4 | nibble(text.p[i + 1]));
    return HF_OK;
}

hf_err hf_hex_parse(struct hf_bytes text, struct hf_buf *out)
{
    size_t before = out->n;
    uint8_t *place = NULL;
    hf_err err;

    if (text.n % 2)
        return hf_fail(HF_E_FORMAT, "%zu hex digits; an even number is needed", text.n);
    if (text.n == 0)
        return HF_OK;
    HF_TRY(hf_buf_grow(out, text.n / 2, &place));
    err = decode(text, place);
    if (err != HF_OK)
        out->n = before;
    return err;
}

hf_err hf_hex_parse_exact(struct hf_bytes text, void *place, size_t n)
{
    if (text.n != n * 2)
        return hf_fail(HF_E_FORMAT, "%zu hex digits, where %zu are needed", text.n, n * 2);
    return decode(text, place);
}
