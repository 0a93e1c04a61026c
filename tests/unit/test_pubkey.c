/* crypto/pubkey and crypto/fast_p384. */
#include "codec/hex.h"
#include "crypto/cipher.h"
#include "crypto/context.h"
#include "crypto/fast_p384.h"
#include "crypto/privkey.h"
#include "test.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pthread.h>

static void hex(const char *text, struct hf_buf *out)
{
    out->n = 0;
    OK(hf_hex_parse(hf_bytes_text(text), out));
}

/* RFC 6979, A.2.5, A.2.6, A.2.7: message "sample". */
static const struct {
    const char *name;
    enum hf_curve curve;
    enum hf_hash_alg hash;
    const char *x, *y, *sig;
} rfc6979[] = {
    {"P-256, SHA-256", HF_P256, HF_SHA256, "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
     "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
     "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {"P-384, SHA-384", HF_P384, HF_SHA384,
     "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13",
     "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720",
     "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
     "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8"},
    {"P-521, SHA-512", HF_P521, HF_SHA512,
     "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38ffa16d2bd76"
     "1"
     "dcac474b9a2f5023a4",
     "00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f924faafbd4d33f81e"
     "a"
     "66956dfeaa2bfdfcf5",
     "00c328fafcbd79dd77850370c46325d987cb525569fb63c5d3bc53950e6d4c5f174e25a1ee9017b5d450606add152b534931d7d4e8455cc91"
     "f"
     "9b15bf05ec36e377fa00617cce7cf5064806c467f678d3b4080d6f1cc50af26ca209417308281b68af282623eaa63e5b5c0723d8b8c37ff07"
     "7"
     "7b1a20f8ccb1dccc43997f1ee0e44da4a67a"},
};

TEST(ecdsa_takes_the_signatures_of_rfc_6979_and_no_bit_of_another)
{
    for (size_t i = 0; i < HF_COUNT(rfc6979); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf x = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf y = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
        struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = rfc6979[i].hash};
        struct hf_sig_alg alg_der = {.scheme = HF_SIG_ECDSA_DER, .hash = rfc6979[i].hash};
        struct hf_bytes message = hf_bytes_text("sample");

        CASE(rfc6979[i].name);
        hex(rfc6979[i].x, &x);
        hex(rfc6979[i].y, &y);
        hex(rfc6979[i].sig, &sig);
        OK(hf_pubkey_from_point(rfc6979[i].curve, hf_buf_bytes(&x), hf_buf_bytes(&y), &key));
        OK(hf_pubkey_verify_message(key, &alg, message, hf_buf_bytes(&sig)));
        OK(hf_pubkey_verify_message(key, &alg, message, hf_buf_bytes(&sig))); /* with the kept context */
        OK(hf_ecdsa_to_der(rfc6979[i].curve, hf_buf_bytes(&sig), &der));
        OK(hf_pubkey_verify_message(key, &alg_der, message, hf_buf_bytes(&der)));
        FAILS(hf_pubkey_verify_message(key, &alg, hf_bytes_text("samplf"), hf_buf_bytes(&sig)), HF_E_MISMATCH);
        for (size_t at = 0; at < sig.n; at += 13) {
            sig.p[at] ^= 1;
            FAILS(hf_pubkey_verify_message(key, &alg, message, hf_buf_bytes(&sig)), HF_E_MISMATCH);
            sig.p[at] ^= 1;
        }
        for (size_t cut = 0; cut < sig.n; cut += 17)
            FAILS(hf_pubkey_verify_message(key, &alg, message, (struct hf_bytes){sig.p, cut}), HF_E_MISMATCH);
        FAILS(hf_pubkey_verify_message(key, &alg_der, message, (struct hf_bytes){der.p, der.n - 1}), HF_E_MISMATCH);
        OK(hf_buf_add(&der, hf_bytes_text("x")));
        FAILS(hf_pubkey_verify_message(key, &alg_der, message, hf_buf_bytes(&der)), HF_E_MISMATCH);
    }
}

/* n of each curve, to be written into r or s. */
static const char *const orders[] = {
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47"
    "aebb"
    "6fb71e91386409"};

TEST(r_and_s_of_zero_and_of_the_order_and_beyond_are_refused)
{
    for (size_t i = 0; i < HF_COUNT(rfc6979); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf x = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf y = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf good = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf order = {0};
        HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
        struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = rfc6979[i].hash};
        size_t size = hf_curve_size(rfc6979[i].curve);

        CASE(rfc6979[i].name);
        hex(rfc6979[i].x, &x);
        hex(rfc6979[i].y, &y);
        hex(rfc6979[i].sig, &good);
        hex(orders[i], &order);
        OK(hf_pubkey_from_point(rfc6979[i].curve, hf_buf_bytes(&x), hf_buf_bytes(&y), &key));
        for (size_t half = 0; half < 2; half++) {
            uint8_t bad[2 * HF_COORD_MAX];
            struct hf_bytes b = {bad, 2 * size};

            memcpy(bad, good.p, 2 * size);
            memset(bad + half * size, 0, size);
            FAILS(hf_pubkey_verify_message(key, &alg, hf_bytes_text("sample"), b), HF_E_MISMATCH);
            CHECK_DETAIL("[1, n-1]");
            memcpy(bad + half * size, order.p, size);
            FAILS(hf_pubkey_verify_message(key, &alg, hf_bytes_text("sample"), b), HF_E_MISMATCH);
            CHECK_DETAIL("[1, n-1]");
            memset(bad + half * size, 0xff, size);
            FAILS(hf_pubkey_verify_message(key, &alg, hf_bytes_text("sample"), b), HF_E_MISMATCH);
            CHECK_DETAIL("[1, n-1]");
            bad[half * size + size - 1] = 0xfe;
            memcpy(bad + half * size, order.p, size);
            bad[half * size + size - 1]--; /* n - 1: in range, and wrong */
            FAILS(hf_pubkey_verify_message(key, &alg, hf_bytes_text("sample"), b), HF_E_MISMATCH);
            CHECK_DETAIL("numbers do not fit");
        }
    }
}

TEST(points_that_are_not_on_the_curve_are_refused)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf x = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf y = {0};
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    uint8_t wide[HF_COORD_MAX + 1];
    uint8_t zero[32] = {0};
    /* p of P-256, and with it x = p + 0 where 0 is no valid x either */
    const char *p256 = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";

    for (size_t i = 0; i < HF_COUNT(rfc6979); i++) {
        CASE(rfc6979[i].name);
        hex(rfc6979[i].x, &x);
        hex(rfc6979[i].y, &y);
        y.p[y.n - 1] ^= 1;
        FAILS(hf_pubkey_from_point(rfc6979[i].curve, hf_buf_bytes(&x), hf_buf_bytes(&y), &key), HF_E_FORMAT);
        y.p[y.n - 1] ^= 1;
        FAILS(hf_pubkey_from_point(rfc6979[(i + 1) % 3].curve, hf_buf_bytes(&x), hf_buf_bytes(&y), &key), HF_E_FORMAT);
        memset(wide, 1, sizeof(wide));
        FAILS(hf_pubkey_from_point(rfc6979[i].curve, HF_BYTES_OF(wide), hf_buf_bytes(&y), &key), HF_E_FORMAT);
    }
    CASE("");
    FAILS(hf_pubkey_from_point(HF_P256, HF_BYTES_OF(zero), HF_BYTES_OF(zero), &key), HF_E_FORMAT);
    hex(p256, &x);
    FAILS(hf_pubkey_from_point(HF_P256, hf_buf_bytes(&x), HF_BYTES_OF(zero), &key), HF_E_FORMAT);
    FAILS(hf_pubkey_from_point(HF_P256, (struct hf_bytes){NULL, 0}, (struct hf_bytes){NULL, 0}, &key), HF_E_FORMAT);
    FAILS(hf_pubkey_from_point((enum hf_curve)0x10, hf_buf_bytes(&x), hf_buf_bytes(&x), &key), HF_E_UNSUPPORTED);
    CHECK(key == NULL);
}

TEST(rsa_keys_out_of_bounds_are_refused)
{
    uint8_t n[HF_RSA_BYTES_MAX + 1];
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;

    memset(n, 0xff, sizeof(n));
    FAILS(hf_pubkey_from_rsa((struct hf_bytes){n, 127}, 65537, &key), HF_E_UNSUPPORTED);
    FAILS(hf_pubkey_from_rsa((struct hf_bytes){n, sizeof(n)}, 65537, &key), HF_E_UNSUPPORTED);
    FAILS(hf_pubkey_from_rsa((struct hf_bytes){NULL, 0}, 65537, &key), HF_E_UNSUPPORTED);
    FAILS(hf_pubkey_from_rsa((struct hf_bytes){n, 256}, 65536, &key), HF_E_FORMAT);
    FAILS(hf_pubkey_from_rsa((struct hf_bytes){n, 256}, 1, &key), HF_E_FORMAT);
    FAILS(hf_pubkey_from_rsa((struct hf_bytes){n, 256}, 0, &key), HF_E_FORMAT);
    n[0] = 0x7f;
    FAILS(hf_pubkey_from_rsa((struct hf_bytes){n, 128}, 65537, &key), HF_E_UNSUPPORTED); /* 1023 bits */
    CHECK_DETAIL("1023 bits");
    n[255] = 0xfe;
    FAILS(hf_pubkey_from_rsa((struct hf_bytes){n, 256}, 65537, &key), HF_E_FORMAT);
    n[255] = 0xff;
    OK(hf_pubkey_from_rsa((struct hf_bytes){n, 256}, 65537, &key));
    CHECK(hf_pubkey_bits(key) == 2047);
}

/* One key of each kind. */
static hf_err make(const char *kind, struct hf_privkey **out)
{
    if (strcmp(kind, "rsa2048") == 0)
        return hf_privkey_generate_rsa(2048, out);
    if (strcmp(kind, "ed25519") == 0)
        return hf_privkey_generate_ed25519(out);
    return hf_privkey_generate_ec(kind[2] == '2' ? HF_P256 : kind[2] == '3' ? HF_P384 : HF_P521, out);
}
static const char *const kinds[] = {"P-256", "P-384", "P-521", "rsa2048", "ed25519"};

/* What OpenSSL writes for the same key. */
static void openssl_spki(const struct hf_pubkey *key, struct hf_buf *out)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(hf_pubkey_evp(key), &der);

    CHECK(n > 0);
    OK(hf_buf_set(out, (struct hf_bytes){der, (size_t)n}));
    OPENSSL_free(der);
}

TEST(keys_survive_spki_and_pem_and_are_written_as_openssl_writes_them)
{
    for (size_t i = 0; i < HF_COUNT(kinds); i++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *priv = NULL;
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *other = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf theirs = {0};
        HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *a = NULL;
        HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *b = NULL;
        struct hf_digest d = {0};
        uint8_t sha[32];
        char name[16];

        CASE(kinds[i]);
        OK(make(kinds[i], &priv));
        OK(make(kinds[i], &other));
        hf_pubkey_describe(hf_privkey_public(priv), name);
        CHECK_TEXT(name, kinds[i]);
        OK(hf_pubkey_to_spki(hf_privkey_public(priv), &der));
        openssl_spki(hf_privkey_public(priv), &theirs);
        CHECK_BYTES(hf_buf_bytes(&der), hf_buf_bytes(&theirs));
        OK(hf_pubkey_to_pem(hf_privkey_public(priv), &pem));
        OK(hf_pubkey_from_spki(hf_buf_bytes(&der), &a));
        OK(hf_pubkey_from_pem(hf_buf_bytes(&pem), &b));
        CHECK(hf_pubkey_equal(a, b) && hf_pubkey_equal(a, hf_privkey_public(priv)));
        CHECK(!hf_pubkey_equal(a, hf_privkey_public(other)));
        OK(hf_hash_one(HF_SHA256, hf_buf_bytes(&der), &d));
        OK(hf_pubkey_spki_sha256(a, sha));
        CHECK_BYTES(HF_BYTES_OF(sha), hf_digest_bytes(&d));
        for (size_t cut = 0; cut < der.n; cut++) {
            struct hf_pubkey *none = NULL;

            CHECK(hf_pubkey_from_spki((struct hf_bytes){der.p, cut}, &none) != HF_OK && !none);
        }
        OK(hf_buf_add(&der, hf_bytes_text("\0")));
        OK(hf_buf_add(&der, hf_bytes_text("x")));
        hf_pubkey_free(&b);
        FAILS(hf_pubkey_from_spki(hf_buf_bytes(&der), &b), HF_E_TRAILING);
    }
}

TEST(keys_of_other_algorithms_and_curves_are_named_and_refused)
{
    static const struct {
        const char *name;
        const char *hex;
        const char *detail;
    } cases[] = {
        {"secp256k1",
         "3056301006072a8648ce3d020106052b8104000a034200"
         "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68"
         "55419"
         "9c47d08ffb10d4b8",
         "1.3.132.0.10"},
        {"X25519", "302a300506032b656e032100de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
         "1.3.101.110"},
        {"parameters spelled out",
         "3014300e06072a8648ce3d020130030201010302"
         "0004",
         "named curves"},
    };
    struct hf_pubkey *key = NULL;

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

        CASE(cases[i].name);
        hex(cases[i].hex, &der);
        FAILS(hf_pubkey_from_spki(hf_buf_bytes(&der), &key), HF_E_UNSUPPORTED);
        CHECK_DETAIL(cases[i].detail);
    }
    CHECK(key == NULL);
    FAILS(hf_pubkey_from_pem(hf_bytes_text("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"), &key),
          HF_E_NOT_FOUND);
}

TEST(every_scheme_verifies_what_it_signed_and_nothing_else)
{
    static const struct {
        const char *name;
        const char *kind;
        struct hf_sig_alg alg;
    } cases[] = {
        {"ECDSA P-256", "P-256", {HF_SIG_ECDSA, HF_SHA256, 0, 0}},
        {"ECDSA P-256 with SHA-512", "P-256", {HF_SIG_ECDSA, HF_SHA512, 0, 0}},
        {"ECDSA P-384 as DER", "P-384", {HF_SIG_ECDSA_DER, HF_SHA384, 0, 0}},
        {"ECDSA P-384 with SHA-256", "P-384", {HF_SIG_ECDSA, HF_SHA256, 0, 0}},
        {"ECDSA P-384 with SHA-512", "P-384", {HF_SIG_ECDSA, HF_SHA512, 0, 0}},
        {"ECDSA P-521", "P-521", {HF_SIG_ECDSA, HF_SHA512, 0, 0}},
        {"RSASSA SHA-1", "rsa2048", {HF_SIG_RSASSA, HF_SHA1, 0, 0}},
        {"RSASSA SHA-256", "rsa2048", {HF_SIG_RSASSA, HF_SHA256, 0, 0}},
        {"RSASSA SHA-384", "rsa2048", {HF_SIG_RSASSA, HF_SHA384, 0, 0}},
        {"RSASSA SHA3-256", "rsa2048", {HF_SIG_RSASSA, HF_SHA3_256, 0, 0}},
        {"PSS SHA-256, salt as the hash", "rsa2048", {HF_SIG_RSAPSS, HF_SHA256, 0, HF_SALT_HASH}},
        {"PSS SHA-384, salt 48", "rsa2048", {HF_SIG_RSAPSS, HF_SHA384, HF_SHA384, 48}},
        {"PSS without salt", "rsa2048", {HF_SIG_RSAPSS, HF_SHA256, 0, HF_SALT_NONE}},
        {"PSS with another mask hash", "rsa2048", {HF_SIG_RSAPSS, HF_SHA256, HF_SHA1, HF_SALT_HASH}},
        {"Ed25519", "ed25519", {HF_SIG_ED25519, 0, 0, 0}},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *other = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
        const struct hf_sig_alg *alg = &cases[i].alg;
        struct hf_bytes message = hf_bytes_text("a message");

        CASE(cases[i].name);
        OK(make(cases[i].kind, &key));
        OK(make(cases[i].kind, &other));
        OK(hf_privkey_sign_message(key, alg, message, &sig));
        for (int again = 0; again < 3; again++)
            OK(hf_pubkey_verify_message(hf_privkey_public(key), alg, message, hf_buf_bytes(&sig)));
        FAILS(hf_pubkey_verify_message(hf_privkey_public(other), alg, message, hf_buf_bytes(&sig)), HF_E_MISMATCH);
        FAILS(hf_pubkey_verify_message(hf_privkey_public(key), alg, hf_bytes_text("b message"), hf_buf_bytes(&sig)),
              HF_E_MISMATCH);
        sig.p[sig.n / 2] ^= 4;
        FAILS(hf_pubkey_verify_message(hf_privkey_public(key), alg, message, hf_buf_bytes(&sig)), HF_E_MISMATCH);
        sig.p[sig.n / 2] ^= 4;
        FAILS(hf_pubkey_verify_message(hf_privkey_public(key), alg, message, (struct hf_bytes){sig.p, sig.n - 1}),
              HF_E_MISMATCH);
        FAILS(hf_pubkey_verify_message(hf_privkey_public(key), alg, message, (struct hf_bytes){NULL, 0}),
              HF_E_MISMATCH);
        OK(hf_pubkey_verify_message(hf_privkey_public(key), alg, message, hf_buf_bytes(&sig)));
    }
}

TEST(pss_salt_lengths_are_exact_unless_any_is_allowed)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_sig_alg alg = {.scheme = HF_SIG_RSAPSS, .hash = HF_SHA256, .salt = 20};
    struct hf_bytes m = hf_bytes_text("m");

    OK(hf_privkey_generate_rsa(2048, &key));
    OK(hf_privkey_sign_message(key, &alg, m, &sig));
    OK(hf_pubkey_verify_message(hf_privkey_public(key), &alg, m, hf_buf_bytes(&sig)));
    alg.salt = HF_SALT_AUTO;
    OK(hf_pubkey_verify_message(hf_privkey_public(key), &alg, m, hf_buf_bytes(&sig)));
    alg.salt = HF_SALT_HASH;
    FAILS(hf_pubkey_verify_message(hf_privkey_public(key), &alg, m, hf_buf_bytes(&sig)), HF_E_MISMATCH);
    alg.salt = HF_SALT_NONE;
    FAILS(hf_pubkey_verify_message(hf_privkey_public(key), &alg, m, hf_buf_bytes(&sig)), HF_E_MISMATCH);
    alg.salt = 21;
    FAILS(hf_pubkey_verify_message(hf_privkey_public(key), &alg, m, hf_buf_bytes(&sig)), HF_E_MISMATCH);
    alg.salt = -3;
    FAILS(hf_pubkey_verify_message(hf_privkey_public(key), &alg, m, hf_buf_bytes(&sig)), HF_E_ARG);
    alg = (struct hf_sig_alg){.scheme = HF_SIG_RSASSA, .hash = HF_SHA256};
    FAILS(hf_pubkey_verify_message(hf_privkey_public(key), &alg, m, hf_buf_bytes(&sig)), HF_E_MISMATCH);
}

TEST(schemes_that_do_not_go_with_the_key_are_another_error_than_a_bad_signature)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *ec = NULL;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *ed = NULL;
    struct hf_sig_alg rsa = {.scheme = HF_SIG_RSASSA, .hash = HF_SHA256};
    struct hf_sig_alg ecdsa = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256};
    struct hf_sig_alg none = {.scheme = HF_SIG_NONE, .hash = HF_SHA256};
    uint8_t digest[48] = {0};
    uint8_t sig[64] = {1};
    struct hf_point p;
    struct hf_bytes v;
    uint64_t e;

    OK(hf_privkey_generate_ec(HF_P256, &ec));
    OK(hf_privkey_generate_ed25519(&ed));
    FAILS(hf_pubkey_verify(hf_privkey_public(ec), &rsa, (struct hf_bytes){digest, 32}, HF_BYTES_OF(sig)),
          HF_E_KEY_TYPE);
    FAILS(hf_pubkey_verify(hf_privkey_public(ed), &ecdsa, (struct hf_bytes){digest, 32}, HF_BYTES_OF(sig)),
          HF_E_KEY_TYPE);
    FAILS(hf_pubkey_verify(hf_privkey_public(ec), &none, (struct hf_bytes){digest, 32}, HF_BYTES_OF(sig)),
          HF_E_UNSUPPORTED);
    FAILS(hf_pubkey_verify(hf_privkey_public(ec), &ecdsa, HF_BYTES_OF(digest), HF_BYTES_OF(sig)), HF_E_ARG);
    FAILS(hf_pubkey_verify(hf_privkey_public(ec), &ecdsa, (struct hf_bytes){digest, 0}, HF_BYTES_OF(sig)), HF_E_ARG);
    FAILS(hf_pubkey_point(hf_privkey_public(ed), &p), HF_E_KEY_TYPE);
    FAILS(hf_pubkey_rsa(hf_privkey_public(ec), &v, &e), HF_E_KEY_TYPE);
    FAILS(hf_pubkey_ed25519(hf_privkey_public(ec), &v), HF_E_KEY_TYPE);
    CHECK_DETAIL("P-256");
}

TEST(ecdsa_der_that_is_not_der_is_refused)
{
    static const struct {
        const char *name;
        const char *hex;
        hf_err want;
    } cases[] = {
        {"small numbers", "3006020101020102", HF_OK},
        {"zero", "3006020100020102", HF_OK}, /* well formed; verifying refuses it */
        {"negative", "3006020180020102", HF_E_FORMAT},
        {"a needless zero", "300702020001020102", HF_E_FORMAT},
        {"one number", "3003020101", HF_E_TRUNCATED},
        {"three numbers", "3009020101020102020103", HF_E_TRAILING},
        {"a length in long form", "308106020101020102", HF_E_FORMAT},
        {"33 bytes", "30260221010000000000000000000000000000000000000000000000000000000000000000020101", HF_E_FORMAT},
        {"nothing", "", HF_E_TRUNCATED},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf back = {0};

        CASE(cases[i].name);
        hex(cases[i].hex, &in);
        FAILS(hf_ecdsa_from_der(HF_P256, hf_buf_bytes(&in), &raw), cases[i].want);
        if (cases[i].want != HF_OK)
            continue;
        CHECK(raw.n == 64);
        OK(hf_ecdsa_to_der(HF_P256, hf_buf_bytes(&raw), &back));
        CHECK_BYTES(hf_buf_bytes(&back), hf_buf_bytes(&in));
    }
    CASE("");
    {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        uint8_t raw[63] = {0};

        FAILS(hf_ecdsa_to_der(HF_P256, HF_BYTES_OF(raw), &out), HF_E_ARG);
    }
}

struct job {
    struct hf_pubkey *key;
    struct hf_bytes sig;
    unsigned good, bad;
};

static void *verify_often(void *arg)
{
    struct job *job = arg;
    struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256};

    for (int i = 0; i < 200; i++) {
        if (hf_pubkey_verify_message(job->key, &alg, hf_bytes_text("m"), job->sig) == HF_OK)
            job->good++;
        if (hf_pubkey_verify_message(job->key, &alg, hf_bytes_text("n"), job->sig) == HF_E_MISMATCH)
            job->bad++;
    }
    return NULL;
}

TEST(one_key_verifies_in_many_threads)
{
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = HF_SHA256};
    pthread_t thread[6];
    struct job job[6];

    OK(hf_privkey_generate_ec(HF_P256, &key));
    OK(hf_privkey_sign_message(key, &alg, hf_bytes_text("m"), &sig));
    for (size_t i = 0; i < HF_COUNT(thread); i++) {
        job[i] = (struct job){.key = hf_pubkey_share(hf_privkey_public(key)), .sig = hf_buf_bytes(&sig)};
        CHECK(pthread_create(&thread[i], NULL, verify_often, &job[i]) == 0);
    }
    for (size_t i = 0; i < HF_COUNT(thread); i++) {
        CHECK(pthread_join(thread[i], NULL) == 0);
        CHECK(job[i].good == 200 && job[i].bad == 200);
        hf_pubkey_free(&job[i].key);
    }
}

/* What OpenSSL says, without the fast way. */
static bool openssl_says(const struct hf_pubkey *key, struct hf_bytes digest, const uint8_t sig[96])
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(hf_ossl(), hf_pubkey_evp(key), NULL);
    int ok;

    OK(hf_ecdsa_to_der(HF_P384, (struct hf_bytes){sig, 96}, &der));
    CHECK(ctx && EVP_PKEY_verify_init(ctx) == 1);
    ok = EVP_PKEY_verify(ctx, der.p, der.n, digest.p, digest.n);
    EVP_PKEY_CTX_free(ctx);
    return ok == 1;
}

/* Change a valid triple in one of many ways; 0 leaves it alone. */
static void disturb(unsigned way, uint8_t sig[96], uint8_t *digest, size_t n, const uint8_t noise[96])
{
    switch (way) {
    case 1:
        sig[noise[0] % 96] ^= (uint8_t)(1u << (noise[1] & 7));
        break;
    case 2: /* of a longer digest only the first 384 bits count */
        digest[noise[0] % (n < 48 ? n : 48)] ^= (uint8_t)(1u << (noise[1] & 7));
        break;
    case 3:
        memcpy(sig, noise, 96);
        break;
    case 4: /* r and s change places */
        for (size_t i = 0; i < 48; i++) {
            uint8_t t = sig[i];

            sig[i] = sig[48 + i];
            sig[48 + i] = t;
        }
        break;
    case 5: /* small numbers */
        memset(sig + (noise[0] & 1 ? 48 : 0), 0, 47);
        break;
    case 6: /* large ones */
        memset(sig + (noise[0] & 1 ? 48 : 0), 0xff, 24);
        break;
    case 7:
        memset(digest, noise[0] & 1 ? 0xff : 0, n);
        break;
    default:
        break;
    }
}

static bool usable(const uint8_t sig[96])
{
    HF_CLEANUP(hf_buf_free) struct hf_buf order = {0};
    uint8_t zero[48] = {0};

    hex(orders[1], &order);
    return memcmp(sig, zero, 48) != 0 && memcmp(sig + 48, zero, 48) != 0 && memcmp(sig, order.p, 48) < 0 &&
           memcmp(sig + 48, order.p, 48) < 0;
}

/* HOLDFAST_P384_CASES sets the number of signatures. */
TEST(the_fast_way_agrees_with_openssl_on_p384)
{
    static const struct {
        enum hf_hash_alg hash;
        size_t size;
    } hashes[] = {{HF_SHA256, 32}, {HF_SHA384, 48}, {HF_SHA512, 64}, {HF_SHA1, 20}};
    const char *asked = getenv("HOLDFAST_P384_CASES");
    unsigned long count = asked ? strtoul(asked, NULL, 10) : 2000;
    unsigned long valid = 0;
    unsigned long tried = 0;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *key = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
    struct hf_p384 *fast = NULL;
    uint8_t clean[64];

    if (!hf_p384_available())
        SKIP("this build has no fast P-384 (nettle-dev, -Dfast_p384=enabled)");
    for (unsigned long i = 0; i < count; i++) {
        unsigned long h = i / 8 % HF_COUNT(hashes);
        struct hf_sig_alg alg = {.scheme = HF_SIG_ECDSA, .hash = hashes[h].hash};
        uint8_t digest[64];
        uint8_t bad[96];
        uint8_t noise[96];
        struct hf_bytes d = {digest, hashes[h].size};
        bool says;

        if (i % 8 == 0) { /* a new signature for every eight ways, a new key for every 32 */
            OK(hf_random(clean, sizeof(clean)));
            if (i % 32 == 0) {
                struct hf_point point;

                hf_privkey_free(&key);
                hf_p384_free(&fast);
                OK(hf_privkey_generate_ec(HF_P384, &key));
                OK(hf_pubkey_point(hf_privkey_public(key), &point));
                OK(hf_p384_new(&point, &fast));
                CHECK(fast);
            }
            sig.n = 0;
            OK(hf_privkey_sign(key, &alg, (struct hf_bytes){clean, hashes[h].size}, &sig));
        }
        memcpy(digest, clean, sizeof(digest));
        memcpy(bad, sig.p, sizeof(bad));
        OK(hf_random(noise, sizeof(noise)));
        disturb(i % 8, bad, digest, hashes[h].size, noise);
        if (!usable(bad)) {
            FAILS(hf_pubkey_verify(hf_privkey_public(key), &alg, d, HF_BYTES_OF(bad)), HF_E_MISMATCH);
            continue;
        }
        tried++;
        says = hf_p384_verify(fast, d, bad);
        if (says != openssl_says(hf_privkey_public(key), d, bad))
            FAIL("case %lu: libhogweed and OpenSSL disagree", i);
        valid += says;
    }
    hf_p384_free(&fast);
    CHECK(valid == (count + 7) / 8);
    (void)printf("# %lu signatures, %lu of them valid, same answers\n", tried, valid);
}

TESTS(RUN(ecdsa_takes_the_signatures_of_rfc_6979_and_no_bit_of_another),
      RUN(r_and_s_of_zero_and_of_the_order_and_beyond_are_refused), RUN(points_that_are_not_on_the_curve_are_refused),
      RUN(rsa_keys_out_of_bounds_are_refused), RUN(keys_survive_spki_and_pem_and_are_written_as_openssl_writes_them),
      RUN(keys_of_other_algorithms_and_curves_are_named_and_refused),
      RUN(every_scheme_verifies_what_it_signed_and_nothing_else), RUN(pss_salt_lengths_are_exact_unless_any_is_allowed),
      RUN(schemes_that_do_not_go_with_the_key_are_another_error_than_a_bad_signature),
      RUN(ecdsa_der_that_is_not_der_is_refused), RUN(one_key_verifies_in_many_threads),
      RUN(the_fast_way_agrees_with_openssl_on_p384))
