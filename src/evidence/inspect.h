/*
 * What `holdfast evidence inspect` prints: rows of offset, name, value and meaning, told by a format's inspector
 * one by one, also for evidence that would not verify. Inspectors go on as far as the bytes allow.
 */
#ifndef HF_EVIDENCE_INSPECT_H
#define HF_EVIDENCE_INSPECT_H

#include "base/bytes.h"

enum hf_inspect_kind {
    HF_INSPECT_GROUP, /* a heading: the rows behind it, one level deeper, belong to it */
    HF_INSPECT_BYTES,
    HF_INSPECT_NUMBER,
    HF_INSPECT_TEXT,
};

struct hf_inspect_row {
    enum hf_inspect_kind kind;
    unsigned depth; /* 0 at the top */
    size_t at;      /* offset in the bytes that were given */
    size_t n;       /* bytes it takes there */
    const char *name;
    struct hf_bytes bytes; /* BYTES, TEXT */
    uint64_t number;       /* NUMBER */
    char meaning[200];     /* "" where the value says it all */
};

/* Where rows go. Inspectors call the functions below, never `row` itself. */
struct hf_inspect {
    void (*row)(void *to, const struct hf_inspect_row *row);
    void *to;
    unsigned depth;
    struct hf_bytes whole; /* offsets are counted from its start */
};

/* `fmt` is the meaning, NULL for none. Views must lie inside `whole`, where offsets come from; others have offset 0. */
void hf_inspect_bytes(struct hf_inspect *i, const char *name, struct hf_bytes value, const char *fmt, ...)
    HF_PRINTF(4, 5);
void hf_inspect_text(struct hf_inspect *i, const char *name, struct hf_bytes value, const char *fmt, ...)
    HF_PRINTF(4, 5);
/* `place`: the bytes that the number was read from. */
void hf_inspect_number(struct hf_inspect *i, const char *name, struct hf_bytes place, uint64_t value, const char *fmt,
                       ...) HF_PRINTF(5, 6);

/* Open a group, and close the innermost. */
void hf_inspect_open(struct hf_inspect *i, const char *name, struct hf_bytes value);
void hf_inspect_close(struct hf_inspect *i);

/* The n bytes at an offset of `whole`: shorter, or none, where it ends. */
struct hf_bytes hf_inspect_part(const struct hf_inspect *i, size_t at, size_t n);

#endif
