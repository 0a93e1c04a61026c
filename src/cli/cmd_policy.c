/* holdfast policy check | explain | show | diff */
#include "base/cleanup.h"
#include "cli/appraisal_arg.h"

struct policy_opts {
    struct hf_opt_list policy;
};

static const struct hf_opt rows[] = {
    {HF_OPT_WORDS, 0, "POLICY", offsetof(struct policy_opts, policy), NULL,
     "a file (YAML or JSON), - for standard input, or a built-in policy's name", NULL, true},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static const struct hf_opt show_rows[] = {
    {HF_OPT_WORDS, 0, "POLICY", offsetof(struct policy_opts, policy), NULL,
     "a file, - or a built-in policy's name; several are shown as one; without any, the built-in ones are listed", NULL,
     false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static void identity_json(const struct hf_appraisal *p, struct hf_json *j)
{
    hf_json_hex(j, "sha256", (struct hf_bytes){hf_appraisal_sha256(p), 32});
}

/* ---- check ---- */

static hf_err run_check(struct hf_cli *cli, const void *options)
{
    const struct policy_opts *opt = options;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *all = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    const uint8_t *h;
    struct hf_json j;

    HF_TRY(hf_cli_appraisals(cli, &opt->policy, &all));
    if (cli->json) {
        HF_TRY(hf_cli_json_start(&out, &j));
        hf_json_bool(&j, "valid", true);
        hf_json_text(&j, "name", hf_appraisal_name(all));
        identity_json(all, &j);
        return hf_cli_json_end(&out, &j);
    }
    h = hf_appraisal_sha256(all);
    hf_cli_line(cli, "policy", "%s", hf_appraisal_name(all));
    hf_cli_line(cli, "normal form", "sha256 %02x%02x%02x%02x%02x%02x%02x%02x...", h[0], h[1], h[2], h[3], h[4], h[5],
                h[6], h[7]);
    hf_cli_line(cli, "valid", "yes");
    return HF_OK;
}

const struct hf_command hf_cmd_policy_check = {
    .words = "policy check",
    .about = "Check appraisal policies: their fields, and that nothing in them contradicts",
    .text =
        "Reads a policy for evidence as strictly as `holdfast verify --policy` does. An unknown key, a value that does "
        "not fit and a contradiction are errors with line and column; of several policies, two that no evidence could "
        "satisfy together are named with the field. Files are policies alone, or configurations with one under "
        "attestation_policy.\n\n"
        "These are policies about evidence; those that a TPM enforces are under `holdfast tpm policy`.\n\n"
        "Exit status 78 when it is not valid.",
    .example = "printf 'allowed_providers: [sgx]\\nmax_attestation_age: 600\\n' > mine.yaml\n"
               "holdfast policy check mine.yaml\n"
               "holdfast policy check mine.yaml sgx-strict-2026-11 --json\n"
               "holdfast policy check mine.yaml snp-strict-2026-11 || test $? = 78\n",
    .opts = rows,
    .size = sizeof(struct policy_opts),
    .run = run_check,
};

/* ---- explain ---- */

static hf_err run_explain(struct hf_cli *cli, const void *options)
{
    const struct policy_opts *opt = options;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *all = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_json j;

    HF_TRY(hf_cli_appraisals(cli, &opt->policy, &all));
    if (!cli->json) {
        HF_TRY(hf_appraisal_explain(all, &out, NULL));
        (void)fwrite(out.p, 1, out.n, stdout);
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&out, &j));
    hf_json_text(&j, "name", hf_appraisal_name(all));
    identity_json(all, &j);
    HF_TRY(hf_appraisal_explain(all, NULL, &j));
    return hf_cli_json_end(&out, &j);
}

const struct hf_command hf_cmd_policy_explain = {
    .words = "policy explain",
    .about = "Say in plain words what an appraisal policy checks, and what that costs",
    .text =
        "One line for each check that is in effect, defaults included: what must hold, and in brackets what it costs "
        "whoever must pass it. Several policies are explained as the one that evidence has to satisfy.",
    .example = "holdfast policy explain tdx-strict-2026-11\n"
               "holdfast policy explain relaxed --json\n",
    .opts = rows,
    .size = sizeof(struct policy_opts),
    .run = run_explain,
};

/* ---- show ---- */

static hf_err list(const struct hf_cli *cli)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_json j = hf_json(&out, true);
    const char *name, *text;

    if (cli->json) {
        HF_TRY(hf_cli_json_start(&out, &j));
        hf_json_array(&j, "policies");
    }
    for (size_t i = 0; hf_appraisal_builtin_at(i, &name, &text); i++) {
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
        HF_TRY(hf_appraisal_builtin(name, &p));
        if (cli->json) {
            hf_json_object(&j, NULL);
            hf_json_text(&j, "name", name);
            hf_json_text(&j, "description", hf_appraisal_about_text(p));
            identity_json(p, &j);
            hf_json_close(&j);
        } else {
            (void)printf("%-22s  %s\n", name, hf_appraisal_about_text(p));
        }
    }
    if (!cli->json)
        return HF_OK;
    hf_json_close(&j);
    return hf_cli_json_end(&out, &j);
}

static hf_err run_show(struct hf_cli *cli, const void *options)
{
    const struct policy_opts *opt = options;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *all = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_json j;

    if (opt->policy.n == 0)
        return list(cli);
    HF_TRY(hf_cli_appraisals(cli, &opt->policy, &all));
    if (!cli->json) {
        HF_TRY(hf_appraisal_text(all, &out));
        (void)fwrite(out.p, 1, out.n, stdout);
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&out, &j));
    HF_TRY(hf_appraisal_json(all, &j));
    return hf_cli_json_end(&out, &j);
}

const struct hf_command hf_cmd_policy_show = {
    .words = "policy show",
    .about = "Print an appraisal policy in its normal form, or list the built-in ones",
    .text = "The normal form is YAML (JSON with --json) with every default written out, lists in order, and nothing "
            "that has no effect. It is a policy itself, and its SHA-256 is what verdicts call the policy by. Built-in "
            "policies have a date in their name and never change; a name without its date means the newest.",
    .example = "holdfast policy show\n"
               "holdfast policy show snp-strict-2026-11 > mine.yaml\n"
               "holdfast policy diff mine.yaml snp-strict-2026-11\n",
    .opts = show_rows,
    .size = sizeof(struct policy_opts),
    .run = run_show,
};

/* ---- diff ---- */

struct diff_opts {
    const char *a, *b;
};

static const struct hf_opt diff_rows[] = {
    {HF_OPT_WORD, 0, "A", offsetof(struct diff_opts, a), NULL, "a file, - or a built-in policy's name", NULL, true},
    {HF_OPT_WORD, 0, "B", offsetof(struct diff_opts, b), NULL, "the one to compare it with", NULL, true},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_diff(struct hf_cli *cli, const void *options)
{
    const struct diff_opts *opt = options;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *a = NULL;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *b = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_json j;
    bool same = false;

    HF_TRY(hf_cli_appraisal(cli, opt->a, &a));
    HF_TRY(hf_cli_appraisal(cli, opt->b, &b));
    if (cli->json) {
        HF_TRY(hf_cli_json_start(&out, &j));
        hf_json_text(&j, "a", hf_appraisal_name(a));
        hf_json_text(&j, "b", hf_appraisal_name(b));
        HF_TRY(hf_appraisal_diff(a, b, NULL, &j, &same));
        hf_json_bool(&j, "same", same);
        HF_TRY(hf_cli_json_end(&out, &j));
    } else {
        HF_TRY(hf_appraisal_diff(a, b, &out, NULL, &same));
        if (out.n)
            (void)fwrite(out.p, 1, out.n, stdout);
    }
    return same ? HF_OK : hf_fail(HF_E_MISMATCH, "%s and %s differ", hf_appraisal_name(a), hf_appraisal_name(b));
}

const struct hf_command hf_cmd_policy_diff = {
    .words = "policy diff",
    .about = "Compare two appraisal policies field by field",
    .text = "A line for each field that differs, with both values and, where one can say so, which of the two is "
            "stricter. Names and descriptions are not compared. Exit status 0: they mean the same; 1: they differ.",
    .example = "holdfast policy diff strict-2026-11 strict-2026-11\n"
               "holdfast policy diff strict-2026-11 moderate-2026-11 || test $? = 1\n",
    .opts = diff_rows,
    .size = sizeof(struct diff_opts),
    .run = run_diff,
};
