/* TDX quotes judged: versions 4 and 5. Rows of keys, platform and TDX module: verify/dcap.h. */
#include "verify/dcap.h"
#include "verify/intel_body.h"

hf_judge_fn hf_tdx_quote_judge;

void hf_tdx_quote_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    struct hf_sgx_quote q;
    struct hf_dcap d = {j, &q, v, f};

    if (!hf_dcap_open(evidence, HF_QUOTE_TEE_TDX, &q, v))
        return;
    hf_dcap_judge(&d);
    hf_td_body_judge(q.body, &q.td, v, f);
    hf_judge_freshness(j, (struct hf_bytes){q.body.p + 520, sizeof(q.td.report_data)}, sizeof(q.td.report_data), v, f);
}
