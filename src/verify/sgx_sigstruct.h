/* Checking an enclave author's signature. */
#ifndef HF_VERIFY_SGX_SIGSTRUCT_H
#define HF_VERIFY_SGX_SIGSTRUCT_H

#include "crypto/pubkey.h"
#include "evidence/sgx_sigstruct.h"

/* The author's key: RSA-3072, exponent 3 (HF_E_FORMAT for another exponent). */
hf_err hf_sgx_sigstruct_key(const struct hf_sgx_sigstruct *s, struct hf_pubkey **out);

/* RSASSA-PKCS1-v1_5 with SHA-256 over the two ranges of `in`, by `key`. HF_E_MISMATCH when it is not so. */
hf_err hf_sgx_sigstruct_signature_check(struct hf_bytes in, const struct hf_sgx_sigstruct *s,
                                        const struct hf_pubkey *key);

/* Q1 and Q2 follow from modulus and signature: a processor refuses others. HF_E_MISMATCH names which does not. */
hf_err hf_sgx_sigstruct_quotients_check(const struct hf_sgx_sigstruct *s);

/* All three of a parsed one. */
hf_err hf_sgx_sigstruct_check(struct hf_bytes in, const struct hf_sgx_sigstruct *s);

/* Q1 and Q2 of a modulus and a signature, all little-endian as in SIGSTRUCT: for those who write one. */
hf_err hf_sgx_sigstruct_quotients(const struct hf_sgx_sigstruct *s, uint8_t q1[HF_SGX_RSA_SIZE],
                                  uint8_t q2[HF_SGX_RSA_SIZE]);

#endif
