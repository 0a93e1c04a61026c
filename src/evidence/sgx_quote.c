/* DCAP quotes, versions 3 to 5. Intel SGX ECDSA QuoteGenReference API, A.4; TDX DCAP quoting library API, A.3. */
#include "evidence/sgx_quote.h"
#include "base/reader.h"
#include "base/writer.h"
#include "evidence/table.h"

#include <stdio.h>

#define EC_SIZE 64
#define MIN_EPID_SIZE 436

const uint8_t hf_quote_intel_vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                           0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

static uint32_t u16_at(struct hf_bytes in, size_t at)
{
    return (uint32_t)in.p[at] | (uint32_t)in.p[at + 1] << 8;
}

static uint32_t u32_at(struct hf_bytes in, size_t at)
{
    return u16_at(in, at) | u16_at(in, at + 2) << 16;
}

static size_t body_size(enum hf_quote_body type)
{
    switch (type) {
    case HF_QUOTE_BODY_SGX:
        return HF_SGX_BODY_SIZE;
    case HF_QUOTE_BODY_TD10:
        return HF_TD_BODY_10_SIZE;
    case HF_QUOTE_BODY_TD15:
        return HF_TD_BODY_15_SIZE;
    }
    return 0;
}

static void read_header(struct hf_reader *r, struct hf_sgx_quote *q)
{
    q->version = hf_rd_u16le(r);                       /*  0 version */
    q->key_type = hf_rd_u16le(r);                      /*  2 attestation key type */
    q->tee = hf_rd_u32le(r);                           /*  4 TEE type; EPID: group */
    q->word8 = hf_rd_u16le(r);                         /*  8 v3: QE_SVN */
    q->word10 = hf_rd_u16le(r);                        /* 10 v3: PCE_SVN */
    hf_rd_copy(r, q->qe_vendor, sizeof(q->qe_vendor)); /* 12 QE vendor */
    hf_rd_copy(r, q->user_data, sizeof(q->user_data)); /* 28 user data */
}

static hf_err fail_vendor(const struct hf_sgx_quote *q)
{
    char seen[33], known[33];

    for (size_t i = 0; i < sizeof(q->qe_vendor); i++) {
        (void)snprintf(seen + 2 * i, 3, "%02x", q->qe_vendor[i]);
        (void)snprintf(known + 2 * i, 3, "%02x", hf_quote_intel_vendor[i]);
    }
    return hf_fail(HF_E_UNSUPPORTED, "QE vendor %s; known is Intel's %s", seen, known);
}

static hf_err check_header(const struct hf_sgx_quote *q)
{
    if ((q->version == 1 || q->version == 2) && q->key_type <= 1)
        return hf_fail(
            HF_E_UNSUPPORTED,
            "an EPID quote (version %u, signature type %u): Intel ended its attestation service in 2025, and "
            "nobody can check it; DCAP quotes are version 3 to 5",
            q->version, q->key_type);
    if (q->version < 3 || q->version > 5)
        return hf_fail(HF_E_UNSUPPORTED, "quote version %u; known are 3 to 5", q->version);
    if (q->key_type != HF_QUOTE_KEY_P256)
        return hf_fail(HF_E_UNSUPPORTED, "attestation key type %u; known is 2 (ECDSA P-256)", q->key_type);
    if (q->tee != HF_QUOTE_TEE_SGX && (q->tee != HF_QUOTE_TEE_TDX || q->version == 3))
        return hf_fail(HF_E_UNSUPPORTED, "TEE type 0x%x in a quote of version %u; known are 0 (SGX)%s", q->tee,
                       q->version, q->version == 3 ? "" : " and 0x81 (TDX)");
    if (memcmp(q->qe_vendor, hf_quote_intel_vendor, sizeof(q->qe_vendor)) != 0)
        return fail_vendor(q);
    return HF_OK;
}

/* The type and the length of the body, which version 5 tells. */
static hf_err read_body_type(struct hf_reader *r, struct hf_sgx_quote *q)
{
    bool tdx = q->tee == HF_QUOTE_TEE_TDX;
    uint32_t type, size;

    if (q->version < 5) {
        q->body_type = tdx ? HF_QUOTE_BODY_TD10 : HF_QUOTE_BODY_SGX;
        return HF_OK;
    }
    type = hf_rd_u16le(r); /* 48 body type */
    size = hf_rd_u32le(r); /* 50 body size */
    HF_TRY(hf_rd_err(r));
    if (type < HF_QUOTE_BODY_SGX || type > HF_QUOTE_BODY_TD15)
        return hf_fail(HF_E_UNSUPPORTED, "quote body type %u; known are 1 (SGX), 2 (TD 1.0), 3 (TD 1.5)", type);
    q->body_type = (enum hf_quote_body)type;
    if ((q->body_type != HF_QUOTE_BODY_SGX) != tdx)
        return hf_fail(HF_E_FORMAT, "quote body type %u with TEE type 0x%x", type, q->tee);
    if (size != body_size(q->body_type))
        return hf_fail(HF_E_FORMAT, "quote body of type %u has %u bytes; %zu are right", type, size,
                       body_size(q->body_type));
    return HF_OK;
}

/* QE report and what vouches for it: the end of the signature data in version 3, inside certification data 6 after. */
static hf_err read_qe(struct hf_reader *r, struct hf_sgx_quote *q)
{
    q->qe_report = hf_rd_view(r, HF_SGX_BODY_SIZE);
    q->qe_signature = hf_rd_view(r, EC_SIZE);
    q->auth = hf_rd_view(r, hf_rd_u16le(r));
    q->cert_type = hf_rd_u16le(r);
    q->cert = hf_rd_view(r, hf_rd_u32le(r));
    HF_TRY(hf_rd_end(r));
    if (q->cert_type < HF_QUOTE_CERT_PPID || q->cert_type > HF_QUOTE_CERT_MANIFEST ||
        q->cert_type == HF_QUOTE_CERT_QE_REPORT)
        return hf_fail(HF_E_UNSUPPORTED, "certification data type %u of the PCK; known are 1 to 5 and 7", q->cert_type);
    return hf_sgx_body_parse(q->qe_report, &q->qe);
}

static hf_err read_signature(struct hf_reader *r, struct hf_sgx_quote *q)
{
    struct hf_reader inner;
    uint16_t type;

    q->signature = hf_rd_view(r, EC_SIZE);
    q->ak = hf_rd_view(r, EC_SIZE);
    if (q->version == 3)
        return read_qe(r, q);
    type = hf_rd_u16le(r);
    if (hf_rd_err(r) == HF_OK && type != HF_QUOTE_CERT_QE_REPORT)
        return hf_fail(HF_E_UNSUPPORTED, "certification data type %u of a quote of version %u; known is 6 (QE report)",
                       type, q->version);
    inner = hf_rd_sub(r, hf_rd_u32le(r));
    HF_TRY(hf_rd_end(r));
    return read_qe(&inner, q);
}

/* Open Enclave's custom claims (openenclave/host/sgx, serialize_custom_claims): version 1, how many, and for each the
 * sizes of name and value, name, value. */
static bool are_claims(struct hf_bytes in)
{
    struct hf_reader r = hf_reader(in);
    uint64_t version = hf_rd_u64le(&r), n = hf_rd_u64le(&r);

    if (version != 1 || n == 0)
        return false;
    for (; n && hf_rd_err(&r) == HF_OK; n--) {
        uint64_t name = hf_rd_u64le(&r), value = hf_rd_u64le(&r);

        if (name == 0 || name > in.n || value > in.n)
            return false;
        hf_rd_skip(&r, (size_t)name);
        hf_rd_skip(&r, (size_t)value);
    }
    return hf_rd_end(&r) == HF_OK;
}

static hf_err read_behind(struct hf_reader *r, struct hf_sgx_quote *q)
{
    struct hf_bytes rest = hf_rd_rest(r);

    if (are_claims(rest)) {
        q->claims = rest;
        return HF_OK;
    }
    for (size_t i = 0; i < rest.n; i++) {
        if (rest.p[i])
            return hf_fail(HF_E_TRAILING, "%zu bytes behind the quote that are not all zero", rest.n);
    }
    q->padding = rest.n;
    return HF_OK;
}

hf_err hf_sgx_quote_parse(struct hf_bytes in, struct hf_sgx_quote *out)
{
    struct hf_sgx_quote q = {0};
    struct hf_reader r = hf_reader(in), signature;

    read_header(&r, &q);
    HF_TRY(hf_rd_err(&r));
    HF_TRY(check_header(&q));
    HF_TRY(read_body_type(&r, &q));
    q.body = hf_rd_view(&r, body_size(q.body_type));
    q.signed_part = (struct hf_bytes){in.p, hf_rd_at(&r)};
    signature = hf_rd_sub(&r, hf_rd_u32le(&r));
    HF_TRY(hf_rd_err(&r));
    q.header = (struct hf_bytes){in.p, HF_QUOTE_HEADER_SIZE};
    HF_TRY(q.tee == HF_QUOTE_TEE_TDX ? hf_td_body_parse(q.body, &q.td) : hf_sgx_body_parse(q.body, &q.sgx));
    HF_TRY(read_signature(&signature, &q));
    HF_TRY(read_behind(&r, &q));
    *out = q;
    return HF_OK;
}

/* ---- writing ---- */

static hf_err add_u16(struct hf_buf *out, uint16_t v)
{
    uint8_t b[2] = {(uint8_t)v, (uint8_t)(v >> 8)};

    return hf_buf_add(out, HF_BYTES_OF(b));
}

static hf_err add_u32(struct hf_buf *out, size_t v)
{
    HF_TRY(add_u16(out, (uint16_t)v));
    return add_u16(out, (uint16_t)(v >> 16));
}

hf_err hf_sgx_quote_write_signed(const struct hf_sgx_quote *q, struct hf_buf *out)
{
    HF_TRY(add_u16(out, q->version));
    HF_TRY(add_u16(out, q->key_type));
    HF_TRY(add_u32(out, q->tee));
    HF_TRY(add_u16(out, q->word8));
    HF_TRY(add_u16(out, q->word10));
    HF_TRY(hf_buf_add(out, HF_BYTES_OF(q->qe_vendor)));
    HF_TRY(hf_buf_add(out, HF_BYTES_OF(q->user_data)));
    if (q->version == 5) {
        HF_TRY(add_u16(out, (uint16_t)q->body_type));
        HF_TRY(add_u32(out, q->body.n));
    }
    return hf_buf_add(out, q->body);
}

static hf_err write_qe(const struct hf_sgx_quote *q, struct hf_buf *out)
{
    HF_TRY(hf_buf_add(out, q->qe_report));
    HF_TRY(hf_buf_add(out, q->qe_signature));
    HF_TRY(add_u16(out, (uint16_t)q->auth.n));
    HF_TRY(hf_buf_add(out, q->auth));
    HF_TRY(add_u16(out, q->cert_type));
    HF_TRY(add_u32(out, q->cert.n));
    return hf_buf_add(out, q->cert);
}

hf_err hf_sgx_quote_write(const struct hf_sgx_quote *q, struct hf_buf *out)
{
    size_t qe_size = q->qe_report.n + q->qe_signature.n + 2 + q->auth.n + 2 + 4 + q->cert.n;
    size_t nested = q->version == 3 ? 0 : 2 + 4;
    uint8_t *zeros = NULL;

    if (q->auth.n > UINT16_MAX)
        return hf_fail(HF_E_LIMIT, "QE authentication data of %zu bytes; at most 65535 can be told", q->auth.n);
    HF_TRY(hf_sgx_quote_write_signed(q, out));
    HF_TRY(add_u32(out, q->signature.n + q->ak.n + nested + qe_size));
    HF_TRY(hf_buf_add(out, q->signature));
    HF_TRY(hf_buf_add(out, q->ak));
    if (nested) {
        HF_TRY(add_u16(out, HF_QUOTE_CERT_QE_REPORT));
        HF_TRY(add_u32(out, qe_size));
    }
    HF_TRY(write_qe(q, out));
    HF_TRY(hf_buf_add(out, q->claims));
    HF_TRY(hf_buf_grow(out, q->padding, &zeros));
    if (q->padding)
        memset(zeros, 0, q->padding);
    return HF_OK;
}

/* ---- detecting ---- */

/* An EPID quote's signature length is at 432: it fills the rest exactly, so that an SNP report, whose first bytes may
 * be the same, is none. */
static bool is_epid(struct hf_bytes in)
{
    return in.n > MIN_EPID_SIZE && (u16_at(in, 0) == 1 || u16_at(in, 0) == 2) && u16_at(in, 2) <= 1 &&
           u32_at(in, 432) == in.n - MIN_EPID_SIZE;
}

/* A quote by its vendor, or by version, key type and TEE: one of the two may be what is wrong with it. */
static bool is_quote(struct hf_bytes in)
{
    if (in.n < HF_QUOTE_HEADER_SIZE)
        return false;
    return memcmp(in.p + 12, hf_quote_intel_vendor, sizeof(hf_quote_intel_vendor)) == 0 ||
           (u16_at(in, 0) >= 3 && u16_at(in, 0) <= 5 && (u16_at(in, 2) == 2 || u16_at(in, 2) == 3) &&
            (u32_at(in, 4) == HF_QUOTE_TEE_SGX || u32_at(in, 4) == HF_QUOTE_TEE_TDX));
}

static bool detect_sgx(struct hf_bytes in)
{
    return is_epid(in) || (is_quote(in) && u32_at(in, 4) != HF_QUOTE_TEE_TDX);
}

static bool detect_tdx(struct hf_bytes in)
{
    return !is_epid(in) && is_quote(in) && u32_at(in, 4) == HF_QUOTE_TEE_TDX;
}

const struct hf_evidence_format hf_format_sgx_quote = {
    .name = "sgx-quote",
    .family = "sgx",
    .about = "Intel SGX DCAP quote, versions 3 to 5 (EPID quotes are named and refused)",
    .detect = detect_sgx,
    .inspect = hf_sgx_quote_inspect,
};

const struct hf_evidence_format hf_format_tdx_quote = {
    .name = "tdx-quote",
    .family = "tdx",
    .about = "Intel TDX DCAP quote, versions 4 and 5",
    .detect = detect_tdx,
    .inspect = hf_sgx_quote_inspect,
};
