/*
 * SIGSTRUCT: an enclave author's signature over a measurement. Intel SDM volume 3D, 38.13. Little-endian, the RSA
 * numbers too.
 */
#ifndef HF_EVIDENCE_SGX_SIGSTRUCT_H
#define HF_EVIDENCE_SGX_SIGSTRUCT_H

#include "evidence/inspect.h"

#define HF_SGX_SIGSTRUCT_SIZE 1808
#define HF_SGX_RSA_SIZE 384
#define HF_SGX_SIGSTRUCT_DEBUG 0x80000000u /* of `type` */
#define HF_SGX_VENDOR_INTEL 0x8086u

/* Views point into the input. */
struct hf_sgx_sigstruct {
    uint32_t type;   /* bit 31: debug */
    uint32_t vendor; /* 0x8086 Intel, 0 others */
    uint32_t date;   /* BCD: 0xYYYYMMDD */
    uint32_t sw_defined;
    struct hf_bytes modulus; /* 384 */
    uint32_t exponent;       /* 3 */
    struct hf_bytes signature;
    uint32_t misc_select, misc_mask;
    uint8_t cet, cet_mask;
    uint8_t isv_family_id[16];
    uint64_t flags, xfrm;
    uint64_t flags_mask, xfrm_mask;
    uint8_t enclave_hash[32]; /* the MRENCLAVE that is signed */
    uint8_t isv_ext_prod_id[16];
    uint16_t isv_prod_id;
    uint16_t isv_svn;
    struct hf_bytes q1, q2; /* helpers of EINIT: they follow from modulus and signature */
};
hf_err hf_sgx_sigstruct_parse(struct hf_bytes in, struct hf_sgx_sigstruct *out);

/* Views that are empty are written as zeros. HF_E_ARG for one of another length. */
hf_err hf_sgx_sigstruct_write(const struct hf_sgx_sigstruct *s, uint8_t out[HF_SGX_SIGSTRUCT_SIZE]);

/* The two ranges that the signature is over, of a whole SIGSTRUCT: [0,128) and [900,1028). */
#define HF_SGX_SIGSTRUCT_PARTS 2
hf_err hf_sgx_sigstruct_signed(struct hf_bytes in, struct hf_bytes parts[HF_SGX_SIGSTRUCT_PARTS]);

/* MRSIGNER: SHA-256 of the modulus as it is stored. */
hf_err hf_sgx_sigstruct_mr_signer(const struct hf_sgx_sigstruct *s, uint8_t out[32]);

hf_err hf_sgx_sigstruct_inspect(struct hf_bytes in, struct hf_inspect *i);

#endif
