/* Policies. */
#include "policy/policy.h"
#include "base/alloc.h"
#include "base/cleanup.h"

struct hf_policy {
    char *name;
};

hf_err hf_policy_parse(struct hf_bytes text, const char *name, struct hf_policy **out)
{
    (void)text;
    (void)name;
    (void)out;
    return hf_fail(HF_E_UNSUPPORTED, "policies are not read yet");
}

hf_err hf_policy_builtin(const char *name, struct hf_policy **out)
{
    (void)out;
    return hf_fail(HF_E_NOT_FOUND, "no built-in policy is called \"%.64s\"", name);
}

void hf_policy_free(struct hf_policy **policy)
{
    if (*policy)
        hf_free(&(*policy)->name);
    hf_free(policy);
}

const char *hf_policy_name(const struct hf_policy *policy)
{
    return policy->name;
}

void hf_policy_apply(const struct hf_policy *policy, struct hf_verify_result *result)
{
    (void)policy;
    (void)result;
}
