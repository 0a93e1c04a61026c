/* Endorsement keys as operations. */
#include "base/cleanup.h"
#include "core/tpm_attest.h"

struct ek {
    enum hf_tpm_ek_kind kind;
    const struct hf_secret *endorsement_auth, *owner_auth;
    struct hf_tpm_key *key;
};

static hf_err show_work(struct hf_core *core, void *arg)
{
    struct ek *e = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    return hf_tpm_ek_open(tpm, e->kind, e->endorsement_auth, &e->key);
}

static hf_err persist_work(struct hf_core *core, void *arg)
{
    struct ek *e = arg;

    HF_TRY(show_work(core, e));
    return hf_tpm_ek_persist(&e->key, e->kind, e->owner_auth);
}

static hf_err run(struct hf_core *core, const struct hf_who *who, enum hf_op op, hf_work *work, struct ek *e,
                  struct hf_tpm_key **out)
{
    hf_err err = hf_core_do(core, who, op, hf_tpm_ek_kind_name(e->kind), work, e);

    if (err == HF_OK)
        *out = hf_take(e->key);
    hf_tpm_key_close(&e->key);
    return err;
}

hf_err hf_core_tpm_ek_show(struct hf_core *core, const struct hf_who *who, enum hf_tpm_ek_kind kind,
                           const struct hf_secret *endorsement_auth, struct hf_tpm_key **out)
{
    struct ek e = {.kind = kind, .endorsement_auth = endorsement_auth};

    return run(core, who, HF_OP_TPM_EK_SHOW, show_work, &e, out);
}

hf_err hf_core_tpm_ek_persist(struct hf_core *core, const struct hf_who *who, enum hf_tpm_ek_kind kind,
                              const struct hf_secret *endorsement_auth, const struct hf_secret *owner_auth,
                              struct hf_tpm_key **out)
{
    struct ek e = {.kind = kind, .endorsement_auth = endorsement_auth, .owner_auth = owner_auth};

    return run(core, who, HF_OP_TPM_EK_PERSIST, persist_work, &e, out);
}

static hf_err certificates_work(struct hf_core *core, void *arg)
{
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    return hf_tpm_ek_certificates_read(tpm, arg);
}

hf_err hf_core_tpm_ek_certificates(struct hf_core *core, const struct hf_who *who, struct hf_tpm_ek_certificates *out)
{
    struct hf_tpm_ek_certificates list = {0};
    hf_err err = hf_core_do(core, who, HF_OP_TPM_EK_CERTIFICATE, NULL, certificates_work, &list);

    if (err == HF_OK)
        *out = list;
    else
        hf_tpm_ek_certificates_free(&list);
    return err;
}

struct verifying {
    const struct hf_tpm_ek_question *question;
    const struct hf_secret *owner_auth;
    bool pin;
    struct hf_tpm_ek_verdict verdict;
};

static hf_err verify_work(struct hf_core *core, void *arg)
{
    struct verifying *v = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    return v->pin ? hf_tpm_ek_pin(tpm, v->question, v->owner_auth, &v->verdict)
                  : hf_tpm_ek_verify(tpm, v->question, &v->verdict);
}

static hf_err judge(struct hf_core *core, const struct hf_who *who, enum hf_op op, struct verifying *v,
                    struct hf_tpm_ek_verdict *out)
{
    hf_err err = hf_core_do(core, who, op, hf_tpm_ek_kind_name(v->question->kind), verify_work, v);

    if (err == HF_OK || err == HF_E_UNTRUSTED)
        *out = v->verdict;
    return err;
}

hf_err hf_core_tpm_ek_verify(struct hf_core *core, const struct hf_who *who, const struct hf_tpm_ek_question *question,
                             struct hf_tpm_ek_verdict *out)
{
    struct verifying v = {.question = question};

    return judge(core, who, HF_OP_TPM_EK_VERIFY, &v, out);
}

hf_err hf_core_tpm_ek_pin(struct hf_core *core, const struct hf_who *who, const struct hf_tpm_ek_question *question,
                          const struct hf_secret *owner_auth, struct hf_tpm_ek_verdict *out)
{
    struct verifying v = {.question = question, .owner_auth = owner_auth, .pin = true};

    return judge(core, who, HF_OP_TPM_EK_PIN, &v, out);
}
