/*
 * Approvals: a signature that lets a policy stand in for the key that `authorize` names.
 *
 *     aHash = H(approvedPolicy || policyRef), H being the nameAlg of the signing key (Part 3, 23.16)
 *
 * A file is JSON: {"holdfast": "policy-approval/1", "hash", "policy", "digest", "ref", "name", "key", "signature"}.
 */
#ifndef HF_TPM_POLICY_APPROVAL_H
#define HF_TPM_POLICY_APPROVAL_H

#include "tpm/policy_run.h"
#include "tpm/policy_signature.h"

struct hf_policy_approval {
    enum hf_hash_alg alg;
    struct hf_policy *policy;
    struct hf_digest digest;
    struct hf_policy_ref ref;
    struct hf_pubkey *key;
    struct hf_buf pub; /* TPMT_PUBLIC of key */
    struct hf_tpm_name name;
    struct hf_buf signature; /* TPMT_SIGNATURE */
};

/* aHash for a key of this Name. */
hf_err hf_policy_approval_hash(struct hf_bytes name, const struct hf_digest *approved, const struct hf_policy_ref *ref,
                               struct hf_digest *out);

/* The i-th policy that an `authorize` step could be satisfied with: of the key file, then of the answers. Views. */
struct hf_policy_candidate {
    struct hf_policy_steps steps;
    struct hf_bytes signature;
    struct hf_bytes pub;
};
bool hf_policy_candidate(const struct hf_policy_run *run, const struct hf_policy_step *step, size_t i,
                         struct hf_policy_candidate *out);

/* The policy among the answers that has this digest. */
bool hf_policy_approved_as(const struct hf_policy_run *run, const struct hf_digest *digest,
                           const struct hf_policy_steps **out);

#endif
