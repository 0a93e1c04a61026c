/* Authorization values of the hierarchies (Part 3, 24.8). */
#include "base/cleanup.h"
#include "tpm/lockout.h"

#define AUTH_MAX 32 /* as long as the hash of the hierarchies' proofs in every TPM; longer ones fail on many */

static hf_err change(struct hf_tpm *tpm, enum hf_tpm_authority authority, const struct hf_secret *auth,
                     const struct hf_secret *new_auth, bool force)
{
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c;
    struct hf_tpm_entity entity = hf_tpm_entity_plain(hf_tpm_authority_handle(authority));
    struct hf_tpm_auth by = {.value = auth};
    bool lockout = authority == HF_TPM_BY_LOCKOUT;
    hf_err err;

    c.reply.n = 0;
    if (lockout)
        HF_TRY(hf_tpm_lockout_foresee(tpm, auth, force));
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_HierarchyChangeAuth));
    hf_tpm_call_handle(&c, &entity, &by);
    hf_wr_b16(&c.w, hf_secret_expose(new_auth));
    c.changes_auth = true;
    c.new_auth = new_auth;
    err = hf_tpm_call_run(tpm, &c);
    if (lockout)
        err = hf_tpm_lockout_remember(tpm, err);
    else if (err == HF_E_AUTH)
        return hf_fail_device(err, hf_err_device_code(),
                              "the %s hierarchy has another authorization value than the one given; this has no "
                              "consequences",
                              hf_tpm_authority_name(authority));
    HF_TRY(err);
    return hf_rd_end(&c.r);
}

hf_err hf_tpm_hierarchy_change_auth(struct hf_tpm *tpm, enum hf_tpm_authority authority, const struct hf_secret *auth,
                                    const struct hf_secret *new_auth, bool force)
{
    size_t n = hf_secret_expose(new_auth).n;
    hf_err err;

    if (n > AUTH_MAX)
        return hf_fail(HF_E_ARG, "an authorization value of %zu bytes; at most %d (hash what is longer)", n, AUTH_MAX);
    HF_TRY(hf_tpm_take(tpm));
    err = change(tpm, authority, auth, new_auth, force);
    hf_tpm_give(tpm);
    return err;
}
