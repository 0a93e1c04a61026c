/* The inside of NV: an index opened for one command. */
#ifndef HF_TPM_NV_H
#define HF_TPM_NV_H

#include "tpm/connection.h"

#include <holdfast/nv.h>

/* An index, and who may use it. Closed with hf_tpm_nv_access_close. */
struct hf_tpm_nv_access {
    TPMS_NV_PUBLIC pub;
    struct hf_tpm_entity index;
    struct hf_tpm_entity who; /* index or hierarchy */
    struct hf_tpm_auth auth;
    struct hf_tpm_session *session; /* of its policy */
};
void hf_tpm_nv_access_close(struct hf_tpm_nv_access *access);

/* Its public area and Name; HF_E_NOT_FOUND names the index. */
hf_err hf_tpm_nv_look(struct hf_tpm *tpm, uint32_t index, TPMS_NV_PUBLIC *pub, struct hf_tpm_name *name);

/* Choose by attributes who authorizes, and satisfy the policy where that is it. The connection is taken. */
hf_err hf_tpm_nv_access_open(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth, bool write,
                             struct hf_tpm_nv_access *out);

/* n bytes from an offset lie in the index: HF_E_ARG with the numbers where they do not. */
hf_err hf_tpm_nv_range_check(const TPMS_NV_PUBLIC *pub, size_t offset, size_t n);

/* The largest piece of data in one command: TPM_PT_NV_BUFFER_MAX, and what a command carries. */
hf_err hf_tpm_nv_piece(struct hf_tpm *tpm, size_t *out);

static inline unsigned hf_tpm_nv_kind_of(uint32_t attributes)
{
    return (attributes & TPMA_NV_TPM2_NT_MASK) >> TPMA_NV_TPM2_NT_SHIFT;
}

/* Who an index belongs to, by the TCG's registry of handles. */
void hf_tpm_nv_owner(uint32_t index, uint32_t attributes, char *out, size_t size);

#endif
