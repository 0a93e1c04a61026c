/* Canonical JSON (RFC 8785): one byte string for one value, to be hashed and signed. */
#ifndef HF_CODEC_JCS_H
#define HF_CODEC_JCS_H

#include "codec/json_read.h"

/*
 * Append the canonical form of a JSON text: no white space, members in the order of their keys' UTF-16 code units,
 * texts with as few escapes as can be, numbers as ECMAScript writes doubles.
 *
 * A whole number that no double is exactly (beyond 2^53) is HF_E_FORMAT, unless it is written as ECMAScript writes the
 * double nearest to it: two documents whose integers we read as different never have one canonical form. So is a number
 * beyond the doubles. Otherwise the errors of hf_json_check, HF_E_MEMORY and HF_E_LIMIT. Time is O(n log n).
 */
hf_err hf_jcs_write(struct hf_bytes text, struct hf_buf *out);

/* The same for a value inside a text that was checked. */
hf_err hf_jcs_write_value(struct hf_json_value v, struct hf_buf *out);

#endif
