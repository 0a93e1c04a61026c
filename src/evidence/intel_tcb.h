/*
 * TCB info: which levels of a platform (FMSPC) Intel knows, newest first, and how it stands with each. Intel PCS API,
 * "Get SGX TCB Info" versions 3 and 4 (structure versions 2 and 3), "Get TDX TCB Info".
 */
#ifndef HF_EVIDENCE_INTEL_TCB_H
#define HF_EVIDENCE_INTEL_TCB_H

#include "evidence/intel_document.h"

#define HF_TCB_COMPONENTS 16

struct hf_tcb_level {
    uint16_t sgx[HF_TCB_COMPONENTS]; /* wider than an SVN can be: what exceeds 255 is met by no platform */
    uint16_t pce_svn;
    uint16_t tdx[HF_TCB_COMPONENTS]; /* zeros for SGX */
    enum hf_tcb_status status;
    hf_time date;
    struct hf_json_value advisories; /* an array of texts, or HF_JSON_NULL */
};
#define HF_TCB_LEVELS_MAX 256

/* What a TDX module must be. */
struct hf_tdx_module {
    uint8_t version; /* of "TDX_03": 3; 0 for tdxModule itself */
    uint8_t mr_signer[48];
    uint8_t attributes[8];
    uint8_t attributes_mask[8];
    size_t n; /* 0 for tdxModule itself */
    struct hf_svn_level *level;
};

/* Views point into the text that was parsed, which must outlive it. */
struct hf_tcb_info {
    struct hf_bytes signed_part; /* the inner object, as it came */
    uint8_t signature[64];
    bool tdx;         /* id "TDX"; version 2 has no id and is for SGX */
    unsigned version; /* 2 or 3 */
    hf_time issued, next_update;
    uint8_t fmspc[6];
    uint8_t pce_id[2];
    uint32_t evaluation; /* tcbEvaluationDataNumber */
    struct hf_tdx_module module;
    size_t n_modules;
    struct hf_tdx_module *modules; /* tdxModuleIdentities */
    size_t n;
    struct hf_tcb_level *level; /* by descending components, PCESVN, TDX components; no two are the same */
};

/* {"tcbInfo": {...}, "signature": "..."}. HF_E_FORMAT, HF_E_UNSUPPORTED (a version that is not known). */
hf_err hf_tcb_info_parse(struct hf_bytes text, struct hf_tcb_info **out);
void hf_tcb_info_free(struct hf_tcb_info **info);

/* The identity of a module version; NULL when there is none. */
const struct hf_tdx_module *hf_tcb_info_module(const struct hf_tcb_info *info, uint8_t version);

#endif
