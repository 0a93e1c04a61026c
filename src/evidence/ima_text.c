/* IMA lists as text: "10 DIGEST TEMPLATE ALG:DIGEST PATH [SIGNATURE]". Names have no spaces: the kernel
 * writes underscores for them before it measures. */
#include "base/writer.h"
#include "codec/hex.h"
#include "evidence/ima_i.h"

/* How the fields of a template are printed, in order: d digest, n name, x hex bytes that may be missing. */
static const struct {
    const char *name;
    const char *fields;
} templates[] = {
    {"ima-ng", "dn"}, {"ima-ngv2", "dn"}, {"ima-sig", "dnx"}, {"ima-sigv2", "dnx"}, {"ima-buf", "dnx"},
};

/* The next word of a line, of characters up to a space; *at moves past the space. */
static struct hf_bytes word(struct hf_bytes *line)
{
    const uint8_t *space = line->n ? memchr(line->p, ' ', line->n) : NULL;
    struct hf_bytes found = {line->p, space ? (size_t)(space - line->p) : line->n};
    size_t used = found.n + (space ? 1 : 0);

    line->p += used;
    line->n -= used;
    return found;
}

static hf_err add_length(struct hf_buf *out, size_t n)
{
    uint8_t place[4];
    struct hf_writer w = hf_writer(place, sizeof(place));

    hf_wr_u32le(&w, (uint32_t)n);
    return hf_buf_add(out, HF_BYTES_OF(place));
}

/* "sha256:HEX", "verity:sha256:HEX" -> algorithm, ':', NUL, digest, with their length before */
static hf_err add_digest(struct hf_bytes text, struct hf_buf *out)
{
    static const uint8_t nul[1];
    const uint8_t *colon = text.n ? memrchr(text.p, ':', text.n) : NULL;
    size_t n = colon ? (size_t)(colon - text.p) + 1 : 0;

    if (n < 2)
        return hf_fail(HF_E_FORMAT, "no algorithm before the file's digest");
    HF_TRY(add_length(out, n + 1 + (text.n - n) / 2));
    HF_TRY(hf_buf_add(out, (struct hf_bytes){text.p, n}));
    HF_TRY(hf_buf_add(out, HF_BYTES_OF(nul)));
    return hf_hex_parse((struct hf_bytes){text.p + n, text.n - n}, out);
}

static hf_err add_name(struct hf_bytes text, bool with_nul, struct hf_buf *out)
{
    static const uint8_t nul[1];

    HF_TRY(add_length(out, text.n + with_nul));
    HF_TRY(hf_buf_add(out, text));
    return with_nul ? hf_buf_add(out, HF_BYTES_OF(nul)) : HF_OK;
}

static hf_err add_hex(struct hf_bytes text, struct hf_buf *out)
{
    HF_TRY(add_length(out, text.n / 2));
    return hf_hex_parse(text, out);
}

static hf_err add_fields(const char *fields, struct hf_bytes *line, struct hf_buf *out)
{
    for (; *fields; fields++) {
        struct hf_bytes text = word(line);

        if (*fields != 'x' && text.n == 0)
            return hf_fail(HF_E_FORMAT, "the line ends before its %s", *fields == 'd' ? "digest" : "name");
        HF_TRY(*fields == 'd'   ? add_digest(text, out)
               : *fields == 'n' ? add_name(text, true, out)
                                : add_hex(text, out));
    }
    return line->n ? hf_fail(HF_E_FORMAT, "%zu characters behind the last field", line->n) : HF_OK;
}

/* Template "ima": a bare SHA-1 digest and a name without NUL. */
static hf_err add_ima(struct hf_bytes *line, struct hf_buf *out)
{
    struct hf_bytes digest = word(line);
    struct hf_bytes name = word(line);

    if (digest.n != 40 || name.n == 0 || line->n)
        return hf_fail(HF_E_FORMAT, "template ima is a SHA-1 digest and a name");
    HF_TRY(hf_hex_parse(digest, out));
    return add_name(name, false, out);
}

static hf_err add_data(struct hf_bytes template, struct hf_bytes *line, struct hf_buf *out)
{
    if (hf_ima_is_template(template, "ima"))
        return add_ima(line, out);
    for (size_t i = 0; i < HF_COUNT(templates); i++) {
        if (hf_ima_is_template(template, templates[i].name))
            return add_fields(templates[i].fields, line, out);
    }
    return hf_fail(HF_E_UNSUPPORTED, "template \"%.*s\" cannot be read from text; use the binary list",
                   (int)(template.n > 20 ? 20 : template.n), template.n ? (const char *)template.p : "");
}

static hf_err read_head(struct hf_bytes *line, struct hf_ima_list *list, struct hf_ima_entry *entry)
{
    struct hf_bytes number, digest;

    while (line->n && line->p[0] == ' ')
        (void)word(line);
    number = word(line);
    if (number.n == 0 || number.n > 2)
        return hf_fail(HF_E_FORMAT, "the line does not start with a register");
    for (size_t i = 0; i < number.n; i++) {
        if (number.p[i] < '0' || number.p[i] > '9')
            return hf_fail(HF_E_FORMAT, "the line does not start with a register");
        entry->pcr = entry->pcr * 10 + (uint32_t)(number.p[i] - '0');
    }
    digest = word(line);
    if (digest.n != 40 && digest.n != 64 && digest.n != 96 && digest.n != 128)
        return hf_fail(HF_E_FORMAT, "a template digest of %zu hex digits; 40, 64, 96 or 128 are possible", digest.n);
    if (list->digest_size && digest.n != 2 * list->digest_size)
        return hf_fail(HF_E_FORMAT, "a template digest of %zu hex digits behind those of %zu", digest.n,
                       2 * list->digest_size);
    list->digest_size = entry->digest.n = digest.n / 2;
    return hf_hex_parse_exact(digest, entry->digest.bytes, entry->digest.n);
}

static hf_err read_line(struct hf_bytes line, struct hf_ima_list *list, struct hf_ima_entry *entry)
{
    HF_TRY(read_head(&line, list, entry));
    entry->template = word(&line);
    list->scratch.n = 0;
    HF_TRY(add_data(entry->template, &line, &list->scratch));
    entry->data = hf_buf_bytes(&list->scratch);
    return hf_ima_entry_fields(entry);
}

void hf_ima_read_text(struct hf_ima_list *list, struct hf_ima_entry *entry)
{
    struct hf_reader *r = &list->r;
    const uint8_t *end = memchr(r->at, '\n', hf_rd_left(r));
    size_t n = end ? (size_t)(end - r->at) : hf_rd_left(r);
    struct hf_bytes line = hf_rd_view(r, n);
    hf_err err = read_line(line, list, entry);

    if (err != HF_OK)
        hf_rd_fail(r, err, "ima line %u at offset %zu: %.300s", entry->number + 1, entry->offset, hf_err_detail());
    else if (end)
        hf_rd_skip(r, 1);
}
