/* What binds several items of evidence to each other. */
#include "policy/composite.h"

#include <stdio.h>

/* An item whose row holds is bound to every item of another format in the call: its verifier compared the two. */
static const struct edge {
    const char *format, *row, *other;
    bool other_vouches; /* what it says is proved by the other one; else the other way round */
} edges[] = {
    {"azure-hcl", "quote binding", "tpm-quote", false},   /* the quote is signed by the key in the hardware report */
    {"azure-hcl", "td quote binding", "tdx-quote", true}, /* report data of TDREPORT and quote */
    {"cc-eventlog", "event log", "tdx-quote", true},      /* the log replays to the quote's registers */
    {"tpm-quote", "event log", "tpm-eventlog", false},    /* the same for PCRs */
};

const char *hf_composite_judged_with(const struct hf_evidence_item *item, const struct hf_judge *j)
{
    for (size_t e = 0; e < HF_COUNT(edges); e++) {
        if (strcmp(edges[e].other, item->format->name) != 0)
            continue;
        for (size_t i = 0; i < j->n_also; i++) {
            if (strcmp(j->also[i]->format->name, edges[e].format) == 0)
                return edges[e].format;
        }
    }
    return NULL;
}

/* Does the item's row of this name hold, in each place where it is? Rows begin with the item's label. */
static bool holds(const struct hf_verify_result *r, const struct hf_item_result *item, const char *row)
{
    char name[sizeof(r->verdict.row[0].name)];
    bool any = false;

    (void)snprintf(name, sizeof(name), "%.20s: %.20s", item->label, row);
    for (size_t i = 0; i < r->verdict.n; i++) {
        if (strcmp(r->verdict.row[i].name, name) != 0)
            continue;
        if (r->verdict.row[i].status != HF_CHECK_OK)
            return false;
        any = true;
    }
    return any;
}

/* ---- what one item proves of another ---- */

/* The one item of a format; NULL for none, and for several: their verifiers compared one of them. */
static const struct hf_item_result *only(const struct hf_verify_result *r, const char *format)
{
    const struct hf_item_result *found = NULL;

    for (size_t i = 0; i < r->n; i++) {
        if (strcmp(r->item[i].format->name, format) != 0)
            continue;
        if (found)
            return NULL;
        found = &r->item[i];
    }
    return found;
}

/* The item that proves what this one says, if there is one. */
static const struct hf_item_result *voucher(const struct hf_verify_result *r, const struct hf_item_result *item)
{
    for (size_t e = 0; e < HF_COUNT(edges); e++) {
        const struct hf_item_result *from = only(r, edges[e].format), *to = only(r, edges[e].other);

        if (!from || !to || item != (edges[e].other_vouches ? from : to) || !holds(r, from, edges[e].row))
            continue;
        return edges[e].other_vouches ? to : from;
    }
    return NULL;
}

void hf_composite_standing(const struct hf_verify_result *r, const struct hf_item_result *item, struct hf_standing *out)
{
    *out = (struct hf_standing){item->findings.level, item->findings.environment, item->findings.fresh};
    for (size_t steps = 0; out->environment != HF_ENV_EMULATED && steps < HF_COUNT(edges); steps++) {
        item = voucher(r, item);
        if (!item)
            break;
        out->fresh |= item->findings.fresh;
        if (item->findings.environment == HF_ENV_EMULATED || item->findings.level > out->level ||
            out->environment == HF_ENV_UNKNOWN)
            out->environment = item->findings.environment;
        if (item->findings.level > out->level)
            out->level = item->findings.level;
    }
}

const char *hf_composite_family(const struct hf_item_result *item)
{
    const struct hf_claims *c = &item->findings.claims;

    if (strcmp(item->format->family, "azure") != 0)
        return item->format->family;
    return hf_claim_find(c, "vmpl") ? "snp" : hf_claim_find(c, "mrtd") ? "tdx" : "azure";
}

/* Items and, behind them, the nonce: which hang together. */
struct groups {
    size_t nonce; /* its place */
    size_t of[HF_EVIDENCE_ITEMS_MAX + 1];
    char told[200]; /* the edges */
    size_t n_told;
};

static void join(struct groups *g, size_t a, size_t b, const char *from, const char *to)
{
    size_t gone = g->of[b], kept = g->of[a];

    for (size_t i = 0; i <= g->nonce; i++) {
        if (g->of[i] == gone)
            g->of[i] = kept;
    }
    if (g->n_told < sizeof(g->told))
        g->n_told += (size_t)snprintf(g->told + g->n_told, sizeof(g->told) - g->n_told, "%s%.30s <- %.30s",
                                      g->n_told ? ", " : "", from, to);
}

static void join_all(const struct hf_verify_result *r, struct groups *g)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct hf_item_result *item = &r->item[i];

        if (item->findings.fresh)
            join(g, i, g->nonce, item->label, r->has_nonce ? "nonce" : "report data");
        for (size_t e = 0; e < HF_COUNT(edges); e++) {
            if (strcmp(edges[e].format, item->format->name) != 0 || !holds(r, item, edges[e].row))
                continue;
            for (size_t k = 0; k < r->n; k++) {
                if (strcmp(r->item[k].format->name, edges[e].other) == 0)
                    join(g, i, k, item->label, r->item[k].label);
            }
        }
    }
}

void hf_composite_judge(struct hf_verify_result *r)
{
    struct groups g = {.nonce = r->n};
    const struct hf_item_result *apart = NULL;
    struct hf_check *row;

    if (r->n < 2)
        return;
    for (size_t i = 0; i <= r->n; i++)
        g.of[i] = i;
    join_all(r, &g);
    for (size_t i = 1; i < r->n && !apart; i++) {
        if (g.of[i] != g.of[0])
            apart = &r->item[i];
    }
    if (apart)
        row = hf_check_warn(&r->verdict, "binding",
                            "%.40s and %.40s share nothing but the caller's word: neither a nonce "
                            "nor a key of one in the other",
                            r->item[0].label, apart->label);
    else
        row = hf_check(&r->verdict, "binding", HF_OK);
    hf_check_found(row, "%s", g.told[0] ? g.told : "nothing");
    if (!apart)
        hf_check_note(row, "a nonce shows that items are of one time, a key that they are of one machine");
}
