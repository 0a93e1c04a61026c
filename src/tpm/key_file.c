/* Keys from and to TSS2 key files. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/pem.h"
#include "tpm/key.h"
#include "tpm/keyfile.h"
#include "tpm/policy_der.h"

#include <holdfast/keyfile.h>

/* The policy's digest must be the one that the key carries. */
static hf_err check_digest(const struct hf_tpm_key *key, const struct hf_policy *policy)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};

    HF_TRY(hf_policy_digest(policy, hf_hash_name((enum hf_hash_alg)key->pub.nameAlg), &digest));
    if (!hf_bytes_equal(hf_buf_bytes(&digest), (struct hf_bytes){key->pub.authPolicy.buffer, key->pub.authPolicy.size}))
        return hf_fail(HF_E_MISMATCH, "the policy does not have the digest that the key carries");
    return HF_OK;
}

static hf_err take_policy(const struct hf_keyfile *file, struct hf_tpm_key *key)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    hf_err err;

    if (file->policy.n == 0)
        return HF_OK;
    HF_TRY(hf_policy_from_der(hf_buf_bytes(&file->policy), hf_buf_bytes(&file->auth_policy),
                              (enum hf_hash_alg)key->pub.nameAlg, &policy));
    err = check_digest(key, policy);
    if (err == HF_E_MISMATCH)
        return hf_fail(HF_E_INTEGRITY, "the policy in the key file does not have the digest that the key carries");
    HF_TRY(err);
    key->policy = hf_take(policy);
    return HF_OK;
}

static bool is_sealed(const struct hf_tpm_key *key)
{
    return key->pub.type == TPM2_ALG_KEYEDHASH && key->pub.parameters.keyedHashDetail.scheme.scheme == TPM2_ALG_NULL;
}

static hf_err check_type(const struct hf_keyfile *file, const struct hf_tpm_key *key)
{
    if ((file->type == HF_KEYFILE_SEALED) != is_sealed(key) && file->type != HF_KEYFILE_IMPORTABLE)
        return hf_fail(HF_E_FORMAT, "the key file says %s, its public part %s", file->type == HF_KEYFILE_SEALED ? "sealed data" : "a key",
                       is_sealed(key) ? "sealed data" : "a key");
    return HF_OK;
}

static hf_err from_file(struct hf_tpm *tpm, const struct hf_keyfile *file, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;

    HF_TRY(hf_tpm_key_new(tpm, hf_buf_bytes(&file->public_area), &key));
    HF_TRY(check_type(file, key));
    HF_TRY(hf_buf_set(&key->private_blob, hf_buf_bytes(&file->private_blob)));
    HF_TRY(hf_buf_set(&key->description, hf_buf_bytes(&file->description)));
    HF_TRY(hf_buf_set(&key->file_more, hf_buf_bytes(&file->more)));
    key->parent_handle = file->parent;
    key->rsa_parent = file->rsa_parent;
    key->needs_auth = !file->empty_auth;
    HF_TRY(take_policy(file, key));
    if (file->type == HF_KEYFILE_IMPORTABLE)
        HF_TRY(hf_tpm_key_import_blob(key, hf_buf_bytes(&file->secret)));
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_tpm_key_from_pem(struct hf_tpm *tpm, struct hf_bytes text, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_keyfile_free) struct hf_keyfile file = {0};

    HF_TRY(hf_pem_find(text, HF_KEYFILE_LABEL, &der));
    HF_TRY(hf_keyfile_parse(hf_buf_bytes(&der), &file));
    return from_file(tpm, &file, out);
}

bool hf_tpm_key_needs_auth(const struct hf_tpm_key *key)
{
    return key->needs_auth;
}

hf_err hf_tpm_key_set_policy(struct hf_tpm_key *key, const struct hf_policy *policy)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *copy = NULL;

    HF_TRY(check_digest(key, policy));
    HF_TRY(hf_policy_copy(policy, &copy));
    hf_policy_free(&key->policy);
    key->policy = hf_take(copy);
    return HF_OK;
}

hf_err hf_tpm_key_set_description(struct hf_tpm_key *key, const char *text)
{
    return hf_buf_set(&key->description, hf_bytes_text(text));
}

/* What the file names as the parent. */
static hf_err file_parent(struct hf_tpm_key *key, uint32_t *out)
{
    const struct hf_tpm_key *parent = key->parent ? key->parent : key->own_parent;

    if (key->parent_handle) {
        *out = key->parent_handle;
        return HF_OK;
    }
    if (!parent)
        return hf_tpm_srk_file_parent(key->tpm, out);
    if (!parent->persistent)
        return hf_fail(HF_E_KEY_TYPE, "the key's parent is neither persistent nor the storage root key, so a key file cannot name it: "
                                      "make it persistent first");
    *out = parent->handle;
    return parent->handle == HF_TPM_SRK ? hf_tpm_srk_file_parent(key->tpm, out) : HF_OK;
}

static hf_err to_file(struct hf_tpm_key *key, struct hf_keyfile *file)
{
    if (key->private_blob.n == 0)
        return hf_fail(HF_E_KEY_TYPE, "a primary or persistent key, or one from a saved context, has no blob to write into a key file");
    file->type = is_sealed(key) ? HF_KEYFILE_SEALED : HF_KEYFILE_LOADABLE;
    file->empty_auth = !key->needs_auth && hf_secret_expose(key->auth).n == 0;
    file->rsa_parent = key->rsa_parent;
    HF_TRY(file_parent(key, &file->parent));
    HF_TRY(hf_buf_set(&file->public_area, hf_buf_bytes(&key->public_area)));
    HF_TRY(hf_buf_set(&file->private_blob, hf_buf_bytes(&key->private_blob)));
    HF_TRY(hf_buf_set(&file->description, hf_buf_bytes(&key->description)));
    HF_TRY(hf_buf_set(&file->more, hf_buf_bytes(&key->file_more)));
    if (key->policy)
        HF_TRY(hf_policy_to_der(key->policy, (enum hf_hash_alg)key->pub.nameAlg, &file->policy, &file->auth_policy));
    return HF_OK;
}

hf_err hf_tpm_key_to_pem(struct hf_tpm_key *key, struct hf_buf *out)
{
    HF_CLEANUP(hf_keyfile_free) struct hf_keyfile file = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};

    HF_TRY(to_file(key, &file));
    HF_TRY(hf_keyfile_write(&file, &der));
    HF_TRY(hf_pem_write(HF_KEYFILE_LABEL, hf_buf_bytes(&der), &pem));
    return hf_buf_set(out, hf_buf_bytes(&pem));
}
