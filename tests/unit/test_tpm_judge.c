/* TPM quotes through hf_verify: the key must be vouched for, and every part of a quote counts. */
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "codec/pem.h"
#include "evidence/table.h"
#include "inspected.h"
#include "judged.h"
#include "make_tpm_quote.h"
#include "testca.h"
#include "vectors.h"

/* A quote in its envelope, with the environment that the producer claims. */
static void packed(struct made_quote *m, const char *environment, struct hf_buf *out)
{
    (void)snprintf(m->env.environment, sizeof(m->env.environment), "%s", environment);
    hf_buf_free(out);
    OK(hf_tpm_envelope_write(&m->env, out));
}

static void give_key(struct judged *j, const struct hf_pubkey *key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};

    OK(hf_pubkey_to_pem(key, &pem));
    OK(hf_verifier_add_collateral(j->verifier, hf_buf_bytes(&pem), "ak.pem"));
}

TEST(a_quote_by_a_key_that_is_known_is_affirmed)
{
    HF_CLEANUP(made_quote_free) struct made_quote m = {0};
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

    judged_new(&j);
    make_quote(&m);
    packed(&m, "unknown", &json);
    judged_nonce(&j, HF_BYTES_OF(made_nonce));
    FAILS(judge_one(&j, hf_buf_bytes(&json)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "ak", HF_CHECK_FAILED);
    CHECK_ROW(&j, "signature", HF_CHECK_OK);
    give_key(&j, hf_privkey_public(m.key));
    OK(judge_one(&j, hf_buf_bytes(&json)));
    CHECK_ROW(&j, "ak", HF_CHECK_OK);
    CHECK_ROW(&j, "nonce", HF_CHECK_OK);
    CHECK_ROW(&j, "environment", HF_CHECK_NOT_APPLICABLE);
    check_claim(&j, "pcr0", "0100000000000000000000000000000000000000000000000000000000000000");
    check_claim(&j, "pcr_bank", "sha256");
    check_claim(&j, "pcr_sha384_16",
                "010000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000");
    check_claim(&j, "firmware", "7");
    check_claim(&j, "clock", "1000");
    check_claim(&j, "reset_count", "5");
    OK(judge_one(&j, hf_buf_bytes(&json))); /* from the cache */
    packed(&m, "hardware", &json);          /* anybody can say so */
    OK(judge_one(&j, hf_buf_bytes(&json)));
    CHECK_ROW(&j, "environment", HF_CHECK_NOT_APPLICABLE);
    packed(&m, "emulated", &json);
    FAILS(judge_one(&j, hf_buf_bytes(&json)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "environment", HF_CHECK_FAILED);
}

TEST(a_key_that_came_with_the_evidence_vouches_for_nothing)
{
    HF_CLEANUP(made_quote_free) struct made_quote m = {0};
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0}, whole = {0}, pem = {0};
    struct hf_json out = hf_json(&whole, false);
    char *text = NULL;

    judged_new(&j);
    make_quote(&m);
    packed(&m, "unknown", &json);
    OK(hf_pubkey_to_pem(hf_privkey_public(m.key), &pem));
    OK(hf_buf_text(&pem, &text));
    hf_json_object(&out, NULL);
    hf_json_text(&out, "key", text);
    hf_json_base64(&out, "quote", hf_buf_bytes(&json));
    hf_json_close(&out);
    OK(hf_json_end(&out));
    judged_nonce(&j, HF_BYTES_OF(made_nonce));
    FAILS(judge_one(&j, hf_buf_bytes(&whole)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "signature", HF_CHECK_OK);
    CHECK_ROW(&j, "ak", HF_CHECK_FAILED);
    give_key(&j, hf_privkey_public(m.key));
    OK(judge_one(&j, hf_buf_bytes(&whole)));
}

TEST(a_public_area_vouches_like_its_key)
{
    HF_CLEANUP(made_quote_free) struct made_quote m = {0}, other = {0};
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0}, pem = {0};

    judged_new(&j);
    make_quote(&m);
    make_quote(&other);
    packed(&m, "unknown", &json);
    judged_nonce(&j, HF_BYTES_OF(made_nonce));
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&other.env.ak_public), "other.pub"));
    FAILS(judge_one(&j, hf_buf_bytes(&json)), HF_E_UNTRUSTED);
    OK(hf_pem_write("TPM PUBLIC AREA", hf_buf_bytes(&m.env.ak_public), &pem)); /* as tpm show writes it */
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&pem), "ak.pub"));
    OK(judge_one(&j, hf_buf_bytes(&json)));
}

/* ---- certificates ---- */

static void add_cert(struct judged *j, const struct hf_cert *cert, const char *source)
{
    OK(hf_verifier_add_collateral(j->verifier, cert->der, source));
}

TEST(a_certificate_vouches_as_far_as_its_root_does)
{
    static const struct {
        const char *name;
        bool root_given, other_key;
        hf_time from, until; /* 0: long ago, and long from now */
        hf_err want;
        const char *row;
        enum hf_check_status status;
    } cases[] = {
        {"a root of the caller", true, false, 0, 0, HF_E_WARNED, "ak", HF_CHECK_OK},
        {"no root", false, false, 0, 0, HF_E_UNTRUSTED, "root", HF_CHECK_FAILED},
        {"of another key", true, true, 0, 0, HF_E_UNTRUSTED, "ak", HF_CHECK_FAILED},
        {"on its last second", true, false, 0, JUDGED_AT, HF_E_WARNED, "validity", HF_CHECK_OK},
        {"a second after it", true, false, 0, JUDGED_AT - 1, HF_E_UNTRUSTED, "validity", HF_CHECK_FAILED},
        {"on its first second", true, false, JUDGED_AT, 0, HF_E_WARNED, "validity", HF_CHECK_OK},
        {"a second before it", true, false, JUDGED_AT + 1, 0, HF_E_UNTRUSTED, "validity", HF_CHECK_FAILED},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(made_quote_free) struct made_quote m = {0};
        HF_CLEANUP(judged_free) struct judged j = {0};
        HF_CLEANUP(testca_free) struct testca root = {0};
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *other = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        struct testca_spec spec = {.subject = "CN=AK",
                                   .key_usage = HF_KU_DIGITAL_SIGNATURE,
                                   .from = cases[i].from ? cases[i].from : TESTCA_FROM,
                                   .until = cases[i].until ? cases[i].until : TESTCA_UNTIL};

        CASE(cases[i].name);
        judged_new(&j);
        make_quote(&m);
        OK(hf_privkey_generate_ec(HF_P256, &other));
        packed(&m, "unknown", &json);
        judged_nonce(&j, HF_BYTES_OF(made_nonce));
        OK(testca_new(
            &(struct testca_spec){.subject = "CN=TPM maker", .ca = true, .key_usage = HF_KU_CERT_SIGN | HF_KU_CRL_SIGN},
            NULL, &root));
        OK(testca_issue(&spec, root.key, root.cert, hf_privkey_public(cases[i].other_key ? other : m.key), &der));
        OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&der), "ak.der"));
        add_cert(&j, root.cert, "root.der");
        if (cases[i].root_given)
            OK(hf_verifier_add_root(j.verifier, root.cert->der, "root.der"));
        FAILS(judge_one(&j, hf_buf_bytes(&json)), cases[i].want);
        CHECK_ROW(&j, cases[i].row, cases[i].status);
        if (cases[i].want == HF_E_WARNED) {
            HF_CLEANUP(hf_buf_free) struct hf_buf crl = {0};

            CHECK_ROW(&j, "revocation", HF_CHECK_ABSENT);
            OK(testca_crl(&(struct testca_crl_spec){0}, &root, &crl));
            OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&crl), "tpm.crl"));
            OK(judge_one(&j, hf_buf_bytes(&json)));
            CHECK_ROW(&j, "revocation", HF_CHECK_OK);
            CHECK_ROW(&j, "environment", HF_CHECK_NOT_APPLICABLE); /* a caller's root proves no hardware */
        }
    }
}

/* ---- what is wrong ---- */

TEST(nonsense_fails_its_row)
{
    static const struct {
        const char *name, *row;
        size_t at; /* into TPMS_ATTEST: the signer has 34 bytes, the nonce 20 */
        uint8_t to;
    } cases[] = {
        {"magic", "magic", 0, 0xfe},
        {"type", "type", 5, 0x17},
        {"nonce", "nonce", 6 + 2 + 34 + 2, 'x'},
        {"a register less", "pcr selection", 6 + 2 + 34 + 2 + 20 + 25 + 4 + 5, 0},
        {"digest", "pcr digest", 6 + 2 + 34 + 2 + 20 + 25 + 4 + 12 + 2, 0x77},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(made_quote_free) struct made_quote m = {0};
        HF_CLEANUP(judged_free) struct judged j = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

        CASE(cases[i].name);
        judged_new(&j);
        make_quote(&m);
        give_key(&j, hf_privkey_public(m.key));
        judged_nonce(&j, HF_BYTES_OF(made_nonce));
        CHECK(m.env.attest.p[cases[i].at] != cases[i].to);
        m.env.attest.p[cases[i].at] = cases[i].to;
        sign_quote(&m);
        packed(&m, "unknown", &json);
        FAILS(judge_one(&j, hf_buf_bytes(&json)), HF_E_UNTRUSTED);
        CHECK_ROW(&j, cases[i].row, HF_CHECK_FAILED);
        CHECK_ROW(&j, "signature", HF_CHECK_OK);
    }
}

TEST(no_byte_of_an_envelope_can_be_changed_unnoticed)
{
    HF_CLEANUP(made_quote_free) struct made_quote m = {0};
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

    judged_new(&j);
    make_quote(&m);
    packed(&m, "unknown", &json);
    give_key(&j, hf_privkey_public(m.key));
    judged_nonce(&j, HF_BYTES_OF(made_nonce));
    OK(judge_one(&j, hf_buf_bytes(&json)));
    for (size_t at = 0; at + 1 < json.n; at += 3) { /* the newline at the end is free */
        hf_err err;

        json.p[at] ^= 1;
        err = judge_one(&j, hf_buf_bytes(&json));
        if (err == HF_OK || err == HF_E_WARNED)
            FAIL("byte %zu changed: %s", at, hf_verify_result_verdict(j.result));
        json.p[at] ^= 1;
    }
}

TEST(an_attestation_alone_is_told_and_not_trusted)
{
    HF_CLEANUP(made_quote_free) struct made_quote m = {0};
    HF_CLEANUP(judged_free) struct judged j = {0};
    const struct hf_evidence_format *format = NULL;
    static struct inspected told;

    judged_new(&j);
    make_quote(&m);
    OK(hf_evidence_detect(hf_buf_bytes(&m.env.attest), "tpm", &format));
    CHECK_TEXT(format->name, "tpm-quote");
    FAILS(judge_one(&j, hf_buf_bytes(&m.env.attest)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "magic", HF_CHECK_OK);
    CHECK_ROW(&j, "signature", HF_CHECK_FAILED);
    CHECK_ROW(&j, "ak", HF_CHECK_FAILED);
    OK(inspected(hf_buf_bytes(&m.env.attest), format->inspect, &told));
    CHECK(strstr(told.text, "0 magic @0+4"));
    CHECK(strstr(told.text, "0 firmwareVersion @81+8 = 7"));
    CHECK(inspected((struct hf_bytes){m.env.attest.p, 70}, format->inspect, &told) != HF_OK);
    CHECK(strstr(told.text, "0 extraData @44+20") && !strstr(told.text, "resetCount"));
    for (size_t n = 0; n < m.env.attest.n; n += 5)
        CHECK(inspected((struct hf_bytes){m.env.attest.p, n}, format->inspect, &told) != HF_OK);
}

TEST(an_envelope_is_told_field_by_field)
{
    HF_CLEANUP(made_quote_free) struct made_quote m = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    const struct hf_evidence_format *format = NULL;
    static struct inspected told;

    make_quote(&m);
    packed(&m, "virtual", &json);
    OK(hf_evidence_detect(hf_buf_bytes(&json), NULL, &format));
    OK(inspected(hf_buf_bytes(&json), format->inspect, &told));
    CHECK(strstr(told.text, "1 sha256 PCR 7 @0+32"));
    CHECK(strstr(told.text, "0 ak_public @0+"));
    FAILS(hf_evidence_detect(hf_bytes_text("{\"holdfast\":\"other\",\"x\":\"tpm-quote/1\"}"), NULL, &format),
          HF_E_FORMAT);
    FAILS(hf_evidence_detect(hf_bytes_text("{\"holdfast\":\"tpm-quote/1\""), NULL, &format), HF_E_FORMAT);
}

static hf_err judge_memory(struct judged *j, struct hf_bytes in)
{
    hf_err err = judge_one(j, in);

    return err == HF_E_UNTRUSTED ? HF_E_MEMORY : err;
}

TEST(judging_survives_a_lack_of_memory)
{
    HF_CLEANUP(made_quote_free) struct made_quote m = {0};
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};

    judged_new(&j);
    make_quote(&m);
    packed(&m, "unknown", &json);
    give_key(&j, hf_privkey_public(m.key));
    judged_nonce(&j, HF_BYTES_OF(made_nonce));
    OK(judge_one(&j, hf_buf_bytes(&json)));
    for (unsigned long nth = 1; nth < 40; nth++) {
        hf_err err;
        bool failed;

        hf_alloc_fail_at(nth);
        err = judge_memory(&j, hf_buf_bytes(&json));
        failed = hf_alloc_has_failed();
        hf_alloc_fail_at(0);
        if (!failed) {
            OK(err);
            break;
        }
        CHECK(err != HF_OK); /* what could not be looked at is never affirmed */
    }
}

/* ---- real ones ---- */

/* An envelope around files of the vectors: a key in PEM travels as SubjectPublicKeyInfo. */
static void pack_files(const char *attest, const char *sig, const char *ak, const char *pcrs, struct hf_buf *out)
{
    HF_CLEANUP(hf_tpm_envelope_free) struct hf_tpm_envelope env = {.environment = "unknown"};
    HF_CLEANUP(hf_buf_free) struct hf_buf key = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf values = {0};
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *public = NULL;
    struct hf_quote_attest a;

    vector(attest, &env.attest);
    vector(sig, &env.signature);
    vector(ak, &key);
    if (strstr(ak, ".pem")) {
        OK(hf_pubkey_from_pem(hf_buf_bytes(&key), &public));
        OK(hf_pubkey_to_spki(public, &env.ak_public));
    } else {
        OK(hf_buf_set(&env.ak_public, hf_buf_bytes(&key)));
    }
    if (pcrs && hf_quote_attest_parse(hf_buf_bytes(&env.attest), &a) == HF_OK) {
        vector(pcrs, &values);
        OK(hf_pcr_file_parse(hf_buf_bytes(&values), &a.selection, &env.claim));
        if (!env.claim.has_selection)
            env.claim.selection = a.selection;
    }
    hf_buf_free(out);
    OK(hf_tpm_envelope_write(&env, out));
}

TEST(real_quotes_hold_with_their_keys)
{
    static const struct {
        const char *attest, *sig, *ak, *pcrs, *nonce;
        bool area;
    } cases[] = {
        {"evidence/tpm/az-snp-12afe089.attest.bin", "evidence/tpm/az-snp-12afe089.sig.bin",
         "evidence/tpm/az-snp-12afe089.ak.pem", "evidence/tpm/az-snp-12afe089.pcrs-sha256.bin",
         "982f5c6e45df0ed3f10b6f60b02f0c8390e281300f3805e2279c16168cd6ae9aa398f647caa2338748cd0fd9f5f819ef", false},
        {"evidence/tpm/az-snp-47a66c13.attest.bin", "evidence/tpm/az-snp-47a66c13.sig.bin",
         "evidence/tpm/az-snp-47a66c13.ak.pem", "evidence/tpm/az-snp-47a66c13.pcrs-sha256.bin",
         "6174746573746174696f6e2d746573742d66697874757265", false},
        {"tpm/quotes/keylime-quote.msg", "tpm/quotes/keylime-quote.sig", "tpm/quotes/keylime-ak.pem",
         "tpm/quotes/keylime-quote.pcrs", "text Ai5M5SjYjnkyv4P7itH1", false},
        {"tpm/own-swtpm/ak-ecc256-ecdsa.quote.msg", "tpm/own-swtpm/ak-ecc256-ecdsa.quote.sig",
         "tpm/own-swtpm/ak-ecc256-ecdsa.pub", "tpm/own-swtpm/ak-ecc256-ecdsa.quote.pcrs",
         "0102030405060708090a0b0c0d0e0f10", true},
        {"tpm/own-swtpm/ak-rsa2048-rsapss.q2.msg", "tpm/own-swtpm/ak-rsa2048-rsapss.q2.sig",
         "tpm/own-swtpm/ak-rsa2048-rsapss.pub", "tpm/own-swtpm/ak-rsa2048-rsapss.q2.pcrs",
         "0102030405060708090a0b0c0d0e0f10", true},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(judged_free) struct judged j = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf key = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf nonce = {0};
        hf_err err;

        CASE(cases[i].attest);
        judged_new(&j);
        pack_files(cases[i].attest, cases[i].sig, cases[i].ak, cases[i].pcrs, &json);
        if (strncmp(cases[i].nonce, "text ", 5) == 0)
            OK(hf_buf_add(&nonce, hf_bytes_text(cases[i].nonce + 5)));
        else
            OK(hf_hex_parse(hf_bytes_text(cases[i].nonce), &nonce));
        judged_nonce(&j, hf_buf_bytes(&nonce));
        FAILS(judge_one(&j, hf_buf_bytes(&json)), HF_E_UNTRUSTED); /* nobody vouches */
        CHECK_ROW(&j, "ak", HF_CHECK_FAILED);
        vector(cases[i].ak, &key);
        OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&key), cases[i].ak));
        err = judge_one(&j, hf_buf_bytes(&json));
        if (err == HF_E_UNTRUSTED) {
            judged_print(&j);
            FAIL("it is refused");
        }
        CHECK_ROW(&j, "signature", HF_CHECK_OK);
        CHECK_ROW(&j, "pcr digest", HF_CHECK_OK);
        CHECK_ROW(&j, "nonce", HF_CHECK_OK);
        CHECK_ROW(&j, "attributes", cases[i].area ? HF_CHECK_OK : HF_CHECK_ABSENT);
    }
}

TEST(a_real_hardware_report_binds_the_key_of_its_machine_alone)
{
    static const char *const stems[] = {"az-snp-12afe089", "az-snp-47a66c13"};

    NEED_VECTORS();
    for (size_t i = 0; i < 4; i++) {
        HF_CLEANUP(judged_free) struct judged j = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf hcl = {0};
        const char *quote = stems[i / 2], *report = stems[i % 2];
        char path[4][128];

        CASE(quote);
        judged_new(&j);
        (void)snprintf(path[0], sizeof(path[0]), "evidence/tpm/%s.attest.bin", quote);
        (void)snprintf(path[1], sizeof(path[1]), "evidence/tpm/%s.sig.bin", quote);
        (void)snprintf(path[2], sizeof(path[2]), "evidence/tpm/%s.ak.pem", quote);
        (void)snprintf(path[3], sizeof(path[3]), "evidence/tpm/%s.pcrs-sha256.bin", quote);
        pack_files(path[0], path[1], path[2], path[3], &json);
        (void)snprintf(path[0], sizeof(path[0]), "evidence/tpm/%s.hcl.bin", report);
        vector(path[0], &hcl);
        (void)judge_two(&j, hf_buf_bytes(&json), hf_buf_bytes(&hcl));
        CHECK_ROW(&j, "tpm-quote: ak binding", quote == report ? HF_CHECK_OK : HF_CHECK_FAILED);
        CHECK_ROW(&j, "tpm-quote: ak", quote == report ? HF_CHECK_OK : HF_CHECK_FAILED);
        CHECK_ROW(&j, "tpm-quote: attributes", quote == report ? HF_CHECK_NOT_APPLICABLE : HF_CHECK_ABSENT);
    }
}

/* A cloud's JSON, made of the same parts. */
static void cloud_json(const char *stem, bool with_hcl, struct hf_buf *out)
{
    static const char *const names[] = {"attest.bin", "sig.bin", "pcrs-sha256.bin", "hcl.bin"};
    struct hf_buf part[4] = {{0}};
    struct hf_json j = hf_json(out, false);

    for (size_t i = 0; i < HF_COUNT(names); i++) {
        char path[128];

        (void)snprintf(path, sizeof(path), "evidence/tpm/%s.%s", stem, names[i]);
        vector(path, &part[i]);
    }
    hf_json_object(&j, NULL);
    hf_json_object(&j, "tpm_quote");
    hf_json_hex(&j, "message", hf_buf_bytes(&part[0]));
    hf_json_base64(&j, "signature", hf_buf_bytes(&part[1]));
    hf_json_array(&j, "pcrs");
    for (size_t i = 0; i < 24; i++)
        hf_json_hex(&j, NULL, (struct hf_bytes){part[2].p + 32 * i, 32});
    hf_json_close(&j);
    hf_json_close(&j);
    if (with_hcl)
        hf_json_base64(&j, "hcl_report", hf_buf_bytes(&part[3]));
    hf_json_close(&j);
    OK(hf_json_end(&j));
    for (size_t i = 0; i < HF_COUNT(part); i++)
        hf_buf_free(&part[i]);
}

TEST(a_clouds_json_is_judged_like_its_parts)
{
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf nonce = {0};

    NEED_VECTORS();
    judged_new(&j);
    cloud_json("az-snp-47a66c13", true, &json);
    OK(hf_hex_parse(hf_bytes_text("6174746573746174696f6e2d746573742d66697874757265"), &nonce));
    judged_nonce(&j, hf_buf_bytes(&nonce));
    (void)judge_one(&j, hf_buf_bytes(&json));
    CHECK_ROW(&j, "tpm_quote: signature", HF_CHECK_OK);
    CHECK_ROW(&j, "tpm_quote: pcr digest", HF_CHECK_OK);
    CHECK_ROW(&j, "tpm_quote: nonce", HF_CHECK_OK);
    CHECK_ROW(&j, "tpm_quote: ak binding", HF_CHECK_OK);
    CHECK_ROW(&j, "tpm_quote: ak", HF_CHECK_OK);
    CHECK_ROW(&j, "hcl_report: quote binding", HF_CHECK_OK);
    hf_buf_free(&json);
    cloud_json("az-snp-47a66c13", false, &json);
    FAILS(judge_one(&j, hf_buf_bytes(&json)), HF_E_UNTRUSTED); /* nothing names a key */
    CHECK_ROW(&j, "public key", HF_CHECK_FAILED);
    CHECK_ROW(&j, "ak", HF_CHECK_FAILED);
}

TEST(a_real_clouds_json_is_judged)
{
    HF_CLEANUP(judged_free) struct judged j = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf key = {0};

    NEED_VECTORS();
    judged_new(&j);
    vector("evidence/tpm/trustee.evidence.json", &json);
    FAILS(judge_one(&j, hf_buf_bytes(&json)), HF_E_UNTRUSTED);
    CHECK_ROW(&j, "signature", HF_CHECK_OK);
    CHECK_ROW(&j, "pcr digest", HF_CHECK_OK);
    CHECK_ROW(&j, "ak", HF_CHECK_FAILED);
    vector("evidence/tpm/trustee.ak.pem", &key);
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&key), "ak.pem"));
    FAILS(judge_one(&j, hf_buf_bytes(&json)), HF_E_WARNED);
    CHECK_ROW(&j, "ak", HF_CHECK_OK);
}

TEST(real_forgeries_fail_their_row)
{
    static const struct {
        const char *attest, *sig, *ak, *pcrs, *row;
    } cases[] = {
        {"tpm/own-negative/badmagic.msg", "tpm/own-negative/badmagic.sig", "tpm/own-negative/soft.pem", NULL, "magic"},
        {"tpm/own-negative/badtype.msg", "tpm/own-negative/badtype.sig", "tpm/own-negative/soft.pem", NULL, "type"},
        {"tpm/own-swtpm/ak-ecc256-ecdsa.q2.msg", "tpm/own-swtpm/ak-ecc256-ecdsa.q2.sig",
         "tpm/own-swtpm/ak-ecc256-ecdsa.pub", "tpm/own-negative/ak-ecc256-ecdsa.q2.swapped-selection.pcrs",
         "pcr selection"},
        {"evidence/tpm/az-snp-12afe089.attest.bin", "evidence/tpm/neg-wrong-ak.sig.bin",
         "evidence/tpm/neg-wrong-ak.ak.pem", "evidence/tpm/az-snp-12afe089.pcrs-sha256.bin", "signature"},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(judged_free) struct judged j = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf key = {0};

        CASE(cases[i].attest);
        judged_new(&j);
        pack_files(cases[i].attest, cases[i].sig, cases[i].ak, cases[i].pcrs, &json);
        vector(cases[i].ak, &key);
        OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&key), cases[i].ak));
        FAILS(judge_one(&j, hf_buf_bytes(&json)), HF_E_UNTRUSTED);
        CHECK_ROW(&j, cases[i].row, HF_CHECK_FAILED);
        CHECK_ROW(&j, "ak", HF_CHECK_OK);
    }
}

TESTS(RUN(a_quote_by_a_key_that_is_known_is_affirmed), RUN(a_key_that_came_with_the_evidence_vouches_for_nothing),
      RUN(a_public_area_vouches_like_its_key), RUN(a_certificate_vouches_as_far_as_its_root_does),
      RUN(nonsense_fails_its_row), RUN(no_byte_of_an_envelope_can_be_changed_unnoticed),
      RUN(an_attestation_alone_is_told_and_not_trusted), RUN(an_envelope_is_told_field_by_field),
      RUN(judging_survives_a_lack_of_memory), RUN(real_quotes_hold_with_their_keys),
      RUN(a_real_hardware_report_binds_the_key_of_its_machine_alone), RUN(a_clouds_json_is_judged_like_its_parts),
      RUN(a_real_clouds_json_is_judged), RUN(real_forgeries_fail_their_row))
