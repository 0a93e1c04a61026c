/* Arm CCA and PSA tokens: views, writers, verdicts. */
#include "codec/base64.h"
#include "codec/pem.h"
#include "make_cca.h"
#include "testca.h"
#include "verifying.h"

#define AT 1764288000 /* 2025-11-28: nothing in these tokens has a date */

static const uint8_t nonce[64] = {0x6e, 0x6f, 0x6e, 0x63, 0x65};

static struct make_cca_spec spec_of(const char *profile, const char *realm, bool point, uint64_t tag)
{
    struct make_cca_spec spec = {.profile = profile, .realm_profile = realm, .point = point, .tag = tag};

    memcpy(spec.challenge, nonce, sizeof(nonce));
    return spec;
}

TEST(every_profile_is_trusted_by_its_platform_key)
{
    static const struct {
        const char *name, *profile, *realm;
        bool point;
        uint64_t tag;
        enum hf_curve platform, rak;
    } cases[] = {
        {"legacy", "http://arm.com/CCA-SSD/1.0.0", "", true, HF_CCA_TAG_COLLECTION, HF_P256, HF_P384},
        {"2023", NULL, NULL, false, HF_CCA_TAG_COLLECTION, HF_P384, HF_P384},
        {"2023, P-521", NULL, NULL, false, HF_CCA_TAG_COLLECTION, HF_P521, HF_P521},
        {"2024", "tag:arm.com,2024:cca_platform#2.0.0", "tag:arm.com,2024:realm#2.0.0", false, HF_CCA_TAG_CMW, HF_P384,
         HF_P256},
        {"2026", "tag:arm.com,2026:cca_platform#2.0.0", "tag:arm.com,2026:realm#2.0.0", false, HF_CCA_TAG_CMW, HF_P384,
         HF_P384},
        {"2026, realm without profile", "tag:arm.com,2026:cca_platform#2.1.0;delegated", "", false, HF_CCA_TAG_CMW,
         HF_P384, HF_P384},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct make_cca_spec spec = spec_of(cases[i].profile, cases[i].realm, cases[i].point, cases[i].tag);
        HF_CLEANUP(make_cca_keys_free) struct make_cca_keys keys = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf claim = {0};
        HF_CLEANUP(verifying_free) struct verifying j;

        CASE(cases[i].name);
        OK(make_cca_keys_new(cases[i].platform, cases[i].rak, &keys));
        OK(make_cca_token(&spec, &keys, &token));
        verifying_new(&j, AT);
        verifying_nonce(&j, HF_BYTES_OF(nonce));
        verifying_key(&j, hf_privkey_public(keys.platform));
        if (judge(&j, hf_buf_bytes(&token)) != HF_OK)
            show_rows(&j);
        OK(judge(&j, hf_buf_bytes(&token)));
        CHECK_TEXT(j.result->item[0].format->name, "cca-token");
        ROW_IS(&j, "realm signature", "ok");
        ROW_IS(&j, "binding", "ok");
        ROW_IS(&j, "environment", "not applicable");
        CHECK(j.result->item[0].findings.level == HF_LEVEL_LOW);
        OK(hf_verify_result_claim(j.result, "platform_software", &claim));
        CHECK_BYTES(hf_buf_bytes(&claim), hf_bytes_text("RSE_BL2,RMM"));
    }
    CASE("");
}

static void debug_realm(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)r;
    p->lifecycle = 0x4001;
}

static void debug_root(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)r;
    p->lifecycle = 0x5000;
}

static void provisioning(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)r;
    p->lifecycle = 0x20ff;
}

static void between_states(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)r;
    p->lifecycle = 0x3100;
}

static void beyond_states(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)r;
    p->lifecycle = 0x7000;
}

static void bound_to_another(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)r;
    p->nonce = (struct hf_bytes){nonce, 32};
}

static void bound_by_another_hash(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)p;
    r->key_hash = hf_bytes_text("sha-384");
}

static void bound_by_unknown_hash(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)p;
    r->key_hash = hf_bytes_text("md5");
}

static void unknown_hash(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)p;
    r->hash = hf_bytes_text("sm3");
}

static void wide_measurement(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)p;
    r->initial = HF_BYTES_OF(nonce);
}

static void unknown_profile(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)r;
    p->profile_text = hf_bytes_text("tag:arm.com,2031:cca_platform#9.0.0");
}

static void direct_profile(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)r;
    p->profile_text = hf_bytes_text("tag:arm.com,2024:cca_platform#2.0.0;direct");
}

static void legacy_profile(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)r;
    p->profile_text = hf_bytes_text("http://arm.com/CCA-SSD/1.0.0");
}

static void later_realm(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)p;
    r->profile = hf_bytes_text("tag:arm.com,2026:realm#2.0.0");
}

static void short_challenge(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)p;
    r->challenge.n = 32;
}

static void bad_instance(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)r;
    p->instance_id = (struct hf_bytes){nonce, 33};
}

static void no_software(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)r;
    p->n_components = 0;
}

static void odd_point(struct hf_arm_claims *p, struct hf_cca_realm *r)
{
    (void)p;
    r->public_key.n--;
}

TEST(what_is_wrong_has_its_row)
{
    static const struct {
        const char *name;
        void (*edit)(struct hf_arm_claims *p, struct hf_cca_realm *r);
        const char *failed;
    } cases[] = {
        {"the realm manager is debugged", debug_realm, "lifecycle,debug"},
        {"the root of trust is debugged", debug_root, "lifecycle,debug"},
        {"provisioning", provisioning, "lifecycle"},
        {"a lifecycle between states", between_states, "lifecycle"},
        {"a lifecycle beyond states", beyond_states, "lifecycle"},
        {"bound to another key", bound_to_another, "binding"},
        {"bound by another hash", bound_by_another_hash, "binding"},
        {"bound by an unknown hash", bound_by_unknown_hash, "binding"},
        {"an unknown hash", unknown_hash, "hash algorithms"},
        {"a measurement of another width, which is told", wide_measurement, ""},
        {"an unknown profile", unknown_profile, "profile"},
        {"the direct model", direct_profile, "profile"},
        {"a COSE_Key under the legacy profile", legacy_profile, "profile"},
        {"a realm of a later profile", later_realm, "profile"},
        {"a challenge of 32 bytes", short_challenge, "structure"},
        {"an instance id of another type", bad_instance, "structure"},
        {"no software components", no_software, "structure"},
        {"a key one byte short", odd_point, "structure"},
    };
    HF_CLEANUP(make_cca_keys_free) struct make_cca_keys keys = {0};
    HF_CLEANUP(verifying_free) struct verifying j;

    OK(make_cca_keys_new(HF_P384, HF_P384, &keys));
    verifying_new(&j, AT);
    verifying_nonce(&j, HF_BYTES_OF(nonce));
    verifying_key(&j, hf_privkey_public(keys.platform));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct make_cca_spec spec = spec_of(NULL, NULL, false, 0);
        HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};

        CASE(cases[i].name);
        spec.edit = cases[i].edit;
        OK(make_cca_token(&spec, &keys, &token));
        FAILS(judge(&j, hf_buf_bytes(&token)), cases[i].failed[0] ? HF_E_UNTRUSTED : HF_OK);
        only_failed(&j, cases[i].failed);
    }
    CASE("");
}

TEST(keys_and_nonces_decide)
{
    struct make_cca_spec spec = spec_of(NULL, NULL, false, 0);
    HF_CLEANUP(make_cca_keys_free) struct make_cca_keys keys = {0};
    HF_CLEANUP(make_cca_keys_free) struct make_cca_keys other = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf forged = {0};
    HF_CLEANUP(verifying_free) struct verifying j;
    uint8_t another[64] = {1};

    OK(make_cca_keys_new(HF_P384, HF_P384, &keys));
    OK(make_cca_keys_new(HF_P384, HF_P384, &other));
    OK(make_cca_token(&spec, &keys, &token));
    verifying_new(&j, AT);
    verifying_nonce(&j, HF_BYTES_OF(nonce));
    FAILS(judge(&j, hf_buf_bytes(&token)), HF_E_UNTRUSTED);
    only_failed(&j, "signature");
    CHECK(strstr(hf_verdict_row(&j.result->verdict, "signature")->note, "instance id"));
    verifying_key(&j, hf_privkey_public(other.platform));
    FAILS(judge(&j, hf_buf_bytes(&token)), HF_E_UNTRUSTED);
    only_failed(&j, "signature");
    verifying_key(&j, hf_privkey_public(keys.platform));
    OK(judge(&j, hf_buf_bytes(&token)));
    verifying_nonce(&j, HF_BYTES_OF(another));
    FAILS(judge(&j, hf_buf_bytes(&token)), HF_E_UNTRUSTED);
    only_failed(&j, "nonce,freshness");
    j.q.has_nonce = false;
    FAILS(judge(&j, hf_buf_bytes(&token)), HF_E_WARNED);
    ROW_IS(&j, "freshness", "absent");
    spec.realm_signer = other.realm;
    OK(make_cca_token(&spec, &keys, &forged));
    verifying_nonce(&j, HF_BYTES_OF(nonce));
    FAILS(judge(&j, hf_buf_bytes(&forged)), HF_E_UNTRUSTED);
    only_failed(&j, "realm signature");
}

TEST(a_key_s_certificate_needs_a_root_and_what_travels_along_vouches_for_nothing)
{
    struct make_cca_spec spec = spec_of(NULL, NULL, false, 0);
    HF_CLEANUP(make_cca_keys_free) struct make_cca_keys keys = {0};
    HF_CLEANUP(testca_free) struct testca root = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf cert = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf both = {0};
    HF_CLEANUP(verifying_free) struct verifying j;
    HF_CLEANUP(verifying_free) struct verifying k;

    OK(make_cca_keys_new(HF_P384, HF_P384, &keys));
    OK(make_cca_token(&spec, &keys, &token));
    OK(testca_new(&(struct testca_spec){.subject = "CN=Maker", .ca = true, .key_usage = HF_KU_CERT_SIGN}, NULL, &root));
    OK(testca_issue(&(struct testca_spec){.subject = "CN=CPAK", .key_usage = HF_KU_DIGITAL_SIGNATURE}, root.key,
                    root.cert, hf_privkey_public(keys.platform), &cert));
    verifying_new(&j, AT);
    verifying_nonce(&j, HF_BYTES_OF(nonce));
    OK(hf_verifier_add_collateral(j.verifier, hf_buf_bytes(&cert), "cpak.der"));
    FAILS(judge(&j, hf_buf_bytes(&token)), HF_E_UNTRUSTED);
    ROW_IS(&j, "signature", "ok");
    ROW_IS(&j, "root", "failed");
    OK(hf_verifier_add_root(j.verifier, root.cert->der, "maker"));
    FAILS(judge(&j, hf_buf_bytes(&token)), HF_E_WARNED);
    only_failed(&j, "");
    ROW_IS(&j, "root", "ok");
    ROW_IS(&j, "revocation", "absent");
    OK(hf_pem_write("CERTIFICATE", hf_buf_bytes(&cert), &pem));
    OK(hf_buf_add(&both, hf_bytes_text("{\"evidence\": \"")));
    OK(hf_base64_write(hf_buf_bytes(&token), &both));
    OK(hf_buf_add(&both, hf_bytes_text("\", \"certificate\": \"")));
    OK(hf_base64_write(hf_buf_bytes(&pem), &both));
    OK(hf_buf_add(&both, hf_bytes_text("\"}")));
    verifying_new(&k, AT);
    verifying_nonce(&k, HF_BYTES_OF(nonce));
    FAILS(judge(&k, hf_buf_bytes(&both)), HF_E_UNTRUSTED);
    only_failed(&k, "signature");
}

TEST(no_flipped_byte_is_trusted)
{
    struct make_cca_spec spec = spec_of(NULL, NULL, false, 0);
    HF_CLEANUP(make_cca_keys_free) struct make_cca_keys keys = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf psa = {0};
    HF_CLEANUP(verifying_free) struct verifying j;
    struct hf_buf *tokens[] = {&token, &psa};

    OK(make_cca_keys_new(HF_P256, HF_P256, &keys));
    OK(make_cca_token(&spec, &keys, &token));
    OK(make_psa_token(&spec, &keys, &psa));
    verifying_new(&j, AT);
    verifying_nonce(&j, (struct hf_bytes){nonce, 64});
    verifying_key(&j, hf_privkey_public(keys.platform));
    OK(judge(&j, hf_buf_bytes(&token)));
    for (size_t t = 0; t < HF_COUNT(tokens); t++) {
        verifying_nonce(&j, (struct hf_bytes){nonce, t ? 32 : 64});
        OK(judge(&j, hf_buf_bytes(tokens[t])));
        for (size_t i = 0; i < tokens[t]->n; i++) {
            tokens[t]->p[i] ^= (uint8_t)(1 << i % 8);
            if (judge(&j, hf_buf_bytes(tokens[t])) != HF_E_UNTRUSTED &&
                judge(&j, hf_buf_bytes(tokens[t])) != HF_E_FORMAT)
                FAIL("token %zu is still trusted with byte %zu flipped", t, i);
            tokens[t]->p[i] ^= (uint8_t)(1 << i % 8);
        }
    }
}

TEST(psa_tokens_are_trusted_by_their_key_and_macs_never)
{
    static const struct {
        const char *name, *profile;
        bool mac;
        void (*edit)(struct hf_arm_claims *p, struct hf_cca_realm *r);
        const char *failed;
    } cases[] = {
        {"RFC 9783", NULL, false, NULL, ""},
        {"its drafts", "http://arm.com/psa/2.0.0", false, NULL, ""},
        {"PSA_IOT_PROFILE_1", "PSA_IOT_PROFILE_1", false, NULL, ""},
        {"a MAC", NULL, true, NULL, "signature"},
        {"an unknown profile", "tag:psacertified.org,2044:psa#x", false, NULL, "profile"},
        {"debug outside the root of trust", NULL, false, debug_realm, "lifecycle,debug"},
        {"an instance id of another type", NULL, false, bad_instance, "structure"},
        {"no software components", NULL, false, no_software, "structure"},
    };
    HF_CLEANUP(make_cca_keys_free) struct make_cca_keys keys = {0};
    HF_CLEANUP(verifying_free) struct verifying j;

    OK(make_cca_keys_new(HF_P256, HF_P256, &keys));
    verifying_new(&j, AT);
    verifying_nonce(&j, (struct hf_bytes){nonce, 32});
    verifying_key(&j, hf_privkey_public(keys.platform));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct make_cca_spec spec = spec_of(cases[i].profile, NULL, false, 0);
        HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        struct hf_psa_token parsed;

        CASE(cases[i].name);
        spec.mac = cases[i].mac;
        spec.edit = cases[i].edit;
        OK(make_psa_token(&spec, &keys, &token));
        FAILS(judge(&j, hf_buf_bytes(&token)), cases[i].failed[0] ? HF_E_UNTRUSTED : HF_OK);
        CHECK_TEXT(j.result->item[0].format->name, "psa-token");
        only_failed(&j, cases[i].failed);
        if (hf_psa_token_parse(hf_buf_bytes(&token), &parsed) != HF_OK)
            continue;
        OK(hf_psa_token_write(&parsed, &again));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&token));
        hf_buf_free(&again);
        OK(hf_arm_claims_write(&parsed.claims, &again));
        CHECK_BYTES(hf_buf_bytes(&again), parsed.message.payload);
    }
    CASE("");
}

TEST(tokens_are_written_as_they_were_read)
{
    static const uint64_t tags[] = {HF_CCA_TAG_COLLECTION, HF_CCA_TAG_CMW};
    HF_CLEANUP(make_cca_keys_free) struct make_cca_keys keys = {0};

    OK(make_cca_keys_new(HF_P384, HF_P384, &keys));
    for (size_t i = 0; i < HF_COUNT(tags); i++) {
        struct make_cca_spec spec = spec_of(NULL, NULL, false, tags[i]);
        HF_CLEANUP(hf_buf_free) struct hf_buf token = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        struct hf_cca_token parsed;

        OK(make_cca_token(&spec, &keys, &token));
        OK(hf_cca_token_parse(hf_buf_bytes(&token), &parsed));
        OK(hf_cca_token_write(&parsed, &again));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&token));
        hf_buf_free(&again);
        OK(hf_arm_claims_write(&parsed.platform_claims, &again));
        CHECK_BYTES(hf_buf_bytes(&again), parsed.platform.payload);
        hf_buf_free(&again);
        OK(hf_cca_realm_write(&parsed.realm_claims, &again));
        CHECK_BYTES(hf_buf_bytes(&again), parsed.realm.payload);
        for (size_t n = 0; n < token.n; n++)
            CHECK(hf_cca_token_parse((struct hf_bytes){token.p, n}, &parsed) != HF_OK);
    }
}

static hf_err write_once(const struct hf_cca_token *token, const struct hf_psa_token *psa)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    HF_TRY(hf_cca_token_write(token, &out));
    HF_TRY(hf_arm_claims_write(&token->platform_claims, &out));
    HF_TRY(hf_cca_realm_write(&token->realm_claims, &out));
    HF_TRY(hf_cose_key_write(&token->realm_claims.key, &out));
    return hf_psa_token_write(psa, &out);
}

TEST(writers_survive_want_of_memory)
{
    struct make_cca_spec spec = spec_of(NULL, NULL, false, 0);
    HF_CLEANUP(make_cca_keys_free) struct make_cca_keys keys = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf cca = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf mac = {0};
    struct hf_cca_token token;
    struct hf_psa_token psa;

    OK(make_cca_keys_new(HF_P256, HF_P256, &keys));
    OK(make_cca_token(&spec, &keys, &cca));
    spec.mac = true;
    OK(make_psa_token(&spec, &keys, &mac));
    OK(hf_cca_token_parse(hf_buf_bytes(&cca), &token));
    OK(hf_psa_token_parse(hf_buf_bytes(&mac), &psa));
    SWEEP(write_once(&token, &psa));
}

TESTS(RUN(every_profile_is_trusted_by_its_platform_key), RUN(what_is_wrong_has_its_row), RUN(keys_and_nonces_decide),
      RUN(a_key_s_certificate_needs_a_root_and_what_travels_along_vouches_for_nothing), RUN(no_flipped_byte_is_trusted),
      RUN(psa_tokens_are_trusted_by_their_key_and_macs_never), RUN(tokens_are_written_as_they_were_read),
      RUN(writers_survive_want_of_memory))
