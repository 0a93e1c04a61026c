/* tpm/keyfile: TSS2 key files without a TPM. */
#include "codec/der.h"
#include "codec/pem.h"
#include "tpm/keyfile.h"
#include "tpm/types.h"
#include "vectors.h"

#define ROUND 1    /* writes as the same bytes */
#define NOT_DER 2  /* what it writes differs: BER booleans, negative parents */

static const struct {
    const char *name;
    int how;
    enum hf_keyfile_type type;
    bool empty_auth;
    uint32_t parent;
    bool policy, auth_policy;
} files[] = {
    {"keyfiles-ecc-prime256v1", ROUND, HF_KEYFILE_LOADABLE, true, 0x40000001, false, false},
    {"keyfiles-ecc-secp384r1", ROUND, HF_KEYFILE_LOADABLE, true, 0x40000001, false, false},
    {"keyfiles-ecc-bnp256", ROUND, HF_KEYFILE_LOADABLE, true, 0x40000001, false, false},
    {"keyfiles-rsa-key", ROUND, HF_KEYFILE_LOADABLE, true, 0x40000001, false, false},
    {"keyfiles-rsa-tpm-password", ROUND, HF_KEYFILE_LOADABLE, false, 0x40000001, false, false},
    {"keyfiles-p256-authvalue", ROUND, HF_KEYFILE_LOADABLE, true, 0x40000001, true, false},
    {"keyfiles-skey", ROUND, HF_KEYFILE_LOADABLE, false, 0x40000001, true, true},
    {"pytss-rsa_pem", ROUND, HF_KEYFILE_LOADABLE, true, 0x40000001, false, false},
    {"pytss-rsa_invalid_bool_pem", NOT_DER, HF_KEYFILE_LOADABLE, true, 0x40000001, false, false},
    {"tssengine-neg-handle", NOT_DER, HF_KEYFILE_LOADABLE, true, 0x81000001, false, false},
    {"salrashid-keyfile-go-tpm-tools-private", ROUND, HF_KEYFILE_LOADABLE, false, 0x80000000, false, false},
    {"salrashid-tpm-key-rsa_sign-private", ROUND, HF_KEYFILE_LOADABLE, false, 0x80000001, false, false},
    {"salrashid-tpm2_tools_load_ctx-key", ROUND, HF_KEYFILE_LOADABLE, false, 0x40000001, false, false},
};

static void der_of(const char *name, struct hf_buf *der)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char path[128];

    (void)snprintf(path, sizeof(path), "tpm/tss2pem/%s.pem", name);
    vector(path, &text);
    OK(hf_pem_find(hf_buf_bytes(&text), HF_KEYFILE_LABEL, der));
}

TEST(every_key_file_at_hand_is_read_and_written_again)
{
    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(files); i++) {
        HF_CLEANUP(hf_keyfile_free) struct hf_keyfile file = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

        CASE(files[i].name);
        der_of(files[i].name, &der);
        OK(hf_keyfile_parse(hf_buf_bytes(&der), &file));
        CHECK(file.type == files[i].type);
        CHECK(file.empty_auth == files[i].empty_auth);
        if (file.parent != files[i].parent)
            FAIL("the parent is 0x%08x, want 0x%08x", file.parent, files[i].parent);
        CHECK((file.policy.n != 0) == files[i].policy);
        CHECK((file.auth_policy.n != 0) == files[i].auth_policy);
        OK(hf_keyfile_write(&file, &again));
        if (files[i].how == ROUND)
            CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&der));
        else
            CHECK(!hf_bytes_equal(hf_buf_bytes(&again), hf_buf_bytes(&der)));
    }
}

TEST(the_pem_around_it_is_the_same_text_again)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

    NEED_VECTORS();
    CASE("keyfiles-skey");
    vector("tpm/tss2pem/keyfiles-skey.pem", &text);
    der_of("keyfiles-skey", &der);
    OK(hf_pem_write(HF_KEYFILE_LABEL, hf_buf_bytes(&der), &again));
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&text));
}

TEST(a_ber_boolean_is_written_as_der)
{
    HF_CLEANUP(hf_keyfile_free) struct hf_keyfile file = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf ber = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

    NEED_VECTORS();
    CASE("");
    der_of("pytss-rsa_invalid_bool_pem", &ber);
    der_of("pytss-rsa_pem", &der);
    OK(hf_keyfile_parse(hf_buf_bytes(&ber), &file));
    OK(hf_keyfile_write(&file, &again));
    CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&der));
}

TEST(no_part_of_a_key_file_is_one_nor_is_one_with_more_behind_it)
{
    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(files); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        struct hf_keyfile file = {0};

        CASE(files[i].name);
        der_of(files[i].name, &der);
        for (size_t n = 0; n < der.n; n++) {
            hf_err err = hf_keyfile_parse((struct hf_bytes){der.p, n}, &file);

            if (err != HF_E_TRUNCATED && err != HF_E_FORMAT)
                FAIL("%zu of %zu bytes give %s", n, der.n, hf_err_name(err));
        }
        OK(hf_buf_add(&der, hf_bytes_text("x")));
        FAILS(hf_keyfile_parse(hf_buf_bytes(&der), &file), HF_E_TRAILING);
    }
}

/* A key file put together from parts, each of which a row can spoil. */
struct parts {
    const char *oid;
    uint32_t order[4]; /* numbers of the fields that are there, in this order; 99: none */
    int empty_auth;    /* content of the BOOLEAN; -1: absent */
    uint8_t parent[6];
    size_t n_parent;
    uint16_t public_size; /* what the TPM2B says */
    bool no_private, trailing;
};

static void put_field(struct hf_der_writer *w, uint32_t number, int empty_auth)
{
    static const uint8_t secret[] = {0, 2, 0xaa, 0xbb};
    uint8_t value = (uint8_t)empty_auth;

    hf_der_put_open(w, HF_DER_CONTEXT(number));
    if (number == 0)
        hf_der_put(w, HF_DER_BOOLEAN, (struct hf_bytes){&value, 1});
    else if (number == 2)
        hf_der_put_octets(w, HF_BYTES_OF(secret));
    else if (number == 4)
        hf_der_put_utf8(w, hf_bytes_text("of the door"));
    else if (number == 5)
        hf_der_put_bool(w, false);
    else
        hf_der_put_octets(w, hf_bytes_text("?"));
    hf_der_put_close(w);
}

static void put_together(const struct parts *p, struct hf_buf *out)
{
    struct hf_der_writer w = hf_der_writer(out);
    uint8_t area[] = {(uint8_t)(p->public_size >> 8), (uint8_t)p->public_size, 1, 2, 3};

    hf_der_put_open(&w, HF_DER_SEQUENCE);
    hf_der_put_oid(&w, p->oid);
    for (size_t i = 0; i < HF_COUNT(p->order) && p->order[i] != 99; i++)
        put_field(&w, p->order[i], p->empty_auth);
    hf_der_put(&w, HF_DER_INTEGER, (struct hf_bytes){p->parent, p->n_parent});
    hf_der_put_octets(&w, HF_BYTES_OF(area));
    if (!p->no_private)
        hf_der_put_octets(&w, HF_BYTES_OF(((const uint8_t[]){0, 1, 9})));
    if (p->trailing)
        hf_der_put_null(&w);
    hf_der_put_close(&w);
    OK(hf_der_end(&w));
}

#define LOADABLE "2.23.133.10.1.3"
#define IMPORTABLE "2.23.133.10.1.4"
#define OWNER {0x40, 0, 0, 1}, 4

TEST(fields_stand_once_in_order_and_whole)
{
    static const struct {
        const char *name;
        struct parts parts;
        hf_err want;
        uint32_t parent;
    } cases[] = {
        {"the least", {LOADABLE, {99}, 0, OWNER, 3, false, false}, HF_OK, 0x40000001},
        {"an explicit FALSE", {LOADABLE, {0, 99}, 0, OWNER, 3, false, false}, HF_OK, 0x40000001},
        {"TRUE", {LOADABLE, {0, 99}, 0xff, OWNER, 3, false, false}, HF_OK, 0x40000001},
        {"both flags explicitly FALSE", {LOADABLE, {0, 5, 99}, 0, OWNER, 3, false, false}, HF_OK, 0x40000001},
        {"a field that is not known", {LOADABLE, {0, 17, 99}, 0xff, OWNER, 3, false, false}, HF_OK, 0x40000001},
        {"a description", {LOADABLE, {0, 4, 99}, 0xff, OWNER, 3, false, false}, HF_OK, 0x40000001},
        {"importable with its secret", {IMPORTABLE, {2, 99}, 0, OWNER, 3, false, false}, HF_OK, 0x40000001},
        {"importable without a secret", {IMPORTABLE, {99}, 0, OWNER, 3, false, false}, HF_E_FORMAT, 0},
        {"another type", {"2.23.133.10.1.9", {99}, 0, OWNER, 3, false, false}, HF_E_UNSUPPORTED, 0},
        {"a field twice", {LOADABLE, {0, 0, 99}, 0, OWNER, 3, false, false}, HF_E_FORMAT, 0},
        {"fields out of order", {LOADABLE, {4, 0, 99}, 0, OWNER, 3, false, false}, HF_E_FORMAT, 0},
        {"a policy that is none", {LOADABLE, {1, 99}, 0, OWNER, 3, false, false}, HF_OK, 0x40000001},
        {"a persistent parent", {LOADABLE, {99}, 0, {0, 0x81, 0, 0, 1}, 5, 3, false, false}, HF_OK, 0x81000001},
        {"a negative parent", {LOADABLE, {99}, 0, {0x81, 0, 0, 1}, 4, 3, false, false}, HF_OK, 0x81000001},
        {"a parent of five bytes", {LOADABLE, {99}, 0, {1, 0x81, 0, 0, 1}, 5, 3, false, false}, HF_E_FORMAT, 0},
        {"a parent of six bytes", {LOADABLE, {99}, 0, {1, 0, 0x81, 0, 0, 1}, 6, 3, false, false}, HF_E_FORMAT, 0},
        {"a public part that claims more", {LOADABLE, {99}, 0, OWNER, 4, false, false}, HF_E_TRUNCATED, 0},
        {"a public part that claims less", {LOADABLE, {99}, 0, OWNER, 2, false, false}, HF_E_TRAILING, 0},
        {"no private part", {LOADABLE, {99}, 0, OWNER, 3, true, false}, HF_E_TRUNCATED, 0},
        {"an element behind the private part", {LOADABLE, {99}, 0, OWNER, 3, false, true}, HF_E_TRAILING, 0},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_keyfile_free) struct hf_keyfile file = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

        CASE(cases[i].name);
        put_together(&cases[i].parts, &der);
        FAILS(hf_keyfile_parse(hf_buf_bytes(&der), &file), cases[i].want);
        if (cases[i].want != HF_OK)
            continue;
        CHECK(file.parent == cases[i].parent);
        CHECK(file.public_area.n == 3 && file.private_blob.n == 1);
        OK(hf_keyfile_write(&file, &again));
        if (cases[i].parts.parent[0] != 0x81)
            CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&der));
    }
}

static hf_err read_and_free(struct hf_bytes der)
{
    struct hf_keyfile file = {0};
    hf_err err = hf_keyfile_parse(der, &file);

    hf_keyfile_free(&file);
    return err;
}

TEST(reading_survives_every_failed_allocation)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    const struct parts parts = {IMPORTABLE, {0, 2, 4, 17}, 0xff, OWNER, 3, false, false};

    CASE("");
    put_together(&parts, &der);
    SWEEP(read_and_free(hf_buf_bytes(&der)));
}

TEST(a_key_file_is_not_read_without_end)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf big = {0};
    struct hf_keyfile file = {0};
    uint8_t *place = NULL;

    CASE("");
    OK(hf_buf_grow(&big, HF_KEYFILE_MAX + 1, &place));
    memset(place, 0x30, HF_KEYFILE_MAX + 1);
    FAILS(hf_keyfile_parse(hf_buf_bytes(&big), &file), HF_E_LIMIT);
}

TESTS(RUN(every_key_file_at_hand_is_read_and_written_again), RUN(the_pem_around_it_is_the_same_text_again),
      RUN(a_ber_boolean_is_written_as_der), RUN(no_part_of_a_key_file_is_one_nor_is_one_with_more_behind_it),
      RUN(fields_stand_once_in_order_and_whole), RUN(reading_survives_every_failed_allocation),
      RUN(a_key_file_is_not_read_without_end))
