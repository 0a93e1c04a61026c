/* Extensions of certificates (RFC 5280, 4.2). */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "crypto/asn1.h"
#include "crypto/x509.h"
#include "crypto/x509_i.h"

static bool listed(const struct hf_extension *ext, size_t n, struct hf_bytes oid)
{
    for (size_t i = 0; i < n; i++) {
        if (hf_bytes_equal(ext[i].oid, oid))
            return true;
    }
    return false;
}

hf_err hf_extensions_parse(struct hf_bytes in, struct hf_extension **out, size_t *n)
{
    HF_CLEANUP(hf_free) struct hf_extension *ext = NULL;
    struct hf_reader r = hf_reader(in);
    size_t count = 0;

    while (hf_rd_more(&r)) {
        struct hf_reader one = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);
        struct hf_extension e = {.oid = hf_asn1_take(&one, HF_ASN1_OID).body};

        if (hf_asn1_next_is(&one, HF_ASN1_BOOLEAN))
            e.critical = hf_asn1_bool(&one);
        e.value = hf_asn1_take(&one, HF_ASN1_OCTETS).body;
        HF_TRY(hf_rd_end(&one));
        if (count == HF_EXTENSIONS_MAX)
            return hf_fail(HF_E_LIMIT, "more than %d extensions", HF_EXTENSIONS_MAX);
        if (listed(ext, count, e.oid)) {
            char oid[HF_OID_TEXT];

            hf_oid_text(e.oid, oid);
            return hf_fail(HF_E_FORMAT, "the extension %s stands there twice", oid);
        }
        HF_TRY(hf_realloc((count + 1) * sizeof(*ext), &ext));
        ext[count++] = e;
    }
    HF_TRY(hf_rd_end(&r));
    *out = hf_take(ext);
    *n = count;
    return HF_OK;
}

hf_err hf_authority_id_parse(struct hf_bytes value, struct hf_bytes *out)
{
    struct hf_reader r = hf_reader(value);
    struct hf_reader seq = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);

    if (hf_asn1_next_is(&seq, HF_ASN1_CONTEXT(0)))
        *out = hf_asn1_any(&seq).body;
    while (hf_rd_more(&seq)) /* authorityCertIssuer and its serial number: names of the issuer's own issuer */
        (void)hf_asn1_any(&seq);
    HF_TRY(hf_rd_end(&seq));
    return hf_rd_end(&r);
}

static hf_err basic_read(struct hf_bytes value, struct hf_cert *c)
{
    struct hf_reader r = hf_reader(value);
    struct hf_reader seq = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);
    uint64_t len;

    c->has_basic = true;
    if (hf_asn1_next_is(&seq, HF_ASN1_BOOLEAN))
        c->ca = hf_asn1_bool(&seq);
    if (hf_rd_more(&seq)) {
        len = hf_asn1_u64(&seq);
        c->path_len = len > 255 ? 255 : (int)len;
    }
    HF_TRY(hf_rd_end(&seq));
    return hf_rd_end(&r);
}

static hf_err usage_read(struct hf_bytes value, struct hf_cert *c)
{
    struct hf_reader r = hf_reader(value);

    c->has_key_usage = true;
    c->key_usage = hf_asn1_named_bits(&r);
    return hf_rd_end(&r);
}

static hf_err subject_id_read(struct hf_bytes value, struct hf_cert *c)
{
    struct hf_reader r = hf_reader(value);

    c->subject_id = hf_asn1_take(&r, HF_ASN1_OCTETS).body;
    return hf_rd_end(&r);
}

static hf_err authority_id_read(struct hf_bytes value, struct hf_cert *c)
{
    return hf_authority_id_parse(value, &c->authority_id);
}

static hf_err eku_read(struct hf_bytes value, struct hf_cert *c)
{
    struct hf_reader r = hf_reader(value);
    struct hf_reader list;

    c->eku = hf_asn1_take(&r, HF_ASN1_SEQUENCE).body;
    list = hf_reader(c->eku);
    while (hf_rd_more(&list))
        (void)hf_asn1_take(&list, HF_ASN1_OID);
    HF_TRY(hf_rd_end(&list));
    return hf_rd_end(&r);
}

static hf_err san_read(struct hf_bytes value, struct hf_cert *c)
{
    struct hf_reader r = hf_reader(value);
    struct hf_reader list;

    c->san = hf_asn1_take(&r, HF_ASN1_SEQUENCE).body;
    list = hf_reader(c->san);
    while (hf_rd_more(&list))
        (void)hf_asn1_any(&list);
    HF_TRY(hf_rd_end(&list));
    return hf_rd_end(&r);
}

static const struct row {
    const char *oid;
    const char *name;
    hf_err (*read)(struct hf_bytes value, struct hf_cert *c);
} rows[] = {
    {"2.5.29.14", "subjectKeyIdentifier", subject_id_read},
    {"2.5.29.15", "keyUsage", usage_read},
    {"2.5.29.17", "subjectAltName", san_read},
    {"2.5.29.19", "basicConstraints", basic_read},
    {"2.5.29.35", "authorityKeyIdentifier", authority_id_read},
    {"2.5.29.37", "extKeyUsage", eku_read},
};

hf_err hf_cert_extensions_read(struct hf_cert *c)
{
    for (size_t i = 0; i < c->n_ext; i++) {
        char oid[HF_OID_TEXT];

        hf_oid_text(c->ext[i].oid, oid);
        for (size_t j = 0; j < HF_COUNT(rows); j++) {
            if (strcmp(rows[j].oid, oid) == 0 && rows[j].read(c->ext[i].value, c) != HF_OK)
                return hf_fail(HF_E_FORMAT, "the extension %s is malformed", rows[j].name);
        }
    }
    return HF_OK;
}

const struct hf_extension *hf_cert_ext(const struct hf_cert *cert, const char *oid)
{
    for (size_t i = 0; i < cert->n_ext; i++) {
        if (hf_oid_is(cert->ext[i].oid, oid))
            return &cert->ext[i];
    }
    return NULL;
}

bool hf_cert_has_eku(const struct hf_cert *cert, const char *oid)
{
    struct hf_reader r = hf_reader(cert->eku);

    while (hf_rd_more(&r)) {
        if (hf_oid_is(hf_asn1_take(&r, HF_ASN1_OID).body, oid))
            return true;
    }
    return false;
}

/* The i-th URI among AccessDescriptions of one method (RFC 5280 4.2.2.1). */
static hf_err access_url(struct hf_bytes value, const char *method, size_t i, struct hf_bytes *out)
{
    struct hf_reader r = hf_reader(value);
    struct hf_reader list = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);

    while (hf_rd_more(&list)) {
        struct hf_reader one = hf_asn1_enter(&list, HF_ASN1_SEQUENCE);
        struct hf_bytes oid = hf_asn1_take(&one, HF_ASN1_OID).body;
        struct hf_element place = hf_asn1_any(&one);

        HF_TRY(hf_rd_end(&one));
        if (place.tag != HF_ASN1_CONTEXT(HF_NAME_URI) || !hf_oid_is(oid, method) || i-- > 0)
            continue;
        *out = place.body;
        return HF_OK;
    }
    HF_TRY(hf_rd_end(&list));
    return hf_fail(HF_E_NOT_FOUND, "the certificate has no (more) URL of this kind");
}

/* The i-th fullName URI of all DistributionPoints (RFC 5280 4.2.1.13). */
static hf_err crl_url(struct hf_bytes value, size_t i, struct hf_bytes *out)
{
    struct hf_reader r = hf_reader(value);
    struct hf_reader list = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);

    while (hf_rd_more(&list)) {
        struct hf_reader point = hf_asn1_enter(&list, HF_ASN1_SEQUENCE);
        struct hf_reader name;
        struct hf_reader full;

        if (!hf_asn1_next_is(&point, HF_ASN1_CONTEXT_CONS(0)))
            continue;
        name = hf_asn1_enter(&point, HF_ASN1_CONTEXT_CONS(0));
        if (!hf_asn1_next_is(&name, HF_ASN1_CONTEXT_CONS(0)))
            continue;
        full = hf_asn1_enter(&name, HF_ASN1_CONTEXT_CONS(0));
        while (hf_rd_more(&full)) {
            struct hf_element e = hf_asn1_any(&full);

            if (e.tag != HF_ASN1_CONTEXT(HF_NAME_URI) || i-- > 0)
                continue;
            *out = e.body;
            return HF_OK;
        }
        HF_TRY(hf_rd_end(&full));
    }
    HF_TRY(hf_rd_end(&list));
    return hf_fail(HF_E_NOT_FOUND, "the certificate has no (more) CRL URL");
}

hf_err hf_cert_url(const struct hf_cert *cert, enum hf_cert_url which, size_t i, struct hf_bytes *out)
{
    const struct hf_extension *e = hf_cert_ext(cert, which == HF_URL_CRL ? "2.5.29.31" : "1.3.6.1.5.5.7.1.1");

    if (!e)
        return hf_fail(HF_E_NOT_FOUND, "the certificate has no URL of this kind");
    if (which == HF_URL_CRL)
        return crl_url(e->value, i, out);
    return access_url(e->value, which == HF_URL_OCSP ? "1.3.6.1.5.5.7.48.1" : "1.3.6.1.5.5.7.48.2", i, out);
}

static hf_err general_name(const struct hf_element *e, struct hf_general_name *out)
{
    struct hf_general_name name = {.kind = e->tag & 0x1f, .value = e->body};
    struct hf_reader r = hf_reader(e->body);
    struct hf_reader value;

    if (name.kind == HF_NAME_DIRECTORY) { /* [4] EXPLICIT: Name is a CHOICE */
        name.value = hf_asn1_take(&r, HF_ASN1_SEQUENCE).whole;
        HF_TRY(hf_rd_end(&r));
    } else if (name.kind == HF_NAME_OTHER) { /* [0] IMPLICIT SEQUENCE { type-id, [0] EXPLICIT value } */
        name.oid = hf_asn1_take(&r, HF_ASN1_OID).body;
        value = hf_asn1_enter(&r, HF_ASN1_CONTEXT_CONS(0));
        name.value = hf_rd_rest(&value);
        HF_TRY(hf_rd_end(&r));
    }
    *out = name;
    return HF_OK;
}

hf_err hf_cert_san(const struct hf_cert *cert, size_t i, struct hf_general_name *out)
{
    struct hf_reader r = hf_reader(cert->san);
    size_t at = 0;

    while (hf_rd_more(&r)) {
        struct hf_element e = hf_asn1_any(&r);

        if (at++ == i)
            return general_name(&e, out);
    }
    return hf_fail(HF_E_NOT_FOUND, "the certificate has %zu alternative names", at);
}
