/* A quote told field by field, as far as its bytes go. */
#include "evidence/fields.h"
#include "evidence/sgx_quote.h"

#include <stdio.h>

static void tee_text(uint64_t tee, char *place, size_t size)
{
    (void)snprintf(place, size, "%s", tee == HF_QUOTE_TEE_SGX ? "SGX" : tee == HF_QUOTE_TEE_TDX ? "TDX" : "unknown");
}

static void key_type_text(uint64_t type, char *place, size_t size)
{
    (void)snprintf(place, size, "%s",
                   type == HF_QUOTE_KEY_P256 ? "ECDSA P-256"
                   : type == 3               ? "ECDSA P-384, reserved"
                   : type < 2                ? "EPID"
                                             : "unknown");
}

static void body_text(uint64_t type, char *place, size_t size)
{
    static const char *const names[] = {"unknown", "SGX report", "TD report 1.0", "TD report 1.5"};

    (void)snprintf(place, size, "%s", type < HF_COUNT(names) ? names[type] : names[0]);
}

static void cert_text(uint64_t type, char *place, size_t size)
{
    static const char *const names[] = {
        "unknown",
        "PPID in the clear: the PCK certificate must be fetched",
        "encrypted PPID (RSA-2048): the PCK certificate must be fetched",
        "encrypted PPID (RSA-3072): the PCK certificate must be fetched",
        "PCK certificate",
        "PCK certificate chain, PEM",
        "QE report and what vouches for it",
        "platform manifest",
    };

    (void)snprintf(place, size, "%s", type < HF_COUNT(names) ? names[type] : names[0]);
}

static const struct hf_field header_fields[] = {
    {0, 2, HF_AS_LE, "version", NULL},
    {2, 2, HF_AS_LE, "attestation key type", key_type_text},
    {4, 4, HF_AS_LE, "TEE type", tee_text},
    {8, 2, HF_AS_LE, "QE_SVN (version 3), else reserved", NULL},
    {10, 2, HF_AS_LE, "PCE_SVN (version 3), else reserved", NULL},
    {12, 16, HF_AS_BYTES, "QE vendor", NULL},
    {28, 20, HF_AS_BYTES, "user data", NULL},
};

static const struct hf_field body_type_fields[] = {
    {48, 2, HF_AS_LE, "body type", body_text},
    {50, 4, HF_AS_LE, "body size", NULL},
};

static uint64_t number_at(const struct hf_inspect *i, size_t at, size_t n)
{
    struct hf_bytes b = hf_inspect_part(i, at, n);
    uint64_t v = 0;

    for (size_t k = b.n; k > 0; k--)
        v = v << 8 | b.p[k - 1];
    return v;
}

static size_t tell_number(struct hf_inspect *i, const char *name, size_t at, size_t n,
                          void (*meaning)(uint64_t value, char *place, size_t size))
{
    struct hf_field field = {at, n, HF_AS_LE, name, meaning};

    hf_inspect_fields(i, 0, &field, 1);
    return (size_t)number_at(i, at, n);
}

static size_t tell_bytes(struct hf_inspect *i, const char *name, size_t at, size_t n)
{
    struct hf_bytes part = hf_inspect_part(i, at, n);

    if (part.n < n)
        hf_inspect_bytes(i, name, part, "cut: %zu of %zu bytes", part.n, n);
    else
        hf_inspect_bytes(i, name, part, NULL);
    return at + n;
}

static size_t tell_qe(struct hf_inspect *i, size_t at)
{
    size_t n;

    hf_inspect_open(i, "QE report", hf_inspect_part(i, at, HF_SGX_BODY_SIZE));
    hf_sgx_body_inspect(i, at);
    hf_inspect_close(i);
    at = tell_bytes(i, "QE report signature (PCK)", at + HF_SGX_BODY_SIZE, 64);
    n = tell_number(i, "QE authentication data size", at, 2, NULL);
    at = tell_bytes(i, "QE authentication data", at + 2, n);
    (void)tell_number(i, "certification data type", at, 2, cert_text);
    n = tell_number(i, "certification data size", at + 2, 4, NULL);
    at += 6;
    if (number_at(i, at - 6, 2) == HF_QUOTE_CERT_CHAIN)
        hf_inspect_text(i, "certification data", hf_inspect_part(i, at, n), NULL);
    else
        (void)tell_bytes(i, "certification data", at, n);
    return at + n;
}

/* The body and where it ends. */
static size_t tell_body(struct hf_inspect *i, bool tdx, bool v5)
{
    size_t at = HF_QUOTE_HEADER_SIZE, n = tdx ? HF_TD_BODY_10_SIZE : HF_SGX_BODY_SIZE;

    if (v5) {
        hf_inspect_fields(i, 0, body_type_fields, HF_COUNT(body_type_fields));
        at += 6;
        n = (size_t)number_at(i, 50, 4);
    }
    hf_inspect_open(i, tdx ? "TD report" : "report", hf_inspect_part(i, at, n));
    if (tdx)
        hf_td_body_inspect(i, at, n);
    else
        hf_sgx_body_inspect(i, at);
    hf_inspect_close(i);
    return at + n;
}

hf_err hf_sgx_quote_inspect(struct hf_bytes in, struct hf_inspect *i)
{
    uint64_t version = number_at(i, 0, 2), tee = number_at(i, 4, 4);
    struct hf_sgx_quote q;
    bool claims = hf_sgx_quote_parse(in, &q) == HF_OK && q.claims.n;
    const char *behind = version < 3 ? "signature" : claims ? "custom claims" : "padding";
    size_t at;

    hf_inspect_open(i, "header", hf_inspect_part(i, 0, HF_QUOTE_HEADER_SIZE));
    hf_inspect_fields(i, 0, header_fields, HF_COUNT(header_fields));
    hf_inspect_close(i);
    at = tell_body(i, tee == HF_QUOTE_TEE_TDX, version == 5);
    (void)tell_number(i, "signature data size", at, 4, NULL);
    at += 4;
    if (version >= 3) {
        at = tell_bytes(i, "signature (AK)", at, 64);
        at = tell_bytes(i, "attestation key (AK)", at, 64);
        if (version > 3) {
            (void)tell_number(i, "certification data type", at, 2, cert_text);
            (void)tell_number(i, "certification data size", at + 2, 4, NULL);
            at += 6;
        }
        at = tell_qe(i, at);
    }
    if (at < i->whole.n)
        hf_inspect_bytes(i, behind, hf_inspect_part(i, at, i->whole.n - at), NULL);
    return hf_sgx_quote_parse(in, &q); /* again: why it does not fit must be the last word */
}
