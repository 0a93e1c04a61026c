/* Inside appraisal policies: the table of fields, and the values of a policy. */
#ifndef HF_POLICY_APPRAISAL_I_H
#define HF_POLICY_APPRAISAL_I_H

#include "policy/appraisal.h"
#include "verify/claims.h"

/* How a value is written. */
enum hf_appraisal_kind {
    HF_AP_BOOL,     /* number: 0 or 1 */
    HF_AP_SECONDS,  /* number: milliseconds; fractions of a second may be written */
    HF_AP_NUMBER,   /* number */
    HF_AP_DATE,     /* number: seconds since 1970, from "2026-11-01" or a whole RFC 3339 time */
    HF_AP_WORD,     /* number: the place among the field's words */
    HF_AP_WORDS,    /* text: each one of the field's words */
    HF_AP_TEXTS,    /* text */
    HF_AP_HEXES,    /* text: hex of exactly `size` bytes, lower case */
    HF_AP_NUMBERS,  /* numbers, written as texts too */
    HF_AP_SVNS,     /* bytes: at most `size` numbers below 256, or hex */
    HF_AP_MASK,     /* bytes: hex as claims print it, or a number (little-endian bytes) */
    HF_AP_MEASURES, /* named: provider -> name -> values, or name -> values */
    HF_AP_PCRS,     /* named: register -> values */
};

/* How it is checked against a claim of the evidence. */
enum hf_appraisal_rule {
    HF_AP_OWN, /* by a function of its own */
    HF_AP_ONE_OF,
    HF_AP_AT_LEAST,
    HF_AP_COMPONENTS, /* each at least */
    HF_AP_ONES,
    HF_AP_ZEROS,
    HF_AP_WITHOUT, /* none of the claim's words is listed */
    HF_AP_WITHIN,  /* all of them are */
    HF_AP_NOT_BEFORE,
};

/* id, path, kind, rule, claim ("a|b": the first that is there), row, size or limit, words, meaning, cost.
 * A group's name before the first dot is the evidence it is about. `meaning` holds %s for the value. */
struct hf_appraisal_field {
    const char *path;
    enum hf_appraisal_kind kind;
    enum hf_appraisal_rule rule;
    const char *claim;
    const char *row;
    uint64_t size;
    const char *words;
    const char *meaning;
    const char *costs;
};

/* Fields that are more than a claim's value have a name in the code; the others are found by their place. */
enum {
    HF_AP_LEVEL,
    HF_AP_AGE,
    HF_AP_PROVIDERS,
    HF_AP_MEASUREMENTS,
    HF_AP_TEST_MODE,
    HF_AP_CERTIFICATES,
    HF_AP_TCB_UPDATES,
    HF_AP_VALIDATORS,
    HF_AP_NONCE,
    HF_AP_RECIPE,
    HF_AP_DEBUG,
    HF_AP_MIGRATION,
    HF_AP_MISSING_CRL,
    HF_AP_SKEW,
    HF_AP_COLLATERAL_AGE,
    HF_AP_STATUSES,
    HF_AP_NAMED, /* how many of them */
};

#define HF_AP_FIELDS_MAX 112
extern const struct hf_appraisal_field hf_appraisal_fields[]; /* ended by a NULL path */
size_t hf_appraisal_n_fields(void);

/* Is the field about evidence of this family? */
bool hf_appraisal_about(const struct hf_appraisal_field *field, const char *family);

/* Does a provider's name, as seed 002 and policies write it, cover a family? "sev" covers "snp" too. */
bool hf_appraisal_covers(const char *provider, const char *family);

/* A claim's name for what seed 002 calls otherwise: "launch_measurement" is "measurement". */
const char *hf_appraisal_claim_name(const char *name);

struct hf_appraisal_named {
    char group[16]; /* provider; "" for any */
    char *name;     /* claim */
    size_t n;
    char **text;
};

struct hf_appraisal_value {
    bool set;   /* by the text; else the default holds, where there is one */
    bool holds; /* there is a value: set, or a default */
    uint64_t number;
    size_t n; /* of text, numbers, named, or bytes */
    char **text;
    uint64_t *numbers;
    struct hf_appraisal_named *named;
    uint8_t bytes[16];
    size_t line, column; /* where it stands; 0 for defaults */
};

struct hf_appraisal {
    char name[64];
    char asked[64];
    char about[256]; /* its own words on itself: "description" */
    struct hf_appraisal_value value[HF_AP_FIELDS_MAX];
    uint8_t sha256[32];
};

/* An empty one, with the defaults. */
hf_err hf_appraisal_new(const char *name, struct hf_appraisal **out);

/* What must hold within one policy; HF_E_CONFIG. */
hf_err hf_appraisal_check(const struct hf_appraisal *policy);

/* The last step of making one: its hash. */
hf_err hf_appraisal_finish(struct hf_appraisal *policy);

/* The normal form, with a remark behind each field that has one (remarks NULL: none). */
hf_err hf_appraisal_print(const struct hf_appraisal *p, const char *const *remarks, struct hf_buf *out);

/* Add to the lists of a value; the text is copied. */
hf_err hf_appraisal_add_text(struct hf_appraisal_value *v, struct hf_bytes text);
hf_err hf_appraisal_add_number(struct hf_appraisal_value *v, uint64_t number);
hf_err hf_appraisal_add_named(struct hf_appraisal_value *v, const char *group, const char *name,
                              struct hf_appraisal_named **out);
hf_err hf_appraisal_named_add(struct hf_appraisal_named *named, struct hf_bytes text);
void hf_appraisal_value_free(struct hf_appraisal_value *v);
hf_err hf_appraisal_value_copy(const struct hf_appraisal_value *from, struct hf_appraisal_value *to);

/* A value in YAML's flow form, which is JSON but for quotes: "[sgx, sev]", "3600", "high". */
hf_err hf_appraisal_value_text(const struct hf_appraisal_field *f, const struct hf_appraisal_value *v,
                               struct hf_buf *out);

/* HF_AP_ONE_OF and its like over one item's claims: rows. */
struct hf_item_result;
struct hf_verdict;
void hf_appraisal_expect(const struct hf_appraisal *policy, const struct hf_item_result *item, struct hf_verdict *v);

/* The first claim of "a|b|c" that the evidence makes; NULL without one. */
const struct hf_claim *hf_appraisal_claim(const struct hf_claims *claims, const char *names);

/* A row of an item, with the item's label before its name. */
struct hf_check *hf_appraisal_row(struct hf_verdict *v, const struct hf_item_result *item, const char *name,
                                  hf_err err);

#endif
