/* SGXS streams. Intel SDM volume 3D, 38.1.2; what ECREATE, EADD and EEXTEND add to MRENCLAVE. Little-endian. */
#include "evidence/sgxs.h"
#include "base/writer.h"
#include "crypto/hash.h"

#define RECORD_SIZE 64
#define PAGE_SIZE 4096
#define CHUNK_SIZE 256
#define SECINFO_SIZE 48

static const char tags[][9] = {"ECREATE", "EADD\0\0\0", "EEXTEND"};

struct hf_sgxs hf_sgxs_open(struct hf_bytes in)
{
    return (struct hf_sgxs){.r = hf_reader(in)};
}

static void read_ecreate(struct hf_sgxs *s, struct hf_sgxs_record *rec)
{
    rec->ssa_frame_size = hf_rd_u32le(&s->r); /*  8 SSAFRAMESIZE */
    rec->size = hf_rd_u64le(&s->r);           /* 12 SIZE */
    hf_rd_zero(&s->r, 44);                    /* 20 */
    if (s->created)
        hf_rd_fail(&s->r, HF_E_FORMAT, "a second ECREATE");
    else if (rec->size < PAGE_SIZE || (rec->size & (rec->size - 1)))
        hf_rd_fail(&s->r, HF_E_FORMAT, "an enclave of 0x%llx bytes, which is no power of two from 4096 on",
                   (unsigned long long)rec->size);
    s->created = true;
    s->size = rec->size;
}

static void read_offset(struct hf_sgxs *s, struct hf_sgxs_record *rec, uint64_t unit)
{
    rec->offset = hf_rd_u64le(&s->r); /*  8 offset */
    if (!s->created)
        hf_rd_fail(&s->r, HF_E_FORMAT, "%s before ECREATE", tags[rec->kind]);
    else if (rec->offset % unit || rec->offset > s->size - unit)
        hf_rd_fail(&s->r, HF_E_FORMAT, "%s at 0x%llx of an enclave of 0x%llx bytes", tags[rec->kind],
                   (unsigned long long)rec->offset, (unsigned long long)s->size);
}

bool hf_sgxs_next(struct hf_sgxs *s, struct hf_sgxs_record *out)
{
    struct hf_sgxs_record rec = {0};
    struct hf_bytes tag;

    if (!hf_rd_more(&s->r))
        return false;
    tag = hf_rd_view(&s->r, 8);
    if (tag.n == 8 && memcmp(tag.p, tags[HF_SGXS_ECREATE], 8) == 0) {
        read_ecreate(s, &rec);
    } else if (tag.n == 8 && memcmp(tag.p, tags[HF_SGXS_EADD], 8) == 0) {
        rec.kind = HF_SGXS_EADD;
        read_offset(s, &rec, PAGE_SIZE);
        rec.secinfo = hf_rd_view(&s->r, SECINFO_SIZE); /* 16 SECINFO, its first 48 bytes */
    } else if (tag.n == 8 && memcmp(tag.p, tags[HF_SGXS_EEXTEND], 8) == 0) {
        rec.kind = HF_SGXS_EEXTEND;
        read_offset(s, &rec, CHUNK_SIZE);
        hf_rd_zero(&s->r, 48);                    /* 16 */
        rec.data = hf_rd_view(&s->r, CHUNK_SIZE); /* 64 the chunk */
    } else {
        hf_rd_fail(&s->r, HF_E_FORMAT, "offset %zu: no record of an SGXS stream begins so", hf_rd_at(&s->r));
    }
    if (hf_rd_err(&s->r) != HF_OK)
        return false;
    *out = rec;
    return true;
}

hf_err hf_sgxs_end(const struct hf_sgxs *s)
{
    HF_TRY(hf_rd_end(&s->r));
    return s->created ? HF_OK : hf_fail(HF_E_TRUNCATED, "an SGXS stream without a record");
}

hf_err hf_sgxs_write(const struct hf_sgxs_record *rec, struct hf_buf *out)
{
    uint8_t place[RECORD_SIZE + CHUNK_SIZE];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes done;

    hf_wr_bytes(&w, (struct hf_bytes){(const uint8_t *)tags[rec->kind], 8});
    if (rec->kind == HF_SGXS_ECREATE) {
        hf_wr_u32le(&w, rec->ssa_frame_size);
        hf_wr_u64le(&w, rec->size);
        hf_wr_zero(&w, 44);
    } else if (rec->kind == HF_SGXS_EADD) {
        hf_wr_u64le(&w, rec->offset);
        hf_wr_bytes(&w, rec->secinfo);
    } else {
        hf_wr_u64le(&w, rec->offset);
        hf_wr_zero(&w, 48);
        hf_wr_bytes(&w, rec->data);
    }
    HF_TRY(hf_wr_end(&w, &done));
    if (done.n % RECORD_SIZE)
        return hf_fail(HF_E_ARG, "%s with SECINFO or data of a wrong length", tags[rec->kind]);
    return hf_buf_add(out, done);
}

hf_err hf_sgxs_mr_enclave(struct hf_bytes in, uint8_t out[32])
{
    struct hf_sgxs s = hf_sgxs_open(in);
    struct hf_sgxs_record rec;
    struct hf_digest digest = {0};

    while (hf_sgxs_next(&s, &rec))
        continue;
    HF_TRY(hf_sgxs_end(&s));
    HF_TRY(hf_hash_one(HF_SHA256, in, &digest));
    memcpy(out, digest.bytes, 32);
    return HF_OK;
}
