/*
 * Policies inside TSS2 key files (ASN.1 Specification for TPM 2.0 Key Files, section 5):
 *
 *     policy     [1] EXPLICIT SEQUENCE OF TPMPolicy OPTIONAL
 *     authPolicy [3] EXPLICIT SEQUENCE OF TPMAuthPolicy OPTIONAL
 *
 *     TPMPolicy     ::= SEQUENCE { commandCode [0] EXPLICIT INTEGER, commandPolicy [1] EXPLICIT OCTET STRING,
 *                                  branches [2] EXPLICIT SEQUENCE OF TPMAuthPolicy OPTIONAL }
 *     TPMAuthPolicy ::= SEQUENCE { name [0] EXPLICIT UTF8String OPTIONAL, policy [1] EXPLICIT SEQUENCE OF TPMPolicy }
 *
 * The specification describes PolicyPCR, AuthValue, CounterTimer, Locality, Secret and Authorize. For the
 * other commands we follow its rule, the command's parameters as the TPM takes them, with a handle hint and
 * a Name for entities as in PolicySecret; `branches` is ours (docs/policies.md). Readers that do not know
 * them must refuse the key, and do.
 */
#ifndef HF_TPM_POLICY_DER_H
#define HF_TPM_POLICY_DER_H

#include "tpm/policy_tree.h"

/*
 * Append the SEQUENCE OF that stands inside [1], and where the policy has approved alternatives the one
 * inside [3] (nothing otherwise). `alg` is the key's nameAlg.
 *
 * HF_E_ARG when a step is open, or when `signed` or `authorize` has no public key, only a Name.
 */
hf_err hf_policy_to_der(const struct hf_policy *policy, enum hf_hash_alg alg, struct hf_buf *policy_field,
                        struct hf_buf *auth_policy_field);

/*
 * The reverse. auth_policy_field may be empty. Nothing in the result is open. That the digest is the one
 * in the key's public area is for the caller to compare.
 *
 * HF_E_UNSUPPORTED  a command that is not known here: the key cannot be used, its bytes can be kept
 * HF_E_FORMAT       malformed
 * HF_E_INTEGRITY    the alternatives of a PolicyOR are not the digests it lists
 */
hf_err hf_policy_from_der(struct hf_bytes policy_field, struct hf_bytes auth_policy_field, enum hf_hash_alg alg,
                          struct hf_policy **out);

/* One step's commandCode and commandPolicy. `or` has none of its own. */
hf_err hf_policy_body_write(const struct hf_policy_step *step, enum hf_hash_alg alg, uint32_t *code,
                            struct hf_buf *body);

/* The kind that a command code stands for; HF_E_UNSUPPORTED names the command. */
hf_err hf_policy_body_kind(uint32_t code, enum hf_policy_kind *out);

/* Fill in a new step of that kind from its body. */
hf_err hf_policy_body_read(struct hf_bytes body, enum hf_hash_alg alg, struct hf_policy_step *step);

#endif
