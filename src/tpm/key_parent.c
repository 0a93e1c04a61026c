/*
 * Which parent a key file means. "The owner hierarchy" stands for the primary of the specification's
 * template, which is nearly always the object at 0x81000001; where that is another key, the primary is made.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "tpm/key.h"

static hf_err rsa_template(struct hf_buf *out)
{
    struct hf_tpm_key_spec spec = {.algorithm = "rsa2048", .use = HF_TPM_USE_PARENT};
    TPMT_PUBLIC pub;

    HF_TRY(hf_tpm_template(&spec, &pub));
    return hf_tpm_public_write(&pub, out);
}

hf_err hf_tpm_key_check_parent(const struct hf_tpm_key *parent)
{
    const uint32_t want = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
    char name[16];

    if (!parent || ((parent->pub.objectAttributes & (want | TPMA_OBJECT_SIGN_ENCRYPT)) == want && !parent->external))
        return HF_OK;
    hf_tpm_algorithm_name(&parent->pub, name);
    return hf_fail(HF_E_KEY_TYPE, "the parent (%s) is no storage key: no key can stand under it; make one with --use parent", name);
}

/* The primary that a key file means by a hierarchy. */
static hf_err make_primary(struct hf_tpm *tpm, uint32_t hierarchy, bool rsa, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf template = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct hf_tpm_name name = {0};
    uint32_t handle = 0;
    hf_err err;

    HF_TRY(rsa ? rsa_template(&template) : hf_tpm_srk_template(&template));
    HF_TRY(hf_tpm_primary_raw(tpm, hierarchy, NULL, hf_buf_bytes(&template), &handle, &name, &made));
    err = hf_tpm_key_new(tpm, hf_buf_bytes(&made), &key);
    if (err != HF_OK) {
        hf_tpm_flush(tpm, handle);
        return err;
    }
    key->handle = handle;
    key->generation = tpm->generation;
    key->hierarchy = hierarchy;
    HF_TRY(hf_buf_set(&key->template, hf_buf_bytes(&template)));
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_tpm_srk_file_parent(struct hf_tpm *tpm, uint32_t *out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *primary = NULL;
    struct hf_tpm_entity srk = {0};

    HF_TRY(hf_tpm_srk(tpm, &srk));
    if (tpm->srk_file_parent == 0) {
        HF_TRY(make_primary(tpm, TPM2_RH_OWNER, false, &primary));
        tpm->srk_file_parent = hf_bytes_equal(hf_tpm_name_bytes(&primary->name), hf_tpm_name_bytes(&srk.name)) ? TPM2_RH_OWNER
                                                                                                              : srk.handle;
    }
    *out = tpm->srk_file_parent;
    return HF_OK;
}

static hf_err persistent(struct hf_tpm *tpm, uint32_t handle, struct hf_tpm_entity *out)
{
    hf_err err = hf_tpm_read_public(tpm, handle, NULL, &out->name);

    if (err == HF_E_NOT_FOUND)
        return hf_fail(HF_E_PARENT, "the key's parent at 0x%08x is gone: the TPM was cleared, or the key is another TPM's",
                       (unsigned)handle);
    HF_TRY(err);
    out->handle = handle;
    return HF_OK;
}

hf_err hf_tpm_key_parent(struct hf_tpm_key *key, struct hf_tpm_entity *out)
{
    uint32_t handle = key->parent_handle;

    if (key->own_parent)
        return hf_tpm_key_ready(key->own_parent, out);
    if (handle == 0 || (handle == TPM2_RH_OWNER && !key->rsa_parent))
        return hf_tpm_srk(key->tpm, out); /* hf_tpm_key_parent_again when it turns out to be the other one */
    if (handle >> 24 == TPM2_HT_PERSISTENT)
        return persistent(key->tpm, handle, out);
    if (handle != TPM2_RH_OWNER && handle != TPM2_RH_ENDORSEMENT && handle != TPM2_RH_PLATFORM && handle != TPM2_RH_NULL)
        return hf_fail(HF_E_UNSUPPORTED, "the key's parent 0x%08x is neither a persistent handle nor a hierarchy", (unsigned)handle);
    HF_TRY(make_primary(key->tpm, handle, key->rsa_parent, &key->own_parent));
    return hf_tpm_key_ready(key->own_parent, out);
}

hf_err hf_tpm_key_parent_again(struct hf_tpm_key *key)
{
    struct hf_tpm_entity srk = {0};

    if (key->parent || key->own_parent || key->parent_handle != TPM2_RH_OWNER || key->rsa_parent)
        return HF_E_PARENT;
    HF_TRY(make_primary(key->tpm, TPM2_RH_OWNER, false, &key->own_parent));
    HF_TRY(hf_tpm_srk(key->tpm, &srk));
    if (hf_bytes_equal(hf_tpm_name_bytes(&key->own_parent->name), hf_tpm_name_bytes(&srk.name))) {
        hf_tpm_key_close(&key->own_parent);
        return HF_E_PARENT;
    }
    hf_log(HF_LOG_INFO, "tpm.other_srk", "handle=0x%08x is not the primary that the key file means", HF_TPM_SRK);
    return HF_OK;
}
