/* SGX and TDX quotes of our own hierarchy: what holds, and how each level, module and attribute is judged. */
#include "dcap_rig.h"

/* ---- what holds ---- */

TEST(an_enclave_on_a_current_platform_is_affirmed)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, false);
    must(&m, HF_VERDICT_AFFIRMING, "");
    CHECK(g.findings.environment == HF_ENV_HARDWARE && g.findings.level == HF_LEVEL_HIGH && g.findings.fresh);
    CHECK(g.findings.horizon.from == INTEL_FROM && g.findings.horizon.until == INTEL_UNTIL);
    CHECK(claim_is("tcb_status", "UpToDate") && claim_is("qe_status", "UpToDate"));
    CHECK(claim_is("sgx_tcb_status", "UpToDate") && !hf_claim_find(&g.findings.claims, "tdx_tcb_status"));
    CHECK(claim_is("isv_prod_id", "7") && claim_is("isv_svn", "3") && claim_is("fmspc", "00606a000007"));
    CHECK(claim_is("pck_ca", "platform") && claim_is("pce_svn", "13") && claim_is("debug", "false"));
    CHECK(claim_is("tcb_date", "2023-08-09T00:00:00Z") && claim_is("tcb_evaluation_data_number", "17"));
    CHECK(claim_is("advisory_ids", "") && claim_is("attributes", "05000000000000000300000000000000"));
    CHECK(claim_is("mrenclave", "e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1"));
}

TEST(a_td_on_a_current_platform_is_affirmed)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, true);
    must(&m, HF_VERDICT_AFFIRMING, "");
    CHECK(claim_is("tcb_status", "UpToDate") && claim_is("tdx_tcb_status", "UpToDate"));
    CHECK(claim_is("module_status", "UpToDate") && claim_is("td_attributes", "0000001000000000"));
    CHECK(claim_is("tee_tcb_svn", "07030606060606060606060606060606"));
    CHECK(!hf_claim_find(&g.findings.claims, "mrservicetd"));
}

TEST(every_version_and_body_is_judged)
{
    static const struct {
        const char *name;
        uint16_t version;
        bool tdx, v15;
    } cases[] = {{"SGX v3", 3, false, false}, {"SGX v4", 4, false, false},    {"SGX v5", 5, false, false},
                 {"TDX v4", 4, true, false},  {"TDX 1.0 v5", 5, true, false}, {"TDX 1.5 v5", 5, true, true}};

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;

        CASE(cases[i].name);
        make_intel_start(&m, cases[i].tdx);
        m.version = cases[i].version;
        m.td.v15 = cases[i].v15;
        must(&m, HF_VERDICT_AFFIRMING, "");
    }
    CASE("");
    CHECK(hf_claim_find(&g.findings.claims, "mrservicetd") && hf_claim_find(&g.findings.claims, "tee_tcb_svn_2"));
}

TEST(certificates_may_come_in_any_order_and_with_a_nul)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, false);
    m.cert_shuffle = m.cert_nul = true;
    m.padding = 70;
    must(&m, HF_VERDICT_AFFIRMING, "");
}

/* ---- statuses ---- */

TEST(each_status_of_a_level_has_its_tier)
{
    static const struct {
        const char *status;
        enum hf_verdict_status tier;
        const char *with_old_qe;
    } cases[] = {
        {"UpToDate", HF_VERDICT_AFFIRMING, "OutOfDate"},
        {"SWHardeningNeeded", HF_VERDICT_WARNING, "OutOfDate"},
        {"ConfigurationNeeded", HF_VERDICT_WARNING, "OutOfDateConfigurationNeeded"},
        {"ConfigurationAndSWHardeningNeeded", HF_VERDICT_WARNING, "OutOfDateConfigurationNeeded"},
        {"OutOfDate", HF_VERDICT_CONTRAINDICATED, "OutOfDate"},
        {"OutOfDateConfigurationNeeded", HF_VERDICT_CONTRAINDICATED, "OutOfDateConfigurationNeeded"},
        {"Revoked", HF_VERDICT_CONTRAINDICATED, "Revoked"},
    };

    for (size_t tdx = 0; tdx < 2; tdx++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;

        make_intel_start(&m, tdx != 0);
        for (size_t i = 0; i < HF_COUNT(cases); i++) {
            CASE(cases[i].status);
            m.level[0].status = cases[i].status;
            m.qe.isv_svn = 8;
            must(&m, cases[i].tier, cases[i].tier == HF_VERDICT_CONTRAINDICATED ? "platform level" : "");
            CHECK(claim_is("tcb_status", cases[i].status));
            m.qe.isv_svn = 5;
            must(&m, HF_VERDICT_CONTRAINDICATED, "platform level");
            CHECK(claim_is("tcb_status", cases[i].with_old_qe) && claim_is("qe_status", "OutOfDate"));
            CHECK(claim_is("sgx_tcb_status", cases[i].status));
        }
    }
    CASE("");
}

TEST(a_lower_platform_is_told_what_it_lacks)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, false);
    m.pck.svn[2] = 4;
    m.pck.pce_svn = 12;
    must(&m, HF_VERDICT_WARNING, "");
    CHECK(claim_is("tcb_status", "SWHardeningNeeded") && claim_is("advisory_ids", "INTEL-SA-00615"));
    CHECK(strstr(note("platform level"), "component 3 is 4, needs 6; PCESVN is 12, needs 13"));
    make_intel_free(&m);

    make_intel_start(&m, false);
    m.pck.svn[15] = 1;
    must(&m, HF_VERDICT_CONTRAINDICATED, "platform level");
    CHECK(claim_is("tcb_status", "NotSupported") && !hf_claim_find(&g.findings.claims, "tcb_date"));
    CHECK(strstr(note("platform level"), "component 16 is 1, needs 6"));
}

/* ---- TDX alone ---- */

TEST(tdx_rules_are_intels)
{
    static const struct {
        const char *name;
        uint8_t svn[16]; /* TEE_TCB_SVN: from the third on all 6 unless said otherwise */
        const char *status, *module;
        const char *failed;
    } cases[] = {
        {"components 0 and 1 are the module's alone", {7, 3}, "UpToDate", "UpToDate", ""},
        {"an older module", {5, 3}, "OutOfDate", "OutOfDate", "platform level"},
        {"a module below every level", {4, 3}, "NotSupported", "NotSupported", "module identity, platform level"},
        {"a module that is not known", {9, 4}, "NotSupported", "NotSupported", "module identity, platform level"},
        {"version 10 is TDX_0A, of any case", {3, 10}, "UpToDate", "UpToDate", ""},
        {"a revoked module", {2, 10}, "Revoked", "Revoked", "platform level"},
        {"version 0 has no module status, and all components count",
         {6, 0},
         "NotSupported",
         "UpToDate",
         "platform level"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;

        CASE(cases[i].name);
        make_intel_start(&m, true);
        memset(m.td.tee_tcb_svn + 2, 6, 14);
        memcpy(m.td.tee_tcb_svn, cases[i].svn, 2);
        must(&m, cases[i].failed[0] ? HF_VERDICT_CONTRAINDICATED : HF_VERDICT_AFFIRMING, cases[i].failed);
        CHECK(claim_is("tcb_status", cases[i].status) && claim_is("module_status", cases[i].module));
    }
    CASE("");
}

TEST(a_module_of_another_signer_is_refused)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, true);
    m.td.mr_signer_seam[47] = 1;
    must(&m, HF_VERDICT_CONTRAINDICATED, "module identity, platform level");
    m.td.mr_signer_seam[47] = 0;
    m.td.seam_attributes = 1;
    must(&m, HF_VERDICT_CONTRAINDICATED, "module identity, platform level");
    m.td.seam_attributes = 0;
    memset(m.td.tee_tcb_svn, 6, 16);
    m.td.tee_tcb_svn[1] = 0;
    m.level[0].tdx[1] = m.level[1].tdx[1] = m.level[2].tdx[1] = 0;
    must(&m, HF_VERDICT_AFFIRMING, ""); /* version 0: tdxModule itself */
    m.module_signer = 9;
    must(&m, HF_VERDICT_CONTRAINDICATED, "module identity, platform level");
}

TEST(a_td_started_before_an_update_is_to_be_started_anew)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, true);
    m.version = 5;
    m.td.v15 = true;
    m.td.tee_tcb_svn[0] = 5; /* the module was old then */
    must(&m, HF_VERDICT_CONTRAINDICATED, "platform level");
    CHECK(claim_is("tcb_status", "TDRelaunchAdvised") && claim_is("module_status", "OutOfDate"));
    CHECK(strcmp(judging_row(&g, "relaunch"), "warning") == 0);

    m.level[0].status = "ConfigurationNeeded";
    must(&m, HF_VERDICT_CONTRAINDICATED, "platform level");
    CHECK(claim_is("tcb_status", "TDRelaunchAdvisedConfigurationNeeded"));

    m.td.tee_tcb_svn_2[0] = 6; /* and is old still */
    must(&m, HF_VERDICT_CONTRAINDICATED, "platform level");
    CHECK(claim_is("tcb_status", "OutOfDateConfigurationNeeded"));
    CHECK(strcmp(judging_row(&g, "relaunch"), "ok") == 0);

    m.td.tee_tcb_svn_2[1] = 9; /* a module that nobody knows */
    must(&m, HF_VERDICT_CONTRAINDICATED, "module identity, platform level");

    m.td.tee_tcb_svn_2[1] = 3;
    m.td.tee_tcb_svn_2[0] = 7;
    m.qe.isv_svn = 4;
    must(&m, HF_VERDICT_CONTRAINDICATED, "platform level");
    CHECK(claim_is("tcb_status", "OutOfDateConfigurationNeeded"));
}

TEST(attributes_of_a_td_are_looked_at)
{
    static const struct {
        const char *name;
        uint64_t attributes;
        enum hf_verdict_status want;
        const char *failed;
    } cases[] = {
        {"debug", HF_TD_ATTR_SEPT_VE_DISABLE | HF_TD_ATTR_DEBUG, HF_VERDICT_CONTRAINDICATED, "debug"},
        {"profiling", HF_TD_ATTR_SEPT_VE_DISABLE | 0x20, HF_VERDICT_CONTRAINDICATED, "debug"},
        {"migratable", HF_TD_ATTR_SEPT_VE_DISABLE | HF_TD_ATTR_MIGRATABLE, HF_VERDICT_CONTRAINDICATED, "migration"},
        {"a bit that is not known", HF_TD_ATTR_SEPT_VE_DISABLE | 1ull << 40, HF_VERDICT_CONTRAINDICATED,
         "reserved bits"},
        {"#VE by the host", 0, HF_VERDICT_AFFIRMING, ""},
        {"protection keys", HF_TD_ATTR_SEPT_VE_DISABLE | HF_TD_ATTR_PKS, HF_VERDICT_AFFIRMING, ""},
    };
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, true);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        m.td.td_attributes = cases[i].attributes;
        must(&m, cases[i].want, cases[i].failed);
    }
    CASE("");
}

TEST(attributes_of_an_enclave_are_looked_at)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, false);
    m.sgx.flags |= HF_SGX_FLAG_DEBUG;
    must(&m, HF_VERDICT_CONTRAINDICATED, "debug");
    CHECK(claim_is("debug", "true"));
    m.sgx.flags = HF_SGX_FLAG_INIT | 0x800;
    must(&m, HF_VERDICT_CONTRAINDICATED, "reserved bits");
    m.sgx.flags = 0x800; /* bits that nobody knows are refused without INIT as well */
    must(&m, HF_VERDICT_CONTRAINDICATED, "reserved bits");
    m.sgx.flags = HF_SGX_FLAG_MODE64;
    must(&m, HF_VERDICT_WARNING, "");
    CHECK(strcmp(judging_row(&g, "init"), "warning") == 0);
}

TEST(nothing_is_left)
{
    rig_free();
}

TESTS(RUN(an_enclave_on_a_current_platform_is_affirmed), RUN(a_td_on_a_current_platform_is_affirmed),
      RUN(every_version_and_body_is_judged), RUN(certificates_may_come_in_any_order_and_with_a_nul),
      RUN(each_status_of_a_level_has_its_tier), RUN(a_lower_platform_is_told_what_it_lacks), RUN(tdx_rules_are_intels),
      RUN(a_module_of_another_signer_is_refused), RUN(a_td_started_before_an_update_is_to_be_started_anew),
      RUN(attributes_of_a_td_are_looked_at), RUN(attributes_of_an_enclave_are_looked_at), RUN(nothing_is_left))
