/* For tests of SEV-SNP verdicts: what a verifier is given, and what it said. */
#ifndef HF_TEST_SNP_RIG_H
#define HF_TEST_SNP_RIG_H

#include "make_amd.h"
#include "test.h"
#include "verify/judge.h"

struct rig {
    struct hf_anchors anchors;
    struct hf_endorsements endorsements, inner;
    struct hf_judge judge;
    struct hf_verdict verdict;
    struct hf_findings findings;
};

static inline void rig_free(struct rig **rig)
{
    if (*rig) {
        hf_endorsements_free(&(*rig)->endorsements);
        hf_endorsements_free(&(*rig)->inner);
        hf_cache_free(&(*rig)->judge.cache);
    }
    hf_free(rig);
}

static inline struct rig *rig_new(void)
{
    struct rig *r = NULL;

    OK(hf_alloc(sizeof(*r), &r));
    hf_anchors_builtin(&r->anchors);
    r->judge = (struct hf_judge){
        .anchors = &r->anchors, .endorsements = &r->endorsements, .inner = &r->inner, .at = MAKE_AMD_AT};
    return r;
}

static inline void rig_add(struct rig *r, struct hf_bytes bytes, const char *source)
{
    OK(hf_endorsements_add(&r->endorsements, bytes, source));
}

/* ARK pinned, ARK, ASK and ASVK known, and a list that revokes nothing. */
static inline void rig_add_amd(struct rig *r, const struct make_amd *amd)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};

    OK(hf_anchors_add(&r->anchors, HF_VENDOR_AMD, HF_ENV_HARDWARE, amd->ark.cert->spki_sha256, "test ARK"));
    rig_add(r, amd->ark.cert->der, "ark");
    rig_add(r, amd->ask.cert->der, "ask");
    rig_add(r, amd->asvk.cert->der, "asvk");
    OK(make_amd_crl(amd, NULL, 0, 0, &crl));
    rig_add(r, hf_buf_bytes(&crl), "crl");
}

/* What hf_verify does around a verifier. */
static inline enum hf_verdict_status rig_judge_as(struct rig *r, const char *format, struct hf_bytes evidence)
{
    hf_verdict_start(&r->verdict);
    hf_claims_start(&r->findings.claims);
    hf_horizon_start(&r->findings.horizon);
    r->findings.environment = HF_ENV_UNKNOWN;
    r->findings.level = HF_LEVEL_LOW;
    r->findings.fresh = false;
    r->findings.n_missing = 0;
    if (r->judge.cache)
        hf_cache_begin(r->judge.cache);
    hf_judge_of(format)(&r->judge, evidence, &r->verdict, &r->findings);
    return hf_verdict_status(&r->verdict);
}

static inline enum hf_verdict_status rig_judge(struct rig *r, struct hf_bytes report)
{
    return rig_judge_as(r, "snp-report", report);
}

static inline void want_row(const struct rig *r, const char *name, enum hf_check_status status)
{
    const struct hf_check *row = hf_verdict_row(&r->verdict, name);

    if (!row)
        FAIL("no row \"%s\"", name);
    if (row->status != status)
        FAIL("row \"%s\" is %s (%s), want %s", name, hf_check_status_name(row->status), row->note,
             hf_check_status_name(status));
}

static inline void show(const struct rig *r)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    OK(hf_verdict_text(&r->verdict, &text));
    print_message("%.*s\n", (int)text.n, (const char *)text.p);
}

static inline void want_status(const struct rig *r, enum hf_verdict_status want)
{
    if (hf_verdict_status(&r->verdict) == want)
        return;
    show(r);
    FAIL("the verdict is %s, want %s", hf_verdict_status_name(hf_verdict_status(&r->verdict)),
         hf_verdict_status_name(want));
}

static inline void want_claim(const struct rig *r, const char *name, const char *value)
{
    const struct hf_claim *claim = hf_claim_find(&r->findings.claims, name);
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    if (!claim)
        FAIL("no claim \"%s\"", name);
    OK(hf_claim_value_text(claim, &text));
    if (!hf_claim_is(claim, value))
        FAIL("claim \"%s\" is %.*s, want %s", name, (int)text.n, (const char *)text.p, value);
}

/* A machine: its hierarchy, its key, and a report that fits. */
struct machine {
    struct make_amd amd;
    struct testca vek;
    struct hf_snp_report rep;
    uint8_t bytes[HF_SNP_REPORT_SIZE];
};

static inline void machine_free(struct machine *m)
{
    make_amd_free(&m->amd);
    testca_free(&m->vek);
}

static inline void machine_new(struct machine *m, unsigned version, enum hf_snp_product product, bool vlek)
{
    struct make_vek_spec spec = {0};
    char name[24];

    make_snp_report(version, product, &m->rep);
    if (vlek)
        m->rep.flags |= HF_SNP_KEY_VLEK << 2;
    OK(make_amd_new(hf_snp_product_name(product), &m->amd));
    (void)snprintf(name, sizeof(name), "%s%s", hf_snp_product_name(product), vlek ? "" : "-B1");
    make_vek_of(&m->rep, product, name, &spec.vek);
    OK(make_vek(&m->amd, &spec, &m->vek));
    OK(make_snp_sign(&m->rep, m->vek.key, m->bytes));
}

/* What a verifier knows of it. */
static inline void machine_known(struct machine *m, struct rig *r)
{
    rig_add_amd(r, &m->amd);
    rig_add(r, m->vek.cert->der, "vek");
    r->judge.report_data = &m->rep.report_data;
}

#endif
