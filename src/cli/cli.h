/*
 * The command: `holdfast NOUN [NOUN] VERB`. A row of the command table holds everything said about a
 * command: help, man page and completion are written from it, and the tests run its example.
 */
#ifndef HF_CLI_CLI_H
#define HF_CLI_CLI_H

#include "base/opt.h"
#include "codec/json.h"
#include "core/config.h"
#include "core/core.h"

#include <stdio.h>

struct hf_cli {
    struct hf_core *core; /* opened on first use by hf_cli_core */
    bool json;            /* --json was given */
    bool quiet;           /* --quiet: no talk on stderr */
    const struct hf_command *command;
    /* the options that every command has */
    const char *tpm, *state, *tpm_state;
    struct hf_config config; /* of --config and its usual places; empty before the options are read */
    const char *store; /* set by commands that have --store, before they ask for the core */
};

struct hf_command {
    const char *words;         /* "tpm pcr read" */
    const char *about;         /* one line, starting with a verb, without a full stop */
    const char *text;          /* paragraphs for the man page; may be NULL */
    const char *example;       /* shell lines that the tests run in order in an empty folder, on a fresh TPM */
    const struct hf_opt *opts; /* its own options, ended by HF_OPT_END */
    size_t size;               /* of its options struct, zeroed before parsing; at most HF_CLI_OPTS_MAX */
    hf_err (*run)(struct hf_cli *cli, const void *options);
    bool without_config;             /* it runs whatever the configuration file says */
    void (*defaults)(void *options); /* numbers that start at something else than zero; may be NULL */
};

#define HF_CLI_OPTS_MAX 4096

/* All commands, in the order of help. One row per command, in cli/table.c; each cmd_*.c defines its
 * rows and declares nothing else. */
extern const struct hf_command *const hf_commands[];

/* The command whose words these are; NULL when there is none. */
const struct hf_command *hf_command_find(const char *words);

/* Do the words of some command begin with these (whole words)? "" begins all. */
bool hf_command_begins(const char *words);

/* The core, opened when first asked for. */
hf_err hf_cli_core(struct hf_cli *cli, struct hf_core **out);

/* Talk on stderr, dropped by --quiet. Results go to stdout by the two below, never by this. */
void hf_cli_say(const struct hf_cli *cli, const char *fmt, ...) HF_PRINTF(2, 3);

/* One "name: value" line of a human answer on stdout, names aligned. */
void hf_cli_line(const struct hf_cli *cli, const char *name, const char *fmt, ...) HF_PRINTF(3, 4);

/* The TPM of the core, and this caller, as operations of core want them. */
hf_err hf_cli_tpm(struct hf_cli *cli, struct hf_tpm **out);
struct hf_who hf_cli_who(void);

/* Where an answer comes from: "environment: emulated". Into `j` when there is one, else a line on
 * stdout. Every answer that a TPM gave says it. */
void hf_cli_environment(const struct hf_cli *cli, struct hf_json *j, enum hf_tpm_environment environment);

/* Start an answer in JSON, and print it with a newline. */
hf_err hf_cli_json_start(struct hf_buf *buf, struct hf_json *j);
hf_err hf_cli_json_end(struct hf_buf *buf, struct hf_json *j);

/* An answer that is whole already, on stdout; with --json, the answer. */
hf_err hf_cli_print(const struct hf_cli *cli, struct hf_bytes text);

/* An authorization value: file:PATH (one trailing newline is dropped), fd:N, env:NAME, or - for a
 * prompt on the terminal without echo (or standard input when it is no terminal). NULL spec: *out = NULL. */
hf_err hf_cli_auth(const char *spec, const char *prompt, struct hf_secret **out);

/* A file's content, or standard input for "-", at most `max` bytes. */
hf_err hf_cli_read(const char *path, size_t max, struct hf_buf *out);

/* Has an answer in JSON been printed? */
bool hf_cli_answered(void);

/* ---- the framework's own parts ---- */

/* The options that every command has, and where their values land. */
struct hf_cli_globals {
    bool json, quiet, help, version;
    const char *tpm, *state, *tpm_state, *config;
};
extern const struct hf_opt hf_cli_globals[];

/* The rows of a command (NULL: none) and the global ones behind them; *globals_at is where in the
 * options memory their values begin. A row of the command hides a global one of the same name. */
#define HF_CLI_ROWS 64
hf_err hf_cli_rows(const struct hf_command *command, struct hf_opt out[HF_CLI_ROWS], size_t *globals_at);

/* Help for a command, for a noun ("tpm nv"), or for everything (""). HF_E_ARG when there is neither. */
hf_err hf_cli_help(FILE *to, const char *words);

/* "holdfast tpm sign --key FILE [OPTION]... [WORD]" */
hf_err hf_cli_usage(const struct hf_command *command, struct hf_buf *out);

/* The command nearest to what was typed; NULL when none is near. */
const char *hf_cli_suggest(const char *typed);

/* Every man page of section 1 into a folder. */
hf_err hf_cli_man(const char *folder);

/* Every example as a shell script of its own, for the tests: "tpm-pcr-read.sh". */
hf_err hf_cli_examples(const char *folder);

/* The completion of a shell to standard output. */
hf_err hf_cli_completion(const char *shell);

#endif
