/*
 * holdfast quickstart: the whole of "hold" and the start of "prove" in one command, on whatever TPM there is.
 * Every step either holds or ends the command; signatures are checked by openssl, not by us.
 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/key_arg.h"
#include "codec/der.h"
#include "core/tpm_attest.h"
#include "crypto/cipher.h"
#include "verify/tpm_quote.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/wait.h>

extern char **environ;

#define FILE_MAX ((size_t)1 << 26)
#define QUOTED "sha256:0,1,2,3,7,16"
#define SEALED_TO "pcr sha256:16"
#define CHANGED_PCR 16u /* the debug register: it may be extended and reset by anybody */

struct quickstart_opts {
    const char *file, *out;
};

/* One quickstart under way. */
struct tour {
    struct hf_cli *cli;
    struct hf_core *core;
    struct hf_tpm *tpm;
    struct hf_who who;
    const char *name; /* of the file */
    struct hf_buf file;
    char *folder;
    int dir;
    uint64_t started, step_started;
    unsigned steps;
    struct hf_json *j;
    struct hf_buf p256, rsa, ak; /* key files */
};

static void tour_free(struct tour *t)
{
    hf_buf_free(&t->file);
    hf_buf_free(&t->p256);
    hf_buf_free(&t->rsa);
    hf_buf_free(&t->ak);
    hf_free(&t->folder);
    hf_fd_close(&t->dir);
}

/* A step that held: what was done, and how long it took. */
static HF_PRINTF(2, 3) void step(struct tour *t, const char *fmt, ...)
{
    uint64_t now = hf_monotonic_ns();
    double ms = (double)(now - t->step_started) / 1e6;
    char text[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    t->steps++;
    t->step_started = now;
    if (t->j) {
        hf_json_object(t->j, NULL);
        hf_json_text(t->j, "step", text);
        hf_json_printf(t->j, "milliseconds", "%.1f", ms);
        hf_json_close(t->j);
    } else {
        (void)printf("  %2u  %-72s %8.1f ms\n", t->steps, text, ms);
        (void)fflush(stdout);
    }
}

static hf_err path_of(const struct tour *t, const char *name, char **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf path = {0};

    HF_TRY(hf_buf_printf(&path, "%s/%s", t->folder, name));
    return hf_text_of(hf_buf_bytes(&path), out);
}

static hf_err save(const struct tour *t, const char *name, struct hf_bytes bytes)
{
    HF_CLEANUP(hf_free) char *path = NULL;

    HF_TRY(path_of(t, name, &path));
    return hf_file_write_private(path, bytes);
}

/* openssl with its output dropped: HF_OK when it says yes. */
static hf_err openssl(char *const argv[])
{
    posix_spawn_file_actions_t files;
    pid_t pid = 0;
    int status = 0;
    int err;

    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    err = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    if (err != 0)
        return hf_fail(HF_E_UNAVAILABLE, "openssl cannot be run (%s): install the package openssl", strerror(err));
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return hf_fail(HF_E_MISMATCH, "openssl does not accept the signature");
    return HF_OK;
}

static hf_err make_key(struct tour *t, const char *algorithm, unsigned use, const char *name, struct hf_buf *pem)
{
    struct hf_core_new_key what = {.spec = {.algorithm = algorithm, .use = use}, .description = "holdfast quickstart"};
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf public_pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf public_name = {0};
    char *text = NULL;

    HF_TRY(hf_core_tpm_create(t->core, &t->who, &what, &key, pem));
    HF_TRY(hf_buf_printf(&public_name, "%s.pub", name));
    HF_TRY(hf_buf_text(&public_name, &text));
    HF_TRY(hf_tpm_key_public_pem(key, &public_pem));
    HF_TRY(save(t, text, hf_buf_bytes(&public_pem)));
    public_name.n = 0;
    HF_TRY(hf_buf_printf(&public_name, "%s.pem", name));
    HF_TRY(hf_buf_text(&public_name, &text));
    return save(t, text, hf_buf_bytes(pem));
}

static struct hf_core_key ref_of(const char *label, const struct hf_buf *pem)
{
    return (struct hf_core_key){.label = label, .file = hf_buf_bytes(pem)};
}

/* Sign, store the signature as openssl wants it, and have openssl check it against the file as it is on disk. */
static hf_err sign_and_check(struct tour *t, const char *name, const struct hf_buf *pem, bool ecc)
{
    struct hf_core_key key = ref_of(name, pem);
    struct hf_core_signing how = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    HF_CLEANUP(hf_free) char *public_path = NULL;
    HF_CLEANUP(hf_free) char *sig_path = NULL;
    HF_CLEANUP(hf_free) char *file_path = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf public_name = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf sig_name = {0};
    char *public_text = NULL;
    char *sig_text = NULL;

    HF_TRY(hf_core_tpm_sign(t->core, &t->who, &key, hf_buf_bytes(&t->file), &how, &raw));
    if (ecc)
        HF_TRY(hf_der_ecdsa_write((struct hf_bytes){raw.p, raw.n / 2}, (struct hf_bytes){raw.p + raw.n / 2, raw.n / 2}, &sig));
    else
        HF_TRY(hf_buf_set(&sig, hf_buf_bytes(&raw)));
    step(t, "sign %s with %s", t->name, name);
    HF_TRY(hf_buf_printf(&public_name, "%s.pub", name));
    HF_TRY(hf_buf_text(&public_name, &public_text));
    HF_TRY(hf_buf_printf(&sig_name, "%s.sig", name));
    HF_TRY(hf_buf_text(&sig_name, &sig_text));
    HF_TRY(path_of(t, public_text, &public_path));
    HF_TRY(path_of(t, sig_text, &sig_path));
    HF_TRY(path_of(t, "signed-file", &file_path));
    HF_TRY(save(t, sig_text, hf_buf_bytes(&sig)));
    {
        char words[][16] = {"openssl", "dgst", "-sha256", "-verify", "-signature"};
        char *argv[] = {words[0], words[1], words[2], words[3], public_path, words[4], sig_path, file_path, NULL};

        HF_TRY(openssl(argv));
    }
    step(t, "openssl dgst -verify accepts it");
    return HF_OK;
}

static hf_err keys_and_signatures(struct tour *t)
{
    HF_TRY(make_key(t, "rsa2048", HF_TPM_USE_SIGN, "rsa2048", &t->rsa));
    step(t, "make an RSA-2048 key (rsa2048.pem)");
    HF_TRY(make_key(t, "ecc-p256", HF_TPM_USE_SIGN, "ecc-p256", &t->p256));
    step(t, "make a P-256 key (ecc-p256.pem)");
    HF_TRY(save(t, "signed-file", hf_buf_bytes(&t->file)));
    HF_TRY(sign_and_check(t, "rsa2048", &t->rsa, false));
    return sign_and_check(t, "ecc-p256", &t->p256, true);
}

/* Quote for a fresh nonce, and judge the quote with nothing but its bytes and the public key. */
static hf_err quote(struct tour *t)
{
    HF_CLEANUP(hf_core_quote_free) struct hf_core_quote made = {0};
    struct hf_core_key key = {0};
    struct hf_tpm_quote_input in = {0};
    struct hf_tpm_quote_result result = {0};
    HF_CLEANUP(hf_free) struct hf_verdict *verdict = NULL;
    struct hf_pcr_claim claim = {0};
    uint8_t nonce[32];
    struct hf_bytes nonce_bytes = HF_BYTES_OF(nonce);
    hf_err err;

    HF_TRY(make_key(t, "ecc-p256", HF_TPM_USE_ATTEST, "ak", &t->ak));
    step(t, "make an attestation key (ak.pem)");
    HF_TRY(hf_random(nonce, sizeof(nonce)));
    key = ref_of("ak", &t->ak);
    HF_TRY(hf_core_tpm_quote(t->core, &t->who, &key, QUOTED, nonce_bytes, NULL, &made));
    step(t, "quote " QUOTED " for a fresh nonce");
    HF_TRY(hf_alloc(sizeof(*verdict), &verdict));
    claim.pcrs = made.pcrs;
    in = (struct hf_tpm_quote_input){
        .attest = hf_buf_bytes(&made.statement.attest),
        .signature = hf_buf_bytes(&made.statement.signature),
        .ak_public = hf_buf_bytes(&made.ak_public),
        .nonce = &nonce_bytes,
        .claim = &claim,
    };
    err = hf_tpm_quote_verify(&in, verdict, &result);
    if (err != HF_OK && err != HF_E_WARNED)
        return err;
    step(t, "verify the quote: signature, nonce, PCRs, key attributes");
    nonce[0] ^= 1;
    if (hf_tpm_quote_verify(&in, verdict, &result) != HF_E_UNTRUSTED)
        return hf_fail(HF_E_INTERNAL, "the quote was accepted for another nonce");
    step(t, "the same quote for another nonce is refused");
    return HF_OK;
}

/* Seal to a register, unseal, change the register, see unsealing fail, put the register back. */
static hf_err seal(struct tour *t)
{
    static const char text[] = "a secret that this machine gives back in this state only";
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *back = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    struct hf_core_new_key what = {.spec = {.use = HF_TPM_USE_POLICY_ONLY}, .policy = SEALED_TO, .description = "holdfast quickstart"};
    struct hf_core_extend extend = {.index = CHANGED_PCR, .data = hf_bytes_text("something else was started")};
    struct hf_core_key ref;
    hf_err err;

    HF_TRY(hf_core_tpm_pcr_reset(t->core, &t->who, CHANGED_PCR));
    HF_TRY(hf_secret_new(hf_bytes_text(text), &secret));
    what.sealed = secret;
    HF_TRY(hf_core_tpm_create(t->core, &t->who, &what, &key, &pem));
    HF_TRY(save(t, "sealed.pem", hf_buf_bytes(&pem)));
    step(t, "seal a secret to '%s' (sealed.pem)", SEALED_TO);
    ref = ref_of("sealed", &pem);
    HF_TRY(hf_core_tpm_unseal(t->core, &t->who, &ref, &back));
    if (!hf_secret_equal(back, hf_secret_expose(secret)))
        return hf_fail(HF_E_INTEGRITY, "another secret came back than was sealed");
    step(t, "unseal it");
    HF_TRY(hf_core_tpm_pcr_extend(t->core, &t->who, &extend));
    hf_secret_free(&back);
    err = hf_core_tpm_unseal(t->core, &t->who, &ref, &back);
    if (err == HF_OK)
        return hf_fail(HF_E_INTERNAL, "the secret came back although PCR %u changed", CHANGED_PCR);
    if (err != HF_E_DENIED)
        return err;
    step(t, "after PCR %u changed, unsealing is refused by the TPM", CHANGED_PCR);
    return hf_core_tpm_pcr_reset(t->core, &t->who, CHANGED_PCR);
}

/* The folder for what is made: named by the user, else beneath the state directory. */
static hf_err open_folder(struct tour *t, const char *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf path = {0};

    if (out)
        HF_TRY(hf_strdup(out, &t->folder));
    else {
        HF_TRY(hf_buf_printf(&path, "%s/quickstart", hf_core_state_path(t->core)));
        HF_TRY(hf_text_of(hf_buf_bytes(&path), &t->folder));
    }
    return hf_dir_open(t->folder, &t->dir);
}

static hf_err provision(struct tour *t)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *srk = NULL;
    struct hf_tpm_info info;

    HF_TRY(hf_tpm_storage_root(t->tpm, &srk));
    HF_TRY(hf_tpm_info_get(t->tpm, &info));
    if (!t->j) {
        (void)printf("TPM: %s %s, environment: %s, bus: %s (%s)\n", info.manufacturer, info.vendor,
                     hf_tpm_environment_name(info.environment), hf_tpm_bus_name(info.bus), info.uri);
        if (info.environment == HF_TPM_ENV_EMULATED)
            (void)printf("This TPM is software: it shows how everything works and protects nothing from who can read its state.\n");
    }
    step(t, "provision: storage root key at 0x81000001, sessions salted with it");
    return HF_OK;
}

static hf_err tour(struct tour *t, const struct quickstart_opts *opt)
{
    HF_TRY(open_folder(t, opt->out));
    HF_TRY(provision(t));
    HF_TRY(keys_and_signatures(t));
    HF_TRY(quote(t));
    return seal(t);
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash && slash[1] ? slash + 1 : path;
}

static hf_err read_file(struct tour *t, const struct quickstart_opts *opt)
{
    if (opt->file || access("README.md", R_OK) == 0) {
        const char *path = opt->file ? opt->file : "README.md";

        t->name = file_name(path);
        return hf_cli_read(path, FILE_MAX, &t->file);
    }
    t->name = "a text";
    return hf_buf_set(&t->file, hf_bytes_text("holdfast: keys that never leave the hardware, and proof of what runs on it\n"));
}

static void farewell(const struct tour *t)
{
    (void)printf("\nAll %u steps held, in %.1f s. Files: %s\n", t->steps, (double)(hf_monotonic_ns() - t->started) / 1e9, t->folder);
    (void)printf("\nTry next:\n"
                 "  holdfast tpm info                                     what this TPM is\n"
                 "  holdfast tpm create --alg ecc-p256 --out k.pem        a key of your own\n"
                 "  holdfast tpm sign --key k.pem --in FILE --out s.der\n"
                 "  holdfast audit tail                                   what was done, chained record by record\n"
                 "  holdfast --help\n");
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    const struct quickstart_opts *opt = options;
    HF_CLEANUP(tour_free) struct tour t = {.cli = cli, .dir = -1, .who = hf_cli_who()};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    t.started = t.step_started = hf_monotonic_ns();
    HF_TRY(read_file(&t, opt));
    HF_TRY(hf_cli_core(cli, &t.core));
    HF_TRY(hf_cli_tpm(cli, &t.tpm));
    if (cli->json) {
        HF_TRY(hf_cli_json_start(&text, &j));
        hf_json_array(&j, "steps");
        t.j = &j;
    }
    HF_TRY(tour(&t, opt));
    if (!cli->json) {
        farewell(&t);
        return HF_OK;
    }
    hf_json_close(&j);
    hf_json_text(&j, "folder", t.folder);
    hf_cli_environment(cli, &j, hf_tpm_environment(t.tpm));
    return hf_cli_json_end(&text, &j);
}

static const struct hf_opt rows[] = {
    {HF_OPT_FILE, 'o', "out", offsetof(struct quickstart_opts, out), "FOLDER", "where keys and signatures go (default: quickstart in the state directory)", NULL, false},
    {HF_OPT_WORD, 0, "FILE", offsetof(struct quickstart_opts, file), "FILE", "what to sign (default: README.md here)", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_quickstart = {
    .words = "quickstart",
    .about = "Show keys, signatures, a quote and sealing at work on this machine's TPM",
    .text = "Makes an RSA-2048 and a P-256 key, signs a file with both and has openssl verify the signatures, quotes "
            "PCRs for a fresh nonce and verifies the quote, seals a secret to a PCR, unseals it, changes the PCR and "
            "shows that unsealing is refused. Exit status 0 only when every step held. PCR 16, the debug register, is "
            "reset on the way; nothing else on the TPM changes but the storage root key, which is made where there is none.",
    .example = "printf 'hello' > m\nholdfast quickstart m --out made\nls made\n",
    .opts = rows,
    .size = sizeof(struct quickstart_opts),
    .run = run,
};
