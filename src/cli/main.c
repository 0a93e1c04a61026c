/* The command: find the row, parse its options, run it, say how it ended. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "cli/cli.h"
#include "tpm/call.h"

#include <errno.h>
#include <signal.h>
#include <stdalign.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORDS_MAX 128

/* argv, cut: the command's words out, its arguments left. */
struct line {
    const struct hf_command *command; /* NULL when the words name none */
    char typed[WORDS_MAX];            /* words that begin some command, and the first that does not */
    char noun[WORDS_MAX];             /* words that begin some command */
    char **args;
    int n;
    bool help, version, json;
};

/* How many arguments a global option takes up, from argv[0]; 0 when it is none. */
static int global_width(char *const *argv)
{
    const char *arg = argv[0];
    bool has_value = strchr(arg, '=') != NULL;
    size_t n = strcspn(arg, "=");

    for (const struct hf_opt *row = hf_cli_globals; row->kind != HF_OPT_END; row++) {
        bool named = n > 2 && strlen(row->name) == n - 2 && strncmp(arg + 2, row->name, n - 2) == 0 && arg[1] == '-';

        if (named || (row->letter && arg[1] == row->letter && !arg[2]))
            return row->kind == HF_OPT_FLAG || has_value || !argv[1] ? 1 : 2;
    }
    return 0;
}

static bool add_word(char words[WORDS_MAX], const char *word)
{
    size_t n = strlen(words);

    return strlen(word) < WORDS_MAX - n - 1 && snprintf(words + n, WORDS_MAX - n, "%s%s", n ? " " : "", word) > 0;
}

/* Find the longest run of words that names a command; global options may stand between them. */
static hf_err cut(int argc, char *const *argv, struct line *line)
{
    HF_CLEANUP(hf_free) bool *is_word = NULL;
    int last_word = 0;
    int i = 1;

    HF_TRY(hf_alloc((size_t)argc + 1, &is_word));
    HF_TRY(hf_alloc(((size_t)argc + 1) * sizeof(char *), &line->args));
    while (i < argc) {
        char next[WORDS_MAX];
        int width = argv[i][0] == '-' ? global_width(&argv[i]) : 0;

        if (width) {
            i += width;
            continue;
        }
        memcpy(next, line->noun, sizeof(next));
        if (argv[i][0] == '-' || !add_word(next, argv[i]))
            break;
        memcpy(line->typed, next, sizeof(next));
        if (!hf_command_begins(next))
            break;
        memcpy(line->noun, next, sizeof(next));
        is_word[i] = true;
        if (hf_command_find(next)) {
            line->command = hf_command_find(next);
            last_word = i;
        }
        i++;
    }
    for (i = 1; i < argc; i++) {
        if (!is_word[i] || (line->command && i > last_word))
            line->args[line->n++] = argv[i];
    }
    return HF_OK;
}

/* These three work whatever else is wrong with the line. */
static void find_flags(struct line *line)
{
    for (int i = 0; i < line->n && strcmp(line->args[i], "--") != 0; i++) {
        line->help = line->help || strcmp(line->args[i], "--help") == 0 || strcmp(line->args[i], "-h") == 0;
        line->version = line->version || strcmp(line->args[i], "--version") == 0;
        line->json = line->json || strcmp(line->args[i], "--json") == 0;
    }
}

static hf_err unknown(const struct line *line)
{
    const char *near = hf_cli_suggest(line->typed);

    if (!line->typed[0] || strcmp(line->typed, line->noun) == 0) {
        (void)hf_cli_help(stderr, line->noun);
        return hf_fail(HF_E_ARG, line->noun[0] ? "\"%s\" needs one of the words above" : "%sa command is needed",
                       line->noun);
    }
    return hf_fail(HF_E_ARG, "\"%.100s\" is not a command%s%s%s; holdfast --help lists them", line->typed,
                   near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

/* A secret that stands in the configuration, as a spec: the text goes through memory that no other process sees. */
static hf_err literal_spec(const char *literal, char out[16])
{
    int fd = memfd_create("holdfast", MFD_CLOEXEC); /* open until the process ends */

    if (fd < 0)
        return hf_fail_errno("memory for a secret of the configuration");
    HF_TRY(hf_fd_write_all(fd, "memory", hf_bytes_text(literal)));
    if (lseek(fd, 0, SEEK_SET) != 0)
        return hf_fail_errno("memory for a secret of the configuration");
    (void)snprintf(out, 16, "fd:%d", fd);
    return HF_OK;
}

/* Authorizations of hierarchies that the file names, for options that were not given. */
static hf_err default_auths(const struct hf_cli *cli, const struct hf_command *command, char *options)
{
    static char literal[3][16];
    const struct {
        const char *command; /* whose words begin so */
        const char *option;
        const char *spec;
    } known[] = {{"", "owner-auth", cli->config.tpm.owner_auth},
                 {"", "endorsement-auth", cli->config.tpm.endorsement_auth},
                 {"tpm lockout ", "auth", cli->config.tpm.lock_auth}};

    for (const struct hf_opt *row = command->opts; row && row->kind != HF_OPT_END; row++) {
        const char **place = (const char **)(void *)(options + row->at);

        for (size_t i = 0; row->kind == HF_OPT_AUTH && i < HF_COUNT(known); i++) {
            if (!known[i].spec || *place || strcmp(row->name, known[i].option) != 0 ||
                strncmp(command->words, known[i].command, strlen(known[i].command)) != 0)
                continue;
            *place = known[i].spec;
            if (hf_config_names_secret(known[i].spec))
                continue;
            HF_TRY(literal_spec(known[i].spec, literal[i]));
            *place = literal[i];
        }
    }
    return HF_OK;
}

/* The configuration, before the command runs. Help and the like do without. */
static hf_err configure(struct hf_cli *cli, const struct hf_command *command, const char *path, char *options)
{
    if (command->without_config)
        return HF_OK;
    HF_TRY(hf_config_load(path, &cli->config));
    if (cli->config.literals)
        hf_cli_say(cli, "warning: %s: %zu secrets stand in it; name them (file:, env:, credential:)", cli->config.path,
                   cli->config.literals);
    return default_auths(cli, command, options);
}

static hf_err run_command(struct hf_cli *cli, const struct line *line)
{
    alignas(16) char options[HF_CLI_OPTS_MAX + sizeof(struct hf_cli_globals)] = {0};
    struct hf_opt rows[HF_CLI_ROWS];
    struct hf_cli_globals globals;
    size_t at = 0;
    hf_err err;

    HF_TRY(hf_cli_rows(line->command, rows, &at));
    if (line->command->defaults)
        line->command->defaults(options);
    err = hf_opts_parse(rows, line->n, line->args, options);
    if (err == HF_OK) {
        memcpy(&globals, options + at, sizeof(globals));
        cli->json = globals.json;
        cli->quiet = globals.quiet;
        cli->tpm = globals.tpm;
        cli->state = globals.state;
        cli->tpm_state = globals.tpm_state;
        err = configure(cli, line->command, globals.config, options);
    }
    if (err == HF_OK)
        err = line->command->run(cli, options);
    hf_opts_free(rows, options);
    return err;
}

static hf_err run(struct hf_cli *cli, struct line *line, int argc, char *const *argv)
{
    HF_TRY(cut(argc, argv, line));
    find_flags(line);
    cli->json = line->json;
    cli->command = line->command;
    if (line->help)
        return hf_cli_help(stdout, line->command ? line->command->words : line->typed);
    if (line->version && !line->command)
        line->command = hf_command_find("version");
    return line->command ? run_command(cli, line) : unknown(line);
}

/* A failure on standard error; with --json as an object on standard output too, unless the answer
 * stands there already (a verdict that says no). */
static void report(const struct hf_cli *cli, hf_err err)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    const char *detail = hf_err_detail()[0] ? hf_err_detail() : hf_err_text(err);
    uint32_t rc = hf_err_device_code();
    struct hf_json j;

    (void)fprintf(stderr, "holdfast: %s\n", detail);
    if (!cli->json || hf_cli_answered() || hf_cli_json_start(&text, &j) != HF_OK)
        return;
    hf_json_text(&j, "error", hf_err_name(err));
    hf_json_text(&j, "detail", detail);
    hf_json_u64(&j, "code", (uint64_t)hf_err_exit(err));
    if (rc) {
        hf_json_u64(&j, "tpm_rc", rc);
        hf_json_text(&j, "tpm_rc_name", hf_tpm_rc_name(rc));
    }
    (void)hf_cli_json_end(&text, &j);
}

/* What was written to standard output must have arrived. A reader that went away has had enough. */
static hf_err close_output(hf_err err)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return err;
    if (errno == EPIPE)
        return err;
    return err == HF_OK ? hf_fail_errno("standard output") : err;
}

int main(int argc, char **argv)
{
    struct hf_cli cli = {0};
    struct line line = {0};
    hf_err err;

    (void)signal(SIGPIPE, SIG_IGN); /* a broken connection is an error that is reported, not an end */
    err = run(&cli, &line, argc, argv);
    if (err != HF_OK)
        report(&cli, err);
    hf_core_close(&cli.core);
    hf_config_free(&cli.config);
    if (close_output(err) != err) {
        err = HF_E_IO;
        (void)fprintf(stderr, "holdfast: %s\n", hf_err_detail());
    }
    hf_free(&line.args);
    return hf_err_exit(err);
}
