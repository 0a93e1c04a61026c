/* An audit line that is accepted is written again as the same bytes, and its hash is judged without harm. */
#include "base/cleanup.h"
#include "core/audit_line.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_audit_record rec;
    uint8_t hash[32];
    bool intact;

    if (hf_audit_line_parse((struct hf_bytes){data, size}, &rec) != HF_OK)
        return 0;
    if (hf_audit_line_write(&rec, &again, hash) != HF_OK)
        abort();
    intact = hf_audit_line_check((struct hf_bytes){data, size}, &rec) == HF_OK;
    if (intact != (memcmp(hash, rec.hash, sizeof(hash)) == 0))
        abort();
    if (again.n != size + 1 || memcmp(again.p, data, size - 66) != 0) /* all but the hash and its end */
        abort();
    if (intact && memcmp(again.p, data, size) != 0)
        abort();
    return 0;
}
