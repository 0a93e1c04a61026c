/* The warm path: evidence whose chain, keys and collateral were seen before is judged without an allocation of ours. */
#include "make_amd.h"
#include "make_nitro.h"
#include "policy/verify.h"
#include "test.h"
#include "vectors.h"

#define MANY 1000000ul

/* Judged twice; the third time may take nothing. */
static void warm(struct hf_verifier *verifier, struct hf_bytes evidence, hf_time at)
{
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *result = NULL;
    const struct hf_verify_request q = {.evidence = &evidence, .n_evidence = 1, .at = at};
    unsigned long taken;
    hf_err err;

    OK(hf_verify_result_new(&result));
    for (int i = 0; i < 2; i++) {
        err = hf_verify(verifier, &q, result);
        CHECK(err == HF_OK || err == HF_E_WARNED || err == HF_E_UNTRUSTED);
    }
    hf_alloc_fail_at(MANY);
    CHECK(hf_verify(verifier, &q, result) == err);
    taken = MANY - hf_alloc_left();
    hf_alloc_fail_at(0);
    if (taken)
        FAIL("%lu allocations", taken);
}

TEST(a_nitro_document_of_a_known_leaf_takes_no_memory)
{
    HF_CLEANUP(make_nitro_free) struct make_nitro n;
    HF_CLEANUP(hf_verifier_free) struct hf_verifier *verifier = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};

    make_nitro_start(&n);
    OK(make_nitro_certs(&n));
    OK(make_nitro_sign(&n, &doc));
    OK(hf_verifier_new(&verifier));
    OK(hf_verifier_add_root(verifier, n.ca[NITRO_ROOT].cert->der, "root"));
    warm(verifier, hf_buf_bytes(&doc), NITRO_MADE);
}

TEST(an_snp_report_of_a_known_vcek_takes_no_memory)
{
    HF_CLEANUP(make_amd_free) struct make_amd amd = {0};
    HF_CLEANUP(testca_free) struct testca vcek = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};
    HF_CLEANUP(hf_verifier_free) struct hf_verifier *verifier = NULL;
    uint8_t report[HF_SNP_REPORT_SIZE];
    struct make_vek_spec spec = {0};
    struct hf_snp_report rep;

    OK(make_amd_new("Milan", &amd));
    make_snp_report(2, HF_SNP_PRODUCT_MILAN, &rep);
    make_vek_of(&rep, HF_SNP_PRODUCT_MILAN, "Milan-B0", &spec.vek);
    OK(make_vek(&amd, &spec, &vcek));
    OK(make_snp_sign(&rep, vcek.key, report));
    OK(make_amd_crl(&amd, NULL, 0, 0, &crl));
    OK(hf_verifier_new(&verifier));
    OK(hf_verifier_add_root(verifier, amd.ark.cert->der, "ark"));
    OK(hf_verifier_add_collateral(verifier, amd.ask.cert->der, "ask"));
    OK(hf_verifier_add_collateral(verifier, vcek.cert->der, "vcek"));
    OK(hf_verifier_add_collateral(verifier, hf_buf_bytes(&crl), "crl"));
    warm(verifier, HF_BYTES_OF(report), MAKE_AMD_AT);
}

/* The first case of a file of cases, with its collateral. */
static void warm_case(const char *cases)
{
    static const char *const named[] = {"tcb_info", "qe_identity", "pck_crl", "root_crl"};
    static const char *const pki[] = {"sgx/pki/intel-pck-platform-ca.der", "sgx/pki/intel-sgx-root-ca-2018-2049.der",
                                      "sgx/pki/intel-tcb-signing-2018-2025.der",
                                      "sgx/pki/intel-tcb-signing-2025-2032.der"};
    HF_CLEANUP(hf_verifier_free) struct hf_verifier *verifier = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    const char *at = json_first(vector_text(cases, &text));
    char path[512];

    OK(hf_verifier_new(&verifier));
    for (size_t i = 0; i < HF_COUNT(named) + HF_COUNT(pki); i++) {
        const char *key = i < HF_COUNT(named) ? json_key(at, named[i]) : NULL;
        struct hf_bytes name = key ? json_word(key) : (struct hf_bytes){0};

        if (i < HF_COUNT(named))
            (void)snprintf(path, sizeof(path), "evidence/%.*s", (int)name.n, (const char *)name.p);
        else
            (void)snprintf(path, sizeof(path), "evidence/%s", pki[i - HF_COUNT(named)]);
        vector(path, &file);
        OK(hf_verifier_add_collateral(verifier, hf_buf_bytes(&file), path));
    }
    (void)snprintf(path, sizeof(path), "evidence/%.*s", (int)json_word(json_key(at, "quote")).n,
                   (const char *)json_word(json_key(at, "quote")).p);
    vector(path, &file);
    warm(verifier, hf_buf_bytes(&file), (hf_time)json_number(json_key(at, "time")));
}

TEST(an_sgx_quote_of_a_known_attestation_key_takes_no_memory)
{
    NEED_VECTORS();
    warm_case("evidence/sgx/cases.json");
}

TEST(a_tdx_quote_of_a_known_attestation_key_takes_no_memory)
{
    NEED_VECTORS();
    warm_case("evidence/tdx/cases.json");
}

TESTS(RUN(a_nitro_document_of_a_known_leaf_takes_no_memory), RUN(an_snp_report_of_a_known_vcek_takes_no_memory),
      RUN(an_sgx_quote_of_a_known_attestation_key_takes_no_memory),
      RUN(a_tdx_quote_of_a_known_attestation_key_takes_no_memory))
