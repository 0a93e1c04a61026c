/* Certificates: the outer form, and the fields of tbsCertificate (RFC 5280, 4.1). */
#include "crypto/x509.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/hex.h"
#include "codec/pem.h"
#include "crypto/asn1.h"
#include "crypto/x509_i.h"

struct hf_cert *hf_cert_share(struct hf_cert *cert)
{
    if (cert)
        (void)__atomic_add_fetch(&cert->owners, 1, __ATOMIC_RELAXED);
    return cert;
}

void hf_cert_free(struct hf_cert **cert)
{
    struct hf_cert *gone = hf_take(*cert);

    if (!gone || __atomic_sub_fetch(&gone->owners, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    hf_buf_free(&gone->copy);
    hf_free(&gone->serial_hex);
    hf_free(&gone->issuer_text);
    hf_free(&gone->subject_text);
    hf_pubkey_free(&gone->key);
    hf_free(&gone->ext);
    hf_free(&gone);
}

hf_err hf_signed_parse(struct hf_reader *r, struct hf_signed *out)
{
    struct hf_element outer = hf_asn1_take(r, HF_ASN1_SEQUENCE);
    struct hf_reader in = hf_reader(outer.body);
    struct hf_signed s = {.whole = outer.whole};

    HF_TRY(hf_rd_err(r));
    s.tbs = hf_asn1_take(&in, HF_ASN1_SEQUENCE).whole;
    s.alg = hf_asn1_take(&in, HF_ASN1_SEQUENCE).whole;
    s.signature = hf_asn1_bits(&in);
    HF_TRY(hf_rd_end(&in));
    *out = s;
    return HF_OK;
}

hf_err hf_signed_verify(const struct hf_signed *s, const struct hf_sig_alg *alg, struct hf_bytes oid,
                        const struct hf_pubkey *key)
{
    char text[HF_OID_TEXT];

    if (alg->scheme == HF_SIG_NONE) {
        hf_oid_text(oid, text);
        return hf_fail(HF_E_UNSUPPORTED, "the signature algorithm %s is not known", text);
    }
    return hf_pubkey_verify_message(key, alg, s->tbs, s->signature);
}

hf_err hf_cert_verify(const struct hf_cert *child, const struct hf_pubkey *key)
{
    struct hf_signed s = {.tbs = child->tbs, .signature = child->signature};

    return hf_signed_verify(&s, &child->sig_alg, child->sig_oid, key);
}

bool hf_cert_self_issued(const struct hf_cert *cert)
{
    return hf_bytes_equal(cert->issuer, cert->subject);
}

bool hf_cert_may_issue(const struct hf_cert *issuer, const struct hf_cert *child)
{
    if (!hf_bytes_equal(issuer->subject, child->issuer))
        return false;
    return child->authority_id.n == 0 || issuer->subject_id.n == 0 ||
           hf_bytes_equal(child->authority_id, issuer->subject_id);
}

hf_err hf_name_new_text(struct hf_bytes name, char **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char *p = NULL;

    HF_TRY(hf_name_text(name, &text));
    HF_TRY(hf_buf_text(&text, &p));
    return hf_strdup(p, out);
}

static hf_err serial_text(struct hf_bytes serial, char **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char *p = NULL;

    if (serial.n > 1 && serial.p[0] == 0)
        serial = (struct hf_bytes){serial.p + 1, serial.n - 1};
    HF_TRY(hf_hex_write(serial, &text));
    HF_TRY(hf_buf_text(&text, &p));
    return hf_strdup(p, out);
}

/* Version, [0] EXPLICIT INTEGER { v1(0), v2(1), v3(2) } DEFAULT v1. */
static unsigned version(struct hf_reader *tbs)
{
    struct hf_reader field;
    uint64_t v;

    if (!hf_asn1_next_is(tbs, HF_ASN1_CONTEXT_CONS(0)))
        return 1;
    field = hf_asn1_enter(tbs, HF_ASN1_CONTEXT_CONS(0));
    v = hf_asn1_u64(&field);
    if (hf_rd_end(&field) != HF_OK || v > 2)
        hf_rd_fail(tbs, HF_E_FORMAT, "a certificate of a version that is not 1, 2 or 3");
    return (unsigned)(v + 1) & 3;
}

/* X.690 8.3.2: minimal octets. Zero and negative numbers exist in the field, and are only compared. */
static struct hf_bytes serial_number(struct hf_reader *tbs)
{
    struct hf_bytes b = hf_asn1_take(tbs, HF_ASN1_INTEGER).body;

    if (hf_rd_err(tbs) == HF_OK &&
        (b.n == 0 || b.n > 64 ||
         (b.n > 1 && ((b.p[0] == 0 && !(b.p[1] & 0x80)) || (b.p[0] == 0xff && (b.p[1] & 0x80))))))
        hf_rd_fail(tbs, HF_E_FORMAT, "a serial number of %zu octets that is not minimal", b.n);
    return b;
}

static hf_err tbs_parse(struct hf_cert *c, struct hf_bytes outer_alg, struct hf_bytes *exts)
{
    struct hf_reader r = hf_reader(c->tbs);
    struct hf_reader tbs = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);
    struct hf_reader validity;
    struct hf_reader field;
    struct hf_bytes alg;

    c->version = version(&tbs);
    c->serial = serial_number(&tbs);
    alg = hf_asn1_take(&tbs, HF_ASN1_SEQUENCE).whole;
    c->issuer = hf_asn1_take(&tbs, HF_ASN1_SEQUENCE).whole;
    validity = hf_asn1_enter(&tbs, HF_ASN1_SEQUENCE);
    c->not_before = hf_asn1_time(&validity);
    c->not_after = hf_asn1_time(&validity);
    c->subject = hf_asn1_take(&tbs, HF_ASN1_SEQUENCE).whole;
    c->spki = hf_asn1_take(&tbs, HF_ASN1_SEQUENCE).whole;
    HF_TRY(hf_rd_err(&tbs));
    HF_TRY(hf_rd_end(&validity));
    for (uint8_t id = 1; id <= 2; id++) { /* issuerUniqueID, subjectUniqueID */
        if (c->version >= 2 && hf_asn1_next_is(&tbs, (uint8_t)HF_ASN1_CONTEXT(id)))
            (void)hf_asn1_any(&tbs);
    }
    if (c->version == 3 && hf_rd_more(&tbs)) {
        field = hf_asn1_enter(&tbs, HF_ASN1_CONTEXT_CONS(3));
        *exts = hf_asn1_take(&field, HF_ASN1_SEQUENCE).body;
        HF_TRY(hf_rd_end(&field));
    }
    HF_TRY(hf_rd_end(&tbs));
    if (!hf_bytes_equal(alg, outer_alg))
        return hf_fail(HF_E_FORMAT, "the certificate names one signature algorithm inside and another outside");
    return hf_sig_alg_parse(alg, &c->sig_alg, &c->sig_oid);
}

static hf_err digests(struct hf_cert *c)
{
    struct hf_digest d = {0};

    HF_TRY(hf_hash_one(HF_SHA256, c->der, &d));
    memcpy(c->sha256, d.bytes, sizeof(c->sha256));
    HF_TRY(hf_hash_one(HF_SHA256, c->spki, &d));
    memcpy(c->spki_sha256, d.bytes, sizeof(c->spki_sha256));
    return HF_OK;
}

static hf_err names(struct hf_cert *c, bool tolerant)
{
    HF_TRY(hf_name_check(c->issuer, &c->set_disorder));
    HF_TRY(hf_name_check(c->subject, &c->set_disorder));
    if (c->set_disorder && !tolerant)
        return hf_fail(HF_E_FORMAT, "a SET OF in a name of the certificate is not sorted, as DER asks");
    HF_TRY(hf_name_new_text(c->issuer, &c->issuer_text));
    return hf_name_new_text(c->subject, &c->subject_text);
}

/* One certificate off a reader. */
static hf_err cert_take(struct hf_reader *r, bool tolerant, bool alone, struct hf_cert **out)
{
    HF_CLEANUP(hf_cert_free) struct hf_cert *c = NULL;
    struct hf_reader probe = *r;
    struct hf_bytes whole = hf_asn1_take(&probe, HF_ASN1_SEQUENCE).whole;
    struct hf_signed s = {0};
    struct hf_bytes exts = {NULL, 0};
    struct hf_reader own;

    HF_TRY(hf_rd_err(&probe));
    if (alone && !tolerant)
        HF_TRY(hf_rd_end(&probe));
    if (whole.n > HF_CERT_BYTES_MAX)
        return hf_fail(HF_E_LIMIT, "a certificate of %zu bytes, at most %zu are taken", whole.n, HF_CERT_BYTES_MAX);
    HF_TRY(hf_alloc(sizeof(*c), &c));
    c->owners = 1;
    HF_TRY(hf_buf_set(&c->copy, whole));
    own = hf_reader(hf_buf_bytes(&c->copy));
    HF_TRY(hf_signed_parse(&own, &s));
    c->der = s.whole;
    c->tbs = s.tbs;
    c->signature = s.signature;
    c->path_len = -1;
    HF_TRY(tbs_parse(c, s.alg, &exts));
    HF_TRY(names(c, tolerant));
    HF_TRY(serial_text(c->serial, &c->serial_hex));
    HF_TRY(hf_extensions_parse(exts, &c->ext, &c->n_ext));
    HF_TRY(hf_cert_extensions_read(c));
    HF_TRY(hf_pubkey_from_spki(c->spki, &c->key));
    HF_TRY(digests(c));
    *r = probe;
    *out = hf_take(c);
    return HF_OK;
}

hf_err hf_cert_parse(struct hf_bytes der, struct hf_cert **out)
{
    struct hf_reader r = hf_reader(der);

    return cert_take(&r, false, true, out);
}

hf_err hf_cert_parse_tolerant(struct hf_bytes der, struct hf_cert **out)
{
    struct hf_reader r = hf_reader(der);

    HF_TRY(cert_take(&r, true, true, out));
    (*out)->trailing = hf_rd_left(&r);
    return HF_OK;
}

void hf_certs_free(struct hf_certs *list)
{
    for (size_t i = 0; i < list->n; i++)
        hf_cert_free(&list->cert[i]);
    hf_free(&list->cert);
    list->n = 0;
}

hf_err hf_certs_add(struct hf_certs *list, struct hf_cert *cert)
{
    if (list->n >= HF_CERTS_MAX)
        return hf_fail(HF_E_LIMIT, "more than %d certificates", HF_CERTS_MAX);
    HF_TRY(hf_realloc((list->n + 1) * sizeof(struct hf_cert *), &list->cert));
    list->cert[list->n++] = hf_cert_share(cert);
    return HF_OK;
}

static hf_err read_pem(struct hf_bytes text, bool tolerant, struct hf_certs *list)
{
    size_t before = list->n;
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    struct hf_reader r = hf_reader(text);
    struct hf_pem pem = {0};

    for (;;) {
        HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
        struct hf_bytes bytes;
        hf_err err = hf_pem_next(&r, &pem, &der);

        if (err == HF_E_NOT_FOUND)
            break;
        HF_TRY(err);
        if (!hf_bytes_equal(pem.label, hf_bytes_text("CERTIFICATE")))
            continue;
        bytes = hf_buf_bytes(&der);
        HF_TRY(tolerant ? hf_cert_parse_tolerant(bytes, &cert) : hf_cert_parse(bytes, &cert));
        HF_TRY(hf_certs_add(list, cert));
    }
    return list->n > before ? HF_OK : hf_fail(HF_E_NOT_FOUND, "the PEM text holds no certificate");
}

static hf_err read_der(struct hf_bytes in, bool tolerant, struct hf_certs *list)
{
    struct hf_reader r = hf_reader(in);

    do {
        HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;

        HF_TRY(cert_take(&r, tolerant, false, &cert));
        HF_TRY(hf_certs_add(list, cert));
    } while (hf_rd_more(&r));
    return HF_OK;
}

static hf_err read_either(struct hf_bytes in, bool tolerant, struct hf_certs *list)
{
    size_t before = list->n;
    hf_err err = hf_pem_is(in) ? read_pem(in, tolerant, list) : read_der(in, tolerant, list);

    while (err != HF_OK && list->n > before)
        hf_cert_free(&list->cert[--list->n]);
    return err;
}

hf_err hf_certs_read(struct hf_bytes in, struct hf_certs *list)
{
    return read_either(in, false, list);
}

hf_err hf_certs_read_tolerant(struct hf_bytes in, struct hf_certs *list)
{
    return read_either(in, true, list);
}

hf_err hf_cert_to_pem(const struct hf_cert *cert, struct hf_buf *out)
{
    return hf_pem_write("CERTIFICATE", cert->der, out);
}
