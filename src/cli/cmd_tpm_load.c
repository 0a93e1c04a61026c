/* holdfast tpm primary | load | load-external: keys that are made or taken in, and what becomes of them. */
#include "base/cleanup.h"
#include "cli/key_arg.h"
#include "core/tpm_objects.h"

static const char hierarchies[] = "owner|endorsement|platform|null";
static const char algorithms[] = "ecc-p256|ecc-p384|ecc-p521|rsa2048|rsa3072|rsa4096|aes128|aes192|aes256|hmac|ed25519";
static const char hashes[] = "sha1|sha256|sha384|sha512";
static const char schemes[] = "ecdsa|rsassa|rsapss|oaep|rsaes";
static const char use_words[] = "parent|sign|decrypt|attest";

#define BLOB_MAX ((size_t)64 * 1024)

/* What becomes of the key: options of primary and load. */
struct keep_opts {
    uint32_t persist;
    const char *owner_auth, *context, *out;
    bool system;
};

#define KEEP_ROWS(type)                                                                                          \
    {HF_OPT_U32, 0,                                                                                              \
     "persist",  offsetof(type, keep.persist),                                                                   \
     "HANDLE",   "make it persistent there, 0x81000000 to 0x81ffffff",                                           \
     NULL,       false},                                                                                         \
        {HF_OPT_AUTH,  0,                                                                                        \
         "owner-auth", offsetof(type, keep.owner_auth),                                                          \
         "SPEC",       "authorization of the owner hierarchy, for --persist",                                    \
         NULL,         false},                                                                                   \
        {HF_OPT_FLAG, 0,                                                                                         \
         "system",    offsetof(type, keep.system),                                                               \
         NULL,        "--persist also at a handle that belongs to the system (SRK, IAK, IDevID)",                \
         NULL,        false},                                                                                    \
    {                                                                                                            \
        HF_OPT_FILE, 'c', "context", offsetof(type, keep.context), "FILE",                                       \
            "write a context file, as tpm2-tools takes it with -c; good until the TPM's next reset", NULL, false \
    }

struct done {
    struct hf_core_kept kept;
    struct hf_secret *owner_auth, *hierarchy_auth, *auth;
    struct hf_cli_key key, parent;
    struct hf_buf public_blob, private_blob, seed;
};

static void done_free(struct done *d)
{
    hf_core_kept_free(&d->kept);
    hf_secret_free(&d->owner_auth);
    hf_secret_free(&d->hierarchy_auth);
    hf_secret_free(&d->auth);
    hf_cli_key_free(&d->key);
    hf_cli_key_free(&d->parent);
    hf_buf_free(&d->public_blob);
    hf_buf_free(&d->private_blob);
    hf_buf_free(&d->seed);
}

static hf_err keep_of(const struct keep_opts *opt, bool pem, struct done *d, struct hf_core_keep *out)
{
    HF_TRY(hf_cli_auth(opt->owner_auth, "authorization of the owner hierarchy", &d->owner_auth));
    *out = (struct hf_core_keep){
        .persist = opt->persist,
        .owner_auth = d->owner_auth,
        .system = opt->system,
        .pem = pem,
        .context = opt->context != NULL,
    };
    return HF_OK;
}

static hf_err answer(struct hf_cli *cli, const struct keep_opts *opt, const struct hf_core_kept *kept)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_tpm(cli, &tpm));
    if (opt->context)
        HF_TRY(hf_cli_write_private(opt->context, hf_buf_bytes(&kept->context)));
    if (!cli->json) {
        HF_TRY(hf_cli_key_facts(cli, NULL, kept->key));
        if (opt->persist)
            hf_cli_line(cli, "persistent", "0x%08x", (unsigned)opt->persist);
        hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    HF_TRY(hf_cli_key_facts(cli, &j, kept->key));
    if (opt->persist)
        hf_json_handle(&j, "persistent", opt->persist);
    if (kept->pem.n)
        hf_json_text_n(&j, "key_file", hf_buf_bytes(&kept->pem));
    hf_json_text(&j, "bus", hf_tpm_bus_name(hf_tpm_bus(tpm)));
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

/* ---- primary ---- */

struct primary_opts {
    const char *hierarchy, *hierarchy_auth, *alg, *use, *hash, *scheme, *auth, *policy;
    bool pin, policy_only;
    struct keep_opts keep;
};

static enum hf_tpm_hierarchy hierarchy_of(const char *name)
{
    if (!name || strcmp(name, "owner") == 0)
        return HF_TPM_OWNER;
    return strcmp(name, "endorsement") == 0 ? HF_TPM_ENDORSEMENT
           : strcmp(name, "platform") == 0  ? HF_TPM_PLATFORM
                                            : HF_TPM_NULL;
}

static unsigned use_of(const struct primary_opts *opt)
{
    static const struct {
        const char *name;
        unsigned use;
    } rows[] = {{"parent", HF_TPM_USE_PARENT},
                {"sign", HF_TPM_USE_SIGN},
                {"decrypt", HF_TPM_USE_DECRYPT},
                {"attest", HF_TPM_USE_ATTEST}};
    unsigned use = (opt->pin ? HF_TPM_USE_DA : 0u) | (opt->policy_only ? HF_TPM_USE_POLICY_ONLY : 0u);

    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (strcmp(rows[i].name, opt->use ? opt->use : "parent") == 0)
            use |= rows[i].use;
    }
    return use;
}

static enum hf_tpm_scheme scheme_of(const char *name)
{
    static const struct {
        const char *name;
        enum hf_tpm_scheme scheme;
    } rows[] = {{"ecdsa", HF_TPM_ECDSA},
                {"rsassa", HF_TPM_RSASSA},
                {"rsapss", HF_TPM_RSAPSS},
                {"oaep", HF_TPM_OAEP},
                {"rsaes", HF_TPM_RSAES}};

    for (size_t i = 0; name && i < HF_COUNT(rows); i++) {
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].scheme;
    }
    return HF_TPM_SCHEME_DEFAULT;
}

static hf_err run_primary(struct hf_cli *cli, const void *options)
{
    const struct primary_opts *opt = options;
    HF_CLEANUP(done_free) struct done d = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    struct hf_core_primary what = {.hierarchy = hierarchy_of(opt->hierarchy), .policy = opt->policy};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_core_keep keep;

    if (opt->pin && !opt->auth)
        return hf_fail(HF_E_ARG, "--pin goes with --auth");
    HF_TRY(hf_cli_auth(opt->hierarchy_auth, "authorization of the hierarchy", &d.hierarchy_auth));
    HF_TRY(hf_cli_auth(opt->auth, "authorization of the new key", &d.auth));
    what.hierarchy_auth = d.hierarchy_auth;
    what.spec = (struct hf_tpm_key_spec){.algorithm = opt->alg ? opt->alg : "ecc-p256",
                                         .use = use_of(opt),
                                         .scheme = scheme_of(opt->scheme),
                                         .auth = d.auth};
    HF_TRY(hf_cli_hash(opt->hash, &what.spec.hash));
    HF_TRY(keep_of(&opt->keep, false, &d, &keep));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_primary(core, &who, &what, &keep, &d.kept));
    if (opt->keep.out) {
        HF_TRY(hf_tpm_key_public_pem(d.kept.key, &pem));
        HF_TRY(hf_cli_write(opt->keep.out, hf_buf_bytes(&pem)));
    }
    return answer(cli, &opt->keep, &d.kept);
}

static const struct hf_opt primary_rows[] = {
    {HF_OPT_TEXT, 0, "hierarchy", offsetof(struct primary_opts, hierarchy), "NAME",
     "owner (default), endorsement, platform or null", hierarchies, false},
    {HF_OPT_AUTH, 0, "hierarchy-auth", offsetof(struct primary_opts, hierarchy_auth), "SPEC",
     "authorization of the hierarchy: file:PATH, fd:N, env:NAME or - for a prompt", NULL, false},
    {HF_OPT_TEXT, 'A', "alg", offsetof(struct primary_opts, alg), "ALG",
     "ecc-p256 (default), ecc-p384, ecc-p521, rsa2048, rsa3072, rsa4096", algorithms, false},
    {HF_OPT_TEXT, 'u', "use", offsetof(struct primary_opts, use), "USE",
     "parent (default: a storage key), sign, decrypt, attest", use_words, false},
    {HF_OPT_TEXT, 0, "hash", offsetof(struct primary_opts, hash), "HASH", "name hash (default: sha256)", hashes, false},
    {HF_OPT_TEXT, 's', "scheme", offsetof(struct primary_opts, scheme), "SCHEME",
     "fix the scheme (default: any at the time of use)", schemes, false},
    {HF_OPT_AUTH, 'a', "auth", offsetof(struct primary_opts, auth), "SPEC", "authorization of the new key", NULL,
     false},
    {HF_OPT_TEXT, 0, "policy", offsetof(struct primary_opts, policy), "TEXT", "policy that opens it (policies(7))",
     NULL, false},
    {HF_OPT_FLAG, 0, "policy-only", offsetof(struct primary_opts, policy_only), NULL,
     "the policy alone opens it, not the authorization value", NULL, false},
    {HF_OPT_FLAG, 0, "pin", offsetof(struct primary_opts, pin), NULL,
     "the authorization is a PIN: under dictionary-attack protection", NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct primary_opts, keep.out), "FILE", "write the public key there (PEM)", NULL,
     false},
    KEEP_ROWS(struct primary_opts),
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_primary = {
    .words = "tpm primary",
    .about = "Make a primary key from a hierarchy's seed",
    .text = "The same template gives the same key again until the hierarchy is cleared, so a primary needs no file. "
            "It is gone when the command ends unless --persist or --context keeps it.",
    .example = "holdfast tpm primary --alg ecc-p256 --persist 0x81000010\n"
               "holdfast tpm create --alg ecc-p256 --parent 0x81000010 --out k.pem\n"
               "holdfast tpm show --key k.pem\n",
    .opts = primary_rows,
    .size = sizeof(struct primary_opts),
    .run = run_primary,
};

/* ---- load ---- */

struct load_opts {
    const char *key, *auth, *public_file, *private_file, *seed, *parent, *parent_auth;
    struct keep_opts keep;
};

static hf_err read_blob(const char *path, struct hf_buf *out)
{
    HF_TRY(hf_cli_read(path, BLOB_MAX, out));
    return out->n ? HF_OK : hf_fail(HF_E_TRUNCATED, "%s is empty", path);
}

/* A key or context file, or two blobs, or three. */
static hf_err source_of(struct hf_cli *cli, const struct load_opts *opt, struct done *d, struct hf_core_source *from)
{
    bool blobs = opt->public_file || opt->private_file || opt->seed;

    if (blobs == (opt->key != NULL))
        return hf_fail(HF_E_ARG, "give either --key FILE, or --public FILE and --private FILE");
    if (!blobs) {
        if (opt->parent)
            return hf_fail(HF_E_ARG, "--parent goes with --public and --private: a key file names its parent itself");
        HF_TRY(hf_cli_key_open(cli, opt->key, opt->auth ? opt->auth : HF_CLI_NO_AUTH, NULL, &d->key));
        *from = (struct hf_core_source){.key = &d->key.ref, .label = d->key.label};
        return HF_OK;
    }
    if (!opt->public_file || !opt->private_file)
        return hf_fail(HF_E_ARG, "--public and --private go together");
    if (opt->auth)
        return hf_fail(HF_E_ARG, "--auth goes with --key: blobs load without it");
    HF_TRY(read_blob(opt->public_file, &d->public_blob));
    HF_TRY(read_blob(opt->private_file, &d->private_blob));
    if (opt->seed)
        HF_TRY(read_blob(opt->seed, &d->seed));
    if (opt->parent)
        HF_TRY(hf_cli_key_open(cli, opt->parent, opt->parent_auth, NULL, &d->parent));
    *from = (struct hf_core_source){
        .public_blob = hf_buf_bytes(&d->public_blob),
        .private_blob = hf_buf_bytes(&d->private_blob),
        .seed = hf_buf_bytes(&d->seed),
        .parent = opt->parent ? &d->parent.ref : NULL,
        .label = opt->private_file,
    };
    return HF_OK;
}

static hf_err run_load(struct hf_cli *cli, const void *options)
{
    const struct load_opts *opt = options;
    HF_CLEANUP(done_free) struct done d = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core_source from;
    struct hf_core_keep keep;
    struct hf_core *core = NULL;

    HF_TRY(source_of(cli, opt, &d, &from));
    HF_TRY(keep_of(&opt->keep, opt->keep.out != NULL, &d, &keep));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_load(core, &who, &from, &keep, &d.kept));
    if (opt->keep.out)
        HF_TRY(hf_cli_write_private(opt->keep.out, hf_buf_bytes(&d.kept.pem)));
    return answer(cli, &opt->keep, &d.kept);
}

static const struct hf_opt load_rows[] = {
    {HF_OPT_FILE, 'k', "key", offsetof(struct load_opts, key), "FILE",
     "key file (TSS2 PEM, loadable or importable), or a context file of tpm2-tools", NULL, false},
    {HF_OPT_FILE, 0, "public", offsetof(struct load_opts, public_file), "FILE",
     "TPM2B_PUBLIC, as tpm2_create -u writes it", NULL, false},
    {HF_OPT_FILE, 0, "private", offsetof(struct load_opts, private_file), "FILE",
     "TPM2B_PRIVATE, as tpm2_create -r or tpm2_duplicate -r writes it", NULL, false},
    {HF_OPT_FILE, 0, "seed", offsetof(struct load_opts, seed), "FILE",
     "TPM2B_ENCRYPTED_SECRET, as tpm2_duplicate -s writes it: the key is imported", NULL, false},
    {HF_OPT_FILE, 0, "parent", offsetof(struct load_opts, parent), "KEY",
     "parent of the blobs (default: the storage root key)", NULL, false},
    {HF_OPT_AUTH, 0, "parent-auth", offsetof(struct load_opts, parent_auth), "SPEC", "authorization of the parent",
     NULL, false},
    {HF_OPT_AUTH, 'a', "auth", offsetof(struct load_opts, auth), "SPEC",
     "authorization of the key, so that --out says that it has one", NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct load_opts, keep.out), "FILE", "write a loadable key file (TSS2 PEM)",
     NULL, false},
    KEEP_ROWS(struct load_opts),
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_load = {
    .words = "tpm load",
    .about = "Load a key to see that it loads, and keep it in another form",
    .text = "Takes a key file, the blobs of tpm2_create or tpm2_duplicate, or a context file, and gives a key file, a "
            "context file, or a persistent key. A key that was made for another parent or another TPM is refused.",
    .example = "holdfast tpm create --alg ecc-p256 --out k.pem\n"
               "holdfast tpm load --key k.pem --persist 0x81000020 --context k.ctx\n"
               "printf 'hello' > m\n"
               "holdfast tpm sign --key 0x81000020 --in m --out s\n"
               "holdfast tpm verify --key k.ctx --in m --signature s\n",
    .opts = load_rows,
    .size = sizeof(struct load_opts),
    .run = run_load,
};

/* ---- load-external ---- */

struct external_opts {
    const char *in, *context;
};

static hf_err run_external(struct hf_cli *cli, const void *options)
{
    const struct external_opts *opt = options;
    const struct keep_opts keep = {.context = opt->context};
    HF_CLEANUP(done_free) struct done d = {0};
    enum hf_core_key_kind kind = HF_CORE_KEY_FILE;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(read_blob(opt->in, &d.public_blob));
    HF_TRY(hf_core_key_kind(hf_buf_bytes(&d.public_blob), &kind));
    if (kind != HF_CORE_KEY_PUBLIC)
        return hf_fail(HF_E_FORMAT, "%s holds no public key: `holdfast tpm load` takes key and context files", opt->in);
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_load_external(core, &who, opt->in, hf_buf_bytes(&d.public_blob), opt->context != NULL, &d.kept));
    return answer(cli, &keep, &d.kept);
}

static const struct hf_opt external_rows[] = {
    {HF_OPT_FILE, 'i', "in", offsetof(struct external_opts, in), "FILE", "public key: PEM, TPM2B_PUBLIC or TPMT_PUBLIC",
     NULL, true},
    {HF_OPT_FILE, 'c', "context", offsetof(struct external_opts, context), "FILE",
     "write a context file, as tpm2-tools takes it with -c; good until the TPM's next reset", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_load_external = {
    .words = "tpm load-external",
    .about = "Load a public key, for verifying in the TPM",
    .text = "`holdfast tpm verify --in-tpm` takes such a file as its --key, or the context file that this writes.",
    .example = "openssl ecparam -name prime256v1 -genkey -noout -out outside.pem\n"
               "openssl pkey -in outside.pem -pubout -out pub.pem\n"
               "printf 'hello' > m\n"
               "openssl dgst -sha256 -sign outside.pem -out s m\n"
               "holdfast tpm load-external --in pub.pem\n"
               "holdfast tpm verify --in-tpm --key pub.pem --in m --signature s\n",
    .opts = external_rows,
    .size = sizeof(struct external_opts),
    .run = run_external,
};
