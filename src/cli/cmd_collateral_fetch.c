/* holdfast collateral fetch */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/cli.h"
#include "core/collateral.h"

#define EVIDENCE_MAX ((size_t)64 << 20)

struct fetch_opts {
    const char *evidence, *kind, *at;
    const char *fmspc, *ca, *tee;
    const char *product, *signer, *vcek, *tcb;
    struct hf_opt_list url;
    const char *from, *ca_file, *update;
    uint32_t eval, pause, timeout;
    bool insecure_http, refresh, offline;
};

#define UNSET UINT32_MAX

#define AT(field) offsetof(struct fetch_opts, field)
static const struct hf_opt rows[] = {
    {HF_OPT_WORD, 0, "EVIDENCE", AT(evidence), "EVIDENCE", "fetch what judging this file needs (- for standard input)",
     NULL, false},
    {HF_OPT_TEXT, 0, "kind", AT(kind), "KIND", "of the evidence (default: from its bytes)", NULL, false},
    {HF_OPT_TEXT, 0, "at", AT(at), "TIME",
     "when the evidence is judged: seconds since 1970 or RFC 3339 (default: now)", NULL, false},
    {HF_OPT_TEXT, 0, "fmspc", AT(fmspc), "HEX", "Intel: TCB info, identity and revocation lists of this platform", NULL,
     false},
    {HF_OPT_TEXT, 0, "ca", AT(ca), "CA", "with --fmspc: who issued its PCK certificate (default platform)",
     "processor|platform", false},
    {HF_OPT_TEXT, 0, "tee", AT(tee), "TEE", "with --fmspc (default sgx)", "sgx|tdx", false},
    {HF_OPT_TEXT, 0, "product", AT(product), "NAME", "AMD: certificate chain and revocation list of this product",
     "Milan|Genoa|Turin", false},
    {HF_OPT_TEXT, 0, "signer", AT(signer), "KEY", "with --product (default vcek)", "vcek|vlek", false},
    {HF_OPT_TEXT, 0, "vcek", AT(vcek), "HEX", "with --product and --tcb: the certificate of the chip with this id",
     NULL, false},
    {HF_OPT_TEXT, 0, "tcb", AT(tcb), "LEVELS", "as bl=4,tee=0,snp=22,ucode=213 (Turin: and fmc=1)", NULL, false},
    {HF_OPT_LIST, 0, "url", AT(url), "URL", "this address; may be repeated", NULL, false},
    {HF_OPT_TEXT, 0, "from", AT(from), "URL", "ask this mirror or PCCS instead of the vendors", NULL, false},
    {HF_OPT_FILE, 0, "ca-file", AT(ca_file), "FILE",
     "trust these certificates (PEM) for HTTPS, instead of the system's", NULL, false},
    {HF_OPT_FLAG, 0, "insecure-http", AT(insecure_http), NULL, "plain HTTP to other machines too", NULL, false},
    {HF_OPT_TEXT, 0, "update", AT(update), "WHICH", "Intel: which data set", "early|standard", false},
    {HF_OPT_U32, 0, "eval", AT(eval), "N", "Intel: the data set with this TCB evaluation data number", NULL, false},
    {HF_OPT_FLAG, 0, "refresh", AT(refresh), NULL, "ask also for what the cache has", NULL, false},
    {HF_OPT_FLAG, 0, "offline", AT(offline), NULL, "ask nobody: say what would be asked for", NULL, false},
    {HF_OPT_U32, 0, "pause", AT(pause), "SECONDS",
     "between two requests to one host (default: 10 for AMD's KDS, 0 for others)", NULL, false},
    {HF_OPT_U32, 0, "timeout", AT(timeout), "SECONDS", "for one address, all tries together (default 120)", NULL,
     false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};
#undef AT

static void defaults(void *options)
{
    struct fetch_opts *opt = options;

    opt->pause = UNSET;
    opt->timeout = 120;
}

static hf_err want(const struct fetch_opts *opt, struct hf_wanted_list *out)
{
    if (!opt->evidence && !opt->fmspc && !opt->product && opt->url.n == 0)
        return hf_fail(HF_E_ARG, "a file of evidence, --fmspc, --product or --url says what to fetch");
    if (!opt->fmspc && (opt->ca || opt->tee))
        return hf_fail(HF_E_ARG, "--ca and --tee go with --fmspc");
    if (!opt->product && (opt->signer || opt->vcek || opt->tcb))
        return hf_fail(HF_E_ARG, "--signer, --vcek and --tcb go with --product");
    if (opt->fmspc)
        HF_TRY(hf_wanted_intel(out, opt->fmspc, opt->ca ? opt->ca : "platform", opt->tee ? opt->tee : "sgx"));
    if (opt->product)
        HF_TRY(hf_wanted_amd(out, opt->product, opt->signer ? opt->signer : "vcek", opt->vcek, opt->tcb));
    for (size_t i = 0; i < opt->url.n; i++)
        HF_TRY(hf_wanted_add(out, "address", "%s", opt->url.item[i]));
    return HF_OK;
}

static void talk(void *arg, const char *text)
{
    hf_cli_say(arg, "%s", text);
}

static void item_json(const struct hf_fetched *f, struct hf_json *j)
{
    char when[HF_TIME_TEXT];

    hf_json_object(j, NULL);
    hf_json_text(j, "what", f->wanted.what);
    hf_json_text(j, "url", f->entry.url[0] ? f->entry.url : f->wanted.url);
    hf_json_text(j, "state", hf_fetch_state_name(f->state));
    if (f->entry.sha256[0]) {
        hf_json_text(j, "id", f->entry.sha256);
        hf_json_text(j, "kind", f->entry.kind);
    }
    if (f->entry.sha256[0] && f->entry.valid_until != HF_COLLATERAL_FOREVER) {
        hf_time_write(f->entry.valid_until, when);
        hf_json_text(j, "valid_until", when);
        hf_json_bool(j, "over", f->entry.valid_until <= hf_now());
    }
    if (f->err != HF_OK)
        hf_json_text(j, "error", f->detail);
    hf_json_close(j);
}

static void item_line(const struct hf_fetched *f)
{
    char when[HF_TIME_TEXT] = "-";

    if (f->err != HF_OK) {
        (void)printf("%-9s  %-24s  %s\n%-9s  %-24s  %s\n", hf_fetch_state_name(f->state), f->wanted.what, f->wanted.url,
                     "", "", f->detail);
        return;
    }
    if (f->entry.valid_until != HF_COLLATERAL_FOREVER)
        hf_time_write(f->entry.valid_until, when);
    (void)printf("%-9s  %-24s  %s\n%-9s  %-24s  %.12s, valid until %s%s\n", hf_fetch_state_name(f->state),
                 f->wanted.what, f->entry.url, "", "", f->entry.sha256, when,
                 f->entry.valid_until <= hf_now() ? " (over)" : "");
}

static hf_err answer(const struct hf_cli *cli, const struct hf_fetch_report *report)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j = {0};

    if (cli->json) {
        HF_TRY(hf_cli_json_start(&text, &j));
        hf_json_array(&j, "collateral");
    }
    for (size_t i = 0; i < report->n; i++) {
        if (cli->json)
            item_json(&report->item[i], &j);
        else
            item_line(&report->item[i]);
    }
    if (!cli->json)
        return HF_OK;
    hf_json_close(&j);
    return hf_cli_json_end(&text, &j);
}

static hf_err run(struct hf_cli *cli, const void *options)
{
    const struct fetch_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf evidence = {0};
    HF_CLEANUP(hf_free) struct hf_fetch_report *report = NULL;
    struct hf_fetch_spec spec = {
        .kind = opt->kind,
        .at = hf_now(),
        .how = {{opt->update, opt->eval}, opt->from, opt->refresh, opt->offline},
        .http = {.ca_file = opt->ca_file, .insecure_http = opt->insecure_http},
        .has_pause = opt->pause != UNSET,
        .say = talk,
        .arg = cli,
    };
    struct hf_who who = hf_cli_who();
    struct hf_core *core = NULL;
    hf_err err;

    if ((opt->pause != UNSET && opt->pause > 3600) || opt->timeout == 0 || opt->timeout > 86400)
        return hf_fail(HF_E_ARG, "--pause is at most 3600 seconds, --timeout 1 to 86400");
    spec.pause_ms = spec.has_pause ? opt->pause * 1000 : 0;
    spec.http.total_ms = opt->timeout * 1000;
    if (opt->timeout < 30)
        spec.http.answer_ms = spec.http.total_ms;
    HF_TRY(want(opt, &spec.wanted));
    if (opt->evidence)
        HF_TRY(hf_cli_read(opt->evidence, EVIDENCE_MAX, &evidence));
    if (opt->evidence && evidence.n == 0)
        return hf_fail(HF_E_FORMAT, "%s is empty", opt->evidence);
    if (opt->at)
        HF_TRY(hf_time_parse(opt->at, &spec.at));
    spec.evidence = hf_buf_bytes(&evidence);
    HF_TRY(hf_alloc(sizeof(*report), &report));
    HF_TRY(hf_cli_core(cli, &core));
    err = hf_core_collateral_fetch(core, &who, &spec, report);
    if (report->n || err == HF_OK)
        HF_TRY(answer(cli, report));
    return err;
}

const struct hf_command hf_cmd_collateral_fetch = {
    .words = "collateral fetch",
    .about = "Fetch certificates, revocation lists and TCB infos into the cache",
    .text = "The only command that goes to the network for verifying. With a file of evidence: whatever its verifier "
            "says is missing, until nothing is. What the cache has is not asked for again: certificates as long as "
            "they are valid, all else for a day. A server that wants fewer requests (429) is asked again after the time it "
            "says.\n\n"
            "HTTPS, with certificates checked; plain HTTP to this machine alone, unless --insecure-http. Proxies as "
            "https_proxy and no_proxy say. Nothing that is fetched is trusted for where it came from: verifying checks "
            "who signed it.\n\n"
            "Exit status 0: everything is there. Otherwise the first failure's; the others were tried.",
    .example = "holdfast collateral fetch --offline --fmspc 00906ED50000 --ca processor || true",
    .opts = rows,
    .size = sizeof(struct fetch_opts),
    .run = run,
    .defaults = defaults,
};
