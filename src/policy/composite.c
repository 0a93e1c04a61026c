/* What binds several items of evidence to each other. */
#include "policy/composite.h"

#include <stdio.h>

/* An item whose row holds is bound to every item of another format in the call: its verifier compared the two. */
static const struct edge {
    const char *format, *row, *other;
} edges[] = {
    {"azure-hcl", "quote binding", "tpm-quote"},    /* the quote is signed by the key in the hardware report */
    {"azure-hcl", "td quote binding", "tdx-quote"}, /* report data of TDREPORT and quote */
    {"cc-eventlog", "event log", "tdx-quote"},      /* the log replays to the quote's registers */
    {"tpm-quote", "event log", "tpm-eventlog"},     /* the same for PCRs */
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
