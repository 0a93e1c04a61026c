/* holdfast nonce new | check */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "codec/hex.h"
#include "core/nonce.h"

/* ---- new ---- */

struct new_opts {
    uint32_t bytes, ttl, count;
    uint64_t max;
    const char *purpose, *store;
};

#define ROW_STORE(type) \
    {HF_OPT_TEXT, 0, "store", offsetof(struct type, store), "URI", \
     "sqlite:PATH or postgresql://... (default: HOLDFAST_STORE, holdfast.db in the state directory)", NULL, false}

static const struct hf_opt new_rows[] = {
    {HF_OPT_U32, 'b', "bytes", offsetof(struct new_opts, bytes), "N", "of each, 16 to 64 (default 32)", NULL, false},
    {HF_OPT_U32, 't', "ttl", offsetof(struct new_opts, ttl), "SECONDS", "how long it is valid (default 300)", NULL,
     false},
    {HF_OPT_U32, 'c', "count", offsetof(struct new_opts, count), "N", "how many, at most 10000 (default 1)", NULL,
     false},
    {HF_OPT_TEXT, 0, "for", offsetof(struct new_opts, purpose), "TEXT", "what for: the check must say the same", NULL,
     false},
    {HF_OPT_U64, 0, "max", offsetof(struct new_opts, max), "N",
     "how many the store keeps at most that are neither used nor expired (default 10000)", NULL, false},
    ROW_STORE(new_opts),
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static void new_defaults(void *options)
{
    struct new_opts *opt = options;

    opt->bytes = 32;
    opt->ttl = HF_NONCE_TTL;
    opt->count = 1;
    opt->max = HF_NONCE_ENTRIES;
}

static hf_err new_answer(const struct hf_cli *cli, const struct new_opts *opt, struct hf_bytes nonces)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j = {0};

    if (cli->json) {
        HF_TRY(hf_cli_json_start(&text, &j));
        hf_json_array(&j, "nonces");
    }
    for (size_t i = 0; i < nonces.n; i += opt->bytes) {
        struct hf_bytes one = {nonces.p + i, opt->bytes};

        if (cli->json) {
            hf_json_hex(&j, NULL, one);
        } else {
            HF_TRY(hf_hex_write(one, &text));
            HF_TRY(hf_buf_add(&text, hf_bytes_text("\n")));
        }
    }
    if (cli->json) {
        hf_json_close(&j);
        hf_json_u64(&j, "ttl_seconds", opt->ttl);
        hf_json_text(&j, "for", opt->purpose ? opt->purpose : "");
        return hf_cli_json_end(&text, &j);
    }
    (void)fwrite(text.p, 1, text.n, stdout);
    return HF_OK;
}

static hf_err run_new(struct hf_cli *cli, const void *options)
{
    const struct new_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf nonces = {0};
    struct hf_nonce_spec spec = {
        .bytes = opt->bytes, .count = opt->count, .ttl_s = opt->ttl, .purpose = opt->purpose, .max = opt->max};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    cli->store = opt->store;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_nonce_new(core, &who, &spec, &nonces));
    return new_answer(cli, opt, hf_buf_bytes(&nonces));
}

const struct hf_command hf_cmd_nonce_new = {
    .words = "nonce new",
    .about = "Issue fresh bytes that evidence must be about",
    .text = "Whoever asks for evidence sends a nonce, and accepts it once. The nonce is remembered in the store until "
            "it is checked or over; the store keeps its hash.\n\n"
            "With a PostgreSQL store any number of machines issue and check the same nonces.",
    .example = "holdfast nonce new\nholdfast nonce new --bytes 64 --ttl 60 --for node-7 --json",
    .opts = new_rows,
    .size = sizeof(struct new_opts),
    .run = run_new,
    .defaults = new_defaults,
};

/* ---- check ---- */

struct check_opts {
    const char *nonce, *purpose, *store;
};

static const struct hf_opt check_rows[] = {
    {HF_OPT_WORD, 0, "HEX", offsetof(struct check_opts, nonce), "HEX", "the nonce", NULL, true},
    {HF_OPT_TEXT, 0, "for", offsetof(struct check_opts, purpose), "TEXT", "what for: as it was issued", NULL, false},
    ROW_STORE(check_opts),
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err check_answer(const struct hf_cli *cli, const struct hf_nonce_answer *a)
{
    const struct {
        const char *name;
        hf_time at;
    } times[] = {{"issued_at", a->issued_at}, {"expires_at", a->expires_at}, {"used_at", a->used_at}};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char when[HF_TIME_TEXT];
    struct hf_json j = {0};

    if (cli->json) {
        HF_TRY(hf_cli_json_start(&text, &j));
        hf_json_bool(&j, "fresh", a->state == HF_NONCE_FRESH);
        hf_json_text(&j, "state", hf_nonce_state_name(a->state));
    } else {
        hf_cli_line(cli, "nonce", "%s", hf_nonce_state_name(a->state));
    }
    for (size_t i = 0; i < HF_COUNT(times); i++) {
        if (times[i].at == 0)
            continue;
        hf_time_write(times[i].at, when);
        if (cli->json)
            hf_json_text(&j, times[i].name, when);
        else
            hf_cli_line(cli, times[i].name, "%s", when);
    }
    return cli->json ? hf_cli_json_end(&text, &j) : HF_OK;
}

static hf_err run_check(struct hf_cli *cli, const void *options)
{
    const struct check_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf nonce = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_nonce_answer answer;
    hf_err err;

    HF_TRY(hf_hex_parse(hf_bytes_text(opt->nonce), &nonce));
    cli->store = opt->store;
    HF_TRY(hf_cli_core(cli, &core));
    err = hf_core_nonce_burn(core, &who, hf_buf_bytes(&nonce), opt->purpose, &answer);
    if (err != HF_OK && err != HF_E_MISMATCH)
        return err;
    HF_TRY(check_answer(cli, &answer));
    return err;
}

const struct hf_command hf_cmd_nonce_check = {
    .words = "nonce check",
    .about = "Use a nonce up: yes once, no ever after",
    .text = "Exit status 0: it was issued here, for this purpose, is not over, and nobody had used it before; it is "
            "used now. 1: no, and the answer says why: used (when), expired (when), other (issued for another purpose: "
            "left as it is), unknown. Of many that check one nonce at the same time exactly one gets 0. After any "
            "other status take the nonce for used.",
    .example = "nonce=$(holdfast nonce new)\nholdfast nonce check \"$nonce\"\n! holdfast nonce check \"$nonce\"",
    .opts = check_rows,
    .size = sizeof(struct check_opts),
    .run = run_check,
};
