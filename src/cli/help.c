/* Help from the tables, `holdfast help` and `holdfast version`. */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/cli.h"

#include <openssl/crypto.h>

static bool is_operand(const struct hf_opt *row)
{
    return row->kind == HF_OPT_WORD || row->kind == HF_OPT_WORDS;
}

hf_err hf_cli_usage(const struct hf_command *command, struct hf_buf *out)
{
    const struct hf_opt *row;
    bool optional = false;

    HF_TRY(hf_buf_printf(out, "holdfast %s", command->words));
    for (row = command->opts; row && row->kind != HF_OPT_END; row++) {
        if (!is_operand(row) && row->required)
            HF_TRY(hf_buf_printf(out, " --%s %s", row->name, row->value ? row->value : ""));
        optional = optional || (!is_operand(row) && !row->required);
    }
    if (optional)
        HF_TRY(hf_buf_printf(out, " [OPTION]..."));
    for (row = command->opts; row && row->kind != HF_OPT_END; row++) {
        if (is_operand(row))
            HF_TRY(hf_buf_printf(out, row->required ? " %s%s" : " [%s]%s", row->name,
                                 row->kind == HF_OPT_WORDS ? "..." : ""));
    }
    return HF_OK;
}

static void print_row(FILE *to, const struct hf_opt *row)
{
    char left[80];

    if (is_operand(row))
        (void)snprintf(left, sizeof(left), "%s", row->name);
    else if (row->letter)
        (void)snprintf(left, sizeof(left), "-%c, --%s%s%s", row->letter, row->name, row->value ? " " : "",
                       row->value ? row->value : "");
    else
        (void)snprintf(left, sizeof(left), "    --%s%s%s", row->name, row->value ? " " : "",
                       row->value ? row->value : "");
    (void)fprintf(to, "  %-26s  %s%s%s%s%s\n", left, row->about, row->words ? " (" : "", row->words ? row->words : "",
                  row->words ? ")" : "", row->required ? " [required]" : "");
}

/* Lines of a text, each behind `margin`. */
static void print_lines(FILE *to, const char *text, const char *margin)
{
    while (*text) {
        size_t n = strcspn(text, "\n");

        (void)fprintf(to, "%s%.*s\n", n ? margin : "", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

#define WIDTH 90

/* Paragraphs, their lines broken between words. */
static void print_wrapped(FILE *to, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t n = strcspn(text, " \n");

        if (column && column + 1 + n > WIDTH) {
            (void)fputc('\n', to);
            column = 0;
        }
        (void)fprintf(to, "%s%.*s", column ? " " : "", (int)n, text);
        column += n + (column > 0);
        text += n;
        for (; *text == '\n'; text++, column = 0)
            (void)fputc('\n', to);
        text += *text == ' ';
    }
    (void)fputc('\n', to);
}

static hf_err help_of_command(FILE *to, const struct hf_command *command)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf usage = {0};
    char *line = NULL;

    HF_TRY(hf_cli_usage(command, &usage));
    HF_TRY(hf_buf_text(&usage, &line));
    (void)fprintf(to, "%s\n\n%s.\n", line, command->about);
    if (command->text) {
        (void)fputc('\n', to);
        print_wrapped(to, command->text);
    }
    if (command->opts && command->opts[0].kind != HF_OPT_END)
        (void)fprintf(to, "\nOptions:\n");
    for (const struct hf_opt *row = command->opts; row && row->kind != HF_OPT_END; row++)
        print_row(to, row);
    (void)fprintf(to, "\nOptions of every command:\n");
    for (const struct hf_opt *row = hf_cli_globals; row->kind != HF_OPT_END; row++)
        print_row(to, row);
    if (command->example) {
        (void)fprintf(to, "\nExample:\n");
        print_lines(to, command->example, "  ");
    }
    return HF_OK;
}

static void help_of_noun(FILE *to, const char *noun)
{
    size_t n = strlen(noun);

    (void)fprintf(to, "holdfast %s%sCOMMAND [OPTION]...\n\n", noun, n ? " " : "");
    for (size_t i = 0; hf_commands[i]; i++) {
        const struct hf_command *c = hf_commands[i];

        if (strncmp(c->words, noun, n) == 0 && (n == 0 || c->words[n] == ' '))
            (void)fprintf(to, "  %-24s  %s\n", c->words, c->about);
    }
    (void)fprintf(to, "\nOptions of every command:\n");
    for (const struct hf_opt *row = hf_cli_globals; row->kind != HF_OPT_END; row++)
        print_row(to, row);
    (void)fprintf(to, "\nholdfast COMMAND --help explains one, with an example.\n");
}

hf_err hf_cli_help(FILE *to, const char *words)
{
    const struct hf_command *command = hf_command_find(words);
    const char *near;

    if (command)
        return help_of_command(to, command);
    if (hf_command_begins(words)) {
        help_of_noun(to, words);
        return HF_OK;
    }
    near = hf_cli_suggest(words);
    return hf_fail(HF_E_ARG, "\"%.100s\" is not a command%s%s%s", words, near ? ": did you mean \"" : "",
                   near ? near : "", near ? "\"?" : "");
}

/* ---- holdfast help ---- */

struct help_opts {
    struct hf_opt_list words;
    const char *man;
    const char *examples;
    const char *completion;
};

static const struct hf_opt help_rows[] = {
    {HF_OPT_WORDS, 0, "COMMAND", offsetof(struct help_opts, words), NULL, "the command's words, or a noun", NULL,
     false},
    {HF_OPT_FILE, 0, "man", offsetof(struct help_opts, man), "DIR", "write every man page into a folder", NULL, false},
    {HF_OPT_FILE, 0, "examples", offsetof(struct help_opts, examples), "DIR", "write every example into a folder", NULL,
     false},
    {HF_OPT_TEXT, 0, "completion", offsetof(struct help_opts, completion), "SHELL", "print the completion of a shell",
     "bash|zsh|fish", false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_help(struct hf_cli *cli, const void *options)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf words = {0};
    const struct help_opts *opt = options;
    char *text = NULL;

    (void)cli;
    if (opt->man)
        return hf_cli_man(opt->man);
    if (opt->examples)
        return hf_cli_examples(opt->examples);
    if (opt->completion)
        return hf_cli_completion(opt->completion);
    for (size_t i = 0; i < opt->words.n; i++)
        HF_TRY(hf_buf_printf(&words, "%s%s", i ? " " : "", opt->words.item[i]));
    HF_TRY(hf_buf_text(&words, &text));
    return hf_cli_help(stdout, text);
}

const struct hf_command hf_cmd_help = {
    .words = "help",
    .without_config = true,
    .about = "Explain a command, or list them",
    .example = "holdfast help audit verify",
    .opts = help_rows,
    .size = sizeof(struct help_opts),
    .run = run_help,
};

/* ---- holdfast version ---- */

static hf_err run_version(struct hf_cli *cli, const void *options)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    (void)options;
    if (!cli->json) {
        (void)printf("holdfast %s\n", hf_version());
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_text(&j, "version", hf_version());
    hf_json_text(&j, "openssl", OpenSSL_version(OPENSSL_VERSION_STRING));
    return hf_cli_json_end(&text, &j);
}

const struct hf_command hf_cmd_version = {
    .words = "version",
    .without_config = true,
    .about = "Print the version",
    .example = "holdfast version",
    .run = run_version,
};
