/* holdfast tpm create | import | seal | unseal | show */
#include "base/cleanup.h"
#include "base/file.h"
#include "cli/key_arg.h"
#include "codec/pem.h"

static const char algorithms[] = "ecc-p256|ecc-p384|ecc-p521|rsa2048|rsa3072|rsa4096|aes128|aes192|aes256|hmac|ed25519";
static const char hashes[] = "sha1|sha256|sha384|sha512";
static const char schemes[] = "ecdsa|rsassa|rsapss|oaep|rsaes";
static const char use_words[] = "sign|decrypt|attest|parent";

struct create_opts {
    const char *alg, *out, *auth, *policy, *parent, *parent_auth, *hash, *scheme, *use, *description;
    const char *in, *passphrase;
    bool movable, pin, policy_only;
};

#define COMMON_ROWS \
    {HF_OPT_AUTH, 'a', "auth", offsetof(struct create_opts, auth), "SPEC", "authorization of the new object: file:PATH, fd:N, env:NAME or - for a prompt", NULL, false}, \
    {HF_OPT_TEXT, 0, "policy", offsetof(struct create_opts, policy), "TEXT", "policy that opens it (policies(7)), for instance 'pcr sha256:7'", NULL, false}, \
    {HF_OPT_FLAG, 0, "policy-only", offsetof(struct create_opts, policy_only), NULL, "the policy alone opens it, not the authorization value (seal does so whenever there is a policy)", NULL, false}, \
    {HF_OPT_FILE, 0, "parent", offsetof(struct create_opts, parent), "KEY", "the storage key it stands under (default: the storage root key)", NULL, false}, \
    {HF_OPT_AUTH, 0, "parent-auth", offsetof(struct create_opts, parent_auth), "SPEC", "authorization of the parent", NULL, false}, \
    {HF_OPT_TEXT, 0, "hash", offsetof(struct create_opts, hash), "HASH", "name hash (default: sha256)", hashes, false}, \
    {HF_OPT_TEXT, 0, "description", offsetof(struct create_opts, description), "TEXT", "kept in the key file", NULL, false}, \
    {HF_OPT_FLAG, 0, "pin", offsetof(struct create_opts, pin), NULL, "the authorization is a PIN: under dictionary-attack protection", NULL, false}, \
    {HF_OPT_FILE, 'o', "out", offsetof(struct create_opts, out), "FILE", "where the key file goes (default: standard output)", NULL, false}

#define KEY_ROWS \
    {HF_OPT_TEXT, 'u', "use", offsetof(struct create_opts, use), "USE", "sign (default), decrypt, attest (quotes only), parent (a storage key)", use_words, false}, \
    {HF_OPT_TEXT, 's', "scheme", offsetof(struct create_opts, scheme), "SCHEME", "fix the scheme (default: any at the time of use)", schemes, false}, \
    {HF_OPT_FLAG, 0, "movable", offsetof(struct create_opts, movable), NULL, "may be duplicated to another TPM; needs a policy that permits it", NULL, false}

static const struct hf_opt create_rows[] = {
    {HF_OPT_TEXT, 'A', "alg", offsetof(struct create_opts, alg), "ALG", "ecc-p256, ecc-p384, ecc-p521, rsa2048, rsa3072, rsa4096, aes128, aes256, hmac", algorithms, true},
    KEY_ROWS,
    COMMON_ROWS,
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static const struct hf_opt import_rows[] = {
    {HF_OPT_FILE, 'i', "in", offsetof(struct create_opts, in), "FILE", "private key: PEM or DER; raw bytes for aes and hmac", NULL, true},
    {HF_OPT_AUTH, 0, "passphrase", offsetof(struct create_opts, passphrase), "SPEC", "of an encrypted PEM", NULL, false},
    {HF_OPT_TEXT, 'A', "alg", offsetof(struct create_opts, alg), "ALG", "needed for raw bytes; checked for others", algorithms, false},
    KEY_ROWS,
    COMMON_ROWS,
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static const struct hf_opt seal_rows[] = {
    {HF_OPT_FILE, 'i', "in", offsetof(struct create_opts, in), "FILE", "1 to 128 bytes to seal (default: standard input)", NULL, false},
    COMMON_ROWS,
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

/* What the options hold, read in. */
struct made {
    struct hf_core_new_key what;
    struct hf_cli_key parent;
    struct hf_secret *auth, *data, *passphrase;
    struct hf_tpm_key *key;
    struct hf_buf pem;
};

static void made_free(struct made *m)
{
    hf_tpm_key_close(&m->key);
    hf_cli_key_free(&m->parent);
    hf_secret_free(&m->auth);
    hf_secret_free(&m->data);
    hf_secret_free(&m->passphrase);
    hf_buf_free(&m->pem);
}

static enum hf_tpm_scheme scheme_of(const char *name)
{
    static const struct {
        const char *name;
        enum hf_tpm_scheme scheme;
    } rows[] = {{"ecdsa", HF_TPM_ECDSA}, {"rsassa", HF_TPM_RSASSA}, {"rsapss", HF_TPM_RSAPSS}, {"oaep", HF_TPM_OAEP}, {"rsaes", HF_TPM_RSAES}};

    for (size_t i = 0; name && i < HF_COUNT(rows); i++) {
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].scheme;
    }
    return HF_TPM_SCHEME_DEFAULT;
}

static unsigned use_of(const struct create_opts *opt)
{
    unsigned use = 0;

    if (opt->use)
        use |= strcmp(opt->use, "sign") == 0      ? HF_TPM_USE_SIGN
               : strcmp(opt->use, "decrypt") == 0 ? HF_TPM_USE_DECRYPT
               : strcmp(opt->use, "attest") == 0  ? HF_TPM_USE_ATTEST
                                                  : HF_TPM_USE_PARENT;
    return use | (opt->movable ? HF_TPM_USE_MOVABLE : 0u) | (opt->pin ? HF_TPM_USE_DA : 0u) |
           (opt->policy_only ? HF_TPM_USE_POLICY_ONLY : 0u);
}

/* Everything that create, import and seal share. */
static hf_err prepare(struct hf_cli *cli, const struct create_opts *opt, struct made *m)
{
    if (opt->pin && !opt->auth)
        return hf_fail(HF_E_ARG, "--pin goes with --auth");
    HF_TRY(hf_cli_auth(opt->auth, "authorization of the new object", &m->auth));
    m->what.spec = (struct hf_tpm_key_spec){.algorithm = opt->alg, .use = use_of(opt), .scheme = scheme_of(opt->scheme), .auth = m->auth};
    HF_TRY(hf_cli_hash(opt->hash, &m->what.spec.hash));
    m->what.policy = opt->policy;
    m->what.description = opt->description;
    if (opt->parent) {
        HF_TRY(hf_cli_key_open(cli, opt->parent, opt->parent_auth, NULL, &m->parent));
        m->what.parent = &m->parent.ref;
    }
    return HF_OK;
}

static hf_err make(struct hf_cli *cli, const struct create_opts *opt, struct made *m)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_create(core, &who, &m->what, &m->key, &m->pem));
    if (opt->out || !cli->json)
        HF_TRY(hf_cli_write_private(opt->out, hf_buf_bytes(&m->pem)));
    if (!cli->json) {
        hf_cli_say(cli, "%s%s%s: environment %s, bus %s", m->what.sealed ? "sealed" : "made", opt->out ? " " : "",
                   opt->out ? opt->out : "", hf_tpm_environment_name(hf_tpm_environment(tpm)), hf_tpm_bus_name(hf_tpm_bus(tpm)));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    HF_TRY(hf_cli_key_facts(cli, &j, m->key));
    hf_json_text_n(&j, "key_file", hf_buf_bytes(&m->pem));
    hf_json_text(&j, "bus", hf_tpm_bus_name(hf_tpm_bus(tpm)));
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err run_create(struct hf_cli *cli, const void *options)
{
    const struct create_opts *opt = options;
    HF_CLEANUP(made_free) struct made m = {0};

    HF_TRY(prepare(cli, opt, &m));
    return make(cli, opt, &m);
}

#define PRIVATE_MAX ((size_t)64 * 1024)

static hf_err run_import(struct hf_cli *cli, const void *options)
{
    const struct create_opts *opt = options;
    HF_CLEANUP(made_free) struct made m = {0};

    HF_TRY(prepare(cli, opt, &m));
    HF_TRY(hf_file_read_secret(opt->in, PRIVATE_MAX, &m.data));
    HF_TRY(hf_cli_auth(opt->passphrase, "passphrase of the private key", &m.passphrase));
    m.what.outside = m.data;
    m.what.passphrase = m.passphrase;
    return make(cli, opt, &m);
}

static hf_err run_seal(struct hf_cli *cli, const void *options)
{
    const struct create_opts *opt = options;
    HF_CLEANUP(made_free) struct made m = {0};

    HF_TRY(prepare(cli, opt, &m));
    HF_TRY(hf_file_read_secret(opt->in ? opt->in : "-", 4096, &m.data));
    m.what.sealed = m.data;
    if (opt->policy) /* otherwise the value, which may be empty, would open it beside the policy */
        m.what.spec.use |= HF_TPM_USE_POLICY_ONLY;
    return make(cli, opt, &m);
}

const struct hf_command hf_cmd_tpm_create = {
    .words = "tpm create",
    .about = "Make a key in the TPM and write its key file",
    .text = "The private key never exists outside the TPM in clear. The file is a TSS2 PRIVATE KEY PEM that "
            "tpm2-openssl, pytss and ssh-tpm-agent read as well. A key without --auth has an empty authorization: "
            "whoever holds the file and may use the TPM can use it.",
    .example = "holdfast tpm create --alg ecc-p256 --out k.pem\n"
               "holdfast tpm show --key k.pem\n",
    .opts = create_rows,
    .size = sizeof(struct create_opts),
    .run = run_create,
};

const struct hf_command hf_cmd_tpm_import = {
    .words = "tpm import",
    .about = "Bring a private key made elsewhere into the TPM",
    .text = "It was outside once, so it is not proof against copies made there. Delete the source.",
    .example = "openssl genrsa -out outside.pem 2048\n"
               "holdfast tpm import --in outside.pem --out k.pem\n"
               "printf 'hello' > m\n"
               "holdfast tpm sign --key k.pem --in m --out s\n"
               "openssl pkey -in outside.pem -pubout -out pub.pem\n"
               "openssl dgst -sha256 -verify pub.pem -signature s m\n",
    .opts = import_rows,
    .size = sizeof(struct create_opts),
    .run = run_import,
};

const struct hf_command hf_cmd_tpm_seal = {
    .words = "tpm seal",
    .about = "Seal a small secret to this TPM",
    .text = "Up to 128 bytes. With --policy only the policy opens it: 'pcr sha256:7,16' takes the values that the "
            "PCRs have now. The file is a sealed TSS2 key.",
    .example = "printf 'the secret' > secret\n"
               "holdfast tpm seal --in secret --policy 'pcr sha256:7,16' --out sealed.pem\n"
               "holdfast tpm unseal --in sealed.pem\n",
    .opts = seal_rows,
    .size = sizeof(struct create_opts),
    .run = run_seal,
};

/* ---- unseal, show: an object that exists ---- */

struct open_opts {
    const char *key, *auth, *policy, *out, *format;
    struct hf_cli_answer_opts answers;
};

static hf_err run_unseal(struct hf_cli *cli, const void *options)
{
    const struct open_opts *opt = options;
    HF_CLEANUP(hf_cli_key_free) struct hf_cli_key key = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_key_open(cli, opt->key, opt->auth, opt->policy, &key));
    HF_TRY(hf_cli_key_answers(&key, &opt->answers));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_unseal(core, &who, &key.ref, &secret));
    if (opt->out || !cli->json)
        HF_TRY(hf_cli_write_secret(opt->out, secret));
    if (!cli->json) {
        hf_cli_say(cli, "unsealed: environment %s, bus %s", hf_tpm_environment_name(hf_tpm_environment(tpm)),
                   hf_tpm_bus_name(hf_tpm_bus(tpm)));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    if (!opt->out)
        hf_json_base64(&j, "secret", hf_secret_expose(secret));
    hf_json_u64(&j, "bytes", hf_secret_expose(secret).n);
    hf_json_text(&j, "bus", hf_tpm_bus_name(hf_tpm_bus(tpm)));
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static const struct hf_opt unseal_rows[] = {
    {HF_OPT_FILE, 'i', "in", offsetof(struct open_opts, key), "FILE", "sealed key file, or a handle", NULL, true},
    {HF_OPT_AUTH, 'a', "auth", offsetof(struct open_opts, auth), "SPEC", "its authorization: file:PATH, fd:N, env:NAME or - for a prompt", NULL, false},
    {HF_OPT_TEXT, 0, "policy", offsetof(struct open_opts, policy), "TEXT", "the policy that opens it, where the file has none", NULL, false},
    HF_CLI_ANSWER_ROWS(struct open_opts, answers),
    {HF_OPT_FILE, 'o', "out", offsetof(struct open_opts, out), "FILE", "where the secret goes (default: standard output)", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_unseal = {
    .words = "tpm unseal",
    .about = "Get a sealed secret back",
    .text = "Where the policy does not hold, the error names the step, and for PCRs the value expected and found.",
    .example = "printf 'the secret' > secret\n"
               "holdfast tpm seal --in secret --out sealed.pem\n"
               "holdfast tpm unseal --in sealed.pem --out again\n"
               "cmp secret again\n",
    .opts = unseal_rows,
    .size = sizeof(struct open_opts),
    .run = run_unseal,
};

static hf_err run_show(struct hf_cli *cli, const void *options)
{
    const struct open_opts *opt = options;
    HF_CLEANUP(hf_cli_key_free) struct hf_cli_key ref = {0};
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_who who = hf_cli_who();
    struct hf_tpm_key_info info;
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_key_open(cli, opt->key, HF_CLI_NO_AUTH, NULL, &ref));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_show(core, &who, &ref.ref, &key));
    if (opt->out && opt->format && strcmp(opt->format, "tpm") == 0) {
        hf_tpm_key_info(key, &info);
        HF_TRY(hf_cli_write(opt->out, info.public_area));
    } else if (opt->out) {
        hf_tpm_key_info(key, &info);
        HF_TRY(hf_tpm_key_public_pem(key, &pem));
        if (info.use & HF_TPM_USE_ATTEST)
            HF_TRY(hf_pem_write(HF_CLI_AREA_LABEL, info.public_area, &pem));
        HF_TRY(hf_cli_write(opt->out, hf_buf_bytes(&pem)));
    }
    if (!cli->json) {
        HF_TRY(hf_cli_key_facts(cli, NULL, key));
        hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    HF_TRY(hf_cli_key_facts(cli, &j, key));
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static const struct hf_opt show_rows[] = {
    {HF_OPT_FILE, 'k', "key", offsetof(struct open_opts, key), "KEY", "key file (TSS2 PEM), or a handle such as 0x81000001", NULL, true},
    {HF_OPT_FILE, 'o', "out", offsetof(struct open_opts, out), "FILE", "write the public key there", NULL, false},
    {HF_OPT_TEXT, 'f', "format", offsetof(struct open_opts, format), "FORMAT", "pem (default), or tpm: TPMT_PUBLIC", "pem|tpm", false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_show = {
    .words = "tpm show",
    .about = "Show what a key is, and write its public part",
    .text = "Nothing is loaded and no authorization is needed. Behind the PEM of an attestation key stands its TPM public "
            "area, by which tpm quote-verify knows that the key signs only what the TPM made; other programs read the "
            "first block.",
    .example = "holdfast tpm create --alg ecc-p384 --out k.pem\n"
               "holdfast tpm show --key k.pem --out pub.pem\n"
               "openssl pkey -pubin -in pub.pem -noout -text\n",
    .opts = show_rows,
    .size = sizeof(struct open_opts),
    .run = run_show,
};
