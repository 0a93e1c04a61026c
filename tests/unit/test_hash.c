/* crypto/hash: FIPS 180-4 and 202 examples, GB/T 32905, RFC 4231 and 2202. */
#include "codec/hex.h"
#include "crypto/hash.h"
#include "test.h"

static void expect_hex(struct hf_bytes got, const char *want)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf b = {0};

    OK(hf_hex_parse(hf_bytes_text(want), &b));
    CHECK_BYTES(got, hf_buf_bytes(&b));
}

static const struct {
    const char *name;
    enum hf_hash_alg alg;
    size_t size;
    const char *abc;   /* of "abc" */
    const char *empty; /* of nothing */
} algs[] = {
    {"sha1", HF_SHA1, 20, "a9993e364706816aba3e25717850c26c9cd0d89d", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"sha256", HF_SHA256, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"sha384", HF_SHA384, 48,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
     "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"},
    {"sha512", HF_SHA512, 64,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e"
     "2a9ac94fa54ca49f",
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81"
     "a538327af927da3e"},
    {"sm3_256", HF_SM3_256, 32, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
     "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"},
    {"sha3_256", HF_SHA3_256, 32, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
     "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"},
    {"sha3_384", HF_SHA3_384, 48,
     "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
     "0c63a75b845e4f7d01107d852e4c2485c51a50aaaa94fc61995e71bbee983a2ac3713831264adb47fb6bd1e058d5f004"},
    {"sha3_512", HF_SHA3_512, 64,
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a5"
     "6592f8274eec53f0",
     "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a615b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e3"
     "01758586281dcd26"},
};

TEST(every_hash_gives_its_standards_examples)
{
    for (size_t i = 0; i < HF_COUNT(algs); i++) {
        struct hf_digest d = {0};
        struct hf_bytes halves[] = {hf_bytes_text("a"), {NULL, 0}, hf_bytes_text("bc")};

        CASE(algs[i].name);
        CHECK(hf_hash_size(algs[i].alg) == algs[i].size);
        CHECK_TEXT(hf_hash_name(algs[i].alg), algs[i].name);
        OK(hf_hash_one(algs[i].alg, hf_bytes_text("abc"), &d));
        expect_hex(hf_digest_bytes(&d), algs[i].abc);
        OK(hf_hash(algs[i].alg, halves, HF_COUNT(halves), &d));
        expect_hex(hf_digest_bytes(&d), algs[i].abc);
        OK(hf_hash(algs[i].alg, NULL, 0, &d));
        expect_hex(hf_digest_bytes(&d), algs[i].empty);
    }
}

TEST(names_lead_back_to_their_hash_and_no_further)
{
    static const char *const bad[] = {"", "SHA256", "sha-256", "sha2567", "sha25", "md5", "sm3"};
    enum hf_hash_alg alg = HF_HASH_NONE;
    struct hf_digest d = {.n = 7};

    for (size_t i = 0; i < HF_COUNT(algs); i++) {
        OK(hf_hash_by_name(hf_bytes_text(algs[i].name), &alg));
        CHECK(alg == algs[i].alg);
    }
    for (size_t i = 0; i < HF_COUNT(bad); i++) {
        CASE(bad[i]);
        FAILS(hf_hash_by_name(hf_bytes_text(bad[i]), &alg), HF_E_UNSUPPORTED);
    }
    CHECK(hf_hash_size((enum hf_hash_alg)0x10) == 0);
    CHECK(hf_hash_name((enum hf_hash_alg)0x10) == NULL);
    FAILS(hf_hash_one((enum hf_hash_alg)0x10, hf_bytes_text("abc"), &d), HF_E_UNSUPPORTED);
    CHECK(d.n == 7); /* outputs on success only */
    CHECK(hf_hash_evp((enum hf_hash_alg)0x10) == NULL);
}

TEST(a_digest_made_piece_by_piece_is_the_same)
{
    HF_CLEANUP(hf_hasher_free) struct hf_hasher h = {0};
    struct hf_digest d = {0};

    OK(hf_hasher_new(HF_SHA384, &h));
    OK(hf_hasher_add(&h, hf_bytes_text("a")));
    OK(hf_hasher_add(&h, (struct hf_bytes){NULL, 0}));
    OK(hf_hasher_add(&h, hf_bytes_text("bc")));
    OK(hf_hasher_end(&h, &d));
    expect_hex(hf_digest_bytes(&d), algs[2].abc);
    hf_hasher_free(&h);
    hf_hasher_free(&h);
    FAILS(hf_hasher_new(HF_HASH_NONE, &h), HF_E_UNSUPPORTED);
}

TEST(hmac_gives_the_examples_of_its_rfcs)
{
    static const struct {
        const char *name;
        enum hf_hash_alg alg;
        uint8_t key_byte;
        size_t key_size; /* 0: the key is the text "Jefe" */
        const char *data;
        const char *want;
    } cases[] = {
        {"RFC 4231 case 1, SHA-256", HF_SHA256, 0x0b, 20, "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"RFC 4231 case 1, SHA-384", HF_SHA384, 0x0b, 20, "Hi There",
         "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"},
        {"RFC 4231 case 1, SHA-512", HF_SHA512, 0x0b, 20, "Hi There",
         "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f"
         "170"
         "2e696c203a126854"},
        {"RFC 4231 case 2", HF_SHA256, 0, 0, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"RFC 4231 case 6: a key longer than the block", HF_SHA256, 0xaa, 131,
         "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"RFC 4231 case 6: longer than SHA-512's block", HF_SHA512, 0xaa, 131,
         "Test Using Larger Than Block-Size Key - Hash Key First",
         "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0"
         "aec"
         "8b915a985d786598"},
        {"RFC 2202 case 1, SHA-1", HF_SHA1, 0x0b, 20, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t key[131];
        struct hf_bytes k = cases[i].key_size ? (struct hf_bytes){key, cases[i].key_size} : hf_bytes_text("Jefe");
        struct hf_bytes data = hf_bytes_text(cases[i].data);
        struct hf_bytes split[] = {{data.p, 3}, {data.p + 3, data.n - 3}};
        struct hf_digest d = {0};

        CASE(cases[i].name);
        memset(key, cases[i].key_byte, sizeof(key));
        OK(hf_hmac(cases[i].alg, k, split, 2, &d));
        expect_hex(hf_digest_bytes(&d), cases[i].want);
    }
}

TEST(hmac_takes_an_empty_key_and_one_of_exactly_a_block)
{
    uint8_t key[136] = {0};
    struct hf_digest none = {0};
    struct hf_digest zeros = {0};
    struct hf_bytes data = hf_bytes_text("data");

    for (size_t i = 0; i < HF_COUNT(algs); i++) {
        size_t block = algs[i].alg == HF_SHA3_256   ? 136
                       : algs[i].alg == HF_SHA3_384 ? 104
                       : algs[i].alg == HF_SHA3_512 ? 72
                       : algs[i].size > 32          ? 128
                                                    : 64;

        CASE(algs[i].name); /* a short key is padded with zeros: all of these are one key */
        OK(hf_hmac(algs[i].alg, (struct hf_bytes){NULL, 0}, &data, 1, &none));
        OK(hf_hmac(algs[i].alg, (struct hf_bytes){key, block}, &data, 1, &zeros));
        CHECK_BYTES(hf_digest_bytes(&none), hf_digest_bytes(&zeros));
        if (block == sizeof(key))
            continue;
        OK(hf_hmac(algs[i].alg, (struct hf_bytes){key, block + 1}, &data, 1, &zeros));
        CHECK(!hf_bytes_equal(hf_digest_bytes(&none), hf_digest_bytes(&zeros)));
    }
    FAILS(hf_hmac(HF_HASH_NONE, (struct hf_bytes){NULL, 0}, &data, 1, &none), HF_E_UNSUPPORTED);
}

TEST(secret_comparison_tells_length_and_content_apart)
{
    CHECK(hf_equal_secretly(hf_bytes_text("abc"), hf_bytes_text("abc")));
    CHECK(!hf_equal_secretly(hf_bytes_text("abc"), hf_bytes_text("abd")));
    CHECK(!hf_equal_secretly(hf_bytes_text("abc"), hf_bytes_text("ab")));
    CHECK(hf_equal_secretly((struct hf_bytes){NULL, 0}, (struct hf_bytes){NULL, 0}));
}

TESTS(RUN(every_hash_gives_its_standards_examples), RUN(names_lead_back_to_their_hash_and_no_further),
      RUN(a_digest_made_piece_by_piece_is_the_same), RUN(hmac_gives_the_examples_of_its_rfcs),
      RUN(hmac_takes_an_empty_key_and_one_of_exactly_a_block), RUN(secret_comparison_tells_length_and_content_apart))
