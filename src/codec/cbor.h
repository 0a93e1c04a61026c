/*
 * CBOR (RFC 8949). Like JSON: the input is checked whole first, then values are slices of it. Every text is UTF-8,
 * no map has a key twice, and keys are integers, definite strings or simple values, under all rules.
 */
#ifndef HF_CODEC_CBOR_H
#define HF_CODEC_CBOR_H

#include "base/bytes.h"

#define HF_CBOR_DEPTH 32 /* arrays, maps and tags within each other */

enum hf_cbor_rules {
    HF_CBOR_LOOSE,         /* indefinite lengths and heads that are not minimal are fine */
    HF_CBOR_DEFINITE,      /* no indefinite lengths */
    HF_CBOR_DETERMINISTIC, /* section 4.2.1: minimal, definite, keys in bytewise order */
};

enum hf_cbor_type {
    HF_CBOR_UINT,   /* value */
    HF_CBOR_NINT,   /* -1 - value */
    HF_CBOR_BYTES,  /* content, unless indefinite */
    HF_CBOR_TEXT,   /* content, unless indefinite */
    HF_CBOR_ARRAY,  /* value items */
    HF_CBOR_MAP,    /* value pairs */
    HF_CBOR_TAG,    /* value is the tag's number, content the item it stands before */
    HF_CBOR_SIMPLE, /* value: 20 false, 21 true, 22 null, 23 undefined */
    HF_CBOR_FLOAT,  /* number */
};

struct hf_cbor {
    enum hf_cbor_type type;
    bool indefinite;
    uint64_t value;
    double number;
    struct hf_bytes content; /* behind the head; for arrays and maps their items */
    struct hf_bytes raw;     /* the whole item as it came */
};

/*
 * The whole input is one item. HF_E_TRUNCATED, HF_E_TRAILING, HF_E_FORMAT with the offset; HF_E_UNSUPPORTED for a map
 * key of another type. Time is O(n log n): the keys of a map are sorted where the rules do not ask for order.
 */
hf_err hf_cbor_parse(struct hf_bytes in, enum hf_cbor_rules rules, struct hf_cbor *out);

/* The same for the item at the start, with what is left behind it: CBOR sequences, tokens inside other formats. */
hf_err hf_cbor_parse_first(struct hf_bytes in, enum hf_cbor_rules rules, struct hf_cbor *out, struct hf_bytes *rest);

/* "a map", "a byte string", ... */
const char *hf_cbor_type_name(enum hf_cbor_type type);

/* Walk through an array's items or a map's pairs, as with struct hf_json_iter. */
struct hf_cbor_iter {
    struct hf_cbor key; /* in a map */
    struct hf_cbor value;
    size_t index;
    struct hf_bytes left;
    bool map;
    bool started;
};
struct hf_cbor_iter hf_cbor_iter(struct hf_cbor v);
bool hf_cbor_next(struct hf_cbor_iter *it);

/* A pair of a map by its key, an item of an array by its place. HF_E_FORMAT where it is no map or array,
 * HF_E_NOT_FOUND where it has no such one. */
hf_err hf_cbor_get(struct hf_cbor map, int64_t key, struct hf_cbor *out);
hf_err hf_cbor_get_text(struct hf_cbor map, const char *key, struct hf_cbor *out);
hf_err hf_cbor_item(struct hf_cbor array, size_t index, struct hf_cbor *out);

/* What stands behind a tag: HF_E_FORMAT names the tag seen and the one wanted. */
hf_err hf_cbor_untag(struct hf_cbor v, uint64_t tag, struct hf_cbor *out);

/* Values as C has them. HF_E_FORMAT where the type is another one or the value does not fit. Strings are views;
 * one of indefinite length has none: append it with hf_cbor_string. */
hf_err hf_cbor_as_u64(struct hf_cbor v, uint64_t max, uint64_t *out);
hf_err hf_cbor_as_i64(struct hf_cbor v, int64_t *out);
hf_err hf_cbor_as_bool(struct hf_cbor v, bool *out);
hf_err hf_cbor_as_bytes(struct hf_cbor v, struct hf_bytes *out);
hf_err hf_cbor_as_text(struct hf_cbor v, struct hf_bytes *out);
hf_err hf_cbor_string(struct hf_cbor v, struct hf_buf *out); /* of either type and length */
bool hf_cbor_is_null(struct hf_cbor v);
bool hf_cbor_is(struct hf_cbor v, const char *text); /* a definite text that equals this one */

/*
 * Writing, deterministic (4.2.1): heads and floats are minimal, and a map's pairs are put in order when it is closed;
 * a key twice fails. The first failure sticks; hf_cbor_end tells. In a map, keys and values are put in turn.
 */
struct hf_cbor_writer {
    struct hf_buf *out;
    hf_err err;
    unsigned depth;
    bool tagged; /* a tag waits for its item */
    struct {
        size_t content;
        uint64_t items;
        bool map;
    } level[HF_CBOR_DEPTH + 1];
};

struct hf_cbor_writer hf_cbor_writer(struct hf_buf *out);

void hf_cbor_put_array(struct hf_cbor_writer *w); /* open */
void hf_cbor_put_map(struct hf_cbor_writer *w);   /* open */
void hf_cbor_put_close(struct hf_cbor_writer *w); /* the innermost */
void hf_cbor_put_u64(struct hf_cbor_writer *w, uint64_t value);
void hf_cbor_put_i64(struct hf_cbor_writer *w, int64_t value);
void hf_cbor_put_bytes(struct hf_cbor_writer *w, struct hf_bytes value);
void hf_cbor_put_text(struct hf_cbor_writer *w, const char *value);
void hf_cbor_put_text_n(struct hf_cbor_writer *w, struct hf_bytes value);
void hf_cbor_put_tag(struct hf_cbor_writer *w, uint64_t tag); /* of the item that comes next */
void hf_cbor_put_bool(struct hf_cbor_writer *w, bool value);
void hf_cbor_put_null(struct hf_cbor_writer *w);
void hf_cbor_put_double(struct hf_cbor_writer *w, double value);
void hf_cbor_put_raw(struct hf_cbor_writer *w, struct hf_bytes item); /* one item as it is */

hf_err hf_cbor_end(struct hf_cbor_writer *w);

/* Inside codec/: the value as a half-precision float, where it is one exactly (a NaN is 0x7e00). */
bool hf_cbor_half(double value, uint16_t *out);

/* Inside codec/: true where the value is a finite single-precision float exactly. */
bool hf_cbor_single(double value);

#endif
