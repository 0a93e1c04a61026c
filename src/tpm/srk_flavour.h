/* Which of the keys that are called "the SRK" stands at 0x81000001. */
#ifndef HF_TPM_SRK_FLAVOUR_H
#define HF_TPM_SRK_FLAVOUR_H

#include "tpm/connection.h"

/* Same curve, different template, different key: blobs made under one do not load under another. */
enum hf_tpm_srk_flavour {
    HF_TPM_SRK_NONE,    /* nothing is there */
    HF_TPM_SRK_KEYFILE, /* the TSS2 key file's and systemd's: unique empty */
    HF_TPM_SRK_TCG,     /* the TCG's and Windows': unique of zeros */
    HF_TPM_SRK_TOOLS,   /* tpm2-tools' default: not noDA */
    HF_TPM_SRK_OTHER,   /* a storage key of another template */
    HF_TPM_SRK_UNSEEN,  /* a storage key; the owner's authorization hides which */
    HF_TPM_SRK_FOREIGN, /* no storage key at all */
};

/* Looks, and makes primaries to compare with; makes nothing persistent. `algorithm` ("ecc-p256") for those that are
 * there. */
hf_err hf_tpm_srk_classify(struct hf_tpm *tpm, enum hf_tpm_srk_flavour *out, char algorithm[16]);

#endif
