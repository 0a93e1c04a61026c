/* DICE extensions: what is read is written again byte for byte, but for lists, which are only read. */
#include "base/cleanup.h"
#include "evidence/dice_tcb.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_bytes in = {data, size};
    struct hf_dice_tcb tcb;

    if (hf_dice_tcb_parse(in, &tcb) != HF_OK)
        return 0;
    if (tcb.n_fwids > HF_DICE_FWIDS_MAX)
        abort();
    if (tcb.kind == HF_DICE_MULTI_TCB_INFO)
        return 0;
    if (hf_dice_tcb_write(&tcb, &again) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&again), in))
        abort();
    return 0;
}
