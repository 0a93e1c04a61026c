/* IMA lists: a binary list that is read is written again byte for byte; every prefix that ends between
 * entries is found by its own value, and going on from there gives the whole list's value. */
#include "evidence/ima.h"
#include "base/cleanup.h"
#include "crypto/hash.h"
#include "fuzz.h"

#include <holdfast/eventlog.h>
#include <stdlib.h>

static void same_again(struct hf_bytes in)
{
    HF_CLEANUP(hf_ima_list_close) struct hf_ima_list list = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_ima_entry entry;

    if (hf_ima_list_open(in, &list) != HF_OK)
        return;
    while (hf_ima_list_next(&list, &entry)) {
        if (hf_ima_entry_write(&entry, &again) != HF_OK)
            abort();
    }
    if (hf_ima_list_end(&list) == HF_OK && !list.text && !hf_bytes_equal(hf_buf_bytes(&again), in))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_bytes in = {data, size}, none = {NULL, 0};
    struct hf_ima whole, found, on;

    same_again(in);
    if (hf_ima_replay(in, 10, HF_SHA256, none, NULL, &whole) != HF_OK)
        return 0;
    if (hf_ima_replay(in, 10, HF_SHA256, (struct hf_bytes){whole.value, 32}, NULL, &found) != HF_OK ||
        found.matched != whole.entries)
        abort();
    if (hf_ima_replay(in, 10, HF_SHA256, none, &found, &on) != HF_OK || memcmp(on.value, whole.value, 32) != 0 ||
        on.entries != whole.entries)
        abort();
    return 0;
}
