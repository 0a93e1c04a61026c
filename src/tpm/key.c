/* A key: made, loaded when it is needed, flushed when it is closed. */
#include "tpm/key.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "tpm/jobs.h"

#include <stdio.h>
#include "tpm/lockout.h"

hf_err hf_tpm_key_new(struct hf_tpm *tpm, struct hf_bytes public_area, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;

    HF_TRY(hf_alloc(sizeof(*key), &key));
    key->tpm = tpm;
    HF_TRY(hf_tpm_public_parse(public_area, &key->pub));
    HF_TRY(hf_buf_set(&key->public_area, public_area));
    HF_TRY(hf_tpm_public_name(public_area, &key->name));
    *out = hf_take(key);
    return HF_OK;
}

void hf_tpm_key_close(struct hf_tpm_key **key)
{
    struct hf_tpm_key *gone = *key;

    *key = NULL;
    if (!gone)
        return;
    hf_tpm_jobs_leave(gone);
    if (gone->handle && !gone->persistent && hf_tpm_take(gone->tpm) == HF_OK) {
        if (gone->generation == gone->tpm->generation)
            hf_tpm_flush(gone->tpm, gone->handle);
        hf_tpm_give(gone->tpm);
    }
    hf_secret_free(&gone->auth);
    hf_pubkey_free(&gone->software);
    hf_buf_free(&gone->public_area);
    hf_buf_free(&gone->private_blob);
    hf_buf_free(&gone->context);
    hf_buf_free(&gone->template);
    hf_buf_free(&gone->creation_data);
    hf_buf_free(&gone->creation_hash);
    hf_buf_free(&gone->creation_ticket);
    hf_buf_free(&gone->description);
    hf_buf_free(&gone->file_more);
    hf_policy_free(&gone->policy);
    hf_tpm_key_close(&gone->own_parent);
    hf_free(&gone);
}

void hf_tpm_key_keep_parent(struct hf_tpm_key *key)
{
    if (!key->parent)
        return;
    hf_tpm_key_close(&key->own_parent);
    key->own_parent = hf_take(key->parent);
}

hf_err hf_tpm_key_set_auth(struct hf_tpm_key *key, const struct hf_secret *auth)
{
    struct hf_secret *copy = NULL;

    if (hf_secret_expose(auth).n)
        HF_TRY(hf_secret_new(hf_secret_expose(auth), &copy));
    hf_secret_free(&key->auth);
    key->auth = copy;
    return HF_OK;
}

/* The parent as an entity. The Name that a stored key records must be that of the parent at hand. */
static hf_err parent_entity(struct hf_tpm_key *key, struct hf_tpm_entity *out)
{
    if (key->parent)
        HF_TRY(hf_tpm_key_ready(key->parent, out));
    else
        HF_TRY(hf_tpm_key_parent(key, out));
    if (key->parent_name.n && !hf_bytes_equal(hf_tpm_name_bytes(&key->parent_name), hf_tpm_name_bytes(&out->name)))
        return hf_fail(HF_E_PARENT, "the key was made under another parent than the one at 0x%08x", (unsigned)out->handle);
    return HF_OK;
}

static hf_err load_under(struct hf_tpm_key *key, struct hf_tpm_call *c)
{
    struct hf_tpm_auth auth = {0};
    HF_CLEANUP(hf_tpm_session_close) struct hf_tpm_session *session = NULL;
    struct hf_tpm_entity parent = {0};
    hf_err err;

    HF_TRY(parent_entity(key, &parent));
    if (key->parent || key->own_parent)
        HF_TRY(hf_tpm_key_authorize(key->parent ? key->parent : key->own_parent, TPM2_CC_Load, &auth, &session));
    HF_TRY(hf_tpm_call_start(c, TPM2_CC_Load));
    hf_tpm_call_handle(c, &parent, &auth);
    hf_wr_b16(&c->w, hf_buf_bytes(&key->private_blob));
    hf_wr_b16(&c->w, hf_buf_bytes(&key->public_area));
    err = hf_tpm_call_run(key->tpm, c);
    if (err != HF_OK && (hf_err_device_code() & 0xfc0) == (TPM2_RC_FMT1 | TPM2_RC_P | TPM2_RC_1)) {
        char detail[512]; /* whatever it finds wrong in the private part: it is damaged, or another parent's */

        (void)snprintf(detail, sizeof(detail), "%s", hf_err_detail());
        return hf_fail_device(HF_E_PARENT, hf_err_device_code(), "%s", detail);
    }
    HF_TRY(err);
    key->parent_name = parent.name;
    return HF_OK;
}

static hf_err load_child(struct hf_tpm_key *key, struct hf_tpm_call *c)
{
    hf_err err = load_under(key, c);

    if (err == HF_E_PARENT && hf_tpm_key_parent_again(key) == HF_OK)
        return load_under(key, c);
    return err;
}

static hf_err load_external(struct hf_tpm_key *key, struct hf_tpm_call *c)
{
    HF_TRY(hf_tpm_call_start(c, TPM2_CC_LoadExternal));
    hf_wr_u16be(&c->w, 0);
    hf_wr_b16(&c->w, hf_buf_bytes(&key->public_area));
    hf_wr_u32be(&c->w, TPM2_RH_NULL);
    return hf_tpm_call_run(key->tpm, c);
}

/* A primary has no blob: its template makes the same key again from the hierarchy's seed. */
static hf_err make_primary_again(struct hf_tpm_key *key)
{
    struct hf_bytes value = hf_secret_expose(key->auth);
    struct hf_tpm_entity hierarchy = hf_tpm_entity_plain(key->hierarchy);
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c = {0};
    struct hf_tpm_name name = {0};

    if (!key->hierarchy)
        return hf_fail(HF_E_UNAVAILABLE, "the key is gone with the connection that held it, and has no blob to load it from");
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_CreatePrimary));
    hf_tpm_call_handle(&c, &hierarchy, NULL);
    hf_wr_u16be(&c.w, (uint16_t)(2 + value.n + 2)); /* TPM2B_SENSITIVE_CREATE */
    hf_wr_b16(&c.w, value);
    hf_wr_u16be(&c.w, 0);
    hf_wr_b16(&c.w, hf_buf_bytes(&key->template));
    hf_wr_u16be(&c.w, 0); /* outsideInfo */
    hf_wr_u32be(&c.w, 0); /* creationPCR */
    HF_TRY(hf_tpm_call_run(key->tpm, &c));
    key->handle = c.out_handle;
    key->generation = key->tpm->generation;
    HF_TRY(hf_tpm_public_name(hf_rd_view(&c.r, hf_rd_u16be(&c.r)), &name));
    if (!hf_bytes_equal(hf_tpm_name_bytes(&name), hf_tpm_name_bytes(&key->name)))
        return hf_fail(HF_E_IMPOSTOR, "the primary key that the TPM makes now is another one: its hierarchy was cleared");
    return HF_OK;
}

static hf_err load(struct hf_tpm_key *key)
{
    struct hf_tpm_call c;
    struct hf_bytes name;

    if (key->context.n)
        return hf_tpm_key_load_context(key);
    if (!key->external && key->private_blob.n == 0)
        return make_primary_again(key);
    HF_TRY(key->external ? load_external(key, &c) : load_child(key, &c));
    name = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    key->handle = c.out_handle;
    key->generation = key->tpm->generation;
    if (!hf_bytes_equal(name, hf_tpm_name_bytes(&key->name)))
        return hf_fail(HF_E_INTEGRITY, "the TPM loaded a key of another Name");
    return HF_OK;
}

hf_err hf_tpm_key_ready(struct hf_tpm_key *key, struct hf_tpm_entity *out)
{
    if (!key->persistent && (key->handle == 0 || key->generation != key->tpm->generation))
        HF_TRY(load(key));
    out->handle = key->handle;
    out->name = key->name;
    return HF_OK;
}

/* The policy of a key that may be duplicated says who may do that (Part 1, 19.7.1: role DUP takes a policy and
 * nothing else). Everything else its value opens, where it opens anything at all. */
static bool value_opens(const struct hf_tpm_key *key, uint32_t code)
{
    return !(key->pub.objectAttributes & TPMA_OBJECT_FIXEDPARENT) && key->pub.objectAttributes & TPMA_OBJECT_USERWITHAUTH &&
           code != TPM2_CC_Duplicate;
}

hf_err hf_tpm_key_authorize(struct hf_tpm_key *key, uint32_t code, struct hf_tpm_auth *auth, struct hf_tpm_session **session)
{
    *auth = (struct hf_tpm_auth){.value = key->auth};
    if (key->policy && !value_opens(key, code)) {
        HF_TRY(hf_tpm_key_policy_session(key, session));
        auth->policy = *session;
    } else if (!(key->pub.objectAttributes & TPMA_OBJECT_USERWITHAUTH) && !key->external) {
        return hf_fail(HF_E_DENIED, "only its policy opens this key, and the policy is not at hand: give it with --policy");
    }
    return HF_OK;
}

static hf_err run_once(struct hf_tpm_key *key, uint32_t code, hf_tpm_build *build, void *arg, struct hf_tpm_call *c)
{
    HF_CLEANUP(hf_tpm_session_close) struct hf_tpm_session *session = NULL;
    struct hf_tpm_auth auth = {0};
    struct hf_tpm_entity entity = {0};

    HF_TRY(hf_tpm_key_ready(key, &entity));
    HF_TRY(hf_tpm_key_authorize(key, code, &auth, &session));
    HF_TRY(hf_tpm_call_start(c, code));
    hf_tpm_call_handle(c, &entity, &auth);
    HF_TRY(build(c, arg));
    return hf_tpm_call_run(key->tpm, c);
}

hf_err hf_tpm_key_run(struct hf_tpm_key *key, uint32_t code, hf_tpm_build *build, void *arg, struct hf_tpm_call *c)
{
    const struct hf_tpm_command *command = hf_tpm_command_find(code);
    hf_err err;

    if (key->external)
        return hf_fail(HF_E_KEY_TYPE, "only the public part of this key is here: it verifies and encrypts, and cannot do %s",
                       command ? command->name : "this");
    for (int tries = 0;; tries++) {
        HF_TRY(hf_tpm_take(key->tpm));
        err = run_once(key, code, build, arg, c);
        err = hf_tpm_tries_left(key->tpm, err);
        hf_tpm_give(key->tpm);
        if (err != HF_E_UNAVAILABLE || tries || !command || !command->changes_nothing)
            return err;
        hf_log(HF_LOG_NOTICE, "tpm.again", "command=%s", command->name);
    }
}

static unsigned use_of(uint32_t a, uint16_t type)
{
    unsigned use = 0;
    bool restricted = a & TPMA_OBJECT_RESTRICTED;

    if (a & TPMA_OBJECT_SIGN_ENCRYPT && type != TPM2_ALG_SYMCIPHER)
        use |= restricted ? HF_TPM_USE_ATTEST : HF_TPM_USE_SIGN;
    if (a & TPMA_OBJECT_DECRYPT)
        use |= restricted ? HF_TPM_USE_PARENT : HF_TPM_USE_DECRYPT;
    if (!(a & TPMA_OBJECT_FIXEDPARENT))
        use |= HF_TPM_USE_MOVABLE;
    if (!(a & TPMA_OBJECT_NODA))
        use |= HF_TPM_USE_DA;
    if (!(a & TPMA_OBJECT_USERWITHAUTH))
        use |= HF_TPM_USE_POLICY_ONLY;
    return use;
}

static unsigned bits_of(const TPMT_PUBLIC *pub)
{
    switch (pub->type) {
    case TPM2_ALG_RSA:
        return pub->parameters.rsaDetail.keyBits;
    case TPM2_ALG_ECC:
        return pub->parameters.eccDetail.curveID == TPM2_ECC_NIST_P521 ? 521
                                                                        : (unsigned)hf_curve_size((enum hf_curve)pub->parameters.eccDetail.curveID) * 8;
    case TPM2_ALG_SYMCIPHER:
        return pub->parameters.symDetail.sym.keyBits.aes;
    default:
        return (unsigned)hf_hash_size((enum hf_hash_alg)pub->nameAlg) * 8;
    }
}

static void scheme_of(const TPMT_PUBLIC *pub, struct hf_tpm_key_info *info)
{
    uint16_t scheme = TPM2_ALG_NULL;
    uint16_t hash = 0;

    if (pub->type == TPM2_ALG_ECC) {
        scheme = pub->parameters.eccDetail.scheme.scheme;
        hash = pub->parameters.eccDetail.scheme.details.ecdsa.hashAlg;
    } else if (pub->type == TPM2_ALG_RSA) {
        scheme = pub->parameters.rsaDetail.scheme.scheme;
        hash = scheme == TPM2_ALG_RSAES ? 0 : pub->parameters.rsaDetail.scheme.details.anySig.hashAlg;
    } else if (pub->type == TPM2_ALG_KEYEDHASH) {
        scheme = pub->parameters.keyedHashDetail.scheme.scheme;
        hash = pub->parameters.keyedHashDetail.scheme.details.hmac.hashAlg;
    }
    info->scheme = scheme == TPM2_ALG_NULL ? 0 : scheme;
    info->scheme_hash = scheme == TPM2_ALG_NULL ? 0 : hash;
}

void hf_tpm_key_info(const struct hf_tpm_key *key, struct hf_tpm_key_info *out)
{
    *out = (struct hf_tpm_key_info){
        .bits = bits_of(&key->pub),
        .use = use_of(key->pub.objectAttributes, key->pub.type),
        .name_hash = key->pub.nameAlg,
        .attributes = key->pub.objectAttributes,
        .handle = key->handle,
        .persistent = key->persistent,
        .name = hf_tpm_name_bytes(&key->name),
        .policy = {key->pub.authPolicy.buffer, key->pub.authPolicy.size},
        .public_area = hf_buf_bytes(&key->public_area),
        .private_blob = hf_buf_bytes(&key->private_blob),
        .parent_name = hf_tpm_name_bytes(&key->parent_name),
    };
    hf_tpm_algorithm_name(&key->pub, out->algorithm);
    scheme_of(&key->pub, out);
}

hf_err hf_tpm_public_to_software(const TPMT_PUBLIC *pub, struct hf_pubkey **out)
{
    const TPMS_ECC_POINT *p = &pub->unique.ecc;
    uint32_t e = pub->parameters.rsaDetail.exponent;
    char name[16];

    switch (pub->type) {
    case TPM2_ALG_ECC:
        return hf_pubkey_from_point((enum hf_curve)pub->parameters.eccDetail.curveID, (struct hf_bytes){p->x.buffer, p->x.size},
                                    (struct hf_bytes){p->y.buffer, p->y.size}, out);
    case TPM2_ALG_RSA:
        return hf_pubkey_from_rsa((struct hf_bytes){pub->unique.rsa.buffer, pub->unique.rsa.size}, e ? e : 65537, out);
    default:
        hf_tpm_algorithm_name(pub, name);
        return hf_fail(HF_E_KEY_TYPE, "%s has no public part", name);
    }
}

hf_err hf_tpm_key_software(const struct hf_tpm_key *key, struct hf_pubkey **out)
{
    struct hf_tpm_key *mine = (struct hf_tpm_key *)(uintptr_t)key; /* a cache: the key itself does not change */

    HF_TRY(hf_tpm_take(key->tpm));
    if (!mine->software) {
        hf_err err = hf_tpm_public_to_software(&key->pub, &mine->software);

        if (err != HF_OK) {
            hf_tpm_give(key->tpm);
            return err;
        }
    }
    *out = mine->software;
    hf_tpm_give(key->tpm);
    return HF_OK;
}

hf_err hf_tpm_key_public_pem(const struct hf_tpm_key *key, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    struct hf_pubkey *software = NULL;

    HF_TRY(hf_tpm_key_software(key, &software));
    HF_TRY(hf_pubkey_to_pem(software, &pem));
    return hf_buf_set(out, hf_buf_bytes(&pem));
}

hf_err hf_tpm_key_creation(const struct hf_tpm_key *key, struct hf_bytes *data, struct hf_bytes *hash, struct hf_bytes *ticket)
{
    if (key->creation_data.n == 0)
        return hf_fail(HF_E_NOT_FOUND, "the key was not made by this process, so its creation data is not here");
    *data = hf_buf_bytes(&key->creation_data);
    *hash = hf_buf_bytes(&key->creation_hash);
    *ticket = hf_buf_bytes(&key->creation_ticket);
    return HF_OK;
}
