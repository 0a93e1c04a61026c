/* Using keys. */
#include "core/tpm_keys.h"
#include "base/cleanup.h"
#include "codec/pem.h"
#include "tpm/key.h"
#include "tpm/keyfile.h"
#include "tpm/tools_context.h"

hf_err hf_core_key_kind(struct hf_bytes file, enum hf_core_key_kind *out)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *software = NULL;
    TPMT_PUBLIC pub;

    if (file.n == 0)
        return hf_fail(HF_E_TRUNCATED, "the key file is empty");
    if (hf_tools_context_is(file)) {
        *out = HF_CORE_KEY_CONTEXT;
        return HF_OK;
    }
    if (hf_pem_is(file)) {
        *out = hf_pubkey_from_pem(file, &software) == HF_OK ? HF_CORE_KEY_PUBLIC : HF_CORE_KEY_FILE;
        return HF_OK;
    }
    if (hf_tpm_public_parse(hf_tpm2b_content(file), &pub) != HF_OK)
        return hf_fail(HF_E_FORMAT, "this is no key file: \"-----BEGIN %s-----\", a public key (PEM or TPM2B_PUBLIC) or a context file "
                       "of tpm2-tools is wanted", HF_KEYFILE_LABEL);
    *out = HF_CORE_KEY_PUBLIC;
    return HF_OK;
}

hf_err hf_core_public_area(struct hf_bytes file, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_keyfile_free) struct hf_keyfile parsed = {0};
    enum hf_core_key_kind kind = HF_CORE_KEY_FILE;
    struct hf_tools_context ctx;

    HF_TRY(hf_core_key_kind(file, &kind));
    if (kind == HF_CORE_KEY_CONTEXT) {
        HF_TRY(hf_tools_context_parse(file, &ctx));
        return hf_buf_set(out, ctx.public_area);
    }
    if (kind == HF_CORE_KEY_PUBLIC)
        return hf_pem_is(file) ? hf_tpm_public_from_pem(file, true, out) : hf_buf_set(out, hf_tpm2b_content(file));
    HF_TRY(hf_pem_find(file, HF_KEYFILE_LABEL, &der));
    HF_TRY(hf_keyfile_parse(hf_buf_bytes(&der), &parsed));
    return hf_buf_move(&parsed.public_area, out);
}

static hf_err open_file(struct hf_tpm *tpm, struct hf_bytes file, struct hf_tpm_key **out)
{
    enum hf_core_key_kind kind = HF_CORE_KEY_FILE;

    HF_TRY(hf_core_key_kind(file, &kind));
    switch (kind) {
    case HF_CORE_KEY_CONTEXT:
        return hf_tpm_key_from_context(tpm, file, out);
    case HF_CORE_KEY_PUBLIC:
        return hf_tpm_load_external(tpm, file, out);
    default:
        return hf_tpm_key_from_pem(tpm, file, out);
    }
}

hf_err hf_core_key_open(struct hf_core *core, const struct hf_core_key *ref, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(ref->file.n ? open_file(tpm, ref->file, &key) : hf_tpm_key_at(tpm, ref->handle, &key));
    HF_TRY(hf_tpm_key_set_auth(key, ref->auth));
    if (ref->policy) {
        HF_TRY(hf_core_policy(core, ref->policy, &policy));
        HF_TRY(hf_tpm_key_set_policy(key, policy));
    }
    hf_tpm_key_set_answers(key, ref->answers);
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_core_policy(struct hf_core *core, const char *text, struct hf_policy **out)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_policy_parse(hf_bytes_text(text), &policy));
    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(hf_policy_bind_tpm(policy, tpm));
    *out = hf_take(policy);
    return HF_OK;
}

/* What one use of a key takes and gives; each operation fills in its part. */
struct use {
    const struct hf_core_key *ref;
    struct hf_bytes data;
    struct hf_bytes signature;
    const struct hf_core_signing *signing;
    const struct hf_tpm_crypt *crypt;
    struct hf_buf *out;
    struct hf_secret **secret;
    struct hf_tpm_key **key;
    hf_err (*with)(struct hf_tpm_key *key, struct use *use);
};

static hf_err open_and_use(struct hf_core *core, void *arg)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct use *use = arg;

    HF_TRY(hf_core_key_open(core, use->ref, &key));
    HF_TRY(use->with(key, use));
    if (use->key)
        *use->key = hf_take(key);
    return HF_OK;
}

/* An operation whose result is public bytes. */
static hf_err to_buf(struct hf_core *core, const struct hf_who *who, enum hf_op op, struct use *use, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};

    use->out = &made;
    HF_TRY(hf_core_do(core, who, op, use->ref->label, open_and_use, use));
    return hf_buf_move(&made, out);
}

/* An operation whose result is a secret. */
static hf_err to_secret(struct hf_core *core, const struct hf_who *who, enum hf_op op, struct use *use, struct hf_secret **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *made = NULL;

    use->secret = &made;
    HF_TRY(hf_core_do(core, who, op, use->ref->label, open_and_use, use));
    *out = hf_take(made);
    return HF_OK;
}

static hf_err with_sign(struct hf_tpm_key *key, struct use *use)
{
    const struct hf_core_signing *how = use->signing;

    return how->digest ? hf_tpm_sign_digest(key, use->data, how->scheme, how->hash, use->out)
                       : hf_tpm_sign(key, use->data, how->scheme, how->hash, use->out);
}

hf_err hf_core_tpm_sign(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes data,
                        const struct hf_core_signing *how, struct hf_buf *out)
{
    struct use use = {.ref = ref, .data = data, .signing = how, .with = with_sign};

    return to_buf(core, who, HF_OP_TPM_SIGN, &use, out);
}

static hf_err with_verify(struct hf_tpm_key *key, struct use *use)
{
    const struct hf_core_signing *how = use->signing;

    return how->in_tpm ? hf_tpm_verify_in_tpm(key, use->data, use->signature, how->scheme, how->hash)
                       : hf_tpm_verify_signature(key, use->data, use->signature, how->scheme, how->hash);
}

hf_err hf_core_tpm_verify(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes data,
                          struct hf_bytes signature, const struct hf_core_signing *how)
{
    struct use use = {.ref = ref, .data = data, .signature = signature, .signing = how, .with = with_verify};

    return hf_core_do(core, who, HF_OP_TPM_VERIFY, ref->label, open_and_use, &use);
}

static hf_err with_encrypt(struct hf_tpm_key *key, struct use *use)
{
    return hf_tpm_encrypt(key, use->data, use->crypt, use->out);
}

hf_err hf_core_tpm_encrypt(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes data,
                           const struct hf_tpm_crypt *how, struct hf_buf *out)
{
    struct use use = {.ref = ref, .data = data, .crypt = how, .with = with_encrypt};

    return to_buf(core, who, HF_OP_TPM_ENCRYPT, &use, out);
}

static hf_err with_decrypt(struct hf_tpm_key *key, struct use *use)
{
    return hf_tpm_decrypt(key, use->data, use->crypt, use->secret);
}

hf_err hf_core_tpm_decrypt(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes data,
                           const struct hf_tpm_crypt *how, struct hf_secret **out)
{
    struct use use = {.ref = ref, .data = data, .crypt = how, .with = with_decrypt};

    return to_secret(core, who, HF_OP_TPM_DECRYPT, &use, out);
}

static hf_err with_hmac(struct hf_tpm_key *key, struct use *use)
{
    return hf_tpm_hmac(key, use->data, use->out);
}

hf_err hf_core_tpm_hmac(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes data,
                        struct hf_buf *out)
{
    struct use use = {.ref = ref, .data = data, .with = with_hmac};

    return to_buf(core, who, HF_OP_TPM_HMAC, &use, out);
}

static hf_err with_ecdh(struct hf_tpm_key *key, struct use *use)
{
    return hf_tpm_ecdh(key, use->data, use->secret);
}

hf_err hf_core_tpm_ecdh(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_bytes peer,
                        struct hf_secret **out)
{
    struct use use = {.ref = ref, .data = peer, .with = with_ecdh};

    return to_secret(core, who, HF_OP_TPM_ECDH, &use, out);
}

static hf_err with_unseal(struct hf_tpm_key *key, struct use *use)
{
    return hf_tpm_unseal(key, use->secret);
}

hf_err hf_core_tpm_unseal(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_secret **out)
{
    struct use use = {.ref = ref, .with = with_unseal};

    return to_secret(core, who, HF_OP_TPM_UNSEAL, &use, out);
}

static hf_err with_show(struct hf_tpm_key *key, struct use *use)
{
    (void)key;
    (void)use;
    return HF_OK;
}

hf_err hf_core_tpm_show(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct use use = {.ref = ref, .with = with_show, .key = &key};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_SHOW, ref->label, open_and_use, &use));
    *out = hf_take(key);
    return HF_OK;
}

struct hash {
    unsigned hash;
    struct hf_bytes data;
    struct hf_buf made;
};

static hf_err hash_work(struct hf_core *core, void *arg)
{
    struct hash *h = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    return hf_tpm_hash(tpm, h->hash, h->data, &h->made);
}

hf_err hf_core_tpm_hash(struct hf_core *core, const struct hf_who *who, unsigned hash, struct hf_bytes data, struct hf_buf *out)
{
    struct hash h = {.hash = hash, .data = data};
    hf_err err = hf_core_do(core, who, HF_OP_TPM_HASH, NULL, hash_work, &h);

    if (err == HF_OK)
        err = hf_buf_move(&h.made, out);
    hf_buf_free(&h.made);
    return err;
}

struct random {
    size_t n;
    struct hf_buf made;
};

static hf_err random_work(struct hf_core *core, void *arg)
{
    struct random *r = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    return hf_tpm_random(tpm, r->n, &r->made);
}

hf_err hf_core_tpm_random(struct hf_core *core, const struct hf_who *who, size_t n, struct hf_buf *out)
{
    struct random r = {.n = n};
    hf_err err = hf_core_do(core, who, HF_OP_TPM_RANDOM, NULL, random_work, &r);

    if (err == HF_OK)
        err = hf_buf_move(&r.made, out);
    hf_buf_free(&r.made);
    return err;
}
