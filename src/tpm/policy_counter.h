/* Revocation counters: NV counters that approvals name, so that one increment ends them. */
#ifndef HF_TPM_POLICY_COUNTER_H
#define HF_TPM_POLICY_COUNTER_H

#include "tpm/policy_tree.h"

/* What the counter is now. HF_E_NOT_FOUND when there is none; HF_E_KEY_TYPE when the index is no counter, or
 * is not written yet. */
hf_err hf_policy_counter_read(struct hf_tpm *tpm, uint32_t index, uint64_t *value, struct hf_tpm_name *name);

/* Define it (owner may increment, everybody may read, no lockout) and write it once, so that its Name stays.
 * HF_E_EXISTS, HF_E_FULL. */
hf_err hf_policy_counter_define(struct hf_tpm *tpm, uint32_t index, const struct hf_secret *owner);

hf_err hf_policy_counter_increment(struct hf_tpm *tpm, uint32_t index, const struct hf_secret *owner);

/* Append `nv INDEX name=... ule u64:LIMIT` to a policy. */
hf_err hf_policy_counter_limit(struct hf_policy *policy, uint32_t index, const struct hf_tpm_name *name,
                               uint64_t limit);

#endif
