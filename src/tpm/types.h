/*
 * TPM types. Constants and structures are the TCG's (TPM 2.0 Library Specification Part 2, revision
 * 1.59) as tss2_tpm2_types.h writes them down. Marshalling is our own (tpm/marshal.h), because
 * libtss2-mu logs what it refuses to stderr and accepts what it would write differently; in the tests
 * it is the second opinion.
 *
 * Every parser here is strict: all of `in` is used, what is read writes as the same bytes again, sizes,
 * reserved bits and selectors are checked (HF_E_FORMAT), algorithms must be known (HF_E_UNSUPPORTED).
 * `in` is the inside of a TPM2B: hf_rd_view(&r, hf_rd_u16be(&r)). Writers check the same and append.
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

/* TPMT_PUBLIC. The Name is hashed over the bytes as received; it is empty where nameAlg is NULL. */
hf_err hf_tpm_public_parse(struct hf_bytes in, TPMT_PUBLIC *out);
hf_err hf_tpm_public_write(const TPMT_PUBLIC *pub, struct hf_buf *out);
hf_err hf_tpm_public_name(struct hf_bytes tpmt_public, struct hf_tpm_name *out);

/* The same for TPMS_NV_PUBLIC. */
hf_err hf_tpm_nv_public_parse(struct hf_bytes in, TPMS_NV_PUBLIC *out);
hf_err hf_tpm_nv_public_write(const TPMS_NV_PUBLIC *pub, struct hf_buf *out);
hf_err hf_tpm_nv_public_name(struct hf_bytes tpms_nv_public, struct hf_tpm_name *out);

/* TPMT_SENSITIVE. The structure holds secrets: HF_CLEANUP(hf_tpm_sensitive_wipe). */
hf_err hf_tpm_sensitive_parse(struct hf_bytes in, TPMT_SENSITIVE *out);
hf_err hf_tpm_sensitive_write(const TPMT_SENSITIVE *s, struct hf_secret **out);
void hf_tpm_sensitive_wipe(TPMT_SENSITIVE *s);

/* TPMS_ATTEST. What does not begin with TPM_GENERATED_VALUE is refused. */
hf_err hf_tpm_attest_parse(struct hf_bytes in, TPMS_ATTEST *out);
hf_err hf_tpm_attest_write(const TPMS_ATTEST *a, struct hf_buf *out);

hf_err hf_tpm_signature_parse(struct hf_bytes in, TPMT_SIGNATURE *out);
hf_err hf_tpm_signature_write(const TPMT_SIGNATURE *s, struct hf_buf *out);

hf_err hf_tpm_pcr_selection_parse(struct hf_bytes in, TPML_PCR_SELECTION *out);
hf_err hf_tpm_pcr_selection_write(const TPML_PCR_SELECTION *list, struct hf_buf *out);

hf_err hf_tpm_creation_data_parse(struct hf_bytes in, TPMS_CREATION_DATA *out);
hf_err hf_tpm_creation_data_write(const TPMS_CREATION_DATA *c, struct hf_buf *out);

hf_err hf_tpm_sym_object_parse(struct hf_bytes in, TPMT_SYM_DEF_OBJECT *out);
hf_err hf_tpm_sym_object_write(const TPMT_SYM_DEF_OBJECT *sym, struct hf_buf *out);

/* The inside of a TPM2B_ID_OBJECT: an HMAC of 20 to 64 bytes over the encrypted credential and a Name,
 * and the encrypted credential, 2 to 66 bytes. Views into the input. */
struct hf_tpm_id_object {
    struct hf_bytes integrity;
    struct hf_bytes encrypted;
};
hf_err hf_tpm_id_object_parse(struct hf_bytes in, struct hf_tpm_id_object *out);
hf_err hf_tpm_id_object_write(const struct hf_tpm_id_object *id, struct hf_buf *out);

#endif
