/* What a verification keeps, for those who render and send it. hf_verify itself: <holdfast/verify.h>. */
#ifndef HF_POLICY_VERIFY_H
#define HF_POLICY_VERIFY_H

#include "policy/appraisal.h"
#include "verify/judge.h"

#include <holdfast/verify.h>

struct hf_item_result {
    const struct hf_evidence_format *format;
    char label[64]; /* its prefix in rows; "" with one item */
    enum hf_verdict_status status;
    struct hf_findings findings;
};

struct hf_verify_result {
    struct hf_evidence_set set; /* what claims point into */
    struct hf_verdict verdict;
    size_t n;
    struct hf_item_result item[HF_EVIDENCE_ITEMS_MAX];
    struct hf_horizon horizon; /* of all of them */
    hf_time at;
    bool has_nonce; /* one was given, and every item that could carry it does */
    struct hf_digest nonce;
    enum hf_recipe recipe; /* by which it had to stand in the evidence */
    char policy[64]; /* its name; "" without one */
    uint8_t policy_sha256[32];
};

/* hf_verifier_set_policy with what a file held; `source` is its name, which the policy bears unless it says another. */
hf_err hf_verifier_set_policy_from(struct hf_verifier *verifier, struct hf_bytes name_or_text, const char *source);

/* A claim of any item: the first that has it. */
const struct hf_claim *hf_verify_result_find(const struct hf_verify_result *r, const char *name);

#endif
