/*
 * Custom validators (seed 002): programs of the relying party that look at the claims and say yes or no. A program
 * gets the verdict's JSON (`claims` is a member of it) on standard input and exits with 0 to pass; the first line it
 * prints becomes the note of its row "validator NAME". It runs without environment, without new privileges, in a
 * session of its own, with no file open but these, with bounded memory, time and output. Whatever goes wrong is a
 * refusal.
 */
#ifndef HF_CORE_VALIDATORS_H
#define HF_CORE_VALIDATORS_H

#include "base/bytes.h"

#include <holdfast/verify.h>

#define HF_VALIDATORS_MAX 16

struct hf_validator_conf {
    const char *dir;  /* where names without a slash are; NULL: there is no such place */
    unsigned wait_ms; /* for one program; 0: 5 s */
};

struct hf_validator_result {
    char row[48]; /* "validator NAME" */
    bool passed;
    char note[160];
};

/* Run one. `name` is a file of conf->dir or an absolute path. Takes as long as the program, at most wait_ms. */
void hf_validator_run(const struct hf_validator_conf *conf, const char *name, struct hf_bytes claims,
                      struct hf_validator_result *out);

/* As a row of hf_verify; points into the result. */
struct hf_verify_outside hf_validator_outside(const struct hf_validator_result *result);

#endif
