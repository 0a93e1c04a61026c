/* Keys and signatures of policies: PEM public keys as the TPM sees them, TPMT_SIGNATURE. */
#ifndef HF_TPM_POLICY_SIGNATURE_H
#define HF_TPM_POLICY_SIGNATURE_H

#include "base/reader.h"
#include "crypto/pubkey.h"
#include "tpm/types.h"

/*
 * Append TPMT_PUBLIC of an outside key, as TPM2_LoadExternal takes it: nameAlg SHA-256, attributes
 * userWithAuth | decrypt | sign, no scheme, exponent 0. These are the choices of TSS2 key files, so that the
 * Name, and with it a policy, is the same. RSA with exponent 65537, P-256, P-384, P-521.
 */
hf_err hf_policy_key_public(const struct hf_pubkey *key, struct hf_buf *out);

/* The key of a TPMT_PUBLIC in software, for checking signatures here. HF_E_UNSUPPORTED for other kinds. */
hf_err hf_policy_key_software(struct hf_bytes tpmt_public, struct hf_pubkey **out);

/*
 * Append TPMT_SIGNATURE (Part 2, 11.3.4) of a signature made in software: RSASSA as the block, ECDSA as
 * r || s.
 */
hf_err hf_policy_signature_write(const struct hf_pubkey *key, enum hf_hash_alg hash, struct hf_bytes sig,
                                 struct hf_buf *out);

/* The rest of a reader as TPMT_SIGNATURE, checked; nothing for TPM_ALG_NULL. */
hf_err hf_policy_signature_read(struct hf_reader *r, struct hf_buf *out);

/* Is a TPMT_SIGNATURE the key's over this digest? HF_E_MISMATCH: no. */
hf_err hf_policy_signature_verify(const struct hf_pubkey *key, struct hf_bytes tpmt_signature, struct hf_bytes digest);

/* The hash that a TPMT_SIGNATURE was made with. */
hf_err hf_policy_signature_hash(struct hf_bytes tpmt_signature, enum hf_hash_alg *out);

#endif
