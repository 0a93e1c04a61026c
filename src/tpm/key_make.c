/* Making keys, and taking them in from blobs and handles. */
#include "base/cleanup.h"
#include "codec/pem.h"
#include "tpm/key.h"

#include <holdfast/objects.h>

/* The TPM's answer to an algorithm it does not have names a parameter; say what was asked for. */
static hf_err explain(hf_err err, const struct hf_tpm_key_spec *spec)
{
    uint32_t rc = hf_err_device_code();
    uint32_t bare = rc & 0x80 ? rc & 0xbf : rc;
    char detail[512];

    if (rc & 0x80 && !(rc & 0x40)) /* it points at a handle or a session, not at a parameter */
        return err;
    if (bare != TPM2_RC_VALUE && bare != TPM2_RC_CURVE && bare != TPM2_RC_KEY_SIZE && bare != TPM2_RC_ASYMMETRIC &&
        bare != TPM2_RC_SYMMETRIC && bare != TPM2_RC_HASH && bare != TPM2_RC_TYPE)
        return err;
    (void)strncpy(detail, hf_err_detail(), sizeof(detail) - 1);
    detail[sizeof(detail) - 1] = 0;
    return hf_fail_device(HF_E_UNSUPPORTED, rc, "this TPM does not make %s keys (%s)", spec->algorithm, detail);
}

/* TPM2B_SENSITIVE_CREATE. */
static void write_sensitive(struct hf_writer *w, const struct hf_tpm_key_spec *spec)
{
    struct hf_bytes auth = hf_secret_expose(spec->auth);

    hf_wr_u16be(w, (uint16_t)(2 + auth.n + 2 + spec->sealed.n));
    hf_wr_b16(w, auth);
    hf_wr_b16(w, spec->sealed);
}

static void write_creation(struct hf_tpm_call *c, const struct hf_tpm_key_spec *spec, struct hf_bytes template)
{
    write_sensitive(&c->w, spec);
    hf_wr_b16(&c->w, template);
    hf_wr_b16(&c->w, spec->outside);
    hf_wr_u32be(&c->w, 0); /* creationPCR: none */
}

/* creationData, creationHash, creationTicket. */
static hf_err read_creation(struct hf_reader *r, struct hf_tpm_key *key)
{
    struct hf_bytes data = hf_rd_view(r, hf_rd_u16be(r));
    struct hf_bytes hash = hf_rd_view(r, hf_rd_u16be(r));
    struct hf_reader at = *r;
    struct hf_bytes ticket;

    hf_rd_skip(r, 6); /* TPMT_TK_CREATION: tag, hierarchy, digest */
    hf_rd_skip(r, hf_rd_u16be(r));
    HF_TRY(hf_rd_err(r));
    ticket = hf_rd_view(&at, (size_t)(r->at - at.at));
    HF_TRY(hf_buf_set(&key->creation_data, data));
    HF_TRY(hf_buf_set(&key->creation_hash, hash));
    return hf_buf_set(&key->creation_ticket, ticket);
}

/* A public area without what the TPM chooses: its unique field. */
static hf_err without_unique(const TPMT_PUBLIC *pub, struct hf_buf *out)
{
    TPMT_PUBLIC blank = *pub;

    memset(&blank.unique, 0, sizeof(blank.unique));
    return hf_tpm_public_write(&blank, out);
}

/* Everything asked for must have come back as asked: never a silently different key. */
static hf_err check_made(const TPMT_PUBLIC *asked, const struct hf_tpm_key *key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf want = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};

    HF_TRY(without_unique(asked, &want));
    HF_TRY(without_unique(&key->pub, &got));
    if (!hf_bytes_equal(hf_buf_bytes(&want), hf_buf_bytes(&got)))
        return hf_fail(HF_E_DEVICE, "the TPM made another key than the one asked for");
    return HF_OK;
}

hf_err hf_tpm_create_primary(struct hf_tpm *tpm, enum hf_tpm_hierarchy hierarchy, const struct hf_secret *hierarchy_auth,
                             const struct hf_tpm_key_spec *spec, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf template = {0};
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c;
    struct hf_tpm_auth auth = {.value = hierarchy_auth};
    struct hf_tpm_entity parent;
    struct hf_bytes area;
    TPMT_PUBLIC asked;
    uint32_t handle = 0;
    hf_err err;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_CreatePrimary));
    HF_TRY(hf_tpm_hierarchy_handle(hierarchy, &handle));
    HF_TRY(hf_tpm_template(spec, &asked));
    HF_TRY(hf_tpm_public_write(&asked, &template));
    parent = hf_tpm_entity_plain(handle);
    hf_tpm_call_handle(&c, &parent, &auth);
    write_creation(&c, spec, hf_buf_bytes(&template));
    err = hf_tpm_call_run(tpm, &c);
    if (err != HF_OK)
        return explain(err, spec);
    area = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_tpm_key_new(tpm, area, &key));
    key->handle = c.out_handle;
    key->generation = tpm->generation;
    key->hierarchy = handle;
    HF_TRY(hf_buf_set(&key->template, hf_buf_bytes(&template)));
    HF_TRY(read_creation(&c.r, key));
    HF_TRY(check_made(&asked, key));
    HF_TRY(hf_tpm_key_set_auth(key, spec->auth));
    *out = hf_take(key);
    return HF_OK;
}

/* TPM2_Create under a parent; the response's parts into a key that is not loaded yet. */
static hf_err create(struct hf_tpm *tpm, struct hf_tpm_key *parent, const struct hf_tpm_key_spec *spec,
                     const TPMT_PUBLIC *asked, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_session_close) struct hf_tpm_session *session = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf template = {0};
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c;
    struct hf_tpm_auth auth = {0};
    struct hf_tpm_entity entity = {0};
    struct hf_bytes private_blob;
    struct hf_bytes area;
    hf_err err;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_Create));
    HF_TRY(hf_tpm_public_write(asked, &template));
    HF_TRY(parent ? hf_tpm_key_ready(parent, &entity) : hf_tpm_srk(tpm, &entity));
    if (parent)
        HF_TRY(hf_tpm_key_authorize(parent, TPM2_CC_Create, &auth, &session));
    hf_tpm_call_handle(&c, &entity, &auth);
    write_creation(&c, spec, hf_buf_bytes(&template));
    err = hf_tpm_call_run(tpm, &c);
    if (err != HF_OK)
        return explain(err, spec);
    private_blob = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    area = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_tpm_key_new(tpm, area, &key));
    HF_TRY(hf_buf_set(&key->private_blob, private_blob));
    HF_TRY(read_creation(&c.r, key));
    HF_TRY(hf_rd_end(&c.r));
    HF_TRY(check_made(asked, key));
    key->parent = parent;
    key->parent_name = entity.name;
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_tpm_generate_key_pair(struct hf_tpm *tpm, struct hf_tpm_key *parent, const struct hf_tpm_key_spec *spec,
                                struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    TPMT_PUBLIC asked;
    hf_err err;

    HF_TRY(hf_tpm_template(spec, &asked));
    HF_TRY(hf_tpm_key_check_parent(parent));
    HF_TRY(hf_tpm_take(tpm));
    err = create(tpm, parent, spec, &asked, &key);
    hf_tpm_give(tpm);
    HF_TRY(err);
    HF_TRY(hf_tpm_key_set_auth(key, spec->auth));
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_tpm_storage_root(struct hf_tpm *tpm, struct hf_tpm_key **out)
{
    struct hf_tpm_entity srk = {0};

    HF_TRY(hf_tpm_srk(tpm, &srk));
    return hf_tpm_key_at(tpm, srk.handle, out);
}

struct hf_bytes hf_tpm2b_content(struct hf_bytes blob)
{
    if (blob.n >= 2 && ((size_t)blob.p[0] << 8 | blob.p[1]) == blob.n - 2)
        return (struct hf_bytes){blob.p + 2, blob.n - 2};
    return blob;
}

hf_err hf_tpm_load_key(struct hf_tpm *tpm, struct hf_tpm_key *parent, struct hf_bytes private_blob,
                       struct hf_bytes public_blob, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;

    private_blob = hf_tpm2b_content(private_blob);
    if (private_blob.n == 0)
        return hf_fail(HF_E_TRUNCATED, "the private blob is empty");
    HF_TRY(hf_tpm_key_check_parent(parent));
    HF_TRY(hf_tpm_key_new(tpm, hf_tpm2b_content(public_blob), &key));
    HF_TRY(hf_buf_set(&key->private_blob, private_blob));
    key->parent = parent;
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_tpm_load_external(struct hf_tpm *tpm, struct hf_bytes public_blob, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};

    if (hf_pem_is(public_blob))
        HF_TRY(hf_tpm_public_from_pem(public_blob, false, &area));
    else
        HF_TRY(hf_buf_set(&area, hf_tpm2b_content(public_blob)));
    HF_TRY(hf_tpm_key_new(tpm, hf_buf_bytes(&area), &key));
    key->external = true;
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_tpm_key_at(struct hf_tpm *tpm, uint32_t handle, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    struct hf_tpm_name name = {0};

    if (handle >> 24 != TPM2_HT_PERSISTENT && handle >> 24 != TPM2_HT_TRANSIENT)
        return hf_fail(HF_E_ARG, "0x%08x is neither a persistent (0x81…) nor a transient (0x80…) handle", (unsigned)handle);
    HF_TRY(hf_tpm_read_public(tpm, handle, &area, &name));
    HF_TRY(hf_tpm_key_new(tpm, hf_buf_bytes(&area), &key));
    key->handle = handle;
    key->persistent = true; /* a loaded object stays its maker's, too */
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_tpm_key_persist(struct hf_tpm_key *key, const struct hf_secret *owner_auth, uint32_t handle)
{
    struct hf_tpm_auth auth = {.value = owner_auth};
    struct hf_tpm_entity entity = {0};
    hf_err err;

    if (handle >> 24 != TPM2_HT_PERSISTENT)
        return hf_fail(HF_E_ARG, "0x%08x is not a persistent handle (0x81000000 to 0x81ffffff)", (unsigned)handle);
    HF_TRY(hf_tpm_take(key->tpm));
    err = hf_tpm_key_ready(key, &entity);
    if (err == HF_OK)
        err = hf_tpm_evict_raw(key->tpm, handle >= HF_TPM_PLATFORM_PERSISTENT ? TPM2_RH_PLATFORM : TPM2_RH_OWNER, &auth, &entity, handle);
    hf_tpm_give(key->tpm);
    if (err == HF_E_EXISTS)
        return hf_fail_device(err, hf_err_device_code(), "the handle 0x%08x is occupied; `holdfast tpm list` shows by what",
                              (unsigned)handle);
    return err;
}

hf_err hf_tpm_evict(struct hf_tpm *tpm, const struct hf_secret *owner_auth, uint32_t handle)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct hf_tpm_auth auth = {.value = owner_auth};
    struct hf_tpm_entity entity;

    HF_TRY(hf_tpm_key_at(tpm, handle, &key));
    entity = (struct hf_tpm_entity){.handle = handle, .name = key->name};
    return hf_tpm_evict_raw(tpm, handle >= HF_TPM_PLATFORM_PERSISTENT ? TPM2_RH_PLATFORM : TPM2_RH_OWNER, &auth, &entity, handle);
}
