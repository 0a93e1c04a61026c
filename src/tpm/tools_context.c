/*
 * The file is magic, version, and a TPMS_CONTEXT whose fields stand in an order of their own; its blob is
 * not the TPM's but ESYS's, which wraps the TPM's blob and appends what ESYS knows of the object
 * (IESYS_CONTEXT_DATA of tpm2-tss).
 */
#include "tpm/tools_context.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/reader.h"
#include "base/writer.h"

#define VERSION_OBJECT 1u
#define VERSION_SESSION 2u
#define RESOURCE_KEY 1u /* IESYSC_KEY_RSRC: TPM2B_PUBLIC follows */

bool hf_tools_context_is(struct hf_bytes file)
{
    struct hf_reader r = hf_reader(file);

    return hf_rd_u32be(&r) == HF_TOOLS_CONTEXT_MAGIC && hf_rd_err(&r) == HF_OK;
}

static hf_err check_name(const struct hf_tools_context *ctx)
{
    struct hf_tpm_name name = {0};

    HF_TRY(hf_tpm_public_name(ctx->public_area, &name));
    if (!hf_bytes_equal(ctx->name, hf_tpm_name_bytes(&name)))
        return hf_fail(HF_E_INTEGRITY, "the saved context's Name does not belong to its public area");
    return HF_OK;
}

/* IESYS_CONTEXT_DATA: the TPM's blob and ESYS's metadata. */
static void read_esys(struct hf_reader *r, struct hf_tools_context *ctx)
{
    size_t metadata;
    uint32_t kind;

    hf_rd_zero(r, 4);                             /* reserved */
    ctx->context = hf_rd_view(r, hf_rd_u16be(r)); /* tpmContext */
    ctx->metadata_size = hf_rd_u16be(r);          /* esysMetadata.size */
    metadata = hf_rd_left(r);
    if (ctx->metadata_size != 0 && ctx->metadata_size != metadata)
        hf_rd_fail(r, HF_E_FORMAT, "metadata of %u bytes where %zu follow", ctx->metadata_size, metadata);
    ctx->esys_handle = hf_rd_u32be(r);         /* data.handle */
    ctx->name = hf_rd_view(r, hf_rd_u16be(r)); /* data.name */
    kind = hf_rd_u32be(r);                     /* data.rsrcType */
    if (kind != RESOURCE_KEY)
        hf_rd_fail(r, HF_E_UNSUPPORTED, "the saved context is of a resource of type %u, not of a key", (unsigned)kind);
    ctx->public_area = hf_rd_view(r, hf_rd_u16be(r)); /* data.misc.rsrc_key_pub */
}

static hf_err check_head(struct hf_reader *r)
{
    uint32_t magic = hf_rd_u32be(r);
    uint32_t version = hf_rd_u32be(r);

    HF_TRY(hf_rd_err(r));
    if (magic != HF_TOOLS_CONTEXT_MAGIC)
        return hf_fail(HF_E_FORMAT, "a saved context begins with 0x%08x, this with 0x%08x", HF_TOOLS_CONTEXT_MAGIC,
                       (unsigned)magic);
    if (version == VERSION_SESSION)
        return hf_fail(HF_E_UNSUPPORTED, "this is the saved context of a session, not of a key");
    if (version != VERSION_OBJECT)
        return hf_fail(HF_E_UNSUPPORTED, "a saved context of version %u; version %u is known", (unsigned)version,
                       VERSION_OBJECT);
    return HF_OK;
}

hf_err hf_tools_context_parse(struct hf_bytes in, struct hf_tools_context *out)
{
    struct hf_tools_context ctx = {0};
    struct hf_reader r = hf_reader(in);
    struct hf_reader esys;

    if (in.n > HF_TOOLS_CONTEXT_MAX)
        return hf_fail(HF_E_LIMIT, "a saved context of %zu bytes; at most %zu are read", in.n, HF_TOOLS_CONTEXT_MAX);
    HF_TRY(check_head(&r));
    ctx.hierarchy = hf_rd_u32be(&r);
    ctx.saved_handle = hf_rd_u32be(&r);
    ctx.sequence = hf_rd_u64be(&r);
    esys = hf_rd_sub(&r, hf_rd_u16be(&r));
    HF_TRY(hf_rd_end(&r));
    if (ctx.saved_handle >> 24 != TPM2_HT_TRANSIENT)
        return hf_fail(HF_E_FORMAT, "the saved context is of handle 0x%08x, which is no transient object",
                       (unsigned)ctx.saved_handle);
    read_esys(&esys, &ctx);
    HF_TRY(hf_rd_end(&esys));
    HF_TRY(check_name(&ctx));
    *out = ctx;
    return HF_OK;
}

static void write_esys(struct hf_writer *w, const struct hf_tools_context *ctx)
{
    hf_wr_u32be(w, 0);
    hf_wr_b16(w, ctx->context);
    hf_wr_u16be(w, ctx->metadata_size);
    hf_wr_u32be(w, ctx->esys_handle);
    hf_wr_b16(w, ctx->name);
    hf_wr_u32be(w, RESOURCE_KEY);
    hf_wr_b16(w, ctx->public_area);
}

struct places {
    uint8_t esys[HF_TOOLS_CONTEXT_MAX];
    uint8_t whole[HF_TOOLS_CONTEXT_MAX];
};

hf_err hf_tools_context_write(const struct hf_tools_context *ctx, struct hf_buf *out)
{
    HF_CLEANUP(hf_free) struct places *at = NULL;
    struct hf_writer inner;
    struct hf_writer w;
    struct hf_bytes bytes = {0};

    HF_TRY(hf_alloc(sizeof(*at), &at));
    inner = hf_writer(at->esys, sizeof(at->esys));
    w = hf_writer(at->whole, sizeof(at->whole));
    write_esys(&inner, ctx);
    HF_TRY(hf_wr_end(&inner, &bytes));
    hf_wr_u32be(&w, HF_TOOLS_CONTEXT_MAGIC);
    hf_wr_u32be(&w, VERSION_OBJECT);
    hf_wr_u32be(&w, ctx->hierarchy);
    hf_wr_u32be(&w, ctx->saved_handle);
    hf_wr_u64be(&w, ctx->sequence);
    hf_wr_b16(&w, bytes);
    HF_TRY(hf_wr_end(&w, &bytes));
    return hf_buf_set(out, bytes);
}
