/* Many verdicts summed up, in the shape of seed 002. */
#ifndef HF_POLICY_SUMMARY_H
#define HF_POLICY_SUMMARY_H

#include "policy/verify.h"

struct hf_verify_summary {
    uint64_t total, valid, invalid;
};

/* NULL: a file that could not be judged. */
void hf_verify_summary_add(struct hf_verify_summary *s, const struct hf_verify_result *result);

/* Members of the open object. */
void hf_verify_summary_json(const struct hf_verify_summary *s, hf_time now, struct hf_json *j);

#endif
