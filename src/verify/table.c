/* Which verifier judges which format. A format without a row can be inspected, not trusted. */
#include "verify/judge.h"

#include <stddef.h>

/* format, as in evidence/table.c
 * clang-format off */
#define VERIFIERS(X) \
    X("azure-hcl", hf_azure_hcl_judge) \
    X("cc-eventlog", hf_cc_eventlog_judge) \
    X("cca-token", hf_cca_judge) \
    X("ias-report", hf_ias_report_judge) \
    X("mock", hf_mock_judge) \
    X("nitro-document", hf_nitro_judge) \
    X("nvidia-report", hf_nvidia_judge) \
    X("psa-token", hf_psa_judge) \
    X("sev-chain", hf_sev_chain_judge) \
    X("sev-report", hf_sev_report_judge) \
    X("sgx-quote", hf_sgx_quote_judge) \
    X("sgx-report", hf_sgx_report_judge) \
    X("sgx-sigstruct", hf_sgx_sigstruct_judge) \
    X("snp-id-block", hf_snp_id_block_judge) \
    X("snp-report", hf_snp_report_judge) \
    X("td-report", hf_td_report_judge) \
    X("tdx-quote", hf_tdx_quote_judge) \
    X("tpm-eventlog", hf_tpm_eventlog_judge) \
    X("tpm-quote", hf_tpm_quote_judge) \
    X("vendor-commitment", hf_vendor_judge) \

/* clang-format on */

#define DECLARE(format, function) hf_judge_fn function;
VERIFIERS(DECLARE)

#define ROW(format, function) {format, function},
static const struct {
    const char *format;
    hf_judge_fn *judge;
} rows[] = {VERIFIERS(ROW){NULL, NULL}};

hf_judge_fn *hf_judge_of(const char *format)
{
    for (size_t i = 0; rows[i].format; i++) {
        if (strcmp(rows[i].format, format) == 0)
            return rows[i].judge;
    }
    return NULL;
}
