/* PEM (RFC 7468): labelled base64 blocks in text. */
#ifndef HF_CODEC_PEM_H
#define HF_CODEC_PEM_H

#include "base/reader.h"

struct hf_pem {
    struct hf_bytes label; /* "CERTIFICATE", inside the text */
    struct hf_bytes whole; /* from the first dash to the last, inside the text */
};

/*
 * The next block of the text that r reads (`r = hf_reader(text)`); body is replaced by what its base64 stands for.
 * Other lines before, between and after blocks are passed over, as are spaces at the ends of lines, and CR LF is a
 * line end.
 *
 * Returns HF_OK, or HF_E_NOT_FOUND when no block is left, or, naming the line,
 *   HF_E_TRUNCATED    the block has no END line
 *   HF_E_FORMAT       a malformed BEGIN line, another END label, bad or empty base64
 *   HF_E_UNSUPPORTED  headers before the base64 (RFC 1421), as in keys encrypted the old way
 */
hf_err hf_pem_next(struct hf_reader *r, struct hf_pem *out, struct hf_buf *body);

/* The body of the first block with this label. HF_E_NOT_FOUND names the label that is there instead. */
hf_err hf_pem_find(struct hf_bytes text, const char *label, struct hf_buf *body);

/* True where the text has a line that begins a block. */
bool hf_pem_is(struct hf_bytes text);

/* Append a block with lines of 64 digits. HF_E_ARG for an empty body or a label that is not one. */
hf_err hf_pem_write(const char *label, struct hf_bytes body, struct hf_buf *out);

#endif
