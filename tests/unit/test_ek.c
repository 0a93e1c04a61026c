/* tpm/ek, ek_certificate, ek_verify: templates, adopting, certificates in NV, verdicts, pins. */
#include "base/file.h"
#include "crypto/chain.h"
#include "software_tpm.h"
#include "test.h"
#include "testca.h"
#include "tpm/ek.h"
#include "tpm_rig.h"
#include "unhex.h"
#include "vectors.h"

#include <dirent.h>
#include <holdfast/policy.h>
#include <signal.h>

#define AT ((hf_time)1798761600) /* 2027-01-01 */

/* ---- templates ---- */

static void policy_a(enum hf_hash_alg alg, struct hf_buf *out)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;

    OK(hf_policy_parse(hf_bytes_text("secret endorsement"), &policy));
    OK(hf_policy_digest(policy, hf_hash_name(alg), out));
}

/* PolicyOR(PolicyA, PolicyAuthorizeNV(the profile's index for this hash)), B.6 of the profile. */
static void policy_b(enum hf_hash_alg alg, struct hf_digest *out)
{
    static const uint8_t cc_authorize_nv[] = {0, 0, 1, 0x92};
    static const uint8_t cc_or[] = {0, 0, 1, 0x71};
    static const uint8_t zeros[64];
    HF_CLEANUP(hf_buf_free) struct hf_buf a = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    TPMS_NV_PUBLIC nv = {
        .nameAlg = (uint16_t)alg, .attributes = 0x220f1008, .dataSize = (uint16_t)(hf_hash_size(alg) + 2)};
    struct hf_tpm_name name;
    struct hf_digest c;

    policy_a(alg, &a);
    nv.nvIndex = alg == HF_SHA256 ? 0x01c07f01 : alg == HF_SHA384 ? 0x01c07f02 : 0x01c07f03;
    nv.authPolicy.size = (uint16_t)a.n;
    memcpy(nv.authPolicy.buffer, a.p, a.n);
    OK(hf_tpm_nv_public_write(&nv, &area));
    OK(hf_tpm_nv_public_name(hf_buf_bytes(&area), &name));
    {
        struct hf_bytes parts[] = {{zeros, a.n}, HF_BYTES_OF(cc_authorize_nv), hf_tpm_name_bytes(&name)};

        OK(hf_hash(alg, parts, 3, &c));
    }
    {
        struct hf_bytes parts[] = {{zeros, a.n}, HF_BYTES_OF(cc_or), hf_buf_bytes(&a), hf_digest_bytes(&c)};

        OK(hf_hash(alg, parts, 4, out));
    }
}

TEST(the_policies_of_the_templates_are_what_the_profile_derives)
{
    for (int kind = 0; kind < HF_TPM_EK_KINDS; kind++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf a = {0};
        struct hf_digest b;
        TPMT_PUBLIC pub;
        struct hf_bytes have;

        CASE(hf_tpm_ek_kind_name((enum hf_tpm_ek_kind)kind));
        OK(hf_tpm_ek_template((enum hf_tpm_ek_kind)kind, &pub));
        have = (struct hf_bytes){pub.authPolicy.buffer, pub.authPolicy.size};
        if (pub.objectAttributes & TPMA_OBJECT_USERWITHAUTH) {
            policy_b((enum hf_hash_alg)pub.nameAlg, &b);
            CHECK_BYTES(have, hf_digest_bytes(&b));
        } else {
            policy_a(HF_SHA256, &a);
            CHECK_BYTES(have, hf_buf_bytes(&a));
        }
    }
}

TEST(the_low_range_rsa_template_is_that_of_other_programs)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf mine = {0};
    TPMT_PUBLIC pub;

    NEED_VECTORS();
    vector("tpm/misc/tpm2tools-ek-template-default.bin", &file);
    OK(hf_tpm_ek_template(HF_TPM_EK_RSA2048, &pub));
    OK(hf_tpm_public_write(&pub, &mine));
    CHECK_BYTES(hf_buf_bytes(&mine), hf_buf_bytes(&file));
}

TEST(kinds_have_names)
{
    enum hf_tpm_ek_kind kind = HF_TPM_EK_KINDS;

    for (int i = 0; i < HF_TPM_EK_KINDS; i++) {
        OK(hf_tpm_ek_kind_by_name(hf_tpm_ek_kind_name((enum hf_tpm_ek_kind)i), &kind));
        CHECK((int)kind == i);
    }
    FAILS(hf_tpm_ek_kind_by_name("rsa", &kind), HF_E_ARG);
    FAILS(hf_tpm_ek_kind_by_name("", &kind), HF_E_ARG);
    CHECK_TEXT(hf_tpm_ek_kind_name((enum hf_tpm_ek_kind)99), "unknown");
}

/* ---- making, adopting, persisting ---- */

TEST(an_ek_is_made_again_from_its_template_and_adopted_where_it_stands)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *made = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *again = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *adopted = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *p384 = NULL;

    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &made));
    CHECK(!made->persistent);
    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &again));
    CHECK_BYTES(hf_tpm_name_bytes(&again->name), hf_tpm_name_bytes(&made->name));
    OK(hf_tpm_ek_persist(&made, HF_TPM_EK_P256, NULL));
    CHECK(made->persistent && made->handle == 0x81010016);
    OK(hf_tpm_ek_persist(&made, HF_TPM_EK_P256, NULL));
    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &adopted));
    CHECK(adopted->persistent && adopted->handle == 0x81010016);
    CHECK_BYTES(hf_tpm_name_bytes(&adopted->name), hf_tpm_name_bytes(&again->name));
    /* Its usual place is taken by another key: it is made, and that one left alone. */
    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P384, NULL, &p384));
    CHECK(!p384->persistent);
    FAILS(hf_tpm_ek_persist(&p384, HF_TPM_EK_P384, NULL), HF_E_EXISTS);
    CHECK(p384 && !p384->persistent);
    OK(hf_tpm_key_persist(p384, NULL, 0x810100ff)); /* somewhere else in the range */
    hf_tpm_key_close(&p384);
    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P384, NULL, &p384));
    CHECK(p384->persistent && p384->handle == 0x810100ff);
}

TEST(template_and_nonce_in_nv_are_the_makers_word)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *plain = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *nonced = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *templated = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf template = {0};
    static const uint8_t zero_nonce[32];
    TPMT_PUBLIC pub;

    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &plain));
    tpm_rig_nv(&rig, 0x01c0000b, hf_bytes_text("a nonce"));
    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &nonced));
    CHECK(!hf_bytes_equal(hf_tpm_name_bytes(&nonced->name), hf_tpm_name_bytes(&plain->name)));
    hf_tpm_key_close(&nonced);
    tpm_rig_nv_remove(&rig, 0x01c0000b);
    tpm_rig_nv(&rig, 0x01c0000b, HF_BYTES_OF(zero_nonce)); /* zeros are what the template has */
    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &nonced));
    CHECK_BYTES(hf_tpm_name_bytes(&nonced->name), hf_tpm_name_bytes(&plain->name));
    tpm_rig_nv_remove(&rig, 0x01c0000b);
    /* A template of the maker's own: another AES key size */
    OK(hf_tpm_ek_template(HF_TPM_EK_P256, &pub));
    pub.parameters.eccDetail.symmetric.keyBits.aes = 256;
    OK(hf_tpm_public_write(&pub, &template));
    tpm_rig_nv(&rig, 0x01c0000c, hf_buf_bytes(&template));
    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &templated));
    CHECK(templated->pub.parameters.eccDetail.symmetric.keyBits.aes == 256);
    tpm_rig_nv_remove(&rig, 0x01c0000c);
    hf_tpm_key_close(&templated);
    /* One of a key that signs is no EK's. */
    pub.objectAttributes = (pub.objectAttributes & ~TPMA_OBJECT_DECRYPT) | TPMA_OBJECT_SIGN_ENCRYPT;
    template.n = 0;
    OK(hf_tpm_public_write(&pub, &template));
    tpm_rig_nv(&rig, 0x01c0000c, hf_buf_bytes(&template));
    FAILS(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &templated), HF_E_FORMAT);
    tpm_rig_nv_remove(&rig, 0x01c0000c);
    tpm_rig_nv(&rig, 0x01c0000c, hf_bytes_text("garbage"));
    FAILS(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &templated), HF_E_UNSUPPORTED);
    CHECK(templated == NULL);
}

/* ---- judging certificates ---- */

static void trust_vector(struct hf_tpm_ek_trust *trust, const char *name, enum hf_tpm_ek_trust_as as)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};

    vector(name, &file);
    OK(hf_tpm_ek_trust_add(trust, hf_buf_bytes(&file), as));
}

static void trust_folder(struct hf_tpm_ek_trust *trust, const char *folder)
{
    char path[600];
    DIR *dir;
    const struct dirent *entry;

    (void)snprintf(path, sizeof(path), "%s/%s", vectors_dir(), folder);
    dir = opendir(path);
    CHECK(dir != NULL);
    while ((entry = readdir(dir))) {
        HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        vector(path, &file);
        (void)!hf_tpm_ek_trust_add(trust, hf_buf_bytes(&file), HF_TPM_EK_STORE); /* some hold keys, not certificates */
    }
    (void)closedir(dir);
}

TEST(real_certificates_are_judged_with_their_reasons)
{
    static const struct {
        const char *file;
        hf_time at; /* 0: AT */
        enum hf_tpm_ek_reason reason;
        enum hf_tpm_environment environment;
        const char *manufacturer, *detail;
    } cases[] = {
        {"tpm/ek/keylime-ek-st-rsa.der", 0, HF_TPM_EK_GOOD, HF_TPM_ENV_HARDWARE, "STM", ""},
        {"tpm/ek/keylime-ek-st-ecc.der", 0, HF_TPM_EK_GOOD, HF_TPM_ENV_HARDWARE, "STM", ""},
        /* named an EK's, it is the root itself; read in spite of its unsorted set */
        {"tpm/ek/keylime-ek-nuvoton-ecc.der", 0, HF_TPM_EK_WRONG_USAGE, HF_TPM_ENV_UNKNOWN, "",
         "names no TPM manufacturer"},
        {"tpm/ek/keylime-ek-st-rsa.der", 1000000000, HF_TPM_EK_EXPIRED, HF_TPM_ENV_UNKNOWN, "STM", "not before"},
        {"tpm/ek/gcp-uca_tpm_rsa_enc_cert.pem", 0, HF_TPM_EK_UNKNOWN_ISSUER, HF_TPM_ENV_UNKNOWN, "GOOG",
         "no way to a root"},
        {"tpm/ek/gcp-uca_tpm_rsa_sign_cert.pem", 0, HF_TPM_EK_WRONG_USAGE, HF_TPM_ENV_UNKNOWN, "GOOG",
         "keyEncipherment"},
        {"tpm/ek/gcp-uca_tpm_ecc_sign_cert.pem", 0, HF_TPM_EK_WRONG_USAGE, HF_TPM_ENV_UNKNOWN, "GOOG", "keyAgreement"},
        {"tpm/ek/gcp-pca_tpm_ecc_enc_cert.pem", 0, HF_TPM_EK_WRONG_USAGE, HF_TPM_ENV_UNKNOWN, "",
         "names no TPM manufacturer"},
        {"tpm/ek/swtpm-ek-rsa2048.der", 0, HF_TPM_EK_UNKNOWN_ISSUER, HF_TPM_ENV_UNKNOWN, "id:00001014",
         "no way to a root"},
    };
    HF_CLEANUP(hf_tpm_ek_trust_free) struct hf_tpm_ek_trust *trust = NULL;

    NEED_VECTORS();
    OK(hf_tpm_ek_trust_new(&trust));
    trust_folder(trust, "tpm/ek/keylime-store");
    trust_folder(trust, "tpm/ek/vendor-roots");
    CHECK(trust->roots.n > 5 && trust->issuers.n > 5);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
        HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
        struct hf_tpm_ek_verdict v = {0};
        hf_err err;

        CASE(cases[i].file);
        vector(cases[i].file, &file);
        OK(hf_tpm_ek_cert_read(hf_buf_bytes(&file), &cert));
        err = hf_tpm_ek_judge(cert, NULL, trust, NULL, cases[i].at ? cases[i].at : AT, &v);
        if (v.reason != cases[i].reason)
            FAIL("reason %s: %s", hf_tpm_ek_reason_name(v.reason), v.detail);
        CHECK(err == (cases[i].reason == HF_TPM_EK_GOOD ? HF_OK : HF_E_UNTRUSTED));
        CHECK(v.environment == cases[i].environment);
        CHECK_TEXT(v.manufacturer, cases[i].manufacturer);
        CHECK(strstr(v.detail, cases[i].detail) != NULL);
        CHECK(v.issuer[0] != 0);
    }
}

TEST(a_cloud_vtpm_is_virtual_and_swtpm_emulated)
{
    static const struct {
        const char *file, *root, *issuer;
        enum hf_tpm_environment environment;
    } cases[] = {
        {"tpm/ek/swtpm-ek-rsa2048.der", "tpm/ek/swtpm-localca-root.pem", "tpm/ek/swtpm-localca-issuer.pem",
         HF_TPM_ENV_EMULATED},
        {"tpm/ek/swtpm-ek-secp384r1.der", "tpm/ek/swtpm-localca-root.pem", "tpm/ek/swtpm-localca-issuer.pem",
         HF_TPM_ENV_EMULATED},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_tpm_ek_trust_free) struct hf_tpm_ek_trust *trust = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
        HF_CLEANUP(hf_cert_free) struct hf_cert *cert = NULL;
        struct hf_tpm_ek_verdict v = {0};

        CASE(cases[i].file);
        OK(hf_tpm_ek_trust_new(&trust));
        trust_vector(trust, cases[i].root, HF_TPM_EK_ROOTS);
        vector(cases[i].file, &file);
        OK(hf_tpm_ek_cert_read(hf_buf_bytes(&file), &cert));
        FAILS(hf_tpm_ek_judge(cert, NULL, trust, NULL, AT, &v), HF_E_UNTRUSTED); /* its issuer is missing */
        CHECK(v.reason == HF_TPM_EK_UNKNOWN_ISSUER);
        trust_vector(trust, cases[i].issuer, HF_TPM_EK_ISSUERS);
        v = (struct hf_tpm_ek_verdict){0};
        OK(hf_tpm_ek_judge(cert, NULL, trust, NULL, AT, &v));
        CHECK(v.environment == cases[i].environment);
    }
    CHECK(hf_tpm_ek_environment("GOOG") == HF_TPM_ENV_VIRTUAL);
    CHECK(hf_tpm_ek_environment("STM") == HF_TPM_ENV_HARDWARE);
    CHECK(hf_tpm_ek_environment("ACME") == HF_TPM_ENV_UNKNOWN);
    CHECK(hf_tpm_ek_environment("AMD ATML") == HF_TPM_ENV_UNKNOWN);
    CHECK(hf_tpm_ek_environment("") == HF_TPM_ENV_UNKNOWN);
}

/* ---- certificates in NV, and the whole way ---- */

/* GeneralNames with one directoryName: manufacturer, model, version. */
static void san_of(const char *name, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf dn = {0};
    uint8_t *place = NULL;

    OK(testca_name(name, &dn));
    CHECK(dn.n < 120);
    OK(hf_buf_grow(out, 4, &place));
    memcpy(place, (uint8_t[]){0x30, (uint8_t)(dn.n + 2), 0xa4, (uint8_t)dn.n}, 4);
    OK(hf_buf_add(out, hf_buf_bytes(&dn)));
}

#define MAKER "2.23.133.2.1=id:53544D20,2.23.133.2.2=model,2.23.133.2.3=id:00010002"

static void issue(const struct testca *root, const struct hf_pubkey *key, const struct testca_spec *but,
                  struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf san = {0};
    struct testca_ext ext = {"2.5.29.17", true, {NULL, 0}};
    struct testca_spec spec = {.subject = "CN=EK", .key_usage = HF_KU_KEY_AGREEMENT, .eku = {"2.23.133.8.1"}};

    if (but)
        spec = *but;
    san_of(MAKER, &san);
    ext.value = hf_buf_bytes(&san);
    if (!spec.ext) {
        spec.ext = &ext;
        spec.n_ext = 1;
    }
    OK(testca_issue(&spec, root->key, root->cert, key, out));
}

static void put_certificate(struct tpm_rig *rig, uint32_t index, const struct testca *root, const struct hf_pubkey *key,
                            const struct testca_spec *but)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    issue(root, key, but, &der);
    OK(hf_buf_add(&der, unhex("00 00 00"))); /* as many makers do */
    tpm_rig_nv(rig, index, hf_buf_bytes(&der));
}

static void make_root(struct testca *root, struct hf_tpm_ek_trust **trust)
{
    const struct testca_spec spec = {.subject = "CN=EK Root", .ca = true, .key_usage = HF_KU_CERT_SIGN};

    OK(testca_new(&spec, NULL, root));
    OK(hf_tpm_ek_trust_new(trust));
    OK(hf_tpm_ek_trust_add(*trust, root->cert->der, HF_TPM_EK_ROOTS));
}

TEST(a_certified_key_that_is_held_is_good_and_can_be_pinned)
{
    TPM_RIG(rig);
    HF_CLEANUP(testca_free) struct testca root = {0};
    HF_CLEANUP(hf_tpm_ek_trust_free) struct hf_tpm_ek_trust *trust = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ek = NULL;
    HF_CLEANUP(hf_tpm_ek_certificates_free) struct hf_tpm_ek_certificates list = {0};
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *again = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf random = {0};
    struct hf_tpm_options options = {.uri = "embedded", .state_dir = rig.dir.path};
    struct hf_tpm_ek_question q = {.kind = HF_TPM_EK_P256, .at = AT};
    struct hf_tpm_ek_verdict v;
    struct hf_pubkey *key = NULL;

    make_root(&root, &trust);
    FAILS(hf_tpm_ek_verify(rig.tpm, &q, &v), HF_E_ARG);
    q.trust = trust;
    FAILS(hf_tpm_ek_verify(rig.tpm, &q, &v), HF_E_UNTRUSTED);
    CHECK(v.reason == HF_TPM_EK_NO_CERTIFICATE);
    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &ek));
    OK(hf_tpm_key_software(ek, &key));
    put_certificate(&rig, 0x01c0000a, &root, key, NULL);
    OK(hf_tpm_ek_certificates_read(rig.tpm, &list));
    CHECK(list.n == 1 && list.row[0].index == 0x01c0000a && list.row[0].der.n > 200);
    CHECK_TEXT(list.row[0].problem, "3 bytes after the certificate");
    OK(hf_tpm_ek_verify(rig.tpm, &q, &v));
    CHECK(v.reason == HF_TPM_EK_GOOD && v.held && v.index == 0x01c0000a);
    CHECK(v.environment == HF_TPM_ENV_EMULATED); /* whatever the certificate says */
    CHECK_TEXT(v.manufacturer, "STM");
    CHECK_TEXT(v.model, "model");
    CHECK(hf_tpm_bus(rig.tpm) != HF_TPM_BUS_EK);
    hf_tpm_key_close(&ek);
    OK(hf_tpm_ek_pin(rig.tpm, &q, NULL, &v));
    OK(hf_tpm_random(rig.tpm, 8, &random));
    CHECK(hf_tpm_bus(rig.tpm) == HF_TPM_BUS_EK);
    OK(hf_tpm_open(&options, &again)); /* and for those who come later */
    OK(hf_tpm_random(again, 8, &random));
    CHECK(hf_tpm_bus(again) == HF_TPM_BUS_EK);
    OK(hf_tpm_evict(again, NULL, 0x81010016));
    hf_tpm_close(&again);
    OK(hf_tpm_open(&options, &again));
    FAILS(hf_tpm_random(again, 8, &random), HF_E_IMPOSTOR);
}

TEST(every_reason_is_found)
{
    TPM_RIG(rig);
    HF_CLEANUP(testca_free) struct testca root = {0};
    HF_CLEANUP(testca_free) struct testca other = {0};
    HF_CLEANUP(hf_tpm_ek_trust_free) struct hf_tpm_ek_trust *trust = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ek = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf no_model = {0};
    struct testca_ext san = {"2.5.29.17", true, {NULL, 0}};
    struct hf_pubkey *key = NULL;
    const char *const eku = "2.23.133.8.1";

    make_root(&root, &trust);
    OK(testca_new(&(struct testca_spec){.subject = "CN=Other", .ca = true, .key_usage = HF_KU_CERT_SIGN}, NULL,
                  &other));
    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &ek));
    OK(hf_tpm_key_software(ek, &key));
    san_of("2.23.133.2.1=id:53544D20,2.23.133.2.3=id:00010002", &no_model);
    san.value = hf_buf_bytes(&no_model);
    {
        const struct {
            const char *name;
            const struct testca *by;
            const struct hf_pubkey *key;
            struct testca_spec spec;
            enum hf_tpm_ek_reason reason;
            const char *detail;
        } cases[] = {
            {"another key's",
             &root,
             other.cert->key,
             {.key_usage = HF_KU_KEY_AGREEMENT, .eku = {eku}},
             HF_TPM_EK_KEY_MISMATCH,
             "another key"},
            {"no extended key usage", &root, key, {.key_usage = HF_KU_KEY_AGREEMENT}, HF_TPM_EK_WRONG_USAGE, eku},
            {"an extended key usage of servers",
             &root,
             key,
             {.key_usage = HF_KU_KEY_AGREEMENT, .eku = {"1.3.6.1.5.5.7.3.1"}},
             HF_TPM_EK_WRONG_USAGE,
             eku},
            {"no key usage", &root, key, {.eku = {eku}}, HF_TPM_EK_WRONG_USAGE, "keyAgreement"},
            {"a key usage that signs",
             &root,
             key,
             {.key_usage = HF_KU_KEY_AGREEMENT | HF_KU_DIGITAL_SIGNATURE, .eku = {eku}},
             HF_TPM_EK_WRONG_USAGE,
             "sign"},
            {"an authority",
             &root,
             key,
             {.key_usage = HF_KU_KEY_AGREEMENT, .eku = {eku}, .ca = true},
             HF_TPM_EK_WRONG_USAGE,
             "authority"},
            {"no model",
             &root,
             key,
             {.key_usage = HF_KU_KEY_AGREEMENT, .eku = {eku}, .ext = &san, .n_ext = 1},
             HF_TPM_EK_WRONG_USAGE,
             "no model"},
            {"expired",
             &root,
             key,
             {.key_usage = HF_KU_KEY_AGREEMENT, .eku = {eku}, .from = TESTCA_FROM, .until = AT - 1},
             HF_TPM_EK_EXPIRED,
             "not after"},
            {"not valid yet",
             &root,
             key,
             {.key_usage = HF_KU_KEY_AGREEMENT, .eku = {eku}, .from = AT + 1, .until = TESTCA_UNTIL},
             HF_TPM_EK_EXPIRED,
             "not before"},
            {"by nobody known",
             &other,
             key,
             {.key_usage = HF_KU_KEY_AGREEMENT, .eku = {eku}},
             HF_TPM_EK_UNKNOWN_ISSUER,
             "CN=Other"},
            {"by somebody who takes the root's name",
             &other,
             key,
             {.key_usage = HF_KU_KEY_AGREEMENT, .eku = {eku}, .issuer_name = "CN=EK Root", .no_key_ids = true},
             HF_TPM_EK_BAD_CHAIN,
             "signature"},
        };

        for (size_t i = 0; i < HF_COUNT(cases); i++) {
            struct hf_tpm_ek_question q = {.kind = HF_TPM_EK_P256, .at = AT, .trust = trust};
            struct hf_tpm_ek_verdict v;

            CASE(cases[i].name);
            put_certificate(&rig, 0x01c0000a, cases[i].by, cases[i].key, &cases[i].spec);
            FAILS(hf_tpm_ek_verify(rig.tpm, &q, &v), HF_E_UNTRUSTED);
            if (v.reason != cases[i].reason || !strstr(v.detail, cases[i].detail))
                FAIL("%s: %s", hf_tpm_ek_reason_name(v.reason), v.detail);
            CHECK(v.environment == HF_TPM_ENV_UNKNOWN && !v.held);
            FAILS(hf_tpm_ek_pin(rig.tpm, &q, NULL, &v), HF_E_UNTRUSTED);
            tpm_rig_nv_remove(&rig, 0x01c0000a);
        }
    }
    CASE("garbage");
    {
        struct hf_tpm_ek_question q = {.kind = HF_TPM_EK_P256, .at = AT, .trust = trust};
        struct hf_tpm_ek_verdict v;

        tpm_rig_nv(&rig, 0x01c0000a, hf_bytes_text("no certificate at all"));
        FAILS(hf_tpm_ek_verify(rig.tpm, &q, &v), HF_E_UNTRUSTED);
        CHECK(v.reason == HF_TPM_EK_MALFORMED);
        q.certificate = hf_bytes_text("-----BEGIN nothing");
        FAILS(hf_tpm_ek_verify(rig.tpm, &q, &v), HF_E_UNTRUSTED);
        CHECK(v.reason == HF_TPM_EK_MALFORMED);
    }
}

TEST(a_certificate_at_any_index_and_a_chain_across_two_are_found)
{
    TPM_RIG(rig);
    HF_CLEANUP(testca_free) struct testca root = {0};
    HF_CLEANUP(testca_free) struct testca middle = {0};
    HF_CLEANUP(hf_tpm_ek_trust_free) struct hf_tpm_ek_trust *trust = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ek = NULL;
    HF_CLEANUP(hf_tpm_ek_certificates_free) struct hf_tpm_ek_certificates list = {0};
    struct hf_tpm_ek_question q = {.kind = HF_TPM_EK_P256, .at = AT};
    struct hf_tpm_ek_verdict v;
    struct hf_pubkey *key = NULL;
    struct hf_bytes der;

    make_root(&root, &trust);
    q.trust = trust;
    OK(testca_new(&(struct testca_spec){.subject = "CN=Middle", .ca = true, .key_usage = HF_KU_CERT_SIGN}, &root,
                  &middle));
    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &ek));
    OK(hf_tpm_key_software(ek, &key));
    put_certificate(&rig, 0x01c01234, &middle, key, NULL);
    FAILS(hf_tpm_ek_verify(rig.tpm, &q, &v), HF_E_UNTRUSTED);
    CHECK(v.reason == HF_TPM_EK_UNKNOWN_ISSUER && v.index == 0x01c01234);
    der = middle.cert->der;
    tpm_rig_nv(&rig, 0x01c00100, (struct hf_bytes){der.p, 100});
    tpm_rig_nv(&rig, 0x01c00101, (struct hf_bytes){der.p + 100, der.n - 100});
    tpm_rig_nv(&rig, 0x01c00013, hf_bytes_text("a template, not a certificate"));
    OK(hf_tpm_ek_certificates_read(rig.tpm, &list));
    CHECK(list.n == 1 && list.chain.n > 0 && list.chain_problem[0] == 0);
    OK(hf_tpm_ek_verify(rig.tpm, &q, &v));
    CHECK(v.index == 0x01c01234);
}

/* ---- a TPM that swtpm's own tools made ---- */

TEST(the_keys_and_certificates_of_a_foreign_tpm_fit)
{
    static const struct {
        enum hf_tpm_ek_kind kind;
        const char *public_file;
        uint32_t index;
    } cases[] = {
        {HF_TPM_EK_RSA2048, "tpm/own-swtpm-ek/ek-rsa.tpm2b.pub", 0x01c00002},
        {HF_TPM_EK_P384, "tpm/own-swtpm-ek/ek-ecc384.tpm2b.pub", 0x01c00016},
    };
    HF_CLEANUP(software_tpm_stop) struct software_tpm software = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;
    HF_CLEANUP(hf_tpm_ek_trust_free) struct hf_tpm_ek_trust *trust = NULL;
    struct hf_tpm_options options = {.uri = software.uri};
    char path[128];
    FOLDER(dir);

    NEED_VECTORS();
    if (!software_tpm_start(&software, SOFTWARE_TPM_UNIX))
        skip();
    software_tpm_kill(&software);
    (void)snprintf(path, sizeof(path), "%s/tpm2-00.permall", software.dir);
    vector("tpm/own-swtpm-ek/swtpm-0.7.1-tpm2-00.permall", &file);
    OK(hf_file_write_private(path, hf_buf_bytes(&file)));
    software_tpm_restart(&software);
    options.state_dir = dir.path;
    OK(hf_tpm_open(&options, &tpm));
    OK(hf_tpm_ek_trust_new(&trust));
    trust_vector(trust, "tpm/own-swtpm-ek/swtpm-localca-rootca-cert.pem", HF_TPM_EK_ROOTS);
    trust_vector(trust, "tpm/own-swtpm-ek/issuercert.pem", HF_TPM_EK_ISSUERS);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ek = NULL;
        struct hf_tpm_ek_question q = {.kind = cases[i].kind, .at = AT, .trust = trust};
        struct hf_tpm_ek_verdict v;

        CASE(cases[i].public_file);
        vector(cases[i].public_file, &file);
        OK(hf_tpm_ek_open(tpm, cases[i].kind, NULL, &ek));
        CHECK_BYTES(hf_buf_bytes(&ek->public_area), hf_tpm2b_content(hf_buf_bytes(&file)));
        OK(hf_tpm_ek_verify(tpm, &q, &v));
        CHECK(v.index == cases[i].index && v.held && v.environment == HF_TPM_ENV_EMULATED);
        q.kind = HF_TPM_EK_P256;
        FAILS(hf_tpm_ek_verify(tpm, &q, &v), HF_E_UNTRUSTED);
        CHECK(v.reason == HF_TPM_EK_NO_CERTIFICATE);
    }
}

TESTS(RUN(the_policies_of_the_templates_are_what_the_profile_derives),
      RUN(the_low_range_rsa_template_is_that_of_other_programs), RUN(kinds_have_names),
      RUN(an_ek_is_made_again_from_its_template_and_adopted_where_it_stands),
      RUN(template_and_nonce_in_nv_are_the_makers_word), RUN(real_certificates_are_judged_with_their_reasons),
      RUN(a_cloud_vtpm_is_virtual_and_swtpm_emulated), RUN(a_certified_key_that_is_held_is_good_and_can_be_pinned),
      RUN(every_reason_is_found), RUN(a_certificate_at_any_index_and_a_chain_across_two_are_found),
      RUN(the_keys_and_certificates_of_a_foreign_tpm_fit))
