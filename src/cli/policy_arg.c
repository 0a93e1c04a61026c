/* Policies on the command line, and who answers what they ask. */
#include "cli/policy_arg.h"

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "codec/pem.h"
#include "crypto/privkey.h"
#include "tpm/keyfile.h"
#include "tpm/policy_der.h"
#include "tpm/policy_signature.h"

#include <stdio.h>
#include <sys/stat.h>

#define FILE_MAX ((size_t)256 * 1024)

static hf_err from_key_file(struct hf_bytes text, const char **hash, struct hf_policy **out)
{
    HF_CLEANUP(hf_keyfile_free) struct hf_keyfile file = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    TPMT_PUBLIC pub;

    HF_TRY(hf_pem_find(text, HF_KEYFILE_LABEL, &der));
    HF_TRY(hf_keyfile_parse(hf_buf_bytes(&der), &file));
    if (file.policy.n == 0)
        return hf_fail(HF_E_NOT_FOUND, "the key file has no policy");
    HF_TRY(hf_tpm_public_parse(hf_buf_bytes(&file.public_area), &pub));
    HF_TRY(hf_policy_from_der(hf_buf_bytes(&file.policy), hf_buf_bytes(&file.auth_policy),
                              (enum hf_hash_alg)pub.nameAlg, out));
    *hash = hf_hash_name((enum hf_hash_alg)pub.nameAlg);
    return HF_OK;
}

static hf_err from_approval(struct hf_bytes text, const char **hash, struct hf_policy **out)
{
    HF_CLEANUP(hf_policy_approval_free) struct hf_policy_approval *approval = NULL;

    HF_TRY(hf_policy_approval_parse(text, &approval));
    HF_TRY(hf_policy_copy(hf_policy_approval_policy(approval), out));
    *hash = hf_policy_approval_hash_name(approval);
    return HF_OK;
}

/* A file by its content: '{' begins JSON, and no policy text has a PEM line. */
static hf_err from_content(struct hf_bytes text, const char **hash, struct hf_policy **out)
{
    size_t at = 0;

    while (at < text.n && (text.p[at] == ' ' || text.p[at] == '\t' || text.p[at] == '\r' || text.p[at] == '\n'))
        at++;
    if (at < text.n && text.p[at] == '{')
        return from_approval(text, hash, out);
    if (hf_pem_is(text))
        return from_key_file(text, hash, out);
    return hf_policy_parse(text, out);
}

hf_err hf_cli_policy(const char *arg, const char **hash, struct hf_policy **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf content = {0};
    struct stat st;

    if (strcmp(arg, "-") != 0 && (stat(arg, &st) != 0 || !S_ISREG(st.st_mode)))
        return hf_policy_parse(hf_bytes_text(arg), out);
    HF_TRY(hf_cli_read(arg, FILE_MAX, &content));
    return from_content(hf_buf_bytes(&content), hash, out);
}

/* ---- answers ---- */

static hf_err give_secret(void *arg, const char *what, struct hf_secret **out)
{
    const struct hf_cli_answers *a = arg;

    for (size_t i = 0; i < a->n_secrets; i++) {
        if (strcmp(a->secret[i].what, what) == 0)
            return hf_secret_new(hf_secret_expose(a->secret[i].value), out);
    }
    return HF_OK; /* empty */
}

static hf_err give_signature(void *arg, const struct hf_policy_assertion *what, struct hf_buf *out)
{
    const struct hf_cli_answers *a = arg;
    const struct hf_pubkey *pub = hf_privkey_public(a->signer);
    struct hf_sig_alg alg = {.scheme = hf_pubkey_kind(pub) == HF_KEY_EC ? HF_SIG_ECDSA : HF_SIG_RSASSA,
                             .hash = HF_SHA256};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};

    HF_TRY(hf_privkey_sign_message(a->signer, &alg, what->message, &sig));
    return hf_policy_signature_write(pub, HF_SHA256, hf_buf_bytes(&sig), out);
}

static hf_err read_secret(const char *item, struct hf_cli_answers *a)
{
    struct hf_cli_named_secret *s = &a->secret[a->n_secrets];
    const char *equals = strchr(item, '=');

    if (!equals || equals == item || (size_t)(equals - item) >= sizeof(s->what))
        return hf_fail(HF_E_ARG, "--secret %.100s: wanted WHAT=SPEC, for instance owner=file:PATH", item);
    memcpy(s->what, item, (size_t)(equals - item));
    HF_TRY(hf_cli_auth(equals + 1, s->what, &s->value));
    a->n_secrets++;
    return HF_OK;
}

static hf_err read_approval(const char *path, struct hf_cli_answers *a)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

    HF_TRY(hf_cli_read(path, FILE_MAX, &json));
    HF_TRY(hf_policy_approval_parse(hf_buf_bytes(&json), &a->approval[a->answers.n_approvals]));
    a->answers.n_approvals++;
    return HF_OK;
}

static hf_err read_all(const struct hf_cli_answer_opts *opts, struct hf_cli_answers *a)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *pem = NULL;

    for (size_t i = 0; i < opts->secret.n; i++)
        HF_TRY(read_secret(opts->secret.item[i], a));
    for (size_t i = 0; i < opts->approval.n; i++)
        HF_TRY(read_approval(opts->approval.item[i], a));
    if (!opts->signer)
        return HF_OK;
    HF_TRY(hf_file_read_secret(opts->signer, FILE_MAX, &pem));
    return hf_privkey_parse(hf_secret_expose(pem), NULL, &a->signer);
}

hf_err hf_cli_answers_open(const struct hf_cli_answer_opts *opts, struct hf_cli_answers *out)
{
    hf_err err;

    *out = (struct hf_cli_answers){.answers.branch = opts->branch};
    err = read_all(opts, out);
    if (err != HF_OK) {
        hf_cli_answers_free(out);
        return err;
    }
    out->answers.arg = out;
    out->answers.secret = out->n_secrets ? give_secret : NULL;
    out->answers.sign = out->signer ? give_signature : NULL;
    out->answers.approval = (const struct hf_policy_approval *const *)out->approval;
    return HF_OK;
}

void hf_cli_answers_free(struct hf_cli_answers *answers)
{
    for (size_t i = 0; i < HF_OPT_LIST_MAX; i++) {
        hf_secret_free(&answers->secret[i].value);
        hf_policy_approval_free(&answers->approval[i]);
    }
    hf_privkey_free(&answers->signer);
    answers->n_secrets = 0;
    answers->answers = (struct hf_policy_answers){0};
}
