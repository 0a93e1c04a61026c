/* Evidence of SEV and SEV-ES: a platform's certificates, and the report of a guest on it. */
#include "base/cleanup.h"
#include "evidence/sev_report.h"
#include "verify/intel_body.h"
#include "verify/sev_chain.h"

#include <inttypes.h>

hf_judge_fn hf_sev_chain_judge, hf_sev_report_judge;

/* A chain is the same every day: it proves a platform, and that a session made with its PDH reaches that one alone. */
static void say_no_nonce(const struct hf_judge *j, struct hf_verdict *v)
{
    if (j->nonce || j->report_data)
        (void)hf_check_absent(v, "nonce",
                              "certificates carry none: what is fresh is the launch that you make with the PDH");
    else
        (void)hf_check_not_applicable(v, "freshness", "certificates are the same every day");
}

static void claim_platform(const struct hf_sev_chain *c, struct hf_claims *claims)
{
    if (!c->has_pek)
        return;
    hf_claim_number(claims, "api_major", c->pek.api_major);
    hf_claim_number(claims, "api_minor", c->pek.api_minor);
}

static void set_level(struct hf_findings *f)
{
    f->level = f->environment == HF_ENV_HARDWARE ? HF_LEVEL_HIGH : HF_LEVEL_LOW;
}

void hf_sev_chain_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v, struct hf_findings *f)
{
    struct hf_sev_chain chain = {0};
    hf_err err = hf_sev_chain_take(&chain, evidence);

    (void)hf_check(v, "structure", err);
    if (err != HF_OK)
        return;
    (void)hf_sev_chain_check(j, &chain, true, v, f);
    claim_platform(&chain, &f->claims);
    say_no_nonce(j, v);
    set_level(f);
}

/* ---- the guest's report ---- */

/* The platform's certificates, out of the same call. */
static void take_beside(const struct hf_judge *j, struct hf_sev_chain *chain)
{
    for (size_t i = 0; i < j->n_also; i++) {
        if (j->also[i]->format && strcmp(j->also[i]->format->name, "sev-chain") == 0)
            (void)hf_sev_chain_take(chain, j->also[i]->bytes);
    }
}

static void judge_policy(const struct hf_sev_report *r, struct hf_verdict *v, struct hf_findings *f)
{
    char text[96];
    bool send = !(r->policy & HF_SEV_POLICY_NOSEND);
    struct hf_check *row;

    hf_judge_reserved_bits(v, "POLICY", r->policy & ~HF_SEV_POLICY_KNOWN);
    hf_judge_debug(!(r->policy & HF_SEV_POLICY_NODBG), "NODBG is not set", v, f);
    if (send)
        row = hf_check_warn(v, "migration",
                            "NOSEND is not set: the host may send the guest to a platform that its owner "
                            "never saw");
    else
        row = hf_check(v, "migration", HF_OK);
    hf_sev_policy_text(r->policy, text, sizeof(text));
    hf_check_found(row, "%s", text);
    hf_claim_bool(&f->claims, "migration", send);
}

/* Is the report signed by this PEK? */
static hf_err check_signature(struct hf_bytes evidence, const struct hf_sev_report *r, const struct hf_sev_cert *cert)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *pek = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_sig_alg alg;

    HF_TRY(hf_sev_cert_key(cert, &pek));
    HF_TRY(hf_sev_signature(r->sig_algo, HF_BYTES_OF(r->signature), pek, &alg, &sig));
    return hf_pubkey_verify_message(pek, &alg, (struct hf_bytes){evidence.p, HF_SEV_REPORT_SIGNED}, hf_buf_bytes(&sig));
}

/* Among the collateral of many platforms, the PEK that signed the report. */
static void find_pek(const struct hf_judge *j, struct hf_bytes evidence, const struct hf_sev_report *r,
                     struct hf_sev_chain *chain)
{
    const struct hf_endorsement *e;
    size_t at = 0;

    while (!chain->has_pek && (e = hf_judge_next(j, HF_ENDORSEMENT_SEV_CERT, &at)) != NULL) {
        const struct hf_sev_item *item = (const struct hf_sev_item *)e->document;

        if (!item->amd && item->sev.usage == HF_SEV_PEK && check_signature(evidence, r, &item->sev) == HF_OK)
            (void)hf_sev_chain_take(chain, e->bytes);
    }
}

static void judge_signature(struct hf_bytes evidence, const struct hf_sev_report *r, const struct hf_sev_chain *chain,
                            struct hf_verdict *v)
{
    hf_err err;

    if (r->sig_usage != HF_SEV_PEK)
        err = hf_fail(HF_E_UNSUPPORTED, "signed by a key of usage 0x%x; a PEK signs reports", r->sig_usage);
    else if (!chain->has_pek)
        err = hf_fail(HF_E_NOT_FOUND, "no PEK: give the platform's certificates (sevctl export)");
    else
        err = check_signature(evidence, r, &chain->pek);
    hf_check_found(hf_check(v, "signature", err), "%s by %s", hf_sev_algo_name(r->sig_algo),
                   hf_sev_usage_name(r->sig_usage));
}

void hf_sev_report_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v,
                         struct hf_findings *f)
{
    struct hf_sev_chain chain = {0};
    struct hf_sev_report r;
    hf_err err = hf_sev_report_parse(evidence, &r);

    (void)hf_check(v, "structure", err);
    if (err != HF_OK)
        return;
    take_beside(j, &chain);
    find_pek(j, evidence, &r, &chain);
    (void)hf_sev_chain_check(j, &chain, false, v, f);
    judge_signature(evidence, &r, &chain, v);
    judge_policy(&r, v, f);
    hf_claim_bytes(&f->claims, "launch_digest", (struct hf_bytes){evidence.p + 16, 32});
    hf_claim_bytes(&f->claims, "policy", (struct hf_bytes){evidence.p + 48, 4});
    claim_platform(&chain, &f->claims);
    hf_judge_freshness(j, (struct hf_bytes){evidence.p, sizeof(r.mnonce)}, sizeof(r.mnonce), v, f);
    set_level(f);
}
