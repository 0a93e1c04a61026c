/* Printing what a doctor found. */
#ifndef HF_CLI_DIAGNOSIS_H
#define HF_CLI_DIAGNOSIS_H

#include "cli/cli.h"
#include "core/tpm_doctor.h"

/* All symptoms; HF_E_WARNED where one is not good. `tpm` may be NULL: no environment is said. */
hf_err hf_cli_diagnosis(struct hf_cli *cli, const struct hf_diagnosis *d, struct hf_tpm *tpm);

#endif
