/* Appraisal policies over verdicts: what each field lets pass, which rows are decided anew. */
#include "make_result.h"
#include "policy/appraisal_i.h"
#include "test.h"

#define H32A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define H32B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define H48A H32A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define H48B H32B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static hf_err parse(const char *text, struct hf_appraisal **out)
{
    return hf_appraisal_parse(hf_bytes_text(text), "test", out);
}

static struct hf_verify_result *judged(const char *policy, const char *family, const char *claims)
{
    struct hf_verify_result *r = make_result(family, claims);
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;

    OK(parse(policy, &p));
    hf_appraisal_apply(p, r);
    return r;
}

/* Every row of the name must have the status, and there must be one. */
static void check_rows(const struct hf_verify_result *r, const char *name, enum hf_check_status want)
{
    size_t n = 0;

    for (size_t i = 0; i < r->verdict.n; i++) {
        const struct hf_check *row = &r->verdict.row[i];

        if (strcmp(row->name, name) != 0)
            continue;
        n++;
        if (row->status != want)
            FAIL("row %s is %s (%s), want %s", name, hf_check_status_name(row->status), row->note,
                 hf_check_status_name(want));
    }
    if (n == 0 && want != HF_CHECK_NONE)
        FAIL("there is no row %s", name);
}

TEST(each_field_lets_pass_what_it_says_and_nothing_else)
{
    static const struct {
        const char *policy, *family, *row, *good, *bad;
    } cases[] = {
        {"allowed_providers: [sev]", "snp", "provider", "", NULL},
        {"sgx: {mrenclave: [" H32A ", " H32B "]}", "sgx", "measurement mrenclave", "b:mrenclave=" H32B,
         "b:mrenclave=" H32A "00"},
        {"sgx: {mrenclave: " H32A "}", "sgx", "measurement mrenclave", "b:mrenclave=" H32A, "n:isv_svn=1"},
        {"sgx: {mrsigner: " H32A "}", "sgx", "measurement mrsigner", "b:mrsigner=" H32A, "b:mrsigner=" H32B},
        {"sgx: {isv_prod_ids: [1, 7]}", "sgx", "measurement isv_prod_id", "n:isv_prod_id=7", "n:isv_prod_id=2"},
        {"sgx: {min_isv_svn: 3}", "sgx", "minimum isv_svn", "n:isv_svn=3", "n:isv_svn=2"},
        {"sgx: {attributes_must_be_zero: \"02"
         "000000000000000000000000000000\"}",
         "sgx", "attributes bits", "b:attributes=05000000000000000700000000000000",
         "b:attributes=07000000000000000700000000000000"},
        {"sgx: {attributes_must_be_one: \"01"
         "000000000000000000000000000000\"}",
         "sgx", "attributes bits", "b:attributes=05000000000000000700000000000000",
         "b:attributes=04000000000000000700000000000000"},
        {"intel: {min_tcb_evaluation_number: 17}", "sgx", "tcb minimum evaluation number", "n:tcb_evaluation_number=17",
         "n:tcb_evaluation_number=16"},
        {"intel: {min_tcb_date: 2024-03-13}", "tdx", "tcb minimum date", "t:tcb_date=2024-03-13T00:00:00Z",
         "t:tcb_date=2024-03-12T23:59:59Z"},
        {"intel: {min_tcb_date: 2024-03-13}", "tdx", "tcb minimum date", "n:tcb_date=1710288000", "t:tcb_date=soon"},
        {"intel: {min_sgx_components: [1, 2]}", "sgx", "tcb minimum components",
         "b:sgx_components=0102"
         "0000000000000000000000000000",
         "b:sgx_components=0101"
         "ffffffffffffffffffffffffffff"},
        {"intel: {min_pce_svn: 13}", "sgx", "tcb minimum PCESVN", "n:pce_svn=13", "n:pce_svn=12"},
        {"intel: {fmspcs: [00606a000000]}", "sgx", "measurement fmspc", "b:fmspc=00606a000000", "b:fmspc=00906ed50000"},
        {"intel: {refused_advisories: [INTEL-SA-00615]}", "sgx", "advisories", "T:advisories=INTEL-SA-00001",
         "T:advisories=INTEL-SA-00001,INTEL-SA-00615"},
        {"intel: {allowed_advisories: [INTEL-SA-00615]}", "sgx", "advisories", "T:advisories=INTEL-SA-00615",
         "T:advisories=INTEL-SA-00615,INTEL-SA-00657"},
        {"intel: {allowed_advisories: []}", "sgx", "advisories", "T:advisories=", "T:advisories=INTEL-SA-00657"},
        {"tdx: {mrtd: " H48A "}", "tdx", "measurement mrtd", "b:mrtd=" H48A, "b:mrtd=" H48B},
        {"tdx: {rtmr2: " H48A "}", "tdx", "measurement rtmr2", "b:rtmr2=" H48A, "b:rtmr2=" H48B},
        {"tdx: {min_tee_tcb_svn: [5, 1, 2]}", "tdx", "tcb minimum TEE_TCB_SVN",
         "b:tee_tcb_svn=05010200000000000000000000000000", "b:tee_tcb_svn=ffff0100000000000000000000000000"},
        {"tdx: {min_tee_tcb_svn: [5, 1, 2]}", "tdx", "tcb minimum TEE_TCB_SVN",
         "b:tee_tcb_svn=00020200000000000000000000000000", "b:tee_tcb_svn=04010200000000000000000000000000"},
        {"tdx: {td_attributes_must_be_zero: 1}", "tdx", "td_attributes bits", "b:td_attributes=0000001000000000",
         "b:td_attributes=0100001000000000"},
        {"tdx: {td_attributes_must_be_one: 0x10000000}", "tdx", "td_attributes bits",
         "b:td_attributes=0000001000000000", "b:td_attributes=0000000000000010"},
        {"snp: {policy_must_be_zero: 0x80000}", "snp", "policy bits", "n:policy=0x30000", "n:policy=0xb0000"},
        {"snp: {policy_must_be_one: \"0000020000000000\"}", "snp", "policy bits", "n:policy=0x30000",
         "n:policy=0x10000"},
        {"snp: {platform_info_must_be_zero: 1}", "snp", "platform_info bits", "n:platform_info=36",
         "n:platform_info=37"},
        {"snp: {vmpl: [0]}", "snp", "measurement vmpl", "n:vmpl=0", "n:vmpl=4294967295"},
        {"snp: {measurement: " H48A "}", "snp", "measurement measurement", "b:measurement=" H48A,
         "b:measurement=" H48B},
        {"snp: {host_data: " H32A "}", "snp", "measurement host_data", "b:host_data=" H32A, "b:host_data=" H32B},
        {"snp: {id_key_digest: " H48A "}", "snp", "measurement id_key_digest", "b:id_key_digest=" H48A,
         "b:id_key_digest=" H48B},
        {"snp: {author_key_digest: " H48A "}", "snp", "measurement author_key_digest", "b:author_key_digest=" H48A,
         "b:author_key_digest=" H48B},
        {"snp: {products: [Genoa]}", "snp", "measurement product", "t:product=Genoa", "t:product=Milan"},
        {"snp: {min_guest_svn: 2}", "snp", "minimum guest_svn", "n:guest_svn=2", "n:guest_svn=1"},
        {"snp: {min_reported_tcb: {ucode: 115}}", "snp", "tcb minimum reported ucode", "n:reported_ucode=115",
         "n:reported_ucode=114"},
        {"snp: {min_committed_tcb: {bl: 4}}", "snp", "tcb minimum committed bl", "n:committed_bl=4",
         "n:committed_bl=3"},
        {"snp: {min_launch_tcb: {snp: 22}}", "snp", "tcb minimum launch snp", "n:launch_snp=22", "n:launch_snp=21"},
        {"snp: {min_reported_tcb: {fmc: 1}}", "snp", "tcb minimum reported fmc", "n:reported_fmc=1",
         "n:reported_tee=1"},
        {"nitro: {pcrs: {0: " H48A "}}", "nitro", "measurement pcr0", "b:pcr0=" H48A, "b:pcr0=" H48B},
        {"tpm: {pcrs: {\"sha256:7\": [" H32A ", " H32B "]}}", "tpm", "measurement pcr7", "b:pcr7=" H32B,
         "b:pcr7=" H48B},
        {"tpm: {pcrs: {pcr7: " H32A "}}", "tpm", "measurement pcr7", "b:pcr7=" H32A, "b:pcr4=" H32A},
        {"cca: {lifecycles: [secured]}", "cca", "measurement platform_lifecycle_state",
         "t:platform_lifecycle_state=secured", "t:platform_lifecycle_state=decommissioned"},
        {"nvidia: {driver_versions: [\"550.54\"]}", "nvidia", "measurement driver_version", "t:driver_version=550.54",
         "t:driver_version=550.53"},
        {"required_measurements: {sgx: {mrenclave: " H32A "}}", "sgx", "measurement mrenclave", "b:mrenclave=" H32A,
         "b:mrenclave=" H32B},
        {"required_measurements: {mrenclave: " H32A "}", "sgx", "measurement mrenclave", "b:mrenclave=" H32A,
         "b:mrenclave=" H32B},
        {"required_measurements: {sgx: {isv_prod_id: 1}}", "sgx", "measurement isv_prod_id", "n:isv_prod_id=1",
         "n:isv_prod_id=2"},
        {"required_measurements: {sev: {launch_measurement: " H48A "}}", "snp", "measurement launch_measurement",
         "b:measurement=" H48A, "b:measurement=" H48B},
        {"required_measurements: {nitro: {pcr8: [" H48A "]}}", "nitro", "measurement pcr8", "b:pcr8=" H48A, ""},
        {"max_collateral_age: 86400", "sgx", "collateral age", "t:collateral_issued=2026-09-21T00:00:00Z",
         "t:collateral_issued=2026-09-19T00:00:00Z"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_verify_result *r = NULL;

        CASE(cases[i].policy);
        if (cases[i].good) {
            r = judged(cases[i].policy, cases[i].family, cases[i].good);
            check_rows(r, cases[i].row, HF_CHECK_OK);
            hf_verify_result_free(&r);
        }
        if (cases[i].bad) {
            r = judged(cases[i].policy, cases[i].family, cases[i].bad);
            check_rows(r, cases[i].row, HF_CHECK_FAILED);
            CHECK(hf_verdict_status(&r->verdict) == HF_VERDICT_CONTRAINDICATED);
            hf_verify_result_free(&r);
        }
    }
}

TEST(fields_of_one_kind_do_not_touch_another)
{
    struct hf_verify_result *r = judged("allowed_providers: [snp, sgx]\nsgx: {mrenclave: " H32A "}", "snp",
                                        "b:measurement=" H48A);

    check_rows(r, "measurement mrenclave", HF_CHECK_NONE);
    check_rows(r, "provider", HF_CHECK_OK);
    CHECK(hf_verdict_status(&r->verdict) == HF_VERDICT_AFFIRMING);
    hf_verify_result_free(&r);
}

TEST(levels_compare_high_above_medium_above_low)
{
    static const char *const names[] = {"low", "medium", "high"};

    for (int want = 0; want < 3; want++) {
        for (int have = 0; have < 3; have++) {
            struct hf_verify_result *r = make_result("sgx", "");
            HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
            char text[64];

            (void)snprintf(text, sizeof(text), "required_security_level: %s", names[want]);
            CASE(text);
            OK(parse(text, &p));
            r->item[0].findings.level = (enum hf_level)have;
            hf_appraisal_apply(p, r);
            check_rows(r, "security level", have >= want ? HF_CHECK_OK : HF_CHECK_FAILED);
            hf_verify_result_free(&r);
        }
    }
}

TEST(age_is_judged_at_both_ends_to_the_second)
{
    static const struct {
        const char *name;
        int64_t made; /* before the judgement */
        const char *policy;
        bool has_time, fresh;
        enum hf_check_status want;
    } cases[] = {
        {"as old as allowed", 3600, "{}", true, true, HF_CHECK_OK},
        {"a second older", 3601, "{}", true, true, HF_CHECK_FAILED},
        {"as far ahead as allowed", -300, "{}", true, true, HF_CHECK_OK},
        {"a second further ahead", -301, "{}", true, true, HF_CHECK_FAILED},
        {"ten minutes in the future", -600, "{}", true, true, HF_CHECK_FAILED},
        {"no skew allowed", -1, "max_clock_skew: 0", true, true, HF_CHECK_FAILED},
        {"a millisecond allowed", 10, "max_attestation_age: 0.001", true, true, HF_CHECK_FAILED},
        {"no time, and fresh", 0, "{}", false, true, HF_CHECK_OK},
        {"no time, and nothing new in it", 0, "{}", false, false, HF_CHECK_ABSENT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_verify_result *r = make_result("nitro", "");
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;

        CASE(cases[i].name);
        OK(parse(cases[i].policy, &p));
        r->item[0].findings.has_time = cases[i].has_time;
        r->item[0].findings.fresh = cases[i].fresh;
        r->item[0].findings.made_at = MADE_AT - cases[i].made;
        hf_appraisal_apply(p, r);
        check_rows(r, "age", cases[i].want);
        hf_verify_result_free(&r);
    }
    CASE("the ends of time");
    for (int k = 0; k < 2; k++) {
        struct hf_verify_result *r = make_result("nitro", "");
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;

        OK(parse("{}", &p));
        r->at = k ? INT64_MIN : INT64_MAX;
        r->item[0].findings.has_time = true;
        r->item[0].findings.made_at = k ? INT64_MAX : INT64_MIN;
        hf_appraisal_apply(p, r);
        check_rows(r, "age", HF_CHECK_FAILED);
        hf_verify_result_free(&r);
    }
}

TEST(rows_that_a_policy_speaks_of_are_decided_anew_and_say_so)
{
    static const struct {
        const char *policy, *claims, *row;
        enum hf_check_status before, after;
    } cases[] = {
        {"{}", "", "revocation", HF_CHECK_ABSENT, HF_CHECK_FAILED},
        {"allow_missing_crl: true", "", "revocation", HF_CHECK_ABSENT, HF_CHECK_WARNING},
        {"allow_missing_crl: true", "", "revocation", HF_CHECK_FAILED, HF_CHECK_FAILED},
        {"enforce_certificate_validation: false", "", "revocation", HF_CHECK_ABSENT, HF_CHECK_WARNING},
        {"enforce_certificate_validation: false", "", "revocation", HF_CHECK_FAILED, HF_CHECK_FAILED},
        {"enforce_certificate_validation: false", "", "root", HF_CHECK_FAILED, HF_CHECK_WARNING},
        {"enforce_certificate_validation: false", "", "signature", HF_CHECK_FAILED, HF_CHECK_FAILED},
        {"{}", "", "root", HF_CHECK_FAILED, HF_CHECK_FAILED},
        {"{}", "", "certificate chain", HF_CHECK_ABSENT, HF_CHECK_FAILED},
        {"enforce_certificate_validation: false", "", "certificate chain", HF_CHECK_ABSENT, HF_CHECK_WARNING},
        {"{}", "", "tcb info", HF_CHECK_ABSENT, HF_CHECK_FAILED},
        {"{}", "", "platform level", HF_CHECK_ABSENT, HF_CHECK_FAILED},
        {"enforce_tcb_updates: false", "", "qe identity", HF_CHECK_ABSENT, HF_CHECK_ABSENT},
        {"{}", "", "debug", HF_CHECK_FAILED, HF_CHECK_FAILED},
        {"allow_debug: true", "", "debug", HF_CHECK_FAILED, HF_CHECK_WARNING},
        {"allow_debug: true", "", "debug", HF_CHECK_OK, HF_CHECK_OK},
        {"{}", "", "migration", HF_CHECK_WARNING, HF_CHECK_FAILED},
        {"allow_migration: true", "", "migration", HF_CHECK_WARNING, HF_CHECK_OK},
        {"{}", "", "environment", HF_CHECK_FAILED, HF_CHECK_FAILED},
        {"allow_test_mode: true", "", "environment", HF_CHECK_FAILED, HF_CHECK_WARNING},
        {"{}", "", "environment", HF_CHECK_NOT_APPLICABLE, HF_CHECK_NOT_APPLICABLE},
        {"{}", "", "freshness", HF_CHECK_ABSENT, HF_CHECK_ABSENT},
        {"require_nonce: true", "", "freshness", HF_CHECK_ABSENT, HF_CHECK_FAILED},
        {"require_nonce: true", "", "nonce", HF_CHECK_ABSENT, HF_CHECK_FAILED},
        {"require_nonce: true", "", "freshness", HF_CHECK_OK, HF_CHECK_OK},
        {"{}", "t:tcb_status=SWHardeningNeeded", "platform level", HF_CHECK_WARNING, HF_CHECK_OK},
        {"{}", "t:tcb_status=ConfigurationNeeded", "platform level", HF_CHECK_WARNING, HF_CHECK_FAILED},
        {"{}", "t:tcb_status=OutOfDate", "platform level", HF_CHECK_FAILED, HF_CHECK_FAILED},
        {"intel: {allowed_tcb_statuses: [OutOfDate]}", "t:tcb_status=OutOfDate", "platform level", HF_CHECK_FAILED,
         HF_CHECK_OK},
        {"intel: {allowed_tcb_statuses: [UpToDate]}", "t:tcb_status=SWHardeningNeeded", "platform level",
         HF_CHECK_WARNING, HF_CHECK_FAILED},
        {"enforce_tcb_updates: false", "t:tcb_status=OutOfDate", "platform level", HF_CHECK_FAILED, HF_CHECK_WARNING},
        {"enforce_tcb_updates: false", "t:tcb_status=Revoked", "platform level", HF_CHECK_FAILED, HF_CHECK_FAILED},
        {"enforce_tcb_updates: false", "t:tcb_status=NotSupported", "platform level", HF_CHECK_FAILED, HF_CHECK_FAILED},
        {"intel: {allowed_tcb_statuses: [OutOfDate]}", "", "platform level", HF_CHECK_FAILED, HF_CHECK_FAILED},
        {"enforce_tcb_updates: false", "", "platform level", HF_CHECK_FAILED, HF_CHECK_FAILED},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_verify_result *r = make_result("sgx", cases[i].claims);
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
        struct hf_check *row = make_row(r, cases[i].row, cases[i].before);

        CASE(cases[i].policy);
        hf_check_found(row, "what was found");
        hf_check_expected(row, "what was expected");
        OK(parse(cases[i].policy, &p));
        hf_appraisal_apply(p, r);
        check_rows(r, cases[i].row, cases[i].after);
        CHECK_TEXT(row->found, "what was found");
        CHECK_TEXT(row->expected, "what was expected");
        if (cases[i].before != cases[i].after)
            CHECK(strstr(row->note, "policy test allows it") || strstr(row->note, "policy test refuses it"));
        hf_verify_result_free(&r);
    }
}

TEST(what_is_not_enforced_is_at_best_a_warning)
{
    struct hf_verify_result *r = judged("enforce_certificate_validation: false", "sgx", "t:tcb_status=UpToDate");

    check_rows(r, "certificate validation", HF_CHECK_WARNING);
    CHECK(hf_verdict_status(&r->verdict) == HF_VERDICT_WARNING);
    hf_verify_result_free(&r);
    r = judged("enforce_tcb_updates: false", "sgx", "t:tcb_status=UpToDate");
    check_rows(r, "tcb updates", HF_CHECK_WARNING);
    CHECK(hf_verdict_status(&r->verdict) == HF_VERDICT_WARNING);
    hf_verify_result_free(&r);
}

TEST(each_of_several_items_is_judged_under_its_own_name)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    struct hf_verify_result *r = make_result("tdx", "b:mrtd=" H48A "|t:tcb_status=UpToDate");
    struct hf_item_result *gpu = make_item(r, "nvidia", "");

    (void)snprintf(r->item[0].label, sizeof(r->item[0].label), "cpu");
    (void)snprintf(gpu->label, sizeof(gpu->label), "gpu");
    gpu->findings.level = HF_LEVEL_LOW;
    (void)make_row(r, "cpu: debug", HF_CHECK_FAILED);
    (void)make_row(r, "gpu: debug", HF_CHECK_OK);
    OK(parse("allow_debug: true\nallowed_providers: [tdx]\ntdx: {mrtd: " H48A "}", &p));
    hf_appraisal_apply(p, r);
    check_rows(r, "cpu: debug", HF_CHECK_WARNING);
    check_rows(r, "gpu: debug", HF_CHECK_OK);
    check_rows(r, "cpu: provider", HF_CHECK_OK);
    check_rows(r, "gpu: provider", HF_CHECK_FAILED);
    check_rows(r, "gpu: security level", HF_CHECK_FAILED);
    check_rows(r, "cpu: measurement mrtd", HF_CHECK_OK);
    CHECK(r->item[0].status == HF_VERDICT_WARNING && gpu->status == HF_VERDICT_CONTRAINDICATED);
    hf_verify_result_free(&r);
}

/* An event log beside the quote that it replays to; beside two, or when it does not, nobody vouches for it. */
TEST(what_proves_nothing_by_itself_stands_as_what_proves_it)
{
    static const struct {
        const char *name;
        enum hf_check_status log;
        size_t quotes;
        enum hf_level quote;
        enum hf_check_status want;
    } cases[] = {
        {"it replays to the quote", HF_CHECK_OK, 1, HF_LEVEL_HIGH, HF_CHECK_OK},
        {"to a quote that is low itself", HF_CHECK_OK, 1, HF_LEVEL_LOW, HF_CHECK_FAILED},
        {"it does not", HF_CHECK_FAILED, 1, HF_LEVEL_HIGH, HF_CHECK_FAILED},
        {"to which of two", HF_CHECK_OK, 2, HF_LEVEL_HIGH, HF_CHECK_FAILED},
        {"alone", HF_CHECK_OK, 0, HF_LEVEL_HIGH, HF_CHECK_FAILED},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
        struct hf_verify_result *r = make_result("log", "");

        CASE(cases[i].name);
        (void)snprintf(r->item[0].label, sizeof(r->item[0].label), "log");
        r->item[0].findings.level = HF_LEVEL_LOW;
        r->item[0].findings.environment = HF_ENV_UNKNOWN;
        r->item[0].findings.fresh = false;
        for (size_t k = 0; k < cases[i].quotes; k++) {
            struct hf_item_result *quote = make_item(r, "tdx", "t:tcb_status=UpToDate");

            (void)snprintf(quote->label, sizeof(quote->label), "quote%zu", k);
            quote->findings.level = cases[i].quote;
        }
        (void)make_row(r, "log: event log", cases[i].log);
        OK(parse("{}", &p));
        hf_appraisal_apply(p, r);
        check_rows(r, "log: security level", cases[i].want);
        if (cases[i].want == HF_CHECK_OK)
            check_rows(r, "log: age", HF_CHECK_OK);
        hf_verify_result_free(&r);
    }
}

TEST(a_clouds_wrapping_is_of_the_kind_of_what_is_inside)
{
    struct hf_verify_result *r = judged("allowed_providers: [snp]\nsnp: {measurement: " H48A "}", "azure",
                                        "n:vmpl=0|b:measurement=" H48B);

    check_rows(r, "provider", HF_CHECK_OK);
    check_rows(r, "measurement measurement", HF_CHECK_FAILED);
    hf_verify_result_free(&r);
    r = judged("allowed_providers: [snp]", "azure", "b:mrtd=" H48B);
    check_rows(r, "provider", HF_CHECK_FAILED);
    hf_verify_result_free(&r);
}

TEST(a_validator_that_was_not_run_is_a_refusal)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    struct hf_verify_result *r = make_result("sgx", "");

    OK(parse("custom_validators: [ours, theirs]", &p));
    CHECK_TEXT(hf_appraisal_validator(p, 0), "ours");
    CHECK(!hf_appraisal_validator(p, 2));
    (void)make_row(r, "validator ours", HF_CHECK_OK);
    hf_appraisal_apply(p, r);
    check_rows(r, "validator ours", HF_CHECK_OK);
    check_rows(r, "validator theirs", HF_CHECK_FAILED);
    hf_verify_result_free(&r);
}

TEST(the_recipe_must_be_the_policys)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    struct hf_verify_result *r = make_result("sgx", "");

    OK(parse("report_data_recipe: sha256-nonce", &p));
    CHECK_TEXT(hf_appraisal_recipe(p), "sha256-nonce");
    r->has_nonce = true;
    r->recipe = HF_RECIPE_RAW64;
    hf_appraisal_apply(p, r);
    check_rows(r, "recipe", HF_CHECK_FAILED);
    hf_verify_result_free(&r);
    r = make_result("sgx", "");
    r->has_nonce = true;
    r->recipe = HF_RECIPE_SHA256_NONCE;
    hf_appraisal_apply(p, r);
    check_rows(r, "recipe", HF_CHECK_OK);
    hf_verify_result_free(&r);
}

TEST(applying_a_policy_allocates_nothing)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    struct hf_verify_result *r = make_result("snp", "b:measurement=" H48A "|n:vmpl=0|n:policy=0x30000|n:reported_bl=4");

    OK(parse("snp: {measurement: " H48A ", vmpl: [0], policy_must_be_one: 0x20000, min_reported_tcb: {bl: 4, tee: 0}}\n"
             "required_measurements: {sev: {launch_measurement: " H48B "}}",
             &p));
    hf_alloc_fail_at(1);
    hf_appraisal_apply(p, r);
    CHECK(!hf_alloc_has_failed());
    hf_alloc_fail_at(0);
    CHECK(r->verdict.lost == 0);
    hf_verify_result_free(&r);
}

TESTS(RUN(each_field_lets_pass_what_it_says_and_nothing_else), RUN(fields_of_one_kind_do_not_touch_another),
      RUN(levels_compare_high_above_medium_above_low), RUN(age_is_judged_at_both_ends_to_the_second),
      RUN(rows_that_a_policy_speaks_of_are_decided_anew_and_say_so), RUN(what_is_not_enforced_is_at_best_a_warning),
      RUN(each_of_several_items_is_judged_under_its_own_name),
      RUN(what_proves_nothing_by_itself_stands_as_what_proves_it),
      RUN(a_clouds_wrapping_is_of_the_kind_of_what_is_inside), RUN(a_validator_that_was_not_run_is_a_refusal),
      RUN(the_recipe_must_be_the_policys), RUN(applying_a_policy_allocates_nothing))
