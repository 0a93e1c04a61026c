/* TDX quotes judged: versions 4 and 5. Rows of keys, platform and TDX module: verify/dcap.h. */
#include "verify/dcap.h"

#include <inttypes.h>
#include <stdio.h>

hf_judge_fn hf_tdx_quote_judge;

/* Intel TDX Module base architecture specification, "ATTRIBUTES": bits 0 to 7 put a TD under debug. */
static void say_debug(const struct hf_td_body *td, struct hf_verdict *v, struct hf_findings *f)
{
    uint64_t bits = td->td_attributes & HF_TD_ATTR_UNDER_DEBUG;
    char how[64];

    if (bits & HF_TD_ATTR_DEBUG)
        (void)snprintf(how, sizeof(how), "TDATTRIBUTES.DEBUG");
    else
        (void)snprintf(how, sizeof(how), "TDATTRIBUTES bits 0 to 7 are 0x%02" PRIx64, bits);
    hf_judge_debug(bits != 0, how, v, f);
}

static void say_attributes(const struct hf_td_body *td, struct hf_verdict *v)
{
    uint64_t a = td->td_attributes, unknown = a & ~(uint64_t)HF_TD_ATTRS_KNOWN;
    struct hf_check *row;

    (void)hf_check(v, "reserved bits",
                   unknown ? hf_fail(HF_E_FORMAT, "TDATTRIBUTES has bits that are not known: 0x%016" PRIx64, unknown)
                           : HF_OK);
    row = hf_check(
        v, "migration",
        a & HF_TD_ATTR_MIGRATABLE
            ? hf_fail(HF_E_UNTRUSTED, "TDATTRIBUTES.MIGRATABLE: a migration TD may move it to another platform")
            : HF_OK);
    hf_check_expected(row, "off");
    hf_check_found(row, a & HF_TD_ATTR_MIGRATABLE ? "on" : "off");
    row = a & HF_TD_ATTR_SEPT_VE_DISABLE
              ? hf_check(v, "sept ve disable", HF_OK)
              : hf_check_warn(v, "sept ve disable",
                              "the host can raise #VE at any memory access of the TD, which its "
                              "kernel must be prepared for");
    hf_check_expected(row, "on");
    hf_check_found(row, a & HF_TD_ATTR_SEPT_VE_DISABLE ? "on" : "off");
}

/* Offsets of the TD report body. */
static void claim(const struct hf_sgx_quote *q, struct hf_claims *c)
{
    static const struct {
        const char *name;
        size_t at, n;
    } rows[] = {
        {"mrtd", 136, 48},          {"rtmr0", 328, 48},       {"rtmr1", 376, 48},       {"rtmr2", 424, 48},
        {"rtmr3", 472, 48},         {"report_data", 520, 64}, {"mrconfigid", 184, 48},  {"mrowner", 232, 48},
        {"mrownerconfig", 280, 48}, {"mrseam", 16, 48},       {"mrsignerseam", 64, 48}, {"seam_attributes", 112, 8},
        {"td_attributes", 120, 8},  {"xfam", 128, 8},         {"tee_tcb_svn", 0, 16},   {"tee_tcb_svn_2", 584, 16},
        {"mrservicetd", 600, 48},
    };

    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (rows[i].at + rows[i].n <= q->body.n)
            hf_claim_bytes(c, rows[i].name, (struct hf_bytes){q->body.p + rows[i].at, rows[i].n});
    }
}

void hf_tdx_quote_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    struct hf_sgx_quote q;
    struct hf_dcap d = {j, &q, v, f};

    if (!hf_dcap_open(evidence, HF_QUOTE_TEE_TDX, &q, v))
        return;
    hf_dcap_judge(&d);
    say_debug(&q.td, v, f);
    say_attributes(&q.td, v);
    claim(&q, &f->claims);
    hf_judge_freshness(j, (struct hf_bytes){q.body.p + 520, sizeof(q.td.report_data)}, sizeof(q.td.report_data), v, f);
}
