/* Appraisal policies: what is read, what is refused, merged, printed, compared, made from evidence. */
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

static hf_err parse_and_free(const char *text)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;

    return parse(text, &p);
}

TEST(a_policy_is_read_strictly_and_errors_name_line_and_column)
{
    static const struct {
        const char *name, *text;
        hf_err want;
        const char *detail;
    } cases[] = {
        {"nothing but a level", "required_security_level: high", HF_OK, NULL},
        {"JSON", "{\"required_security_level\": \"low\", \"allow_test_mode\": true}", HF_OK, NULL},
        {"null is not set", "required_measurements: null\nsgx: null", HF_OK, NULL},
        {"one value for a list", "sgx: {mrenclave: " H32A "}", HF_OK, NULL},
        {"0x before hex, capitals",
         "sgx: {mrenclave: \"0xAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", HF_OK, NULL},
        {"half a second", "max_attestation_age: 0.5", HF_OK, NULL},
        {"an unknown key", "max_age: 3\n", HF_E_CONFIG, "line 1, column 1: unknown key \"max_age\""},
        {"a key with a slip", "allow_test_mode: true\nmax_atestation_age: 3\n", HF_E_CONFIG,
         "line 2, column 1: unknown key \"max_atestation_age\"; did you mean \"max_attestation_age\"?"},
        {"an unknown key in a group", "sgx:\n  mrenclav: aa\n", HF_E_CONFIG,
         "line 2, column 3: unknown key \"sgx.mrenclav\"; did you mean \"sgx.mrenclave\"?"},
        {"an unknown key in JSON", "{\n  \"sgx\": {\n    \"mrsignr\": []}}", HF_E_CONFIG,
         "line 3, column 5: unknown key \"sgx.mrsignr\"; did you mean"},
        {"a key of another level", "mrenclave: " H32A, HF_E_CONFIG, "unknown key"},
        {"a word that is none", "required_security_level: higher", HF_E_CONFIG, "line 1, column 26"},
        {"a level as a number", "required_security_level: 2", HF_E_CONFIG, "is none of low|medium|high"},
        {"a kind that is none", "allowed_providers: [sgx, sgy]", HF_E_CONFIG, "\"sgy\" is none of"},
        {"a kind twice", "allowed_providers: [sgx, sgx]", HF_E_CONFIG, "stands twice"},
        {"a key twice", "allow_debug: true\nallow_debug: false\n", HF_E_CONFIG, "stands twice"},
        {"yes is a text", "allow_debug: yes", HF_E_CONFIG, "want true or false"},
        {"a negative age", "max_attestation_age: -1", HF_E_CONFIG, "want seconds"},
        {"an age beyond all", "max_attestation_age: 1e300", HF_E_CONFIG, "want seconds"},
        {"hex of another length", "sgx: {mrenclave: aabb}", HF_E_CONFIG, "4 hex digits, want 64"},
        {"what is not hex", "sgx: {mrenclave: xy}", HF_E_CONFIG, "want hex"},
        {"an empty list", "sgx: {mrenclave: []}", HF_E_CONFIG, "at least one value"},
        {"a component too large", "tdx: {min_tee_tcb_svn: [256]}", HF_E_CONFIG, "at most 255"},
        {"17 components", "tdx: {min_tee_tcb_svn: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}", HF_E_CONFIG, "at most 16"},
        {"a mask too long", "snp: {policy_must_be_one: \"000000000000000001\"}", HF_E_CONFIG, "want 16"},
        {"a mask as a number", "snp: {policy_must_be_one: 0x20000}", HF_OK, NULL},
        {"a date that is none", "intel: {min_tcb_date: 2026-13-01}", HF_E_CONFIG, "want a date"},
        {"a date", "intel: {min_tcb_date: 2026-11-01}", HF_OK, NULL},
        {"a status that no policy may allow", "intel: {allowed_tcb_statuses: [Revoked]}", HF_E_CONFIG, "is none of"},
        {"a register that is none", "tpm: {pcrs: {sha256:32: " H32A "}}", HF_E_CONFIG, NULL},
        {"a register too many", "tpm: {pcrs: {\"32\": " H32A "}}", HF_E_CONFIG, "is no register"},
        {"a value of another bank", "tpm: {pcrs: {\"sha384:7\": " H32A "}}", HF_E_CONFIG, "64 hex digits, want 96"},
        {"a group that is a list", "sgx: [1]", HF_E_CONFIG, "is an object"},
        {"a list", "- sgx", HF_E_CONFIG, NULL},
        {"an empty text", "", HF_E_CONFIG, NULL},
        {"two documents", "allow_debug: true\n---\nallow_debug: true\n", HF_E_CONFIG, NULL},
        {"an anchor", "allowed_providers: &a [sgx]", HF_E_CONFIG, NULL},
        {"an empty name", "name: \"\"", HF_E_CONFIG, "it is empty"},
        {"measurements of no kind", "required_measurements: {sgy: {a: b}}", HF_E_CONFIG, "is none of"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        FAILS(parse_and_free(cases[i].text), cases[i].want);
        if (cases[i].detail)
            CHECK_DETAIL(cases[i].detail);
    }
}

TEST(contradictions_within_a_policy_are_errors)
{
    static const struct {
        const char *name, *text, *detail;
    } cases[] = {
        {"nothing is allowed", "allowed_providers: []", "no evidence at all"},
        {"a level that no allowed kind reaches", "allowed_providers: [vendor]", "line 0"},
        {"a bit one and zero", "snp:\n  policy_must_be_one: 3\n  policy_must_be_zero: 6\n", "line 3, column 3"},
        {"measurements of a kind that is not allowed", "allowed_providers: [snp]\nsgx: {mrenclave: " H32A "}",
         "allowed_providers does not allow"},
        {"required measurements of such a kind",
         "allowed_providers: [tdx]\nrequired_measurements: {sgx: {mrenclave: " H32A "}}", "about sgx"},
        {"two values of one measurement",
         "sgx: {mrenclave: " H32A "}\nrequired_measurements: {sgx: {mrenclave: " H32B "}}", "no value of mrenclave"},
        {"an advisory refused and allowed",
         "intel: {refused_advisories: [INTEL-SA-00001], allowed_advisories: [INTEL-SA-00001]}", "stands in both"},
        {"statuses that are not enforced", "enforce_tcb_updates: false\nintel: {allowed_tcb_statuses: [UpToDate]}",
         "enforce_tcb_updates"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        FAILS(parse_and_free(cases[i].text), HF_E_CONFIG);
        if (strcmp(cases[i].detail, "line 0") != 0)
            CHECK_DETAIL(cases[i].detail);
    }
    OK(parse_and_free("allowed_providers: [vendor]\nrequired_security_level: medium"));
    OK(parse_and_free("allowed_providers: [sev]\nsnp: {measurement: " H48A "}"));
}

TEST(configurations_of_seed_002_are_read_unchanged)
{
    static const char guide[] =
        "{\"tee_providers\": {\"sgx\": {\"provider_type\": \"sgx\", \"enabled\": true, \"config\": {\"enclave_id\": "
        "\"production_enclave\", \"mrenclave\": null, \"mrsigner\": null, \"isv_prod_id\": 1, \"isv_svn\": 1}, "
        "\"priority\": 10, \"fallback_providers\": [\"vendor\"]}}, \"default_provider\": \"sgx\", "
        "\"attestation_policy\": {\"required_security_level\": \"high\", \"max_attestation_age\": 3600, "
        "\"allowed_providers\": [\"sgx\", \"sev\", \"nitro\"], \"enforce_certificate_validation\": true, "
        "\"enforce_tcb_updates\": true}, \"binding_policy\": {\"mode\": \"tee_attestation\"}, "
        "\"security_thresholds\": {\"min_security_level\": \"high\", \"max_attestation_age_seconds\": 3600, "
        "\"max_verification_retries\": 3, \"confidence_threshold\": 0.99}}";
    static const char saved[] =
        "attestation_policy:\n  allow_test_mode: true\n  allowed_providers:\n  - mock\n  - sgx\n"
        "  custom_validators: []\n  enforce_certificate_validation: false\n"
        "  enforce_tcb_updates: false\n  max_attestation_age: 86400\n"
        "  required_measurements: {}\n  required_security_level: low\nadvanced:\n"
        "  enable_caching: true\nsecurity_thresholds:\n  allow_test_mode: true\n"
        "  min_security_level: low\n  max_attestation_age_seconds: 86400\n"
        "  require_certificate_validation: false\n  require_tcb_updates: false\n";
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;

    OK(parse_and_free(saved));
    OK(parse(guide, &p));
    CHECK(p->value[HF_AP_LEVEL].number == 2 && p->value[HF_AP_AGE].number == 3600000);
    CHECK(p->value[HF_AP_PROVIDERS].n == 3 && p->value[HF_AP_TCB_UPDATES].number == 1);
    CHECK(p->value[HF_AP_TEST_MODE].number == 0 && p->value[HF_AP_VALIDATORS].n == 0);
    FAILS(parse_and_free("attestation_policy: {required_security_level: low}\nsecurity_thresholds: "
                         "{min_security_level: medium}"),
          HF_E_CONFIG);
    CHECK_DETAIL("required_security_level is laxer than security_thresholds.min_security_level");
    FAILS(parse_and_free("attestation_policy: {}\nbinding_polcy: {}"), HF_E_CONFIG);
    CHECK_DETAIL("line 2, column 1");
}

/* ---- several ---- */

TEST(policies_that_are_merged_let_pass_what_all_of_them_let_pass)
{
    static const struct {
        const char *name, *a, *b, *part; /* of the merged one's text, or of the error's */
        hf_err want;
    } cases[] = {
        {"the higher level", "required_security_level: low", "required_security_level: medium",
         "required_security_level: medium", HF_OK},
        {"the shorter age", "max_attestation_age: 60", "max_attestation_age: 7200", "max_attestation_age: 60\n", HF_OK},
        {"allowed by both", "allow_debug: true", "allow_debug: true", "allow_debug: true", HF_OK},
        {"allowed by one", "allow_debug: true", "allow_migration: true", "allow_debug: false", HF_OK},
        {"kinds in common", "allowed_providers: [sgx, tdx]", "allowed_providers: [tdx, snp]",
         "allowed_providers: [tdx]", HF_OK},
        {"sev covers snp", "allowed_providers: [sev]", "allowed_providers: [snp]", "allowed_providers: [snp]", HF_OK},
        {"values in common", "sgx: {mrenclave: [" H32A ", " H32B "]}", "sgx: {mrenclave: " H32B "}",
         "mrenclave: [" H32B "]", HF_OK},
        {"values of one", "sgx: {mrenclave: " H32A "}", "sgx: {min_isv_svn: 2}", "mrenclave: [" H32A "]", HF_OK},
        {"the larger minimum, component by component", "tdx: {min_tee_tcb_svn: [5, 1]}",
         "tdx: {min_tee_tcb_svn: [4, 2]}", "min_tee_tcb_svn: [5, 2, 0", HF_OK},
        {"bits of both", "snp: {policy_must_be_one: 1}", "snp: {policy_must_be_one: 2}",
         "policy_must_be_one: \"0300000000000000\"", HF_OK},
        {"advisories refused by either", "intel: {refused_advisories: [A]}", "intel: {refused_advisories: [B]}",
         "refused_advisories: [A, B]", HF_OK},
        {"registers of both", "tpm: {pcrs: {7: " H32A "}}", "tpm: {pcrs: {4: " H32B ", 7: [" H32A ", " H32B "]}}",
         "pcrs: {pcr4: [" H32B "], pcr7: [" H32A "]}", HF_OK},
        {"no kind in common", "allowed_providers: [sgx]", "allowed_providers: [snp]", "allowed_providers", HF_E_CONFIG},
        {"no value in common", "sgx: {mrenclave: " H32A "}", "sgx: {mrenclave: " H32B "}",
         "policies first and second contradict each other: sgx.mrenclave", HF_E_CONFIG},
        {"no value of a register in common", "tpm: {pcrs: {7: " H32A "}}", "tpm: {pcrs: {7: " H32B "}}", "tpm.pcrs",
         HF_E_CONFIG},
        {"a bit one and zero", "snp: {policy_must_be_one: 1}", "snp: {policy_must_be_zero: 1}",
         "policies first and second contradict each other: snp.policy_must_be_zero", HF_E_CONFIG},
        {"two recipes", "report_data_recipe: raw64", "report_data_recipe: sha256-nonce", "report_data_recipe",
         HF_E_CONFIG},
        {"a level that the kinds in common cannot reach",
         "required_security_level: medium\nallowed_providers: [vendor]", "allowed_providers: [sgx, vendor]",
         "required_security_level", HF_E_CONFIG},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *a = NULL;
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *b = NULL;
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *m = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
        char *printed = NULL;

        CASE(cases[i].name);
        OK(hf_appraisal_parse(hf_bytes_text(cases[i].a), "first", &a));
        OK(hf_appraisal_parse(hf_bytes_text(cases[i].b), "second", &b));
        FAILS(hf_appraisal_merge((const struct hf_appraisal *const[]){a, b}, 2, NULL, &m), cases[i].want);
        if (cases[i].want != HF_OK) {
            CHECK_DETAIL(cases[i].part);
            continue;
        }
        OK(hf_appraisal_text(m, &text));
        OK(hf_buf_text(&text, &printed));
        if (!strstr(printed, cases[i].part))
            FAIL("\"%s\" is not in:\n%s", cases[i].part, printed);
        CHECK_TEXT(hf_appraisal_name(m), "first+second");
    }
}

/* ---- text ---- */

static const char everything[] =
    "name: all of it\ndescription: \"a: b\"\nrequired_security_level: low\nmax_attestation_age: 1.5\n"
    "required_measurements: {sgx: {mrenclave: " H32A "}, isv_svn: [1, 2]}\nallowed_providers: [snp, sgx, tdx, tpm]\n"
    "custom_validators: [/usr/lib/v, other]\nreport_data_recipe: raw64\nmax_collateral_age: 86400\n"
    "intel: {allowed_tcb_statuses: [UpToDate, OutOfDate], refused_advisories: [\"1\", INTEL-SA-1], allowed_advisories: "
    "[],"
    " min_tcb_date: 2026-01-02T03:04:05Z, min_sgx_components: [1, 2, 3]}\nsgx: {isv_prod_ids: [3, 1], min_isv_svn: 0}\n"
    "tdx: {td_attributes_must_be_zero: 1}\nsnp: {min_reported_tcb: {bl: 1, ucode: 2}, min_launch_tcb: {snp: 3}}\n"
    "tpm: {pcrs: {sha256:7: " H32A "}}\n";

TEST(the_normal_form_reads_as_the_same_policy)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *again = NULL;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *json = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf as_json = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf words = {0};
    struct hf_json j = hf_json(&as_json, true);

    OK(parse(everything, &p));
    OK(hf_appraisal_text(p, &once));
    OK(hf_appraisal_parse(hf_buf_bytes(&once), "x", &again));
    OK(hf_appraisal_text(again, &twice));
    CHECK_BYTES(hf_buf_bytes(&twice), hf_buf_bytes(&once));
    CHECK(memcmp(p->sha256, again->sha256, 32) == 0);
    hf_json_object(&j, NULL);
    OK(hf_appraisal_json(p, &j));
    hf_json_close(&j);
    OK(hf_json_end(&j));
    OK(hf_appraisal_parse(hf_buf_bytes(&as_json), "x", &json));
    CHECK(memcmp(p->sha256, json->sha256, 32) == 0);
    OK(hf_appraisal_explain(p, &words, NULL));
    CHECK(words.n > 1000);
}

TEST(differences_are_told_field_by_field)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *a = NULL;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *b = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char *printed = NULL;
    bool same = true;

    OK(hf_appraisal_parse(hf_bytes_text("max_attestation_age: 60\nsgx: {min_isv_svn: 3}"), "a", &a));
    OK(hf_appraisal_parse(hf_bytes_text("max_attestation_age: 90\nallow_debug: true"), "b", &b));
    OK(hf_appraisal_diff(a, b, &text, NULL, &same));
    OK(hf_buf_text(&text, &printed));
    CHECK(!same);
    CHECK_TEXT(printed, "max_attestation_age: 60 -> 90 (stricter: a)\nallow_debug: false -> true (stricter: a)\n"
                        "sgx.min_isv_svn: 3 -> (any) (stricter: a)\n");
    hf_buf_free(&text);
    OK(hf_appraisal_diff(a, a, &text, NULL, &same));
    CHECK(same && text.n == 0);
}

TEST(of_two_lists_the_one_that_lets_less_pass_is_stricter)
{
    static const struct {
        const char *a, *b, *stricter;
    } cases[] = {
        {"allowed_providers: [sgx]", "allowed_providers: [sgx, tdx]", "a"},
        {"allowed_providers: [sgx, tdx]", "allowed_providers: [sgx]", "b"},
        {"allowed_providers: [snp]", "allowed_providers: [sev]", "a"},
        {"allowed_providers: [sev, snp]", "allowed_providers: [sev]", NULL},
        {"allowed_providers: [sgx, snp]", "allowed_providers: [sgx, tdx]", NULL},
        {"intel: {allowed_tcb_statuses: [UpToDate]}", "intel: {allowed_tcb_statuses: [UpToDate, OutOfDate]}", "a"},
        {"intel: {allowed_advisories: []}", "intel: {allowed_advisories: [A]}", "a"},
        {"intel: {refused_advisories: [A]}", "intel: {refused_advisories: [A, B]}", "b"},
        {"custom_validators: [x, y]", "custom_validators: [y]", "a"},
        {"sgx: {isv_prod_ids: [1, 2]}", "sgx: {isv_prod_ids: [2]}", "b"},
        {"sgx: {isv_prod_ids: [1]}", "sgx: {isv_prod_ids: [2]}", NULL},
        {"snp: {products: [Milan]}", "snp: {}", "a"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *a = NULL;
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *b = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
        char want[32];
        bool same = true;

        CASE(cases[i].a);
        (void)snprintf(want, sizeof(want), "(stricter: %s)", cases[i].stricter ? cases[i].stricter : "");
        OK(hf_appraisal_parse(hf_bytes_text(cases[i].a), "a", &a));
        OK(hf_appraisal_parse(hf_bytes_text(cases[i].b), "b", &b));
        OK(hf_appraisal_diff(a, b, &text, NULL, &same));
        CHECK(!same);
        CHECK((memmem(text.p, text.n, "(stricter: ", 11) != NULL) == (cases[i].stricter != NULL));
        CHECK(!cases[i].stricter || memmem(text.p, text.n, want, strlen(want)));
    }
}

TEST(a_policy_from_evidence_lets_that_evidence_pass_and_marks_what_it_relaxed)
{
    static const char claims[] = "b:mrenclave=" H32A "|b:mrsigner=" H32B "|n:isv_prod_id=1|n:isv_svn=5|"
                                 "t:tcb_status=OutOfDate|n:tcb_evaluation_number=17|y:debug=1";
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_verify_result *r = make_result("sgx", claims);
    char *printed = NULL;

    (void)make_row(r, "signature", HF_CHECK_OK);
    (void)make_row(r, "platform level", HF_CHECK_FAILED);
    (void)make_row(r, "debug", HF_CHECK_FAILED);
    (void)make_row(r, "revocation", HF_CHECK_ABSENT);
    OK(hf_appraisal_from_result(r, "mine", &text));
    OK(hf_buf_text(&text, &printed));
    CHECK(strstr(printed, "allow_debug: true # relaxed"));
    CHECK(strstr(printed, "allow_missing_crl: true # relaxed"));
    CHECK(strstr(printed, "allowed_tcb_statuses: [OutOfDate, UpToDate] # relaxed"));
    CHECK(strstr(printed, "  mrenclave: [" H32A "]\n"));
    OK(hf_appraisal_parse(hf_buf_bytes(&text), "x", &p));
    CHECK_TEXT(hf_appraisal_name(p), "mine");
    hf_appraisal_apply(p, r);
    CHECK(hf_verdict_status(&r->verdict) == HF_VERDICT_WARNING);
    hf_verify_result_free(&r);

    CASE("a bad signature");
    r = make_result("sgx", claims);
    (void)make_row(r, "signature", HF_CHECK_FAILED);
    FAILS(hf_appraisal_from_result(r, "mine", &text), HF_E_UNTRUSTED);
    hf_verify_result_free(&r);
}

static hf_err parse_merge_print(void)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *m = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    bool same;

    HF_TRY(parse(everything, &p));
    HF_TRY(hf_appraisal_merge((const struct hf_appraisal *const[]){p, p}, 2, "both", &m));
    HF_TRY(hf_appraisal_explain(m, &text, NULL));
    return hf_appraisal_diff(p, m, &text, NULL, &same);
}

TEST(running_out_of_memory_is_an_error_everywhere)
{
    SWEEP(parse_merge_print());
}

TESTS(RUN(a_policy_is_read_strictly_and_errors_name_line_and_column), RUN(contradictions_within_a_policy_are_errors),
      RUN(configurations_of_seed_002_are_read_unchanged),
      RUN(policies_that_are_merged_let_pass_what_all_of_them_let_pass), RUN(the_normal_form_reads_as_the_same_policy),
      RUN(differences_are_told_field_by_field),
      RUN(of_two_lists_the_one_that_lets_less_pass_is_stricter),
      RUN(a_policy_from_evidence_lets_that_evidence_pass_and_marks_what_it_relaxed),
      RUN(running_out_of_memory_is_an_error_everywhere))
