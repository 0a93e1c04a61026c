/*
 * The command: `holdfast NOUN [NOUN] VERB`. A row of the command table holds everything said about a
 * command: help, man page and completion are written from it, and the tests run its example.
 */
#ifndef HF_CLI_CLI_H
#define HF_CLI_CLI_H

#include "base/opt.h"
#include "codec/json.h"
#include "core/core.h"

#include <stdio.h>

struct hf_cli {
    struct hf_core *core; /* opened on first use by hf_cli_core */
    bool json;            /* --json was given */
    bool quiet;           /* --quiet: no talk on stderr */
    const struct hf_command *command;
    /* the options that every command has */
    const char *tpm, *state, *tpm_state, *config;
};

struct hf_command {
    const char *words;          /* "tpm pcr read" */
    const char *about;          /* one line, starting with a verb, without a full stop */
    const char *text;           /* paragraphs for the man page; may be NULL */
    const char *example;        /* shell lines that the tests run in order in an empty folder, on a fresh TPM */
    const struct hf_opt *opts;  /* its own options, ended by HF_OPT_END */
    size_t size;                /* of its options struct, zeroed before parsing; at most HF_CLI_OPTS_MAX */
    hf_err (*run)(struct hf_cli *cli, const void *options);
    void (*defaults)(void *options); /* numbers that start at something else than zero; may be NULL */
};

#define HF_CLI_OPTS_MAX 4096

/* All commands, in the order of help. One row per command, in cli/table.c; each cmd_*.c defines its
 * rows and declares nothing else. */
extern const struct hf_command *const hf_commands[];

/* The core, opened when first asked for. */
hf_err hf_cli_core(struct hf_cli *cli, struct hf_core **out);

/* Talk on stderr, dropped by --quiet. Results go to stdout by the two below, never by this. */
void hf_cli_say(const struct hf_cli *cli, const char *fmt, ...) HF_PRINTF(2, 3);

/* One "name: value" line of a human answer on stdout, names aligned. */
void hf_cli_line(const struct hf_cli *cli, const char *name, const char *fmt, ...) HF_PRINTF(3, 4);

/* Start an answer in JSON, and print it with a newline. */
hf_err hf_cli_json_start(struct hf_buf *buf, struct hf_json *j);
hf_err hf_cli_json_end(struct hf_buf *buf, struct hf_json *j);

/* An authorization value: file:PATH (one trailing newline is dropped), fd:N, env:NAME, or - for a
 * prompt on the terminal without echo (or standard input when it is no terminal). NULL spec: *out = NULL. */
hf_err hf_cli_auth(const char *spec, const char *prompt, struct hf_secret **out);

/* A file's content, or standard input for "-", at most `max` bytes. */
hf_err hf_cli_read(const char *path, size_t max, struct hf_buf *out);

#endif
