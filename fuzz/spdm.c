/* SPDM reports: what is read is written again byte for byte; all fields lie inside, and telling ends. */
#include "evidence/spdm.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

static void ignore(void *to, const struct hf_inspect_row *row)
{
    (void)to;
    (void)row;
}

static void within(struct hf_bytes part, struct hf_bytes whole)
{
    if (part.n && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_bytes in = {data, size};
    struct hf_inspect inspect = {.row = ignore, .whole = in};
    struct hf_spdm_report report;
    struct hf_spdm_block block;
    struct hf_spdm_field field;
    char vbios[HF_NVIDIA_VERSION_TEXT];
    struct hf_reader r;
    size_t n = 0, fields = 0;

    if (size < 46)
        return 0;
    (void)hf_spdm_report_inspect(in, &inspect);
    if (hf_spdm_report_parse(in, &report) != HF_OK)
        return 0;
    if (hf_spdm_report_write(&report, &again) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&again), in))
        abort();
    r = hf_reader(report.record);
    for (; hf_spdm_block_next(&r, &block); n++)
        within(block.value, report.record);
    for (size_t at = 0; hf_nvidia_field_next(report.opaque, &at, &field); fields++)
        within(field.value, report.opaque);
    if (n != report.n_blocks || fields > report.opaque.n / 4)
        abort();
    hf_nvidia_vbios(report.opaque, vbios);
    return 0;
}
