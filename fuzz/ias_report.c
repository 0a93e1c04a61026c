/* Saved IAS reports: what is read is read again as the same from what is written. */
#include "evidence/ias_report.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_ias_report_free) struct hf_ias_report r = {0};
    HF_CLEANUP(hf_ias_report_free) struct hf_ias_report again = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

    if (hf_ias_report_parse((struct hf_bytes){data, size}, &r) != HF_OK)
        return 0;
    if (hf_ias_report_write(&r, &json) != HF_OK) /* a chain that is no text cannot be written as JSON */
        return 0;
    if (hf_ias_report_parse(hf_buf_bytes(&json), &again) != HF_OK ||
        !hf_bytes_equal(hf_buf_bytes(&r.body), hf_buf_bytes(&again.body)) ||
        !hf_bytes_equal(hf_buf_bytes(&r.signature), hf_buf_bytes(&again.signature)) || r.at != again.at ||
        memcmp(r.quote, again.quote, sizeof(r.quote)) != 0)
        abort();
    return 0;
}
