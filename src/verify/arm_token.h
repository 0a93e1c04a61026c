/* What the verifiers of CCA and PSA tokens share: signatures of COSE messages, keys that the caller vouches for, and
 * the claims of a platform. */
#ifndef HF_VERIFY_ARM_TOKEN_H
#define HF_VERIFY_ARM_TOKEN_H

#include "codec/cose.h"
#include "evidence/arm_claims.h"
#include "verify/judge.h"

/* Is it the key's signature over the message as it came? The algorithm is the protected header's; its curve must be
 * the key's. HF_E_MISMATCH, HF_E_UNSUPPORTED, HF_E_KEY_TYPE. */
hf_err hf_arm_signature(const struct hf_cose_sign1 *msg, const struct hf_pubkey *key);

/*
 * Row "signature": by a key among the verifier's endorsements, bare or in a certificate; those that travelled with
 * the evidence vouch for nothing. For a certificate also the rows of its chain, to a root that the caller gave.
 */
void hf_arm_judge_signature(const struct hf_judge *j, const struct hf_cose_sign1 *msg,
                            const struct hf_arm_claims *claims, struct hf_verdict *v, struct hf_findings *f);

/* Rows "lifecycle" and "debug". */
void hf_arm_judge_lifecycle(const struct hf_arm_claims *claims, struct hf_verdict *v, struct hf_findings *f);

/* Row "unknown claims": those that nobody here knows, which RFC 9711 has receivers pass over; told all the same. */
void hf_arm_judge_unknown(struct hf_cbor map, size_t n, bool (*known)(int64_t key), const char *row,
                          struct hf_verdict *v);

/* The platform's claims, for the findings. */
void hf_arm_claims_of(const struct hf_arm_claims *claims, struct hf_claims *out);

#endif
