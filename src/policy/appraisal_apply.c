/*
 * A policy over a verdict that is there: seed 002's rows, then the fields' expectations. Rows that a verifier left open
 * or that the policy speaks of are decided anew: they keep what was found and expected, and say which policy did it.
 */
#include "base/clock.h"
#include "base/error.h"
#include "policy/appraisal_i.h"
#include "policy/composite.h"
#include "policy/verify.h"

#include <inttypes.h>
#include <stdio.h>

struct appraise {
    const struct hf_appraisal *p;
    struct hf_verify_result *r;
    size_t given; /* rows that were there before */
};

static bool yes(const struct appraise *a, size_t field)
{
    return a->p->value[field].number != 0;
}

/* ---- rows that are there ---- */

/* A row's name behind its item's label. */
static bool is_named(const struct hf_check *row, const struct hf_item_result *item, const char *name)
{
    size_t skip = strnlen(item->label, 20);

    if (skip) {
        if (strncmp(row->name, item->label, skip) != 0 || row->name[skip] != ':' || row->name[skip + 1] != ' ')
            return false;
        skip += 2;
    }
    return strcmp(row->name + skip, name) == 0;
}

static void decide(const struct appraise *a, struct hf_check *row, enum hf_check_status status, const char *verb)
{
    char note[sizeof(row->note)];

    (void)snprintf(note, sizeof(note), "policy %s %s it%s%s", a->p->name, verb, row->note[0] ? ": " : "", row->note);
    hf_check_note(row, "%s", note);
    row->status = status;
    row->err = status == HF_CHECK_OK ? HF_OK : status == HF_CHECK_FAILED ? HF_E_DENIED : HF_E_WARNED;
}

/* Every row of a name that is not ok: `allow` makes it `to`, else it fails. */
static void switch_rows(const struct appraise *a, const struct hf_item_result *item, const char *name, bool allow,
                        enum hf_check_status to)
{
    for (size_t i = 0; i < a->given; i++) {
        struct hf_check *row = &a->r->verdict.row[i];

        if (row->status == HF_CHECK_OK || row->status == HF_CHECK_NOT_APPLICABLE || !is_named(row, item, name))
            continue;
        if (allow)
            decide(a, row, to, "allows");
        else if (row->status != HF_CHECK_FAILED)
            decide(a, row, HF_CHECK_FAILED, "refuses");
    }
}

/* What a policy enforces must have been there to be checked. */
static void refuse_absent(const struct appraise *a, const struct hf_item_result *item, const char *const *names,
                          size_t n)
{
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < a->given; i++) {
            struct hf_check *row = &a->r->verdict.row[i];

            if (row->status == HF_CHECK_ABSENT && is_named(row, item, names[k]))
                decide(a, row, HF_CHECK_FAILED, "refuses");
        }
    }
}

/* A list that is missing, or of another time. A certificate that was revoked fails under every policy. */
static void decide_revocation(const struct appraise *a, const struct hf_item_result *item)
{
    for (size_t i = 0; i < a->given; i++) {
        struct hf_check *row = &a->r->verdict.row[i];

        if (row->status != HF_CHECK_ABSENT || !is_named(row, item, "revocation"))
            continue;
        if (yes(a, HF_AP_MISSING_CRL) || !yes(a, HF_AP_CERTIFICATES))
            decide(a, row, HF_CHECK_WARNING, "allows");
        else
            decide(a, row, HF_CHECK_FAILED, "refuses");
    }
}

static void decide_certificates(const struct appraise *a, const struct hf_item_result *item)
{
    static const char *const rows[] = {"certificate chain", "root", "validity", "signing key", "signature"};
    struct hf_check *row;

    if (yes(a, HF_AP_CERTIFICATES)) {
        refuse_absent(a, item, rows, HF_COUNT(rows));
        return;
    }
    for (size_t i = 0; i < 3; i++) /* the chain's; a bad signature stays one */
        switch_rows(a, item, rows[i], true, HF_CHECK_WARNING);
    row = hf_appraisal_row(&a->r->verdict, item, "certificate validation", hf_fail(HF_E_WARNED, "not enforced"));
    hf_check_note(row, "policy %s does not enforce it: anybody could have made this", a->p->name);
}

static void decide_freshness(const struct appraise *a, const struct hf_item_result *item)
{
    static const char *const rows[] = {"freshness", "nonce"};

    if (yes(a, HF_AP_NONCE))
        refuse_absent(a, item, rows, HF_COUNT(rows));
}

/* ---- statuses ---- */

static bool status_in(const struct hf_claim *c, const char *word)
{
    return c->kind == HF_CLAIM_TEXT && hf_bytes_equal(c->bytes, hf_bytes_text(word));
}

static bool status_allowed(const struct appraise *a, const struct hf_claim *c)
{
    const struct hf_appraisal_value *v = &a->p->value[HF_AP_STATUSES];

    if (!v->holds)
        return status_in(c, "UpToDate") || status_in(c, "SWHardeningNeeded"); /* seed 002, when updates are enforced */
    for (size_t i = 0; i < v->n; i++) {
        if (status_in(c, v->text[i]))
            return true;
    }
    return false;
}

static void say_not_enforced(const struct appraise *a, const struct hf_item_result *item)
{
    struct hf_check *row = hf_appraisal_row(&a->r->verdict, item, "tcb updates", hf_fail(HF_E_WARNED, "not enforced"));

    hf_check_note(row, "policy %s does not enforce them: the platform may have known holes", a->p->name);
}

static void decide_status(const struct appraise *a, const struct hf_item_result *item)
{
    static const char *const collateral[] = {"tcb info", "qe identity", "tcb signing", "module identity",
                                             "platform level"};
    const struct hf_claim *c = hf_claim_find(&item->findings.claims, "tcb_status");
    bool intel = strcmp(item->format->name, "sgx-quote") == 0 || strcmp(item->format->name, "tdx-quote") == 0;
    struct hf_check *row;

    if (yes(a, HF_AP_TCB_UPDATES))
        refuse_absent(a, item, collateral, HF_COUNT(collateral));
    else
        say_not_enforced(a, item);
    if (!c) {
        if (intel && yes(a, HF_AP_TCB_UPDATES))
            (void)hf_appraisal_row(&a->r->verdict, item, "tcb status",
                                   hf_fail(HF_E_DENIED, "the platform has no status: its collateral is missing or does "
                                                        "not fit"));
        return;
    }
    /* these two say that the platform is broken or unknown, not that it is old */
    if (status_in(c, "Revoked") || status_in(c, "NotSupported"))
        return;
    if (!yes(a, HF_AP_TCB_UPDATES)) {
        switch_rows(a, item, "platform level", true, HF_CHECK_WARNING);
        return;
    }
    switch_rows(a, item, "platform level", status_allowed(a, c), HF_CHECK_OK);
    switch_rows(a, item, "relaunch", status_allowed(a, c), HF_CHECK_OK);
    row = hf_appraisal_row(&a->r->verdict, item, "tcb status",
                           status_allowed(a, c) ? HF_OK : hf_fail(HF_E_DENIED, "policy %s refuses it", a->p->name));
    hf_check_found(row, "%.*s", (int)c->bytes.n, (const char *)c->bytes.p);
    if (!a->p->value[HF_AP_STATUSES].holds)
        hf_check_expected(row, "UpToDate or SWHardeningNeeded");
    for (size_t i = 0; i < a->p->value[HF_AP_STATUSES].n; i++) {
        size_t n = strlen(row->expected);

        (void)snprintf(row->expected + n, sizeof(row->expected) - n, "%s%s", i ? ", " : "",
                       a->p->value[HF_AP_STATUSES].text[i]);
    }
}

/* ---- rows of our own ---- */

static void check_provider(const struct appraise *a, const struct hf_item_result *item)
{
    const struct hf_appraisal_value *v = &a->p->value[HF_AP_PROVIDERS];
    bool allowed = false;
    struct hf_check *row;

    for (size_t i = 0; i < v->n; i++)
        allowed |= hf_appraisal_covers(v->text[i], hf_composite_family(item));
    row = hf_appraisal_row(&a->r->verdict, item, "provider",
                           allowed ? HF_OK : hf_fail(HF_E_DENIED, "policy %s does not allow it", a->p->name));
    hf_check_found(row, "%s", hf_composite_family(item));
    for (size_t i = 0; i < v->n; i++) {
        size_t n = strlen(row->expected);

        (void)snprintf(row->expected + n, sizeof(row->expected) - n, "%s%s", i ? ", " : "", v->text[i]);
    }
}

static void check_level(const struct appraise *a, const struct hf_item_result *item)
{
    static const char *const names[] = {"low", "medium", "high"};
    uint64_t want = a->p->value[HF_AP_LEVEL].number;
    struct hf_standing standing;
    struct hf_check *row;
    uint64_t have;

    hf_composite_standing(a->r, item, &standing);
    have = (uint64_t)standing.level;
    row = hf_appraisal_row(&a->r->verdict, item, "security level",
                           have >= want ? HF_OK
                                        : hf_fail(HF_E_DENIED, "too low for policy %s: environment %s", a->p->name,
                                                  hf_environment_name(standing.environment)));
    hf_check_found(row, "%s", names[have < 3 ? have : 0]);
    hf_check_expected(row, want < 2 ? "%s or higher" : "%s", names[want < 3 ? want : 2]);
}

static void check_age(const struct appraise *a, const struct hf_item_result *item)
{
    uint64_t max = a->p->value[HF_AP_AGE].number, skew = a->p->value[HF_AP_SKEW].number;
    const struct hf_findings *f = &item->findings;
    struct hf_standing standing;
    hf_err err = HF_OK;
    struct hf_check *row;
    uint64_t age, ahead;

    if (!f->has_time) {
        hf_composite_standing(a->r, item, &standing);
        row = hf_appraisal_row(&a->r->verdict, item, "age", HF_OK);
        if (!standing.fresh) {
            row->status = HF_CHECK_ABSENT;
            row->err = HF_E_NOT_FOUND;
        }
        hf_check_note(row, standing.fresh
                               ? "the evidence tells no time; its nonce is fresh"
                               : "the evidence tells no time, and no nonce was compared: it may be of any age");
        return;
    }
    age = a->r->at > f->made_at ? (uint64_t)a->r->at - (uint64_t)f->made_at : 0;
    ahead = f->made_at > a->r->at ? (uint64_t)f->made_at - (uint64_t)a->r->at : 0;
    if (age > max / 1000)
        err = hf_fail(HF_E_DENIED, "older than policy %s allows", a->p->name);
    else if (ahead > skew / 1000)
        err = hf_fail(HF_E_DENIED, "made %" PRIu64 " seconds in the future: more than policy %s allows", ahead,
                      a->p->name);
    row = hf_appraisal_row(&a->r->verdict, item, "age", err);
    if (ahead)
        hf_check_found(row, "%" PRIu64 " seconds ahead", ahead);
    else
        hf_check_found(row, "%" PRIu64 " seconds", age);
    hf_check_expected(row, "at most %" PRIu64 " seconds, or %" PRIu64 " ahead", max / 1000, skew / 1000);
}

static void check_collateral_age(const struct appraise *a, const struct hf_item_result *item)
{
    const struct hf_appraisal_value *v = &a->p->value[HF_AP_COLLATERAL_AGE];
    const struct hf_claim *c = hf_claim_find(&item->findings.claims, "collateral_issued");
    uint64_t age = UINT64_MAX;
    char text[HF_TIME_TEXT];
    struct hf_check *row;
    hf_time from;

    if (!v->holds)
        return;
    if (c && c->kind == HF_CLAIM_TEXT && c->bytes.n < sizeof(text)) {
        (void)snprintf(text, sizeof(text), "%.*s", (int)c->bytes.n, (const char *)c->bytes.p);
        if (hf_time_parse(text, &from) == HF_OK)
            age = a->r->at > from ? (uint64_t)a->r->at - (uint64_t)from : 0;
    }
    row = hf_appraisal_row(&a->r->verdict, item, "collateral age",
                           age == UINT64_MAX        ? hf_fail(HF_E_DENIED, "nothing says how old it is")
                           : age > v->number / 1000 ? hf_fail(HF_E_DENIED, "older than policy %s allows", a->p->name)
                                                    : HF_OK);
    hf_check_expected(row, "at most %" PRIu64 " seconds", v->number / 1000);
    if (age != UINT64_MAX)
        hf_check_found(row, "%" PRIu64 " seconds", age);
}

static void check_recipe(const struct appraise *a, const struct hf_item_result *item)
{
    const char *want = hf_appraisal_recipe(a->p);
    const char *have = hf_recipe_name(a->r->recipe);
    struct hf_check *row;

    if (strcmp(want, "any") == 0 || !a->r->has_nonce)
        return;
    row = hf_appraisal_row(&a->r->verdict, item, "recipe",
                           strcmp(want, have) == 0 ? HF_OK
                                                   : hf_fail(HF_E_DENIED, "policy %s wants another", a->p->name));
    hf_check_expected(row, "%s", want);
    hf_check_found(row, "%s", have);
}

/* ---- measurements ---- */

static void check_measurement(const struct appraise *a, const struct hf_item_result *item,
                              const struct hf_appraisal_named *m)
{
    const struct hf_claim *exact = hf_claim_find(&item->findings.claims, m->name);
    const struct hf_claim *c = exact ? exact : hf_claim_find(&item->findings.claims, hf_appraisal_claim_name(m->name));
    struct hf_check *row;
    char name[64];
    bool fits = false;

    for (size_t i = 0; c && i < m->n; i++)
        fits |= hf_claim_is(c, m->text[i]);
    (void)snprintf(name, sizeof(name), "measurement %.40s", m->name);
    row = hf_appraisal_row(&a->r->verdict, item, name,
                           fits ? HF_OK
                           : c  ? hf_fail(HF_E_MISMATCH, "none of the values that policy %s allows", a->p->name)
                                : hf_fail(HF_E_MISMATCH, "the evidence makes no such claim"));
    if (c && c->kind == HF_CLAIM_BYTES)
        hf_check_found_hex(row, c->bytes);
    else if (c && (c->kind == HF_CLAIM_TEXT || c->kind == HF_CLAIM_TEXTS))
        hf_check_found(row, "%.*s", (int)c->bytes.n, c->bytes.n ? (const char *)c->bytes.p : "");
    else if (c)
        hf_check_found(row, "%" PRIu64, c->number);
    hf_check_expected(row, "%s", m->text[0]);
    if (m->n > 1)
        hf_check_expected(row, "%.120s, or one of %zu more", m->text[0], m->n - 1);
}

static void check_measurements(const struct appraise *a, const struct hf_item_result *item)
{
    for (size_t i = 0; i < hf_appraisal_n_fields(); i++) {
        const struct hf_appraisal_field *f = &hf_appraisal_fields[i];
        const struct hf_appraisal_value *v = &a->p->value[i];

        if ((f->kind != HF_AP_MEASURES && f->kind != HF_AP_PCRS) || !hf_appraisal_about(f, hf_composite_family(item)))
            continue;
        for (size_t k = 0; k < v->n; k++) {
            if (!v->named[k].group[0] || hf_appraisal_covers(v->named[k].group, hf_composite_family(item)))
                check_measurement(a, item, &v->named[k]);
        }
    }
}

/* ---- over all ---- */

static void check_validators(const struct appraise *a)
{
    const char *name;

    for (size_t i = 0; (name = hf_appraisal_validator(a->p, i)) != NULL; i++) {
        char row[48];

        (void)snprintf(row, sizeof(row), "validator %.36s", name);
        if (!hf_verdict_row(&a->r->verdict, row))
            (void)hf_check(&a->r->verdict, row,
                           hf_fail(HF_E_DENIED, "policy %s wants it, and it was not run", a->p->name));
    }
}

static void say_policy(const struct appraise *a)
{
    const uint8_t *h = a->p->sha256;
    struct hf_check *row = hf_check_not_applicable(&a->r->verdict, "policy", "normal form sha256 %02x%02x%02x%02x...",
                                                   h[0], h[1], h[2], h[3]);

    hf_check_found(row, "%s", a->p->name);
    if (a->p->asked[0] && strcmp(a->p->asked, a->p->name) != 0)
        hf_check_note(row, "\"%s\" is %s now; name that one to keep it", a->p->asked, a->p->name);
}

static enum hf_verdict_status item_status(const struct hf_verify_result *r, const struct hf_item_result *item)
{
    enum hf_verdict_status worst = HF_VERDICT_NONE;
    size_t skip = strnlen(item->label, 20);

    for (size_t i = 0; i < r->verdict.n; i++) {
        const struct hf_check *row = &r->verdict.row[i];

        if (skip && (strncmp(row->name, item->label, skip) != 0 || row->name[skip] != ':'))
            continue;
        if (row->status == HF_CHECK_FAILED)
            return HF_VERDICT_CONTRAINDICATED;
        if (row->status == HF_CHECK_ABSENT || row->status == HF_CHECK_WARNING)
            worst = HF_VERDICT_WARNING;
        else if (row->status == HF_CHECK_OK && worst == HF_VERDICT_NONE)
            worst = HF_VERDICT_AFFIRMING;
    }
    return r->verdict.lost ? HF_VERDICT_CONTRAINDICATED : worst;
}

void hf_appraisal_apply(const struct hf_appraisal *policy, struct hf_verify_result *result)
{
    struct appraise a = {policy, result, result->verdict.n};

    say_policy(&a);
    for (size_t i = 0; i < result->n; i++) {
        const struct hf_item_result *item = &result->item[i];

        check_provider(&a, item);
        check_level(&a, item);
        check_age(&a, item);
        decide_freshness(&a, item);
        check_recipe(&a, item);
        decide_certificates(&a, item);
        decide_revocation(&a, item);
        decide_status(&a, item);
        check_collateral_age(&a, item);
        switch_rows(&a, item, "debug", yes(&a, HF_AP_DEBUG), HF_CHECK_WARNING);
        switch_rows(&a, item, "migration", yes(&a, HF_AP_MIGRATION), HF_CHECK_OK);
        switch_rows(&a, item, "environment", yes(&a, HF_AP_TEST_MODE), HF_CHECK_WARNING);
        check_measurements(&a, item);
        hf_appraisal_expect(policy, item, &result->verdict);
    }
    check_validators(&a);
    memcpy(result->policy_sha256, policy->sha256, sizeof(result->policy_sha256));
    for (size_t i = 0; i < result->n; i++)
        result->item[i].status = item_status(result, &result->item[i]);
}
