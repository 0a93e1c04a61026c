/* A resource manager of this process around a raw transport (hf_tpm_managed_open, tpm/transport.h). */
#ifndef HF_TPM_MANAGED_H
#define HF_TPM_MANAGED_H

#include "tpm/transport.h"

/* Flush every object and session in the TPM that is not this manager's. HF_E_UNSUPPORTED for a transport that is
 * no manager of this process. */
hf_err hf_tpm_managed_flush(struct hf_tpm_transport *t, size_t *flushed);

#endif
