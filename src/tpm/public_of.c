/* From a software public key to the TPM's form of it. */
#include "base/cleanup.h"
#include "codec/pem.h"
#include "tpm/key.h"

#include <holdfast/objects.h>
#include <stdio.h>

static hf_err fill_rsa(const struct hf_pubkey *key, TPMT_PUBLIC *pub)
{
    struct hf_bytes n = {0};
    uint64_t e = 0;

    HF_TRY(hf_pubkey_rsa(key, &n, &e));
    if (n.n > sizeof(pub->unique.rsa.buffer) || n.n * 8 > UINT16_MAX || e > UINT32_MAX)
        return hf_fail(HF_E_UNSUPPORTED, "an RSA key of %zu bits with exponent %llu is larger than any TPM's", n.n * 8,
                       (unsigned long long)e);
    pub->parameters.rsaDetail.exponent = e == 65537 ? 0 : (uint32_t)e;
    pub->parameters.rsaDetail.keyBits = (uint16_t)(n.n * 8);
    pub->unique.rsa.size = (uint16_t)n.n;
    memcpy(pub->unique.rsa.buffer, n.p, n.n);
    return HF_OK;
}

static hf_err fill_ec(const struct hf_pubkey *key, TPMT_PUBLIC *pub)
{
    struct hf_point point = {0};
    size_t n;

    HF_TRY(hf_pubkey_point(key, &point));
    n = hf_curve_size(point.curve);
    pub->parameters.eccDetail.curveID = (uint16_t)point.curve;
    pub->unique.ecc.x.size = pub->unique.ecc.y.size = (uint16_t)n;
    memcpy(pub->unique.ecc.x.buffer, point.x, n);
    memcpy(pub->unique.ecc.y.buffer, point.y, n);
    return HF_OK;
}

hf_err hf_tpm_public_from_software(const struct hf_pubkey *key, bool storage, struct hf_buf *out)
{
    bool rsa = hf_pubkey_kind(key) == HF_KEY_RSA;
    struct hf_tpm_key_spec spec = {.algorithm = rsa ? "rsa2048" : "ecc-p256",
                                   .use = storage ? HF_TPM_USE_PARENT : HF_TPM_USE_SIGN | HF_TPM_USE_DECRYPT};
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    TPMT_PUBLIC pub;

    if (!rsa && hf_pubkey_kind(key) != HF_KEY_EC)
        return hf_fail(HF_E_UNSUPPORTED, "no TPM 2.0 has ed25519 keys: its elliptic curves are the NIST ones");
    HF_TRY(hf_tpm_template(&spec, &pub));
    if (!storage) /* it is nobody's child here */
        pub.objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_DECRYPT;
    HF_TRY(rsa ? fill_rsa(key, &pub) : fill_ec(key, &pub));
    HF_TRY(hf_tpm_public_write(&pub, &made));
    return hf_buf_set(out, hf_buf_bytes(&made));
}

hf_err hf_tpm_public_from_pem(struct hf_bytes pem, bool storage, struct hf_buf *out)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;

    HF_TRY(hf_pubkey_from_pem(pem, &key));
    return hf_tpm_public_from_software(key, storage, out);
}
