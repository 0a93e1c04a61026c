/* Event types and their data. PC Client Platform Firmware Profile 1.06, 10.4. Little-endian. */
#include "evidence/tcg_event.h"
#include "base/text.h"
#include "codec/hex.h"

#include <stdio.h>

#define SHOWN_MAX 64 /* bytes of unknown data that are shown */

static const struct {
    uint32_t type;
    const char *name;
} types[] = {
    {HF_EV_PREBOOT_CERT, "EV_PREBOOT_CERT"},
    {HF_EV_POST_CODE, "EV_POST_CODE"},
    {HF_EV_UNUSED, "EV_UNUSED"},
    {HF_EV_NO_ACTION, "EV_NO_ACTION"},
    {HF_EV_SEPARATOR, "EV_SEPARATOR"},
    {HF_EV_ACTION, "EV_ACTION"},
    {HF_EV_EVENT_TAG, "EV_EVENT_TAG"},
    {HF_EV_S_CRTM_CONTENTS, "EV_S_CRTM_CONTENTS"},
    {HF_EV_S_CRTM_VERSION, "EV_S_CRTM_VERSION"},
    {HF_EV_CPU_MICROCODE, "EV_CPU_MICROCODE"},
    {HF_EV_PLATFORM_CONFIG_FLAGS, "EV_PLATFORM_CONFIG_FLAGS"},
    {HF_EV_TABLE_OF_DEVICES, "EV_TABLE_OF_DEVICES"},
    {HF_EV_COMPACT_HASH, "EV_COMPACT_HASH"},
    {HF_EV_IPL, "EV_IPL"},
    {HF_EV_IPL_PARTITION_DATA, "EV_IPL_PARTITION_DATA"},
    {HF_EV_NONHOST_CODE, "EV_NONHOST_CODE"},
    {HF_EV_NONHOST_CONFIG, "EV_NONHOST_CONFIG"},
    {HF_EV_NONHOST_INFO, "EV_NONHOST_INFO"},
    {HF_EV_OMIT_BOOT_DEVICE_EVENTS, "EV_OMIT_BOOT_DEVICE_EVENTS"},
    {HF_EV_POST_CODE2, "EV_POST_CODE2"},
    {HF_EV_EFI_VARIABLE_DRIVER_CONFIG, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
    {HF_EV_EFI_VARIABLE_BOOT, "EV_EFI_VARIABLE_BOOT"},
    {HF_EV_EFI_BOOT_SERVICES_APPLICATION, "EV_EFI_BOOT_SERVICES_APPLICATION"},
    {HF_EV_EFI_BOOT_SERVICES_DRIVER, "EV_EFI_BOOT_SERVICES_DRIVER"},
    {HF_EV_EFI_RUNTIME_SERVICES_DRIVER, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
    {HF_EV_EFI_GPT_EVENT, "EV_EFI_GPT_EVENT"},
    {HF_EV_EFI_ACTION, "EV_EFI_ACTION"},
    {HF_EV_EFI_PLATFORM_FIRMWARE_BLOB, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
    {HF_EV_EFI_HANDOFF_TABLES, "EV_EFI_HANDOFF_TABLES"},
    {HF_EV_EFI_PLATFORM_FIRMWARE_BLOB2, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
    {HF_EV_EFI_HANDOFF_TABLES2, "EV_EFI_HANDOFF_TABLES2"},
    {HF_EV_EFI_VARIABLE_BOOT2, "EV_EFI_VARIABLE_BOOT2"},
    {HF_EV_EFI_GPT_EVENT2, "EV_EFI_GPT_EVENT2"},
    {HF_EV_EFI_HCRTM_EVENT, "EV_EFI_HCRTM_EVENT"},
    {HF_EV_EFI_VARIABLE_AUTHORITY, "EV_EFI_VARIABLE_AUTHORITY"},
    {HF_EV_EFI_SPDM_FIRMWARE_BLOB, "EV_EFI_SPDM_FIRMWARE_BLOB"},
    {HF_EV_EFI_SPDM_FIRMWARE_CONFIG, "EV_EFI_SPDM_FIRMWARE_CONFIG"},
    {HF_EV_EFI_SPDM_DEVICE_POLICY, "EV_EFI_SPDM_DEVICE_POLICY"},
    {HF_EV_EFI_SPDM_DEVICE_AUTHORITY, "EV_EFI_SPDM_DEVICE_AUTHORITY"},
};

const char *hf_tcg_event_type_name(uint32_t type)
{
    for (size_t i = 0; i < HF_COUNT(types); i++) {
        if (types[i].type == type)
            return types[i].name;
    }
    return NULL;
}

void hf_guid_print(const uint8_t guid[16], char out[HF_GUID_TEXT])
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;

    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[n++] = '-';
        out[n++] = digits[guid[order[i]] >> 4];
        out[n++] = digits[guid[order[i]] & 15];
    }
    out[n] = 0;
}

hf_err hf_utf16_print(struct hf_bytes utf16, struct hf_buf *out)
{
    for (size_t i = 0; i + 1 < utf16.n; i += 2) {
        unsigned c = utf16.p[i] | (unsigned)utf16.p[i + 1] << 8;
        uint8_t text[3] = {(uint8_t)c};
        size_t n = 1;

        if (c < ' ' || c == 0x7f || (c >= 0xd800 && c < 0xe000) || c >= 0xfffe) {
            text[0] = '?'; /* controls and surrogates: no boot entry needs them to be understood */
        } else if (c >= 0x800) {
            text[0] = (uint8_t)(0xe0 | c >> 12);
            text[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
            text[2] = (uint8_t)(0x80 | (c & 0x3f));
            n = 3;
        } else if (c >= 0x80) {
            text[0] = (uint8_t)(0xc0 | c >> 6);
            text[1] = (uint8_t)(0x80 | (c & 0x3f));
            n = 2;
        }
        HF_TRY(hf_buf_add(out, (struct hf_bytes){text, n}));
    }
    return HF_OK;
}

hf_err hf_ascii_print(struct hf_bytes text, struct hf_buf *out)
{
    uint8_t *place = NULL;

    HF_TRY(hf_buf_grow(out, text.n, &place));
    for (size_t i = 0; i < text.n; i++)
        place[i] = text.p[i] >= ' ' && text.p[i] <= '~' ? text.p[i] : '?';
    return HF_OK;
}

hf_err hf_efi_variable_parse(struct hf_bytes event_data, struct hf_efi_variable *out)
{
    struct hf_efi_variable var = {0};
    struct hf_reader r = hf_reader(event_data);
    uint64_t name_units, data_size;

    hf_rd_copy(&r, var.guid, sizeof(var.guid)); /*  0 VariableName */
    name_units = hf_rd_u64le(&r);               /* 16 UnicodeNameLength, in UTF-16 units */
    data_size = hf_rd_u64le(&r);                /* 24 VariableDataLength */
    if (name_units > hf_rd_left(&r) / 2)
        hf_rd_fail(&r, HF_E_TRUNCATED, "a variable name of %llu units in an event of %zu bytes",
                   (unsigned long long)name_units, event_data.n);
    var.name = hf_rd_view(&r, (size_t)name_units * 2);
    if (data_size > hf_rd_left(&r))
        hf_rd_fail(&r, HF_E_TRUNCATED, "variable data of %llu bytes in an event of %zu", (unsigned long long)data_size,
                   event_data.n);
    var.data = hf_rd_view(&r, (size_t)data_size);
    HF_TRY(hf_rd_end(&r));
    if (var.name.n >= 2 && var.name.p[var.name.n - 1] == 0 && var.name.p[var.name.n - 2] == 0)
        var.name.n -= 2; /* some firmware counts the NUL */
    *out = var;
    return HF_OK;
}

bool hf_efi_variable_named(const struct hf_efi_variable *var, const char *name)
{
    size_t n = strlen(name);

    if (var->name.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (var->name.p[2 * i] != (uint8_t)name[i] || var->name.p[2 * i + 1] != 0)
            return false;
    }
    return true;
}

bool hf_tcg_startup_locality(const struct hf_tcg_event *event, uint8_t *locality)
{
    static const char signature[16] = "StartupLocality"; /* with its NUL */

    if (event->type != HF_EV_NO_ACTION || event->data.n != sizeof(signature) + 1 ||
        memcmp(event->data.p, signature, sizeof(signature)) != 0)
        return false;
    *locality = event->data.p[sizeof(signature)];
    return true;
}

static hf_err hex_shown(struct hf_bytes data, struct hf_buf *out)
{
    struct hf_bytes shown = {data.p, data.n > SHOWN_MAX ? SHOWN_MAX : data.n};

    HF_TRY(hf_hex_write(shown, out));
    return data.n > SHOWN_MAX ? hf_buf_printf(out, "... (%zu bytes)", data.n) : HF_OK;
}

static hf_err describe_hex(struct hf_bytes data, struct hf_buf *out)
{
    HF_TRY(hf_buf_printf(out, "data "));
    return data.n ? hex_shown(data, out) : hf_buf_printf(out, "none");
}

static struct hf_bytes without_nul(struct hf_bytes text)
{
    while (text.n && text.p[text.n - 1] == 0)
        text.n--;
    return text;
}

static bool is_ascii(struct hf_bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((text.p[i] < ' ' || text.p[i] > '~') && text.p[i] != '\n' && text.p[i] != '\t')
            return false;
    }
    return text.n > 0;
}

/* Latin text in UTF-16: every second byte is zero. */
static bool is_utf16(struct hf_bytes text)
{
    if (text.n < 2 || text.n % 2)
        return false;
    for (size_t i = 0; i < text.n; i += 2) {
        if (text.p[i + 1] != 0 || (text.p[i] < ' ' && !(text.p[i] == 0 && i + 2 == text.n)))
            return false;
    }
    return true;
}

static hf_err describe_text(struct hf_bytes data, struct hf_buf *out)
{
    char guid[HF_GUID_TEXT];

    if (is_utf16(data)) {
        if (data.p[data.n - 2] == 0)
            data.n -= 2;
        return data.n ? hf_utf16_print(data, out) : hf_buf_printf(out, "an empty string");
    }
    if (is_ascii(without_nul(data)))
        return hf_ascii_print(without_nul(data), out);
    if (data.n == 16) {
        hf_guid_print(data.p, guid);
        return hf_buf_printf(out, "%s", guid);
    }
    return describe_hex(data, out);
}

/* An EFI signature list entry's owner and the certificate's place are for a policy to judge; sizes and
 * the simple variables are what a person reads. */
static hf_err describe_variable_data(const struct hf_efi_variable *var, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(var->data);
    uint16_t path_size;
    size_t description = 0;
    bool boot_entry = var->name.n == 16 && memcmp(var->name.p, "B\0o\0o\0t\0", 8) == 0;

    if (boot_entry && var->data.n >= 8) { /* EFI_LOAD_OPTION, UEFI 2.10, 3.1.3 */
        (void)hf_rd_u32le(&r);
        path_size = hf_rd_u16le(&r);
        while (6 + description + 1 < var->data.n && (var->data.p[6 + description] || var->data.p[7 + description]))
            description += 2;
        HF_TRY(hf_buf_printf(out, "\""));
        HF_TRY(hf_utf16_print(hf_rd_view(&r, description), out));
        HF_TRY(hf_buf_printf(out, "\" "));
        hf_rd_skip(&r, 2);
        return hf_efi_device_path_print(hf_rd_view(&r, path_size), out);
    }
    if (hf_efi_variable_named(var, "BootOrder") && var->data.n % 2 == 0) {
        while (hf_rd_more(&r)) {
            const char *comma = hf_rd_at(&r) ? "," : "";

            HF_TRY(hf_buf_printf(out, "%sBoot%04X", comma, hf_rd_u16le(&r)));
        }
        return HF_OK;
    }
    if (hf_efi_variable_named(var, "SecureBoot") && var->data.n == 1)
        return hf_buf_printf(out, "%s", var->data.p[0] == 1 ? "enabled" : var->data.p[0] == 0 ? "disabled" : "invalid");
    return hf_buf_printf(out, "%zu bytes", var->data.n);
}

static hf_err describe_variable(struct hf_bytes data, struct hf_buf *out)
{
    struct hf_efi_variable var = {0};
    char guid[HF_GUID_TEXT];

    if (hf_efi_variable_parse(data, &var) != HF_OK) {
        HF_TRY(hf_buf_printf(out, "not a UEFI variable, "));
        return describe_hex(data, out);
    }
    hf_guid_print(var.guid, guid);
    HF_TRY(hf_utf16_print(var.name, out));
    HF_TRY(hf_buf_printf(out, " (%s): ", guid));
    return describe_variable_data(&var, out);
}

/* UEFI_IMAGE_LOAD_EVENT, 10.2.3 */
static hf_err describe_image(struct hf_bytes data, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(data);
    uint64_t address = hf_rd_u64le(&r); /*  0 ImageLocationInMemory */
    uint64_t length = hf_rd_u64le(&r);  /*  8 ImageLengthInMemory */
    uint64_t path_size;
    struct hf_bytes path;

    (void)hf_rd_u64le(&r);       /* 16 ImageLinkTimeAddress */
    path_size = hf_rd_u64le(&r); /* 24 LengthOfDevicePath */
    path = hf_rd_rest(&r);
    if (hf_rd_end(&r) != HF_OK || path_size != path.n) {
        HF_TRY(hf_buf_printf(out, "not an image load event, "));
        return describe_hex(data, out);
    }
    HF_TRY(hf_buf_printf(out, "image at 0x%llx, %llu bytes, path ", (unsigned long long)address,
                         (unsigned long long)length));
    return hf_efi_device_path_print(path, out);
}

/* UEFI_GPT_DATA, 10.4.4 */
static hf_err describe_gpt(struct hf_bytes data, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(data);
    uint8_t disk[16];
    char guid[HF_GUID_TEXT];
    uint64_t count;

    hf_rd_skip(&r, 56);
    hf_rd_copy(&r, disk, sizeof(disk)); /* 56 DiskGUID of the UEFI_PARTITION_TABLE_HEADER */
    hf_rd_skip(&r, 20);
    count = hf_rd_u64le(&r); /* 92 NumberOfPartitions */
    if (hf_rd_err(&r) != HF_OK || count != hf_rd_left(&r) / 128 || hf_rd_left(&r) % 128) {
        HF_TRY(hf_buf_printf(out, "not a partition table, "));
        return describe_hex(data, out);
    }
    hf_guid_print(disk, guid);
    return hf_buf_printf(out, "disk %s, %llu partitions", guid, (unsigned long long)count);
}

/* UEFI_PLATFORM_FIRMWARE_BLOB and, where a description precedes it, ..._BLOB2 (10.2.1, 10.2.2) */
static hf_err describe_blob(struct hf_bytes data, bool described, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(data);
    struct hf_bytes description = {NULL, 0};
    uint64_t base, length;

    if (described)
        description = hf_rd_view(&r, hf_rd_u8(&r));
    base = hf_rd_u64le(&r);
    length = hf_rd_u64le(&r);
    if (hf_rd_end(&r) != HF_OK)
        return describe_text(data, out); /* EV_POST_CODE is often plain text */
    if (described) {
        HF_TRY(hf_ascii_print(description, out));
        HF_TRY(hf_buf_printf(out, ": "));
    }
    return hf_buf_printf(out, "blob at 0x%llx, %llu bytes", (unsigned long long)base, (unsigned long long)length);
}

static hf_err describe_separator(struct hf_bytes data, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(data);
    uint32_t value = hf_rd_u32le(&r);

    if (hf_rd_end(&r) != HF_OK)
        return describe_hex(data, out);
    if (value == 0 || value == 0xffffffff)
        return hf_buf_printf(out, "separator 0x%08x", value);
    return hf_buf_printf(out, "error 0x%08x", value);
}

static hf_err describe_no_action(const struct hf_tcg_event *event, struct hf_buf *out)
{
    uint8_t locality = 0;
    struct hf_bytes signature = {event->data.p, event->data.n < 16 ? event->data.n : 16};

    if (hf_tcg_startup_locality(event, &locality))
        return hf_buf_printf(out, "startup locality %u", locality);
    signature = without_nul(signature);
    if (!is_ascii(signature))
        return describe_hex(event->data, out);
    HF_TRY(hf_ascii_print(signature, out));
    return hf_buf_printf(out, ", %zu bytes", event->data.n);
}

/* TCG_PCClientTaggedEvent, 10.2.5 */
static hf_err describe_tagged(struct hf_bytes data, struct hf_buf *out)
{
    struct hf_reader r = hf_reader(data);
    uint32_t id = hf_rd_u32le(&r);
    struct hf_bytes tagged = hf_rd_view(&r, hf_rd_u32le(&r));

    if (hf_rd_end(&r) != HF_OK)
        return describe_hex(data, out);
    HF_TRY(hf_buf_printf(out, "tag 0x%08x: ", id));
    return describe_text(tagged, out);
}

hf_err hf_tcg_event_describe(const struct hf_tcg_event *event, struct hf_buf *out)
{
    switch (event->type) {
    case HF_EV_NO_ACTION:
        return describe_no_action(event, out);
    case HF_EV_SEPARATOR:
        return describe_separator(event->data, out);
    case HF_EV_EVENT_TAG:
        return describe_tagged(event->data, out);
    case HF_EV_EFI_VARIABLE_DRIVER_CONFIG:
    case HF_EV_EFI_VARIABLE_BOOT:
    case HF_EV_EFI_VARIABLE_BOOT2:
    case HF_EV_EFI_VARIABLE_AUTHORITY:
    case HF_EV_EFI_SPDM_DEVICE_POLICY:
    case HF_EV_EFI_SPDM_DEVICE_AUTHORITY:
        return describe_variable(event->data, out);
    case HF_EV_EFI_BOOT_SERVICES_APPLICATION:
    case HF_EV_EFI_BOOT_SERVICES_DRIVER:
    case HF_EV_EFI_RUNTIME_SERVICES_DRIVER:
        return describe_image(event->data, out);
    case HF_EV_EFI_GPT_EVENT:
    case HF_EV_EFI_GPT_EVENT2:
        return describe_gpt(event->data, out);
    case HF_EV_POST_CODE:
    case HF_EV_EFI_PLATFORM_FIRMWARE_BLOB:
        return describe_blob(event->data, false, out);
    case HF_EV_POST_CODE2:
    case HF_EV_EFI_PLATFORM_FIRMWARE_BLOB2:
        return describe_blob(event->data, true, out);
    case HF_EV_ACTION:
    case HF_EV_EFI_ACTION:
    case HF_EV_IPL:
    case HF_EV_S_CRTM_CONTENTS:
    case HF_EV_S_CRTM_VERSION:
    case HF_EV_COMPACT_HASH:
    case HF_EV_OMIT_BOOT_DEVICE_EVENTS:
    case HF_EV_NONHOST_INFO:
        return describe_text(event->data, out);
    default:
        return describe_hex(event->data, out);
    }
}
