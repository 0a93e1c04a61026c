/*
 * Reading JSON (RFC 8259), strictly and without a tree: the text is checked whole first, then values are slices of
 * it. So a signature over a value is checked over the very bytes that came.
 *
 *   struct hf_json_value top, quote;
 *   HF_TRY(hf_json_parse(text, &top));
 *   HF_TRY(hf_json_get(top, "quote", &quote));
 *   HF_TRY(hf_json_as_base64(quote, &buf));
 *
 * Request bodies and configuration are read by tables of fields: codec/json_fields.h.
 */
#ifndef HF_CODEC_JSON_READ_H
#define HF_CODEC_JSON_READ_H

#include "base/bytes.h"

#define HF_JSON_READ_DEPTH 64 /* objects and arrays within each other */

/*
 * The whole text is one JSON value. Beyond RFC 8259's grammar: UTF-8 without a byte order mark, no lone surrogates in
 * escapes, no key twice in an object (compared after unescaping), at most HF_JSON_READ_DEPTH deep, below 4 GiB.
 * HF_E_FORMAT names line and column (bytes, from 1).
 *
 * Time is O(n log n) for n bytes of any content: the keys of an object are sorted in place, and each is compared at
 * most 2 log2(keys) times; memory is 16 bytes a key that is open at a time.
 */
hf_err hf_json_check(struct hf_bytes text);

/* The same; *failed is the offset where it failed, or 0. */
hf_err hf_json_check_at(struct hf_bytes text, size_t *failed);

enum hf_json_type { HF_JSON_NULL, HF_JSON_BOOL, HF_JSON_NUMBER, HF_JSON_TEXT, HF_JSON_ARRAY, HF_JSON_OBJECT };

/* A value inside a text that was checked: made by the functions below alone. */
struct hf_json_value {
    enum hf_json_type type;
    struct hf_bytes raw; /* its bytes as they came, without white space around them */
};

/* Check a text and give its value. */
hf_err hf_json_parse(struct hf_bytes text, struct hf_json_value *out);

/* "an object", "a number", ... */
const char *hf_json_type_name(enum hf_json_type type);

/* A member of an object. HF_E_FORMAT where it is no object, HF_E_NOT_FOUND where it has no such key. */
hf_err hf_json_get(struct hf_json_value object, const char *key, struct hf_json_value *out);

/* Walk through an object's members or an array's items:
 *   for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) use(it.key, it.value);
 * Nothing to walk through in other values. */
struct hf_json_iter {
    struct hf_json_value key; /* in an object: a text */
    struct hf_json_value value;
    size_t index; /* from 0 */
    const uint8_t *at;
    const uint8_t *end;
    bool object;
    bool started;
};
struct hf_json_iter hf_json_iter(struct hf_json_value v);
bool hf_json_next(struct hf_json_iter *it);

/* Items of an array, members of an object; 0 for other values. */
size_t hf_json_count(struct hf_json_value v);

/* The unescaped text equals this one. False for values that are not texts. */
bool hf_json_is(struct hf_json_value v, const char *text);

/* Values as C has them. HF_E_FORMAT where the type is another one or the value does not fit exactly: an integer has
 * neither fraction nor exponent; a double is the nearest one, and finite. Texts are appended unescaped and may hold
 * NUL (U+0000). */
hf_err hf_json_as_text(struct hf_json_value v, struct hf_buf *out);
hf_err hf_json_as_u64(struct hf_json_value v, uint64_t max, uint64_t *out);
hf_err hf_json_as_i64(struct hf_json_value v, int64_t *out);
hf_err hf_json_as_double(struct hf_json_value v, double *out);
hf_err hf_json_as_bool(struct hf_json_value v, bool *out);
hf_err hf_json_as_hex(struct hf_json_value v, struct hf_buf *out);       /* digits of either case */
hf_err hf_json_as_base64(struct hf_json_value v, struct hf_buf *out);    /* canonical, with padding */
hf_err hf_json_as_base64url(struct hf_json_value v, struct hf_buf *out); /* canonical, without padding */

/* Line and column, from 1, of a place in a text: for messages about values. */
void hf_json_where(struct hf_bytes text, const uint8_t *at, size_t *line, size_t *column);

/* Inside codec/: the code point at p in a checked text between its quotes; gives the bytes it takes there. */
size_t hf_json_point(const uint8_t *p, uint32_t *point);

/* Inside codec/: the bytes between the quotes of a text. */
struct hf_bytes hf_json_quoted(struct hf_json_value text);

#endif
