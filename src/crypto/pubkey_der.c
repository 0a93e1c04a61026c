/* Public keys as SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 3279, RFC 5480, RFC 8410) and PEM. */
#include "base/cleanup.h"
#include "codec/pem.h"
#include "crypto/asn1.h"
#include "crypto/pubkey_i.h"

#define OID_RSA "1.2.840.113549.1.1.1"
#define OID_EC "1.2.840.10045.2.1"
#define OID_ED25519 "1.3.101.112"

static hf_err curve_of(struct hf_reader *params, enum hf_curve *out)
{
    static const enum hf_curve all[] = {HF_P256, HF_P384, HF_P521};
    struct hf_bytes oid;
    char text[HF_OID_TEXT];

    if (!hf_asn1_next_is(params, HF_ASN1_OID))
        return hf_fail(HF_E_UNSUPPORTED, "the EC key spells its curve's parameters out; only named curves are taken");
    oid = hf_asn1_take(params, HF_ASN1_OID).body;
    HF_TRY(hf_rd_end(params));
    for (size_t i = 0; i < HF_COUNT(all); i++) {
        if (hf_oid_is(oid, hf_curve_oid(all[i]))) {
            *out = all[i];
            return HF_OK;
        }
    }
    hf_oid_text(oid, text);
    return hf_fail(HF_E_UNSUPPORTED, "the EC key is on curve %s, not on P-256, P-384 or P-521", text);
}

static hf_err ec_parse(struct hf_reader *params, struct hf_bytes point, struct hf_pubkey **out)
{
    enum hf_curve curve = HF_CURVE_NONE;
    size_t size;

    HF_TRY(curve_of(params, &curve));
    size = hf_curve_size(curve);
    if (point.n != 1 + 2 * size || point.p[0] != 4)
        return hf_fail(HF_E_FORMAT, "an EC point of %zu bytes that begins with 0x%02x, want %zu and 0x04", point.n,
                       point.n ? point.p[0] : 0, 1 + 2 * size);
    return hf_pubkey_from_point(curve, (struct hf_bytes){point.p + 1, size},
                                (struct hf_bytes){point.p + 1 + size, size}, out);
}

hf_err hf_pubkey_from_pkcs1(struct hf_bytes der, struct hf_pubkey **out)
{
    struct hf_reader r = hf_reader(der);
    struct hf_reader key = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);
    struct hf_bytes n = hf_asn1_uint(&key);
    uint64_t e = hf_asn1_u64(&key);

    HF_TRY(hf_rd_end(&key));
    HF_TRY(hf_rd_end(&r));
    return hf_pubkey_from_rsa(n, e, out);
}

/* The algorithms whose key is an RSAPublicKey. OAEP stands in certificates of early Infineon TPMs. */
static bool is_rsa(const char *oid)
{
    return strcmp(oid, OID_RSA) == 0 || strcmp(oid, "1.2.840.113549.1.1.7") == 0 /* id-RSAES-OAEP */ ||
           strcmp(oid, "1.2.840.113549.1.1.10") == 0 /* id-RSASSA-PSS */;
}

hf_err hf_pubkey_from_spki(struct hf_bytes der, struct hf_pubkey **out)
{
    struct hf_reader r = hf_reader(der);
    struct hf_reader spki = hf_asn1_enter(&r, HF_ASN1_SEQUENCE);
    struct hf_reader alg = hf_asn1_enter(&spki, HF_ASN1_SEQUENCE);
    struct hf_bytes oid = hf_asn1_take(&alg, HF_ASN1_OID).body;
    struct hf_bytes bits = hf_asn1_bits(&spki);
    char text[HF_OID_TEXT];

    HF_TRY(hf_rd_err(&alg));
    HF_TRY(hf_rd_end(&spki));
    HF_TRY(hf_rd_end(&r));
    hf_oid_text(oid, text);
    if (strcmp(text, OID_EC) == 0)
        return ec_parse(&alg, bits, out);
    if (strcmp(text, OID_ED25519) == 0) {
        HF_TRY(hf_rd_end(&alg)); /* RFC 8410, 3: parameters absent */
        return hf_pubkey_from_ed25519(bits, out);
    }
    if (!is_rsa(text))
        return hf_fail(HF_E_UNSUPPORTED, "the key's algorithm is %s, not RSA, EC or Ed25519", text);
    if (strcmp(text, OID_RSA) == 0 && hf_rd_more(&alg)) { /* NULL, which some leave out */
        if (hf_asn1_take(&alg, HF_ASN1_NULL).body.n != 0)
            hf_rd_fail(&alg, HF_E_FORMAT, "the NULL of an RSA key's algorithm is not empty");
        HF_TRY(hf_rd_end(&alg));
    }
    return hf_pubkey_from_pkcs1(bits, out);
}

hf_err hf_pubkey_from_pem(struct hf_bytes text, struct hf_pubkey **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    struct hf_reader r = hf_reader(text);
    struct hf_pem pem = {0};

    for (;;) {
        bool spki;

        HF_TRY(hf_pem_next(&r, &pem, &der));
        spki = hf_bytes_equal(pem.label, hf_bytes_text("PUBLIC KEY"));
        if (!spki && !hf_bytes_equal(pem.label, hf_bytes_text("RSA PUBLIC KEY")))
            continue;
        return spki ? hf_pubkey_from_spki(hf_buf_bytes(&der), out) : hf_pubkey_from_pkcs1(hf_buf_bytes(&der), out);
    }
}

static hf_err algorithm_write(const struct hf_pubkey *key, struct hf_buf *out)
{
    size_t start = out->n;

    if (key->kind == HF_KEY_EC) {
        HF_TRY(hf_asn1_add_oid(out, OID_EC));
        HF_TRY(hf_asn1_add_oid(out, hf_curve_oid(key->curve)));
    } else if (key->kind == HF_KEY_RSA) {
        HF_TRY(hf_asn1_add_oid(out, OID_RSA));
        HF_TRY(hf_asn1_add(out, HF_ASN1_NULL, (struct hf_bytes){NULL, 0}));
    } else {
        HF_TRY(hf_asn1_add_oid(out, OID_ED25519));
    }
    return hf_asn1_wrap(out, start, HF_ASN1_SEQUENCE);
}

static hf_err key_write(const struct hf_pubkey *key, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf body = {0};
    size_t size = hf_curve_size(key->curve);

    if (key->kind == HF_KEY_EC) {
        static const uint8_t uncompressed[1] = {4};

        HF_TRY(hf_buf_add(&body, HF_BYTES_OF(uncompressed)));
        HF_TRY(hf_buf_add(&body, (struct hf_bytes){key->point.x, size}));
        HF_TRY(hf_buf_add(&body, (struct hf_bytes){key->point.y, size}));
    } else if (key->kind == HF_KEY_RSA) {
        HF_TRY(hf_asn1_add_uint(&body, (struct hf_bytes){key->n, key->n_size}));
        HF_TRY(hf_asn1_add_u64(&body, key->e));
        HF_TRY(hf_asn1_wrap(&body, 0, HF_ASN1_SEQUENCE));
    } else {
        HF_TRY(hf_buf_add(&body, HF_BYTES_OF(key->raw)));
    }
    return hf_asn1_add_bits(out, hf_buf_bytes(&body));
}

hf_err hf_pubkey_to_spki(const struct hf_pubkey *key, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    HF_TRY(algorithm_write(key, &der));
    HF_TRY(key_write(key, &der));
    HF_TRY(hf_asn1_wrap(&der, 0, HF_ASN1_SEQUENCE));
    return hf_buf_add(out, hf_buf_bytes(&der));
}

hf_err hf_pubkey_to_pem(const struct hf_pubkey *key, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    HF_TRY(hf_pubkey_to_spki(key, &der));
    return hf_pem_write("PUBLIC KEY", hf_buf_bytes(&der), out);
}

hf_err hf_pubkey_spki_sha256(const struct hf_pubkey *key, uint8_t out[32])
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    struct hf_digest d = {0};

    HF_TRY(hf_pubkey_to_spki(key, &der));
    HF_TRY(hf_hash_one(HF_SHA256, hf_buf_bytes(&der), &d));
    memcpy(out, d.bytes, 32);
    return HF_OK;
}
