/* A TPM's signature checked with an attestation key, however key and signature are written. */
#ifndef HF_VERIFY_TPM_SIGNATURE_H
#define HF_VERIFY_TPM_SIGNATURE_H

#include "crypto/pubkey.h"
#include "evidence/tpm_quote.h"

/* The key of a public area. */
hf_err hf_tpm_pub_key(const struct hf_tpm_pub *pub, struct hf_pubkey **out);

/* HF_OK when a public area has this key's numbers, HF_E_MISMATCH when not. */
hf_err hf_tpm_pub_is_key(const struct hf_tpm_pub *pub, const struct hf_pubkey *key);

/* An attestation key: from TPMT_PUBLIC or TPM2B_PUBLIC (then `pub` is filled in and *has_pub is true),
 * or from PEM or SPKI DER. */
hf_err hf_tpm_ak_parse(struct hf_bytes in, struct hf_tpm_pub *pub, bool *has_pub, struct hf_pubkey **key);

/* TPMT_SIGNATURE, or a bare one of the scheme `bare` (alg 0: none) for a key of this kind. */
hf_err hf_quote_signature_any(struct hf_bytes in, struct hf_quote_scheme bare, struct hf_quote_signature *out);

/* Does `key` say that `message` is signed? HF_E_MISMATCH when not. For a bare ECDSA signature, `rsa` of
 * the signature holds DER or r || s. PSS with a salt of any length. */
hf_err hf_quote_signature_verify(const struct hf_pubkey *key, const struct hf_quote_signature *sig,
                                 struct hf_bytes message);

#endif
