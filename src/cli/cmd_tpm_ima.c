/* holdfast tpm ima replay */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/cli.h"
#include "evidence/pcr.h"
#include "evidence/tpm_quote.h"

#include <holdfast/eventlog.h>

#define LIST_MAX ((size_t)256 << 20)
#define QUOTE_MAX ((size_t)64 << 20)

struct ima_opts {
    const char *file, *bank, *quote;
    struct hf_buf value;
    uint32_t pcr;
};

static const struct hf_opt replay_rows[] = {
    {HF_OPT_TEXT, 0, "bank", offsetof(struct ima_opts, bank), "HASH", "the bank to compute (default sha256)",
     "sha1|sha256|sha384|sha512|sm3_256", false},
    {HF_OPT_HEX, 0, "pcr10", offsetof(struct ima_opts, value), "HEX", "the value the register is known to have", NULL,
     false},
    {HF_OPT_FILE, 0, "quote", offsetof(struct ima_opts, quote), "FILE",
     "take that value from a quote's JSON envelope; verify it with quote-verify --ima", NULL, false},
    {HF_OPT_U32, 0, "pcr", offsetof(struct ima_opts, pcr), "N", "the register (default 10)", NULL, false},
    {HF_OPT_WORD, 0, "FILE", offsetof(struct ima_opts, file), NULL, "the list, binary or ascii; - for standard input",
     NULL, true},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static void replay_defaults(void *options)
{
    struct ima_opts *opt = options;

    opt->bank = "sha256";
    opt->pcr = 10;
}

/* The wanted value: by hand, out of an envelope, or none. */
static hf_err wanted(const struct ima_opts *opt, uint16_t alg, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env = {0};
    struct hf_bytes value;

    if (opt->value.p && opt->quote)
        return hf_fail(HF_E_ARG, "--pcr10 and --quote both name the value; give one");
    if (opt->value.p && opt->value.n == 0)
        return hf_fail(HF_E_ARG, "--pcr10 is empty; a value in hex is needed");
    if (!opt->quote)
        return hf_buf_add(out, hf_buf_bytes(&opt->value));
    HF_TRY(hf_cli_read(opt->quote, QUOTE_MAX, &json));
    HF_TRY(hf_tpm_envelope_parse(hf_buf_bytes(&json), &env));
    value = hf_pcrs_value(&env.claim.pcrs, alg, opt->pcr);
    if (value.n == 0)
        return hf_fail(HF_E_NOT_FOUND, "the quote has no %s value of PCR %u", opt->bank, opt->pcr);
    return hf_buf_add(out, value);
}

static void answer_json(const struct ima_opts *opt, const struct hf_ima *ima, size_t size, bool compared,
                        struct hf_json *j)
{
    hf_json_text(j, "bank", opt->bank);
    hf_json_u64(j, "pcr", opt->pcr);
    hf_json_hex(j, "value", (struct hf_bytes){ima->value, size});
    hf_json_u64(j, "entries", ima->entries);
    hf_json_u64(j, "violations", ima->violations);
    hf_json_u64(j, "differ", ima->differ);
    if (ima->differ)
        hf_json_u64(j, "first_differ", ima->first_differ);
    hf_json_u64(j, "other_registers", ima->other_pcr);
    if (!compared)
        return;
    hf_json_bool(j, "matches", ima->matches);
    hf_json_u64(j, "matched", ima->matched);
    hf_json_bool(j, "padded", ima->padded);
}

static void answer_text(const struct hf_cli *cli, const struct ima_opts *opt, const struct hf_ima *ima, size_t size,
                        bool compared)
{
    char hex[2 * HF_PCR_SIZE_MAX + 1] = "";

    for (size_t i = 0; i < size; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", ima->value[i]);
    hf_cli_line(cli, "value", "%s:%u %s", opt->bank, opt->pcr, hex);
    hf_cli_line(cli, "entries", "%u", ima->entries);
    hf_cli_line(cli, "violations", "%u", ima->violations);
    hf_cli_line(cli, "differ", "%u", ima->differ);
    if (compared)
        hf_cli_line(cli, "matched", "%s", ima->matches ? "yes" : "no");
    if (compared && ima->matches)
        hf_cli_line(cli, "prefix", "%u entries%s", ima->matched, ima->padded ? ", SHA-1 padded with zeros" : "");
}

/* No for a value that no prefix gives and for entries that lie about themselves; yes with warnings for
 * violations. */
static hf_err verdict(const struct hf_ima *ima, hf_err err)
{
    if (err == HF_E_MISMATCH)
        return hf_fail(HF_E_UNTRUSTED, "no prefix of the %u entries gives the wanted value", ima->entries);
    if (ima->differ)
        return hf_fail(HF_E_UNTRUSTED, "%u entries have a digest that is not that of their data, the first is entry %u",
                       ima->differ, ima->first_differ);
    if (ima->violations)
        return hf_fail(HF_E_WARNED, "%u violations: files were changed while they were measured", ima->violations);
    return err;
}

static hf_err run_replay(struct hf_cli *cli, const void *options)
{
    const struct ima_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf list = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf want = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    enum hf_hash_alg alg = HF_HASH_NONE;
    struct hf_ima ima = {0};
    struct hf_json j = {0};
    hf_err err;

    HF_TRY(hf_hash_by_name(hf_bytes_text(opt->bank), &alg));
    HF_TRY(wanted(opt, (uint16_t)alg, &want));
    HF_TRY(hf_cli_read(opt->file, LIST_MAX, &list));
    err = hf_ima_replay(hf_buf_bytes(&list), opt->pcr, (uint16_t)alg, hf_buf_bytes(&want), NULL, &ima);
    if (err != HF_OK && err != HF_E_MISMATCH)
        return err;
    if (cli->json) {
        HF_TRY(hf_cli_json_start(&text, &j));
        answer_json(opt, &ima, hf_hash_size(alg), want.n != 0, &j);
        HF_TRY(hf_cli_json_end(&text, &j));
    } else {
        answer_text(cli, opt, &ima, hf_hash_size(alg), want.n != 0);
    }
    return verdict(&ima, err);
}

const struct hf_command hf_cmd_tpm_ima_replay = {
    .words = "tpm ima replay",
    .about = "Replay a Linux IMA measurement list and compare it with a register's value",
    .text = "The list is /sys/kernel/security/ima/ascii_runtime_measurements or binary_runtime_measurements. It may be "
            "ahead of the value: the number of entries that the value vouches for is told. Banks other than sha1 are "
            "tried as kernels since 5.8 extend them, and with zero-padded SHA-1 as older ones do.",
    .example = "printf '10 1d8d532d463c9f8c205d0df7787669a85f93e260 ima-ng "
               "sha1:0000000000000000000000000000000000000000 boot_aggregate\\n' > ima.txt\n"
               "holdfast tpm ima replay ima.txt --bank sha1\n"
               "holdfast tpm ima replay ima.txt --json",
    .opts = replay_rows,
    .size = sizeof(struct ima_opts),
    .run = run_replay,
    .defaults = replay_defaults,
};
