/* Azure's report: what is read is written again byte for byte, and its rows lie inside. */
#include "evidence/azure_hcl.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "fuzz_inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf written = {0};
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    struct hf_bytes in = {data, size};
    struct hf_azure_hcl hcl;

    (void)fuzz_inspect(in, hf_azure_hcl_inspect);
    (void)hf_azure_hcl_ak(in, &key);
    if (hf_azure_hcl_parse(in, &hcl) != HF_OK)
        return 0;
    fuzz_inside(hcl.hardware, in);
    fuzz_inside(hcl.json, in);
    fuzz_inside(hf_azure_hcl_report_data(&hcl), in);
    if (hf_azure_hcl_write(&hcl, &written) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&written), in))
        abort();
    return 0;
}
