/* holdfast tpm certify */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/key_arg.h"
#include "core/tpm_attest.h"

#define TICKET_MAX 4096u

struct certify_opts {
    struct hf_cli_answer_opts answers;
    const char *key, *auth, *policy;
    const char *object, *object_auth, *endorsement_auth, *out, *scheme, *hash, *ticket;
    struct hf_buf nonce, creation_hash;
    bool time;
};

struct parts {
    struct hf_cli_key key, object;
    struct hf_secret *endorsement_auth;
    struct hf_buf ticket;
};

static void parts_free(struct parts *p)
{
    hf_cli_key_free(&p->key);
    hf_cli_key_free(&p->object);
    hf_secret_free(&p->endorsement_auth);
    hf_buf_free(&p->ticket);
}

static hf_err check(const struct certify_opts *opt)
{
    if (!opt->time == !opt->object)
        return hf_fail(HF_E_ARG, "one of --object and --time says what to certify");
    if (!opt->ticket != (opt->creation_hash.n == 0) || (opt->ticket && !opt->object))
        return hf_fail(HF_E_ARG, "--ticket and --creation-hash go together, with --object");
    if (opt->nonce.n == 0)
        return hf_fail(HF_E_ARG, "--nonce is empty: a certificate without one can be replayed");
    return HF_OK;
}

static hf_err read_parts(struct hf_cli *cli, const struct certify_opts *opt, struct parts *p,
                         struct hf_core_certify *what)
{
    HF_TRY(hf_cli_key_open(cli, opt->key, opt->auth, opt->policy, &p->key));
    HF_TRY(hf_cli_key_answers(&p->key, &opt->answers));
    if (opt->object) {
        HF_TRY(hf_cli_key_open(cli, opt->object, opt->object_auth, NULL, &p->object));
        what->object = &p->object.ref;
    }
    if (opt->ticket)
        HF_TRY(hf_cli_read(opt->ticket, TICKET_MAX, &p->ticket));
    HF_TRY(hf_cli_auth(opt->endorsement_auth, "authorization of the endorsement hierarchy", &p->endorsement_auth));
    what->key = &p->key.ref;
    what->creation = opt->ticket != NULL;
    what->creation_hash = hf_buf_bytes(&opt->creation_hash);
    what->ticket = hf_buf_bytes(&p->ticket);
    what->endorsement_auth = p->endorsement_auth;
    what->nonce = hf_buf_bytes(&opt->nonce);
    if (opt->scheme)
        what->how.scheme = strcmp(opt->scheme, "ecdsa") == 0    ? HF_TPM_ECDSA
                           : strcmp(opt->scheme, "rsapss") == 0 ? HF_TPM_RSAPSS
                                                                : HF_TPM_RSASSA;
    return hf_cli_hash(opt->hash, &what->how.hash);
}

static hf_err write_part(const char *stem, const char *end, struct hf_bytes bytes)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf path = {0};
    char *text = NULL;

    HF_TRY(hf_buf_printf(&path, "%s%s", stem, end));
    HF_TRY(hf_buf_text(&path, &text));
    return hf_cli_write(text, bytes);
}

static hf_err answer(struct hf_cli *cli, const struct certify_opts *opt, const struct hf_tpm_statement *s)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_tpm(cli, &tpm));
    if (!cli->json) {
        hf_cli_line(cli, "certificate", "%s.msg, .sig for %s", opt->out, opt->time ? "the time" : opt->object);
        hf_cli_line(cli, "key", "%s%s", opt->key,
                    s->restricted ? "" : " (!) signs anything: a verifier cannot know that the TPM made this");
        hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_base64(&j, "attest", hf_buf_bytes(&s->attest));
    hf_json_base64(&j, "signature", hf_buf_bytes(&s->signature));
    hf_json_bool(&j, "restricted", s->restricted);
    hf_json_text(&j, "bus", hf_tpm_bus_name(hf_tpm_bus(tpm)));
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    const struct certify_opts *opt = options;
    HF_CLEANUP(parts_free) struct parts parts = {0};
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement made = {0};
    struct hf_core_certify what = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(check(opt));
    HF_TRY(read_parts(cli, opt, &parts, &what));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_certify(core, &who, &what, &made));
    HF_TRY(write_part(opt->out, ".msg", hf_buf_bytes(&made.attest)));
    HF_TRY(write_part(opt->out, ".sig", hf_buf_bytes(&made.signature)));
    return answer(cli, opt, &made);
}

static const struct hf_opt rows[] = {
    HF_CLI_KEY_ROWS(struct certify_opts),
    {HF_OPT_FILE, 0, "object", offsetof(struct certify_opts, object), "KEY", "the key to certify: file or handle", NULL,
     false},
    {HF_OPT_AUTH, 0, "object-auth", offsetof(struct certify_opts, object_auth), "SPEC", "its authorization", NULL,
     false},
    {HF_OPT_FLAG, 0, "time", offsetof(struct certify_opts, time), NULL, "certify the TPM's clock and counters instead",
     NULL, false},
    {HF_OPT_HEX, 'n', "nonce", offsetof(struct certify_opts, nonce), "HEX", "fresh bytes from the verifier, at most 64",
     NULL, true},
    {HF_OPT_FILE, 'o', "out", offsetof(struct certify_opts, out), "STEM", "write STEM.msg and STEM.sig", NULL, true},
    {HF_OPT_HEX, 0, "creation-hash", offsetof(struct certify_opts, creation_hash), "HEX",
     "certify how the object was made: the hash of its creation data", NULL, false},
    {HF_OPT_FILE, 0, "ticket", offsetof(struct certify_opts, ticket), "FILE",
     "and the creation ticket (TPMT_TK_CREATION)", NULL, false},
    {HF_OPT_AUTH, 0, "endorsement-auth", offsetof(struct certify_opts, endorsement_auth), "SPEC",
     "authorization of the endorsement hierarchy, for --time", NULL, false},
    {HF_OPT_TEXT, 0, "hash", offsetof(struct certify_opts, hash), "HASH", "hash of the signature (default: the key's)",
     "sha1|sha256|sha384|sha512", false},
    {HF_OPT_TEXT, 's', "scheme", offsetof(struct certify_opts, scheme), "SCHEME",
     "signature scheme (default: the key's)", "ecdsa|rsassa|rsapss", false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_certify = {
    .words = "tpm certify",
    .about = "Let the TPM sign that it holds a key, how a key was made, or what time it is",
    .text = "STEM.msg is TPMS_ATTEST with the Name of the object, STEM.sig TPMT_SIGNATURE by --key, which should be an "
            "attestation key.",
    .example = "holdfast tpm create --alg ecc-p256 --use attest --out ak.pem\n"
               "holdfast tpm create --alg rsa2048 --out k.pem\n"
               "holdfast tpm certify --key ak.pem --object k.pem --nonce 00112233 --out c\n"
               "holdfast tpm certify --key ak.pem --time --nonce 00112233 --out t --json",
    .opts = rows,
    .size = sizeof(struct certify_opts),
    .run = run,
};
