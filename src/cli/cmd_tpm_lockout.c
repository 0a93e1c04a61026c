/* holdfast tpm lockout show | set | reset */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "core/tpm_platform.h"

#define NOT_GIVEN UINT32_MAX

struct lockout_opts {
    const char *auth;
    uint32_t tries, recovery, lockout_recovery;
    bool force;
};

static void defaults(void *options)
{
    struct lockout_opts *opt = options;

    opt->tries = opt->recovery = opt->lockout_recovery = NOT_GIVEN;
}

static hf_err answer_json(struct hf_cli *cli, const struct hf_tpm_lockout *l, struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_bool(&j, "in_lockout", l->in_lockout);
    hf_json_u64(&j, "counter", l->counter);
    hf_json_u64(&j, "max_tries", l->max_tries);
    hf_json_u64(&j, "tries_left", l->tries_left);
    hf_json_u64(&j, "recovery_seconds", l->recovery_s);
    hf_json_u64(&j, "next_decrement_within_seconds", l->next_within_s);
    hf_json_u64(&j, "lockout_recovery_seconds", l->lockout_recovery_s);
    hf_json_bool(&j, "lockout_auth_set", l->auth_set);
    hf_json_bool(&j, "lockout_auth_barred", l->auth_barred);
    if (l->auth_barred)
        hf_json_u64(&j, "barred_for_seconds", l->barred_for_s);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static void answer_text(struct hf_cli *cli, const struct hf_tpm_lockout *l)
{
    hf_cli_line(cli, "in lockout", "%s", l->in_lockout ? "yes" : "no");
    hf_cli_line(cli, "tries left", "%u of %u (%u wrong ones count)", (unsigned)l->tries_left, (unsigned)l->max_tries, (unsigned)l->counter);
    if (l->recovery_s == 0)
        hf_cli_line(cli, "recovery", "protection is off: nothing counts (recovery time 0)");
    else
        hf_cli_line(cli, "recovery", "one try comes back every %u s", (unsigned)l->recovery_s);
    if (l->next_within_s)
        hf_cli_line(cli, "next", "within %u s; all within %llu s", (unsigned)l->next_within_s,
                    (unsigned long long)l->counter * l->recovery_s);
    if (l->lockout_recovery_s)
        hf_cli_line(cli, "lockout auth", "%s; a wrong one bars it for %u s", l->auth_set ? "set" : "empty", (unsigned)l->lockout_recovery_s);
    else
        hf_cli_line(cli, "lockout auth", "%s; a wrong one bars it until the TPM is reset", l->auth_set ? "set" : "empty");
    if (l->auth_barred && l->barred_for_s)
        hf_cli_line(cli, "barred", "for another %u s", (unsigned)l->barred_for_s);
    else if (l->auth_barred)
        hf_cli_line(cli, "barred", "until the TPM is reset");
}

static hf_err answer(struct hf_cli *cli, const struct hf_tpm_lockout *l)
{
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_cli_tpm(cli, &tpm));
    if (cli->json)
        return answer_json(cli, l, tpm);
    answer_text(cli, l);
    hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
    return HF_OK;
}

static hf_err run_show(struct hf_cli *cli, const void *options)
{
    struct hf_who who = hf_cli_who();
    struct hf_tpm_lockout lockout;
    struct hf_core *core = NULL;

    (void)options;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_lockout_show(core, &who, &lockout));
    return answer(cli, &lockout);
}

const struct hf_command hf_cmd_tpm_lockout_show = {
    .words = "tpm lockout show",
    .about = "Show where dictionary-attack protection stands",
    .text = "Wrong authorizations of protected keys and NV indices count; at the limit the TPM refuses all of them, right ones too, until "
            "the counter goes down. The TPM does not say when the next one comes back, only how long it takes at most.",
    .example = "holdfast tpm lockout show\n",
    .run = run_show,
};

#define AUTH_ROWS \
    {HF_OPT_AUTH, 'a', "auth", offsetof(struct lockout_opts, auth), "SPEC", "the lockout authorization: file:PATH, fd:N, env:NAME or - for a prompt", NULL, false}, \
    {HF_OPT_FLAG, 0, "force", offsetof(struct lockout_opts, force), NULL, "try an authorization that can be foreseen to be wrong", NULL, false}

static const struct hf_opt set_rows[] = {
    {HF_OPT_U32, 't', "tries", offsetof(struct lockout_opts, tries), "N", "wrong authorizations until lockout", NULL, false},
    {HF_OPT_U32, 'r', "recovery", offsetof(struct lockout_opts, recovery), "SECONDS", "until one comes back; 0 turns protection off", NULL, false},
    {HF_OPT_U32, 0, "lockout-recovery", offsetof(struct lockout_opts, lockout_recovery), "SECONDS",
     "how long a wrong lockout authorization bars the right one; 0: until a reset", NULL, false},
    AUTH_ROWS,
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_set(struct hf_cli *cli, const void *options)
{
    const struct lockout_opts *opt = options;
    HF_CLEANUP(hf_secret_free) struct hf_secret *auth = NULL;
    struct hf_tpm_lockout_change change = {
        .set_max_tries = opt->tries != NOT_GIVEN,
        .set_recovery = opt->recovery != NOT_GIVEN,
        .set_lockout_recovery = opt->lockout_recovery != NOT_GIVEN,
        .max_tries = opt->tries,
        .recovery_s = opt->recovery,
        .lockout_recovery_s = opt->lockout_recovery,
    };
    struct hf_who who = hf_cli_who();
    struct hf_tpm_lockout lockout;
    struct hf_core *core = NULL;

    if (!change.set_max_tries && !change.set_recovery && !change.set_lockout_recovery)
        return hf_fail(HF_E_ARG, "nothing to set: --tries, --recovery or --lockout-recovery");
    HF_TRY(hf_cli_auth(opt->auth, "lockout authorization", &auth));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_lockout_set(core, &who, auth, &change, opt->force, &lockout));
    return answer(cli, &lockout);
}

const struct hf_command hf_cmd_tpm_lockout_set = {
    .words = "tpm lockout set",
    .about = "Set the parameters of dictionary-attack protection",
    .text = "What is not named stays as it is. An authorization that the TPM's state shows to be wrong is not tried: it would bar the "
            "right one.",
    .example = "holdfast tpm lockout set --tries 10 --recovery 600\n",
    .opts = set_rows,
    .size = sizeof(struct lockout_opts),
    .run = run_set,
    .defaults = defaults,
};

static const struct hf_opt reset_rows[] = {
    AUTH_ROWS,
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_reset(struct hf_cli *cli, const void *options)
{
    const struct lockout_opts *opt = options;
    HF_CLEANUP(hf_secret_free) struct hf_secret *auth = NULL;
    struct hf_who who = hf_cli_who();
    struct hf_tpm_lockout lockout;
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_auth(opt->auth, "lockout authorization", &auth));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_lockout_reset(core, &who, auth, opt->force, &lockout));
    return answer(cli, &lockout);
}

const struct hf_command hf_cmd_tpm_lockout_reset = {
    .words = "tpm lockout reset",
    .about = "Set the counter of wrong authorizations to zero, ending a lockout",
    .example = "holdfast tpm lockout reset\n",
    .opts = reset_rows,
    .size = sizeof(struct lockout_opts),
    .run = run_reset,
};
