/* crypto/ecdh: RFC 5903, and both sides against each other. */
#include "codec/hex.h"
#include "crypto/ecdh.h"
#include "crypto/privkey.h"
#include "test.h"

static void secret_of(const char *text, struct hf_secret **out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf b = {0};

    OK(hf_hex_parse(hf_bytes_text(text), &b));
    hf_secret_free(out);
    OK(hf_secret_new(hf_buf_bytes(&b), out));
}

/* RFC 5903, 8.1 */
static const char i_scalar[] = "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433";
static const char r_x[] = "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63";
static const char r_y[] = "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab";
static const char shared[] = "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";

TEST(an_own_scalar_gives_the_secret_of_rfc_5903)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *scalar = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *z = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *want = NULL;
    struct hf_point peer = {.curve = HF_P256};

    secret_of(i_scalar, &scalar);
    secret_of(shared, &want);
    OK(hf_hex_parse_exact(hf_bytes_text(r_x), peer.x, 32));
    OK(hf_hex_parse_exact(hf_bytes_text(r_y), peer.y, 32));
    OK(hf_ecdh_scalar(scalar, &peer, &z));
    CHECK(hf_secret_equal(z, hf_secret_expose(want)));
}

TEST(an_ephemeral_key_gives_both_sides_one_secret_and_never_the_same)
{
    static const enum hf_curve curves[] = {HF_P256, HF_P384, HF_P521};

    for (size_t i = 0; i < HF_COUNT(curves); i++) {
        HF_CLEANUP(hf_privkey_free) struct hf_privkey *peer = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *scalar = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *z = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *again = NULL;
        HF_CLEANUP(hf_secret_free) struct hf_secret *theirs = NULL;
        struct hf_point point = {0};
        struct hf_point mine = {0};
        struct hf_point mine2 = {0};

        CASE(hf_curve_name(curves[i]));
        OK(hf_privkey_generate_ec(curves[i], &peer));
        OK(hf_pubkey_point(hf_privkey_public(peer), &point));
        OK(hf_privkey_scalar(peer, &scalar));
        OK(hf_ecdh_ephemeral(&point, &mine, &z));
        CHECK(mine.curve == curves[i] && hf_secret_expose(z).n == hf_curve_size(curves[i]));
        OK(hf_ecdh_scalar(scalar, &mine, &theirs));
        CHECK(hf_secret_equal(z, hf_secret_expose(theirs)));
        OK(hf_ecdh_ephemeral_key(hf_privkey_public(peer), &mine2, &again));
        CHECK(memcmp(&mine, &mine2, sizeof(mine)) != 0);
        CHECK(!hf_secret_equal(z, hf_secret_expose(again)));
        hf_secret_free(&theirs);
        OK(hf_ecdh_scalar(scalar, &mine2, &theirs));
        CHECK(hf_secret_equal(again, hf_secret_expose(theirs)));
    }
}

TEST(points_and_scalars_that_are_none_are_refused)
{
    static const struct {
        const char *name;
        const char *scalar;
        hf_err want;
    } cases[] = {
        {"zero", "0000000000000000000000000000000000000000000000000000000000000000", HF_E_FORMAT},
        {"the order", "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", HF_E_FORMAT},
        {"above it", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", HF_E_FORMAT},
        {"a byte short", "01ffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", HF_E_ARG},
        {"a byte long", "00c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433", HF_E_ARG},
        {"nothing", "", HF_E_ARG},
    };
    HF_CLEANUP(hf_secret_free) struct hf_secret *z = NULL;
    HF_CLEANUP(hf_secret_free) struct hf_secret *scalar = NULL;
    HF_CLEANUP(hf_privkey_free) struct hf_privkey *ed = NULL;
    struct hf_point peer = {.curve = HF_P256};
    struct hf_point mine = {0};

    OK(hf_hex_parse_exact(hf_bytes_text(r_x), peer.x, 32));
    OK(hf_hex_parse_exact(hf_bytes_text(r_y), peer.y, 32));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        secret_of(cases[i].scalar, &scalar);
        FAILS(hf_ecdh_scalar(scalar, &peer, &z), cases[i].want);
    }
    CASE("");
    secret_of(i_scalar, &scalar);
    peer.y[31] ^= 1;
    FAILS(hf_ecdh_scalar(scalar, &peer, &z), HF_E_FORMAT);
    FAILS(hf_ecdh_ephemeral(&peer, &mine, &z), HF_E_FORMAT);
    memset(&peer, 0, sizeof(peer));
    FAILS(hf_ecdh_ephemeral(&peer, &mine, &z), HF_E_UNSUPPORTED);
    OK(hf_privkey_generate_ed25519(&ed));
    FAILS(hf_ecdh_ephemeral_key(hf_privkey_public(ed), &mine, &z), HF_E_KEY_TYPE);
    CHECK(z == NULL && mine.curve == HF_CURVE_NONE);
}

TESTS(RUN(an_own_scalar_gives_the_secret_of_rfc_5903),
      RUN(an_ephemeral_key_gives_both_sides_one_secret_and_never_the_same),
      RUN(points_and_scalars_that_are_none_are_refused))
