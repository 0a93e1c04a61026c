/* holdfast tpm duplicate */
#include "base/cleanup.h"
#include "cli/key_arg.h"
#include "core/tpm_objects.h"

#define PARENT_MAX ((size_t)64 * 1024)

struct duplicate_opts {
    const char *key, *auth, *policy, *parent, *out;
    struct hf_cli_answer_opts answers;
    uint32_t parent_handle;
};

static hf_err run_duplicate(struct hf_cli *cli, const void *options)
{
    const struct duplicate_opts *opt = options;
    HF_CLEANUP(hf_cli_key_free) struct hf_cli_key key = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf parent = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_key_open(cli, opt->key, opt->auth, opt->policy, &key));
    HF_TRY(hf_cli_key_answers(&key, &opt->answers));
    HF_TRY(hf_cli_read(opt->parent, PARENT_MAX, &parent));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_duplicate(core, &who, &key.ref, hf_buf_bytes(&parent), opt->parent_handle, &pem));
    if (opt->out || !cli->json)
        HF_TRY(hf_cli_write_private(opt->out, hf_buf_bytes(&pem)));
    if (!cli->json) {
        hf_cli_say(cli, "wrapped %s for the other parent (environment: %s, bus: %s)", opt->key,
                   hf_tpm_environment_name(hf_tpm_environment(tpm)), hf_tpm_bus_name(hf_tpm_bus(tpm)));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_text_n(&j, "key_file", hf_buf_bytes(&pem));
    hf_json_text(&j, "bus", hf_tpm_bus_name(hf_tpm_bus(tpm)));
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static const struct hf_opt rows[] = {
    HF_CLI_KEY_ROWS(struct duplicate_opts),
    {HF_OPT_FILE, 0, "parent-public", offsetof(struct duplicate_opts, parent), "FILE",
     "public part of the other storage key: TPM2B_PUBLIC, TPMT_PUBLIC or key file; PEM: a storage root key by the "
     "usual template",
     NULL, true},
    {HF_OPT_U32, 0, "parent-handle", offsetof(struct duplicate_opts, parent_handle), "HANDLE",
     "where that key is in the other TPM (default: the owner hierarchy's primary)", NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct duplicate_opts, out), "FILE",
     "where the importable key file goes (default: standard output)", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_duplicate = {
    .words = "tpm duplicate",
    .about = "Wrap a movable key for a storage key of another TPM",
    .text =
        "Only keys made with --movable, under a policy that permits it, can be duplicated. The result is an importable "
        "key file that only the other TPM opens: use it there as it is, or make it loadable with `holdfast tpm load "
        "--key FILE --out FILE`.",
    .example =
        "holdfast tpm primary --alg ecc-p256 --persist 0x81000030\n"
        "holdfast tpm show --key 0x81000030 --format tpm --out other.pub\n"
        "holdfast tpm create --alg ecc-p256 --movable --policy 'command duplicate' --out k.pem\n"
        "holdfast tpm duplicate --key k.pem --parent-public other.pub --parent-handle 0x81000030 --out moved.pem\n"
        "holdfast tpm load --key moved.pem --out there.pem\n"
        "printf 'hello' > m\n"
        "holdfast tpm sign --key there.pem --in m --out s\n"
        "holdfast tpm verify --key k.pem --in m --signature s\n",
    .opts = rows,
    .size = sizeof(struct duplicate_opts),
    .run = run_duplicate,
};
