/*
 * The SGX extension of a PCK certificate, 1.2.840.113741.1.13.1: which platform it is, and at what level. Intel SGX PCK
 * Certificate and Certificate Revocation List Profile Specification, 1.6, section 3.5.
 */
#ifndef HF_EVIDENCE_PCK_H
#define HF_EVIDENCE_PCK_H

#include "evidence/inspect.h"

#define HF_OID_PCK "1.2.840.113741.1.13.1"

#define HF_PCK_COMPONENTS 16
#define HF_PCK_ITEMS 7                           /* of the outer SEQUENCE: .1 to .7 */
#define HF_PCK_TCB_ITEMS (HF_PCK_COMPONENTS + 2) /* of .2: .2.1 to .2.18 */
#define HF_PCK_CONFIGURATIONS 3                  /* of .7: .7.1 to .7.3 */

enum hf_pck_type { HF_PCK_STANDARD, HF_PCK_SCALABLE, HF_PCK_SCALABLE_WITH_INTEGRITY };

struct hf_pck {
    uint8_t ppid[16];
    uint8_t svn[HF_PCK_COMPONENTS]; /* TCB components 1 to 16 */
    uint16_t pce_svn;
    uint8_t cpu_svn[16];
    uint8_t pce_id[2];
    uint8_t fmspc[6];
    enum hf_pck_type sgx_type;
    bool has_instance; /* certificates of the Platform CA */
    uint8_t instance_id[16];
    bool has_configuration;
    bool configured[HF_PCK_CONFIGURATIONS]; /* dynamic platform, cached keys, SMT enabled */
    bool has_configured[HF_PCK_CONFIGURATIONS];

    /* In which order they came, by the last number of their OID; 0 behind the last. {0} writes them in their own
     * order. */
    uint8_t order[HF_PCK_ITEMS];
    uint8_t tcb_order[HF_PCK_TCB_ITEMS];
    uint8_t configuration_order[HF_PCK_CONFIGURATIONS];
};

/* The extension's value: the content of its OCTET STRING. Items in any order, none twice, none unknown, .1 to .5 all
 * there. HF_E_FORMAT, HF_E_TRUNCATED, HF_E_TRAILING. */
hf_err hf_pck_parse(struct hf_bytes in, struct hf_pck *out);

/* Append it. What was parsed is written byte for byte. */
hf_err hf_pck_write(const struct hf_pck *pck, struct hf_buf *out);

/* "standard", "scalable", "scalable with integrity". Never NULL. */
const char *hf_pck_type_name(enum hf_pck_type type);

#endif
