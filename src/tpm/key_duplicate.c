/* Wrapping a movable key for another parent, and changing a key's authorization value. */
#include "base/cleanup.h"
#include "codec/pem.h"
#include "tpm/key.h"
#include "tpm/keyfile.h"
#include "tpm/policy_der.h"

#include <holdfast/keyfile.h>

static hf_err build_duplicate(struct hf_tpm_call *c, void *arg)
{
    const struct hf_tpm_entity *parent = arg;

    hf_tpm_call_handle(c, parent, NULL);
    hf_wr_u16be(&c->w, 0); /* encryptionKeyIn: no inner wrapper */
    hf_wr_u16be(&c->w, TPM2_ALG_NULL);
    return HF_OK;
}

static hf_err write_file(const struct hf_tpm_key *key, struct hf_bytes duplicate, struct hf_bytes secret, uint32_t parent_handle,
                         struct hf_buf *pem)
{
    HF_CLEANUP(hf_keyfile_free) struct hf_keyfile file = {.type = HF_KEYFILE_IMPORTABLE};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    file.empty_auth = !key->needs_auth && hf_secret_expose(key->auth).n == 0;
    file.parent = parent_handle ? parent_handle : TPM2_RH_OWNER;
    HF_TRY(hf_buf_set(&file.secret, secret));
    HF_TRY(hf_buf_set(&file.public_area, hf_buf_bytes(&key->public_area)));
    HF_TRY(hf_buf_set(&file.private_blob, duplicate));
    HF_TRY(hf_buf_set(&file.description, hf_buf_bytes(&key->description)));
    HF_TRY(hf_buf_set(&file.more, hf_buf_bytes(&key->file_more)));
    if (key->policy)
        HF_TRY(hf_policy_to_der(key->policy, (enum hf_hash_alg)key->pub.nameAlg, &file.policy, &file.auth_policy));
    HF_TRY(hf_keyfile_write(&file, &der));
    HF_TRY(hf_pem_write(HF_KEYFILE_LABEL, hf_buf_bytes(&der), &text));
    return hf_buf_set(pem, hf_buf_bytes(&text));
}

static hf_err duplicate(struct hf_tpm_key *key, struct hf_tpm_key *parent, uint32_t parent_handle, struct hf_buf *pem)
{
    struct hf_tpm_entity entity = {0};
    struct hf_tpm_call c;
    struct hf_bytes blob;
    struct hf_bytes secret;

    HF_TRY(hf_tpm_key_ready(parent, &entity));
    HF_TRY(hf_tpm_key_run(key, TPM2_CC_Duplicate, build_duplicate, &entity, &c));
    (void)hf_rd_view(&c.r, hf_rd_u16be(&c.r)); /* encryptionKeyOut: empty without an inner wrapper */
    blob = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    secret = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    return write_file(key, blob, secret, parent_handle, pem);
}

hf_err hf_tpm_duplicate(struct hf_tpm_key *key, struct hf_bytes new_parent, uint32_t parent_handle, struct hf_buf *pem)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *parent = NULL;
    hf_err err;

    if (key->pub.objectAttributes & (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT))
        return hf_fail(HF_E_DENIED, "the key was made to stay in this TPM: only keys made with --movable can be duplicated");
    if (!key->policy)
        return hf_fail(HF_E_DENIED, "a key is duplicated under its policy, and this one's is not at hand: give it with --policy");
    HF_TRY(hf_tpm_load_external(key->tpm, new_parent, &parent));
    if (!(parent->pub.objectAttributes & TPMA_OBJECT_RESTRICTED) || !(parent->pub.objectAttributes & TPMA_OBJECT_DECRYPT))
        return hf_fail(HF_E_KEY_TYPE, "the new parent is no storage key");
    HF_TRY(hf_tpm_take(key->tpm));
    err = duplicate(key, parent, parent_handle, pem);
    hf_tpm_give(key->tpm);
    return err;
}

struct change {
    struct hf_tpm_key *key;
    struct hf_bytes value;
};

static hf_err build_change(struct hf_tpm_call *c, void *arg)
{
    const struct change *x = arg;
    struct hf_tpm_entity parent = {0};

    HF_TRY(x->key->parent ? hf_tpm_key_ready(x->key->parent, &parent) : hf_tpm_key_parent(x->key, &parent));
    hf_tpm_call_handle(c, &parent, NULL);
    hf_wr_b16(&c->w, x->value);
    return HF_OK;
}

hf_err hf_tpm_key_change_auth(struct hf_tpm_key *key, const struct hf_secret *auth)
{
    struct change x = {key, hf_secret_expose(auth)};
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c = {0};
    struct hf_tpm_entity ready = {0};
    struct hf_bytes blob;

    if (key->private_blob.n == 0)
        return hf_fail(HF_E_KEY_TYPE, "a primary or persistent key keeps its authorization value: load the key from its blob instead");
    if (x.value.n > hf_hash_size((enum hf_hash_alg)key->pub.nameAlg))
        return hf_fail(HF_E_ARG, "an authorization value of %zu bytes; at most %zu fit", x.value.n,
                       hf_hash_size((enum hf_hash_alg)key->pub.nameAlg));
    HF_TRY(hf_tpm_take(key->tpm));
    {
        hf_err err = hf_tpm_key_run(key, TPM2_CC_ObjectChangeAuth, build_change, &x, &c);

        if (err == HF_OK)
            err = hf_tpm_key_ready(key, &ready);
        hf_tpm_give(key->tpm);
        HF_TRY(err);
    }
    blob = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    HF_TRY(hf_buf_set(&key->private_blob, blob));
    HF_TRY(hf_tpm_key_set_auth(key, auth));
    key->needs_auth = x.value.n != 0;
    hf_tpm_flush(key->tpm, ready.handle); /* the loaded object still has the old value */
    key->handle = 0;
    return HF_OK;
}
