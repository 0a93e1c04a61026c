/*
 * An appraisal policy (RFC 9334, 4.4): is it what we want? Seed 002's fields and expectations per format, strictly read from YAML or JSON; dated
 * built-in ones. A policy judges a verdict that is already there: it adds rows, and may decide rows anew whose
 * meaning it names (statuses, missing lists, debug, test mode).
 */
#ifndef HF_POLICY_APPRAISAL_H
#define HF_POLICY_APPRAISAL_H

#include "base/bytes.h"

struct hf_appraisal;

/* From text; `name` is what rows and results call it. HF_E_CONFIG with line and column. */
hf_err hf_appraisal_parse(struct hf_bytes text, const char *name, struct hf_appraisal **out);

/* A built-in one by name. HF_E_NOT_FOUND lists them. */
hf_err hf_appraisal_builtin(const char *name, struct hf_appraisal **out);
void hf_appraisal_free(struct hf_appraisal **policy);

const char *hf_appraisal_name(const struct hf_appraisal *policy);

struct hf_verify_result;

/* Add its rows to the result's verdict, over all items together. */
void hf_appraisal_apply(const struct hf_appraisal *policy, struct hf_verify_result *result);

#endif
