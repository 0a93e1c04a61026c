/* holdfast tpm info | caps */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "core/tpm_platform.h"

#include <inttypes.h>

static void info_json(struct hf_json *j, const struct hf_tpm_info *i)
{
    hf_json_text(j, "uri", i->uri);
    hf_json_text(j, "chosen_by", i->source);
    hf_json_text(j, "manufacturer", i->manufacturer);
    hf_json_text(j, "vendor", i->vendor);
    hf_json_printf(j, "firmware", "%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64, i->firmware >> 48, i->firmware >> 32 & 0xffff,
                   i->firmware >> 16 & 0xffff, i->firmware & 0xffff);
    hf_json_printf(j, "revision", "%u.%02u", (unsigned)i->revision / 100, (unsigned)i->revision % 100);
    hf_json_printf(j, "specification_date", "%u day %u", (unsigned)i->year, (unsigned)i->day);
    hf_json_bool(j, "fips_mode", i->fips);
    hf_json_text(j, "resource_manager", i->managed_here ? "this process" : "behind the connection");
    hf_json_text(j, "bus", hf_tpm_bus_name(i->bus));
    hf_json_text(j, "salt_key", i->salt_key[0] ? i->salt_key : NULL);
}

static void limits_json(struct hf_json *j, const struct hf_tpm_info *i)
{
    hf_json_object(j, "limits");
    hf_json_u64(j, "nv_index_max", i->nv_index_max);
    hf_json_u64(j, "nv_buffer_max", i->nv_buffer_max);
    hf_json_u64(j, "nv_counters_max", i->nv_counters_max);
    hf_json_u64(j, "transient_min", i->transient_min);
    hf_json_u64(j, "persistent_min", i->persistent_min);
    hf_json_u64(j, "sessions_loaded_min", i->sessions_loaded_min);
    hf_json_u64(j, "sessions_active_max", i->sessions_active_max);
    hf_json_u64(j, "context_gap_max", i->context_gap_max);
    hf_json_u64(j, "command_max", i->command_max);
    hf_json_u64(j, "response_max", i->response_max);
    hf_json_u64(j, "digest_max", i->max_digest);
    hf_json_close(j);
    hf_json_object(j, "now");
    hf_json_u64(j, "nv_counters_used", i->nv_counters_used);
    hf_json_u64(j, "nv_counters_free", i->nv_counters_free);
    hf_json_u64(j, "persistent_used", i->persistent_used);
    hf_json_u64(j, "persistent_free", i->persistent_free);
    hf_json_bool(j, "in_lockout", i->in_lockout);
    hf_json_u64(j, "lockout_counter", i->lockout_counter);
    hf_json_u64(j, "max_tries", i->max_tries);
    hf_json_bool(j, "owner_auth_set", i->owner_auth_set);
    hf_json_bool(j, "endorsement_auth_set", i->endorsement_auth_set);
    hf_json_bool(j, "lockout_auth_set", i->lockout_auth_set);
    hf_json_bool(j, "orderly", i->orderly);
    hf_json_close(j);
}

static void info_text(struct hf_cli *cli, const struct hf_tpm_info *i)
{
    hf_cli_line(cli, "tpm", "%s (chosen by: %s)", i->uri, i->source);
    hf_cli_line(cli, "manufacturer", "%s %s", i->manufacturer, i->vendor);
    hf_cli_line(cli, "firmware", "%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%" PRIu64, i->firmware >> 48, i->firmware >> 32 & 0xffff,
                i->firmware >> 16 & 0xffff, i->firmware & 0xffff);
    hf_cli_line(cli, "specification", "revision %u.%02u, %u day %u", (unsigned)i->revision / 100, (unsigned)i->revision % 100, (unsigned)i->year,
                (unsigned)i->day);
    hf_cli_environment(cli, NULL, i->environment);
    hf_cli_line(cli, "bus", "%s%s%s", hf_tpm_bus_name(i->bus), i->salt_key[0] ? ", salted with " : "", i->salt_key);
    hf_cli_line(cli, "resource manager", "%s", i->managed_here ? "this process" : "behind the connection");
    hf_cli_line(cli, "fips mode", "%s", i->fips ? "on" : "off, or not said");
    hf_cli_line(cli, "nv", "an index up to %u bytes, %u a command; counters %u used, %u free", (unsigned)i->nv_index_max, (unsigned)i->nv_buffer_max,
                (unsigned)i->nv_counters_used, (unsigned)i->nv_counters_free);
    hf_cli_line(cli, "persistent objects", "%u used, %u free", (unsigned)i->persistent_used, (unsigned)i->persistent_free);
    hf_cli_line(cli, "slots", "%u objects, %u sessions loaded; %u sessions in all", (unsigned)i->transient_min, (unsigned)i->sessions_loaded_min,
                (unsigned)i->sessions_active_max);
    hf_cli_line(cli, "authorizations", "owner %s, endorsement %s, lockout %s", i->owner_auth_set ? "set" : "empty",
                i->endorsement_auth_set ? "set" : "empty", i->lockout_auth_set ? "set" : "empty");
    hf_cli_line(cli, "lockout", "%s; %u of %u wrong tries count", i->in_lockout ? "YES" : "no", (unsigned)i->lockout_counter, (unsigned)i->max_tries);
    hf_cli_line(cli, "last shutdown", "%s", i->orderly ? "orderly" : "not orderly");
}

static hf_err run_info(struct hf_cli *cli, const void *options)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm_info info;
    struct hf_json j;

    (void)options;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_info(core, &who, &info));
    if (!cli->json) {
        info_text(cli, &info);
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    info_json(&j, &info);
    limits_json(&j, &info);
    hf_cli_environment(cli, &j, info.environment);
    return hf_cli_json_end(&text, &j);
}

const struct hf_command hf_cmd_tpm_info = {
    .words = "tpm info",
    .about = "Show which TPM is used, what it is, and its limits",
    .text = "With the level at which the way to it is protected: plain, tofu (a key believed at first use), srk or ek (pinned by an operator, "
            "or by its certificate).",
    .example = "holdfast tpm info\nholdfast tpm info --json\n",
    .run = run_info,
};

struct caps_opts {
    const char *group;
};

static const struct hf_opt caps_rows[] = {
    {HF_OPT_WORD, 0, "group", offsetof(struct caps_opts, group), "GROUP", "only one: algorithms, commands, pcrs, curves, fixed, variable or handles",
     "algorithms|commands|pcrs|curves|fixed|variable|handles", false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static enum hf_tpm_caps_group group_of(const char *word)
{
    for (int i = 0; word && i < HF_TPM_CAPS_GROUPS; i++) {
        if (strcmp(word, hf_tpm_caps_group_name((enum hf_tpm_caps_group)i)) == 0)
            return (enum hf_tpm_caps_group)i;
    }
    return HF_TPM_CAPS_GROUPS;
}

static void caps_text(const struct hf_tpm_cap *caps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || caps[i].group != caps[i - 1].group)
            (void)printf("%s%s:\n", i ? "\n" : "", hf_tpm_caps_group_name(caps[i].group));
        (void)printf("  %-32s %s\n", caps[i].name, caps[i].text);
    }
}

static hf_err caps_json(struct hf_cli *cli, const struct hf_tpm_cap *caps, size_t n, struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    HF_TRY(hf_cli_json_start(&text, &j));
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || caps[i].group != caps[i - 1].group) {
            if (i)
                hf_json_close(&j);
            hf_json_array(&j, hf_tpm_caps_group_name(caps[i].group));
        }
        hf_json_object(&j, NULL);
        hf_json_text(&j, "name", caps[i].name);
        hf_json_u64(&j, "id", caps[i].id);
        hf_json_u64(&j, "value", caps[i].value);
        hf_json_text(&j, "text", caps[i].text);
        hf_json_close(&j);
    }
    if (n)
        hf_json_close(&j);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err run_caps(struct hf_cli *cli, const void *options)
{
    const struct caps_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf rows = {0};
    struct hf_who who = hf_cli_who();
    const struct hf_tpm_cap *caps;
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    size_t n;

    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_caps(core, &who, group_of(opt->group), &rows));
    caps = (const struct hf_tpm_cap *)(const void *)rows.p;
    n = rows.n / sizeof(*caps);
    if (cli->json)
        return caps_json(cli, caps, n, tpm);
    caps_text(caps, n);
    hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
    return HF_OK;
}

const struct hf_command hf_cmd_tpm_caps = {
    .words = "tpm caps",
    .about = "List what the TPM can do: algorithms, commands, PCR banks, curves, properties, handles",
    .example = "holdfast tpm caps\nholdfast tpm caps curves --json\n",
    .opts = caps_rows,
    .size = sizeof(struct caps_opts),
    .run = run_caps,
};
