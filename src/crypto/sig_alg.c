/* AlgorithmIdentifier of signatures: RFC 4055 (RSA), RFC 5758 (ECDSA), RFC 8410 (Ed25519). */
#include "crypto/asn1.h"
#include "crypto/x509.h"

#include "base/cleanup.h"

#define OID_PSS "1.2.840.113549.1.1.10"
#define OID_MGF1 "1.2.840.113549.1.1.8"

static const struct row {
    const char *oid;
    enum hf_sig_scheme scheme;
    enum hf_hash_alg hash;
} rows[] = {
    {"1.2.840.113549.1.1.5", HF_SIG_RSASSA, HF_SHA1},     {"1.2.840.113549.1.1.11", HF_SIG_RSASSA, HF_SHA256},
    {"1.2.840.113549.1.1.12", HF_SIG_RSASSA, HF_SHA384},  {"1.2.840.113549.1.1.13", HF_SIG_RSASSA, HF_SHA512},
    {"1.2.840.10045.4.1", HF_SIG_ECDSA_DER, HF_SHA1},     {"1.2.840.10045.4.3.2", HF_SIG_ECDSA_DER, HF_SHA256},
    {"1.2.840.10045.4.3.3", HF_SIG_ECDSA_DER, HF_SHA384}, {"1.2.840.10045.4.3.4", HF_SIG_ECDSA_DER, HF_SHA512},
    {"1.3.101.112", HF_SIG_ED25519, HF_HASH_NONE},
};

static const struct hash_row {
    const char *oid;
    enum hf_hash_alg hash;
} hashes[] = {
    {"1.3.14.3.2.26", HF_SHA1},
    {"2.16.840.1.101.3.4.2.1", HF_SHA256},
    {"2.16.840.1.101.3.4.2.2", HF_SHA384},
    {"2.16.840.1.101.3.4.2.3", HF_SHA512},
};

/* Parameters that are absent or NULL. */
static void none_or_null(struct hf_reader *alg)
{
    if (hf_rd_more(alg) && hf_asn1_take(alg, HF_ASN1_NULL).body.n != 0)
        hf_rd_fail(alg, HF_E_FORMAT, "a NULL that is not empty");
}

/* AlgorithmIdentifier of a hash, inside an explicit tag. HF_HASH_NONE for one that is not known. */
static enum hf_hash_alg hash_parse(struct hf_reader *r)
{
    struct hf_reader alg = hf_asn1_enter(r, HF_ASN1_SEQUENCE);
    struct hf_bytes oid = hf_asn1_take(&alg, HF_ASN1_OID).body;
    char text[HF_OID_TEXT];

    none_or_null(&alg);
    if (hf_rd_end(&alg) != HF_OK) {
        hf_rd_fail(r, HF_E_FORMAT, "the hash algorithm of a PSS signature is malformed");
        return HF_HASH_NONE;
    }
    hf_oid_text(oid, text);
    for (size_t i = 0; i < HF_COUNT(hashes); i++) {
        if (strcmp(text, hashes[i].oid) == 0)
            return hashes[i].hash;
    }
    return HF_HASH_NONE;
}

static enum hf_hash_alg mask_parse(struct hf_reader *r)
{
    struct hf_reader alg = hf_asn1_enter(r, HF_ASN1_SEQUENCE);
    struct hf_bytes oid = hf_asn1_take(&alg, HF_ASN1_OID).body;
    enum hf_hash_alg hash = hash_parse(&alg);

    if (hf_rd_end(&alg) != HF_OK)
        hf_rd_fail(r, HF_E_FORMAT, "the mask generation of a PSS signature is malformed");
    return hf_oid_is(oid, OID_MGF1) ? hash : HF_HASH_NONE;
}

/* The end of an explicit field must be the end of its content. */
static void close_field(struct hf_reader *outer, const struct hf_reader *field)
{
    if (hf_rd_end(field) != HF_OK)
        hf_rd_fail(outer, HF_E_FORMAT, "a field of PSS parameters is malformed");
}

/* RSASSA-PSS-params (RFC 4055, 3.1); what is absent has its default. */
static hf_err pss_parse(struct hf_reader *alg, struct hf_sig_alg *out)
{
    struct hf_reader params = hf_asn1_enter(alg, HF_ASN1_SEQUENCE);
    struct hf_sig_alg sig = {.scheme = HF_SIG_RSAPSS, .hash = HF_SHA1, .mgf1 = HF_SHA1, .salt = 20};
    struct hf_reader field;
    uint64_t salt;

    if (hf_asn1_next_is(&params, HF_ASN1_CONTEXT_CONS(0))) {
        field = hf_asn1_enter(&params, HF_ASN1_CONTEXT_CONS(0));
        sig.hash = hash_parse(&field);
        close_field(&params, &field);
    }
    if (hf_asn1_next_is(&params, HF_ASN1_CONTEXT_CONS(1))) {
        field = hf_asn1_enter(&params, HF_ASN1_CONTEXT_CONS(1));
        sig.mgf1 = mask_parse(&field);
        close_field(&params, &field);
    }
    if (hf_asn1_next_is(&params, HF_ASN1_CONTEXT_CONS(2))) {
        field = hf_asn1_enter(&params, HF_ASN1_CONTEXT_CONS(2));
        salt = hf_asn1_u64(&field);
        close_field(&params, &field);
        if (salt > HF_RSA_BYTES_MAX)
            hf_rd_fail(&params, HF_E_FORMAT, "a PSS salt of %llu bytes", (unsigned long long)salt);
        sig.salt = salt == 0 || salt > HF_RSA_BYTES_MAX ? HF_SALT_NONE : (int)salt;
    }
    if (hf_asn1_next_is(&params, HF_ASN1_CONTEXT_CONS(3))) {
        field = hf_asn1_enter(&params, HF_ASN1_CONTEXT_CONS(3));
        if (hf_asn1_u64(&field) != 1)
            hf_rd_fail(&params, HF_E_FORMAT, "the trailer field of PSS parameters is not 1");
        close_field(&params, &field);
    }
    HF_TRY(hf_rd_end(&params));
    HF_TRY(hf_rd_end(alg));
    *out = sig.hash && sig.mgf1 ? sig : (struct hf_sig_alg){0};
    return HF_OK;
}

hf_err hf_sig_alg_parse(struct hf_bytes der, struct hf_sig_alg *out, struct hf_bytes *oid)
{
    struct hf_reader r = hf_reader(der);
    struct hf_reader alg = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);
    struct hf_bytes id = hf_asn1_take(&alg, HF_ASN1_OID).body;
    struct hf_sig_alg sig = {0};
    char text[HF_OID_TEXT];

    HF_TRY(hf_rd_err(&alg));
    HF_TRY(hf_rd_end(&r));
    hf_oid_text(id, text);
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (strcmp(text, rows[i].oid) == 0)
            sig = (struct hf_sig_alg){.scheme = rows[i].scheme, .hash = rows[i].hash};
    }
    if (sig.scheme) {
        none_or_null(&alg);
        HF_TRY(hf_rd_end(&alg));
    } else if (strcmp(text, OID_PSS) == 0) {
        HF_TRY(pss_parse(&alg, &sig));
    }
    *oid = id;
    *out = sig;
    return HF_OK;
}

static hf_err hash_write(enum hf_hash_alg hash, struct hf_buf *out)
{
    size_t start = out->n;

    for (size_t i = 0; i < HF_COUNT(hashes); i++) {
        if (hashes[i].hash != hash)
            continue;
        HF_TRY(hf_asn1_add_oid(out, hashes[i].oid));
        HF_TRY(hf_asn1_add(out, HF_ASN1_NULL, (struct hf_bytes){NULL, 0}));
        return hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE);
    }
    return hf_fail(HF_E_UNSUPPORTED, "no OID of hash 0x%04x is known for signatures", (unsigned)hash);
}

/* All fields that differ from their defaults; the trailer field never does. */
static hf_err pss_write(const struct hf_sig_alg *alg, struct hf_buf *out)
{
    enum hf_hash_alg mgf1 = alg->mgf1 ? alg->mgf1 : alg->hash;
    size_t start = out->n;
    size_t params;
    size_t field;
    uint64_t salt = alg->salt == HF_SALT_NONE ? 0 : (uint64_t)alg->salt;

    if (alg->salt == HF_SALT_AUTO)
        return hf_fail(HF_E_ARG, "PSS parameters need a salt length");
    if (alg->salt == HF_SALT_HASH)
        salt = hf_hash_size(alg->hash);
    HF_TRY(hf_asn1_add_oid(out, OID_PSS));
    params = out->n;
    if (alg->hash != HF_SHA1) {
        HF_TRY(hash_write(alg->hash, out));
        HF_TRY(hf_asn1_wrap(out, params, HF_ASN1_CONTEXT_CONS(0)));
    }
    field = out->n;
    if (mgf1 != HF_SHA1) {
        HF_TRY(hf_asn1_add_oid(out, OID_MGF1));
        HF_TRY(hash_write(mgf1, out));
        HF_TRY(hf_asn1_wrap(out, field, HF_ASN1_SEQUENCE));
        HF_TRY(hf_asn1_wrap(out, field, HF_ASN1_CONTEXT_CONS(1)));
    }
    field = out->n;
    if (salt != 20) {
        HF_TRY(hf_asn1_add_u64(out, salt));
        HF_TRY(hf_asn1_wrap(out, field, HF_ASN1_CONTEXT_CONS(2)));
    }
    HF_TRY(hf_asn1_wrap(out, params, HF_ASN1_SEQUENCE));
    return hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE);
}

hf_err hf_sig_alg_write(const struct hf_sig_alg *alg, struct hf_buf *out)
{
    enum hf_sig_scheme scheme = alg->scheme == HF_SIG_ECDSA ? HF_SIG_ECDSA_DER : alg->scheme;
    size_t start = out->n;

    if (scheme == HF_SIG_RSAPSS)
        return pss_write(alg, out);
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (rows[i].scheme != scheme || rows[i].hash != alg->hash)
            continue;
        HF_TRY(hf_asn1_add_oid(out, rows[i].oid));
        if (scheme == HF_SIG_RSASSA)
            HF_TRY(hf_asn1_add(out, HF_ASN1_NULL, (struct hf_bytes){NULL, 0}));
        return hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE);
    }
    return hf_fail(HF_E_UNSUPPORTED, "no OID of %s with hash 0x%04x is known", hf_sig_scheme_name(scheme),
                   (unsigned)alg->hash);
}
