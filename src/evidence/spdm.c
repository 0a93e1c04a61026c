/* SPDM 1.1 GET_MEASUREMENTS and MEASUREMENTS (DSP0274, 10.11). */
#include "evidence/spdm.h"
#include "base/writer.h"

#include <stdio.h>

enum { VERSION_1_1 = 0x11, GET_MEASUREMENTS = 0xe0, MEASUREMENTS = 0x60, WITH_SIGNATURE = 0x01, ALL_BLOCKS = 0xff };

static const uint8_t magic[6] = {'N', 'V', 'D', 'A', 'O', 'D'};
#define HEADER 12 /* bytes of the opaque data's header */
#define OPAQUE_VERSION_MAX 2

/* ---- the messages ---- */

static void version(struct hf_reader *r)
{
    uint8_t v = hf_rd_u8(r);

    if (hf_rd_err(r) == HF_OK && v != VERSION_1_1)
        hf_rd_fail(r, HF_E_UNSUPPORTED, "SPDM: version %u.%u; known is 1.1", v >> 4, v & 15);
}

static void expect(struct hf_reader *r, uint8_t want, const char *what)
{
    uint8_t v = hf_rd_u8(r);

    if (hf_rd_err(r) == HF_OK && v != want)
        hf_rd_fail(r, HF_E_FORMAT, "SPDM: %s is 0x%02x, want 0x%02x", what, v, want);
}

static void read_request(struct hf_reader *r, struct hf_spdm_report *out)
{
    version(r);                                         /*  0 SPDMVersion */
    expect(r, GET_MEASUREMENTS, "the request's code");  /*  1 RequestResponseCode */
    expect(r, WITH_SIGNATURE, "request attributes");    /*  2 Param1 */
    expect(r, ALL_BLOCKS, "the measurement operation"); /*  3 Param2 */
    out->nonce = hf_rd_view(r, HF_SPDM_NONCE);          /*  4 Nonce */
    out->slot = hf_rd_u8(r);                            /* 36 SlotIDParam */
    if (out->slot > 7)
        hf_rd_fail(r, HF_E_FORMAT, "SPDM: slot %u; there are 0 to 7", out->slot);
}

static void read_response(struct hf_reader *r, struct hf_spdm_report *out)
{
    uint32_t n;

    version(r);                                     /* 0 SPDMVersion */
    expect(r, MEASUREMENTS, "the response's code"); /* 1 RequestResponseCode */
    out->param1 = hf_rd_u8(r);                      /* 2 Param1 */
    expect(r, out->slot, "the response's slot");    /* 3 Param2 */
    out->n_blocks = hf_rd_u8(r);                    /* 4 NumberOfBlocks */
    n = hf_rd_u16le(r);                             /* 5 MeasurementRecordLength, 24 bits */
    n |= (uint32_t)hf_rd_u8(r) << 16;
    out->record = hf_rd_view(r, n);                      /* 8 MeasurementRecord */
    out->responder_nonce = hf_rd_view(r, HF_SPDM_NONCE); /*   Nonce */
    out->opaque = hf_rd_view(r, hf_rd_u16le(r));         /*   OpaqueLength, OpaqueData */
}

static hf_err read_block(struct hf_reader *r, struct hf_spdm_block *out)
{
    const uint8_t *start = r->at;
    struct hf_reader inside;
    uint8_t spec;

    out->index = hf_rd_u8(r); /* 0 Index */
    spec = hf_rd_u8(r);       /* 1 MeasurementSpecification */
    if (hf_rd_err(r) == HF_OK && spec != 1)
        hf_rd_fail(r, HF_E_UNSUPPORTED, "SPDM: block %u has specification 0x%02x; known is 1 (DMTF)", out->index, spec);
    inside = hf_rd_sub(r, hf_rd_u16le(r));                  /* 2 MeasurementSize */
    out->type = hf_rd_u8(&inside);                          /* 4 DMTFSpecMeasurementValueType */
    out->value = hf_rd_view(&inside, hf_rd_u16le(&inside)); /* 5 size, 7 value */
    HF_TRY(hf_rd_err(r));
    HF_TRY(hf_rd_end(&inside));
    out->whole = (struct hf_bytes){start, (size_t)(r->at - start)};
    return HF_OK;
}

/* As many blocks as are counted, none of an index twice. */
static hf_err check_record(const struct hf_spdm_report *report)
{
    struct hf_reader r = hf_reader(report->record);
    bool seen[256] = {false};
    unsigned n = 0;

    while (hf_rd_more(&r)) {
        struct hf_spdm_block block;

        HF_TRY(read_block(&r, &block));
        if (block.index == 0 || seen[block.index])
            return hf_fail(HF_E_FORMAT, "SPDM: measurement block %u %s", block.index,
                           block.index ? "twice" : "where they begin at 1");
        seen[block.index] = true;
        n++;
    }
    HF_TRY(hf_rd_end(&r));
    if (n != report->n_blocks || n == 0)
        return hf_fail(HF_E_FORMAT, "SPDM: %u measurement blocks, where %u are counted", n, report->n_blocks);
    return HF_OK;
}

hf_err hf_spdm_report_parse(struct hf_bytes in, struct hf_spdm_report *out)
{
    struct hf_reader r = hf_reader(in);
    struct hf_spdm_report report = {0};
    struct hf_nvidia_opaque opaque;

    read_request(&r, &report);
    read_response(&r, &report);
    report.signed_bytes = (struct hf_bytes){in.p, hf_rd_at(&r)};
    report.signature = hf_rd_view(&r, HF_SPDM_SIGNATURE);
    if (hf_rd_left(&r) == 1)
        report.stray = hf_rd_rest(&r);
    HF_TRY(hf_rd_end(&r));
    HF_TRY(check_record(&report));
    HF_TRY(hf_nvidia_opaque_parse(report.opaque, &opaque));
    *out = report;
    return HF_OK;
}

hf_err hf_spdm_report_write(const struct hf_spdm_report *report, struct hf_buf *out)
{
    uint8_t head[HF_SPDM_REQUEST + 8], length[2];
    struct hf_writer w = hf_writer(head, sizeof(head)), l = hf_writer(length, sizeof(length));
    size_t before = out->n;
    hf_err err;

    hf_wr_u8(&w, VERSION_1_1);
    hf_wr_u8(&w, GET_MEASUREMENTS);
    hf_wr_u8(&w, WITH_SIGNATURE);
    hf_wr_u8(&w, ALL_BLOCKS);
    hf_wr_bytes(&w, report->nonce);
    hf_wr_u8(&w, report->slot);
    hf_wr_u8(&w, VERSION_1_1);
    hf_wr_u8(&w, MEASUREMENTS);
    hf_wr_u8(&w, report->param1);
    hf_wr_u8(&w, report->slot);
    hf_wr_u8(&w, report->n_blocks);
    hf_wr_u16le(&w, (uint16_t)report->record.n);
    hf_wr_u8(&w, (uint8_t)(report->record.n >> 16));
    hf_wr_u16le(&l, (uint16_t)report->opaque.n);
    if (report->nonce.n != HF_SPDM_NONCE || report->record.n > 0xffffff || report->opaque.n > UINT16_MAX)
        return hf_fail(HF_E_LIMIT, "SPDM: a part that is too long, or a nonce of %zu bytes", report->nonce.n);
    err = hf_buf_add(out, HF_BYTES_OF(head));
    if (err == HF_OK)
        err = hf_buf_add(out, report->record);
    if (err == HF_OK)
        err = hf_buf_add(out, report->responder_nonce);
    if (err == HF_OK)
        err = hf_buf_add(out, HF_BYTES_OF(length));
    if (err == HF_OK)
        err = hf_buf_add(out, report->opaque);
    if (err == HF_OK)
        err = hf_buf_add(out, report->signature);
    if (err == HF_OK)
        err = hf_buf_add(out, report->stray);
    if (err != HF_OK)
        out->n = before;
    return err;
}

bool hf_spdm_block_next(struct hf_reader *record, struct hf_spdm_block *out)
{
    return hf_rd_more(record) && read_block(record, out) == HF_OK;
}

hf_err hf_spdm_block_find(const struct hf_spdm_report *report, uint8_t index, struct hf_spdm_block *out)
{
    struct hf_reader r = hf_reader(report->record);

    while (hf_spdm_block_next(&r, out)) {
        if (out->index == index)
            return HF_OK;
    }
    return hf_fail(HF_E_NOT_FOUND, "SPDM: no measurement block %u", index);
}

void hf_spdm_block_write(uint8_t index, uint8_t type, struct hf_bytes value, struct hf_buf *out, hf_err *err)
{
    uint8_t head[7];
    struct hf_writer w = hf_writer(head, sizeof(head));

    hf_wr_u8(&w, index);
    hf_wr_u8(&w, 1);
    hf_wr_u16le(&w, (uint16_t)(value.n + 3));
    hf_wr_u8(&w, type);
    hf_wr_u16le(&w, (uint16_t)value.n);
    if (*err == HF_OK)
        *err = hf_buf_add(out, HF_BYTES_OF(head));
    if (*err == HF_OK)
        *err = hf_buf_add(out, value);
}

/* ---- opaque data ---- */

static bool has_header(struct hf_bytes opaque)
{
    return opaque.n >= HEADER && memcmp(opaque.p, magic, sizeof(magic)) == 0;
}

static hf_err read_field(struct hf_reader *r, bool header, struct hf_spdm_field *out)
{
    const uint8_t *start = r->at;

    out->type = hf_rd_u16le(r);
    out->value_type = header ? hf_rd_u16le(r) : 0;
    out->value = hf_rd_view(r, hf_rd_u16le(r));
    out->whole = (struct hf_bytes){start, (size_t)(r->at - start)};
    return hf_rd_err(r);
}

static hf_err check_version(struct hf_bytes opaque, const struct hf_nvidia_opaque *o)
{
    struct hf_bytes v = {0};
    uint64_t number = o->major;

    if (!o->header && hf_nvidia_field(opaque, HF_NVIDIA_OPAQUE_VERSION, &v) == HF_OK) {
        if (v.n > 8)
            return hf_fail(HF_E_FORMAT, "SPDM: an opaque data version of %zu bytes", v.n);
        for (size_t i = v.n; i-- > 0;)
            number = number << 8 | v.p[i];
    }
    if (number > OPAQUE_VERSION_MAX)
        return hf_fail(HF_E_UNSUPPORTED, "SPDM: opaque data version %llu; known are 0 to %d",
                       (unsigned long long)number, OPAQUE_VERSION_MAX);
    return HF_OK;
}

hf_err hf_nvidia_opaque_parse(struct hf_bytes opaque, struct hf_nvidia_opaque *out)
{
    struct hf_nvidia_opaque o = {.header = has_header(opaque)};
    struct hf_reader r = hf_reader(opaque);
    uint8_t seen[8192] = {0}; /* a bit a type */

    if (o.header) {
        uint16_t profile;

        hf_rd_skip(&r, sizeof(magic));
        profile = hf_rd_u16le(&r);
        if (profile != 0)
            return hf_fail(HF_E_UNSUPPORTED, "SPDM: opaque data profile %u; known is 0", profile);
        o.major = hf_rd_u8(&r);
        o.minor = hf_rd_u8(&r);
        hf_rd_skip(&r, 2);
    }
    while (hf_rd_more(&r)) {
        struct hf_spdm_field f;

        HF_TRY(read_field(&r, o.header, &f));
        if (seen[f.type / 8] >> f.type % 8 & 1)
            return hf_fail(HF_E_FORMAT, "SPDM: opaque field %u twice", f.type);
        seen[f.type / 8] = (uint8_t)(seen[f.type / 8] | 1 << f.type % 8);
    }
    HF_TRY(hf_rd_end(&r));
    HF_TRY(check_version(opaque, &o));
    *out = o;
    return HF_OK;
}

bool hf_nvidia_field_next(struct hf_bytes opaque, size_t *at, struct hf_spdm_field *out)
{
    bool header = has_header(opaque);
    struct hf_reader r = hf_reader(opaque);

    if (*at == 0 && header)
        *at = HEADER;
    hf_rd_skip(&r, *at);
    if (!hf_rd_more(&r) || read_field(&r, header, out) != HF_OK)
        return false;
    *at = hf_rd_at(&r);
    return true;
}

hf_err hf_nvidia_field(struct hf_bytes opaque, uint16_t type, struct hf_bytes *out)
{
    struct hf_spdm_field f;

    for (size_t at = 0; hf_nvidia_field_next(opaque, &at, &f);) {
        if (f.type != type)
            continue;
        *out = f.value;
        return HF_OK;
    }
    return hf_fail(HF_E_NOT_FOUND, "SPDM: no opaque field %u", type);
}

const char *hf_nvidia_field_name(uint16_t type)
{
    static const char *const names[] = {
        [1] = "certificate issuer name",
        [2] = "certificate authority key identifier",
        [HF_NVIDIA_DRIVER_VERSION] = "driver version",
        [HF_NVIDIA_GPU_INFO] = "GPU info",
        [HF_NVIDIA_SKU] = "SKU",
        [HF_NVIDIA_VBIOS_VERSION] = "VBIOS version",
        [7] = "manufacturer id",
        [8] = "tamper detection",
        [9] = "SMC",
        [10] = "VPR",
        [HF_NVIDIA_NVDEC0_STATUS] = "NVDEC0 status",
        [HF_NVIDIA_MEASUREMENT_COUNTS] = "counts of measurements",
        [13] = "CPR info",
        [HF_NVIDIA_BOARD_ID] = "board id",
        [HF_NVIDIA_CHIP_SKU] = "chip SKU",
        [HF_NVIDIA_CHIP_SKU_MOD] = "chip SKU modification",
        [HF_NVIDIA_PROJECT] = "project",
        [HF_NVIDIA_PROJECT_SKU] = "project SKU",
        [HF_NVIDIA_PROJECT_SKU_MOD] = "project SKU modification",
        [HF_NVIDIA_FWID] = "firmware id",
        [HF_NVIDIA_PROTECTED_PCIE] = "protected PCIe status",
        [HF_NVIDIA_SWITCH_PDI] = "device ids",
        [23] = "ports left out",
        [24] = "position id",
        [25] = "switch lock status",
        [26] = "GPU device ids", /* of a switch: what hangs on its ports */
        [32] = "GPU link connections",
        [33] = "system enable status",
        [HF_NVIDIA_OPAQUE_VERSION] = "opaque data version",
        [HF_NVIDIA_CHIP_INFO] = "chip info",
        [HF_NVIDIA_FEATURE_FLAG] = "feature flag",
    };

    return type < HF_COUNT(names) ? names[type] : NULL;
}

struct hf_bytes hf_nvidia_text(struct hf_bytes opaque, uint16_t type)
{
    struct hf_bytes v = {0};
    const uint8_t *nul;

    if (hf_nvidia_field(opaque, type, &v) != HF_OK || v.n == 0)
        return (struct hf_bytes){0};
    nul = memchr(v.p, 0, v.n);
    if (nul)
        v.n = (size_t)(nul - v.p);
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < 0x20 || v.p[i] > 0x7e)
            return (struct hf_bytes){0};
    }
    return v;
}

void hf_nvidia_vbios(struct hf_bytes opaque, char out[HF_NVIDIA_VERSION_TEXT])
{
    struct hf_bytes v = {0}, text = hf_nvidia_text(opaque, HF_NVIDIA_VBIOS_VERSION);
    const uint8_t *p;

    out[0] = 0;
    if (hf_nvidia_field(opaque, HF_NVIDIA_VBIOS_VERSION, &v) != HF_OK)
        return;
    p = v.p;
    if (text.n > 8) /* a switch writes it out */
        (void)snprintf(out, HF_NVIDIA_VERSION_TEXT, "%.*s", (int)(text.n < 40 ? text.n : 40), (const char *)text.p);
    else if (v.n == 8) /* a GPU: four bytes backwards, then the fifth */
        (void)snprintf(out, HF_NVIDIA_VERSION_TEXT, "%02X.%02X.%02X.%02X.%02X", p[3], p[2], p[1], p[0], p[4]);
}

/* ---- telling ---- */

static void tell_record(struct hf_bytes record, struct hf_inspect *out)
{
    struct hf_reader r = hf_reader(record);
    struct hf_spdm_block b;
    char name[32];

    hf_inspect_open(out, "measurement record", record);
    while (hf_spdm_block_next(&r, &b)) {
        (void)snprintf(name, sizeof(name), "measurement %u", b.index);
        hf_inspect_bytes(out, name, b.value, "%s, type %u; %u in a RIM", b.type & 0x80 ? "raw" : "digest",
                         b.type & 0x7f, b.index ? b.index - 1u : 0);
    }
    hf_inspect_close(out);
}

static void tell_opaque(struct hf_bytes opaque, struct hf_inspect *out)
{
    struct hf_spdm_field f;
    char name[48], vbios[HF_NVIDIA_VERSION_TEXT];

    hf_nvidia_vbios(opaque, vbios);
    hf_inspect_open(out, "opaque data", opaque);
    for (size_t at = 0; hf_nvidia_field_next(opaque, &at, &f);) {
        struct hf_bytes text = hf_nvidia_text(opaque, f.type);
        const char *known = hf_nvidia_field_name(f.type);

        (void)snprintf(name, sizeof(name), "%s", known ? known : "");
        if (!known)
            (void)snprintf(name, sizeof(name), "field %u", f.type);
        if (f.type == HF_NVIDIA_VBIOS_VERSION && vbios[0])
            hf_inspect_bytes(out, name, f.value, "%s", vbios);
        else if (text.n && text.n + 8 > f.value.n && f.value.n > 1 && f.type != HF_NVIDIA_FWID)
            hf_inspect_text(out, name, text, "field %u", f.type);
        else
            hf_inspect_bytes(out, name, f.value, "field %u", f.type);
    }
    hf_inspect_close(out);
}

hf_err hf_spdm_report_inspect(struct hf_bytes in, struct hf_inspect *out)
{
    struct hf_reader r = hf_reader(in);
    struct hf_spdm_report report = {0};

    read_request(&r, &report);
    hf_inspect_bytes(out, "requester's nonce", report.nonce, "GET_MEASUREMENTS of SPDM 1.1, slot %u", report.slot);
    read_response(&r, &report);
    if (report.record.p)
        tell_record(report.record, out);
    if (report.responder_nonce.p)
        hf_inspect_bytes(out, "responder's nonce", report.responder_nonce, NULL);
    if (report.opaque.p)
        tell_opaque(report.opaque, out);
    report.signature = hf_rd_view(&r, HF_SPDM_SIGNATURE);
    if (report.signature.p)
        hf_inspect_bytes(out, "signature", report.signature, "r || s on P-384, over all before it");
    if (hf_rd_left(&r))
        hf_inspect_bytes(out, "behind the signature", hf_rd_rest(&r), "not signed");
    return hf_spdm_report_parse(in, &report);
}

static bool detect(struct hf_bytes in)
{
    return in.n > HF_SPDM_REQUEST + 8 && in.p[1] == GET_MEASUREMENTS && in.p[HF_SPDM_REQUEST + 1] == MEASUREMENTS &&
           in.p[0] >= 0x10 && in.p[0] <= 0x1f && in.p[HF_SPDM_REQUEST] == in.p[0];
}

const struct hf_evidence_format hf_format_nvidia_report = {
    .name = "nvidia-report",
    .family = "nvidia",
    .about = "NVIDIA GPU or switch attestation report (SPDM 1.1 measurements)",
    .detect = detect,
    .inspect = hf_spdm_report_inspect,
};
