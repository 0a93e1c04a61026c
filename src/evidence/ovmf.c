/* SEV's table and metadata in a guest firmware image. edk2, OvmfPkg/ResetVector; QEMU, target/i386/sev.c. */
#include "evidence/ovmf.h"
#include "base/reader.h"
#include "base/writer.h"
#include "crypto/hash.h"

#define BEHIND 32 /* bytes between the table's end and the image's: the reset vector */
#define ENTRY 18  /* length and GUID, behind an entry's data */
#define ASEV 0x56455341u
#define METADATA_HEADER 16
#define METADATA_ROW 12
#define HASH_ROW 50 /* GUID, length, SHA-256 */

/* GUIDs as stored: the first three numbers little-endian. */
/* 96b582de-1fb2-45f7-baea-a366c55a082d */
static const uint8_t footer_guid[16] = {0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
                                        0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d};
/* 00f771de-1a7e-4fcb-890e-68c77e2fb44e */
static const uint8_t reset_guid[16] = {0xde, 0x71, 0xf7, 0x00, 0x7e, 0x1a, 0xcb, 0x4f,
                                       0x89, 0x0e, 0x68, 0xc7, 0x7e, 0x2f, 0xb4, 0x4e};
/* 7255371f-3a3b-4b04-927b-1da6efa8d454 */
static const uint8_t hashes_guid[16] = {0x1f, 0x37, 0x55, 0x72, 0x3b, 0x3a, 0x04, 0x4b,
                                        0x92, 0x7b, 0x1d, 0xa6, 0xef, 0xa8, 0xd4, 0x54};
/* dc886566-984a-4798-a75e-5585a7bf67cc */
static const uint8_t metadata_guid[16] = {0x66, 0x65, 0x88, 0xdc, 0x4a, 0x98, 0x98, 0x47,
                                          0xa7, 0x5e, 0x55, 0x85, 0xa7, 0xbf, 0x67, 0xcc};
/* a789a612-0597-4c4b-a49f-cbb1fe9d1ddd */
static const uint8_t svsm_guid[16] = {0x12, 0xa6, 0x89, 0xa7, 0x97, 0x05, 0x4b, 0x4c,
                                      0xa4, 0x9f, 0xcb, 0xb1, 0xfe, 0x9d, 0x1d, 0xdd};
/* 9438d606-4f22-4cc9-b479-a793d411fd21 */
static const uint8_t hash_table_guid[16] = {0x06, 0xd6, 0x38, 0x94, 0x22, 0x4f, 0xc9, 0x4c,
                                            0xb4, 0x79, 0xa7, 0x93, 0xd4, 0x11, 0xfd, 0x21};
/* 97d02dd8-bd20-4c94-aa78-e7714d36ab2a */
static const uint8_t hash_cmdline_guid[16] = {0xd8, 0x2d, 0xd0, 0x97, 0x20, 0xbd, 0x94, 0x4c,
                                              0xaa, 0x78, 0xe7, 0x71, 0x4d, 0x36, 0xab, 0x2a};
/* 44baf731-3a2f-4bd7-9af1-41e29169781d */
static const uint8_t hash_initrd_guid[16] = {0x31, 0xf7, 0xba, 0x44, 0x2f, 0x3a, 0xd7, 0x4b,
                                             0x9a, 0xf1, 0x41, 0xe2, 0x91, 0x69, 0x78, 0x1d};
/* 4de79437-abd2-427f-b835-d5b172d2045b */
static const uint8_t hash_kernel_guid[16] = {0x37, 0x94, 0xe7, 0x4d, 0xd2, 0xab, 0x7f, 0x42,
                                             0xb8, 0x35, 0xd5, 0xb1, 0x72, 0xd2, 0x04, 0x5b};

static bool is(struct hf_bytes guid, const uint8_t want[16])
{
    return hf_bytes_equal(guid, (struct hf_bytes){want, 16});
}

static uint32_t number(struct hf_bytes data)
{
    struct hf_reader r = hf_reader(data);

    return hf_rd_u32le(&r);
}

static hf_err take_metadata(struct hf_bytes image, uint32_t from_end, struct hf_ovmf *ovmf)
{
    struct hf_reader r;
    uint32_t magic, size, version, count;

    if (from_end > image.n)
        return hf_fail(HF_E_TRUNCATED, "SEV metadata lie %u bytes before the end of an image of %zu", from_end,
                       image.n);
    r = hf_reader((struct hf_bytes){image.p + image.n - from_end, from_end});
    magic = hf_rd_u32le(&r);
    size = hf_rd_u32le(&r);
    version = hf_rd_u32le(&r);
    count = hf_rd_u32le(&r);
    HF_TRY(hf_rd_err(&r));
    if (magic != ASEV)
        return hf_fail(HF_E_FORMAT, "SEV metadata begin with 0x%08x, not with ASEV", magic);
    if (version != 1)
        return hf_fail(HF_E_FORMAT, "unknown SEV metadata version %u; known is 1", version);
    if (count > HF_OVMF_SECTIONS_MAX)
        return hf_fail(HF_E_LIMIT, "%u sections of SEV metadata; %d at most", count, HF_OVMF_SECTIONS_MAX);
    if (size != METADATA_HEADER + count * METADATA_ROW)
        return hf_fail(HF_E_FORMAT, "SEV metadata of %u bytes with %u sections, which take %u", size, count,
                       METADATA_HEADER + count * METADATA_ROW);
    for (size_t i = 0; i < count; i++) {
        ovmf->section[i].gpa = hf_rd_u32le(&r);
        ovmf->section[i].size = hf_rd_u32le(&r);
        ovmf->section[i].type = hf_rd_u32le(&r);
    }
    HF_TRY(hf_rd_err(&r));
    ovmf->n = count;
    ovmf->has_metadata = true;
    return HF_OK;
}

static hf_err take_entry(struct hf_bytes image, struct hf_bytes guid, struct hf_bytes data, struct hf_ovmf *ovmf)
{
    bool known = is(guid, reset_guid) || is(guid, hashes_guid) || is(guid, metadata_guid) || is(guid, svsm_guid);

    if (known && data.n < 4)
        return hf_fail(HF_E_FORMAT, "an entry of %zu bytes in the firmware's table; 4 at least hold a number", data.n);
    if (is(guid, reset_guid)) {
        ovmf->has_reset = true;
        ovmf->reset_eip = number(data);
    } else if (is(guid, hashes_guid)) {
        if (data.n < 8)
            return hf_fail(HF_E_FORMAT, "the place of the hash table takes 8 bytes, not %zu", data.n);
        ovmf->has_hashes = true;
        ovmf->hashes_gpa = number(data);
        ovmf->hashes_size = number((struct hf_bytes){data.p + 4, data.n - 4});
    } else if (is(guid, svsm_guid)) {
        ovmf->has_svsm = true;
        ovmf->svsm_launch = number(data);
    } else if (is(guid, metadata_guid)) {
        return take_metadata(image, number(data), ovmf);
    }
    return HF_OK;
}

/* Length and GUID behind the data, at the end of `table`; `rest` is what lies before. */
static hf_err last_entry(struct hf_bytes table, struct hf_bytes *guid, struct hf_bytes *data, struct hf_bytes *rest)
{
    struct hf_reader r;
    uint16_t size;

    if (table.n < ENTRY)
        return hf_fail(HF_E_TRUNCATED, "the firmware's table has %zu bytes over; an entry takes %d", table.n, ENTRY);
    r = hf_reader((struct hf_bytes){table.p + table.n - ENTRY, ENTRY});
    size = hf_rd_u16le(&r);
    if (size < ENTRY || size > table.n)
        return hf_fail(HF_E_FORMAT, "an entry of %u bytes in the firmware's table, where %zu are left", size, table.n);
    *guid = hf_rd_view(&r, 16);
    *data = (struct hf_bytes){table.p + table.n - size, size - ENTRY};
    *rest = (struct hf_bytes){table.p, table.n - size};
    return HF_OK;
}

hf_err hf_ovmf_parse(struct hf_bytes image, struct hf_ovmf *out)
{
    struct hf_ovmf ovmf = {.image = image};
    struct hf_bytes guid, data, table = image;

    if (image.n < BEHIND + ENTRY) {
        *out = ovmf;
        return HF_OK;
    }
    table.n -= BEHIND;
    if (!is((struct hf_bytes){table.p + table.n - 16, 16}, footer_guid)) {
        *out = ovmf;
        return HF_OK;
    }
    ovmf.has_table = true;
    HF_TRY(last_entry(table, &guid, &data, &table)); /* the footer's length is that of the whole table */
    for (struct hf_bytes rest = data; rest.n;) {
        HF_TRY(last_entry(rest, &guid, &data, &rest));
        HF_TRY(take_entry(image, guid, data, &ovmf));
    }
    *out = ovmf;
    return HF_OK;
}

static void write_entry(struct hf_writer *w, uint32_t a, const uint32_t *b, const uint8_t guid[16])
{
    hf_wr_u32le(w, a);
    if (b)
        hf_wr_u32le(w, *b);
    hf_wr_u16le(w, b ? ENTRY + 8 : ENTRY + 4);
    hf_wr_bytes(w, (struct hf_bytes){guid, 16});
}

hf_err hf_ovmf_write(const struct hf_ovmf *ovmf, struct hf_buf *out)
{
    uint8_t page[HF_OVMF_PAGE] = {0}, table[256];
    struct hf_writer m = hf_writer(page, sizeof(page)), t = hf_writer(table, sizeof(table));

    if (ovmf->n > HF_OVMF_SECTIONS_MAX)
        return hf_fail(HF_E_LIMIT, "%zu sections of SEV metadata", ovmf->n);
    hf_wr_u32le(&m, ASEV);
    hf_wr_u32le(&m, (uint32_t)(METADATA_HEADER + ovmf->n * METADATA_ROW));
    hf_wr_u32le(&m, 1);
    hf_wr_u32le(&m, (uint32_t)ovmf->n);
    for (size_t i = 0; i < ovmf->n; i++) {
        hf_wr_u32le(&m, ovmf->section[i].gpa);
        hf_wr_u32le(&m, ovmf->section[i].size);
        hf_wr_u32le(&m, ovmf->section[i].type);
    }
    if (ovmf->has_metadata)
        write_entry(&t, HF_OVMF_PAGE, NULL, metadata_guid);
    if (ovmf->has_hashes)
        write_entry(&t, ovmf->hashes_gpa, &ovmf->hashes_size, hashes_guid);
    if (ovmf->has_svsm)
        write_entry(&t, ovmf->svsm_launch, NULL, svsm_guid);
    if (ovmf->has_reset)
        write_entry(&t, ovmf->reset_eip, NULL, reset_guid);
    hf_wr_u16le(&t, (uint16_t)(hf_wr_done(&t).n + ENTRY));
    hf_wr_bytes(&t, HF_BYTES_OF(footer_guid));
    if (ovmf->has_table)
        memcpy(page + sizeof(page) - BEHIND - hf_wr_done(&t).n, table, hf_wr_done(&t).n);
    return hf_buf_add(out, HF_BYTES_OF(page));
}

const struct hf_ovmf_section *hf_ovmf_find(const struct hf_ovmf *ovmf, enum hf_ovmf_section_type type)
{
    for (size_t i = 0; i < ovmf->n; i++) {
        if (ovmf->section[i].type == (uint32_t)type)
            return &ovmf->section[i];
    }
    return NULL;
}

static hf_err hash_into(struct hf_bytes bytes, uint8_t out[32])
{
    struct hf_digest digest = {0};

    HF_TRY(hf_hash_one(HF_SHA256, bytes, &digest));
    memcpy(out, digest.bytes, 32);
    return HF_OK;
}

hf_err hf_sev_kernel_hash(struct hf_bytes kernel, struct hf_bytes initrd, const char *command_line,
                          struct hf_sev_kernel *out)
{
    struct hf_sev_kernel hashes;
    struct hf_bytes line = hf_bytes_text(command_line ? command_line : "");

    line.n++; /* its NUL is hashed too */
    HF_TRY(hash_into(kernel, hashes.kernel));
    HF_TRY(hash_into(initrd, hashes.initrd));
    HF_TRY(hash_into(line, hashes.command_line));
    *out = hashes;
    return HF_OK;
}

void hf_sev_hash_table(const struct hf_sev_kernel *kernel, uint8_t out[HF_SEV_HASH_TABLE_SIZE])
{
    const struct {
        const uint8_t *guid, *hash;
    } rows[] = {{hash_cmdline_guid, kernel->command_line},
                {hash_initrd_guid, kernel->initrd},
                {hash_kernel_guid, kernel->kernel}};
    struct hf_writer w = hf_writer(out, HF_SEV_HASH_TABLE_SIZE);

    hf_wr_bytes(&w, HF_BYTES_OF(hash_table_guid));
    hf_wr_u16le(&w, ENTRY + 3 * HASH_ROW);
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        hf_wr_bytes(&w, (struct hf_bytes){rows[i].guid, 16});
        hf_wr_u16le(&w, HASH_ROW);
        hf_wr_bytes(&w, (struct hf_bytes){rows[i].hash, 32});
    }
    hf_wr_zero(&w, HF_SEV_HASH_TABLE_SIZE - hf_wr_done(&w).n);
}
