/* A second opinion on a policy's digest: the TPM's own, from trial sessions (Part 1, 19.7.11). */
#include "base/cleanup.h"
#include "codec/hex.h"
#include "tpm/connection.h"
#include "tpm/policy_run.h"

/* What stands before the steps that are tried: the outer sequences, outermost first. */
struct prefix {
    const struct prefix *outer;
    const struct hf_policy_steps *steps;
    size_t n;
};

static hf_err trial_or(struct hf_policy_run *run, const struct hf_policy_step *step, const struct hf_digest *before)
{
    HF_CLEANUP(hf_policy_or_free) struct hf_policy_or or_ = {0};

    HF_TRY(hf_policy_or_make(run->alg, step, before, &or_));
    while (or_.n > HF_POLICY_OR_MAX)
        HF_TRY(hf_policy_or_level(run->alg, or_.leaf, or_.n, or_.leaf, &or_.n));
    return hf_policy_run_or(run, or_.leaf, or_.n);
}

/* One step in the trial session; an `or` as its last PolicyOR, which a trial session always lets pass. */
static hf_err trial_step(struct hf_policy_run *run, const struct hf_policy_step *step)
{
    struct hf_digest before;

    switch (step->kind) {
    case HF_POLICY_OR:
        HF_TRY(hf_policy_run_digest(run, &before));
        return trial_or(run, step, &before);
    case HF_POLICY_AUTHORIZE:
        return hf_policy_run_authorize(run, step);
    case HF_POLICY_AUTHORIZE_NV:
        return hf_policy_run_authorize_nv(run, step);
    default:
        return hf_policy_run_step(run, step);
    }
}

/* Compare what the TPM has now with what is computed here. */
static hf_err compare(struct hf_policy_run *run, const struct hf_policy_step *step, const struct hf_digest *here)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf a = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf b = {0};
    char where[HF_POLICY_WHERE];
    struct hf_digest there;

    HF_TRY(hf_policy_run_digest(run, &there));
    if (hf_bytes_equal(hf_digest_bytes(&there), hf_digest_bytes(here)))
        return HF_OK;
    HF_TRY(hf_hex_write(hf_digest_bytes(&there), &a));
    HF_TRY(hf_hex_write(hf_digest_bytes(here), &b));
    return hf_fail(HF_E_MISMATCH, "%s: the TPM has the digest %.*s, computed here %.*s", hf_policy_where(step, where),
                   (int)a.n, a.p, (int)b.n, b.p);
}

static hf_err replay(struct hf_policy_run *run, const struct prefix *prefix, struct hf_digest *here)
{
    if (!prefix) {
        HF_TRY(hf_policy_digest_start(run->alg, here));
        return hf_policy_run_restart(run);
    }
    HF_TRY(replay(run, prefix->outer, here));
    for (size_t i = 0; i < prefix->n; i++) {
        HF_TRY(trial_step(run, &prefix->steps->step[i]));
        HF_TRY(hf_policy_digest_step(run->alg, &prefix->steps->step[i], here));
    }
    return HF_OK;
}

static hf_err try_steps(struct hf_policy_run *run, const struct prefix *outer, const struct hf_policy_steps *steps);

/* Each branch by itself, behind everything that stands before the `or`. */
static hf_err try_branches(struct hf_policy_run *run, const struct prefix *before, const struct hf_policy_step *step)
{
    for (size_t i = 0; i < step->n_branches; i++) {
        if (step->branch[i].steps.step[0].kind != HF_POLICY_DIGEST)
            HF_TRY(try_steps(run, before, &step->branch[i].steps));
    }
    return HF_OK;
}

static hf_err try_steps(struct hf_policy_run *run, const struct prefix *outer, const struct hf_policy_steps *steps)
{
    struct hf_digest here;

    for (size_t i = 0; i < steps->n; i++) {
        struct prefix before = {outer, steps, i};

        if (steps->step[i].kind == HF_POLICY_OR)
            HF_TRY(try_branches(run, &before, &steps->step[i]));
    }
    HF_TRY(replay(run, outer, &here));
    for (size_t i = 0; i < steps->n; i++) {
        HF_TRY(trial_step(run, &steps->step[i]));
        HF_TRY(hf_policy_digest_step(run->alg, &steps->step[i], &here));
        HF_TRY(compare(run, &steps->step[i], &here));
    }
    return HF_OK;
}

hf_err hf_policy_try(const struct hf_policy *policy, struct hf_tpm *tpm, const char *hash,
                     const struct hf_policy_answers *answers)
{
    static const struct hf_policy_answers silent;
    HF_CLEANUP(hf_tpm_session_close) struct hf_tpm_session *session = NULL;
    struct hf_policy_run run = {
        .tpm = tpm, .policy = policy, .answers = answers ? answers : &silent, .alg = HF_SHA256, .trial = true};
    struct hf_digest digest;
    hf_err err;

    if (hash)
        HF_TRY(hf_hash_by_name(hf_bytes_text(hash), &run.alg));
    HF_TRY(hf_policy_digest_of(policy, run.alg, &digest));
    HF_TRY(hf_tpm_policy_open(tpm, run.alg, true, &session));
    run.session = session;
    HF_TRY(hf_tpm_take(tpm));
    err = try_steps(&run, NULL, &policy->steps);
    hf_tpm_give(tpm);
    return err;
}
