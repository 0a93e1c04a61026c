/* holdfast tpm quote */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/key_arg.h"
#include "core/tpm_attest.h"
#include "evidence/tpm_quote.h"

#include <stdio.h>

#define LOG_MAX ((size_t)256 << 20)

struct quote_opts {
    struct hf_cli_answer_opts answers;
    const char *key, *auth, *policy;
    const char *pcrs, *out, *scheme, *hash, *format, *eventlog, *ima;
    struct hf_buf nonce;
};

static enum hf_tpm_scheme scheme_of(const char *name)
{
    if (!name)
        return HF_TPM_SCHEME_DEFAULT;
    return strcmp(name, "ecdsa") == 0 ? HF_TPM_ECDSA : strcmp(name, "rsapss") == 0 ? HF_TPM_RSAPSS : HF_TPM_RSASSA;
}

/* What is quoted, and with what; read before the TPM is asked. */
struct asked {
    struct hf_cli_key key;
    struct hf_pcr_selection selection;
    struct hf_tpm_signing how;
    struct hf_buf eventlog, ima;
};

static void asked_free(struct asked *a)
{
    hf_cli_key_free(&a->key);
    hf_buf_free(&a->eventlog);
    hf_buf_free(&a->ima);
}

static hf_err read_asked(struct hf_cli *cli, const struct quote_opts *opt, struct asked *a)
{
    HF_TRY(hf_pcr_selection_parse(opt->pcrs, &a->selection));
    a->how.scheme = scheme_of(opt->scheme);
    HF_TRY(hf_cli_hash(opt->hash, &a->how.hash));
    HF_TRY(hf_cli_key_open(cli, opt->key, opt->auth, opt->policy, &a->key));
    HF_TRY(hf_cli_key_answers(&a->key, &opt->answers));
    if (opt->eventlog)
        HF_TRY(hf_cli_read(opt->eventlog, LOG_MAX, &a->eventlog));
    return opt->ima ? hf_cli_read(opt->ima, LOG_MAX, &a->ima) : HF_OK;
}

/* The envelope's buffers are borrowed: it is not freed. */
static hf_err envelope(const struct asked *a, const struct hf_core_quote *q, enum hf_tpm_environment environment,
                       struct hf_buf *out)
{
    struct hf_tpm_envelope env = {
        .attest = q->statement.attest,
        .signature = q->statement.signature,
        .ak_public = q->ak_public,
        .claim = {.has_selection = true, .selection = a->selection, .pcrs = q->pcrs},
        .eventlog = a->eventlog,
        .ima = a->ima,
    };

    (void)snprintf(env.environment, sizeof(env.environment), "%s", hf_tpm_environment_name(environment));
    return hf_tpm_envelope_write(&env, out);
}

static hf_err write_part(const char *stem, const char *end, struct hf_bytes bytes)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf path = {0};
    char *text = NULL;

    HF_TRY(hf_buf_printf(&path, "%s%s", stem, end));
    HF_TRY(hf_buf_text(&path, &text));
    return hf_cli_write(text, bytes);
}

static hf_err write_parts(const struct quote_opts *opt, const struct asked *a, const struct hf_core_quote *q,
                          struct hf_bytes json)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf values = {0};

    if (opt->format && strcmp(opt->format, "tpm2-tools") == 0)
        HF_TRY(hf_pcr_serialized_write(&q->pcrs, &a->selection, &values));
    else
        HF_TRY(hf_pcr_values_write(&q->pcrs, &a->selection, &values));
    HF_TRY(write_part(opt->out, ".msg", hf_buf_bytes(&q->statement.attest)));
    HF_TRY(write_part(opt->out, ".sig", hf_buf_bytes(&q->statement.signature)));
    HF_TRY(write_part(opt->out, ".pcrs", hf_buf_bytes(&values)));
    return write_part(opt->out, ".json", json);
}

static hf_err answer(struct hf_cli *cli, const struct quote_opts *opt, const struct hf_core_quote *q,
                     enum hf_tpm_environment environment, enum hf_tpm_bus bus)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    if (!cli->json) {
        hf_cli_line(cli, "quote", "%s.msg, .sig, .pcrs, .json over %s", opt->out, opt->pcrs);
        hf_cli_line(
            cli, "key", "%s%s", opt->key,
            q->statement.restricted ? "" : " (!) signs anything: a verifier cannot know that the TPM made this quote");
        hf_cli_environment(cli, NULL, environment);
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_text(&j, "stem", opt->out);
    hf_json_text(&j, "selection", opt->pcrs);
    hf_json_hex(&j, "nonce", hf_buf_bytes(&opt->nonce));
    hf_json_bool(&j, "restricted", q->statement.restricted);
    hf_json_base64(&j, "attest", hf_buf_bytes(&q->statement.attest));
    hf_json_base64(&j, "signature", hf_buf_bytes(&q->statement.signature));
    hf_pcrs_json(&q->pcrs, &j, "pcrs");
    hf_json_text(&j, "bus", hf_tpm_bus_name(bus));
    hf_cli_environment(cli, &j, environment);
    return hf_cli_json_end(&text, &j);
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    const struct quote_opts *opt = options;
    HF_CLEANUP(asked_free) struct asked asked = {0};
    HF_CLEANUP(hf_core_quote_free) struct hf_core_quote quote = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;

    if (opt->nonce.n == 0)
        return hf_fail(HF_E_ARG, "--nonce is empty: a quote without one can be replayed");
    HF_TRY(read_asked(cli, opt, &asked));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_quote(core, &who, &asked.key.ref, opt->pcrs, hf_buf_bytes(&opt->nonce), &asked.how, &quote));
    HF_TRY(envelope(&asked, &quote, hf_tpm_environment(tpm), &json));
    if (!opt->out)
        return hf_cli_write(NULL, hf_buf_bytes(&json));
    HF_TRY(write_parts(opt, &asked, &quote, hf_buf_bytes(&json)));
    return answer(cli, opt, &quote, hf_tpm_environment(tpm), hf_tpm_bus(tpm));
}

static const struct hf_opt rows[] = {
    HF_CLI_KEY_ROWS(struct quote_opts),
    {HF_OPT_TEXT, 'l', "pcrs", offsetof(struct quote_opts, pcrs), "PCRS", "what to quote: sha256:0,1,2,3+sha384:7",
     NULL, true},
    {HF_OPT_HEX, 'n', "nonce", offsetof(struct quote_opts, nonce), "HEX", "fresh bytes from the verifier, at most 64",
     NULL, true},
    {HF_OPT_FILE, 'o', "out", offsetof(struct quote_opts, out), "STEM",
     "write STEM.msg, .sig, .pcrs and .json (default: the JSON envelope to standard output)", NULL, false},
    {HF_OPT_TEXT, 0, "hash", offsetof(struct quote_opts, hash), "HASH", "hash of the signature (default: the key's)",
     "sha1|sha256|sha384|sha512", false},
    {HF_OPT_TEXT, 's', "scheme", offsetof(struct quote_opts, scheme), "SCHEME", "signature scheme (default: the key's)",
     "ecdsa|rsassa|rsapss", false},
    {HF_OPT_TEXT, 'f', "format", offsetof(struct quote_opts, format), "FORMAT",
     "form of STEM.pcrs: values (default), or tpm2-tools' own structures", "values|tpm2-tools", false},
    {HF_OPT_FILE, 0, "eventlog", offsetof(struct quote_opts, eventlog), "FILE",
     "boot event log to put into the envelope", NULL, false},
    {HF_OPT_FILE, 0, "ima", offsetof(struct quote_opts, ima), "FILE", "IMA list to put into the envelope", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_quote = {
    .words = "tpm quote",
    .about = "Let the TPM sign its platform configuration registers",
    .text =
        "The values written are those that were quoted: when a register changes in between, the quote is made again. "
        "Use an attestation key (holdfast tpm create --use attest): it signs nothing that the TPM did not make. "
        "STEM.msg is TPMS_ATTEST, STEM.sig TPMT_SIGNATURE, as tpm2_checkquote takes them.",
    .example = "holdfast tpm create --alg ecc-p256 --use attest --out ak.pem\n"
               "holdfast tpm show --key ak.pem --out ak.pub\n"
               "holdfast tpm quote --key ak.pem --pcrs sha256:0,1,2,3+sha384:7 --nonce 00112233 --out q\n"
               "holdfast tpm quote-verify --key ak.pub --nonce 00112233 --in q",
    .opts = rows,
    .size = sizeof(struct quote_opts),
    .run = run,
};
