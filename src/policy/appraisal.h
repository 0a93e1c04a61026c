/*
 * An appraisal policy (RFC 9334, 4.4): is it what we want? Seed 002's fields and expectations per format, strictly read
 * from YAML or JSON; dated built-in ones. A policy judges a verdict that is already there: it adds rows, and may decide
 * rows anew whose meaning it names (statuses, missing lists, debug, test mode). docs/policies-appraisal.md has the
 * fields; policy/appraisal_fields.c is their table.
 */
#ifndef HF_POLICY_APPRAISAL_H
#define HF_POLICY_APPRAISAL_H

#include "base/bytes.h"
#include "codec/json.h"

#define HF_APPRAISAL_MAX ((size_t)1 << 20) /* bytes of a policy's text */

struct hf_appraisal;

/*
 * From text; `name` is what rows and results call it, unless the text gives itself a name. The text is a policy alone,
 * or a configuration with one under "attestation_policy", whose "security_thresholds" it must then not go below.
 * HF_E_CONFIG with line and column: an unknown key (and the one that is nearest), a value that does not fit, a
 * contradiction.
 */
hf_err hf_appraisal_parse(struct hf_bytes text, const char *name, struct hf_appraisal **out);

/* What a policy of this file is called: "policies/mine.yaml" is "mine". */
void hf_appraisal_name_of(const char *path, char out[64]);

/* A built-in one by name; without a date ("strict") the newest of its name. HF_E_NOT_FOUND lists them. */
hf_err hf_appraisal_builtin(const char *name, struct hf_appraisal **out);

/* The i-th built-in one: its dated name and its text; false past the last. */
bool hf_appraisal_builtin_at(size_t i, const char **name, const char **text);

void hf_appraisal_free(struct hf_appraisal **policy);

const char *hf_appraisal_name(const struct hf_appraisal *policy);
const char *hf_appraisal_about_text(const struct hf_appraisal *policy); /* its own description; may be "" */
const char *hf_appraisal_asked(const struct hf_appraisal *policy); /* what a built-in one was asked for as; else "" */
const uint8_t *hf_appraisal_sha256(const struct hf_appraisal *policy); /* 32 bytes: of its normal form */

/* The recipe that it wants report data made by ("raw64"); "any" where it does not say. */
const char *hf_appraisal_recipe(const struct hf_appraisal *policy);

/* The i-th custom validator it names; NULL past the last. Its result must be a row "validator NAME". */
const char *hf_appraisal_validator(const struct hf_appraisal *policy, size_t i);

/* One policy for evidence that must satisfy all of them: what each allows is cut down to what all allow. HF_E_CONFIG
 * names two that contradict each other, and the field. */
hf_err hf_appraisal_merge(const struct hf_appraisal *const *policies, size_t n, const char *name,
                          struct hf_appraisal **out);

/* ---- for people ---- */

/* Its normal form: YAML, every field that it sets in the table's order, defaults written out. Two policies that mean
 * the same have the same normal form. */
hf_err hf_appraisal_text(const struct hf_appraisal *policy, struct hf_buf *out);
hf_err hf_appraisal_json(const struct hf_appraisal *policy, struct hf_json *j); /* members of the open object */

/* The checks it makes, a line each, and what each costs who must pass it. As text (j NULL) or as an array "checks". */
hf_err hf_appraisal_explain(const struct hf_appraisal *policy, struct hf_buf *out, struct hf_json *j);

/* Two policies field by field: "field: a -> b", and which of the two is stricter there where one is. *same when they
 * mean the same. As text (j NULL) or as an array "differences". */
hf_err hf_appraisal_diff(const struct hf_appraisal *a, const struct hf_appraisal *b, struct hf_buf *out,
                         struct hf_json *j, bool *same);

struct hf_verify_result;

/* Append a policy's text that this evidence, judged without a policy, passes; each relaxation is marked by a comment
 * behind it, "# relaxed: ...". HF_E_UNTRUSTED where no policy could let it pass (a bad signature). */
hf_err hf_appraisal_from_result(const struct hf_verify_result *result, const char *name, struct hf_buf *out);

/* Add its rows to the result's verdict, over all items, and decide anew those it speaks of. Allocates nothing. */
void hf_appraisal_apply(const struct hf_appraisal *policy, struct hf_verify_result *result);

#endif
