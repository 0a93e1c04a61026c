/*
 * Conceptual Message Wrapper (RFC 9999, section 3): what says of bytes which media type they are, alone or in a
 * collection by labels. In JSON or CBOR; in CBOR also as a tag made from a CoAP content format (RFC 9277, appendix B).
 */
#ifndef HF_EVIDENCE_CMW_H
#define HF_EVIDENCE_CMW_H

#include "base/bytes.h"

#define HF_CMW_DEPTH 3    /* collections within each other, the outermost included */
#define HF_CMW_ITEMS 64   /* records of a wrapper, over all its collections */
#define HF_CMW_PATH 48    /* labels on the way to a record, with a slash between each two */
#define HF_CMW_COLLECTION "__cmwc_t" /* the label of a collection's own type */

enum hf_cmw_form {
    HF_CMW_NONE,
    HF_CMW_JSON_RECORD,     /* [type, "base64url", ?ind] */
    HF_CMW_JSON_COLLECTION, /* {"__cmwc_t": type, label: record or collection, ...} */
    HF_CMW_CBOR_RECORD,     /* [type, h'', ?ind] */
    HF_CMW_CBOR_COLLECTION, /* the same as in JSON; tag 1668547091 before it is allowed */
    HF_CMW_CBOR_TAG,        /* TN(content format)(h'') */
};

/* What a record is, as bits of `ind` (section 3.1). */
enum {
    HF_CMW_REFERENCE_VALUES = 1 << 0,
    HF_CMW_ENDORSEMENTS = 1 << 1,
    HF_CMW_EVIDENCE = 1 << 2,
    HF_CMW_RESULTS = 1 << 3,
    HF_CMW_POLICY = 1 << 4,
};

/* One record. In CBOR its views lie in the input. */
struct hf_cmw_record {
    enum hf_cmw_form form;
    struct hf_bytes media_type; /* text; empty where `content_format` says it. In JSON as it stands, escapes included */
    uint16_t content_format;
    struct hf_bytes value; /* in JSON: base64url, not decoded */
    uint32_t ind;          /* 0: not said */
};

/* By the first byte and the shape of what follows: cheap, allocates nothing, and may be wrong. */
enum hf_cmw_form hf_cmw_form(struct hf_bytes in);

/*
 * Call `each` for every record, outermost first, with the labels that lead to it ("" at the top). Its first failure
 * ends the walk. HF_E_FORMAT for what is not a wrapper, HF_E_LIMIT past HF_CMW_DEPTH and HF_CMW_ITEMS,
 * HF_E_UNSUPPORTED for one that is signed.
 */
hf_err hf_cmw_walk(struct hf_bytes in,
                   hf_err (*each)(void *to, const char *path, const struct hf_cmw_record *record), void *to);

/* Append a record in the form that it says. JSON's base64url and media type are written as they are. */
hf_err hf_cmw_record_write(const struct hf_cmw_record *record, struct hf_buf *out);

/* A part of a collection: a record or a collection that was written already. */
struct hf_cmw_part {
    const char *label;
    struct hf_bytes cmw;
};

/* Append a collection; `type` NULL: none. Parts are of the same family, JSON or CBOR. */
hf_err hf_cmw_collection_write(enum hf_cmw_form form, const char *type, const struct hf_cmw_part *parts, size_t n,
                               struct hf_buf *out);

/* The tag of a content format, and back: HF_E_ARG over 65024, HF_E_FORMAT for a tag of none. */
hf_err hf_cmw_tag(uint16_t content_format, uint64_t *tag);
hf_err hf_cmw_content_format(uint64_t tag, uint16_t *content_format);

#endif
