/* TPMT_PUBLIC. TPM 2.0 Library Specification Part 2, 12.2.4. Big-endian. */
#include "evidence/tpm_public.h"
#include "base/reader.h"
#include "base/writer.h"
#include "evidence/pcr.h"

#include <stdio.h>

#define ATTRIBUTES_KNOWN 0x000f0cf6u /* TPMA_OBJECT, revision 1.59: other bits are reserved */

static bool has_hash(uint16_t scheme)
{
    switch (scheme) {
    case TPM2_ALG_RSASSA:
    case TPM2_ALG_RSAPSS:
    case TPM2_ALG_OAEP:
    case TPM2_ALG_ECDSA:
    case TPM2_ALG_ECDH:
    case TPM2_ALG_SM2:
    case TPM2_ALG_ECSCHNORR:
    case TPM2_ALG_KDF1_SP800_56A:
    case TPM2_ALG_KDF1_SP800_108:
    case TPM2_ALG_KDF2:
    case TPM2_ALG_MGF1:
        return true;
    default:
        return false;
    }
}

/* TPMT_RSA_SCHEME, TPMT_ECC_SCHEME, TPMT_KDF_SCHEME: ECDAA alone has a count, and is refused. */
static struct hf_quote_scheme read_scheme(struct hf_reader *r)
{
    struct hf_quote_scheme scheme = {.alg = hf_rd_u16be(r), .hash = TPM2_ALG_NULL};

    if (hf_rd_err(r) != HF_OK)
        return scheme;
    if (has_hash(scheme.alg))
        scheme.hash = hf_rd_u16be(r);
    else if (scheme.alg != TPM2_ALG_NULL && scheme.alg != TPM2_ALG_RSAES)
        hf_rd_fail(r, HF_E_UNSUPPORTED, "scheme 0x%04x is not one that is read here", scheme.alg);
    return scheme;
}

/* TPMT_SYM_DEF_OBJECT */
static void read_symmetric(struct hf_reader *r, struct hf_tpm_pub *pub)
{
    pub->symmetric = (struct hf_quote_scheme){.alg = hf_rd_u16be(r), .hash = TPM2_ALG_NULL};
    if (pub->symmetric.alg == TPM2_ALG_NULL)
        return;
    pub->symmetric_bits = hf_rd_u16be(r);
    pub->symmetric.hash = hf_rd_u16be(r); /* the mode */
}

static void read_unique(struct hf_reader *r, struct hf_tpm_pub *pub)
{
    if (pub->type == TPM2_ALG_RSA) {
        pub->bits = hf_rd_u16be(r);
        pub->exponent = hf_rd_u32be(r);
        pub->modulus = hf_rd_view(r, hf_rd_u16be(r));
        if (hf_rd_err(r) == HF_OK && (pub->bits % 8 || pub->modulus.n != pub->bits / 8u))
            hf_rd_fail(r, HF_E_FORMAT, "a modulus of %zu bytes in an RSA key of %u bits", pub->modulus.n, pub->bits);
        return;
    }
    pub->curve = hf_rd_u16be(r);
    pub->kdf = read_scheme(r);
    pub->x = hf_rd_view(r, hf_rd_u16be(r));
    pub->y = hf_rd_view(r, hf_rd_u16be(r));
}

hf_err hf_tpm_pub_parse(struct hf_bytes in, struct hf_tpm_pub *out)
{
    struct hf_reader r = hf_reader(in);
    struct hf_tpm_pub pub = {.whole = in};

    if (in.n >= 2 && (size_t)(in.p[0] << 8 | in.p[1]) == in.n - 2) { /* TPM2B_PUBLIC: its size is first */
        hf_rd_skip(&r, 2);
        pub.whole = (struct hf_bytes){in.p + 2, in.n - 2};
    }
    pub.type = hf_rd_u16be(&r);                   /*  0 type */
    pub.name_alg = hf_rd_u16be(&r);               /*  2 nameAlg */
    pub.attributes = hf_rd_u32be(&r);             /*  4 objectAttributes */
    pub.policy = hf_rd_view(&r, hf_rd_u16be(&r)); /*  8 authPolicy */
    if (hf_rd_err(&r) == HF_OK && pub.type != TPM2_ALG_RSA && pub.type != TPM2_ALG_ECC)
        return hf_fail(HF_E_KEY_TYPE, "public area of type 0x%04x; RSA (1) and ECC (0x23) are read", pub.type);
    if (hf_rd_err(&r) == HF_OK && pub.attributes & ~ATTRIBUTES_KNOWN)
        return hf_fail(HF_E_FORMAT, "public area with reserved attributes 0x%08x", pub.attributes & ~ATTRIBUTES_KNOWN);
    read_symmetric(&r, &pub); /*    parameters */
    pub.scheme = read_scheme(&r);
    read_unique(&r, &pub); /*    and unique */
    HF_TRY(hf_rd_end(&r));
    if (hf_hash_size((enum hf_hash_alg)pub.name_alg) == 0)
        return hf_fail(HF_E_UNSUPPORTED, "name algorithm 0x%04x of the public area is not known", pub.name_alg);
    *out = pub;
    return HF_OK;
}

static void write_scheme(struct hf_writer *w, struct hf_quote_scheme scheme)
{
    hf_wr_u16be(w, scheme.alg);
    if (has_hash(scheme.alg))
        hf_wr_u16be(w, scheme.hash);
}

hf_err hf_tpm_pub_write(const struct hf_tpm_pub *pub, struct hf_buf *out)
{
    uint8_t place[2048];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes done;

    hf_wr_u16be(&w, pub->type);
    hf_wr_u16be(&w, pub->name_alg);
    hf_wr_u32be(&w, pub->attributes);
    hf_wr_b16(&w, pub->policy);
    hf_wr_u16be(&w, pub->symmetric.alg);
    if (pub->symmetric.alg != TPM2_ALG_NULL) {
        hf_wr_u16be(&w, pub->symmetric_bits);
        hf_wr_u16be(&w, pub->symmetric.hash);
    }
    write_scheme(&w, pub->scheme);
    if (pub->type == TPM2_ALG_RSA) {
        hf_wr_u16be(&w, pub->bits);
        hf_wr_u32be(&w, pub->exponent);
        hf_wr_b16(&w, pub->modulus);
    } else {
        hf_wr_u16be(&w, pub->curve);
        write_scheme(&w, pub->kdf);
        hf_wr_b16(&w, pub->x);
        hf_wr_b16(&w, pub->y);
    }
    HF_TRY(hf_wr_end(&w, &done));
    return hf_buf_add(out, done);
}

hf_err hf_tpm_pub_name(const struct hf_tpm_pub *pub, uint8_t out[HF_TPM_PUB_NAME_MAX], size_t *n)
{
    struct hf_digest digest;

    HF_TRY(hf_hash_one((enum hf_hash_alg)pub->name_alg, pub->whole, &digest));
    out[0] = (uint8_t)(pub->name_alg >> 8);
    out[1] = (uint8_t)pub->name_alg;
    memcpy(out + 2, digest.bytes, digest.n);
    *n = 2 + digest.n;
    return HF_OK;
}

void hf_tpm_pub_attributes_text(uint32_t attributes, char place[HF_TPM_ATTRIBUTES_TEXT])
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        {TPMA_OBJECT_FIXEDTPM, "fixedtpm"},
        {TPMA_OBJECT_STCLEAR, "stclear"},
        {TPMA_OBJECT_FIXEDPARENT, "fixedparent"},
        {TPMA_OBJECT_SENSITIVEDATAORIGIN, "sensitivedataorigin"},
        {TPMA_OBJECT_USERWITHAUTH, "userwithauth"},
        {TPMA_OBJECT_ADMINWITHPOLICY, "adminwithpolicy"},
        {TPMA_OBJECT_NODA, "noda"},
        {TPMA_OBJECT_ENCRYPTEDDUPLICATION, "encryptedduplication"},
        {TPMA_OBJECT_RESTRICTED, "restricted"},
        {TPMA_OBJECT_DECRYPT, "decrypt"},
        {TPMA_OBJECT_SIGN_ENCRYPT, "sign"},
    };
    size_t n = 0;

    place[0] = 0;
    for (size_t i = 0; i < HF_COUNT(names); i++) {
        size_t more = strlen(names[i].name);

        if (!(attributes & names[i].bit))
            continue;
        if (n)
            place[n++] = '|';
        memcpy(place + n, names[i].name, more + 1); /* all of them together have 121 characters */
        n += more;
    }
    if (!n)
        memcpy(place, "none", 5);
}

const char *hf_quote_scheme_text(uint16_t alg, char place[HF_ALG_TEXT])
{
    static const struct {
        uint16_t alg;
        const char *name;
    } names[] = {
        {TPM2_ALG_NULL, "null"},   {TPM2_ALG_RSASSA, "rsassa"}, {TPM2_ALG_RSAPSS, "rsapss"},
        {TPM2_ALG_ECDSA, "ecdsa"}, {TPM2_ALG_ECDAA, "ecdaa"},   {TPM2_ALG_SM2, "sm2"},
        {TPM2_ALG_RSAES, "rsaes"}, {TPM2_ALG_OAEP, "oaep"},     {TPM2_ALG_ECSCHNORR, "ecschnorr"},
        {TPM2_ALG_HMAC, "hmac"},
    };

    for (size_t i = 0; i < HF_COUNT(names); i++) {
        if (names[i].alg == alg) {
            (void)snprintf(place, HF_ALG_TEXT, "%s", names[i].name);
            return place;
        }
    }
    (void)snprintf(place, HF_ALG_TEXT, "0x%04x", alg);
    return place;
}
