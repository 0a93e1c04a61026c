/* holdfast tpm policy sign | approve */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "cli/key_arg.h"
#include "cli/policy_arg.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "core/tpm_policy.h"
#include "tpm/policy_tree.h"

#define KEY_MAX ((size_t)64 * 1024)

struct sign_opts {
    const char *policy, *hash, *key, *auth, *ref, *out, *owner_auth;
    struct hf_buf ref_hex;
    uint32_t counter;
    bool supersede;
};

#define SIGN_ROWS                                                                                                \
    {HF_OPT_WORD, 0,                                                                                             \
     "policy",    offsetof(struct sign_opts, policy),                                                            \
     "POLICY",    "the policy, or a file with its text; - for standard input",                                   \
     NULL,        true},                                                                                         \
        {HF_OPT_FILE,                                                                                            \
         'k',                                                                                                    \
         "key",                                                                                                  \
         offsetof(struct sign_opts, key),                                                                        \
         "KEY",                                                                                                  \
         "who approves: a private key (PEM) or a key in the TPM (key file or handle); RSA, P-256, P-384, P-521", \
         NULL,                                                                                                   \
         true},                                                                                                  \
        {HF_OPT_AUTH, 'a',                                                                                       \
         "auth",      offsetof(struct sign_opts, auth),                                                          \
         "SPEC",      "its authorization or passphrase: file:PATH, fd:N, env:NAME or -",                         \
         NULL,        false},                                                                                    \
        {HF_OPT_TEXT, 0,                                                                                         \
         "ref",       offsetof(struct sign_opts, ref),                                                           \
         "TEXT",      "what the approval is about: up to 64 bytes, as in the sealing policy",                    \
         NULL,        false},                                                                                    \
        {HF_OPT_HEX, 0, "ref-hex", offsetof(struct sign_opts, ref_hex), "HEX", "the same in hex", NULL, false},  \
        {HF_OPT_TEXT,                                                                                            \
         0,                                                                                                      \
         "hash",                                                                                                 \
         offsetof(struct sign_opts, hash),                                                                       \
         "HASH",                                                                                                 \
         "name hash of the sealed object (default: sha256)",                                                     \
         "sha1|sha256|sha384|sha512",                                                                            \
         false},                                                                                                 \
    {                                                                                                            \
        HF_OPT_FILE, 'o', "out", offsetof(struct sign_opts, out), "FILE",                                        \
            "where the approval goes (default: standard output)", NULL, false                                    \
    }

static const struct hf_opt sign_rows[] = {
    SIGN_ROWS,
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static const struct hf_opt approve_rows[] = {
    SIGN_ROWS,
    {HF_OPT_U32, 0, "counter", offsetof(struct sign_opts, counter), "INDEX",
     "the revocation counter, made when it is missing (default: 0x01500016)", NULL, false},
    {HF_OPT_FLAG, 0, "supersede", offsetof(struct sign_opts, supersede), NULL,
     "end all approvals that were made for the counter before", NULL, false},
    {HF_OPT_AUTH, 0, "owner-auth", offsetof(struct sign_opts, owner_auth), "SPEC",
     "authorization of the owner hierarchy", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static void approve_defaults(void *options)
{
    ((struct sign_opts *)options)->counter = 0x01500016;
}

/* What the options hold, read in. */
struct signing {
    struct hf_policy *policy;
    const char *hash;
    struct hf_bytes ref;
    struct hf_core_signer signer;
    struct hf_cli_key key;
    struct hf_secret *pem, *passphrase, *owner;
    struct hf_policy_approval *approval;
};

static void signing_free(struct signing *s)
{
    hf_policy_free(&s->policy);
    hf_cli_key_free(&s->key);
    hf_secret_free(&s->pem);
    hf_secret_free(&s->passphrase);
    hf_secret_free(&s->owner);
    hf_policy_approval_free(&s->approval);
}

/* A handle, or a TSS2 key file, is a key in the TPM; everything else is read as a private key. */
static bool in_tpm(const char *spec, struct hf_bytes content)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    return strncmp(spec, "0x", 2) == 0 || hf_pem_find(content, "TSS2 PRIVATE KEY", &der) == HF_OK;
}

static hf_err read_signer(struct hf_cli *cli, const struct sign_opts *opt, struct signing *s)
{
    if (strncmp(opt->key, "0x", 2) != 0)
        HF_TRY(hf_file_read_secret(opt->key, KEY_MAX, &s->pem));
    if (in_tpm(opt->key, hf_secret_expose(s->pem))) {
        hf_secret_free(&s->pem);
        HF_TRY(hf_cli_key_open(cli, opt->key, opt->auth, NULL, &s->key));
        s->signer.key = &s->key.ref;
        return HF_OK;
    }
    HF_TRY(hf_cli_auth(opt->auth, "passphrase of the private key", &s->passphrase));
    s->signer.pem = s->pem;
    s->signer.passphrase = s->passphrase;
    return HF_OK;
}

static hf_err read_all(struct hf_cli *cli, const struct sign_opts *opt, struct signing *s)
{
    if (opt->ref && opt->ref_hex.n)
        return hf_fail(HF_E_ARG, "--ref and --ref-hex were both given: wanted one of them");
    s->ref = opt->ref ? hf_bytes_text(opt->ref) : hf_buf_bytes(&opt->ref_hex);
    HF_TRY(hf_cli_policy(opt->policy, &s->hash, &s->policy));
    if (opt->hash)
        s->hash = opt->hash;
    return read_signer(cli, opt, s);
}

/* The approval to its file or standard output, and the policy that it opens. */
static hf_err give(struct hf_cli *cli, const struct sign_opts *opt, const struct signing *s, const uint64_t *limit)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf approval = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    HF_CLEANUP(hf_policy_free) struct hf_policy *seal = NULL;
    struct hf_json j;

    HF_TRY(hf_policy_approval_print(s->approval, &approval));
    HF_TRY(hf_policy_approval_seal_policy(s->approval, &seal));
    if (opt->out) /* so that what is sealed finds the public key */
        HF_TRY(hf_strdup(opt->out, &seal->steps.step[0].object.path));
    HF_TRY(hf_policy_print(seal, &text));
    if (opt->out)
        HF_TRY(hf_cli_write(opt->out, hf_buf_bytes(&approval)));
    if (!cli->json) {
        if (!opt->out)
            HF_TRY(hf_cli_write(NULL, hf_buf_bytes(&approval)));
        hf_cli_say(cli, "seal with: %.*s", (int)text.n, (const char *)text.p);
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&out, &j));
    hf_json_text_n(&j, "seal_policy", hf_buf_bytes(&text));
    if (limit)
        hf_json_u64(&j, "limit", *limit);
    hf_json_raw(&j, "approval", hf_buf_bytes(&approval));
    return hf_cli_json_end(&out, &j);
}

static hf_err run_sign(struct hf_cli *cli, const void *options)
{
    const struct sign_opts *opt = options;
    HF_CLEANUP(signing_free) struct signing s = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(read_all(cli, opt, &s));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_policy_sign(core, &who, &s.signer, s.policy, s.hash, s.ref, &s.approval));
    return give(cli, opt, &s, NULL);
}

const struct hf_command hf_cmd_tpm_policy_sign = {
    .words = "tpm policy sign",
    .about = "Approve a policy, without an end",
    .text = "Signs the policy's digest with a key, so that it satisfies \"authorize\" by that key and ref. The key may "
            "live elsewhere: a policy that states its values needs no TPM. Nothing ends such an approval; see "
            "holdfast tpm policy approve for one that can be superseded.",
    .example = "openssl ecparam -name prime256v1 -genkey -noout -out approver.pem\n"
               "holdfast tpm policy sign 'command unseal' --key approver.pem --ref boot --out approval.json\n"
               "holdfast tpm policy show approval.json\n",
    .opts = sign_rows,
    .size = sizeof(struct sign_opts),
    .run = run_sign,
};

static hf_err run_approve(struct hf_cli *cli, const void *options)
{
    const struct sign_opts *opt = options;
    HF_CLEANUP(signing_free) struct signing s = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core_approve what = {0};
    struct hf_core *core = NULL;
    uint64_t limit = 0;

    if (opt->supersede && !opt->out)
        return hf_fail(HF_E_ARG, "--supersede needs --out: the new approval is on disk before the old ones end");
    HF_TRY(read_all(cli, opt, &s));
    HF_TRY(hf_cli_auth(opt->owner_auth, "authorization of the owner hierarchy", &s.owner));
    what = (struct hf_core_approve){&s.signer, s.policy, s.hash, s.ref, opt->counter, s.owner, opt->supersede};
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_policy_approve(core, &who, &what, &limit, &s.approval));
    HF_TRY(give(cli, opt, &s, &limit));
    return opt->supersede ? hf_core_tpm_policy_supersede(core, &who, opt->counter, limit, s.owner) : HF_OK;
}

const struct hf_command hf_cmd_tpm_policy_approve = {
    .words = "tpm policy approve",
    .about = "Approve a policy until it is superseded",
    .text =
        "The policy is bound to the TPM as it is now (PCR values and the like), gets the step \"nv COUNTER ule N\", N "
        "being the counter's value, and is signed. Seal once to the policy that is printed; after an update approve "
        "again, and what is sealed opens again. With --supersede the counter goes up by one, and approvals made "
        "before no longer hold.",
    .example = "openssl ecparam -name prime256v1 -genkey -noout -out approver.pem\n"
               "holdfast tpm policy approve 'pcr sha256:16' --key approver.pem --ref boot --out first.json\n"
               "holdfast tpm policy approve 'pcr sha256:16' --key approver.pem --ref boot --supersede --out "
               "second.json --json\n",
    .opts = approve_rows,
    .size = sizeof(struct sign_opts),
    .run = run_approve,
    .defaults = approve_defaults,
};
