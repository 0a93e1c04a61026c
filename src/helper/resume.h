/*
 * The volatile state between two processes of one boot of the machine: with it PCRs, saved contexts
 * and sessions outlive an idle end, as they would on a chip. It is deleted when it is read, so that
 * it cannot be replayed, and belongs to exactly one permanent state.
 */
#ifndef HF_HELPER_RESUME_H
#define HF_HELPER_RESUME_H

#include "helper/state.h"

/* Delete the volatile state, and give it where it belongs to this permanent state and this boot;
 * *resume stays empty otherwise. */
hf_err hf_resume_take(struct hf_tpm_state *state, struct hf_bytes permanent, struct hf_buf *resume,
                      struct hf_buf *extra);

hf_err hf_resume_keep(struct hf_tpm_state *state, struct hf_bytes permanent, struct hf_bytes resume,
                      struct hf_bytes extra);

#endif
