/* holdfast tpm nv write | read | extend | increment */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/reader.h"
#include "base/text.h"
#include "cli/key_arg.h"
#include "cli/nv_arg.h"

#include <inttypes.h>

#define DATA_MAX 65536u /* no index is larger */
#define NOT_GIVEN UINT32_MAX

struct data_opts {
    struct hf_cli_nv_opts nv;
    const char *in, *out, *bits;
    uint32_t offset, size, limit;
};

static void defaults(void *options)
{
    struct data_opts *opt = options;

    opt->limit = NOT_GIVEN;
    opt->size = NOT_GIVEN;
}

static const struct hf_opt write_rows[] = {
    HF_CLI_NV_ROWS(struct data_opts, nv),
    {HF_OPT_FILE, 'i', "in", offsetof(struct data_opts, in), "FILE", "what to write (default: standard input)", NULL,
     false},
    {HF_OPT_U32, 'o', "offset", offsetof(struct data_opts, offset), "BYTES", "where (default: 0)", NULL, false},
    {HF_OPT_TEXT, 0, "bits", offsetof(struct data_opts, bits), "NUMBER", "kind bits: which to set, such as 0x5", NULL,
     false},
    {HF_OPT_U32, 0, "limit", offsetof(struct data_opts, limit), "N", "a PIN: its limit; the count becomes 0", NULL,
     false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_write(struct hf_cli *cli, const void *options)
{
    const struct data_opts *opt = options;
    HF_CLEANUP(hf_cli_nv_free) struct hf_cli_nv nv = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *data = NULL;
    struct hf_core_nv_write what = {.offset = opt->offset};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    uint64_t bits = 0;

    if (opt->bits && (opt->limit != NOT_GIVEN || opt->in))
        return hf_fail(HF_E_ARG, "--bits, --limit and --in are three kinds of write: give one");
    HF_TRY(hf_cli_nv_open(&opt->nv, &nv));
    if (opt->bits) {
        HF_TRY(hf_text_u64(opt->bits, UINT64_MAX, "--bits", &bits));
        what.bits = &bits;
    } else if (opt->limit != NOT_GIVEN) {
        what.limit = &opt->limit;
    } else {
        HF_TRY(hf_file_read_secret(opt->in ? opt->in : "-", DATA_MAX, &data));
        what.data = hf_secret_expose(data);
    }
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_nv_write(core, &who, &nv.ref, &what));
    return hf_cli_nv_done(cli, nv.ref.index, "written");
}

const struct hf_command hf_cmd_tpm_nv_write = {
    .words = "tpm nv write",
    .about = "Write to an NV index",
    .text = "Any length that the index has, in as many commands as the TPM's buffer needs; each is encrypted on the "
            "way. Sets bits of "
            "an index of kind bits, and the limit of a PIN.",
    .example = "holdfast tpm nv define 0x01800010 --size 1500\n"
               "head -c 1500 /dev/urandom > data\n"
               "holdfast tpm nv write 0x01800010 --in data\n"
               "holdfast tpm nv read 0x01800010 --out back\n"
               "cmp data back\n",
    .opts = write_rows,
    .size = sizeof(struct data_opts),
    .run = run_write,
    .defaults = defaults,
};

static const struct hf_opt read_rows[] = {
    HF_CLI_NV_ROWS(struct data_opts, nv),
    {HF_OPT_U32, 0, "offset", offsetof(struct data_opts, offset), "BYTES", "where to begin (default: 0)", NULL, false},
    {HF_OPT_U32, 's', "size", offsetof(struct data_opts, size), "BYTES", "how much (default: to the end)", NULL, false},
    {HF_OPT_FILE, 'o', "out", offsetof(struct data_opts, out), "FILE",
     "where the bytes go, mode 0600 (default: standard output)", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err read_json(struct hf_cli *cli, uint32_t index, struct hf_bytes data, struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_handle(&j, "index", index);
    hf_json_base64(&j, "data", data);
    if (data.n == 8) { /* a counter, bits, or a PIN's count and limit */
        struct hf_reader r = hf_reader(data);

        hf_json_u64(&j, "number", hf_rd_u64be(&r));
    }
    hf_json_text(&j, "bus", hf_tpm_bus_name(hf_tpm_bus(tpm)));
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err run_read(struct hf_cli *cli, const void *options)
{
    const struct data_opts *opt = options;
    HF_CLEANUP(hf_cli_nv_free) struct hf_cli_nv nv = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *data = NULL;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_cli_nv_open(&opt->nv, &nv));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_nv_read(core, &who, &nv.ref, opt->offset, opt->size == NOT_GIVEN ? SIZE_MAX : opt->size, &data));
    if (opt->out || !cli->json)
        HF_TRY(hf_cli_write_secret(opt->out, data));
    if (!cli->json)
        return HF_OK;
    return read_json(cli, nv.ref.index, hf_secret_expose(data), tpm);
}

const struct hf_command hf_cmd_tpm_nv_read = {
    .words = "tpm nv read",
    .about = "Read an NV index",
    .text =
        "The bytes go to standard output or a file as they are; with --json in base64, and 8 bytes also as a number.",
    .example = "holdfast tpm nv define 0x01800010 --size 5\n"
               "printf 'hello' | holdfast tpm nv write 0x01800010\n"
               "test \"$(holdfast tpm nv read 0x01800010)\" = hello\n",
    .opts = read_rows,
    .size = sizeof(struct data_opts),
    .run = run_read,
    .defaults = defaults,
};

static const struct hf_opt extend_rows[] = {
    HF_CLI_NV_ROWS(struct data_opts, nv),
    {HF_OPT_FILE, 'i', "in", offsetof(struct data_opts, in), "FILE", "what to extend with (default: standard input)",
     NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_extend(struct hf_cli *cli, const void *options)
{
    const struct data_opts *opt = options;
    HF_CLEANUP(hf_cli_nv_free) struct hf_cli_nv nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf data = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_nv_open(&opt->nv, &nv));
    HF_TRY(hf_cli_read(opt->in ? opt->in : "-", DATA_MAX, &data));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_nv_extend(core, &who, &nv.ref, hf_buf_bytes(&data)));
    return hf_cli_nv_done(cli, nv.ref.index, "extended");
}

const struct hf_command hf_cmd_tpm_nv_extend = {
    .words = "tpm nv extend",
    .about = "Extend an NV index of kind extend: new = H(old || data)",
    .example = "holdfast tpm nv define 0x01800012 --kind extend\n"
               "printf 'event' | holdfast tpm nv extend 0x01800012\n"
               "holdfast tpm nv read 0x01800012 --json\n",
    .opts = extend_rows,
    .size = sizeof(struct data_opts),
    .run = run_extend,
};

static const struct hf_opt increment_rows[] = {
    HF_CLI_NV_ROWS(struct data_opts, nv),
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_increment(struct hf_cli *cli, const void *options)
{
    const struct data_opts *opt = options;
    HF_CLEANUP(hf_cli_nv_free) struct hf_cli_nv nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    struct hf_json j;
    uint64_t value = 0;
    bool known = false;

    HF_TRY(hf_cli_nv_open(&opt->nv, &nv));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_nv_increment(core, &who, &nv.ref, &value, &known));
    if (!cli->json) {
        if (known)
            (void)printf("%" PRIu64 "\n", value);
        return hf_cli_nv_done(cli, nv.ref.index, "incremented");
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_handle(&j, "index", nv.ref.index);
    hf_json_bool(&j, "incremented", true);
    if (known)
        hf_json_u64(&j, "value", value);
    else
        hf_json_null(&j, "value");
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

const struct hf_command hf_cmd_tpm_nv_increment = {
    .words = "tpm nv increment",
    .about = "Increment a counter, and print its value where it may be read",
    .example = "holdfast tpm nv define 0x01800011 --kind counter\n"
               "holdfast tpm nv increment 0x01800011\n",
    .opts = increment_rows,
    .size = sizeof(struct data_opts),
    .run = run_increment,
};
