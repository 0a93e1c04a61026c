/* crypto/rsa: encryption against OpenSSL's decryption, and our unpadding against both. */
#include "crypto/context.h"
#include "crypto/privkey.h"
#include "crypto/rsa.h"
#include "test.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

static struct hf_privkey *key;

static int make_key(void)
{
    return key || hf_privkey_generate_rsa(2048, &key) == HF_OK;
}

/* OpenSSL's own decryption; n bytes, or -1. */
static int openssl_decrypt(int padding, enum hf_hash_alg hash, struct hf_bytes label, struct hf_bytes in, uint8_t *out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(hf_ossl(), hf_privkey_evp(key), NULL);
    size_t n = 256;
    int ok = ctx && EVP_PKEY_decrypt_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1;

    if (ok && padding == RSA_PKCS1_OAEP_PADDING)
        ok = EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hf_hash_evp(hash)) == 1 &&
             EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hf_hash_evp(hash)) == 1 &&
             (label.n == 0 ||
              EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_memdup(label.p, label.n), (int)label.n) == 1);
    ok = ok && EVP_PKEY_decrypt(ctx, out, &n, in.p, in.n) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok ? (int)n : -1;
}

TEST(oaep_is_decrypted_by_openssl_and_by_us)
{
    static const struct {
        const char *name;
        enum hf_hash_alg hash;
        struct hf_bytes label;
        size_t n;
    } cases[] = {
        {"no label", HF_SHA256, {NULL, 0}, 16},
        {"a TPM's label with its NUL", HF_SHA256, {(const uint8_t *)"DUPLICATE", 10}, 32},
        {"SHA-1", HF_SHA1, {(const uint8_t *)"SECRET", 7}, 20},
        {"SHA-384", HF_SHA384, {(const uint8_t *)"IDENTITY", 9}, 48},
        {"as much as fits", HF_SHA256, {NULL, 0}, 190},
        {"nothing", HF_SHA256, {NULL, 0}, 0},
    };

    CHECK(make_key());
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        HF_CLEANUP(hf_secret_free) struct hf_secret *block = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *clear = NULL;
        struct hf_oaep oaep = {.hash = cases[i].hash, .label = cases[i].label};
        uint8_t data[256];
        uint8_t back[256];

        CASE(cases[i].name);
        memset(data, 0x5a, sizeof(data));
        OK(hf_rsa_oaep_encrypt(hf_privkey_public(key), cases[i].hash, cases[i].label,
                               (struct hf_bytes){data, cases[i].n}, &out));
        CHECK(out.n == 256);
        CHECK(openssl_decrypt(RSA_PKCS1_OAEP_PADDING, cases[i].hash, cases[i].label, hf_buf_bytes(&out), back) ==
              (int)cases[i].n);
        CHECK(memcmp(back, data, cases[i].n) == 0);
        OK(hf_privkey_rsa_raw(key, hf_buf_bytes(&out), &block));
        OK(hf_rsa_oaep_unpad(&oaep, block, &clear));
        CHECK_BYTES(hf_secret_expose(clear), ((struct hf_bytes){data, cases[i].n}));
        hf_secret_free(&clear);
        oaep.label = hf_bytes_text("another");
        FAILS(hf_rsa_oaep_unpad(&oaep, block, &clear), HF_E_INTEGRITY);
        oaep.label = cases[i].label;
        oaep.mgf1 = cases[i].hash == HF_SHA512 ? HF_SHA256 : HF_SHA512;
        FAILS(hf_rsa_oaep_unpad(&oaep, block, &clear), HF_E_INTEGRITY);
    }
}

TEST(a_mask_hash_of_its_own_is_undone)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *block = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *clear = NULL;
    struct hf_oaep oaep = {.hash = HF_SHA256, .mgf1 = HF_SHA1};
    EVP_PKEY_CTX *ctx;
    uint8_t sealed[256];
    size_t n = sizeof(sealed);

    CHECK(make_key());
    ctx = EVP_PKEY_CTX_new_from_pkey(hf_ossl(), hf_privkey_evp(key), NULL);
    CHECK(ctx && EVP_PKEY_encrypt_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
          EVP_PKEY_CTX_set_rsa_oaep_md(ctx, hf_hash_evp(HF_SHA256)) == 1 &&
          EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hf_hash_evp(HF_SHA1)) == 1 &&
          EVP_PKEY_encrypt(ctx, sealed, &n, (const uint8_t *)"secret", 6) == 1);
    EVP_PKEY_CTX_free(ctx);
    OK(hf_privkey_rsa_raw(key, HF_BYTES_OF(sealed), &block));
    OK(hf_rsa_oaep_unpad(&oaep, block, &clear));
    CHECK_BYTES(hf_secret_expose(clear), hf_bytes_text("secret"));
}

/* MGF1 written again, plainly, so that a wrong block can be made of any content. */
static void mgf1_xor(struct hf_bytes seed, uint8_t *place, size_t n)
{
    for (uint8_t counter = 0; n; counter++) {
        uint8_t be[4] = {0, 0, 0, counter};
        struct hf_bytes parts[] = {seed, HF_BYTES_OF(be)};
        struct hf_digest d = {0};
        size_t part;

        OK(hf_hash(HF_SHA256, parts, 2, &d));
        part = n < d.n ? n : d.n;
        for (size_t i = 0; i < part; i++)
            *place++ ^= d.bytes[i];
        n -= part;
    }
}

static void pad(const uint8_t db[223], uint8_t first, struct hf_secret **out)
{
    uint8_t em[256];

    em[0] = first;
    memset(em + 1, 0x77, 32);
    memcpy(em + 33, db, 223);
    mgf1_xor((struct hf_bytes){em + 1, 32}, em + 33, 223);
    mgf1_xor((struct hf_bytes){em + 33, 223}, em + 1, 32);
    hf_secret_free(out);
    OK(hf_secret_new(HF_BYTES_OF(em), out));
}

TEST(every_fault_of_oaep_padding_has_the_same_answer)
{
    static const struct {
        const char *name;
        uint8_t first;
        int at; /* of a byte of DB that is set; the good DB has lHash, zeros, 01 at 100, data */
        uint8_t value;
        hf_err want;
    } cases[] = {
        {"good", 0, 100, 1, HF_OK},
        {"good, the data longer", 0, 32, 1, HF_OK},
        {"good, a second 01 in the data", 0, 150, 1, HF_OK},
        {"a first byte of 1", 1, 100, 1, HF_E_INTEGRITY},
        {"a first byte of 0x80", 0x80, 100, 1, HF_E_INTEGRITY},
        {"another label hash, first byte", 0, 0, 0xaa, HF_E_INTEGRITY},
        {"another label hash, last byte", 0, 31, 0xaa, HF_E_INTEGRITY},
        {"2 before 01", 0, 60, 2, HF_E_INTEGRITY},
        {"0xff right after the label hash", 0, 32, 0xff, HF_E_INTEGRITY},
        {"no 01 at all", 0, 100, 0, HF_E_INTEGRITY},
    };
    HF_CLEANUP(hf_secret_free) struct hf_secret *block = NULL;
    struct hf_oaep oaep = {.hash = HF_SHA256};
    struct hf_digest lhash = {0};
    char detail[200] = "";

    OK(hf_hash(HF_SHA256, NULL, 0, &lhash));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_secret_free) struct hf_secret *clear = NULL;
        uint8_t db[223] = {0};

        CASE(cases[i].name);
        memcpy(db, lhash.bytes, 32);
        db[100] = 1;
        db[cases[i].at] = cases[i].value;
        pad(db, cases[i].first, &block);
        FAILS(hf_rsa_oaep_unpad(&oaep, block, &clear), cases[i].want);
        if (cases[i].want == HF_OK) {
            size_t start = cases[i].at == 32 ? 33 : 101;

            CHECK_BYTES(hf_secret_expose(clear), ((struct hf_bytes){db + start, sizeof(db) - start}));
        } else {
            CHECK(!detail[0] || strcmp(detail, hf_err_detail()) == 0);
            (void)snprintf(detail, sizeof(detail), "%s", hf_err_detail());
        }
    }
    CASE("");
    {
        uint8_t few[65] = {0};
        HF_CLEANUP(hf_secret_free) struct hf_secret *clear = NULL;

        hf_secret_free(&block);
        OK(hf_secret_new(HF_BYTES_OF(few), &block));
        FAILS(hf_rsa_oaep_unpad(&oaep, block, &clear), HF_E_ARG);
        FAILS(hf_rsa_oaep_unpad(&oaep, NULL, &clear), HF_E_ARG);
        oaep.hash = HF_HASH_NONE;
        FAILS(hf_rsa_oaep_unpad(&oaep, block, &clear), HF_E_UNSUPPORTED);
    }
}

TEST(pkcs1_encryption_is_undone_by_openssl)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    uint8_t data[246] = {0};
    uint8_t back[256];

    CHECK(make_key());
    OK(hf_rsa_pkcs1_encrypt(hf_privkey_public(key), (struct hf_bytes){data, 245}, &out));
    CHECK(openssl_decrypt(RSA_PKCS1_PADDING, 0, (struct hf_bytes){NULL, 0}, hf_buf_bytes(&out), back) == 245);
    FAILS(hf_rsa_pkcs1_encrypt(hf_privkey_public(key), (struct hf_bytes){data, 246}, &out), HF_E_LIMIT);
    CHECK(out.n == 256);
}

TEST(what_does_not_fit_is_refused)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *ec = NULL;
    struct hf_bytes none = {NULL, 0};
    uint8_t data[256] = {0};

    CHECK(make_key());
    OK(hf_privkey_generate_ec(HF_P256, &ec));
    FAILS(hf_rsa_oaep_encrypt(hf_privkey_public(key), HF_SHA256, none, (struct hf_bytes){data, 191}, &out), HF_E_LIMIT);
    FAILS(hf_rsa_oaep_encrypt(hf_privkey_public(key), HF_HASH_NONE, none, none, &out), HF_E_UNSUPPORTED);
    FAILS(hf_rsa_oaep_encrypt(hf_privkey_public(ec), HF_SHA256, none, none, &out), HF_E_KEY_TYPE);
    FAILS(hf_rsa_pkcs1_encrypt(hf_privkey_public(ec), none, &out), HF_E_KEY_TYPE);
    FAILS(hf_rsa_public_raw(hf_privkey_public(key), (struct hf_bytes){data, 255}, &out), HF_E_ARG);
    CHECK(out.n == 0);
}

TEST(the_raw_operations_undo_each_other)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    HF_CLEANUP(hf_secret_free) struct hf_secret *back = NULL;
    uint8_t block[256] = {0};

    CHECK(make_key());
    block[0] = 1;
    block[255] = 7;
    OK(hf_rsa_public_raw(hf_privkey_public(key), HF_BYTES_OF(block), &out));
    OK(hf_privkey_rsa_raw(key, hf_buf_bytes(&out), &back));
    CHECK(hf_secret_equal(back, HF_BYTES_OF(block)));
    hf_privkey_free(&key);
}

TESTS(RUN(oaep_is_decrypted_by_openssl_and_by_us), RUN(a_mask_hash_of_its_own_is_undone),
      RUN(every_fault_of_oaep_padding_has_the_same_answer), RUN(pkcs1_encryption_is_undone_by_openssl),
      RUN(what_does_not_fit_is_refused), RUN(the_raw_operations_undo_each_other))
