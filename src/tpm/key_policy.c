/* A key's policy, run before each use. */
#include "tpm/key.h"

hf_err hf_tpm_key_policy_session(struct hf_tpm_key *key, struct hf_tpm_session **out)
{
    (void)key;
    (void)out;
    return hf_fail(HF_E_UNSUPPORTED, "this build runs no policies");
}
