/* A secret that only the holder of a TPM key can recover. */
#include "tpm/salt_secret.h"
#include "base/cleanup.h"
#include "base/writer.h"
#include "crypto/cipher.h"
#include "crypto/ecdh.h"
#include "crypto/rsa.h"
#include "tpm/session.h"

/* ECC: ephemeral point sent; secret = KDFe(nameAlg, z, label, ephemeral.x, key.x) (Part 1, C.6.1). */
static hf_err by_ecdh(const TPMT_PUBLIC *pub, const char *label, struct hf_tpm_salt_secret *out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *z = NULL;
    const TPMS_ECC_POINT *point = &pub->unique.ecc;
    struct hf_point peer = {.curve = (enum hf_curve)pub->parameters.eccDetail.curveID};
    struct hf_point mine = {0};
    size_t n = hf_curve_size(peer.curve);
    struct hf_writer w = hf_writer(out->sent, sizeof(out->sent));
    struct hf_bytes sent = {0};

    if (n == 0)
        return hf_fail(HF_E_UNSUPPORTED, "curve 0x%04x is none of P-256, P-384, P-521", pub->parameters.eccDetail.curveID);
    if (point->x.size > n || point->y.size > n)
        return hf_fail(HF_E_FORMAT, "a point of %u and %u bytes on a curve of %zu", point->x.size, point->y.size, n);
    memcpy(peer.x + n - point->x.size, point->x.buffer, point->x.size);
    memcpy(peer.y + n - point->y.size, point->y.buffer, point->y.size);
    HF_TRY(hf_ecdh_ephemeral(&peer, &mine, &z));
    hf_wr_b16(&w, (struct hf_bytes){mine.x, n});
    hf_wr_b16(&w, (struct hf_bytes){mine.y, n});
    HF_TRY(hf_wr_end(&w, &sent));
    out->n_sent = sent.n;
    out->n_key = hf_hash_size((enum hf_hash_alg)pub->nameAlg);
    return hf_tpm_kdfe((enum hf_hash_alg)pub->nameAlg, hf_secret_expose(z), label, (struct hf_bytes){mine.x, n},
                       (struct hf_bytes){peer.x, n}, out->n_key * 8, out->key);
}

/* RSA: a random secret under OAEP with nameAlg and the label with its NUL (Part 1, B.10.2). */
static hf_err by_oaep(const TPMT_PUBLIC *pub, const char *label, struct hf_tpm_salt_secret *out)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf block = {0};
    uint32_t exponent = pub->parameters.rsaDetail.exponent;

    HF_TRY(hf_pubkey_from_rsa((struct hf_bytes){pub->unique.rsa.buffer, pub->unique.rsa.size},
                              exponent ? exponent : 65537, &key));
    out->n_key = hf_hash_size((enum hf_hash_alg)pub->nameAlg);
    HF_TRY(hf_random(out->key, out->n_key));
    HF_TRY(hf_rsa_oaep_encrypt(key, (enum hf_hash_alg)pub->nameAlg, (struct hf_bytes){(const uint8_t *)label, strlen(label) + 1},
                               (struct hf_bytes){out->key, out->n_key}, &block));
    if (block.n > sizeof(out->sent))
        return hf_fail(HF_E_UNSUPPORTED, "an RSA block of %zu bytes is larger than any TPM's", block.n);
    memcpy(out->sent, block.p, block.n);
    out->n_sent = block.n;
    return HF_OK;
}

hf_err hf_tpm_secret_make(struct hf_bytes public_area, const char *label, struct hf_tpm_salt_secret *out)
{
    TPMT_PUBLIC pub;

    HF_TRY(hf_tpm_public_parse(public_area, &pub));
    if (hf_hash_size((enum hf_hash_alg)pub.nameAlg) == 0)
        return hf_fail(HF_E_UNSUPPORTED, "name algorithm 0x%04x is not known", pub.nameAlg);
    switch (pub.type) {
    case TPM2_ALG_ECC:
        return by_ecdh(&pub, label, out);
    case TPM2_ALG_RSA:
        return by_oaep(&pub, label, out);
    default:
        return hf_fail(HF_E_KEY_TYPE, "a key of type 0x%04x cannot receive a secret", pub.type);
    }
}

hf_err hf_tpm_salt_make(struct hf_bytes public_area, struct hf_tpm_salt_secret *out)
{
    return hf_tpm_secret_make(public_area, "SECRET", out);
}
