/* A key's policy, run before each use. */
#include "tpm/key.h"
#include "tpm/policy_run.h"

hf_err hf_tpm_key_policy_session(struct hf_tpm_key *key, struct hf_tpm_session **out)
{
    return hf_policy_run(key->tpm, key->policy, (enum hf_hash_alg)key->pub.nameAlg, key->answers, out);
}

void hf_tpm_key_set_answers(struct hf_tpm_key *key, const struct hf_policy_answers *answers)
{
    key->answers = answers;
}
