/*
 * TPM types. Constants and structures are the TCG's (TPM 2.0 Library Specification Part 2, revision
 * 1.59) as tss2_tpm2_types.h writes them down; marshalling is libtss2-mu behind strict slicing.
 */
#ifndef HF_TPM_TYPES_H
#define HF_TPM_TYPES_H

#include "base/bytes.h"
#include "crypto/hash.h"

#include <tss2/tss2_tpm2_types.h>

/* A Name: nameAlg || digest for objects and NV indices, the handle for everything else (Part 1, 16). */
#define HF_TPM_NAME_MAX 66
struct hf_tpm_name {
    size_t n;
    uint8_t bytes[HF_TPM_NAME_MAX];
};

static inline struct hf_bytes hf_tpm_name_bytes(const struct hf_tpm_name *name)
{
    return (struct hf_bytes){name->bytes, name->n};
}

/* Something a command's handle area can refer to. */
struct hf_tpm_entity {
    uint32_t handle;
    struct hf_tpm_name name;
};

/* An entity whose Name is its handle: PCR, hierarchy, session. */
struct hf_tpm_entity hf_tpm_entity_plain(uint32_t handle);

/*
 * TPMT_PUBLIC, strictly: all of `in` is used and writing it again gives the same bytes. The name is
 * hashed over the bytes as received.
 */
hf_err hf_tpm_public_parse(struct hf_bytes in, TPMT_PUBLIC *out);
hf_err hf_tpm_public_write(const TPMT_PUBLIC *pub, struct hf_buf *out);
hf_err hf_tpm_public_name(struct hf_bytes tpmt_public, struct hf_tpm_name *out);

/* The same for TPMS_NV_PUBLIC. */
hf_err hf_tpm_nv_public_parse(struct hf_bytes in, TPMS_NV_PUBLIC *out);
hf_err hf_tpm_nv_public_write(const TPMS_NV_PUBLIC *pub, struct hf_buf *out);
hf_err hf_tpm_nv_public_name(struct hf_bytes tpms_nv_public, struct hf_tpm_name *out);

#endif
