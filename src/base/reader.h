/*
 * Reading bytes from outside. A reader cannot leave its input; the first read that does not fit
 * fails it, later reads give zeros and empty views, and hf_rd_end tells, also about bytes left over.
 */
#ifndef HF_BASE_READER_H
#define HF_BASE_READER_H

#include "base/bytes.h"

struct hf_reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    hf_err err;      /* HF_OK until the first failure */
    size_t err_at;   /* offset of the first failure */
    size_t err_want; /* bytes wanted there */
};

struct hf_reader hf_reader(struct hf_bytes in);

uint8_t hf_rd_u8(struct hf_reader *r);
uint16_t hf_rd_u16be(struct hf_reader *r);
uint16_t hf_rd_u16le(struct hf_reader *r);
uint32_t hf_rd_u32be(struct hf_reader *r);
uint32_t hf_rd_u32le(struct hf_reader *r);
uint64_t hf_rd_u64be(struct hf_reader *r);
uint64_t hf_rd_u64le(struct hf_reader *r);

/* n bytes copied out, or zeros. */
void hf_rd_copy(struct hf_reader *r, void *out, size_t n);

/* A view of n bytes inside the input, or an empty one. */
struct hf_bytes hf_rd_view(struct hf_reader *r, size_t n);

/* Everything that is left, as a view. */
struct hf_bytes hf_rd_rest(struct hf_reader *r);

/* n bytes that must be zero: HF_E_FORMAT where one is not. */
void hf_rd_zero(struct hf_reader *r, size_t n);

/* n bytes passed over. */
void hf_rd_skip(struct hf_reader *r, size_t n);

/* A view of a reader's next n bytes as a reader of its own. */
struct hf_reader hf_rd_sub(struct hf_reader *r, size_t n);

/* True while nothing failed and bytes are left: the condition of a loop over repeated fields. */
bool hf_rd_more(const struct hf_reader *r);

/* Bytes left. 0 after a failure. */
size_t hf_rd_left(const struct hf_reader *r);

/* Offset of the next byte from the start. */
size_t hf_rd_at(const struct hf_reader *r);

/* Fail the reader for a value that does not fit: later reads give zeros. Keeps the first failure. */
void hf_rd_fail(struct hf_reader *r, hf_err err, const char *fmt, ...) HF_PRINTF(3, 4);

/* The first failure so far, without asking for the end. */
hf_err hf_rd_err(const struct hf_reader *r);

/* HF_OK, or the first failure, or HF_E_TRAILING when bytes are left. */
hf_err hf_rd_end(const struct hf_reader *r);

#endif
