/* Keys and signatures of policies. */
#include "tpm/policy_signature.h"

#include "base/cleanup.h"
#include "base/writer.h"

#define ATTRIBUTES (TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_DECRYPT | TPMA_OBJECT_SIGN_ENCRYPT)
#define RSA_MODULUS_MAX 512 /* RSA-4096: the largest that TPMs in use take */

static hf_err write_ec(const struct hf_pubkey *key, struct hf_writer *w)
{
    struct hf_point point;
    size_t size;

    HF_TRY(hf_pubkey_point(key, &point));
    size = hf_curve_size(point.curve);
    hf_wr_u16be(w, TPM2_ALG_NULL); /* symmetric */
    hf_wr_u16be(w, TPM2_ALG_NULL); /* scheme */
    hf_wr_u16be(w, (uint16_t)point.curve);
    hf_wr_u16be(w, TPM2_ALG_NULL); /* kdf */
    hf_wr_b16(w, (struct hf_bytes){point.x, size});
    hf_wr_b16(w, (struct hf_bytes){point.y, size});
    return HF_OK;
}

static hf_err write_rsa(const struct hf_pubkey *key, struct hf_writer *w)
{
    struct hf_bytes n;
    uint64_t e;

    HF_TRY(hf_pubkey_rsa(key, &n, &e));
    if (e != 65537)
        return hf_fail(HF_E_UNSUPPORTED, "an RSA key with exponent %llu: TPMs take 65537", (unsigned long long)e);
    if (n.n > RSA_MODULUS_MAX)
        return hf_fail(HF_E_UNSUPPORTED, "an RSA key of %zu bits: TPMs take at most %d", n.n * 8, RSA_MODULUS_MAX * 8);
    hf_wr_u16be(w, TPM2_ALG_NULL); /* symmetric */
    hf_wr_u16be(w, TPM2_ALG_NULL); /* scheme */
    hf_wr_u16be(w, (uint16_t)hf_pubkey_bits(key));
    hf_wr_u32be(w, 0); /* exponent: 65537 */
    hf_wr_b16(w, n);
    return HF_OK;
}

hf_err hf_policy_key_public(const struct hf_pubkey *key, struct hf_buf *out)
{
    enum hf_key_kind kind = hf_pubkey_kind(key);
    uint8_t place[64 + RSA_MODULUS_MAX];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes done;

    if (kind != HF_KEY_EC && kind != HF_KEY_RSA)
        return hf_fail(HF_E_UNSUPPORTED, "policies are signed with RSA or ECDSA keys; TPMs know no Ed25519");
    hf_wr_u16be(&w, kind == HF_KEY_EC ? TPM2_ALG_ECC : TPM2_ALG_RSA);
    hf_wr_u16be(&w, TPM2_ALG_SHA256);
    hf_wr_u32be(&w, ATTRIBUTES);
    hf_wr_u16be(&w, 0); /* authPolicy */
    HF_TRY(kind == HF_KEY_EC ? write_ec(key, &w) : write_rsa(key, &w));
    HF_TRY(hf_wr_end(&w, &done));
    return hf_buf_add(out, done);
}

hf_err hf_policy_key_software(struct hf_bytes tpmt_public, struct hf_pubkey **out)
{
    TPMT_PUBLIC pub;

    HF_TRY(hf_tpm_public_parse(tpmt_public, &pub));
    if (pub.type == TPM2_ALG_ECC) {
        const TPMS_ECC_POINT *p = &pub.unique.ecc;

        return hf_pubkey_from_point((enum hf_curve)pub.parameters.eccDetail.curveID,
                                    (struct hf_bytes){p->x.buffer, p->x.size},
                                    (struct hf_bytes){p->y.buffer, p->y.size}, out);
    }
    if (pub.type == TPM2_ALG_RSA) {
        uint32_t e = pub.parameters.rsaDetail.exponent;

        return hf_pubkey_from_rsa((struct hf_bytes){pub.unique.rsa.buffer, pub.unique.rsa.size}, e ? e : 65537, out);
    }
    return hf_fail(HF_E_UNSUPPORTED, "a key of type 0x%04x makes no signatures that can be checked here", pub.type);
}

hf_err hf_policy_signature_write(const struct hf_pubkey *key, enum hf_hash_alg hash, struct hf_bytes sig,
                                 struct hf_buf *out)
{
    uint8_t place[16 + RSA_MODULUS_MAX];
    struct hf_writer w = hf_writer(place, sizeof(place));
    size_t size = hf_curve_size(hf_pubkey_curve(key));
    struct hf_bytes done;

    if (size && sig.n != 2 * size)
        return hf_fail(HF_E_ARG, "an ECDSA signature of %zu bytes, wanted %zu: r and s", sig.n, 2 * size);
    hf_wr_u16be(&w, size ? TPM2_ALG_ECDSA : TPM2_ALG_RSASSA);
    hf_wr_u16be(&w, (uint16_t)hash);
    if (size) {
        hf_wr_b16(&w, (struct hf_bytes){sig.p, size});
        hf_wr_b16(&w, (struct hf_bytes){sig.p + size, size});
    } else {
        hf_wr_b16(&w, sig);
    }
    HF_TRY(hf_wr_end(&w, &done));
    return hf_buf_add(out, done);
}

/* A TPMT_SIGNATURE taken apart. */
struct parts {
    uint16_t alg;
    enum hf_hash_alg hash;
    struct hf_bytes r, s; /* r alone for RSA */
};

static void read_parts(struct hf_reader *r, struct parts *out)
{
    *out = (struct parts){.alg = hf_rd_u16be(r)};
    if (out->alg == TPM2_ALG_NULL)
        return;
    if (out->alg != TPM2_ALG_RSASSA && out->alg != TPM2_ALG_RSAPSS && out->alg != TPM2_ALG_ECDSA) {
        hf_rd_fail(r, HF_E_UNSUPPORTED, "a signature of scheme 0x%04x, wanted RSASSA, RSAPSS or ECDSA", out->alg);
        return;
    }
    out->hash = (enum hf_hash_alg)hf_rd_u16be(r);
    if (!hf_hash_name(out->hash))
        hf_rd_fail(r, HF_E_UNSUPPORTED, "a signature over the unknown hash 0x%04x", out->hash);
    out->r = hf_rd_view(r, hf_rd_u16be(r));
    if (out->alg == TPM2_ALG_ECDSA)
        out->s = hf_rd_view(r, hf_rd_u16be(r));
}

hf_err hf_policy_signature_read(struct hf_reader *r, struct hf_buf *out)
{
    struct hf_reader start = *r;
    struct parts parts;

    read_parts(r, &parts);
    HF_TRY(hf_rd_err(r));
    if (parts.alg == TPM2_ALG_NULL)
        return HF_OK;
    return hf_buf_set(out, (struct hf_bytes){start.at, (size_t)(r->at - start.at)});
}

static hf_err take_apart(struct hf_bytes tpmt_signature, struct parts *out)
{
    struct hf_reader r = hf_reader(tpmt_signature);

    read_parts(&r, out);
    HF_TRY(hf_rd_end(&r));
    if (out->alg == TPM2_ALG_NULL)
        return hf_fail(HF_E_FORMAT, "there is no signature: its scheme is TPM_ALG_NULL");
    return HF_OK;
}

hf_err hf_policy_signature_hash(struct hf_bytes tpmt_signature, enum hf_hash_alg *out)
{
    struct parts parts;

    HF_TRY(take_apart(tpmt_signature, &parts));
    *out = parts.hash;
    return HF_OK;
}

/* A TPM leaves out leading zeros of r and s, or does not. */
static bool right_align(struct hf_bytes number, uint8_t *place, size_t size)
{
    while (number.n > size && number.p[0] == 0) {
        number.p++;
        number.n--;
    }
    if (number.n > size)
        return false;
    memset(place, 0, size - number.n);
    if (number.n)
        memcpy(place + size - number.n, number.p, number.n);
    return true;
}

hf_err hf_policy_signature_verify(const struct hf_pubkey *key, struct hf_bytes tpmt_signature, struct hf_bytes digest)
{
    size_t size = hf_curve_size(hf_pubkey_curve(key));
    struct hf_sig_alg alg = {.salt = HF_SALT_AUTO};
    uint8_t raw[2 * HF_COORD_MAX];
    struct parts parts;

    HF_TRY(take_apart(tpmt_signature, &parts));
    alg.hash = parts.hash;
    if ((parts.alg == TPM2_ALG_ECDSA) != (size > 0))
        return hf_fail(HF_E_MISMATCH, "a signature of scheme 0x%04x by a key of another kind", parts.alg);
    if (parts.alg == TPM2_ALG_ECDSA) {
        if (!right_align(parts.r, raw, size) || !right_align(parts.s, raw + size, size))
            return hf_fail(HF_E_MISMATCH, "an ECDSA signature that is longer than the key's curve");
        alg.scheme = HF_SIG_ECDSA;
        return hf_pubkey_verify(key, &alg, digest, (struct hf_bytes){raw, 2 * size});
    }
    alg.scheme = parts.alg == TPM2_ALG_RSASSA ? HF_SIG_RSASSA : HF_SIG_RSAPSS;
    return hf_pubkey_verify(key, &alg, digest, parts.r);
}
