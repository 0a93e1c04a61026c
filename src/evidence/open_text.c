/* Evidence in text: PEM, hex, base64 of either alphabet. */
#include "base/cleanup.h"
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "evidence/open_i.h"

#include <ctype.h>

/* ---- PEM ---- */

static hf_err open_block(struct hf_opening *o, struct hf_bytes label, struct hf_buf *body, const char *where)
{
    char path[HF_OPEN_WHERE];
    bool known = false;

    HF_TRY(hf_open_endorsement(o, hf_buf_bytes(body), &known));
    if (known)
        return HF_OK;
    hf_open_where(path, where, label);
    return hf_open_decoded(o, body, path);
}

/* Outside other envelopes a malformed block is an error; inside it is a text that is nothing to us. */
static hf_err open_pem(struct hf_opening *o, struct hf_bytes in, const char *where)
{
    struct hf_reader r = hf_reader(in);
    struct hf_pem block;
    hf_err err;

    for (;;) {
        HF_CLEANUP(hf_buf_free) struct hf_buf body = {0};

        err = hf_pem_next(&r, &block, &body);
        if (err != HF_OK)
            break;
        hf_open_looks(o, "PEM \"%.*s\"", (int)(block.label.n < 40 ? block.label.n : 40), (const char *)block.label.p);
        HF_TRY(open_block(o, block.label, &body, where));
    }
    if (err == HF_E_NOT_FOUND || (o->depth > 1 && err != HF_E_MEMORY))
        return HF_OK;
    return err;
}

/* ---- digits ---- */

struct digits {
    size_t n;    /* without white space */
    bool hex;    /* all of them */
    bool base64; /* all of them, padding at the end alone, one alphabet */
};

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct digits look(struct hf_bytes in)
{
    struct digits d = {.hex = true, .base64 = true};
    bool plain = false, url = false, padded = false;

    for (size_t i = 0; i < in.n && (d.hex || d.base64); i++) {
        uint8_t c = in.p[i];

        if (is_space(c))
            continue;
        d.n++;
        d.hex = d.hex && c < 0x80 && isxdigit(c);
        plain |= c == '+' || c == '/';
        url |= c == '-' || c == '_';
        if (c == '=')
            padded = true;
        else if (padded || c >= 0x80 || (!isalnum(c) && !strchr("+/-_", c)))
            d.base64 = false;
    }
    if (plain && url)
        d.base64 = false;
    return d;
}

/* The digits alone; base64 in its plain alphabet, with the padding that belongs there. */
static hf_err tidy(struct hf_bytes in, bool base64, struct hf_buf *out)
{
    size_t digits;

    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];

        if (is_space(c) || (base64 && c == '='))
            continue;
        if (base64 && (c == '-' || c == '_'))
            c = c == '-' ? '+' : '/';
        HF_TRY(hf_buf_add(out, (struct hf_bytes){&c, 1}));
    }
    digits = out->n % 4;
    return base64 && digits > 1 ? hf_buf_add(out, (struct hf_bytes){(const uint8_t *)"==", 4 - digits}) : HF_OK;
}

static hf_err parse_digits(struct hf_bytes in, bool base64, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    HF_TRY(tidy(in, base64, &text));
    return base64 ? hf_base64_parse(hf_buf_bytes(&text), out) : hf_hex_parse(hf_buf_bytes(&text), out);
}

/* Which of them it is, with the prefix of hex passed over. */
enum writing { NEITHER, HEX, BASE64 };

static enum writing writing_of(struct hf_bytes *text)
{
    struct digits d;

    while (text->n && is_space(text->p[0]))
        *text = (struct hf_bytes){text->p + 1, text->n - 1};
    if (text->n > 2 && text->p[0] == '0' && (text->p[1] == 'x' || text->p[1] == 'X')) {
        *text = (struct hf_bytes){text->p + 2, text->n - 2};
        return HEX;
    }
    d = look(*text);
    if (d.n && d.hex && d.n % 2 == 0)
        return HEX;
    return d.n && d.base64 ? BASE64 : NEITHER;
}

hf_err hf_open_decode(struct hf_bytes text, size_t size, struct hf_buf *out)
{
    enum writing w = writing_of(&text);
    struct digits d = look(text);

    if (w == HEX && size && d.n != 2 * size && d.base64)
        w = BASE64;
    return w == NEITHER ? hf_fail(HF_E_FORMAT, "neither hex nor base64") : parse_digits(text, w == BASE64, out);
}

static hf_err open_digits(struct hf_opening *o, struct hf_bytes in, bool base64, const char *where)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    const char *name = base64 ? "base64" : "hex";
    hf_err err = parse_digits(in, base64, &bytes);

    if (err == HF_E_MEMORY)
        return err;
    if (err != HF_OK || bytes.n == 0) {
        hf_open_looks(o, "%s that is malformed (%.100s)", name, err == HF_OK ? "empty" : hf_err_detail());
        return HF_OK;
    }
    hf_open_looks(o, "%s of %zu bytes beginning %02x %02x", name, bytes.n, bytes.p[0], bytes.n > 1 ? bytes.p[1] : 0);
    return hf_open_decoded(o, &bytes, where[0] ? where : name);
}

/* Three base64url parts with dots between: a signed token, which is somebody's word about evidence. */
static bool is_jwt(struct hf_bytes in)
{
    size_t dots = 0;

    for (size_t i = 0; i < in.n; i++) {
        dots += in.p[i] == '.';
        if (in.p[i] >= 0x80 || (!isalnum(in.p[i]) && !strchr("-_.\r\n", in.p[i])))
            return false;
    }
    return dots == 2 && in.n > 16 && in.p[0] == 'e' && in.p[1] == 'y';
}

hf_err hf_open_text(struct hf_opening *o, struct hf_bytes in, const char *where, bool *known)
{
    struct hf_bytes rest = in;
    enum writing w;

    *known = true;
    if (hf_pem_is(in))
        return open_pem(o, in, where);
    w = writing_of(&rest);
    if (w != NEITHER)
        return open_digits(o, rest, w == BASE64, where);
    if (is_jwt(rest))
        hf_open_looks(o, "a JWT: somebody's signed word, no evidence");
    *known = false;
    return HF_OK;
}
