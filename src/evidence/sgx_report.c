/* SGX report body, REPORT and TARGETINFO. Intel SDM volume 3D, 38.15 and 38.16. Little-endian. */
#include "evidence/sgx_report.h"
#include "base/reader.h"
#include "base/writer.h"
#include "evidence/fields.h"
#include "evidence/table.h"

static void read_body(struct hf_reader *r, struct hf_sgx_body *b)
{
    hf_rd_copy(r, b->cpu_svn, sizeof(b->cpu_svn));                 /*   0 CPUSVN */
    b->misc_select = hf_rd_u32le(r);                               /*  16 MISCSELECT */
    b->cet = hf_rd_u8(r);                                          /*  20 CET_ATTRIBUTES */
    hf_rd_zero(r, 11);                                             /*  21 reserved */
    hf_rd_copy(r, b->isv_ext_prod_id, sizeof(b->isv_ext_prod_id)); /*  32 ISVEXTPRODID */
    b->flags = hf_rd_u64le(r);                                     /*  48 ATTRIBUTES.flags */
    b->xfrm = hf_rd_u64le(r);                                      /*  56 ATTRIBUTES.xfrm */
    hf_rd_copy(r, b->mr_enclave, sizeof(b->mr_enclave));           /*  64 MRENCLAVE */
    hf_rd_zero(r, 32);                                             /*  96 reserved */
    hf_rd_copy(r, b->mr_signer, sizeof(b->mr_signer));             /* 128 MRSIGNER */
    hf_rd_zero(r, 32);                                             /* 160 reserved */
    hf_rd_copy(r, b->config_id, sizeof(b->config_id));             /* 192 CONFIGID */
    b->isv_prod_id = hf_rd_u16le(r);                               /* 256 ISVPRODID */
    b->isv_svn = hf_rd_u16le(r);                                   /* 258 ISVSVN */
    b->config_svn = hf_rd_u16le(r);                                /* 260 CONFIGSVN */
    hf_rd_zero(r, 42);                                             /* 262 reserved */
    hf_rd_copy(r, b->isv_family_id, sizeof(b->isv_family_id));     /* 304 ISVFAMILYID */
    hf_rd_copy(r, b->report_data, sizeof(b->report_data));         /* 320 REPORTDATA */
}

hf_err hf_sgx_body_parse(struct hf_bytes in, struct hf_sgx_body *out)
{
    struct hf_sgx_body body = {0};
    struct hf_reader r = hf_reader(in);

    read_body(&r, &body);
    HF_TRY(hf_rd_end(&r));
    *out = body;
    return HF_OK;
}

static void write_body(struct hf_writer *w, const struct hf_sgx_body *b)
{
    hf_wr_bytes(w, HF_BYTES_OF(b->cpu_svn));
    hf_wr_u32le(w, b->misc_select);
    hf_wr_u8(w, b->cet);
    hf_wr_zero(w, 11);
    hf_wr_bytes(w, HF_BYTES_OF(b->isv_ext_prod_id));
    hf_wr_u64le(w, b->flags);
    hf_wr_u64le(w, b->xfrm);
    hf_wr_bytes(w, HF_BYTES_OF(b->mr_enclave));
    hf_wr_zero(w, 32);
    hf_wr_bytes(w, HF_BYTES_OF(b->mr_signer));
    hf_wr_zero(w, 32);
    hf_wr_bytes(w, HF_BYTES_OF(b->config_id));
    hf_wr_u16le(w, b->isv_prod_id);
    hf_wr_u16le(w, b->isv_svn);
    hf_wr_u16le(w, b->config_svn);
    hf_wr_zero(w, 42);
    hf_wr_bytes(w, HF_BYTES_OF(b->isv_family_id));
    hf_wr_bytes(w, HF_BYTES_OF(b->report_data));
}

void hf_sgx_body_write(const struct hf_sgx_body *body, uint8_t out[HF_SGX_BODY_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SGX_BODY_SIZE);

    write_body(&w, body);
}

hf_err hf_sgx_report_parse(struct hf_bytes in, struct hf_sgx_report *out)
{
    struct hf_sgx_report report = {0};
    struct hf_reader r = hf_reader(in);

    read_body(&r, &report.body);                          /*   0 body */
    hf_rd_copy(&r, report.key_id, sizeof(report.key_id)); /* 384 KEYID */
    hf_rd_copy(&r, report.mac, sizeof(report.mac));       /* 416 MAC */
    HF_TRY(hf_rd_end(&r));
    *out = report;
    return HF_OK;
}

void hf_sgx_report_write(const struct hf_sgx_report *report, uint8_t out[HF_SGX_REPORT_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SGX_REPORT_SIZE);

    write_body(&w, &report->body);
    hf_wr_bytes(&w, HF_BYTES_OF(report->key_id));
    hf_wr_bytes(&w, HF_BYTES_OF(report->mac));
}

hf_err hf_sgx_targetinfo_parse(struct hf_bytes in, struct hf_sgx_targetinfo *out)
{
    struct hf_sgx_targetinfo target = {0};
    struct hf_reader r = hf_reader(in);

    hf_rd_copy(&r, target.mr_enclave, sizeof(target.mr_enclave)); /*   0 MRENCLAVE */
    target.flags = hf_rd_u64le(&r);                               /*  32 ATTRIBUTES.flags */
    target.xfrm = hf_rd_u64le(&r);                                /*  40 ATTRIBUTES.xfrm */
    target.cet = hf_rd_u8(&r);                                    /*  48 CET_ATTRIBUTES */
    hf_rd_zero(&r, 1);                                            /*  49 reserved */
    target.config_svn = hf_rd_u16le(&r);                          /*  50 CONFIGSVN */
    target.misc_select = hf_rd_u32le(&r);                         /*  52 MISCSELECT */
    hf_rd_zero(&r, 8);                                            /*  56 reserved */
    hf_rd_copy(&r, target.config_id, sizeof(target.config_id));   /*  64 CONFIGID */
    hf_rd_zero(&r, 384);                                          /* 128 reserved */
    HF_TRY(hf_rd_end(&r));
    *out = target;
    return HF_OK;
}

void hf_sgx_targetinfo_write(const struct hf_sgx_targetinfo *target, uint8_t out[HF_SGX_TARGETINFO_SIZE])
{
    struct hf_writer w = hf_writer(out, HF_SGX_TARGETINFO_SIZE);

    hf_wr_bytes(&w, HF_BYTES_OF(target->mr_enclave));
    hf_wr_u64le(&w, target->flags);
    hf_wr_u64le(&w, target->xfrm);
    hf_wr_u8(&w, target->cet);
    hf_wr_zero(&w, 1);
    hf_wr_u16le(&w, target->config_svn);
    hf_wr_u32le(&w, target->misc_select);
    hf_wr_zero(&w, 8);
    hf_wr_bytes(&w, HF_BYTES_OF(target->config_id));
    hf_wr_zero(&w, 384);
}

/* ---- inspecting ---- */

void hf_sgx_flags_text(uint64_t flags, char *place, size_t size)
{
    static const struct hf_bit_name names[] = {
        {HF_SGX_FLAG_INIT, "INIT"},
        {HF_SGX_FLAG_DEBUG, "DEBUG"},
        {HF_SGX_FLAG_MODE64, "MODE64BIT"},
        {HF_SGX_FLAG_PROVISION_KEY, "PROVISION_KEY"},
        {HF_SGX_FLAG_EINITTOKEN_KEY, "EINITTOKEN_KEY"},
        {HF_SGX_FLAG_CET, "CET"},
        {HF_SGX_FLAG_KSS, "KSS"},
        {HF_SGX_FLAG_AEXNOTIFY, "AEXNOTIFY"},
    };

    hf_bits_text(flags, names, HF_COUNT(names), place, size);
}

static const struct hf_field body_fields[] = {
    {0, 16, HF_AS_BYTES, "CPUSVN", NULL},        {16, 4, HF_AS_LE, "MISCSELECT", NULL},
    {20, 1, HF_AS_LE, "CET_ATTRIBUTES", NULL},   {21, 11, HF_AS_ZERO, "reserved", NULL},
    {32, 16, HF_AS_BYTES, "ISVEXTPRODID", NULL}, {48, 8, HF_AS_LE, "ATTRIBUTES.flags", hf_sgx_flags_text},
    {56, 8, HF_AS_LE, "ATTRIBUTES.xfrm", NULL},  {64, 32, HF_AS_BYTES, "MRENCLAVE", NULL},
    {96, 32, HF_AS_ZERO, "reserved", NULL},      {128, 32, HF_AS_BYTES, "MRSIGNER", NULL},
    {160, 32, HF_AS_ZERO, "reserved", NULL},     {192, 64, HF_AS_BYTES, "CONFIGID", NULL},
    {256, 2, HF_AS_LE, "ISVPRODID", NULL},       {258, 2, HF_AS_LE, "ISVSVN", NULL},
    {260, 2, HF_AS_LE, "CONFIGSVN", NULL},       {262, 42, HF_AS_ZERO, "reserved", NULL},
    {304, 16, HF_AS_BYTES, "ISVFAMILYID", NULL}, {320, 64, HF_AS_BYTES, "REPORTDATA", NULL},
};

static const struct hf_field mac_fields[] = {
    {384, 32, HF_AS_BYTES, "KEYID", NULL},
    {416, 16, HF_AS_BYTES, "MAC", NULL},
};

static const struct hf_field target_fields[] = {
    {0, 32, HF_AS_BYTES, "MRENCLAVE", NULL},    {32, 8, HF_AS_LE, "ATTRIBUTES.flags", hf_sgx_flags_text},
    {40, 8, HF_AS_LE, "ATTRIBUTES.xfrm", NULL}, {48, 1, HF_AS_LE, "CET_ATTRIBUTES", NULL},
    {49, 1, HF_AS_ZERO, "reserved", NULL},      {50, 2, HF_AS_LE, "CONFIGSVN", NULL},
    {52, 4, HF_AS_LE, "MISCSELECT", NULL},      {56, 8, HF_AS_ZERO, "reserved", NULL},
    {64, 64, HF_AS_BYTES, "CONFIGID", NULL},    {128, 384, HF_AS_ZERO, "reserved", NULL},
};

void hf_sgx_body_inspect(struct hf_inspect *i, size_t at)
{
    hf_inspect_fields(i, at, body_fields, HF_COUNT(body_fields));
}

hf_err hf_sgx_report_inspect(struct hf_bytes in, struct hf_inspect *i)
{
    struct hf_sgx_report report;
    struct hf_sgx_body body;

    hf_sgx_body_inspect(i, 0);
    hf_inspect_fields(i, 0, mac_fields, HF_COUNT(mac_fields));
    return in.n == HF_SGX_BODY_SIZE ? hf_sgx_body_parse(in, &body) : hf_sgx_report_parse(in, &report);
}

hf_err hf_sgx_targetinfo_inspect(struct hf_bytes in, struct hf_inspect *i)
{
    struct hf_sgx_targetinfo target;

    hf_inspect_fields(i, 0, target_fields, HF_COUNT(target_fields));
    return hf_sgx_targetinfo_parse(in, &target);
}

static bool all_zero(struct hf_bytes in, size_t at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (in.p[at + i])
            return false;
    }
    return true;
}

/* The length, some MRENCLAVE, and what is fixed: reserved places and attributes. One of these may be wrong, so that a
 * report with a single changed byte is still told as one. */
static bool detect(struct hf_bytes in)
{
    static const struct {
        size_t at, n;
    } reserved[] = {{21, 11}, {96, 32}, {160, 32}, {262, 42}, {50, 6}};
    size_t fits = 0;

    if ((in.n != HF_SGX_BODY_SIZE && in.n != HF_SGX_REPORT_SIZE) || all_zero(in, 64, 32))
        return false;
    for (size_t i = 0; i < HF_COUNT(reserved); i++)
        fits += all_zero(in, reserved[i].at, reserved[i].n);
    return fits >= HF_COUNT(reserved) - 1 && in.p[56] & 3;
}

const struct hf_evidence_format hf_format_sgx_report = {
    .name = "sgx-report",
    .family = "sgx",
    .about = "SGX REPORT (or its body): local; only its platform can check it",
    .detect = detect,
    .inspect = hf_sgx_report_inspect,
};
