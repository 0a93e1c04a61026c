/* Collateral of any form: what is taken is taken again as the same, and what is refused leaves nothing behind. */
#include "base/cleanup.h"
#include "fuzz.h"
#include "verify/endorsements.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};
    struct hf_bytes in = {data, size};
    hf_err err = size <= 65536 ? hf_endorsements_add(&set, in, "fuzz") : HF_E_LIMIT;
    size_t n = set.n;

    if (err != HF_OK && (set.n || set.certs.n))
        abort();
    if (err == HF_OK && (hf_endorsements_add(&set, in, "again") != HF_OK || set.n != n))
        abort();
    for (size_t i = 0; i < set.n; i++) { /* each item by itself is what it was */
        HF_CLEANUP(hf_endorsements_free) struct hf_endorsements one = {0};

        if (set.item[i].kind <= HF_ENDORSEMENT_IDENTITY &&
            (hf_endorsements_add(&one, set.item[i].bytes, "one") != HF_OK || one.n != 1 ||
             one.item[0].kind != set.item[i].kind))
            abort();
    }
    return 0;
}
