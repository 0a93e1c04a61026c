/* COSE_Sign1: what is read is read the same after it was written. */
#include "codec/cose.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf signed_bytes = {0};
    struct hf_bytes certs[HF_COSE_CHAIN_MAX];
    struct hf_bytes in = {data, size};
    struct hf_cose_sign1 msg, again;
    struct hf_cbor v;
    int64_t alg;
    size_t n = 0;

    if (hf_cose_sign1_parse(in, HF_CBOR_LOOSE, &msg) != HF_OK)
        return 0;
    (void)hf_cose_alg(&msg, &alg);
    if (hf_cose_x5chain(&msg, HF_COSE_CHAIN_MAX, certs, &n) == HF_OK && (n == 0 || n > HF_COSE_CHAIN_MAX))
        abort();
    if (hf_cose_to_be_signed(msg.protected_bytes, in, msg.payload, &signed_bytes) != HF_OK ||
        hf_cbor_parse(hf_buf_bytes(&signed_bytes), HF_CBOR_DETERMINISTIC, &v) != HF_OK || v.value != 4)
        abort();
    if (hf_cose_sign1_write(&msg, &out) != HF_OK ||
        hf_cose_sign1_parse(hf_buf_bytes(&out), HF_CBOR_LOOSE, &again) != HF_OK)
        abort();
    if (again.tagged != msg.tagged || again.detached != msg.detached ||
        !hf_bytes_equal(again.protected_bytes, msg.protected_bytes) ||
        !hf_bytes_equal(again.unprotected_header.raw, msg.unprotected_header.raw) ||
        !hf_bytes_equal(again.payload, msg.payload) || !hf_bytes_equal(again.signature, msg.signature))
        abort();
    if (hf_cose_sign1_parse(in, HF_CBOR_DETERMINISTIC, &again) == HF_OK && !hf_bytes_equal(hf_buf_bytes(&out), in))
        abort();
    return 0;
}
