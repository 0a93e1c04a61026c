/*
 * Keys in files that other programs read: "TSS2 PRIVATE KEY" PEM.
 *
 * Source: ASN.1 Specification for TPM 2.0 Key Files (the TSS2 key file draft): loadable keys
 * 2.23.133.10.1.3, importable keys .4, sealed data .5. Written as strict DER; read tolerantly where files
 * in use are BER or carry a negative parent. Fields that are not known here are kept.
 */
#ifndef HOLDFAST_KEYFILE_H
#define HOLDFAST_KEYFILE_H

#include <holdfast/key.h>
#include <holdfast/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A key from its PEM text. It is loaded on first use, under the parent that the file names: a persistent
 * handle, or a hierarchy, which stands for the P-256 primary that the specification gives a template for.
 * An importable key is imported first. The policy in the file is run before each use.
 *
 * Returns HF_OK, or
 *   HF_E_NOT_FOUND    the text holds no such PEM block
 *   HF_E_FORMAT, HF_E_TRUNCATED, HF_E_TRAILING  the file is damaged; the detail says where
 *   HF_E_UNSUPPORTED  another kind of key, or a policy command that is not known
 *   HF_E_INTEGRITY    the policy in the file does not have the digest that the key carries
 *   HF_E_PARENT       the key is another TPM's, or the parent is gone
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_from_pem(struct hf_tpm *tpm, struct hf_bytes text, struct hf_tpm_key **out);

/* True where the file says that the key's authorization value is not empty. */
HF_API bool hf_tpm_key_needs_auth(const struct hf_tpm_key *key);

/* Write a key made by hf_tpm_generate_key_pair, hf_tpm_seal, hf_tpm_load_key or hf_tpm_key_from_pem. out is
 * replaced. HF_E_KEY_TYPE for primaries and persistent keys: they have no blob. */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_to_pem(struct hf_tpm_key *key, struct hf_buf *out);

/* The policy that opens a key: run before each use, and written into its PEM. A copy is kept. HF_E_MISMATCH
 * when its digest is not the one in the key's public area. */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_set_policy(struct hf_tpm_key *key, const struct hf_policy *policy);

/* A text that describes the key in its PEM ([4] description); NULL: none. */
HF_API HF_MUST_CHECK hf_err hf_tpm_key_set_description(struct hf_tpm_key *key, const char *text);

#ifdef __cplusplus
}
#endif
#endif
