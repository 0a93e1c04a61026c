/* The certificate table of an extended SEV-SNP report. AMD publication 56421. */
#include "evidence/amd_cert_table.h"
#include "base/reader.h"
#include "base/writer.h"

#define ROW_SIZE 24

/* The GUIDs of publication 56421, as stored: the first three numbers little-endian. */
static const struct {
    const char *name;
    uint8_t guid[16];
} known[] = {
    /* 63da758d-e664-4564-adc5-f4b93be8accd */
    {"VCEK", {0x8d, 0x75, 0xda, 0x63, 0x64, 0xe6, 0x64, 0x45, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd}},
    /* a8074bc2-a25a-483e-aae6-39c045a0b8a1 */
    {"VLEK", {0xc2, 0x4b, 0x07, 0xa8, 0x5a, 0xa2, 0x3e, 0x48, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1}},
    /* 4ab7b379-bbac-4fe4-a02f-05aef327c782 */
    {"ASK", {0x79, 0xb3, 0xb7, 0x4a, 0xac, 0xbb, 0xe4, 0x4f, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82}},
    /* c0b406a4-a803-4952-9743-3fb6014cd0ae */
    {"ARK", {0xa4, 0x06, 0xb4, 0xc0, 0x03, 0xa8, 0x52, 0x49, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae}},
    /* 92f81bc3-5811-4d3d-97ff-d19f88dc67ea */
    {"CRL", {0xc3, 0x1b, 0xf8, 0x92, 0x11, 0x58, 0x3d, 0x4d, 0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67, 0xea}},
};

const char *hf_amd_guid_name(const uint8_t guid[16])
{
    for (size_t i = 0; i < HF_COUNT(known); i++) {
        if (memcmp(known[i].guid, guid, sizeof(known[i].guid)) == 0)
            return known[i].name;
    }
    return NULL;
}

const uint8_t *hf_amd_guid(const char *name)
{
    for (size_t i = 0; i < HF_COUNT(known); i++) {
        if (strcmp(known[i].name, name) == 0)
            return known[i].guid;
    }
    return NULL;
}

static bool zero_guid(const uint8_t guid[16])
{
    static const uint8_t zero[16];

    return memcmp(guid, zero, sizeof(zero)) == 0;
}

/* Where one row points. */
struct place {
    uint32_t offset, length;
};

static hf_err take_row(struct hf_bytes in, size_t end_of_rows, struct place at, struct hf_amd_cert_row *row)
{
    if (at.offset < end_of_rows)
        return hf_fail(HF_E_FORMAT, "a row points to byte %u, where the table's own rows are; they end at %zu",
                       at.offset, end_of_rows);
    if (at.offset > in.n || at.length > in.n - at.offset)
        return hf_fail(HF_E_TRUNCATED, "a row points to bytes %u to %llu of %zu", at.offset,
                       (unsigned long long)at.offset + at.length, in.n);
    row->data = (struct hf_bytes){in.p + at.offset, at.length};
    return HF_OK;
}

hf_err hf_amd_cert_table_parse(struct hf_bytes in, struct hf_amd_cert_table *out)
{
    struct hf_amd_cert_table table = {0};
    struct place at[HF_AMD_CERT_TABLE_MAX];
    struct hf_reader r = hf_reader(in);

    for (;;) {
        uint8_t guid[16];
        struct place place;

        hf_rd_copy(&r, guid, sizeof(guid));
        place.offset = hf_rd_u32le(&r);
        place.length = hf_rd_u32le(&r);
        HF_TRY(hf_rd_err(&r));
        if (zero_guid(guid))
            break;
        if (table.n == HF_AMD_CERT_TABLE_MAX)
            return hf_fail(HF_E_LIMIT, "a certificate table of more than %d rows", HF_AMD_CERT_TABLE_MAX);
        memcpy(table.row[table.n].guid, guid, sizeof(guid));
        at[table.n++] = place;
    }
    for (size_t i = 0; i < table.n; i++)
        HF_TRY(take_row(in, hf_rd_at(&r), at[i], &table.row[i]));
    *out = table;
    return HF_OK;
}

hf_err hf_amd_cert_table_write(const struct hf_amd_cert_table *table, struct hf_buf *out)
{
    uint8_t rows[(HF_AMD_CERT_TABLE_MAX + 1) * ROW_SIZE];
    struct hf_writer w = hf_writer(rows, sizeof(rows));
    size_t at = (table->n + 1) * ROW_SIZE;

    for (size_t i = 0; i < table->n; i++) {
        hf_wr_bytes(&w, HF_BYTES_OF(table->row[i].guid));
        hf_wr_u32le(&w, (uint32_t)at);
        hf_wr_u32le(&w, (uint32_t)table->row[i].data.n);
        at += table->row[i].data.n;
    }
    hf_wr_zero(&w, ROW_SIZE);
    HF_TRY(hf_buf_add(out, hf_wr_done(&w)));
    for (size_t i = 0; i < table->n; i++)
        HF_TRY(hf_buf_add(out, table->row[i].data));
    return HF_OK;
}

bool hf_amd_cert_table_looks(struct hf_bytes in)
{
    return in.n >= 2 * ROW_SIZE && hf_amd_guid_name(in.p) != NULL;
}

hf_err hf_amd_cert_table_inspect(struct hf_bytes in, struct hf_inspect *out)
{
    struct hf_amd_cert_table table;

    HF_TRY(hf_amd_cert_table_parse(in, &table));
    hf_inspect_open(out, "certificate table", in);
    for (size_t i = 0; i < table.n; i++) {
        const char *name = hf_amd_guid_name(table.row[i].guid);

        hf_inspect_bytes(out, name ? name : "unknown GUID", table.row[i].data, "%zu bytes", table.row[i].data.n);
    }
    hf_inspect_close(out);
    return HF_OK;
}
