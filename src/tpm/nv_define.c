/* NV indices as a whole: define, remove, list (Part 3, 31.3 to 31.6). */
#include "base/cleanup.h"
#include "tpm/caps.h"
#include "tpm/lockout.h"
#include "tpm/nv.h"

#include <stdio.h>

#define NUMBER_SIZE 8 /* counter, bits, TPMS_NV_PIN_COUNTER_PARAMETERS */

#define WRITES (TPMA_NV_PPWRITE | TPMA_NV_OWNERWRITE | TPMA_NV_AUTHWRITE | TPMA_NV_POLICYWRITE)
#define READS (TPMA_NV_PPREAD | TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD | TPMA_NV_POLICYREAD)
#define STATES (TPMA_NV_WRITELOCKED | TPMA_NV_READLOCKED | TPMA_NV_WRITTEN)

static bool is_pin(enum hf_tpm_nv_kind kind)
{
    return kind == HF_TPM_NV_PIN_FAIL || kind == HF_TPM_NV_PIN_PASS;
}

/* Who reads and writes, where the caller did not say. */
static uint32_t preset(const struct hf_tpm_nv_spec *spec)
{
    uint32_t master = spec->platform ? TPMA_NV_PPREAD | TPMA_NV_PPWRITE : TPMA_NV_OWNERREAD | TPMA_NV_OWNERWRITE;

    if (is_pin(spec->kind))
        return master | TPMA_NV_AUTHREAD | (spec->policy.n ? TPMA_NV_POLICYWRITE : 0u);
    if (spec->policy.n)
        return TPMA_NV_POLICYREAD | TPMA_NV_POLICYWRITE;
    if (hf_secret_expose(spec->auth).n)
        return TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE;
    return master;
}

static hf_err attributes_of(const struct hf_tpm_nv_spec *spec, uint32_t *out)
{
    uint32_t a = spec->attributes & ~TPMA_NV_TPM2_NT_MASK;
    unsigned named = hf_tpm_nv_kind_of(spec->attributes);

    if (named && named != (unsigned)spec->kind)
        return hf_fail(HF_E_ARG, "the attributes say %s, and the kind is %s", hf_tpm_nv_kind_name(named),
                       hf_tpm_nv_kind_name(spec->kind));
    if (a & STATES)
        return hf_fail(HF_E_ARG, "written, writelocked and readlocked come about by use; they are not defined");
    /* Only how long it lives or what locks it was said: who may use it is then the preset's. */
    if (!(a & (WRITES | READS)))
        a |= preset(spec);
    if (!(a & WRITES) || !(a & READS))
        return hf_fail(HF_E_ARG, "nobody could %s the index: name one of owner%s, auth%s, policy%s, pp%s",
                       a & WRITES ? "read" : "write", a & WRITES ? "read" : "write", a & WRITES ? "read" : "write",
                       a & WRITES ? "read" : "write", a & WRITES ? "read" : "write");
    if ((a & (TPMA_NV_POLICYREAD | TPMA_NV_POLICYWRITE)) && spec->policy.n == 0)
        return hf_fail(HF_E_ARG, "policyread and policywrite need a policy: without one nothing satisfies them");
    if (is_pin(spec->kind) && (a & TPMA_NV_AUTHWRITE))
        return hf_fail(HF_E_ARG, "a PIN index is not written by its own value, which is the PIN: drop authwrite");
    if (is_pin(spec->kind) && spec->kind == HF_TPM_NV_PIN_FAIL && spec->da)
        return hf_fail(HF_E_ARG, "a pin-fail index counts by itself: it is never under dictionary-attack protection");
    if (!spec->da)
        a |= TPMA_NV_NO_DA;
    if (spec->platform)
        a |= TPMA_NV_PLATFORMCREATE;
    *out = a | (uint32_t)spec->kind << TPMA_NV_TPM2_NT_SHIFT;
    return HF_OK;
}

static hf_err size_of(const struct hf_tpm_nv_spec *spec, enum hf_hash_alg hash, size_t max, uint16_t *out)
{
    size_t fixed = spec->kind == HF_TPM_NV_ORDINARY ? 0
                   : spec->kind == HF_TPM_NV_EXTEND ? hf_hash_size(hash)
                                                    : NUMBER_SIZE;
    size_t size = spec->size ? spec->size : fixed;

    if (size == 0)
        return hf_fail(HF_E_ARG, "an ordinary NV index needs a size: 1 to %zu bytes on this TPM", max);
    if (fixed && size != fixed)
        return hf_fail(HF_E_ARG, "a %s index has %zu bytes, not %zu", hf_tpm_nv_kind_name(spec->kind), fixed, size);
    if (size > max)
        return hf_fail(HF_E_LIMIT,
                       "an NV index of %zu bytes; this TPM permits %zu (nv_index_max): split the data over several",
                       size, max);
    *out = (uint16_t)size;
    return HF_OK;
}

/* TPMS_NV_PUBLIC, checked as far as the TPM's answer would say less. */
static hf_err public_of(const struct hf_tpm_nv_spec *spec, size_t max, TPMS_NV_PUBLIC *out)
{
    enum hf_hash_alg hash = spec->hash ? (enum hf_hash_alg)spec->hash : HF_SHA256;
    TPMS_NV_PUBLIC pub = {.nvIndex = spec->index, .nameAlg = (uint16_t)hash};
    struct hf_bytes auth = hf_secret_expose(spec->auth);

    if (spec->index >> 24 != TPM2_HT_NV_INDEX)
        return hf_fail(HF_E_ARG, "0x%08x is no NV index: 0x01000000 to 0x01ffffff are", (unsigned)spec->index);
    if (hf_hash_size(hash) == 0)
        return hf_fail(HF_E_UNSUPPORTED, "0x%04x is no hash that is known", spec->hash);
    if (auth.n > hf_hash_size(hash))
        return hf_fail(HF_E_ARG, "an authorization value of %zu bytes; the index's name hash permits %zu", auth.n,
                       hf_hash_size(hash));
    if (spec->policy.n && spec->policy.n != hf_hash_size(hash))
        return hf_fail(HF_E_ARG, "a policy digest of %zu bytes; the index's name hash makes %zu", spec->policy.n,
                       hf_hash_size(hash));
    HF_TRY(attributes_of(spec, &pub.attributes));
    HF_TRY(size_of(spec, hash, max, &pub.dataSize));
    pub.authPolicy.size = (uint16_t)spec->policy.n;
    if (spec->policy.n)
        memcpy(pub.authPolicy.buffer, spec->policy.p, spec->policy.n);
    *out = pub;
    return HF_OK;
}

/* Which space was short: counters have a limit of their own. */
static hf_err explain_full(struct hf_tpm *tpm, const struct hf_tpm_nv_spec *spec)
{
    uint32_t rc = hf_err_device_code();
    uint32_t left = 0;
    uint32_t used = 0;

    if (spec->kind == HF_TPM_NV_COUNTER && hf_tpm_property(tpm, TPM2_PT_NV_COUNTERS_AVAIL, &left) == HF_OK &&
        hf_tpm_property(tpm, TPM2_PT_NV_COUNTERS, &used) == HF_OK)
        return hf_fail_device(HF_E_FULL, rc,
                              "the TPM has no room for another counter (%u in use, %u left): undefine one, "
                              "`holdfast tpm nv list` shows them",
                              (unsigned)used, (unsigned)left);
    return hf_fail_device(HF_E_FULL, rc,
                          "the TPM has no NV space left for 0x%08x: `holdfast tpm nv list` shows who uses it; "
                          "undefine or evict something",
                          (unsigned)spec->index);
}

static hf_err define(struct hf_tpm *tpm, const struct hf_tpm_nv_spec *spec)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(hf_tpm_call_wipe) struct hf_tpm_call c;
    struct hf_tpm_entity who = hf_tpm_entity_plain(spec->platform ? TPM2_RH_PLATFORM : TPM2_RH_OWNER);
    struct hf_tpm_auth auth = {.value = spec->hierarchy_auth};
    uint32_t max = 0;
    TPMS_NV_PUBLIC pub;
    hf_err err;

    c.reply.n = 0;
    HF_TRY(hf_tpm_property(tpm, TPM2_PT_NV_INDEX_MAX, &max));
    HF_TRY(public_of(spec, max, &pub));
    HF_TRY(hf_tpm_nv_public_write(&pub, &area));
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_NV_DefineSpace));
    hf_tpm_call_handle(&c, &who, &auth);
    hf_wr_b16(&c.w, hf_secret_expose(spec->auth));
    hf_wr_b16(&c.w, hf_buf_bytes(&area));
    err = hf_tpm_call_run(tpm, &c);
    if (err == HF_E_FULL)
        return explain_full(tpm, spec);
    if (err == HF_E_EXISTS)
        return hf_fail_device(err, hf_err_device_code(),
                              "the NV index 0x%08x is defined already: take another one, or undefine it "
                              "first",
                              (unsigned)spec->index);
    HF_TRY(err);
    return hf_rd_end(&c.r);
}

hf_err hf_tpm_nv_define(struct hf_tpm *tpm, const struct hf_tpm_nv_spec *spec)
{
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = define(tpm, spec);
    hf_tpm_give(tpm);
    return err;
}

static hf_err undefine(struct hf_tpm *tpm, uint32_t index, const struct hf_secret *hierarchy_auth)
{
    struct hf_tpm_entity entity = {.handle = index};
    struct hf_tpm_auth auth = {.value = hierarchy_auth};
    struct hf_tpm_entity who;
    TPMS_NV_PUBLIC pub;
    struct hf_tpm_call c;

    HF_TRY(hf_tpm_nv_look(tpm, index, &pub, &entity.name));
    if (pub.attributes & TPMA_NV_POLICY_DELETE)
        return hf_fail(HF_E_DENIED,
                       "the NV index 0x%08x has policy_delete: only its policy and the platform together remove it "
                       "(`holdfast tpm nv undefine --special`)",
                       (unsigned)index);
    who = hf_tpm_entity_plain(pub.attributes & TPMA_NV_PLATFORMCREATE ? TPM2_RH_PLATFORM : TPM2_RH_OWNER);
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_NV_UndefineSpace));
    hf_tpm_call_handle(&c, &who, &auth);
    hf_tpm_call_handle(&c, &entity, NULL);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    return hf_rd_end(&c.r);
}

hf_err hf_tpm_nv_undefine(struct hf_tpm *tpm, uint32_t index, const struct hf_secret *hierarchy_auth)
{
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = undefine(tpm, index, hierarchy_auth);
    hf_tpm_give(tpm);
    return err;
}

static hf_err undefine_special(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth,
                               const struct hf_secret *platform_auth)
{
    HF_CLEANUP(hf_tpm_nv_access_close) struct hf_tpm_nv_access access = {0};
    struct hf_tpm_entity platform = hf_tpm_entity_plain(TPM2_RH_PLATFORM);
    struct hf_tpm_auth by_platform = {.value = platform_auth};
    struct hf_tpm_nv_auth by_policy = *auth;
    struct hf_tpm_call c;

    by_policy.by = HF_TPM_NV_BY_POLICY;
    HF_TRY(hf_tpm_nv_access_open(tpm, index, &by_policy, true, &access));
    if (!(access.pub.attributes & TPMA_NV_POLICY_DELETE))
        return hf_fail(HF_E_ARG,
                       "the NV index 0x%08x was not defined with policy_delete: it is undefined the ordinary way",
                       (unsigned)index);
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_NV_UndefineSpaceSpecial));
    hf_tpm_call_handle(&c, &access.index, &access.auth);
    hf_tpm_call_handle(&c, &platform, &by_platform);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    return hf_rd_end(&c.r);
}

hf_err hf_tpm_nv_undefine_special(struct hf_tpm *tpm, uint32_t index, const struct hf_tpm_nv_auth *auth,
                                  const struct hf_secret *platform_auth)
{
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = undefine_special(tpm, index, auth, platform_auth);
    hf_tpm_give(tpm);
    return err;
}

static void info_of(const TPMS_NV_PUBLIC *pub, const struct hf_tpm_name *name, struct hf_tpm_nv_info *out)
{
    *out = (struct hf_tpm_nv_info){
        .index = pub->nvIndex,
        .kind = hf_tpm_nv_kind_of(pub->attributes),
        .size = pub->dataSize,
        .hash = pub->nameAlg,
        .attributes = pub->attributes,
        .written = (pub->attributes & TPMA_NV_WRITTEN) != 0,
        .write_locked = (pub->attributes & TPMA_NV_WRITELOCKED) != 0,
        .read_locked = (pub->attributes & TPMA_NV_READLOCKED) != 0,
        .platform = (pub->attributes & TPMA_NV_PLATFORMCREATE) != 0,
        .n_policy = pub->authPolicy.size,
        .n_name = name->n,
    };
    hf_tpm_nv_owner(pub->nvIndex, pub->attributes, out->owner, sizeof(out->owner));
    memcpy(out->policy, pub->authPolicy.buffer, pub->authPolicy.size);
    memcpy(out->name, name->bytes, name->n);
}

hf_err hf_tpm_nv_info_get(struct hf_tpm *tpm, uint32_t index, struct hf_tpm_nv_info *out)
{
    struct hf_tpm_name name = {0};
    TPMS_NV_PUBLIC pub;
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = hf_tpm_nv_look(tpm, index, &pub, &name);
    hf_tpm_give(tpm);
    HF_TRY(err);
    info_of(&pub, &name, out);
    return HF_OK;
}

struct listing {
    struct hf_tpm *tpm;
    hf_tpm_nv_each *each;
    void *arg;
};

static hf_err list_one(void *arg, uint32_t handle)
{
    struct listing *l = arg;
    struct hf_tpm_nv_info info;

    hf_err err = hf_tpm_nv_info_get(l->tpm, handle, &info);

    if (err == HF_E_NOT_FOUND) /* another client undefined it meanwhile */
        return HF_OK;
    HF_TRY(err);
    return l->each(l->arg, &info);
}

hf_err hf_tpm_nv_list(struct hf_tpm *tpm, hf_tpm_nv_each *each, void *arg)
{
    struct listing l = {tpm, each, arg};
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = hf_tpm_handles(tpm, TPM2_HT_NV_INDEX, list_one, &l);
    hf_tpm_give(tpm);
    return err;
}
