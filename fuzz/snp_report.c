/* A SEV-SNP report: what is read is written again, except reserved bytes; every row of an inspector lies inside; and no
 * report of a fuzzer is ever believed. */
#include "evidence/snp_report.h"
#include "fuzz.h"
#include "fuzz_inspect.h"
#include "verify/judge.h"

static void judge(struct hf_bytes in)
{
    static struct hf_verdict verdict;
    static struct hf_findings findings;
    static struct hf_anchors anchors;
    static struct hf_endorsements none;
    struct hf_judge j = {.anchors = &anchors, .endorsements = &none, .inner = &none, .at = 1750000000};

    hf_anchors_builtin(&anchors);
    hf_verdict_start(&verdict);
    hf_claims_start(&findings.claims);
    hf_horizon_start(&findings.horizon);
    findings.n_missing = 0;
    hf_judge_of("snp-report")(&j, in, &verdict, &findings);
    if (hf_verdict_status(&verdict) != HF_VERDICT_CONTRAINDICATED || findings.claims.lost || verdict.lost)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_bytes in = {data, size}, report, table;
    uint8_t again[HF_SNP_REPORT_SIZE];
    struct hf_snp_report rep;

    (void)fuzz_inspect(in, hf_snp_report_inspect);
    judge(in);
    hf_snp_report_split(in, &report, &table);
    fuzz_inside(report, in);
    fuzz_inside(table, in);
    if (hf_snp_report_parse(report, &rep) != HF_OK)
        return 0;
    hf_snp_report_write(&rep, again);
    for (size_t i = 0; i < sizeof(again); i++) {
        if (again[i] != report.p[i] && (again[i] != 0 || rep.reserved_at == 0 || i < rep.reserved_at))
            abort();
    }
    return 0;
}
