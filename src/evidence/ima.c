/* IMA measurement lists: what both forms share, and the binary form. Little-endian. */
#include "evidence/ima.h"
#include "base/writer.h"
#include "evidence/ima_i.h"

#define IMA_NAME_PADDED 256 /* template "ima" hashes the name with zeros behind it up to here */
#define SHA1_SIZE 20

static const size_t digest_sizes[] = {20, 32, 48, 64};

static struct hf_bytes without_nul(struct hf_bytes text)
{
    if (text.n && text.p[text.n - 1] == 0)
        text.n--;
    return text;
}

bool hf_ima_is_template(struct hf_bytes name, const char *wanted)
{
    return hf_bytes_equal(name, hf_bytes_text(wanted));
}

/* d-ng, d-ngv2: algorithm, ':', NUL, digest */
static hf_err read_digest_field(struct hf_bytes field, struct hf_ima_entry *entry)
{
    const uint8_t *nul = field.n ? memchr(field.p, 0, field.n) : NULL;
    size_t n = nul ? (size_t)(nul - field.p) : 0;

    if (n < 2 || field.p[n - 1] != ':')
        return hf_fail(HF_E_FORMAT, "ima entry %u at offset %zu: the digest field names no algorithm", entry->number,
                       entry->offset);
    entry->file_alg = (struct hf_bytes){field.p, n - 1};
    entry->file_digest = (struct hf_bytes){field.p + n + 1, field.n - n - 1};
    return HF_OK;
}

static bool has_signature(struct hf_bytes template)
{
    return hf_ima_is_template(template, "ima-sig") || hf_ima_is_template(template, "ima-sigv2") ||
           hf_ima_is_template(template, "ima-modsig") || hf_ima_is_template(template, "evm-sig");
}

/* Fields of u32 length and bytes: digest and name come first in every template the kernel has. */
static hf_err read_fields(struct hf_ima_entry *entry)
{
    struct hf_reader r = hf_reader(entry->data);
    struct hf_bytes field[3] = {{0}};
    size_t n = 0;

    while (hf_rd_more(&r)) {
        struct hf_bytes one = hf_rd_view(&r, hf_rd_u32le(&r));

        if (n < HF_COUNT(field))
            field[n] = one;
        n++;
    }
    if (hf_rd_end(&r) != HF_OK)
        return hf_fail(HF_E_FORMAT, "ima entry %u at offset %zu: its fields do not fill its %zu bytes", entry->number,
                       entry->offset, entry->data.n);
    entry->part[0] = entry->data;
    entry->n_parts = 1;
    if (n < 2)
        return hf_fail(HF_E_FORMAT, "ima entry %u at offset %zu: %zu fields; a digest and a name are needed",
                       entry->number, entry->offset, n);
    HF_TRY(read_digest_field(field[0], entry));
    entry->path = without_nul(field[1]);
    if (has_signature(entry->template))
        entry->signature = field[2];
    return HF_OK;
}

/* Template "ima": a SHA-1 digest and a name, which is hashed padded. */
static hf_err read_ima_fields(struct hf_ima_entry *entry)
{
    static const uint8_t zeros[IMA_NAME_PADDED];
    struct hf_reader r = hf_reader(entry->data);
    struct hf_bytes name;

    entry->file_alg = hf_bytes_text("sha1");
    entry->file_digest = hf_rd_view(&r, SHA1_SIZE);
    name = hf_rd_view(&r, hf_rd_u32le(&r));
    HF_TRY(hf_rd_end(&r));
    if (name.n > IMA_NAME_PADDED - 1)
        return hf_fail(HF_E_FORMAT, "ima entry %u at offset %zu: a name of %zu bytes; %d are the most", entry->number,
                       entry->offset, name.n, IMA_NAME_PADDED - 1);
    entry->path = without_nul(name);
    entry->part[0] = entry->file_digest;
    entry->part[1] = name;
    entry->part[2] = (struct hf_bytes){zeros, IMA_NAME_PADDED - name.n};
    entry->n_parts = 3;
    return HF_OK;
}

hf_err hf_ima_entry_fields(struct hf_ima_entry *entry)
{
    entry->violation = true;
    for (size_t i = 0; i < entry->digest.n; i++)
        entry->violation &= entry->digest.bytes[i] == 0;
    return hf_ima_is_template(entry->template, "ima") ? read_ima_fields(entry) : read_fields(entry);
}

static struct hf_bytes read_ima_data(struct hf_reader *r)
{
    const uint8_t *start = r->at;

    hf_rd_skip(r, SHA1_SIZE);
    hf_rd_skip(r, hf_rd_u32le(r));
    return hf_rd_err(r) == HF_OK ? (struct hf_bytes){start, (size_t)(r->at - start)} : (struct hf_bytes){NULL, 0};
}

static void read_binary(struct hf_ima_list *list, struct hf_ima_entry *entry)
{
    struct hf_reader *r = &list->r;
    uint32_t name_size;

    entry->pcr = hf_rd_u32le(r);
    entry->digest.n = list->digest_size;
    hf_rd_copy(r, entry->digest.bytes, list->digest_size);
    name_size = hf_rd_u32le(r);
    if (hf_rd_err(r) == HF_OK && (name_size == 0 || name_size > HF_IMA_TEMPLATE_MAX))
        hf_rd_fail(r, HF_E_FORMAT, "ima entry %u at offset %zu: a template name of %u bytes; 1 to %d are allowed",
                   entry->number, entry->offset, name_size, HF_IMA_TEMPLATE_MAX);
    entry->template = hf_rd_view(r, name_size);
    if (hf_ima_is_template(entry->template, "ima"))
        entry->data = read_ima_data(r);
    else
        entry->data = hf_rd_view(r, hf_rd_u32le(r));
    if (hf_rd_err(r) == HF_OK && hf_ima_entry_fields(entry) != HF_OK)
        hf_rd_fail(r, HF_E_FORMAT, "%s", hf_err_detail());
}

/* The first entry's template name stands behind a digest of one of four sizes: the one that fits. */
static size_t binary_digest_size(struct hf_bytes in)
{
    for (size_t i = 0; i < HF_COUNT(digest_sizes); i++) {
        struct hf_reader r = hf_reader(in);
        uint32_t n;
        struct hf_bytes name;

        hf_rd_skip(&r, 4 + digest_sizes[i]);
        n = hf_rd_u32le(&r);
        name = hf_rd_view(&r, n > HF_IMA_TEMPLATE_MAX ? 0 : n);
        if (hf_rd_err(&r) == HF_OK && name.n >= 3 && (memcmp(name.p, "ima", 3) == 0 || memcmp(name.p, "evm", 3) == 0))
            return digest_sizes[i];
    }
    return 0;
}

hf_err hf_ima_list_open(struct hf_bytes in, struct hf_ima_list *out)
{
    struct hf_ima_list list = {.r = hf_reader(in)};

    /* text starts with the register's number in decimal, right-aligned in two places */
    list.text = in.n > 3 && in.p[2] == ' ' && (in.p[0] == ' ' || (in.p[0] >= '0' && in.p[0] <= '9'));
    if (!list.text && in.n) {
        list.digest_size = binary_digest_size(in);
        if (list.digest_size == 0)
            return hf_fail(HF_E_FORMAT, "not an IMA list: no template name behind the first entry's digest");
    }
    *out = list;
    return HF_OK;
}

void hf_ima_list_close(struct hf_ima_list *list)
{
    hf_buf_free(&list->scratch);
}

hf_err hf_ima_list_seek(struct hf_ima_list *list, uint64_t offset, uint32_t number)
{
    if (offset > (uint64_t)(list->r.end - list->r.start))
        return hf_fail(HF_E_ARG, "offset %llu is behind the end of an IMA list of %zu bytes",
                       (unsigned long long)offset, (size_t)(list->r.end - list->r.start));
    list->r.at = list->r.start + offset;
    list->next = number;
    return HF_OK;
}

bool hf_ima_list_next(struct hf_ima_list *list, struct hf_ima_entry *out)
{
    struct hf_ima_entry entry = {.number = list->next, .offset = hf_rd_at(&list->r)};

    if (!hf_rd_more(&list->r))
        return false;
    if (list->text)
        hf_ima_read_text(list, &entry);
    else
        read_binary(list, &entry);
    if (hf_rd_err(&list->r) == HF_E_TRUNCATED)
        (void)hf_fail(HF_E_TRUNCATED, "ima entry %u at offset %zu: need %zu bytes at offset %zu, have fewer",
                      entry.number, entry.offset, list->r.err_want, list->r.err_at);
    if (hf_rd_err(&list->r) != HF_OK)
        return false;
    list->next++;
    *out = entry;
    return true;
}

hf_err hf_ima_list_end(const struct hf_ima_list *list)
{
    return hf_rd_end(&list->r);
}

hf_err hf_ima_entry_write(const struct hf_ima_entry *entry, struct hf_buf *out)
{
    uint8_t place[4 + HF_DIGEST_MAX + 4 + HF_IMA_TEMPLATE_MAX + 4];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes head;

    hf_wr_u32le(&w, entry->pcr);
    hf_wr_bytes(&w, hf_digest_bytes(&entry->digest));
    hf_wr_u32le(&w, (uint32_t)entry->template.n);
    hf_wr_bytes(&w, entry->template);
    if (!hf_ima_is_template(entry->template, "ima"))
        hf_wr_u32le(&w, (uint32_t)entry->data.n);
    HF_TRY(hf_wr_end(&w, &head));
    HF_TRY(hf_buf_add(out, head));
    return hf_buf_add(out, entry->data);
}
