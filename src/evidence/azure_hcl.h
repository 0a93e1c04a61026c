/*
 * What Azure keeps in a confidential VM's TPM (NV index 0x01400001): a hardware report made when the VM was launched,
 * and the runtime data whose hash it carries. Microsoft, "Guest attestation for confidential VMs": a header, 1184
 * bytes for an SEV-SNP report or a TDREPORT, and JSON with the TPM's attestation key. Little-endian.
 */
#ifndef HF_EVIDENCE_AZURE_HCL_H
#define HF_EVIDENCE_AZURE_HCL_H

#include "crypto/pubkey.h"
#include "evidence/table.h"

#define HF_AZURE_HCL_REPORT_AT 0x20
#define HF_AZURE_HCL_REPORT_SIZE 1184 /* room; a TDREPORT takes the first 1024 of it */
#define HF_AZURE_HCL_TDREPORT_SIZE 1024

enum { HF_AZURE_HCL_SNP = 2, HF_AZURE_HCL_TDX = 4 };

/* Views point into the input. */
struct hf_azure_hcl {
    uint32_t version;     /* 1 or 2 */
    uint32_t report_size; /* of all but the zeros at the end */
    uint32_t request_type, status;
    struct hf_bytes room;     /* the 1184 bytes */
    struct hf_bytes hardware; /* the SEV-SNP report or TDREPORT in them */
    uint32_t data_size;       /* of what follows: 20 bytes and the JSON */
    uint32_t data_version;
    uint32_t report_type; /* HF_AZURE_HCL_SNP or _TDX */
    uint32_t hash_type;   /* 1 SHA-256, 2 SHA-384, 3 SHA-512 */
    struct hf_bytes json; /* runtime data, as it is hashed */
    size_t padding;       /* zeros that follow, up to the NV index's size */
};

/* HF_E_FORMAT for another magic, version, report or hash type, or bytes behind that are not zero. */
hf_err hf_azure_hcl_parse(struct hf_bytes in, struct hf_azure_hcl *out);

/* Append the same bytes again. */
hf_err hf_azure_hcl_write(const struct hf_azure_hcl *hcl, struct hf_buf *out);

/* The hash of the runtime data, by the hash type. */
hf_err hf_azure_hcl_digest(const struct hf_azure_hcl *hcl, struct hf_digest *out);

/* The field of the hardware report that carries it: 64 bytes of report data. */
struct hf_bytes hf_azure_hcl_report_data(const struct hf_azure_hcl *hcl);

/* The TPM's attestation key that the runtime data name ("HCLAkPub"). Proves nothing by itself: the hardware report
 * binds it. HF_E_FORMAT, HF_E_NOT_FOUND where there is no such key. */
hf_err hf_azure_hcl_ak(struct hf_bytes hcl, struct hf_pubkey **out);

hf_err hf_azure_hcl_inspect(struct hf_bytes in, struct hf_inspect *out);

#endif
