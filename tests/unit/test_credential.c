/* tpm/credential: made here and in the TPM, opened in the TPM; the file; a foreign program's results. */
#include "codec/hex.h"
#include "test.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "tpm_rig.h"
#include "unhex.h"
#include "vectors.h"

static struct hf_secret *secret_of(const char *text)
{
    struct hf_secret *s = NULL;

    OK(hf_secret_new(hf_bytes_text(text), &s));
    return s;
}

/* With the seed fixed to 0x12, integrity and encryption are exactly another program's. The ECC vector cannot be
 * replayed here without its ephemeral key, so RSA's is the one that is compared. */
TEST(integrity_and_encryption_are_those_of_another_program)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf ek = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf expected = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf name = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf challenge = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf id = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = NULL;
    uint8_t seed[32];
    TPMT_PUBLIC pub;
    const char *rsa;

    NEED_VECTORS();
    rsa = json_key(vector_text("tpm/credential/keylime-makecredential.json", &file), "rsa");
    CHECK(rsa != NULL);
    OK(hf_hex_parse(json_word(json_key(rsa, "ek_tpm2b_public")), &ek));
    OK(hf_hex_parse(json_word(json_key(rsa, "challenge")), &challenge));
    OK(hf_hex_parse(json_word(json_key(rsa, "ak_name")), &name));
    OK(hf_hex_parse(json_word(json_key(rsa, "expected")), &expected));
    OK(hf_tpm_ek_public_read(hf_buf_bytes(&ek), &area));
    OK(hf_tpm_public_parse(hf_buf_bytes(&area), &pub));
    OK(hf_secret_new(hf_buf_bytes(&challenge), &secret));
    memset(seed, 0x12, sizeof(seed));
    OK(hf_tpm_id_object_make(&pub, HF_BYTES_OF(seed), hf_buf_bytes(&name), secret, &id));
    CHECK(id.n == 0x44);
    CHECK(expected.n >= 10 + id.n);
    CHECK_BYTES(hf_buf_bytes(&id), ((struct hf_bytes){expected.p + 10, id.n}));
}

TEST(a_foreign_credential_is_read_and_written_as_the_same_bytes)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf ecc = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_tpm_credential c;
    enum hf_tpm_ek_kind kind = HF_TPM_EK_RSA2048;
    const char *at;

    NEED_VECTORS();
    at = json_key(vector_text("tpm/credential/keylime-makecredential.json", &file), "ecc");
    OK(hf_hex_parse(json_word(json_key(at, "expected")), &ecc));
    OK(hf_tpm_credential_parse(hf_buf_bytes(&ecc), &c));
    CHECK(c.id_object.n == 0x44 && c.secret.n == 0x44);
    OK(hf_tpm_credential_write(&c, &again));
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&ecc));
    OK(hf_tpm_credential_kind(hf_buf_bytes(&ecc), &kind));
    CHECK(kind == HF_TPM_EK_P256);
}

TEST(what_is_no_credential_is_refused)
{
    static const struct {
        const char *name, *hex;
        hf_err want;
    } cases[] = {
        {"nothing", "", HF_E_TRUNCATED},
        {"another magic", "badcc0df00000001 0000 0000", HF_E_FORMAT},
        {"version 2", "badcc0de00000002 0000 0000", HF_E_UNSUPPORTED},
        {"no identity", "badcc0de00000001 0000 0002 0000", HF_E_TRUNCATED},
        {"an integrity longer than its object", "badcc0de00000001 0006 0020 00000000 0002 0000", HF_E_TRUNCATED},
        {"a secret that ends early", "badcc0de00000001 0018 0014 0000000000000000000000000000000000000000 0000 0010 00",
         HF_E_TRUNCATED},
        {"no secret", "badcc0de00000001 001a 0014 0000000000000000000000000000000000000000 00000000 0000", HF_E_FORMAT},
        {"a byte too many", "badcc0de00000001 001a 0014 0000000000000000000000000000000000000000 00000000 0001 00 00",
         HF_E_TRAILING},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_tpm_credential c = {0};

        CASE(cases[i].name);
        FAILS(hf_tpm_credential_parse(unhex(cases[i].hex), &c), cases[i].want);
    }
}

TEST(only_the_tpm_with_this_ek_and_this_key_opens_it)
{
    static const enum hf_tpm_ek_kind kinds[] = {HF_TPM_EK_RSA2048, HF_TPM_EK_P256, HF_TPM_EK_P256_HIGH, HF_TPM_EK_P384};
    TPM_RIG(rig);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ak = tpm_rig_key(&rig, "ecc-p256", HF_TPM_USE_ATTEST);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *other = tpm_rig_key(&rig, "ecc-p256", HF_TPM_USE_ATTEST);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ecc = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = secret_of("thirty-two bytes of a secret 123");

    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &ecc));
    for (size_t i = 0; i < HF_COUNT(kinds) * 2; i++) {
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ek = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf credential = {0};
        HF_CLEANUP(hf_secret_free) struct hf_secret *got = NULL;
        struct hf_bytes name = hf_tpm_name_bytes(&ak->name);
        enum hf_tpm_ek_kind seems;

        CASE(hf_tpm_ek_kind_name(kinds[i / 2]));
        OK(hf_tpm_ek_open(rig.tpm, kinds[i / 2], NULL, &ek));
        OK(i % 2 ? hf_tpm_make_credential_in_tpm(rig.tpm, hf_buf_bytes(&ek->public_area), name, secret, &credential)
                 : hf_tpm_make_credential(hf_buf_bytes(&ek->public_area), name, secret, &credential));
        OK(hf_tpm_credential_kind(hf_buf_bytes(&credential), &seems));
        OK(hf_tpm_activate_credential(ek, NULL, ak, hf_buf_bytes(&credential), &got));
        CHECK(hf_secret_equal(got, hf_secret_expose(secret)));
        hf_secret_free(&got);
        FAILS(hf_tpm_activate_credential(ek, NULL, other, hf_buf_bytes(&credential), &got), HF_E_INTEGRITY);
        if (kinds[i / 2] != HF_TPM_EK_P256)
            FAILS(hf_tpm_activate_credential(ecc, NULL, ak, hf_buf_bytes(&credential), &got), HF_E_INTEGRITY);
        credential.p[12] ^= 1; /* integrity */
        FAILS(hf_tpm_activate_credential(ek, NULL, ak, hf_buf_bytes(&credential), &got), HF_E_INTEGRITY);
        credential.p[12] ^= 1;
        credential.p[credential.n - 1] ^= 1; /* the encrypted seed */
        FAILS(hf_tpm_activate_credential(ek, NULL, ak, hf_buf_bytes(&credential), &got), HF_E_INTEGRITY);
        CHECK(got == NULL);
    }
}

TEST(an_ek_is_taken_from_its_public_key_too)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ak = tpm_rig_key(&rig, "ecc-p256", HF_TPM_USE_ATTEST);
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = secret_of("s");
    static const enum hf_tpm_ek_kind kinds[] = {HF_TPM_EK_RSA2048, HF_TPM_EK_P256};

    for (size_t i = 0; i < HF_COUNT(kinds); i++) {
        HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ek = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf area = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf credential = {0};
        HF_CLEANUP(hf_secret_free) struct hf_secret *got = NULL;

        CASE(hf_tpm_ek_kind_name(kinds[i]));
        OK(hf_tpm_ek_open(rig.tpm, kinds[i], NULL, &ek));
        OK(hf_tpm_key_public_pem(ek, &pem));
        OK(hf_tpm_ek_public_read(hf_buf_bytes(&pem), &area));
        CHECK_BYTES(hf_buf_bytes(&area), hf_buf_bytes(&ek->public_area));
        OK(hf_tpm_make_credential(hf_buf_bytes(&pem), hf_tpm_name_bytes(&ak->name), secret, &credential));
        OK(hf_tpm_activate_credential(ek, NULL, ak, hf_buf_bytes(&credential), &got));
        CHECK(hf_secret_equal(got, hf_bytes_text("s")));
    }
}

TEST(what_cannot_be_wrapped_is_refused)
{
    TPM_RIG(rig);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ak = tpm_rig_key(&rig, "ecc-p256", HF_TPM_USE_ATTEST);
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *ek = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = secret_of("s");
    HF_CLEANUP(hf_secret_free) struct hf_secret *longer = secret_of("thirty-three bytes of a secret 12");
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_bytes name = hf_tpm_name_bytes(&ak->name);
    struct hf_bytes area;

    OK(hf_tpm_ek_open(rig.tpm, HF_TPM_EK_P256, NULL, &ek));
    area = hf_buf_bytes(&ek->public_area);
    FAILS(hf_tpm_make_credential(area, name, longer, &out), HF_E_ARG);
    CHECK_DETAIL("33 bytes");
    FAILS(hf_tpm_make_credential_in_tpm(rig.tpm, area, name, longer, &out), HF_E_ARG);
    FAILS(hf_tpm_make_credential(area, (struct hf_bytes){name.p, name.n - 1}, secret, &out), HF_E_ARG);
    FAILS(hf_tpm_make_credential(area, unhex("40000001"), secret, &out), HF_E_ARG);
    FAILS(hf_tpm_make_credential(hf_buf_bytes(&ak->public_area), name, secret, &out), HF_E_KEY_TYPE);
    FAILS(hf_tpm_make_credential(hf_bytes_text("no key"), name, secret, &out), HF_E_FORMAT);
    FAILS(hf_tpm_make_credential(area, name, NULL, &out), HF_E_ARG);
    CHECK(out.n == 0);
}

TESTS(RUN(integrity_and_encryption_are_those_of_another_program),
      RUN(a_foreign_credential_is_read_and_written_as_the_same_bytes), RUN(what_is_no_credential_is_refused),
      RUN(only_the_tpm_with_this_ek_and_this_key_opens_it), RUN(an_ek_is_taken_from_its_public_key_too),
      RUN(what_cannot_be_wrapped_is_refused))
