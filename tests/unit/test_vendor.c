/* Vendor commitments and mock evidence: what a vendor signed holds, for as long as it says, and for nobody else. */
#include "base/text.h"
#include "codec/hex.h"
#include "evidence/mock.h"
#include "evidence/vendor_commitment.h"
#include "evidence/vendor_schema.h"
#include "judging.h"
#include "policy/verify.h"
#include "testca.h"

#define NOW ((hf_time)1700000000)

static struct judging g;
static const uint8_t a_nonce[16] = {0x10, 0x32};

/* Texts of a struct that owns its texts when it is read: here they are literals, which nobody frees. */
static char *lit(const char *text)
{
    static char room[64][128];
    static size_t n;
    char *place = room[n++ % HF_COUNT(room)];

    (void)snprintf(place, sizeof(room[0]), "%s", text);
    return place;
}

static struct hf_vendor_commitment template(void)
{
    return (struct hf_vendor_commitment){
        .vendor = lit("Example AI"),
        .model_name = lit("llama-2-7b"),
        .model_version = lit("1.0.0"),
        .model_hash = lit("abc123"),
        .architecture = lit("transformer"),
        .parameters = {HF_JSON_NUMBER, hf_bytes_text("7000000000")},
        .api_endpoint = lit("https://api.example.com"),
        .api_version = lit("v1"),
        .nonce = lit("10320000000000000000000000000000"),
        .guarantees = {HF_JSON_OBJECT, hf_bytes_text("{\"model_immutability\":true,\"data_residency\":\"eu\"}")},
        .timestamp = NOW,
        .issued_at = NOW,
        .expires_at = NOW + 3600,
        .issuer_name = lit("Example AI"),
    };
}

static hf_err make_key(const char *which, struct hf_privkey **out)
{
    if (strcmp(which, "ed25519") == 0)
        return hf_privkey_generate_ed25519(out);
    if (strcmp(which, "rsa") == 0)
        return hf_privkey_generate_rsa(2048, out);
    if (strcmp(which, "P-521") == 0)
        return hf_privkey_generate_ec(HF_P521, out);
    return hf_privkey_generate_ec(strcmp(which, "P-384") == 0 ? HF_P384 : HF_P256, out);
}

static void start(hf_time at)
{
    judging_start(&g, at);
    judging_nonce(&g, HF_BYTES_OF(a_nonce));
}

static void give_key(struct hf_endorsements *set, const struct hf_privkey *key)
{
    OK(hf_endorsements_add_key(set, hf_pubkey_share(hf_privkey_public(key)), "vendor.pem"));
}

static void must(struct hf_bytes doc, const char *failed)
{
    enum hf_verdict_status status = judging_run(&g, "vendor-commitment", doc);

    CHECK_TEXT(judging_failed(&g), failed);
    CHECK(status == (failed[0] ? HF_VERDICT_CONTRAINDICATED : HF_VERDICT_AFFIRMING));
}

TEST(a_commitment_signed_by_a_given_key_holds)
{
    static const char *const keys[] = {"ed25519", "P-256", "P-384", "rsa"};

    for (size_t i = 0; i < HF_COUNT(keys); i++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        HF_CLEANUP(hf_vendor_commitment_free) struct hf_vendor_commitment view = {0};
        struct hf_vendor_commitment t = template();

        CASE(keys[i]);
        OK(make_key(keys[i], &key));
        OK(hf_vendor_commitment_sign(&t, key, &doc));
        OK(hf_vendor_commitment_parse(hf_buf_bytes(&doc), &view));
        OK(hf_vendor_commitment_write(&view, &again));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&doc));
        start(NOW + 1);
        give_key(&g.endorsements, key);
        must(hf_buf_bytes(&doc), "");
        CHECK(g.findings.level == HF_LEVEL_MEDIUM && g.findings.environment == HF_ENV_UNKNOWN && g.findings.fresh);
        CHECK(g.findings.horizon.until == NOW + 3600 && g.findings.made_at == NOW);
        CHECK(hf_claim_is(hf_claim_find(&g.findings.claims, "model_hash"), "abc123"));
        CHECK(hf_claim_is(hf_claim_find(&g.findings.claims, "parameter_count"), "7000000000"));
        CHECK(hf_claim_is(hf_claim_find(&g.findings.claims, "guarantee_model_immutability"), "true"));
        CHECK(hf_claim_is(hf_claim_find(&g.findings.claims, "guarantee_data_residency"), "eu"));
        judging_free(&g);
    }
    CASE("");
}

TEST(a_key_that_only_travels_with_the_evidence_vouches_for_nothing)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *other = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    struct hf_vendor_commitment t = template();

    OK(make_key("P-256", &key));
    OK(make_key("P-256", &other));
    OK(hf_vendor_commitment_sign(&t, key, &doc));
    start(NOW);
    give_key(&g.inner, key);
    must(hf_buf_bytes(&doc), "root, signature");
    give_key(&g.endorsements, other);
    must(hf_buf_bytes(&doc), "root, signature");
    judging_free(&g);
    t.key_id = lit("vendor-key-1"); /* a name: each key that was given is tried */
    hf_buf_free(&doc);
    OK(hf_vendor_commitment_sign(&t, key, &doc));
    start(NOW);
    give_key(&g.endorsements, other);
    must(hf_buf_bytes(&doc), "signature");
    give_key(&g.endorsements, key);
    must(hf_buf_bytes(&doc), "");
    judging_free(&g);
}

/* One member changed after signing, or before. */
TEST(what_is_changed_or_wrong_is_refused)
{
    static const struct {
        const char *name;
        const char *change, *into;
        const char *failed;
        hf_time at;
    } cases[] = {
        {"nothing", "", "", "", NOW},
        {"a later expiry", "1700003600", "1700009600", "signature", NOW},
        {"another issuer", "\"issuer\":{\"name\":\"Example AI\"", "\"issuer\":{\"name\":\"Example AJ\"", "signature",
         NOW},
        {"another model", "abc123", "abc124", "signature", NOW},
        {"another endpoint", "api.example.com", "api.example.org", "signature", NOW},
        {"an unknown member", "\"version\":\"1.0\"", "\"version\":\"1.0\",\"x\":1", "structure", NOW},
        {"a member twice", "\"type\":", "\"version\":\"1.0\",\"type\":", "structure", NOW},
        {"another version", "\"version\":\"1.0\"", "\"version\":\"2.0\"", "structure", NOW},
        {"HMAC", "Ed25519", "HMAC-SHA256", "algorithm", NOW},
        {"HS256", "Ed25519", "HS256", "algorithm", NOW},
        {"no algorithm", "Ed25519", "none", "algorithm", NOW},
        {"another algorithm", "Ed25519", "ES256", "root, signature", NOW},
        {"spaces, which canonical form takes away", "\"type\":", " \"type\" : ", "", NOW},
        {"the last second", "", "", "", NOW + 3600},
        {"a second too late", "", "", "commitment validity", NOW + 3601},
        {"300 s early", "", "", "", NOW - 300},
        {"301 s early", "", "", "commitment validity, age", NOW - 301},
        {"an empty signature", "\"signature\":\"", "\"signature\":\"\",\"key_ie\":\"", "structure", NOW},
    };
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    struct hf_vendor_commitment t = template();

    OK(make_key("ed25519", &key));
    OK(hf_vendor_commitment_sign(&t, key, &doc));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf bad = {0};
        const uint8_t *place = memmem(doc.p, doc.n, cases[i].change, strlen(cases[i].change));
        size_t n;

        CASE(cases[i].name);
        CHECK(place);
        n = (size_t)(place - doc.p);
        OK(hf_buf_add(&bad, (struct hf_bytes){doc.p, n}));
        OK(hf_buf_add(&bad, hf_bytes_text(cases[i].into)));
        n += strlen(cases[i].change);
        OK(hf_buf_add(&bad, (struct hf_bytes){doc.p + n, doc.n - n}));
        start(cases[i].at);
        give_key(&g.endorsements, key);
        must(hf_buf_bytes(&bad), cases[i].failed);
        judging_free(&g);
    }
    CASE("");
}

TEST(no_byte_of_a_canonical_document_can_be_changed)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    struct hf_vendor_commitment t = template();

    OK(make_key("ed25519", &key));
    OK(hf_vendor_commitment_sign(&t, key, &doc));
    start(NOW);
    give_key(&g.endorsements, key);
    for (size_t i = 0; i < doc.n; i++) {
        doc.p[i] ^= 1u << (i % 7);
        if (judging_run(&g, "vendor-commitment", hf_buf_bytes(&doc)) != HF_VERDICT_CONTRAINDICATED)
            FAIL("byte %zu changed, and still trusted", i);
        doc.p[i] ^= 1u << (i % 7);
    }
    must(hf_buf_bytes(&doc), "");
    judging_free(&g);
}

TEST(a_certificate_leads_to_a_root_that_was_given)
{
    static const struct {
        const char *name;
        const char *failed;
        enum hf_anchor_vendor vendor;
        bool ca, late, no_usage;
    } cases[] = {
        {"a root of the caller's", "", HF_VENDOR_ANY, false, false, false},
        {"a root of another vendor's evidence", "certificate chain, root", HF_VENDOR_AWS_NITRO, false, false, false},
        {"an authority that signs itself", "certificate role", HF_VENDOR_ANY, true, false, false},
        {"a certificate that is expired", "validity", HF_VENDOR_ANY, false, true, false},
        {"a certificate to issue with", "certificate role", HF_VENDOR_ANY, false, false, true},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(testca_free) struct testca root = {0};
        HF_CLEANUP(testca_free) struct testca leaf = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
        struct hf_vendor_commitment t = template();
        struct testca_spec spec = {.subject = "CN=Signer", .ca = cases[i].ca, .key_usage = HF_KU_DIGITAL_SIGNATURE};

        CASE(cases[i].name);
        if (cases[i].no_usage)
            spec.key_usage = HF_KU_KEY_AGREEMENT;
        if (cases[i].late) {
            spec.from = TESTCA_FROM;
            spec.until = NOW - 1;
        }
        OK(testca_new(&(struct testca_spec){.subject = "CN=Root", .ca = true, .key_usage = HF_KU_CERT_SIGN}, NULL,
                      &root));
        OK(testca_new(&spec, &root, &leaf));
        OK(hf_cert_to_pem(leaf.cert, &pem));
        t.certificate_chain.n = 1;
        t.certificate_chain.item = &(char *){NULL};
        OK(hf_buf_text(&pem, &t.certificate_chain.item[0]));
        OK(hf_vendor_commitment_sign(&t, leaf.key, &doc));
        start(NOW);
        OK(hf_anchors_add(&g.anchors, cases[i].vendor, HF_ENV_UNKNOWN, root.cert->spki_sha256, "test"));
        OK(hf_endorsements_add_cert(&g.endorsements, hf_cert_share(root.cert), "root"));
        must(hf_buf_bytes(&doc), cases[i].failed);
        judging_free(&g);
    }
    CASE("");
}

TEST(keys_without_an_algorithm_sign_nothing)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    struct hf_vendor_commitment t = template();

    OK(make_key("P-521", &key));
    FAILS(hf_vendor_commitment_sign(&t, key, &doc), HF_E_KEY_TYPE);
    t.algorithm = lit("HMAC-SHA256");
    FAILS(hf_vendor_commitment_sign(&t, key, &doc), HF_E_UNSUPPORTED);
    CHECK_DETAIL("whoever can verify it can forge it");
}

static struct hf_buf swept;

static hf_err parse_swept(void)
{
    HF_CLEANUP(hf_vendor_commitment_free) struct hf_vendor_commitment view = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

    HF_TRY(hf_vendor_commitment_parse(hf_buf_bytes(&swept), &view));
    HF_TRY(hf_vendor_commitment_write(&view, &again));
    return hf_vendor_commitment_signed(hf_buf_bytes(&swept), &again);
}

TEST(each_allocation_may_fail)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    struct hf_vendor_commitment t = template();

    OK(make_key("ed25519", &key));
    OK(hf_vendor_commitment_sign(&t, key, &swept));
    SWEEP(parse_swept());
    hf_buf_free(&swept);
}

/* ---- mock ---- */

TEST(mock_evidence_is_emulated_and_refused)
{
    HF_CLEANUP(hf_verifier_free) struct hf_verifier *verifier = NULL;
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *result = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf doc = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    HF_CLEANUP(hf_mock_free) struct hf_mock view = {0};
    struct hf_mock mock = {.measurement = lit("m"), .test_value = lit("42"), .nonce = lit("n-1"), .timestamp = NOW};
    struct hf_bytes evidence;
    struct hf_verify_request q = {.evidence = &evidence, .n_evidence = 1, .at = NOW, .has_nonce = true};

    OK(hf_mock_write(&mock, &doc));
    OK(hf_mock_parse(hf_buf_bytes(&doc), &view));
    OK(hf_mock_write(&view, &again));
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&doc));
    q.nonce = hf_bytes_text("n-1");
    evidence = hf_buf_bytes(&doc);
    OK(hf_verifier_new(&verifier));
    OK(hf_verify_result_new(&result));
    FAILS(hf_verify(verifier, &q, result), HF_E_UNTRUSTED);
    CHECK_TEXT(hf_verdict_row(&result->verdict, "environment")->note, "it is emulated: no hardware stands behind it");
    CHECK(hf_verdict_row(&result->verdict, "environment")->status == HF_CHECK_FAILED);
    CHECK(hf_verdict_row(&result->verdict, "nonce")->status == HF_CHECK_OK);
    CHECK(result->item[0].findings.level == HF_LEVEL_LOW);
    CHECK(hf_claim_is(hf_verify_result_find(result, "mock_measurement"), "m"));
    for (size_t i = 0; i < result->verdict.n; i++) {
        if (result->verdict.row[i].status == HF_CHECK_FAILED)
            CHECK_TEXT(result->verdict.row[i].name, "environment"); /* nothing else: a policy can allow it */
    }
}

TEST(mock_evidence_that_does_not_fit_is_refused)
{
    static const char *const bad[] = {
        "{\"holdfast\":\"mock/1\"}",
        "{\"holdfast\":\"mock/2\",\"mock_measurement\":\"m\",\"timestamp\":1}",
        "{\"holdfast\":\"mock/1\",\"mock_measurement\":\"m\",\"timestamp\":1,\"more\":1}",
        "{\"holdfast\":\"mock/1\",\"mock_measurement\":\"m\",\"timestamp\":\"1\"}",
        "{\"holdfast\":\"mock/1\",\"holdfast\":\"mock/1\",\"mock_measurement\":\"m\",\"timestamp\":1}",
        "{\"holdfast\":\"mock/1\",\"mock_measurement\":\"m\\u0000\",\"timestamp\":1}",
        "{\"holdfast\":\"mock/1\"",
    };
    struct hf_mock view;

    for (size_t i = 0; i < HF_COUNT(bad); i++) {
        CASE(bad[i]);
        FAILS(hf_mock_parse(hf_bytes_text(bad[i]), &view), HF_E_FORMAT);
    }
    CASE("");
}

TEST(json_formats_are_known_by_their_outermost_object)
{
    static const struct {
        const char *json;
        const char *format;
    } cases[] = {
        {" {\"a\":{\"b\":[1,\"}\"]},\"holdfast\":\"mock/1\"}", "mock"},
        {"{\"x\":\"holdfast\",\"holdfast\" : \"mock/1\"}", "mock"},
        {"{\"type\":\"vendor_commitment\"}", "vendor-commitment"},
        {"{\"holdfast\":\"mock/1\",\"type\":\"vendor_commitment\"}", "mock"},
        {"{\"holdfast\":\"x\",\"type\":\"vendor_commitment\"}", NULL},
        {"{\"inner\":{\"holdfast\":\"mock/1\"}}", NULL},
        {"[\"holdfast\",\"mock/1\"]", NULL},
        {"{\"holdfast\":\"mock/11\"}", NULL},
        {"{\"holdfast\":", NULL},
        {"{\"holdfast", NULL},
        {"{\"holdfast\":\"mock/1", NULL},
        {"{\"\\", NULL},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        const struct hf_evidence_format *format = NULL;

        CASE(cases[i].json);
        if (cases[i].format) {
            OK(hf_evidence_detect(hf_bytes_text(cases[i].json), NULL, &format));
            CHECK_TEXT(format->name, cases[i].format);
        } else {
            FAILS(hf_evidence_detect(hf_bytes_text(cases[i].json), NULL, &format), HF_E_FORMAT);
        }
    }
    CASE("");
}

TEST(a_schema_names_the_field_that_does_not_fit)
{
    static const char json[] = "{\"model\":\"m\",\"timestamp\":17,\"signature\":\"abcd\",\"tags\":[1,2],\"none\":null,"
                               "\"commitment\":{\"vendor\":\"v\",\"model\":{\"name\":\"n\"}}}";
    static const char *const required[] = {"model", "timestamp", "commitment.model.name", "vendor"};
    static const char *const missing[] = {"model", "expires"};
    static const char *const null[] = {"none"};
    static const char *const optional[] = {"signature", "tags", "none", "commitment"};
    static const struct {
        const char *name;
        struct hf_vendor_schema schema;
        struct hf_vendor_rule rule;
        hf_err want;
        const char *detail;
    } cases[] = {
        {"all there", {NULL, required, 4, NULL, 0, NULL, 0}, {0}, HF_OK, ""},
        {"a missing field", {NULL, missing, 2, NULL, 0, NULL, 0}, {0}, HF_E_MISMATCH, "field expires is missing"},
        {"a field that is null", {NULL, null, 1, NULL, 0, NULL, 0}, {0}, HF_E_MISMATCH, "field none"},
        {"its vendor", {"v", required, 4, NULL, 0, NULL, 0}, {0}, HF_OK, ""},
        {"another vendor", {"w", required, 4, NULL, 0, NULL, 0}, {0}, HF_E_MISMATCH, "field vendor"},
        {"listed fields alone", {NULL, required, 2, optional, 4, NULL, 0}, {0}, HF_OK, ""},
        {"another field", {NULL, required, 2, optional, 2, NULL, 0}, {0}, HF_E_MISMATCH, "none"},
        {"a type", {.n_rules = 1}, {"timestamp", "int", true, true, 17, 17}, HF_OK, ""},
        {"another type", {.n_rules = 1}, {"timestamp", "str", false, false, 0, 0}, HF_E_MISMATCH, "field timestamp"},
        {"a type that is none", {.n_rules = 1}, {"timestamp", "<class 'int'>", false, false, 0, 0}, HF_E_CONFIG,
         "class"},
        {"too small", {.n_rules = 1}, {"timestamp", "number", true, false, 17.5, 0}, HF_E_MISMATCH, "below"},
        {"too large", {.n_rules = 1}, {"timestamp", NULL, false, true, 0, 16}, HF_E_MISMATCH, "above"},
        {"a text's length", {.n_rules = 1}, {"signature", "string", true, true, 4, 4}, HF_OK, ""},
        {"a text too long", {.n_rules = 1}, {"signature", "string", false, true, 0, 3}, HF_E_MISMATCH, "signature"},
        {"a list's items", {.n_rules = 1}, {"tags", "list", true, true, 2, 2}, HF_OK, ""},
        {"a field that may be absent", {.n_rules = 1}, {"absent", "int", true, true, 1, 1}, HF_OK, ""},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_vendor_schema schema = cases[i].schema;

        CASE(cases[i].name);
        schema.rules = &cases[i].rule;
        FAILS(hf_vendor_schema_check(&schema, hf_bytes_text(json)), cases[i].want);
        if (cases[i].want != HF_OK)
            CHECK_DETAIL(cases[i].detail);
    }
    CASE("");
    FAILS(hf_vendor_schema_check(&cases[0].schema, hf_bytes_text("[]")), HF_E_FORMAT);
    FAILS(hf_vendor_schema_check(&cases[0].schema, hf_bytes_text("{")), HF_E_FORMAT);
}

TESTS(RUN(a_commitment_signed_by_a_given_key_holds), RUN(a_key_that_only_travels_with_the_evidence_vouches_for_nothing),
      RUN(what_is_changed_or_wrong_is_refused), RUN(no_byte_of_a_canonical_document_can_be_changed),
      RUN(a_certificate_leads_to_a_root_that_was_given), RUN(keys_without_an_algorithm_sign_nothing),
      RUN(each_allocation_may_fail), RUN(mock_evidence_is_emulated_and_refused),
      RUN(mock_evidence_that_does_not_fit_is_refused), RUN(a_schema_names_the_field_that_does_not_fit),
      RUN(json_formats_are_known_by_their_outermost_object))
