/* PEM (RFC 7468): blocks between their lines. */
#include "crypto/pem.h"
#include "base/text.h"
#include "codec/base64.h"

#include <stdio.h>

static const char begin[] = "-----BEGIN ";
static const char dashes[] = "-----";

static const uint8_t *find(struct hf_bytes in, const char *what, size_t n)
{
    return in.n ? memmem(in.p, in.n, what, n) : NULL;
}

static struct hf_bytes from(struct hf_bytes in, const uint8_t *at)
{
    return (struct hf_bytes){at, (size_t)(in.p + in.n - at)};
}

bool hf_pem_is(struct hf_bytes text)
{
    return find(text, begin, sizeof(begin) - 1) != NULL;
}

hf_err hf_pem_next(struct hf_bytes *text, struct hf_pem *out)
{
    const uint8_t *at = find(*text, begin, sizeof(begin) - 1);
    struct hf_pem pem = {0};
    struct hf_bytes rest;
    char end[96];
    int n;

    if (!at)
        return hf_fail(HF_E_NOT_FOUND, "no (more) PEM block in %zu bytes of text", text->n);
    rest = from(*text, at + sizeof(begin) - 1);
    at = find(rest, dashes, sizeof(dashes) - 1);
    if (!at || at - rest.p > 64 || memchr(rest.p, '\n', (size_t)(at - rest.p)))
        return hf_fail(HF_E_FORMAT, "a PEM block's first line does not end in -----");
    pem.label = (struct hf_bytes){rest.p, (size_t)(at - rest.p)};
    rest = from(rest, at + sizeof(dashes) - 1);
    n = snprintf(end, sizeof(end), "-----END %.*s-----", (int)pem.label.n, (const char *)pem.label.p);
    at = find(rest, end, (size_t)n);
    if (!at)
        return hf_fail(HF_E_FORMAT, "the PEM block \"%.*s\" has no end", (int)pem.label.n, (const char *)pem.label.p);
    pem.body = (struct hf_bytes){rest.p, (size_t)(at - rest.p)};
    if (hf_pem_is(pem.body))
        return hf_fail(HF_E_FORMAT, "the PEM block \"%.*s\" holds the beginning of another", (int)pem.label.n,
                       (const char *)pem.label.p);
    *text = from(rest, at + n);
    *out = pem;
    return HF_OK;
}

hf_err hf_pem_decode(const struct hf_pem *pem, struct hf_buf *out)
{
    return hf_base64_parse_loose(pem->body, out);
}

hf_err hf_pem_write(const char *label, struct hf_bytes der, struct hf_buf *out)
{
    HF_TRY(hf_buf_printf(out, "-----BEGIN %s-----\n", label));
    for (size_t at = 0; at < der.n; at += 48) { /* 48 bytes are 64 characters */
        HF_TRY(hf_base64_write((struct hf_bytes){der.p + at, der.n - at < 48 ? der.n - at : 48}, out));
        HF_TRY(hf_buf_add(out, hf_bytes_text("\n")));
    }
    return hf_buf_printf(out, "-----END %s-----\n", label);
}
