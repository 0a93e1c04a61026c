/* Verdicts over SEV-SNP reports of a hierarchy of our own: what must hold holds, and everything else is refused by the
 * row that is meant. */
#include "evidence/amd_cert_table.h"
#include "snp_rig.h"

static enum hf_verdict_status sign_and_judge(struct machine *m, struct rig *r)
{
    OK(make_snp_sign(&m->rep, m->vek.key, m->bytes));
    return rig_judge(r, HF_BYTES_OF(m->bytes));
}

TEST(reports_of_every_version_product_and_key_are_affirmed)
{
    static const struct {
        const char *name;
        unsigned version;
        enum hf_snp_product product;
        bool vlek;
    } cases[] = {
        {"2, Milan", 2, HF_SNP_PRODUCT_MILAN, false},
        {"3, Genoa", 3, HF_SNP_PRODUCT_GENOA, false},
        {"4, Genoa", 4, HF_SNP_PRODUCT_GENOA, false},
        {"5, Turin", 5, HF_SNP_PRODUCT_TURIN, false},
        {"2, Turin by its chip id", 2, HF_SNP_PRODUCT_TURIN, false},
        {"3, Milan, VLEK", 3, HF_SNP_PRODUCT_MILAN, true},
        {"5, Turin, VLEK", 5, HF_SNP_PRODUCT_TURIN, true},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(rig_free) struct rig *r = rig_new();
        HF_CLEANUP(machine_free) struct machine m = {0};

        CASE(cases[i].name);
        machine_new(&m, cases[i].version, cases[i].product, cases[i].vlek);
        machine_known(&m, r);
        (void)rig_judge(r, HF_BYTES_OF(m.bytes));
        want_status(r, HF_VERDICT_AFFIRMING);
        want_row(r, "revocation", HF_CHECK_OK);
        want_row(r, "key revocation", HF_CHECK_NOT_APPLICABLE);
        want_row(r, "hardware id", cases[i].vlek ? HF_CHECK_NOT_APPLICABLE : HF_CHECK_OK);
        want_row(r, "freshness", HF_CHECK_OK);
        want_claim(r, "product", hf_snp_product_name(cases[i].product));
        want_claim(r, "reported_ucode", "115");
        want_claim(r, "debug", "false");
        if (cases[i].vlek)
            want_claim(r, "csp_id", "CN=cc-test-1.example.com");
        CHECK(r->findings.level == HF_LEVEL_HIGH && r->findings.fresh);
        CHECK(r->findings.horizon.from == TESTCA_FROM && r->findings.horizon.until == TESTCA_UNTIL);
    }
}

/* Every bit of a report counts: 672 bytes are signed, the signature is checked, the rest must be zero. */
TEST(no_byte_of_a_report_can_be_changed)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};

    machine_new(&m, 5, HF_SNP_PRODUCT_GENOA, false);
    machine_known(&m, r);
    for (size_t at = 0; at < sizeof(m.bytes); at += at < 0x2a0 || at >= 0x330 ? 5 : 1) {
        m.bytes[at] ^= (uint8_t)(1u << at % 8);
        if (rig_judge(r, HF_BYTES_OF(m.bytes)) != HF_VERDICT_CONTRAINDICATED)
            FAIL("byte 0x%zx changed, and still not refused", at);
        m.bytes[at] ^= (uint8_t)(1u << at % 8);
    }
    CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_AFFIRMING);
}

TEST(each_deviation_is_answered_by_its_row)
{
    /* of version 3, Genoa: bytes that are changed before the report is signed */
    static const struct {
        const char *name;
        struct {
            uint16_t at;
            uint8_t bits;
        } flip[2];
        const char *row;
        enum hf_check_status want;
        enum hf_verdict_status verdict;
    } cases[] = {
        {"debug", {{0x00a, 0x08}}, "debug", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"migration allowed", {{0x00a, 0x04}}, "migration", HF_CHECK_WARNING, HF_VERDICT_WARNING},
        {"a migration agent", {{0x160, 0x01}}, "migration", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"policy bit 17 is zero", {{0x00a, 0x02}}, "reserved bits", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"policy bit 26", {{0x00b, 0x04}}, "reserved bits", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"platform info bit 8", {{0x041, 0x01}}, "reserved bits", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"flag 5", {{0x048, 0x20}}, "reserved bits", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"a reserved byte", {{0x29f, 0x01}}, "reserved bits", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"what version 5 has there", {{0x1f8, 0x01}}, "reserved bits", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"SMT against the policy",
         {{0x00a, 0x01}, {0x040, 0x01}},
         "policy",
         HF_CHECK_FAILED,
         HF_VERDICT_CONTRAINDICATED},
        {"SMT as the policy allows", {{0x040, 0x01}}, "policy", HF_CHECK_OK, HF_VERDICT_AFFIRMING},
        {"RAPL against the policy", {{0x00a, 0x80}}, "policy", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"RAPL disabled as wanted", {{0x00a, 0x80}, {0x040, 0x08}}, "policy", HF_CHECK_OK, HF_VERDICT_AFFIRMING},
        {"no ciphertext hiding", {{0x00b, 0x01}}, "policy", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"firmware below the ABI", {{0x008, 56}, {0x009, 1}}, "policy", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"VMPL 4", {{0x030, 0x04}}, "vmpl", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"VMPL 3", {{0x030, 0x03}}, "vmpl", HF_CHECK_OK, HF_VERDICT_AFFIRMING},
        {"an author key, no digest", {{0x048, 0x01}}, "author key", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"a digest, no author key", {{0x110, 0x01}}, "author key", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"both", {{0x048, 0x01}, {0x110, 0x01}}, "author key", HF_CHECK_NOT_APPLICABLE, HF_VERDICT_AFFIRMING},
        {"chip key masked", {{0x048, 0x02}}, "signature", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"no key", {{0x048, 0x1c}}, "signing key", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"signing key 2", {{0x048, 0x08}}, "signing key", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"VLEK, by a VCEK", {{0x048, 0x04}}, "signing key", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"signature algorithm 0", {{0x034, 0x01}}, "signature", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"another chip", {{0x1a0, 0x80}}, "hardware id", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"reported above the certificate",
         {{0x187, 0x04}},
         "platform level",
         HF_CHECK_FAILED,
         HF_VERDICT_CONTRAINDICATED},
        {"reported above committed", {{0x187, 0x04}}, "firmware order", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"reported below", {{0x186, 0x08}}, "platform level", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"committed below reported", {{0x1e7, 0x01}}, "firmware order", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"current below committed", {{0x03f, 0x01}}, "firmware order", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"current ahead", {{0x03f, 0x80}}, "firmware order", HF_CHECK_OK, HF_VERDICT_AFFIRMING},
        {"launched ahead", {{0x1f7, 0x80}}, "launch level", HF_CHECK_NOT_APPLICABLE, HF_VERDICT_AFFIRMING},
        {"committed firmware newer", {{0x1ec, 0x01}}, "firmware order", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"reserved byte of a TCB", {{0x1f3, 0x01}}, "launch level", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"Venice", {{0x188, 0x03}, {0x189, 0x41}}, "product", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"Venice's level",
         {{0x188, 0x03}, {0x189, 0x41}},
         "platform level",
         HF_CHECK_FAILED,
         HF_VERDICT_CONTRAINDICATED},
        {"an unknown product", {{0x188, 0x02}}, "product", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
        {"another product", {{0x189, 0x10}}, "product", HF_CHECK_FAILED, HF_VERDICT_CONTRAINDICATED},
    };
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};
    uint8_t good[HF_SNP_REPORT_SIZE];

    machine_new(&m, 3, HF_SNP_PRODUCT_GENOA, false);
    machine_known(&m, r);
    memcpy(good, m.bytes, sizeof(good));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        memcpy(m.bytes, good, sizeof(good));
        for (size_t k = 0; k < HF_COUNT(cases[i].flip); k++)
            m.bytes[cases[i].flip[k].at] ^= cases[i].flip[k].bits;
        OK(make_snp_sign_again(m.bytes, m.vek.key));
        (void)rig_judge(r, HF_BYTES_OF(m.bytes));
        want_row(r, cases[i].row, cases[i].want);
        want_status(r, cases[i].verdict);
    }
}

TEST(a_masked_chip_and_a_report_for_the_host_are_told)
{
    static const uint8_t zero[64];
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};

    machine_new(&m, 3, HF_SNP_PRODUCT_GENOA, false);
    machine_known(&m, r);
    m.rep.chip_id = HF_BYTES_OF(zero);
    (void)sign_and_judge(&m, r);
    want_status(r, HF_VERDICT_AFFIRMING);
    want_row(r, "hardware id", HF_CHECK_NOT_APPLICABLE);
    m.rep.vmpl = HF_SNP_VMPL_HOST;
    (void)sign_and_judge(&m, r);
    want_status(r, HF_VERDICT_WARNING);
    want_row(r, "vmpl", HF_CHECK_WARNING);
}

TEST(levels_that_differ_are_told_part_by_part_in_numbers)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};
    const struct hf_check *row;

    machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, false);
    machine_known(&m, r);
    m.rep.reported_tcb[7] = m.rep.committed_tcb[7] = m.rep.current_tcb[7] = 206;
    (void)sign_and_judge(&m, r);
    want_row(r, "signature", HF_CHECK_OK); /* it is the key's, and still not the level's */
    row = hf_verdict_row(&r->verdict, "platform level");
    CHECK(row && row->status == HF_CHECK_FAILED);
    CHECK_TEXT(row->note, "microcode: certificate 115, report 206");
    CHECK_TEXT(row->found, "reported: bl=3 tee=0 snp=8 ucode=206");
}

TEST(unknown_versions_and_cut_reports_are_refused_by_structure)
{
    static const uint8_t versions[] = {0, 1, 6, 7, 255};
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};

    machine_new(&m, 5, HF_SNP_PRODUCT_MILAN, false);
    machine_known(&m, r);
    for (size_t i = 0; i < sizeof(versions); i++) {
        char text[80];

        m.bytes[0] = versions[i];
        CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_CONTRAINDICATED);
        want_row(r, "structure", HF_CHECK_FAILED);
        (void)snprintf(text, sizeof(text), "unknown report version %u; known are 2 to 5", versions[i]);
        CHECK_TEXT(hf_verdict_row(&r->verdict, "structure")->note, text);
    }
    m.bytes[0] = 5;
    for (size_t n = 0; n < HF_SNP_REPORT_SIZE; n += 37) {
        CHECK(rig_judge(r, (struct hf_bytes){m.bytes, n}) == HF_VERDICT_CONTRAINDICATED);
        want_row(r, "structure", HF_CHECK_FAILED);
    }
}

TEST(a_venice_report_is_refused_though_its_chain_is_good)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};

    machine_new(&m, 5, HF_SNP_PRODUCT_VENICE, false);
    machine_known(&m, r);
    CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_CONTRAINDICATED);
    want_row(r, "signature", HF_CHECK_OK);
    want_row(r, "certificate chain", HF_CHECK_OK);
    want_row(r, "product", HF_CHECK_FAILED);
    CHECK(strstr(hf_verdict_row(&r->verdict, "product")->note, "Venice"));
}

/* ---- extended reports ---- */

static void table_of(const struct machine *m, struct hf_buf *out)
{
    struct hf_amd_cert_table table = {.n = 3};
    static const char *const names[] = {"VCEK", "ASK", "ARK"};
    const struct hf_bytes data[] = {m->vek.cert->der, m->amd.ask.cert->der, m->amd.ark.cert->der};

    for (size_t i = 0; i < table.n; i++) {
        memcpy(table.row[i].guid, hf_amd_guid(names[i]), 16);
        table.row[i].data = data[i];
    }
    OK(hf_amd_cert_table_write(&table, out));
}

TEST(an_extended_report_brings_its_certificates)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(rig_free) struct rig *beside = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf all = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf table = {0};
    const struct hf_evidence_format *format = NULL;

    machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, false);
    OK(hf_anchors_add(&r->anchors, HF_VENDOR_AMD, HF_ENV_HARDWARE, m.amd.ark.cert->spki_sha256, "ARK"));
    r->judge.report_data = &m.rep.report_data;
    OK(hf_buf_add(&all, HF_BYTES_OF(m.bytes)));
    table_of(&m, &all);
    OK(hf_evidence_detect(hf_buf_bytes(&all), NULL, &format));
    CHECK_TEXT(format->name, "snp-report");
    CHECK(rig_judge(r, hf_buf_bytes(&all)) == HF_VERDICT_WARNING); /* lists do not travel */
    want_row(r, "certificate table", HF_CHECK_OK);
    want_row(r, "root", HF_CHECK_OK);
    want_row(r, "revocation", HF_CHECK_ABSENT);
    all.p[HF_SNP_REPORT_SIZE + 16] = 0; /* the first row points into the rows */
    CHECK(rig_judge(r, hf_buf_bytes(&all)) == HF_VERDICT_CONTRAINDICATED);
    want_row(r, "certificate table", HF_CHECK_FAILED);
    want_row(r, "signature", HF_CHECK_FAILED);

    /* the same table as collateral */
    table_of(&m, &table);
    OK(hf_anchors_add(&beside->anchors, HF_VENDOR_AMD, HF_ENV_HARDWARE, m.amd.ark.cert->spki_sha256, "ARK"));
    rig_add(beside, hf_buf_bytes(&table), "auxblob");
    CHECK(beside->endorsements.n == 3);
    CHECK_TEXT(beside->endorsements.item[0].source, "auxblob#VCEK");
    CHECK(rig_judge(beside, HF_BYTES_OF(m.bytes)) == HF_VERDICT_WARNING);
    want_row(beside, "root", HF_CHECK_OK);
}

/* ---- levels, caches, memory ---- */

TEST(lowering_a_level_never_raises_the_verdict)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};
    struct hf_snp_report good;

    machine_new(&m, 5, HF_SNP_PRODUCT_TURIN, false);
    machine_known(&m, r);
    good = m.rep;
    for (size_t i = 0; i < 4 * 8; i++) {
        uint8_t *tcb[] = {m.rep.reported_tcb, m.rep.committed_tcb, m.rep.current_tcb, m.rep.launch_tcb};

        m.rep = good;
        if (tcb[i / 8][i % 8] == 0)
            continue;
        tcb[i / 8][i % 8]--;
        if (sign_and_judge(&m, r) == HF_VERDICT_AFFIRMING && i / 8 != 3)
            FAIL("TCB %zu, byte %zu lowered, and still affirmed", i / 8, i % 8);
    }
}

TEST(a_cache_changes_the_cost_and_nothing_else)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};
    struct hf_buf first = {0}, again = {0};
    uint64_t hits = 0, misses = 0, before = 0;

    OK(hf_cache_new(64, &r->judge.cache));
    machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, false);
    machine_known(&m, r);
    CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_AFFIRMING);
    OK(hf_verdict_text(&r->verdict, &first));
    hf_cache_counts(r->judge.cache, &hits, &before);
    CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_AFFIRMING);
    OK(hf_verdict_text(&r->verdict, &again));
    hf_cache_counts(r->judge.cache, &hits, &misses);
    CHECK(hits >= 2 && misses == before);
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&first));
    m.bytes[0x90] ^= 1;
    CHECK(rig_judge(r, HF_BYTES_OF(m.bytes)) == HF_VERDICT_CONTRAINDICATED);
    hf_buf_free(&first);
    hf_buf_free(&again);
}

static hf_err judge_warm(struct rig *r, const struct machine *m)
{
    enum hf_verdict_status status = rig_judge(r, HF_BYTES_OF(m->bytes));

    return status == HF_VERDICT_AFFIRMING ? HF_OK : HF_E_UNTRUSTED;
}

TEST(a_warm_verdict_allocates_nothing_of_ours)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};

    OK(hf_cache_new(64, &r->judge.cache));
    machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, false);
    machine_known(&m, r);
    OK(judge_warm(r, &m));
    hf_alloc_fail_at(1);
    CHECK(judge_warm(r, &m) == HF_OK && !hf_alloc_has_failed());
    hf_alloc_fail_at(0);
}

TEST(without_memory_nothing_is_affirmed_and_nothing_leaks)
{
    HF_CLEANUP(rig_free) struct rig *r = rig_new();
    HF_CLEANUP(machine_free) struct machine m = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf all = {0};
    struct hf_bytes crl;

    machine_new(&m, 3, HF_SNP_PRODUCT_MILAN, false);
    OK(hf_anchors_add(&r->anchors, HF_VENDOR_AMD, HF_ENV_HARDWARE, m.amd.ark.cert->spki_sha256, "ARK"));
    r->judge.report_data = &m.rep.report_data;
    OK(hf_buf_add(&all, HF_BYTES_OF(m.bytes)));
    table_of(&m, &all);
    crl = hf_buf_bytes(&all);
    for (unsigned long nth = 1; nth < 400; nth++) {
        enum hf_verdict_status status;
        bool failed;

        hf_alloc_fail_at(nth);
        status = rig_judge(r, crl);
        failed = hf_alloc_has_failed();
        hf_alloc_fail_at(0);
        if (!failed) {
            CHECK(status == HF_VERDICT_WARNING);
            return;
        }
        CHECK(status != HF_VERDICT_AFFIRMING);
    }
    FAIL("it never came to an end");
}

TESTS(RUN(reports_of_every_version_product_and_key_are_affirmed), RUN(no_byte_of_a_report_can_be_changed),
      RUN(each_deviation_is_answered_by_its_row), RUN(a_masked_chip_and_a_report_for_the_host_are_told),
      RUN(levels_that_differ_are_told_part_by_part_in_numbers),
      RUN(unknown_versions_and_cut_reports_are_refused_by_structure),
      RUN(a_venice_report_is_refused_though_its_chain_is_good), RUN(an_extended_report_brings_its_certificates),
      RUN(lowering_a_level_never_raises_the_verdict), RUN(a_cache_changes_the_cost_and_nothing_else),
      RUN(a_warm_verdict_allocates_nothing_of_ours), RUN(without_memory_nothing_is_affirmed_and_nothing_leaks))
