/* Revocation lists: entries are sorted, each is found again, every view lies inside. */
#include "crypto/crl.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void inside(const struct hf_crl *crl, struct hf_bytes v)
{
    must(v.n == 0 || (v.p >= crl->der.p && v.n <= crl->der.n && (size_t)(v.p - crl->der.p) <= crl->der.n - v.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;

    if (hf_crl_parse((struct hf_bytes){data, size}, &crl) != HF_OK)
        return 0;
    inside(crl, crl->tbs);
    inside(crl, crl->issuer);
    inside(crl, crl->signature);
    inside(crl, crl->authority_id);
    inside(crl, crl->number);
    inside(crl, crl->point);
    must(crl->issuer_text != NULL);
    for (size_t i = 0; i < crl->n; i++) {
        const struct hf_crl_entry *found = hf_crl_find(crl, crl->entry[i].serial);

        inside(crl, crl->entry[i].serial);
        must(found && hf_bytes_equal(found->serial, crl->entry[i].serial));
        must(i == 0 || crl->entry[i - 1].serial.n <= crl->entry[i].serial.n);
    }
    must(hf_crl_check_time(crl, crl->this_update) == HF_OK || !crl->has_next_update ||
         crl->next_update < crl->this_update);
    return 0;
}
