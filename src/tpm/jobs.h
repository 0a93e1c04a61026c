/* The worker behind asynchronous operations. */
#ifndef HF_TPM_JOBS_H
#define HF_TPM_JOBS_H

struct hf_tpm;
struct hf_tpm_key;

/* The key is about to be closed: its running job is waited for, those that wait end with HF_E_CANCELLED. */
void hf_tpm_jobs_leave(struct hf_tpm_key *key);

/* Finish the running job, cancel those that wait, end the worker. Does nothing without one. */
void hf_tpm_jobs_stop(struct hf_tpm *tpm);

#endif
