/* Writing JSON (RFC 8259). Reading is in codec/json_read.h, canonical form (RFC 8785) in codec/jcs.h. */
#ifndef HF_CODEC_JSON_H
#define HF_CODEC_JSON_H

#include "base/bytes.h"

#define HF_JSON_DEPTH 32

/* A writer into a buffer. The first failure sticks; later calls do nothing; hf_json_end tells. */
struct hf_json {
    struct hf_buf *out;
    hf_err err;
    bool pretty; /* two-space indentation and newlines */
    unsigned depth;
    char close[HF_JSON_DEPTH];    /* '}' or ']' for each open level */
    bool more[HF_JSON_DEPTH + 1]; /* a value stands before on this level */
};

struct hf_json hf_json(struct hf_buf *out, bool pretty);

/* `key` is NULL inside an array and at the top. Texts are UTF-8; what is not becomes U+FFFD. */
void hf_json_object(struct hf_json *j, const char *key);
void hf_json_array(struct hf_json *j, const char *key);
void hf_json_close(struct hf_json *j);                                    /* the innermost object or array */
void hf_json_text(struct hf_json *j, const char *key, const char *value); /* NULL value: null */
void hf_json_text_n(struct hf_json *j, const char *key, struct hf_bytes value);
void hf_json_u64(struct hf_json *j, const char *key, uint64_t value);
void hf_json_i64(struct hf_json *j, const char *key, int64_t value);
void hf_json_bool(struct hf_json *j, const char *key, bool value);
void hf_json_null(struct hf_json *j, const char *key);
void hf_json_hex(struct hf_json *j, const char *key, struct hf_bytes value);    /* lower case */
void hf_json_base64(struct hf_json *j, const char *key, struct hf_bytes value); /* with padding */
void hf_json_handle(struct hf_json *j, const char *key, uint32_t handle);       /* "0x81000001" */
void hf_json_printf(struct hf_json *j, const char *key, const char *fmt, ...) HF_PRINTF(3, 4);
void hf_json_raw(struct hf_json *j, const char *key, struct hf_bytes json); /* JSON text as it is */

/* HF_OK when everything was written and closed. */
hf_err hf_json_end(struct hf_json *j);

#endif
