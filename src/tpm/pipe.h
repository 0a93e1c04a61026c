/* The inside of a pipe (holdfast/objects.h). */
#ifndef HF_TPM_PIPE_H
#define HF_TPM_PIPE_H

#include "tpm/transport.h"

struct hf_tpm_pipe;

/* A pipe over a transport, which it owns from now on. */
hf_err hf_tpm_pipe_over(struct hf_tpm_transport **t, struct hf_tpm_pipe **out);

#endif
