/*
 * Intel's collateral as people keep it: answers of the provisioning service, with or without HTTP headers; JSON that
 * holds them as objects or texts beside issuer chains and lists (hex, base64, numbers, URL-encoded); Open Enclave's
 * endorsements (host/sgx/endorsements.h); the memory of Intel's quote verification library (sgx_ql_qve_collateral_t).
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/der.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "evidence/intel_identity.h"
#include "evidence/intel_tcb.h"
#include "verify/endorsements.h"

#include <ctype.h>

hf_endorsement_reader hf_intel_endorsements;

#define DEPTH_MAX 8           /* texts within texts, objects within objects */
#define TEXT_MIN 64           /* shorter texts hold nothing */
#define PEM_MARK "-----BEGIN" /* also where spaces are %20 */

struct collect {
    struct hf_endorsements *set;
    const char *source;
    size_t whole; /* bytes that were given: what is handed on must be fewer, or it would come back for ever */
    unsigned depth;
    bool found;
};

static hf_err collect_text(struct collect *c, struct hf_bytes text);
static hf_err collect_value(struct collect *c, struct hf_json_value v);

/* ---- documents ---- */

static hf_err parse_tcb_info(struct hf_bytes in, void **out)
{
    struct hf_tcb_info *info = NULL;

    HF_TRY(hf_tcb_info_parse(in, &info));
    *out = info;
    return HF_OK;
}

static void free_tcb_info(void *address)
{
    hf_tcb_info_free(address);
}

static hf_err parse_identity(struct hf_bytes in, void **out)
{
    struct hf_identity *identity = NULL;

    HF_TRY(hf_identity_parse(in, &identity));
    *out = identity;
    return HF_OK;
}

static void free_identity(void *address)
{
    hf_identity_free(address);
}

static bool has(struct hf_json_value object, const char *key, struct hf_json_value *out)
{
    return hf_json_get(object, key, out) == HF_OK;
}

/* An answer of the service: a document with its signature. *known: it is one. */
static hf_err collect_document(struct collect *c, struct hf_json_value v, bool *known)
{
    struct hf_json_value inner, signature;

    *known = has(v, "signature", &signature);
    if (*known && has(v, "tcbInfo", &inner) && inner.type == HF_JSON_OBJECT) {
        c->found = true;
        return hf_endorsements_add_document(c->set, HF_ENDORSEMENT_TCB_INFO, v.raw, c->source, parse_tcb_info,
                                            free_tcb_info);
    }
    if (*known && has(v, "enclaveIdentity", &inner) && inner.type == HF_JSON_OBJECT) {
        c->found = true;
        return hf_endorsements_add_document(c->set, HF_ENDORSEMENT_IDENTITY, v.raw, c->source, parse_identity,
                                            free_identity);
    }
    if (*known && has(v, "tcbEvaluationDataNumbers", &inner)) {
        c->found = true; /* which data sets there are: nothing that a verdict rests on */
        return HF_OK;
    }
    *known = false;
    return HF_OK;
}

/* A document without its wrapper, its signature under another key: put together again, the signed bytes untouched. */
static hf_err rejoin(struct collect *c, const char *name, struct hf_bytes inner, struct hf_json_value signature)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf whole = {0}, sig = {0};

    if (signature.type == HF_JSON_TEXT) {
        HF_TRY(hf_json_as_text(signature, &sig));
    } else {
        for (struct hf_json_iter it = hf_json_iter(signature); hf_json_next(&it);) {
            uint64_t byte;

            HF_TRY(hf_json_as_u64(it.value, UINT8_MAX, &byte));
            HF_TRY(hf_buf_printf(&sig, "%02x", (unsigned)byte));
        }
    }
    HF_TRY(hf_buf_printf(&whole, "{\"%s\":", name));
    HF_TRY(hf_buf_add(&whole, inner));
    HF_TRY(hf_buf_printf(&whole, ",\"signature\":\"%.*s\"}", (int)sig.n, (const char *)sig.p));
    return collect_text(c, hf_buf_bytes(&whole));
}

/* Bundles that keep document and signature side by side: {"tcb_info": "{...}", "tcb_info_signature": "..."}. */
static hf_err collect_pairs(struct collect *c, struct hf_json_value v)
{
    static const char *const pairs[][3] = {{"tcb_info", "tcb_info_signature", "tcbInfo"},
                                           {"tcbInfo", "tcbInfoSignature", "tcbInfo"},
                                           {"tcb_info_raw", "tcb_info_signature", "tcbInfo"},
                                           {"qe_identity", "qe_identity_signature", "enclaveIdentity"},
                                           {"qeIdentity", "qeIdentitySignature", "enclaveIdentity"},
                                           {"enclaveIdentity", "enclaveIdentitySignature", "enclaveIdentity"}};
    struct hf_json_value inner, signature;

    for (size_t i = 0; i < HF_COUNT(pairs); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

        if (!has(v, pairs[i][0], &inner) || !has(v, pairs[i][1], &signature))
            continue;
        if (inner.type == HF_JSON_TEXT)
            HF_TRY(hf_json_as_text(inner, &text));
        HF_TRY(rejoin(c, pairs[i][2], inner.type == HF_JSON_TEXT ? hf_buf_bytes(&text) : inner.raw, signature));
    }
    return HF_OK;
}

/* ---- JSON around them ---- */

/* Bytes written as an array of numbers. */
static hf_err collect_numbers(struct collect *c, struct hf_json_value v)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};

    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        uint64_t number;
        uint8_t byte;

        if (it.value.type != HF_JSON_NUMBER || hf_json_as_u64(it.value, UINT8_MAX, &number) != HF_OK)
            return HF_OK;
        byte = (uint8_t)number;
        HF_TRY(hf_buf_add(&bytes, (struct hf_bytes){&byte, 1}));
    }
    return collect_text(c, hf_buf_bytes(&bytes));
}

static hf_err collect_nested(struct collect *c, struct hf_json_value v)
{
    bool known = false;

    if (v.type == HF_JSON_OBJECT) {
        HF_TRY(collect_document(c, v, &known));
        if (known)
            return HF_OK;
        HF_TRY(collect_pairs(c, v));
    }
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        if (v.type == HF_JSON_ARRAY && it.index == 0 && it.value.type == HF_JSON_NUMBER)
            return collect_numbers(c, v);
        HF_TRY(collect_value(c, it.value));
    }
    return HF_OK;
}

static hf_err collect_value(struct collect *c, struct hf_json_value v)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    hf_err err;

    if (v.raw.n < TEXT_MIN || (v.type != HF_JSON_TEXT && v.type != HF_JSON_ARRAY && v.type != HF_JSON_OBJECT))
        return HF_OK;
    if (c->depth == DEPTH_MAX)
        return hf_fail(HF_E_LIMIT, "%s: more than %d values within each other", c->source, DEPTH_MAX);
    c->depth++;
    if (v.type == HF_JSON_TEXT) {
        err = hf_json_as_text(v, &text);
        if (err == HF_OK)
            err = collect_text(c, hf_buf_bytes(&text));
    } else {
        err = collect_nested(c, v);
    }
    c->depth--;
    return err;
}

/* ---- texts and bytes ---- */

static struct hf_bytes trimmed(struct hf_bytes in)
{
    while (in.n && (in.p[in.n - 1] == 0 || isspace(in.p[in.n - 1])))
        in.n--;
    while (in.n && isspace(in.p[0])) {
        in.p++;
        in.n--;
    }
    return in;
}

static bool begins(struct hf_bytes in, const char *with)
{
    return in.n >= strlen(with) && memcmp(in.p, with, strlen(with)) == 0;
}

static bool holds(struct hf_bytes in, const char *what)
{
    return memmem(in.p, in.n, what, strlen(what)) != NULL;
}

/* %XX turned into bytes; anything else as it is. */
static hf_err url_decode(struct hf_bytes in, struct hf_buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        uint8_t byte = in.p[i];

        if (byte == '%' && i + 2 < in.n && hf_hex_parse_exact((struct hf_bytes){in.p + i + 1, 2}, &byte, 1) == HF_OK)
            i += 2;
        HF_TRY(hf_buf_add(out, (struct hf_bytes){&byte, 1}));
    }
    return HF_OK;
}

/* Bytes that something else than this reader may know: a chain, a list. What nobody knows is passed over. */
static hf_err collect_known(struct collect *c, struct hf_bytes in)
{
    hf_err err = in.n && in.n < c->whole ? hf_endorsements_add(c->set, in, c->source) : HF_E_FORMAT;

    c->found |= err == HF_OK;
    return err == HF_E_FORMAT || err == HF_E_TRUNCATED || err == HF_E_UNSUPPORTED ? HF_OK : err;
}

static hf_err collect_pem(struct collect *c, struct hf_bytes text)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf plain = {0};

    HF_TRY(holds(text, "-----BEGIN%20") ? url_decode(text, &plain) : hf_buf_add(&plain, text));
    if (!hf_pem_is(hf_buf_bytes(&plain)) || memchr(plain.p, 0, plain.n))
        return HF_OK;
    return collect_known(c, hf_buf_bytes(&plain));
}

static hf_err collect_json(struct collect *c, struct hf_bytes text)
{
    struct hf_json_value v;

    HF_TRY(hf_json_parse(text, &v));
    return collect_value(c, v);
}

/* Hex or base64 of DER. */
static hf_err collect_encoded(struct collect *c, struct hf_bytes text)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};

    hf_err err = hf_hex_parse(text, &bytes);

    if (err == HF_E_FORMAT)
        err = hf_base64_parse_loose(text, &bytes);
    if (err != HF_OK)
        return err == HF_E_FORMAT ? HF_OK : err;
    return bytes.n && bytes.p[0] == 0x30 ? collect_known(c, hf_buf_bytes(&bytes)) : HF_OK;
}

static hf_err collect_text(struct collect *c, struct hf_bytes text)
{
    struct hf_reader r = hf_reader(text);
    struct hf_der der;

    if (text.n < TEXT_MIN)
        return HF_OK;
    if (text.p[0] == 0x30 && text.p[1] >= 0x80) /* a SEQUENCE of some length; '0' is never followed so in texts */
        return hf_der_next(&r, &der) == HF_OK && trimmed(hf_rd_rest(&r)).n == 0 ? collect_known(c, der.whole) : HF_OK;
    text = trimmed(text);
    if (text.n < TEXT_MIN)
        return HF_OK;
    if (text.p[0] == '{')
        return collect_json(c, text);
    if (begins(text, PEM_MARK))
        return collect_pem(c, text);
    return collect_encoded(c, text);
}

/* ---- an HTTP answer ---- */

static bool is_header(struct hf_bytes line)
{
    const uint8_t *colon = line.n ? memchr(line.p, ':', line.n) : NULL;

    for (const uint8_t *p = line.p; colon && p < colon; p++) {
        if (!isalnum(*p) && *p != '-' && *p != '_')
            return false;
    }
    return colon && colon > line.p;
}

static struct hf_bytes take_line(struct hf_bytes *in)
{
    const uint8_t *end = memchr(in->p, '\n', in->n);
    struct hf_bytes line = {in->p, end ? (size_t)(end - in->p) : in->n};

    in->p += line.n + (end ? 1 : 0);
    in->n -= line.n + (end ? 1 : 0);
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    return line;
}

/* A status line or a header, headers (of which issuer chains count), an empty line, the body. */
static hf_err collect_http(struct collect *c, struct hf_bytes in, bool *known)
{
    struct hf_bytes rest = in, line = take_line(&rest);
    bool any = begins(line, "HTTP/");

    if (any)
        line = rest.n ? take_line(&rest) : (struct hf_bytes){0};
    for (; line.n; line = rest.n ? take_line(&rest) : (struct hf_bytes){0}) {
        const uint8_t *colon;

        if (!is_header(line))
            return HF_OK;
        colon = memchr(line.p, ':', line.n);
        any = true;
        if (holds(line, PEM_MARK))
            HF_TRY(collect_text(c, (struct hf_bytes){colon + 1, (size_t)(line.p + line.n - colon - 1)}));
    }
    *known = any;
    return any ? collect_text(c, rest) : HF_OK;
}

/* ---- binary bundles ---- */

/* Open Enclave: version 1, type 2, bytes that follow, 9 offsets into them. */
static hf_err collect_openenclave(struct collect *c, struct hf_bytes in, bool *known)
{
    enum { ITEMS = 9, HEAD = 16 + 4 * ITEMS };
    struct hf_reader r = hf_reader(in);
    uint32_t offset[ITEMS + 1];

    if (in.n < HEAD || hf_rd_u32le(&r) != 1 || hf_rd_u32le(&r) != 2)
        return HF_OK;
    offset[ITEMS] = hf_rd_u32le(&r);
    if (hf_rd_u32le(&r) != ITEMS)
        return HF_OK;
    *known = true;
    for (size_t i = 0; i < ITEMS; i++)
        offset[i] = hf_rd_u32le(&r);
    if (offset[ITEMS] > in.n - 16)
        return hf_fail(HF_E_TRUNCATED, "Open Enclave endorsements of %u bytes, have %zu", offset[ITEMS], in.n - 16);
    offset[ITEMS] = (uint32_t)(in.n - HEAD);
    for (size_t i = 0; i < ITEMS; i++) { /* all of them first: none lies beyond the last */
        if (offset[i] > offset[i + 1])
            return hf_fail(HF_E_FORMAT, "Open Enclave endorsements: item %zu ends before it begins", i);
    }
    for (size_t i = 0; i < ITEMS; i++)
        HF_TRY(collect_text(c, (struct hf_bytes){in.p + HEAD + offset[i], offset[i + 1] - offset[i]}));
    return HF_OK;
}

/* Intel's library: version, TEE, seven pointers with sizes, then the seven items one after another. */
static hf_err collect_memory(struct collect *c, struct hf_bytes in, bool *known)
{
    enum { ITEMS = 7, HEAD = 8 + 16 * ITEMS };
    struct hf_reader r = hf_reader(in);
    uint32_t version = hf_rd_u16le(&r), minor = hf_rd_u16le(&r), tee = hf_rd_u32le(&r), size[ITEMS];
    size_t at = HEAD;

    if (in.n < HEAD || version < 1 || version > 4 || minor > 1 || (tee != 0 && tee != 0x81))
        return HF_OK;
    for (size_t i = 0; i < ITEMS; i++) {
        (void)hf_rd_u64le(&r);
        size[i] = hf_rd_u32le(&r);
        if (hf_rd_u32le(&r) != 0 || size[i] > in.n - at)
            return HF_OK;
        at += size[i];
    }
    if (at != in.n)
        return HF_OK;
    *known = true;
    for (size_t i = 0, from = HEAD; i < ITEMS; from += size[i++])
        HF_TRY(collect_text(c, (struct hf_bytes){in.p + from, size[i]}));
    return HF_OK;
}

static bool is_one_der(struct hf_bytes in)
{
    struct hf_reader r = hf_reader(in);
    struct hf_der der;

    return in.p[0] == 0x30 && hf_der_next(&r, &der) == HF_OK && der.whole.n == in.n;
}

hf_err hf_intel_endorsements(struct hf_endorsements *set, struct hf_bytes in, const char *source, bool *known)
{
    struct collect c = {.set = set, .source = source, .whole = in.n};
    struct hf_bytes text = trimmed(in);
    bool binary = false;

    *known = false;
    if (in.n < TEXT_MIN || text.n < TEXT_MIN || is_one_der(in))
        return HF_OK; /* DER of another kind: asking again about all of it would never end */
    HF_TRY(collect_openenclave(&c, in, &binary));
    if (!binary)
        HF_TRY(collect_memory(&c, in, &binary));
    if (!binary && isalpha(text.p[0]))
        HF_TRY(collect_http(&c, in, &binary));
    if (!binary && text.p[0] == '{' && hf_json_check(text) == HF_OK)
        HF_TRY(collect_json(&c, text));
    else if (!binary && text.p[0] != '{' && isprint(text.p[0]))
        HF_TRY(collect_text(&c, text));
    *known = c.found;
    return HF_OK;
}
