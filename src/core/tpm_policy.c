/* Operations on policies: bind, try, sign, approve, supersede. */
#include "core/tpm_policy.h"

#include "base/cleanup.h"
#include "crypto/privkey.h"
#include "tpm/policy_counter.h"

#include <stdio.h>

static hf_err bind(struct hf_core *core, void *arg)
{
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    return hf_policy_bind_tpm(arg, tpm);
}

hf_err hf_core_tpm_policy_bind(struct hf_core *core, const struct hf_who *who, enum hf_op op, struct hf_policy *policy)
{
    return hf_core_do(core, who, op, NULL, bind, policy);
}

/* ---- try ---- */

struct trial {
    struct hf_policy *policy;
    const char *hash;
    const struct hf_policy_answers *answers;
    struct hf_core_policy_trial out;
};

/* A refusal of the policy is an answer here, everything else a failure. */
static bool is_refusal(hf_err err)
{
    return err == HF_E_DENIED || err == HF_E_AUTH || err == HF_E_NOT_FOUND;
}

static hf_err work_try(struct hf_core *core, void *arg)
{
    struct trial *t = arg;
    struct hf_tpm *tpm = NULL;
    hf_err err;

    HF_TRY(bind(core, t->policy));
    HF_TRY(hf_core_tpm(core, &tpm));
    err = hf_policy_try(t->policy, tpm, t->hash, t->answers);
    if (err != HF_OK && !is_refusal(err)) /* a trial session asks for authorization values as well */
        return err;
    HF_TRY(hf_policy_digest(t->policy, t->hash, &t->out.digest));
    if (err == HF_OK)
        err = hf_policy_check(t->policy, tpm, t->hash, t->answers);
    t->out.holds = err == HF_OK;
    if (is_refusal(err))
        (void)snprintf(t->out.why, sizeof(t->out.why), "%s", hf_err_detail());
    return is_refusal(err) ? HF_OK : err;
}

hf_err hf_core_tpm_policy_try(struct hf_core *core, const struct hf_who *who, struct hf_policy *policy,
                              const char *hash, const struct hf_policy_answers *answers,
                              struct hf_core_policy_trial *out)
{
    struct trial t = {.policy = policy, .hash = hash, .answers = answers};
    hf_err err = hf_core_do(core, who, HF_OP_TPM_POLICY_TRY, NULL, work_try, &t);

    if (err == HF_OK)
        *out = t.out;
    else
        hf_buf_free(&t.out.digest);
    return err;
}

/* ---- sign and approve ---- */

static hf_err sign_in_software(void *arg, struct hf_bytes digest, struct hf_buf *out)
{
    const struct hf_privkey *key = arg;
    struct hf_sig_alg alg = {.scheme = HF_SIG_RSASSA, .hash = HF_SHA256};

    if (hf_pubkey_kind(hf_privkey_public(key)) == HF_KEY_EC)
        alg.scheme = HF_SIG_ECDSA;
    return hf_privkey_sign(key, &alg, digest, out);
}

static hf_err sign_in_tpm(void *arg, struct hf_bytes digest, struct hf_buf *out)
{
    struct hf_tpm_key *key = arg;
    struct hf_tpm_key_info info;

    hf_tpm_key_info(key, &info);
    return hf_tpm_sign_digest(key, digest, strncmp(info.algorithm, "rsa", 3) == 0 ? HF_TPM_RSASSA : HF_TPM_ECDSA,
                              HF_SHA256, out);
}

struct approve {
    const struct hf_core_approve *what;
    bool counted; /* the policy gets the counter's limit */
    uint64_t limit;
    struct hf_policy_approval *out;
};

static hf_err sign_with(struct hf_core *core, const struct hf_core_approve *what, const struct hf_policy *policy,
                        struct hf_policy_approval **out)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *software = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    struct hf_policy_approval_spec spec = {.hash = what->hash, .ref = what->ref};

    if (what->signer->pem) {
        HF_TRY(hf_privkey_parse(hf_secret_expose(what->signer->pem), what->signer->passphrase, &software));
        HF_TRY(hf_pubkey_to_pem(hf_privkey_public(software), &pem));
        spec.arg = software;
        spec.sign = sign_in_software;
    } else {
        HF_TRY(hf_core_key_open(core, what->signer->key, &key));
        HF_TRY(hf_tpm_key_public_pem(key, &pem));
        spec.arg = key;
        spec.sign = sign_in_tpm;
    }
    spec.key_pem = hf_buf_bytes(&pem);
    return hf_policy_approve(policy, &spec, out);
}

/* The counter's limit for a new approval; makes the counter where there is none. */
static hf_err add_limit(struct hf_core *core, struct approve *a)
{
    const struct hf_core_approve *what = a->what;
    struct hf_tpm_name name = {0};
    struct hf_tpm *tpm = NULL;
    uint64_t now = 0;
    hf_err err;

    HF_TRY(hf_core_tpm(core, &tpm));
    err = hf_policy_counter_read(tpm, what->counter, &now, &name);
    if (err == HF_E_NOT_FOUND) {
        HF_TRY(hf_policy_counter_define(tpm, what->counter, what->owner));
        err = hf_policy_counter_read(tpm, what->counter, &now, &name);
    }
    HF_TRY(err);
    if (now == UINT64_MAX)
        return hf_fail(HF_E_FULL, "the counter 0x%08x is at its end", what->counter);
    a->limit = now + (what->supersede ? 1 : 0);
    return hf_policy_counter_limit(what->policy, what->counter, &name, a->limit);
}

static hf_err work_approve(struct hf_core *core, void *arg)
{
    struct approve *a = arg;

    if (!hf_policy_bound(a->what->policy))
        HF_TRY(bind(core, a->what->policy));
    if (a->counted)
        HF_TRY(add_limit(core, a));
    return sign_with(core, a->what, a->what->policy, &a->out);
}

static hf_err approve(struct hf_core *core, const struct hf_who *who, enum hf_op op, const char *object,
                      struct approve *a, struct hf_policy_approval **out)
{
    hf_err err = hf_core_do(core, who, op, object, work_approve, a);

    if (err != HF_OK)
        hf_policy_approval_free(&a->out);
    else
        *out = a->out;
    return err;
}

hf_err hf_core_tpm_policy_sign(struct hf_core *core, const struct hf_who *who, const struct hf_core_signer *signer,
                               struct hf_policy *policy, const char *hash, struct hf_bytes ref,
                               struct hf_policy_approval **out)
{
    struct hf_core_approve what = {.signer = signer, .policy = policy, .hash = hash, .ref = ref};
    struct approve a = {.what = &what};

    return approve(core, who, HF_OP_TPM_POLICY_SIGN, NULL, &a, out);
}

hf_err hf_core_tpm_policy_approve(struct hf_core *core, const struct hf_who *who, const struct hf_core_approve *what,
                                  uint64_t *limit, struct hf_policy_approval **out)
{
    struct approve a = {.what = what, .counted = true};
    char object[16];

    (void)snprintf(object, sizeof(object), "0x%08x", what->counter);
    HF_TRY(approve(core, who, HF_OP_TPM_POLICY_APPROVE, object, &a, out));
    *limit = a.limit;
    return HF_OK;
}

/* ---- supersede ---- */

struct supersede {
    uint32_t counter;
    uint64_t limit;
    const struct hf_secret *owner;
};

static hf_err work_supersede(struct hf_core *core, void *arg)
{
    const struct supersede *s = arg;
    struct hf_tpm_name name;
    struct hf_tpm *tpm = NULL;
    uint64_t now = 0;

    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(hf_policy_counter_read(tpm, s->counter, &now, &name));
    if (now >= s->limit)
        return hf_fail(HF_E_BUSY, "the counter 0x%08x is at %llu already: somebody else superseded, approve again",
                       s->counter, (unsigned long long)now);
    HF_TRY(hf_policy_counter_increment(tpm, s->counter, s->owner));
    HF_TRY(hf_policy_counter_read(tpm, s->counter, &now, &name));
    if (now != s->limit)
        return hf_fail(HF_E_BUSY, "the counter 0x%08x is at %llu, not %llu: somebody else superseded, approve again",
                       s->counter, (unsigned long long)now, (unsigned long long)s->limit);
    return HF_OK;
}

hf_err hf_core_tpm_policy_supersede(struct hf_core *core, const struct hf_who *who, uint32_t counter, uint64_t limit,
                                    const struct hf_secret *owner)
{
    struct supersede s = {counter, limit, owner};
    char object[16];

    (void)snprintf(object, sizeof(object), "0x%08x", counter);
    return hf_core_do(core, who, HF_OP_TPM_POLICY_APPROVE, object, work_supersede, &s);
}
