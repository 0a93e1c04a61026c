/* Reports that real chips signed, and damaged ones: each gets the verdict it is known to deserve. */
#include "snp_rig.h"
#include "vectors.h"

#include <inttypes.h>

static void add_file(struct rig *r, const char *path)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    char full[256];

    (void)snprintf(full, sizeof(full), "evidence/%s", path);
    vector(full, &file);
    rig_add(r, hf_buf_bytes(&file), path);
}

static void add_pki(struct rig *r)
{
    static const char *const files[] = {"ark-milan", "ark-genoa",  "ark-turin",  "ask-milan", "ask-genoa",
                                        "ask-turin", "asvk-milan", "asvk-genoa", "asvk-turin"};
    char path[64];

    for (size_t i = 0; i < HF_COUNT(files); i++) {
        (void)snprintf(path, sizeof(path), "snp/pki/%s.der", files[i]);
        add_file(r, path);
    }
    add_file(r, "snp/pki/crl-ark-milan-2025-05-06.der");
    add_file(r, "snp/pki/crl-ark-genoa-2024-10-23.der");
}

static void text_of(const char *json, char *out, size_t room)
{
    struct hf_bytes word = json_word(json);

    (void)snprintf(out, room, "%.*s", (int)word.n, (const char *)word.p);
}

/* Claims that are texts or numbers under the same name in the case. */
static void check_claims(const struct rig *r, const char *expect)
{
    static const char *const names[] = {"version",       "signing_key",       "policy",        "vmpl",
                                        "measurement",   "report_data",       "host_data",     "chip_id",
                                        "id_key_digest", "author_key_digest", "platform_info", "smt"};
    static const char *const raw[] = {"reported_tcb", "current_tcb", "committed_tcb", "launch_tcb"};
    char value[200], name[40];

    for (size_t i = 0; i < HF_COUNT(names); i++) {
        text_of(json_key(expect, names[i]), value, sizeof(value));
        if (strcmp(names[i], "smt") != 0) /* the case means what the policy allows */
            want_claim(r, names[i], value);
    }
    for (size_t i = 0; i < HF_COUNT(raw); i++) {
        (void)snprintf(name, sizeof(name), "%s_raw", raw[i]);
        text_of(json_key(expect, name), value, sizeof(value));
        want_claim(r, raw[i], value);
    }
    text_of(json_key(expect, "debug_allowed"), value, sizeof(value));
    want_claim(r, "debug", value);
}

static void good_case(struct rig *r, const char *c, struct hf_bytes report)
{
    char vek[128];

    text_of(json_key(c, "vek"), vek, sizeof(vek));
    add_file(r, vek);
    r->judge.at = r->endorsements.certs.cert[r->endorsements.certs.n - 1]->not_before + 86400;
    (void)rig_judge(r, report);
    want_row(r, "signature", HF_CHECK_OK);
    want_row(r, "signing key", HF_CHECK_OK);
    want_row(r, "certificate chain", HF_CHECK_OK);
    want_row(r, "root", HF_CHECK_OK);
    want_row(r, "validity", HF_CHECK_OK);
    want_row(r, "certificate algorithms", HF_CHECK_OK);
    want_row(r, "product", HF_CHECK_OK);
    want_row(r, "platform level", HF_CHECK_OK);
    want_row(r, "firmware order", HF_CHECK_OK);
    want_row(r, "reserved bits", HF_CHECK_OK);
    want_row(r, "freshness", HF_CHECK_ABSENT);
    want_status(r, HF_VERDICT_WARNING);
    CHECK(r->findings.environment == HF_ENV_HARDWARE && r->findings.level == HF_LEVEL_HIGH);
}

TEST(reports_of_real_chips_hold)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    size_t n = 0, with_vek = 0;

    NEED_VECTORS();
    for (const char *c = json_first(vector_text("evidence/snp/cases.json", &json)); c; c = json_next(c)) {
        HF_CLEANUP(rig_free) struct rig *r = rig_new();
        HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
        char path[128], full[160], id[16];

        text_of(json_key(c, "id"), id, sizeof(id));
        CASE(id);
        text_of(json_key(c, "report"), path, sizeof(path));
        (void)snprintf(full, sizeof(full), "evidence/%s", path);
        vector(full, &report);
        add_pki(r);
        n++;
        if (json_is(json_key(json_key(c, "expect"), "version"), "1")) {
            CHECK(rig_judge(r, hf_buf_bytes(&report)) == HF_VERDICT_CONTRAINDICATED);
            want_row(r, "structure", HF_CHECK_FAILED);
            continue;
        }
        if (json_is(json_key(c, "vek"), "null")) {
            CHECK(rig_judge(r, hf_buf_bytes(&report)) == HF_VERDICT_CONTRAINDICATED);
            want_row(r, "signature", HF_CHECK_FAILED);
        } else {
            good_case(r, c, hf_buf_bytes(&report));
            with_vek++;
        }
        check_claims(r, json_key(c, "expect"));
    }
    print_message("# %zu reports, %zu of them with their certificate\n", n, with_vek);
    CHECK(n >= 18 && with_vek >= 13);
}

TEST(damaged_reports_are_refused_by_the_row_that_is_meant)
{
    static const struct {
        const char *file, *row;
    } cases[] = {
        {"t-reportdata", "signature"},       {"t-r", "signature"},
        {"t-r-highbytes", "signature"},      {"t-policy-bit17", "signature"},
        {"t-policy-bit17", "reserved bits"}, {"t-trunc671", "structure"},
        {"t-trunc1183", "structure"},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(rig_free) struct rig *r = rig_new();
        HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
        const struct hf_evidence_format *format = NULL;
        char path[128];

        CASE(cases[i].file);
        (void)snprintf(path, sizeof(path), "evidence/snp/negative/%s.bin", cases[i].file);
        vector(path, &report);
        OK(hf_evidence_detect(hf_buf_bytes(&report), NULL, &format));
        CHECK_TEXT(format->name, "snp-report");
        add_pki(r);
        add_file(r, "snp/pki/vcek-turin-49d521f0.der");
        r->judge.at = 1775000000;
        CHECK(rig_judge(r, hf_buf_bytes(&report)) == HF_VERDICT_CONTRAINDICATED);
        want_row(r, cases[i].row, HF_CHECK_FAILED);
    }
}

TEST(every_report_with_another_ones_certificate_fails_with_the_right_row)
{
    static const char *const reports[] = {"v2-milan-1625c792", "v3-genoa-80af4373", "v5-turin-85da705e",
                                          "v2-milan-93e5d7e7"};
    static const char *const veks[] = {"vcek-milan-34309875", "vcek-genoa-c065f729", "vcek-turin-49d521f0",
                                       "vlek-milan-a827485f"};

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(reports) * HF_COUNT(veks); i++) {
        HF_CLEANUP(rig_free) struct rig *r = rig_new();
        HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
        size_t a = i / HF_COUNT(veks), b = i % HF_COUNT(veks);
        char path[128];

        (void)snprintf(path, sizeof(path), "evidence/snp/report-%s.bin", reports[a]);
        CASE(path);
        vector(path, &report);
        add_pki(r);
        (void)snprintf(path, sizeof(path), "snp/pki/%s.der", veks[b]);
        add_file(r, path);
        r->judge.at = 1770340000;
        (void)rig_judge(r, hf_buf_bytes(&report));
        if (a == b)
            continue;
        want_row(r, "signature", HF_CHECK_FAILED);
        want_row(r, a == 3 || b == 3 ? "signing key" : "hardware id", HF_CHECK_FAILED);
    }
}

TEST(the_real_lists_cover_the_real_chains_in_their_time)
{
    static const struct {
        const char *name, *report, *vek;
        hf_time at;
        enum hf_check_status want;
    } cases[] = {
        {"Milan's, within", "v3-milan-ca270376", "vcek-milan-b67b09bf", 1750000000, HF_CHECK_OK},
        {"Milan's, first second", "v3-milan-ca270376", "vcek-milan-b67b09bf", 1746535146, HF_CHECK_OK},
        {"Milan's, a second early", "v3-milan-ca270376", "vcek-milan-b67b09bf", 1746535145, HF_CHECK_ABSENT},
        {"Milan's, last second", "v3-milan-ca270376", "vcek-milan-b67b09bf", 1778544000, HF_CHECK_OK},
        {"Milan's, a second late", "v3-milan-ca270376", "vcek-milan-b67b09bf", 1778544001, HF_CHECK_ABSENT},
        {"Genoa's, which revokes an older ASK", "v3-genoa-80af4373", "vcek-genoa-c065f729", 1740000000, HF_CHECK_OK},
        {"none for Turin", "v5-turin-85da705e", "vcek-turin-49d521f0", 1775000000, HF_CHECK_ABSENT},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(rig_free) struct rig *r = rig_new();
        HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
        char path[128];

        CASE(cases[i].name);
        (void)snprintf(path, sizeof(path), "evidence/snp/report-%s.bin", cases[i].report);
        vector(path, &report);
        add_pki(r);
        (void)snprintf(path, sizeof(path), "snp/pki/%s.der", cases[i].vek);
        add_file(r, path);
        r->judge.at = cases[i].at;
        CHECK(rig_judge(r, hf_buf_bytes(&report)) == HF_VERDICT_WARNING);
        want_row(r, "revocation", cases[i].want);
        if (cases[i].want == HF_CHECK_ABSENT)
            CHECK(strstr(r->findings.missing[0].url, "https://kdsintf.amd.com/vcek/v1/") != NULL);
    }
}

TEST(a_missing_certificate_is_named_with_the_address_that_has_it)
{
    static const struct {
        const char *report, *url;
    } cases[] = {
        {"v3-genoa-80af4373", "https://kdsintf.amd.com/vcek/v1/Genoa/"
                              "0506ffba875e939c2729d20c74eb72b4c5ba6bf7ea1faaa640141f12c6d64782fb487f68ce69dcd021e914cc"
                              "0d9244327bc121f0242d64709"
                              "03ad1d4aaea4ad1?blSPL=10&teeSPL=00&snpSPL=23&ucodeSPL=84"},
        {"v5-turin-85da705e",
         "https://kdsintf.amd.com/vcek/v1/Turin/59790fb1c39f35c1?fmcSPL=01&blSPL=01&teeSPL=01&snpSPL=04&ucodeSPL=81"},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(rig_free) struct rig *r = rig_new();
        HF_CLEANUP(hf_buf_free) struct hf_buf report = {0};
        char path[128];

        CASE(cases[i].report);
        (void)snprintf(path, sizeof(path), "evidence/snp/report-%s.bin", cases[i].report);
        vector(path, &report);
        CHECK(rig_judge(r, hf_buf_bytes(&report)) == HF_VERDICT_CONTRAINDICATED);
        want_row(r, "signature", HF_CHECK_FAILED);
        CHECK(r->findings.n_missing == 1);
        CHECK_TEXT(r->findings.missing[0].url, cases[i].url);
    }
}

TESTS(RUN(reports_of_real_chips_hold), RUN(damaged_reports_are_refused_by_the_row_that_is_meant),
      RUN(every_report_with_another_ones_certificate_fails_with_the_right_row),
      RUN(the_real_lists_cover_the_real_chains_in_their_time),
      RUN(a_missing_certificate_is_named_with_the_address_that_has_it))
