/* Plain scalars of YAML 1.2's core schema (10.3.2). */
#ifndef HF_CODEC_YAML_SCALAR_H
#define HF_CODEC_YAML_SCALAR_H

#include "base/bytes.h"

/* Append the JSON of a plain scalar that is null, a boolean or a number; otherwise *is_text and nothing is appended.
 * HF_E_FORMAT for numbers that have no JSON or that YAML 1.1 reads otherwise. */
hf_err hf_yaml_scalar(struct hf_bytes text, bool *is_text, struct hf_buf *out);

#endif
