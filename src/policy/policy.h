/*
 * A policy: is it what we want? Seed 002's fields and expectations per format, strictly read from YAML or JSON; dated
 * built-in ones. A policy judges a verdict that is already there: it adds rows, and may decide rows anew whose
 * meaning it names (statuses, missing lists, debug, test mode).
 */
#ifndef HF_POLICY_POLICY_H
#define HF_POLICY_POLICY_H

#include "base/bytes.h"

struct hf_policy;

/* From text; `name` is what rows and results call it. HF_E_CONFIG with line and column. */
hf_err hf_policy_parse(struct hf_bytes text, const char *name, struct hf_policy **out);

/* A built-in one by name. HF_E_NOT_FOUND lists them. */
hf_err hf_policy_builtin(const char *name, struct hf_policy **out);
void hf_policy_free(struct hf_policy **policy);

const char *hf_policy_name(const struct hf_policy *policy);

struct hf_verify_result;

/* Add its rows to the result's verdict, over all items together. */
void hf_policy_apply(const struct hf_policy *policy, struct hf_verify_result *result);

#endif
