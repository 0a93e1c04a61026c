/* PEM: views lie inside the text, and a block that was read is the same block when written and read again. */
#include "codec/pem.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

static void same_again(const struct hf_pem *pem, struct hf_bytes body)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    char label[128] = {0};
    struct hf_reader r;
    struct hf_pem read = {0};

    if (pem->label.n >= sizeof(label))
        abort();
    memcpy(label, pem->label.p, pem->label.n);
    if (hf_pem_write(label, body, &text) != HF_OK)
        abort();
    r = hf_reader(hf_buf_bytes(&text));
    if (hf_pem_next(&r, &read, &again) != HF_OK || !hf_bytes_equal(read.label, pem->label) ||
        !hf_bytes_equal(hf_buf_bytes(&again), body) || hf_rd_end(&r) != HF_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf body = {0};
    struct hf_bytes in = {data, size};
    struct hf_reader r = hf_reader(in);
    struct hf_pem pem = {0};

    while (hf_pem_next(&r, &pem, &body) == HF_OK) {
        if (pem.whole.p < data || pem.whole.p + pem.whole.n > data + size || pem.label.p < pem.whole.p ||
            pem.label.p + pem.label.n > pem.whole.p + pem.whole.n || !hf_pem_is(in))
            abort();
        same_again(&pem, hf_buf_bytes(&body));
    }
    return 0;
}
