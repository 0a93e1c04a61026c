/* What the TPM says of itself (TPM2_GetCapability, Part 3, 30.2). */
#ifndef HF_TPM_CAPS_H
#define HF_TPM_CAPS_H

#include "tpm/connection.h"

/* Called for each tagged property, handle, algorithm, ... until it gives something else than HF_OK. */
typedef hf_err hf_tpm_property_each(void *arg, uint32_t property, uint32_t value);
typedef hf_err hf_tpm_handle_each(void *arg, uint32_t handle);

/* TPM_CAP_TPM_PROPERTIES within [first, first + 0xff]: TPM2_PT_FIXED or TPM2_PT_VAR. */
hf_err hf_tpm_properties(struct hf_tpm *tpm, uint32_t first, hf_tpm_property_each *each, void *arg);

/* One property; HF_E_NOT_FOUND where the TPM does not have it. */
hf_err hf_tpm_property(struct hf_tpm *tpm, uint32_t property, uint32_t *out);

/* TPM_CAP_HANDLES of a type: TPM2_HT_TRANSIENT, TPM2_HT_PERSISTENT, TPM2_HT_NV_INDEX, TPM2_HT_LOADED_SESSION, ... */
hf_err hf_tpm_handles(struct hf_tpm *tpm, uint8_t type, hf_tpm_handle_each *each, void *arg);

/* Learn from the vendor what the TPM is, where its transport could not know. */
hf_err hf_tpm_environment_find(struct hf_tpm *tpm);

/* The raw answer of one capability, at most `count` values from `property`; *more when there are more. */
hf_err hf_tpm_capability(struct hf_tpm *tpm, uint32_t capability, uint32_t property, uint32_t count, struct hf_tpm_call *c,
                         bool *more);

#endif
