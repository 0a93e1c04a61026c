/* Revocation lists (RFC 5280, 5): form, entries, and what they say about a certificate. */
#include "crypto/crl.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "crypto/asn1.h"
#include "codec/pem.h"
#include "crypto/x509_i.h"

#include <stdlib.h>

#define CRL_BYTES_MAX ((size_t)64 << 20)

void hf_crl_free(struct hf_crl **crl)
{
    struct hf_crl *gone = hf_take(*crl);

    if (!gone)
        return;
    hf_buf_free(&gone->copy);
    hf_free(&gone->issuer_text);
    hf_free(&gone->entry);
    hf_free(&gone);
}

static hf_err refuse_extension(const char *what, const char *oid)
{
    return hf_fail(HF_E_UNSUPPORTED, "the revocation list has %s %s, which is not supported", what, oid);
}

static hf_err reason_parse(struct hf_bytes value, int *out)
{
    struct hf_reader r = hf_reader(value);
    struct hf_bytes b = hf_asn1_take(&r, HF_ASN1_ENUMERATED).body;

    HF_TRY(hf_rd_end(&r));
    if (b.n != 1 || b.p[0] > 10 || b.p[0] == 7)
        return hf_fail(HF_E_FORMAT, "a revocation reason of %zu octets that is not 0 to 6, 8 to 10", b.n);
    if (b.p[0] == 8)
        return hf_fail(HF_E_UNSUPPORTED, "an entry removeFromCRL, which only delta lists have");
    *out = b.p[0];
    return HF_OK;
}

static hf_err entry_extensions(struct hf_bytes in, struct hf_crl_entry *entry)
{
    HF_CLEANUP(hf_free) struct hf_extension *ext = NULL;
    size_t n = 0;

    HF_TRY(hf_extensions_parse(in, &ext, &n));
    for (size_t i = 0; i < n; i++) {
        char oid[HF_OID_TEXT];

        hf_oid_text(ext[i].oid, oid);
        if (strcmp(oid, "2.5.29.21") == 0)
            HF_TRY(reason_parse(ext[i].value, &entry->reason));
        else if (strcmp(oid, "2.5.29.29") == 0) /* certificateIssuer: an indirect list */
            return refuse_extension("an entry with the extension", oid);
        else if (ext[i].critical && strcmp(oid, "2.5.29.24") != 0) /* invalidityDate */
            return refuse_extension("an entry with the critical extension", oid);
    }
    return HF_OK;
}

static int serial_order(struct hf_bytes a, struct hf_bytes b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

static int entry_order(const void *a, const void *b)
{
    return serial_order(((const struct hf_crl_entry *)a)->serial, ((const struct hf_crl_entry *)b)->serial);
}

static hf_err entries_parse(struct hf_bytes in, struct hf_crl *crl)
{
    struct hf_reader r = hf_reader(in);
    size_t room = 0;

    while (hf_rd_more(&r)) {
        struct hf_reader one = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);
        struct hf_crl_entry e = {.reason = -1};

        e.serial = hf_asn1_take(&one, HF_ASN1_INTEGER).body;
        e.date = hf_asn1_time(&one);
        HF_TRY(hf_rd_err(&one));
        if (e.serial.n == 0)
            return hf_fail(HF_E_FORMAT, "an entry without a serial number");
        if (hf_rd_more(&one))
            HF_TRY(entry_extensions(hf_asn1_take(&one, HF_ASN1_SEQUENCE).body, &e));
        HF_TRY(hf_rd_end(&one));
        if (crl->n == room) {
            room = room ? 2 * room : 64;
            HF_TRY(hf_realloc(room * sizeof(e), &crl->entry));
        }
        crl->entry[crl->n++] = e;
    }
    HF_TRY(hf_rd_end(&r));
    if (crl->n)
        qsort(crl->entry, crl->n, sizeof(crl->entry[0]), entry_order);
    return HF_OK;
}

/* BOOLEAN under an implicit tag, true when present and not zero. */
static bool flag(struct hf_reader *r, unsigned n)
{
    struct hf_bytes b;

    if (!hf_asn1_next_is(r, (uint8_t)HF_ASN1_CONTEXT(n)))
        return false;
    b = hf_asn1_any(r).body;
    if (b.n != 1)
        hf_rd_fail(r, HF_E_FORMAT, "a BOOLEAN of %zu octets", b.n);
    return b.n == 1 && b.p[0] != 0;
}

/* IssuingDistributionPoint (RFC 5280 5.2.5). */
static hf_err scope_parse(struct hf_bytes value, struct hf_crl *crl)
{
    struct hf_reader r = hf_reader(value);
    struct hf_reader seq = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);
    struct hf_reader name;
    bool partial;

    if (hf_asn1_next_is(&seq, HF_ASN1_CONTEXT_CONS(0))) {
        crl->has_point = true;
        name = hf_asn1_enter(&seq, HF_ASN1_CONTEXT_CONS(0));
        if (hf_asn1_next_is(&name, HF_ASN1_CONTEXT_CONS(0)))
            crl->point = hf_asn1_any(&name).body;
    }
    crl->users_only = flag(&seq, 1);
    crl->cas_only = flag(&seq, 2);
    partial = hf_asn1_next_is(&seq, HF_ASN1_CONTEXT(3)); /* onlySomeReasons */
    if (partial)
        (void)hf_asn1_any(&seq);
    partial |= flag(&seq, 4); /* indirectCRL */
    partial |= flag(&seq, 5); /* onlyContainsAttributeCerts */
    HF_TRY(hf_rd_end(&seq));
    HF_TRY(hf_rd_end(&r));
    return partial ? hf_fail(HF_E_UNSUPPORTED, "the list is indirect, of some reasons, or of attribute certificates")
                   : HF_OK;
}

static hf_err number_parse(struct hf_bytes value, struct hf_crl *crl)
{
    struct hf_reader r = hf_reader(value);

    crl->number = hf_asn1_uint(&r);
    return hf_rd_end(&r);
}

static hf_err list_extensions(struct hf_bytes in, struct hf_crl *crl)
{
    HF_CLEANUP(hf_free) struct hf_extension *ext = NULL;
    size_t n = 0;

    HF_TRY(hf_extensions_parse(in, &ext, &n));
    for (size_t i = 0; i < n; i++) {
        char oid[HF_OID_TEXT];

        hf_oid_text(ext[i].oid, oid);
        if (strcmp(oid, "2.5.29.35") == 0)
            HF_TRY(hf_authority_id_parse(ext[i].value, &crl->authority_id));
        else if (strcmp(oid, "2.5.29.20") == 0)
            HF_TRY(number_parse(ext[i].value, crl));
        else if (strcmp(oid, "2.5.29.28") == 0)
            HF_TRY(scope_parse(ext[i].value, crl));
        else if (strcmp(oid, "2.5.29.27") == 0) /* deltaCRLIndicator */
            return refuse_extension("the extension", oid);
        else if (ext[i].critical)
            return refuse_extension("the critical extension", oid);
    }
    return HF_OK;
}

static bool next_is_time(const struct hf_reader *r)
{
    return hf_asn1_next_is(r, HF_ASN1_UTC_TIME) || hf_asn1_next_is(r, HF_ASN1_TIME);
}

static hf_err tbs_parse(struct hf_crl *crl, struct hf_bytes outer_alg)
{
    struct hf_reader r = hf_reader(crl->tbs);
    struct hf_reader tbs = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);
    struct hf_reader field;
    struct hf_bytes alg;
    bool v2 = hf_asn1_next_is(&tbs, HF_ASN1_INTEGER);

    if (v2 && hf_asn1_u64(&tbs) != 1)
        return hf_fail(HF_E_FORMAT, "a revocation list of a version that is not 1 or 2");
    alg = hf_asn1_take(&tbs, HF_ASN1_SEQUENCE).whole;
    crl->issuer = hf_asn1_take(&tbs, HF_ASN1_SEQUENCE).whole;
    crl->this_update = hf_asn1_time(&tbs);
    crl->has_next_update = next_is_time(&tbs);
    if (crl->has_next_update)
        crl->next_update = hf_asn1_time(&tbs);
    HF_TRY(hf_rd_err(&tbs));
    if (!hf_bytes_equal(alg, outer_alg))
        return hf_fail(HF_E_FORMAT, "the list names one signature algorithm inside and another outside");
    HF_TRY(hf_sig_alg_parse(alg, &crl->sig_alg, &crl->sig_oid));
    if (hf_asn1_next_is(&tbs, HF_ASN1_SEQUENCE))
        HF_TRY(entries_parse(hf_asn1_any(&tbs).body, crl));
    if (v2 && hf_asn1_next_is(&tbs, HF_ASN1_CONTEXT_CONS(0))) {
        field = hf_asn1_enter(&tbs, HF_ASN1_CONTEXT_CONS(0));
        HF_TRY(list_extensions(hf_asn1_take(&field, HF_ASN1_SEQUENCE).body, crl));
        HF_TRY(hf_rd_end(&field));
    }
    return hf_rd_end(&tbs);
}

static hf_err parse_der(struct hf_bytes in, struct hf_crl **out)
{
    HF_CLEANUP(hf_crl_free) struct hf_crl *crl = NULL;
    struct hf_signed s = {0};
    struct hf_digest d = {0};
    struct hf_reader r;
    bool disorder = false;

    if (in.n > CRL_BYTES_MAX)
        return hf_fail(HF_E_LIMIT, "a revocation list of %zu bytes, at most %zu are taken", in.n, CRL_BYTES_MAX);
    HF_TRY(hf_alloc(sizeof(*crl), &crl));
    HF_TRY(hf_buf_set(&crl->copy, in));
    r = hf_reader(hf_buf_bytes(&crl->copy));
    HF_TRY(hf_signed_parse(&r, &s));
    HF_TRY(hf_rd_end(&r));
    crl->der = s.whole;
    crl->tbs = s.tbs;
    crl->signature = s.signature;
    HF_TRY(tbs_parse(crl, s.alg));
    HF_TRY(hf_name_check(crl->issuer, &disorder)); /* compared as bytes: the order does not matter */
    HF_TRY(hf_name_new_text(crl->issuer, &crl->issuer_text));
    HF_TRY(hf_hash_one(HF_SHA256, crl->der, &d));
    memcpy(crl->sha256, d.bytes, sizeof(crl->sha256));
    *out = hf_take(crl);
    return HF_OK;
}

hf_err hf_crl_parse(struct hf_bytes in, struct hf_crl **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    if (!hf_pem_is(in))
        return parse_der(in, out);
    HF_TRY(hf_pem_find(in, "X509 CRL", &der));
    return parse_der(hf_buf_bytes(&der), out);
}

const struct hf_crl_entry *hf_crl_find(const struct hf_crl *crl, struct hf_bytes serial)
{
    struct hf_crl_entry want = {.serial = serial};

    return crl->n ? bsearch(&want, crl->entry, crl->n, sizeof(want), entry_order) : NULL;
}
