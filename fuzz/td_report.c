/* TD report bodies and TDREPORT: what is read is written again byte for byte. */
#include "evidence/td_report.h"
#include "fuzz.h"
#include "fuzz_inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[HF_TDREPORT_SIZE];
    struct hf_bytes in = {data, size};
    struct hf_td_body body;
    struct hf_tdreport report;
    bool any = false;

    if (hf_td_body_parse(in, &body) == HF_OK) {
        size_t n = hf_td_body_write(&body, again);

        any = true;
        if (!hf_bytes_equal((struct hf_bytes){again, n}, in))
            abort();
    }
    if (hf_tdreport_parse(in, &report) == HF_OK) {
        any = true;
        hf_tdreport_write(&report, again);
        if (!hf_bytes_equal(HF_BYTES_OF(again), in))
            abort();
    }
    if ((fuzz_inspect(in, hf_td_report_inspect) == HF_OK) != any)
        abort();
    return 0;
}
