/* An enclave author's signature, and what it says. A SIGSTRUCT is a reference value: it proves no machine. */
#include "verify/sgx_sigstruct.h"
#include "base/cleanup.h"
#include "crypto/rsa.h"
#include "evidence/sgx_report.h"
#include "verify/intel_body.h"

static void reverse(struct hf_bytes in, uint8_t out[HF_SGX_RSA_SIZE])
{
    for (size_t i = 0; i < in.n; i++)
        out[i] = in.p[in.n - 1 - i];
}

hf_err hf_sgx_sigstruct_key(const struct hf_sgx_sigstruct *s, struct hf_pubkey **out)
{
    uint8_t n[HF_SGX_RSA_SIZE];

    if (s->exponent != 3)
        return hf_fail(HF_E_FORMAT, "exponent %u; SIGSTRUCT has 3", s->exponent);
    if (!(s->modulus.p[HF_SGX_RSA_SIZE - 1] & 0x80))
        return hf_fail(HF_E_FORMAT, "a modulus of fewer than 3072 bits");
    reverse(s->modulus, n);
    return hf_pubkey_from_rsa(HF_BYTES_OF(n), s->exponent, out);
}

hf_err hf_sgx_sigstruct_signature_check(struct hf_bytes in, const struct hf_sgx_sigstruct *s,
                                        const struct hf_pubkey *key)
{
    static const struct hf_sig_alg alg = {.scheme = HF_SIG_RSASSA, .hash = HF_SHA256};
    struct hf_bytes parts[HF_SGX_SIGSTRUCT_PARTS];
    struct hf_digest digest = {0};
    uint8_t sig[HF_SGX_RSA_SIZE];

    HF_TRY(hf_sgx_sigstruct_signed(in, parts));
    HF_TRY(hf_hash(HF_SHA256, parts, HF_COUNT(parts), &digest));
    reverse(s->signature, sig);
    return hf_pubkey_verify(key, &alg, hf_digest_bytes(&digest), HF_BYTES_OF(sig));
}

hf_err hf_sgx_sigstruct_quotients(const struct hf_sgx_sigstruct *s, uint8_t q1[HF_SGX_RSA_SIZE],
                                  uint8_t q2[HF_SGX_RSA_SIZE])
{
    uint8_t n[HF_SGX_RSA_SIZE], sig[HF_SGX_RSA_SIZE], be1[HF_SGX_RSA_SIZE], be2[HF_SGX_RSA_SIZE];

    reverse(s->modulus, n);
    reverse(s->signature, sig);
    HF_TRY(hf_rsa_quotients(n, sig, HF_SGX_RSA_SIZE, be1, be2));
    reverse(HF_BYTES_OF(be1), q1);
    reverse(HF_BYTES_OF(be2), q2);
    return HF_OK;
}

hf_err hf_sgx_sigstruct_quotients_check(const struct hf_sgx_sigstruct *s)
{
    uint8_t q1[HF_SGX_RSA_SIZE], q2[HF_SGX_RSA_SIZE];

    HF_TRY(hf_sgx_sigstruct_quotients(s, q1, q2));
    if (!hf_bytes_equal(HF_BYTES_OF(q1), s->q1))
        return hf_fail(HF_E_MISMATCH, "Q1 is not signature^2 / modulus");
    if (!hf_bytes_equal(HF_BYTES_OF(q2), s->q2))
        return hf_fail(HF_E_MISMATCH, "Q2 is not (signature^2 mod modulus) * signature / modulus");
    return HF_OK;
}

hf_err hf_sgx_sigstruct_check(struct hf_bytes in, const struct hf_sgx_sigstruct *s)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;

    HF_TRY(hf_sgx_sigstruct_key(s, &key));
    HF_TRY(hf_sgx_sigstruct_signature_check(in, s, key));
    return hf_sgx_sigstruct_quotients_check(s);
}

/* ---- judging ---- */

/* The author is trusted when the caller gave that key: among the roots, or among the endorsements. */
static void judge_author(const struct hf_judge *j, const struct hf_pubkey *key, struct hf_verdict *v)
{
    const struct hf_endorsement *e;
    const struct hf_anchor *anchor;
    uint8_t spki[32];
    size_t at = 0;

    if (hf_pubkey_spki_sha256(key, spki) != HF_OK) {
        (void)hf_check(v, "root", HF_E_INTERNAL);
        return;
    }
    anchor = hf_anchors_find(j->anchors, HF_VENDOR_ANY, spki);
    if (anchor) {
        hf_check_found(hf_check(v, "root", HF_OK), "%s", anchor->name);
        return;
    }
    while ((e = hf_endorsements_next(j->endorsements, HF_ENDORSEMENT_PUBLIC_KEY, &at)) != NULL) {
        if (hf_pubkey_equal(e->key, key)) {
            hf_check_found(hf_check(v, "root", HF_OK), "%s", e->source);
            return;
        }
    }
    hf_check_found_hex(hf_check(v, "root",
                                hf_fail(HF_E_UNTRUSTED, "nobody vouches for the author's key: give it as a root, or "
                                                        "as a public key")),
                       HF_BYTES_OF(spki));
}

static void judge_claims(struct hf_bytes in, const struct hf_sgx_sigstruct *s, struct hf_claims *c)
{
    uint8_t mr_signer[32];

    hf_claim_bytes(c, "mrenclave", (struct hf_bytes){in.p + 960, 32});
    if (hf_sgx_sigstruct_mr_signer(s, mr_signer) == HF_OK)
        hf_claim_bytes_copy(c, "mrsigner", HF_BYTES_OF(mr_signer));
    hf_claim_number(c, "isv_prod_id", s->isv_prod_id);
    hf_claim_number(c, "isv_svn", s->isv_svn);
    hf_claim_bytes(c, "attributes", (struct hf_bytes){in.p + 928, 16});
    hf_claim_bytes(c, "attribute_mask", (struct hf_bytes){in.p + 944, 16});
    hf_claim_bytes(c, "misc_select", (struct hf_bytes){in.p + 900, 4});
    hf_claim_printf(c, "signed_on", "%04x-%02x-%02x", s->date >> 16, s->date >> 8 & 0xff, s->date & 0xff);
}

hf_judge_fn hf_sgx_sigstruct_judge;

void hf_sgx_sigstruct_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v,
                            struct hf_findings *f)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    struct hf_sgx_sigstruct s;
    hf_err err = hf_sgx_sigstruct_parse(evidence, &s);

    (void)hf_check(v, "structure", err);
    if (err != HF_OK)
        return;
    judge_claims(evidence, &s, &f->claims);
    err = hf_sgx_sigstruct_key(&s, &key);
    (void)hf_check(v, "signature", err == HF_OK ? hf_sgx_sigstruct_signature_check(evidence, &s, key) : err);
    (void)hf_check(v, "signature quotients", hf_sgx_sigstruct_quotients_check(&s));
    if (key)
        judge_author(j, key, v);
    hf_judge_reserved_bits(v, "ATTRIBUTES.flags", s.flags & ~(uint64_t)HF_SGX_FLAGS_KNOWN);
    hf_judge_debug(s.type & HF_SGX_SIGSTRUCT_DEBUG || s.flags & HF_SGX_FLAG_DEBUG ||
                       !(s.flags_mask & HF_SGX_FLAG_DEBUG),
                   "the signature allows debug enclaves", v, f);
}
