/* ID block and ID authentication of a SEV-SNP guest. AMD publication 56860. Little-endian. */
#include "evidence/snp_id_block.h"
#include "base/cleanup.h"
#include "base/reader.h"
#include "base/writer.h"
#include "evidence/snp_report.h"

#define CURVE_P384 2
#define ECDSA_P384_SHA384 1
#define SCALAR 72
#define SIGNATURE 512

hf_err hf_snp_id_block_parse(struct hf_bytes in, struct hf_snp_id_block *out)
{
    struct hf_snp_id_block block = {.whole = in};
    struct hf_reader r = hf_reader(in);

    block.launch_digest = hf_rd_view(&r, 48); /*  0 LD */
    block.family_id = hf_rd_view(&r, 16);     /* 48 FAMILY_ID */
    block.image_id = hf_rd_view(&r, 16);      /* 64 IMAGE_ID */
    block.version = hf_rd_u32le(&r);          /* 80 VERSION */
    block.guest_svn = hf_rd_u32le(&r);        /* 84 GUEST_SVN */
    block.policy = hf_rd_u64le(&r);           /* 88 POLICY */
    HF_TRY(hf_rd_end(&r));
    if (block.version != 1)
        return hf_fail(HF_E_FORMAT, "unknown ID block version %u; known is 1", block.version);
    *out = block;
    return HF_OK;
}

void hf_snp_id_block_write(const struct hf_snp_id_block *block, uint8_t out[HF_SNP_ID_BLOCK_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SNP_ID_BLOCK_SIZE);

    hf_wr_bytes(&w, block->launch_digest);
    hf_wr_bytes(&w, block->family_id);
    hf_wr_bytes(&w, block->image_id);
    hf_wr_u32le(&w, block->version);
    hf_wr_u32le(&w, block->guest_svn);
    hf_wr_u64le(&w, block->policy);
}

static void take_signature(struct hf_reader *rd, struct hf_bytes *r, struct hf_bytes *s)
{
    *r = hf_rd_view(rd, SCALAR);
    *s = hf_rd_view(rd, SCALAR);
    hf_rd_zero(rd, SIGNATURE - 2 * SCALAR);
}

hf_err hf_snp_id_auth_parse(struct hf_bytes in, struct hf_snp_id_auth *out)
{
    struct hf_snp_id_auth auth = {0};
    struct hf_reader r = hf_reader(in);

    auth.id_key_algo = hf_rd_u32le(&r);                /* 0x000 ID_KEY_ALGO */
    auth.author_key_algo = hf_rd_u32le(&r);            /* 0x004 AUTH_KEY_ALGO */
    hf_rd_zero(&r, 0x40 - 8);                          /* 0x008 */
    take_signature(&r, &auth.block_r, &auth.block_s);  /* 0x040 ID_BLOCK_SIG */
    auth.id_key = hf_rd_view(&r, HF_AMD_KEY_SIZE);     /* 0x240 ID_KEY */
    hf_rd_zero(&r, 0x680 - 0x644);                     /* 0x644 */
    take_signature(&r, &auth.key_r, &auth.key_s);      /* 0x680 ID_KEY_SIG */
    auth.author_key = hf_rd_view(&r, HF_AMD_KEY_SIZE); /* 0x880 AUTHOR_KEY */
    hf_rd_zero(&r, HF_SNP_ID_AUTH_SIZE - 0xc84);       /* 0xc84 */
    HF_TRY(hf_rd_end(&r));
    if (auth.id_key_algo != ECDSA_P384_SHA384 || auth.author_key_algo > ECDSA_P384_SHA384)
        return hf_fail(HF_E_FORMAT, "key algorithms %u and %u; known is 1, ECDSA P-384 with SHA-384", auth.id_key_algo,
                       auth.author_key_algo);
    *out = auth;
    return HF_OK;
}

static void write_signature(struct hf_writer *w, struct hf_bytes r, struct hf_bytes s)
{
    hf_wr_bytes(w, r);
    hf_wr_bytes(w, s);
    hf_wr_zero(w, SIGNATURE - 2 * SCALAR);
}

void hf_snp_id_auth_write(const struct hf_snp_id_auth *auth, uint8_t out[HF_SNP_ID_AUTH_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SNP_ID_AUTH_SIZE);

    hf_wr_u32le(&w, auth->id_key_algo);
    hf_wr_u32le(&w, auth->author_key_algo);
    hf_wr_zero(&w, 0x40 - 8);
    write_signature(&w, auth->block_r, auth->block_s);
    hf_wr_bytes(&w, auth->id_key);
    hf_wr_zero(&w, 0x680 - 0x644);
    write_signature(&w, auth->key_r, auth->key_s);
    hf_wr_bytes(&w, auth->author_key);
    hf_wr_zero(&w, HF_SNP_ID_AUTH_SIZE - 0xc84);
}

hf_err hf_amd_key_parse(struct hf_bytes in, struct hf_pubkey **out)
{
    struct hf_reader r = hf_reader(in);
    uint32_t curve = hf_rd_u32le(&r);            /*   0 CURVE */
    struct hf_bytes qx = hf_rd_view(&r, SCALAR); /*   4 QX */
    struct hf_bytes qy = hf_rd_view(&r, SCALAR); /*  76 QY */
    uint8_t x[48], y[48];

    hf_rd_zero(&r, HF_AMD_KEY_SIZE - 4 - 2 * SCALAR); /* 148 */
    HF_TRY(hf_rd_end(&r));
    if (curve != CURVE_P384)
        return hf_fail(HF_E_FORMAT, "a key on curve %u; known is 2, P-384", curve);
    HF_TRY(hf_amd_scalar(qx, "QX", x));
    HF_TRY(hf_amd_scalar(qy, "QY", y));
    return hf_pubkey_from_point(HF_P384, HF_BYTES_OF(x), HF_BYTES_OF(y), out);
}

hf_err hf_amd_key_write(const struct hf_pubkey *key, uint8_t out[HF_AMD_KEY_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_AMD_KEY_SIZE);
    struct hf_point point;

    HF_TRY(hf_pubkey_point(key, &point));
    if (point.curve != HF_P384)
        return hf_fail(HF_E_KEY_TYPE, "AMD's form is for P-384 keys");
    hf_wr_u32le(&w, CURVE_P384);
    for (size_t i = 0; i < 48; i++)
        hf_wr_u8(&w, point.x[47 - i]);
    hf_wr_zero(&w, SCALAR - 48);
    for (size_t i = 0; i < 48; i++)
        hf_wr_u8(&w, point.y[47 - i]);
    hf_wr_zero(&w, HF_AMD_KEY_SIZE - 4 - SCALAR - 48);
    return HF_OK;
}

hf_err hf_amd_key_digest(struct hf_bytes amd_key, struct hf_digest *out)
{
    return hf_hash_one(HF_SHA384, amd_key, out);
}

/* ---- inspection ---- */

static void tell_block(const struct hf_snp_id_block *b, struct hf_inspect *out)
{
    struct hf_bytes in = b->whole;

    hf_inspect_bytes(out, "launch_digest", b->launch_digest, NULL);
    hf_inspect_bytes(out, "family_id", b->family_id, NULL);
    hf_inspect_bytes(out, "image_id", b->image_id, NULL);
    hf_inspect_number(out, "version", (struct hf_bytes){in.p + 80, 4}, b->version, NULL);
    hf_inspect_number(out, "guest_svn", (struct hf_bytes){in.p + 84, 4}, b->guest_svn, NULL);
    hf_inspect_number(out, "policy", (struct hf_bytes){in.p + 88, 8}, b->policy, NULL);
}

static void tell_auth(const struct hf_snp_id_auth *a, struct hf_bytes in, struct hf_inspect *out)
{
    hf_inspect_number(out, "id_key_algo", (struct hf_bytes){in.p, 4}, a->id_key_algo, "ECDSA P-384 with SHA-384");
    hf_inspect_number(out, "author_key_algo", (struct hf_bytes){in.p + 4, 4}, a->author_key_algo, "%s",
                      a->author_key_algo ? "ECDSA P-384 with SHA-384" : "no author key");
    hf_inspect_bytes(out, "block_signature_r", a->block_r, NULL);
    hf_inspect_bytes(out, "block_signature_s", a->block_s, NULL);
    hf_inspect_bytes(out, "id_key", a->id_key, NULL);
    hf_inspect_bytes(out, "key_signature_r", a->key_r, NULL);
    hf_inspect_bytes(out, "key_signature_s", a->key_s, NULL);
    hf_inspect_bytes(out, "author_key", a->author_key, NULL);
}

hf_err hf_snp_id_block_inspect(struct hf_bytes in, struct hf_inspect *out)
{
    struct hf_bytes auth_bytes = in.n > HF_SNP_ID_BLOCK_SIZE
                                     ? (struct hf_bytes){in.p + HF_SNP_ID_BLOCK_SIZE, in.n - HF_SNP_ID_BLOCK_SIZE}
                                     : (struct hf_bytes){0};
    struct hf_snp_id_block block;
    struct hf_snp_id_auth auth;
    hf_err err;

    if (in.n > HF_SNP_ID_BLOCK_SIZE)
        in.n = HF_SNP_ID_BLOCK_SIZE;
    HF_TRY(hf_snp_id_block_parse(in, &block));
    tell_block(&block, out);
    err = hf_snp_id_auth_parse(auth_bytes, &auth);
    if (err == HF_OK)
        tell_auth(&auth, auth_bytes, out);
    return err;
}

/* The block and, behind it, its authentication, as QEMU's id-block and id-auth are decoded. */
static bool detect(struct hf_bytes in)
{
    struct hf_reader r = hf_reader(in);

    if (in.n != HF_SNP_ID_BLOCK_SIZE + HF_SNP_ID_AUTH_SIZE)
        return false;
    hf_rd_skip(&r, 80);
    return hf_rd_u32le(&r) == 1;
}

const struct hf_evidence_format hf_format_snp_id_block = {
    .name = "snp-id-block",
    .family = "snp",
    .about = "AMD SEV-SNP ID block followed by its ID authentication: what a guest's owner signed",
    .detect = detect,
    .inspect = hf_snp_id_block_inspect,
};
