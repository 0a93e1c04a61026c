/* holdfast verify */
#include "base/cleanup.h"
#include "base/file.h"
#include "cli/appraisal_arg.h"
#include "cli/verify_arg.h"
#include "core/verify.h"

#define KEY_MAX ((size_t)64 << 10)

struct verify_opts {
    struct hf_cli_verify_opts judge;
    struct hf_opt_list files;
    const char *purpose, *store;
    bool burn;
    uint32_t once;
    const char *format, *ear_key, *ear_kid, *out, *validators;
    bool ear;
};

static const struct hf_opt rows[] = {
    HF_CLI_VERIFY_ROWS(struct verify_opts, judge),
    {HF_OPT_TEXT, 'n', "nonce", offsetof(struct verify_opts, judge.nonce), "HEX",
     "the fresh bytes that the evidence must be about", NULL, false},
    {HF_OPT_TEXT, 0, "report-data", offsetof(struct verify_opts, judge.report_data), "HEX",
     "the exact field that it must carry", NULL, false},
    {HF_OPT_FLAG, 0, "burn", offsetof(struct verify_opts, burn), NULL,
     "the nonce must be one that `holdfast nonce new` issued, and is used up by this", NULL, false},
    {HF_OPT_TEXT, 0, "for", offsetof(struct verify_opts, purpose), "TEXT", "with --burn: what it was issued for", NULL,
     false},
    {HF_OPT_U32, 0, "once", offsetof(struct verify_opts, once), "SECONDS",
     "refuse what was accepted before; remembered for twice as long", NULL, false},
    {HF_OPT_TEXT, 0, "store", offsetof(struct verify_opts, store), "URI",
     "with --burn, --once: sqlite:PATH or postgresql://... (default: HOLDFAST_STORE)", NULL, false},
    {HF_OPT_TEXT, 'f', "format", offsetof(struct verify_opts, format), "FORMAT",
     "how the verdict is printed (default: text; --json is the same as json)", "text|json|pot|ear|ear-cwt", false},
    {HF_OPT_FLAG, 0, "ear", offsetof(struct verify_opts, ear), NULL,
     "the same as --format ear: an EAT attestation result, signed with --ear-key", NULL, false},
    {HF_OPT_FILE, 0, "ear-key", offsetof(struct verify_opts, ear_key), "FILE",
     "the private key that signs an EAR: P-256, P-384 or Ed25519, PEM or DER", NULL, false},
    {HF_OPT_TEXT, 0, "ear-kid", offsetof(struct verify_opts, ear_kid), "NAME", "that key's name in the EAR's header",
     NULL, false},
    {HF_OPT_FILE, 0, "validators", offsetof(struct verify_opts, validators), "DIR",
     "where the programs are that a policy names under custom_validators", NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct verify_opts, out), "FILE",
     "where the verdict goes (default: standard output)", NULL, false},
    {HF_OPT_WORDS, 0, "FILE", offsetof(struct verify_opts, files), NULL,
     "evidence: raw, hex, base64, PEM, a cloud's JSON, CMW; - for standard input", NULL, true},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err render(const char *format, const struct verify_opts *opt, const struct hf_verify_result *result,
                     struct hf_buf *out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *key = NULL;
    struct hf_ear_how how = {.cwt = strcmp(format, "ear-cwt") == 0, .kid = opt->ear_kid};

    if (strcmp(format, "json") == 0)
        return hf_verify_result_json(result, out);
    if (strcmp(format, "pot") == 0)
        return hf_verify_result_pot(result, out);
    if (strcmp(format, "text") == 0)
        return hf_verify_result_text(result, out);
    HF_TRY(hf_file_read_secret(opt->ear_key, KEY_MAX, &key));
    how.key = hf_secret_expose(key);
    return hf_verify_result_ear(result, &how, out);
}

static hf_err print(const struct hf_cli *cli, const char *format, const struct verify_opts *opt,
                    const struct hf_verify_result *result)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    HF_TRY(render(format, opt, result, &text));
    if (text.n && text.p[text.n - 1] != '\n' && strcmp(format, "ear-cwt") != 0)
        HF_TRY(hf_buf_add(&text, hf_bytes_text("\n")));
    return opt->out ? hf_file_write(opt->out, hf_buf_bytes(&text)) : hf_cli_print(cli, hf_buf_bytes(&text));
}

/* Which format is asked for; what contradicts, and what it needs. */
static hf_err choose_format(const struct hf_cli *cli, const struct verify_opts *opt, const char **out)
{
    const char *format = opt->format ? opt->format : opt->ear ? "ear" : cli->json ? "json" : "text";
    bool ear = strncmp(format, "ear", 3) == 0;

    if (cli->json && strcmp(format, "text") == 0)
        return hf_fail(HF_E_ARG, "--json and --format text contradict");
    if (opt->ear && !ear)
        return hf_fail(HF_E_ARG, "--ear and --format %s contradict", format);
    if (ear && !opt->ear_key)
        return hf_fail(HF_E_ARG, "an EAR is signed: --ear-key names the key");
    *out = format;
    return HF_OK;
}

static bool is_verdict(hf_err err)
{
    return err == HF_OK || err == HF_E_WARNED || err == HF_E_UNTRUSTED;
}

/* Validators look at what a first judgement found; the second one has their answers among its rows. */
static hf_err ask_validators(const struct hf_cli *cli, const struct verify_opts *opt, struct hf_worker *worker,
                             struct hf_verify_request *request, struct hf_verify_result *result,
                             struct hf_cli_validations *out)
{
    bool named;
    hf_err err;

    HF_TRY(hf_cli_validators_named(cli, &opt->judge.policy, &named));
    if (!named)
        return HF_OK;
    err = hf_worker_verify(worker, request, result);
    if (!is_verdict(err))
        return err;
    HF_TRY(hf_cli_validators_run(cli, &opt->judge.policy, opt->validators, result, out));
    request->outside = out->outside;
    request->n_outside = out->n;
    return HF_OK;
}

/* Evidence that is cut or malformed ends as such data does everywhere, behind its verdict. */
static hf_err how_it_ends(const struct hf_verify_result *result)
{
    const struct hf_check *structure = hf_verdict_row(&result->verdict, "structure");

    if (result->n == 1 && structure && structure->status == HF_CHECK_FAILED && hf_err_exit(structure->err) == 65)
        return hf_fail(structure->err, "malformed evidence: %.150s", structure->note);
    return hf_verdict_err(&result->verdict);
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    const struct verify_opts *opt = options;
    struct hf_cli_validations validations = {0};
    const char *format = NULL;
    HF_CLEANUP(hf_worker_stop) struct hf_worker *worker = NULL;
    HF_CLEANUP(hf_cli_judgement_free) struct hf_cli_judgement j = {0};
    HF_CLEANUP(hf_cli_evidence_free) struct hf_cli_evidence evidence = {0};
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *result = NULL;
    struct hf_verify_once once = {.burn = opt->burn, .purpose = opt->purpose, .max_age_s = opt->once};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    hf_err err;

    if (opt->burn && !opt->judge.nonce)
        return hf_fail(HF_E_ARG, "--burn uses up the nonce of --nonce: give it");
    if (opt->purpose && !opt->burn)
        return hf_fail(HF_E_ARG, "--for goes with --burn");
    if (opt->once > HF_NONCE_TTL_MAX)
        return hf_fail(HF_E_ARG, "--once %u: at most %u seconds", (unsigned)opt->once, HF_NONCE_TTL_MAX);
    cli->store = opt->store;
    HF_TRY(choose_format(cli, opt, &format));
    HF_TRY(hf_worker_start(&(struct hf_worker_conf){.cpu_s = 60}, &worker)); /* it warms up while files are read */
    HF_TRY(hf_verify_result_new(&result));
    HF_TRY(hf_cli_evidence_all(&opt->files, &evidence));
    HF_TRY(hf_cli_judgement_read(cli, &opt->judge, &j));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_judgement_tell(cli, &j, worker));
    j.request.evidence = evidence.view;
    j.request.n_evidence = evidence.n;
    HF_TRY(ask_validators(cli, opt, worker, &j.request, result, &validations));
    err = hf_core_verify_once(core, &who, hf_cli_base_name(opt->files.item[0]), worker, &j.request, &once, result);
    if (!is_verdict(err))
        return err;
    HF_TRY(print(cli, format, opt, result));
    return how_it_ends(result);
}

const struct hf_command hf_cmd_verify = {
    .words = "verify",
    .about = "Judge evidence of any kind: every check, and one verdict",
    .text =
        "Reads evidence made by a TEE, a TPM or a GPU, and says whether it is authentic, fresh and of a platform in "
        "good order. Every check is a row with what was expected and found; none stops another. It works offline: what "
        "vendors say about platforms comes from --collateral and from what `holdfast collateral fetch` has kept, and "
        "what is missing is named with the address that has it. Several files make one composite verdict; message, "
        "signature and register values of a TPM quote, or the certificates of an SEV platform, are one item together.\n\n"
        "Without a policy every built-in check applies, and nothing is assumed about measurements. Without a nonce or "
        "report data nothing shows that the evidence is new, and the verdict is a warning at best.\n\n"
        "Evidence is parsed and judged in a child process without files, network, keys or programs to start.\n\n"
        "Exit status 0: affirming; 3: warnings, which are listed; 1: contraindicated; 65: the evidence is malformed; "
        "64 to 78: no verdict at all.",
    .example = "head -c 64 /dev/zero > evidence.bin\nholdfast verify evidence.bin || test $? -eq 65",
    .opts = rows,
    .size = sizeof(struct verify_opts),
    .run = run,
};
