/* For targets of formats with an inspector: every row it tells lies inside the input, and every group is closed. */
#ifndef HF_FUZZ_INSPECT_H
#define HF_FUZZ_INSPECT_H

#include "evidence/inspect.h"

#include <stdlib.h>

static inline void fuzz_inside(struct hf_bytes view, struct hf_bytes in)
{
    if (view.n && (view.p < in.p || view.n > in.n || view.p > in.p + in.n - view.n))
        abort();
}

static inline void fuzz_row(void *to, const struct hf_inspect_row *row)
{
    const struct hf_bytes *in = (const struct hf_bytes *)to;

    if (row->at > in->n || row->n > in->n - row->at || memchr(row->meaning, 0, sizeof(row->meaning)) == NULL)
        abort();
}

static inline hf_err fuzz_inspect(struct hf_bytes in, hf_err (*inspect)(struct hf_bytes in, struct hf_inspect *out))
{
    struct hf_inspect i = {.row = fuzz_row, .to = &in, .whole = in};
    hf_err err = inspect(in, &i);

    if (i.depth)
        abort();
    return err;
}

#endif
