/* The objects in a TPM, and what they are. */
#include "base/cleanup.h"
#include "tpm/caps.h"
#include "tpm/ek.h"
#include "tpm/key.h"
#include "tpm/managed.h"
#include "tpm/wire.h"

#include <holdfast/objects.h>
#include <stdio.h>

/* Handles that belong to the system whatever stands there. An EK's are its own only where an EK stands. */
static const struct {
    uint32_t handle;
    const char *name;
} system_handles[] = {
    {HF_TPM_SRK, "SRK"},
    {0x81010002, "IAK"},
    {0x81020000, "IDevID"},
};

const char *hf_tpm_system_handle(uint32_t handle)
{
    for (size_t i = 0; i < HF_COUNT(system_handles); i++) {
        if (system_handles[i].handle == handle)
            return system_handles[i].name;
    }
    return NULL;
}

/* Public areas that differ in nothing but the key itself. */
static bool same_template(const TPMT_PUBLIC *a, const TPMT_PUBLIC *b)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf one = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf other = {0};
    TPMT_PUBLIC x = *a;
    TPMT_PUBLIC y = *b;

    memset(&x.unique, 0, sizeof(x.unique));
    memset(&y.unique, 0, sizeof(y.unique));
    return hf_tpm_public_write(&x, &one) == HF_OK && hf_tpm_public_write(&y, &other) == HF_OK &&
           hf_bytes_equal(hf_buf_bytes(&one), hf_buf_bytes(&other));
}

static const char *ek_kind(const TPMT_PUBLIC *pub)
{
    for (int kind = 0; kind < HF_TPM_EK_KINDS; kind++) {
        TPMT_PUBLIC template;

        if (hf_tpm_ek_template((enum hf_tpm_ek_kind)kind, &template) == HF_OK && same_template(pub, &template))
            return hf_tpm_ek_kind_name((enum hf_tpm_ek_kind)kind);
    }
    return NULL;
}

/* Is the key at hand the primary of this template? It is made again to see. */
static bool is_primary(struct hf_tpm *tpm, const TPMT_PUBLIC *template, const struct hf_tpm_name *name)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    struct hf_tpm_name made = {0};
    uint32_t handle = 0;

    if (hf_tpm_public_write(template, &area) != HF_OK ||
        hf_tpm_primary_raw(tpm, TPM2_RH_OWNER, NULL, hf_buf_bytes(&area), &handle, &made, NULL) != HF_OK)
        return false;
    hf_tpm_flush(tpm, handle);
    return hf_bytes_equal(hf_tpm_name_bytes(&made), hf_tpm_name_bytes(name));
}

/*
 * Which of the three templates that go by the name of SRK: they differ in noDA, and in a `unique` field that
 * does not show in the key. A restricted decrypting P-256 key only, because making an RSA one takes too long.
 */
static const char *srk_flavour(struct hf_tpm *tpm, const TPMT_PUBLIC *pub, const struct hf_tpm_name *name)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    TPMT_PUBLIC template;

    if (hf_tpm_srk_template(&area) != HF_OK || hf_tpm_public_parse(hf_buf_bytes(&area), &template) != HF_OK)
        return "srk";
    if (same_template(pub, &template)) {
        if (is_primary(tpm, &template, name))
            return "srk-keyfile";
        template.unique.ecc.x.size = template.unique.ecc.y.size = 32; /* of zeros */
        return is_primary(tpm, &template, name) ? "srk-tcg" : "srk";
    }
    template.objectAttributes &= ~(uint32_t)TPMA_OBJECT_NODA;
    return same_template(pub, &template) ? "srk-tpm2-tools" : "srk";
}

static const char *by_attributes(const TPMT_PUBLIC *pub)
{
    bool sign = pub->objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT;
    bool decrypt = pub->objectAttributes & TPMA_OBJECT_DECRYPT;

    if (pub->objectAttributes & TPMA_OBJECT_RESTRICTED)
        return decrypt ? "parent" : "attest";
    return sign && decrypt ? "sign-decrypt" : sign ? "sign" : decrypt ? "decrypt" : "sealed";
}

static void name_kind(struct hf_tpm *tpm, const TPMT_PUBLIC *pub, const struct hf_tpm_name *name,
                      struct hf_tpm_object *o)
{
    const char *kind = by_attributes(pub);
    const char *ek = strcmp(kind, "parent") == 0 ? ek_kind(pub) : NULL;

    o->system = true;
    if (ek)
        (void)snprintf(o->kind, sizeof(o->kind), "ek-%s", ek);
    else if (o->handle == HF_TPM_SRK && strcmp(kind, "parent") == 0)
        (void)snprintf(o->kind, sizeof(o->kind), "%s", srk_flavour(tpm, pub, name));
    else if (o->handle == 0x81010002 && strcmp(kind, "attest") == 0)
        (void)snprintf(o->kind, sizeof(o->kind), "iak");
    else if (o->handle == 0x81020000)
        (void)snprintf(o->kind, sizeof(o->kind), "idevid");
    else {
        (void)snprintf(o->kind, sizeof(o->kind), "%s", kind);
        o->system = false;
    }
}

hf_err hf_tpm_object_at(struct hf_tpm *tpm, uint32_t handle, struct hf_tpm_object *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    struct hf_tpm_object o = {.handle = handle};
    struct hf_tpm_name name = {0};
    TPMT_PUBLIC pub;
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = hf_tpm_read_public(tpm, handle, &area, &name);
    if (err == HF_OK)
        err = hf_tpm_public_parse(hf_buf_bytes(&area), &pub);
    if (err == HF_OK)
        name_kind(tpm, &pub, &name, &o);
    hf_tpm_give(tpm);
    HF_TRY(err);
    hf_tpm_algorithm_name(&pub, o.algorithm);
    o.n_name = name.n;
    memcpy(o.name, name.bytes, name.n);
    *out = o;
    return HF_OK;
}

struct listing {
    struct hf_tpm *tpm;
    hf_tpm_object_each *each;
    void *arg;
};

static hf_err one_object(void *arg, uint32_t handle)
{
    const struct listing *l = arg;
    struct hf_tpm_object o;

    HF_TRY(hf_tpm_object_at(l->tpm, handle, &o));
    return l->each(l->arg, &o);
}

static hf_err one_session(void *arg, uint32_t handle)
{
    const struct listing *l = arg;
    struct hf_tpm_object o = {.handle = handle};

    (void)snprintf(o.kind, sizeof(o.kind), "%s",
                   handle >> 24 == TPM2_HT_POLICY_SESSION ? "policy-session" : "hmac-session");
    return l->each(l->arg, &o);
}

/* A resource manager answers for its client's own handles only where no session goes along. */
static hf_err list(struct listing *l, uint8_t type, hf_tpm_handle_each *one)
{
    uint32_t handles[254];
    struct hf_tpm_call c;
    bool more = true;
    uint32_t next = (uint32_t)type << 24;

    while (more) {
        uint32_t n;

        HF_TRY(hf_tpm_call_start(&c, TPM2_CC_GetCapability));
        c.bare = true;
        hf_wr_u32be(&c.w, TPM2_CAP_HANDLES);
        hf_wr_u32be(&c.w, next);
        hf_wr_u32be(&c.w, (uint32_t)HF_COUNT(handles));
        HF_TRY(hf_tpm_call_run(l->tpm, &c));
        more = hf_rd_u8(&c.r) != 0;
        hf_rd_skip(&c.r, 4); /* the capability again */
        n = hf_rd_u32be(&c.r);
        if (n > HF_COUNT(handles))
            return hf_fail(HF_E_DEVICE, "TPM2_GetCapability: %u handles in the answer to %zu", (unsigned)n,
                           HF_COUNT(handles));
        for (uint32_t i = 0; i < n; i++)
            handles[i] = hf_rd_u32be(&c.r);
        HF_TRY(hf_rd_end(&c.r));
        for (uint32_t i = 0; i < n; i++)
            HF_TRY(one(l, handles[i]));
        if (n == 0 || handles[n - 1] < next)
            return HF_OK;
        next = handles[n - 1] + 1;
    }
    return HF_OK;
}

hf_err hf_tpm_persistent_each(struct hf_tpm *tpm, hf_tpm_object_each *each, void *arg)
{
    return list(&(struct listing){tpm, each, arg}, TPM2_HT_PERSISTENT, one_object);
}

hf_err hf_tpm_transient_each(struct hf_tpm *tpm, hf_tpm_object_each *each, void *arg)
{
    return list(&(struct listing){tpm, each, arg}, TPM2_HT_TRANSIENT, one_object);
}

hf_err hf_tpm_session_each(struct hf_tpm *tpm, hf_tpm_object_each *each, void *arg)
{
    HF_TRY(list(&(struct listing){tpm, each, arg}, TPM2_HT_LOADED_SESSION, one_session));
    return list(&(struct listing){tpm, each, arg}, TPM2_HT_SAVED_SESSION, one_session);
}

hf_err hf_tpm_flush_foreign(struct hf_tpm *tpm, size_t *flushed)
{
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = tpm->managed_here
              ? hf_tpm_managed_flush(tpm->transport, flushed)
              : hf_fail(HF_E_UNSUPPORTED,
                        "%s has a resource manager: what programs leave behind goes with their connections", tpm->uri);
    hf_tpm_give(tpm);
    return err;
}

hf_err hf_tpm_flush_handle(struct hf_tpm *tpm, uint32_t handle)
{
    struct hf_tpm_call c;
    hf_err err;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_FlushContext));
    hf_wr_u32be(&c.w, handle);
    err = hf_tpm_call_run(tpm, &c);
    if (err != HF_OK && hf_err_device_code() & TPM2_RC_FMT1)
        return hf_fail_device(
            HF_E_NOT_FOUND, hf_err_device_code(),
            "0x%08x is no object or session of this connection; behind a resource manager each connection has its own",
            (unsigned)handle);
    HF_TRY(err);
    return hf_rd_end(&c.r);
}
