/* Credentials as operations. */
#include "base/cleanup.h"
#include "core/tpm_attest.h"

struct making {
    const struct hf_core_credential *what;
    struct hf_buf *out;
};

static hf_err make_work(struct hf_core *core, void *arg)
{
    const struct making *m = arg;
    const struct hf_core_credential *what = m->what;
    struct hf_tpm *tpm = NULL;

    if (!what->in_tpm)
        return hf_tpm_make_credential(what->ek, what->name, what->secret, m->out);
    HF_TRY(hf_core_tpm(core, &tpm));
    return hf_tpm_make_credential_in_tpm(tpm, what->ek, what->name, what->secret, m->out);
}

hf_err hf_core_tpm_credential_make(struct hf_core *core, const struct hf_who *who,
                                   const struct hf_core_credential *what, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    struct making m = {what, &made};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_CREDENTIAL_MAKE, NULL, make_work, &m));
    return hf_buf_move(&made, out);
}

struct activating {
    const struct hf_core_activate *what;
    struct hf_secret *secret;
};

static hf_err open_ek(struct hf_core *core, const struct hf_core_activate *what, struct hf_tpm_key **out)
{
    enum hf_tpm_ek_kind kind = what->kind;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    if (what->ek_handle)
        return hf_tpm_key_at(tpm, what->ek_handle, out);
    if (what->by_form)
        HF_TRY(hf_tpm_credential_kind(what->credential, &kind));
    return hf_tpm_ek_open(tpm, kind, what->endorsement_auth, out);
}

static hf_err activate_work(struct hf_core *core, void *arg)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ek = NULL;
    struct activating *a = arg;

    HF_TRY(hf_core_key_open(core, a->what->key, &key));
    HF_TRY(open_ek(core, a->what, &ek));
    return hf_tpm_activate_credential(ek, a->what->endorsement_auth, key, a->what->credential, &a->secret);
}

hf_err hf_core_tpm_credential_activate(struct hf_core *core, const struct hf_who *who,
                                       const struct hf_core_activate *what, struct hf_secret **out)
{
    struct activating a = {.what = what};
    hf_err err = hf_core_do(core, who, HF_OP_TPM_CREDENTIAL_ACTIVATE, what->key->label, activate_work, &a);

    if (err == HF_OK)
        *out = hf_take(a.secret);
    hf_secret_free(&a.secret);
    return err;
}
