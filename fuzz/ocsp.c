/* OCSP responses: what is read is written so that it is read as the same, and the signed part is the one that came. */
#include "evidence/ocsp.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_bytes in = {data, size};
    struct hf_ocsp a, b;

    if (hf_ocsp_parse(in, &a) != HF_OK)
        return 0;
    if (a.n > HF_OCSP_SINGLES_MAX || a.n_certs > HF_OCSP_CERTS_MAX || a.tbs.p < in.p || a.tbs.n > in.n)
        abort();
    if (hf_ocsp_write(&a, &again) != HF_OK || hf_ocsp_parse(hf_buf_bytes(&again), &b) != HF_OK)
        abort();
    if (!hf_bytes_equal(a.tbs, b.tbs) || !hf_bytes_equal(a.signature, b.signature) || a.n != b.n ||
        a.n_certs != b.n_certs)
        abort();
    return 0;
}
