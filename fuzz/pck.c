/* PCK extensions: what is read is written again byte for byte. */
#include "evidence/pck.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_bytes in = {data, size};
    struct hf_pck pck;

    if (hf_pck_parse(in, &pck) != HF_OK)
        return 0;
    if (hf_pck_write(&pck, &out) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&out), in))
        abort();
    return 0;
}
