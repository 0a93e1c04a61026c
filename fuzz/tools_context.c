/* Saved contexts of tpm2-tools: what is accepted is written as the same bytes. */
#include "tpm/tools_context.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_bytes in = {data, size};
    struct hf_tools_context ctx;

    if (hf_tools_context_parse(in, &ctx) != HF_OK)
        return 0;
    if (!hf_tools_context_is(in) || hf_tools_context_write(&ctx, &again) != HF_OK ||
        !hf_bytes_equal(hf_buf_bytes(&again), in))
        abort();
    return 0;
}
