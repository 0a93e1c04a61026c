/* TSS2 key files: what is read is written, and what is written is read as the same file. */
#include "tpm/keyfile.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

static bool same(const struct hf_buf *a, const struct hf_buf *b)
{
    return hf_bytes_equal(hf_buf_bytes(a), hf_buf_bytes(b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_keyfile_free) struct hf_keyfile first = {0};
    HF_CLEANUP(hf_keyfile_free) struct hf_keyfile second = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

    if (hf_keyfile_parse((struct hf_bytes){data, size}, &first) != HF_OK)
        return 0;
    if (hf_keyfile_write(&first, &der) != HF_OK)
        abort();
    if (der.n > HF_KEYFILE_MAX) /* a parent or a boolean may be written longer than it was read */
        return 0;
    if (hf_keyfile_parse(hf_buf_bytes(&der), &second) != HF_OK || hf_keyfile_write(&second, &again) != HF_OK ||
        !same(&der, &again))
        abort();
    if (first.type != second.type || first.empty_auth != second.empty_auth || first.parent != second.parent ||
        first.rsa_parent != second.rsa_parent || !same(&first.policy, &second.policy) ||
        !same(&first.auth_policy, &second.auth_policy) || !same(&first.secret, &second.secret) ||
        !same(&first.description, &second.description) || !same(&first.more, &second.more) ||
        !same(&first.public_area, &second.public_area) || !same(&first.private_blob, &second.private_blob))
        abort();
    return 0;
}
