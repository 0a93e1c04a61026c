/* What a policy is printed as is read as the same policy: printing again gives the same text, and both
 * have the same digest. */
#include "fuzz.h"
#include "tpm/policy_digest.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_policy *first = NULL;
    struct hf_policy *second = NULL;
    struct hf_buf text = {0};
    struct hf_buf again = {0};
    struct hf_digest a = {0};
    struct hf_digest b = {0};
    hf_err err;

    if (hf_policy_parse((struct hf_bytes){data, size}, &first) != HF_OK)
        return 0;
    if (hf_policy_print(first, &text) != HF_OK)
        abort();
    /* The printed text may be longer than what is read: names are written out. */
    if (text.n <= HF_POLICY_TEXT_MAX) {
        if (hf_policy_parse(hf_buf_bytes(&text), &second) != HF_OK)
            abort();
        if (hf_policy_print(second, &again) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&text), hf_buf_bytes(&again)))
            abort();
        if (hf_policy_bound(first) != hf_policy_bound(second))
            abort();
        err = hf_policy_digest_of(first, HF_SHA256, &a);
        if (hf_policy_digest_of(second, HF_SHA256, &b) != err)
            abort();
        if (!hf_bytes_equal(hf_digest_bytes(&a), hf_digest_bytes(&b)))
            abort();
        if (!hf_policy_bound(first) && err == HF_OK)
            abort();
    }
    hf_policy_free(&first);
    hf_policy_free(&second);
    hf_buf_free(&text);
    hf_buf_free(&again);
    return 0;
}
