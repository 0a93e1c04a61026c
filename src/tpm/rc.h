/* Response codes, taken apart (Part 2, 6.6; TSS 2.0 Overview and Common Structures, 3). */
#ifndef HF_TPM_RC_H
#define HF_TPM_RC_H

#include "base/error.h"

#include <stdbool.h>

enum hf_tpm_rc_points_at { HF_TPM_RC_NOTHING, HF_TPM_RC_HANDLE, HF_TPM_RC_SESSION, HF_TPM_RC_PARAMETER };

struct hf_tpm_rc {
    const char *layer; /* "TPM", or which part of a software stack said it: "TCTI", "resource manager" */
    bool from_tpm;     /* a TPM's code, also when a layer above passed it on */
    const char *name;  /* "TPM_RC_SCHEME"; NULL when unknown */
    enum hf_tpm_rc_points_at points_at;
    unsigned number;   /* of the handle, session or parameter, from 1; 0: not said */
    hf_err err;        /* what it amounts to; HF_E_DEVICE when unknown */
    const char *cause; /* "the authorization is wrong": never NULL */
    const char *hint;  /* what to do; NULL where nothing helps in general */
};

struct hf_tpm_rc hf_tpm_rc_decode(uint32_t rc);

#endif
