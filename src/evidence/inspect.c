/* Rows about evidence, for people and as JSON. */
#include "evidence/inspect.h"

#include <stdarg.h>
#include <stdio.h>

struct hf_bytes hf_inspect_part(const struct hf_inspect *i, size_t at, size_t n)
{
    size_t left = at < i->whole.n ? i->whole.n - at : 0;

    return left ? (struct hf_bytes){i->whole.p + at, n < left ? n : left} : (struct hf_bytes){0};
}

static struct hf_inspect_row start(const struct hf_inspect *i, enum hf_inspect_kind kind, const char *name,
                                   struct hf_bytes place)
{
    struct hf_inspect_row row = {.kind = kind, .depth = i->depth, .name = name, .bytes = place, .n = place.n};
    uintptr_t from = (uintptr_t)i->whole.p, at = (uintptr_t)place.p;

    if (place.p && at >= from && at - from <= i->whole.n)
        row.at = at - from;
    return row;
}

static HF_PRINTF(3, 0) void tell(const struct hf_inspect *i, struct hf_inspect_row *row, const char *fmt, va_list args)
{
    if (fmt && vsnprintf(row->meaning, sizeof(row->meaning), fmt, args) < 0)
        row->meaning[0] = 0;
    i->row(i->to, row);
}

void hf_inspect_bytes(struct hf_inspect *i, const char *name, struct hf_bytes value, const char *fmt, ...)
{
    struct hf_inspect_row row = start(i, HF_INSPECT_BYTES, name, value);
    va_list args;

    va_start(args, fmt);
    tell(i, &row, fmt, args);
    va_end(args);
}

void hf_inspect_text(struct hf_inspect *i, const char *name, struct hf_bytes value, const char *fmt, ...)
{
    struct hf_inspect_row row = start(i, HF_INSPECT_TEXT, name, value);
    va_list args;

    va_start(args, fmt);
    tell(i, &row, fmt, args);
    va_end(args);
}

void hf_inspect_number(struct hf_inspect *i, const char *name, struct hf_bytes place, uint64_t value, const char *fmt,
                       ...)
{
    struct hf_inspect_row row = start(i, HF_INSPECT_NUMBER, name, place);
    va_list args;

    row.number = value;
    va_start(args, fmt);
    tell(i, &row, fmt, args);
    va_end(args);
}

void hf_inspect_open(struct hf_inspect *i, const char *name, struct hf_bytes value)
{
    struct hf_inspect_row row = start(i, HF_INSPECT_GROUP, name, value);

    i->row(i->to, &row);
    i->depth++;
}

void hf_inspect_close(struct hf_inspect *i)
{
    if (i->depth)
        i->depth--;
}
