/* Loaded keys saved as contexts, in the form of tpm2-tools (Part 1, 30; Part 3, 28). */
#include "base/cleanup.h"
#include "tpm/key.h"
#include "tpm/tools_context.h"
#include "tpm/wire.h"

#include <holdfast/objects.h>

/* TPMS_CONTEXT: sequence, savedHandle, hierarchy, contextBlob. */
static hf_err save(struct hf_tpm_key *key, struct hf_tpm_call *c)
{
    struct hf_tpm_entity entity = {0};

    HF_TRY(hf_tpm_key_ready(key, &entity));
    HF_TRY(hf_tpm_call_start(c, TPM2_CC_ContextSave));
    hf_tpm_call_handle(c, &entity, NULL);
    return hf_tpm_call_run(key->tpm, c);
}

hf_err hf_tpm_key_to_context(struct hf_tpm_key *key, struct hf_buf *out)
{
    struct hf_tools_context ctx = {.esys_handle = HF_WIRE_TRANSIENT};
    struct hf_tpm_call c;
    hf_err err;

    if (key->persistent)
        return hf_fail(HF_E_KEY_TYPE, "a persistent key has no saved context: name its handle 0x%08x instead",
                       (unsigned)key->handle);
    HF_TRY(hf_tpm_take(key->tpm));
    err = save(key, &c);
    hf_tpm_give(key->tpm);
    HF_TRY(err);
    ctx.sequence = hf_rd_u64be(&c.r);
    ctx.saved_handle = hf_rd_u32be(&c.r);
    ctx.hierarchy = hf_rd_u32be(&c.r);
    ctx.context = hf_rd_view(&c.r, hf_rd_u16be(&c.r));
    HF_TRY(hf_rd_end(&c.r));
    ctx.name = hf_tpm_name_bytes(&key->name);
    ctx.public_area = hf_buf_bytes(&key->public_area);
    return hf_tools_context_write(&ctx, out);
}

hf_err hf_tpm_key_load_context(struct hf_tpm_key *key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    struct hf_tpm_name name = {0};
    struct hf_tpm_call c;
    hf_err err;

    HF_TRY(hf_tpm_call_start(&c, TPM2_CC_ContextLoad));
    hf_wr_bytes(&c.w, hf_buf_bytes(&key->context));
    err = hf_tpm_call_run(key->tpm, &c);
    if (err != HF_OK && hf_err_device_code() & TPM2_RC_FMT1)
        return hf_fail_device(HF_E_PARENT, hf_err_device_code(),
                              "the TPM does not take the saved context: it is another TPM's, damaged, or from before "
                              "this TPM's last reset");
    HF_TRY(err);
    key->handle = c.out_handle;
    key->generation = key->tpm->generation;
    err = hf_tpm_read_public(key->tpm, key->handle, &area, &name);
    if (err == HF_OK && !hf_bytes_equal(hf_tpm_name_bytes(&name), hf_tpm_name_bytes(&key->name)))
        err = hf_fail(HF_E_INTEGRITY, "the saved context is of another key than its file says");
    if (err == HF_OK)
        return HF_OK;
    hf_tpm_flush(key->tpm, key->handle);
    key->handle = 0;
    return err;
}

hf_err hf_tpm_key_from_context(struct hf_tpm *tpm, struct hf_bytes file, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct hf_tools_context ctx;
    uint8_t place[HF_TPM_IO_MAX];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes context = {0};

    HF_TRY(hf_tools_context_parse(file, &ctx));
    HF_TRY(hf_tpm_key_new(tpm, ctx.public_area, &key));
    hf_wr_u64be(&w, ctx.sequence);
    hf_wr_u32be(&w, ctx.saved_handle);
    hf_wr_u32be(&w, ctx.hierarchy);
    hf_wr_b16(&w, ctx.context);
    HF_TRY(hf_wr_end(&w, &context));
    HF_TRY(hf_buf_set(&key->context, context));
    *out = hf_take(key);
    return HF_OK;
}

hf_err hf_tpm_key_load_now(struct hf_tpm_key *key)
{
    struct hf_tpm_entity entity = {0};
    hf_err err;

    HF_TRY(hf_tpm_take(key->tpm));
    err = hf_tpm_key_ready(key, &entity);
    hf_tpm_give(key->tpm);
    return err;
}
