/* The built-in policies: none of them ever changes. */
#include "make_result.h"
#include "policy/appraisal_i.h"
#include "test.h"

/* SHA-256 of the normal form. A row here changes only when a row of policy/builtin.c was edited, which is not done:
 * a new policy is a new name. */
static const struct {
    const char *name, *sha256;
} snapshot[] = {
    {"cca-strict-2026-11", "a74e92a40e882f826aee08c2bc6252f4562aea7ea1351fb8bd1dfdbebaee1bf9"},
    {"intel-strict-2026-11", "94940113cec12f571ae6e87f48c596d205c11330b6e04cc2887b2212c74dfbdf"},
    {"moderate-2026-11", "51df3ca15d6c9ad0d8ab31fe5312af0f1c27f219bdb50d22077a46abde618338"},
    {"nitro-strict-2026-11", "accec83a6b6d8fe7346207cceda726560390de9323b638510d0a98670baedf22"},
    {"nvidia-strict-2026-11", "f3f116af5fc9549aca0a7fd46da2446f3ae08760fe9ef5fbe87e0c1ede30da36"},
    {"relaxed-2026-11", "970309e8ccf2a2496f1a8ebf7b673b63841557b80610a8dc0c441cd1e793e5f9"},
    {"sgx-strict-2026-11", "48c8a642c4e0703ae8504ffe7a4a1fcd125ecabc18df9e2e1e4590dc72e9d0b6"},
    {"snp-strict-2026-11", "7f6a1c6c2080890f3ab051172cfede5d93456305ea3b071927aef67985d5c975"},
    {"strict-2026-11", "3ab4e4a15377a106756b8212a57bdf4315e42d21cc3df39c6f5b3574643b800f"},
    {"tdx-strict-2026-11", "84f8b2b54b2aac2d17631472bd5e372883dcb6dd35a76ef66d0879884686a329"},
    {"tpm-strict-2026-11", "b8e22f452302e4ff46733f45de51f019847bb56a05ad8ab0edb95db4876eba9e"},
    {"vendor-strict-2026-11", "f385432ae37150e5b4dd243ca5b8bd54e9d3bab850f2b40fbb1a69392aeb29fc"},
};

TEST(every_built_in_policy_is_what_it_was)
{
    const char *name, *text;
    size_t n = 0;

    for (; hf_appraisal_builtin_at(n, &name, &text); n++) {
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0};
        char *printed = NULL;

        CASE(name);
        OK(hf_appraisal_builtin(name, &p));
        CHECK_TEXT(hf_appraisal_name(p), name);
        OK(hf_hex_write((struct hf_bytes){hf_appraisal_sha256(p), 32}, &hex));
        OK(hf_buf_text(&hex, &printed));
        CHECK(n < HF_COUNT(snapshot));
        CHECK_TEXT(name, snapshot[n].name);
        CHECK_TEXT(printed, snapshot[n].sha256);
    }
    CHECK(n == HF_COUNT(snapshot));
}

TEST(a_name_without_a_date_is_the_newest_of_it_and_says_so)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    struct hf_verify_result *r = make_result("sgx", "");
    const struct hf_check *row;

    OK(hf_appraisal_builtin("strict", &p));
    CHECK_TEXT(hf_appraisal_name(p), "strict-2026-11");
    CHECK_TEXT(hf_appraisal_asked(p), "strict");
    hf_appraisal_apply(p, r);
    row = hf_verdict_row(&r->verdict, "policy");
    CHECK(row && strstr(row->note, "\"strict\" is strict-2026-11 now"));
    hf_verify_result_free(&r);
}

TEST(a_name_that_is_none_is_answered_with_those_that_there_are)
{
    static const struct {
        const char *name, *detail;
    } bad[] = {
        {"", "there are cca-strict-2026-11"},
        {"-2026-11", "snp-strict-2026-11"},
        {"STRICT", "there are"},
        {"stric", "did you mean \"strict-2026-11\"?"},
        {"strict-", "did you mean \"strict-2026-11\"?"},
        {"strict-2026-12", "did you mean \"strict-2026-11\"?"},
        {"sgx-stirct", "did you mean \"sgx-strict-2026-11\"?"},
        {"moderat-2026-11", "did you mean \"moderate-2026-11\"?"},
        {"mine.yaml", "there are"},
    };
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;

    for (size_t i = 0; i < HF_COUNT(bad); i++) {
        CASE(bad[i].name);
        FAILS(hf_appraisal_builtin(bad[i].name, &p), HF_E_NOT_FOUND);
        CHECK_DETAIL(bad[i].detail);
    }
}

TEST(the_thresholds_are_those_of_seed_002)
{
    static const struct {
        const char *name;
        uint64_t level, age, certificates, updates, test_mode;
    } cases[] = {
        {"strict-2026-11", 2, 3600000, 1, 1, 0},
        {"moderate-2026-11", 1, 7200000, 1, 0, 0},
        {"relaxed-2026-11", 0, 86400000, 0, 0, 1},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;

        CASE(cases[i].name);
        OK(hf_appraisal_builtin(cases[i].name, &p));
        CHECK(p->value[HF_AP_LEVEL].number == cases[i].level);
        CHECK(p->value[HF_AP_AGE].number == cases[i].age);
        CHECK(p->value[HF_AP_CERTIFICATES].number == cases[i].certificates);
        CHECK(p->value[HF_AP_TCB_UPDATES].number == cases[i].updates);
        CHECK(p->value[HF_AP_TEST_MODE].number == cases[i].test_mode);
    }
}

TESTS(RUN(every_built_in_policy_is_what_it_was), RUN(a_name_without_a_date_is_the_newest_of_it_and_says_so),
      RUN(a_name_that_is_none_is_answered_with_those_that_there_are), RUN(the_thresholds_are_those_of_seed_002))
