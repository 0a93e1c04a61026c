/* Dictionary-attack protection, for those who use authorization values. */
#ifndef HF_TPM_LOCKOUT_H
#define HF_TPM_LOCKOUT_H

#include "tpm/connection.h"

#include <holdfast/platform.h>

/* After a failed use: where it was a wrong value that counts (TPM_RC_AUTH_FAIL), the detail also says how many tries
 * are left. Returns `err`. Costs a question to the TPM in that case only. */
hf_err hf_tpm_tries_left(struct hf_tpm *tpm, hf_err err);

/* HF_E_DENIED where the lockout authorization can be foreseen to fail, and harm. The connection is taken. */
hf_err hf_tpm_lockout_foresee(struct hf_tpm *tpm, const struct hf_secret *auth, bool force);

/* After a command by the lockout authorization: remember that it was wrong, or that it was right. Returns `err`. */
hf_err hf_tpm_lockout_remember(struct hf_tpm *tpm, hf_err err);

/* TPM_RH_* of an authority. */
uint32_t hf_tpm_authority_handle(enum hf_tpm_authority authority);

#endif
