/* Many verdicts summed up, in the shape of seed 002. */
#ifndef HF_POLICY_SUMMARY_H
#define HF_POLICY_SUMMARY_H

#include "policy/reasons.h"

#define HF_SUMMARY_PROVIDERS 16

/* Start with {0}. Fixed in size: any number of verdicts go in. */
struct hf_verify_summary {
    uint64_t total, valid, invalid;
    uint64_t reasons[HF_REASONS];
    size_t n_providers;
    struct {
        char name[16];
        uint64_t valid, invalid;
    } provider[HF_SUMMARY_PROVIDERS];
};

/* NULL: a file that could not be judged; it counts as an invalid quote of provider "unknown". */
void hf_verify_summary_add(struct hf_verify_summary *s, const struct hf_verify_result *result);

/* Add what another one counted: one for each thread or process, and then the sum. */
void hf_verify_summary_merge(struct hf_verify_summary *s, const struct hf_verify_summary *more);

/* Members of the open object. */
void hf_verify_summary_json(const struct hf_verify_summary *s, hf_time now, struct hf_json *j);

#endif
