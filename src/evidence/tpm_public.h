/*
 * The public area of a TPM key: TPMT_PUBLIC (TPM 2.0 Library Specification Part 2, 12.2.4), for verifiers:
 * asymmetric keys only, everything else refused by name.
 */
#ifndef HF_EVIDENCE_TPM_PUBLIC_H
#define HF_EVIDENCE_TPM_PUBLIC_H

#include "base/bytes.h"
#include "crypto/hash.h"
#include "evidence/pcr.h"

#include <tss2/tss2_tpm2_types.h>

struct hf_quote_scheme {
    uint16_t alg; /* TPM2_ALG_RSASSA, _RSAPSS, _ECDSA, ...; TPM2_ALG_NULL: any */
    uint16_t hash;
};

/* Views point into the input. */
struct hf_tpm_pub {
    struct hf_bytes whole; /* the TPMT_PUBLIC, whose hash is the Name */
    uint16_t type;         /* TPM2_ALG_RSA or TPM2_ALG_ECC */
    uint16_t name_alg;
    uint32_t attributes; /* TPMA_OBJECT */
    struct hf_bytes policy;
    struct hf_quote_scheme symmetric; /* of a storage key: algorithm and mode; TPM2_ALG_NULL otherwise */
    uint16_t symmetric_bits;
    struct hf_quote_scheme scheme;
    /* RSA */
    uint16_t bits;
    uint32_t exponent; /* as written: 0 stands for 65537 */
    struct hf_bytes modulus;
    /* ECC */
    uint16_t curve; /* TPM2_ECC_CURVE */
    struct hf_quote_scheme kdf;
    struct hf_bytes x, y;
};

/* Read TPMT_PUBLIC or TPM2B_PUBLIC (told apart by the first two bytes), the whole of it. */
hf_err hf_tpm_pub_parse(struct hf_bytes in, struct hf_tpm_pub *out);

/* Append it as TPMT_PUBLIC. */
hf_err hf_tpm_pub_write(const struct hf_tpm_pub *pub, struct hf_buf *out);

/* nameAlg || H(TPMT_PUBLIC), into `out` (up to 66 bytes as a rule; 2 + the hash). */
#define HF_TPM_PUB_NAME_MAX (2 + HF_DIGEST_MAX)
hf_err hf_tpm_pub_name(const struct hf_tpm_pub *pub, uint8_t out[HF_TPM_PUB_NAME_MAX], size_t *n);

/* "fixedtpm|restricted|sign|...": the attributes that are set, as tpm2-tools writes them, into a place of
 * HF_TPM_ATTRIBUTES_TEXT bytes. */
#define HF_TPM_ATTRIBUTES_TEXT 160
void hf_tpm_pub_attributes_text(uint32_t attributes, char place[HF_TPM_ATTRIBUTES_TEXT]);

/* "rsassa", "ecdsa", ... or the number in hex, into a place of HF_ALG_TEXT bytes. */
const char *hf_quote_scheme_text(uint16_t alg, char place[HF_ALG_TEXT]);

#endif
