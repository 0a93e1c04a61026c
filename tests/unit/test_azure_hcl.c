/* Azure's report: its views, and the chain from a nonce over a TPM quote and runtime data to the hardware's report. */
#include "base/text.h"
#include "codec/base64.h"
#include "evidence/azure_hcl.h"
#include "evidence/tpm_quote.h"
#include "judged.h"
#include "snp_rig.h"
#include "vectors.h"

/* A machine of Azure's: hierarchy, attestation key, report over its runtime data. */
struct cloud {
    struct make_amd amd;
    struct testca vek;
    struct hf_privkey *ak;
    struct hf_buf json, hcl, quote;
    uint8_t report[HF_SNP_REPORT_SIZE];
};

static void cloud_free(struct cloud *c)
{
    make_amd_free(&c->amd);
    testca_free(&c->vek);
    hf_privkey_free(&c->ak);
    hf_buf_free(&c->json);
    hf_buf_free(&c->hcl);
    hf_buf_free(&c->quote);
}

static void write_json(struct cloud *c)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf n64 = {0};
    char *text = NULL;
    struct hf_bytes n;
    uint64_t e;

    OK(hf_pubkey_rsa(hf_privkey_public(c->ak), &n, &e));
    OK(hf_base64url_write(n, &n64));
    OK(hf_buf_text(&n64, &text));
    OK(hf_buf_printf(&c->json,
                     "{\"keys\":[{\"kid\":\"HCLEkPub\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQ\"},"
                     "{\"kid\":\"HCLAkPub\",\"key_ops\":[\"sign\"],\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"}],"
                     "\"vm-configuration\":{\"secure-boot\":true,\"vmUniqueId\":\"11-22\"},\"user-data\":\"00\"}",
                     text));
}

static void write_hcl(struct cloud *c)
{
    struct hf_azure_hcl hcl = {.version = 1,
                               .request_type = 2,
                               .room = HF_BYTES_OF(c->report),
                               .data_size = (uint32_t)(20 + c->json.n),
                               .data_version = 1,
                               .report_type = HF_AZURE_HCL_SNP,
                               .hash_type = 1,
                               .json = hf_buf_bytes(&c->json),
                               .padding = 100};

    hcl.report_size = 32 + 1184 + hcl.data_size;
    hf_buf_free(&c->hcl);
    OK(hf_azure_hcl_write(&hcl, &c->hcl));
}

static void cloud_new(struct cloud *c)
{
    struct make_vek_spec spec = {0};
    struct hf_snp_report rep;
    struct hf_digest data = {0};

    make_snp_report(3, HF_SNP_PRODUCT_MILAN, &rep);
    OK(hf_privkey_generate_rsa(2048, &c->ak));
    write_json(c);
    OK(hf_hash_one(HF_SHA256, hf_buf_bytes(&c->json), &data));
    rep.report_data = (struct hf_bytes){data.bytes, 64};
    OK(make_amd_new("Milan", &c->amd));
    make_vek_of(&rep, HF_SNP_PRODUCT_MILAN, "Milan-B1", &spec.vek);
    OK(make_vek(&c->amd, &spec, &c->vek));
    OK(make_snp_sign(&rep, c->vek.key, c->report));
    write_hcl(c);
}

/* A quote over a nonce by any key, as an envelope. */
static void quote_by(struct cloud *c, const struct hf_privkey *key, struct hf_bytes nonce)
{
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env = {.environment = "unknown"};
    struct hf_sig_alg alg = {.scheme = HF_SIG_RSASSA, .hash = HF_SHA256};
    uint8_t value[32] = {7};
    struct hf_quote_attest attest = {.magic = TPM2_GENERATED_VALUE,
                                     .type = TPM2_ST_ATTEST_QUOTE,
                                     .signer = HF_BYTES_OF(value),
                                     .extra_data = nonce,
                                     .clock_ms = 5,
                                     .safe = true};
    struct hf_digest digest = {0};

    OK(hf_pcr_selection_parse("sha256:7", &attest.selection));
    OK(hf_hash_one(HF_SHA256, HF_BYTES_OF(value), &digest));
    attest.pcr_digest = hf_digest_bytes(&digest);
    OK(hf_pcrs_put(&env.claim.pcrs, HF_SHA256, 7, HF_BYTES_OF(value)));
    env.claim.selection = attest.selection;
    env.claim.has_selection = true;
    OK(hf_quote_attest_write(&attest, &env.attest));
    OK(hf_privkey_sign_message(key, &alg, hf_buf_bytes(&env.attest), &env.signature));
    OK(hf_pubkey_to_spki(hf_privkey_public(key), &env.ak_public));
    hf_buf_free(&c->quote);
    OK(hf_tpm_envelope_write(&env, &c->quote));
}

static const uint8_t nonce_bytes[16] = "a fresh nonce...";

/* Judge the HCL report, and with `quoted` the quote beside it. */
static enum hf_verdict_status judge(struct cloud *c, struct rig *r, bool quoted)
{
    struct hf_evidence_item items[2] = {{.bytes = hf_buf_bytes(&c->hcl)}, {.bytes = hf_buf_bytes(&c->quote)}};
    const struct hf_evidence_item *also[2] = {&items[0], &items[1]};
    enum hf_verdict_status status;

    OK(hf_evidence_detect(items[0].bytes, NULL, &items[0].format));
    CHECK_TEXT(items[0].format->name, "azure-hcl");
    if (quoted)
        OK(hf_evidence_detect(items[1].bytes, NULL, &items[1].format));
    r->judge.also = also;
    r->judge.n_also = quoted ? 2 : 1;
    status = rig_judge_as(r, "azure-hcl", items[0].bytes);
    r->judge.also = NULL;
    r->judge.n_also = 0;
    return status;
}

TEST(a_nonce_in_a_quote_by_the_reports_key_is_fresh)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(cloud_free) struct cloud c = {0};
    struct hf_bytes nonce = HF_BYTES_OF(nonce_bytes), other = {nonce_bytes, 15};

    cloud_new(&c);
    rig_add_amd(r, &c.amd);
    rig_add(r, c.vek.cert->der, "vek");
    CHECK(judge(&c, r, false) == HF_VERDICT_WARNING);
    want_row(r, "signature", HF_CHECK_OK);
    want_row(r, "hcl binding", HF_CHECK_OK);
    want_row(r, "attestation key", HF_CHECK_OK);
    want_row(r, "quote binding", HF_CHECK_ABSENT);
    want_row(r, "freshness", HF_CHECK_ABSENT);
    want_claim(r, "vm_id", "11-22");
    want_claim(r, "vmpl", "0");
    r->judge.nonce = &nonce;
    CHECK(judge(&c, r, false) == HF_VERDICT_WARNING);
    want_row(r, "nonce", HF_CHECK_ABSENT);
    quote_by(&c, c.ak, nonce);
    (void)judge(&c, r, true);
    want_status(r, HF_VERDICT_AFFIRMING);
    want_row(r, "quote binding", HF_CHECK_OK);
    want_row(r, "nonce", HF_CHECK_OK);
    CHECK(r->findings.fresh);
    quote_by(&c, c.ak, other);
    CHECK(judge(&c, r, true) == HF_VERDICT_CONTRAINDICATED);
    want_row(r, "nonce", HF_CHECK_FAILED);
}

TEST(a_quote_by_another_key_or_changed_runtime_data_is_refused)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(cloud_free) struct cloud c = {0};
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *mallory = NULL;
    struct hf_bytes nonce = HF_BYTES_OF(nonce_bytes);

    cloud_new(&c);
    rig_add_amd(r, &c.amd);
    rig_add(r, c.vek.cert->der, "vek");
    r->judge.nonce = &nonce;
    OK(hf_privkey_generate_rsa(2048, &mallory));
    quote_by(&c, mallory, nonce);
    CHECK(judge(&c, r, true) == HF_VERDICT_CONTRAINDICATED);
    want_row(r, "quote binding", HF_CHECK_FAILED);
    quote_by(&c, c.ak, nonce);
    c.json.p[c.json.n - 3] ^= 1;
    write_hcl(&c);
    CHECK(judge(&c, r, true) == HF_VERDICT_CONTRAINDICATED);
    want_row(r, "hcl binding", HF_CHECK_FAILED);
    want_row(r, "signature", HF_CHECK_OK);
}

TEST(report_and_quote_are_judged_together)
{
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(cloud_free) struct cloud c = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};
    hf_err err;

    judged_new(&j);
    cloud_new(&c);
    OK(make_amd_crl(&c.amd, NULL, 0, 0, &crl));
    OK(hf_verifier_add_root(j.verifier, c.amd.ark.cert->der, "ark"));
    OK(hf_verifier_add_collateral(j.verifier, c.amd.ask.cert->der, "ask"));
    OK(hf_verifier_add_collateral(j.verifier, c.vek.cert->der, "vek"));
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&crl), "crl"));
    judged_nonce(&j, HF_BYTES_OF(nonce_bytes));
    quote_by(&c, c.ak, HF_BYTES_OF(nonce_bytes));
    err = judge_two(&j, hf_buf_bytes(&c.hcl), hf_buf_bytes(&c.quote));
    CHECK_ROW(&j, "azure-hcl: signature", HF_CHECK_OK);
    CHECK_ROW(&j, "azure-hcl: nonce", HF_CHECK_OK);
    CHECK_ROW(&j, "tpm-quote: ak", HF_CHECK_OK);
    CHECK_ROW(&j, "tpm-quote: nonce", HF_CHECK_OK);
    if (err != HF_OK && err != HF_E_WARNED) {
        judged_print(&j);
        FAIL("%s", hf_err_detail());
    }
    (void)judge_one(&j, hf_buf_bytes(&c.quote));
    CHECK_ROW(&j, "ak", HF_CHECK_FAILED);
}

TEST(only_the_reviewed_bytes_of_a_report_are_unsigned)
{
    /* report size and request type; nothing else may change unnoticed */
    static const struct {
        size_t from, to;
    } free_bytes[] = {{0x08, 0x10}, {0x04, 0x05}};
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(cloud_free) struct cloud c = {0};
    struct hf_bytes nonce = HF_BYTES_OF(nonce_bytes);

    cloud_new(&c);
    rig_add_amd(r, &c.amd);
    rig_add(r, c.vek.cert->der, "vek");
    r->judge.nonce = &nonce;
    quote_by(&c, c.ak, nonce);
    for (size_t at = 4; at < c.hcl.n; at += at < 0x20 || (at >= 0x4c0 && at < 0x4d4) ? 1 : 7) {
        bool reviewed = false;

        for (size_t i = 0; i < HF_COUNT(free_bytes); i++)
            reviewed |= at >= free_bytes[i].from && at < free_bytes[i].to;
        c.hcl.p[at] ^= 3;
        if (judge(&c, r, true) != HF_VERDICT_CONTRAINDICATED && !reviewed)
            FAIL("byte 0x%zx changed, and still not refused", at);
        c.hcl.p[at] ^= 3;
    }
    CHECK(judge(&c, r, true) == HF_VERDICT_AFFIRMING);
}

TEST(a_tdreport_inside_is_not_believed_by_itself)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(cloud_free) struct cloud c = {0};

    cloud_new(&c);
    c.hcl.p[0x4c8] = HF_AZURE_HCL_TDX;
    CHECK(judge(&c, r, false) == HF_VERDICT_CONTRAINDICATED);
    want_row(r, "signature", HF_CHECK_FAILED);
    want_row(r, "hcl binding", HF_CHECK_FAILED);
    /* the TDREPORT's field at 0x80 carries the hash */
    memcpy(c.hcl.p + 0x20 + 128, c.report + 0x50, 64);
    CHECK(judge(&c, r, false) == HF_VERDICT_CONTRAINDICATED);
    want_row(r, "hcl binding", HF_CHECK_OK);
}

TEST(what_does_not_fit_is_refused_and_what_fits_is_written_again)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t value;
    } cases[] = {
        {"magic", 0, 'X'},         {"version 3", 4, 3},        {"version 0", 4, 0},         {"status", 0x10, 1},
        {"reserved", 0x14, 1},     {"data version", 0x4c4, 2}, {"report type 3", 0x4c8, 3}, {"hash type 0", 0x4cc, 0},
        {"hash type 4", 0x4cc, 4}, {"data size", 0x4c0, 1},    {"JSON length", 0x4d0, 1},
    };
    HF_CLEANUP(cloud_free) struct cloud c = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_azure_hcl hcl;

    cloud_new(&c);
    OK(hf_azure_hcl_parse(hf_buf_bytes(&c.hcl), &hcl));
    OK(hf_azure_hcl_write(&hcl, &again));
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&c.hcl));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t was = c.hcl.p[cases[i].at];

        CASE(cases[i].name);
        c.hcl.p[cases[i].at] = cases[i].value;
        CHECK(hf_azure_hcl_parse(hf_buf_bytes(&c.hcl), &hcl) != HF_OK);
        c.hcl.p[cases[i].at] = was;
    }
    for (size_t n = 0; n < c.hcl.n - 100; n += 13)
        CHECK(hf_azure_hcl_parse((struct hf_bytes){c.hcl.p, n}, &hcl) != HF_OK);
    c.hcl.p[c.hcl.n - 1] = 1;
    FAILS(hf_azure_hcl_parse(hf_buf_bytes(&c.hcl), &hcl), HF_E_FORMAT);
}

static hf_err take_ak(struct hf_bytes hcl)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;

    return hf_azure_hcl_ak(hcl, &key);
}

TEST(keys_that_are_not_there_once_are_refused_and_memory_may_end)
{
    static const struct {
        const char *name, *json;
        hf_err want;
    } cases[] = {
        {"no keys", "{}", HF_E_NOT_FOUND},
        {"an empty list", "{\"keys\":[]}", HF_E_NOT_FOUND},
        {"other keys", "{\"keys\":[{\"kid\":\"HCLEkPub\"}]}", HF_E_NOT_FOUND},
        {"twice", "{\"keys\":[{\"kid\":\"HCLAkPub\"},{\"kid\":\"HCLAkPub\"}]}", HF_E_FORMAT},
        {"an EC key", "{\"keys\":[{\"kid\":\"HCLAkPub\",\"kty\":\"EC\"}]}", HF_E_FORMAT},
        {"no modulus", "{\"keys\":[{\"kid\":\"HCLAkPub\",\"kty\":\"RSA\"}]}", HF_E_NOT_FOUND},
        {"a duplicate member", "{\"keys\":[],\"keys\":[]}", HF_E_FORMAT},
        {"no JSON", "{", HF_E_FORMAT},
    };
    HF_CLEANUP(cloud_free) struct cloud c = {0};

    cloud_new(&c);
    OK(take_ak(hf_buf_bytes(&c.hcl)));
    SWEEP(take_ak(hf_buf_bytes(&c.hcl)));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        OK(hf_buf_set(&c.json, hf_bytes_text(cases[i].json)));
        write_hcl(&c);
        FAILS(take_ak(hf_buf_bytes(&c.hcl)), cases[i].want);
    }
}

TEST(blobs_of_real_machines_bind_their_keys)
{
    static const struct {
        const char *hcl, *vek, *ak;
        hf_time at;
    } cases[] = {
        {"12afe089", "vcek-milan-", "az-snp-12afe089", 1750000000},
        {"1625c792", "vcek-milan-", NULL, 1750000000},
        {"47a66c13", "vcek-milan-", "az-snp-47a66c13", 1750000000},
        {"5145bacd", "vcek-milan-", NULL, 1750000000},
        {"71259f23", "vcek-milan-", NULL, 1750000000},
        {"80af4373", "vcek-genoa-", NULL, 1750000000},
        {"a0ba4a3b", "vcek-milan-", NULL, 1750000000},
        {"c1035b25", "vcek-milan-", NULL, 1750000000},
        {"ca270376", "vcek-milan-", NULL, 1750000000},
        {"ee08a5e4", "vcek-milan-", NULL, 1750000000},
    };
    static const char *const pki[] = {
        "ark-milan",           "ark-genoa",           "ask-milan",           "ask-genoa",
        "vcek-genoa-05788a16", "vcek-genoa-1b40c122", "vcek-genoa-ab5a6bc8", "vcek-genoa-c065f729",
        "vcek-milan-0d057f9b", "vcek-milan-34309875", "vcek-milan-3bbfb6ee", "vcek-milan-4f1fde69",
        "vcek-milan-5481475b", "vcek-milan-63cb5ea9", "vcek-milan-6444b514", "vcek-milan-693dc019",
        "vcek-milan-914363d8", "vcek-milan-b67b09bf", "vcek-milan-b68af9a5", "vcek-milan-d63fc253",
        "vcek-milan-e1ef3f3e", "vcek-milan-fc65813b", "vcek-milan-fcd6cc41"};
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    size_t verified = 0;
    char path[96];

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(pki); i++) {
        (void)snprintf(path, sizeof(path), "evidence/snp/pki/%s.der", pki[i]);
        vector(path, &file);
        rig_add(r, hf_buf_bytes(&file), pki[i]);
    }
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *ak = NULL, *quoted = NULL;

        CASE(cases[i].hcl);
        (void)snprintf(path, sizeof(path), "evidence/snp/azure-hcl/hcl-%s.bin", cases[i].hcl);
        vector(path, &file);
        r->judge.at = cases[i].at;
        (void)rig_judge_as(r, "azure-hcl", hf_buf_bytes(&file));
        want_row(r, "hcl binding", HF_CHECK_OK);
        want_row(r, "attestation key", HF_CHECK_OK);
        verified += hf_verdict_row(&r->verdict, "signature")->status == HF_CHECK_OK;
        OK(hf_azure_hcl_ak(hf_buf_bytes(&file), &ak));
        if (!cases[i].ak)
            continue;
        (void)snprintf(path, sizeof(path), "evidence/tpm/%s.ak.pem", cases[i].ak);
        vector(path, &file);
        OK(hf_pubkey_from_pem(hf_buf_bytes(&file), &quoted));
        CHECK(hf_pubkey_equal(ak, quoted));
    }
    print_message("# %zu blobs, %zu with their chip's certificate\n", HF_COUNT(cases), verified);
    CHECK(verified >= 8);
}

TESTS(RUN(a_nonce_in_a_quote_by_the_reports_key_is_fresh),
      RUN(a_quote_by_another_key_or_changed_runtime_data_is_refused), RUN(report_and_quote_are_judged_together),
      RUN(only_the_reviewed_bytes_of_a_report_are_unsigned), RUN(a_tdreport_inside_is_not_believed_by_itself),
      RUN(what_does_not_fit_is_refused_and_what_fits_is_written_again),
      RUN(keys_that_are_not_there_once_are_refused_and_memory_may_end), RUN(blobs_of_real_machines_bind_their_keys))
