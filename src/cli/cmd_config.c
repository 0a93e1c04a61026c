/* holdfast config check, show, default: the configuration file. */
#include "base/cleanup.h"
#include "cli/appraisal_arg.h"
#include "core/config.h"

struct config_opts {
    const char *file;
};

static const struct hf_opt file_rows[] = {
    {HF_OPT_WORD, 0, "file", offsetof(struct config_opts, file), "FILE",
     "the file (default: --config, HOLDFAST_CONFIG, the usual places)", NULL, false},
    {HF_OPT_FILE, 0, "config", offsetof(struct config_opts, file), "FILE", "the same", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_check(struct hf_cli *cli, const void *options)
{
    const struct config_opts *opt = options;
    HF_CLEANUP(hf_config_free) struct hf_config config = {0};
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *policy = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf warnings = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    HF_TRY(hf_config_load(opt->file, &config));
    if (config.attestation_policy.type == HF_JSON_OBJECT)
        HF_TRY(hf_cli_appraisal(cli, config.path, &policy));
    HF_TRY(hf_config_warnings(&config, &warnings));
    if (cli->json) {
        HF_TRY(hf_cli_json_start(&text, &j));
        hf_json_text(&j, "file", config.path);
        hf_json_bool(&j, "good", true);
        hf_json_text_n(&j, "warnings", hf_buf_bytes(&warnings));
        HF_TRY(hf_cli_json_end(&text, &j));
    } else if (config.path) {
        (void)printf("%s is good\n", config.path);
    } else {
        (void)printf("there is no configuration file; everything is at its default\n");
    }
    if (warnings.n == 0)
        return HF_OK;
    if (!cli->json)
        (void)fwrite(warnings.p, 1, warnings.n, stdout);
    return hf_fail(HF_E_WARNED, "%s has warnings", config.path);
}

static hf_err run_show(struct hf_cli *cli, const void *options)
{
    const struct config_opts *opt = options;
    HF_CLEANUP(hf_config_free) struct hf_config config = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    (void)cli;
    HF_TRY(hf_config_load(opt->file, &config));
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_config_json(&config, &j);
    return hf_cli_json_end(&text, &j);
}

static hf_err run_default(struct hf_cli *cli, const void *options)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    (void)cli;
    (void)options;
    HF_TRY(hf_config_default(&text));
    (void)fwrite(text.p, 1, text.n, stdout);
    return HF_OK;
}

const struct hf_command hf_cmd_config_check = {
    .words = "config check",
    .about = "Check a configuration file",
    .text = "An unknown key, a value of the wrong type, and things that contradict each other are errors with line and "
            "column. Exit status 3: it is good, and there is something to know (secrets in the file, groups that this "
            "build does not act on).",
    .example = "holdfast config default >config.yaml\nholdfast config check config.yaml",
    .opts = file_rows,
    .size = sizeof(struct config_opts),
    .run = run_check,
    .without_config = true,
};

const struct hf_command hf_cmd_config_show = {
    .words = "config show",
    .about = "Show what the configuration file says",
    .text = "As JSON, which is YAML too. Secrets that stand in the file are not shown.",
    .example = "holdfast config show",
    .opts = file_rows,
    .size = sizeof(struct config_opts),
    .run = run_show,
    .without_config = true,
};

const struct hf_command hf_cmd_config_default = {
    .words = "config default",
    .about = "Print a configuration file with every key and its default",
    .example = "holdfast config default",
    .run = run_default,
    .without_config = true,
};
