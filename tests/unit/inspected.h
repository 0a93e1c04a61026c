/* For tests of inspectors: the rows as lines of text, "2 ATTRIBUTES.flags @48+8 = 5 (INIT MODE64BIT)". */
#ifndef HF_TEST_INSPECTED_H
#define HF_TEST_INSPECTED_H

#include "evidence/inspect.h"
#include "test.h"

#include <inttypes.h>

struct inspected {
    size_t rows;
    size_t outside; /* rows that leave the bytes they were told of */
    size_t size;
    char text[65536];
    size_t used;
};

static inline void inspected_row(void *to, const struct hf_inspect_row *row)
{
    struct inspected *all = (struct inspected *)to;
    int n;

    all->rows++;
    all->outside += row->at > all->size || row->n > all->size - row->at;
    n = snprintf(all->text + all->used, sizeof(all->text) - all->used, "%u %s @%zu+%zu = %" PRIu64 " (%s)\n",
                 row->depth, row->name, row->at, row->n, row->number, row->meaning);
    if (n > 0 && (size_t)n < sizeof(all->text) - all->used)
        all->used += (size_t)n;
}

static inline hf_err inspected(struct hf_bytes in, hf_err (*inspect)(struct hf_bytes in, struct hf_inspect *i),
                               struct inspected *out)
{
    struct hf_inspect i = {.row = inspected_row, .to = out, .whole = in};
    hf_err err;

    *out = (struct inspected){.size = in.n};
    err = inspect(in, &i);
    if (i.depth)
        FAIL("an inspector left %u groups open", i.depth);
    if (out->outside)
        FAIL("%zu rows lie outside of what was inspected", out->outside);
    return err;
}

#endif
