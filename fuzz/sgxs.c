/* SGXS streams: records written again give the stream that was read, and only such a stream is measured. */
#include "evidence/sgxs.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_bytes in = {data, size};
    struct hf_sgxs s = hf_sgxs_open(in);
    struct hf_sgxs_record rec;
    uint8_t mr_enclave[32];

    while (hf_sgxs_next(&s, &rec)) {
        if (hf_sgxs_write(&rec, &again) != HF_OK)
            abort();
    }
    if (hf_sgxs_mr_enclave(in, mr_enclave) != hf_sgxs_end(&s))
        abort();
    if (hf_sgxs_end(&s) == HF_OK && !hf_bytes_equal(hf_buf_bytes(&again), in))
        abort();
    return 0;
}
