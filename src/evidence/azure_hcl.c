/* Azure's runtime report: hardware report and runtime data of a confidential VM. Little-endian. */
#include "evidence/azure_hcl.h"
#include "base/cleanup.h"
#include "base/reader.h"
#include "base/writer.h"
#include "codec/json_read.h"
#include "evidence/snp_report.h"

#define MAGIC 0x414c4348u /* "HCLA" */
#define DATA_HEADER 20
#define JSON_MAX ((uint32_t)64 * 1024)
#define TDREPORT_DATA_AT 128 /* REPORTMACSTRUCT.REPORTDATA; Intel TDX Module ABI, "TDREPORT_STRUCT" */

static enum hf_hash_alg hash_of(uint32_t type)
{
    static const enum hf_hash_alg algs[] = {HF_HASH_NONE, HF_SHA256, HF_SHA384, HF_SHA512};

    return type < HF_COUNT(algs) ? algs[type] : HF_HASH_NONE;
}

/* The values that are known. */
static hf_err check_values(const struct hf_azure_hcl *hcl)
{
    if (hcl->version < 1 || hcl->version > 2)
        return hf_fail(HF_E_FORMAT, "unknown HCL report version %u; known are 1 and 2", hcl->version);
    if (hcl->status)
        return hf_fail(HF_E_FORMAT, "the HCL report says status %u; 0 is success", hcl->status);
    if (hcl->data_version != 1)
        return hf_fail(HF_E_FORMAT, "unknown HCL runtime data version %u; known is 1", hcl->data_version);
    if (hcl->report_type != HF_AZURE_HCL_SNP && hcl->report_type != HF_AZURE_HCL_TDX)
        return hf_fail(HF_E_FORMAT, "unknown HCL report type %u; known are 2 (SEV-SNP) and 4 (TDX)", hcl->report_type);
    if (hash_of(hcl->hash_type) == HF_HASH_NONE)
        return hf_fail(HF_E_FORMAT, "unknown HCL hash type %u; known are 1 to 3", hcl->hash_type);
    return HF_OK;
}

static hf_err take_json(struct hf_reader *r, struct hf_azure_hcl *hcl)
{
    uint32_t n = hf_rd_u32le(r);

    HF_TRY(hf_rd_err(r));
    if (n > JSON_MAX || hcl->data_size != DATA_HEADER + n)
        return hf_fail(HF_E_FORMAT, "HCL runtime data of %u bytes with %u of JSON; %u more are their header",
                       hcl->data_size, n, DATA_HEADER);
    hcl->json = hf_rd_view(r, n);
    return HF_OK;
}

hf_err hf_azure_hcl_parse(struct hf_bytes in, struct hf_azure_hcl *out)
{
    struct hf_azure_hcl hcl = {0};
    struct hf_reader r = hf_reader(in);
    uint32_t magic = hf_rd_u32le(&r); /* 0x000 signature */

    hcl.version = hf_rd_u32le(&r);                       /* 0x004 version */
    hcl.report_size = hf_rd_u32le(&r);                   /* 0x008 report size */
    hcl.request_type = hf_rd_u32le(&r);                  /* 0x00c request type */
    hcl.status = hf_rd_u32le(&r);                        /* 0x010 status */
    hf_rd_zero(&r, 12);                                  /* 0x014 reserved */
    hcl.room = hf_rd_view(&r, HF_AZURE_HCL_REPORT_SIZE); /* 0x020 hardware report */
    hcl.data_size = hf_rd_u32le(&r);                     /* 0x4c0 runtime data: size */
    hcl.data_version = hf_rd_u32le(&r);                  /* 0x4c4 version */
    hcl.report_type = hf_rd_u32le(&r);                   /* 0x4c8 report type */
    hcl.hash_type = hf_rd_u32le(&r);                     /* 0x4cc hash type */
    if (hf_rd_err(&r) == HF_OK && magic != MAGIC)
        return hf_fail(HF_E_FORMAT, "magic 0x%08x; an HCL report begins with HCLA", magic);
    HF_TRY(take_json(&r, &hcl)); /* 0x4d0 length, 0x4d4 JSON */
    hcl.padding = hf_rd_left(&r);
    hf_rd_zero(&r, hcl.padding);
    HF_TRY(hf_rd_end(&r));
    HF_TRY(check_values(&hcl));
    hcl.hardware = hcl.room;
    if (hcl.report_type == HF_AZURE_HCL_TDX)
        hcl.hardware.n = HF_AZURE_HCL_TDREPORT_SIZE;
    *out = hcl;
    return HF_OK;
}

hf_err hf_azure_hcl_write(const struct hf_azure_hcl *hcl, struct hf_buf *out)
{
    uint8_t head[0x4d4];
    struct hf_writer w = hf_writer(head, sizeof(head));
    uint8_t *zeros = NULL;
    struct hf_bytes done;

    hf_wr_u32le(&w, MAGIC);
    hf_wr_u32le(&w, hcl->version);
    hf_wr_u32le(&w, hcl->report_size);
    hf_wr_u32le(&w, hcl->request_type);
    hf_wr_u32le(&w, hcl->status);
    hf_wr_zero(&w, 12);
    hf_wr_bytes(&w, hcl->room);
    hf_wr_u32le(&w, hcl->data_size);
    hf_wr_u32le(&w, hcl->data_version);
    hf_wr_u32le(&w, hcl->report_type);
    hf_wr_u32le(&w, hcl->hash_type);
    hf_wr_u32le(&w, (uint32_t)hcl->json.n);
    HF_TRY(hf_wr_end(&w, &done));
    HF_TRY(hf_buf_add(out, done));
    HF_TRY(hf_buf_add(out, hcl->json));
    if (hcl->padding == 0)
        return HF_OK;
    HF_TRY(hf_buf_grow(out, hcl->padding, &zeros));
    memset(zeros, 0, hcl->padding);
    return HF_OK;
}

hf_err hf_azure_hcl_digest(const struct hf_azure_hcl *hcl, struct hf_digest *out)
{
    return hf_hash_one(hash_of(hcl->hash_type), hcl->json, out);
}

struct hf_bytes hf_azure_hcl_report_data(const struct hf_azure_hcl *hcl)
{
    size_t at = hcl->report_type == HF_AZURE_HCL_TDX ? TDREPORT_DATA_AT : 0x50;

    return (struct hf_bytes){hcl->hardware.p + at, 64};
}

/* A JSON Web Key (RFC 7517) of kind RSA. */
static hf_err key_from_jwk(struct hf_json_value jwk, struct hf_pubkey **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf n = {.max = HF_RSA_BYTES_MAX};
    HF_CLEANUP(hf_buf_free) struct hf_buf e = {.max = 8};
    struct hf_json_value value;
    uint64_t exponent = 0;

    HF_TRY(hf_json_get(jwk, "kty", &value));
    if (!hf_json_is(value, "RSA"))
        return hf_fail(HF_E_FORMAT, "HCLAkPub is no RSA key");
    HF_TRY(hf_json_get(jwk, "n", &value));
    HF_TRY(hf_json_as_base64url(value, &n));
    HF_TRY(hf_json_get(jwk, "e", &value));
    HF_TRY(hf_json_as_base64url(value, &e));
    for (size_t i = 0; i < e.n; i++)
        exponent = exponent << 8 | e.p[i];
    return hf_pubkey_from_rsa(hf_buf_bytes(&n), exponent, out);
}

hf_err hf_azure_hcl_ak(struct hf_bytes in, struct hf_pubkey **out)
{
    struct hf_json_value top, keys, kid, jwk = {0};
    struct hf_azure_hcl hcl;
    size_t found = 0;

    HF_TRY(hf_azure_hcl_parse(in, &hcl));
    HF_TRY(hf_json_parse(hcl.json, &top));
    HF_TRY(hf_json_get(top, "keys", &keys));
    for (struct hf_json_iter it = hf_json_iter(keys); hf_json_next(&it);) {
        if (it.value.type == HF_JSON_OBJECT && hf_json_get(it.value, "kid", &kid) == HF_OK &&
            hf_json_is(kid, "HCLAkPub")) {
            jwk = it.value;
            found++;
        }
    }
    if (found == 0)
        return hf_fail(HF_E_NOT_FOUND, "the runtime data name no key HCLAkPub");
    if (found > 1)
        return hf_fail(HF_E_FORMAT, "the runtime data name %zu keys HCLAkPub", found);
    return key_from_jwk(jwk, out);
}

static uint32_t number_at(const struct hf_inspect *out, size_t at)
{
    struct hf_reader r = hf_reader(hf_inspect_part(out, at, 4));

    return hf_rd_u32le(&r);
}

static void tell_number(struct hf_inspect *out, const char *name, size_t at, const char *meaning)
{
    if (hf_inspect_part(out, at, 4).n == 4)
        hf_inspect_number(out, name, hf_inspect_part(out, at, 4), number_at(out, at), "%s", meaning);
}

static hf_err tell_hardware(struct hf_inspect *out, bool snp)
{
    struct hf_bytes report = hf_inspect_part(out, HF_AZURE_HCL_REPORT_AT,
                                             snp ? HF_AZURE_HCL_REPORT_SIZE : HF_AZURE_HCL_TDREPORT_SIZE);
    hf_err err = HF_OK;

    hf_inspect_open(out, snp ? "snp-report" : "td-report", report);
    if (snp)
        err = hf_snp_report_inspect(report, out);
    else
        hf_inspect_bytes(out, "tdreport", report, "not signed: authentic on its own machine only");
    hf_inspect_close(out);
    return err;
}

hf_err hf_azure_hcl_inspect(struct hf_bytes in, struct hf_inspect *out)
{
    struct hf_azure_hcl hcl;
    hf_err err = hf_azure_hcl_parse(in, &hcl), inside;
    uint32_t type = number_at(out, 0x4c8), hash = number_at(out, 0x4cc);

    tell_number(out, "version", 0x04, "");
    tell_number(out, "report_size", 0x08, "of all but the zeros at the end");
    tell_number(out, "request_type", 0x0c, "");
    tell_number(out, "status", 0x10, "");
    inside = tell_hardware(out, type != HF_AZURE_HCL_TDX);
    tell_number(out, "data_size", 0x4c0, "");
    tell_number(out, "data_version", 0x4c4, "");
    tell_number(out, "report_type", 0x4c8,
                type == HF_AZURE_HCL_SNP   ? "SEV-SNP"
                : type == HF_AZURE_HCL_TDX ? "TDX"
                                           : "unknown");
    tell_number(out, "hash_type", 0x4cc, hash_of(hash) != HF_HASH_NONE ? hf_hash_name(hash_of(hash)) : "unknown");
    if (err != HF_OK)
        return hf_azure_hcl_parse(in, &hcl); /* once more, for its words */
    hf_inspect_text(out, "runtime_data", hcl.json, "SHA-2 of it is the hardware report's report data");
    return inside;
}

static bool detect(struct hf_bytes in)
{
    return in.n >= 0x4d4 && memcmp(in.p, "HCLA", 4) == 0;
}

const struct hf_evidence_format hf_format_azure_hcl = {
    .name = "azure-hcl",
    .family = "azure",
    .about = "Azure confidential VM: SEV-SNP report or TDREPORT with the runtime data that it binds",
    .detect = detect,
    .inspect = hf_azure_hcl_inspect,
};
