/* holdfast tpm policy digest | show | try */
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/policy_arg.h"
#include "codec/hex.h"
#include "core/tpm_policy.h"
#include "tpm/policy_tree.h"
#include "tpm/policy_words.h"

static const char hashes[] = "sha1|sha256|sha384|sha512";

struct policy_opts {
    const char *policy, *hash;
    struct hf_cli_answer_opts answers;
};

#define COMMON_ROWS                                                                                   \
    {HF_OPT_WORD, 0,                                                                                  \
     "policy",    offsetof(struct policy_opts, policy),                                               \
     "POLICY",    "the policy, or a file with one: text, key file or approval; - for standard input", \
     NULL,        true},                                                                              \
    {                                                                                                 \
        HF_OPT_TEXT, 0, "hash", offsetof(struct policy_opts, hash), "HASH",                           \
            "name hash of the object it is for (default: the file's, else sha256)", hashes, false     \
    }

static const struct hf_opt digest_rows[] = {
    COMMON_ROWS,
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static const struct hf_opt try_rows[] = {
    COMMON_ROWS,
    HF_CLI_ANSWER_ROWS(struct policy_opts, answers),
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

/* The policy of the options; *hash is what was asked for, or what its file says. */
static hf_err read_policy(const struct policy_opts *opt, const char **hash, struct hf_policy **out)
{
    const char *of_file = NULL;

    HF_TRY(hf_cli_policy(opt->policy, &of_file, out));
    *hash = opt->hash ? opt->hash : of_file ? of_file : "sha256";
    return HF_OK;
}

static hf_err has_file(struct hf_policy_step *step, void *arg)
{
    (void)arg;
    return step->object.path && !step->object.pub.n ? HF_E_NOT_FOUND : HF_OK;
}

static bool names_files(struct hf_policy *policy)
{
    return hf_policy_steps_visit(&policy->steps, has_file, NULL) != HF_OK;
}

/* Files first, which need no TPM; the TPM only for what is open then. */
static hf_err bind(struct hf_cli *cli, enum hf_op op, struct hf_policy *policy)
{
    struct hf_policy_source files = {.key = hf_policy_key_file};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    hf_err err = names_files(policy) ? hf_policy_bind(policy, &files) : HF_OK;

    if (err != HF_OK && err != HF_E_UNAVAILABLE)
        return err;
    if (hf_policy_bound(policy))
        return HF_OK;
    HF_TRY(hf_cli_core(cli, &core));
    return hf_core_tpm_policy_bind(core, &who, op, policy);
}

static hf_err text_of(const struct hf_policy *policy, struct hf_buf *out)
{
    HF_TRY(hf_policy_print(policy, out));
    return hf_buf_add(out, (struct hf_bytes){(const uint8_t *)"", 1});
}

static hf_err hex_of(struct hf_bytes bytes, struct hf_buf *out)
{
    HF_TRY(hf_hex_write(bytes, out));
    return hf_buf_add(out, (struct hf_bytes){(const uint8_t *)"", 1});
}

/* ---- digest ---- */

static hf_err run_digest(struct hf_cli *cli, const void *options)
{
    const struct policy_opts *opt = options;
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    const char *hash = NULL;
    struct hf_json j;

    HF_TRY(read_policy(opt, &hash, &policy));
    HF_TRY(bind(cli, HF_OP_TPM_POLICY_DIGEST, policy));
    HF_TRY(hf_policy_digest(policy, hash, &digest));
    if (!cli->json) {
        HF_TRY(hex_of(hf_buf_bytes(&digest), &text));
        (void)printf("%s\n", (const char *)text.p);
        return HF_OK;
    }
    HF_TRY(text_of(policy, &text));
    HF_TRY(hf_cli_json_start(&out, &j));
    hf_json_hex(&j, "digest", hf_buf_bytes(&digest));
    hf_json_text(&j, "hash", hash);
    hf_json_text(&j, "policy", (const char *)text.p);
    return hf_cli_json_end(&out, &j);
}

const struct hf_command hf_cmd_tpm_policy_digest = {
    .words = "tpm policy digest",
    .about = "Compute the digest of a policy",
    .text = "Computed here. A TPM is asked only for what the text leaves open: PCR values, Names of NV indices and "
            "persistent objects. With --json the policy comes back with all of that filled in, so that its digest "
            "can be computed anywhere. The language is in policies(7).",
    .example =
        "holdfast tpm policy digest 'authvalue; command sign'\n"
        "holdfast tpm policy digest 'or boot { pcr sha256:7,16 } recovery { secret owner ref=\"recovery\" }' --json\n"
        "holdfast tpm policy digest 'secret endorsement' --hash sha384\n",
    .opts = digest_rows,
    .size = sizeof(struct policy_opts),
    .run = run_digest,
};

/* ---- show ---- */

/* What a step asks of who runs it. */
static const char *needs(const struct hf_policy_step *step)
{
    static const char *const texts[HF_POLICY_KINDS] = {
        [HF_POLICY_PCR] = "PCRs with these values",
        [HF_POLICY_AUTHVALUE] = "the authorization value of the object that is used",
        [HF_POLICY_PASSWORD] = "the authorization value of the object that is used",
        [HF_POLICY_SECRET] = "the authorization value of what it names",
        [HF_POLICY_SIGNED] = "a fresh signature by the key",
        [HF_POLICY_AUTHORIZE] = "a policy that the key has approved, and that holds",
        [HF_POLICY_AUTHORIZE_NV] = "the policy whose digest the index holds",
        [HF_POLICY_NV] = "an NV index with such a content",
        [HF_POLICY_COUNTER_TIMER] = "a clock or counter with such a value",
        [HF_POLICY_COMMAND] = "to be used for this command only",
        [HF_POLICY_LOCALITY] = "commands from this locality",
        [HF_POLICY_DUPLICATE_TO] = "to be used for duplication to this parent only",
        [HF_POLICY_CPHASH] = "exactly these command parameters",
        [HF_POLICY_NAMEHASH] = "exactly these objects",
        [HF_POLICY_TEMPLATE] = "exactly this template",
        [HF_POLICY_NV_WRITTEN] = "an NV index that was written, or not",
        [HF_POLICY_PHYSICAL_PRESENCE] = "physical presence, asserted by the platform",
        [HF_POLICY_OR] = "one of its branches",
        [HF_POLICY_DIGEST] = "steps that are not known here",
    };

    return texts[step->kind] ? texts[step->kind] : "unknown";
}

static hf_err show_steps(const struct hf_policy_steps *steps, unsigned depth, struct hf_json *j);

static hf_err show_branches(const struct hf_policy_step *step, unsigned depth, struct hf_json *j)
{
    if (j)
        hf_json_array(j, "branches");
    for (size_t i = 0; i < step->n_branches; i++) {
        const struct hf_policy_branch *branch = &step->branch[i];

        if (j) {
            hf_json_object(j, NULL);
            hf_json_text(j, "label", branch->label);
        } else {
            (void)printf("%*s%zu%s%s\n", (int)(2 * depth + 2), "", i + 1, branch->label ? " " : "",
                         branch->label ? branch->label : "");
        }
        HF_TRY(show_steps(&branch->steps, depth + 2, j));
        if (j)
            hf_json_close(j);
    }
    if (j)
        hf_json_close(j);
    return HF_OK;
}

static hf_err show_step(const struct hf_policy_step *step, unsigned depth, struct hf_json *j)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    bool or_ = step->kind == HF_POLICY_OR;

    if (!or_)
        HF_TRY(hf_policy_step_print(step, &text));
    else
        HF_TRY(hf_buf_printf(&text, "or"));
    HF_TRY(hf_buf_add(&text, (struct hf_bytes){(const uint8_t *)"", 1}));
    if (!j) {
        (void)printf("%*s%s\n%*s%s%s\n", (int)(2 * depth), "", (const char *)text.p, (int)(2 * depth + 4), "",
                     needs(step), hf_policy_step_bound(step) ? "" : "; open: filled in when it is bound to a TPM");
        return or_ ? show_branches(step, depth, j) : HF_OK;
    }
    hf_json_object(j, NULL);
    hf_json_text(j, "kind", hf_policy_kind_word(step->kind));
    hf_json_text(j, "text", (const char *)text.p);
    hf_json_text(j, "needs", needs(step));
    hf_json_bool(j, "bound", hf_policy_step_bound(step));
    if (step->line) {
        hf_json_u64(j, "line", step->line);
        hf_json_u64(j, "column", step->column);
    }
    if (or_)
        HF_TRY(show_branches(step, depth, j));
    hf_json_close(j);
    return HF_OK;
}

static hf_err show_steps(const struct hf_policy_steps *steps, unsigned depth, struct hf_json *j)
{
    if (j)
        hf_json_array(j, "steps");
    for (size_t i = 0; i < steps->n; i++)
        HF_TRY(show_step(&steps->step[i], depth, j));
    if (j)
        hf_json_close(j);
    return HF_OK;
}

/* What a key file carries for its `authorize`. */
static hf_err show_approved(const struct hf_policy *policy, struct hf_json *j)
{
    if (j)
        hf_json_array(j, "approved");
    for (size_t i = 0; i < policy->n_approved; i++) {
        struct hf_policy_steps steps = policy->approved[i].steps;
        const char *label = policy->approved[i].label;

        steps.n--; /* the signed `authorize` itself */
        if (j) {
            hf_json_object(j, NULL);
            hf_json_text(j, "label", label);
        } else {
            (void)printf("approved %zu%s%s\n", i + 1, label ? " " : "", label ? label : "");
        }
        HF_TRY(show_steps(&steps, 1, j));
        if (j)
            hf_json_close(j);
    }
    if (j)
        hf_json_close(j);
    return HF_OK;
}

static hf_err run_show(struct hf_cli *cli, const void *options)
{
    const struct policy_opts *opt = options;
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    const char *hash = NULL;
    struct hf_json j;

    HF_TRY(read_policy(opt, &hash, &policy));
    HF_TRY(text_of(policy, &text));
    if (hf_policy_bound(policy)) {
        HF_TRY(hf_policy_digest(policy, hash, &digest));
        HF_TRY(hex_of(hf_buf_bytes(&digest), &hex));
    }
    if (!cli->json) {
        hf_cli_line(cli, "policy", "%s", (const char *)text.p);
        hf_cli_line(cli, "digest", "%s", digest.n ? (const char *)hex.p : "open: see below");
        HF_TRY(show_steps(&policy->steps, 0, NULL));
        return show_approved(policy, NULL);
    }
    HF_TRY(hf_cli_json_start(&out, &j));
    hf_json_text(&j, "policy", (const char *)text.p);
    hf_json_text(&j, "hash", hash);
    hf_json_text(&j, "digest", digest.n ? (const char *)hex.p : NULL);
    HF_TRY(show_steps(&policy->steps, 0, &j));
    HF_TRY(show_approved(policy, &j));
    return hf_cli_json_end(&out, &j);
}

const struct hf_command hf_cmd_tpm_policy_show = {
    .words = "tpm policy show",
    .about = "Show what a policy asks for, step by step",
    .text =
        "Nothing is asked of a TPM. Of a key file its policy is shown, and the policies that are approved beside it.",
    .example = "holdfast tpm policy show 'or boot { pcr sha256:7 } recovery { secret owner; authvalue }'\n"
               "holdfast tpm policy show 'authvalue' --json\n",
    .opts = digest_rows,
    .size = sizeof(struct policy_opts),
    .run = run_show,
};

/* ---- try ---- */

static void trial_free(struct hf_core_policy_trial *trial)
{
    hf_buf_free(&trial->digest);
}

static hf_err print_trial(struct hf_cli *cli, const struct hf_core_policy_trial *trial, const char *hash,
                          struct hf_policy *policy)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(text_of(policy, &text));
    HF_TRY(hex_of(hf_buf_bytes(&trial->digest), &hex));
    if (!cli->json) {
        hf_cli_line(cli, "policy", "%s", (const char *)text.p);
        hf_cli_line(cli, "digest", "%s", (const char *)hex.p);
        hf_cli_line(cli, "holds", "%s", trial->holds ? "yes" : "no");
        hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&out, &j));
    hf_json_text(&j, "policy", (const char *)text.p);
    hf_json_text(&j, "hash", hash);
    hf_json_text(&j, "digest", (const char *)hex.p);
    hf_json_bool(&j, "holds", trial->holds);
    hf_json_text(&j, "why", trial->holds ? NULL : trial->why);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&out, &j);
}

static hf_err run_try(struct hf_cli *cli, const void *options)
{
    const struct policy_opts *opt = options;
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_cli_answers_free) struct hf_cli_answers answers = {0};
    HF_CLEANUP(trial_free) struct hf_core_policy_trial trial = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    const char *hash = NULL;

    HF_TRY(read_policy(opt, &hash, &policy));
    HF_TRY(hf_cli_answers_open(&opt->answers, &answers));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_policy_try(core, &who, policy, hash, &answers.answers, &trial));
    HF_TRY(print_trial(cli, &trial, hash, policy));
    return trial.holds ? HF_OK : hf_fail(HF_E_MISMATCH, "%s", trial.why);
}

const struct hf_command hf_cmd_tpm_policy_try = {
    .words = "tpm policy try",
    .about = "Try a policy on the TPM, and have its digest checked",
    .text =
        "Trial sessions of the TPM compute the digest of every step and branch, which must be the one computed here. "
        "Then the policy runs in a session that authorizes nothing. Exits with 1 when it does not hold; the "
        "message names the step, and for PCRs the value found and the one wanted.",
    .example = "holdfast tpm policy try 'pcr sha256:16; secret owner'\n"
               "holdfast tpm policy try 'or { locality 3 } { counter-timer clock uge 0 }' --branch 2 --json\n"
               "holdfast tpm policy try 'locality 1; counter-timer clock ult 1' || test $? = 1\n",
    .opts = try_rows,
    .size = sizeof(struct policy_opts),
    .run = run_try,
};
