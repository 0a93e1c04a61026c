/*
 * SPDM 1.1 (DMTF DSP0274): a GET_MEASUREMENTS request and the MEASUREMENTS response to it, one behind the other, as
 * NVIDIA's GPUs and switches report; and the fields in its opaque data, which NVIDIA defines.
 */
#ifndef HF_EVIDENCE_SPDM_H
#define HF_EVIDENCE_SPDM_H

#include "base/reader.h"
#include "evidence/table.h"

#define HF_SPDM_REQUEST 37   /* bytes of the request */
#define HF_SPDM_SIGNATURE 96 /* r || s on P-384 */
#define HF_SPDM_NONCE 32

/* Views lie in the input. */
struct hf_spdm_report {
    struct hf_bytes nonce;  /* the requester's */
    uint8_t slot;           /* of the certificate chain */
    uint8_t param1;         /* of the response: reserved where all blocks are asked for */
    uint8_t n_blocks;       /* as the response counts them */
    struct hf_bytes record; /* measurement blocks */
    struct hf_bytes responder_nonce;
    struct hf_bytes opaque;
    struct hf_bytes signature;
    struct hf_bytes signed_bytes; /* everything before the signature, request included */
    struct hf_bytes stray;        /* at most one byte behind it, which reports in use have; not signed */
};

/* The input is one report. HF_E_UNSUPPORTED for other versions of SPDM and requests that ask for less. */
hf_err hf_spdm_report_parse(struct hf_bytes in, struct hf_spdm_report *out);

/* Append it. */
hf_err hf_spdm_report_write(const struct hf_spdm_report *report, struct hf_buf *out);

/* DMTF measurement (10.11.1): what a block holds. */
struct hf_spdm_block {
    uint8_t index; /* from 1 */
    uint8_t type;  /* bit 7: as it is; else a digest */
    struct hf_bytes value;
    struct hf_bytes whole;
};

/* The next block of a record that was parsed; false at the end. */
bool hf_spdm_block_next(struct hf_reader *record, struct hf_spdm_block *out);
void hf_spdm_block_write(uint8_t index, uint8_t type, struct hf_bytes value, struct hf_buf *out, hf_err *err);

/* The block of an index; HF_E_NOT_FOUND. */
hf_err hf_spdm_block_find(const struct hf_spdm_report *report, uint8_t index, struct hf_spdm_block *out);

/* NVIDIA's opaque fields. */
enum hf_nvidia_field {
    HF_NVIDIA_DRIVER_VERSION = 3, /* text with a NUL */
    HF_NVIDIA_GPU_INFO = 4,
    HF_NVIDIA_SKU = 5,
    HF_NVIDIA_VBIOS_VERSION = 6,  /* 8 bytes on GPUs, text on switches */
    HF_NVIDIA_NVDEC0_STATUS = 11, /* 0xaa on, 0x55 off: then measurement 35 of a RIM is not compared */
    HF_NVIDIA_MEASUREMENT_COUNTS = 12,
    HF_NVIDIA_BOARD_ID = 14,
    HF_NVIDIA_CHIP_SKU = 15,
    HF_NVIDIA_CHIP_SKU_MOD = 16,
    HF_NVIDIA_PROJECT = 17,
    HF_NVIDIA_PROJECT_SKU = 18,
    HF_NVIDIA_PROJECT_SKU_MOD = 19,
    HF_NVIDIA_FWID = 20, /* SHA-384 of the firmware that holds the signing key */
    HF_NVIDIA_PROTECTED_PCIE = 21,
    HF_NVIDIA_SWITCH_PDI = 22, /* 8 bytes each: a GPU's switches, a switch's own */
    HF_NVIDIA_OPAQUE_VERSION = 34,
    HF_NVIDIA_CHIP_INFO = 35,
    HF_NVIDIA_FEATURE_FLAG = 36,
};

struct hf_nvidia_opaque {
    bool header; /* "NVDAOD" in front: entries then have a value type */
    uint8_t major, minor;
};

struct hf_spdm_field {
    uint16_t type;
    uint16_t value_type; /* 0 without a header */
    struct hf_bytes value;
    struct hf_bytes whole;
};

/* All of the opaque data is fields, no type twice, of a version that is known. */
hf_err hf_nvidia_opaque_parse(struct hf_bytes opaque, struct hf_nvidia_opaque *out);

/* The next field of opaque data that was parsed; start with {0} in *at. False at the end. */
bool hf_nvidia_field_next(struct hf_bytes opaque, size_t *at, struct hf_spdm_field *out);

/* A field's value; HF_E_NOT_FOUND. */
hf_err hf_nvidia_field(struct hf_bytes opaque, uint16_t type, struct hf_bytes *out);

/* "driver version"; NULL for one that has no name. */
const char *hf_nvidia_field_name(uint16_t type);

/* A text field up to its first NUL; empty when absent. */
struct hf_bytes hf_nvidia_text(struct hf_bytes opaque, uint16_t type);

/* "96.00.5E.00.01", as RIMs write it; "" when absent or of no known form. */
#define HF_NVIDIA_VERSION_TEXT 48
void hf_nvidia_vbios(struct hf_bytes opaque, char out[HF_NVIDIA_VERSION_TEXT]);

hf_err hf_spdm_report_inspect(struct hf_bytes in, struct hf_inspect *out);

#endif
