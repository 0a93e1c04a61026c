/* crypto/privkey: files of every form that OpenSSL writes, and parts out and in. */
#include "codec/hex.h"
#include "crypto/context.h"
#include "codec/pem.h"
#include "crypto/privkey.h"
#include "test.h"

#include <openssl/encoder.h>
#include <openssl/evp.h>

static hf_err make(const char *kind, struct hf_privkey **out)
{
    if (strcmp(kind, "rsa") == 0)
        return hf_privkey_generate_rsa(2048, out);
    if (strcmp(kind, "ed25519") == 0)
        return hf_privkey_generate_ed25519(out);
    return hf_privkey_generate_ec(kind[2] == '2' ? HF_P256 : kind[2] == '3' ? HF_P384 : HF_P521, out);
}

/* The key as OpenSSL writes it. */
static void encode(const struct hf_privkey *key, const char *form, const char *structure, const char *pass,
                   struct hf_buf *out)
{
    OSSL_ENCODER_CTX *ctx = OSSL_ENCODER_CTX_new_for_pkey(hf_privkey_evp(key), EVP_PKEY_KEYPAIR, form, structure, NULL);
    unsigned char *p = NULL;
    size_t n = 0;

    CHECK(ctx);
    if (pass)
        CHECK(OSSL_ENCODER_CTX_set_cipher(ctx, "AES-256-CBC", NULL) == 1 &&
              OSSL_ENCODER_CTX_set_passphrase(ctx, (const unsigned char *)pass, strlen(pass)) == 1);
    CHECK(OSSL_ENCODER_to_data(ctx, &p, &n) == 1);
    OSSL_ENCODER_CTX_free(ctx);
    out->n = 0;
    OK(hf_buf_add(out, (struct hf_bytes){p, n}));
    OPENSSL_free(p);
}

TEST(every_form_of_file_is_read)
{
    static const struct {
        const char *name, *kind, *form, *structure, *pass;
    } cases[] = {
        {"EC, PKCS#8 PEM", "P-256", "PEM", "PrivateKeyInfo", NULL},
        {"EC, PKCS#8 DER", "P-384", "DER", "PrivateKeyInfo", NULL},
        {"EC, SEC1 PEM", "P-521", "PEM", "type-specific", NULL},
        {"EC, SEC1 DER", "P-256", "DER", "type-specific", NULL},
        {"RSA, PKCS#8 PEM", "rsa", "PEM", "PrivateKeyInfo", NULL},
        {"RSA, PKCS#1 PEM", "rsa", "PEM", "type-specific", NULL},
        {"RSA, PKCS#1 DER", "rsa", "DER", "type-specific", NULL},
        {"Ed25519, PKCS#8 PEM", "ed25519", "PEM", "PrivateKeyInfo", NULL},
        {"EC, encrypted PKCS#8 PEM", "P-256", "PEM", "EncryptedPrivateKeyInfo", "pass phrase"},
        {"EC, encrypted PKCS#8 DER", "P-256", "DER", "EncryptedPrivateKeyInfo", "pass phrase"},
        {"RSA, encrypted PKCS#8 PEM", "rsa", "PEM", "EncryptedPrivateKeyInfo", "pass phrase"},
        {"EC, encrypted SEC1 PEM of the old kind", "P-256", "PEM", "type-specific", "pass phrase"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *back = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *pass = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *wrong = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *a = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *b = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};

        CASE(cases[i].name);
        OK(make(cases[i].kind, &key));
        encode(key, cases[i].form, cases[i].structure, cases[i].pass, &file);
        if (cases[i].pass) {
            FAILS(hf_privkey_parse(hf_buf_bytes(&file), NULL, &back), HF_E_AUTH);
            CHECK_DETAIL("missing");
            OK(hf_secret_new(hf_bytes_text("pass phrasf"), &wrong));
            FAILS(hf_privkey_parse(hf_buf_bytes(&file), wrong, &back), HF_E_AUTH);
            CHECK_DETAIL("wrong");
            OK(hf_secret_new(hf_bytes_text(cases[i].pass), &pass));
        }
        OK(hf_privkey_parse(hf_buf_bytes(&file), pass, &back));
        CHECK(hf_pubkey_equal(hf_privkey_public(key), hf_privkey_public(back)));
        OK(hf_privkey_to_pkcs8(key, &a));
        OK(hf_privkey_to_pkcs8(back, &b));
        CHECK(hf_secret_equal(a, hf_secret_expose(b)));
    }
}

TEST(what_is_no_private_key_is_refused)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *back = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    OK(hf_privkey_generate_ec(HF_P256, &key));
    OK(hf_pubkey_to_pem(hf_privkey_public(key), &pem));
    FAILS(hf_privkey_parse(hf_buf_bytes(&pem), NULL, &back), HF_E_FORMAT);
    FAILS(hf_privkey_parse((struct hf_bytes){NULL, 0}, NULL, &back), HF_E_FORMAT);
    FAILS(hf_privkey_parse(hf_bytes_text("hello"), NULL, &back), HF_E_FORMAT);
    encode(key, "DER", "PrivateKeyInfo", NULL, &der);
    for (size_t cut = 1; cut < der.n; cut += 11)
        FAILS(hf_privkey_parse((struct hf_bytes){der.p, cut}, NULL, &back), HF_E_FORMAT);
    CHECK(back == NULL);
}

TEST(halves_that_do_not_fit_are_refused)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *back = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *scalar = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    struct hf_bytes s;
    uint8_t *at;

    OK(hf_privkey_generate_ec(HF_P256, &key));
    encode(key, "DER", "PrivateKeyInfo", NULL, &der);
    OK(hf_privkey_scalar(key, &scalar));
    s = hf_secret_expose(scalar);
    at = memmem(der.p, der.n, s.p, s.n);
    CHECK(at);
    at[20] ^= 1;
    FAILS(hf_privkey_parse(hf_buf_bytes(&der), NULL, &back), HF_E_FORMAT);
    CHECK_DETAIL("do not fit");
}

TEST(keys_of_other_kinds_are_refused_by_name)
{
    static const char *const types[] = {"X25519", "ED448"};
    EVP_PKEY *evp;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *back = NULL;

    for (size_t i = 0; i <= HF_COUNT(types); i++) {
        OSSL_ENCODER_CTX *ctx;
        unsigned char *p = NULL;
        size_t n = 0;

        CASE(i < HF_COUNT(types) ? types[i] : "secp256k1");
        evp = i < HF_COUNT(types) ? EVP_PKEY_Q_keygen(hf_ossl(), NULL, types[i])
                                  : EVP_PKEY_Q_keygen(hf_ossl(), NULL, "EC", "secp256k1");
        CHECK(evp);
        ctx = OSSL_ENCODER_CTX_new_for_pkey(evp, EVP_PKEY_KEYPAIR, "DER", "PrivateKeyInfo", NULL);
        CHECK(ctx && OSSL_ENCODER_to_data(ctx, &p, &n) == 1);
        FAILS(hf_privkey_parse((struct hf_bytes){p, n}, NULL, &back), i < 2 ? HF_E_KEY_TYPE : HF_E_UNSUPPORTED);
        OSSL_ENCODER_CTX_free(ctx);
        OPENSSL_free(p);
        EVP_PKEY_free(evp);
    }
}

TEST(parts_come_out_in_full_width_and_make_the_same_key)
{
    static const enum hf_curve curves[] = {HF_P256, HF_P384, HF_P521};

    for (size_t i = 0; i < HF_COUNT(curves); i++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *back = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *scalar = NULL;

        CASE(hf_curve_name(curves[i]));
        OK(hf_privkey_generate_ec(curves[i], &key));
        OK(hf_privkey_scalar(key, &scalar));
        CHECK(hf_secret_expose(scalar).n == hf_curve_size(curves[i]));
        OK(hf_privkey_from_scalar(curves[i], scalar, &back));
        CHECK(hf_pubkey_equal(hf_privkey_public(key), hf_privkey_public(back)));
    }
}

TEST(a_prime_makes_the_rsa_key_again_and_a_wrong_one_does_not)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *back = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *prime = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *wrong = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_sig_alg alg = {.scheme = HF_SIG_RSASSA, .hash = HF_SHA256};
    struct hf_bytes n;
    uint64_t e;
    uint8_t bad[128];

    OK(hf_privkey_generate_rsa(2048, &key));
    OK(hf_pubkey_rsa(hf_privkey_public(key), &n, &e));
    CHECK(n.n == 256 && e == 65537);
    OK(hf_privkey_prime(key, &prime));
    CHECK(hf_secret_expose(prime).n == 128);
    OK(hf_privkey_from_prime(n, e, prime, &back));
    OK(hf_privkey_sign_message(back, &alg, hf_bytes_text("m"), &sig));
    OK(hf_pubkey_verify_message(hf_privkey_public(key), &alg, hf_bytes_text("m"), hf_buf_bytes(&sig)));
    hf_privkey_free(&back);
    memcpy(bad, hf_secret_expose(prime).p, sizeof(bad));
    bad[127] ^= 2;
    OK(hf_secret_new(HF_BYTES_OF(bad), &wrong));
    FAILS(hf_privkey_from_prime(n, e, wrong, &back), HF_E_FORMAT);
    hf_secret_free(&wrong);
    memset(bad, 0, sizeof(bad));
    bad[127] = 1;
    OK(hf_secret_new(HF_BYTES_OF(bad), &wrong));
    FAILS(hf_privkey_from_prime(n, e, wrong, &back), HF_E_FORMAT);
    FAILS(hf_privkey_from_prime(n, e, NULL, &back), HF_E_ARG);
    FAILS(hf_privkey_from_prime(n, 2, prime, &back), HF_E_FORMAT);
    CHECK(back == NULL);
}

/* RFC 8032, 7.1, tests 1 and 2. */
TEST(ed25519_signs_as_rfc_8032_says)
{
    static const struct {
        const char *seed, *pub, *message, *sig;
    } cases[] = {
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bb"
         "e2465"
         "5141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302"
         "aeeb0"
         "0d291612bb0c00"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf seed = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf pub = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf message = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf want = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
        HF_CLEANUP(hf_secret_free) struct hf_secret *s = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *again = NULL;
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
        struct hf_sig_alg alg = {.scheme = HF_SIG_ED25519};
        struct hf_bytes raw;

        OK(hf_hex_parse(hf_bytes_text(cases[i].seed), &seed));
        OK(hf_hex_parse(hf_bytes_text(cases[i].pub), &pub));
        OK(hf_hex_parse(hf_bytes_text(cases[i].message), &message));
        OK(hf_hex_parse(hf_bytes_text(cases[i].sig), &want));
        OK(hf_secret_new(hf_buf_bytes(&seed), &s));
        OK(hf_privkey_from_seed(s, &key));
        OK(hf_pubkey_ed25519(hf_privkey_public(key), &raw));
        CHECK_BYTES(raw, hf_buf_bytes(&pub));
        OK(hf_privkey_sign(key, &alg, hf_buf_bytes(&message), &sig));
        CHECK_BYTES(hf_buf_bytes(&sig), hf_buf_bytes(&want));
        OK(hf_privkey_seed(key, &again));
        CHECK(hf_secret_equal(again, hf_buf_bytes(&seed)));
    }
}

TEST(requests_that_do_not_fit_the_key_are_refused)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *ec = NULL;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *none = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *s = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_sig_alg ecdsa = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256};
    struct hf_sig_alg pss = {.scheme = HF_SIG_RSAPSS, .hash = HF_SHA256};
    uint8_t digest[48] = {0};

    OK(hf_privkey_generate_ec(HF_P256, &ec));
    FAILS(hf_privkey_sign(ec, &ecdsa, HF_BYTES_OF(digest), &sig), HF_E_ARG);
    FAILS(hf_privkey_sign(ec, &pss, (struct hf_bytes){digest, 32}, &sig), HF_E_KEY_TYPE);
    FAILS(hf_privkey_prime(ec, &s), HF_E_KEY_TYPE);
    FAILS(hf_privkey_seed(ec, &s), HF_E_KEY_TYPE);
    FAILS(hf_privkey_rsa_raw(ec, HF_BYTES_OF(digest), &s), HF_E_KEY_TYPE);
    FAILS(hf_privkey_from_seed(NULL, &none), HF_E_ARG);
    FAILS(hf_privkey_generate_rsa(512, &none), HF_E_ARG);
    FAILS(hf_privkey_generate_rsa(2049, &none), HF_E_ARG);
    FAILS(hf_privkey_generate_ec(HF_CURVE_NONE, &none), HF_E_UNSUPPORTED);
    CHECK(none == NULL && s == NULL && sig.n == 0);
}

TESTS(RUN(every_form_of_file_is_read), RUN(what_is_no_private_key_is_refused), RUN(halves_that_do_not_fit_are_refused),
      RUN(keys_of_other_kinds_are_refused_by_name), RUN(parts_come_out_in_full_width_and_make_the_same_key),
      RUN(a_prime_makes_the_rsa_key_again_and_a_wrong_one_does_not), RUN(ed25519_signs_as_rfc_8032_says),
      RUN(requests_that_do_not_fit_the_key_are_refused))
