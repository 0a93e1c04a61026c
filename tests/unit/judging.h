/* For tests of verifiers: one item of evidence judged by its verifier, with roots, endorsements and a cache of the
 * test's own, and rows looked at by name. */
#ifndef HF_TEST_JUDGING_H
#define HF_TEST_JUDGING_H

#include "test.h"
#include "verify/judge.h"

struct judging {
    struct hf_anchors anchors;
    struct hf_endorsements endorsements, inner;
    struct hf_cache *cache;
    struct hf_judge j;
    struct hf_bytes nonce, report_data;
    struct hf_verdict verdict;
    struct hf_findings findings;
};

static inline void judging_start(struct judging *g, hf_time at)
{
    *g = (struct judging){0};
    OK(hf_cache_new(64, &g->cache));
    g->j = (struct hf_judge){.anchors = &g->anchors,
                             .endorsements = &g->endorsements,
                             .inner = &g->inner,
                             .cache = g->cache,
                             .at = at};
}

static inline void judging_free(struct judging *g)
{
    hf_cache_free(&g->cache);
    hf_endorsements_free(&g->endorsements);
    hf_endorsements_free(&g->inner);
}

static inline void judging_root(struct judging *g, enum hf_anchor_vendor vendor, const struct hf_cert *root)
{
    OK(hf_anchors_add(&g->anchors, vendor, HF_ENV_HARDWARE, root->spki_sha256, "test root"));
}

static inline void judging_nonce(struct judging *g, struct hf_bytes nonce)
{
    g->nonce = nonce;
    g->j.nonce = &g->nonce;
}

static inline void judging_report_data(struct judging *g, struct hf_bytes report_data)
{
    g->report_data = report_data;
    g->j.report_data = &g->report_data;
}

static inline enum hf_verdict_status judging_run(struct judging *g, const char *format, struct hf_bytes evidence)
{
    hf_verdict_start(&g->verdict);
    g->findings = (struct hf_findings){.environment = HF_ENV_UNKNOWN, .level = HF_LEVEL_LOW};
    hf_horizon_start(&g->findings.horizon);
    hf_cache_begin(g->cache);
    hf_judge_of(format)(&g->j, evidence, &g->verdict, &g->findings);
    return hf_verdict_status(&g->verdict);
}

/* "ok", "failed", ... of the first row of a name; "none" where there is none. */
static inline const char *judging_row(const struct judging *g, const char *name)
{
    const struct hf_check *row = hf_verdict_row(&g->verdict, name);

    return row ? hf_check_status_name(row->status) : "none";
}

/* Names of the rows that failed, each once, with a comma between each two. */
static inline const char *judging_failed(const struct judging *g)
{
    static char names[512];
    size_t n = 0;

    names[0] = 0;
    for (size_t i = 0; i < g->verdict.n; i++) {
        const struct hf_check *row = &g->verdict.row[i];

        if (row->status == HF_CHECK_FAILED && !strstr(names, row->name))
            n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "", row->name);
    }
    return names;
}

#endif
