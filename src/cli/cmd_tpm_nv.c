/* holdfast tpm nv define | undefine | lock | list | show */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/key_arg.h"
#include "cli/nv_arg.h"
#include "codec/hex.h"
#include "crypto/hash.h"
#include "tpm/nv.h"

#include <inttypes.h>

#define NOT_GIVEN UINT32_MAX

struct define_opts {
    const char *index, *kind, *attributes, *auth, *policy, *hash, *owner_auth;
    uint32_t size, limit;
    bool da, platform;
};

static void define_defaults(void *options)
{
    ((struct define_opts *)options)->limit = NOT_GIVEN;
}

static const struct hf_opt define_rows[] = {
    HF_CLI_NV_INDEX_ROW(struct define_opts, index),
    {HF_OPT_U32, 's', "size", offsetof(struct define_opts, size), "BYTES",
     "how large (ordinary; the other kinds have a size)", NULL, false},
    {HF_OPT_TEXT, 'k', "kind", offsetof(struct define_opts, kind), "KIND",
     "ordinary (default), counter, bits, extend, pin-fail, pin-pass", "ordinary|counter|bits|extend|pin-fail|pin-pass",
     false},
    {HF_OPT_TEXT, 0, "attributes", offsetof(struct define_opts, attributes), "WORDS",
     "who may do what: 'ownerwrite|authread|write_stclear' (default: by --policy, else by --auth, else by the owner)",
     NULL, false},
    {HF_OPT_AUTH, 'a', "auth", offsetof(struct define_opts, auth), "SPEC",
     "its own authorization value: file:PATH, fd:N, env:NAME or -", NULL, false},
    {HF_OPT_TEXT, 0, "policy", offsetof(struct define_opts, policy), "POLICY",
     "the policy that opens it: text, or a file", NULL, false},
    {HF_OPT_U32, 0, "limit", offsetof(struct define_opts, limit), "N",
     "of a PIN: how many wrong (pin-fail) or right (pin-pass) uses", NULL, false},
    {HF_OPT_FLAG, 0, "da", offsetof(struct define_opts, da), NULL, "its value is under dictionary-attack protection",
     NULL, false},
    {HF_OPT_FLAG, 0, "platform", offsetof(struct define_opts, platform), NULL,
     "defined by the platform: a clear does not remove it", NULL, false},
    {HF_OPT_TEXT, 0, "hash", offsetof(struct define_opts, hash), "HASH",
     "name hash, and hash of extend (default: sha256)", "sha1|sha256|sha384|sha512", false},
    {HF_OPT_AUTH, 0, "owner-auth", offsetof(struct define_opts, owner_auth), "SPEC",
     "authorization of the owner (the platform, with --platform)", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_define(struct hf_cli *cli, const void *options)
{
    const struct define_opts *opt = options;
    HF_CLEANUP(hf_secret_free) struct hf_secret *auth = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *owner = NULL;
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    struct hf_tpm_nv_spec spec = {.size = opt->size, .da = opt->da, .platform = opt->platform};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    const char *hash = NULL;

    HF_TRY(hf_cli_nv_index(opt->index, &spec.index));
    if (opt->attributes)
        HF_TRY(hf_tpm_nv_attributes_parse(opt->attributes, &spec.attributes));
    spec.kind = (enum hf_tpm_nv_kind)hf_tpm_nv_kind_of(spec.attributes); /* where "nt=" was said */
    if (opt->kind)
        HF_TRY(hf_tpm_nv_kind_by_name(opt->kind, &spec.kind));
    HF_TRY(hf_cli_hash(opt->hash, &spec.hash));
    HF_TRY(hf_cli_auth(opt->auth, "authorization of the new NV index", &auth));
    HF_TRY(hf_cli_auth(opt->owner_auth, "authorization of the hierarchy", &owner));
    if (opt->policy)
        HF_TRY(hf_cli_policy(opt->policy, &hash, &policy));
    spec.auth = auth;
    spec.hierarchy_auth = owner;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_nv_define(core, &who, &spec, policy, opt->limit == NOT_GIVEN ? NULL : &opt->limit));
    return hf_cli_nv_done(cli, spec.index, "defined");
}

const struct hf_command hf_cmd_tpm_nv_define = {
    .words = "tpm nv define",
    .about = "Define an NV index",
    .text = "Kinds: ordinary bytes; a counter that only goes up; 64 bits that can only be set; a hash that is "
            "extended; a PIN that "
            "counts its wrong or right uses. Unless --attributes says more, the index is read and written by its "
            "policy when it has "
            "one, by its own value when it has one, and otherwise by the owner. Without --da a wrong value has no "
            "consequences.\n\n"
            "A TPM writes NV finitely often, and has few counters: holdfast tpm nv list shows what is used, tpm info "
            "what is left.",
    .example = "holdfast tpm nv define 0x01800010 --size 64\n"
               "printf 'kept by the TPM' | holdfast tpm nv write 0x01800010\n"
               "holdfast tpm nv define 0x01800011 --kind counter\n"
               "holdfast tpm nv list\n",
    .opts = define_rows,
    .size = sizeof(struct define_opts),
    .run = run_define,
    .defaults = define_defaults,
};

struct undefine_opts {
    struct hf_cli_nv_opts nv;
    const char *platform_auth;
    bool special;
};

static const struct hf_opt undefine_rows[] = {
    HF_CLI_NV_INDEX_ROW(struct undefine_opts, nv.index),
    {HF_OPT_AUTH, 'a', "auth", offsetof(struct undefine_opts, nv.auth), "SPEC",
     "authorization of who defined it (owner or platform); with --special of the index, where its policy wants it",
     NULL, false},
    {HF_OPT_FLAG, 0, "special", offsetof(struct undefine_opts, special), NULL,
     "one with policy_delete: by its policy and the platform", NULL, false},
    {HF_OPT_TEXT, 0, "policy", offsetof(struct undefine_opts, nv.policy), "POLICY", "with --special: its policy", NULL,
     false},
    {HF_OPT_AUTH, 0, "platform-auth", offsetof(struct undefine_opts, platform_auth), "SPEC",
     "with --special: authorization of the platform", NULL, false},
    HF_CLI_ANSWER_ROWS(struct undefine_opts, nv.answers),
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_undefine(struct hf_cli *cli, const void *options)
{
    const struct undefine_opts *opt = options;
    HF_CLEANUP(hf_cli_nv_free) struct hf_cli_nv nv = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *platform = NULL;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    if (!opt->special && (opt->nv.policy || opt->platform_auth))
        return hf_fail(HF_E_ARG, "--policy and --platform-auth go with --special");
    HF_TRY(hf_cli_nv_open(&opt->nv, &nv));
    HF_TRY(hf_cli_auth(opt->platform_auth, "authorization of the platform", &platform));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_nv_undefine(core, &who, &nv.ref, opt->special, opt->special ? platform : nv.auth));
    return hf_cli_nv_done(cli, nv.ref.index, "undefined");
}

const struct hf_command hf_cmd_tpm_nv_undefine = {
    .words = "tpm nv undefine",
    .about = "Remove an NV index, and what is in it",
    .example = "holdfast tpm nv define 0x01800010 --size 8\n"
               "holdfast tpm nv undefine 0x01800010\n",
    .opts = undefine_rows,
    .size = sizeof(struct undefine_opts),
    .run = run_undefine,
};

struct lock_opts {
    struct hf_cli_nv_opts nv;
    bool read;
};

static const struct hf_opt lock_rows[] = {
    HF_CLI_NV_ROWS(struct lock_opts, nv),
    {HF_OPT_FLAG, 0, "read", offsetof(struct lock_opts, read), NULL,
     "no more reads until the next reset (default: no more writes)", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err run_lock(struct hf_cli *cli, const void *options)
{
    const struct lock_opts *opt = options;
    HF_CLEANUP(hf_cli_nv_free) struct hf_cli_nv nv = {0};
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;

    HF_TRY(hf_cli_nv_open(&opt->nv, &nv));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_core_tpm_nv_lock(core, &who, &nv.ref, opt->read));
    return hf_cli_nv_done(cli, nv.ref.index, "locked");
}

const struct hf_command hf_cmd_tpm_nv_lock = {
    .words = "tpm nv lock",
    .about = "Lock an NV index against writing or reading",
    .text = "Against writing, until the next reset (defined with write_stclear) or for good (writedefine); against "
            "reading until the "
            "next reset (read_stclear).",
    .example = "holdfast tpm nv define 0x01800010 --size 8 --attributes 'write_stclear'\n"
               "printf 12345678 | holdfast tpm nv write 0x01800010\n"
               "holdfast tpm nv lock 0x01800010\n",
    .opts = lock_rows,
    .size = sizeof(struct lock_opts),
    .run = run_lock,
};

static hf_err info_json(struct hf_json *j, const struct hf_tpm_nv_info *info)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf words = {0};

    HF_TRY(hf_tpm_nv_attributes_print(info->attributes, &words));
    hf_json_handle(j, "index", info->index);
    hf_json_text(j, "kind", hf_tpm_nv_kind_name(info->kind));
    hf_json_u64(j, "size", info->size);
    hf_json_text(j, "owner", info->owner);
    hf_json_text(j, "defined_by", info->platform ? "platform" : "owner");
    hf_json_text(j, "hash", hf_hash_name((enum hf_hash_alg)info->hash));
    hf_json_text_n(j, "attributes", hf_buf_bytes(&words));
    hf_json_printf(j, "attributes_hex", "0x%08x", (unsigned)info->attributes);
    hf_json_bool(j, "written", info->written);
    hf_json_bool(j, "write_locked", info->write_locked);
    hf_json_bool(j, "read_locked", info->read_locked);
    hf_json_hex(j, "name", (struct hf_bytes){info->name, info->n_name});
    if (info->n_policy)
        hf_json_hex(j, "policy_digest", (struct hf_bytes){info->policy, info->n_policy});
    return j->err;
}

static hf_err list_json(struct hf_cli *cli, const struct hf_tpm_nv_info *rows, size_t n, struct hf_tpm *tpm)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j;

    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_array(&j, "indices");
    for (size_t i = 0; i < n; i++) {
        hf_json_object(&j, NULL);
        HF_TRY(info_json(&j, &rows[i]));
        hf_json_close(&j);
    }
    hf_json_close(&j);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

static hf_err list_text(struct hf_cli *cli, const struct hf_tpm_nv_info *rows, size_t n, struct hf_tpm *tpm)
{
    for (size_t i = 0; i < n; i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf words = {0};
        char *text = NULL;

        HF_TRY(hf_tpm_nv_attributes_print(rows[i].attributes, &words));
        HF_TRY(hf_buf_text(&words, &text));
        (void)printf("0x%08x  %-8s  %5zu bytes  %-26s  %s\n", (unsigned)rows[i].index,
                     hf_tpm_nv_kind_name(rows[i].kind), rows[i].size, rows[i].owner, text);
    }
    if (n == 0)
        (void)printf("no NV index is defined\n");
    hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
    return HF_OK;
}

static hf_err run_list(struct hf_cli *cli, const void *options)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf rows = {0};
    struct hf_who who = hf_cli_who();
    const struct hf_tpm_nv_info *info;
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    size_t n;

    (void)options;
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_nv_list(core, &who, &rows));
    info = (const struct hf_tpm_nv_info *)(const void *)rows.p;
    n = rows.n / sizeof(*info);
    return cli->json ? list_json(cli, info, n, tpm) : list_text(cli, info, n, tpm);
}

const struct hf_command hf_cmd_tpm_nv_list = {
    .words = "tpm nv list",
    .about = "List all NV indices",
    .text = "With size, who uses each by the TCG's registry of handles, and attributes.",
    .example = "holdfast tpm nv list\nholdfast tpm nv list --json\n",
    .run = run_list,
};

struct show_opts {
    const char *index;
};

static const struct hf_opt show_rows[] = {
    HF_CLI_NV_INDEX_ROW(struct show_opts, index),
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err show_text(struct hf_cli *cli, const struct hf_tpm_nv_info *info, const struct hf_core_nv_wear *wear)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char since[HF_TIME_TEXT];
    char *words = NULL;

    HF_TRY(hf_tpm_nv_attributes_print(info->attributes, &text));
    HF_TRY(hf_buf_text(&text, &words));
    hf_cli_line(cli, "index", "0x%08x", (unsigned)info->index);
    hf_cli_line(cli, "kind", "%s", hf_tpm_nv_kind_name(info->kind));
    hf_cli_line(cli, "size", "%zu bytes", info->size);
    hf_cli_line(cli, "used by", "%s", info->owner);
    hf_cli_line(cli, "defined by", "%s", info->platform ? "platform" : "owner");
    hf_cli_line(cli, "attributes", "%s (0x%08x)", words, (unsigned)info->attributes);
    hf_cli_line(cli, "written", "%s", info->written ? "yes" : "never");
    hf_cli_line(cli, "locked", "%s%s%s", info->write_locked ? "against writing" : "",
                info->write_locked && info->read_locked ? ", " : "",
                info->read_locked    ? "against reading"
                : info->write_locked ? ""
                                     : "no");
    text.n = 0;
    HF_TRY(hf_hex_write((struct hf_bytes){info->name, info->n_name}, &text));
    HF_TRY(hf_buf_text(&text, &words));
    hf_cli_line(cli, "name", "%s", words);
    hf_time_write((hf_time)(wear->since_ms / 1000), since);
    hf_cli_line(cli, "wear", "%" PRIu64 " writes through holdfast since %s; the TPM does not count them%s",
                wear->writes, since,
                info->attributes & TPMA_NV_ORDERLY ? " (orderly: kept in memory, written at shutdown)" : "");
    return HF_OK;
}

static hf_err run_show(struct hf_cli *cli, const void *options)
{
    const struct show_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_core_nv_wear wear = {0};
    struct hf_tpm_nv_info info;
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    struct hf_tpm *tpm = NULL;
    struct hf_json j;
    uint32_t index = 0;

    HF_TRY(hf_cli_nv_index(opt->index, &index));
    HF_TRY(hf_cli_core(cli, &core));
    HF_TRY(hf_cli_tpm(cli, &tpm));
    HF_TRY(hf_core_tpm_nv_show(core, &who, index, &info, &wear));
    if (!cli->json) {
        HF_TRY(show_text(cli, &info, &wear));
        hf_cli_environment(cli, NULL, hf_tpm_environment(tpm));
        return HF_OK;
    }
    HF_TRY(hf_cli_json_start(&text, &j));
    HF_TRY(info_json(&j, &info));
    hf_json_object(&j, "wear");
    hf_json_u64(&j, "writes_through_holdfast", wear.writes);
    hf_json_u64(&j, "since_ms", wear.since_ms);
    hf_json_close(&j);
    hf_cli_environment(cli, &j, hf_tpm_environment(tpm));
    return hf_cli_json_end(&text, &j);
}

const struct hf_command hf_cmd_tpm_nv_show = {
    .words = "tpm nv show",
    .about = "Show what an NV index is, and what is known of its wear",
    .text = "Flash wears, and no TPM counts the writes. What is counted here are the writes in this state directory's "
            "audit trail.",
    .example = "holdfast tpm nv define 0x01800011 --kind counter\n"
               "holdfast tpm nv increment 0x01800011\n"
               "holdfast tpm nv show 0x01800011\n",
    .opts = show_rows,
    .size = sizeof(struct show_opts),
    .run = run_show,
};
