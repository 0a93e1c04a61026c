/* Opening anything: what comes out is of the kind that it says and lies in the input or in the set's own buffers; bytes
 * that were made to fit two kinds are of the first in the table; a failure leaves the set as it was; and opening again
 * gives the same. */
#include "base/cleanup.h"
#include "evidence/table.h"
#include "fuzz.h"

#include <stdlib.h>

static bool lies(struct hf_bytes in, struct hf_bytes part)
{
    return part.n == 0 || (part.p >= in.p && part.p + part.n <= in.p + in.n);
}

static void check(const struct hf_evidence_set *set, struct hf_bytes in)
{
    if (set->n == 0 || set->n > HF_EVIDENCE_ITEMS_MAX || set->n_buf > set->n)
        abort();
    for (size_t i = 0; i < set->n; i++) {
        const struct hf_evidence_item *item = &set->item[i];
        bool inside = lies(in, item->bytes);

        for (size_t k = 0; k < set->n_buf; k++)
            inside |= lies(hf_buf_bytes(&set->buf[k]), item->bytes);
        if (!inside || (item->format && !item->format->detect(item->bytes)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_bytes in = {data, size};
    struct hf_evidence_set set = {0}, again = {0};
    const struct hf_evidence_format *first = NULL, *format = NULL;
    hf_err err;

    for (size_t i = 0; hf_evidence_formats[i] && !first; i++)
        first = hf_evidence_formats[i]->detect(in) ? hf_evidence_formats[i] : NULL;
    if ((hf_evidence_detect(in, NULL, &format) == HF_OK) != (first != NULL) || format != first)
        abort();
    err = hf_evidence_open(in, NULL, &set);
    if (err != HF_OK) {
        if (set.n || set.n_buf)
            abort();
        return 0;
    }
    check(&set, in);
    if (hf_evidence_open(in, "auto", &again) != HF_OK || again.n != set.n)
        abort();
    for (size_t i = 0; i < set.n; i++) {
        if (set.item[i].format != again.item[i].format || !hf_bytes_equal(set.item[i].bytes, again.item[i].bytes))
            abort();
    }
    hf_evidence_set_free(&again);
    hf_evidence_set_free(&set);
    return 0;
}
