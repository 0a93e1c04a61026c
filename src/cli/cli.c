/* What commands share: the core, answers, talk, input. */
#include "cli/cli.h"
#include "base/cleanup.h"
#include "base/file.h"

#include <stdarg.h>

#define NAME_WIDTH 20

static bool answered;

bool hf_cli_answered(void)
{
    return answered;
}

const struct hf_opt hf_cli_globals[] = {
    {HF_OPT_FLAG, 0, "json", offsetof(struct hf_cli_globals, json), NULL, "answer in JSON", NULL, false},
    {HF_OPT_FLAG, 'q', "quiet", offsetof(struct hf_cli_globals, quiet), NULL,
     "say nothing on standard error but errors", NULL, false},
    {HF_OPT_TEXT, 0, "tpm", offsetof(struct hf_cli_globals, tpm), "URI",
     "which TPM (default: HOLDFAST_TPM, a device found, embedded)", NULL, false},
    {HF_OPT_FILE, 0, "state", offsetof(struct hf_cli_globals, state), "DIR",
     "the state directory (default: HOLDFAST_STATE)", NULL, false},
    {HF_OPT_FILE, 0, "tpm-state", offsetof(struct hf_cli_globals, tpm_state), "DIR",
     "where the embedded TPM keeps its state", NULL, false},
    {HF_OPT_FILE, 0, "config", offsetof(struct hf_cli_globals, config), "FILE",
     "the configuration (default: HOLDFAST_CONFIG, the user's, the system's)", NULL, false},
    {HF_OPT_FLAG, 'h', "help", offsetof(struct hf_cli_globals, help), NULL, "explain the command", NULL, false},
    {HF_OPT_FLAG, 0, "version", offsetof(struct hf_cli_globals, version), NULL, "print the version", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static bool hidden(const struct hf_opt *rows, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].kind != HF_OPT_WORD && rows[i].kind != HF_OPT_WORDS && strcmp(rows[i].name, name) == 0)
            return true;
    }
    return false;
}

hf_err hf_cli_rows(const struct hf_command *command, struct hf_opt out[HF_CLI_ROWS], size_t *globals_at)
{
    size_t base = command ? (command->size + 15) / 16 * 16 : 0;
    size_t own = 0;
    size_t n = 0;

    while (command && command->opts && command->opts[own].kind != HF_OPT_END)
        own++;
    if (own + HF_COUNT(hf_cli_globals) > HF_CLI_ROWS || base > HF_CLI_OPTS_MAX)
        return hf_fail(HF_E_INTERNAL, "%s has %zu options in %zu bytes", command ? command->words : "", own, base);
    for (; n < own; n++)
        out[n] = command->opts[n];
    for (size_t i = 0; i < HF_COUNT(hf_cli_globals); i++) {
        if (hf_cli_globals[i].kind != HF_OPT_END && hidden(out, own, hf_cli_globals[i].name))
            continue;
        out[n] = hf_cli_globals[i];
        out[n++].at += base;
    }
    *globals_at = base;
    return HF_OK;
}

hf_err hf_cli_core(struct hf_cli *cli, struct hf_core **out)
{
    struct hf_core_conf conf = {
        .state_dir = cli->state,
        .configured_state = cli->config.state,
        .tpm = {.uri = cli->tpm,
                .configured_uri = cli->config.tpm_uri,
                .tpm_state = cli->tpm_state ? cli->tpm_state : cli->config.tpm.state},
        .store = cli->store,
        .configured_store = cli->config.store,
        .one_shot = true,
    };

    if (!cli->core)
        HF_TRY(hf_core_open(&conf, &cli->core));
    *out = cli->core;
    return HF_OK;
}

hf_err hf_cli_tpm(struct hf_cli *cli, struct hf_tpm **out)
{
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_core(cli, &core));
    return hf_core_tpm(core, out);
}

struct hf_who hf_cli_who(void)
{
    return hf_who_here("cli");
}

void hf_cli_say(const struct hf_cli *cli, const char *fmt, ...)
{
    va_list args;

    if (cli->quiet)
        return;
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

void hf_cli_line(const struct hf_cli *cli, const char *name, const char *fmt, ...)
{
    va_list args;

    (void)cli;
    (void)printf("%s:%*s", name, strlen(name) + 1 < NAME_WIDTH ? NAME_WIDTH - (int)strlen(name) - 1 : 1, "");
    va_start(args, fmt);
    (void)vprintf(fmt, args);
    va_end(args);
    (void)putchar('\n');
}

void hf_cli_environment(const struct hf_cli *cli, struct hf_json *j, enum hf_tpm_environment environment)
{
    static const char *const names[] = {"unknown", "emulated", "virtual", "hardware"};
    const char *name = (unsigned)environment < HF_COUNT(names) ? names[environment] : names[0];

    if (j)
        hf_json_text(j, "environment", name);
    else
        hf_cli_line(cli, "environment", "%s", name);
}

hf_err hf_cli_json_start(struct hf_buf *buf, struct hf_json *j)
{
    buf->n = 0;
    *j = hf_json(buf, true);
    hf_json_object(j, NULL);
    return j->err;
}

hf_err hf_cli_json_end(struct hf_buf *buf, struct hf_json *j)
{
    hf_json_close(j);
    HF_TRY(hf_json_end(j));
    HF_TRY(hf_buf_add(buf, hf_bytes_text("\n")));
    (void)fwrite(buf->p, 1, buf->n, stdout); /* a failure is seen when standard output is closed */
    answered = true;
    return HF_OK;
}

hf_err hf_cli_print(const struct hf_cli *cli, struct hf_bytes text)
{
    (void)fwrite(text.p, 1, text.n, stdout); /* a failure is seen when standard output is closed */
    answered |= cli->json;
    return HF_OK;
}

hf_err hf_cli_read(const char *path, size_t max, struct hf_buf *out)
{
    return hf_file_read(path, max, out);
}
