/* SGX and TDX quotes of our own hierarchy: every way in which keys, certificates, lists and documents may not hold; and
 * what must be true of all of them. */
#include "dcap_rig.h"

/* ---- keys and certificates ---- */

TEST(keys_that_nobody_vouches_for_are_found)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, false);
    m.other_ak = true;
    must(&m, HF_VERDICT_CONTRAINDICATED, "signature");
    m.other_ak = false;
    m.unbound = true;
    must(&m, HF_VERDICT_CONTRAINDICATED, "qe report binding");
    m.unbound = false;
    m.other_qe = true;
    must(&m, HF_VERDICT_CONTRAINDICATED, "qe report signature");
}

TEST(the_quoting_enclave_must_be_intels)
{
    static const struct {
        const char *name;
        size_t at; /* in struct hf_sgx_body */
        uint8_t bit;
        const char *failed;
    } cases[] = {
        {"another signer", offsetof(struct hf_sgx_body, mr_signer), 1, "qe identity, platform level"},
        {"another product", offsetof(struct hf_sgx_body, isv_prod_id), 4, "qe identity, platform level"},
        {"debug", offsetof(struct hf_sgx_body, flags), HF_SGX_FLAG_DEBUG, "qe identity, platform level"},
        {"MISCSELECT", offsetof(struct hf_sgx_body, misc_select), 1, "qe identity, platform level"},
        {"XFRM is under no mask", offsetof(struct hf_sgx_body, xfrm), 8, ""},
        {"another enclave of the same signer", offsetof(struct hf_sgx_body, mr_enclave), 1, ""},
    };

    for (size_t tdx = 0; tdx < 2; tdx++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;

        make_intel_start(&m, tdx != 0);
        for (size_t i = 0; i < HF_COUNT(cases); i++) {
            uint8_t *byte = (uint8_t *)&m.qe + cases[i].at;

            CASE(cases[i].name);
            *byte ^= cases[i].bit;
            must(&m, cases[i].failed[0] ? HF_VERDICT_CONTRAINDICATED : HF_VERDICT_AFFIRMING, cases[i].failed);
            *byte ^= cases[i].bit;
        }
        CASE("below every level");
        m.qe.isv_svn = 3;
        must(&m, HF_VERDICT_CONTRAINDICATED, "qe identity, platform level");
    }
    CASE("");
}

TEST(certificates_are_for_one_thing)
{
    static const struct {
        const char *name;
        size_t which;
        const char *subject;
        const char *failed;
    } cases[] = {
        {"a PCK that is none", INTEL_PCK, "CN=Intel SGX TCB Signing", "pck certificate"},
        {"a CA that is for something else", INTEL_CA, "CN=Intel SGX TCB Signing CA", "pck certificate"},
        {"a processor CA", INTEL_CA, "CN=Intel SGX PCK Processor CA", ""},
        {"a signer that is none", INTEL_SIGNER, "CN=Intel SGX PCK Certificate", "qe identity, tcb info"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;

        CASE(cases[i].name);
        make_intel_start(&m, false);
        m.spec[cases[i].which].subject = cases[i].subject;
        must(&m, cases[i].failed[0] ? HF_VERDICT_CONTRAINDICATED : HF_VERDICT_AFFIRMING, cases[i].failed);
    }
    CASE("");
}

/* One byte of the CA's signature, in the quote's own copy; `elsewhere`: the certificate as issued is at hand too. */
static void alter_ca(struct make_intel *m, bool elsewhere)
{
    static const char end[] = "\n-----END CERTIFICATE-----";
    uint8_t *at;

    OK(make_intel_certs(m));
    start(m);
    OK(make_intel_collateral(m, &g.endorsements));
    if (elsewhere)
        OK(hf_certs_add(&g.endorsements.certs, m->ca[INTEL_CA].cert));
    OK(make_intel_quote(m, &quote));
    at = memmem(quote.p, quote.n, end, sizeof(end) - 1);
    CHECK(at != NULL);
    at = memmem(at + 1, quote.n - (size_t)(at + 1 - quote.p), end, sizeof(end) - 1);
    CHECK(at != NULL);
    at[-8] = at[-8] == 'A' ? 'B' : 'A';
}

TEST(a_good_certificate_does_not_mend_one_altered_in_the_quote)
{
    for (size_t elsewhere = 0; elsewhere < 2; elsewhere++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;

        make_intel_start(&m, false);
        alter_ca(&m, elsewhere);
        CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED);
        CHECK(strstr(judging_failed(&g), "certificate chain") != NULL);
        CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED); /* with what was kept */
        CHECK(strstr(judging_failed(&g), "certificate chain") != NULL);
    }
}

TEST(a_certificate_without_its_begin_or_end_is_not_passed_over)
{
    static const char *const lines[] = {"-----BEGIN ", "-----END "};

    for (size_t i = 0; i < 2 * HF_COUNT(lines); i++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;
        const char *line = lines[i / 2];
        uint8_t *at;

        make_intel_start(&m, i % 2);
        OK(make_intel_certs(&m));
        start(&m);
        OK(make_intel_collateral(&m, &g.endorsements));
        OK(hf_certs_add(&g.endorsements.certs, m.ca[INTEL_CA].cert));
        OK(make_intel_quote(&m, &quote));
        at = memmem(quote.p, quote.n, line, strlen(line));
        CHECK(at != NULL);
        at = memmem(at + 1, quote.n - (size_t)(at + 1 - quote.p), line, strlen(line));
        CHECK(at != NULL);
        at[0] = '+';
        CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED);
        CHECK(strstr(judging_failed(&g), "certification data") != NULL);
    }
}

TEST(every_certificate_and_list_has_its_time)
{
    static const struct {
        const char *name;
        size_t which;
        bool future;
        const char *failed;
    } cases[] = {
        {"the PCK expired", INTEL_PCK, false, "validity"},
        {"the PCK is of the future", INTEL_PCK, true, "validity"},
        {"the CA expired", INTEL_CA, false, "validity"},
        {"the CA is of the future", INTEL_CA, true, "validity"},
        {"the signer expired", INTEL_SIGNER, false, "qe identity, tcb info"},
        {"the signer is of the future", INTEL_SIGNER, true, "qe identity, tcb info"},
        {"the root expired", INTEL_ROOT, false, "validity, qe identity, tcb info"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;
        struct testca_spec *spec = &m.spec[cases[i].which];

        CASE(cases[i].name);
        make_intel_start(&m, false);
        spec->from = cases[i].future ? INTEL_AT + 1 : INTEL_AT - 100;
        spec->until = cases[i].future ? INTEL_AT + 100 : INTEL_AT - 1;
        must(&m, HF_VERDICT_CONTRAINDICATED, cases[i].failed);
    }
    CASE("");
}

TEST(documents_and_lists_have_their_time)
{
    for (size_t i = 0; i < 8; i++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;
        struct make_document *all[] = {&m.tcb_info, &m.identity, &m.pck_crl, &m.root_crl};
        static const char *const failed[] = {"tcb info", "qe identity", "", ""};
        bool list = i / 2 >= 2;

        make_intel_start(&m, false);
        if (i % 2)
            all[i / 2]->from = INTEL_AT + 1;
        else
            all[i / 2]->until = INTEL_AT - 1;
        must(&m, list ? HF_VERDICT_WARNING : HF_VERDICT_CONTRAINDICATED, failed[i / 2]);
        if (list)
            CHECK(strcmp(judging_row(&g, "revocation"), "absent") == 0 && g.findings.n_missing > 0);
    }
}

TEST(what_holds_until_a_second_holds_in_it_and_not_behind)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, true);
    must(&m, HF_VERDICT_AFFIRMING, "");
    for (size_t round = 0; round < 2; round++) { /* whatever is kept from before */
        g.j.at = INTEL_UNTIL;
        CHECK(judge(&m) == HF_VERDICT_AFFIRMING);
        g.j.at = INTEL_UNTIL + 1;
        CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED);
        g.j.at = INTEL_FROM;
        CHECK(judge(&m) == HF_VERDICT_AFFIRMING);
        g.j.at = INTEL_FROM - 1;
        CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED);
        g.j.at = INTEL_AT;
        CHECK(judge(&m) == HF_VERDICT_AFFIRMING);
    }
}

TEST(revoked_certificates_are_refused)
{
    static const struct {
        const char *name;
        size_t which;
        const char *serial;
    } cases[] = {{"the PCK", INTEL_PCK, "12"}, {"the CA", INTEL_CA, "11"}, {"the signer", INTEL_SIGNER, "13"}};

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;

        CASE(cases[i].name);
        make_intel_start(&m, i == 1);
        m.revoked[cases[i].which] = cases[i].serial;
        must(&m, HF_VERDICT_CONTRAINDICATED, "revocation");
    }
    CASE("");
}

TEST(a_root_that_nobody_pinned_is_none)
{
    HF_CLEANUP(make_intel_free) struct make_intel m, other;

    make_intel_start(&m, false);
    make_intel_start(&other, false);
    OK(make_intel_certs(&m));
    OK(make_intel_certs(&other));
    start(&other);
    OK(make_intel_collateral(&m, &g.endorsements));
    OK(make_intel_quote(&m, &quote));
    CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED);
    CHECK_TEXT(judging_failed(&g), "root, qe identity, tcb info");
    CHECK(g.findings.environment == HF_ENV_UNKNOWN && g.findings.level == HF_LEVEL_LOW);
}

/* ---- collateral ---- */

TEST(documents_are_signed_or_nothing)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, false);
    m.tcb_info.bad_signature = true;
    must(&m, HF_VERDICT_CONTRAINDICATED, "tcb info");
    m.tcb_info.bad_signature = false;
    m.identity.bad_signature = true;
    must(&m, HF_VERDICT_CONTRAINDICATED, "qe identity");
    m.identity.bad_signature = false;
    m.wrong_signer = true;
    must(&m, HF_VERDICT_CONTRAINDICATED, "qe identity, tcb info");
}

TEST(collateral_of_something_else_is_named)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, true);
    m.identity_id = "QE";
    must(&m, HF_VERDICT_CONTRAINDICATED, "qe identity");
    make_intel_free(&m);
    make_intel_start(&m, false);
    m.identity_id = "TD_QE";
    must(&m, HF_VERDICT_CONTRAINDICATED, "qe identity");
    m.identity_id = "QE";
    m.tcb_info.edit = "\"fmspc\":\"00606a000007\"";
    m.tcb_info.into = "\"fmspc\":\"00606a000008\"";
    must(&m, HF_VERDICT_CONTRAINDICATED, "tcb info");
    m.tcb_info.edit = "\"pceId\":\"0000\"";
    m.tcb_info.into = "\"pceId\":\"0001\"";
    must(&m, HF_VERDICT_CONTRAINDICATED, "tcb info");
}

static bool missing(const char *url)
{
    for (size_t i = 0; i < g.findings.n_missing; i++) {
        if (strcmp(g.findings.missing[i].url, url) == 0)
            return true;
    }
    return false;
}

TEST(missing_collateral_is_named_with_its_address)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    for (size_t tdx = 0; tdx < 2; tdx++) {
        make_intel_start(&m, tdx != 0);
        OK(make_intel_certs(&m));
        start(&m);
        OK(make_intel_quote(&m, &quote));
        CHECK(judge(&m) == HF_VERDICT_WARNING);
        CHECK_TEXT(judging_failed(&g), "");
        CHECK_TEXT(judging_row(&g, "tcb info"), "absent");
        CHECK_TEXT(judging_row(&g, "qe identity"), "absent");
        CHECK_TEXT(judging_row(&g, "platform level"), "absent");
        CHECK_TEXT(judging_row(&g, "revocation"), "absent");
        CHECK(missing(tdx ? "https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=00606A000007"
                          : "https://api.trustedservices.intel.com/sgx/certification/v4/tcb?fmspc=00606A000007"));
        CHECK(missing(tdx ? "https://api.trustedservices.intel.com/tdx/certification/v4/qe/identity"
                          : "https://api.trustedservices.intel.com/sgx/certification/v4/qe/identity"));
        CHECK(missing("https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der") &&
              missing("https://example.test/rootcrl"));
        CHECK(!hf_claim_find(&g.findings.claims, "tcb_status"));
        make_intel_free(&m);
    }
    make_intel_start(&m, false);
}

TEST(of_several_data_sets_the_newest_of_this_time_counts)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;
    HF_CLEANUP(hf_buf_free) struct hf_buf item = {0};

    make_intel_start(&m, false);
    must(&m, HF_VERDICT_AFFIRMING, "");
    m.tcb_info.evaluation = 18; /* an early one, by which the platform is out of date */
    m.tcb_info.until = INTEL_UNTIL - 86400;
    memset(m.level[0].sgx, 7, 16);
    m.level[1].status = "OutOfDate";
    OK(make_intel_tcb_info(&m, &item));
    OK(hf_endorsements_add(&g.endorsements, hf_buf_bytes(&item), "early"));
    CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED);
    CHECK(claim_is("tcb_evaluation_data_number", "18") && claim_is("days_until_out_of_date", "20"));
    m.tcb_info.evaluation = 19; /* of the future */
    m.tcb_info.from = INTEL_AT + 10;
    OK(make_intel_tcb_info(&m, &item));
    OK(hf_endorsements_add(&g.endorsements, hf_buf_bytes(&item), "future"));
    CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED && claim_is("tcb_evaluation_data_number", "18"));
    g.j.at = INTEL_AT + 10;
    CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED && claim_is("tcb_evaluation_data_number", "19"));
    g.j.at = INTEL_AT;
    CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED && claim_is("tcb_evaluation_data_number", "18"));
    m.tcb_info.evaluation = 20; /* not signed by anybody: it hides nothing */
    m.tcb_info.from = INTEL_FROM;
    m.tcb_info.bad_signature = true;
    OK(make_intel_tcb_info(&m, &item));
    OK(hf_endorsements_add(&g.endorsements, hf_buf_bytes(&item), "forged"));
    CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED && claim_is("tcb_evaluation_data_number", "18"));
}

TEST(levels_count_by_their_numbers_not_by_their_place)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;
    struct make_level lowest;

    make_intel_start(&m, true);
    lowest = m.level[2];
    m.level[2] = m.level[0];
    m.level[0] = lowest;
    m.qe_level[0] = (struct make_svn_level){4, "OutOfDate", NULL};
    m.qe_level[1] = (struct make_svn_level){8, "UpToDate", NULL};
    must(&m, HF_VERDICT_AFFIRMING, "");
    make_intel_free(&m);

    make_intel_start(&m, false);
    m.tcb_version = 2;
    must(&m, HF_VERDICT_AFFIRMING, "");
}

/* ---- without a certificate ---- */

TEST(a_quote_without_a_certificate_needs_one_from_outside)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, false);
    m.cert_type = HF_QUOTE_CERT_PPID;
    must(&m, HF_VERDICT_CONTRAINDICATED, "certification data, certificate chain");
    CHECK(strstr(hf_verdict_row(&g.verdict, "certification data")->found, "PCESVN"));
    for (size_t i = INTEL_ROOT; i <= INTEL_PCK; i++)
        OK(hf_endorsements_add(&g.endorsements, m.ca[i].cert->der, "outside"));
    CHECK(judge(&m) == HF_VERDICT_AFFIRMING && judge(&m) == HF_VERDICT_AFFIRMING);
    m.cert_type = HF_QUOTE_CERT_LEAF;
    OK(make_intel_quote(&m, &quote));
    CHECK(judge(&m) == HF_VERDICT_AFFIRMING && judge(&m) == HF_VERDICT_AFFIRMING);
    m.cert_type = HF_QUOTE_CERT_MANIFEST;
    OK(make_intel_quote(&m, &quote));
    CHECK(judge(&m) == HF_VERDICT_AFFIRMING);
}

TEST(custom_claims_are_those_whose_hash_is_in_the_report)
{
    static const uint8_t claims[] = {1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,   0,   1,
                                     0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 'a', 'b'};
    struct hf_digest hash;

    OK(hf_hash_one(HF_SHA256, HF_BYTES_OF(claims), &hash));
    for (size_t tdx = 0; tdx < 2; tdx++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;
        uint8_t *data;

        make_intel_start(&m, tdx != 0);
        data = tdx ? m.td.report_data : m.sgx.report_data;
        memset(data, 0, 64);
        memcpy(data, hash.bytes, 32);
        must(&m, HF_VERDICT_AFFIRMING, "");
        OK(hf_buf_add(&quote, HF_BYTES_OF(claims)));
        CHECK(judge(&m) == HF_VERDICT_AFFIRMING && strcmp(judging_row(&g, "custom claims"), "ok") == 0);
        quote.p[quote.n - 1] ^= 1;
        CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED && strcmp(judging_failed(&g), "custom claims") == 0);
        data[63] = 1;
        must(&m, HF_VERDICT_AFFIRMING, "");
        OK(hf_buf_add(&quote, HF_BYTES_OF(claims)));
        CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED && strcmp(judging_failed(&g), "custom claims") == 0);
    }
}

TEST(freshness_is_compared)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;
    static const uint8_t nonce[] = {1, 2, 3};

    make_intel_start(&m, true);
    must(&m, HF_VERDICT_AFFIRMING, "");
    g.j.report_data = NULL;
    CHECK(judge(&m) == HF_VERDICT_WARNING && strcmp(judging_row(&g, "freshness"), "absent") == 0);
    judging_nonce(&g, HF_BYTES_OF(nonce));
    CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED && strcmp(judging_row(&g, "nonce"), "failed") == 0);
}

/* ---- oracles ---- */

static unsigned rank(enum hf_verdict_status s)
{
    return s == HF_VERDICT_AFFIRMING ? 0 : s == HF_VERDICT_WARNING ? 1 : 2;
}

/* Each number of the platform, lowered one by one from any start, never gives a better verdict. */
TEST(lowering_a_number_never_helps)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, true);
    for (size_t i = 0; i < 17; i++) {
        unsigned before = 0;

        if (i == 1)
            continue; /* the module's version: which identity counts, not how new it is */
        for (int svn = 7; svn >= 0; svn--) {
            unsigned now;

            if (i == 16)
                m.qe.isv_svn = (uint16_t)(svn + 2);
            else
                m.td.tee_tcb_svn[i] = (uint8_t)svn;
            now = rank(make_and_judge(&m));
            if (now < before)
                FAIL("number %zu: %d is better than %d", i, svn, svn + 1);
            before = now;
        }
        m.td.tee_tcb_svn[i % 16] = i == 0 ? 7 : 6;
        m.td.tee_tcb_svn[1] = 3;
        m.td.tee_tcb_svn[0] = 7;
    }
}

TEST(lowering_a_number_of_the_pck_never_helps)
{
    for (size_t i = 0; i < 17; i++) {
        unsigned before = 0;

        for (int svn = 7; svn >= 0; svn -= i < 16 ? 1 : 2) {
            HF_CLEANUP(make_intel_free) struct make_intel m;
            unsigned now;

            make_intel_start(&m, i % 2 != 0);
            if (i < 16)
                m.pck.svn[i] = (uint8_t)svn;
            else
                m.pck.pce_svn = (uint16_t)(svn + 7);
            now = rank(make_and_judge(&m));
            if (now < before)
                FAIL("number %zu: %d is better than %d", i, svn, svn + 1);
            before = now;
        }
    }
}

/* Nothing signs: padding behind the quote; PEM's line ends and dashes. */
static bool unsigned_byte(const struct hf_sgx_quote *q, const uint8_t *at)
{
    return at >= q->cert.p + q->cert.n || (at >= q->cert.p && (*at == '\n' || *at == '-'));
}

static void tamper(struct make_intel *m, uint8_t bit)
{
    struct hf_sgx_quote q;

    must(m, HF_VERDICT_AFFIRMING, "");
    OK(hf_sgx_quote_parse(hf_buf_bytes(&quote), &q));
    for (size_t i = 0; i < quote.n; i += i < 1400 ? 1 : 13) {
        bool may = unsigned_byte(&q, quote.p + i);

        quote.p[i] ^= bit;
        if (judge(m) == HF_VERDICT_AFFIRMING && !may)
            FAIL("byte %zu of %zu may be changed", i, quote.n);
        quote.p[i] ^= bit;
    }
}

TEST(no_byte_of_a_quote_may_be_changed)
{
    static const struct {
        uint16_t version;
        bool tdx, v15;
    } cases[] = {{3, false, false}, {4, true, false}, {5, true, true}};

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(make_intel_free) struct make_intel m;

        make_intel_start(&m, cases[i].tdx);
        m.version = cases[i].version;
        m.td.v15 = cases[i].v15;
        tamper(&m, i == 1 ? 0x80 : 0x01);
    }
}

/* What is known from before answers as what is looked at anew. */
TEST(what_is_kept_changes_nothing)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;
    HF_CLEANUP(hf_buf_free) struct hf_buf cold = {0}, warm = {0};
    uint64_t hits = 0, misses = 0, more = 0;

    make_intel_start(&m, true);
    m.level[0].status = "ConfigurationNeeded";
    m.level[0].advisories[0] = "INTEL-SA-00009";
    (void)make_and_judge(&m);
    OK(hf_verdict_text(&g.verdict, &warm));
    hf_cache_counts(g.cache, &hits, &misses);
    (void)judge(&m);
    hf_cache_counts(g.cache, &hits, &more);
    CHECK(more == misses); /* everything was there */
    hf_alloc_fail_at(1000);
    (void)judge(&m);
    CHECK(hf_alloc_left() == 1000); /* and nothing was allocated */
    hf_alloc_fail_at(0);
    CHECK(claim_is("advisory_ids", "INTEL-SA-00009"));
    g.j.cache = NULL;
    (void)judge(&m);
    OK(hf_verdict_text(&g.verdict, &cold));
    CHECK_BYTES(hf_buf_bytes(&warm), hf_buf_bytes(&cold));
}

/* Other documents at the same place in memory are other documents; so are other roots. */
TEST(what_is_kept_is_of_one_set_alone)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, true);
    must(&m, HF_VERDICT_AFFIRMING, "");
    hf_endorsements_free(&g.endorsements);
    m.level[0].status = "OutOfDate";
    OK(make_intel_collateral(&m, &g.endorsements));
    CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED);
    g.anchors.n = 0;
    OK(hf_anchors_add(&g.anchors, HF_VENDOR_ANY, HF_ENV_UNKNOWN, m.ca[INTEL_ROOT].cert->spki_sha256, "the same root"));
    CHECK(judge(&m) == HF_VERDICT_CONTRAINDICATED && g.findings.environment == HF_ENV_UNKNOWN);
}

TEST(a_full_memory_never_makes_a_better_verdict)
{
    HF_CLEANUP(make_intel_free) struct make_intel m;

    make_intel_start(&m, true);
    m.level[0].status = "OutOfDate";
    must(&m, HF_VERDICT_CONTRAINDICATED, "platform level");
    for (unsigned long n = 1;; n++) {
        bool failed;

        hf_cache_free(&g.cache);
        OK(hf_cache_new(64, &g.cache));
        g.j.cache = g.cache;
        hf_alloc_fail_at(n);
        CHECK(judge(&m) != HF_VERDICT_AFFIRMING);
        failed = hf_alloc_has_failed();
        hf_alloc_fail_at(0);
        if (!failed)
            break;
    }
}

TEST(nothing_is_left)
{
    rig_free();
}

TESTS(RUN(keys_that_nobody_vouches_for_are_found), RUN(the_quoting_enclave_must_be_intels),
      RUN(certificates_are_for_one_thing), RUN(a_good_certificate_does_not_mend_one_altered_in_the_quote),
      RUN(a_certificate_without_its_begin_or_end_is_not_passed_over),
      RUN(every_certificate_and_list_has_its_time),
      RUN(documents_and_lists_have_their_time), RUN(what_holds_until_a_second_holds_in_it_and_not_behind),
      RUN(revoked_certificates_are_refused), RUN(a_root_that_nobody_pinned_is_none),
      RUN(documents_are_signed_or_nothing), RUN(collateral_of_something_else_is_named),
      RUN(missing_collateral_is_named_with_its_address), RUN(of_several_data_sets_the_newest_of_this_time_counts),
      RUN(levels_count_by_their_numbers_not_by_their_place), RUN(a_quote_without_a_certificate_needs_one_from_outside),
      RUN(custom_claims_are_those_whose_hash_is_in_the_report), RUN(freshness_is_compared),
      RUN(lowering_a_number_never_helps), RUN(lowering_a_number_of_the_pck_never_helps),
      RUN(no_byte_of_a_quote_may_be_changed), RUN(what_is_kept_changes_nothing), RUN(what_is_kept_is_of_one_set_alone),
      RUN(a_full_memory_never_makes_a_better_verdict), RUN(nothing_is_left))
