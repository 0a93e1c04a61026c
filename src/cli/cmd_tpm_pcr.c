/* holdfast tpm pcr read | extend | reset | predict */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/key_arg.h"
#include "codec/hex.h"
#include "core/tpm_attest.h"
#include "evidence/pcr.h"
#include "evidence/tcg_log.h"
#include "evidence/tpm_quote.h"

#include <unistd.h>

#define DATA_MAX ((size_t)1 << 30)
#define LOG_MAX ((size_t)256 << 20)

struct pcr_opts {
    const char *selection, *index, *in, *eventlog;
    struct hf_opt_list digest, replace, extend;
};

/* ---- answers ---- */

static hf_err print_lines(const struct hf_pcrs *pcrs)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0};
    char alg[HF_ALG_TEXT];
    char *text = NULL;

    for (size_t i = 0; i < pcrs->n; i++) {
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            if (!(pcrs->bank[i].mask & 1u << pcr))
                continue;
            hex.n = 0;
            HF_TRY(hf_hex_write((struct hf_bytes){pcrs->bank[i].value[pcr], pcrs->bank[i].size}, &hex));
            HF_TRY(hf_buf_text(&hex, &text));
            (void)printf("%s:%u  %s\n", hf_pcr_alg_text(pcrs->bank[i].alg, alg), pcr, text);
        }
    }
    return HF_OK;
}

/* The values as a step of a policy: "pcr sha256:4=HEX,7=HEX+sha384:0=HEX". */
static hf_err policy_text(const struct hf_pcrs *pcrs, struct hf_buf *out)
{
    const char *before = "pcr ";
    char alg[HF_ALG_TEXT];

    for (size_t i = 0; i < pcrs->n; i++) {
        const char *lead = ":";

        if (pcrs->bank[i].mask == 0)
            continue;
        HF_TRY(hf_buf_printf(out, "%s%s", before, hf_pcr_alg_text(pcrs->bank[i].alg, alg)));
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            if (!(pcrs->bank[i].mask & 1u << pcr))
                continue;
            HF_TRY(hf_buf_printf(out, "%s%u=", lead, pcr));
            HF_TRY(hf_hex_write((struct hf_bytes){pcrs->bank[i].value[pcr], pcrs->bank[i].size}, out));
            lead = ",";
        }
        before = "+";
    }
    return HF_OK;
}

static hf_err answer_read(struct hf_cli *cli, const struct hf_pcrs *pcrs)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_tpm(cli, &tpm));
    if (!cli->json) {
        HF_TRY(print_lines(pcrs));
        hf_cli_say(cli, "environment: %s", hf_tpm_environment_name(hf_tpm_environment(tpm)));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_pcrs_json(pcrs, &j, "pcrs");
    hf_json_text(&j, "bus", hf_tpm_bus_name(hf_tpm_bus(tpm)));
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

/* ---- read ---- */

static hf_err run_read(struct hf_cli *cli, const void *options)
{
    const struct pcr_opts *opt = options;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_pcrs pcrs;

    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_pcr_read(core, &who, opt->selection, &pcrs));
    return answer_read(cli, &pcrs);
}

static const struct hf_opt read_rows[] = {
    {HF_OPT_WORD, 0, "SELECTION", offsetof(struct pcr_opts, selection), NULL,
     "as sha256:0,7+sha384:16, or sha256:all (default: every register of every bank)", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_pcr_read = {
    .words = "tpm pcr read",
    .about = "Print platform configuration registers as they are at one moment",
    .text = "What takes several commands is read again when a register changed in between.",
    .example = "holdfast tpm pcr read sha256:0,1,7\nholdfast tpm pcr read sha256:16+sha384:16 --json",
    .opts = read_rows,
    .size = sizeof(struct pcr_opts),
    .run = run_read,
};

/* ---- extend, reset ---- */

static hf_err index_of(const char *text, unsigned *out)
{
    uint64_t index = 0;

    HF_TRY(hf_text_u64(text, HF_PCR_COUNT - 1, "PCR", &index));
    *out = (unsigned)index;
    return HF_OK;
}

/* "sha256=HEX" or "sha256:HEX". */
static hf_err digest_of(const char *text, struct hf_pcr_digest *out)
{
    size_t n = strcspn(text, "=:");
    enum hf_hash_alg alg = HF_HASH_NONE;
    size_t size;

    if (!text[n])
        return hf_fail(HF_E_ARG, "\"%.40s\" is no digest: a bank, = and hex are needed, as in sha256=…", text);
    HF_TRY(hf_hash_by_name((struct hf_bytes){(const uint8_t *)text, n}, &alg));
    size = hf_hash_size(alg);
    if (strlen(text + n + 1) != 2 * size)
        return hf_fail(HF_E_ARG, "a digest of %zu hex digits for the %s bank, which takes %zu", strlen(text + n + 1),
                       hf_hash_name(alg), 2 * size);
    out->alg = (uint16_t)alg;
    out->n = (uint16_t)size;
    return hf_hex_parse_exact(hf_bytes_text(text + n + 1), out->bytes, size);
}

static hf_err digests_of(const struct hf_opt_list *list, struct hf_pcr_digest out[HF_PCR_BANKS_MAX])
{
    if (list->n > HF_PCR_BANKS_MAX)
        return hf_fail(HF_E_ARG, "%zu digests; at most %d banks exist", list->n, HF_PCR_BANKS_MAX);
    for (size_t i = 0; i < list->n; i++)
        HF_TRY(digest_of(list->item[i], &out[i]));
    return HF_OK;
}

/* The register in every bank, as it is afterwards. */
static hf_err show_register(struct hf_cli *cli, struct hf_core *core, unsigned index)
{
    struct hf_who who = hf_cli_who();
    struct hf_pcrs pcrs;

    HF_TRY(hf_core_tpm_pcr_read(core, &who, NULL, &pcrs));
    for (size_t i = 0; i < pcrs.n; i++)
        pcrs.bank[i].mask &= 1u << index;
    return answer_read(cli, &pcrs);
}

static hf_err run_extend(struct hf_cli *cli, const void *options)
{
    const struct pcr_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf data = {0};
    struct hf_pcr_digest digests[HF_PCR_BANKS_MAX] = {0};
    struct hf_core_extend what = {.digest = digests, .n = opt->digest.n};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(index_of(opt->index, &what.index));
    if (opt->digest.n && opt->in)
        return hf_fail(HF_E_ARG, "--in and --digest exclude each other");
    HF_TRY(digests_of(&opt->digest, digests));
    if (!opt->digest.n)
        HF_TRY(hf_cli_read(opt->in ? opt->in : "-", DATA_MAX, &data));
    what.data = hf_buf_bytes(&data);
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_pcr_extend(core, &who, &what));
    return show_register(cli, core, what.index);
}

static const struct hf_opt extend_rows[] = {
    {HF_OPT_WORD, 0, "PCR", offsetof(struct pcr_opts, index), NULL, "the register: 0 to 23", NULL, true},
    {HF_OPT_FILE, 'i', "in", offsetof(struct pcr_opts, in), "FILE",
     "data, which is hashed for each bank (default: standard input)", NULL, false},
    {HF_OPT_LIST, 'd', "digest", offsetof(struct pcr_opts, digest), "BANK=HEX",
     "a digest in place of data; one for each bank", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_pcr_extend = {
    .words = "tpm pcr extend",
    .about = "Extend a platform configuration register by the hash of data",
    .text = "The new value is H(old value || H(data)), in every bank that the TPM has. With --digest only the banks "
            "named are extended; the others could then be extended by anybody to any value.",
    .example = "printf 'Measurement data' > m\n"
               "holdfast tpm pcr extend 16 --in m\n"
               "holdfast tpm pcr read sha256:16 | grep -q 5433ed987346f859",
    .opts = extend_rows,
    .size = sizeof(struct pcr_opts),
    .run = run_extend,
};

static hf_err run_reset(struct hf_cli *cli, const void *options)
{
    const struct pcr_opts *opt = options;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    unsigned index = 0;

    HF_TRY(index_of(opt->index, &index));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_pcr_reset(core, &who, index));
    return show_register(cli, core, index);
}

static const struct hf_opt reset_rows[] = {
    {HF_OPT_WORD, 0, "PCR", offsetof(struct pcr_opts, index), NULL, "the register: 16 or 23, as a rule", NULL, true},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_pcr_reset = {
    .words = "tpm pcr reset",
    .about = "Reset a platform configuration register",
    .text =
        "The TPM permits it for 16 and 23 to programs, for 17 to 22 to a dynamic launch, for the others to a reboot.",
    .example = "holdfast tpm pcr reset 16",
    .opts = reset_rows,
    .size = sizeof(struct pcr_opts),
    .run = run_reset,
};

/* ---- predict ---- */

#define CHANGES_MAX (2 * HF_OPT_LIST_MAX)

struct changes {
    size_t n;
    struct hf_core_change change[CHANGES_MAX];
    struct hf_buf file[CHANGES_MAX];
};

static void changes_free(struct changes *c)
{
    for (size_t i = 0; i < c->n; i++)
        hf_buf_free(&c->file[i]);
}

static bool is_digest(const char *text, struct hf_pcr_digest *out)
{
    static const enum hf_hash_alg by_size[] = {HF_SHA1, HF_SHA256, HF_SHA384, HF_SHA512};
    size_t digits = strspn(text, "0123456789abcdefABCDEF");

    if (access(text, F_OK) == 0)
        return false;
    if (digest_of(text, out) == HF_OK)
        return true;
    for (size_t i = 0; i < HF_COUNT(by_size) && !text[digits]; i++) {
        size_t size = hf_hash_size(by_size[i]);

        if (digits == 2 * size) {
            out->alg = (uint16_t)by_size[i];
            out->n = (uint16_t)size;
            return hf_hex_parse_exact(hf_bytes_text(text), out->bytes, size) == HF_OK;
        }
    }
    return false;
}

/* A digest for another bank of an event that is replaced already joins that change. */
static struct hf_core_change *place_for(struct changes *c, int kind, uint32_t at, bool digest)
{
    for (size_t i = 0; digest && kind == HF_PCR_REPLACE && i < c->n; i++) {
        struct hf_core_change *have = &c->change[i];

        if ((int)have->change.kind == kind && have->change.at == at && have->change.n &&
            have->change.n < HF_PCR_BANKS_MAX)
            return have;
    }
    return &c->change[c->n++];
}

/* "N=FILE", "N=HEX", "N=BANK:HEX". */
static hf_err add_change(struct changes *c, int kind, const char *text)
{
    const char *equals = strchr(text, '=');
    const char *value = equals ? equals + 1 : "";
    HF_CLEANUP(hf_buf_free) struct hf_buf number = {0};
    struct hf_pcr_digest digest = {0};
    struct hf_core_change *place;
    uint64_t at = 0;
    char *digits = NULL;
    bool is;

    if (!equals || !value[0])
        return hf_fail(HF_E_ARG, "\"%.60s\": a number, = and a file or a digest are needed", text);
    HF_TRY(hf_buf_set(&number, (struct hf_bytes){(const uint8_t *)text, (size_t)(equals - text)}));
    HF_TRY(hf_buf_text(&number, &digits));
    HF_TRY(hf_text_u64(digits, kind == HF_PCR_EXTEND ? HF_PCR_COUNT - 1 : UINT32_MAX,
                       kind == HF_PCR_EXTEND ? "PCR" : "event", &at));
    is = is_digest(value, &digest);
    place = place_for(c, kind, (uint32_t)at, is);
    if (kind == HF_PCR_EXTEND)
        place->change.kind = HF_PCR_EXTEND;
    place->change.at = (uint32_t)at;
    if (is) {
        place->change.digest[place->change.n++] = digest;
        return HF_OK;
    }
    HF_TRY(hf_cli_read(value, DATA_MAX, &c->file[place - c->change]));
    place->data = hf_buf_bytes(&c->file[place - c->change]);
    return HF_OK;
}

static hf_err read_changes(const struct pcr_opts *opt, struct changes *c)
{
    for (size_t i = 0; i < opt->replace.n; i++)
        HF_TRY(add_change(c, HF_PCR_REPLACE, opt->replace.item[i]));
    for (size_t i = 0; i < opt->extend.n; i++)
        HF_TRY(add_change(c, HF_PCR_EXTEND, opt->extend.item[i]));
    return HF_OK;
}

static hf_err answer_predict(struct hf_cli *cli, const struct pcr_opts *opt, const struct hf_pcrs *pcrs)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf policy = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    if (!opt->eventlog)
        HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(policy_text(pcrs, &policy));
    if (!cli->json) {
        HF_TRY(print_lines(pcrs));
        if (policy.n)
            (void)printf("policy  %.*s\n", (int)policy.n, (const char *)policy.p);
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_pcrs_json(pcrs, &j, "pcrs");
    hf_json_text_n(&j, "policy", hf_buf_bytes(&policy));
    hf_json_text(&j, "from", opt->eventlog ? "event log" : "tpm");
    if (tpm)
        hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err run_predict(struct hf_cli *cli, const void *options)
{
    const struct pcr_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};
    HF_CLEANUP(changes_free) struct changes changes = {0};
    struct hf_core_predict what = {.selection = opt->selection, .change = changes.change};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_pcrs pcrs;

    HF_TRY(read_changes(opt, &changes));
    if (opt->eventlog) {
        HF_TRY(hf_cli_read(opt->eventlog, LOG_MAX, &file));
        HF_TRY(hf_tcg_log_decode(hf_buf_bytes(&file), &log));
        if (log.n == 0)
            return hf_fail(HF_E_TRUNCATED, "%s is empty", opt->eventlog);
    }
    what.log = hf_buf_bytes(&log);
    what.n = changes.n;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_pcr_predict(core, &who, &what, &pcrs));
    return answer_predict(cli, opt, &pcrs);
}

static const struct hf_opt predict_rows[] = {
    {HF_OPT_WORD, 0, "SELECTION", offsetof(struct pcr_opts, selection), NULL,
     "as sha256:4,7 (default: all that can be known)", NULL, false},
    {HF_OPT_FILE, 'e', "eventlog", offsetof(struct pcr_opts, eventlog), "FILE",
     "boot event log to start from (default: the TPM's values of now)", NULL, false},
    {HF_OPT_LIST, 'r', "replace", offsetof(struct pcr_opts, replace), "N=FILE|HEX",
     "event N measures this file instead, or has this digest (or BANK:HEX)", NULL, false},
    {HF_OPT_LIST, 'x', "extend", offsetof(struct pcr_opts, extend), "PCR=FILE|HEX",
     "a register is extended by this at the end", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_pcr_predict = {
    .words = "tpm pcr predict",
    .about = "Compute the values that registers will have after a change",
    .text =
        "From a boot event log with events replaced (holdfast tpm eventlog show numbers them) or added, or from the "
        "TPM's values of now. A PE image in place of one that firmware started is hashed as firmware does, without its "
        "checksum and signatures; everything else is hashed as it is. Banks without a digest for a change lose their "
        "value of that register. The last line is a step for a policy: seal to it before the change is made.",
    .example = "printf 'new command line' > cmdline\n"
               "holdfast tpm pcr predict sha256:12 --extend 12=cmdline\n"
               "printf '07000000040000009069ca78e7450a285173431b3e52c5c25299e4730400000000000000' > boot.log\n"
               "holdfast tpm pcr predict sha1:7 --eventlog boot.log --replace 0=cmdline --json",
    .opts = predict_rows,
    .size = sizeof(struct pcr_opts),
    .run = run_predict,
};
