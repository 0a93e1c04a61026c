/* The quotients that SIGSTRUCT carries. Intel SDM volume 3D, 38.13. Public numbers only. */
#include "base/cleanup.h"
#include "crypto/context.h"
#include "crypto/rsa.h"

#include <openssl/bn.h>

static void bn_ctx_free(BN_CTX **ctx)
{
    if (*ctx)
        BN_CTX_end(*ctx);
    BN_CTX_free(*ctx);
    *ctx = NULL;
}

hf_err hf_rsa_quotients(const uint8_t *n, const uint8_t *s, size_t size, uint8_t *q1, uint8_t *q2)
{
    HF_CLEANUP(bn_ctx_free) BN_CTX *ctx = BN_CTX_new_ex(hf_ossl());
    BIGNUM *bn_n, *bn_s, *product, *rest, *quotient;
    bool ok;

    if (!ctx)
        return hf_fail(HF_E_MEMORY, "no memory for RSA numbers");
    if (size > HF_RSA_BYTES_MAX)
        return hf_fail(HF_E_LIMIT, "RSA numbers of %zu bytes", size);
    BN_CTX_start(ctx);
    bn_n = BN_CTX_get(ctx);
    bn_s = BN_CTX_get(ctx);
    product = BN_CTX_get(ctx);
    rest = BN_CTX_get(ctx);
    quotient = BN_CTX_get(ctx);
    if (!quotient || !BN_bin2bn(n, (int)size, bn_n) || !BN_bin2bn(s, (int)size, bn_s))
        return hf_fail_ossl(HF_E_MEMORY, "reading RSA numbers");
    if (BN_is_zero(bn_n) || BN_cmp(bn_s, bn_n) >= 0)
        return hf_fail(HF_E_FORMAT, "the signature is not below its modulus");
    ok = BN_sqr(product, bn_s, ctx) == 1 && BN_div(quotient, rest, product, bn_n, ctx) == 1 &&
         BN_bn2binpad(quotient, q1, (int)size) == (int)size && BN_mul(product, rest, bn_s, ctx) == 1 &&
         BN_div(quotient, rest, product, bn_n, ctx) == 1 && BN_bn2binpad(quotient, q2, (int)size) == (int)size;
    return ok ? HF_OK : hf_fail_ossl(HF_E_INTERNAL, "RSA quotients");
}
