/* One thing that is wanted, from the cache or from where it is published. */
#include "collateral/fetch.h"
#include "base/cleanup.h"

#include <stdio.h>

#define DAY_S 86400

static const char *const states[] = {
    [HF_FETCH_CACHED] = "cached",   [HF_FETCH_UNCHANGED] = "unchanged", [HF_FETCH_NEW] = "fetched",
    [HF_FETCH_MISSING] = "missing", [HF_FETCH_FAILED] = "failed",
};

const char *hf_fetch_state_name(enum hf_fetch_state state)
{
    return (size_t)state < HF_COUNT(states) ? states[state] : "failed";
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

/* What an address must give; NULL where that is not known. */
static const char *kind_of(const char *url)
{
    if (strstr(url, "/tcb?"))
        return "tcb-info";
    if (strstr(url, "/qe/identity") || strstr(url, "/qve/identity"))
        return "identity";
    if (strstr(url, "/pckcrl?") || ends_with(url, "/crl") || strcmp(url, HF_INTEL_ROOT_CRL) == 0)
        return "crl";
    if (ends_with(url, "/cert_chain") || (strstr(url, "/vcek/v1/") && strchr(url, '?')))
        return "certificates";
    return NULL;
}

/* A page that says "not available" with status 200 is not kept. */
static hf_err check_kind(const char *url, struct hf_bytes bytes, const struct hf_collateral_entry *e)
{
    const char *want = kind_of(url);
    bool rim = bytes.n > 5 && (memcmp(bytes.p, "<?xml", 5) == 0 || memcmp(bytes.p, "<Soft", 5) == 0);
    char begin[25] = "";

    if (want ? strcmp(e->kind, want) == 0 : strcmp(e->kind, "other") != 0 || rim)
        return HF_OK;
    for (size_t i = 0; i < bytes.n && i + 1 < sizeof(begin); i++)
        begin[i] = bytes.p[i] >= ' ' && bytes.p[i] < 127 ? (char)bytes.p[i] : '.';
    return hf_fail(HF_E_FORMAT, "the answer is not of kind %s: %zu bytes of kind %s, \"%s\"...",
                   want ? want : "that is known", bytes.n, e->kind, begin);
}

static bool holds(const struct hf_collateral_entry *e, hf_time now)
{
    if (e->valid_until <= now || e->fetched_at > now)
        return false;
    return strcmp(e->kind, "certificates") == 0 || now - e->fetched_at < DAY_S;
}

/* The bytes from the first place that has them. */
static hf_err get(struct hf_http *http, const struct hf_fetch_how *how, const char *url, const char *etag,
                  struct hf_http_reply *reply, char from[HF_URL_MAX])
{
    hf_err err = HF_E_NOT_FOUND;

    for (size_t i = 0; err == HF_E_NOT_FOUND && i < hf_vendor_places(url, how->from); i++) {
        HF_TRY(hf_vendor_place(url, how->from, i, from));
        err = hf_http_get(http, from, etag, reply);
    }
    return err;
}

static hf_err keep_chain(struct hf_collateral *cache, const struct hf_collateral_entry *of, struct hf_bytes chain)
{
    struct hf_collateral_entry e = {.fetched_at = of->fetched_at};

    if (chain.n == 0)
        return HF_OK;
    if ((size_t)snprintf(e.url, sizeof(e.url), "%s" HF_COLLATERAL_CHAIN, of->url) >= sizeof(e.url))
        return hf_fail(HF_E_LIMIT, "%.200s is too long an address", of->url);
    (void)snprintf(e.from, sizeof(e.from), "%s", of->from);
    return hf_collateral_put(cache, &e, chain);
}

static hf_err fetch_new(struct hf_collateral *cache, struct hf_http *http, const struct hf_fetch_how *how,
                        struct hf_collateral_entry *e, bool there, hf_time now, enum hf_fetch_state *state)
{
    HF_CLEANUP(hf_http_reply_free) struct hf_http_reply reply = {0};
    char from[HF_URL_MAX];
    struct hf_collateral_entry fresh = *e;

    HF_TRY(get(http, how, e->url, there ? e->etag : NULL, &reply, from));
    fresh.fetched_at = now;
    if (reply.unchanged) {
        *state = HF_FETCH_UNCHANGED;
        *e = fresh;
        return hf_collateral_touch(cache, e->url, now);
    }
    (void)snprintf(fresh.etag, sizeof(fresh.etag), "%s", reply.etag);
    (void)snprintf(fresh.from, sizeof(fresh.from), "%s", strcmp(from, e->url) == 0 ? "" : from);
    HF_TRY(hf_collateral_look(hf_buf_bytes(&reply.body), &fresh));
    HF_TRY(check_kind(e->url, hf_buf_bytes(&reply.body), &fresh));
    HF_TRY(hf_collateral_put(cache, &fresh, hf_buf_bytes(&reply.body)));
    HF_TRY(keep_chain(cache, &fresh, hf_buf_bytes(&reply.chain)));
    *state = HF_FETCH_NEW;
    *e = fresh;
    return HF_OK;
}

static hf_err fetch(struct hf_collateral *cache, struct hf_http *http, const struct hf_fetch_how *how,
                    const struct hf_wanted *wanted, hf_time now, struct hf_fetched *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    char name[HF_URL_MAX];
    bool there;
    hf_err err;

    HF_TRY(hf_vendor_name(wanted->url, &how->set, name));
    err = hf_collateral_get(cache, name, &out->entry, &bytes);
    there = err == HF_OK;
    if (!there && err != HF_E_NOT_FOUND)
        return err;
    if (there && !how->refresh && holds(&out->entry, now)) {
        out->state = HF_FETCH_CACHED;
        return HF_OK;
    }
    if (how->offline) {
        out->state = there && out->entry.valid_until > now ? HF_FETCH_CACHED : HF_FETCH_MISSING;
        if (out->state == HF_FETCH_CACHED)
            return HF_OK;
        return hf_fail(HF_E_NOT_FOUND, "%s", there ? "what is there is over" : "not there");
    }
    (void)snprintf(out->entry.url, sizeof(out->entry.url), "%s", name);
    err = fetch_new(cache, http, how, &out->entry, there, now, &out->state);
    if (!there && err != HF_OK)
        out->entry = (struct hf_collateral_entry){0};
    return err;
}

hf_err hf_fetch(struct hf_collateral *cache, struct hf_http *http, const struct hf_fetch_how *how,
                const struct hf_wanted *wanted, hf_time now, struct hf_fetched *out)
{
    *out = (struct hf_fetched){.wanted = *wanted, .state = HF_FETCH_FAILED};
    out->err = fetch(cache, http, how, wanted, now, out);
    if (out->err != HF_OK) {
        out->state = out->state == HF_FETCH_MISSING ? HF_FETCH_MISSING : HF_FETCH_FAILED;
        (void)snprintf(out->detail, sizeof(out->detail), "%s", hf_err_detail());
    }
    return out->err;
}
