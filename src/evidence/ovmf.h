/*
 * What a guest firmware image says to the VMM about SEV: the GUIDed table that ends 32 bytes before the image's end,
 * and the SEV metadata that it points to. edk2, OvmfPkg/ResetVector (Ia16/ResetVectorVtf0.asm,
 * X64/OvmfSevMetadata.asm). Coconut-SVSM images carry the same. Little-endian.
 */
#ifndef HF_EVIDENCE_OVMF_H
#define HF_EVIDENCE_OVMF_H

#include "base/bytes.h"

#define HF_OVMF_PAGE 4096
#define HF_OVMF_SECTIONS_MAX 64

enum hf_ovmf_section_type {
    HF_OVMF_SNP_MEMORY = 1,
    HF_OVMF_SNP_SECRETS = 2,
    HF_OVMF_CPUID = 3,
    HF_OVMF_SVSM_CAA = 4,
    HF_OVMF_KERNEL_HASHES = 0x10,
};

struct hf_ovmf_section {
    uint32_t gpa, size, type;
};

struct hf_ovmf {
    struct hf_bytes image; /* a view */
    bool has_table;        /* the table is there at all */
    bool has_reset;
    uint32_t reset_eip; /* where further vCPUs start */
    bool has_hashes;
    uint32_t hashes_gpa, hashes_size; /* where the VMM puts the hashes of kernel, initrd and command line */
    bool has_svsm;
    uint32_t svsm_launch; /* an SVSM's entry point, from its start */
    bool has_metadata;
    size_t n;
    struct hf_ovmf_section section[HF_OVMF_SECTIONS_MAX];
};

/* An image without the table is HF_OK with has_table false. HF_E_FORMAT for a table or metadata that do not fit
 * together, or a metadata version other than 1; HF_E_TRUNCATED where they point outside; HF_E_LIMIT. */
hf_err hf_ovmf_parse(struct hf_bytes image, struct hf_ovmf *out);

/* Append the last page of an image that says this: table, metadata, zeros. For tests, and tools that build images. */
hf_err hf_ovmf_write(const struct hf_ovmf *ovmf, struct hf_buf *out);

/* The section of a type; NULL where there is none. */
const struct hf_ovmf_section *hf_ovmf_find(const struct hf_ovmf *ovmf, enum hf_ovmf_section_type type);

/* Hashes of what is booted directly, without a boot loader. */
struct hf_sev_kernel {
    uint8_t kernel[32], initrd[32], command_line[32]; /* SHA-256; of no initrd, of nothing; the command line with NUL */
};
hf_err hf_sev_kernel_hash(struct hf_bytes kernel, struct hf_bytes initrd, const char *command_line,
                          struct hf_sev_kernel *out);

/* The table of them as QEMU puts it into guest memory: 168 bytes, padded to 176. */
#define HF_SEV_HASH_TABLE_SIZE 176
void hf_sev_hash_table(const struct hf_sev_kernel *kernel, uint8_t out[HF_SEV_HASH_TABLE_SIZE]);

#endif
