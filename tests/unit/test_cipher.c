/* crypto/cipher: SP 800-38A (CFB, CTR), the GCM specification's test cases. */
#include "codec/hex.h"
#include "crypto/cipher.h"
#include "test.h"

static void hex(const char *text, struct hf_buf *out)
{
    OK(hf_hex_parse(hf_bytes_text(text), out));
}

/* SP 800-38A, appendix F: the plaintext of all examples. */
static const char plain[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                            "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
static const char key128[] = "2b7e151628aed2a6abf7158809cf4f3c";
static const char key192[] = "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b";
static const char key256[] = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";

TEST(cfb_gives_the_examples_of_sp_800_38a)
{
    static const struct {
        const char *name;
        const char *key;
        const char *want;
    } cases[] = {
        {"F.3.13 CFB128-AES128", key128,
         "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b"
         "26751f67a3cbb140b1808cf187a4f4dfc04b05357c5d1c0eeac4c66f9ff7f2e6"},
        {"F.3.15 CFB128-AES192", key192,
         "cdc80d6fddf18cab34c25909c99a417467ce7f7f81173621961a2b70171d3d7a"
         "2e1e8a1dd59b88b1c8e60fed1efac4c9c05f9f9ca9834fa042ae8fba584b09ff"},
        {"F.3.17 CFB128-AES256", key256,
         "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b"
         "df10132415e54b92a13ed0a8267ae2f975a385741ab9cef82031623d55b1e471"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf key = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf data = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf clear = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf want = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf iv = {0};

        CASE(cases[i].name);
        hex(cases[i].key, &key);
        hex(plain, &data);
        hex(plain, &clear);
        hex(cases[i].want, &want);
        hex("000102030405060708090a0b0c0d0e0f", &iv);
        OK(hf_aes_cfb(true, hf_buf_bytes(&key), iv.p, data.p, data.n));
        CHECK_BYTES(hf_buf_bytes(&data), hf_buf_bytes(&want));
        OK(hf_aes_cfb(false, hf_buf_bytes(&key), iv.p, data.p, data.n));
        CHECK_BYTES(hf_buf_bytes(&data), hf_buf_bytes(&clear));
        OK(hf_aes_cfb(true, hf_buf_bytes(&key), iv.p, data.p, 19)); /* a part of a block */
        CHECK_BYTES(((struct hf_bytes){data.p, 19}), ((struct hf_bytes){want.p, 19}));
        CHECK(data.p[19] == clear.p[19]);
    }
}

TEST(ctr_gives_the_examples_of_sp_800_38a)
{
    static const struct {
        const char *name;
        const char *key;
        const char *want;
    } cases[] = {
        {"F.5.1 CTR-AES128", key128,
         "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
         "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
        {"F.5.3 CTR-AES192", key192,
         "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
         "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"},
        {"F.5.5 CTR-AES256", key256,
         "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
         "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf key = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf data = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf want = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf counter = {0};

        CASE(cases[i].name);
        hex(cases[i].key, &key);
        hex(plain, &data);
        hex(cases[i].want, &want);
        hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", &counter);
        OK(hf_aes_ctr(hf_buf_bytes(&key), counter.p, data.p, data.n));
        CHECK_BYTES(hf_buf_bytes(&data), hf_buf_bytes(&want));
    }
}

static const struct {
    const char *name;
    const char *key, *nonce, *aad, *plain, *cipher, *tag;
} gcm[] = {
    {"test case 1: nothing at all", "00000000000000000000000000000000", "000000000000000000000000", "", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {"test case 2: one block", "00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf"},
    {"test case 4: additional data, a broken block", "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657b"
     "a"
     "637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973"
     "d"
     "58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {"test case 16: a key of 256 bits", "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657b"
     "a"
     "637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0ab"
     "c"
     "c9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

TEST(gcm_gives_the_examples_of_its_specification_and_refuses_any_other_tag)
{
    for (size_t i = 0; i < HF_COUNT(gcm); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf key = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf nonce = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf aad = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf data = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf clear = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf cipher = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf want = {0};
        uint8_t tag[16];

        CASE(gcm[i].name);
        hex(gcm[i].key, &key);
        hex(gcm[i].nonce, &nonce);
        hex(gcm[i].aad, &aad);
        hex(gcm[i].plain, &data);
        hex(gcm[i].plain, &clear);
        hex(gcm[i].cipher, &cipher);
        hex(gcm[i].tag, &want);
        OK(hf_aes_gcm_seal(hf_buf_bytes(&key), nonce.p, hf_buf_bytes(&aad), data.p, data.n, tag));
        CHECK_BYTES(hf_buf_bytes(&data), hf_buf_bytes(&cipher));
        CHECK_BYTES(HF_BYTES_OF(tag), hf_buf_bytes(&want));
        OK(hf_aes_gcm_open(hf_buf_bytes(&key), nonce.p, hf_buf_bytes(&aad), data.p, data.n, tag));
        CHECK_BYTES(hf_buf_bytes(&data), hf_buf_bytes(&clear));

        for (size_t byte = 0; byte < sizeof(tag); byte += 5) {
            OK(hf_buf_set(&data, hf_buf_bytes(&cipher)));
            tag[byte] ^= 0x80;
            FAILS(hf_aes_gcm_open(hf_buf_bytes(&key), nonce.p, hf_buf_bytes(&aad), data.p, data.n, tag),
                  HF_E_INTEGRITY);
            tag[byte] ^= 0x80;
            for (size_t j = 0; j < data.n; j++)
                CHECK(data.p[j] == 0); /* what was not authentic is not left behind */
        }
    }
}

TEST(gcm_binds_data_additional_data_nonce_and_key)
{
    uint8_t key[32] = {1};
    uint8_t nonce[12] = {2};
    uint8_t aad[4] = {3};
    uint8_t data[20] = {4};
    uint8_t sealed[20];
    uint8_t tag[16];
    struct {
        const char *name;
        uint8_t *change;
    } rows[] = {{"the key", key}, {"the nonce", nonce}, {"the additional data", aad}, {"the data", sealed + 19}};

    OK(hf_aes_gcm_seal(HF_BYTES_OF(key), nonce, HF_BYTES_OF(aad), data, sizeof(data), tag));
    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        CASE(rows[i].name);
        memcpy(sealed, data, sizeof(sealed));
        *rows[i].change ^= 1;
        FAILS(hf_aes_gcm_open(HF_BYTES_OF(key), nonce, HF_BYTES_OF(aad), sealed, sizeof(sealed), tag), HF_E_INTEGRITY);
        *rows[i].change ^= 1;
    }
    memcpy(sealed, data, sizeof(sealed));
    OK(hf_aes_gcm_open(HF_BYTES_OF(key), nonce, HF_BYTES_OF(aad), sealed, sizeof(sealed), tag));
    CHECK(sealed[0] == 4);
}

TEST(key_lengths_that_aes_does_not_have_are_refused)
{
    static const size_t bad[] = {0, 1, 15, 17, 31, 33, 64};
    uint8_t key[64] = {0};
    uint8_t iv[16] = {0};
    uint8_t data[4] = {1, 2, 3, 4};
    uint8_t tag[16];

    for (size_t i = 0; i < HF_COUNT(bad); i++) {
        struct hf_bytes k = {key, bad[i]};

        FAILS(hf_aes_cfb(true, k, iv, data, 4), HF_E_ARG);
        FAILS(hf_aes_ctr(k, iv, data, 4), HF_E_ARG);
        FAILS(hf_aes_gcm_seal(k, iv, (struct hf_bytes){NULL, 0}, data, 4, tag), HF_E_ARG);
        FAILS(hf_aes_gcm_open(k, iv, (struct hf_bytes){NULL, 0}, data, 4, tag), HF_E_ARG);
    }
    CHECK(data[0] == 1 && data[3] == 4);
}

TEST(nothing_encrypts_to_nothing)
{
    uint8_t key[16] = {0};
    uint8_t iv[16] = {0};
    uint8_t none[1] = {9};

    OK(hf_aes_cfb(true, HF_BYTES_OF(key), iv, none, 0));
    OK(hf_aes_ctr(HF_BYTES_OF(key), iv, none, 0));
    OK(hf_aes_cfb(true, HF_BYTES_OF(key), iv, NULL, 0));
    CHECK(none[0] == 9);
}

TEST(random_bytes_differ)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};

    OK(hf_random(a, sizeof(a)));
    OK(hf_random(b, sizeof(b)));
    CHECK(memcmp(a, b, sizeof(a)) != 0);
    OK(hf_random(a, 0));
}

TESTS(RUN(cfb_gives_the_examples_of_sp_800_38a), RUN(ctr_gives_the_examples_of_sp_800_38a),
      RUN(gcm_gives_the_examples_of_its_specification_and_refuses_any_other_tag),
      RUN(gcm_binds_data_additional_data_nonce_and_key), RUN(key_lengths_that_aes_does_not_have_are_refused),
      RUN(nothing_encrypts_to_nothing), RUN(random_bytes_differ))
