/* SIGSTRUCT: what is read is written again byte for byte, and nothing a fuzzer makes is signed. */
#include "verify/sgx_sigstruct.h"
#include "fuzz.h"
#include "fuzz_inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t again[HF_SGX_SIGSTRUCT_SIZE];
    struct hf_bytes in = {data, size};
    struct hf_sgx_sigstruct s;
    hf_err err = hf_sgx_sigstruct_parse(in, &s);

    if (fuzz_inspect(in, hf_sgx_sigstruct_inspect) != err)
        abort();
    if (err != HF_OK)
        return 0;
    if (hf_sgx_sigstruct_write(&s, again) != HF_OK || !hf_bytes_equal(HF_BYTES_OF(again), in))
        abort();
    (void)hf_sgx_sigstruct_check(in, &s);
    return 0;
}
