/* A fresh session salt, and the form in which it goes to the TPM (Part 1, B.10.2 and C.6.4). */
#ifndef HF_TPM_SALT_SECRET_H
#define HF_TPM_SALT_SECRET_H

#include "tpm/types.h"

struct hf_tpm_salt_secret {
    size_t n_key;
    size_t n_sent;
    uint8_t key[HF_DIGEST_MAX]; /* the salt itself; wiped by the caller */
    uint8_t sent[512 + 4];      /* TPM2B_ENCRYPTED_SECRET without its size: an RSA block, or a TPMS_ECC_POINT */
};

/* For a key given as TPMT_PUBLIC: ECC by ECDH and KDFe, RSA by OAEP, with the label "SECRET". */
hf_err hf_tpm_salt_make(struct hf_bytes public_area, struct hf_tpm_salt_secret *out);

/* The same with another label: "DUPLICATE", "IDENTITY" (Part 1, B.10.3, 24.2; TPM2_Import, MakeCredential). */
hf_err hf_tpm_secret_make(struct hf_bytes public_area, const char *label, struct hf_tpm_salt_secret *out);

#endif
