/* What the inside needs beyond holdfast/bytes.h. */
#ifndef HF_BASE_BYTES_H
#define HF_BASE_BYTES_H

#include "base/error.h"

#include <holdfast/bytes.h>
#include <string.h>

/* A view of an array: HF_BYTES_OF(digest). */
#define HF_BYTES_OF(array) ((struct hf_bytes){(const uint8_t *)(array), sizeof(array)})

/* The content as a C string: puts a NUL behind it (not counted) and gives its place, owned by buf. */
hf_err hf_buf_text(struct hf_buf *buf, char **out);

/* Overwrite with zeros in a way the compiler keeps. */
void hf_wipe(void *place, size_t n);

/* Number of rows of a table. */
#define HF_COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* A small fixed buffer for values that have a known ceiling, such as digests and names. */
#define HF_DIGEST_MAX 64
struct hf_digest {
    size_t n;
    uint8_t bytes[HF_DIGEST_MAX];
};

static inline struct hf_bytes hf_digest_bytes(const struct hf_digest *d)
{
    return (struct hf_bytes){d->bytes, d->n};
}

#endif
