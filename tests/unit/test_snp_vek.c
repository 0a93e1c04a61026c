/* The key that signed a SEV-SNP report: certificates that are not the right one, chains, intervals and lists. */
#include "snp_rig.h"

/* Replace the machine's certificate by one that is made otherwise, with a key of its own, and sign with that. */
static void other_vek(struct machine *m, const struct make_vek_spec *spec)
{
    testca_free(&m->vek);
    OK(make_vek(&m->amd, spec, &m->vek));
    OK(make_snp_sign(&m->rep, m->vek.key, m->bytes));
}

TEST(a_certificate_that_is_not_the_right_one_is_answered_by_its_row)
{
    static const uint8_t chip[64] = {9, 9, 9};
    static const struct {
        const char *name, *row;
        int what;
    } cases[] = {
        {"another chip's", "hardware id", 0},
        {"another level's", "platform level", 1},
        {"another product's", "product", 2},
        {"a VCEK by the ASVK", "signing key", 3},
        {"a VCEK by the ARK", "signing key", 4},
        {"named SEV-VLEK", "signing key", 5},
        {"expired", "validity", 6},
        {"not yet valid", "validity", 7},
        {"signed by PKCS#1", "certificate algorithms", 8},
        {"a salt of 32", "certificate algorithms", 9},
        {"an unknown product's", "signing key", 10},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(rig_free) struct rig *r = rig_new();
        HF_CLEANUP(machine_free) struct machine m = {0};
        struct make_vek_spec spec = {0};

        CASE(cases[i].name);
        machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, false);
        make_vek_of(&m.rep, HF_SNP_PRODUCT_MILAN, "Milan-B1", &spec.vek);
        switch (cases[i].what) {
        case 0:
            spec.vek.hwid = HF_BYTES_OF(chip);
            break;
        case 1:
            spec.vek.tcb.snp++;
            break;
        case 2:
            spec.vek.product_name = hf_bytes_text("Genoa-B1");
            break;
        case 3:
            spec.by = &m.amd.asvk;
            break;
        case 4:
            spec.by = &m.amd.ark;
            break;
        case 5:
            spec.subject = "CN=SEV-VLEK";
            break;
        case 6:
            spec.from = TESTCA_FROM;
            spec.until = MAKE_AMD_AT - 1;
            break;
        case 7:
            spec.from = MAKE_AMD_AT + 1;
            spec.until = TESTCA_UNTIL;
            break;
        case 8:
            spec.sig = (struct hf_sig_alg){HF_SIG_RSASSA, HF_SHA384, HF_HASH_NONE, 0};
            break;
        case 9:
            spec.sig = (struct hf_sig_alg){HF_SIG_RSAPSS, HF_SHA384, HF_SHA384, 32};
            break;
        default:
            spec.vek.product_name = hf_bytes_text("Athens-A0");
            break;
        }
        other_vek(&m, &spec);
        machine_known(&m, r);
        (void)rig_judge(r, HF_BYTES_OF(m.bytes));
        want_row(r, "signature", HF_CHECK_OK);
        want_row(r, cases[i].row, HF_CHECK_FAILED);
        want_status(r, HF_VERDICT_CONTRAINDICATED);
    }
}

TEST(a_vlek_cannot_stand_for_a_vcek)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};
    struct hf_snp_report vcek;

    machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, true);
    machine_known(&m, r);
    vcek = m.rep;
    vcek.flags = 0;
    OK(make_snp_sign(&vcek, m.vek.key, m.bytes));
    CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_CONTRAINDICATED);
    want_row(r, "signature", HF_CHECK_OK);
    want_row(r, "signing key", HF_CHECK_FAILED);
    CHECK_TEXT(hf_verdict_row(&r->verdict, "signing key")->note, "the report says VCEK, the certificate is a VLEK's");
}

TEST(among_many_certificates_the_one_that_signed_is_found)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};

    machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, true);
    rig_add_amd(r, &m.amd);
    r->judge.report_data = &m.rep.report_data;
    for (int i = 0; i < 5; i++) { /* of other clouds, or older */
        HF_CLEANUP(testca_free) struct testca other = {0};
        struct make_vek_spec spec = {0};

        make_vek_of(&m.rep, HF_SNP_PRODUCT_MILAN, "Milan", &spec.vek);
        spec.vek.tcb.microcode = (uint8_t)(spec.vek.tcb.microcode + (i > 2));
        OK(make_vek(&m.amd, &spec, &other));
        rig_add(r, other.cert->der, "other");
    }
    CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_CONTRAINDICATED);
    want_row(r, "signature", HF_CHECK_FAILED);
    rig_add(r, m.vek.cert->der, "vek");
    (void)rig_judge(r, HF_BYTES_OF(m.bytes));
    want_status(r, HF_VERDICT_AFFIRMING);
}

TEST(a_root_of_another_or_no_root_is_refused_and_a_callers_root_is_unknown)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};

    machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, false);
    machine_known(&m, r);
    hf_anchors_builtin(&r->anchors);
    CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_CONTRAINDICATED);
    want_row(r, "signature", HF_CHECK_OK);
    want_row(r, "root", HF_CHECK_FAILED);
    CHECK(r->findings.level == HF_LEVEL_LOW);
    OK(hf_anchors_add(&r->anchors, HF_VENDOR_NVIDIA, HF_ENV_HARDWARE, m.amd.ark.cert->spki_sha256, "another vendor's"));
    CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_CONTRAINDICATED);
    OK(hf_anchors_add(&r->anchors, HF_VENDOR_ANY, HF_ENV_UNKNOWN, m.amd.ark.cert->spki_sha256, "ours"));
    CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_AFFIRMING);
    CHECK(r->findings.environment == HF_ENV_UNKNOWN && r->findings.level == HF_LEVEL_LOW);
}

TEST(both_ends_of_each_interval_are_kept_to_the_second)
{
    static const struct {
        const char *name;
        hf_time at;
        enum hf_verdict_status want;
    } cases[] = {
        {"a second early", MAKE_AMD_AT - 1, HF_VERDICT_CONTRAINDICATED},
        {"the first second", MAKE_AMD_AT, HF_VERDICT_AFFIRMING},
        {"the last second", MAKE_AMD_AT + 100, HF_VERDICT_AFFIRMING},
        {"a second late", MAKE_AMD_AT + 101, HF_VERDICT_CONTRAINDICATED},
        {"before 1970", -1, HF_VERDICT_CONTRAINDICATED},
    };
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};
    struct make_vek_spec spec = {.from = MAKE_AMD_AT, .until = MAKE_AMD_AT + 100};

    OK(hf_cache_new(64, &r->judge.cache));
    machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, false);
    make_vek_of(&m.rep, HF_SNP_PRODUCT_MILAN, "Milan-B1", &spec.vek);
    other_vek(&m, &spec);
    machine_known(&m, r);
    for (size_t i = 0; i < 2 * HF_COUNT(cases); i++) { /* the cache does not know the time */
        CASE(cases[i % HF_COUNT(cases)].name);
        r->judge.at = cases[i % HF_COUNT(cases)].at;
        (void)rig_judge(r, HF_BYTES_OF(m.bytes));
        want_status(r, cases[i % HF_COUNT(cases)].want);
    }
}

/* ---- revocation ---- */

TEST(revoked_asks_and_asvks_are_refused_and_missing_lists_are_named)
{
    static const struct {
        const char *name, *revoked;
        bool vlek;
        hf_time from, until;
        enum hf_check_status want;
    } cases[] = {
        {"nothing revoked", NULL, false, 0, 0, HF_CHECK_OK},
        {"the ASK", "010001", false, 0, 0, HF_CHECK_FAILED},
        {"the ASVK", "010101", true, 0, 0, HF_CHECK_FAILED},
        {"the ASK, for a VLEK", "010001", true, 0, 0, HF_CHECK_OK},
        {"an old list", NULL, false, TESTCA_FROM, MAKE_AMD_AT - 1, HF_CHECK_ABSENT},
        {"a list of tomorrow", NULL, false, MAKE_AMD_AT + 1, TESTCA_UNTIL, HF_CHECK_ABSENT},
        {"serial 0, which is the VCEK's", "00", false, 0, 0, HF_CHECK_OK},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(rig_free) struct rig *r = rig_new();
        HF_CLEANUP(machine_free) struct machine m = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};

        CASE(cases[i].name);
        machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, cases[i].vlek);
        OK(hf_anchors_add(&r->anchors, HF_VENDOR_AMD, HF_ENV_HARDWARE, m.amd.ark.cert->spki_sha256, "ARK"));
        rig_add(r, m.amd.ark.cert->der, "ark");
        rig_add(r, m.amd.ask.cert->der, "ask");
        rig_add(r, m.amd.asvk.cert->der, "asvk");
        rig_add(r, m.vek.cert->der, "vek");
        OK(make_amd_crl(&m.amd, cases[i].revoked, cases[i].from, cases[i].until, &crl));
        rig_add(r, hf_buf_bytes(&crl), "crl");
        r->judge.report_data = &m.rep.report_data;
        (void)rig_judge(r, HF_BYTES_OF(m.bytes));
        want_row(r, "revocation", cases[i].want);
        want_row(r, "signature", HF_CHECK_OK);
        want_status(r, cases[i].want == HF_CHECK_OK       ? HF_VERDICT_AFFIRMING
                       : cases[i].want == HF_CHECK_FAILED ? HF_VERDICT_CONTRAINDICATED
                                                          : HF_VERDICT_WARNING);
        if (cases[i].want == HF_CHECK_ABSENT)
            CHECK_TEXT(r->findings.missing[0].url, "https://kdsintf.amd.com/vcek/v1/Milan/crl");
    }
}

TEST(without_its_issuers_a_certificate_is_not_enough_and_their_address_is_told)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};

    machine_new(&m, 3, HF_SNP_PRODUCT_GENOA, true);
    OK(hf_anchors_add(&r->anchors, HF_VENDOR_AMD, HF_ENV_HARDWARE, m.amd.ark.cert->spki_sha256, "ARK"));
    rig_add(r, m.vek.cert->der, "vek");
    CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_CONTRAINDICATED);
    want_row(r, "signature", HF_CHECK_OK);
    want_row(r, "root", HF_CHECK_FAILED);
    CHECK_TEXT(r->findings.missing[0].url, "https://kdsintf.amd.com/vlek/v1/Genoa/cert_chain");
}

TESTS(RUN(a_certificate_that_is_not_the_right_one_is_answered_by_its_row), RUN(a_vlek_cannot_stand_for_a_vcek),
      RUN(among_many_certificates_the_one_that_signed_is_found),
      RUN(a_root_of_another_or_no_root_is_refused_and_a_callers_root_is_unknown),
      RUN(both_ends_of_each_interval_are_kept_to_the_second),
      RUN(revoked_asks_and_asvks_are_refused_and_missing_lists_are_named),
      RUN(without_its_issuers_a_certificate_is_not_enough_and_their_address_is_told))
