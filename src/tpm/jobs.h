/* The worker behind asynchronous operations. */
#ifndef HF_TPM_JOBS_H
#define HF_TPM_JOBS_H

struct hf_tpm;

/* Finish the running job, cancel those that wait, end the worker. Does nothing without one. */
void hf_tpm_jobs_stop(struct hf_tpm *tpm);

#endif
