/* PEM (RFC 7468). */
#include "codec/pem.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/base64.h"

#define LINE_DIGITS 64 /* section 2 */

static const char begin_mark[] = "-----BEGIN ";
static const char end_mark[] = "-----END ";
static const char dashes[] = "-----";

static bool starts(struct hf_bytes line, const char *mark)
{
    return line.n >= strlen(mark) && memcmp(line.p, mark, strlen(mark)) == 0;
}

/* The next line without its end and without spaces at its end; r moves behind it. */
static struct hf_bytes take_line(struct hf_reader *r)
{
    size_t left = hf_rd_left(r);
    const uint8_t *lf = left ? memchr(r->at, '\n', left) : NULL;
    struct hf_bytes line = hf_rd_view(r, lf ? (size_t)(lf - r->at) : left);

    if (lf)
        hf_rd_skip(r, 1);
    while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t' || line.p[line.n - 1] == '\r'))
        line.n--;
    return line;
}

static size_t line_number(const struct hf_reader *r, const uint8_t *at)
{
    size_t n = 1;

    for (const uint8_t *p = r->start; p < at; p++)
        n += *p == '\n';
    return n;
}

/* Section 3: visible characters, single spaces and hyphens between them. */
static bool is_label(struct hf_bytes label)
{
    bool apart = true; /* a space or hyphen, or the start, stands before */

    for (size_t i = 0; i < label.n; i++) {
        bool gap = label.p[i] == ' ' || label.p[i] == '-';

        if (label.p[i] < 0x20 || label.p[i] > 0x7e || (gap && apart))
            return false;
        apart = gap;
    }
    return label.n > 0 && !apart;
}

/* The label of a line that is `mark` label `-----` and no more. */
static bool label_of(struct hf_bytes line, const char *mark, struct hf_bytes *out)
{
    size_t head = strlen(mark), tail = strlen(dashes);
    struct hf_bytes label;

    if (!starts(line, mark) || line.n < head + tail || memcmp(line.p + line.n - tail, dashes, tail) != 0)
        return false;
    label = (struct hf_bytes){line.p + head, line.n - head - tail};
    if (!is_label(label))
        return false;
    *out = label;
    return true;
}

#define BAD(r, at, err, fmt, ...) \
    (hf_rd_fail((r), (err), "PEM, line %zu: " fmt, line_number((r), (at)), __VA_ARGS__), hf_rd_err(r))

/* The base64 between a BEGIN line and the END line that must match it. */
static hf_err take_body(struct hf_reader *r, struct hf_bytes label, struct hf_bytes *base64, const uint8_t **end)
{
    const uint8_t *start = r->at;
    struct hf_bytes line, other;

    do {
        if (!hf_rd_more(r))
            return BAD(r, start, HF_E_TRUNCATED, "the block \"%.*s\" has no END line", (int)label.n,
                       (const char *)label.p);
        line = take_line(r);
        if (line.n && memchr(line.p, ':', line.n))
            return BAD(r, line.p, HF_E_UNSUPPORTED, "the block \"%.*s\" has headers", (int)label.n,
                       (const char *)label.p);
    } while (!starts(line, dashes));
    if (!label_of(line, end_mark, &other) || !hf_bytes_equal(other, label))
        return BAD(r, line.p, HF_E_FORMAT, "\"%.*s\", where \"-----END %.*s-----\" is wanted",
                   (int)(line.n < 80 ? line.n : 80), (const char *)line.p, (int)label.n, (const char *)label.p);
    *base64 = (struct hf_bytes){start, (size_t)(line.p - start)};
    *end = line.p + line.n;
    return HF_OK;
}

hf_err hf_pem_next(struct hf_reader *r, struct hf_pem *out, struct hf_buf *body)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf decoded = {0};
    struct hf_bytes line, label, base64;
    const uint8_t *end = NULL;
    hf_err err;

    do {
        HF_TRY(hf_rd_err(r));
        if (!hf_rd_more(r))
            return hf_fail(HF_E_NOT_FOUND, "no PEM block in %zu bytes of text", hf_rd_at(r));
        line = take_line(r);
    } while (!starts(line, begin_mark));
    if (!label_of(line, begin_mark, &label) || label.n > LINE_DIGITS)
        return BAD(r, line.p, HF_E_FORMAT, "\"%.*s\" does not begin a block", (int)(line.n < 80 ? line.n : 80),
                   (const char *)line.p);
    HF_TRY(take_body(r, label, &base64, &end));
    err = hf_base64_parse_loose(base64, &decoded);
    if (err == HF_E_MEMORY)
        return err;
    if (err != HF_OK)
        return BAD(r, base64.p, HF_E_FORMAT, "the block's %s", hf_err_detail());
    if (decoded.n == 0)
        return BAD(r, base64.p, HF_E_FORMAT, "the block \"%.*s\" is empty", (int)label.n, (const char *)label.p);
    HF_TRY(hf_buf_set(body, hf_buf_bytes(&decoded)));
    *out = (struct hf_pem){label, {line.p, (size_t)(end - line.p)}};
    return HF_OK;
}

hf_err hf_pem_find(struct hf_bytes text, const char *label, struct hf_buf *body)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf found = {0};
    struct hf_reader r = hf_reader(text);
    struct hf_pem pem = {0};
    struct hf_pem other = {0}; /* the first block, for the message */

    while (hf_rd_more(&r)) {
        hf_err err = hf_pem_next(&r, &pem, &found);

        if (err == HF_E_NOT_FOUND)
            break;
        HF_TRY(err);
        if (hf_bytes_equal(pem.label, hf_bytes_text(label)))
            return hf_buf_set(body, hf_buf_bytes(&found));
        if (!other.label.n)
            other = pem;
    }
    if (other.label.n)
        return hf_fail(HF_E_NOT_FOUND, "the PEM text holds \"%.*s\", where \"%s\" is wanted", (int)other.label.n,
                       (const char *)other.label.p, label);
    return hf_fail(HF_E_NOT_FOUND, "no PEM block \"%s\" in %zu bytes of text", label, text.n);
}

bool hf_pem_is(struct hf_bytes text)
{
    struct hf_reader r = hf_reader(text);

    while (hf_rd_more(&r)) {
        if (starts(take_line(&r), begin_mark))
            return true;
    }
    return false;
}

static hf_err write_block(const char *label, struct hf_bytes digits, struct hf_buf *out)
{
    HF_TRY(hf_buf_printf(out, "%s%s%s\n", begin_mark, label, dashes));
    for (size_t at = 0; at < digits.n; at += LINE_DIGITS) {
        size_t n = digits.n - at < LINE_DIGITS ? digits.n - at : LINE_DIGITS;

        HF_TRY(hf_buf_add(out, (struct hf_bytes){digits.p + at, n}));
        HF_TRY(hf_buf_add(out, hf_bytes_text("\n")));
    }
    return hf_buf_printf(out, "%s%s%s\n", end_mark, label, dashes);
}

hf_err hf_pem_write(const char *label, struct hf_bytes body, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf digits = {0};
    size_t before = out->n;
    hf_err err;

    if (!is_label(hf_bytes_text(label)) || strlen(label) > LINE_DIGITS || body.n == 0)
        return hf_fail(HF_E_ARG, "%zu bytes under \"%.80s\" do not make a PEM block", body.n, label);
    HF_TRY(hf_base64_write(body, &digits));
    err = write_block(label, hf_buf_bytes(&digits), out);
    if (err != HF_OK)
        out->n = before;
    return err;
}
