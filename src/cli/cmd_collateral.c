/* holdfast collateral list | show | expire */
#include "base/cleanup.h"
#include "base/file.h"
#include "cli/cli.h"
#include "core/collateral.h"

#include <inttypes.h>

/* "2026-12-01T00:00:00Z", or "-" for no end. */
static const char *until_text(hf_time t, char out[HF_TIME_TEXT])
{
    if (t == HF_COLLATERAL_FOREVER)
        (void)snprintf(out, HF_TIME_TEXT, "-");
    else
        hf_time_write(t, out);
    return out;
}

static void entry_json(const struct hf_collateral_entry *e, struct hf_json *j)
{
    char when[HF_TIME_TEXT];

    hf_json_text(j, "id", e->sha256);
    hf_json_text(j, "kind", e->kind);
    hf_json_u64(j, "size", e->size);
    hf_time_write(e->fetched_at, when);
    hf_json_text(j, "fetched_at", when);
    hf_json_text(j, "valid_until", e->valid_until == HF_COLLATERAL_FOREVER ? NULL : until_text(e->valid_until, when));
    hf_json_bool(j, "over", e->valid_until <= hf_now());
    hf_json_text(j, "url", e->url);
    hf_json_text(j, "from", e->from[0] ? e->from : e->url);
    if (e->etag[0])
        hf_json_text(j, "etag", e->etag);
}

/* ---- list ---- */

static const struct hf_opt no_rows[] = {{HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false}};

struct listing {
    const struct hf_cli *cli;
    struct hf_json *j;
};

static hf_err list_one(void *arg, const struct hf_collateral_entry *e, struct hf_bytes bytes)
{
    const struct listing *l = arg;
    char fetched[HF_TIME_TEXT], until[HF_TIME_TEXT];

    (void)bytes;
    if (l->j) {
        hf_json_object(l->j, NULL);
        entry_json(e, l->j);
        hf_json_close(l->j);
        return HF_OK;
    }
    hf_time_write(e->fetched_at, fetched);
    (void)printf("%.12s  %-12s  %8" PRIu64 "  %s  %-20s  %-4s  %s\n", e->sha256, e->kind, e->size, fetched,
                 until_text(e->valid_until, until), e->valid_until <= hf_now() ? "over" : "ok", e->url);
    return HF_OK;
}

static hf_err run_list(struct hf_cli *cli, const void *options)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j = {0};
    struct listing l = {.cli = cli, .j = cli->json ? &j : NULL};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    (void)options;
    HF_TRY(hf_cli_core(cli, &core));
    if (!cli->json)
        return hf_core_collateral_list(core, &who, list_one, &l);
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_array(&j, "collateral");
    HF_TRY(hf_core_collateral_list(core, &who, list_one, &l));
    hf_json_close(&j);
    return hf_cli_json_end(&text, &j);
}

const struct hf_command hf_cmd_collateral_list = {
    .words = "collateral list",
    .about = "List the certificates, revocation lists and TCB infos that are kept",
    .text = "One line each: id (the SHA-256 of its bytes begins so), kind, size, when it was fetched, until when it "
            "holds, whether that is over, and the vendor's address. Issuer chains that came in a header have the "
            "address of what they came with, and #issuer-chain behind it.",
    .example = "holdfast collateral list",
    .opts = no_rows,
    .size = 1,
    .run = run_list,
};

/* ---- show ---- */

struct show_opts {
    const char *which, *out;
};

static const struct hf_opt show_rows[] = {
    {HF_OPT_WORD, 0, "ID|URL", offsetof(struct show_opts, which), "ID|URL", "its id (8 digits or more), or address",
     NULL, true},
    {HF_OPT_FILE, 'o', "out", offsetof(struct show_opts, out), "FILE", "write its bytes there (- for standard output)",
     NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static void entry_lines(const struct hf_cli *cli, const struct hf_collateral_entry *e)
{
    char when[HF_TIME_TEXT];

    hf_cli_line(cli, "id", "%s", e->sha256);
    hf_cli_line(cli, "kind", "%s", e->kind);
    hf_cli_line(cli, "size", "%" PRIu64 " bytes", e->size);
    hf_time_write(e->fetched_at, when);
    hf_cli_line(cli, "fetched at", "%s", when);
    hf_cli_line(cli, "valid until", "%s%s", until_text(e->valid_until, when),
                e->valid_until <= hf_now() ? " (over)" : "");
    hf_cli_line(cli, "url", "%s", e->url);
    hf_cli_line(cli, "from", "%s", e->from[0] ? e->from : e->url);
}

static hf_err run_show(struct hf_cli *cli, const void *options)
{
    const struct show_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_collateral_entry entry;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_collateral_show(core, &who, opt->which, &entry, &bytes));
    if (opt->out)
        HF_TRY(hf_file_write(opt->out, hf_buf_bytes(&bytes)));
    if (opt->out && strcmp(opt->out, "-") == 0)
        return HF_OK;
    if (!cli->json) {
        entry_lines(cli, &entry);
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    entry_json(&entry, &j);
    return hf_cli_json_end(&text, &j);
}

const struct hf_command hf_cmd_collateral_show = {
    .words = "collateral show",
    .about = "Show one thing that is kept, or write its bytes to a file",
    .text = NULL,
    .example = "holdfast help collateral show",
    .opts = show_rows,
    .size = sizeof(struct show_opts),
    .run = run_show,
};

/* ---- expire ---- */

struct expire_opts {
    const char *which, *before;
    bool all;
};

static const struct hf_opt expire_rows[] = {
    {HF_OPT_WORD, 0, "ID|URL", offsetof(struct expire_opts, which), "ID|URL", "only this one", NULL, false},
    {HF_OPT_TEXT, 0, "before", offsetof(struct expire_opts, before), "TIME",
     "what holds until before then: Unix seconds or RFC 3339 (default: now)", NULL, false},
    {HF_OPT_FLAG, 0, "all", offsetof(struct expire_opts, all), NULL, "everything", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_expire(struct hf_cli *cli, const void *options)
{
    const struct expire_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_collateral_expiry which = {.url_or_id = opt->which, .all = opt->all, .before = hf_now()};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_json j;
    size_t dropped = 0;

    if ((opt->which != NULL) + (opt->before != NULL) + opt->all > 1)
        return hf_fail(HF_E_ARG, "one of ID|URL, --before and --all says what to drop");
    if (opt->before)
        HF_TRY(hf_time_parse(opt->before, &which.before));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_collateral_expire(core, &who, &which, &dropped));
    if (!cli->json) {
        hf_cli_line(cli, "dropped", "%zu", dropped);
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_u64(&j, "dropped", dropped);
    return hf_cli_json_end(&text, &j);
}

const struct hf_command hf_cmd_collateral_expire = {
    .words = "collateral expire",
    .about = "Drop what is over from the cache of collateral",
    .text = "Without an operand: everything whose validity has ended. Old evidence that is judged at an earlier time "
            "(holdfast verify --at) needs the collateral of that time: keep copies of what matters.",
    .example = "holdfast collateral expire",
    .opts = expire_rows,
    .size = sizeof(struct expire_opts),
    .run = run_expire,
};
