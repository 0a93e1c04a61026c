/* Man pages from the tables. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"

#include <stdlib.h>
#include <time.h>

/* Text as roff: no escapes, no requests, hyphens that can be copied, lists that can be broken. */
static hf_err roff(struct hf_buf *out, const char *text)
{
    bool line_start = true;

    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            HF_TRY(hf_buf_printf(out, "\\&"));
        line_start = *text == '\n';
        if (*text == '\\')
            HF_TRY(hf_buf_printf(out, "\\e"));
        else if (*text == '-')
            HF_TRY(hf_buf_printf(out, "\\-"));
        else if (*text == '|')
            HF_TRY(hf_buf_printf(out, "|\\:")); /* a line may end here */
        else
            HF_TRY(hf_buf_add(out, (struct hf_bytes){(const uint8_t *)text, 1}));
    }
    return HF_OK;
}

static hf_err section(struct hf_buf *out, const char *name)
{
    return hf_buf_printf(out, ".SH %s\n", name);
}

/* The day of the page: the build's, so that the same source gives the same bytes (SOURCE_DATE_EPOCH). */
static hf_err head(struct hf_buf *out, const char *title)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t day = epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm tm = {0};
    char date[16] = "";

    if (gmtime_r(&day, &tm))
        (void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
    return hf_buf_printf(out, ".TH %s 1 \"%s\" \"holdfast %s\" \"holdfast\"\n.nh\n.ad l\n", title, date, hf_version());
}

static hf_err option_row(struct hf_buf *out, const struct hf_opt *row)
{
    HF_TRY(hf_buf_printf(out, ".TP\n"));
    if (row->kind == HF_OPT_WORD || row->kind == HF_OPT_WORDS) {
        HF_TRY(hf_buf_printf(out, "\\fI%s\\fR", row->name));
    } else {
        if (row->letter)
            HF_TRY(hf_buf_printf(out, "\\fB\\-%c\\fR, ", row->letter));
        HF_TRY(hf_buf_printf(out, "\\fB\\-\\-"));
        HF_TRY(roff(out, row->name));
        HF_TRY(hf_buf_printf(out, "\\fR"));
        if (row->value)
            HF_TRY(hf_buf_printf(out, " \\fI%s\\fR", row->value));
    }
    HF_TRY(hf_buf_printf(out, "\n"));
    HF_TRY(roff(out, row->about));
    if (row->words) {
        HF_TRY(hf_buf_printf(out, ": "));
        HF_TRY(roff(out, row->words));
    }
    return hf_buf_printf(out, row->required ? "; required.\n" : ".\n");
}

static hf_err option_rows(struct hf_buf *out, const struct hf_opt *row)
{
    for (; row && row->kind != HF_OPT_END; row++)
        HF_TRY(option_row(out, row));
    return HF_OK;
}

/* Paragraphs, parted by empty lines. */
static hf_err paragraphs(struct hf_buf *out, const char *text)
{
    const char *gap;

    while ((gap = strstr(text, "\n\n")) != NULL) {
        HF_CLEANUP(hf_buf_free) struct hf_buf part = {0};
        char *one = NULL;

        HF_TRY(hf_buf_add(&part, (struct hf_bytes){(const uint8_t *)text, (size_t)(gap - text)}));
        HF_TRY(hf_buf_text(&part, &one));
        HF_TRY(roff(out, one));
        HF_TRY(hf_buf_printf(out, "\n.PP\n"));
        text = gap + 2;
    }
    HF_TRY(roff(out, text));
    return hf_buf_printf(out, "\n");
}

static hf_err example(struct hf_buf *out, const char *lines)
{
    HF_TRY(section(out, "EXAMPLE"));
    HF_TRY(hf_buf_printf(out, ".nf\n"));
    HF_TRY(roff(out, lines));
    return hf_buf_printf(out, "\n.fi\n");
}

static hf_err exit_statuses(struct hf_buf *out)
{
    static const struct {
        const char *status;
        const char *meaning;
    } rows[] = {
        {"0", "yes, done"},
        {"1", "the honest answer is no: a signature is bad, evidence is not trusted, a chain is broken"},
        {"3", "yes, with warnings that are listed"},
        {"64", "the command line is not usable"},
        {"65", "data is malformed"},
        {"66", "there is no such thing"},
        {"69", "a device or service is not available, or has no room"},
        {"70", "a fault of holdfast, or no memory"},
        {"73", "it exists already"},
        {"75", "busy; worth retrying"},
        {"77", "denied: by policy, by the operating system, by a wrong authorization value, by lockout"},
        {"78", "the configuration is not usable"},
    };

    HF_TRY(section(out, "EXIT STATUS"));
    for (size_t i = 0; i < HF_COUNT(rows); i++)
        HF_TRY(hf_buf_printf(out, ".TP\n%s\n%s.\n", rows[i].status, rows[i].meaning));
    return HF_OK;
}

/* "tpm-pcr-read", behind a prefix. */
static hf_err dashed(const char *prefix, const struct hf_command *command, struct hf_buf *out)
{
    HF_TRY(hf_buf_printf(out, "%s", prefix));
    for (const char *c = command->words; *c; c++)
        HF_TRY(hf_buf_printf(out, "%c", *c == ' ' ? '-' : *c));
    return HF_OK;
}

static hf_err command_page(const struct hf_command *command, const char *name, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf usage = {0};
    char *line = NULL;

    HF_TRY(head(out, name));
    HF_TRY(section(out, "NAME"));
    HF_TRY(roff(out, name));
    HF_TRY(hf_buf_printf(out, " \\- "));
    HF_TRY(roff(out, command->about));
    HF_TRY(hf_buf_printf(out, "\n"));
    HF_TRY(section(out, "SYNOPSIS"));
    HF_TRY(hf_cli_usage(command, &usage));
    HF_TRY(hf_buf_text(&usage, &line));
    HF_TRY(roff(out, line));
    HF_TRY(hf_buf_printf(out, "\n"));
    if (command->text) {
        HF_TRY(section(out, "DESCRIPTION"));
        HF_TRY(paragraphs(out, command->text));
    }
    HF_TRY(section(out, "OPTIONS"));
    HF_TRY(option_rows(out, command->opts));
    HF_TRY(option_rows(out, hf_cli_globals));
    if (command->example)
        HF_TRY(example(out, command->example));
    HF_TRY(section(out, "EXIT STATUS"));
    HF_TRY(hf_buf_printf(out, "0 when it is done or the answer is yes; the others are listed in\n.BR holdfast (1).\n"));
    HF_TRY(section(out, "SEE ALSO"));
    return hf_buf_printf(out, ".BR holdfast (1)\n");
}

static hf_err command_list(struct hf_buf *out)
{
    HF_TRY(section(out, "COMMANDS"));
    for (size_t i = 0; hf_commands[i]; i++) {
        HF_TRY(hf_buf_printf(out, ".TP\n\\fBholdfast "));
        HF_TRY(roff(out, hf_commands[i]->words));
        HF_TRY(hf_buf_printf(out, "\\fR\n"));
        HF_TRY(roff(out, hf_commands[i]->about));
        HF_TRY(hf_buf_printf(out, ".\n"));
    }
    return HF_OK;
}

static hf_err overview(struct hf_buf *out)
{
    HF_TRY(head(out, "HOLDFAST"));
    HF_TRY(section(out, "NAME"));
    HF_TRY(hf_buf_printf(out, "holdfast \\- keys that never leave the hardware, and proof of what runs on it\n"));
    HF_TRY(section(out, "SYNOPSIS"));
    HF_TRY(hf_buf_printf(out, ".B holdfast\n.I NOUN VERB\n[\\fIOPTION\\fR]...\n"));
    HF_TRY(section(out, "DESCRIPTION"));
    HF_TRY(paragraphs(out, "Results go to standard output, talk to standard error. With --json the answer is one JSON "
                           "object; a failure is one too, with the members error, detail, code and, where a TPM "
                           "refused, tpm_rc and tpm_rc_name.\n\nSecrets never stand on the command line: they are "
                           "given as file:PATH, fd:N, env:NAME, or - for a prompt.\n\nAnswers of a TPM say in "
                           "which environment it is: hardware, virtual, emulated or unknown."));
    HF_TRY(command_list(out));
    HF_TRY(section(out, "OPTIONS"));
    HF_TRY(option_rows(out, hf_cli_globals));
    HF_TRY(exit_statuses(out));
    HF_TRY(section(out, "ENVIRONMENT"));
    HF_TRY(hf_buf_printf(out, ".TP\nHOLDFAST_STATE\nThe state directory, when \\-\\-state is not given.\n"
                              ".TP\nHOLDFAST_TPM\nThe TPM, when \\-\\-tpm is not given.\n"
                              ".TP\nHOLDFAST_CONFIG\nThe configuration file, when \\-\\-config is not given.\n"));
    HF_TRY(section(out, "FILES"));
    return hf_buf_printf(out, ".TP\n$XDG_STATE_HOME/holdfast, ~/.local/state/holdfast, /var/lib/holdfast for root\n"
                              "The state directory, of mode 0700: audit.log, and what the commands keep.\n");
}

static hf_err write_in(const char *folder, const char *name, const char *end, struct hf_bytes content)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf path = {0};
    char *text = NULL;

    HF_TRY(hf_buf_printf(&path, "%s/%s%s", folder, name, end));
    HF_TRY(hf_buf_text(&path, &text));
    return hf_file_write(text, content);
}

hf_err hf_cli_man(const char *folder)
{
    HF_CLEANUP(hf_fd_close) int made = -1;
    HF_CLEANUP(hf_buf_free) struct hf_buf first = {0};

    HF_TRY(hf_dir_open(folder, &made));
    HF_TRY(overview(&first));
    HF_TRY(write_in(folder, "holdfast", ".1", hf_buf_bytes(&first)));
    for (size_t i = 0; hf_commands[i]; i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf page = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf name = {0};
        char *text = NULL;

        HF_TRY(dashed("holdfast-", hf_commands[i], &name));
        HF_TRY(hf_buf_text(&name, &text));
        HF_TRY(command_page(hf_commands[i], text, &page));
        HF_TRY(write_in(folder, text, ".1", hf_buf_bytes(&page)));
    }
    return HF_OK;
}

hf_err hf_cli_examples(const char *folder)
{
    HF_CLEANUP(hf_fd_close) int made = -1;

    HF_TRY(hf_dir_open(folder, &made));
    for (size_t i = 0; hf_commands[i]; i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf name = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf lines = {0};
        char *text = NULL;

        if (!hf_commands[i]->example)
            continue;
        HF_TRY(dashed("", hf_commands[i], &name));
        HF_TRY(hf_buf_text(&name, &text));
        HF_TRY(hf_buf_printf(&lines, "%s\n", hf_commands[i]->example));
        HF_TRY(write_in(folder, text, ".sh", hf_buf_bytes(&lines)));
    }
    return HF_OK;
}
