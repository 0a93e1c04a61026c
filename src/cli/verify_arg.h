/* What `verify` and `verify-batch` share: options, evidence and collateral read from files, and a briefed worker. */
#ifndef HF_CLI_VERIFY_ARG_H
#define HF_CLI_VERIFY_ARG_H

#include "cli/cli.h"
#include "worker/worker.h"

#define HF_EVIDENCE_MAX ((size_t)16 << 20) /* bytes of one file, of evidence as of collateral */

struct hf_cli_verify_opts {
    const char *kind, *at, *nonce, *report_data, *recipe, *public_key, *model_hash;
    struct hf_opt_list collateral, policy, expect, root;
    bool no_cache;
};

/* The rows of what both take; `m` is the member of the options struct `type`. */
#define HF_CLI_VERIFY_ROWS(type, m) \
    {HF_OPT_TEXT, 'k', "kind", offsetof(type, m.kind), "KIND", \
     "what it is: auto, or one of `holdfast evidence kinds`", NULL, false}, \
    {HF_OPT_LIST, 'c', "collateral", offsetof(type, m.collateral), "DIR|FILE", \
     "certificates, revocation lists, TCB infos, ...; may be repeated", NULL, false}, \
    {HF_OPT_FLAG, 0, "no-cache", offsetof(type, m.no_cache), NULL, \
     "leave out what `holdfast collateral` keeps in the state directory", NULL, false}, \
    {HF_OPT_LIST, 'p', "policy", offsetof(type, m.policy), "FILE|NAME", \
     "the policy it must satisfy; may be repeated", NULL, false}, \
    {HF_OPT_LIST, 'e', "expect", offsetof(type, m.expect), "NAME=VALUE", \
     "a claim's value, as --json prints it; may be repeated", NULL, false}, \
    {HF_OPT_LIST, 'r', "root", offsetof(type, m.root), "FILE", \
     "a root to trust beside the vendors': certificate or public key; may be repeated", NULL, false}, \
    {HF_OPT_TEXT, 0, "at", offsetof(type, m.at), "TIME", \
     "judge as of this time: seconds since 1970 or RFC 3339 (default: now)", NULL, false}, \
    {HF_OPT_TEXT, 0, "recipe", offsetof(type, m.recipe), "NAME", \
     "how the nonce stands in it: raw64, sha256-nonce, sha512-nonce, ... (default: any)", NULL, false}, \
    {HF_OPT_TEXT, 0, "public-key", offsetof(type, m.public_key), "HEX", "for recipes that name one", NULL, false}, \
    {HF_OPT_TEXT, 0, "model-hash", offsetof(type, m.model_hash), "HEX", "for recipes that name one", NULL, false}

/* All that a request's views point into. */
struct hf_cli_judgement {
    struct hf_verify_request request; /* without evidence */
    struct hf_briefing briefing;
    struct hf_buf nonce, report_data, public_key, model_hash;
    struct told *told;        /* what each piece was, for errors */
    size_t n_told;
};
void hf_cli_judgement_free(struct hf_cli_judgement *j);

/* Read what the options name. HF_E_ARG, HF_E_NOT_FOUND, HF_E_LIMIT, ... */
hf_err hf_cli_judgement_read(struct hf_cli *cli, const struct hf_cli_verify_opts *opts, struct hf_cli_judgement *out);

/* Tell a worker. A piece that was named must be taken; one of a folder or the cache is passed over, with a note (the
 * first time that this judgement is told). And a note where the confinement is not whole. */
hf_err hf_cli_judgement_tell(struct hf_cli *cli, struct hf_cli_judgement *j, struct hf_worker *worker);

/* One file of evidence, or "-". HF_E_LIMIT says how large it is. */
hf_err hf_cli_evidence_read(const char *path, struct hf_buf *out);

/* All files of one question, read. Start with {0}. HF_E_ARG for more than a verdict has room for, HF_E_FORMAT for one
 * that is empty. */
struct hf_cli_evidence {
    size_t n;
    struct hf_buf buf[HF_EVIDENCE_ITEMS_MAX];
    struct hf_bytes view[HF_EVIDENCE_ITEMS_MAX];
};
hf_err hf_cli_evidence_all(const struct hf_opt_list *files, struct hf_cli_evidence *out);
void hf_cli_evidence_free(struct hf_cli_evidence *e);

/* The last part of a path, for the audit record. */
const char *hf_cli_base_name(const char *path);

#endif
