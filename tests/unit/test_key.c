/* holdfast/key.h on the embedded TPM: what keys do, and what they refuse. */
#include "crypto/ecdh.h"
#include "crypto/hash.h"
#include "key_rig.h"
#include "tpm/key.h"

static struct key_rig rig;
#define NEED_TPM() \
    do { \
        if (!rig.tpm) \
            skip(); \
    } while (0)

static int start(void **state)
{
    (void)state;
    (void)key_rig_make(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    key_rig_remove(&rig);
    return 0;
}

static const struct hf_bytes message = {(const uint8_t *)"the message", 11};

TEST(keys_sign_by_each_scheme_and_only_their_own_signatures_verify)
{
    static const struct {
        const char *algorithm;
        enum hf_tpm_scheme scheme;
        unsigned hash;
        size_t size;
    } cases[] = {
        {"ecc-p256", 0, 0, 64},
        {"ecc-p256", HF_TPM_ECDSA, HF_SHA384, 64},
        {"ecc-p384", 0, 0, 96},
        {"ecc-p521", 0, 0, 132},
        {"rsa2048", 0, 0, 256},
        {"rsa2048", HF_TPM_RSAPSS, 0, 256},
        {"rsa2048", HF_TPM_RSASSA, HF_SHA512, 256},
    };
    struct hf_bytes other = hf_bytes_text("another message");

    NEED_TPM();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};

        CASE(cases[i].algorithm);
        make_key(rig.tpm, cases[i].algorithm, 0, &key);
        OK(hf_tpm_sign(key, message, cases[i].scheme, cases[i].hash, &sig));
        CHECK(sig.n == cases[i].size);
        OK(hf_tpm_verify_signature(key, message, hf_buf_bytes(&sig), cases[i].scheme, cases[i].hash));
        OK(hf_tpm_verify_in_tpm(key, message, hf_buf_bytes(&sig), cases[i].scheme, cases[i].hash));
        FAILS(hf_tpm_verify_signature(key, other, hf_buf_bytes(&sig), cases[i].scheme, cases[i].hash), HF_E_MISMATCH);
        FAILS(hf_tpm_verify_in_tpm(key, other, hf_buf_bytes(&sig), cases[i].scheme, cases[i].hash), HF_E_MISMATCH);
        sig.p[sig.n - 1] ^= 1;
        FAILS(hf_tpm_verify_signature(key, message, hf_buf_bytes(&sig), cases[i].scheme, cases[i].hash), HF_E_MISMATCH);
        FAILS(hf_tpm_verify_in_tpm(key, message, hf_buf_bytes(&sig), cases[i].scheme, cases[i].hash), HF_E_MISMATCH);
        sig.n--;
        FAILS(hf_tpm_verify_signature(key, message, hf_buf_bytes(&sig), cases[i].scheme, cases[i].hash), HF_E_MISMATCH);
    }
}

TEST(a_specification_that_contradicts_itself_or_the_tpm_is_refused)
{
    static const uint8_t zeros[65];
    static const struct {
        const char *name;
        struct hf_tpm_key_spec spec;
        hf_err want;
        const char *says;
    } cases[] = {
        {"no algorithm", {0}, HF_E_ARG, "algorithm"},
        {"an unknown one", {.algorithm = "rsa1234"}, HF_E_UNSUPPORTED, "rsa1234"},
        {"Ed25519", {.algorithm = "ed25519"}, HF_E_UNSUPPORTED, "NIST"},
        {"an RSA size the TPM lacks", {.algorithm = "rsa4096"}, HF_E_UNSUPPORTED, "rsa4096"},
        {"an AES size the TPM lacks", {.algorithm = "aes192"}, HF_E_UNSUPPORTED, "aes192"},
        {"aes that signs", {.algorithm = "aes128", .use = HF_TPM_USE_SIGN}, HF_E_KEY_TYPE, "sign"},
        {"hmac that decrypts", {.algorithm = "hmac", .use = HF_TPM_USE_DECRYPT}, HF_E_KEY_TYPE, "decrypt"},
        {"an aes parent", {.algorithm = "aes128", .use = HF_TPM_USE_PARENT}, HF_E_ARG, "storage"},
        {"an hmac that attests", {.algorithm = "hmac", .use = HF_TPM_USE_ATTEST}, HF_E_ARG, "attestation"},
        {"attest and sign", {.algorithm = "ecc-p256", .use = HF_TPM_USE_ATTEST | HF_TPM_USE_SIGN}, HF_E_ARG, "nothing else"},
        {"parent and decrypt", {.algorithm = "ecc-p256", .use = HF_TPM_USE_PARENT | HF_TPM_USE_DECRYPT}, HF_E_ARG, "nothing else"},
        {"an unknown use", {.algorithm = "ecc-p256", .use = 0x400}, HF_E_ARG, "unknown bits"},
        {"movable without a policy", {.algorithm = "ecc-p256", .use = HF_TPM_USE_MOVABLE}, HF_E_ARG, "policy"},
        {"policy-only without one", {.algorithm = "ecc-p256", .use = HF_TPM_USE_POLICY_ONLY}, HF_E_ARG, "policy"},
        {"a policy of SHA-1's size", {.algorithm = "ecc-p256", .policy = {zeros, 20}}, HF_E_ARG, "20 bytes"},
        {"outside info of 65 bytes", {.algorithm = "ecc-p256", .outside = {zeros, 65}}, HF_E_ARG, "65 bytes"},
        {"a name hash that is none", {.algorithm = "ecc-p256", .hash = 0x99}, HF_E_UNSUPPORTED, "0x0099"},
        {"ecdsa for rsa", {.algorithm = "rsa2048", .scheme = HF_TPM_ECDSA}, HF_E_KEY_TYPE, "0x0018"},
        {"rsapss for ecc", {.algorithm = "ecc-p256", .scheme = HF_TPM_RSAPSS}, HF_E_KEY_TYPE, "0x0016"},
    };

    NEED_TPM();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_tpm_key *key = NULL;

        CASE(cases[i].name);
        FAILS(hf_tpm_generate_key_pair(rig.tpm, NULL, &cases[i].spec, &key), cases[i].want);
        CHECK_DETAIL(cases[i].says);
        CHECK(key == NULL);
    }
}

TEST(an_authorization_value_longer_than_the_name_hash_is_refused)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *long_one = secret_of("0123456789012345678901234567890123");
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256", .auth = long_one};
    struct hf_tpm_key *key = NULL;

    NEED_TPM();
    CASE("");
    FAILS(hf_tpm_generate_key_pair(rig.tpm, NULL, &spec, &key), HF_E_ARG);
    CHECK_DETAIL("34 bytes");
}

enum { SIGN, SIGN_PSS, SIGN_DIGEST, DECRYPT, ENCRYPT, HMAC, ECDH, UNSEAL, PERSIST_NOWHERE, TO_PEM };

static hf_err do_it(struct hf_tpm_key *key, int what)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = NULL;
    uint8_t point[64] = {4};

    switch (what) {
    case SIGN:
        return hf_tpm_sign(key, message, 0, 0, &out);
    case SIGN_PSS:
        return hf_tpm_sign(key, message, HF_TPM_RSAPSS, 0, &out);
    case SIGN_DIGEST:
        return hf_tpm_sign_digest(key, message, 0, 0, &out);
    case DECRYPT:
        return hf_tpm_decrypt(key, HF_BYTES_OF(point), NULL, &secret);
    case ENCRYPT:
        return hf_tpm_encrypt(key, message, NULL, &out);
    case HMAC:
        return hf_tpm_hmac(key, message, &out);
    case ECDH:
        return hf_tpm_ecdh(key, HF_BYTES_OF(point), &secret);
    case UNSEAL:
        return hf_tpm_unseal(key, &secret);
    case PERSIST_NOWHERE:
        return hf_tpm_key_persist(key, NULL, 0x80000000);
    default:
        return hf_tpm_key_to_pem(key, &out);
    }
}

TEST(a_key_does_what_it_was_made_for_and_nothing_else)
{
    static const struct {
        const char *algorithm;
        unsigned use;
        int what;
        hf_err want;
    } cases[] = {
        {"ecc-p256", HF_TPM_USE_DECRYPT, SIGN, HF_E_KEY_TYPE},
        {"ecc-p256", HF_TPM_USE_PARENT, SIGN, HF_E_KEY_TYPE},
        {"ecc-p256", 0, SIGN_PSS, HF_E_KEY_TYPE},
        {"ecc-p256", 0, SIGN_DIGEST, HF_E_ARG},
        {"ecc-p256", HF_TPM_USE_ATTEST, SIGN_DIGEST, HF_E_ARG},
        {"ecc-p256", 0, DECRYPT, HF_E_KEY_TYPE},
        {"ecc-p256", 0, ENCRYPT, HF_E_KEY_TYPE},
        {"ecc-p256", 0, HMAC, HF_E_KEY_TYPE},
        {"ecc-p256", 0, ECDH, HF_E_KEY_TYPE},
        {"ecc-p256", HF_TPM_USE_DECRYPT, ECDH, HF_E_FORMAT},
        {"ecc-p256", 0, UNSEAL, HF_E_KEY_TYPE},
        {"ecc-p256", 0, PERSIST_NOWHERE, HF_E_ARG},
        {"rsa2048", 0, DECRYPT, HF_E_KEY_TYPE},
        {"rsa2048", HF_TPM_USE_DECRYPT, SIGN, HF_E_KEY_TYPE},
        {"rsa2048", HF_TPM_USE_DECRYPT, ECDH, HF_E_KEY_TYPE},
        {"aes128", 0, SIGN, HF_E_KEY_TYPE},
        {"aes128", 0, HMAC, HF_E_KEY_TYPE},
        {"hmac", 0, SIGN, HF_E_KEY_TYPE},
        {"hmac", 0, ENCRYPT, HF_E_KEY_TYPE},
        {"hmac", 0, UNSEAL, HF_E_KEY_TYPE},
    };

    NEED_TPM();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
        char name[64];

        (void)snprintf(name, sizeof(name), "%s, use %u, doing %d", cases[i].algorithm, cases[i].use, cases[i].what);
        CASE(name);
        make_key(rig.tpm, cases[i].algorithm, cases[i].use, &key);
        FAILS(do_it(key, cases[i].what), cases[i].want);
        CASE("");
    }
}

TEST(an_attestation_key_signs_data_but_nothing_that_looks_like_the_tpms_own_statement)
{
    static const uint8_t forged[] = {0xff, 'T', 'C', 'G', 0x80, 0x18, 0, 0};
    static const uint8_t digest[32] = {1};
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};

    NEED_TPM();
    CASE("");
    make_key(rig.tpm, "ecc-p256", HF_TPM_USE_ATTEST, &key);
    OK(hf_tpm_sign(key, message, 0, 0, &sig));
    OK(hf_tpm_verify_signature(key, message, hf_buf_bytes(&sig), 0, 0));
    FAILS(hf_tpm_sign_digest(key, HF_BYTES_OF(digest), 0, 0, &sig), HF_E_KEY_TYPE);
    CHECK(hf_tpm_sign(key, HF_BYTES_OF(forged), 0, 0, &sig) != HF_OK);
    FAILS(hf_tpm_sign(key, message, 0, HF_SHA384, &sig), HF_E_KEY_TYPE);
}

TEST(a_fixed_scheme_is_the_only_one)
{
    struct hf_tpm_key_spec spec = {.algorithm = "rsa2048", .scheme = HF_TPM_RSAPSS, .hash = HF_SHA256};
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_tpm_key_info info;

    NEED_TPM();
    CASE("");
    OK(hf_tpm_generate_key_pair(rig.tpm, NULL, &spec, &key));
    hf_tpm_key_info(key, &info);
    CHECK(info.scheme == HF_TPM_RSAPSS && info.scheme_hash == HF_SHA256 && info.bits == 2048);
    OK(hf_tpm_sign(key, message, 0, 0, &sig));
    OK(hf_tpm_verify_signature(key, message, hf_buf_bytes(&sig), HF_TPM_RSAPSS, 0));
    FAILS(hf_tpm_sign(key, message, HF_TPM_RSASSA, 0, &sig), HF_E_KEY_TYPE);
    FAILS(hf_tpm_sign(key, message, 0, HF_SHA384, &sig), HF_E_KEY_TYPE);
}

TEST(aes_encrypts_any_length_and_knows_what_was_changed)
{
    static uint8_t plain[5000];
    static const size_t sizes[] = {0, 1, 16, 1023, 1024, 1025, 5000};
    struct hf_tpm_crypt modes[] = {{.mode = HF_TPM_MODE_CFB}, {.mode = HF_TPM_MODE_CFB_HMAC}};
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;

    NEED_TPM();
    CASE("");
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t)(i * 7);
    make_key(rig.tpm, "aes128", 0, &key);
    for (size_t i = 0; i < 2 * HF_COUNT(sizes); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf cipher = {0};
        HF_CLEANUP(hf_secret_free) struct hf_secret *back = NULL;
        const struct hf_tpm_crypt *how = &modes[i % 2];
        struct hf_bytes in = {plain, sizes[i / 2]};
        hf_err err = hf_tpm_encrypt(key, in, how, &cipher);

        if (in.n == 0 && err != HF_OK) { /* nothing to encrypt may be refused, not mistaken */
            CHECK(err == HF_E_ARG);
            continue;
        }
        OK(err);
        CHECK(cipher.n == 16 + in.n + (how->mode == HF_TPM_MODE_CFB_HMAC ? 32u : 0u));
        OK(hf_tpm_decrypt(key, hf_buf_bytes(&cipher), how, &back));
        CHECK_BYTES(hf_secret_expose(back), in);
        if (how->mode != HF_TPM_MODE_CFB_HMAC)
            continue;
        hf_secret_free(&back);
        cipher.p[cipher.n / 2] ^= 1;
        FAILS(hf_tpm_decrypt(key, hf_buf_bytes(&cipher), how, &back), HF_E_INTEGRITY);
        cipher.p[cipher.n / 2] ^= 1;
        cipher.p[0] ^= 1;
        FAILS(hf_tpm_decrypt(key, hf_buf_bytes(&cipher), how, &back), HF_E_INTEGRITY);
    }
}

TEST(rsa_decrypts_what_was_encrypted_for_it)
{
    static const struct {
        const char *name;
        struct hf_tpm_crypt how;
    } cases[] = {
        {"oaep", {.mode = HF_TPM_MODE_OAEP}},
        {"oaep with sha384", {.mode = HF_TPM_MODE_OAEP, .hash = HF_SHA384}},
        {"oaep with a label", {.mode = HF_TPM_MODE_OAEP, .label = {(const uint8_t *)"label", 5}}},
        {"rsaes", {.mode = HF_TPM_MODE_RSAES}},
    };
    static const uint8_t big[300];
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;

    NEED_TPM();
    CASE("");
    make_key(rig.tpm, "rsa2048", HF_TPM_USE_DECRYPT, &key);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf cipher = {0};
        HF_CLEANUP(hf_secret_free) struct hf_secret *back = NULL;

        CASE(cases[i].name);
        OK(hf_tpm_encrypt(key, message, &cases[i].how, &cipher));
        CHECK(cipher.n == 256);
        OK(hf_tpm_decrypt(key, hf_buf_bytes(&cipher), &cases[i].how, &back));
        CHECK_BYTES(hf_secret_expose(back), message);
        CHECK(hf_tpm_encrypt(key, HF_BYTES_OF(big), &cases[i].how, &cipher) != HF_OK);
        hf_secret_free(&back);
        if (cases[i].how.mode == HF_TPM_MODE_OAEP) {
            cipher.p[100] ^= 1;
            CHECK(hf_tpm_decrypt(key, hf_buf_bytes(&cipher), &cases[i].how, &back) != HF_OK);
        }
    }
}

TEST(ecdh_gives_both_sides_the_same_secret)
{
    static const char *const curves[] = {"ecc-p256", "ecc-p384", "ecc-p521"};

    NEED_TPM();
    for (size_t i = 0; i < HF_COUNT(curves); i++) {
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *ours = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *theirs = NULL;
        struct hf_pubkey *software = NULL;
        struct hf_point point = {0};
        struct hf_point mine = {0};
        uint8_t raw[2 * HF_COORD_MAX];
        size_t n;

        CASE(curves[i]);
        make_key(rig.tpm, curves[i], HF_TPM_USE_DECRYPT, &key);
        OK(hf_tpm_key_software(key, &software));
        OK(hf_pubkey_point(software, &point));
        OK(hf_ecdh_ephemeral(&point, &mine, &theirs));
        n = hf_curve_size(mine.curve);
        memcpy(raw, mine.x, n);
        memcpy(raw + n, mine.y, n);
        OK(hf_tpm_ecdh(key, (struct hf_bytes){raw, 2 * n}, &ours));
        CHECK_BYTES(hf_secret_expose(ours), hf_secret_expose(theirs));
        raw[n - 1] ^= 1;
        hf_secret_free(&ours);
        CHECK(hf_tpm_ecdh(key, (struct hf_bytes){raw, 2 * n}, &ours) != HF_OK);
        CHECK(hf_tpm_ecdh(key, (struct hf_bytes){raw, 2 * n - 1}, &ours) != HF_OK);
    }
}

TEST(hash_and_hmac_of_any_length_are_those_of_software)
{
    static uint8_t data[5000];
    static const size_t sizes[] = {0, 1, 1024, 1025, 5000};
    static const uint8_t key_bytes[] = "an hmac key that is known outside";
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *known = NULL;
    struct hf_tpm_key_spec spec = {.algorithm = "hmac"};

    NEED_TPM();
    CASE("");
    OK(hf_secret_new((struct hf_bytes){key_bytes, 33}, &known));
    OK(hf_tpm_import_key(rig.tpm, NULL, known, NULL, &spec, &key));
    for (size_t i = 0; i < HF_COUNT(sizes); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        struct hf_bytes in = {data, sizes[i]};
        struct hf_digest want = {0};

        OK(hf_tpm_hash(rig.tpm, HF_SHA384, in, &out));
        OK(hf_hash_one(HF_SHA384, in, &want));
        CHECK_BYTES(hf_buf_bytes(&out), hf_digest_bytes(&want));
        OK(hf_tpm_hmac(key, in, &out));
        OK(hf_hmac(HF_SHA256, (struct hf_bytes){key_bytes, 33}, &in, 1, &want));
        CHECK_BYTES(hf_buf_bytes(&out), hf_digest_bytes(&want));
    }
    {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

        FAILS(hf_tpm_hash(rig.tpm, 0x99, message, &out), HF_E_UNSUPPORTED);
    }
}

TEST(sealing_takes_1_to_128_bytes)
{
    static const struct {
        size_t n;
        hf_err want;
    } cases[] = {{0, HF_E_LIMIT}, {1, HF_OK}, {32, HF_OK}, {128, HF_OK}, {129, HF_E_LIMIT}};
    static uint8_t data[129];

    NEED_TPM();
    CASE("");
    memset(data, 0x5a, sizeof(data));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *in = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *back = NULL;

        OK(hf_secret_new((struct hf_bytes){data, cases[i].n}, &in));
        FAILS(hf_tpm_seal(rig.tpm, NULL, in, NULL, &key), cases[i].want);
        if (cases[i].want != HF_OK)
            continue;
        OK(hf_tpm_unseal(key, &back));
        CHECK(hf_secret_equal(back, hf_secret_expose(in)));
        FAILS(do_it(key, SIGN), HF_E_KEY_TYPE);
        FAILS(do_it(key, HMAC), HF_E_KEY_TYPE);
    }
}

TEST(each_hierarchy_makes_the_same_primary_again)
{
    NEED_TPM();
    for (int h = HF_TPM_OWNER; h <= HF_TPM_NULL; h++) {
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *first = NULL;
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *second = NULL;
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *child = NULL;
        struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256", .use = HF_TPM_USE_PARENT};
        struct hf_tpm_key_spec leaf = {.algorithm = "ecc-p256"};
        struct hf_tpm_key_info a;
        struct hf_tpm_key_info b;

        CASE("");
        OK(hf_tpm_create_primary(rig.tpm, (enum hf_tpm_hierarchy)h, NULL, &spec, &first));
        OK(hf_tpm_create_primary(rig.tpm, (enum hf_tpm_hierarchy)h, NULL, &spec, &second));
        hf_tpm_key_info(first, &a);
        hf_tpm_key_info(second, &b);
        CHECK_BYTES(a.name, b.name);
        CHECK(a.use == HF_TPM_USE_PARENT && a.private_blob.n == 0);
        OK(hf_tpm_generate_key_pair(rig.tpm, first, &leaf, &child));
        FAILS(do_it(first, TO_PEM), HF_E_KEY_TYPE);
        FAILS(do_it(child, TO_PEM), HF_E_KEY_TYPE); /* nothing could name its parent */
        OK(do_it(child, SIGN));
        FAILS(hf_tpm_generate_key_pair(rig.tpm, child, &leaf, &second), HF_E_KEY_TYPE);
        hf_tpm_key_close(&child);
    }
    {
        struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};
        struct hf_tpm_key *key = NULL;

        FAILS(hf_tpm_create_primary(rig.tpm, (enum hf_tpm_hierarchy)9, NULL, &spec, &key), HF_E_ARG);
    }
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(keys_sign_by_each_scheme_and_only_their_own_signatures_verify),
        T(a_specification_that_contradicts_itself_or_the_tpm_is_refused),
        T(an_authorization_value_longer_than_the_name_hash_is_refused),
        T(a_key_does_what_it_was_made_for_and_nothing_else),
        T(an_attestation_key_signs_data_but_nothing_that_looks_like_the_tpms_own_statement),
        T(a_fixed_scheme_is_the_only_one),
        T(aes_encrypts_any_length_and_knows_what_was_changed),
        T(rsa_decrypts_what_was_encrypted_for_it),
        T(ecdh_gives_both_sides_the_same_secret),
        T(hash_and_hmac_of_any_length_are_those_of_software),
        T(sealing_takes_1_to_128_bytes),
        T(each_hierarchy_makes_the_same_primary_again),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name(__FILE__, tests, start, stop);
}
