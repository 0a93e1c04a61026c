/* Revocation counters. */
#include "tpm/policy_counter.h"

#include "base/cleanup.h"
#include "tpm/connection.h"
#include "tpm/policy_run.h"

#define COUNTER_SIZE 8
#define ATTRIBUTES                                                               \
    (TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA | \
     TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT)

static hf_err read_public(struct hf_tpm *tpm, uint32_t index, TPMS_NV_PUBLIC *pub, struct hf_tpm_name *name)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};

    HF_TRY(hf_tpm_nv_read_public(tpm, index, &area, name));
    HF_TRY(hf_tpm_nv_public_parse(hf_buf_bytes(&area), pub));
    if ((pub->attributes & TPMA_NV_TPM2_NT_MASK) >> TPMA_NV_TPM2_NT_SHIFT != TPM2_NT_COUNTER)
        return hf_fail(HF_E_KEY_TYPE, "the NV index 0x%08x is not a counter (attributes 0x%08x)", index,
                       pub->attributes);
    return HF_OK;
}

hf_err hf_policy_counter_read(struct hf_tpm *tpm, uint32_t index, uint64_t *value, struct hf_tpm_name *name)
{
    static const struct hf_policy_answers silent;
    struct hf_policy_step step = {.kind = HF_POLICY_NV, .object.handle = index};
    HF_CLEANUP(hf_buf_free) struct hf_buf content = {0};
    struct hf_policy_nv_access access = {0};
    TPMS_NV_PUBLIC pub;
    struct hf_reader r;
    uint64_t read;

    HF_TRY(read_public(tpm, index, &pub, &step.object.name));
    if (!(pub.attributes & TPMA_NV_WRITTEN))
        return hf_fail(HF_E_KEY_TYPE, "the counter 0x%08x was never incremented: its Name changes when it is", index);
    HF_TRY(hf_policy_nv_open(tpm, &silent, &step, &access));
    HF_TRY(hf_policy_nv_read(tpm, &access, 0, COUNTER_SIZE, &content));
    r = hf_reader(hf_buf_bytes(&content));
    read = hf_rd_u64be(&r);
    HF_TRY(hf_rd_end(&r));
    *value = read;
    *name = step.object.name;
    return HF_OK;
}

hf_err hf_policy_counter_increment(struct hf_tpm *tpm, uint32_t index, const struct hf_secret *owner)
{
    struct hf_tpm_entity who = hf_tpm_entity_plain(TPM2_RH_OWNER);
    struct hf_tpm_entity entity = {.handle = index};
    struct hf_tpm_auth auth = {.value = owner};
    TPMS_NV_PUBLIC pub;
    struct hf_tpm_call c;

    HF_TRY(read_public(tpm, index, &pub, &entity.name));
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_NV_Increment));
    hf_tpm_call_handle(&c, &who, &auth);
    hf_tpm_call_handle(&c, &entity, NULL);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    return hf_rd_end(&c.r);
}

hf_err hf_policy_counter_define(struct hf_tpm *tpm, uint32_t index, const struct hf_secret *owner)
{
    struct hf_tpm_entity who = hf_tpm_entity_plain(TPM2_RH_OWNER);
    TPMS_NV_PUBLIC pub = {
        .nvIndex = index, .nameAlg = TPM2_ALG_SHA256, .attributes = ATTRIBUTES, .dataSize = COUNTER_SIZE};
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    struct hf_tpm_auth auth = {.value = owner};
    struct hf_tpm_call c;

    HF_TRY(hf_tpm_nv_public_write(&pub, &area));
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_NV_DefineSpace));
    hf_tpm_call_handle(&c, &who, &auth);
    hf_wr_b16(&c.w, (struct hf_bytes){0}); /* its own value is empty: whoever may use the TPM may read it */
    hf_wr_b16(&c.w, hf_buf_bytes(&area));
    HF_TRY(hf_tpm_call_run(tpm, &c));
    HF_TRY(hf_rd_end(&c.r));
    return hf_policy_counter_increment(tpm, index, owner);
}

hf_err hf_policy_counter_limit(struct hf_policy *policy, uint32_t index, const struct hf_tpm_name *name, uint64_t limit)
{
    struct hf_policy_step *step;

    HF_TRY(hf_policy_steps_add(&policy->steps, HF_POLICY_NV, &step));
    step->object.handle = index;
    step->object.name = *name;
    step->compare.operation = TPM2_EO_UNSIGNED_LE;
    step->compare.number = true;
    step->compare.operand.n = COUNTER_SIZE;
    for (int i = 0; i < COUNTER_SIZE; i++)
        step->compare.operand.bytes[i] = (uint8_t)(limit >> 8 * (COUNTER_SIZE - 1 - i));
    return HF_OK;
}
