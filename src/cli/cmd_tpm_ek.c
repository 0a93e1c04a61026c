/* holdfast tpm ek show | certificate */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/key_arg.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "core/tpm_attest.h"
#include "crypto/x509.h"

struct ek_opts {
    const char *endorsement_auth, *owner_auth, *out, *format, *kind;
    uint32_t index;
    bool persist, pem;
};

/* ---- show ---- */

/* TPM2B_PUBLIC. */
static hf_err to_tpm2b(struct hf_bytes area, struct hf_buf *out)
{
    uint8_t size[] = {(uint8_t)(area.n >> 8), (uint8_t)area.n};

    HF_TRY(hf_buf_add(out, HF_BYTES_OF(size)));
    return hf_buf_add(out, area);
}

static hf_err write_public(const struct ek_opts *opt, const struct hf_tpm_key *key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    struct hf_tpm_key_info info;

    hf_tpm_key_info(key, &info);
    if (opt->format && strcmp(opt->format, "tpm") == 0)
        HF_TRY(to_tpm2b(info.public_area, &bytes));
    else
        HF_TRY(hf_tpm_key_public_pem(key, &bytes));
    return hf_cli_write(opt->out, hf_buf_bytes(&bytes));
}

static hf_err show_one(struct hf_cli *cli, struct hf_json *j, enum hf_tpm_ek_kind kind, const struct hf_tpm_key *key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    struct hf_tpm_key_info info;
    char *name = NULL;

    hf_tpm_key_info(key, &info);
    HF_TRY(hf_tpm_key_public_pem(key, &pem));
    if (j) {
        hf_json_object(j, NULL);
        hf_json_text(j, "kind", hf_tpm_ek_kind_name(kind));
        if (info.persistent)
            hf_json_handle(j, "handle", info.handle);
        else
            hf_json_null(j, "handle");
        hf_json_hex(j, "name", info.name);
        hf_json_hex(j, "policy", info.policy);
        hf_json_base64(j, "public", info.public_area);
        hf_json_text_n(j, "pem", hf_buf_bytes(&pem));
        hf_json_close(j);
        return HF_OK;
    }
    HF_TRY(hf_hex_write(info.name, &text));
    HF_TRY(hf_buf_text(&text, &name));
    hf_cli_line(cli, "kind", "%s", hf_tpm_ek_kind_name(kind));
    if (info.persistent)
        hf_cli_line(cli, "handle", "0x%08x", (unsigned)info.handle);
    else
        hf_cli_line(cli, "handle", "none: made from its seed each time it is needed (--persist keeps it)");
    hf_cli_line(cli, "name", "%s", name);
    return HF_OK;
}

struct showing {
    struct hf_cli *cli;
    const struct ek_opts *opt;
    struct hf_secret *endorsement_auth, *owner_auth;
    struct hf_json *j;
};

static hf_err show_kind(const struct showing *s, enum hf_tpm_ek_kind kind)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_core(s->cli, &core));
    if (s->opt->persist)
        HF_TRY(hf_core_tpm_ek_persist(core, &who, kind, s->endorsement_auth, s->owner_auth, &key));
    else
        HF_TRY(hf_core_tpm_ek_show(core, &who, kind, s->endorsement_auth, &key));
    if (s->opt->out)
        return write_public(s->opt, key);
    return show_one(s->cli, s->j, kind, key);
}

static hf_err show_all(const struct showing *s)
{
    enum hf_tpm_ek_kind kind = HF_TPM_EK_RSA2048;

    if (s->opt->kind) {
        HF_TRY(hf_tpm_ek_kind_by_name(s->opt->kind, &kind));
        return show_kind(s, kind);
    }
    HF_TRY(show_kind(s, HF_TPM_EK_RSA2048));
    return show_kind(s, HF_TPM_EK_P256);
}

static hf_err answer_show(struct hf_cli *cli, struct showing *s)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_tpm(cli, &tpm));
    if (!cli->json) {
        HF_TRY(show_all(s));
        if (!s->opt->out)
            hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_array(&j, "keys");
    s->j = &j;
    HF_TRY(show_all(s));
    hf_json_close(&j);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err run_show(struct hf_cli *cli, const void *options)
{
    const struct ek_opts *opt = options;
    struct showing s = {.cli = cli, .opt = opt};
    hf_err err;

    if (opt->out && !opt->kind)
        return hf_fail(HF_E_ARG, "--out writes one key: say which with --kind");
    err = hf_cli_auth(opt->endorsement_auth, "authorization of the endorsement hierarchy", &s.endorsement_auth);
    if (err == HF_OK)
        err = hf_cli_auth(opt->owner_auth, "authorization of the owner hierarchy", &s.owner_auth);
    if (err == HF_OK)
        err = answer_show(cli, &s);
    hf_secret_free(&s.endorsement_auth);
    hf_secret_free(&s.owner_auth);
    return err;
}

static const struct hf_opt show_rows[] = {
    {HF_OPT_TEXT, 0, "kind", offsetof(struct ek_opts, kind), "KIND", "which template (default: rsa2048 and ecc-p256)",
     NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct ek_opts, out), "FILE", "write the public part instead", NULL, false},
    {HF_OPT_TEXT, 'f', "format", offsetof(struct ek_opts, format), "FORMAT",
     "of --out: pem (default), or tpm: TPM2B_PUBLIC", "pem|tpm", false},
    {HF_OPT_FLAG, 0, "persist", offsetof(struct ek_opts, persist), NULL,
     "make it persistent at its usual handle where that is free", NULL, false},
    {HF_OPT_AUTH, 0, "endorsement-auth", offsetof(struct ek_opts, endorsement_auth), "SPEC",
     "authorization of the endorsement hierarchy: file:PATH, fd:N, env:NAME or -", NULL, false},
    {HF_OPT_AUTH, 0, "owner-auth", offsetof(struct ek_opts, owner_auth), "SPEC",
     "authorization of the owner hierarchy, to keep the key", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_ek_show = {
    .words = "tpm ek show",
    .about = "Show the TPM's endorsement keys",
    .text =
        "An endorsement key that is persistent is adopted; otherwise it is made again from the TPM's endorsement seed, "
        "by "
        "the template of the TCG EK Credential Profile or the one that the TPM's maker left in NV memory. RSA keys may "
        "take a chip a minute.",
    .example = "holdfast tpm ek show --kind ecc-p256 --persist\n"
               "holdfast tpm ek show --kind ecc-p256 --out ek.pem\n"
               "holdfast tpm ek show --json",
    .opts = show_rows,
    .size = sizeof(struct ek_opts),
    .run = run_show,
};

/* ---- certificate ---- */

static const struct hf_tpm_ek_certificate *pick(const struct hf_tpm_ek_certificates *list, uint32_t index)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->row[i].der.n && (index == 0 || list->row[i].index == index))
            return &list->row[i];
    }
    return NULL;
}

static hf_err write_certificate(const struct ek_opts *opt, const struct hf_tpm_ek_certificates *list)
{
    const struct hf_tpm_ek_certificate *row = pick(list, opt->index);
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};

    if (!row)
        return opt->index ? hf_fail(HF_E_NOT_FOUND, "the TPM has no EK certificate at 0x%08x", (unsigned)opt->index)
                          : hf_fail(HF_E_NOT_FOUND, "the TPM has no EK certificate in its NV memory");
    if (!opt->pem)
        return hf_cli_write(opt->out, hf_buf_bytes(&row->der));
    HF_TRY(hf_pem_write("CERTIFICATE", hf_buf_bytes(&row->der), &pem));
    return hf_cli_write(opt->out, hf_buf_bytes(&pem));
}

static hf_err certificate_row(struct hf_cli *cli, struct hf_json *j, const struct hf_tpm_ek_certificate *row)
{
    HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
    char until[HF_TIME_TEXT] = "";

    if (row->der.n)
        HF_TRY(hf_cert_parse_tolerant(hf_buf_bytes(&row->der), &cert));
    if (cert)
        hf_time_write(cert->not_after, until);
    if (!j) {
        if (cert)
            hf_cli_line(cli, "certificate", "0x%08x by %s, until %s", (unsigned)row->index, cert->issuer_text, until);
        else
            hf_cli_line(cli, "certificate", "0x%08x (!) %s", (unsigned)row->index, row->problem);
        if (cert && row->problem[0])
            hf_cli_line(cli, "", "%s", row->problem);
        return HF_OK;
    }
    hf_json_object(j, NULL);
    hf_json_handle(j, "index", row->index);
    hf_json_text(j, "issuer", cert ? cert->issuer_text : NULL);
    hf_json_text(j, "subject", cert ? cert->subject_text : NULL);
    hf_json_text(j, "not_after", cert ? until : NULL);
    hf_json_base64(j, "certificate", hf_buf_bytes(&row->der));
    hf_json_text(j, "problem", row->problem[0] ? row->problem : NULL);
    hf_json_close(j);
    return HF_OK;
}

static hf_err answer_certificates(struct hf_cli *cli, const struct hf_tpm_ek_certificates *list)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_tpm(cli, &tpm));
    if (!cli->json) {
        for (size_t i = 0; i < list->n; i++)
            HF_TRY(certificate_row(cli, NULL, &list->row[i]));
        if (list->n == 0)
            hf_cli_line(cli, "certificate", "none in NV memory; some makers have it on a server");
        if (list->chain.n || list->chain_problem[0])
            hf_cli_line(cli, "issuers", "%s", list->chain_problem[0] ? list->chain_problem : "in NV memory too");
        hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_array(&j, "certificates");
    for (size_t i = 0; i < list->n; i++)
        HF_TRY(certificate_row(cli, &j, &list->row[i]));
    hf_json_close(&j);
    hf_json_text_n(&j, "issuers", hf_buf_bytes(&list->chain));
    hf_json_text(&j, "issuers_problem", list->chain_problem[0] ? list->chain_problem : NULL);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err run_certificate(struct hf_cli *cli, const void *options)
{
    const struct ek_opts *opt = options;
    HF_CLEANUP(hf_tpm_ek_certificates_free) struct hf_tpm_ek_certificates list = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_ek_certificates(core, &who, &list));
    return opt->out ? write_certificate(opt, &list) : answer_certificates(cli, &list);
}

static const struct hf_opt certificate_rows[] = {
    {HF_OPT_FILE, 'o', "out", offsetof(struct ek_opts, out), "FILE",
     "write one certificate (DER) instead of listing them", NULL, false},
    {HF_OPT_U32, 'x', "index", offsetof(struct ek_opts, index), "INDEX", "which one: its NV index (default: the first)",
     NULL, false},
    {HF_OPT_FLAG, 0, "pem", offsetof(struct ek_opts, pem), NULL, "write it as PEM", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_ek_certificate = {
    .words = "tpm ek certificate",
    .about = "Read the certificates of endorsement keys that the TPM carries",
    .text = "All NV indices of the TCG EK Credential Profile are looked at, and those of issuers (0x01c00100 to "
            "0x01c001ff). "
            "Bytes after a certificate and unsorted names, as some makers write them, are passed over and reported.",
    .example = "holdfast tpm ek certificate\n"
               "holdfast tpm ek certificate --json",
    .opts = certificate_rows,
    .size = sizeof(struct ek_opts),
    .run = run_certificate,
};
