/* Policies on the command line, and who answers what they ask. */
#ifndef HF_CLI_POLICY_ARG_H
#define HF_CLI_POLICY_ARG_H

#include "cli/cli.h"

#include <holdfast/policy.h>

/*
 * A policy from its text, or from a file that holds one: text, a key file (TSS2 PEM) with its policy, an
 * approval. "-" is standard input. *hash is the key's nameAlg or the approval's hash where the file says
 * one, else unchanged.
 */
hf_err hf_cli_policy(const char *arg, const char **hash, struct hf_policy **out);

/* Options of commands that run policies. `type` has the members approval and secret (struct hf_opt_list), signer
 * and branch (const char *). */
struct hf_cli_answer_opts {
    struct hf_opt_list approval, secret;
    const char *signer, *branch;
};
#define HF_CLI_ANSWER_ROWS(type, member)                                                                            \
    {HF_OPT_LIST, 0,    "approval", offsetof(type, member.approval), "FILE", "an approval for \"authorize\" steps", \
     NULL,        false},                                                                                           \
        {HF_OPT_LIST, 0,                                                                                            \
         "secret",    offsetof(type, member.secret),                                                                \
         "WHAT=SPEC", "authorization of what a step points at: owner=file:PATH, 0x81010001=env:NAME, ...",          \
         NULL,        false},                                                                                       \
        {HF_OPT_FILE, 0,                                                                                            \
         "signer",    offsetof(type, member.signer),                                                                \
         "FILE",      "private key (PEM) that signs for \"signed\" steps",                                          \
         NULL,        false},                                                                                       \
    {                                                                                                               \
        HF_OPT_TEXT, 0, "branch", offsetof(type, member.branch), "NAME",                                            \
            "which alternative to take: label or place, several with dots", NULL, false                             \
    }

/* What was read for them. Freed as one; `answers` points into it. */
struct hf_cli_answers {
    struct hf_policy_answers answers;
    size_t n_secrets;
    struct hf_cli_named_secret {
        char what[140];
        struct hf_secret *value;
    } secret[HF_OPT_LIST_MAX];
    struct hf_policy_approval *approval[HF_OPT_LIST_MAX];
    struct hf_privkey *signer;
};
hf_err hf_cli_answers_open(const struct hf_cli_answer_opts *opts, struct hf_cli_answers *out);
void hf_cli_answers_free(struct hf_cli_answers *answers);

#endif
