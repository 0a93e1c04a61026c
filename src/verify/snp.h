/* The parts of judging a SEV-SNP report, shared by the formats that carry one. */
#ifndef HF_VERIFY_SNP_H
#define HF_VERIFY_SNP_H

#include "evidence/amd_vek.h"
#include "evidence/snp_report.h"
#include "verify/judge.h"

struct hf_snp_work {
    const struct hf_judge *j;
    struct hf_verdict *v;
    struct hf_findings *f;
    struct hf_snp_report rep;
    enum hf_snp_product product; /* the report's; where it names none, the certificate's */
    const struct hf_cert *cert;  /* of the key that signed, or the nearest to it; NULL: none at all */
    struct hf_amd_vek vek;       /* what it says */
    hf_err vek_err;              /* and whether that could be read */
    hf_err signature;            /* by that key */
    char signature_text[160];
};

/* The certificate of the signing key among the endorsements: by role, chip, level, and by the signature itself. */
void hf_snp_vek_find(struct hf_snp_work *w);

/* Rows "signing key", "certificate chain", "root", "validity", "certificate algorithms", "revocation",
 * "key revocation", "hardware id". */
void hf_snp_vek_judge(struct hf_snp_work *w);

/* All rows and claims of a report but those of freshness. False when it cannot be read; `rep` (may be NULL) receives
 * it otherwise. */
bool hf_snp_report_rows(const struct hf_judge *j, struct hf_bytes report, struct hf_verdict *v, struct hf_findings *f,
                        struct hf_snp_report *rep);

hf_judge_fn hf_snp_report_judge;

#endif
