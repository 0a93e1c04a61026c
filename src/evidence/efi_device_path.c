/* UEFI device paths as text. UEFI 2.10, 10.3 (nodes) and 10.6 (text). Little-endian. */
#include "base/text.h"
#include "codec/hex.h"
#include "evidence/tcg_event.h"

enum { HARDWARE = 1, ACPI = 2, MESSAGING = 3, MEDIA = 4, BIOS_BOOT = 5, END = 0x7f };

static hf_err print_node(uint8_t type, uint8_t subtype, struct hf_bytes data, struct hf_buf *out)
{
    HF_TRY(hf_buf_printf(out, "Path(%u,%u", type, subtype));
    if (data.n)
        HF_TRY(hf_buf_printf(out, ","));
    HF_TRY(hf_hex_write((struct hf_bytes){data.p, data.n > 64 ? 64 : data.n}, out));
    return hf_buf_printf(out, "%s)", data.n > 64 ? "..." : "");
}

static hf_err print_acpi(struct hf_bytes data, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(data);
    uint32_t hid = hf_rd_u32le(&r);
    uint32_t uid = hf_rd_u32le(&r);

    if (hf_rd_end(&r) != HF_OK)
        return print_node(ACPI, 1, data, out);
    if (hid == 0x0a0341d0) /* EISA id of PNP0A03 */
        return hf_buf_printf(out, "PciRoot(0x%x)", uid);
    return hf_buf_printf(out, "Acpi(0x%x,0x%x)", hid, uid);
}

/* 10.3.5.1 */
static hf_err print_hard_drive(struct hf_bytes data, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(data);
    uint32_t partition = hf_rd_u32le(&r);
    uint64_t start = hf_rd_u64le(&r);
    uint64_t size = hf_rd_u64le(&r);
    uint8_t signature[16];
    char guid[HF_GUID_TEXT];
    uint8_t kind;

    hf_rd_copy(&r, signature, sizeof(signature));
    (void)hf_rd_u8(&r); /* format of the partition table */
    kind = hf_rd_u8(&r);
    if (hf_rd_end(&r) != HF_OK)
        return print_node(MEDIA, 1, data, out);
    hf_guid_print(signature, guid);
    return hf_buf_printf(out, "HD(%u,%s,%s,0x%llx,0x%llx)", partition,
                         kind == 2   ? "GPT"
                         : kind == 1 ? "MBR"
                                     : "none",
                         guid, (unsigned long long)start, (unsigned long long)size);
}

static hf_err print_guid_node(const char *name, uint8_t type, uint8_t subtype, struct hf_bytes data, struct hf_buf *out)
{
    char guid[HF_GUID_TEXT];

    if (data.n < 16)
        return print_node(type, subtype, data, out);
    hf_guid_print(data.p, guid);
    return hf_buf_printf(out, "%s(%s)", name, guid);
}

static hf_err print_range(const char *name, struct hf_bytes data, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(data);
    uint64_t from = hf_rd_u64le(&r);
    uint64_t to = hf_rd_u64le(&r);

    return hf_buf_printf(out, "%s(0x%llx,0x%llx)", name, (unsigned long long)from, (unsigned long long)to);
}

static hf_err print_messaging(uint8_t subtype, struct hf_bytes data, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(data);

    if (subtype == 2 && data.n == 4)
        return hf_buf_printf(out, "Scsi(%u,%u)", data.p[0] | data.p[1] << 8, data.p[2] | data.p[3] << 8);
    if (subtype == 5 && data.n == 2)
        return hf_buf_printf(out, "USB(0x%x,0x%x)", data.p[0], data.p[1]);
    if (subtype == 18 && data.n == 6)
        return hf_buf_printf(out, "Sata(0x%x,0x%x,0x%x)", data.p[0] | data.p[1] << 8, data.p[2] | data.p[3] << 8,
                             data.p[4] | data.p[5] << 8);
    if (subtype == 23 && data.n == 12) {
        uint32_t space = hf_rd_u32le(&r);

        return hf_buf_printf(out, "NVMe(0x%x,%02x-%02x-%02x-%02x-%02x-%02x-%02x-%02x)", space, data.p[11], data.p[10],
                             data.p[9], data.p[8], data.p[7], data.p[6], data.p[5], data.p[4]);
    }
    if (subtype == 11 && data.n == 33)
        return hf_buf_printf(out, "MAC(%02x%02x%02x%02x%02x%02x,0x%x)", data.p[0], data.p[1], data.p[2], data.p[3],
                             data.p[4], data.p[5], data.p[32]);
    return print_node(MESSAGING, subtype, data, out);
}

static hf_err print_media(uint8_t subtype, struct hf_bytes data, struct hf_buf *out)
{
    if (subtype == 1)
        return print_hard_drive(data, out);
    if (subtype == 4) {
        if (data.n >= 2 && data.p[data.n - 1] == 0 && data.p[data.n - 2] == 0)
            data.n -= 2;
        return hf_utf16_print(data, out);
    }
    if (subtype == 6)
        return print_guid_node("FvFile", MEDIA, subtype, data, out);
    if (subtype == 7)
        return print_guid_node("Fv", MEDIA, subtype, data, out);
    if (subtype == 8 && data.n == 20)
        return print_range("Offset", (struct hf_bytes){data.p + 4, 16}, out);
    return print_node(MEDIA, subtype, data, out);
}

static hf_err print_any(uint8_t type, uint8_t subtype, struct hf_bytes data, struct hf_buf *out)
{
    if (type == HARDWARE && subtype == 1 && data.n == 2)
        return hf_buf_printf(out, "Pci(0x%x,0x%x)", data.p[1], data.p[0]);
    if (type == HARDWARE && subtype == 3 && data.n == 20)
        return print_range("MemoryMapped", (struct hf_bytes){data.p + 4, 16}, out);
    if (type == HARDWARE && subtype == 4)
        return print_guid_node("VenHw", type, subtype, data, out);
    if (type == ACPI && subtype == 1)
        return print_acpi(data, out);
    if (type == MESSAGING)
        return print_messaging(subtype, data, out);
    if (type == MEDIA)
        return print_media(subtype, data, out);
    return print_node(type, subtype, data, out);
}

hf_err hf_efi_device_path_print(struct hf_bytes path, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(path);
    bool first = true;

    while (hf_rd_more(&r)) {
        uint8_t type = hf_rd_u8(&r);
        uint8_t subtype = hf_rd_u8(&r);
        uint16_t length = hf_rd_u16le(&r); /* of the whole node */
        struct hf_bytes data = length >= 4 ? hf_rd_view(&r, length - 4u) : (struct hf_bytes){NULL, 0};

        if (hf_rd_err(&r) != HF_OK || length < 4)
            return hf_buf_printf(out, "%s(cut off)", first ? "" : "/");
        if (type == END) {
            if (subtype == 0xff)
                return HF_OK;
            first = true; /* another instance follows */
            HF_TRY(hf_buf_printf(out, ","));
            continue;
        }
        if (!first)
            HF_TRY(hf_buf_printf(out, "/"));
        HF_TRY(print_any(type, subtype, data, out));
        first = false;
    }
    return HF_OK;
}
