/* Commands that several files need in the same form. */
#include "tpm/connection.h"

/* outPublic or nvPublic, and the Name that goes with it: computed from the area, compared with the TPM's. */
static hf_err area_and_name(struct hf_tpm_call *c, struct hf_buf *public_area, struct hf_tpm_name *name,
                            hf_err (*compute)(struct hf_bytes, struct hf_tpm_name *))
{
    struct hf_bytes area = hf_rd_view(&c->r, hf_rd_u16be(&c->r));
    struct hf_bytes said = hf_rd_view(&c->r, hf_rd_u16be(&c->r));
    struct hf_tpm_name computed = {0};

    HF_TRY(hf_rd_err(&c->r));
    HF_TRY(compute(area, &computed));
    if (!hf_bytes_equal(said, hf_tpm_name_bytes(&computed)))
        return hf_fail(HF_E_INTEGRITY, "%s: the Name does not belong to the public area", c->command->name);
    if (public_area)
        HF_TRY(hf_buf_set(public_area, area));
    *name = computed;
    return HF_OK;
}

hf_err hf_tpm_read_public(struct hf_tpm *tpm, uint32_t handle, struct hf_buf *public_area, struct hf_tpm_name *name)
{
    struct hf_tpm_entity object = hf_tpm_entity_plain(handle);
    struct hf_tpm_call c;

    /* Without a session: its HMAC would need the very Name that is asked for. Every use of the Name
     * afterwards is under an HMAC that covers it, so a forged one only makes that use fail. */
    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_ReadPublic));
    c.bare = true;
    hf_tpm_call_handle(&c, &object, NULL);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    HF_TRY(area_and_name(&c, public_area, name, hf_tpm_public_name));
    (void)hf_rd_view(&c.r, hf_rd_u16be(&c.r)); /* qualifiedName */
    return hf_rd_end(&c.r);
}

hf_err hf_tpm_nv_read_public(struct hf_tpm *tpm, uint32_t index, struct hf_buf *public_area, struct hf_tpm_name *name)
{
    struct hf_tpm_entity entity = hf_tpm_entity_plain(index);
    struct hf_tpm_call c;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_NV_ReadPublic));
    c.bare = true;
    hf_tpm_call_handle(&c, &entity, NULL);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    HF_TRY(area_and_name(&c, public_area, name, hf_tpm_nv_public_name));
    return hf_rd_end(&c.r);
}

hf_err hf_tpm_primary_raw(struct hf_tpm *tpm, uint32_t hierarchy, const struct hf_tpm_auth *auth, struct hf_bytes public_area,
                          uint32_t *handle, struct hf_tpm_name *name, struct hf_buf *made)
{
    struct hf_tpm_entity parent = hf_tpm_entity_plain(hierarchy);
    struct hf_tpm_call c;
    struct hf_bytes area;
    struct hf_tpm_name computed = {0};

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_CreatePrimary));
    hf_tpm_call_handle(&c, &parent, auth);
    hf_wr_u16be(&c.w, 4); /* TPM2B_SENSITIVE_CREATE: empty userAuth and data */
    hf_wr_zero(&c.w, 4);
    hf_wr_b16(&c.w, public_area);
    hf_wr_u16be(&c.w, 0); /* outsideInfo */
    hf_wr_u32be(&c.w, 0); /* creationPCR */
    HF_TRY(hf_tpm_call_run(tpm, &c));
    area = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_err(&c.r));
    HF_TRY(hf_tpm_public_name(area, &computed));
    if (made)
        HF_TRY(hf_buf_set(made, area));
    *handle = c.out_handle;
    *name = computed;
    return HF_OK;
}

hf_err hf_tpm_evict_raw(struct hf_tpm *tpm, uint32_t hierarchy, const struct hf_tpm_auth *auth,
                        const struct hf_tpm_entity *object, uint32_t persistent)
{
    struct hf_tpm_entity owner = hf_tpm_entity_plain(hierarchy);
    struct hf_tpm_call c;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_EvictControl));
    hf_tpm_call_handle(&c, &owner, auth);
    hf_tpm_call_handle(&c, object, NULL);
    hf_wr_u32be(&c.w, persistent);
    HF_TRY(hf_tpm_call_run(tpm, &c));
    return hf_rd_end(&c.r);
}
