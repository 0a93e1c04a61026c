/* Hexadecimal. */
#ifndef HF_CODEC_HEX_H
#define HF_CODEC_HEX_H

#include "base/bytes.h"

/* Append lower-case hex digits. */
hf_err hf_hex_write(struct hf_bytes in, struct hf_buf *out);

/* Append the bytes of an even number of hex digits of either case; HF_E_FORMAT names the position. */
hf_err hf_hex_parse(struct hf_bytes text, struct hf_buf *out);

/* The same into a fixed place of exactly n bytes. */
hf_err hf_hex_parse_exact(struct hf_bytes text, void *place, size_t n);

#endif
