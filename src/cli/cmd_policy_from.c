/* holdfast policy from-evidence */
#include "base/cleanup.h"
#include "base/file.h"
#include "cli/appraisal_arg.h"
#include "cli/verify_arg.h"
#include "core/verify.h"

struct from_opts {
    struct hf_cli_verify_opts judge;
    struct hf_opt_list files;
    const char *name, *out;
};

static const struct hf_opt rows[] = {
    HF_CLI_VERIFY_ROWS(struct from_opts, judge),
    {HF_OPT_TEXT, 'n', "nonce", offsetof(struct from_opts, judge.nonce), "HEX",
     "the fresh bytes that the evidence is about", NULL, false},
    {HF_OPT_TEXT, 0, "report-data", offsetof(struct from_opts, judge.report_data), "HEX",
     "the exact field that it carries", NULL, false},
    {HF_OPT_TEXT, 0, "name", offsetof(struct from_opts, name), "NAME", "the policy's name (default: from-evidence)",
     NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct from_opts, out), "FILE",
     "where the policy goes (default: standard output)", NULL, false},
    {HF_OPT_WORDS, 0, "FILE", offsetof(struct from_opts, files), NULL,
     "evidence: raw, hex, base64, PEM, a cloud's JSON, CMW; - for standard input", NULL, true},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err judge(struct hf_cli *cli, const struct from_opts *opt, struct hf_verify_result *result)
{
    HF_CLEANUP(hf_worker_stop) struct hf_worker *worker = NULL;
    HF_CLEANUP(hf_cli_judgement_free) struct hf_cli_judgement j = {0};
    HF_CLEANUP(hf_cli_evidence_free) struct hf_cli_evidence evidence = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    hf_err err;

    HF_TRY(hf_worker_start(&(struct hf_worker_conf){.cpu_s = 60}, &worker));
    HF_TRY(hf_cli_evidence_all(&opt->files, &evidence));
    HF_TRY(hf_cli_judgement_read(cli, &opt->judge, &j));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_judgement_tell(cli, &j, worker));
    j.request.evidence = evidence.view;
    j.request.n_evidence = evidence.n;
    err = hf_core_verify(core, &who, hf_cli_base_name(opt->files.item[0]), worker, &j.request, result);
    return err == HF_E_WARNED || err == HF_E_UNTRUSTED ? HF_OK : err;
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    const struct from_opts *opt = options;
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *result = NULL;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *policy = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_json j;

    if (opt->judge.policy.n)
        return hf_fail(HF_E_ARG, "--policy: this writes one; `holdfast verify --policy` judges by one");
    HF_TRY(hf_verify_result_new(&result));
    HF_TRY(judge(cli, opt, result));
    HF_TRY(hf_appraisal_from_result(result, opt->name ? opt->name : "from-evidence", &text));
    HF_TRY(hf_appraisal_parse(hf_buf_bytes(&text), "from-evidence", &policy));
    if (opt->out)
        return hf_file_write(opt->out, hf_buf_bytes(&text));
    if (!cli->json)
        return hf_cli_print(cli, hf_buf_bytes(&text));
    HF_TRY(hf_cli_json_start(&out, &j));
    HF_TRY(hf_appraisal_json(policy, &j));
    return hf_cli_json_end(&out, &j);
}

const struct hf_command hf_cmd_policy_from_evidence = {
    .words = "policy from-evidence",
    .about = "Write the policy that the evidence at hand passes",
    .text =
        "Judges evidence as `holdfast verify` does, and writes a policy from what it found: its kind, measurements, "
        "signers and PCRs as the only ones allowed, its security versions as the least. Whatever had to be relaxed to "
        "let it pass (no revocation list, an old platform, debug mode, no nonce) is marked by a comment: read these "
        "before you use it. Evidence that no policy could let pass, a bad signature for instance, is refused with 1.",
    .example = "head -c 64 /dev/zero > evidence.bin\nholdfast policy from-evidence evidence.bin || test $? = 65",
    .opts = rows,
    .size = sizeof(struct from_opts),
    .run = run,
};
