/* Keys from outside, keys to and from other parents, and policies through key files, on the embedded TPM. */
#include "codec/pem.h"
#include "crypto/privkey.h"
#include "key_rig.h"
#include "tpm/key.h"
#include "tpm/keyfile.h"

#include <holdfast/pcr.h>

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

static hf_err sign(struct hf_tpm_key *key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};

    HF_TRY(hf_tpm_sign(key, message, 0, 0, &sig));
    return hf_tpm_verify_signature(key, message, hf_buf_bytes(&sig), 0, 0);
}

static hf_err open_and_sign(struct hf_bytes pem)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;

    HF_TRY(hf_tpm_key_from_pem(rig.tpm, pem, &key));
    return sign(key);
}

static void generate(int kind, struct hf_privkey **out)
{
    if (kind == 25519)
        OK(hf_privkey_generate_ed25519(out));
    else if (kind >= 1024)
        OK(hf_privkey_generate_rsa((unsigned)kind, out));
    else
        OK(hf_privkey_generate_ec((enum hf_curve)kind, out));
}

TEST(a_software_key_is_the_same_key_in_the_tpm)
{
    static const int kinds[] = {HF_P256, HF_P384, HF_P521, 2048, 3072};

    NEED_TPM();
    for (size_t i = 0; i < HF_COUNT(kinds); i++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *software = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *der = NULL;
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
        struct hf_pubkey *inside = NULL;
        struct hf_tpm_key_info info;

        CASE("");
        generate(kinds[i], &software);
        OK(hf_privkey_to_pkcs8(software, &der));
        OK(hf_tpm_import_key(rig.tpm, NULL, der, NULL, NULL, &key));
        OK(hf_tpm_key_software(key, &inside));
        CHECK(hf_pubkey_equal(inside, hf_privkey_public(software)));
        OK(sign(key));
        hf_tpm_key_info(key, &info);
        CHECK(!(info.attributes & (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN)));
        OK(hf_tpm_key_to_pem(key, &pem));
        OK(open_and_sign(hf_buf_bytes(&pem)));
    }
}

TEST(what_is_no_key_for_a_tpm_is_not_imported)
{
    static const char encrypted[] = /* openssl pkcs8 -topk8 -v2 aes-256-cbc, passphrase "open" */
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
        "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgAAAAAAAAAAAICCAAw\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n";
    static const struct {
        const char *name;
        const char *bytes;
        struct hf_tpm_key_spec spec;
        hf_err want;
    } cases[] = {
        {"nothing", "", {0}, HF_E_FORMAT},
        {"no key", "this is no key", {0}, HF_E_FORMAT},
        {"a damaged encrypted key", encrypted, {0}, HF_E_FORMAT},
        {"15 bytes for aes128", "0123456789abcde", {.algorithm = "aes128"}, HF_E_ARG},
        {"17 bytes for aes128", "0123456789abcdefg", {.algorithm = "aes128"}, HF_E_ARG},
        {"an aes size the TPM lacks", "0123456789abcdef01234567", {.algorithm = "aes192"}, HF_E_UNSUPPORTED},
        {"no bytes for hmac", "", {.algorithm = "hmac"}, HF_E_ARG},
        {"an unknown algorithm", "0123456789abcdef", {.algorithm = "aes512"}, HF_E_UNSUPPORTED},
    };

    NEED_TPM();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_secret_free) struct hf_secret *in = secret_of(cases[i].bytes);
        struct hf_tpm_key *key = NULL;
        hf_err err;

        CASE(cases[i].name);
        err = hf_tpm_import_key(rig.tpm, NULL, in, NULL, &cases[i].spec, &key);
        if (err != cases[i].want && !(cases[i].want == HF_E_FORMAT && (err == HF_E_TRUNCATED || err == HF_E_AUTH)))
            FAIL("got %s: %s", hf_err_name(err), hf_err_detail());
        CHECK(key == NULL);
    }
}

TEST(kinds_that_the_tpm_lacks_are_named)
{
    static const struct {
        int kind;
        const char *algorithm;
        hf_err want;
        const char *says;
    } cases[] = {
        {25519, NULL, HF_E_UNSUPPORTED, "ed25519"},
        {4096, NULL, HF_E_UNSUPPORTED, "rsa4096"},
        {HF_P256, "ecc-p384", HF_E_KEY_TYPE, "ecc-p256"},
        {2048, "ecc-p256", HF_E_KEY_TYPE, "rsa2048"},
    };

    NEED_TPM();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *software = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *der = NULL;
        struct hf_tpm_key_spec spec = {.algorithm = cases[i].algorithm};
        struct hf_tpm_key *key = NULL;

        CASE(cases[i].says);
        generate(cases[i].kind, &software);
        OK(hf_privkey_to_pkcs8(software, &der));
        FAILS(hf_tpm_import_key(rig.tpm, NULL, der, NULL, &spec, &key), cases[i].want);
        CHECK_DETAIL(cases[i].says);
    }
}

TEST(no_byte_of_a_key_file_can_be_changed)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    size_t taken = 0;

    NEED_TPM();
    CASE("");
    make_key(rig.tpm, "ecc-p256", 0, &key);
    OK(hf_tpm_key_to_pem(key, &pem));
    OK(hf_pem_find(hf_buf_bytes(&pem), HF_KEYFILE_LABEL, &der));
    for (size_t i = 0; i < der.n; i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

        der.p[i] ^= 0x04;
        OK(hf_pem_write(HF_KEYFILE_LABEL, hf_buf_bytes(&der), &text));
        der.p[i] ^= 0x04;
        if (open_and_sign(hf_buf_bytes(&text)) != HF_OK)
            continue;
        taken++;
        if (der.p[i] != 0xff || der.p[i - 1] != 1 || der.p[i - 2] != 1) /* emptyAuth: any byte but 0 is TRUE in BER */
            FAIL("byte %zu of %zu can be changed", i, der.n);
    }
    CHECK(taken == 1);
}

/* A storage key of its own, persistent, and its public area. */
static void other_parent(uint32_t handle, struct hf_buf *area)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    struct hf_tpm_key_info info;

    make_key(rig.tpm, "ecc-p256", HF_TPM_USE_PARENT, &key);
    OK(hf_tpm_key_persist(key, NULL, handle));
    hf_tpm_key_info(key, &info);
    OK(hf_buf_set(area, info.public_area));
}

static void movable(const char *policy_text, struct hf_policy **policy, struct hf_tpm_key **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256", .use = HF_TPM_USE_SIGN | HF_TPM_USE_MOVABLE};

    OK(hf_policy_parse(hf_bytes_text(policy_text), policy));
    OK(hf_policy_bind_tpm(*policy, rig.tpm));
    OK(hf_policy_digest(*policy, NULL, &digest));
    spec.policy = hf_buf_bytes(&digest);
    OK(hf_tpm_generate_key_pair(rig.tpm, NULL, &spec, out));
}

TEST(a_movable_key_moves_to_the_parent_it_was_wrapped_for)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *there = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_tpm_key_info a;
    struct hf_tpm_key_info b;

    NEED_TPM();
    CASE("");
    other_parent(0x81000040, &area);
    movable("command duplicate", &policy, &key);
    FAILS(hf_tpm_duplicate(key, hf_buf_bytes(&area), 0x81000040, &pem), HF_E_DENIED); /* its policy is not at hand */
    OK(hf_tpm_key_set_policy(key, policy));
    OK(sign(key)); /* by its value: the policy is for duplicating */
    OK(hf_tpm_duplicate(key, hf_buf_bytes(&area), 0x81000040, &pem));
    OK(hf_tpm_key_from_pem(rig.tpm, hf_buf_bytes(&pem), &there));
    OK(sign(there));
    hf_tpm_key_info(key, &a);
    hf_tpm_key_info(there, &b);
    CHECK_BYTES(a.name, b.name);
    OK(hf_tpm_key_to_pem(there, &again));
    OK(open_and_sign(hf_buf_bytes(&again)));
    FAILS(hf_tpm_duplicate(key, hf_buf_bytes(&area), 0, &pem) == HF_OK ? open_and_sign(hf_buf_bytes(&pem)) : HF_OK, HF_E_PARENT);
    FAILS(hf_tpm_duplicate(key, a.public_area, 0, &pem), HF_E_KEY_TYPE); /* no storage key */
    FAILS(hf_tpm_duplicate(key, (struct hf_bytes){area.p, 10}, 0, &pem), HF_E_TRUNCATED);
}

TEST(a_key_that_was_made_to_stay_stays)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};

    NEED_TPM();
    CASE("");
    other_parent(0x81000041, &area);
    make_key(rig.tpm, "ecc-p256", 0, &key);
    FAILS(hf_tpm_duplicate(key, hf_buf_bytes(&area), 0, &pem), HF_E_DENIED);
    CHECK_DETAIL("--movable");
}

static void sealed_by(const char *text, struct hf_buf *pem)
{
    HF_CLEANUP(hf_policy_free) struct hf_policy *policy = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = secret_of("the secret");
    HF_CLEANUP(hf_secret_free) struct hf_secret *value = secret_of("the value");
    struct hf_tpm_key_spec spec = {.use = HF_TPM_USE_POLICY_ONLY, .auth = value};

    OK(hf_policy_parse(hf_bytes_text(text), &policy));
    OK(hf_policy_bind_tpm(policy, rig.tpm));
    OK(hf_policy_digest(policy, NULL, &digest));
    spec.policy = hf_buf_bytes(&digest);
    OK(hf_tpm_seal(rig.tpm, NULL, secret, &spec, &key));
    OK(hf_tpm_key_set_policy(key, policy));
    OK(hf_tpm_key_to_pem(key, pem));
}

static hf_err open_sealed(struct hf_bytes pem, const char *value)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *out = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *auth = value ? secret_of(value) : NULL;

    HF_TRY(hf_tpm_key_from_pem(rig.tpm, pem, &key));
    HF_TRY(hf_tpm_key_set_auth(key, auth));
    HF_TRY(hf_tpm_unseal(key, &out));
    return hf_secret_equal(out, hf_bytes_text("the secret")) ? HF_OK : HF_E_MISMATCH;
}

TEST(a_policy_goes_through_the_key_file_and_holds)
{
    static const struct {
        const char *policy;
        const char *value; /* given at unsealing */
        hf_err before, after; /* PCR 16 is extended in between */
    } cases[] = {
        {"pcr sha256:16", NULL, HF_OK, HF_E_DENIED},
        {"pcr sha256:15", NULL, HF_OK, HF_OK},
        {"authvalue", "the value", HF_OK, HF_OK},
        {"authvalue", "another", HF_E_AUTH, HF_E_AUTH},
        {"authvalue", NULL, HF_E_AUTH, HF_E_AUTH},
        {"password", "the value", HF_OK, HF_OK},
        {"pcr sha256:16; authvalue", "the value", HF_OK, HF_E_DENIED},
        {"command unseal", NULL, HF_OK, HF_OK},
        {"command sign", NULL, HF_E_DENIED, HF_E_DENIED},
        {"locality 0", NULL, HF_OK, HF_OK},
        {"or a { pcr sha256:16 } b { authvalue }", "the value", HF_OK, HF_OK},
        {"secret owner", NULL, HF_OK, HF_OK},
    };

    NEED_TPM();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};

        CASE(cases[i].policy);
        sealed_by(cases[i].policy, &pem);
        FAILS(open_sealed(hf_buf_bytes(&pem), cases[i].value), cases[i].before);
        OK(hf_tpm_extend_pcr(rig.tpm, 16, message));
        FAILS(open_sealed(hf_buf_bytes(&pem), cases[i].value), cases[i].after);
    }
}

static hf_err approve_sign(void *arg, struct hf_bytes digest, struct hf_buf *signature)
{
    static const struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256};

    return hf_privkey_sign(arg, &alg, digest, signature);
}

TEST(an_approval_opens_what_was_sealed_to_its_key)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *authority = NULL;
    HF_CLEANUP(hf_policy_free) struct hf_policy *now = NULL;
    HF_CLEANUP(hf_policy_free) struct hf_policy *to_seal = NULL;
    HF_CLEANUP(hf_policy_approval_free) struct hf_policy_approval *approval = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *again = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf public_pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf digest = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = secret_of("the secret");
    HF_CLEANUP(hf_secret_free) struct hf_secret *out = NULL;
    struct hf_policy_approval_spec spec = {.ref = hf_bytes_text("boot"), .sign = approve_sign};
    struct hf_tpm_key_spec sealed = {.use = HF_TPM_USE_POLICY_ONLY};

    NEED_TPM();
    CASE("");
    OK(hf_privkey_generate_ec(HF_P256, &authority));
    OK(hf_pubkey_to_pem(hf_privkey_public(authority), &public_pem));
    spec.key_pem = hf_buf_bytes(&public_pem);
    spec.arg = authority;
    OK(hf_policy_parse(hf_bytes_text("pcr sha256:15"), &now));
    OK(hf_policy_bind_tpm(now, rig.tpm));
    OK(hf_policy_approve(now, &spec, &approval));
    OK(hf_policy_approval_seal_policy(approval, &to_seal));
    OK(hf_policy_digest(to_seal, NULL, &digest));
    sealed.policy = hf_buf_bytes(&digest);
    OK(hf_tpm_seal(rig.tpm, NULL, secret, &sealed, &key));
    OK(hf_policy_add_approval(to_seal, approval, "now"));
    OK(hf_tpm_key_set_policy(key, to_seal));
    OK(hf_tpm_key_to_pem(key, &pem));
    OK(hf_tpm_key_from_pem(rig.tpm, hf_buf_bytes(&pem), &again));
    OK(hf_tpm_unseal(again, &out));
    CHECK(hf_secret_equal(out, hf_bytes_text("the secret")));
    {
        HF_CLEANUP(hf_buf_free) struct hf_buf rewritten = {0};

        OK(hf_tpm_key_to_pem(again, &rewritten));
        CHECK_BYTES(hf_buf_bytes(&rewritten), hf_buf_bytes(&pem));
    }
}

#define T(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_software_key_is_the_same_key_in_the_tpm),
        T(what_is_no_key_for_a_tpm_is_not_imported),
        T(kinds_that_the_tpm_lacks_are_named),
        T(no_byte_of_a_key_file_can_be_changed),
        T(a_movable_key_moves_to_the_parent_it_was_wrapped_for),
        T(a_key_that_was_made_to_stay_stays),
        T(a_policy_goes_through_the_key_file_and_holds),
        T(an_approval_opens_what_was_sealed_to_its_key),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name(__FILE__, tests, start, stop);
}
