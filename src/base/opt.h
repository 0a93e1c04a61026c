/*
 * Options: one row each. The row parses the command line, is the --help line, the man page line and
 * the shell completion. Values land in a struct of the command, at `at`; texts point into argv.
 */
#ifndef HF_BASE_OPT_H
#define HF_BASE_OPT_H

#include "base/bytes.h"

enum hf_opt_kind {
    HF_OPT_END,
    HF_OPT_FLAG,  /* bool */
    HF_OPT_TEXT,  /* const char * */
    HF_OPT_FILE,  /* const char *: a path to read or write; completes file names */
    HF_OPT_HEX,   /* struct hf_buf: freed by hf_opts_free */
    HF_OPT_U32,   /* uint32_t: decimal or 0x */
    HF_OPT_U64,   /* uint64_t */
    HF_OPT_LIST,  /* struct hf_opt_list: may be given several times */
    HF_OPT_AUTH,  /* const char *: file:PATH, fd:N, env:NAME or -; never the secret itself */
    HF_OPT_WORD,  /* const char *: an operand without a name, in the order of the rows */
    HF_OPT_WORDS, /* struct hf_opt_list: all operands that are left */
};

/* A U32 or U64 that was not given keeps what the command put there before parsing. */

#define HF_OPT_LIST_MAX 64
struct hf_opt_list {
    size_t n;
    const char *item[HF_OPT_LIST_MAX];
};

struct hf_opt {
    enum hf_opt_kind kind;
    char letter;        /* 'n' for -n, or 0 */
    const char *name;   /* "nonce" for --nonce; for an operand its name in the usage line */
    size_t at;          /* offsetof the field */
    const char *value;  /* "HEX": what stands for the value in help; NULL for a flag */
    const char *about;  /* one line */
    const char *words;  /* "sha256|sha384|sha512": the words allowed and completed, or NULL for any */
    bool required;
};

/* Parse argv (without the command's own names) into `out`. HF_E_ARG names what was seen and wanted. */
hf_err hf_opts_parse(const struct hf_opt *rows, int argc, char *const *argv, void *out);

/* Free what parsing allocated. */
void hf_opts_free(const struct hf_opt *rows, void *out);

#endif
