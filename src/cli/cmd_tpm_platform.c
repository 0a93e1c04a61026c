/* holdfast tpm auth | clear | clock | state import-swtpm | state export-swtpm */
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/cli.h"
#include "core/tpm_platform.h"

#include <inttypes.h>

struct platform_opts {
    const char *who, *auth, *new_auth, *by, *file;
    const char *set;
    bool force, yes, replace;
};

static enum hf_tpm_authority authority_of(const char *word)
{
    for (int i = HF_TPM_BY_OWNER; i <= HF_TPM_BY_PLATFORM; i++) {
        if (strcmp(word, hf_tpm_authority_name((enum hf_tpm_authority)i)) == 0)
            return (enum hf_tpm_authority)i;
    }
    return HF_TPM_BY_PLATFORM; /* the option's words permit no other */
}

/* {NAME: VALUE, "environment": ...}, or a line of talk. */
static hf_err done(struct hf_cli *cli, const char *name, const char *value, const char *said)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    HF_TRY(hf_cli_tpm(cli, &tpm));
    if (!cli->json) {
        hf_cli_say(cli, "%s (environment: %s)", said, hf_tpm_environment_name(hf_tpm_environment(tpm)));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_text(&j, name, value);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static const struct hf_opt auth_rows[] = {
    {HF_OPT_WORD, 0, "hierarchy", offsetof(struct platform_opts, who), "HIERARCHY", "owner, endorsement, lockout or platform",
     "owner|endorsement|lockout|platform", true},
    {HF_OPT_AUTH, 0, "new", offsetof(struct platform_opts, new_auth), "SPEC", "its new value: file:PATH, fd:N, env:NAME or - for a prompt", NULL, true},
    {HF_OPT_AUTH, 'a', "auth", offsetof(struct platform_opts, auth), "SPEC", "its value now (default: empty)", NULL, false},
    {HF_OPT_FLAG, 0, "force", offsetof(struct platform_opts, force), NULL, "lockout: try a value that can be foreseen to be wrong", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_auth(struct hf_cli *cli, const void *options)
{
    const struct platform_opts *opt = options;
    HF_CLEANUP(hf_secret_free) struct hf_secret *old = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *new = NULL;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_auth(opt->auth, "authorization of now", &old));
    HF_TRY(hf_cli_auth(opt->new_auth, "new authorization", &new));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_auth(core, &who, authority_of(opt->who), old, new, opt->force));
    return done(cli, "changed", opt->who, "the authorization is changed");
}

const struct hf_command hf_cmd_tpm_auth = {
    .words = "tpm auth",
    .about = "Give a hierarchy another authorization value",
    .text = "The owner's value is asked for primaries, persistent objects and NV indices; the endorsement's for endorsement keys; the "
            "lockout's to end a lockout and to clear. An empty file takes a value away. Whoever loses the lockout value waits for the "
            "platform (firmware setup) to clear the TPM. The platform's value lasts until the next reset.",
    .example = "printf 'correct horse' > owner; : > none\n"
               "holdfast tpm auth owner --new file:owner\n"
               "holdfast tpm auth owner --auth file:owner --new file:none\n",
    .opts = auth_rows,
    .size = sizeof(struct platform_opts),
    .run = run_auth,
};

static const struct hf_opt clear_rows[] = {
    {HF_OPT_FLAG, 0, "yes", offsetof(struct platform_opts, yes), NULL, "do it: every key of owner and endorsement is destroyed", NULL, false},
    {HF_OPT_TEXT, 0, "by", offsetof(struct platform_opts, by), "WHO", "whose authorization: lockout (default) or platform", "lockout|platform", false},
    {HF_OPT_AUTH, 'a', "auth", offsetof(struct platform_opts, auth), "SPEC", "the authorization: file:PATH, fd:N, env:NAME or - (default: empty)", NULL,
     false},
    {HF_OPT_FLAG, 0, "force", offsetof(struct platform_opts, force), NULL, "try an authorization that can be foreseen to be wrong", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err clear_json(struct hf_cli *cli, const struct hf_tpm_clear_report *report, struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_bool(&j, "cleared", report->cleared);
    hf_json_array(&j, "steps");
    for (size_t i = 0; i < report->n; i++) {
        hf_json_object(&j, NULL);
        hf_json_text(&j, "name", report->step[i].name);
        hf_json_bool(&j, "done", report->step[i].done);
        hf_json_text(&j, "text", report->step[i].text);
        hf_json_close(&j);
    }
    hf_json_close(&j);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err run_clear(struct hf_cli *cli, const void *options)
{
    const struct platform_opts *opt = options;
    HF_CLEANUP(hf_secret_free) struct hf_secret *auth = NULL;
    struct hf_tpm_clear_report report = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    hf_err err;

    if (!opt->yes)
        return hf_fail(HF_E_ARG, "nothing was done: a clear destroys every key and NV index of owner and endorsement, also for who kept copies; "
                                 "with --yes it is done");
    HF_TRY(hf_cli_auth(opt->auth, "authorization", &auth));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    err = hf_core_tpm_clear(core, &who, authority_of(opt->by ? opt->by : "lockout"), auth, opt->force, &report);
    if (!report.cleared)
        return err;
    if (cli->json)
        HF_TRY(clear_json(cli, &report, tpm));
    for (size_t i = 0; i < report.n && !cli->json; i++)
        hf_cli_line(cli, report.step[i].name, "%s%s", report.step[i].done ? "" : "(!) ", report.step[i].text);
    if (!cli->json)
        hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
    return err == HF_OK ? HF_OK : hf_fail(err, "the TPM was cleared, but what is marked is not as it should be");
}

const struct hf_command hf_cmd_tpm_clear = {
    .words = "tpm clear",
    .about = "Clear the TPM: destroy every key of owner and endorsement",
    .text = "The storage hierarchy gets a new seed, so that keys made under the old one never load again, wherever copies of their files "
            "are. Owner's NV indices and persistent objects are gone; owner, endorsement and lockout authorizations are empty. Each step is "
            "reported by a look before and after. The pin of the salt key is dropped, and the new key pinned at its first use. Exits with 3 "
            "when a step is not as it should be.",
    .example = "holdfast tpm create --alg ecc-p256 --out k.pem\n"
               "holdfast tpm clear --yes\n"
               "printf m > m; ! holdfast tpm sign --key k.pem --in m --out s\n",
    .opts = clear_rows,
    .size = sizeof(struct platform_opts),
    .run = run_clear,
};

static const struct hf_opt clock_rows[] = {
    {HF_OPT_TEXT, 0, "set", offsetof(struct platform_opts, set), "TIME", "set it forward: \"now\", Unix seconds or RFC 3339", NULL, false},
    {HF_OPT_TEXT, 0, "by", offsetof(struct platform_opts, by), "WHO", "whose authorization sets it: owner (default) or platform", "owner|platform", false},
    {HF_OPT_AUTH, 'a', "auth", offsetof(struct platform_opts, auth), "SPEC", "the authorization: file:PATH, fd:N, env:NAME or - (default: empty)", NULL,
     false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err wanted_ms(const char *text, uint64_t *out)
{
    hf_time seconds = 0;

    if (strcmp(text, "now") == 0) {
        *out = hf_now_ms();
        return HF_OK;
    }
    HF_TRY(hf_time_parse(text, &seconds));
    if (seconds < 0)
        return hf_fail(HF_E_ARG, "\"%.40s\" is before 1970, and the TPM's clock begins at 0", text);
    *out = (uint64_t)seconds * 1000;
    return HF_OK;
}

/* A clock this far on was set to wall time: a TPM that counts from its first power-on gets there after decades. */
#define WALL_MS 946684800000u /* 2000-01-01 */

static hf_err clock_json(struct hf_cli *cli, const struct hf_tpm_clock *clock, struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_u64(&j, "clock_ms", clock->clock_ms);
    hf_json_u64(&j, "time_ms", clock->time_ms);
    hf_json_u64(&j, "reset_count", clock->reset_count);
    hf_json_u64(&j, "restart_count", clock->restart_count);
    hf_json_bool(&j, "safe", clock->safe);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err run_clock(struct hf_cli *cli, const void *options)
{
    const struct platform_opts *opt = options;
    HF_CLEANUP(hf_secret_free) struct hf_secret *auth = NULL;
    struct hf_who who = hf_cli_who();
    char when[HF_TIME_TEXT] = "";
    struct hf_tpm_clock clock;
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    uint64_t ms = 0;

    if (!opt->set && (opt->auth || opt->by))
        return hf_fail(HF_E_ARG, "--auth and --by go with --set: to be read, the clock needs nobody's authorization");
    if (opt->set)
        HF_TRY(wanted_ms(opt->set, &ms));
    HF_TRY(hf_cli_auth(opt->auth, "authorization", &auth));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    if (opt->set)
        HF_TRY(hf_core_tpm_clock_set(core, &who, authority_of(opt->by ? opt->by : "owner"), auth, ms, &clock));
    else
        HF_TRY(hf_core_tpm_clock(core, &who, &clock));
    if (cli->json)
        return clock_json(cli, &clock, tpm);
    if (clock.clock_ms >= WALL_MS)
        hf_time_write((hf_time)(clock.clock_ms / 1000), when);
    hf_cli_line(cli, "clock", "%" PRIu64 " ms%s%s", clock.clock_ms, when[0] ? ", as wall time " : "", when);
    hf_cli_line(cli, "safe", "%s", clock.safe ? "yes" : "no: after an unorderly stop it may stand behind where it was");
    hf_cli_line(cli, "since start", "%" PRIu64 " ms", clock.time_ms);
    hf_cli_line(cli, "resets", "%u since the last clear", (unsigned)clock.reset_count);
    hf_cli_line(cli, "restarts", "%u since the last reset", (unsigned)clock.restart_count);
    hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
    return HF_OK;
}

const struct hf_command hf_cmd_tpm_clock = {
    .words = "tpm clock",
    .about = "Show the TPM's clock and reset counts, or set the clock forward",
    .text = "The clock runs while the TPM has power and never goes back but by a clear. An embedded TPM's is set to wall time at each "
            "start. The answer is not signed: holdfast tpm certify gives the time with a signature.",
    .example = "holdfast tpm clock\n"
               "holdfast tpm clock --set 2100-01-01T00:00:00Z --json\n",
    .opts = clock_rows,
    .size = sizeof(struct platform_opts),
    .run = run_clock,
};

static const struct hf_opt import_rows[] = {
    {HF_OPT_WORD, 0, "file", offsetof(struct platform_opts, file), "FILE", "swtpm's state: tpm2-00.permall", NULL, true},
    {HF_OPT_FLAG, 0, "replace", offsetof(struct platform_opts, replace), NULL, "in place of the embedded TPM that is there: its keys are destroyed", NULL,
     false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_import(struct hf_cli *cli, const void *options)
{
    const struct platform_opts *opt = options;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_state_import(core, &who, opt->file, opt->replace));
    return done(cli, "imported", opt->file, "the state is the embedded TPM's now");
}

const struct hf_command hf_cmd_tpm_state_import_swtpm = {
    .words = "tpm state import-swtpm",
    .about = "Take over swtpm's state as the embedded TPM",
    .text = "The TPM must not run: its process ends by itself some seconds after its last client, and that is waited for.",
    .example = "holdfast tpm clock --tpm embedded:$PWD/a\n"
               "holdfast tpm state export-swtpm saved --tpm embedded:$PWD/a\n"
               "holdfast tpm state import-swtpm saved --tpm embedded:$PWD/b\n",
    .opts = import_rows,
    .size = sizeof(struct platform_opts),
    .run = run_import,
};

static const struct hf_opt export_rows[] = {
    {HF_OPT_WORD, 0, "file", offsetof(struct platform_opts, file), "FILE", "where to; must not exist. It has every secret of the TPM", NULL, true},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_export(struct hf_cli *cli, const void *options)
{
    const struct platform_opts *opt = options;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_state_export(core, &who, opt->file));
    return done(cli, "exported", opt->file, "the state is written; whoever has the file has the TPM");
}

const struct hf_command hf_cmd_tpm_state_export_swtpm = {
    .words = "tpm state export-swtpm",
    .about = "Write the embedded TPM's state as swtpm keeps it",
    .text = "The file (mode 0600) holds every secret of the TPM, unencrypted, and whoever restores it restores destroyed keys.",
    .example = "holdfast tpm clock\n"
               "holdfast tpm state export-swtpm tpm2-00.permall\n",
    .opts = export_rows,
    .size = sizeof(struct platform_opts),
    .run = run_export,
};
