/* Wrappers: a walk ends within its bounds, its views lie in the input, and each record is written and read as the
 * same. */
#include "evidence/cmw.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

struct seen {
    struct hf_bytes in;
    size_t n;
    bool again; /* this is the second reading: compare */
    struct hf_cmw_record record;
};

static bool same(const struct hf_cmw_record *a, const struct hf_cmw_record *b)
{
    return a->form == b->form && a->content_format == b->content_format && a->ind == b->ind &&
           hf_bytes_equal(a->media_type, b->media_type) && hf_bytes_equal(a->value, b->value);
}

static hf_err each(void *to, const char *path, const struct hf_cmw_record *r)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct seen *s = to;
    struct seen second = {.again = true, .record = *r};

    if (s->again) {
        if (!same(&s->record, r))
            abort();
        s->n++;
        return HF_OK;
    }
    if (++s->n > HF_CMW_ITEMS || strlen(path) >= HF_CMW_PATH)
        abort();
    if (r->value.n && (r->value.p < s->in.p || r->value.p + r->value.n > s->in.p + s->in.n))
        abort();
    /* A tag of CBOR that is no string is written as bytes: its value is read as the same all the same. JSON's values
     * may hold what a record's beginning cannot be told by. */
    if (hf_cmw_record_write(r, &out) != HF_OK)
        abort();
    if (hf_cmw_form(hf_buf_bytes(&out)) != r->form)
        return HF_OK;
    if (hf_cmw_walk(hf_buf_bytes(&out), each, &second) != HF_OK || second.n != 1)
        abort();
    return HF_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {.in = {data, size}};

    if (hf_cmw_walk(seen.in, each, &seen) == HF_OK && hf_cmw_form(seen.in) == HF_CMW_NONE)
        abort();
    return 0;
}
