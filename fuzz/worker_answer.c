/* What a captured worker may send: a result that is taken is within its bounds, and is the same when it is sent again. */
#include "fuzz.h"
#include "worker/message.h"

#include <stdlib.h>

static void send_again(const struct hf_verify_result *r, struct hf_buf *out)
{
    struct hf_msg w = {.out = out};

    out->n = 0;
    hf_msg_result(&w, r, false);
    if (w.err != HF_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hf_verify_result *first, *second;
    static struct hf_buf once, twice;
    const struct hf_verify_request q = {.at = 1};

    if ((!first && hf_verify_result_new(&first) != HF_OK) || (!second && hf_verify_result_new(&second) != HF_OK))
        abort();
    if (hf_msg_result_read((struct hf_bytes){data, size}, &q, first) != HF_OK) {
        if (first->n || first->verdict.n)
            abort();
        return 0;
    }
    if (first->n > HF_EVIDENCE_ITEMS_MAX || first->verdict.n > HF_CHECKS_MAX || first->has_nonce)
        abort();
    send_again(first, &once);
    if (hf_msg_result_read(hf_buf_bytes(&once), &q, second) != HF_OK)
        abort();
    send_again(second, &twice);
    if (!hf_bytes_equal(hf_buf_bytes(&once), hf_buf_bytes(&twice)))
        abort();
    return 0;
}
