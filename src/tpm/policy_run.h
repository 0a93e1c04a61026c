/* Running policies on a TPM. */
#ifndef HF_TPM_POLICY_RUN_H
#define HF_TPM_POLICY_RUN_H

#include "tpm/policy_digest.h"
#include "tpm/session.h"

/* A run: one session, and how far the caller's choice of branches is used up. */
struct hf_policy_run {
    struct hf_tpm *tpm;
    const struct hf_policy *policy;
    const struct hf_policy_answers *answers; /* never NULL */
    enum hf_hash_alg alg;
    bool trial;
    bool check; /* nothing will be authorized: steps that a session defers are looked at now */
    struct hf_tpm_session *session;
    const char *branch; /* what is left of answers->branch; NULL or "": nothing */
};

/*
 * Open a policy session and satisfy the policy in it. A PCR that changes meanwhile starts it again, at most
 * three times. Close the session with hf_tpm_session_close.
 */
hf_err hf_policy_run(struct hf_tpm *tpm, const struct hf_policy *policy, enum hf_hash_alg alg,
                     const struct hf_policy_answers *answers, struct hf_tpm_session **out);

/* Steps in order, branches chosen. Failures name the step. */
hf_err hf_policy_run_steps(struct hf_policy_run *run, const struct hf_policy_steps *steps);

/* One step that is not an `or`, `authorize` or `authorizenv`. */
hf_err hf_policy_run_step(struct hf_policy_run *run, const struct hf_policy_step *step);

/* `authorize` and `authorizenv`: an approved policy, then the command. (policy_authority.c) */
hf_err hf_policy_run_authorize(struct hf_policy_run *run, const struct hf_policy_step *step);
hf_err hf_policy_run_authorize_nv(struct hf_policy_run *run, const struct hf_policy_step *step);

/* PolicyOR with digests of one level. */
hf_err hf_policy_run_or(struct hf_policy_run *run, const struct hf_digest *digests, size_t n);

/* PolicyRestart, and PolicyGetDigest. */
hf_err hf_policy_run_restart(struct hf_policy_run *run);
hf_err hf_policy_run_digest(struct hf_policy_run *run, struct hf_digest *out);

/* A command whose only handle is the session. */
hf_err hf_policy_run_start(struct hf_policy_run *run, struct hf_tpm_call *c, uint32_t code);

/* Load the public key of a `signed` or `authorize` step; flush it with hf_tpm_flush. */
hf_err hf_policy_run_load_key(struct hf_policy_run *run, const struct hf_policy_step *step, struct hf_tpm_entity *out);

/* Who may read an NV index, with the authorization for it. The value is freed by the caller. */
struct hf_policy_nv_access {
    struct hf_tpm_entity index;
    struct hf_tpm_entity who;
    struct hf_secret *value;
    uint16_t size;
};
hf_err hf_policy_nv_open(struct hf_tpm *tpm, const struct hf_policy_answers *answers, const struct hf_policy_step *step,
                         struct hf_policy_nv_access *out);
hf_err hf_policy_nv_read(struct hf_tpm *tpm, const struct hf_policy_nv_access *access, uint16_t offset, uint16_t n,
                         struct hf_buf *out);

/* What the TPM has now. */
hf_err hf_policy_read_pcr(struct hf_tpm *tpm, enum hf_hash_alg bank, unsigned index, struct hf_digest *out);
hf_err hf_policy_read_time(struct hf_tpm *tpm, uint8_t out[25]); /* TPMS_TIME_INFO */

/*
 * Does a step hold now, as far as that can be seen from outside? Says why not in `why`, which is the
 * explanation of a failure too. A step of which nothing can be seen counts as holding.
 */
#define HF_POLICY_WHY 512
bool hf_policy_holds(struct hf_policy_run *run, const struct hf_policy_step *step, char why[HF_POLICY_WHY]);
bool hf_policy_steps_hold(struct hf_policy_run *run, const struct hf_policy_steps *steps, char why[HF_POLICY_WHY]);

/* The comparison of PolicyNV and PolicyCounterTimer: 1 holds, 0 does not, -1 TPMs differ (signed, of unlike signs). */
int hf_policy_compare_holds(uint16_t operation, struct hf_bytes found, struct hf_bytes wanted);

#endif
