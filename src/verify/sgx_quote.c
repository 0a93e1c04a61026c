/* SGX quotes judged: version 3, and 4 and 5 with an enclave's report. Rows of keys and platform: verify/dcap.h. */
#include "verify/dcap.h"
#include "verify/intel_body.h"

hf_judge_fn hf_sgx_quote_judge;

void hf_sgx_quote_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    struct hf_sgx_quote q;
    struct hf_dcap d = {j, &q, v, f};

    if (!hf_dcap_open(evidence, HF_QUOTE_TEE_SGX, &q, v))
        return;
    hf_dcap_judge(&d);
    hf_sgx_body_judge(q.body, &q.sgx, v, f);
    hf_judge_freshness(j, (struct hf_bytes){q.body.p + 320, sizeof(q.sgx.report_data)}, sizeof(q.sgx.report_data), v,
                       f);
}
