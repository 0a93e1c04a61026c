/* A key on the command line. */
#include "cli/key_arg.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "tpm/keyfile.h"

#include <unistd.h>

void hf_cli_key_free(struct hf_cli_key *key)
{
    hf_buf_free(&key->file);
    hf_secret_free(&key->auth);
    hf_cli_answers_free(&key->answers);
    *key = (struct hf_cli_key){0};
}

static bool is_handle(const char *spec)
{
    return spec[0] == '0' && (spec[1] == 'x' || spec[1] == 'X') && access(spec, F_OK) != 0;
}

/* Does the file say that its key has an authorization value? Context files do not say: no. */
static hf_err says_auth(struct hf_bytes text, bool *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_keyfile_free) struct hf_keyfile file = {0};
    enum hf_core_key_kind kind = HF_CORE_KEY_FILE;

    HF_TRY(hf_core_key_kind(text, &kind));
    if (kind != HF_CORE_KEY_FILE) {
        *out = false;
        return HF_OK;
    }
    HF_TRY(hf_pem_find(text, HF_KEYFILE_LABEL, &der));
    HF_TRY(hf_keyfile_parse(hf_buf_bytes(&der), &file));
    *out = !file.empty_auth;
    return HF_OK;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static hf_err read_key(const char *spec, struct hf_cli_key *key)
{
    uint64_t handle = 0;
    enum hf_core_key_kind kind;
    hf_err err;

    if (is_handle(spec)) {
        HF_TRY(hf_text_u64(spec, UINT32_MAX, "handle", &handle));
        key->ref.handle = (uint32_t)handle;
        return HF_OK;
    }
    HF_TRY(hf_cli_read(spec, HF_KEYFILE_MAX, &key->file));
    if (key->file.n == 0)
        return hf_fail(HF_E_TRUNCATED, "%s is empty", spec);
    err = hf_core_key_kind(hf_buf_bytes(&key->file), &kind);
    if (err != HF_OK)
        return hf_fail(err, "%s: %s", spec, hf_err_detail());
    key->ref.file = hf_buf_bytes(&key->file);
    return HF_OK;
}

hf_err hf_cli_key_open(struct hf_cli *cli, const char *spec, const char *auth, const char *policy, struct hf_cli_key *out)
{
    bool asks = false;

    (void)cli;
    HF_TRY(read_key(spec, out));
    (void)snprintf(out->label, sizeof(out->label), "%s", last_part(spec));
    out->ref.label = out->label;
    out->ref.policy = policy;
    if (!auth && out->ref.file.n) {
        HF_TRY(says_auth(out->ref.file, &asks));
        if (asks && isatty(STDIN_FILENO))
            auth = "-";
    }
    if (auth && !auth[0])
        return HF_OK;
    HF_TRY(hf_cli_auth(auth, "authorization of the key", &out->auth));
    out->ref.auth = out->auth;
    return HF_OK;
}

hf_err hf_cli_key_answers(struct hf_cli_key *key, const struct hf_cli_answer_opts *opts)
{
    if (!opts->branch && !opts->signer && !opts->approval.n && !opts->secret.n)
        return HF_OK;
    HF_TRY(hf_cli_answers_open(opts, &key->answers));
    key->ref.answers = &key->answers.answers;
    return HF_OK;
}

hf_err hf_cli_hash(const char *name, unsigned *out)
{
    enum hf_hash_alg alg = HF_HASH_NONE;

    if (name)
        HF_TRY(hf_hash_by_name(hf_bytes_text(name), &alg));
    *out = (unsigned)alg;
    return HF_OK;
}

hf_err hf_cli_write_secret(const char *path, const struct hf_secret *secret)
{
    return hf_file_write_private(path ? path : "-", hf_secret_expose(secret));
}

hf_err hf_cli_write(const char *path, struct hf_bytes bytes)
{
    return hf_file_write(path ? path : "-", bytes);
}

hf_err hf_cli_write_private(const char *path, struct hf_bytes bytes)
{
    return hf_file_write_private(path ? path : "-", bytes);
}

static const struct {
    unsigned bit;
    const char *name;
} uses[] = {
    {HF_TPM_USE_SIGN, "sign"},
    {HF_TPM_USE_DECRYPT, "decrypt"},
    {HF_TPM_USE_ATTEST, "attest"},
    {HF_TPM_USE_PARENT, "parent"},
    {HF_TPM_USE_MOVABLE, "movable"},
    {HF_TPM_USE_DA, "dictionary-attack-protected"},
    {HF_TPM_USE_POLICY_ONLY, "policy-only"},
};

static hf_err facts_json(struct hf_json *j, const struct hf_tpm_key_info *info, const char *pem)
{
    hf_json_text(j, "algorithm", info->algorithm);
    hf_json_array(j, "use");
    for (size_t i = 0; i < HF_COUNT(uses); i++) {
        if (info->use & uses[i].bit)
            hf_json_text(j, NULL, uses[i].name);
    }
    hf_json_close(j);
    hf_json_text(j, "name_hash", hf_hash_name((enum hf_hash_alg)info->name_hash));
    hf_json_hex(j, "name", info->name);
    hf_json_printf(j, "attributes", "0x%08x", (unsigned)info->attributes);
    if (info->policy.n)
        hf_json_hex(j, "policy_digest", info->policy);
    if (info->parent_name.n)
        hf_json_hex(j, "parent_name", info->parent_name);
    if (info->handle)
        hf_json_handle(j, "handle", info->handle);
    hf_json_text(j, "public_key", pem);
    hf_json_base64(j, "public_area", info->public_area);
    return j->err;
}

hf_err hf_cli_key_facts(struct hf_cli *cli, struct hf_json *j, const struct hf_tpm_key *key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf use = {0};
    struct hf_tpm_key_info info;
    char *hex = NULL;
    char *pem_text = NULL;

    hf_tpm_key_info(key, &info);
    if (hf_tpm_key_public_pem(key, &pem) == HF_OK) /* symmetric keys have none */
        HF_TRY(hf_buf_text(&pem, &pem_text));
    if (j)
        return facts_json(j, &info, pem_text);
    HF_TRY(hf_hex_write(info.name, &text));
    HF_TRY(hf_buf_text(&text, &hex));
    for (size_t i = 0; i < HF_COUNT(uses); i++) {
        if (info.use & uses[i].bit)
            HF_TRY(hf_buf_printf(&use, "%s%s", use.n ? ", " : "", uses[i].name));
    }
    hf_cli_line(cli, "algorithm", "%s", info.algorithm);
    hf_cli_line(cli, "use", "%.*s", (int)use.n, use.n ? (const char *)use.p : "");
    hf_cli_line(cli, "name", "%s", hex);
    if (info.policy.n) {
        text.n = 0;
        HF_TRY(hf_hex_write(info.policy, &text));
        HF_TRY(hf_buf_text(&text, &hex));
        hf_cli_line(cli, "policy digest", "%s", hex);
    }
    if (info.handle)
        hf_cli_line(cli, "handle", "0x%08x", (unsigned)info.handle);
    return HF_OK;
}
