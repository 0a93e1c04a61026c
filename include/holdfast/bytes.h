/*
 * Bytes: a view, a growing buffer, and a secret.
 */
#ifndef HOLDFAST_BYTES_H
#define HOLDFAST_BYTES_H

#include <holdfast/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A view of bytes that somebody else owns. n is 0 for no bytes; p may then be NULL. */
struct hf_bytes {
    const uint8_t *p;
    size_t n;
};

/* A growing buffer that owns its bytes. Start with {0}, or with a ceiling: {.max = 4096}.
 * Without a ceiling it stops at 1 GiB. Not for secrets: growing leaves copies behind. */
struct hf_buf {
    uint8_t *p;
    size_t n;    /* bytes in use */
    size_t cap;  /* bytes allocated */
    size_t max;  /* never grows past this; 0 means 1 GiB */
};

/* Append. Returns HF_OK, HF_E_LIMIT past max, HF_E_MEMORY. The buffer is unchanged on failure. */
HF_API HF_MUST_CHECK hf_err hf_buf_add(struct hf_buf *buf, struct hf_bytes bytes);

/* Replace the content. `bytes` must not point into the buffer. Errors as hf_buf_add. */
HF_API HF_MUST_CHECK hf_err hf_buf_set(struct hf_buf *buf, struct hf_bytes bytes);

/* Append n bytes of undefined content and give their place, valid until the next change. */
HF_API HF_MUST_CHECK hf_err hf_buf_grow(struct hf_buf *buf, size_t n, uint8_t **place);

/* A view of the content, valid until the buffer changes. */
HF_API struct hf_bytes hf_buf_bytes(const struct hf_buf *buf);

/* Free the content and leave the buffer empty, its ceiling kept. Accepts an empty one. */
HF_API void hf_buf_free(struct hf_buf *buf);

/* Bytes of a C string, without its NUL. NULL gives no bytes. */
HF_API struct hf_bytes hf_bytes_text(const char *text);

/* Equal in length and content. Not constant time: for public bytes only. */
HF_API bool hf_bytes_equal(struct hf_bytes a, struct hf_bytes b);

/*
 * A secret lives in pages that are locked in memory where the system allows it, kept out of core
 * dumps, and wiped when freed. At most 1 MiB each.
 */
struct hf_secret;

/* A copy of `bytes` as a secret; the caller wipes its own. HF_E_LIMIT over 1 MiB, HF_E_MEMORY. */
HF_API HF_MUST_CHECK hf_err hf_secret_new(struct hf_bytes bytes, struct hf_secret **out);

/* n bytes of zeros, to be filled through *place. Errors as hf_secret_new. */
HF_API HF_MUST_CHECK hf_err hf_secret_new_zero(size_t n, uint8_t **place, struct hf_secret **out);

/* The bytes themselves, valid until the secret is freed. NULL gives no bytes. */
HF_API struct hf_bytes hf_secret_expose(const struct hf_secret *s);

/* Constant time for equal lengths. A NULL secret equals no bytes only. */
HF_API bool hf_secret_equal(const struct hf_secret *s, struct hf_bytes b);

/* Wipe, free, and set *s to NULL. Accepts NULL in *s. */
HF_API void hf_secret_free(struct hf_secret **s);

/* True where the pages of secrets are locked; false where the system refused (RLIMIT_MEMLOCK). */
HF_API bool hf_secret_locked(void);

#ifdef __cplusplus
}
#endif
#endif
