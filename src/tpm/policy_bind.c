/* What policies ask of a TPM and of files: PCR values, Names, NV contents, the clock, keys. */
#include "base/cleanup.h"
#include "base/file.h"
#include "tpm/connection.h"
#include "tpm/policy_approval.h"
#include "tpm/policy_run.h"
#include "tpm/policy_signature.h"
#include "tpm/policy_words.h"

#include <stdio.h>

#define KEY_FILE_MAX ((size_t)256 * 1024)

hf_err hf_policy_read_pcr(struct hf_tpm *tpm, enum hf_hash_alg bank, unsigned index, struct hf_digest *out)
{
    struct hf_policy_pcr one = {.n_banks = 1, .bank = {{bank, 1u << index}}};
    struct hf_tpm_call c;
    struct hf_bytes value;
    uint32_t n;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_PCR_Read));
    hf_policy_pcr_selection(&one, &c.w);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    (void)hf_rd_u32be(&c.r); /* pcrUpdateCounter */
    n = hf_rd_u32be(&c.r);   /* pcrSelectionOut: empty where the bank is not active */
    for (uint32_t i = 0; i < n && hf_rd_err(&c.r) == HF_OK; i++) {
        (void)hf_rd_u16be(&c.r);
        hf_rd_skip(&c.r, hf_rd_u8(&c.r));
    }
    n = hf_rd_u32be(&c.r);
    HF_TRY(hf_rd_err(&c.r));
    if (n != 1)
        return hf_fail(HF_E_UNSUPPORTED, "the TPM has no PCR %s:%u: the bank is not active", hf_hash_name(bank), index);
    value = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    if (value.n != hf_hash_size(bank))
        return hf_fail(HF_E_DEVICE, "TPM2_PCR_Read: %zu bytes for a PCR of %s", value.n, hf_hash_name(bank));
    out->n = value.n;
    memcpy(out->bytes, value.p, value.n);
    return HF_OK;
}

hf_err hf_policy_read_time(struct hf_tpm *tpm, uint8_t out[HF_POLICY_TIME_INFO])
{
    struct hf_tpm_call c;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_ReadClock));
    HF_TRY(hf_tpm_call_run(tpm, &c));
    hf_rd_copy(&c.r, out, HF_POLICY_TIME_INFO);
    return hf_rd_end(&c.r);
}

static hf_err give_pcr(void *arg, const char *bank, unsigned index, struct hf_buf *value)
{
    enum hf_hash_alg alg;
    struct hf_digest digest;

    HF_TRY(hf_hash_by_name(hf_bytes_text(bank), &alg));
    HF_TRY(hf_policy_read_pcr(arg, alg, index, &digest));
    return hf_buf_add(value, hf_digest_bytes(&digest));
}

static hf_err give_name(void *arg, uint32_t handle, struct hf_buf *out)
{
    struct hf_tpm_name name = {0};

    HF_TRY(handle >> 24 == TPM2_HT_NV_INDEX ? hf_tpm_nv_read_public(arg, handle, NULL, &name)
                                            : hf_tpm_read_public(arg, handle, NULL, &name));
    return hf_buf_add(out, hf_tpm_name_bytes(&name));
}

/* An approval names its key: the file that approves can be named by the policy that it opens. */
static hf_err of_approval(struct hf_bytes json, struct hf_buf *tpmt_public)
{
    HF_CLEANUP(hf_policy_approval_free) struct hf_policy_approval *approval = NULL;

    HF_TRY(hf_policy_approval_parse(json, &approval));
    return hf_buf_add(tpmt_public, hf_buf_bytes(&approval->pub));
}

hf_err hf_policy_key_file(void *arg, const char *path, struct hf_buf *tpmt_public)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;

    (void)arg;
    HF_TRY(hf_file_read(path, KEY_FILE_MAX, &text));
    if (text.n && text.p[0] == '{')
        return of_approval(hf_buf_bytes(&text), tpmt_public);
    HF_TRY(hf_pubkey_from_pem(hf_buf_bytes(&text), &key));
    return hf_policy_key_public(key, tpmt_public);
}

hf_err hf_policy_bind_tpm(struct hf_policy *policy, struct hf_tpm *tpm)
{
    struct hf_policy_source source = {tpm, give_pcr, hf_policy_key_file, give_name};
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = hf_policy_bind(policy, &source);
    hf_tpm_give(tpm);
    return err;
}

/* AUTHREAD: the index's own value; else OWNERREAD: the owner's. An index that only its policy opens cannot be
 * read within another policy. */
static hf_err nv_reader(const TPMS_NV_PUBLIC *pub, const struct hf_policy_step *step, struct hf_policy_nv_access *out)
{
    char where[HF_POLICY_WHERE];

    if (pub->attributes & TPMA_NV_AUTHREAD)
        out->who = out->index;
    else if (pub->attributes & TPMA_NV_OWNERREAD)
        out->who = hf_tpm_entity_plain(TPM2_RH_OWNER);
    else
        return hf_fail(HF_E_DENIED, "%s: neither its own value nor the owner's may read the index (attributes 0x%08x)",
                       hf_policy_where(step, where), pub->attributes);
    return HF_OK;
}

hf_err hf_policy_nv_open(struct hf_tpm *tpm, const struct hf_policy_answers *answers, const struct hf_policy_step *step,
                         struct hf_policy_nv_access *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    struct hf_policy_nv_access access = {.index = {.handle = step->object.handle}};
    char where[HF_POLICY_WHERE];
    char what[16] = "owner";
    TPMS_NV_PUBLIC pub;

    HF_TRY(hf_tpm_nv_read_public(tpm, step->object.handle, &area, &access.index.name));
    /* Before any value is used: another index at this handle must not get to judge an authorization. */
    if (!hf_bytes_equal(hf_tpm_name_bytes(&access.index.name), hf_tpm_name_bytes(&step->object.name)))
        return hf_fail(HF_E_DENIED,
                       "%s: the index at 0x%08x is not the one whose Name the policy has: it was defined anew",
                       hf_policy_where(step, where), step->object.handle);
    HF_TRY(hf_tpm_nv_public_parse(hf_buf_bytes(&area), &pub));
    access.size = pub.dataSize;
    HF_TRY(nv_reader(&pub, step, &access));
    if (access.who.handle == access.index.handle)
        (void)snprintf(what, sizeof(what), "0x%08x", access.index.handle);
    if (answers->secret)
        HF_TRY(answers->secret(answers->arg, what, &access.value));
    *out = access;
    return HF_OK;
}

hf_err hf_policy_nv_read(struct hf_tpm *tpm, const struct hf_policy_nv_access *access, uint16_t offset, uint16_t n,
                         struct hf_buf *out)
{
    struct hf_tpm_auth auth = {.value = access->value};
    struct hf_tpm_call c;
    struct hf_bytes data;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_NV_Read));
    hf_tpm_call_handle(&c, &access->who, &auth);
    hf_tpm_call_handle(&c, &access->index, NULL);
    hf_wr_u16be(&c.w, n);
    hf_wr_u16be(&c.w, offset);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    data = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    return hf_buf_set(out, data);
}
