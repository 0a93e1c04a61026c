/* Real NVIDIA reports, manifests and an OCSP response. */
#include "evidence/dice_tcb.h"
#include "evidence/spdm.h"
#include "vectors.h"
#include "verifying.h"

#define AT ((int64_t)1764288000) /* 2025-11-28 */

static void count_row(void *to, const struct hf_inspect_row *row)
{
    CHECK(row->name && row->name[0]);
    (*(size_t *)to)++;
}

static void collateral(struct verifying *j, const char *name)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    char path[160];

    (void)snprintf(path, sizeof(path), "evidence/nvidia/%s", name);
    vector(path, &file);
    OK(hf_verifier_add_collateral(j->verifier, hf_buf_bytes(&file), name));
}

static void real_report(const char *at)
{
    HF_CLEANUP(verifying_free) struct verifying j;
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    const char *expect = json_key(at, "expect");
    struct hf_bytes file = json_word(json_key(at, "report")), chain = json_word(json_key(at, "chain"));
    bool good = json_is(json_key(expect, "signature"), "true");
    struct hf_spdm_report parsed;
    struct hf_inspect inspect = {.row = count_row};
    char path[160];
    size_t rows = 0;

    (void)snprintf(path, sizeof(path), "evidence/%.*s", (int)file.n, file.p);
    CASE(path);
    vector(path, &report);
    verifying_new(&j, AT);
    (void)snprintf(path, sizeof(path), "%.*s", (int)(chain.n - 7), chain.p + 7); /* behind "nvidia/" */
    collateral(&j, path);
    OK(hf_spdm_report_parse(hf_buf_bytes(&report), &parsed));
    verifying_nonce(&j, parsed.nonce);
    FAILS(judge(&j, hf_buf_bytes(&report)), good ? HF_E_WARNED : HF_E_UNTRUSTED);
    if (good)
        only_failed(&j, "");
    ROW_IS(&j, "signature", good ? "ok" : "failed");
    ROW_IS(&j, "certificate chain", "ok");
    ROW_IS(&j, "root", "ok");
    ROW_IS(&j, "nonce", "ok");
    ROW_IS(&j, "revocation", "absent");
    if (good)
        CHECK(j.result->item[0].findings.level == HF_LEVEL_HIGH);
    inspect.whole = hf_buf_bytes(&report);
    inspect.to = &rows;
    OK(hf_spdm_report_inspect(hf_buf_bytes(&report), &inspect));
    CHECK(rows > 30);
}

TEST(real_reports_have_the_verdicts_that_are_known)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    size_t n = 0;

    if (!vectors_dir())
        return;
    for (const char *at = json_first(vector_text("evidence/nvidia/cases.json", &text)); at; at = json_next(at), n++)
        real_report(at);
    CASE("");
    CHECK(n == 13);
}

TEST(real_manifests_fit_the_real_report_of_their_driver)
{
    HF_CLEANUP(verifying_free) struct verifying j;
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf other = {0};
    struct hf_spdm_report parsed;

    if (!vectors_dir())
        return;
    vector("evidence/nvidia/nvtrust-hopper-c438e7e7.spdm.bin", &report);
    verifying_new(&j, 1717300000); /* 2024-06-02: both signers are valid */
    collateral(&j, "nvtrust-hopper-c438e7e7.chain.pem");
    collateral(&j, "rim/NV_GPU_DRIVER_GH100_550.90.07.xml");
    collateral(&j, "rim/NV_GPU_VBIOS_1010_0200_882_96009F0001.xml");
    OK(hf_spdm_report_parse(hf_buf_bytes(&report), &parsed));
    verifying_nonce(&j, parsed.nonce);
    FAILS(judge(&j, hf_buf_bytes(&report)), HF_E_WARNED);
    only_failed(&j, "");
    ROW_IS(&j, "driver RIM", "ok");
    ROW_IS(&j, "VBIOS RIM", "ok");
    ROW_IS(&j, "measurements", "ok");
    ROW_IS(&j, "debug", "ok");
    ROW_IS(&j, "fwid", "ok");
    j.q.at = 1790000000; /* 2026-09: their signers' certificates have ended */
    FAILS(judge(&j, hf_buf_bytes(&report)), HF_E_WARNED);
    ROW_IS(&j, "driver RIM", "absent");
    ROW_IS(&j, "measurements", "absent");
    vector("evidence/nvidia/hopper-a-daf8ea2a.spdm.bin", &other);
    FAILS(judge(&j, hf_buf_bytes(&other)), HF_E_UNTRUSTED);
    ROW_IS(&j, "signature", "failed");
    ROW_IS(&j, "driver RIM", "absent");
}

TEST(a_real_response_answers_for_one_certificate_for_one_day)
{
    HF_CLEANUP(verifying_free) struct verifying j;
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    struct hf_check row;

    if (!vectors_dir())
        return;
    vector("evidence/nvidia/nvtrust-hopper-c438e7e7.spdm.bin", &report);
    verifying_new(&j, 1755800000); /* 2025-08-21 18:13 */
    collateral(&j, "nvtrust-hopper-c438e7e7.chain.pem");
    collateral(&j, "ocsp/test_gpu_certificate_l2_base64encoded_ocsp_response.dat");
    FAILS(judge(&j, hf_buf_bytes(&report)), HF_E_WARNED);
    row = *hf_verdict_row(&j.result->verdict, "revocation");
    CHECK(row.status == HF_CHECK_ABSENT);
    CHECK_TEXT(row.found, "1");
    j.q.at += 86400;
    FAILS(judge(&j, hf_buf_bytes(&report)), HF_E_WARNED);
    CHECK_TEXT(hf_verdict_row(&j.result->verdict, "revocation")->found, "0");
}

TEST(real_chains_end_in_the_pinned_root)
{
    static const struct {
        const char *name;
        size_t fwids;
    } cases[] = {
        {"blackwell-5fec340f", 2},
        {"google-gpu-c438e7e7", 1},
        {"hopper-expired-07ac9435", 1}, /* so called where it comes from; its certificates are not */
        {"sdk-hopper-certhold0-688167a8", 1},
        {"switch-badsig-25f246f5", 1},
        {"trustee-coco-d414ec6b", 1},
    };
    struct hf_anchors anchors;
    uint8_t pins[HF_ANCHORS_MAX][32];
    struct hf_chain_options opt = {.at = AT, .need_key_usage = true};

    if (!vectors_dir())
        return;
    hf_anchors_builtin(&anchors);
    opt.root_spki = (const uint8_t(*)[32])pins;
    opt.n_root_spki = hf_anchors_pins(&anchors, HF_VENDOR_NVIDIA, pins);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
        HF_CLEANUP(hf_certs_free) struct hf_certs certs = {0};
        const struct hf_extension *ext;
        struct hf_dice_tcb tcb;
        struct hf_chain chain = {0};
        char path[160];

        CASE(cases[i].name);
        (void)snprintf(path, sizeof(path), "evidence/nvidia/%s.chain.pem", cases[i].name);
        vector(path, &file);
        OK(hf_certs_read(hf_buf_bytes(&file), &certs));
        CHECK(certs.n == 5);
        OK(hf_chain_check(certs.cert[0], &certs, &opt, &chain));
        ext = hf_cert_ext(certs.cert[0], HF_OID_DICE_TCB_INFO);
        ext = ext ? ext : hf_cert_ext(certs.cert[0], HF_OID_DICE_TCB_INFO_ALIAS);
        CHECK(ext != NULL);
        OK(hf_dice_tcb_parse(ext->value, &tcb));
        CHECK(tcb.n_fwids == cases[i].fwids);
    }
    CASE("");
}

/* Every report with every device's chain: only its own will do. */
TEST(a_report_is_one_device_s)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    const char *cases;
    size_t n = 0;

    if (!vectors_dir())
        return;
    cases = vector_text("evidence/nvidia/cases.json", &text);
    for (const char *chain = json_first(cases); chain; chain = json_next(chain)) {
        HF_CLEANUP(verifying_free) struct verifying j;
        struct hf_bytes file = json_word(json_key(chain, "chain"));
        char path[160];

        (void)snprintf(path, sizeof(path), "%.*s", (int)(file.n - 7), file.p + 7);
        verifying_new(&j, AT);
        collateral(&j, path);
        for (const char *at = json_first(cases); at; at = json_next(at)) {
            HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
            struct hf_bytes name = json_word(json_key(at, "report"));
            bool own = json_is(json_key(json_key(at, "expect"), "signature"), "true") &&
                       hf_bytes_equal(json_word(json_key(json_key(at, "expect"), "leaf")),
                                      json_word(json_key(json_key(chain, "expect"), "leaf")));

            (void)snprintf(path, sizeof(path), "evidence/%.*s", (int)name.n, name.p);
            CASE(path);
            vector(path, &report);
            FAILS(judge(&j, hf_buf_bytes(&report)), own ? HF_E_WARNED : HF_E_UNTRUSTED);
            ROW_IS(&j, "signature", own ? "ok" : "failed");
            n++;
        }
    }
    CASE("");
    CHECK(n == 169);
}

TEST(no_flipped_byte_of_a_real_report_is_as_good)
{
    HF_CLEANUP(verifying_free) struct verifying j;
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};

    if (!vectors_dir())
        return;
    vector("evidence/nvidia/nvtrust-hopper-c438e7e7.spdm.bin", &report);
    verifying_new(&j, AT);
    collateral(&j, "nvtrust-hopper-c438e7e7.chain.pem");
    for (size_t i = 0; i < report.n; i += 29) {
        hf_err err;

        report.p[i] ^= (uint8_t)(1 << i % 8);
        err = judge(&j, hf_buf_bytes(&report));
        if (err != HF_E_UNTRUSTED && err != HF_E_FORMAT)
            FAIL("as good with byte %zu flipped", i);
        report.p[i] ^= (uint8_t)(1 << i % 8);
    }
}

TESTS(RUN(real_reports_have_the_verdicts_that_are_known), RUN(real_manifests_fit_the_real_report_of_their_driver),
      RUN(a_real_response_answers_for_one_certificate_for_one_day), RUN(real_chains_end_in_the_pinned_root),
      RUN(a_report_is_one_device_s), RUN(no_flipped_byte_of_a_real_report_is_as_good))
