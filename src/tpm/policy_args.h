/* The arguments of one step of a policy's text. */
#ifndef HF_TPM_POLICY_ARGS_H
#define HF_TPM_POLICY_ARGS_H

#include "base/text.h"
#include "tpm/policy_lex.h"
#include "tpm/policy_tree.h"

#define HF_POLICY_ARGS_MAX 16

struct hf_policy_args {
    struct hf_policy_token word; /* the step's own */
    struct hf_policy_token item[HF_POLICY_ARGS_MAX];
    size_t n;
    size_t used;                  /* read so far */
    struct hf_policy_token after; /* what ended them */
};

/* Read all of them into a step whose kind is set. */
hf_err hf_policy_args_read(struct hf_policy_args *args, struct hf_policy_step *step);

/* The arguments of `pcr`. */
hf_err hf_policy_args_pcr(struct hf_policy_args *args, struct hf_policy_step *step);

/* The next argument that stands without a name, or a failure that says what was wanted. */
hf_err hf_policy_args_next(struct hf_policy_args *args, const char *wanted, struct hf_policy_token *out);

/* The value of the next argument when it is "name=...": *found tells. Its token starts at the value. */
bool hf_policy_args_named(struct hf_policy_args *args, const char *name, struct hf_policy_token *out);

/* Hex digits of at least one and at most `max` bytes. */
hf_err hf_policy_args_hex(const struct hf_policy_token *t, size_t max, const char *wanted, struct hf_digest *out);

/* HF_OK for 20, 32, 48 and 64 bytes: the digests that a policy can hold. */
hf_err hf_policy_args_digest(const struct hf_policy_token *t, struct hf_digest *out);

#endif
