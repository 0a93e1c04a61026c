/* NVIDIA reports: views, manifests, OCSP, verdicts. */
#include "make_nvidia.h"
#include "verify/nvidia.h"
#include "verifying.h"

#define AT ((int64_t)1764288000) /* 2025-11-28 */

static const uint8_t nonce[32] = {0x6e, 0x6f, 0x6e, 0x63, 0x65};

static void add(struct verifying *j, struct hf_buf *what, const char *name)
{
    OK(hf_verifier_add_collateral(j->verifier, hf_buf_bytes(what), name));
    hf_buf_free(what);
}

static void add_root(struct verifying *j, const struct testca *ca)
{
    OK(hf_verifier_add_root(j->verifier, ca->cert->der, "root"));
}

static void add_ocsp(struct verifying *j, const struct make_nvidia *nv, const struct make_nvidia_ocsp_spec *spec)
{
    struct hf_buf der = {0};

    OK(make_nvidia_ocsp(spec, nv, &der));
    add(j, &der, "ocsp");
}

static void add_rim(struct verifying *j, const struct make_nvidia *nv, const struct make_nvidia_rim_spec *spec)
{
    struct hf_buf xml = {0};

    OK(make_nvidia_rim(spec, nv, &xml));
    add(j, &xml, spec->vbios ? "vbios.xml" : "driver.xml");
}

enum { CHAIN = 1, OCSP = 2, RIMS = 4, ALL = 7 };

/* A verifier that knows the test's roots and so much collateral. */
static void start(struct verifying *j, const struct make_nvidia *nv, unsigned what)
{
    struct hf_buf buf = {0};

    verifying_new(j, AT);
    verifying_nonce(j, HF_BYTES_OF(nonce));
    add_root(j, &nv->cert[MAKE_NVIDIA_ROOT]);
    add_root(j, &nv->rim_root);
    if (what & CHAIN) {
        OK(make_nvidia_chain(nv, &buf));
        add(j, &buf, "chain.pem");
    }
    for (int i = MAKE_NVIDIA_MODEL; what & OCSP && i <= MAKE_NVIDIA_DEVICE; i++)
        add_ocsp(j, nv, &(struct make_nvidia_ocsp_spec){.which = i, .delegated = i == MAKE_NVIDIA_BATCH});
    if (what & OCSP) {
        OK(make_nvidia_rim_ocsp(nv, &buf));
        add(j, &buf, "rim ocsp");
    }
    for (int i = 0; what & RIMS && i < 2; i++)
        add_rim(j, nv, &(struct make_nvidia_rim_spec){.vbios = i});
}

static struct make_nvidia_spec spec_of(void)
{
    struct make_nvidia_spec spec = {0};

    memcpy(spec.nonce, nonce, sizeof(nonce));
    return spec;
}

TEST(a_report_with_all_its_collateral_is_trusted)
{
    for (int i = 0; i < 4; i++) {
        struct make_nvidia_spec spec = spec_of();
        HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf claim = {0};
        HF_CLEANUP(verifying_free) struct verifying j;

        CASE(i == 0 ? "Hopper" : i == 1 ? "Blackwell" : i == 2 ? "with a header" : "no firmware id");
        spec.header = i == 2;
        spec.no_fwid = i == 3;
        OK(make_nvidia_new(&(struct make_nvidia_chain_spec){.tcb_info = i == 1}, &nv));
        OK(make_nvidia_report(&spec, &nv, &report));
        start(&j, &nv, ALL);
        if (judge(&j, hf_buf_bytes(&report)) != HF_OK)
            show_rows(&j);
        OK(judge(&j, hf_buf_bytes(&report)));
        ROW_IS(&j, "fwid", i == 3 ? "not applicable" : "ok");
        ROW_IS(&j, "measurements", "ok");
        ROW_IS(&j, "debug", "ok");
        ROW_IS(&j, "revocation", "ok");
        OK(hf_verify_result_claim(j.result, "vbios_version", &claim));
        CHECK_BYTES(hf_buf_bytes(&claim), hf_bytes_text("96.00.9F.00.01"));
    }
    CASE("");
}

TEST(what_is_missing_is_named_with_where_it_is)
{
    static const struct {
        const char *name, *row, *status, *says;
        unsigned have;
        bool is_switch;
    } cases[] = {
        {"no chain", "signature", "failed", "give the chain", OCSP | RIMS, false},
        {"no chain, so no root", "root", "failed", "no root", OCSP | RIMS, false},
        {"no OCSP", "revocation", "absent", "ocsp.ndis.nvidia.com", CHAIN | RIMS, false},
        {"no OCSP for manifests", "driver RIM revocation", "absent", "ocsp.ndis.nvidia.com", CHAIN | RIMS, false},
        {"no driver RIM", "driver RIM", "absent", "v1/rim/NV_GPU_DRIVER_GH100_550.54.15", CHAIN | OCSP, false},
        {"no VBIOS RIM", "VBIOS RIM", "absent", "v1/rim/NV_GPU_VBIOS_1010_0200_882_96009F0001", CHAIN | OCSP, false},
        {"no RIM", "measurements", "absent", "trusted", CHAIN | OCSP, false},
        {"no RIM, so debug is not known", "debug", "absent", "measurements", CHAIN | OCSP, false},
        {"a switch's BIOS", "VBIOS RIM", "absent", "NV_SWITCH_BIOS_5612_0002_890_9610550001", CHAIN | OCSP, true},
        {"a switch has no driver", "driver RIM", "not applicable", "switch", CHAIN | OCSP, true},
        {"a switch has no firmware id", "fwid", "not applicable", "switch", CHAIN | OCSP, true},
    };
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct make_nvidia_spec spec = spec_of();
        HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
        HF_CLEANUP(verifying_free) struct verifying j;

        CASE(cases[i].name);
        spec.driver = cases[i].is_switch ? "" : NULL;
        OK(make_nvidia_report(&spec, &nv, &report));
        start(&j, &nv, cases[i].have);
        FAILS(judge(&j, hf_buf_bytes(&report)), cases[i].have & CHAIN ? HF_E_WARNED : HF_E_UNTRUSTED);
        ROW_IS(&j, cases[i].row, cases[i].status);
        if (!strstr(hf_verdict_row(&j.result->verdict, cases[i].row)->note, cases[i].says))
            FAIL("note \"%s\"", hf_verdict_row(&j.result->verdict, cases[i].row)->note);
    }
    CASE("");
}

TEST(what_is_wrong_with_a_report_has_its_row)
{
    static const struct {
        const char *name, *failed;
        bool other_fwid, other_key, no_ca;
        uint8_t changed;
        hf_time until;
    } cases[] = {
        {"another firmware", "fwid", true, false, false, 0, 0},
        {"another key", "signature", false, true, false, 0, 0},
        {"a changed driver measurement", "measurements", false, false, false, 9, 0},
        {"a changed VBIOS measurement", "measurements", false, false, false, 1, 0},
        {"a device that may not issue", "certificate chain", false, false, true, 0, 0},
        {"a device certificate that has just ended", "validity", false, false, false, 0, AT - 1},
        {"a device certificate in its last second", "", false, false, false, 0, AT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct make_nvidia_spec spec = spec_of();
        HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *other = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
        HF_CLEANUP(verifying_free) struct verifying j;

        CASE(cases[i].name);
        OK(hf_privkey_generate_ec(HF_P384, &other));
        OK(make_nvidia_new(&(struct make_nvidia_chain_spec){.device_no_ca = cases[i].no_ca, .until = cases[i].until},
                           &nv));
        spec.other_fwid = cases[i].other_fwid;
        spec.changed = cases[i].changed;
        spec.signer = cases[i].other_key ? other : NULL;
        OK(make_nvidia_report(&spec, &nv, &report));
        start(&j, &nv, ALL);
        FAILS(judge(&j, hf_buf_bytes(&report)), cases[i].failed[0] ? HF_E_UNTRUSTED : HF_OK);
        only_failed(&j, cases[i].failed);
    }
    CASE("");
}

TEST(a_root_that_is_not_pinned_is_none)
{
    struct make_nvidia_spec spec = spec_of();
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf chain = {0};
    HF_CLEANUP(verifying_free) struct verifying j;

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_report(&spec, &nv, &report));
    OK(make_nvidia_chain(&nv, &chain));
    verifying_new(&j, AT);
    verifying_nonce(&j, HF_BYTES_OF(nonce));
    add(&j, &chain, "chain.pem");
    FAILS(judge(&j, hf_buf_bytes(&report)), HF_E_UNTRUSTED);
    ROW_IS(&j, "signature", "ok");
    ROW_IS(&j, "root", "failed");
}

TEST(responses_count_by_their_signer_their_time_and_what_they_say)
{
    static const struct {
        const char *name;
        struct make_nvidia_ocsp_spec spec; /* of the device's certificate */
        const char *status;
    } cases[] = {
        {"good, by the issuer", {.which = MAKE_NVIDIA_DEVICE}, "ok"},
        {"good, by a responder", {.which = MAKE_NVIDIA_DEVICE, .delegated = true}, "ok"},
        {"good, by SHA-1 names", {.which = MAKE_NVIDIA_DEVICE, .hash = HF_SHA1}, "ok"},
        {"good, from this second on", {.which = MAKE_NVIDIA_DEVICE, .from = AT}, "ok"},
        {"good, to this second", {.which = MAKE_NVIDIA_DEVICE, .until = AT}, "ok"},
        {"from the next second on", {.which = MAKE_NVIDIA_DEVICE, .from = AT + 1}, "absent"},
        {"to the last second", {.which = MAKE_NVIDIA_DEVICE, .until = AT - 1}, "absent"},
        {"revoked", {.which = MAKE_NVIDIA_DEVICE, .status = HF_OCSP_REVOKED}, "failed"},
        {"unknown", {.which = MAKE_NVIDIA_DEVICE, .status = HF_OCSP_UNKNOWN}, "failed"},
        {"a responder that may not", {.which = MAKE_NVIDIA_DEVICE, .delegated = true, .no_eku = true}, "absent"},
        {"signed by the device", {.which = MAKE_NVIDIA_DEVICE, .by_leaf = true}, "absent"},
        {"about another certificate", {.which = MAKE_NVIDIA_BATCH}, "absent"},
    };
    struct make_nvidia_spec spec = spec_of();
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_report(&spec, &nv, &report));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(verifying_free) struct verifying j;

        CASE(cases[i].name);
        start(&j, &nv, CHAIN);
        add_ocsp(&j, &nv, &(struct make_nvidia_ocsp_spec){.which = MAKE_NVIDIA_MODEL});
        add_ocsp(&j, &nv, &(struct make_nvidia_ocsp_spec){.which = MAKE_NVIDIA_BATCH});
        add_ocsp(&j, &nv, &cases[i].spec);
        FAILS(judge(&j, hf_buf_bytes(&report)), strcmp(cases[i].status, "failed") == 0 ? HF_E_UNTRUSTED : HF_E_WARNED);
        ROW_IS(&j, "revocation", cases[i].status);
    }
    CASE("");
}

TEST(lists_count_as_well_as_responses)
{
    struct make_nvidia_spec spec = spec_of();
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    const struct testca_revoked revoked[] = {{.serial = "04", .date = TESTCA_FROM, .reason = 1}};

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_report(&spec, &nv, &report));
    for (int i = 0; i < 2; i++) {
        struct hf_buf crl = {0};
        HF_CLEANUP(verifying_free) struct verifying j;

        start(&j, &nv, CHAIN);
        for (int c = MAKE_NVIDIA_ROOT; c < MAKE_NVIDIA_DEVICE; c++) {
            struct testca_crl_spec s = {.revoked = revoked, .n_revoked = i && c == MAKE_NVIDIA_BATCH};

            OK(testca_crl(&s, &nv.cert[c], &crl));
            add(&j, &crl, "crl");
        }
        FAILS(judge(&j, hf_buf_bytes(&report)), i ? HF_E_UNTRUSTED : HF_E_WARNED);
        ROW_IS(&j, "revocation", i ? "failed" : "ok");
    }
}

TEST(manifests_count_when_their_signer_is_pinned_and_nothing_changed)
{
    static const struct {
        const char *name;
        struct make_nvidia_rim_spec driver;
        int64_t at;
        const char *rim, *measurements;
    } cases[] = {
        {"as released", {0}, AT, "ok", "ok"},
        {"by the exclusive form", {.exclusive = true}, AT, "ok", "ok"},
        {"another version", {.version = "550.54.14"}, AT, "absent", "absent"},
        {"another value", {.other_value = true}, AT, "ok", "failed"},
        {"changed after it was signed", {.changed = true}, AT, "failed", "absent"},
        {"its signer's certificate has ended", {0}, TESTCA_UNTIL + 1, "absent", "absent"},
    };
    struct make_nvidia_spec spec = spec_of();
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_report(&spec, &nv, &report));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(verifying_free) struct verifying j;

        CASE(cases[i].name);
        start(&j, &nv, CHAIN | OCSP);
        j.q.at = cases[i].at;
        add_rim(&j, &nv, &cases[i].driver);
        add_rim(&j, &nv, &(struct make_nvidia_rim_spec){.vbios = true});
        (void)judge(&j, hf_buf_bytes(&report));
        ROW_IS(&j, "driver RIM", cases[i].rim);
        ROW_IS(&j, "measurements", cases[i].measurements);
    }
    CASE("");
}

TEST(two_manifests_for_one_measurement_are_refused)
{
    struct make_nvidia_spec spec = spec_of();
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    HF_CLEANUP(verifying_free) struct verifying j;

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_report(&spec, &nv, &report));
    start(&j, &nv, CHAIN | OCSP);
    add_rim(&j, &nv, &(struct make_nvidia_rim_spec){0});
    add_rim(&j, &nv, &(struct make_nvidia_rim_spec){.vbios = true, .overlaps = true});
    FAILS(judge(&j, hf_buf_bytes(&report)), HF_E_UNTRUSTED);
    only_failed(&j, "measurements");
}

TEST(the_nonce_is_the_requester_s)
{
    struct make_nvidia_spec spec = spec_of();
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    HF_CLEANUP(verifying_free) struct verifying j;
    uint8_t responders[32] = {0x77};

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_report(&spec, &nv, &report));
    start(&j, &nv, ALL);
    verifying_nonce(&j, HF_BYTES_OF(responders));
    FAILS(judge(&j, hf_buf_bytes(&report)), HF_E_UNTRUSTED);
    only_failed(&j, "nonce,freshness");
    j.q.has_nonce = false;
    FAILS(judge(&j, hf_buf_bytes(&report)), HF_E_WARNED);
    ROW_IS(&j, "freshness", "absent");
}

TEST(der_that_nobody_knows_is_refused)
{
    HF_CLEANUP(verifying_free) struct verifying j;
    uint8_t junk[2][68] = {{0x30, 0x82, 0x00, 0x40, 1, 2, 3}, {0x30, 0x82, 0x00, 0x40, 0x0a, 0x01, 0x00}};

    verifying_new(&j, AT);
    for (size_t i = 0; i < HF_COUNT(junk); i++)
        CHECK(hf_verifier_add_collateral(j.verifier, HF_BYTES_OF(junk[i]), "junk") != HF_OK);
}

TEST(of_several_devices_the_right_one_answers)
{
    struct make_nvidia_spec spec = spec_of();
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(make_nvidia_free) struct make_nvidia other = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf chain = {0};
    HF_CLEANUP(verifying_free) struct verifying j;

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &other));
    OK(make_nvidia_report(&spec, &nv, &report));
    start(&j, &other, CHAIN);
    add_root(&j, &nv.cert[MAKE_NVIDIA_ROOT]);
    OK(make_nvidia_chain(&nv, &chain));
    add(&j, &chain, "chain2.pem");
    FAILS(judge(&j, hf_buf_bytes(&report)), HF_E_WARNED);
    only_failed(&j, "");
}

TEST(no_flipped_byte_of_a_report_is_trusted)
{
    struct make_nvidia_spec spec = spec_of();
    HF_CLEANUP(make_nvidia_free) struct make_nvidia nv = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
    HF_CLEANUP(verifying_free) struct verifying j;

    OK(make_nvidia_new(&(struct make_nvidia_chain_spec){0}, &nv));
    OK(make_nvidia_report(&spec, &nv, &report));
    start(&j, &nv, ALL);
    OK(judge(&j, hf_buf_bytes(&report)));
    for (size_t i = 0; i < report.n; i += i < 48 || i > report.n - 100 ? 1 : 5) {
        hf_err err;

        report.p[i] ^= (uint8_t)(1 << i % 8);
        err = judge(&j, hf_buf_bytes(&report));
        if (err != HF_E_UNTRUSTED && err != HF_E_FORMAT)
            FAIL("still trusted with byte %zu flipped: %s", i, hf_err_name(err));
        report.p[i] ^= (uint8_t)(1 << i % 8);
    }
    /* the only byte that nothing signs: one behind the signature, which is told */
    OK(hf_buf_add(&report, (struct hf_bytes){(const uint8_t *)"\n", 1}));
    OK(judge(&j, hf_buf_bytes(&report)));
    CHECK(strstr(hf_verdict_row(&j.result->verdict, "structure")->note, "0x0a"));
    OK(hf_buf_add(&report, (struct hf_bytes){(const uint8_t *)"\n", 1}));
    FAILS(judge(&j, hf_buf_bytes(&report)), HF_E_UNTRUSTED);
    only_failed(&j, "structure");
}

TESTS(RUN(a_report_with_all_its_collateral_is_trusted), RUN(what_is_missing_is_named_with_where_it_is),
      RUN(what_is_wrong_with_a_report_has_its_row), RUN(a_root_that_is_not_pinned_is_none),
      RUN(responses_count_by_their_signer_their_time_and_what_they_say), RUN(lists_count_as_well_as_responses),
      RUN(manifests_count_when_their_signer_is_pinned_and_nothing_changed),
      RUN(two_manifests_for_one_measurement_are_refused), RUN(the_nonce_is_the_requester_s),
      RUN(der_that_nobody_knows_is_refused), RUN(of_several_devices_the_right_one_answers),
      RUN(no_flipped_byte_of_a_report_is_trusted))
