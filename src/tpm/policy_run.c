/* Running policies on a TPM: the order of things. What each step sends is in policy_step.c. */
#include "tpm/policy_run.h"

#include "base/cleanup.h"
#include "tpm/connection.h"
#include "tpm/policy_words.h"

#include <stdio.h>

#define RUNS_MAX 3 /* when a PCR changes between two steps */

hf_err hf_policy_run_start(struct hf_policy_run *run, struct hf_tpm_call *c, uint32_t code)
{
    struct hf_tpm_entity session = hf_tpm_session_entity(run->session);

    HF_TRY(hf_tpm_call_start(c, code));
    hf_tpm_call_handle(c, &session, NULL);
    return HF_OK;
}

hf_err hf_policy_run_restart(struct hf_policy_run *run)
{
    struct hf_tpm_call c;

    HF_TRY(hf_policy_run_start(run, &c, TPM2_CC_PolicyRestart));
    HF_TRY(hf_tpm_call_run(run->tpm, &c));
    hf_tpm_session_needs_auth(run->session, false);
    return hf_rd_end(&c.r);
}

hf_err hf_policy_run_digest(struct hf_policy_run *run, struct hf_digest *out)
{
    struct hf_tpm_call c;
    struct hf_bytes digest;

    HF_TRY(hf_policy_run_start(run, &c, TPM2_CC_PolicyGetDigest));
    HF_TRY(hf_tpm_call_run(run->tpm, &c));
    digest = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    if (digest.n > sizeof(out->bytes))
        return hf_fail(HF_E_DEVICE, "TPM2_PolicyGetDigest: a digest of %zu bytes", digest.n);
    out->n = digest.n;
    memcpy(out->bytes, digest.p, digest.n);
    return HF_OK;
}

hf_err hf_policy_run_or(struct hf_policy_run *run, const struct hf_digest *digests, size_t n)
{
    struct hf_tpm_call c;

    HF_TRY(hf_policy_run_start(run, &c, TPM2_CC_PolicyOR));
    hf_wr_u32be(&c.w, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        hf_wr_b16(&c.w, hf_digest_bytes(&digests[i]));
    HF_TRY(hf_tpm_call_run(run->tpm, &c));
    return hf_rd_end(&c.r);
}

/* The branch that the caller named for this `or`; HF_E_ARG when there is none of that name. */
static hf_err named_branch(struct hf_policy_run *run, const struct hf_policy_step *step, size_t *out)
{
    size_t n = strcspn(run->branch, ".");
    struct hf_bytes word = {(const uint8_t *)run->branch, n};
    char where[HF_POLICY_WHERE];
    char place[24];

    for (size_t i = 0; i < step->n_branches; i++) {
        (void)snprintf(place, sizeof(place), "%zu", i + 1);
        if (hf_bytes_equal(hf_bytes_text(place), word) ||
            (step->branch[i].label && hf_bytes_equal(hf_bytes_text(step->branch[i].label), word))) {
            run->branch += n + (run->branch[n] == '.');
            *out = i;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_ARG, "%s has no branch \"%.*s\", but 1 to %zu", hf_policy_where(step, where), (int)n,
                   run->branch, step->n_branches);
}

static hf_err choose_branch(struct hf_policy_run *run, const struct hf_policy_step *step, size_t *out)
{
    char why[HF_POLICY_WHY] = "";
    char where[HF_POLICY_WHERE];

    if (run->branch && run->branch[0])
        return named_branch(run, step, out);
    for (size_t i = 0; i < step->n_branches; i++) {
        char each[HF_POLICY_WHY] = "";

        if (hf_policy_steps_hold(run, &step->branch[i].steps, each)) {
            *out = i;
            return HF_OK;
        }
    }
    (void)hf_policy_holds(run, step, why); /* the whole list, for the explanation */
    return hf_fail(HF_E_DENIED, "%s: %.400s", hf_policy_where(step, where), why);
}

/* From the branch's digest to the top: PolicyOR on each level where its group is more than itself. */
static hf_err climb(struct hf_policy_run *run, struct hf_policy_or *or_, size_t at)
{
    while (or_->n > 1) {
        size_t first = at / HF_POLICY_OR_MAX * HF_POLICY_OR_MAX;
        size_t group = or_->n - first < HF_POLICY_OR_MAX ? or_->n - first : HF_POLICY_OR_MAX;

        if (group > 1)
            HF_TRY(hf_policy_run_or(run, or_->leaf + first, group));
        HF_TRY(hf_policy_or_level(or_->alg, or_->leaf, or_->n, or_->leaf, &or_->n));
        at /= HF_POLICY_OR_MAX;
    }
    return HF_OK;
}

/* before: the digest that the steps before the `or` have reached. */
static hf_err run_or(struct hf_policy_run *run, const struct hf_policy_step *step, const struct hf_digest *before)
{
    HF_CLEANUP(hf_policy_or_free) struct hf_policy_or or_ = {0};
    const struct hf_policy_steps *steps;
    char where[HF_POLICY_WHERE];
    size_t at = 0;

    HF_TRY(hf_policy_or_make(run->alg, step, before, &or_));
    HF_TRY(choose_branch(run, step, &at));
    steps = &step->branch[at].steps;
    if (steps->step[0].kind == HF_POLICY_DIGEST)
        return hf_fail(HF_E_DENIED, "%s: of branch %zu only the digest is known", hf_policy_where(step, where), at + 1);
    HF_TRY(hf_policy_run_steps(run, steps));
    return climb(run, &or_, at);
}

/* The TPM's answer, and what is behind it as far as can be seen. */
static hf_err explain(struct hf_policy_run *run, const struct hf_policy_step *step, hf_err err)
{
    uint32_t code = hf_err_device_code();
    char said[HF_POLICY_WHY];
    char why[HF_POLICY_WHY] = "";
    char where[HF_POLICY_WHERE];

    (void)snprintf(said, sizeof(said), "%s", hf_err_detail());
    if (code == 0 || err == HF_E_UNAVAILABLE || err == HF_E_TIMEOUT || code == TPM2_RC_PCR_CHANGED)
        return err; /* it did not come from the step, or says all by itself */
    /* Only a refusal is looked into. A wrong value above all is not tried twice: it may count towards lockout. */
    if ((err != HF_E_DENIED && err != HF_E_ARG) || hf_policy_holds(run, step, why))
        return hf_fail_device(err, code, "%s failed: %.250s", hf_policy_where(step, where), said);
    return hf_fail_device(HF_E_DENIED, code, "%s does not hold: %.400s (%s)", hf_policy_where(step, where), why,
                          hf_tpm_rc_name(code) ? hf_tpm_rc_name(code) : "a code that is not known");
}

/* What a session only notes down, and the TPM looks at when the session is used. */
static bool is_deferred(enum hf_policy_kind kind)
{
    return kind == HF_POLICY_LOCALITY || kind == HF_POLICY_PHYSICAL_PRESENCE;
}

static hf_err run_one(struct hf_policy_run *run, const struct hf_policy_step *step)
{
    char why[HF_POLICY_WHY] = "";
    char where[HF_POLICY_WHERE];
    hf_err err = hf_policy_run_step(run, step);

    if (run->trial)
        return err;
    if (err != HF_OK)
        return explain(run, step, err);
    if (run->check && is_deferred(step->kind) && !hf_policy_holds(run, step, why))
        return hf_fail(HF_E_DENIED, "%s does not hold: %s", hf_policy_where(step, where), why);
    return HF_OK;
}

hf_err hf_policy_run_steps(struct hf_policy_run *run, const struct hf_policy_steps *steps)
{
    for (size_t i = 0; i < steps->n; i++) {
        const struct hf_policy_step *step = &steps->step[i];
        struct hf_digest before;

        switch (step->kind) {
        case HF_POLICY_OR:
            HF_TRY(hf_policy_run_digest(run, &before));
            HF_TRY(run_or(run, step, &before));
            break;
        case HF_POLICY_AUTHORIZE:
            HF_TRY(hf_policy_run_authorize(run, step));
            break;
        case HF_POLICY_AUTHORIZE_NV:
            HF_TRY(hf_policy_run_authorize_nv(run, step));
            break;
        default:
            HF_TRY(run_one(run, step));
        }
    }
    return HF_OK;
}

/* The connection is taken. */
static hf_err run_taken(struct hf_policy_run *run)
{
    hf_err err = HF_OK;

    for (int tries = 0; tries < RUNS_MAX; tries++) {
        run->branch = run->answers->branch;
        if (tries)
            HF_TRY(hf_policy_run_restart(run));
        err = hf_policy_run_steps(run, &run->policy->steps);
        if (err == HF_OK || hf_err_device_code() != TPM2_RC_PCR_CHANGED)
            return err;
    }
    return err;
}

static hf_err run_in_session(struct hf_policy_run *run, struct hf_tpm_session **out)
{
    static const struct hf_policy_answers silent;
    HF_CLEANUP(hf_tpm_session_close) struct hf_tpm_session *session = NULL;
    struct hf_digest digest;
    hf_err err;

    if (!run->answers)
        run->answers = &silent;
    HF_TRY(hf_policy_digest_of(run->policy, run->alg, &digest)); /* says what is open before anything is asked */
    HF_TRY(hf_tpm_policy_open(run->tpm, run->alg, false, &session));
    run->session = session;
    HF_TRY(hf_tpm_take(run->tpm));
    err = run_taken(run);
    hf_tpm_give(run->tpm);
    HF_TRY(err);
    *out = hf_take(session);
    return HF_OK;
}

hf_err hf_policy_run(struct hf_tpm *tpm, const struct hf_policy *policy, enum hf_hash_alg alg,
                     const struct hf_policy_answers *answers, struct hf_tpm_session **out)
{
    struct hf_policy_run run = {.tpm = tpm, .policy = policy, .answers = answers, .alg = alg};

    return run_in_session(&run, out);
}

hf_err hf_policy_check(const struct hf_policy *policy, struct hf_tpm *tpm, const char *hash,
                       const struct hf_policy_answers *answers)
{
    HF_CLEANUP(hf_tpm_session_close) struct hf_tpm_session *session = NULL;
    struct hf_policy_run run = {.tpm = tpm, .policy = policy, .answers = answers, .alg = HF_SHA256, .check = true};

    if (hash)
        HF_TRY(hf_hash_by_name(hf_bytes_text(hash), &run.alg));
    return run_in_session(&run, &session);
}
