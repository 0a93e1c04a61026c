/* The digest that a policy reaches (Part 3, section 23), step by step. */
#ifndef HF_TPM_POLICY_DIGEST_H
#define HF_TPM_POLICY_DIGEST_H

#include "tpm/policy_tree.h"

/* PolicyOR takes 2 to 8 digests (TPML_DIGEST). */
#define HF_POLICY_OR_MAX 8

/* Where a session starts: zeros. */
hf_err hf_policy_digest_start(enum hf_hash_alg alg, struct hf_digest *digest);

/* Extend *digest by one step, branches included. HF_E_ARG when something of it is open. */
hf_err hf_policy_digest_step(enum hf_hash_alg alg, const struct hf_policy_step *step, struct hf_digest *digest);
hf_err hf_policy_digest_steps(enum hf_hash_alg alg, const struct hf_policy_steps *steps, struct hf_digest *digest);

/* The digest of the whole policy. */
hf_err hf_policy_digest_of(const struct hf_policy *policy, enum hf_hash_alg alg, struct hf_digest *out);

/* pcrDigest of a `pcr` step: the hash over its values, or what the text gives. */
hf_err hf_policy_pcr_digest(enum hf_hash_alg alg, const struct hf_policy_step *step, struct hf_digest *out);

/* TPML_PCR_SELECTION into a writer. */
struct hf_writer;
void hf_policy_pcr_selection(const struct hf_policy_pcr *pcr, struct hf_writer *w);

/*
 * An `or` of any width as PolicyOR can say it. Leaves are the digests of the branches; up to 8 in a
 * row go into one PolicyOR, whose digest takes their place, until one is left. A last one that would
 * stand alone moves up as it is. So a leaf's way to the top is a list of PolicyOR commands.
 */
struct hf_policy_or {
    enum hf_hash_alg alg;
    size_t n;               /* of digests on the lowest level */
    struct hf_digest *leaf; /* owned */
};

/* From the digest before the `or`. Free with hf_policy_or_free. */
hf_err hf_policy_or_make(enum hf_hash_alg alg, const struct hf_policy_step *step, const struct hf_digest *before,
                         struct hf_policy_or *out);
void hf_policy_or_free(struct hf_policy_or *or_);

/* The next level up: `in` has n digests, `out` room for as many. */
hf_err hf_policy_or_level(enum hf_hash_alg alg, const struct hf_digest *in, size_t n, struct hf_digest *out,
                          size_t *n_out);

#endif
