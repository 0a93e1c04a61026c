/* Vendor commitments and mock evidence: what is read is written, read and written again as the same; nothing of a
 * fuzzer's is affirmed. */
#include "base/cleanup.h"
#include "evidence/mock.h"
#include "evidence/vendor_commitment.h"
#include "fuzz.h"
#include "verify/judge.h"

#include <stdlib.h>

static void judge(const char *format, struct hf_bytes in)
{
    static const struct hf_anchors anchors;
    static struct hf_verdict verdict;
    static struct hf_findings findings;
    static const struct hf_endorsements none;
    struct hf_judge j = {.anchors = &anchors, .endorsements = &none, .inner = &none, .at = 1700000000};

    hf_verdict_start(&verdict);
    hf_claims_start(&findings.claims);
    hf_horizon_start(&findings.horizon);
    findings.environment = HF_ENV_UNKNOWN;
    hf_judge_of(format)(&j, in, &verdict, &findings);
    if (findings.environment != HF_ENV_EMULATED && hf_verdict_status(&verdict) != HF_VERDICT_CONTRAINDICATED)
        abort();
}

static void commitment(struct hf_bytes in)
{
    HF_CLEANUP(hf_vendor_commitment_free) struct hf_vendor_commitment doc = {0};
    HF_CLEANUP(hf_vendor_commitment_free) struct hf_vendor_commitment doc2 = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};
    hf_err err;

    if (hf_vendor_commitment_parse(in, &doc) != HF_OK)
        return;
    err = hf_vendor_commitment_write(&doc, &once);
    if (err == HF_E_FORMAT) /* a number that has no canonical form */
        return;
    if (err != HF_OK || hf_vendor_commitment_parse(hf_buf_bytes(&once), &doc2) != HF_OK ||
        hf_vendor_commitment_write(&doc2, &twice) != HF_OK ||
        !hf_bytes_equal(hf_buf_bytes(&once), hf_buf_bytes(&twice)))
        abort();
}

static void mock(struct hf_bytes in)
{
    HF_CLEANUP(hf_mock_free) struct hf_mock doc = {0};
    HF_CLEANUP(hf_mock_free) struct hf_mock doc2 = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};

    if (hf_mock_parse(in, &doc) != HF_OK || hf_mock_write(&doc, &once) != HF_OK)
        return;
    if (hf_mock_parse(hf_buf_bytes(&once), &doc2) != HF_OK || hf_mock_write(&doc2, &twice) != HF_OK ||
        !hf_bytes_equal(hf_buf_bytes(&once), hf_buf_bytes(&twice)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_bytes in = {data, size};

    commitment(in);
    mock(in);
    judge("vendor-commitment", in);
    judge("mock", in);
    return 0;
}
