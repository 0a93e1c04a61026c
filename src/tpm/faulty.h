/*
 * For tests: a transport that passes everything on to another one and breaks what a script says.
 * Not part of the library: it is compiled into the tests alone.
 *
 *     static const struct hf_tpm_fault script[] = {
 *         {.kind = HF_TPM_FAULT_CODE, .command = TPM2_CC_Sign, .value = TPM2_RC_RETRY, .times = 3},
 *         {.kind = HF_TPM_FAULT_CUT, .skip = 5, .value = 12},
 *     };
 *     OK(hf_tpm_faulty_open(&t, script, HF_COUNT(script), &t));
 */
#ifndef HF_TPM_FAULTY_H
#define HF_TPM_FAULTY_H

#include "tpm/transport.h"

enum hf_tpm_fault_kind {
    HF_TPM_FAULT_CODE,    /* response code `value` instead of an answer; the command is not executed */
    HF_TPM_FAULT_CUT,     /* the answer ends after `value` bytes */
    HF_TPM_FAULT_LONG,    /* `value` bytes more than its size field says; past the place only in number */
    HF_TPM_FAULT_GARBAGE, /* an answer of `value` bytes 0xa5 */
    HF_TPM_FAULT_FLIP,    /* bit `value` of the answer is inverted (bit 0 is the lowest of byte 0) */
    HF_TPM_FAULT_SILENCE, /* HF_E_TIMEOUT at once, and the connection is dead; executed */
    HF_TPM_FAULT_DEATH,   /* HF_E_UNAVAILABLE, and the connection is dead; not executed */
    HF_TPM_FAULT_LOSS,    /* the same after the command was executed */
    HF_TPM_FAULT_DELAY,   /* the answer comes `value` milliseconds later */
    HF_TPM_FAULT_REORDER, /* the answer to the command before this one, as it came */
};

struct hf_tpm_fault {
    enum hf_tpm_fault_kind kind;
    uint32_t command; /* only for this command code; 0: for any */
    uint32_t skip;    /* let so many such commands pass first */
    uint32_t times;   /* break so many; 0: one */
    uint32_t value;
};

#define HF_TPM_FAULTS_MAX 32

/* Wrap *inner, taking ownership; `out` may be the same place. The script is copied. Every fault
 * counts for itself; where several fit one command, the first of the script is the one. */
hf_err hf_tpm_faulty_open(struct hf_tpm_transport **inner, const struct hf_tpm_fault *script, size_t n,
                          struct hf_tpm_transport **out);

/* Replace the script and start counting afresh; n may be 0. A dead connection stays dead. */
hf_err hf_tpm_faulty_script(struct hf_tpm_transport *t, const struct hf_tpm_fault *script, size_t n);

/* Commands seen, and commands broken, since opening. */
unsigned hf_tpm_faulty_seen(const struct hf_tpm_transport *t);
unsigned hf_tpm_faulty_broken(const struct hf_tpm_transport *t);

/* The code of the n-th command seen, from 0; 0 past the last one kept (of the first 1,024). */
uint32_t hf_tpm_faulty_command(const struct hf_tpm_transport *t, unsigned n);

#endif
