/* UTF-8 (RFC 3629). */
#ifndef HF_CODEC_UTF8_H
#define HF_CODEC_UTF8_H

#include "base/bytes.h"

/* Bytes (1 to 4) of the sequence at the start of a text of n > 0 bytes, or 0 where it is not one: overlong,
 * a surrogate, beyond U+10FFFF, cut off. */
size_t hf_utf8_sequence(const uint8_t *p, size_t n);

/* The code point of a sequence that hf_utf8_sequence accepted. */
uint32_t hf_utf8_point(const uint8_t *p, size_t n);

/* Write a code point (not a surrogate, at most U+10FFFF) into out and give its number of bytes. */
size_t hf_utf8_write(uint32_t point, uint8_t out[4]);

/* Bytes of the character at the start of a text of n > 0 bytes where a terminal merely shows it; 0 for what it would
 * obey (control characters, changes of writing direction) and for what is no UTF-8. */
size_t hf_utf8_shown(const uint8_t *p, size_t n);

/* HF_OK, or HF_E_FORMAT that names the position and the byte. */
hf_err hf_utf8_check(struct hf_bytes text);

#endif
