/* PEM (RFC 7468). */
#ifndef HF_CRYPTO_PEM_H
#define HF_CRYPTO_PEM_H

#include "base/bytes.h"

struct hf_pem {
    struct hf_bytes label; /* "CERTIFICATE": a view into the text */
    struct hf_bytes body;  /* between the lines, base64 with its line breaks, possibly with headers */
};

/* Take the next block off the front of *text (text before it is passed over). HF_E_NOT_FOUND when there is
 * none; HF_E_FORMAT for a beginning without its end. */
hf_err hf_pem_next(struct hf_bytes *text, struct hf_pem *out);

/* Does a text hold a beginning of a block? */
bool hf_pem_is(struct hf_bytes text);

/* Append the block's bytes. HF_E_FORMAT for headers (encrypted keys of the old kind have them). */
hf_err hf_pem_decode(const struct hf_pem *pem, struct hf_buf *out);

/* Append a block of this label, lines of 64 characters. */
hf_err hf_pem_write(const char *label, struct hf_bytes der, struct hf_buf *out);

#endif
