/* Canonical JSON is JSON, is its own canonical form, and does not depend on escapes and white space. */
#include "codec/jcs.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};
    struct hf_bytes in = {data, size};
    struct hf_json_value a, b;

    if (hf_jcs_write(in, &once) != HF_OK)
        return 0;
    if (hf_jcs_write(hf_buf_bytes(&once), &twice) != HF_OK ||
        !hf_bytes_equal(hf_buf_bytes(&once), hf_buf_bytes(&twice)))
        abort();
    if (hf_json_parse(in, &a) != HF_OK || hf_json_parse(hf_buf_bytes(&once), &b) != HF_OK || a.type != b.type ||
        hf_json_count(a) != hf_json_count(b))
        abort();
    return 0;
}
