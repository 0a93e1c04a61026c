/* Appraisal policies on the command line. */
#include "cli/appraisal_arg.h"
#include "base/cleanup.h"

#include <sys/stat.h>

static hf_err read_file(const char *path, struct hf_appraisal **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char name[64], why[512];
    hf_err err;

    HF_TRY(hf_cli_read(path, HF_APPRAISAL_MAX, &text));
    hf_appraisal_name_of(strcmp(path, "-") == 0 ? "policy" : path, name);
    err = hf_appraisal_parse(hf_buf_bytes(&text), name, out);
    if (err != HF_E_CONFIG)
        return err;
    (void)snprintf(why, sizeof(why), "%s", hf_err_detail());
    return hf_fail(err, "%.200s: %s", path, why);
}

hf_err hf_cli_appraisal(const struct hf_cli *cli, const char *arg, struct hf_appraisal **out)
{
    struct stat st;

    if (strcmp(arg, "-") == 0 || strchr(arg, '/') || stat(arg, &st) == 0)
        return read_file(arg, out);
    HF_TRY(hf_appraisal_builtin(arg, out));
    if (strcmp(hf_appraisal_name(*out), arg) != 0)
        hf_cli_say(cli, "%s is %s now", arg, hf_appraisal_name(*out));
    return HF_OK;
}

hf_err hf_cli_appraisals(const struct hf_cli *cli, const struct hf_opt_list *args, struct hf_appraisal **out)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *all = NULL;

    for (size_t i = 0; i < args->n; i++) {
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *one = NULL;
        struct hf_appraisal *both = NULL;

        HF_TRY(hf_cli_appraisal(cli, args->item[i], &one));
        if (all)
            HF_TRY(hf_appraisal_merge((const struct hf_appraisal *const[]){all, one}, 2, NULL, &both));
        else
            both = hf_take(one);
        hf_appraisal_free(&all);
        all = both;
    }
    if (!all)
        return hf_fail(HF_E_ARG, "no policy is named");
    *out = hf_take(all);
    return HF_OK;
}

/* ---- validators ---- */

/* What can be read once only: standard input, a pipe of the shell's <(...). */
static bool is_stream(const char *arg)
{
    struct stat st;

    return strcmp(arg, "-") == 0 || (stat(arg, &st) == 0 && !S_ISREG(st.st_mode));
}

hf_err hf_cli_validators_named(const struct hf_cli *cli, const struct hf_opt_list *policies, bool *named)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *all = NULL;

    *named = false;
    for (size_t i = 0; i < policies->n; i++) {
        if (is_stream(policies->item[i]))
            return HF_OK; /* read once, by the judge: validators it names count as not run */
    }
    if (policies->n == 0)
        return HF_OK;
    HF_TRY(hf_cli_appraisals(cli, policies, &all));
    *named = hf_appraisal_validator(all, 0) != NULL;
    return HF_OK;
}

hf_err hf_cli_validators_run(const struct hf_cli *cli, const struct hf_opt_list *policies, const char *dir,
                             const struct hf_verify_result *result, struct hf_cli_validations *out)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *all = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf claims = {0};
    struct hf_validator_conf conf = {.dir = dir};
    const char *name;

    HF_TRY(hf_cli_appraisals(cli, policies, &all));
    HF_TRY(hf_verify_result_json(result, &claims));
    for (out->n = 0; (name = hf_appraisal_validator(all, out->n)) != NULL; out->n++) {
        if (out->n == HF_VALIDATORS_MAX)
            return hf_fail(HF_E_LIMIT, "more than %d custom validators", HF_VALIDATORS_MAX);
        hf_validator_run(&conf, name, hf_buf_bytes(&claims), &out->result[out->n]);
        out->outside[out->n] = hf_validator_outside(&out->result[out->n]);
    }
    return HF_OK;
}
