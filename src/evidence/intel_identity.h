/*
 * Enclave identity: what Intel's quoting enclaves must be, and how it stands with their versions. Intel PCS API, "Get
 * Quoting Enclave Identity" (structure version 2).
 */
#ifndef HF_EVIDENCE_INTEL_IDENTITY_H
#define HF_EVIDENCE_INTEL_IDENTITY_H

#include "evidence/intel_document.h"

enum hf_identity_id { HF_IDENTITY_QE, HF_IDENTITY_TD_QE, HF_IDENTITY_QVE, HF_IDENTITY_QAE };

/* Views point into the text that was parsed, which must outlive it. */
struct hf_identity {
    struct hf_bytes signed_part; /* the inner object, as it came */
    uint8_t signature[64];
    enum hf_identity_id id;
    hf_time issued, next_update;
    uint32_t evaluation; /* tcbEvaluationDataNumber */
    uint32_t misc_select, misc_select_mask;
    uint8_t attributes[16], attributes_mask[16]; /* flags and XFRM, as they stand in a report */
    uint8_t mr_signer[32];
    uint16_t isv_prod_id;
    size_t n;
    struct hf_svn_level *level; /* by descending ISVSVN */
};

/* {"enclaveIdentity": {...}, "signature": "..."}. HF_E_FORMAT, HF_E_UNSUPPORTED (a version that is not known). */
hf_err hf_identity_parse(struct hf_bytes text, struct hf_identity **out);
void hf_identity_free(struct hf_identity **identity);

/* "QE", "TD_QE", "QVE", "QAE". Never NULL. */
const char *hf_identity_name(enum hf_identity_id id);

#endif
