/* holdfast tpm sign | verify */
#include "base/cleanup.h"
#include "base/writer.h"
#include "cli/key_arg.h"
#include "codec/der.h"
#include "crypto/pubkey.h"

#define DATA_MAX ((size_t)1 << 30)
#define SIG_MAX 4096u

static const char hashes[] = "sha1|sha256|sha384|sha512";
static const char schemes[] = "ecdsa|rsassa|rsapss";
static const char formats[] = "der|tpm|raw";

struct sign_opts {
    const char *key, *auth, *policy;
    struct hf_cli_answer_opts answers;
    const char *in, *out, *hash, *scheme, *format, *signature;
    bool digest, in_tpm;
};

static enum hf_tpm_scheme scheme_of(const char *name)
{
    if (!name)
        return HF_TPM_SCHEME_DEFAULT;
    return strcmp(name, "ecdsa") == 0 ? HF_TPM_ECDSA : strcmp(name, "rsapss") == 0 ? HF_TPM_RSAPSS : HF_TPM_RSASSA;
}

static hf_err signing_of(const struct sign_opts *opt, struct hf_core_signing *out)
{
    *out = (struct hf_core_signing){.scheme = scheme_of(opt->scheme), .digest = opt->digest, .in_tpm = opt->in_tpm};
    return hf_cli_hash(opt->hash, &out->hash);
}

/* Is an algorithm an elliptic curve's, and how long are its numbers? */
static size_t number_size(const struct hf_tpm_key_info *info)
{
    return strncmp(info->algorithm, "ecc-", 4) == 0 ? (info->bits + 7u) / 8u : 0;
}

/* TPMT_SIGNATURE around r || s or the RSA block. */
static hf_err to_tpm(const struct hf_tpm_key_info *info, const struct hf_core_signing *how, struct hf_bytes raw, struct hf_buf *out)
{
    uint8_t place[SIG_MAX];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes whole = {0};
    size_t n = number_size(info);
    unsigned scheme = how->scheme ? (unsigned)how->scheme : info->scheme ? info->scheme : n ? HF_TPM_ECDSA : HF_TPM_RSASSA;
    unsigned hash = how->hash        ? how->hash
                    : info->scheme   ? info->scheme_hash
                    : info->bits == 384 ? HF_SHA384
                    : info->bits == 521 ? HF_SHA512
                                        : HF_SHA256;

    hf_wr_u16be(&w, (uint16_t)scheme);
    hf_wr_u16be(&w, (uint16_t)hash);
    if (n)
        hf_wr_b16(&w, (struct hf_bytes){raw.p, n});
    hf_wr_b16(&w, (struct hf_bytes){raw.p + n, raw.n - n});
    HF_TRY(hf_wr_end(&w, &whole));
    return hf_buf_set(out, whole);
}

static hf_err formatted(const struct sign_opts *opt, const struct hf_tpm_key_info *info, const struct hf_core_signing *how,
                        struct hf_bytes raw, struct hf_buf *out)
{
    size_t n = number_size(info);

    if (opt->format && strcmp(opt->format, "tpm") == 0)
        return to_tpm(info, how, raw, out);
    if (n && !(opt->format && strcmp(opt->format, "raw") == 0))
        return hf_der_ecdsa_write((struct hf_bytes){raw.p, n}, (struct hf_bytes){raw.p + n, n}, out);
    return hf_buf_set(out, raw);
}

static hf_err answer_sign(struct hf_cli *cli, const struct sign_opts *opt, struct hf_bytes sig, struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    if (opt->out || !cli->json)
        HF_TRY(hf_cli_write(opt->out, sig));
    if (!cli->json) {
        hf_cli_say(cli, "signed %s with %s (environment: %s, bus: %s)", opt->in ? opt->in : "-", opt->key,
                   hf_tpm_environment_name(hf_tpm_environment(tpm)), hf_tpm_bus_name(hf_tpm_bus(tpm)));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_base64(&j, "signature", sig);
    hf_json_text(&j, "bus", hf_tpm_bus_name(hf_tpm_bus(tpm)));
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err run_sign(struct hf_cli *cli, const void *options)
{
    const struct sign_opts *opt = options;
    HF_CLEANUP(hf_cli_key_free) struct hf_cli_key key = {0};
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *shown = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf data = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_who who = hf_cli_who();
    struct hf_tpm_key_info info;
    struct hf_core_signing how;
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;

    HF_TRY(signing_of(opt, &how));
    HF_TRY(hf_cli_key_open(cli, opt->key, opt->auth, opt->policy, &key));
    HF_TRY(hf_cli_key_answers(&key, &opt->answers));
    HF_TRY(hf_cli_read(opt->in ? opt->in : "-", DATA_MAX, &data));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_sign(core, &who, &key.ref, hf_buf_bytes(&data), &how, &raw));
    HF_TRY(hf_core_key_open(core, &key.ref, &shown)); /* not loaded: its public part says how to format */
    hf_tpm_key_info(shown, &info);
    HF_TRY(formatted(opt, &info, &how, hf_buf_bytes(&raw), &sig));
    return answer_sign(cli, opt, hf_buf_bytes(&sig), tpm);
}

/* r || s or the RSA block from any of the formats. */
static hf_err parsed(const struct sign_opts *opt, const struct hf_tpm_key_info *info, struct hf_bytes in, struct hf_buf *raw)
{
    size_t n = number_size(info);
    uint8_t *place = NULL;
    struct hf_reader r = hf_reader(in);

    if (opt->format && strcmp(opt->format, "tpm") == 0) {
        hf_rd_skip(&r, 4);
        for (int i = 0; i < (n ? 2 : 1); i++) {
            struct hf_bytes number = hf_rd_view(&r, hf_rd_u16be(&r));

            HF_TRY(hf_rd_err(&r));
            if (n && number.n > n)
                return hf_fail(HF_E_MISMATCH, "a number of %zu bytes in the signature of a key of %zu", number.n, n);
            HF_TRY(hf_buf_grow(raw, n ? n : number.n, &place));
            memset(place, 0, n ? n : number.n);
            memcpy(place + (n ? n - number.n : 0), number.p, number.n);
        }
        return hf_rd_end(&r);
    }
    if (n && !(opt->format && strcmp(opt->format, "raw") == 0)) {
        HF_TRY(hf_buf_grow(raw, 2 * n, &place));
        return hf_der_ecdsa_parse(in, n, place, place + n);
    }
    return hf_buf_set(raw, in);
}

static hf_err answer_verify(struct hf_cli *cli, const struct sign_opts *opt, hf_err err, struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    if (err != HF_OK && err != HF_E_MISMATCH)
        return err;
    if (!cli->json) {
        (void)printf(err == HF_OK ? "the signature is good\n" : "the signature is BAD\n");
        return err;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_bool(&j, "valid", err == HF_OK);
    hf_json_text(&j, "verified_by", opt->in_tpm ? "tpm" : "software");
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    HF_TRY(hf_cli_json_end(&text, &j));
    return err == HF_OK ? HF_OK : hf_fail(err, "the signature is not the key's over this data");
}

static hf_err run_verify(struct hf_cli *cli, const void *options)
{
    const struct sign_opts *opt = options;
    HF_CLEANUP(hf_cli_key_free) struct hf_cli_key key = {0};
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *shown = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf data = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};
    struct hf_who who = hf_cli_who();
    struct hf_tpm_key_info info;
    struct hf_core_signing how;
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    hf_err err;

    HF_TRY(signing_of(opt, &how));
    HF_TRY(hf_cli_key_open(cli, opt->key, HF_CLI_NO_AUTH, NULL, &key));
    HF_TRY(hf_cli_read(opt->in ? opt->in : "-", DATA_MAX, &data));
    HF_TRY(hf_cli_read(opt->signature, SIG_MAX, &sig));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_key_open(core, &key.ref, &shown));
    hf_tpm_key_info(shown, &info);
    err = parsed(opt, &info, hf_buf_bytes(&sig), &raw);
    if (err == HF_OK)
        err = hf_core_tpm_verify(core, &who, &key.ref, hf_buf_bytes(&data), hf_buf_bytes(&raw), &how);
    return answer_verify(cli, opt, err, tpm);
}

static const struct hf_opt sign_rows[] = {
    HF_CLI_KEY_ROWS(struct sign_opts),
    {HF_OPT_FILE, 'i', "in", offsetof(struct sign_opts, in), "FILE", "what to sign (default: standard input)", NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct sign_opts, out), "FILE", "where the signature goes (default: standard output)", NULL, false},
    {HF_OPT_TEXT, 0, "hash", offsetof(struct sign_opts, hash), "HASH", "hash of the data (default: the key's, else sha256; by curve for P-384 and P-521)", hashes, false},
    {HF_OPT_TEXT, 's', "scheme", offsetof(struct sign_opts, scheme), "SCHEME", "signature scheme (default: the key's, else ecdsa or rsassa)", schemes, false},
    {HF_OPT_TEXT, 'f', "format", offsetof(struct sign_opts, format), "FORMAT", "der (default), tpm: TPMT_SIGNATURE, raw: r || s or the RSA block", formats, false},
    {HF_OPT_FLAG, 0, "digest", offsetof(struct sign_opts, digest), NULL, "the input is a digest already", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_sign = {
    .words = "tpm sign",
    .about = "Sign a file with a key in the TPM",
    .text = "The data is hashed here and the digest signed in the TPM. For EC keys the signature is a DER "
            "ECDSA-Sig-Value, for RSA keys the block itself, both as openssl dgst -verify takes them. An "
            "attestation key signs only what the TPM hashes itself.",
    .example = "printf 'hello' > m\n"
               "holdfast tpm create --alg ecc-p256 --out k.pem\n"
               "holdfast tpm sign --key k.pem --in m --out s.der\n"
               "holdfast tpm show --key k.pem --out pub.pem\n"
               "openssl dgst -sha256 -verify pub.pem -signature s.der m\n",
    .opts = sign_rows,
    .size = sizeof(struct sign_opts),
    .run = run_sign,
};

static const struct hf_opt verify_rows[] = {
    {HF_OPT_FILE, 'k', "key", offsetof(struct sign_opts, key), "KEY", "key file (TSS2 PEM), or a handle such as 0x81000005", NULL, true},
    {HF_OPT_FILE, 'i', "in", offsetof(struct sign_opts, in), "FILE", "what was signed (default: standard input)", NULL, false},
    {HF_OPT_FILE, 0, "signature", offsetof(struct sign_opts, signature), "FILE", "the signature", NULL, true},
    {HF_OPT_TEXT, 0, "hash", offsetof(struct sign_opts, hash), "HASH", "hash of the data (default: as tpm sign chooses it)", hashes, false},
    {HF_OPT_TEXT, 's', "scheme", offsetof(struct sign_opts, scheme), "SCHEME", "signature scheme (default: as tpm sign chooses it)", schemes, false},
    {HF_OPT_TEXT, 'f', "format", offsetof(struct sign_opts, format), "FORMAT", "der (default), tpm or raw", formats, false},
    {HF_OPT_FLAG, 0, "in-tpm", offsetof(struct sign_opts, in_tpm), NULL, "let the TPM verify, not this program", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_verify = {
    .words = "tpm verify",
    .about = "Verify a signature with a key's public part",
    .text = "Exit status 0 when the signature is good, 1 when it is not.",
    .example = "printf 'hello' > m\n"
               "holdfast tpm create --alg rsa2048 --out k.pem\n"
               "holdfast tpm sign --key k.pem --in m --scheme rsapss --out s\n"
               "holdfast tpm verify --key k.pem --in m --scheme rsapss --signature s\n",
    .opts = verify_rows,
    .size = sizeof(struct sign_opts),
    .run = run_verify,
};
