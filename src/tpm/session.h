/* Sessions: salted with a pinned key, AES-128-CFB both ways, HMAC-SHA256 (Part 1, 17 to 21). */
#ifndef HF_TPM_SESSION_H
#define HF_TPM_SESSION_H

#include "tpm/call.h"

/* A policy session for real use (trial false) or for asking the TPM what a digest would be. Salted
 * like all others. Closing flushes it. */
hf_err hf_tpm_policy_open(struct hf_tpm *tpm, enum hf_hash_alg alg, bool trial, struct hf_tpm_session **out);
void hf_tpm_session_close(struct hf_tpm_session **s);

/* As a handle of policy commands: entity with Name = handle. */
struct hf_tpm_entity hf_tpm_session_entity(const struct hf_tpm_session *s);

/* After PolicyAuthValue or PolicyPassword: the session's HMACs include the entity's value. */
void hf_tpm_session_needs_auth(struct hf_tpm_session *s, bool needs);

/* The nonceTPM that signed and secret policies cover. */
struct hf_bytes hf_tpm_session_nonce_tpm(const struct hf_tpm_session *s);

/* KDFa and KDFe (Part 1, 11.4.10), bits a multiple of 8. */
hf_err hf_tpm_kdfa(enum hf_hash_alg alg, struct hf_bytes key, const char *label, struct hf_bytes u, struct hf_bytes v,
                   size_t bits, uint8_t *out);
hf_err hf_tpm_kdfe(enum hf_hash_alg alg, struct hf_bytes z, const char *label, struct hf_bytes u, struct hf_bytes v,
                   size_t bits, uint8_t *out);

#endif
