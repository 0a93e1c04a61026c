/* Base64 (RFC 4648, sections 4 and 5). */
#ifndef HF_CODEC_BASE64_H
#define HF_CODEC_BASE64_H

#include "base/bytes.h"

/* Append base64 with padding; the URL-safe alphabet without padding. */
hf_err hf_base64_write(struct hf_bytes in, struct hf_buf *out);
hf_err hf_base64url_write(struct hf_bytes in, struct hf_buf *out);

/* Append what canonical base64 stands for: padding exact, spare bits zero, no white space.
 * HF_E_FORMAT names the position. */
hf_err hf_base64_parse(struct hf_bytes text, struct hf_buf *out);
hf_err hf_base64url_parse(struct hf_bytes text, struct hf_buf *out);

/* The same with line breaks, spaces and tabs passed over, as in PEM bodies and copied text. */
hf_err hf_base64_parse_loose(struct hf_bytes text, struct hf_buf *out);

#endif
