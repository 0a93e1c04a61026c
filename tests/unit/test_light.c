/* crypto/light beside OpenSSL: the same answers, over many inputs. */
#include "crypto/cipher.h"
#include "crypto/context.h"
#include "crypto/ecdh.h"
#include "crypto/light.h"
#include "crypto/privkey.h"
#include "test.h"

#include <openssl/evp.h>

#define NEED_NETTLE()                                                                       \
    do {                                                                                    \
        struct hf_digest probe_;                                                            \
        if (!hf_light_hash(HF_SHA256, (struct hf_bytes){0}, NULL, 0, &probe_))              \
            SKIP("this build has no libnettle (nettle-dev, -Dfast_p384=enabled)");          \
    } while (0)

static uint8_t data[HF_LIGHT_MAX + 1];

static void fill(void)
{
    OK(hf_random(data, sizeof(data)));
}

TEST(hashes_are_those_of_openssl_however_the_input_is_cut)
{
    static const enum hf_hash_alg algs[] = {HF_SHA1, HF_SHA256};

    NEED_NETTLE();
    fill();
    for (size_t a = 0; a < HF_COUNT(algs); a++) {
        for (size_t n = 0; n <= HF_LIGHT_MAX_BESIDE; n++) {
            struct hf_bytes parts[2] = {{data, n / 3}, {data + n / 3, n - n / 3 - n / 5}};
            struct hf_bytes first = {data + n - n / 5, n / 5};
            uint8_t joined[HF_LIGHT_MAX_BESIDE], want[64];
            struct hf_digest got = {0};
            unsigned size = 0;

            CHECK(hf_light_hash(algs[a], first, parts, 2, &got));
            memcpy(joined, first.p, first.n);
            memcpy(joined + first.n, data, n - first.n);
            CHECK(EVP_Digest(joined, n, want, &size, hf_hash_evp(algs[a]), NULL) == 1);
            CHECK_BYTES(hf_digest_bytes(&got), ((struct hf_bytes){want, size}));
        }
    }
}

TEST(long_inputs_and_other_algorithms_are_left_to_openssl_once_it_runs)
{
    struct hf_bytes most = {data, HF_LIGHT_MAX_BESIDE}, more = {data, HF_LIGHT_MAX_BESIDE + 1};
    struct hf_bytes huge[2] = {{data, SIZE_MAX / 2}, {data, SIZE_MAX / 2 + 2}};
    struct hf_digest out;

    NEED_NETTLE();
    CHECK(hf_ossl() && hf_ossl_started());
    CHECK(hf_light_hash(HF_SHA256, most, NULL, 0, &out));
    CHECK(!hf_light_hash(HF_SHA256, more, NULL, 0, &out));
    CHECK(!hf_light_hash(HF_SHA256, most, &(struct hf_bytes){data, 1}, 1, &out));
    CHECK(!hf_light_hash(HF_SHA256, (struct hf_bytes){0}, huge, 2, &out));
    CHECK(!hf_light_hash(HF_SHA384, most, NULL, 0, &out));
}

static void openssl_cfb(bool encrypt, const uint8_t key[16], const uint8_t iv[16], uint8_t *text, int n)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(hf_ossl(), "AES-128-CFB", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0;

    CHECK(cipher && ctx && EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt, NULL) == 1);
    CHECK(EVP_CipherUpdate(ctx, text, &done, text, n) == 1 && done == n);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
}

TEST(aes_cfb_is_that_of_openssl_in_both_directions)
{
    struct hf_bytes key = {data, 16};
    uint8_t a[400], b[400];

    NEED_NETTLE();
    for (int n = 1; n < 400; n++) {
        fill();
        for (int encrypt = 0; encrypt < 2; encrypt++) {
            memcpy(a, data + 32, (size_t)n);
            memcpy(b, data + 32, (size_t)n);
            CHECK(hf_light_aes_cfb(encrypt, key, data + 16, a, (size_t)n));
            openssl_cfb(encrypt, data, data + 16, b, n);
            CHECK(memcmp(a, b, (size_t)n) == 0);
        }
    }
    CHECK(!hf_light_aes_cfb(true, (struct hf_bytes){data, 32}, data + 16, a, 1));
}

TEST(an_ephemeral_secret_is_the_one_that_openssl_derives)
{
    NEED_NETTLE();
    for (unsigned i = 0; i < 200; i++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *peer = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *scalar = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *theirs = NULL;
        struct hf_point point = {0}, mine = {0};
        bool on_curve = false;
        uint8_t z[32];

        OK(hf_privkey_generate_ec(HF_P256, &peer));
        OK(hf_pubkey_point(hf_privkey_public(peer), &point));
        OK(hf_privkey_scalar(peer, &scalar));
        CHECK(hf_light_ecdh(&point, &on_curve, &mine, z) && on_curve);
        OK(hf_ecdh_scalar(scalar, &mine, &theirs));
        CHECK(hf_secret_equal(theirs, HF_BYTES_OF(z)));
    }
}

TEST(a_point_off_the_curve_is_refused)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *z = NULL;
    struct hf_point point = {.curve = HF_P256, .x = {1}, .y = {2}}, zero = {.curve = HF_P256}, mine = {0};
    struct hf_point beyond = {.curve = HF_P256};

    memset(beyond.x, 0xff, 32);
    memset(beyond.y, 0xff, 32);
    FAILS(hf_ecdh_ephemeral(&point, &mine, &z), HF_E_FORMAT);
    FAILS(hf_ecdh_ephemeral(&zero, &mine, &z), HF_E_FORMAT);
    FAILS(hf_ecdh_ephemeral(&beyond, &mine, &z), HF_E_FORMAT);
    CHECK(!z);
}

TESTS(RUN(hashes_are_those_of_openssl_however_the_input_is_cut),
      RUN(long_inputs_and_other_algorithms_are_left_to_openssl_once_it_runs),
      RUN(aes_cfb_is_that_of_openssl_in_both_directions),
      RUN(an_ephemeral_secret_is_the_one_that_openssl_derives),
      RUN(a_point_off_the_curve_is_refused))
