/*
 * A quote made by a software key that pretends to be a TPM's, with everything that an envelope holds. For tests that
 * cannot have third-party vectors.
 */
#ifndef HF_MAKE_TPM_QUOTE_H
#define HF_MAKE_TPM_QUOTE_H

#include "crypto/privkey.h"
#include "evidence/tpm_quote.h"
#include "test.h"
#include "verify/tpm_quote.h"

#define AK_ATTRIBUTES                                                                                              \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH | \
     TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT)

static const uint8_t made_nonce[] = "sixteen or so bytes";

struct made_quote {
    struct hf_privkey *key;
    struct hf_tpm_envelope env;
    struct hf_bytes nonce;
    struct hf_tpm_quote_input in;
};

static inline void made_quote_free(struct made_quote *m)
{
    hf_privkey_free(&m->key);
    hf_tpm_envelope_free(&m->env);
}

static inline void make_quote_public(struct made_quote *m)
{
    struct hf_point point;
    size_t size;
    struct hf_tpm_pub pub = {
        .type = TPM2_ALG_ECC,
        .name_alg = HF_SHA256,
        .attributes = AK_ATTRIBUTES,
        .symmetric = {TPM2_ALG_NULL, TPM2_ALG_NULL},
        .scheme = {TPM2_ALG_ECDSA, HF_SHA256},
        .curve = TPM2_ECC_NIST_P256,
        .kdf = {TPM2_ALG_NULL, TPM2_ALG_NULL},
    };

    OK(hf_pubkey_point(hf_privkey_public(m->key), &point));
    size = hf_curve_size(point.curve);
    pub.x = (struct hf_bytes){point.x, size};
    pub.y = (struct hf_bytes){point.y, size};
    OK(hf_tpm_pub_write(&pub, &m->env.ak_public));
}

/* Sign env.attest again, after it was changed. */
static inline void sign_quote(struct made_quote *m)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};
    struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256};
    struct hf_quote_signature sig = {.scheme = {TPM2_ALG_ECDSA, HF_SHA256}};

    OK(hf_privkey_sign_message(m->key, &alg, hf_buf_bytes(&m->env.attest), &raw));
    sig.r = (struct hf_bytes){raw.p, 32};
    sig.s = (struct hf_bytes){raw.p + 32, 32};
    hf_buf_free(&m->env.signature);
    OK(hf_quote_signature_write(&sig, &m->env.signature));
    m->in.attest = hf_buf_bytes(&m->env.attest);
    m->in.signature = hf_buf_bytes(&m->env.signature);
}

static inline void make_quote(struct made_quote *m)
{
    struct hf_quote_attest attest = {.magic = TPM2_GENERATED_VALUE,
                                     .type = TPM2_ST_ATTEST_QUOTE,
                                     .clock_ms = 1000,
                                     .reset_count = 5,
                                     .restart_count = 2,
                                     .safe = true,
                                     .firmware = 7};
    uint8_t value[48] = {1}, name[HF_TPM_PUB_NAME_MAX];
    struct hf_digest digest;
    struct hf_tpm_pub pub;
    size_t n = 0;

    OK(hf_privkey_generate_ec(HF_P256, &m->key));
    make_quote_public(m);
    OK(hf_tpm_pub_parse(hf_buf_bytes(&m->env.ak_public), &pub));
    OK(hf_tpm_pub_name(&pub, name, &n));
    OK(hf_pcr_selection_parse("sha384:16+sha256:0,7", &m->env.claim.selection));
    m->env.claim.has_selection = true;
    OK(hf_pcrs_put(&m->env.claim.pcrs, HF_SHA384, 16, (struct hf_bytes){value, 48}));
    OK(hf_pcrs_put(&m->env.claim.pcrs, HF_SHA256, 0, (struct hf_bytes){value, 32}));
    OK(hf_pcrs_put(&m->env.claim.pcrs, HF_SHA256, 7, (struct hf_bytes){value, 32}));
    OK(hf_pcrs_digest(&m->env.claim.pcrs, &m->env.claim.selection, HF_SHA256, &digest));
    attest.signer = (struct hf_bytes){name, n};
    attest.extra_data = HF_BYTES_OF(made_nonce);
    attest.selection = m->env.claim.selection;
    attest.pcr_digest = hf_digest_bytes(&digest);
    OK(hf_quote_attest_write(&attest, &m->env.attest));
    (void)snprintf(m->env.environment, sizeof(m->env.environment), "emulated");
    m->nonce = HF_BYTES_OF(made_nonce);
    m->in.nonce = &m->nonce;
    m->in.ak_public = hf_buf_bytes(&m->env.ak_public);
    m->in.claim = &m->env.claim;
    sign_quote(m);
}

#endif
