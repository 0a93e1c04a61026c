/* holdfast tpm credential make | activate */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/key_arg.h"
#include "core/tpm_attest.h"

#define EK_MAX 65536u
#define CREDENTIAL_MAX 4096u
#define SECRET_MAX 64u

struct credential_opts {
    struct hf_cli_answer_opts answers;
    const char *key, *auth, *policy;
    const char *ek, *in, *out, *endorsement_auth;
    struct hf_buf name;
    bool in_tpm;
};

static hf_err answer(struct hf_cli *cli, const struct credential_opts *opt, const char *what, bool tpm_too)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    if (tpm_too)
        HF_TRY(hf_cli_tpm(cli, &tpm));
    if (!cli->json) {
        hf_cli_say(cli, "%s: %s%s%s", what, opt->out && strcmp(opt->out, "-") != 0 ? opt->out : "standard output",
                   tpm ? ", environment " : "", tpm ? hf_tpm_environment_name(hf_tpm_environment(tpm)) : "");
        return HF_OK;
    }
    if (!opt->out || strcmp(opt->out, "-") == 0)
        return HF_OK; /* standard output is taken */
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_text(&j, "out", opt->out);
    if (tpm)
        hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

/* ---- make ---- */

static hf_err run_make(struct hf_cli *cli, const void *options)
{
    const struct credential_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf ek = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = NULL;
    struct hf_core_credential what = {.name = hf_buf_bytes(&opt->name), .in_tpm = opt->in_tpm};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_read(opt->ek, EK_MAX, &ek));
    HF_TRY(hf_file_read_secret(opt->in ? opt->in : "-", SECRET_MAX, &secret));
    what.ek = hf_buf_bytes(&ek);
    what.secret = secret;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_credential_make(core, &who, &what, &made));
    HF_TRY(hf_cli_write(opt->out, hf_buf_bytes(&made)));
    return answer(cli, opt, "credential", opt->in_tpm);
}

static const struct hf_opt make_rows[] = {
    {HF_OPT_FILE, 0, "ek", offsetof(struct credential_opts, ek), "FILE",
     "the endorsement key: TPM2B_PUBLIC, a public key or its certificate (PEM or DER)", NULL, true},
    {HF_OPT_HEX, 0, "name", offsetof(struct credential_opts, name), "HEX",
     "Name of the key that the secret is for (holdfast tpm show prints it)", NULL, true},
    {HF_OPT_FILE, 'i', "in", offsetof(struct credential_opts, in), "FILE",
     "the secret: 1 to 32 bytes for an EK with SHA-256 (default: standard input)", NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct credential_opts, out), "FILE",
     "where the credential goes (default: standard output)", NULL, false},
    {HF_OPT_FLAG, 0, "in-tpm", offsetof(struct credential_opts, in_tpm), NULL, "let the TPM make it, not this program",
     NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

#define EXAMPLE_MAKE                                                 \
    "holdfast tpm create --alg ecc-p256 --use attest --out ak.pem\n" \
    "holdfast tpm ek show --kind ecc-p256 --out ek.pem\n"            \
    "name=$(holdfast tpm show --key ak.pem --json | jq -r .name)\n"  \
    "head -c 32 /dev/urandom > secret\n"                             \
    "holdfast tpm credential make --ek ek.pem --name $name --in secret --out cred\n"

const struct hf_command hf_cmd_tpm_credential_make = {
    .words = "tpm credential make",
    .about = "Wrap a secret for one key in one TPM",
    .text =
        "Only the TPM with this endorsement key can open it, and only while it holds the key of this Name: who gives "
        "the secret back has shown that the key lives in that TPM. No TPM is needed here. The file is the one of "
        "tpm2_makecredential.",
    .example = EXAMPLE_MAKE,
    .opts = make_rows,
    .size = sizeof(struct credential_opts),
    .run = run_make,
};

/* ---- activate ---- */

static hf_err which_ek(const char *text, struct hf_core_activate *what)
{
    uint64_t handle = 0;

    what->by_form = text == NULL;
    if (!text)
        return HF_OK;
    if (text[0] != '0')
        return hf_tpm_ek_kind_by_name(text, &what->kind);
    HF_TRY(hf_text_u64(text, UINT32_MAX, "--ek", &handle));
    what->ek_handle = (uint32_t)handle;
    return handle ? HF_OK : hf_fail(HF_E_ARG, "--ek 0 is no handle");
}

static hf_err activate(struct hf_cli *cli, const struct credential_opts *opt, struct hf_core_activate *what)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *endorsement_auth = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = NULL;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_auth(opt->endorsement_auth, "authorization of the endorsement hierarchy", &endorsement_auth));
    what->endorsement_auth = endorsement_auth;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_credential_activate(core, &who, what, &secret));
    HF_TRY(hf_cli_write_secret(opt->out ? opt->out : "-", secret));
    return answer(cli, opt, "secret", true);
}

static hf_err run_activate(struct hf_cli *cli, const void *options)
{
    const struct credential_opts *opt = options;
    HF_CLEANUP(hf_cli_key_free) struct hf_cli_key key = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf credential = {0};
    struct hf_core_activate what = {.key = &key.ref};

    HF_TRY(which_ek(opt->ek, &what));
    HF_TRY(hf_cli_key_open(cli, opt->key, opt->auth, opt->policy, &key));
    HF_TRY(hf_cli_key_answers(&key, &opt->answers));
    HF_TRY(hf_cli_read(opt->in ? opt->in : "-", CREDENTIAL_MAX, &credential));
    what.credential = hf_buf_bytes(&credential);
    return activate(cli, opt, &what);
}

static const struct hf_opt activate_rows[] = {
    HF_CLI_KEY_ROWS(struct credential_opts),
    {HF_OPT_FILE, 'i', "in", offsetof(struct credential_opts, in), "FILE", "the credential (default: standard input)",
     NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct credential_opts, out), "FILE",
     "where the secret goes, mode 0600 (default: standard output)", NULL, false},
    {HF_OPT_TEXT, 0, "ek", offsetof(struct credential_opts, ek), "KIND|HANDLE",
     "which endorsement key, as ecc-p256 or 0x81010001 (default: by the credential's form)", NULL, false},
    {HF_OPT_AUTH, 0, "endorsement-auth", offsetof(struct credential_opts, endorsement_auth), "SPEC",
     "authorization of the endorsement hierarchy: file:PATH, fd:N, env:NAME or -", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_credential_activate = {
    .words = "tpm credential activate",
    .about = "Open a credential that was made for a key in this TPM",
    .text = "The file is one of holdfast tpm credential make or tpm2_makecredential.",
    .example = EXAMPLE_MAKE "holdfast tpm credential activate --key ak.pem --in cred --out opened\n"
                            "cmp secret opened",
    .opts = activate_rows,
    .size = sizeof(struct credential_opts),
    .run = run_activate,
};
