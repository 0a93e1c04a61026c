/* Saved reports of Intel's attestation service. */
#include "evidence/ias_report.h"
#include "base/cleanup.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "codec/json_read.h"
#include "evidence/sgx_report.h"
#include "evidence/table.h"

#include <stdio.h>
#include <strings.h>

#define HEADERS_MAX 32768
#define SIGNATURE_HEADER "x-iasreport-signature:"
#define CHAIN_HEADER "x-iasreport-signing-certificate:"

void hf_ias_report_free(struct hf_ias_report *r)
{
    hf_buf_free(&r->body);
    hf_buf_free(&r->signature);
    hf_buf_free(&r->chain);
    hf_buf_free(&r->nonce);
    hf_buf_free(&r->advisories);
}

/* ---- the HTTP response ---- */

/* The next line without its end; false at the end of the input. */
static bool next_line(struct hf_bytes *rest, struct hf_bytes *line)
{
    const uint8_t *end;

    if (rest->n == 0)
        return false;
    end = memchr(rest->p, '\n', rest->n);
    *line = (struct hf_bytes){rest->p, end ? (size_t)(end - rest->p) : rest->n};
    *rest = end ? (struct hf_bytes){end + 1, rest->n - line->n - 1} : (struct hf_bytes){0};
    if (line->n && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

/* The value of a header line of this name, without spaces around it. */
static bool header_is(struct hf_bytes line, const char *name, struct hf_bytes *value)
{
    size_t n = strlen(name);

    if (line.n < n || strncasecmp((const char *)line.p, name, n) != 0)
        return false;
    *value = (struct hf_bytes){line.p + n, line.n - n};
    while (value->n && value->p[0] == ' ')
        *value = (struct hf_bytes){value->p + 1, value->n - 1};
    while (value->n && value->p[value->n - 1] == ' ')
        value->n--;
    return true;
}

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Percent-encoding (RFC 3986, 2.1). */
static hf_err unescape(struct hf_bytes in, struct hf_buf *out)
{
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i];

        if (c == '%') {
            if (in.n - i < 3 || hex_digit(in.p[i + 1]) < 0 || hex_digit(in.p[i + 2]) < 0)
                return hf_fail(HF_E_FORMAT, "the signing certificate's header has a %% without two hex digits");
            c = (uint8_t)(hex_digit(in.p[i + 1]) << 4 | hex_digit(in.p[i + 2]));
            i += 2;
        }
        HF_TRY(hf_buf_add(out, (struct hf_bytes){&c, 1}));
    }
    return HF_OK;
}

/* Do lines before the first empty one have the signature's header? */
static bool is_response(struct hf_bytes in)
{
    struct hf_bytes rest = {in.p, in.n < HEADERS_MAX ? in.n : HEADERS_MAX}, line, value;

    if (in.n == 0 || in.p[0] < ' ' || in.p[0] > '~') /* binary evidence is not looked through for lines */
        return false;
    while (next_line(&rest, &line) && line.n) {
        if (header_is(line, SIGNATURE_HEADER, &value))
            return true;
    }
    return false;
}

static hf_err read_response(struct hf_bytes in, struct hf_ias_report *r)
{
    struct hf_bytes rest = in, line, value;

    while (next_line(&rest, &line) && line.n) {
        if (header_is(line, SIGNATURE_HEADER, &value) && r->signature.n == 0)
            HF_TRY(hf_base64_parse(value, &r->signature));
        else if (header_is(line, CHAIN_HEADER, &value) && r->chain.n == 0)
            HF_TRY(unescape(value, &r->chain));
    }
    return hf_buf_add(&r->body, rest);
}

/* ---- JSON ---- */

static bool is_json(struct hf_bytes in)
{
    struct hf_json_value top, member;

    return in.n && in.p[0] != '\r' && memmem(in.p, in.n, "\"certificates\"", 14) && hf_json_parse(in, &top) == HF_OK &&
           hf_json_get(top, "report", &member) == HF_OK && member.type == HF_JSON_TEXT &&
           hf_json_get(top, "signature", &member) == HF_OK && hf_json_get(top, "certificates", &member) == HF_OK;
}

static hf_err read_json(struct hf_bytes in, struct hf_ias_report *r)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json_value top, report, signature, chain;

    HF_TRY(hf_json_parse(in, &top));
    HF_TRY(hf_json_get(top, "report", &report));
    HF_TRY(hf_json_get(top, "signature", &signature));
    HF_TRY(hf_json_get(top, "certificates", &chain));
    HF_TRY(hf_json_as_base64(signature, &r->signature));
    HF_TRY(hf_json_as_text(chain, &r->chain));
    HF_TRY(hf_json_as_text(report, &text));
    if (text.n && text.p[0] == '{')
        return hf_buf_add(&r->body, hf_buf_bytes(&text));
    return hf_base64_parse(hf_buf_bytes(&text), &r->body);
}

/* ---- the body ---- */

/* "2018-07-19T19:58:27.504101", UTC without saying so. */
static hf_err read_time(struct hf_json_value v, hf_time *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char fixed[24];

    HF_TRY(hf_json_as_text(v, &text));
    if (text.n < 19)
        return hf_fail(HF_E_FORMAT, "a timestamp of %zu characters", text.n);
    (void)snprintf(fixed, sizeof(fixed), "%.19sZ", (const char *)text.p);
    return hf_time_parse(fixed, out);
}

static hf_err read_advisories(struct hf_json_value list, struct hf_buf *out)
{
    for (struct hf_json_iter it = hf_json_iter(list); hf_json_next(&it);) {
        if (out->n)
            HF_TRY(hf_buf_add(out, hf_bytes_text(",")));
        HF_TRY(hf_json_as_text(it.value, out));
    }
    return HF_OK;
}

static hf_err read_status(struct hf_json_value v, char out[48])
{
    struct hf_bytes word = v.type == HF_JSON_TEXT ? hf_json_quoted(v) : (struct hf_bytes){0};

    if (word.n == 0 || word.n >= 48)
        return hf_fail(HF_E_FORMAT, "isvEnclaveQuoteStatus is no word");
    (void)snprintf(out, 48, "%.*s", (int)word.n, (const char *)word.p);
    return HF_OK;
}

static hf_err read_body(struct hf_ias_report *r)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf quote = {0};
    struct hf_json_value top, v;

    HF_TRY(hf_json_parse(hf_buf_bytes(&r->body), &top));
    HF_TRY(hf_json_get(top, "isvEnclaveQuoteStatus", &v));
    HF_TRY(read_status(v, r->status));
    HF_TRY(hf_json_get(top, "timestamp", &v));
    HF_TRY(read_time(v, &r->at));
    r->version = 2; /* older ones do not say */
    if (hf_json_get(top, "version", &v) == HF_OK)
        HF_TRY(hf_json_as_u64(v, UINT16_MAX, &r->version));
    HF_TRY(hf_json_get(top, "isvEnclaveQuoteBody", &v));
    HF_TRY(hf_json_as_base64(v, &quote));
    if (quote.n != HF_IAS_QUOTE_SIZE)
        return hf_fail(HF_E_FORMAT, "isvEnclaveQuoteBody has %zu bytes; %d are right", quote.n, HF_IAS_QUOTE_SIZE);
    memcpy(r->quote, quote.p, sizeof(r->quote));
    if (hf_json_get(top, "nonce", &v) == HF_OK)
        HF_TRY(hf_json_as_text(v, &r->nonce));
    if (hf_json_get(top, "advisoryIDs", &v) == HF_OK)
        HF_TRY(read_advisories(v, &r->advisories));
    return HF_OK;
}

hf_err hf_ias_report_parse(struct hf_bytes in, struct hf_ias_report *out)
{
    HF_CLEANUP(hf_ias_report_free) struct hf_ias_report r = {0};

    HF_TRY(is_response(in) ? read_response(in, &r) : read_json(in, &r));
    HF_TRY(read_body(&r));
    *out = r;
    r = (struct hf_ias_report){0};
    return HF_OK;
}

hf_err hf_ias_report_write(const struct hf_ias_report *r, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf chain = {0};
    struct hf_json j = hf_json(out, false);
    char *text = NULL;

    HF_TRY(hf_buf_add(&chain, hf_buf_bytes(&r->chain)));
    HF_TRY(hf_buf_text(&chain, &text));
    hf_json_object(&j, NULL);
    hf_json_base64(&j, "report", hf_buf_bytes(&r->body));
    hf_json_base64(&j, "signature", hf_buf_bytes(&r->signature));
    hf_json_text(&j, "certificates", text);
    hf_json_close(&j);
    return hf_json_end(&j);
}

/* ---- as a kind ---- */

static bool detect(struct hf_bytes in)
{
    return is_response(in) || is_json(in);
}

static hf_err inspect(struct hf_bytes in, struct hf_inspect *i)
{
    HF_CLEANUP(hf_ias_report_free) struct hf_ias_report r = {0};
    char at[HF_TIME_TEXT];

    HF_TRY(hf_ias_report_parse(in, &r));
    hf_time_write(r.at, at);
    hf_inspect_number(i, "version", (struct hf_bytes){0}, r.version, NULL);
    hf_inspect_text(i, "timestamp", hf_bytes_text(at), NULL);
    hf_inspect_text(i, "isvEnclaveQuoteStatus", hf_bytes_text(r.status), NULL);
    hf_inspect_text(i, "advisoryIDs", hf_buf_bytes(&r.advisories), NULL);
    hf_inspect_text(i, "nonce", hf_buf_bytes(&r.nonce), NULL);
    hf_inspect_bytes(i, "isvEnclaveQuoteBody", HF_BYTES_OF(r.quote), "EPID quote, its header and report");
    hf_inspect_bytes(i, "signature", hf_buf_bytes(&r.signature), NULL);
    hf_inspect_text(i, "certificates", hf_buf_bytes(&r.chain), NULL);
    return HF_OK;
}

const struct hf_evidence_format hf_format_ias_report = {
    .name = "ias-report",
    .family = "sgx",
    .about = "saved report of Intel's attestation service (EPID), which ended in 2025",
    .detect = detect,
    .inspect = inspect,
};
