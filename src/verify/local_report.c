/* Local reports of SGX and TDX: their fields can be judged anywhere, their MAC on the platform that made them alone. */
#include "evidence/sgx_report.h"
#include "evidence/td_report.h"
#include "verify/intel_body.h"

#include <stdio.h>

static void judge_mac(struct hf_verdict *v, const char *who, struct hf_bytes mac)
{
    struct hf_check *row = hf_check(v, "signature",
                                    hf_fail(HF_E_UNTRUSTED,
                                            "a report has a MAC that only %s can check: ask the platform "
                                            "for a quote over it",
                                            who));

    if (mac.n)
        hf_check_found_hex(row, mac);
}

hf_judge_fn hf_sgx_report_judge, hf_td_report_judge;

void hf_sgx_report_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v,
                         struct hf_findings *f)
{
    bool body_only = evidence.n == HF_SGX_BODY_SIZE;
    struct hf_sgx_report r = {0};
    hf_err err = body_only ? hf_sgx_body_parse(evidence, &r.body) : hf_sgx_report_parse(evidence, &r);

    (void)hf_check(v, "structure", err);
    judge_mac(v, "the enclave that it was made for, on the same processor,",
              err == HF_OK && !body_only ? (struct hf_bytes){evidence.p + 416, sizeof(r.mac)} : (struct hf_bytes){0});
    if (err != HF_OK)
        return;
    hf_sgx_body_judge(evidence, &r.body, v, f);
    hf_judge_freshness(j, HF_BYTES_OF(r.body.report_data), sizeof(r.body.report_data), v, f);
}

static void judge_hashes(struct hf_bytes evidence, const struct hf_tdreport *t, struct hf_verdict *v)
{
    uint8_t tcb_info[HF_TD_HASH], td_info[HF_TD_HASH];
    hf_err err = hf_tdreport_hashes(evidence, tcb_info, td_info);

    if (err != HF_OK) {
        (void)hf_check(v, "TEE_TCB_INFO hash", err);
        return;
    }
    (void)hf_check_equal(v, "TEE_TCB_INFO hash", HF_BYTES_OF(t->tcb_info_hash), HF_BYTES_OF(tcb_info));
    (void)hf_check_equal(v, "TEE_INFO hash", HF_BYTES_OF(t->td_info_hash), HF_BYTES_OF(td_info));
}

/* Claims of a TDREPORT, whose fields lie elsewhere than in a quote's body. */
static void tdreport_claims(struct hf_bytes e, struct hf_claims *c)
{
    static const struct {
        const char *name;
        size_t at, n;
    } claims[] = {
        {"mrtd", 528, 48},        {"rtmr0", 720, 48},          {"rtmr1", 768, 48},         {"rtmr2", 816, 48},
        {"rtmr3", 864, 48},       {"report_data", 128, 64},    {"mrseam", 280, 48},        {"mrsignerseam", 328, 48},
        {"mrconfigid", 576, 48},  {"mrowner", 624, 48},        {"mrownerconfig", 672, 48}, {"tee_tcb_svn", 264, 16},
        {"xfam", 520, 8},         {"td_attributes", 512, 8},   {"cpu_svn", 16, 16},        {"tee_tcb_svn_2", 384, 16},
        {"mrservicetd", 912, 48}, {"seam_attributes", 376, 8},
    };

    for (size_t i = 0; i < HF_COUNT(claims); i++)
        hf_claim_bytes(c, claims[i].name, (struct hf_bytes){e.p + claims[i].at, claims[i].n});
}

void hf_td_report_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    bool whole = evidence.n == HF_TDREPORT_SIZE;
    struct hf_tdreport t = {0};
    hf_err err = whole ? hf_tdreport_parse(evidence, &t) : hf_td_body_parse(evidence, &t.body);

    (void)hf_check(v, "structure", err);
    judge_mac(v, "the processor that made it",
              err == HF_OK && whole ? (struct hf_bytes){evidence.p + 224, sizeof(t.mac)} : (struct hf_bytes){0});
    if (err != HF_OK)
        return;
    if (whole) {
        judge_hashes(evidence, &t, v);
        tdreport_claims(evidence, &f->claims);
        hf_td_body_rows(&t.body, v, f);
    } else {
        hf_td_body_judge(evidence, &t.body, v, f);
    }
    hf_judge_freshness(j, HF_BYTES_OF(t.body.report_data), sizeof(t.body.report_data), v, f);
}
