/* Operations on policies. */
#ifndef HF_CORE_TPM_POLICY_H
#define HF_CORE_TPM_POLICY_H

#include "core/tpm_keys.h"

#include <holdfast/policy.h>

/* Fill in what a policy leaves open from the TPM; `op` is HF_OP_TPM_POLICY_DIGEST or HF_OP_TPM_POLICY_SHOW. */
hf_err hf_core_tpm_policy_bind(struct hf_core *core, const struct hf_who *who, enum hf_op op, struct hf_policy *policy);

/* What `tpm policy try` finds. */
struct hf_core_policy_trial {
    struct hf_buf digest; /* the TPM's and ours: they agree */
    bool holds;
    char why[512]; /* where it does not */
};

/* Bind, let the TPM compute the digest, and run it. HF_E_MISMATCH when the digests differ. */
hf_err hf_core_tpm_policy_try(struct hf_core *core, const struct hf_who *who, struct hf_policy *policy,
                              const char *hash, const struct hf_policy_answers *answers,
                              struct hf_core_policy_trial *out);

/* Who signs an approval: a private key in software, or one in the TPM. */
struct hf_core_signer {
    const struct hf_secret *pem; /* private key, PEM or DER; NULL: a key in the TPM */
    const struct hf_secret *passphrase;
    const struct hf_core_key *key;
};

/* Approve a policy as it stands, bound to this TPM where it is open. */
hf_err hf_core_tpm_policy_sign(struct hf_core *core, const struct hf_who *who, const struct hf_core_signer *signer,
                               struct hf_policy *policy, const char *hash, struct hf_bytes ref,
                               struct hf_policy_approval **out);

/*
 * Approve a policy until the revocation counter passes its value of now; `supersede`: until it passes the next
 * value, which hf_core_tpm_policy_supersede brings about once the new approval is safe.
 */
struct hf_core_approve {
    const struct hf_core_signer *signer;
    struct hf_policy *policy;
    const char *hash;
    struct hf_bytes ref;
    uint32_t counter;              /* NV index; defined when it is missing */
    const struct hf_secret *owner; /* for defining it */
    bool supersede;
};
hf_err hf_core_tpm_policy_approve(struct hf_core *core, const struct hf_who *who, const struct hf_core_approve *what,
                                  uint64_t *limit, struct hf_policy_approval **out);

/* Increment the counter to `limit`: what was approved for less has ended. */
hf_err hf_core_tpm_policy_supersede(struct hf_core *core, const struct hf_who *who, uint32_t counter, uint64_t limit,
                                    const struct hf_secret *owner);

#endif
