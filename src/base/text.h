/* Building text in a buffer. */
#ifndef HF_BASE_TEXT_H
#define HF_BASE_TEXT_H

#include "base/bytes.h"

/* Append formatted text (no NUL). */
hf_err hf_buf_printf(struct hf_buf *buf, const char *fmt, ...) HF_PRINTF(2, 3);

/* A decimal or 0x number that fills the whole text and lies within [0, max]. `what` names it in the error. */
hf_err hf_text_u64(const char *text, uint64_t max, const char *what, uint64_t *out);

/* The content of a view as a new C string; HF_E_FORMAT where it holds a NUL. Free with hf_free. */
hf_err hf_text_of(struct hf_bytes bytes, char **out);

/* Letters changed, added, left out or swapped with their neighbour between two texts, for "did you mean"
 * (optimal string alignment). Texts are cut at 64 bytes. */
size_t hf_text_distance(struct hf_bytes a, struct hf_bytes b);

#endif
