/* Structures of fixed fields, told row by row: what inspectors of binary formats share. */
#ifndef HF_EVIDENCE_FIELDS_H
#define HF_EVIDENCE_FIELDS_H

#include "evidence/inspect.h"

enum hf_field_kind { HF_AS_BYTES, HF_AS_LE, HF_AS_BE, HF_AS_ZERO };

struct hf_field {
    size_t at; /* from the structure's start */
    size_t n;
    enum hf_field_kind kind;
    const char *name;
    void (*meaning)(uint64_t value, char *place, size_t size); /* of a number; NULL: none */
};

/* A row for each field that begins at `base`; reserved ones only where a byte is not zero. One that the bytes cut is
 * told as far as it goes, with "cut". */
void hf_inspect_fields(struct hf_inspect *i, size_t base, const struct hf_field *fields, size_t n);

/* Words for set bits, in the order of the table, and "reserved(0x..)" for those without one. */
struct hf_bit_name {
    uint64_t bit;
    const char *name;
};
void hf_bits_text(uint64_t value, const struct hf_bit_name *names, size_t n, char *place, size_t size);

#endif
