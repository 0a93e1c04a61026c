/* TD reports 1.0 and 1.5, and TDREPORT. Intel TDX Module ABI specification; TDX DCAP quoting library API, A.3. */
#include "evidence/td_report.h"
#include "base/reader.h"
#include "base/writer.h"
#include "crypto/hash.h"
#include "evidence/fields.h"
#include "evidence/table.h"

#define TCB_INFO_AT 256
#define TCB_INFO_SIZE 239
#define TD_INFO_AT 512
#define TD_INFO_SIZE 512

static void read_rtmrs(struct hf_reader *r, struct hf_td_body *b)
{
    for (size_t i = 0; i < HF_TD_RTMRS; i++)
        hf_rd_copy(r, b->rtmr[i], HF_TD_HASH);
}

static void write_rtmrs(struct hf_writer *w, const struct hf_td_body *b)
{
    for (size_t i = 0; i < HF_TD_RTMRS; i++)
        hf_wr_bytes(w, HF_BYTES_OF(b->rtmr[i]));
}

hf_err hf_td_body_parse(struct hf_bytes in, struct hf_td_body *out)
{
    struct hf_td_body b = {.v15 = in.n > HF_TD_BODY_10_SIZE};
    struct hf_reader r = hf_reader(in);

    hf_rd_copy(&r, b.tee_tcb_svn, sizeof(b.tee_tcb_svn));         /*   0 TEE_TCB_SVN */
    hf_rd_copy(&r, b.mr_seam, sizeof(b.mr_seam));                 /*  16 MRSEAM */
    hf_rd_copy(&r, b.mr_signer_seam, sizeof(b.mr_signer_seam));   /*  64 MRSIGNERSEAM */
    b.seam_attributes = hf_rd_u64le(&r);                          /* 112 SEAMATTRIBUTES */
    b.td_attributes = hf_rd_u64le(&r);                            /* 120 TDATTRIBUTES */
    b.xfam = hf_rd_u64le(&r);                                     /* 128 XFAM */
    hf_rd_copy(&r, b.mr_td, sizeof(b.mr_td));                     /* 136 MRTD */
    hf_rd_copy(&r, b.mr_config_id, sizeof(b.mr_config_id));       /* 184 MRCONFIGID */
    hf_rd_copy(&r, b.mr_owner, sizeof(b.mr_owner));               /* 232 MROWNER */
    hf_rd_copy(&r, b.mr_owner_config, sizeof(b.mr_owner_config)); /* 280 MROWNERCONFIG */
    read_rtmrs(&r, &b);                                           /* 328 RTMR0 to RTMR3 */
    hf_rd_copy(&r, b.report_data, sizeof(b.report_data));         /* 520 REPORTDATA */
    if (b.v15) {
        hf_rd_copy(&r, b.tee_tcb_svn_2, sizeof(b.tee_tcb_svn_2)); /* 584 TEE_TCB_SVN_2 */
        hf_rd_copy(&r, b.mr_servicetd, sizeof(b.mr_servicetd));   /* 600 MRSERVICETD */
    }
    HF_TRY(hf_rd_end(&r));
    *out = b;
    return HF_OK;
}

size_t hf_td_body_write(const struct hf_td_body *b, uint8_t out[HF_TD_BODY_15_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_TD_BODY_15_SIZE);

    hf_wr_bytes(&w, HF_BYTES_OF(b->tee_tcb_svn));
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_seam));
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_signer_seam));
    hf_wr_u64le(&w, b->seam_attributes);
    hf_wr_u64le(&w, b->td_attributes);
    hf_wr_u64le(&w, b->xfam);
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_td));
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_config_id));
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_owner));
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_owner_config));
    write_rtmrs(&w, b);
    hf_wr_bytes(&w, HF_BYTES_OF(b->report_data));
    if (b->v15) {
        hf_wr_bytes(&w, HF_BYTES_OF(b->tee_tcb_svn_2));
        hf_wr_bytes(&w, HF_BYTES_OF(b->mr_servicetd));
    }
    return hf_wr_done(&w).n;
}

hf_err hf_tdreport_parse(struct hf_bytes in, struct hf_tdreport *out)
{
    struct hf_tdreport t = {.body.v15 = true};
    struct hf_td_body *b = &t.body;
    struct hf_reader r = hf_reader(in);

    t.type = hf_rd_u8(&r);                                          /*   0 REPORTTYPE.type */
    t.subtype = hf_rd_u8(&r);                                       /*   1 subtype */
    t.version = hf_rd_u8(&r);                                       /*   2 version */
    hf_rd_zero(&r, 13);                                             /*   3 reserved */
    hf_rd_copy(&r, t.cpu_svn, sizeof(t.cpu_svn));                   /*  16 CPUSVN */
    hf_rd_copy(&r, t.tcb_info_hash, sizeof(t.tcb_info_hash));       /*  32 TEE_TCB_INFO_HASH */
    hf_rd_copy(&r, t.td_info_hash, sizeof(t.td_info_hash));         /*  80 TEE_INFO_HASH */
    hf_rd_copy(&r, b->report_data, sizeof(b->report_data));         /* 128 REPORTDATA */
    hf_rd_zero(&r, 32);                                             /* 192 reserved */
    hf_rd_copy(&r, t.mac, sizeof(t.mac));                           /* 224 MAC */
    t.valid = hf_rd_u64le(&r);                                      /* 256 TEE_TCB_INFO.VALID */
    hf_rd_copy(&r, b->tee_tcb_svn, sizeof(b->tee_tcb_svn));         /* 264 TEE_TCB_SVN */
    hf_rd_copy(&r, b->mr_seam, sizeof(b->mr_seam));                 /* 280 MRSEAM */
    hf_rd_copy(&r, b->mr_signer_seam, sizeof(b->mr_signer_seam));   /* 328 MRSIGNERSEAM */
    b->seam_attributes = hf_rd_u64le(&r);                           /* 376 ATTRIBUTES */
    hf_rd_copy(&r, b->tee_tcb_svn_2, sizeof(b->tee_tcb_svn_2));     /* 384 TEE_TCB_SVN_2 */
    hf_rd_zero(&r, 95 + 17);                                        /* 400 reserved, to 512 */
    b->td_attributes = hf_rd_u64le(&r);                             /* 512 TDINFO.ATTRIBUTES */
    b->xfam = hf_rd_u64le(&r);                                      /* 520 XFAM */
    hf_rd_copy(&r, b->mr_td, sizeof(b->mr_td));                     /* 528 MRTD */
    hf_rd_copy(&r, b->mr_config_id, sizeof(b->mr_config_id));       /* 576 MRCONFIGID */
    hf_rd_copy(&r, b->mr_owner, sizeof(b->mr_owner));               /* 624 MROWNER */
    hf_rd_copy(&r, b->mr_owner_config, sizeof(b->mr_owner_config)); /* 672 MROWNERCONFIG */
    read_rtmrs(&r, b);                                              /* 720 RTMR0 to RTMR3 */
    hf_rd_copy(&r, b->mr_servicetd, sizeof(b->mr_servicetd));       /* 912 SERVTD_HASH */
    hf_rd_zero(&r, 64);                                             /* 960 reserved */
    if (hf_rd_err(&r) == HF_OK && (t.type != 0x81 || t.subtype != 0 || t.version > 1))
        hf_rd_fail(&r, HF_E_UNSUPPORTED, "TDREPORT type 0x%02x, subtype %u, version %u; known is 0x81, 0, 0 or 1",
                   t.type, t.subtype, t.version);
    HF_TRY(hf_rd_end(&r));
    *out = t;
    return HF_OK;
}

void hf_tdreport_write(const struct hf_tdreport *t, uint8_t out[HF_TDREPORT_SIZE])
{
    const struct hf_td_body *b = &t->body;
    struct hf_writer w = hf_writer(out, HF_TDREPORT_SIZE);

    hf_wr_u8(&w, t->type);
    hf_wr_u8(&w, t->subtype);
    hf_wr_u8(&w, t->version);
    hf_wr_zero(&w, 13);
    hf_wr_bytes(&w, HF_BYTES_OF(t->cpu_svn));
    hf_wr_bytes(&w, HF_BYTES_OF(t->tcb_info_hash));
    hf_wr_bytes(&w, HF_BYTES_OF(t->td_info_hash));
    hf_wr_bytes(&w, HF_BYTES_OF(b->report_data));
    hf_wr_zero(&w, 32);
    hf_wr_bytes(&w, HF_BYTES_OF(t->mac));
    hf_wr_u64le(&w, t->valid);
    hf_wr_bytes(&w, HF_BYTES_OF(b->tee_tcb_svn));
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_seam));
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_signer_seam));
    hf_wr_u64le(&w, b->seam_attributes);
    hf_wr_bytes(&w, HF_BYTES_OF(b->tee_tcb_svn_2));
    hf_wr_zero(&w, 95 + 17);
    hf_wr_u64le(&w, b->td_attributes);
    hf_wr_u64le(&w, b->xfam);
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_td));
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_config_id));
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_owner));
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_owner_config));
    write_rtmrs(&w, b);
    hf_wr_bytes(&w, HF_BYTES_OF(b->mr_servicetd));
    hf_wr_zero(&w, 64);
}

hf_err hf_tdreport_hashes(struct hf_bytes in, uint8_t tcb_info_hash[HF_TD_HASH], uint8_t td_info_hash[HF_TD_HASH])
{
    struct hf_digest tcb = {0}, info = {0};

    if (in.n != HF_TDREPORT_SIZE)
        return hf_fail(HF_E_ARG, "a TDREPORT has %d bytes, not %zu", HF_TDREPORT_SIZE, in.n);
    HF_TRY(hf_hash_one(HF_SHA384, (struct hf_bytes){in.p + TCB_INFO_AT, TCB_INFO_SIZE}, &tcb));
    HF_TRY(hf_hash_one(HF_SHA384, (struct hf_bytes){in.p + TD_INFO_AT, TD_INFO_SIZE}, &info));
    memcpy(tcb_info_hash, tcb.bytes, HF_TD_HASH);
    memcpy(td_info_hash, info.bytes, HF_TD_HASH);
    return HF_OK;
}

/* ---- inspecting ---- */

void hf_td_attributes_text(uint64_t attributes, char *place, size_t size)
{
    static const struct hf_bit_name names[] = {
        {HF_TD_ATTR_DEBUG, "DEBUG"},
        {1u << 4, "HGS_PLUS_PROF"},
        {1u << 5, "PERF_PROF"},
        {1u << 6, "PMT_PROF"},
        {HF_TD_ATTR_ICSSD, "ICSSD"},
        {HF_TD_ATTR_SERVTD_EXT, "SERVTD_EXT"},
        {HF_TD_ATTR_LASS, "LASS"},
        {HF_TD_ATTR_SEPT_VE_DISABLE, "SEPT_VE_DISABLE"},
        {HF_TD_ATTR_MIGRATABLE, "MIGRATABLE"},
        {HF_TD_ATTR_PKS, "PKS"},
        {HF_TD_ATTR_KL, "KL"},
        {HF_TD_ATTR_PERFMON, "PERFMON"},
    };

    hf_bits_text(attributes, names, HF_COUNT(names), place, size);
}

static const struct hf_field body_fields[] = {
    {0, 16, HF_AS_BYTES, "TEE_TCB_SVN", NULL},
    {16, 48, HF_AS_BYTES, "MRSEAM", NULL},
    {64, 48, HF_AS_BYTES, "MRSIGNERSEAM", NULL},
    {112, 8, HF_AS_LE, "SEAMATTRIBUTES", NULL},
    {120, 8, HF_AS_LE, "TDATTRIBUTES", hf_td_attributes_text},
    {128, 8, HF_AS_LE, "XFAM", NULL},
    {136, 48, HF_AS_BYTES, "MRTD", NULL},
    {184, 48, HF_AS_BYTES, "MRCONFIGID", NULL},
    {232, 48, HF_AS_BYTES, "MROWNER", NULL},
    {280, 48, HF_AS_BYTES, "MROWNERCONFIG", NULL},
    {328, 48, HF_AS_BYTES, "RTMR0", NULL},
    {376, 48, HF_AS_BYTES, "RTMR1", NULL},
    {424, 48, HF_AS_BYTES, "RTMR2", NULL},
    {472, 48, HF_AS_BYTES, "RTMR3", NULL},
    {520, 64, HF_AS_BYTES, "REPORTDATA", NULL},
};

static const struct hf_field body_fields_15[] = {
    {584, 16, HF_AS_BYTES, "TEE_TCB_SVN_2", NULL},
    {600, 48, HF_AS_BYTES, "MRSERVICETD", NULL},
};

static const struct hf_field report_fields[] = {
    {0, 1, HF_AS_LE, "REPORTTYPE.type", NULL},
    {1, 1, HF_AS_LE, "REPORTTYPE.subtype", NULL},
    {2, 1, HF_AS_LE, "REPORTTYPE.version", NULL},
    {3, 13, HF_AS_ZERO, "reserved", NULL},
    {16, 16, HF_AS_BYTES, "CPUSVN", NULL},
    {32, 48, HF_AS_BYTES, "TEE_TCB_INFO_HASH", NULL},
    {80, 48, HF_AS_BYTES, "TEE_INFO_HASH", NULL},
    {128, 64, HF_AS_BYTES, "REPORTDATA", NULL},
    {192, 32, HF_AS_ZERO, "reserved", NULL},
    {224, 32, HF_AS_BYTES, "MAC", NULL},
    {256, 8, HF_AS_LE, "TEE_TCB_INFO.VALID", NULL},
    {264, 16, HF_AS_BYTES, "TEE_TCB_INFO.TEE_TCB_SVN", NULL},
    {280, 48, HF_AS_BYTES, "TEE_TCB_INFO.MRSEAM", NULL},
    {328, 48, HF_AS_BYTES, "TEE_TCB_INFO.MRSIGNERSEAM", NULL},
    {376, 8, HF_AS_LE, "TEE_TCB_INFO.ATTRIBUTES", NULL},
    {384, 16, HF_AS_BYTES, "TEE_TCB_INFO.TEE_TCB_SVN_2", NULL},
    {400, 112, HF_AS_ZERO, "reserved", NULL},
    {512, 8, HF_AS_LE, "TDINFO.ATTRIBUTES", hf_td_attributes_text},
    {520, 8, HF_AS_LE, "TDINFO.XFAM", NULL},
    {528, 48, HF_AS_BYTES, "TDINFO.MRTD", NULL},
    {576, 48, HF_AS_BYTES, "TDINFO.MRCONFIGID", NULL},
    {624, 48, HF_AS_BYTES, "TDINFO.MROWNER", NULL},
    {672, 48, HF_AS_BYTES, "TDINFO.MROWNERCONFIG", NULL},
    {720, 48, HF_AS_BYTES, "TDINFO.RTMR0", NULL},
    {768, 48, HF_AS_BYTES, "TDINFO.RTMR1", NULL},
    {816, 48, HF_AS_BYTES, "TDINFO.RTMR2", NULL},
    {864, 48, HF_AS_BYTES, "TDINFO.RTMR3", NULL},
    {912, 48, HF_AS_BYTES, "TDINFO.SERVTD_HASH", NULL},
    {960, 64, HF_AS_ZERO, "reserved", NULL},
};

void hf_td_body_inspect(struct hf_inspect *i, size_t at, size_t n)
{
    hf_inspect_fields(i, at, body_fields, HF_COUNT(body_fields));
    if (n > HF_TD_BODY_10_SIZE)
        hf_inspect_fields(i, at, body_fields_15, HF_COUNT(body_fields_15));
}

hf_err hf_td_report_inspect(struct hf_bytes in, struct hf_inspect *i)
{
    struct hf_tdreport report;
    struct hf_td_body body;

    if (in.n == HF_TD_BODY_10_SIZE || in.n == HF_TD_BODY_15_SIZE) {
        hf_td_body_inspect(i, 0, in.n);
        return hf_td_body_parse(in, &body);
    }
    hf_inspect_fields(i, 0, report_fields, HF_COUNT(report_fields));
    return hf_tdreport_parse(in, &report);
}

/* XFAM must have x87 and SSE set, and leaves most of its upper half clear: with the length, that is enough for a body,
 * which has no magic. */
static bool body_like(struct hf_bytes in)
{
    static const uint8_t zero[4] = {0};

    return (in.p[128] & 3) == 3 && memcmp(in.p + 132, zero, sizeof(zero)) == 0 &&
           (memcmp(in.p + 112, zero, sizeof(zero)) == 0 || memcmp(in.p + 116, zero, sizeof(zero)) == 0);
}

static bool detect(struct hf_bytes in)
{
    static const uint8_t zero[12] = {0};

    if (in.n == HF_TD_BODY_10_SIZE || in.n == HF_TD_BODY_15_SIZE)
        return body_like(in);
    return in.n == HF_TDREPORT_SIZE && in.p[0] == 0x81 && memcmp(in.p + 4, zero, sizeof(zero)) == 0;
}

const struct hf_evidence_format hf_format_td_report = {
    .name = "td-report",
    .family = "tdx",
    .about = "TDREPORT (or a TD report body): local; only its platform can check it",
    .detect = detect,
    .inspect = hf_td_report_inspect,
};
