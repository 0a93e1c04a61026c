/* holdfast tpm encrypt | decrypt | hmac | ecdh | hash | random */
#include "base/cleanup.h"
#include "cli/key_arg.h"
#include "codec/hex.h"
#include "crypto/hash.h"

#define DATA_MAX ((size_t)1 << 28)

static const char hashes[] = "sha1|sha256|sha384|sha512";
static const char modes[] = "cfb|cfb-hmac|oaep|rsaes";

struct crypt_opts {
    const char *key, *auth, *policy;
    struct hf_cli_answer_opts answers;
    const char *in, *out, *mode, *hash, *label;
};

#define CRYPT_ROWS \
    HF_CLI_KEY_ROWS(struct crypt_opts), \
    {HF_OPT_FILE, 'i', "in", offsetof(struct crypt_opts, in), "FILE", "the input (default: standard input)", NULL, false}, \
    {HF_OPT_FILE, 'o', "out", offsetof(struct crypt_opts, out), "FILE", "the output (default: standard output)", NULL, false}

#define MODE_ROWS \
    {HF_OPT_TEXT, 'm', "mode", offsetof(struct crypt_opts, mode), "MODE", "aes: cfb-hmac (default, authenticated) or cfb; rsa: oaep (default) or rsaes", modes, false}, \
    {HF_OPT_TEXT, 0, "hash", offsetof(struct crypt_opts, hash), "HASH", "hash of OAEP (default: sha256)", hashes, false}, \
    {HF_OPT_TEXT, 0, "label", offsetof(struct crypt_opts, label), "TEXT", "label of OAEP; a NUL is added behind it", NULL, false}

static const struct hf_opt crypt_rows[] = {CRYPT_ROWS, MODE_ROWS, {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false}};
static const struct hf_opt hmac_rows[] = {CRYPT_ROWS, {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false}};

/* Everything that the commands on a key share: the key, its input, the core. */
struct work {
    struct hf_cli_key key;
    struct hf_buf data;
    struct hf_who who;
    struct hf_core *core;
    struct hf_tpm *tpm;
};

static void work_free(struct work *w)
{
    hf_cli_key_free(&w->key);
    hf_buf_free(&w->data);
}

static hf_err work_open(struct hf_cli *cli, const struct crypt_opts *opt, struct work *w)
{
    HF_TRY(hf_cli_key_open(cli, opt->key, opt->auth, opt->policy, &w->key));
    HF_TRY(hf_cli_key_answers(&w->key, &opt->answers));
    HF_TRY(hf_cli_read(opt->in ? opt->in : "-", DATA_MAX, &w->data));
    w->who = hf_cli_who();
    HF_TRY(hf_cli_core(cli, &w->core));
    return hf_cli_tpm(cli, &w->tpm);
}

static hf_err how_of(struct work *w, const struct crypt_opts *opt, struct hf_tpm_crypt *out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct hf_tpm_key_info info;

    *out = (struct hf_tpm_crypt){.label = hf_bytes_text(opt->label)};
    HF_TRY(hf_cli_hash(opt->hash, &out->hash));
    if (opt->mode) {
        out->mode = strcmp(opt->mode, "cfb") == 0        ? HF_TPM_MODE_CFB
                    : strcmp(opt->mode, "cfb-hmac") == 0 ? HF_TPM_MODE_CFB_HMAC
                    : strcmp(opt->mode, "oaep") == 0     ? HF_TPM_MODE_OAEP
                                                         : HF_TPM_MODE_RSAES;
        return HF_OK;
    }
    HF_TRY(hf_core_key_open(w->core, &w->key.ref, &key));
    hf_tpm_key_info(key, &info);
    if (strncmp(info.algorithm, "aes", 3) == 0)
        out->mode = HF_TPM_MODE_CFB_HMAC;
    return HF_OK;
}

/* The result as JSON under `name`, or as the bytes themselves. */
static hf_err answer(struct hf_cli *cli, struct hf_tpm *tpm, const char *out, const char *name, bool hex, struct hf_bytes bytes)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    if (out || !cli->json)
        HF_TRY(hf_cli_write(out, bytes));
    if (!cli->json) {
        hf_cli_say(cli, "environment: %s", hf_tpm_environment_name(hf_tpm_environment(tpm)));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    if (hex)
        hf_json_hex(&j, name, bytes);
    else
        hf_json_base64(&j, name, bytes);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

/* A secret result: to a file of mode 0600 or standard output; in JSON only where --out is not given. */
static hf_err answer_secret(struct hf_cli *cli, struct hf_tpm *tpm, const char *out, const char *name, const struct hf_secret *secret)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    if (out || !cli->json)
        HF_TRY(hf_cli_write_secret(out, secret));
    if (!cli->json) {
        hf_cli_say(cli, "environment: %s", hf_tpm_environment_name(hf_tpm_environment(tpm)));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    if (!out)
        hf_json_base64(&j, name, hf_secret_expose(secret));
    hf_json_u64(&j, "bytes", hf_secret_expose(secret).n);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err run_encrypt(struct hf_cli *cli, const void *options)
{
    const struct crypt_opts *opt = options;
    HF_CLEANUP(work_free) struct work w = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    struct hf_tpm_crypt how;

    HF_TRY(work_open(cli, opt, &w));
    HF_TRY(how_of(&w, opt, &how));
    HF_TRY(hf_core_tpm_encrypt(w.core, &w.who, &w.key.ref, hf_buf_bytes(&w.data), &how, &made));
    return answer(cli, w.tpm, opt->out, "ciphertext", false, hf_buf_bytes(&made));
}

static hf_err run_decrypt(struct hf_cli *cli, const void *options)
{
    const struct crypt_opts *opt = options;
    HF_CLEANUP(work_free) struct work w = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *plain = NULL;
    struct hf_tpm_crypt how;

    HF_TRY(work_open(cli, opt, &w));
    HF_TRY(how_of(&w, opt, &how));
    HF_TRY(hf_core_tpm_decrypt(w.core, &w.who, &w.key.ref, hf_buf_bytes(&w.data), &how, &plain));
    return answer_secret(cli, w.tpm, opt->out, "plaintext", plain);
}

static hf_err run_hmac(struct hf_cli *cli, const void *options)
{
    const struct crypt_opts *opt = options;
    HF_CLEANUP(work_free) struct work w = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0};

    HF_TRY(work_open(cli, opt, &w));
    HF_TRY(hf_core_tpm_hmac(w.core, &w.who, &w.key.ref, hf_buf_bytes(&w.data), &made));
    if (opt->out || cli->json)
        return answer(cli, w.tpm, opt->out, "hmac", true, hf_buf_bytes(&made));
    HF_TRY(hf_hex_write(hf_buf_bytes(&made), &hex));
    HF_TRY(hf_buf_add(&hex, hf_bytes_text("\n")));
    return answer(cli, w.tpm, NULL, "hmac", true, hf_buf_bytes(&hex));
}

static hf_err run_ecdh(struct hf_cli *cli, const void *options)
{
    const struct crypt_opts *opt = options;
    HF_CLEANUP(work_free) struct work w = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *z = NULL;

    HF_TRY(work_open(cli, opt, &w));
    HF_TRY(hf_core_tpm_ecdh(w.core, &w.who, &w.key.ref, hf_buf_bytes(&w.data), &z));
    return answer_secret(cli, w.tpm, opt->out, "shared_secret", z);
}

const struct hf_command hf_cmd_tpm_encrypt = {
    .words = "tpm encrypt",
    .about = "Encrypt with an aes key in the TPM, or to an rsa key",
    .text = "With an aes key the TPM encrypts, in CFB with a fresh IV; by default an HMAC over all of it is added, "
            "so that a change is found (cfb-hmac). With an rsa key the public part encrypts one block here.",
    .example = "printf 'secret message' > m\n"
               "holdfast tpm create --alg aes128 --out k.pem\n"
               "holdfast tpm encrypt --key k.pem --in m --out c\n"
               "holdfast tpm decrypt --key k.pem --in c\n",
    .opts = crypt_rows,
    .size = sizeof(struct crypt_opts),
    .run = run_encrypt,
};

const struct hf_command hf_cmd_tpm_decrypt = {
    .words = "tpm decrypt",
    .about = "Decrypt with a key in the TPM",
    .text = "The mode must be the one that encrypted. A changed cfb-hmac ciphertext is refused (exit status 65).",
    .example = "printf 'secret message' > m\n"
               "holdfast tpm create --alg rsa2048 --use decrypt --out k.pem\n"
               "holdfast tpm show --key k.pem --out pub.pem\n"
               "openssl pkeyutl -encrypt -pubin -inkey pub.pem -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -in m -out c\n"
               "holdfast tpm decrypt --key k.pem --in c\n",
    .opts = crypt_rows,
    .size = sizeof(struct crypt_opts),
    .run = run_decrypt,
};

const struct hf_command hf_cmd_tpm_hmac = {
    .words = "tpm hmac",
    .about = "Authenticate a file with an hmac key in the TPM",
    .text = "Any length. Prints hex, or writes the bytes with --out.",
    .example = "printf 'hello' > m\n"
               "holdfast tpm create --alg hmac --out k.pem\n"
               "holdfast tpm hmac --key k.pem --in m\n",
    .opts = hmac_rows,
    .size = sizeof(struct crypt_opts),
    .run = run_hmac,
};

const struct hf_command hf_cmd_tpm_ecdh = {
    .words = "tpm ecdh",
    .about = "Agree on a secret with a peer's public key",
    .text = "The input is the peer's public key as PEM, or its point x || y. The result is the shared point's x "
            "coordinate: put it through a key derivation before use.",
    .example = "openssl ecparam -name prime256v1 -genkey -noout -out peer.pem\n"
               "openssl pkey -in peer.pem -pubout -out peer.pub\n"
               "holdfast tpm create --alg ecc-p256 --use decrypt --out k.pem\n"
               "holdfast tpm ecdh --key k.pem --in peer.pub --out z\n"
               "holdfast tpm show --key k.pem --out pub.pem\n"
               "openssl pkeyutl -derive -inkey peer.pem -peerkey pub.pem -out z2\n"
               "cmp z z2\n",
    .opts = hmac_rows,
    .size = sizeof(struct crypt_opts),
    .run = run_ecdh,
};

/* ---- hash, random: no key ---- */

struct hash_opts {
    const char *in, *out, *hash;
    uint32_t bytes;
    bool hex;
};

static hf_err answer_hex(struct hf_cli *cli, struct hf_tpm *tpm, const char *out, const char *name, struct hf_bytes bytes)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0};

    if (out || cli->json)
        return answer(cli, tpm, out, name, true, bytes);
    HF_TRY(hf_hex_write(bytes, &hex));
    HF_TRY(hf_buf_add(&hex, hf_bytes_text("\n")));
    return answer(cli, tpm, NULL, name, true, hf_buf_bytes(&hex));
}

static hf_err run_hash(struct hf_cli *cli, const void *options)
{
    const struct hash_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf data = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    unsigned hash = 0;

    HF_TRY(hf_cli_hash(opt->hash ? opt->hash : "sha256", &hash));
    HF_TRY(hf_cli_read(opt->in ? opt->in : "-", DATA_MAX, &data));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_hash(core, &who, hash, hf_buf_bytes(&data), &made));
    return answer_hex(cli, tpm, opt->out, "digest", hf_buf_bytes(&made));
}

static hf_err run_random(struct hf_cli *cli, const void *options)
{
    const struct hash_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_random(core, &who, opt->bytes, &made));
    return answer_hex(cli, tpm, opt->out, "random", hf_buf_bytes(&made));
}

static const struct hf_opt hash_rows[] = {
    {HF_OPT_FILE, 'i', "in", offsetof(struct hash_opts, in), "FILE", "what to hash (default: standard input)", NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct hash_opts, out), "FILE", "write the bytes there instead of printing hex", NULL, false},
    {HF_OPT_TEXT, 0, "hash", offsetof(struct hash_opts, hash), "HASH", "default: sha256", hashes, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_hash = {
    .words = "tpm hash",
    .about = "Hash a file inside the TPM",
    .text = "Any length, in a hash sequence where one command does not hold it. For comparing: sha256sum is faster.",
    .example = "printf 'hello' > m\nholdfast tpm hash --in m\n",
    .opts = hash_rows,
    .size = sizeof(struct hash_opts),
    .run = run_hash,
};

static const struct hf_opt random_rows[] = {
    {HF_OPT_U32, 'n', "bytes", offsetof(struct hash_opts, bytes), "N", "how many bytes, at most 1 MiB (default 32)", NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct hash_opts, out), "FILE", "write the bytes there instead of printing hex", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static void random_defaults(void *options)
{
    ((struct hash_opts *)options)->bytes = 32;
}

const struct hf_command hf_cmd_tpm_random = {
    .words = "tpm random",
    .about = "Draw bytes from the TPM's random generator",
    .text = "They cross from the TPM encrypted.",
    .example = "holdfast tpm random --bytes 16\n",
    .opts = random_rows,
    .size = sizeof(struct hash_opts),
    .run = run_random,
    .defaults = random_defaults,
};
