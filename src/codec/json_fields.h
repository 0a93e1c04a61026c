/*
 * Reading an object by a table of fields: request bodies, configuration, envelopes.
 *
 *   struct sign_body { char *key; struct hf_buf digest; uint64_t wait_ms; };
 *
 *   static const struct hf_json_field sign_fields[] = {
 *       HF_FIELD(TEXT,   "key",     struct sign_body, key,    .required = true, .max = 255),
 *       HF_FIELD(BASE64, "digest",  struct sign_body, digest, .required = true, .max = 64),
 *       HF_FIELD(U64,    "wait_ms", struct sign_body, wait_ms, .max = 60000),
 *       HF_FIELDS_END,
 *   };
 *
 *   struct sign_body body = {.wait_ms = 5000};
 *   HF_TRY(hf_json_read(req->body, sign_fields, &body));
 *   ...
 *   hf_json_free(sign_fields, &body);
 *
 * Keys without a row are errors. A field that is absent, or null and not required, keeps what the struct held:
 * numbers may so have defaults; texts, lists and buffers must be empty before.
 */
#ifndef HF_CODEC_JSON_FIELDS_H
#define HF_CODEC_JSON_FIELDS_H

#include "codec/json.h"
#include "codec/json_read.h"

enum hf_json_field_kind {
    HF_FIELD_END,
    HF_FIELD_TEXT,    /* char *: at most max bytes, no NUL; owned */
    HF_FIELD_TEXTS,   /* struct hf_json_texts: an array of at most max texts; owned */
    HF_FIELD_HEX,     /* struct hf_buf: at most max bytes when decoded; owned */
    HF_FIELD_BASE64,  /* struct hf_buf: the same; canonical, with padding */
    HF_FIELD_DIGEST,  /* struct hf_digest: hex of at most HF_DIGEST_MAX bytes */
    HF_FIELD_U32,     /* uint32_t: at most max */
    HF_FIELD_U64,     /* uint64_t: at most max */
    HF_FIELD_I64,     /* int64_t */
    HF_FIELD_DOUBLE,  /* double */
    HF_FIELD_HANDLE,  /* uint32_t: a number, or a text that holds one in decimal or 0x */
    HF_FIELD_NUMBERS, /* struct hf_json_numbers: an array of at most HF_JSON_NUMBERS_MAX, each at most max */
    HF_FIELD_BOOL,    /* bool */
    HF_FIELD_RAW,     /* struct hf_json_value: any value, as a slice of the body; valid while the body is */
    HF_FIELD_OBJECT,  /* a struct of its own at `at`, read by `fields` */
};

struct hf_json_texts {
    size_t n;
    char **item;
};

#define HF_JSON_NUMBERS_MAX 64
struct hf_json_numbers {
    size_t n;
    uint64_t item[HF_JSON_NUMBERS_MAX];
};

#define HF_JSON_FIELDS_MAX 64  /* rows of one table */
#define HF_JSON_TEXTS_MAX 1024 /* items of a list of texts whose row has max 0 */

struct hf_json_field {
    enum hf_json_field_kind kind;
    const char *key;
    size_t at; /* offsetof the field */
    bool required;
    bool given;        /* `given_at` is set: a bool there becomes true where the key is present and not null */
    size_t given_at;   /* offsetof that bool */
    uint64_t max;      /* see the kinds; 0 is no limit of its own, but the body's */
    const char *words; /* TEXT, TEXTS: "sha256|sha384": the texts allowed, or NULL for any */
    const struct hf_json_field *fields; /* OBJECT: its table */
};

/* One row, with what else it says behind: HF_FIELD(TEXT, "hash", struct body, hash, .words = "sha256|sha384") */
#define HF_FIELD(kind_, key_, type, member, ...)                                           \
    {                                                                                      \
        .kind = HF_FIELD_##kind_, .key = (key_), .at = offsetof(type, member), __VA_ARGS__ \
    }
#define HF_FIELDS_END        \
    {                        \
        .kind = HF_FIELD_END \
    }

/* What does not fit, in the words that FastAPI uses: `type` is "missing", "extra_forbidden", "string_type", ... */
#define HF_JSON_PROBLEMS_MAX 8
#define HF_JSON_PATH_MAX 6
struct hf_json_problem {
    char type[32];
    char msg[192]; /* what was seen and what is wanted */
    size_t line;   /* of the value or the unknown key in the text, from 1; of its object where one is missing */
    size_t column;
    unsigned depth;
    struct {
        char key[64]; /* empty for an item of an array; cut at 63 bytes */
        size_t index;
    } path[HF_JSON_PATH_MAX];
};
struct hf_json_problems {
    size_t n; /* all that were found; the first HF_JSON_PROBLEMS_MAX are kept */
    struct hf_json_problem item[HF_JSON_PROBLEMS_MAX];
};

/*
 * Check a text and read its object into the struct that starts at `out`.
 *
 * Returns HF_OK, or, with `out` as it was before and nothing allocated,
 *   HF_E_FORMAT  the text is not JSON; the detail has line and column
 *   HF_E_ARG     it is JSON that does not fit the table; the detail has the path of the first problem
 *   HF_E_MEMORY, HF_E_INTERNAL (a table that is wrong in itself)
 */
hf_err hf_json_read(struct hf_bytes text, const struct hf_json_field *fields, void *out);

/* The same, with every problem found. `problems` is filled in either way. */
hf_err hf_json_read_all(struct hf_bytes text, const struct hf_json_field *fields, void *out,
                        struct hf_json_problems *problems);

/* The same for an object inside a text that was checked. Lines count from the text's start. */
hf_err hf_json_read_value(struct hf_bytes text, struct hf_json_value object, const struct hf_json_field *fields,
                          void *out, struct hf_json_problems *problems);

/* Free what reading allocated, and leave it empty. */
void hf_json_free(const struct hf_json_field *fields, void *out);

/* HF_OK without problems; else HF_E_ARG with the first one's path, message and place. */
hf_err hf_json_problems_err(const struct hf_json_problems *problems);

/* "policy.pcrs[2]": a problem's path for people. */
#define HF_JSON_PATH_TEXT 512
void hf_json_problem_path(const struct hf_json_problem *problem, char out[HF_JSON_PATH_TEXT]);

/* An array of {"type", "loc": ["body", ...], "msg"} as FastAPI's `detail`; `where` is "body" there. */
void hf_json_problems_write(const struct hf_json_problems *problems, const char *where, struct hf_json *j,
                            const char *key);

#endif
