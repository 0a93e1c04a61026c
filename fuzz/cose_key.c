/* COSE_Key: what is read is written, deterministically, and read again as the same key; nothing private is accepted. */
#include "codec/cose_key.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};
    struct hf_bytes in = {data, size};
    struct hf_cose_key a, b;
    struct hf_cbor map, d;

    if (hf_cose_key_parse(in, HF_CBOR_LOOSE, &a) != HF_OK)
        return 0;
    if (hf_cbor_parse(in, HF_CBOR_LOOSE, &map) != HF_OK || hf_cbor_get(map, -4, &d) == HF_OK)
        abort();
    if (a.x.n != hf_cose_curve_size(a.curve) || (a.kty == HF_COSE_KTY_EC2 && a.y.n != a.x.n))
        abort();
    if (hf_cose_key_write(&a, &once) != HF_OK ||
        hf_cose_key_parse(hf_buf_bytes(&once), HF_CBOR_DETERMINISTIC, &b) != HF_OK ||
        hf_cose_key_write(&b, &twice) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&once), hf_buf_bytes(&twice)))
        abort();
    if (a.kty != b.kty || a.curve != b.curve || a.alg != b.alg || !hf_bytes_equal(a.x, b.x) ||
        !hf_bytes_equal(a.y, b.y) || !hf_bytes_equal(a.kid, b.kid))
        abort();
    return 0;
}
