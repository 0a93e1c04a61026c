/* What a verdict is in the words of seed 002: reasons of failure, a status, three yes-or-noes. */
#ifndef HF_POLICY_REASONS_H
#define HF_POLICY_REASONS_H

#include "policy/verify.h"

enum hf_reason {
    HF_REASON_INVALID_QUOTE,
    HF_REASON_INVALID_SIGNATURE,
    HF_REASON_INVALID_CERTIFICATE,
    HF_REASON_EXPIRED_ATTESTATION,
    HF_REASON_INVALID_MEASUREMENTS,
    HF_REASON_REPLAY_ATTACK,
    HF_REASON_UNTRUSTED_PLATFORM,
    HF_REASON_NONCE_MISMATCH,
    HF_REASON_POLICY_VIOLATION,
    HF_REASONS,
};

/* "invalid_quote". Never NULL. */
const char *hf_reason_name(enum hf_reason reason);

/* The reasons of all rows that failed, each once: bit i stands for reason i. */
unsigned hf_reasons(const struct hf_verify_result *result);

/* "valid", "expired", "untrusted", "partial", "invalid". */
const char *hf_reasons_status(const struct hf_verify_result *result);

/* A row's name without its item's label. */
const char *hf_row_name(const struct hf_verify_result *result, const struct hf_check *row);

/* How seed 002 calls a family: "sev" for "snp" too. */
const char *hf_provider_name(const char *family);

/* "low", "medium", "high": of the weakest item. And its environment. */
const char *hf_level_name(enum hf_level level);
enum hf_level hf_result_level(const struct hf_verify_result *result);
enum hf_environment hf_result_environment(const struct hf_verify_result *result);

#endif
