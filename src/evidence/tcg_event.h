/* What events say: types by name, and their data for people. PC Client Platform Firmware Profile 1.06, 10.4. */
#ifndef HF_EVIDENCE_TCG_EVENT_H
#define HF_EVIDENCE_TCG_EVENT_H

#include "base/bytes.h"
#include "evidence/tcg_log.h"

/* Event types (table 27). */
enum {
    HF_EV_PREBOOT_CERT = 0x0,
    HF_EV_POST_CODE = 0x1,
    HF_EV_UNUSED = 0x2,
    HF_EV_NO_ACTION = 0x3,
    HF_EV_SEPARATOR = 0x4,
    HF_EV_ACTION = 0x5,
    HF_EV_EVENT_TAG = 0x6,
    HF_EV_S_CRTM_CONTENTS = 0x7,
    HF_EV_S_CRTM_VERSION = 0x8,
    HF_EV_CPU_MICROCODE = 0x9,
    HF_EV_PLATFORM_CONFIG_FLAGS = 0xa,
    HF_EV_TABLE_OF_DEVICES = 0xb,
    HF_EV_COMPACT_HASH = 0xc,
    HF_EV_IPL = 0xd,
    HF_EV_IPL_PARTITION_DATA = 0xe,
    HF_EV_NONHOST_CODE = 0xf,
    HF_EV_NONHOST_CONFIG = 0x10,
    HF_EV_NONHOST_INFO = 0x11,
    HF_EV_OMIT_BOOT_DEVICE_EVENTS = 0x12,
    HF_EV_POST_CODE2 = 0x13,
};
#define HF_EV_EFI_VARIABLE_DRIVER_CONFIG 0x80000001u
#define HF_EV_EFI_VARIABLE_BOOT 0x80000002u
#define HF_EV_EFI_BOOT_SERVICES_APPLICATION 0x80000003u
#define HF_EV_EFI_BOOT_SERVICES_DRIVER 0x80000004u
#define HF_EV_EFI_RUNTIME_SERVICES_DRIVER 0x80000005u
#define HF_EV_EFI_GPT_EVENT 0x80000006u
#define HF_EV_EFI_ACTION 0x80000007u
#define HF_EV_EFI_PLATFORM_FIRMWARE_BLOB 0x80000008u
#define HF_EV_EFI_HANDOFF_TABLES 0x80000009u
#define HF_EV_EFI_PLATFORM_FIRMWARE_BLOB2 0x8000000au
#define HF_EV_EFI_HANDOFF_TABLES2 0x8000000bu
#define HF_EV_EFI_VARIABLE_BOOT2 0x8000000cu
#define HF_EV_EFI_GPT_EVENT2 0x8000000du
#define HF_EV_EFI_HCRTM_EVENT 0x80000010u
#define HF_EV_EFI_VARIABLE_AUTHORITY 0x800000e0u
#define HF_EV_EFI_SPDM_FIRMWARE_BLOB 0x800000e1u
#define HF_EV_EFI_SPDM_FIRMWARE_CONFIG 0x800000e2u
#define HF_EV_EFI_SPDM_DEVICE_POLICY 0x800000e3u
#define HF_EV_EFI_SPDM_DEVICE_AUTHORITY 0x800000e4u

/* "EV_SEPARATOR"; NULL for a type that no specification names. */
const char *hf_tcg_event_type_name(uint32_t type);

/* UEFI_VARIABLE_DATA, 10.4.3. The name is UTF-16LE, without a NUL. */
struct hf_efi_variable {
    uint8_t guid[16];
    struct hf_bytes name;
    struct hf_bytes data;
};
hf_err hf_efi_variable_parse(struct hf_bytes event_data, struct hf_efi_variable *out);

/* The name compared with plain text. */
bool hf_efi_variable_named(const struct hf_efi_variable *var, const char *name);

/* True, and the locality, for the EV_NO_ACTION event "StartupLocality" (10.4.5.3); false otherwise. */
bool hf_tcg_startup_locality(const struct hf_tcg_event *event, uint8_t *locality);

/* Append one line, without control characters, that says what the event's data is. Data that does not
 * follow its type's format is shown as hex, and said to be so. */
hf_err hf_tcg_event_describe(const struct hf_tcg_event *event, struct hf_buf *out);

/* "d719b2cb-3d3a-4596-a3bc-dad00e67656f": a GUID in its mixed-endian byte order. */
#define HF_GUID_TEXT 37
void hf_guid_print(const uint8_t guid[16], char out[HF_GUID_TEXT]);

/* Append UTF-16LE, or bytes that should be text, as printable UTF-8: what is neither becomes '?'. */
hf_err hf_utf16_print(struct hf_bytes utf16, struct hf_buf *out);
hf_err hf_ascii_print(struct hf_bytes text, struct hf_buf *out);

/* Append a UEFI device path as text (UEFI 2.10, 10.6), nodes that are not simple as Path(type,subtype,hex). */
hf_err hf_efi_device_path_print(struct hf_bytes path, struct hf_buf *out);

#endif
