/* hf_verify: items opened, each judged by its verifier, common rows, expectations, policy. */
#include "policy/verify.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "policy/composite.h"

#include <stdio.h>

#define CACHE_ENTRIES 4096

struct hf_verifier {
    const struct hf_verifier *base; /* whose roots, endorsements and policy these are; NULL: its own */
    struct hf_anchors anchors;
    struct hf_endorsements endorsements;
    struct hf_appraisal *policy;
    struct hf_cache *cache;
};

static const struct hf_verifier *knows(const struct hf_verifier *v)
{
    return v->base ? v->base : v;
}

hf_err hf_verifier_new(struct hf_verifier **out)
{
    HF_CLEANUP(hf_verifier_free) struct hf_verifier *v = NULL;

    HF_TRY(hf_alloc(sizeof(*v), &v));
    HF_TRY(hf_cache_new(CACHE_ENTRIES, &v->cache));
    hf_anchors_builtin(&v->anchors);
    *out = hf_take(v);
    return HF_OK;
}

void hf_verifier_free(struct hf_verifier **verifier)
{
    if (*verifier) {
        hf_endorsements_free(&(*verifier)->endorsements);
        hf_appraisal_free(&(*verifier)->policy);
        hf_cache_free(&(*verifier)->cache);
    }
    hf_free(verifier);
}

hf_err hf_verifier_beside(const struct hf_verifier *base, struct hf_verifier **out)
{
    HF_CLEANUP(hf_verifier_free) struct hf_verifier *v = NULL;

    HF_TRY(hf_alloc(sizeof(*v), &v));
    HF_TRY(hf_cache_new(CACHE_ENTRIES, &v->cache));
    v->base = knows(base);
    *out = hf_take(v);
    return HF_OK;
}

hf_err hf_verifier_add_collateral(struct hf_verifier *verifier, struct hf_bytes in, const char *source)
{
    if (verifier->base)
        return hf_fail(HF_E_ARG, "add to the verifier that this one stands beside");
    return hf_endorsements_add(&verifier->endorsements, in, source);
}

hf_err hf_verifier_add_root(struct hf_verifier *verifier, struct hf_bytes in, const char *source)
{
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements set = {0};
    size_t before = verifier->anchors.n;

    if (verifier->base)
        return hf_fail(HF_E_ARG, "add to the verifier that this one stands beside");
    HF_TRY(hf_endorsements_add(&set, in, source));
    for (size_t i = 0; i < set.n; i++) {
        const struct hf_endorsement *e = &set.item[i];
        const uint8_t *spki = e->cert ? e->cert->spki_sha256 : e->key ? e->sha256 : NULL;
        hf_err err = HF_E_FORMAT;

        if (spki)
            err = hf_anchors_add(&verifier->anchors, HF_VENDOR_ANY, HF_ENV_UNKNOWN, spki,
                                 e->cert ? e->cert->subject_text : e->source);
        if (!spki)
            err = hf_fail(HF_E_FORMAT, "%.96s: a root is a certificate or a public key", e->source);
        if (err != HF_OK) {
            verifier->anchors.n = before;
            return err;
        }
        if (e->cert && hf_cert_self_issued(e->cert) && hf_cert_verify(e->cert, e->cert->key) == HF_OK)
            hf_anchors_note_certificate(&verifier->anchors, e->cert->sha256);
    }
    return hf_endorsements_add(&verifier->endorsements, in, source);
}

static hf_err read_policy(struct hf_bytes in, const char *source, struct hf_appraisal **out)
{
    char name[64];

    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] == ':' || in.p[i] == '{' || in.p[i] == '\n') {
            hf_appraisal_name_of(source, name);
            return hf_appraisal_parse(in, name, out);
        }
    }
    if (in.n >= sizeof(name))
        return hf_fail(HF_E_CONFIG, "%zu bytes on one line are neither a policy nor one's name", in.n);
    (void)snprintf(name, sizeof(name), "%.*s", (int)in.n, in.n ? (const char *)in.p : "");
    return hf_appraisal_builtin(name, out);
}

hf_err hf_verifier_set_policy_from(struct hf_verifier *verifier, struct hf_bytes name_or_text, const char *source)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *policy = NULL;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *merged = NULL;

    if (verifier->base)
        return hf_fail(HF_E_ARG, "set it on the verifier that this one stands beside");
    HF_TRY(read_policy(name_or_text, source, &policy));
    if (verifier->policy)
        HF_TRY(hf_appraisal_merge((const struct hf_appraisal *const[]){verifier->policy, policy}, 2, NULL, &merged));
    hf_appraisal_free(&verifier->policy);
    verifier->policy = merged ? hf_take(merged) : hf_take(policy);
    return HF_OK;
}

hf_err hf_verifier_set_policy(struct hf_verifier *verifier, const char *name_or_text)
{
    if (name_or_text)
        return hf_verifier_set_policy_from(verifier, hf_bytes_text(name_or_text), "policy");
    if (verifier->base)
        return hf_fail(HF_E_ARG, "set it on the verifier that this one stands beside");
    hf_appraisal_free(&verifier->policy);
    return HF_OK;
}

/* ---- results ---- */

hf_err hf_verify_result_new(struct hf_verify_result **out)
{
    return hf_alloc(sizeof(**out), out);
}

void hf_verify_result_free(struct hf_verify_result **result)
{
    if (*result)
        hf_evidence_set_free(&(*result)->set);
    hf_free(result);
}

const char *hf_verify_result_verdict(const struct hf_verify_result *result)
{
    return hf_verdict_status_name(hf_verdict_status(&result->verdict));
}

hf_err hf_verify_result_row(const struct hf_verify_result *result, size_t i, struct hf_verify_row *out)
{
    const struct hf_check *row = &result->verdict.row[i];

    if (i >= result->verdict.n)
        return hf_fail(HF_E_NOT_FOUND, "there are %zu checks", result->verdict.n);
    *out = (struct hf_verify_row){row->name, hf_check_status_name(row->status), row->expected, row->found, row->note};
    return HF_OK;
}

const struct hf_claim *hf_verify_result_find(const struct hf_verify_result *r, const char *name)
{
    const struct hf_claim *claim = NULL;

    for (size_t i = 0; !claim && i < r->n; i++)
        claim = hf_claim_find(&r->item[i].findings.claims, name);
    return claim;
}

hf_err hf_verify_result_claim(const struct hf_verify_result *result, const char *name, struct hf_buf *out)
{
    const struct hf_claim *claim = hf_verify_result_find(result, name);

    if (!claim)
        return hf_fail(HF_E_NOT_FOUND, "the evidence makes no claim \"%.40s\"", name);
    return hf_claim_value_text(claim, out);
}

/* ---- judging ---- */

static void say_environment(const struct hf_item_result *item, struct hf_verdict *v)
{
    enum hf_environment env = item->findings.environment;
    struct hf_check *row;

    if (env == HF_ENV_EMULATED)
        row = hf_check(v, "environment", hf_fail(HF_E_UNTRUSTED, "it is emulated: no hardware stands behind it"));
    else if (env == HF_ENV_UNKNOWN)
        row = hf_check_not_applicable(v, "environment", "no vendor's root says what it is");
    else
        row = hf_check(v, "environment", HF_OK);
    hf_check_found(row, "%s", hf_environment_name(env));
}

/* Rows of one item among several begin with its label. */
static void label_rows(struct hf_verdict *v, size_t from, const char *label)
{
    for (size_t i = from; label[0] && i < v->n; i++) {
        char name[2 * sizeof(v->row[i].name)];

        (void)snprintf(name, sizeof(name), "%.20s: %s", label, v->row[i].name);
        name[sizeof(v->row[i].name) - 1] = 0;
        memcpy(v->row[i].name, name, sizeof(v->row[i].name));
    }
}

static enum hf_verdict_status status_from(const struct hf_verdict *v, size_t from)
{
    enum hf_verdict_status worst = HF_VERDICT_NONE;

    for (size_t i = from; i < v->n; i++) {
        enum hf_check_status s = v->row[i].status;

        if (s == HF_CHECK_FAILED)
            return HF_VERDICT_CONTRAINDICATED;
        if (s == HF_CHECK_ABSENT || s == HF_CHECK_WARNING)
            worst = HF_VERDICT_WARNING;
        else if (s == HF_CHECK_OK && worst == HF_VERDICT_NONE)
            worst = HF_VERDICT_AFFIRMING;
    }
    return v->lost ? HF_VERDICT_CONTRAINDICATED : worst;
}

static void judge_item(const struct hf_judge *j, const struct hf_evidence_item *item, struct hf_verify_result *r)
{
    struct hf_item_result *out = &r->item[r->n++];
    hf_judge_fn *judge = hf_judge_of(item->format->name);
    const char *with = judge ? NULL : hf_composite_judged_with(item, j);
    size_t from = r->verdict.n;

    out->format = item->format;
    hf_claims_start(&out->findings.claims);
    hf_horizon_start(&out->findings.horizon);
    out->findings.environment = HF_ENV_UNKNOWN;
    out->findings.level = HF_LEVEL_LOW;
    out->findings.has_time = out->findings.fresh = false;
    out->findings.n_missing = 0;
    if (judge) {
        judge(j, item->bytes, &r->verdict, &out->findings);
        say_environment(out, &r->verdict);
    } else if (with) {
        (void)hf_check_not_applicable(&r->verdict, "kind", "judged with the %s beside it", with);
    } else {
        (void)hf_check(&r->verdict, "kind",
                       hf_fail(HF_E_UNTRUSTED, "%s can be inspected; nothing in it is signed", item->format->name));
    }
    if (out->findings.claims.lost)
        (void)hf_check(&r->verdict, "claims", hf_fail(HF_E_LIMIT, "%zu claims more than there is room for",
                                                      out->findings.claims.lost));
    label_rows(&r->verdict, from, out->label);
    out->status = status_from(&r->verdict, from);
    hf_horizon_narrow(&r->horizon, out->findings.horizon.from, INT64_MAX, out->findings.horizon.from_by);
    hf_horizon_narrow(&r->horizon, INT64_MIN, out->findings.horizon.until, out->findings.horizon.until_by);
}

static hf_err expect_one(struct hf_verify_result *r, const char *text)
{
    const char *equals = strchr(text, '=');
    char name[32], row_name[48];
    const struct hf_claim *claim;
    struct hf_check *row;
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};

    if (!equals || equals == text || (size_t)(equals - text) >= sizeof(name))
        return hf_fail(HF_E_ARG, "expectation \"%.60s\": a claim's name, = and its value are needed", text);
    (void)snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
    (void)snprintf(row_name, sizeof(row_name), "expected %s", name);
    claim = hf_verify_result_find(r, name);
    if (!claim) {
        row = hf_check(&r->verdict, row_name, hf_fail(HF_E_MISMATCH, "the evidence makes no such claim"));
    } else {
        row = hf_check(&r->verdict, row_name,
                       hf_claim_is(claim, equals + 1) ? HF_OK : hf_fail(HF_E_MISMATCH, "another value"));
        HF_TRY(hf_claim_value_text(claim, &value));
        hf_check_found(row, "%.*s", (int)value.n, (const char *)value.p);
    }
    hf_check_expected(row, "%s", equals + 1);
    return HF_OK;
}

static void say_outside(struct hf_verify_result *r, const struct hf_verify_outside *o)
{
    struct hf_check *row = hf_check(&r->verdict, o->name,
                                    o->passed ? HF_OK : hf_fail(HF_E_UNTRUSTED, "%s", o->note ? o->note : "refused"));

    if (o->passed && o->note)
        hf_check_note(row, "%s", o->note);
}

static void start(const struct hf_verify_request *q, struct hf_verify_result *r)
{
    hf_evidence_set_free(&r->set);
    hf_verdict_start(&r->verdict);
    hf_horizon_start(&r->horizon);
    r->n = 0;
    r->at = q->at;
    r->has_nonce = q->has_nonce && q->nonce.n <= HF_DIGEST_MAX;
    r->nonce.n = 0;
    r->policy[0] = 0;
    if (r->has_nonce && q->nonce.n)
        memcpy(r->nonce.bytes, q->nonce.p, r->nonce.n = q->nonce.n);
}

/* Endorsements that travel inside the evidence count beside those of the verifier. */
static hf_err take_inner(const struct hf_verify_result *r, struct hf_endorsements *inner)
{
    for (size_t i = 0; i < r->set.n; i++) {
        if (!r->set.item[i].format)
            HF_TRY(hf_endorsements_add(inner, r->set.item[i].bytes, r->set.item[i].where));
    }
    return HF_OK;
}

static hf_err judge_all(struct hf_judge *j, struct hf_verify_result *r)
{
    const struct hf_evidence_item *items[HF_EVIDENCE_ITEMS_MAX];
    size_t n = 0;

    for (size_t i = 0; i < r->set.n; i++) {
        if (r->set.item[i].format)
            items[n++] = &r->set.item[i];
    }
    if (n == 0)
        return hf_fail(HF_E_FORMAT, "there is no evidence in it");
    j->also = items;
    j->n_also = n;
    for (size_t i = 0; i < n; i++) {
        r->item[r->n].label[0] = 0;
        if (n > 1)
            (void)snprintf(r->item[r->n].label, sizeof(r->item[0].label), "%.40s",
                           items[i]->where[0] ? items[i]->where : items[i]->format->name);
        judge_item(j, items[i], r);
    }
    return HF_OK;
}

hf_err hf_verify(struct hf_verifier *verifier, const struct hf_verify_request *request, struct hf_verify_result *result)
{
    HF_CLEANUP(hf_endorsements_free) struct hf_endorsements inner = {0};
    const struct hf_verifier *k = knows(verifier);
    struct hf_judge j = {.anchors = &k->anchors,
                         .endorsements = &k->endorsements,
                         .cache = verifier->cache,
                         .at = request->at,
                         .nonce = request->has_nonce ? &request->nonce : NULL,
                         .report_data = request->has_report_data ? &request->report_data : NULL,
                         .public_key = request->public_key,
                         .model_hash = request->model_hash};

    start(request, result);
    if (request->recipe || k->policy)
        HF_TRY(hf_recipe_by_name(request->recipe ? request->recipe : hf_appraisal_recipe(k->policy), &j.recipe));
    result->recipe = j.recipe;
    HF_TRY(hf_evidence_open_files(request->evidence, request->n_evidence, request->kind, &result->set));
    HF_TRY(take_inner(result, &inner));
    j.inner = &inner;
    hf_cache_begin(verifier->cache);
    HF_TRY(judge_all(&j, result));
    hf_composite_judge(result);
    for (size_t i = 0; i < request->n_expect; i++)
        HF_TRY(expect_one(result, request->expect[i]));
    for (size_t i = 0; i < request->n_outside; i++)
        say_outside(result, &request->outside[i]);
    if (k->policy) {
        (void)snprintf(result->policy, sizeof(result->policy), "%s", hf_appraisal_name(k->policy));
        hf_appraisal_apply(k->policy, result);
    }
    return hf_verdict_err(&result->verdict);
}
