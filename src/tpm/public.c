/* Public areas of objects and NV indices (Part 2, 12.2 and 13.5), their Names, and sensitive areas. */
#include "base/cleanup.h"
#include "tpm/marshal.h"

/* Reserved bits of TPMA_OBJECT (Part 2, 8.3). Bits 8 and 9 are firmwareLimited and svnLimited since
 * revision 1.83; both only narrow what a key may do. */
#define OBJECT_RESERVED ((TPMA_OBJECT)0xfff0f009)
#define NV_RESERVED ((TPMA_NV)(TPMA_NV_RESERVED1_MASK | TPMA_NV_RESERVED2_MASK))

/* The bytes of a coordinate; 0 for an unknown curve (TCG Algorithm Registry, 6.4). */
static size_t coordinate_size(uint16_t curve)
{
    static const struct {
        uint16_t curve;
        uint16_t bytes;
    } rows[] = {
        {TPM2_ECC_NIST_P192, 24},      {TPM2_ECC_NIST_P224, 28},      {TPM2_ECC_NIST_P256, 32},
        {TPM2_ECC_NIST_P384, 48},      {TPM2_ECC_NIST_P521, 66},      {TPM2_ECC_BN_P256, 32},
        {TPM2_ECC_BN_P638, 80},        {TPM2_ECC_SM2_P256, 32},       {0x0030 /* BP_P256_R1 */, 32},
        {0x0031 /* BP_P384_R1 */, 48}, {0x0032 /* BP_P512_R1 */, 64},
    };

    for (size_t i = 0; i < HF_COUNT(rows); i++)
        if (rows[i].curve == curve)
            return rows[i].bytes;
    return 0;
}

/* A digest that is empty or as long as nameAlg's. */
static void policy(struct hf_tpm_marshal *m, uint16_t name_alg, TPM2B_DIGEST *digest)
{
    size_t want = hf_hash_size((enum hf_hash_alg)name_alg);

    HF_TPM_VISIT_2B(m, digest);
    if (digest->size != 0 && digest->size != want)
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "a policy digest of %u bytes; nameAlg 0x%04x makes %zu", digest->size,
                            name_alg, want);
}

static bool is_kdf(uint16_t alg)
{
    return alg == TPM2_ALG_MGF1 || alg == TPM2_ALG_KDF1_SP800_56A || alg == TPM2_ALG_KDF2 ||
           alg == TPM2_ALG_KDF1_SP800_108;
}

static void kdf_scheme(struct hf_tpm_marshal *m, TPMT_KDF_SCHEME *kdf)
{
    hf_tpm_visit_u16(m, &kdf->scheme);
    if (kdf->scheme == TPM2_ALG_NULL)
        return;
    if (!is_kdf(kdf->scheme))
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a key derivation scheme that is known", kdf->scheme);
    hf_tpm_visit_hash(m, &kdf->details.mgf1.hashAlg, false);
}

static void keyed_hash_scheme(struct hf_tpm_marshal *m, TPMT_KEYEDHASH_SCHEME *s)
{
    uint16_t *kdf = &s->details.exclusiveOr.kdf;

    hf_tpm_visit_u16(m, &s->scheme);
    switch (s->scheme) {
    case TPM2_ALG_NULL:
        return;
    case TPM2_ALG_HMAC:
        hf_tpm_visit_hash(m, &s->details.hmac.hashAlg, false);
        return;
    case TPM2_ALG_XOR:
        hf_tpm_visit_hash(m, &s->details.exclusiveOr.hashAlg, false);
        hf_tpm_visit_u16(m, kdf);
        if (!is_kdf(*kdf) && *kdf != TPM2_ALG_NULL)
            hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a key derivation scheme that is known", *kdf);
        return;
    default:
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a keyed hash scheme that is known", s->scheme);
    }
}

static void rsa_scheme(struct hf_tpm_marshal *m, TPMT_RSA_SCHEME *s)
{
    hf_tpm_visit_u16(m, &s->scheme);
    switch (s->scheme) {
    case TPM2_ALG_NULL:
    case TPM2_ALG_RSAES:
        return;
    case TPM2_ALG_RSASSA:
    case TPM2_ALG_RSAPSS:
    case TPM2_ALG_OAEP:
        hf_tpm_visit_hash(m, &s->details.anySig.hashAlg, false);
        return;
    default:
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a scheme of RSA keys", s->scheme);
    }
}

static void ecc_scheme(struct hf_tpm_marshal *m, TPMT_ECC_SCHEME *s)
{
    hf_tpm_visit_u16(m, &s->scheme);
    switch (s->scheme) {
    case TPM2_ALG_NULL:
        return;
    case TPM2_ALG_ECDAA:
        hf_tpm_visit_hash(m, &s->details.ecdaa.hashAlg, false);
        hf_tpm_visit_u16(m, &s->details.ecdaa.count);
        return;
    case TPM2_ALG_ECDSA:
    case TPM2_ALG_SM2:
    case TPM2_ALG_ECSCHNORR:
    case TPM2_ALG_ECDH:
    case TPM2_ALG_ECMQV:
        hf_tpm_visit_hash(m, &s->details.anySig.hashAlg, false);
        return;
    default:
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a scheme of ECC keys", s->scheme);
    }
}

static void rsa(struct hf_tpm_marshal *m, TPMS_RSA_PARMS *parms, TPM2B_PUBLIC_KEY_RSA *modulus)
{
    hf_tpm_visit_sym_object(m, &parms->symmetric);
    rsa_scheme(m, &parms->scheme);
    hf_tpm_visit_u16(m, &parms->keyBits);
    hf_tpm_visit_u32(m, &parms->exponent);
    if (parms->keyBits == 0 || parms->keyBits % 1024 || parms->keyBits > 8 * sizeof(modulus->buffer))
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "an RSA key of %u bits; 1024, 2048, 3072 and 4096 are known",
                            parms->keyBits);
    if (parms->exponent != 0 && (parms->exponent < 3 || parms->exponent % 2 == 0)) /* 0 stands for 65537 */
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "%u is not a public exponent", parms->exponent);
    hf_tpm_visit_sized(m, &modulus->size, modulus->buffer, parms->keyBits / 8);
}

static void ecc(struct hf_tpm_marshal *m, TPMS_ECC_PARMS *parms, TPMS_ECC_POINT *point)
{
    size_t n;

    hf_tpm_visit_sym_object(m, &parms->symmetric);
    ecc_scheme(m, &parms->scheme);
    hf_tpm_visit_u16(m, &parms->curveID);
    n = coordinate_size(parms->curveID);
    if (n == 0)
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a curve that is known", parms->curveID);
    kdf_scheme(m, &parms->kdf);
    hf_tpm_visit_sized(m, &point->x.size, point->x.buffer, n);
    hf_tpm_visit_sized(m, &point->y.size, point->y.buffer, n);
}

static void sym_cipher(struct hf_tpm_marshal *m, TPMT_SYM_DEF_OBJECT *sym, TPM2B_DIGEST *unique)
{
    hf_tpm_visit_sym_object(m, sym);
    if (sym->algorithm == TPM2_ALG_NULL)
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "a symmetric key without an algorithm");
    HF_TPM_VISIT_2B(m, unique);
}

static void public_area(struct hf_tpm_marshal *m, TPMT_PUBLIC *p)
{
    hf_tpm_visit_u16(m, &p->type);
    hf_tpm_visit_hash(m, &p->nameAlg, true);
    hf_tpm_visit_u32(m, &p->objectAttributes);
    if (p->objectAttributes & OBJECT_RESERVED)
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "object attributes 0x%08x have reserved bits set (0x%08x)",
                            p->objectAttributes, p->objectAttributes & OBJECT_RESERVED);
    policy(m, p->nameAlg, &p->authPolicy);
    switch (p->type) {
    case TPM2_ALG_RSA:
        rsa(m, &p->parameters.rsaDetail, &p->unique.rsa);
        return;
    case TPM2_ALG_ECC:
        ecc(m, &p->parameters.eccDetail, &p->unique.ecc);
        return;
    case TPM2_ALG_KEYEDHASH:
        keyed_hash_scheme(m, &p->parameters.keyedHashDetail.scheme);
        HF_TPM_VISIT_2B(m, &p->unique.keyedHash);
        return;
    case TPM2_ALG_SYMCIPHER:
        sym_cipher(m, &p->parameters.symDetail.sym, &p->unique.sym);
        return;
    default:
        hf_tpm_marshal_fail(m, HF_E_UNSUPPORTED, "0x%04x is not a type of object that is known", p->type);
    }
}

hf_err hf_tpm_public_parse(struct hf_bytes in, TPMT_PUBLIC *out)
{
    struct hf_tpm_marshal m = hf_tpm_marshal_reading(in);
    TPMT_PUBLIC pub = {0};

    public_area(&m, &pub);
    HF_TRY(hf_tpm_marshal_end(&m, "TPMT_PUBLIC"));
    *out = pub;
    return HF_OK;
}

hf_err hf_tpm_public_write(const TPMT_PUBLIC *pub, struct hf_buf *out)
{
    uint8_t place[sizeof(*pub)];
    struct hf_tpm_marshal m = hf_tpm_marshal_writing(place, sizeof(place));
    TPMT_PUBLIC copy = *pub;

    public_area(&m, &copy);
    return hf_tpm_marshal_give(&m, "TPMT_PUBLIC", out);
}

/* nameAlg || H(bytes); without a nameAlg there is no Name. */
static hf_err name_of(uint16_t alg, struct hf_bytes bytes, struct hf_tpm_name *out)
{
    struct hf_digest digest = {0};
    struct hf_tpm_name name = {0};
    struct hf_writer w = hf_writer(name.bytes, sizeof(name.bytes));

    if (alg != TPM2_ALG_NULL) {
        HF_TRY(hf_hash_one((enum hf_hash_alg)alg, bytes, &digest));
        hf_wr_u16be(&w, alg);
        hf_wr_bytes(&w, hf_digest_bytes(&digest));
        name.n = hf_wr_done(&w).n;
    }
    *out = name;
    return HF_OK;
}

hf_err hf_tpm_public_name(struct hf_bytes tpmt_public, struct hf_tpm_name *out)
{
    TPMT_PUBLIC pub;

    HF_TRY(hf_tpm_public_parse(tpmt_public, &pub));
    return name_of(pub.nameAlg, tpmt_public, out);
}

struct hf_tpm_entity hf_tpm_entity_plain(uint32_t handle)
{
    struct hf_tpm_entity e = {.handle = handle};
    struct hf_writer w = hf_writer(e.name.bytes, sizeof(e.name.bytes));

    hf_wr_u32be(&w, handle);
    e.name.n = hf_wr_done(&w).n;
    return e;
}

static bool is_nv_type(TPMA_NV attributes)
{
    switch ((attributes & TPMA_NV_TPM2_NT_MASK) >> TPMA_NV_TPM2_NT_SHIFT) {
    case TPM2_NT_ORDINARY:
    case TPM2_NT_COUNTER:
    case TPM2_NT_BITS:
    case TPM2_NT_EXTEND:
    case TPM2_NT_PIN_FAIL:
    case TPM2_NT_PIN_PASS:
        return true;
    default:
        return false;
    }
}

static void nv_public(struct hf_tpm_marshal *m, TPMS_NV_PUBLIC *p)
{
    hf_tpm_visit_u32(m, &p->nvIndex);
    if (p->nvIndex >> TPM2_HR_SHIFT != TPM2_HT_NV_INDEX)
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "0x%08x is not the handle of an NV index", p->nvIndex);
    hf_tpm_visit_hash(m, &p->nameAlg, false);
    hf_tpm_visit_u32(m, &p->attributes);
    if ((p->attributes & NV_RESERVED) || !is_nv_type(p->attributes))
        hf_tpm_marshal_fail(m, HF_E_FORMAT, "NV attributes 0x%08x have reserved bits or an unknown type",
                            p->attributes);
    policy(m, p->nameAlg, &p->authPolicy);
    hf_tpm_visit_u16(m, &p->dataSize);
}

hf_err hf_tpm_nv_public_parse(struct hf_bytes in, TPMS_NV_PUBLIC *out)
{
    struct hf_tpm_marshal m = hf_tpm_marshal_reading(in);
    TPMS_NV_PUBLIC pub = {0};

    nv_public(&m, &pub);
    HF_TRY(hf_tpm_marshal_end(&m, "TPMS_NV_PUBLIC"));
    *out = pub;
    return HF_OK;
}

hf_err hf_tpm_nv_public_write(const TPMS_NV_PUBLIC *pub, struct hf_buf *out)
{
    uint8_t place[sizeof(*pub)];
    struct hf_tpm_marshal m = hf_tpm_marshal_writing(place, sizeof(place));
    TPMS_NV_PUBLIC copy = *pub;

    nv_public(&m, &copy);
    return hf_tpm_marshal_give(&m, "TPMS_NV_PUBLIC", out);
}

hf_err hf_tpm_nv_public_name(struct hf_bytes tpms_nv_public, struct hf_tpm_name *out)
{
    TPMS_NV_PUBLIC pub;

    HF_TRY(hf_tpm_nv_public_parse(tpms_nv_public, &pub));
    return name_of(pub.nameAlg, tpms_nv_public, out);
}
