/* Appraisal policies: the normal form of what is read is read as the same policy, merging with itself changes nothing,
 * and no policy makes evidence trusted whose signature failed. */
#include "base/cleanup.h"
#include "fuzz.h"
#include "policy/appraisal_i.h"
#include "policy/verify.h"

#include <stdlib.h>

static const struct hf_evidence_format format = {.name = "sgx-quote", .family = "sgx"};

/* One item with a few claims, and rows as a verifier leaves them. */
static void judge_by(const struct hf_appraisal *policy)
{
    static struct hf_verify_result *r;
    static const char *const rows[] = {"signature", "root", "revocation", "debug", "environment", "platform level"};
    struct hf_claims *c;

    if (!r && hf_verify_result_new(&r) != HF_OK)
        return;
    hf_verdict_start(&r->verdict);
    r->n = 1;
    r->item[0].format = &format;
    c = &r->item[0].findings.claims;
    hf_claims_start(c);
    hf_claim_bytes(c, "mrenclave", hf_bytes_text("0123456789abcdef0123456789abcdef"));
    hf_claim_bytes(c, "attributes", hf_bytes_text("0123456789abcdef"));
    hf_claim_number(c, "isv_svn", 3);
    hf_claim_word(c, "tcb_status", "OutOfDate");
    hf_claim_texts(c, "advisory_ids", hf_bytes_text("INTEL-SA-00001,INTEL-SA-00002"));
    for (size_t i = 0; i < HF_COUNT(rows); i++)
        hf_check(&r->verdict, rows[i], HF_OK)->status = HF_CHECK_FAILED;
    hf_appraisal_apply(policy, r);
    if (hf_verdict_status(&r->verdict) != HF_VERDICT_CONTRAINDICATED || r->verdict.row[0].status != HF_CHECK_FAILED)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *again = NULL;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *twice = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf words = {0};
    bool same = false;

    if (hf_appraisal_parse((struct hf_bytes){data, size}, "fuzz", &p) != HF_OK)
        return 0;
    if (hf_appraisal_text(p, &text) != HF_OK || hf_appraisal_parse(hf_buf_bytes(&text), "fuzz", &again) != HF_OK ||
        memcmp(p->sha256, again->sha256, sizeof(p->sha256)) != 0)
        abort();
    if (hf_appraisal_merge((const struct hf_appraisal *const[]){p, again}, 2, "fuzz", &twice) != HF_OK ||
        hf_appraisal_diff(p, twice, &words, NULL, &same) != HF_OK || !same)
        abort();
    if (hf_appraisal_explain(p, &words, NULL) != HF_OK)
        abort();
    judge_by(p);
    return 0;
}
