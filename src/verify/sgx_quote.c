/* SGX quotes judged: version 3, and 4 and 5 with an enclave's report. Rows of keys and platform: verify/dcap.h. */
#include "verify/dcap.h"

#include <inttypes.h>

hf_judge_fn hf_sgx_quote_judge;

static void say_reserved(const struct hf_sgx_body *body, struct hf_verdict *v)
{
    uint64_t unknown = body->flags & ~(uint64_t)HF_SGX_FLAGS_KNOWN;
    hf_err err = HF_OK;

    if (unknown)
        err = hf_fail(HF_E_FORMAT, "ATTRIBUTES has bits that are not known: 0x%016" PRIx64, unknown);
    else if (!(body->flags & HF_SGX_FLAG_INIT))
        err = hf_fail(HF_E_FORMAT, "ATTRIBUTES.INIT is not set: no enclave that runs says so");
    (void)hf_check(v, "reserved bits", err);
}

static void claim(const struct hf_sgx_quote *q, struct hf_claims *c)
{
    const struct hf_sgx_body *b = &q->sgx;
    const uint8_t *p = q->body.p;

    hf_claim_bytes(c, "mrenclave", (struct hf_bytes){p + 64, sizeof(b->mr_enclave)});
    hf_claim_bytes(c, "mrsigner", (struct hf_bytes){p + 128, sizeof(b->mr_signer)});
    hf_claim_number(c, "isv_prod_id", b->isv_prod_id);
    hf_claim_number(c, "isv_svn", b->isv_svn);
    hf_claim_number(c, "config_svn", b->config_svn);
    hf_claim_bytes(c, "config_id", (struct hf_bytes){p + 192, sizeof(b->config_id)});
    hf_claim_bytes(c, "isv_ext_prod_id", (struct hf_bytes){p + 32, sizeof(b->isv_ext_prod_id)});
    hf_claim_bytes(c, "isv_family_id", (struct hf_bytes){p + 304, sizeof(b->isv_family_id)});
    hf_claim_bytes(c, "misc_select", (struct hf_bytes){p + 16, 4});
    hf_claim_bytes(c, "attributes", (struct hf_bytes){p + 48, 16});
    hf_claim_bytes(c, "xfrm", (struct hf_bytes){p + 56, 8});
    hf_claim_bytes(c, "cpu_svn", (struct hf_bytes){p, sizeof(b->cpu_svn)});
    hf_claim_bytes(c, "report_data", (struct hf_bytes){p + 320, sizeof(b->report_data)});
}

void hf_sgx_quote_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    struct hf_sgx_quote q;
    struct hf_dcap d = {j, &q, v, f};

    if (!hf_dcap_open(evidence, HF_QUOTE_TEE_SGX, &q, v))
        return;
    hf_dcap_judge(&d);
    hf_judge_debug((q.sgx.flags & HF_SGX_FLAG_DEBUG) != 0, "ATTRIBUTES.DEBUG", v, f);
    say_reserved(&q.sgx, v);
    claim(&q, &f->claims);
    hf_judge_freshness(j, (struct hf_bytes){q.body.p + 320, sizeof(q.sgx.report_data)}, sizeof(q.sgx.report_data), v,
                       f);
}
