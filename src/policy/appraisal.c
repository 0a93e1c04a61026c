/* Appraisal policies. */
#include "policy/appraisal.h"
#include "base/alloc.h"
#include "base/cleanup.h"

struct hf_appraisal {
    char *name;
};

hf_err hf_appraisal_parse(struct hf_bytes text, const char *name, struct hf_appraisal **out)
{
    (void)text;
    (void)name;
    (void)out;
    return hf_fail(HF_E_UNSUPPORTED, "policies are not read yet");
}

hf_err hf_appraisal_builtin(const char *name, struct hf_appraisal **out)
{
    (void)out;
    return hf_fail(HF_E_NOT_FOUND, "no built-in policy is called \"%.64s\"", name);
}

void hf_appraisal_free(struct hf_appraisal **policy)
{
    if (*policy)
        hf_free(&(*policy)->name);
    hf_free(policy);
}

const char *hf_appraisal_name(const struct hf_appraisal *policy)
{
    return policy->name;
}

void hf_appraisal_apply(const struct hf_appraisal *policy, struct hf_verify_result *result)
{
    (void)policy;
    (void)result;
}
