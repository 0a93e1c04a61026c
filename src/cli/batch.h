/*
 * Many files judged by several workers at once, in bounded memory: files are named one by one, read, handed out ahead
 * of the answers, and answered in no particular order. A file that breaks a worker is an error of that file; the
 * worker is replaced, and what it had not come to is asked again.
 */
#ifndef HF_CLI_BATCH_H
#define HF_CLI_BATCH_H

#include "cli/verify_arg.h"

#include <signal.h>

/* The next file, and its nonce ("" for none, as hex); both are copied. *path NULL: there is none left. */
typedef hf_err hf_batch_next(void *to, const char **path, const char **nonce);

/* What became of a file. `err` is hf_verify's; `result` is filled in for HF_OK, HF_E_WARNED and HF_E_UNTRUSTED. */
typedef hf_err hf_batch_done(void *to, const char *path, hf_err err, const char *detail,
                             const struct hf_verify_result *result);

struct hf_batch {
    struct hf_cli *cli;
    struct hf_cli_judgement *judgement; /* what every worker is told */
    unsigned jobs;                      /* workers */
    hf_batch_next *next;
    hf_batch_done *done;
    void *to;
    const volatile sig_atomic_t *stop; /* set: hand out nothing more, and come back */
};

/* HF_OK when all files were answered; HF_E_CANCELLED where it was stopped before. Errors of `next`, `done` and of
 * starting workers end it. */
hf_err hf_batch_run(const struct hf_batch *batch);

/* Processors that this process may use: at least 1. */
unsigned hf_batch_processors(void);

#endif
