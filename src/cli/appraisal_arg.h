/* Appraisal policies on the command line: a file, "-", or the name of a built-in one; and their custom validators. */
#ifndef HF_CLI_APPRAISAL_ARG_H
#define HF_CLI_APPRAISAL_ARG_H

#include "cli/cli.h"
#include "core/validators.h"
#include "policy/appraisal.h"

/* A file that is there (or has a slash), standard input for "-", else a built-in policy. Says which one a name without
 * a date stands for. HF_E_CONFIG begins with the file's name. */
hf_err hf_cli_appraisal(const struct hf_cli *cli, const char *arg, struct hf_appraisal **out);

/* Several as one: HF_E_CONFIG where two contradict each other. */
hf_err hf_cli_appraisals(const struct hf_cli *cli, const struct hf_opt_list *args, struct hf_appraisal **out);

/* What the validators of these policies said of a result. */
struct hf_cli_validations {
    size_t n;
    struct hf_validator_result result[HF_VALIDATORS_MAX];
    struct hf_verify_outside outside[HF_VALIDATORS_MAX];
};

/* Do the policies name validators? */
hf_err hf_cli_validators_named(const struct hf_cli *cli, const struct hf_opt_list *policies, bool *named);

/* Run them all over a result; `dir` is where they are. */
hf_err hf_cli_validators_run(const struct hf_cli *cli, const struct hf_opt_list *policies, const char *dir,
                             const struct hf_verify_result *result, struct hf_cli_validations *out);

#endif
