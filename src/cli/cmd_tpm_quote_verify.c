/* holdfast tpm quote-verify */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/key_arg.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/pubkey.h"
#include "evidence/tcg_log.h"
#include "evidence/tpm_quote.h"
#include "verify/tpm_quote.h"
#include "verify/tpm_signature.h"

#define PART_MAX ((size_t)64 << 10)
#define LOG_MAX ((size_t)256 << 20)

struct verify_opts {
    const char *in, *key, *values, *eventlog, *ima, *selection, *scheme;
    struct hf_buf nonce;
    struct hf_opt_list expect;
    uint64_t min_clock, min_resets, min_firmware;
};

#define UNSET UINT64_MAX

static const struct hf_opt rows[] = {
    {HF_OPT_FILE, 'i', "in", offsetof(struct verify_opts, in), "STEM",
     "the quote: STEM.msg, STEM.sig and STEM.pcrs, or a JSON envelope", NULL, true},
    {HF_OPT_FILE, 'k', "key", offsetof(struct verify_opts, key), "FILE",
     "the attestation key that is trusted: TPM public area, PEM or DER", NULL, true},
    {HF_OPT_HEX, 'n', "nonce", offsetof(struct verify_opts, nonce), "HEX", "the fresh bytes that were asked with", NULL,
     false},
    {HF_OPT_FILE, 0, "pcr-values", offsetof(struct verify_opts, values), "FILE",
     "values instead of STEM.pcrs: raw or tpm2-tools' form", NULL, false},
    {HF_OPT_TEXT, 'l', "pcrs", offsetof(struct verify_opts, selection), "PCRS",
     "the registers that must be quoted, as sha256:0,7", NULL, false},
    {HF_OPT_LIST, 'e', "expect", offsetof(struct verify_opts, expect), "BANK:PCR=HEX",
     "a value that a register must have; may be repeated", NULL, false},
    {HF_OPT_FILE, 0, "eventlog", offsetof(struct verify_opts, eventlog), "FILE",
     "the boot event log that must explain the values", NULL, false},
    {HF_OPT_FILE, 0, "ima", offsetof(struct verify_opts, ima), "FILE", "the IMA list that must explain PCR 10", NULL,
     false},
    {HF_OPT_TEXT, 0, "scheme", offsetof(struct verify_opts, scheme), "SCHEME-HASH",
     "the signature is bare (no TPMT_SIGNATURE): rsassa-sha256, rsapss-sha256, ecdsa-sha256, ...", NULL, false},
    {HF_OPT_U64, 0, "min-clock", offsetof(struct verify_opts, min_clock), "MS",
     "clock of an earlier quote by this key: with the two below", NULL, false},
    {HF_OPT_U64, 0, "min-resets", offsetof(struct verify_opts, min_resets), "N", "its reset count", NULL, false},
    {HF_OPT_U64, 0, "min-firmware", offsetof(struct verify_opts, min_firmware), "N", "its firmware version", NULL,
     false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static void defaults(void *options)
{
    struct verify_opts *opt = options;

    opt->min_clock = opt->min_resets = opt->min_firmware = UNSET;
}

/* All that the verifier's views point into. */
struct parts {
    struct hf_tpm_envelope env;
    bool from_json;
    struct hf_buf key, values, eventlog, ima;
    struct hf_bytes nonce;
    struct hf_pcr_selection selection;
    struct hf_pcrs expected;
    struct hf_tpm_clock_floor floor;
    struct hf_tpm_quote_input in;
};

static void parts_free(struct parts *p)
{
    hf_tpm_envelope_free(&p->env);
    hf_buf_free(&p->key);
    hf_buf_free(&p->values);
    hf_buf_free(&p->eventlog);
    hf_buf_free(&p->ima);
}

/* The trusted key. `holdfast tpm show` writes an attestation key's public area behind its PEM, so that its
 * attributes are trusted together with it; the two must be one key. */
static hf_err read_key(const char *path, struct parts *p)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *from_pem = NULL;
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *from_area = NULL;
    struct hf_tpm_pub pub;

    HF_TRY(hf_cli_read(path, PART_MAX, &p->key));
    p->in.ak_public = hf_buf_bytes(&p->key);
    if (!hf_pem_is(p->in.ak_public) || hf_pem_find(p->in.ak_public, HF_CLI_AREA_LABEL, &area) != HF_OK)
        return HF_OK;
    HF_TRY(hf_pubkey_from_pem(p->in.ak_public, &from_pem));
    HF_TRY(hf_tpm_pub_parse(hf_buf_bytes(&area), &pub));
    HF_TRY(hf_tpm_pub_key(&pub, &from_area));
    if (!hf_pubkey_equal(from_pem, from_area))
        return hf_fail(HF_E_INTEGRITY, "%s: the public key and the TPM public area are not one key", path);
    HF_TRY(hf_buf_set(&p->key, hf_buf_bytes(&area)));
    p->in.ak_public = hf_buf_bytes(&p->key);
    return HF_OK;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static hf_err read_part(const char *stem, const char *end, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf path = {0};
    char *text = NULL;

    HF_TRY(hf_buf_printf(&path, "%s%s", stem, end));
    HF_TRY(hf_buf_text(&path, &text));
    return hf_cli_read(text, PART_MAX, out);
}

static hf_err read_envelope(const char *file, struct parts *p)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

    HF_TRY(hf_cli_read(file, LOG_MAX, &json));
    HF_TRY(hf_tpm_envelope_parse(hf_buf_bytes(&json), &p->env));
    p->from_json = true;
    p->in.claim = &p->env.claim;
    p->in.environment = p->env.environment;
    p->in.eventlog = hf_buf_bytes(&p->env.eventlog);
    p->in.ima = hf_buf_bytes(&p->env.ima);
    return HF_OK;
}

static hf_err read_quote(const struct verify_opts *opt, struct parts *p)
{
    if (ends_with(opt->in, ".json") || strcmp(opt->in, "-") == 0) {
        HF_TRY(read_envelope(opt->in, p));
    } else {
        HF_TRY(read_part(opt->in, ".msg", &p->env.attest));
        HF_TRY(read_part(opt->in, ".sig", &p->env.signature));
    }
    p->in.attest = hf_buf_bytes(&p->env.attest);
    p->in.signature = hf_buf_bytes(&p->env.signature);
    HF_TRY(read_key(opt->key, p));
    return HF_OK;
}

/* A file of values needs the signed selection to be read; one that does not fit it is a wrong claim, which
 * the verdict tells, unless it is no file of values at all. */
static hf_err read_values(const struct verify_opts *opt, struct parts *p)
{
    struct hf_quote_attest attest;

    if (opt->values)
        HF_TRY(hf_cli_read(opt->values, PART_MAX, &p->values));
    else if (!p->from_json)
        HF_TRY(read_part(opt->in, ".pcrs", &p->values));
    else
        return HF_OK;
    HF_TRY(hf_quote_attest_parse(p->in.attest, &attest));
    if (attest.type != TPM2_ST_ATTEST_QUOTE)
        return HF_OK; /* the verdict says so */
    HF_TRY(hf_pcr_file_parse(hf_buf_bytes(&p->values), &attest.selection, &p->env.claim));
    p->in.claim = &p->env.claim;
    return HF_OK;
}

static hf_err read_logs(const struct verify_opts *opt, struct parts *p)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};

    if (opt->eventlog) {
        HF_TRY(hf_cli_read(opt->eventlog, LOG_MAX, &in));
        HF_TRY(hf_tcg_log_decode(hf_buf_bytes(&in), &p->eventlog));
        p->in.eventlog = hf_buf_bytes(&p->eventlog);
    }
    if (opt->ima) {
        HF_TRY(hf_cli_read(opt->ima, LOG_MAX, &p->ima));
        p->in.ima = hf_buf_bytes(&p->ima);
    }
    return HF_OK;
}

/* "sha256:7=HEX" */
static hf_err expect_one(const char *text, struct hf_pcrs *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf where = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};
    const char *equals = strchr(text, '=');
    struct hf_pcr_selection sel;
    char *name = NULL;

    if (!equals)
        return hf_fail(HF_E_ARG, "--expect %.100s: a register, = and a value in hex are needed", text);
    HF_TRY(hf_buf_add(&where, (struct hf_bytes){(const uint8_t *)text, (size_t)(equals - text)}));
    HF_TRY(hf_buf_text(&where, &name));
    HF_TRY(hf_pcr_selection_parse(name, &sel));
    if (hf_pcr_selection_count(&sel) != 1)
        return hf_fail(HF_E_ARG, "--expect %.100s: one register has one value", text);
    if (hf_hex_parse(hf_bytes_text(equals + 1), &value) != HF_OK)
        return hf_fail(HF_E_ARG, "--expect %.100s: %.200s", text, hf_err_detail());
    if (hf_pcrs_put(out, sel.bank[0].alg, (unsigned)__builtin_ctz(sel.bank[0].mask), hf_buf_bytes(&value)) != HF_OK)
        return hf_fail(HF_E_ARG, "--expect: %.200s", hf_err_detail());
    return HF_OK;
}

static hf_err scheme_by_name(const char *text, struct hf_quote_scheme *out)
{
    static const struct {
        const char *name;
        uint16_t alg;
    } names[] = {{"rsassa-", TPM2_ALG_RSASSA}, {"rsapss-", TPM2_ALG_RSAPSS}, {"ecdsa-", TPM2_ALG_ECDSA}};
    enum hf_hash_alg hash = HF_HASH_NONE;

    for (size_t i = 0; i < HF_COUNT(names); i++) {
        size_t n = strlen(names[i].name);

        if (strncmp(text, names[i].name, n) == 0 && hf_hash_by_name(hf_bytes_text(text + n), &hash) == HF_OK) {
            *out = (struct hf_quote_scheme){names[i].alg, (uint16_t)hash};
            return HF_OK;
        }
    }
    return hf_fail(HF_E_ARG, "--scheme %.40s: rsassa-, rsapss- or ecdsa- and a hash are known, as rsassa-sha256", text);
}

static hf_err read_wishes(const struct verify_opts *opt, struct parts *p)
{
    if (opt->nonce.p) {
        p->nonce = hf_buf_bytes(&opt->nonce);
        p->in.nonce = &p->nonce;
    }
    if (opt->selection) {
        HF_TRY(hf_pcr_selection_parse(opt->selection, &p->selection));
        p->in.selection = &p->selection;
    }
    for (size_t i = 0; i < opt->expect.n; i++) {
        HF_TRY(expect_one(opt->expect.item[i], &p->expected));
        p->in.expected = &p->expected;
    }
    if (opt->scheme)
        HF_TRY(scheme_by_name(opt->scheme, &p->in.bare));
    if (opt->min_clock == UNSET && opt->min_resets == UNSET && opt->min_firmware == UNSET)
        return HF_OK;
    if (opt->min_clock == UNSET || opt->min_resets > UINT32_MAX || opt->min_firmware == UNSET)
        return hf_fail(HF_E_ARG,
                       "--min-clock, --min-resets (32 bits) and --min-firmware come from one quote: give all three");
    p->floor = (struct hf_tpm_clock_floor){
        .clock_ms = opt->min_clock, .reset_count = (uint32_t)opt->min_resets, .firmware = opt->min_firmware};
    p->in.floor = &p->floor;
    return HF_OK;
}

static void result_json(const struct hf_tpm_quote_result *result, struct hf_json *j)
{
    hf_pcrs_json(&result->pcrs, j, "pcrs");
    hf_json_u64(j, "clock_ms", result->clock_ms);
    hf_json_u64(j, "reset_count", result->reset_count);
    hf_json_u64(j, "restart_count", result->restart_count);
    hf_json_bool(j, "safe", result->safe);
    hf_json_printf(j, "firmware", "0x%016llx", (unsigned long long)result->firmware);
}

static hf_err answer(const struct hf_cli *cli, const struct hf_verdict *verdict,
                     const struct hf_tpm_quote_result *result, hf_err err)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j = {0};

    if (cli->json) {
        HF_TRY(hf_cli_json_start(&text, &j));
        hf_verdict_json(verdict, &j);
        if (err != HF_E_UNTRUSTED)
            result_json(result, &j);
        return hf_cli_json_end(&text, &j);
    }
    HF_TRY(hf_verdict_text(verdict, &text));
    (void)fwrite(text.p, 1, text.n, stdout);
    return HF_OK;
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    const struct verify_opts *opt = options;
    HF_CLEANUP(parts_free) struct parts p = {0};
    struct hf_tpm_quote_result result = {0};
    struct hf_verdict verdict;
    hf_err err;

    HF_TRY(read_wishes(opt, &p));
    HF_TRY(read_quote(opt, &p));
    HF_TRY(read_values(opt, &p));
    HF_TRY(read_logs(opt, &p));
    err = hf_tpm_quote_verify(&p.in, &verdict, &result);
    if (err != HF_OK && err != HF_E_WARNED && err != HF_E_UNTRUSTED)
        return err;
    HF_TRY(answer(cli, &verdict, &result, err));
    return hf_verdict_err(&verdict) == err ? err : HF_E_INTERNAL;
}

const struct hf_command hf_cmd_tpm_quote_verify = {
    .words = "tpm quote-verify",
    .about = "Judge a TPM quote: every check, and one verdict",
    .text =
        "Magic, type, nonce, selection, PCR digest, signature, key attributes and scheme, clock, and, when they are "
        "given, expected values, event log and IMA list. The key of --key is the one that is trusted: the envelope's "
        "own is never used. Values are printed in JSON only when their digest was signed.\n\n"
        "Exit status 0: every check held; 3: yes with warnings (no nonce, a key without its public area, ...); 1: no.",
    .example = "holdfast help tpm quote-verify",
    .opts = rows,
    .size = sizeof(struct verify_opts),
    .run = run,
    .defaults = defaults,
};
