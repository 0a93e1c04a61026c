/* Collateral as operations: here alone the verifier and the network meet, and they do not know each other. */
#include "core/collateral.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "collateral/pace.h"
#include "worker/worker.h"

#include <stdio.h>

struct fetching {
    const struct hf_fetch_spec *spec;
    struct hf_fetch_report *report;
    struct hf_collateral *cache;
    struct hf_http *http;
    struct hf_worker *worker; /* evidence is foreign: it is judged there */
    hf_err first;
    char first_detail[256];
};

static void fetching_free(struct fetching *f)
{
    hf_worker_stop(&f->worker);
    hf_http_free(&f->http);
    hf_collateral_close(&f->cache);
}

/* ---- what a verifier misses ---- */

static hf_err add_to(void *arg, const struct hf_collateral_entry *entry, struct hf_bytes bytes)
{
    return hf_briefing_add(arg, HF_BRIEF_COLLATERAL, entry->url, bytes);
}

static hf_err pass_over(void *to, size_t i, hf_err err, const char *detail)
{
    (void)to;
    hf_log(HF_LOG_DEBUG, "collateral.unknown", "item=%zu error=%s detail=\"%.200s\"", i, hf_err_name(err), detail);
    return HF_OK;
}

/* All that the cache has is told anew: what the worker has already, it keeps once. */
static hf_err judge(struct fetching *f, struct hf_verify_result *result)
{
    HF_CLEANUP(hf_briefing_free) struct hf_briefing briefing = {0};
    struct hf_verify_request request = {
        .evidence = &f->spec->evidence, .n_evidence = 1, .kind = f->spec->kind, .at = f->spec->at};
    hf_err err;

    HF_TRY(hf_collateral_each(f->cache, add_to, &briefing));
    if (briefing.n)
        HF_TRY(hf_worker_brief(f->worker, &briefing, pass_over, NULL));
    err = hf_worker_verify(f->worker, &request, result);
    return err == HF_E_UNTRUSTED || err == HF_E_WARNED ? HF_OK : err;
}

static hf_err find_missing(struct fetching *f, struct hf_wanted_list *out)
{
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *result = NULL;

    HF_TRY(hf_verify_result_new(&result));
    HF_TRY(judge(f, result));
    for (size_t i = 0; i < result->n; i++) {
        const struct hf_findings *found = &result->item[i].findings;

        for (size_t k = 0; k < found->n_missing; k++)
            HF_TRY(hf_wanted_add(out, found->missing[k].what, "%s", found->missing[k].url));
    }
    return HF_OK;
}

/* ---- fetch ---- */

static hf_err turn(void *arg, const char *host)
{
    struct fetching *f = arg;
    uint32_t apart = strcmp(host, "kdsintf.amd.com") == 0 ? HF_PACE_KDS_MS : 0;

    if (f->spec->has_pause)
        apart = f->spec->pause_ms;
    return hf_pace_wait(hf_collateral_dir(f->cache), host, apart, f->spec->say, f->spec->arg);
}

static void say(void *arg, const char *text)
{
    const struct fetching *f = arg;

    if (f->spec->say)
        f->spec->say(f->spec->arg, text);
}

static bool was_tried(const struct hf_fetch_report *report, const char *url)
{
    for (size_t i = 0; i < report->n; i++) {
        if (strcmp(report->item[i].wanted.url, url) == 0)
            return true;
    }
    return false;
}

static void fetch_one(struct fetching *f, const struct hf_wanted *wanted)
{
    struct hf_fetched *item = &f->report->item[f->report->n++];
    hf_err err = hf_fetch(f->cache, f->http, &f->spec->how, wanted, hf_now(), item);

    if (err != HF_OK && f->first == HF_OK) {
        f->first = err;
        (void)snprintf(f->first_detail, sizeof(f->first_detail), "%.40s: %.200s", wanted->what, item->detail);
    }
}

/*
 * What is missing behind something missing shows only once that is there, and of addresses that stand for each other
 * one is enough: so one is fetched, and the verifier asked again. Failures count only while something is missing.
 */
static hf_err fetch_for_evidence(struct fetching *f)
{
    struct hf_wanted_list missing = {0};
    hf_err before = f->first;

    while (f->report->n < HF_FETCHED_MAX) {
        size_t i = 0;

        missing.n = 0;
        HF_TRY(find_missing(f, &missing));
        while (i < missing.n && was_tried(f->report, missing.item[i].url))
            i++;
        if (i == missing.n)
            break;
        fetch_one(f, &missing.item[i]);
    }
    if (missing.n == 0)
        f->first = before;
    return HF_OK;
}

static hf_err fetch(struct hf_core *core, void *arg)
{
    struct fetching *f = arg;
    struct hf_http_options http = f->spec->http;

    if (f->spec->evidence.n) /* forked before the HTTP client has threads */
        HF_TRY(hf_worker_start(&(struct hf_worker_conf){.cpu_s = 60}, &f->worker));
    HF_TRY(hf_collateral_open(hf_core_state_dir(core), &f->cache));
    http.turn = turn;
    http.say = say;
    http.arg = f;
    if (!f->spec->how.offline)
        HF_TRY(hf_http_new(&http, &f->http));
    for (size_t i = 0; i < f->spec->wanted.n; i++)
        fetch_one(f, &f->spec->wanted.item[i]);
    if (f->spec->evidence.n)
        HF_TRY(fetch_for_evidence(f));
    return f->first == HF_OK ? HF_OK : hf_fail(f->first, "%s", f->first_detail);
}

hf_err hf_core_collateral_fetch(struct hf_core *core, const struct hf_who *who, const struct hf_fetch_spec *spec,
                                struct hf_fetch_report *out)
{
    HF_CLEANUP(fetching_free) struct fetching f = {.spec = spec, .report = out};
    const char *object = spec->wanted.n ? spec->wanted.item[0].url : "what evidence needs";

    out->n = 0;
    return hf_core_do(core, who, HF_OP_COLLATERAL_FETCH, object, fetch, &f);
}

/* ---- the cache ---- */

struct walking {
    hf_collateral_visit *visit;
    void *arg;
};

static hf_err list(struct hf_core *core, void *arg)
{
    const struct walking *w = arg;
    HF_CLEANUP(hf_collateral_close) struct hf_collateral *cache = NULL;

    HF_TRY(hf_collateral_open(hf_core_state_dir(core), &cache));
    return hf_collateral_list(cache, w->visit, w->arg);
}

hf_err hf_core_collateral_list(struct hf_core *core, const struct hf_who *who, hf_collateral_visit *visit, void *arg)
{
    struct walking w = {visit, arg};

    return hf_core_do(core, who, HF_OP_COLLATERAL_LIST, NULL, list, &w);
}

struct showing {
    const char *url_or_id;
    struct hf_collateral_entry entry;
    struct hf_buf *bytes;
};

static hf_err show(struct hf_core *core, void *arg)
{
    struct showing *s = arg;
    HF_CLEANUP(hf_collateral_close) struct hf_collateral *cache = NULL;

    HF_TRY(hf_collateral_open(hf_core_state_dir(core), &cache));
    return hf_collateral_get(cache, s->url_or_id, &s->entry, s->bytes);
}

hf_err hf_core_collateral_show(struct hf_core *core, const struct hf_who *who, const char *url_or_id,
                               struct hf_collateral_entry *entry, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    struct showing s = {.url_or_id = url_or_id, .bytes = &bytes};

    HF_TRY(hf_core_do(core, who, HF_OP_COLLATERAL_SHOW, url_or_id, show, &s));
    *entry = s.entry;
    return hf_buf_move(&bytes, out);
}

struct expiring {
    const struct hf_collateral_expiry *which;
    size_t dropped;
};

static bool is_over(void *arg, const struct hf_collateral_entry *e)
{
    const struct hf_collateral_expiry *w = arg;

    if (w->url_or_id)
        return strcmp(e->url, w->url_or_id) == 0 ||
               (strlen(w->url_or_id) >= 8 && strncmp(e->sha256, w->url_or_id, strlen(w->url_or_id)) == 0);
    return w->all || e->valid_until < w->before;
}

static hf_err expire(struct hf_core *core, void *arg)
{
    struct expiring *x = arg;
    HF_CLEANUP(hf_collateral_close) struct hf_collateral *cache = NULL;
    struct hf_collateral_expiry which = *x->which;

    HF_TRY(hf_collateral_open(hf_core_state_dir(core), &cache));
    HF_TRY(hf_collateral_drop(cache, is_over, &which, &x->dropped));
    if (which.url_or_id && x->dropped == 0)
        return hf_fail(HF_E_NOT_FOUND, "the cache has no \"%.200s\"", which.url_or_id);
    return HF_OK;
}

hf_err hf_core_collateral_expire(struct hf_core *core, const struct hf_who *who,
                                 const struct hf_collateral_expiry *which, size_t *dropped)
{
    struct expiring x = {.which = which};

    HF_TRY(hf_core_do(core, who, HF_OP_COLLATERAL_EXPIRE, which->url_or_id, expire, &x));
    *dropped = x.dropped;
    return HF_OK;
}
