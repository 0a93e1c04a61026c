/* SEV and AMD certificates, a guest's report: what is read, what signs what, and what a verdict says. */
#include "evidence/table.h"
#include "inspected.h"
#include "judged.h"
#include "make_sev.h"
#include "vectors.h"
#include "verify/sev_chain.h"

/* Keys cost a second: made once, copied by nobody. */
static struct made_sev platform;

static struct made_sev *sound(void)
{
    if (!platform.ark_key)
        make_sev(&platform);
    return &platform;
}

TEST(certificates_are_written_as_they_are_read)
{
    struct made_sev *m = sound();
    uint8_t again[HF_SEV_CERT_SIZE];
    static struct inspected told;

    for (size_t i = 0; i < SEV_KEYS; i++) {
        struct hf_sev_cert c;

        OK(hf_sev_cert_parse(HF_BYTES_OF(m->cert[i]), &c));
        OK(hf_sev_cert_write(&c, again));
        CHECK_BYTES(HF_BYTES_OF(again), HF_BYTES_OF(m->cert[i]));
        for (size_t n = 0; n < HF_SEV_CERT_SIZE; n += 11)
            FAILS(hf_sev_cert_parse((struct hf_bytes){m->cert[i], n}, &c), HF_E_TRUNCATED);
    }
    for (unsigned i = 0; i < 2; i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        struct hf_bytes in = hf_buf_bytes(i ? &m->ark : &m->ask);
        struct hf_amd_cert c;

        OK(hf_amd_cert_parse(in, &c));
        OK(hf_amd_cert_write(&c, &out));
        CHECK_BYTES(hf_buf_bytes(&out), in);
        CHECK(c.signed_part.n == 64 + 512);
        for (size_t n = 0; n < in.n; n += 11)
            FAILS(hf_amd_cert_parse((struct hf_bytes){in.p, n}, &c), HF_E_TRUNCATED);
    }
    OK(inspected(hf_buf_bytes(&m->all), hf_sev_chain_inspect, &told));
    CHECK(strstr(told.text, "1 PUBKEY_USAGE @8+4 = 4099 (PDH)"));
    CHECK(strstr(told.text, "1 SIG2_ALGO @3652+4 = 2 (ECDSA SHA-256)"));
}

TEST(certificates_that_do_not_fit_are_named)
{
    static const struct {
        const char *name;
        size_t at;
        uint8_t to;
        hf_err want;
        const char *detail;
    } cases[] = {
        {"version 2", 0, 2, HF_E_UNSUPPORTED, "version 2; known is 1"},
        {"reserved", 6, 1, HF_E_FORMAT, ""},
        {"usage 0x1005", 8, 5, HF_E_UNSUPPORTED, "usage 0x1005"},
        {"usage none", 8, 0, HF_E_UNSUPPORTED, "usage 0x1000"},
        {"algorithm 0", 12, 0, HF_E_UNSUPPORTED, "algorithm 0x0"},
        {"algorithm 9", 12, 9, HF_E_UNSUPPORTED, "algorithm 0x9"},
        {"a signer's usage", 0x414, 0x77, HF_E_UNSUPPORTED, "usage 0x1077"},
        {"a signer that is nobody", 0x61c, 0, HF_E_FORMAT, "by nobody"},
        {"a signer's algorithm", 0x620, 0x77, HF_E_UNSUPPORTED, "algorithm 0x77"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t cert[HF_SEV_CERT_SIZE];
        struct hf_sev_cert c;

        CASE(cases[i].name);
        memcpy(cert, sound()->cert[SEV_KEY_PEK], sizeof(cert));
        cert[cases[i].at] = cases[i].to;
        FAILS(hf_sev_cert_parse(HF_BYTES_OF(cert), &c), cases[i].want);
        CHECK_DETAIL(cases[i].detail);
    }
}

TEST(numbers_wider_than_their_key_are_refused)
{
    static const struct {
        const char *name;
        size_t at;
    } key_cases[] = {{"X", 20 + 48}, {"X, last", 20 + 71}, {"Y", 92 + 48}, {"behind Y", 164}, {"the end", 1043}},
      sig_cases[] = {{"R", 0x41c + 48},
                     {"R, last", 0x41c + 71},
                     {"S", 0x41c + 72 + 48},
                     {"behind S", 0x41c + 144},
                     {"the end", 0x41c + 511}};
    struct made_sev *m = sound();

    for (size_t i = 0; i < HF_COUNT(key_cases); i++) {
        HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
        uint8_t cert[HF_SEV_CERT_SIZE];
        struct hf_sev_cert c;

        CASE(key_cases[i].name);
        memcpy(cert, m->cert[SEV_KEY_PEK], sizeof(cert));
        cert[key_cases[i].at] = 1;
        OK(hf_sev_cert_parse(HF_BYTES_OF(cert), &c));
        FAILS(hf_sev_cert_key(&c, &key), HF_E_FORMAT);
    }
    for (size_t i = 0; i < HF_COUNT(sig_cases); i++) {
        uint8_t cert[HF_SEV_CERT_SIZE];
        struct hf_sev_cert c;

        CASE(sig_cases[i].name);
        memcpy(cert, m->cert[SEV_KEY_PEK], sizeof(cert));
        cert[sig_cases[i].at] = 1;
        OK(hf_sev_cert_parse(HF_BYTES_OF(cert), &c));
        FAILS(hf_sev_cert_check(&c, 0, hf_privkey_public(m->key[SEV_KEY_OCA])), HF_E_FORMAT);
        OK(hf_sev_cert_check(&c, 1, hf_privkey_public(m->key[SEV_KEY_CEK])));
    }
}

/* ---- verdicts ---- */

static void trust(struct judged *j, const struct made_sev *m)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};

    judged_new(j);
    OK(hf_pubkey_to_pem(hf_privkey_public(m->ark_key), &pem));
    OK(hf_verifier_add_root(j->verifier, hf_buf_bytes(&pem), "ark.pem"));
    OK(hf_verifier_add_collateral(j->verifier, hf_buf_bytes(&m->ask), "ask.cert"));
    OK(hf_verifier_add_collateral(j->verifier, hf_buf_bytes(&m->ark), "ark.cert"));
}

TEST(a_platform_is_affirmed_link_by_link)
{
    static const char *const rows[] = {"structure", "pdh", "pek owner", "pek chip", "certificate chain", "root"};
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    const struct hf_evidence_format *format = NULL;
    struct made_sev *m = sound();

    OK(hf_evidence_detect(hf_buf_bytes(&m->all), "sev", &format));
    CHECK_TEXT(format->name, "sev-chain");
    trust(&j, m);
    OK(judge_one(&j, hf_buf_bytes(&m->all)));
    for (size_t i = 0; i < HF_COUNT(rows); i++)
        CHECK_ROW(&j, rows[i], HF_CHECK_OK);
    CHECK_ROW(&j, "owner", HF_CHECK_NOT_APPLICABLE);
    OK(hf_pubkey_to_pem(hf_privkey_public(m->key[SEV_KEY_OCA]), &pem));
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&pem), "owner.pem"));
    OK(judge_one(&j, hf_buf_bytes(&m->all)));
    CHECK_ROW(&j, "owner", HF_CHECK_OK);
    judged_nonce(&j, hf_bytes_text("a chain cannot carry it"));
    FAILS(judge_one(&j, hf_buf_bytes(&m->all)), HF_E_WARNED);
}

TEST(each_link_that_is_not_there_or_not_good_fails_its_row)
{
    static const struct {
        const char *name;
        enum made_sev_key cert;
        unsigned slot;
        uint32_t usage, algo;
        int signer; /* a key, or -1: the ASK's, -2: the ARK's */
        const char *row;
    } cases[] = {
        {"PDH by another key", SEV_KEY_PDH, 0, HF_SEV_PEK, HF_SEV_ECDSA_SHA256, SEV_KEY_OCA, "pdh"},
        {"PEK by another owner", SEV_KEY_PEK, 0, HF_SEV_OCA, HF_SEV_ECDSA_SHA256, SEV_KEY_CEK, "pek owner"},
        {"PEK by another chip", SEV_KEY_PEK, 1, HF_SEV_CEK, HF_SEV_ECDSA_SHA256, SEV_KEY_OCA, "pek chip"},
        {"PEK without the chip", SEV_KEY_PEK, 1, HF_SEV_OCA, HF_SEV_ECDSA_SHA256, SEV_KEY_OCA, "pek chip"},
        {"OCA by another key", SEV_KEY_OCA, 0, HF_SEV_OCA, HF_SEV_ECDSA_SHA256, SEV_KEY_PEK, "owner"},
        {"CEK by the ARK", SEV_KEY_CEK, 0, HF_SEV_ASK, HF_SEV_RSA_SHA256, -2, "certificate chain"},
        {"CEK for the ARK", SEV_KEY_CEK, 0, HF_SEV_ARK, HF_SEV_RSA_SHA256, -1, "certificate chain"},
        {"CEK by a hash that the ASK does not sign with", SEV_KEY_CEK, 0, HF_SEV_ASK, HF_SEV_RSA_SHA384, -2,
         "certificate chain"},
    };
    struct made_sev *m = sound();
    HF_CLEANUP(judged_free) struct judged j = {0};

    trust(&j, m);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t kept[HF_SEV_CERT_SIZE];

        CASE(cases[i].name);
        memcpy(kept, m->cert[cases[i].cert], sizeof(kept));
        sev_cert_sign(m->cert[cases[i].cert], cases[i].slot, cases[i].usage, cases[i].algo,
                      cases[i].signer == -1   ? m->ask_key
                      : cases[i].signer == -2 ? m->ark_key
                                              : m->key[cases[i].signer]);
        sev_join(m);
        FAILS(judge_one(&j, hf_buf_bytes(&m->all)), HF_E_UNTRUSTED);
        CHECK_ROW(&j, cases[i].row, HF_CHECK_FAILED);
        memcpy(m->cert[cases[i].cert], kept, sizeof(kept));
    }
    sev_join(m);
}

TEST(what_is_missing_is_named)
{
    static const struct {
        const char *name;
        unsigned without; /* bit i: certificate i */
        const char *row;
    } cases[] = {
        {"no PDH", 1, "pdh"}, {"no PEK", 2, "pek chip"}, {"no OCA", 4, "pek owner"}, {"no CEK", 8, "pek chip"}};
    struct made_sev *m = sound();

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(judged_free) struct judged j = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf some = {0};

        CASE(cases[i].name);
        trust(&j, m);
        for (unsigned k = 0; k < SEV_KEYS; k++) {
            if (!(cases[i].without & 1u << k))
                OK(hf_buf_add(&some, HF_BYTES_OF(m->cert[k])));
        }
        FAILS(judge_one(&j, hf_buf_bytes(&some)), HF_E_UNTRUSTED);
        CHECK_ROW(&j, cases[i].row, HF_CHECK_FAILED);
        if (cases[i].without == 1)
            continue;
        /* it may come with the collateral */
        OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&m->all), "all.cert"));
        OK(judge_one(&j, hf_buf_bytes(&some)));
    }
}

TEST(no_root_that_is_not_pinned_is_trusted)
{
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf both = {0};
    struct made_sev *m = sound();

    judged_new(&j);
    OK(hf_buf_add(&both, hf_buf_bytes(&m->all)));
    OK(hf_buf_add(&both, hf_buf_bytes(&m->ask)));
    OK(hf_buf_add(&both, hf_buf_bytes(&m->ark)));
    FAILS(judge_one(&j, hf_buf_bytes(&both)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "certificate chain", HF_CHECK_OK);
    CHECK_ROW(&j, "root", HF_CHECK_FAILED);
    FAILS(judge_one(&j, hf_buf_bytes(&m->all)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "certificate chain", HF_CHECK_FAILED);
}

TEST(a_guests_report_is_judged_with_its_platform)
{
    static const struct {
        const char *name;
        uint32_t policy;
        size_t flip; /* a byte, 0: none */
        hf_err want;
        const char *row;
        enum hf_check_status status;
    } cases[] = {
        {"sound", HF_SEV_POLICY_NODBG | HF_SEV_POLICY_NOSEND, 0, HF_OK, "signature", HF_CHECK_OK},
        {"may be sent", HF_SEV_POLICY_NODBG, 0, HF_E_WARNED, "migration", HF_CHECK_WARNING},
        {"debug", HF_SEV_POLICY_NOSEND, 0, HF_E_UNTRUSTED, "debug", HF_CHECK_FAILED},
        {"a reserved bit", 0x49, 0, HF_E_UNTRUSTED, "reserved bits", HF_CHECK_FAILED},
        {"another digest", 9, 20, HF_E_UNTRUSTED, "signature", HF_CHECK_FAILED},
        {"another policy", 9, 50, HF_E_UNTRUSTED, "signature", HF_CHECK_FAILED},
        {"another signature", 9, 70, HF_E_UNTRUSTED, "signature", HF_CHECK_FAILED},
        {"another algorithm", 9, 57, HF_E_UNTRUSTED, "signature", HF_CHECK_FAILED},
        {"reserved", 9, 61, HF_E_UNTRUSTED, "structure", HF_CHECK_FAILED},
    };
    struct made_sev *m = sound();
    HF_CLEANUP(judged_free) struct judged j = {0};

    trust(&j, m);
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&m->all), "platform.cert"));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t report[HF_SEV_REPORT_SIZE], nonce[16];

        CASE(cases[i].name);
        make_sev_report(m, cases[i].policy, report);
        if (cases[i].flip)
            report[cases[i].flip] ^= 1;
        memcpy(nonce, report, sizeof(nonce));
        judged_nonce(&j, HF_BYTES_OF(nonce));
        FAILS(judge_one(&j, HF_BYTES_OF(report)), cases[i].want);
        CHECK_ROW(&j, cases[i].row, cases[i].status);
    }
}

TEST(among_many_platforms_the_right_one_is_found)
{
    HF_CLEANUP(made_sev_free) struct made_sev other = {0};
    HF_CLEANUP(judged_free) struct judged j = {0};
    struct made_sev *m = sound();
    uint8_t report[HF_SEV_REPORT_SIZE], nonce[16];

    make_sev(&other);
    trust(&j, m);
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&other.all), "other.cert"));
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&other.ask), "other-ask.cert"));
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&m->all), "platform.cert"));
    make_sev_report(m, 9, report);
    memcpy(nonce, report, sizeof(nonce));
    judged_nonce(&j, HF_BYTES_OF(nonce));
    OK(judge_one(&j, HF_BYTES_OF(report)));
    make_sev_report(&other, 9, report); /* its ARK is not pinned */
    FAILS(judge_one(&j, HF_BYTES_OF(report)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "signature", HF_CHECK_OK);
    CHECK_ROW(&j, "certificate chain", HF_CHECK_FAILED);
}

TEST(no_byte_of_a_report_can_be_changed_unnoticed)
{
    struct made_sev *m = sound();
    HF_CLEANUP(judged_free) struct judged j = {0};
    uint8_t report[HF_SEV_REPORT_SIZE];
    static const uint8_t nonce[16] = {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                      0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11};

    trust(&j, m);
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&m->all), "platform.cert"));
    make_sev_report(m, 9, report);
    judged_nonce(&j, HF_BYTES_OF(nonce));
    OK(judge_one(&j, HF_BYTES_OF(report)));
    for (size_t i = 0; i < sizeof(report); i++) {
        hf_err err;

        report[i] ^= 0x10;
        err = judge_one(&j, HF_BYTES_OF(report));
        if (err == HF_OK || err == HF_E_WARNED)
            FAIL("byte %zu changed: %s", i, hf_verify_result_verdict(j.result));
        report[i] ^= 0x10;
    }
}

TEST(no_byte_of_a_platforms_certificates_can_be_changed_unnoticed)
{
    struct made_sev *m = sound();
    HF_CLEANUP(judged_free) struct judged j = {0};

    trust(&j, m);
    for (size_t i = 0; i < m->all.n; i += 29) {
        hf_err err;
        size_t at = i % HF_SEV_CERT_SIZE, cert = i / HF_SEV_CERT_SIZE;

        m->all.p[i] ^= 0x10;
        err = judge_one(&j, hf_buf_bytes(&m->all));
        if (err == HF_OK || err == HF_E_WARNED)
            FAIL("byte %zu of certificate %zu changed: %s", at, cert, hf_verify_result_verdict(j.result));
        m->all.p[i] ^= 0x10;
    }
}

/* ---- real ones ---- */

static void real_chain(const char *generation, struct hf_buf *out)
{
    static const char *const names[] = {"pdh", "pek", "oca", "cek"};

    hf_buf_free(out);
    for (size_t i = 0; i < HF_COUNT(names); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf cert = {0};
        char path[128];

        (void)snprintf(path, sizeof(path), "evidence/sev/chain-%s/%s.cert", generation, names[i]);
        vector(path, &cert);
        OK(hf_buf_add(out, hf_buf_bytes(&cert)));
    }
}

static void add_pki(struct judged *j, const char *who, const char *generation)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf cert = {0};
    char path[128];

    (void)snprintf(path, sizeof(path), "evidence/sev/pki/%s-%s.cert", who, generation);
    vector(path, &cert);
    OK(hf_verifier_add_collateral(j->verifier, hf_buf_bytes(&cert), path));
}

TEST(real_platforms_are_amds)
{
    static const char *const generations[] = {"naples", "rome"};

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(generations); i++) {
        HF_CLEANUP(judged_free) struct judged j = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf all = {0};

        CASE(generations[i]);
        judged_new(&j);
        real_chain(generations[i], &all);
        add_pki(&j, "ask", generations[!i]);
        add_pki(&j, "ark", generations[!i]);
        FAILS(judge_one(&j, hf_buf_bytes(&all)), HF_E_UNTRUSTED);
        CHECK_ROW(&j, "certificate chain", HF_CHECK_FAILED);
        add_pki(&j, "ask", generations[i]);
        add_pki(&j, "ark", generations[i]);
        if (judge_one(&j, hf_buf_bytes(&all)) != HF_OK) {
            judged_print(&j);
            FAIL("it is refused");
        }
        CHECK_ROW(&j, "root", HF_CHECK_OK);
        CHECK_ROW(&j, "environment", HF_CHECK_OK);
        check_claim(&j, "root", i ? "ARK-Rome" : "ARK-Naples");
    }
}

TEST(real_roots_sign_themselves_and_their_asks)
{
    static const char *const generations[] = {"naples", "rome", "milan", "genoa", "turin"};

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(generations); i++) {
        HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf ark = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf ask = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        struct hf_amd_cert root, sub;
        struct hf_anchors anchors;
        uint8_t spki[32];
        char path[128];

        CASE(generations[i]);
        (void)snprintf(path, sizeof(path), "evidence/sev/pki/ark-%s.cert", generations[i]);
        vector(path, &ark);
        (void)snprintf(path, sizeof(path), "evidence/sev/pki/ask-%s.cert", generations[i]);
        vector(path, &ask);
        OK(hf_amd_cert_parse(hf_buf_bytes(&ark), &root));
        OK(hf_amd_cert_parse(hf_buf_bytes(&ask), &sub));
        OK(hf_amd_cert_write(&root, &again));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&ark));
        OK(hf_amd_cert_key(&root, &key));
        OK(hf_amd_cert_check(&root, key));
        OK(hf_amd_cert_check(&sub, key));
        OK(hf_pubkey_spki_sha256(key, spki));
        hf_anchors_builtin(&anchors);
        CHECK(hf_anchors_find(&anchors, HF_VENDOR_AMD, spki));
    }
}

TEST(a_damaged_root_is_refused)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bad = {0};
    struct hf_amd_cert c;

    NEED_VECTORS();
    vector("evidence/sev/negative/naples-ark.cert.bad", &bad);
    CHECK(hf_amd_cert_parse(hf_buf_bytes(&bad), &c) != HF_OK);
}

TEST(the_keys_are_freed)
{
    made_sev_free(&platform);
}

TESTS(RUN(certificates_are_written_as_they_are_read), RUN(certificates_that_do_not_fit_are_named),
      RUN(numbers_wider_than_their_key_are_refused), RUN(a_platform_is_affirmed_link_by_link),
      RUN(each_link_that_is_not_there_or_not_good_fails_its_row), RUN(what_is_missing_is_named),
      RUN(no_root_that_is_not_pinned_is_trusted), RUN(a_guests_report_is_judged_with_its_platform),
      RUN(among_many_platforms_the_right_one_is_found), RUN(no_byte_of_a_report_can_be_changed_unnoticed),
      RUN(no_byte_of_a_platforms_certificates_can_be_changed_unnoticed), RUN(real_platforms_are_amds),
      RUN(real_roots_sign_themselves_and_their_asks), RUN(a_damaged_root_is_refused), RUN(the_keys_are_freed))
