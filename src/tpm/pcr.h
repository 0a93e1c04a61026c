/* PCRs as the neighbours need them: by a parsed selection. */
#ifndef HF_TPM_PCR_H
#define HF_TPM_PCR_H

#include "evidence/pcr.h"
#include "tpm/connection.h"

#include <holdfast/pcr.h>

/* Every register of every bank that is allocated (TPM2_CAP_PCRS). */
hf_err hf_tpm_pcr_banks(struct hf_tpm *tpm, struct hf_pcr_selection *out);

/* The registers of a selection, coherent as hf_tpm_read_pcrs says. */
hf_err hf_tpm_pcr_read(struct hf_tpm *tpm, const struct hf_pcr_selection *sel, struct hf_pcrs *out);

/* The text of a selection (NULL: all that the TPM has), parsed. HF_E_ARG when it selects nothing. */
hf_err hf_tpm_pcr_selection(struct hf_tpm *tpm, const char *text, struct hf_pcr_selection *out);

#endif
