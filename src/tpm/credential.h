/* Credentials: the deterministic part of making one, and the file. */
#ifndef HF_TPM_CREDENTIAL_H
#define HF_TPM_CREDENTIAL_H

#include "tpm/types.h"

#include <holdfast/ek.h>

/* A credential file of tpm2-tools: 0xBADCC0DE, version 1, TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET. Views. */
struct hf_tpm_credential {
    struct hf_bytes id_object; /* TPMS_ID_OBJECT: integrity and encrypted credential */
    struct hf_bytes secret;    /* the seed as it goes to the TPM: an RSA block, or a TPMS_ECC_POINT */
};
hf_err hf_tpm_credential_parse(struct hf_bytes in, struct hf_tpm_credential *out);
hf_err hf_tpm_credential_write(const struct hf_tpm_credential *c, struct hf_buf *out);

/* TPMS_ID_OBJECT for a secret under a seed (Part 1, 24.4 and 24.5): appended. */
hf_err hf_tpm_id_object_make(const TPMT_PUBLIC *ek, struct hf_bytes seed, struct hf_bytes name,
                             const struct hf_secret *secret, struct hf_buf *out);

/* TPMT_PUBLIC of an EK from any of the forms that hf_tpm_make_credential takes: replaced. */
hf_err hf_tpm_ek_public_read(struct hf_bytes in, struct hf_buf *out);

#endif
