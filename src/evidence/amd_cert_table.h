/*
 * The certificate table of an extended SEV-SNP report: {GUID, offset, length} rows, a row of zeros, then the
 * certificates. AMD publication 56421 (GHCB), "SNP Extended Guest Request". GUIDs are stored as Windows does.
 */
#ifndef HF_EVIDENCE_AMD_CERT_TABLE_H
#define HF_EVIDENCE_AMD_CERT_TABLE_H

#include "evidence/inspect.h"

#define HF_AMD_CERT_TABLE_MAX 16

struct hf_amd_cert_row {
    uint8_t guid[16]; /* as stored */
    struct hf_bytes data;
};

/* Views point into the input. */
struct hf_amd_cert_table {
    size_t n;
    struct hf_amd_cert_row row[HF_AMD_CERT_TABLE_MAX];
};

/* HF_E_TRUNCATED where rows or what they point to are cut off, HF_E_FORMAT where a row points into the rows,
 * HF_E_LIMIT. Certificates are not looked into. */
hf_err hf_amd_cert_table_parse(struct hf_bytes in, struct hf_amd_cert_table *out);

/* Append it: rows, then the certificates one after another. */
hf_err hf_amd_cert_table_write(const struct hf_amd_cert_table *table, struct hf_buf *out);

/* Does it begin with a row whose GUID is known? */
bool hf_amd_cert_table_looks(struct hf_bytes in);

/* "VCEK", "VLEK", "ASK", "ARK", "CRL"; NULL for another one. And back: NULL as well. */
const char *hf_amd_guid_name(const uint8_t guid[16]);
const uint8_t *hf_amd_guid(const char *name);

/* Tell its rows; the table lies inside out->whole. */
hf_err hf_amd_cert_table_inspect(struct hf_bytes in, struct hf_inspect *out);

#endif
