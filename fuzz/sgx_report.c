/* SGX reports, bodies and TARGETINFO: what is read is written again byte for byte. */
#include "evidence/sgx_report.h"
#include "fuzz.h"
#include "fuzz_inspect.h"

static void must_be(const uint8_t *written, size_t n, struct hf_bytes in)
{
    if (!hf_bytes_equal((struct hf_bytes){written, n}, in))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[HF_SGX_TARGETINFO_SIZE];
    struct hf_bytes in = {data, size};
    struct hf_sgx_body body;
    struct hf_sgx_report report;
    struct hf_sgx_targetinfo target;
    bool any = false;

    if (hf_sgx_body_parse(in, &body) == HF_OK) {
        hf_sgx_body_write(&body, again);
        must_be(again, HF_SGX_BODY_SIZE, in);
        any = true;
    }
    if (hf_sgx_report_parse(in, &report) == HF_OK) {
        hf_sgx_report_write(&report, again);
        must_be(again, HF_SGX_REPORT_SIZE, in);
        any = true;
    }
    if (hf_sgx_targetinfo_parse(in, &target) == HF_OK) {
        hf_sgx_targetinfo_write(&target, again);
        must_be(again, HF_SGX_TARGETINFO_SIZE, in);
        if (fuzz_inspect(in, hf_sgx_targetinfo_inspect) != HF_OK)
            abort();
    }
    if ((fuzz_inspect(in, hf_sgx_report_inspect) == HF_OK) != any)
        abort();
    return 0;
}
