/* Evidence as it came, opened into items. */
#include "evidence/table.h"
#include "base/cleanup.h"

void hf_evidence_set_free(struct hf_evidence_set *set)
{
    for (size_t i = 0; i < set->n_buf; i++)
        hf_buf_free(&set->buf[i]);
    set->n = set->n_buf = 0;
}

hf_err hf_evidence_open(struct hf_bytes in, const char *kind, struct hf_evidence_set *set)
{
    const struct hf_evidence_format *format = NULL;

    if (set->n == HF_EVIDENCE_ITEMS_MAX)
        return hf_fail(HF_E_LIMIT, "more than %d items of evidence at once", HF_EVIDENCE_ITEMS_MAX);
    HF_TRY(hf_evidence_detect(in, kind, &format));
    set->item[set->n++] = (struct hf_evidence_item){.format = format, .bytes = in};
    return HF_OK;
}
