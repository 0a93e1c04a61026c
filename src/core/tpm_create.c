/* Making, importing and sealing: what comes back is a key file and the open key. */
#include "base/cleanup.h"
#include "core/tpm_keys.h"
#include "crypto/hash.h"

struct create {
    const struct hf_core_new_key *what;
    struct hf_tpm_key *parent;
    struct hf_tpm_key *key;
    struct hf_buf pem;
};

static void create_free(struct create *c)
{
    hf_tpm_key_close(&c->key);
    hf_tpm_key_close(&c->parent); /* where no key was made that keeps it */
    hf_buf_free(&c->pem);
}

static hf_err make(struct hf_tpm *tpm, struct hf_tpm_key *parent, const struct hf_core_new_key *what,
                   const struct hf_tpm_key_spec *spec, struct hf_tpm_key **out)
{
    if (what->sealed)
        return hf_tpm_seal(tpm, parent, what->sealed, spec, out);
    if (what->outside)
        return hf_tpm_import_key(tpm, parent, what->outside, what->passphrase, spec, out);
    return hf_tpm_generate_key_pair(tpm, parent, spec, out);
}

static hf_err work(struct hf_core *core, void *arg)
{
    struct create *c = arg;
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    struct hf_tpm_key_spec spec = c->what->spec;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    if (c->what->parent)
        HF_TRY(hf_core_key_open(core, c->what->parent, &c->parent));
    if (c->what->policy) {
        HF_TRY(hf_core_policy(core, c->what->policy, &policy));
        HF_TRY(hf_policy_digest(policy, spec.hash ? hf_hash_name((enum hf_hash_alg)spec.hash) : NULL, &digest));
        spec.policy = hf_buf_bytes(&digest);
    }
    HF_TRY(make(tpm, c->parent, c->what, &spec, &c->key));
    hf_tpm_key_keep_parent(c->key);
    c->parent = NULL;
    if (policy)
        HF_TRY(hf_tpm_key_set_policy(c->key, policy));
    if (c->what->description)
        HF_TRY(hf_tpm_key_set_description(c->key, c->what->description));
    return hf_tpm_key_to_pem(c->key, &c->pem);
}

hf_err hf_core_tpm_create(struct hf_core *core, const struct hf_who *who, const struct hf_core_new_key *what,
                          struct hf_tpm_key **key, struct hf_buf *pem)
{
    HF_CLEANUP(create_free) struct create c = {.what = what};
    enum hf_op op = what->sealed ? HF_OP_TPM_SEAL : what->outside ? HF_OP_TPM_IMPORT : HF_OP_TPM_CREATE;

    HF_TRY(hf_core_do(core, who, op, what->description, work, &c));
    HF_TRY(hf_buf_move(&c.pem, pem));
    *key = hf_take(c.key);
    return HF_OK;
}
