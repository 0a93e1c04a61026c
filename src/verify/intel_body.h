/* What reports and quotes of SGX and TDX share: claims about the enclave or TD, and the rows that its own fields
 * decide. */
#ifndef HF_VERIFY_INTEL_BODY_H
#define HF_VERIFY_INTEL_BODY_H

#include "evidence/sgx_report.h"
#include "evidence/td_report.h"
#include "verify/judge.h"

/*
 * Claims mrenclave, mrsigner, isv_prod_id, isv_svn, config_svn, config_id, isv_ext_prod_id, isv_family_id, misc_select,
 * attributes, xfrm, cpu_svn, report_data; rows "reserved bits" (and INIT), "debug" with its claim. `bytes`: the body
 * that `b` was read from; byte claims are views into it.
 */
void hf_sgx_body_judge(struct hf_bytes bytes, const struct hf_sgx_body *b, struct hf_verdict *v, struct hf_findings *f);

/*
 * Claims mrtd, rtmr0 to rtmr3, mrseam, mrsignerseam, seam_attributes, mrconfigid, mrowner, mrownerconfig, tee_tcb_svn,
 * td_attributes, xfam, report_data, and of 1.5 tee_tcb_svn_2, mrservicetd; rows "debug" and "migration" with their
 * claims, "reserved bits", "sept ve disable". `bytes`: a body, not a TDREPORT.
 */
void hf_td_body_judge(struct hf_bytes bytes, const struct hf_td_body *b, struct hf_verdict *v, struct hf_findings *f);

/* The rows alone, for a body that does not lie in one piece. */
void hf_td_body_rows(const struct hf_td_body *b, struct hf_verdict *v, struct hf_findings *f);

/* Row "reserved bits" over a number. */
void hf_judge_reserved_bits(struct hf_verdict *v, const char *what, uint64_t reserved);

/* Row "migration" and its claim. */
void hf_judge_migration(bool allowed, const char *how, struct hf_verdict *v, struct hf_findings *f);

#endif
