/* holdfast tpm evict | flush | list: what is in the TPM. */
#include "base/cleanup.h"
#include "cli/key_arg.h"
#include "core/tpm_objects.h"

/* ---- evict ---- */

struct evict_opts {
    const char *key, *owner_auth;
    uint32_t handle;
    bool system;
};

static hf_err run_evict(struct hf_cli *cli, const void *options)
{
    const struct evict_opts *opt = options;
    HF_CLEANUP(hf_cli_key_free) struct hf_cli_key key = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *owner_auth = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_core_evict how = {.handle = opt->handle, .system = opt->system};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    struct hf_json j;

    if (opt->key)
        HF_TRY(hf_cli_key_open(cli, opt->key, HF_CLI_NO_AUTH, NULL, &key));
    HF_TRY(hf_cli_auth(opt->owner_auth, "authorization of the owner hierarchy", &owner_auth));
    how.owner_auth = owner_auth;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_evict(core, &who, opt->key ? &key.ref : NULL, &how));
    if (!cli->json) {
        hf_cli_line(cli, opt->key ? "persistent" : "removed", "0x%08x", (unsigned)opt->handle);
        hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_handle(&j, opt->key ? "persistent" : "removed", opt->handle);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static const struct hf_opt evict_rows[] = {
    {HF_OPT_U32, 0, "handle", offsetof(struct evict_opts, handle), "HANDLE",
     "persistent handle, 0x81000000 to 0x81ffffff", NULL, true},
    {HF_OPT_FILE, 'k', "key", offsetof(struct evict_opts, key), "KEY",
     "make this key persistent there (default: remove what is there)", NULL, false},
    {HF_OPT_AUTH, 0, "owner-auth", offsetof(struct evict_opts, owner_auth), "SPEC",
     "authorization of the owner hierarchy (of the platform for 0x81800000 and above)", NULL, false},
    {HF_OPT_FLAG, 0, "system", offsetof(struct evict_opts, system), NULL,
     "also a key of the system: SRK, EK, IAK, IDevID", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_evict = {
    .words = "tpm evict",
    .about = "Make a key persistent at a handle, or remove the one there",
    .text =
        "A persistent key survives resets and needs no file. Storage root key, endorsement keys, IAK and IDevID are "
        "refused unless --system is given: every key under a removed storage root key can be lost.",
    .example = "holdfast tpm create --alg ecc-p256 --out k.pem\n"
               "holdfast tpm evict --key k.pem --handle 0x81000020\n"
               "holdfast tpm list\n"
               "holdfast tpm evict --handle 0x81000020\n",
    .opts = evict_rows,
    .size = sizeof(struct evict_opts),
    .run = run_evict,
};

/* ---- flush ---- */

struct flush_opts {
    uint32_t handle;
    bool all;
};

static hf_err run_flush(struct hf_cli *cli, const void *options)
{
    const struct flush_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    struct hf_json j;
    size_t flushed = 0;

    if (opt->all == (opt->handle != 0))
        return hf_fail(HF_E_ARG, "give either --all or --handle HANDLE");
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_flush(core, &who, opt->handle, &flushed));
    if (!cli->json) {
        hf_cli_line(cli, "flushed", "%zu", flushed);
        hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_u64(&j, "flushed", flushed);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static const struct hf_opt flush_rows[] = {
    {HF_OPT_FLAG, 0, "all", offsetof(struct flush_opts, all), NULL,
     "everything that other programs left in a TPM without a resource manager", NULL, false},
    {HF_OPT_U32, 0, "handle", offsetof(struct flush_opts, handle), "HANDLE", "one session or object of this connection",
     NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

const struct hf_command hf_cmd_tpm_flush = {
    .words = "tpm flush",
    .about = "Remove loaded objects and sessions that programs left in the TPM",
    .text =
        "For TPMs that are used without a resource manager (swtpm, /dev/tpm0), where a program that does not clean up "
        "fills the three slots for all (error 0x902). Nothing persistent is touched. Behind a resource manager, such "
        "as "
        "/dev/tpmrm0 and the embedded TPM, nothing is left behind, and --all says so. holdfast's own leftovers, of a "
        "process that was killed, are flushed by its next one.",
    .example = "holdfast tpm flush --all || test $? = 69 # the embedded TPM has a resource manager\n",
    .opts = flush_rows,
    .size = sizeof(struct flush_opts),
    .run = run_flush,
};

/* ---- list ---- */

struct listing {
    struct hf_cli *cli;
    struct hf_json *j;
    const char *group; /* the array that is open, or the heading that was printed */
    size_t n;
};

static void enter(struct listing *l, const char *group)
{
    if (l->group && strcmp(l->group, group) == 0)
        return;
    if (l->j && l->group)
        hf_json_close(l->j);
    if (l->j)
        hf_json_array(l->j, group);
    else
        (void)printf("%s:\n", group);
    l->group = group;
}

static hf_err one(struct listing *l, const struct hf_tpm_object *o)
{
    struct hf_bytes name = {o->name, o->n_name};

    l->n++;
    if (!l->j) {
        (void)printf("  0x%08x  %-9s %-16s%s", (unsigned)o->handle, o->algorithm, o->kind,
                     o->system ? " system  " : "         ");
        for (size_t i = 0; i < o->n_name; i++)
            (void)printf("%02x", o->name[i]);
        (void)putchar('\n');
        return HF_OK;
    }
    hf_json_object(l->j, NULL);
    hf_json_handle(l->j, "handle", o->handle);
    hf_json_text(l->j, "kind", o->kind);
    if (o->n_name) {
        hf_json_text(l->j, "algorithm", o->algorithm);
        hf_json_hex(l->j, "name", name);
        hf_json_bool(l->j, "system", o->system);
    }
    hf_json_close(l->j);
    return l->j->err;
}

static hf_err persistent(void *arg, const struct hf_tpm_object *o)
{
    enter(arg, "persistent");
    return one(arg, o);
}

static hf_err transient(void *arg, const struct hf_tpm_object *o)
{
    enter(arg, "transient");
    return one(arg, o);
}

static hf_err session(void *arg, const struct hf_tpm_object *o)
{
    enter(arg, "sessions");
    return one(arg, o);
}

static hf_err run_list(struct hf_cli *cli, const void *options)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    struct hf_json j = {0};
    struct listing l = {.cli = cli, .j = cli->json ? &j : NULL};
    const struct hf_core_list list = {persistent, transient, session, &l};

    (void)options;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    if (cli->json)
        HF_TRY(hf_cli_json_start(&text, &j));
    HF_TRY(hf_core_tpm_list(core, &who, &list));
    if (!cli->json) {
        if (l.n == 0)
            (void)printf("nothing is persistent or loaded\n");
        hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
        return HF_OK;
    }
    if (l.group)
        hf_json_close(&j);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static const struct hf_opt list_rows[] = {
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

struct none {
    char nothing;
};

const struct hf_command hf_cmd_tpm_list = {
    .words = "tpm list",
    .about = "List persistent objects, and what this connection has loaded",
    .text = "Says which of the templates that go by the name of storage root key stands at 0x81000001 (srk-keyfile: "
            "TSS2 key "
            "files and systemd; srk-tcg: Windows and go-tpm-tools; srk-tpm2-tools), and marks the keys of the system, "
            "which "
            "tpm evict does not touch unless told to.",
    .example = "holdfast tpm create --alg ecc-p256 --out k.pem\n"
               "holdfast tpm list\n",
    .opts = list_rows,
    .size = sizeof(struct none),
    .run = run_list,
};
