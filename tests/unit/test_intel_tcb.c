/* TCB infos and identities as they are read, and Intel's algorithm over them. */
#include "make_intel.h"
#include "test.h"
#include "verify/intel_tcb.h"

/* ---- documents ---- */

/* Certificates that most tests share. */
static struct make_intel shared;

static struct make_intel *fresh(bool tdx)
{
    static struct make_intel m;
    struct testca ca[INTEL_CERTS];
    struct hf_privkey *ak = shared.ak;
    struct hf_buf text = m.text;

    if (!ak) {
        make_intel_start(&shared, false);
        OK(make_intel_certs(&shared));
        ak = shared.ak;
    }
    memcpy(ca, shared.ca, sizeof(ca));
    make_intel_start(&m, tdx);
    memcpy(m.ca, ca, sizeof(ca));
    m.ak = ak;
    m.text = text;
    return &m;
}

struct bad {
    const char *name;
    const char *edit, *into;
    hf_err want;
};

static const struct bad bad_tcb_infos[] = {
    {"as it should be", NULL, NULL, HF_OK},
    {"no version", "\"version\":3,", "", HF_E_FORMAT},
    {"version 4", "\"version\":3", "\"version\":4", HF_E_UNSUPPORTED},
    {"a version with a fraction", "\"version\":3", "\"version\":3.0", HF_E_FORMAT},
    {"a version as a text", "\"version\":3", "\"version\":\"3\"", HF_E_FORMAT},
    {"another id", "\"id\":\"TDX\"", "\"id\":\"TDY\"", HF_E_FORMAT},
    {"no id", "\"id\":\"TDX\",", "", HF_E_FORMAT},
    {"an SGX info with a module", "\"id\":\"TDX\"", "\"id\":\"SGX\"", HF_E_FORMAT},
    {"a key that is not known", "\"tcbType\":0", "\"tcbType\":0,\"grace\":1", HF_E_FORMAT},
    {"a key twice", "\"tcbType\":0", "\"tcbType\":0,\"tcbType\":0", HF_E_FORMAT},
    {"a key twice, once escaped", "\"tcbType\":0", "\"tcbType\":0,\"tcb\\u0054ype\":0", HF_E_FORMAT},
    {"another type of TCB", "\"tcbType\":0", "\"tcbType\":1", HF_E_FORMAT},
    {"a short FMSPC", "\"00606a000007\"", "\"00606a0000\"", HF_E_FORMAT},
    {"an FMSPC that is no hex", "\"00606a000007\"", "\"00606a00000g\"", HF_E_FORMAT},
    {"an FMSPC that is a number", "\"00606a000007\"", "606", HF_E_FORMAT},
    {"a date without a zone", "Z\",\"nextUpdate", "\",\"nextUpdate", HF_E_FORMAT},
    {"a date with an offset", "Z\",\"nextUpdate", "+00:00\",\"nextUpdate", HF_E_FORMAT},
    {"month 13", "\"issueDate\":\"2023-11", "\"issueDate\":\"2023-13", HF_E_FORMAT},
    {"a negative evaluation number", "DataNumber\":17", "DataNumber\":-17", HF_E_FORMAT},
    {"a status that is not known", "SWHardeningNeeded", "SWHardeningneeded", HF_E_FORMAT},
    {"a status that only a judgement gives", "SWHardeningNeeded", "NotSupported", HF_E_FORMAT},
    {"a component more than 65535", "{\"svn\":6}", "{\"svn\":65536}", HF_E_FORMAT},
    {"a component that no platform has", "{\"svn\":6}", "{\"svn\":65535}", HF_OK},
    {"a component with a new description", "{\"svn\":6}", "{\"svn\":6,\"vendor\":\"x\"}", HF_OK},
    {"a component without an SVN", "{\"svn\":6}", "{\"category\":\"x\"}", HF_E_FORMAT},
    {"15 components", "{\"svn\":6},", "", HF_E_FORMAT},
    {"17 components", "{\"svn\":6},", "{\"svn\":6},{\"svn\":6},", HF_E_FORMAT},
    {"no PCESVN", "],\"pcesvn\":13", "]", HF_E_FORMAT},
    {"no levels", "\"tcbLevels\"", "\"tcblevels\"", HF_E_FORMAT},
    {"an advisory with a comma", "INTEL-SA-00615", "INTEL-SA-00615,INTEL-SA-1", HF_E_FORMAT},
    {"an advisory with an escape", "INTEL-SA-00615", "INTEL-SA\\u002d00615", HF_E_FORMAT},
    {"an advisory that is a number", "\"INTEL-SA-00615\"", "615", HF_E_FORMAT},
    {"a module of another name", "TDX_03", "TDX_3", HF_E_FORMAT},
    {"a module twice", "TDX_03", "TDX_0A", HF_E_FORMAT},
    {"no module signer", "\"tdxModule\":{\"mrsigner\"", "\"tdxModule\":{\"mrSigner\"", HF_E_FORMAT},
    {"no module", "\"tdxModule\":", "\"tdxmodule\":", HF_E_FORMAT},
    {"a module's level with a status that modules have not",
     "\"isvsvn\":5},\"tcbDate\":\"2023-08-09T00:00:00Z\",\"tcbStatus\":\"OutOfDate\"",
     "\"isvsvn\":5},\"tcbDate\":\"2023-08-09T00:00:00Z\",\"tcbStatus\":\"SWHardeningNeeded\"", HF_E_FORMAT},
    {"a module's level twice", "\"isvsvn\":5", "\"isvsvn\":7", HF_E_FORMAT},
};

static void check_tcb_info(bool tdx, unsigned version, const struct bad *b)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_tcb_info_free) struct hf_tcb_info *info = NULL;
    struct make_intel *m = fresh(tdx);

    CASE(b->name);
    m->tcb_version = version;
    m->tcb_info.edit = b->edit;
    m->tcb_info.into = b->into;
    OK(make_intel_tcb_info(m, &text));
    FAILS(hf_tcb_info_parse(hf_buf_bytes(&text), &info), b->want);
    if (b->want == HF_OK) /* what is signed are the bytes as they came */
        CHECK_BYTES(info->signed_part, hf_buf_bytes(&m->text));
    CASE("");
}

TEST(tcb_infos_are_read_strictly)
{
    static const struct bad version2[] = {
        {"as it should be", NULL, NULL, HF_OK},
        {"a component missing", "\"sgxtcbcomp16svn\":6,", "", HF_E_FORMAT},
        {"a component over 255", "\"sgxtcbcomp16svn\":6", "\"sgxtcbcomp16svn\":256", HF_E_FORMAT},
        {"a component more", "\"sgxtcbcomp16svn\":6", "\"sgxtcbcomp16svn\":6,\"sgxtcbcomp17svn\":6", HF_E_FORMAT},
        {"an id", "\"version\":2", "\"id\":\"SGX\",\"version\":2", HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(bad_tcb_infos); i++)
        check_tcb_info(true, 3, &bad_tcb_infos[i]);
    for (size_t i = 0; i < HF_COUNT(version2); i++)
        check_tcb_info(false, 2, &version2[i]);
}

TEST(identities_are_read_strictly)
{
    static const struct bad rows[] = {
        {"as it should be", NULL, NULL, HF_OK},
        {"version 1", "\"version\":2", "\"version\":1", HF_E_UNSUPPORTED},
        {"another id", "\"id\":\"QE\"", "\"id\":\"QEX\"", HF_E_FORMAT},
        {"a quote verification enclave", "\"id\":\"QE\"", "\"id\":\"QVE\"", HF_OK},
        {"no MRSIGNER", "\"mrsigner\"", "\"mrsigner_\"", HF_E_FORMAT},
        {"a short mask", "\"FFFFFFFF\"", "\"FFFFFF\"", HF_E_FORMAT},
        {"ISVPRODID 65536", "\"isvprodid\":1", "\"isvprodid\":65536", HF_E_FORMAT},
        {"a level twice", "\"isvsvn\":4", "\"isvsvn\":8", HF_E_FORMAT},
        {"a level with another key", "\"isvsvn\":4", "\"isvsvn\":4,\"x\":1", HF_E_FORMAT},
        {"a status that enclaves have not", "OutOfDate", "ConfigurationNeeded", HF_E_FORMAT},
        {"no levels", "\"tcbLevels\":[", "\"tcbLevels\":[],\"x\":[", HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
        HF_CLEANUP(hf_identity_free) struct hf_identity *identity = NULL;
        struct make_intel *m = fresh(false);

        CASE(rows[i].name);
        m->identity.edit = rows[i].edit;
        m->identity.into = rows[i].into;
        OK(make_intel_identity(m, &text));
        FAILS(hf_identity_parse(hf_buf_bytes(&text), &identity), rows[i].want);
    }
    CASE("");
}

TEST(the_wrapper_holds_a_document_and_its_signature_alone)
{
    static const char *const texts[] = {"",
                                        "{}",
                                        "[]",
                                        "{\"tcbInfo\":{}}",
                                        "{\"tcbInfo\":{},\"signature\":\"00\"}",
                                        "{\"tcbInfo\":[],\"signature\":\"\"}",
                                        "{\"signature\":\"\"}",
                                        "{\"tcbInfo\":{},\"signature\":1}",
                                        "null",
                                        "{\"tcbInfo\":{}"};

    for (size_t i = 0; i < HF_COUNT(texts); i++) {
        HF_CLEANUP(hf_tcb_info_free) struct hf_tcb_info *info = NULL;

        CASE(texts[i]);
        FAILS(hf_tcb_info_parse(hf_bytes_text(texts[i]), &info), HF_E_FORMAT);
    }
    CASE("");
}

static hf_err parse_both(struct hf_bytes tcb_info, struct hf_bytes identity)
{
    HF_CLEANUP(hf_tcb_info_free) struct hf_tcb_info *info = NULL;
    HF_CLEANUP(hf_identity_free) struct hf_identity *id = NULL;

    HF_TRY(hf_tcb_info_parse(tcb_info, &info));
    return hf_identity_parse(identity, &id);
}

TEST(without_memory_nothing_is_left_behind)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf info = {0}, identity = {0};
    struct make_intel *m = fresh(true);

    OK(make_intel_tcb_info(m, &info));
    OK(make_intel_identity(m, &identity));
    SWEEP(parse_both(hf_buf_bytes(&info), hf_buf_bytes(&identity)));
}

/* ---- the algorithm ---- */

static struct hf_tcb_info *parsed(struct make_intel *m, struct hf_buf *text)
{
    struct hf_tcb_info *info = NULL;

    OK(make_intel_tcb_info(m, text));
    OK(hf_tcb_info_parse(hf_buf_bytes(text), &info));
    return info;
}

TEST(levels_are_sorted_by_components_then_pcesvn_then_tdx)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_tcb_info_free) struct hf_tcb_info *info = NULL;
    struct make_intel *m = fresh(true);

    m->n_levels = 5;
    for (size_t i = 0; i < 5; i++)
        m->level[i] = m->level[2];
    m->level[0].tdx[15] = 1; /* lowest */
    m->level[1].tdx[15] = 2;
    m->level[2].pce_svn = 90;
    m->level[3].sgx[1] = 90;
    m->level[4].sgx[0] = 90;
    info = parsed(m, &text);
    CHECK(info->level[0].sgx[0] == 90 && info->level[1].sgx[1] == 90 && info->level[2].pce_svn == 90);
    CHECK(info->level[3].tdx[15] == 2 && info->level[4].tdx[15] == 1);
    m->level[1].tdx[15] = 1;
    OK(make_intel_tcb_info(m, &text));
    hf_tcb_info_free(&info);
    FAILS(hf_tcb_info_parse(hf_buf_bytes(&text), &info), HF_E_FORMAT); /* the same level twice */
}

TEST(statuses_converge)
{
    static const struct {
        enum hf_tcb_status status, other, want;
    } rows[] = {
        {HF_TCB_UP_TO_DATE, HF_TCB_UP_TO_DATE, HF_TCB_UP_TO_DATE},
        {HF_TCB_UP_TO_DATE, HF_TCB_OUT_OF_DATE, HF_TCB_OUT_OF_DATE},
        {HF_TCB_SW_HARDENING_NEEDED, HF_TCB_OUT_OF_DATE, HF_TCB_OUT_OF_DATE},
        {HF_TCB_SW_HARDENING_NEEDED, HF_TCB_UP_TO_DATE, HF_TCB_SW_HARDENING_NEEDED},
        {HF_TCB_CONFIGURATION_NEEDED, HF_TCB_OUT_OF_DATE, HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED, HF_TCB_OUT_OF_DATE, HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED},
        {HF_TCB_OUT_OF_DATE, HF_TCB_OUT_OF_DATE, HF_TCB_OUT_OF_DATE},
        {HF_TCB_REVOKED, HF_TCB_OUT_OF_DATE, HF_TCB_REVOKED},
        {HF_TCB_TD_RELAUNCH_ADVISED, HF_TCB_OUT_OF_DATE, HF_TCB_TD_RELAUNCH_ADVISED},
        {HF_TCB_UP_TO_DATE, HF_TCB_REVOKED, HF_TCB_REVOKED},
        {HF_TCB_OUT_OF_DATE, HF_TCB_REVOKED, HF_TCB_REVOKED},
        {HF_TCB_UP_TO_DATE, HF_TCB_NOT_SUPPORTED, HF_TCB_NOT_SUPPORTED},
    };

    for (size_t i = 0; i < HF_COUNT(rows); i++)
        CHECK(hf_tcb_converge(rows[i].status, rows[i].other) == rows[i].want);
    for (enum hf_tcb_status a = HF_TCB_UP_TO_DATE; a <= HF_TCB_REVOKED; a++)
        CHECK(hf_tcb_severity(hf_tcb_converge(a, HF_TCB_OUT_OF_DATE)) >= hf_tcb_severity(a));
}

/* The TDX level is looked for from the SGX level on. */
TEST(the_sgx_level_and_the_tdx_level_may_differ)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_tcb_info_free) struct hf_tcb_info *info = NULL;
    struct make_intel *m = fresh(true);
    struct hf_intel_platform p = {&m->pck, &m->td};
    struct hf_intel_tcb t;

    info = parsed(m, &text);
    m->td.tee_tcb_svn[5] = 4;
    hf_intel_tcb_judge(info, &p, NULL, &t);
    CHECK(t.sgx == &info->level[0] && t.tdx == &info->level[1] && t.status == HF_TCB_SW_HARDENING_NEEDED);
    m->td.tee_tcb_svn[5] = 1;
    hf_intel_tcb_judge(info, &p, NULL, &t);
    CHECK(t.sgx == &info->level[0] && !t.tdx && t.status == HF_TCB_NOT_SUPPORTED);
    m->pck.svn[0] = 1;
    hf_intel_tcb_judge(info, &p, NULL, &t);
    CHECK(!t.sgx && !t.tdx && t.status == HF_TCB_NOT_SUPPORTED);
}

/* Components 0 and 1 are not compared where the module has an identity of its own; a known error of others. */
TEST(components_0_and_1_belong_to_the_module)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_tcb_info_free) struct hf_tcb_info *info = NULL;
    struct make_intel *m = fresh(true);
    struct hf_intel_platform p = {&m->pck, &m->td};
    struct hf_intel_tcb t;

    m->level[0].tdx[0] = m->level[0].tdx[1] = 200;
    info = parsed(m, &text);
    hf_intel_tcb_judge(info, &p, NULL, &t);
    CHECK(t.tdx == &info->level[0] && t.status == HF_TCB_UP_TO_DATE && t.module_level->isv_svn == 7);
    m->td.tee_tcb_svn[1] = 0;
    hf_intel_tcb_judge(info, &p, NULL, &t);
    CHECK(t.tdx != &info->level[0]);
}

TEST(a_component_over_255_is_met_by_nobody)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_tcb_info_free) struct hf_tcb_info *info = NULL;
    struct make_intel *m = fresh(false);
    struct hf_intel_platform p = {&m->pck, NULL};
    struct hf_intel_tcb t;

    m->tcb_info.edit = "{\"svn\":6}";
    m->tcb_info.into = "{\"svn\":65473}";
    memset(m->pck.svn, 255, sizeof(m->pck.svn));
    info = parsed(m, &text);
    hf_intel_tcb_judge(info, &p, NULL, &t);
    CHECK(t.sgx == &info->level[1]);
}

TEST(nothing_is_left)
{
    hf_buf_free(&fresh(false)->text);
    make_intel_free(&shared);
}

TESTS(RUN(tcb_infos_are_read_strictly), RUN(identities_are_read_strictly),
      RUN(the_wrapper_holds_a_document_and_its_signature_alone), RUN(without_memory_nothing_is_left_behind),
      RUN(levels_are_sorted_by_components_then_pcesvn_then_tdx), RUN(statuses_converge),
      RUN(the_sgx_level_and_the_tdx_level_may_differ), RUN(components_0_and_1_belong_to_the_module),
      RUN(a_component_over_255_is_met_by_nobody), RUN(nothing_is_left))
