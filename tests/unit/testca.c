/* Certificates and revocation lists for tests. */
#include "testca.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "codec/hex.h"
#include "crypto/asn1.h"

#include <stdio.h>
#include <stdlib.h>

static const char *type_oid(const char *type, size_t n)
{
    static const struct {
        const char *type;
        const char *oid;
    } rows[] = {{"CN", "2.5.4.3"},
                {"C", "2.5.4.6"},
                {"L", "2.5.4.7"},
                {"ST", "2.5.4.8"},
                {"O", "2.5.4.10"},
                {"OU", "2.5.4.11"},
                {"serialNumber", "2.5.4.5"},
                {"tpmManufacturer", "2.23.133.2.1"},
                {"tpmModel", "2.23.133.2.2"},
                {"tpmVersion", "2.23.133.2.3"}};

    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (strlen(rows[i].type) == n && memcmp(rows[i].type, type, n) == 0)
            return rows[i].oid;
    }
    return NULL;
}

/* One "TYPE=value"; gives what follows it. */
static hf_err attribute(const char **at, struct hf_buf *out)
{
    size_t type = strcspn(*at, "=");
    const char *value = *at + type + 1;
    size_t n;
    size_t start = out->n;
    char dotted[HF_OID_TEXT];

    if ((*at)[type] != '=' || type >= sizeof(dotted))
        return hf_fail(HF_E_ARG, "\"%s\" is not TYPE=value", *at);
    (void)snprintf(dotted, sizeof(dotted), "%.*s", (int)type, *at);
    n = strcspn(value, ",+");
    HF_TRY(hf_asn1_add_oid(out, type_oid(*at, type) ? type_oid(*at, type) : dotted));
    HF_TRY(hf_asn1_add(out, type == 1 && **at == 'C' ? HF_ASN1_PRINTABLE : HF_ASN1_UTF8,
                       (struct hf_bytes){(const uint8_t *)value, n}));
    *at = value + n;
    return hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE);
}

hf_err testca_name(const char *text, struct hf_buf *out)
{
    size_t start = out->n;
    const char *at = text;

    while (*at) {
        size_t set = out->n;

        HF_TRY(attribute(&at, out));
        while (*at == '+') {
            at++;
            HF_TRY(attribute(&at, out));
        }
        HF_TRY(hf_asn1_wrap(out, set, HF_ASN1_SET));
        at += *at == ',';
    }
    return hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE);
}

static hf_err extension(const char *oid, bool critical, struct hf_bytes value, struct hf_buf *out)
{
    static const uint8_t yes[1] = {0xff};
    size_t start = out->n;

    HF_TRY(hf_asn1_add_oid(out, oid));
    if (critical)
        HF_TRY(hf_asn1_add(out, HF_ASN1_BOOLEAN, HF_BYTES_OF(yes)));
    HF_TRY(hf_asn1_add(out, HF_ASN1_OCTETS, value));
    return hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE);
}

static hf_err ext_basic(const struct testca_spec *spec, struct hf_buf *out)
{
    static const uint8_t yes[1] = {0xff};
    HF_CLEANUP(hf_buf_free) struct hf_buf v = {0};

    if (spec->ca)
        HF_TRY(hf_asn1_add(&v, HF_ASN1_BOOLEAN, HF_BYTES_OF(yes)));
    if (spec->has_path_len)
        HF_TRY(hf_asn1_add_u64(&v, (uint64_t)spec->path_len));
    HF_TRY(hf_asn1_wrap(&v, 0, HF_ASN1_SEQUENCE));
    return extension("2.5.29.19", true, hf_buf_bytes(&v), out);
}

static hf_err ext_usage(uint16_t usage, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf v = {0};
    uint8_t bits[3] = {0};
    unsigned top = 15;

    while (!(usage & 1u << top))
        top--;
    for (unsigned i = 0; i < 16; i++)
        bits[1 + i / 8] = (uint8_t)(bits[1 + i / 8] | ((usage >> i & 1) << (7 - i % 8)));
    bits[0] = (uint8_t)(7 - top % 8);
    HF_TRY(hf_asn1_add(&v, HF_ASN1_BITS, (struct hf_bytes){bits, top < 8 ? 2 : 3}));
    return extension("2.5.29.15", true, hf_buf_bytes(&v), out);
}

static hf_err ext_eku(const struct testca_spec *spec, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf v = {0};

    for (size_t i = 0; i < HF_COUNT(spec->eku) && spec->eku[i]; i++)
        HF_TRY(hf_asn1_add_oid(&v, spec->eku[i]));
    HF_TRY(hf_asn1_wrap(&v, 0, HF_ASN1_SEQUENCE));
    return extension("2.5.29.37", false, hf_buf_bytes(&v), out);
}

/* DistributionPointName { fullName { URI } } */
static hf_err point(const char *url, struct hf_buf *out)
{
    size_t start = out->n;

    HF_TRY(hf_asn1_add(out, HF_ASN1_CONTEXT(6), hf_bytes_text(url)));
    HF_TRY(hf_asn1_wrap(out, start, HF_ASN1_CONTEXT_CONS(0)));
    return hf_asn1_wrap(out, start, HF_ASN1_CONTEXT_CONS(0));
}

static hf_err ext_points(const char *url, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf v = {0};

    HF_TRY(point(url, &v));
    HF_TRY(hf_asn1_wrap(&v, 0, HF_ASN1_SEQUENCE));
    HF_TRY(hf_asn1_wrap(&v, 0, HF_ASN1_SEQUENCE));
    return extension("2.5.29.31", false, hf_buf_bytes(&v), out);
}

hf_err testca_scope(const char *url, unsigned flag, struct hf_buf *out)
{
    static const uint8_t yes[1] = {0xff};
    size_t start = out->n;

    if (url)
        HF_TRY(point(url, out));
    if (flag)
        HF_TRY(hf_asn1_add(out, (uint8_t)HF_ASN1_CONTEXT(flag), HF_BYTES_OF(yes)));
    return hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE);
}

/* Identifiers as SHA-256 of the key, cut to 20 bytes (RFC 7093). */
static hf_err ext_ids(const struct hf_pubkey *subject, struct hf_bytes authority, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf v = {0};
    uint8_t id[32];

    HF_TRY(hf_pubkey_spki_sha256(subject, id));
    HF_TRY(hf_asn1_add(&v, HF_ASN1_OCTETS, (struct hf_bytes){id, 20}));
    HF_TRY(extension("2.5.29.14", false, hf_buf_bytes(&v), out));
    if (authority.n == 0)
        return HF_OK;
    v.n = 0;
    HF_TRY(hf_asn1_add(&v, HF_ASN1_CONTEXT(0), authority));
    HF_TRY(hf_asn1_wrap(&v, 0, HF_ASN1_SEQUENCE));
    return extension("2.5.29.35", false, hf_buf_bytes(&v), out);
}

static hf_err extensions(const struct testca_spec *spec, const struct hf_cert *issuer, const struct hf_pubkey *subject,
                         struct hf_buf *out)
{
    size_t start = out->n;

    if (!spec->no_basic)
        HF_TRY(ext_basic(spec, out));
    if (spec->key_usage)
        HF_TRY(ext_usage(spec->key_usage, out));
    if (spec->eku[0])
        HF_TRY(ext_eku(spec, out));
    if (spec->crl_url)
        HF_TRY(ext_points(spec->crl_url, out));
    if (!spec->no_key_ids)
        HF_TRY(ext_ids(subject, issuer ? issuer->subject_id : (struct hf_bytes){NULL, 0}, out));
    for (size_t i = 0; i < spec->n_ext; i++)
        HF_TRY(extension(spec->ext[i].oid, spec->ext[i].critical, spec->ext[i].value, out));
    if (out->n == start)
        return HF_OK;
    HF_TRY(hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE));
    return hf_asn1_wrap(out, start, HF_ASN1_CONTEXT_CONS(3));
}

static struct hf_sig_alg fitting(struct hf_sig_alg asked, const struct hf_privkey *key)
{
    const struct hf_pubkey *pub = hf_privkey_public(key);

    if (asked.scheme)
        return asked;
    if (hf_pubkey_kind(pub) == HF_KEY_RSA)
        return (struct hf_sig_alg){.scheme = HF_SIG_RSASSA, .hash = HF_SHA256};
    if (hf_pubkey_kind(pub) == HF_KEY_ED25519)
        return (struct hf_sig_alg){.scheme = HF_SIG_ED25519};
    return (struct hf_sig_alg){.scheme = HF_SIG_ECDSA_DER,
                               .hash = hf_pubkey_curve(pub) == HF_P384 ? HF_SHA384 : HF_SHA256};
}

/* SEQUENCE { tbs, algorithm, signature } appended. */
static hf_err seal(struct hf_bytes tbs, const struct hf_sig_alg *alg, const struct hf_sig_alg *outer,
                   const struct hf_privkey *key, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    size_t start = out->n;

    HF_TRY(hf_privkey_sign_message(key, alg, tbs, &sig));
    HF_TRY(hf_buf_add(out, tbs));
    HF_TRY(hf_sig_alg_write(outer->scheme ? outer : alg, out));
    HF_TRY(hf_asn1_add_bits(out, hf_buf_bytes(&sig)));
    return hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE);
}

static hf_err validity(hf_time from, hf_time until, struct hf_buf *out)
{
    size_t start = out->n;

    HF_TRY(hf_asn1_add_time(out, from || until ? from : TESTCA_FROM));
    HF_TRY(hf_asn1_add_time(out, from || until ? until : TESTCA_UNTIL));
    return hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE);
}

static hf_err serial(const char *hex, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf v = {0};

    HF_TRY(hf_hex_parse(hf_bytes_text(hex ? hex : "01"), &v));
    return hf_asn1_add(out, HF_ASN1_INTEGER, hf_buf_bytes(&v));
}

static hf_err subject_name(const struct testca_spec *spec, struct hf_buf *out)
{
    if (spec->subject_der.n)
        return hf_buf_add(out, spec->subject_der);
    return testca_name(spec->subject ? spec->subject : "CN=test", out);
}

hf_err testca_issue(const struct testca_spec *spec, const struct hf_privkey *issuer_key,
                    const struct hf_cert *issuer_cert, const struct hf_pubkey *subject_key, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf tbs = {0};
    struct hf_sig_alg alg = fitting(spec->sig, issuer_key);

    if (spec->version != 1) {
        HF_TRY(hf_asn1_add_u64(&tbs, spec->version ? spec->version - 1 : 2));
        HF_TRY(hf_asn1_wrap(&tbs, 0, HF_ASN1_CONTEXT_CONS(0)));
    }
    HF_TRY(serial(spec->serial, &tbs));
    HF_TRY(hf_sig_alg_write(&alg, &tbs));
    if (spec->issuer_name)
        HF_TRY(testca_name(spec->issuer_name, &tbs));
    else if (issuer_cert)
        HF_TRY(hf_buf_add(&tbs, issuer_cert->subject));
    else
        HF_TRY(subject_name(spec, &tbs));
    HF_TRY(validity(spec->from, spec->until, &tbs));
    HF_TRY(subject_name(spec, &tbs));
    HF_TRY(hf_pubkey_to_spki(subject_key, &tbs));
    if (spec->version != 1)
        HF_TRY(extensions(spec, issuer_cert, subject_key, &tbs));
    HF_TRY(hf_asn1_wrap(&tbs, 0, HF_ASN1_SEQUENCE));
    return seal(hf_buf_bytes(&tbs), &alg, &spec->sig_outer, issuer_key, out);
}

void testca_free(struct testca *ca)
{
    hf_privkey_free(&ca->key);
    hf_cert_free(&ca->cert);
}

static hf_err new_key(const struct testca_spec *spec, struct hf_privkey **out)
{
    if (spec->rsa_bits)
        return hf_privkey_generate_rsa(spec->rsa_bits, out);
    if (spec->ed25519)
        return hf_privkey_generate_ed25519(out);
    return hf_privkey_generate_ec(spec->curve ? spec->curve : HF_P256, out);
}

hf_err testca_new(const struct testca_spec *spec, const struct testca *issuer, struct testca *out)
{
    HF_CLEANUP(testca_free) struct testca ca = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    HF_TRY(new_key(spec, &ca.key));
    HF_TRY(testca_issue(spec, issuer ? issuer->key : ca.key, issuer ? issuer->cert : NULL, hf_privkey_public(ca.key),
                        &der));
    HF_TRY(hf_cert_parse_tolerant(hf_buf_bytes(&der), &ca.cert));
    *out = ca;
    ca = (struct testca){0};
    return HF_OK;
}

static hf_err revoked(const struct testca_revoked *entry, struct hf_buf *out)
{
    size_t start = out->n;
    size_t exts;

    HF_TRY(serial(entry->serial, out));
    HF_TRY(hf_asn1_add_time(out, entry->date ? entry->date : TESTCA_FROM));
    exts = out->n;
    if (entry->reason >= 0) {
        uint8_t value[3] = {HF_ASN1_ENUMERATED, 1, (uint8_t)entry->reason};

        HF_TRY(extension("2.5.29.21", false, HF_BYTES_OF(value), out));
    }
    if (entry->ext.oid)
        HF_TRY(extension(entry->ext.oid, entry->ext.critical, entry->ext.value, out));
    if (out->n > exts)
        HF_TRY(hf_asn1_wrap(out, exts, HF_ASN1_SEQUENCE));
    return hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE);
}

static hf_err crl_extensions(const struct testca_crl_spec *spec, const struct testca *issuer, struct hf_buf *out)
{
    static const uint8_t one[] = {HF_ASN1_INTEGER, 1, 1};
    HF_CLEANUP(hf_buf_free) struct hf_buf v = {0};
    size_t start = out->n;

    HF_TRY(extension("2.5.29.20", false, HF_BYTES_OF(one), out)); /* cRLNumber */
    if (issuer->cert->subject_id.n) {
        HF_TRY(hf_asn1_add(&v, HF_ASN1_CONTEXT(0), issuer->cert->subject_id));
        HF_TRY(hf_asn1_wrap(&v, 0, HF_ASN1_SEQUENCE));
        HF_TRY(extension("2.5.29.35", false, hf_buf_bytes(&v), out));
    }
    for (size_t i = 0; i < spec->n_ext; i++)
        HF_TRY(extension(spec->ext[i].oid, spec->ext[i].critical, spec->ext[i].value, out));
    HF_TRY(hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE));
    return hf_asn1_wrap(out, start, HF_ASN1_CONTEXT_CONS(0));
}

hf_err testca_crl(const struct testca_crl_spec *spec, const struct testca *issuer, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf tbs = {0};
    struct hf_sig_alg alg = fitting(spec->sig, issuer->key);
    bool standard = !spec->this_update && !spec->next_update;
    size_t start;

    if (!spec->v1)
        HF_TRY(hf_asn1_add_u64(&tbs, 1));
    HF_TRY(hf_sig_alg_write(&alg, &tbs));
    if (spec->issuer_name)
        HF_TRY(testca_name(spec->issuer_name, &tbs));
    else
        HF_TRY(hf_buf_add(&tbs, issuer->cert->subject));
    HF_TRY(hf_asn1_add_time(&tbs, standard ? TESTCA_FROM : spec->this_update));
    if (standard || spec->next_update)
        HF_TRY(hf_asn1_add_time(&tbs, standard ? TESTCA_UNTIL : spec->next_update));
    start = tbs.n;
    for (size_t i = 0; i < spec->n_revoked; i++)
        HF_TRY(revoked(&spec->revoked[i], &tbs));
    if (spec->n_revoked)
        HF_TRY(hf_asn1_wrap(&tbs, start, HF_ASN1_SEQUENCE));
    if (!spec->v1)
        HF_TRY(crl_extensions(spec, issuer, &tbs));
    HF_TRY(hf_asn1_wrap(&tbs, 0, HF_ASN1_SEQUENCE));
    return seal(hf_buf_bytes(&tbs), &alg, &alg, issuer->key, out);
}

hf_err testca_vector(const char *path, struct hf_buf *out)
{
    const char *root = getenv("HOLDFAST_VECTORS");
    char full[1024];

    (void)snprintf(full, sizeof(full), "%s/%s", root ? root : HF_VECTORS_DEFAULT, path);
    return hf_file_read(full, (size_t)16 << 20, out) == HF_OK ? HF_OK : hf_fail(HF_E_NOT_FOUND, "no vector %s", full);
}
