/* Results as people and programs get them: checklist, JSON, seed 002's shapes, the trustworthiness vector. */
#include "codec/json_read.h"
#include "make_result.h"
#include "policy/reasons.h"
#include "policy/summary.h"
#include "policy/trust_vector.h"
#include "test.h"

static struct hf_json_value get(struct hf_json_value v, const char *key)
{
    struct hf_json_value out;

    OK(hf_json_get(v, key, &out));
    return out;
}

static struct hf_json_value rendered(hf_err (*render)(const struct hf_verify_result *, struct hf_buf *),
                                     const struct hf_verify_result *r, struct hf_buf *text)
{
    struct hf_json_value top;

    hf_buf_free(text);
    OK(render(r, text));
    OK(hf_json_parse(hf_buf_bytes(text), &top));
    return top;
}

TEST(json_has_what_a_program_asks_for)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_verify_result *r = make_result("sgx", "b:mrenclave=00ff|t:tcb_status=UpToDate");
    struct hf_json_value top;

    (void)make_row(r, "signature", HF_CHECK_OK);
    hf_horizon_narrow(&r->horizon, MADE_AT - 10, MADE_AT + 10, "TCB info");
    r->has_nonce = true;
    r->nonce.n = 8;
    (void)snprintf(r->policy, sizeof(r->policy), "mine");
    top = rendered(hf_verify_result_json, r, &text);
    CHECK(hf_json_is(get(top, "verdict"), "affirming"));
    CHECK(hf_json_is(get(top, "kind"), "sgx-quote") && hf_json_is(get(top, "environment"), "hardware"));
    CHECK(hf_json_is(get(top, "security_level"), "high"));
    CHECK(hf_json_is(get(get(top, "claims"), "tcb_status"), "UpToDate"));
    CHECK(hf_json_is(get(top, "valid_from"), "2026-09-21T14:13:10Z"));
    CHECK(hf_json_is(get(top, "valid_until"), "2026-09-21T14:13:30Z"));
    CHECK(hf_json_is(get(top, "valid_until_by"), "TCB info"));
    CHECK(hf_json_is(get(get(top, "policy"), "name"), "mine"));
    CHECK(hf_json_is(get(top, "at"), "2026-09-21T14:13:20Z"));
    CHECK(hf_json_is(get(top, "nonce"), "0000000000000000"));
    CHECK(hf_json_count(get(top, "failures")) == 0 && hf_json_count(get(top, "checks")) == 1);
    hf_verify_result_free(&r);
}

TEST(json_of_several_items_tells_each)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_verify_result *r = make_result("tdx", "");
    struct hf_item_result *gpu = make_item(r, "nvidia", "");
    struct hf_json_value top, items;

    (void)snprintf(r->item[0].label, sizeof(r->item[0].label), "cpu");
    (void)snprintf(gpu->label, sizeof(gpu->label), "gpu");
    gpu->findings.level = HF_LEVEL_LOW;
    gpu->findings.environment = HF_ENV_EMULATED;
    (void)make_row(r, "cpu: signature", HF_CHECK_OK);
    (void)make_row(r, "gpu: nonce", HF_CHECK_FAILED);
    top = rendered(hf_verify_result_json, r, &text);
    items = get(top, "items");
    CHECK(hf_json_count(items) == 2);
    CHECK(hf_json_is(get(top, "security_level"), "low") && hf_json_is(get(top, "environment"), "emulated"));
    CHECK(hf_json_count(get(top, "failures")) == 2); /* nonce_mismatch, expired_attestation */
    hf_verify_result_free(&r);
}

TEST(the_checklist_says_the_verdict_first_and_last)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_verify_result *r = make_result("sgx", "");
    char *printed = NULL;

    (void)make_row(r, "signature", HF_CHECK_FAILED);
    hf_horizon_narrow(&r->horizon, INT64_MIN, MADE_AT + 10, "PCK certificate");
    OK(hf_verify_result_text(r, &text));
    OK(hf_buf_text(&text, &printed));
    CHECK(strstr(printed, "verdict        contraindicated\n") == printed);
    CHECK(strstr(printed, "holds until    2026-09-21T14:13:30Z, because of the PCK certificate\n"));
    CHECK(strstr(printed, "environment    hardware\n"));
    CHECK(strcmp(printed + strlen(printed) - 25, "verdict: contraindicated\n") == 0);
    hf_verify_result_free(&r);
}

TEST(seed_002_statuses_follow_its_rules)
{
    static const struct {
        const char *name;
        const char *failed[5];
        const char *status;
        size_t reasons;
        const char *first;
    } cases[] = {
        {"nothing failed", {NULL}, "valid", 0, NULL},
        {"too old", {"age", NULL}, "expired", 1, "expired_attestation"},
        {"another nonce", {"nonce", NULL}, "partial", 2, "expired_attestation"},
        {"one measurement", {"measurement mrenclave", NULL}, "partial", 1, "invalid_measurements"},
        {"an expectation", {"expected pcr4", NULL}, "partial", 1, "invalid_measurements"},
        {"two, neither about trust",
         {"security level", "measurement mrtd", NULL},
         "partial",
         2,
         "invalid_measurements"},
        {"three reasons", {"nonce", "measurement mrtd", "debug", NULL}, "invalid", 4, "expired_attestation"},
        {"the same reason three times",
         {"debug", "environment", "platform level", NULL},
         "partial",
         1,
         "untrusted_platform"},
        {"replay alone", {"replay", NULL}, "invalid", 1, "replay_attack"},
        {"a bad signature", {"signature", NULL}, "untrusted", 1, "invalid_signature"},
        {"another root", {"root", NULL}, "untrusted", 1, "invalid_certificate"},
        {"a certificate of the vendor's documents", {"tcb signing", NULL}, "untrusted", 1, "invalid_certificate"},
        {"an odd structure", {"structure", NULL}, "partial", 1, "invalid_quote"},
        {"a kind that is not allowed", {"provider", NULL}, "partial", 1, "untrusted_platform"},
        {"a validator", {"validator ours", NULL}, "partial", 1, "policy_violation"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
        struct hf_verify_result *r = make_result("snp", "");
        struct hf_json_value top, failures;

        CASE(cases[i].name);
        (void)make_row(r, "freshness", HF_CHECK_OK);
        for (size_t k = 0; cases[i].failed[k]; k++)
            make_row(r, cases[i].failed[k], HF_CHECK_FAILED)->err = strcmp(cases[i].failed[k], "security level") == 0
                                                                        ? HF_E_DENIED
                                                                        : HF_E_UNTRUSTED;
        top = rendered(hf_verify_result_pot, r, &text);
        failures = get(top, "failures");
        CHECK(hf_json_is(get(top, "status"), cases[i].status));
        CHECK(hf_json_is(get(top, "provider_type"), "sev"));
        CHECK(hf_json_count(failures) == cases[i].reasons);
        for (struct hf_json_iter it = hf_json_iter(failures); hf_json_next(&it);) {
            if (it.index == 0)
                CHECK(hf_json_is(it.value, cases[i].first));
        }
        CHECK(hf_json_count(top) == 10); /* exactly its members */
        hf_verify_result_free(&r);
    }
}

TEST(seed_002_results_carry_warnings_and_custom_validations)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_verify_result *r = make_result("mock", "");
    struct hf_json_value top;

    (void)make_row(r, "environment", HF_CHECK_WARNING);
    (void)make_row(r, "freshness", HF_CHECK_ABSENT);
    (void)make_row(r, "validator ours", HF_CHECK_OK);
    top = rendered(hf_verify_result_pot, r, &text);
    CHECK(hf_json_is(get(top, "status"), "valid"));
    CHECK(hf_json_count(get(top, "warnings")) == 2);
    CHECK(get(top, "freshness_valid").raw.p[0] == 'f');
    CHECK(get(top, "certificate_valid").raw.p[0] == 't');
    CHECK(get(get(get(top, "metadata"), "custom_validations"), "ours").raw.p[0] == 't');
    hf_verify_result_free(&r);
}

TEST(a_summary_counts_exactly)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_verify_summary sum = {0}, other = {0};
    struct hf_verify_result *good = make_result("sgx", ""), *bad = make_result("snp", "");
    struct hf_json j = hf_json(&text, false);
    char *printed = NULL;

    (void)make_row(good, "signature", HF_CHECK_OK);
    (void)make_row(bad, "nonce", HF_CHECK_FAILED);
    hf_verify_summary_add(&sum, good);
    hf_verify_summary_add(&sum, bad);
    hf_verify_summary_add(&other, bad);
    hf_verify_summary_add(&other, NULL);
    hf_verify_summary_merge(&sum, &other);
    hf_json_object(&j, NULL);
    hf_verify_summary_json(&sum, 7, &j);
    hf_json_close(&j);
    OK(hf_json_end(&j));
    OK(hf_buf_text(&text, &printed));
    CHECK_TEXT(
        printed,
        "{\"total\":4,\"valid\":1,\"invalid\":3,\"success_rate\":0.25,\"provider_stats\":{\"sgx\":{\"valid\":1,"
        "\"invalid\":0},\"sev\":{\"valid\":0,\"invalid\":2},\"unknown\":{\"valid\":0,\"invalid\":1}},"
        "\"failure_reasons\":{\"invalid_quote\":1,\"expired_attestation\":2,\"nonce_mismatch\":2},\"timestamp\":7}");
    hf_verify_result_free(&good);
    hf_verify_result_free(&bad);
}

TEST(the_vector_says_what_was_judged_and_no_more)
{
    static const struct {
        const char *name, *family, *rows; /* "signature=ok,debug=failed" */
        const char *want;                 /* "hardware=2 ..." */
    } cases[] = {
        {"nothing", "sgx", "", ""},
        {"all well", "sgx", "signature=ok,platform level=ok,debug=ok,measurement mrenclave=ok",
         "configuration=2 executables=2 hardware=2 runtime-opaque=2 "},
        {"a bad signature outweighs", "sgx", "signature=failed,platform level=ok", "hardware=99 "},
        {"a known hole", "tdx", "signature=ok,platform level=warning", "hardware=32 "},
        {"too old", "tdx", "signature=ok,platform level=failed", "hardware=96 "},
        {"no list", "snp", "signature=ok,revocation=absent", "hardware=0 "},
        {"no list, and too old", "snp", "revocation=absent,platform level=failed", "hardware=96 "},
        {"another root", "snp", "root=failed,signature=ok", "hardware=97 "},
        {"emulated, allowed", "snp", "environment=warning", "hardware=97 "},
        {"debug", "snp", "debug=failed", "configuration=96 runtime-opaque=96 "},
        {"debug, allowed", "nitro", "debug=warning", "configuration=96 runtime-opaque=96 "},
        {"nitro does not say that it encrypts", "nitro", "debug=ok", "configuration=2 "},
        {"another measurement", "nitro", "measurement pcr0=failed,expected pcr1=ok", "executables=96 "},
        {"the very chip", "snp", "hardware id=ok", "instance-identity=2 "},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_verify_result *r = make_result(cases[i].family, "");
        struct hf_trust_vector v;
        char text[256] = "", rows[256], *save = NULL;

        CASE(cases[i].name);
        (void)snprintf(rows, sizeof(rows), "%s", cases[i].rows);
        for (char *row = strtok_r(rows, ",", &save); row; row = strtok_r(NULL, ",", &save)) {
            char *equals = strchr(row, '=');

            *equals++ = 0;
            (void)make_row(r, row,
                           equals[0] == 'o'   ? HF_CHECK_OK
                           : equals[0] == 'f' ? HF_CHECK_FAILED
                           : equals[0] == 'w' ? HF_CHECK_WARNING
                                              : HF_CHECK_ABSENT);
        }
        hf_trust_vector_of(r, 0, &v);
        for (size_t k = 0; k < HF_TRUST_CLAIMS; k++) {
            if (v.judged[k])
                (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s=%d ",
                               hf_trust_claim_name((enum hf_trust_claim)k), v.value[k]);
        }
        CHECK_TEXT(text, cases[i].want);
        hf_verify_result_free(&r);
    }
}

TEST(tiers_are_those_of_ar4si)
{
    static const struct {
        int64_t value;
        enum hf_verdict_status tier;
    } cases[] = {{-1, HF_VERDICT_NONE},
                 {0, HF_VERDICT_NONE},
                 {1, HF_VERDICT_NONE},
                 {2, HF_VERDICT_AFFIRMING},
                 {31, HF_VERDICT_AFFIRMING},
                 {-2, HF_VERDICT_AFFIRMING},
                 {-32, HF_VERDICT_AFFIRMING},
                 {32, HF_VERDICT_WARNING},
                 {95, HF_VERDICT_WARNING},
                 {-33, HF_VERDICT_WARNING},
                 {-96, HF_VERDICT_WARNING},
                 {96, HF_VERDICT_CONTRAINDICATED},
                 {127, HF_VERDICT_CONTRAINDICATED},
                 {-97, HF_VERDICT_CONTRAINDICATED},
                 {-128, HF_VERDICT_CONTRAINDICATED}};

    for (size_t i = 0; i < HF_COUNT(cases); i++)
        CHECK(hf_trust_tier(cases[i].value) == cases[i].tier);
}

TESTS(RUN(json_has_what_a_program_asks_for), RUN(json_of_several_items_tells_each),
      RUN(the_checklist_says_the_verdict_first_and_last), RUN(seed_002_statuses_follow_its_rules),
      RUN(seed_002_results_carry_warnings_and_custom_validations), RUN(a_summary_counts_exactly),
      RUN(the_vector_says_what_was_judged_and_no_more), RUN(tiers_are_those_of_ar4si))
