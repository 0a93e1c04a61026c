/* For tests of SGX and TDX quotes of our own hierarchy: made, judged twice, and their rows and claims looked at. */
#ifndef HF_TEST_DCAP_RIG_H
#define HF_TEST_DCAP_RIG_H

#include "judging.h"
#include "make_intel.h"

static struct judging g;
static struct hf_buf quote;

static inline void start(struct make_intel *m)
{
    judging_free(&g);
    judging_start(&g, INTEL_AT);
    judging_root(&g, HF_VENDOR_INTEL_SGX, m->ca[INTEL_ROOT].cert);
    judging_report_data(&g, m->tdx ? HF_BYTES_OF(m->td.report_data) : HF_BYTES_OF(m->sgx.report_data));
}

static inline enum hf_verdict_status judge(const struct make_intel *m)
{
    return judging_run(&g, m->tdx ? "tdx-quote" : "sgx-quote", hf_buf_bytes(&quote));
}

/* Certificates, quote and collateral made and judged, twice: the second time with what was kept. */
static inline enum hf_verdict_status make_and_judge(struct make_intel *m)
{
    enum hf_verdict_status cold, warm;

    if (!m->ak)
        OK(make_intel_certs(m));
    start(m);
    OK(make_intel_collateral(m, &g.endorsements));
    OK(make_intel_quote(m, &quote));
    cold = judge(m);
    warm = judge(m);
    if (warm != cold)
        FAIL("cold %s, warm %s", hf_verdict_status_name(cold), hf_verdict_status_name(warm));
    return cold;
}

static inline void show(void)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    OK(hf_verdict_text(&g.verdict, &text));
    print_message("%.*s\n", (int)text.n, (const char *)text.p);
}

static inline void must(struct make_intel *m, enum hf_verdict_status want, const char *failed)
{
    enum hf_verdict_status status = make_and_judge(m);

    if (status != want || strcmp(judging_failed(&g), failed) != 0) {
        show();
        FAIL("%s with failed rows \"%s\", want %s with \"%s\"", hf_verdict_status_name(status), judging_failed(&g),
             hf_verdict_status_name(want), failed);
    }
}

static inline bool claim_is(const char *name, const char *want)
{
    const struct hf_claim *claim = hf_claim_find(&g.findings.claims, name);

    if (claim && hf_claim_is(claim, want))
        return true;
    print_message("# claim %s is not %s\n", name, want);
    return false;
}

static inline const char *note(const char *row_name)
{
    const struct hf_check *row = hf_verdict_row(&g.verdict, row_name);

    return row ? row->note : "";
}

static inline void rig_free(void)
{
    judging_free(&g);
    hf_buf_free(&quote);
}

#endif
