/* holdfast tpm ek verify */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/key_arg.h"
#include "core/tpm_attest.h"

#include <dirent.h>
#include <sys/stat.h>

#define CERTIFICATES_MAX ((size_t)4 << 20)

struct verify_opts {
    const char *endorsement_auth, *owner_auth, *certificate, *at, *kind;
    struct hf_opt_list root, issuer;
    bool pin;
};

static hf_err add_file(struct hf_tpm_ek_trust *trust, const char *path, enum hf_tpm_ek_trust_as as)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    hf_err err;

    HF_TRY(hf_cli_read(path, CERTIFICATES_MAX, &file));
    err = hf_tpm_ek_trust_add(trust, hf_buf_bytes(&file), as);
    return err == HF_OK ? HF_OK : hf_fail(err, "%.100s: %.300s", path, hf_err_detail());
}

static void dir_close(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
    *dir = NULL;
}

/* A folder of makers' certificates. What in it is no certificate is passed over and said. */
static hf_err add_folder(const struct hf_cli *cli, struct hf_tpm_ek_trust *trust, const char *path)
{
    HF_CLEANUP(dir_close) DIR *dir = opendir(path);
    const struct dirent *entry;
    size_t n = 0;

    if (!dir)
        return hf_fail_errno("%s", path);
    while ((entry = readdir(dir))) {
        HF_CLEANUP(hf_buf_free) struct hf_buf name = {0};
        char *text = NULL;
        struct stat st;

        HF_TRY(hf_buf_printf(&name, "%s/%s", path, entry->d_name));
        HF_TRY(hf_buf_text(&name, &text));
        if (entry->d_name[0] == '.' || stat(text, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (add_file(trust, text, HF_TPM_EK_STORE) == HF_OK)
            n++;
        else
            hf_cli_say(cli, "passed over: %s", hf_err_detail());
    }
    return n ? HF_OK : hf_fail(HF_E_NOT_FOUND, "%s holds no certificate", path);
}

/* --root FILE is believed as it is; of a folder, the self-issued ones are. Without --root: ek-roots in the state
 * directory. */
static hf_err read_trust(struct hf_cli *cli, const struct verify_opts *opt, struct hf_tpm_ek_trust *trust)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf usual = {0};
    struct hf_core *core = NULL;
    char *text = NULL;
    struct stat st;

    for (size_t i = 0; i < opt->root.n; i++) {
        bool folder = stat(opt->root.item[i], &st) == 0 && S_ISDIR(st.st_mode);

        HF_TRY(folder ? add_folder(cli, trust, opt->root.item[i])
                      : add_file(trust, opt->root.item[i], HF_TPM_EK_ROOTS));
    }
    for (size_t i = 0; i < opt->issuer.n; i++)
        HF_TRY(add_file(trust, opt->issuer.item[i], HF_TPM_EK_ISSUERS));
    if (opt->root.n)
        return HF_OK;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_buf_printf(&usual, "%s/ek-roots", hf_core_state_path(core)));
    HF_TRY(hf_buf_text(&usual, &text));
    if (stat(text, &st) != 0)
        return hf_fail(HF_E_ARG, "whose certificates are believed? give --root FILE or DIR, or put them into %s", text);
    return add_folder(cli, trust, text);
}

static bool carries(const struct hf_tpm_ek_certificates *list, uint32_t index)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->row[i].index == index && list->row[i].der.n)
            return true;
    }
    return false;
}

/* The kind whose certificate the TPM carries; rsa2048 where it carries none. */
static hf_err find_kind(struct hf_core *core, enum hf_tpm_ek_kind *out)
{
    HF_CLEANUP(hf_tpm_ek_certificates_free) struct hf_tpm_ek_certificates list = {0};
    static const struct {
        uint32_t index;
        enum hf_tpm_ek_kind kind;
    } rows[] = {
        {0x01c0000a, HF_TPM_EK_P256},         {0x01c00002, HF_TPM_EK_RSA2048}, {0x01c00016, HF_TPM_EK_P384},
        {0x01c00014, HF_TPM_EK_P256_HIGH},    {0x01c00018, HF_TPM_EK_P521},    {0x01c0001c, HF_TPM_EK_RSA3072},
        {0x01c00012, HF_TPM_EK_RSA2048_HIGH}, {0x01c0001e, HF_TPM_EK_RSA4096},
    };
    struct hf_who who = hf_cli_who();

    HF_TRY(hf_core_tpm_ek_certificates(core, &who, &list));
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (carries(&list, rows[i].index)) {
            *out = rows[i].kind;
            return HF_OK;
        }
    }
    *out = HF_TPM_EK_RSA2048;
    return HF_OK;
}

static hf_err answer_json(struct hf_cli *cli, const struct verify_opts *opt, const struct hf_tpm_ek_question *q,
                          const struct hf_tpm_ek_verdict *v)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    bool good = v->reason == HF_TPM_EK_GOOD;
    char until[HF_TIME_TEXT] = "";
    struct hf_json j;

    hf_time_write(v->not_after, until);
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_bool(&j, "trusted", good);
    hf_json_text(&j, "reason", hf_tpm_ek_reason_name(v->reason));
    hf_json_text(&j, "detail", v->detail[0] ? v->detail : NULL);
    hf_json_text(&j, "kind", hf_tpm_ek_kind_name(q->kind));
    hf_json_bool(&j, "held", v->held);
    if (v->index)
        hf_json_handle(&j, "index", v->index);
    else
        hf_json_null(&j, "index");
    hf_json_text(&j, "manufacturer", v->manufacturer[0] ? v->manufacturer : NULL);
    hf_json_text(&j, "model", v->model[0] ? v->model : NULL);
    hf_json_text(&j, "version", v->version[0] ? v->version : NULL);
    hf_json_text(&j, "issuer", v->issuer[0] ? v->issuer : NULL);
    hf_json_text(&j, "issuer_url", v->issuer_url[0] ? v->issuer_url : NULL);
    hf_json_text(&j, "not_after", v->issuer[0] ? until : NULL);
    hf_json_text(&j, "encoding", v->encoding[0] ? v->encoding : NULL);
    hf_json_bool(&j, "pinned", good && opt->pin);
    hf_cli_environment(cli, &j, v->environment);
    return hf_cli_json_end(&text, &j);
}

static void answer_lines(struct hf_cli *cli, const struct verify_opts *opt, const struct hf_tpm_ek_question *q,
                         const struct hf_tpm_ek_verdict *v)
{
    bool good = v->reason == HF_TPM_EK_GOOD;

    hf_cli_line(cli, "endorsement key", "%s: %s", hf_tpm_ek_kind_name(q->kind),
                good ? "certified, and held by this TPM" : hf_tpm_ek_reason_name(v->reason));
    if (v->detail[0])
        hf_cli_line(cli, "reason", "%s", v->detail);
    if (v->manufacturer[0])
        hf_cli_line(cli, "maker", "%s, model %s, version %s", v->manufacturer, v->model, v->version);
    if (v->issuer[0])
        hf_cli_line(cli, "issuer", "%s", v->issuer);
    if (v->encoding[0])
        hf_cli_line(cli, "encoding", "%s", v->encoding);
    if (good && opt->pin)
        hf_cli_line(cli, "pinned", "sessions are salted with this key from now on");
    hf_cli_environment(cli, NULL, v->environment);
}

static hf_err ask(struct hf_cli *cli, const struct verify_opts *opt, struct hf_tpm_ek_question *q)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *owner_auth = NULL;
    struct hf_tpm_ek_verdict verdict = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    hf_err err;

    HF_TRY(hf_cli_auth(opt->owner_auth, "authorization of the owner hierarchy", &owner_auth));
    HF_TRY(hf_cli_core(cli, &core));
    if (opt->kind)
        HF_TRY(hf_tpm_ek_kind_by_name(opt->kind, &q->kind));
    else
        HF_TRY(find_kind(core, &q->kind));
    err = opt->pin ? hf_core_tpm_ek_pin(core, &who, q, owner_auth, &verdict)
                   : hf_core_tpm_ek_verify(core, &who, q, &verdict);
    if (err != HF_OK && err != HF_E_UNTRUSTED)
        return err;
    if (cli->json)
        HF_TRY(answer_json(cli, opt, q, &verdict));
    else
        answer_lines(cli, opt, q, &verdict);
    return err == HF_OK
               ? HF_OK
               : hf_fail(err, "endorsement key: %s: %s", hf_tpm_ek_reason_name(verdict.reason), verdict.detail);
}

static hf_err run_verify(struct hf_cli *cli, const void *options)
{
    const struct verify_opts *opt = options;
    HF_CLEANUP(hf_tpm_ek_trust_free) struct hf_tpm_ek_trust *trust = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *endorsement_auth = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf certificate = {0};
    struct hf_tpm_ek_question q = {.at = hf_now()};
    hf_time at = 0;

    if (opt->at) {
        HF_TRY(hf_time_parse(opt->at, &at));
        q.at = at;
    }
    HF_TRY(hf_tpm_ek_trust_new(&trust));
    HF_TRY(read_trust(cli, opt, trust));
    if (opt->certificate)
        HF_TRY(hf_cli_read(opt->certificate, CERTIFICATES_MAX, &certificate));
    HF_TRY(hf_cli_auth(opt->endorsement_auth, "authorization of the endorsement hierarchy", &endorsement_auth));
    q.trust = trust;
    q.certificate = hf_buf_bytes(&certificate);
    q.endorsement_auth = endorsement_auth;
    return ask(cli, opt, &q);
}

static const struct hf_opt verify_rows[] = {
    {HF_OPT_LIST, 'r', "root", offsetof(struct verify_opts, root), "FILE|DIR",
     "certificates that are believed; of a folder, the self-issued ones (default: ek-roots in the state directory)",
     NULL, false},
    {HF_OPT_LIST, 0, "issuer", offsetof(struct verify_opts, issuer), "FILE", "certificates on the way to a root", NULL,
     false},
    {HF_OPT_TEXT, 0, "kind", offsetof(struct verify_opts, kind), "KIND",
     "which key (default: one that the TPM carries a certificate for)", NULL, false},
    {HF_OPT_FILE, 'c', "certificate", offsetof(struct verify_opts, certificate), "FILE",
     "its certificate, where the TPM does not carry it", NULL, false},
    {HF_OPT_TEXT, 0, "at", offsetof(struct verify_opts, at), "TIME",
     "judge as of this time: RFC 3339 or Unix seconds (default: now)", NULL, false},
    {HF_OPT_FLAG, 0, "pin", offsetof(struct verify_opts, pin), NULL,
     "when good: make it persistent, and salt all sessions with it from now on", NULL, false},
    {HF_OPT_AUTH, 0, "endorsement-auth", offsetof(struct verify_opts, endorsement_auth), "SPEC",
     "authorization of the endorsement hierarchy: file:PATH, fd:N, env:NAME or -", NULL, false},
    {HF_OPT_AUTH, 0, "owner-auth", offsetof(struct verify_opts, owner_auth), "SPEC",
     "authorization of the owner hierarchy, to keep the key", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_ek_verify = {
    .words = "tpm ek verify",
    .about = "Check that the TPM holds an endorsement key that its maker certified",
    .text = "KIND is as for holdfast tpm ek show. Exit status 0 when it does, 1 when not, with the reason: no "
            "certificate, malformed, key mismatch, wrong "
            "usage, "
            "expired, unknown issuer, bad chain, not held. Nothing is fetched: give issuers that the TPM does not "
            "carry with "
            "--issuer. What the certificate's maker is says whether the TPM is hardware or virtual; software stays "
            "emulated "
            "whatever its certificate says.",
    .example =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem \\\n"
        "    -subj '/CN=TPM maker' -days 30 2>/dev/null\n"
        "holdfast tpm ek verify --root root.pem --json || test $? = 1",
    .opts = verify_rows,
    .size = sizeof(struct verify_opts),
    .run = run_verify,
};
