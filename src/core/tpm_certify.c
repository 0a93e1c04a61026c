/* Certificates of keys and of the time as an operation. */
#include "base/cleanup.h"
#include "core/tpm_attest.h"

struct certifying {
    const struct hf_core_certify *what;
    struct hf_tpm_statement *out;
};

static hf_err work(struct hf_core *core, void *arg)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *object = NULL;
    const struct certifying *c = arg;
    const struct hf_core_certify *what = c->what;

    HF_TRY(hf_core_key_open(core, what->key, &key));
    if (!what->object)
        return hf_tpm_certify_time(key, what->endorsement_auth, what->nonce, &what->how, c->out);
    HF_TRY(hf_core_key_open(core, what->object, &object));
    if (what->creation)
        return hf_tpm_certify_ticket(object, what->creation_hash, what->ticket, key, what->nonce, &what->how, c->out);
    return hf_tpm_certify(object, key, what->nonce, &what->how, c->out);
}

hf_err hf_core_tpm_certify(struct hf_core *core, const struct hf_who *who, const struct hf_core_certify *what,
                           struct hf_tpm_statement *out)
{
    HF_CLEANUP(hf_tpm_statement_free) struct hf_tpm_statement made = {0};
    struct certifying c = {what, &made};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_CERTIFY, what->object ? what->object->label : "time", work, &c));
    hf_tpm_statement_free(out);
    *out = made;
    made = (struct hf_tpm_statement){0};
    return HF_OK;
}
