/*
 * Writing bytes into a fixed place. The mirror of the reader: a write that does not fit fails the
 * writer, later writes do nothing, and hf_wr_end tells.
 */
#ifndef HF_BASE_WRITER_H
#define HF_BASE_WRITER_H

#include "base/bytes.h"

struct hf_writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool full; /* a write did not fit */
};

struct hf_writer hf_writer(void *place, size_t size);

void hf_wr_u8(struct hf_writer *w, uint8_t v);
void hf_wr_u16be(struct hf_writer *w, uint16_t v);
void hf_wr_u16le(struct hf_writer *w, uint16_t v);
void hf_wr_u32be(struct hf_writer *w, uint32_t v);
void hf_wr_u32le(struct hf_writer *w, uint32_t v);
void hf_wr_u64be(struct hf_writer *w, uint64_t v);
void hf_wr_u64le(struct hf_writer *w, uint64_t v);
void hf_wr_bytes(struct hf_writer *w, struct hf_bytes b);
void hf_wr_zero(struct hf_writer *w, size_t n);

/* A 16-bit big-endian length and the bytes: TPM2B_*. Fails over 65,535 bytes. */
void hf_wr_b16(struct hf_writer *w, struct hf_bytes b);

/* What is written so far. */
struct hf_bytes hf_wr_done(const struct hf_writer *w);

/* HF_OK and the bytes written, or HF_E_LIMIT when something did not fit. */
hf_err hf_wr_end(const struct hf_writer *w, struct hf_bytes *out);

#endif
