/* AR4SI's trustworthiness vector (draft-ietf-rats-ar4si, 2.3): what a verdict says of eight aspects of an attester. */
#ifndef HF_POLICY_TRUST_VECTOR_H
#define HF_POLICY_TRUST_VECTOR_H

#include "policy/verify.h"

/* The numbers are the claims' keys in CBOR. */
enum hf_trust_claim {
    HF_TRUST_INSTANCE_IDENTITY,
    HF_TRUST_CONFIGURATION,
    HF_TRUST_EXECUTABLES,
    HF_TRUST_FILE_SYSTEM,
    HF_TRUST_HARDWARE,
    HF_TRUST_RUNTIME_OPAQUE,
    HF_TRUST_STORAGE_OPAQUE,
    HF_TRUST_SOURCED_DATA,
    HF_TRUST_CLAIMS,
};

struct hf_trust_vector {
    bool judged[HF_TRUST_CLAIMS]; /* others are left out: nothing was said of them */
    int8_t value[HF_TRUST_CLAIMS];
};

/* "instance-identity". And back: false for a name that is none. */
const char *hf_trust_claim_name(enum hf_trust_claim claim);
bool hf_trust_claim_by_name(struct hf_bytes name, enum hf_trust_claim *out);

/* The tier of a value, and the value that stands for a tier: 0, 2, 32, 96. */
enum hf_verdict_status hf_trust_tier(int64_t value);
int hf_trust_tier_value(enum hf_verdict_status tier);

/* From the rows of the i-th item of a result. */
void hf_trust_vector_of(const struct hf_verify_result *result, size_t i, struct hf_trust_vector *out);

#endif
