/*
 * What evidence says, once its verifier has read it: names and values, in the order they were added. Values are views
 * into the evidence, or kept in the claims' own scratch room; nothing is allocated.
 *
 * Names are one vocabulary over all kinds, as --json prints them and --expect, policies and EAR use them:
 * lower case with underscores; hex values are unbroken lower case.
 */
#ifndef HF_VERIFY_CLAIMS_H
#define HF_VERIFY_CLAIMS_H

#include "base/bytes.h"
#include "codec/json.h"

#define HF_CLAIMS_MAX 128
#define HF_CLAIMS_SCRATCH 4096

enum hf_claim_kind { HF_CLAIM_BYTES, HF_CLAIM_TEXT, HF_CLAIM_NUMBER, HF_CLAIM_BOOL, HF_CLAIM_TEXTS };

struct hf_claim {
    char name[32];
    enum hf_claim_kind kind;
    struct hf_bytes bytes; /* BYTES, TEXT; TEXTS: words with a comma between each two */
    uint64_t number;       /* NUMBER, BOOL */
};

/* {0} is empty. Do not copy one: views may point into its scratch room. */
struct hf_claims {
    size_t n;
    size_t lost; /* claims that had no room: the verdict then fails */
    struct hf_claim item[HF_CLAIMS_MAX];
    size_t used;
    uint8_t scratch[HF_CLAIMS_SCRATCH];
};
void hf_claims_start(struct hf_claims *c);

/* Views must live as long as the claims are used. */
void hf_claim_bytes(struct hf_claims *c, const char *name, struct hf_bytes value);
void hf_claim_text(struct hf_claims *c, const char *name, struct hf_bytes value);
void hf_claim_word(struct hf_claims *c, const char *name, const char *value); /* a literal, or as long-lived */
void hf_claim_number(struct hf_claims *c, const char *name, uint64_t value);
void hf_claim_bool(struct hf_claims *c, const char *name, bool value);
void hf_claim_texts(struct hf_claims *c, const char *name, struct hf_bytes comma_separated);
/* Copied into scratch. */
void hf_claim_bytes_copy(struct hf_claims *c, const char *name, struct hf_bytes value);
void hf_claim_texts_copy(struct hf_claims *c, const char *name, struct hf_bytes comma_separated);
void hf_claim_printf(struct hf_claims *c, const char *name, const char *fmt, ...) HF_PRINTF(3, 4);

/* NULL when there is none of this name. */
const struct hf_claim *hf_claim_find(const struct hf_claims *c, const char *name);

/* The value as --expect writes it: hex, text, decimal, true or false, words with commas. Hex and true/false are
 * compared without case, numbers by value (decimal or 0x). */
hf_err hf_claim_value_text(const struct hf_claim *claim, struct hf_buf *out);
bool hf_claim_is(const struct hf_claim *claim, const char *text);

/* The next of the words of TEXTS, taken from the front of `rest`; false at the end. */
bool hf_claim_next_word(struct hf_bytes *rest, struct hf_bytes *word);

/* Members of the open object. Numbers over 2^53 are written as decimal text. */
void hf_claims_json(const struct hf_claims *c, struct hf_json *j);

#endif
