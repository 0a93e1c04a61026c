/* A key on the command line: a key file, or a handle. */
#ifndef HF_CLI_KEY_ARG_H
#define HF_CLI_KEY_ARG_H

#include "cli/policy_arg.h"
#include "core/tpm_keys.h"

/* What was read for a --key option; wiped and freed as one. */
struct hf_cli_key {
    struct hf_core_key ref;
    struct hf_buf file;
    struct hf_secret *auth;
    char label[64];
    struct hf_cli_answers answers; /* for its policy */
};

/*
 * spec    "k.pem", "-" for standard input, or "0x81000005"
 * auth    as hf_cli_auth takes it; NULL: none was given, and it is asked for on a terminal where the key
 *         file says that there is one
 *         HF_CLI_NO_AUTH: what is done needs none
 * policy  text, or NULL
 */
#define HF_CLI_NO_AUTH ""
hf_err hf_cli_key_open(struct hf_cli *cli, const char *spec, const char *auth, const char *policy, struct hf_cli_key *out);

/* Who answers what its policy asks; nothing happens where no option was given. */
hf_err hf_cli_key_answers(struct hf_cli_key *key, const struct hf_cli_answer_opts *opts);
void hf_cli_key_free(struct hf_cli_key *key);

/* The rows of options that go with a key; `type` is the options struct, which has these members. */
#define HF_CLI_KEY_ROWS(type) \
    {HF_OPT_FILE, 'k', "key", offsetof(type, key), "KEY", "key file (TSS2 PEM), or a handle such as 0x81000005", NULL, true}, \
    {HF_OPT_AUTH, 'a', "auth", offsetof(type, auth), "SPEC", "its authorization: file:PATH, fd:N, env:NAME or - for a prompt", NULL, false}, \
    {HF_OPT_TEXT, 0, "policy", offsetof(type, policy), "TEXT", "the policy that opens it, where its file has none", NULL, false}, \
    HF_CLI_ANSWER_ROWS(type, answers)

/* "sha256" to TPM_ALG_ID; NULL: 0. */
hf_err hf_cli_hash(const char *name, unsigned *out);

/* Secret bytes to a file (mode 0600) or standard output. */
hf_err hf_cli_write_secret(const char *path, const struct hf_secret *secret);

/* Public bytes to a file or standard output; NULL path: "-". */
hf_err hf_cli_write(const char *path, struct hf_bytes bytes);

/* The same with mode 0600, for key files. */
hf_err hf_cli_write_private(const char *path, struct hf_bytes bytes);

/* Behind an attestation key's PUBLIC KEY block: its TPMT_PUBLIC, which says that it signs only what the TPM made. */
#define HF_CLI_AREA_LABEL "TPM PUBLIC AREA"

/* Facts of a key: into an answer in JSON, or as lines. */
hf_err hf_cli_key_facts(struct hf_cli *cli, struct hf_json *j, const struct hf_tpm_key *key);

#endif
