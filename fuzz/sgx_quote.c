/* Quotes: what is read is written again byte for byte; views lie inside the input; an inspector's rows do too. */
#include "evidence/sgx_quote.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "fuzz_inspect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_bytes in = {data, size};
    struct hf_sgx_quote q;
    hf_err err = hf_sgx_quote_parse(in, &q);

    if (fuzz_inspect(in, hf_sgx_quote_inspect) != err)
        abort();
    if (err != HF_OK)
        return 0;
    fuzz_inside(q.signed_part, in);
    fuzz_inside(q.qe_report, in);
    fuzz_inside(q.cert, in);
    if (hf_sgx_quote_write(&q, &again) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&again), in))
        abort();
    return 0;
}
