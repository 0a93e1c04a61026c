/*
 * libtpms in this very process. One TPM a process: libtpms keeps its state in globals. For the
 * program holdfast-tpm, the benchmark's floor and tests; never in the library.
 */
#ifndef HF_TPM_INPROC_H
#define HF_TPM_INPROC_H

#include "tpm/transport.h"

/*
 * Start the TPM from its permanent state (empty: manufacture a new one) and, where `resume` is not
 * empty, from the volatile state of an earlier process, so that it goes on as if it had not stopped.
 * Otherwise TPM2_Startup(CLEAR) is run. HF_E_BUSY when this process has one running already,
 * HF_E_FORMAT when libtpms refuses the state.
 */
hf_err hf_tpm_inproc_start(struct hf_bytes permanent, struct hf_bytes resume, struct hf_tpm_transport **out);

/* The permanent state as libtpms last stored it, valid until the next command. */
struct hf_bytes hf_tpm_inproc_permanent(void);

/* How often libtpms has stored it: unequal numbers before and after a command mean that it changed. */
uint64_t hf_tpm_inproc_generation(void);

/* The volatile state, for `resume`. */
hf_err hf_tpm_inproc_volatile(struct hf_buf *out);

/* For tests: from now on libtpms cannot store (TPM_RC_NV_UNAVAILABLE), or can again. */
void hf_tpm_inproc_fail_stores(bool fail);

/* As a transport of its own: "inproc:", a fresh TPM that is forgotten when closed. */
extern const struct hf_tpm_transport_ops hf_tpm_inproc_ops;

#endif
