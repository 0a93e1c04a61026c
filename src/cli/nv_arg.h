/* An NV index on the command line: which one, and what opens it. */
#ifndef HF_CLI_NV_ARG_H
#define HF_CLI_NV_ARG_H

#include "cli/policy_arg.h"
#include "core/tpm_nv.h"

/* Options of commands that use an index. */
struct hf_cli_nv_opts {
    const char *index, *auth, *as, *policy;
    struct hf_cli_answer_opts answers;
};

#define HF_CLI_NV_INDEX_ROW(type, member) \
    {HF_OPT_WORD, 0, "index", offsetof(type, member), "INDEX", "the NV index, such as 0x01800010", NULL, true}
#define HF_CLI_NV_ROWS(type, member) \
    HF_CLI_NV_INDEX_ROW(type, member.index), \
    {HF_OPT_AUTH, 'a', "auth", offsetof(type, member.auth), "SPEC", "authorization: file:PATH, fd:N, env:NAME or - for a prompt", NULL, false}, \
    {HF_OPT_TEXT, 0, "as", offsetof(type, member.as), "WHO", \
     "whose authorization it is (default: what the index permits, its own first when --auth is given)", "index|owner|platform|policy", false}, \
    {HF_OPT_TEXT, 0, "policy", offsetof(type, member.policy), "POLICY", "the policy that opens it: text, or a file", NULL, false}, \
    HF_CLI_ANSWER_ROWS(type, member.answers)

/* What was read for them; freed as one. */
struct hf_cli_nv {
    struct hf_core_nv ref;
    struct hf_secret *auth;
    struct hf_policy *policy;
    struct hf_cli_answers answers;
};
hf_err hf_cli_nv_open(const struct hf_cli_nv_opts *opts, struct hf_cli_nv *out);
void hf_cli_nv_free(struct hf_cli_nv *nv);

/* "0x01800010" to the number. */
hf_err hf_cli_nv_index(const char *text, uint32_t *out);

/* An answer that consists of index and environment: {"index": "0x…", WORD: true}, or a line. */
hf_err hf_cli_nv_done(struct hf_cli *cli, uint32_t index, const char *word);

#endif
