/* IMA measurement lists: both forms, every template of the vectors, prefixes, violations. */
#include "codec/base64.h"
#include "crypto/hash.h"
#include "evidence/ima.h"
#include "vectors.h"

#include <holdfast/eventlog.h>

static void decoded(const char *name, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    CASE(name);
    vector(name, &text);
    hf_buf_free(out);
    OK(hf_base64_parse_loose(hf_buf_bytes(&text), out));
}

/* Most of these lists were cut in the middle of an entry, or have a newline behind them: what is whole. */
static void whole(const char *name, struct hf_buf *out)
{
    HF_CLEANUP(hf_ima_list_close) struct hf_ima_list list = {0};
    struct hf_ima_entry entry;
    size_t n = 0;

    decoded(name, out);
    OK(hf_ima_list_open(hf_buf_bytes(out), &list));
    while (hf_ima_list_next(&list, &entry))
        n = hf_rd_at(&list.r);
    out->n = n;
}

static struct hf_bytes value_of(const struct hf_ima *ima, size_t size)
{
    return (struct hf_bytes){ima->value, size};
}

TEST(binary_lists_of_the_common_templates_replay)
{
    static const struct {
        const char *name, *template, *alg;
        uint32_t entries, violations;
    } cases[] = {
        {"tpm/ima/tss-sml-ima-sha1.b64", "ima", "sha1", 12, 0},
        {"tpm/ima/tss-sml-ima-ng-sha1.b64", "ima-ng", "sha1", 6, 0},
        {"tpm/ima/tss-sml-ima-sig-sha256.b64", "ima-sig", "sha1", 9, 0},
        {"tpm/ima/tss-sml-ima-sha1-invalidated.b64", "ima", "sha1", 1, 1},
        {"tpm/ima/tss-sml-ima-sig-sha256-invalidated.b64", "ima-sig", "sha1", 2, 1},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        HF_CLEANUP(hf_ima_list_close) struct hf_ima_list list = {0};
        struct hf_ima_entry entry;
        struct hf_ima ima;

        whole(cases[i].name, &in);
        OK(hf_ima_replay(hf_buf_bytes(&in), 10, HF_SHA1, (struct hf_bytes){NULL, 0}, NULL, &ima));
        if (ima.entries != cases[i].entries || ima.violations != cases[i].violations)
            FAIL("%u entries, %u violations; want %u, %u", ima.entries, ima.violations, cases[i].entries,
                 cases[i].violations);
        CHECK(ima.differ == 0);
        OK(hf_ima_list_open(hf_buf_bytes(&in), &list));
        while (hf_ima_list_next(&list, &entry)) {
            CHECK_BYTES(entry.template, hf_bytes_text(cases[i].template));
            if (entry.number == 0) {
                CHECK_BYTES(entry.path, hf_bytes_text("boot_aggregate"));
                CHECK_BYTES(entry.file_alg, hf_bytes_text(cases[i].alg));
            }
            OK(hf_ima_entry_write(&entry, &again));
        }
        OK(hf_ima_list_end(&list));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&in));
    }
}

/* An entry for register 13 is passed over when 10 is asked for. */
TEST(entries_of_other_registers_are_passed_over)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    struct hf_ima ima;

    NEED_VECTORS();
    decoded("tpm/ima/tss-sml-ima-ng-sha1-invalidated.b64", &in);
    OK(hf_buf_add(&in, (struct hf_bytes){(const uint8_t *)"", 1})); /* the name's NUL was lost */
    OK(hf_ima_replay(hf_buf_bytes(&in), 10, HF_SHA1, (struct hf_bytes){NULL, 0}, NULL, &ima));
    CHECK(ima.entries == 0 && ima.other_pcr == 1 && ima.violations == 0);
    OK(hf_ima_replay(hf_buf_bytes(&in), 13, HF_SHA1, (struct hf_bytes){NULL, 0}, NULL, &ima));
    CHECK(ima.entries == 1 && ima.other_pcr == 0 && ima.violations == 1);
}

TEST(a_violation_extends_ones)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    static const uint16_t algs[] = {HF_SHA1, HF_SHA256};

    NEED_VECTORS();
    whole("tpm/ima/tss-sml-ima-sha1-invalidated.b64", &in);
    for (size_t i = 0; i < HF_COUNT(algs); i++) {
        uint8_t ones[64], zeros[64] = {0};
        size_t size = hf_hash_size((enum hf_hash_alg)algs[i]);
        struct hf_bytes parts[2] = {{zeros, size}, {ones, size}};
        struct hf_digest want;
        struct hf_ima ima;

        memset(ones, 0xff, sizeof(ones));
        OK(hf_hash((enum hf_hash_alg)algs[i], parts, 2, &want));
        OK(hf_ima_replay(hf_buf_bytes(&in), 10, algs[i], hf_digest_bytes(&want), NULL, &ima));
        CHECK(ima.matches && ima.matched == 1 && !ima.padded && ima.violations == 1);
    }
}

/* Values of a bank after n entries, extended as the kernel does: own hash, or padded SHA-1. */
static void extend_n(struct hf_bytes in, enum hf_hash_alg alg, bool padded, uint32_t n, struct hf_digest *out)
{
    HF_CLEANUP(hf_ima_list_close) struct hf_ima_list list = {0};
    struct hf_ima_entry entry;

    *out = (struct hf_digest){.n = hf_hash_size(alg)};
    OK(hf_ima_list_open(in, &list));
    while (n-- && hf_ima_list_next(&list, &entry)) {
        struct hf_digest digest = {0};
        struct hf_bytes parts[2];

        OK(hf_hash(padded ? HF_SHA1 : alg, entry.part, entry.n_parts, &digest));
        digest.n = out->n;
        parts[0] = hf_digest_bytes(out);
        parts[1] = hf_digest_bytes(&digest);
        OK(hf_hash(alg, parts, 2, &digest));
        *out = digest;
    }
}

TEST(a_list_ahead_of_its_quote_matches_in_every_bank_of_old_and_new_kernels)
{
    static const struct {
        const char *name;
        enum hf_hash_alg alg;
        bool padded;
    } cases[] = {
        {"sha1", HF_SHA1, false},     {"sha256", HF_SHA256, false},       {"sha384", HF_SHA384, false},
        {"sha512", HF_SHA512, false}, {"sha256 of 5.7", HF_SHA256, true}, {"sha384 of 5.7", HF_SHA384, true},
    };
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};

    NEED_VECTORS();
    whole("tpm/ima/tss-sml-ima-sig-sha256.b64", &in);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        for (uint32_t n = 0; n <= 9; n++) {
            struct hf_digest want;
            struct hf_ima ima, on;

            CASE(cases[i].name);
            extend_n(hf_buf_bytes(&in), cases[i].alg, cases[i].padded, n, &want);
            OK(hf_ima_replay(hf_buf_bytes(&in), 10, (uint16_t)cases[i].alg, hf_digest_bytes(&want), NULL, &ima));
            CHECK(ima.matches && ima.matched == n && ima.entries == 9 && (n == 0 || ima.padded == cases[i].padded));
            extend_n(hf_buf_bytes(&in), cases[i].alg, cases[i].padded, 9, &want);
            OK(hf_ima_replay(hf_buf_bytes(&in), 10, (uint16_t)cases[i].alg, hf_digest_bytes(&want), &ima, &on));
            CHECK(on.matches && on.matched == 9);
            want.bytes[3] ^= 1;
            FAILS(hf_ima_replay(hf_buf_bytes(&in), 10, (uint16_t)cases[i].alg, hf_digest_bytes(&want), NULL, &ima),
                  HF_E_MISMATCH);
            CHECK(!ima.matches);
            want.bytes[3] ^= 1;
            CHECK_BYTES(value_of(&on, want.n), hf_digest_bytes(&want));
        }
    }
}

TEST(data_that_was_changed_under_its_digest_is_found)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    struct hf_ima ima;

    NEED_VECTORS();
    whole("tpm/ima/tss-sml-ima-ng-sha1.b64", &in);
    in.p[in.n - 2] ^= 1; /* a letter of the last name */
    OK(hf_ima_replay(hf_buf_bytes(&in), 10, HF_SHA1, (struct hf_bytes){NULL, 0}, NULL, &ima));
    CHECK(ima.differ == 1 && ima.first_differ == ima.entries - 1);
}

TEST(text_lists_say_the_same_as_binary_ones)
{
    static const struct {
        const char *name;
        uint32_t entries, violations;
        hf_err want;
    } cases[] = {
        {"sha1", 2, 1, HF_OK},   {"sha256", 2, 0, HF_OK},  {"sha384", 2, 1, HF_OK},
        {"sha512", 2, 1, HF_OK}, {"sm3_256", 2, 1, HF_OK}, {"unknown", 2, 1, HF_OK},
    };

    NEED_VECTORS();
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        char path[128];
        struct hf_ima ima = {0};

        (void)snprintf(path, sizeof(path), "tpm/ima/keylime-ima-log-%s.txt", cases[i].name);
        CASE(cases[i].name);
        vector(path, &in);
        FAILS(hf_ima_replay(hf_buf_bytes(&in), 10, HF_SHA256, (struct hf_bytes){NULL, 0}, NULL, &ima), cases[i].want);
        if (ima.entries != cases[i].entries || ima.violations != cases[i].violations)
            FAIL("%u entries, %u violations, %u differ", ima.entries, ima.violations, ima.differ);
    }
}

TEST(a_text_line_gives_the_template_data_that_the_kernel_hashed)
{
    static const char line[] = "10 1d8d532d463c9f8c205d0df7787669a85f93e260 ima-ng "
                               "sha1:0000000000000000000000000000000000000000 boot_aggregate\n";
    static const char old[] = "10 719de8e521439498e9b77f6ed41e230b9821111e ima "
                              "0000000000000000000000000000000000000000 boot_aggregate\n";
    struct hf_ima ima;

    OK(hf_ima_replay(hf_bytes_text(line), 10, HF_SHA1, (struct hf_bytes){NULL, 0}, NULL, &ima));
    CHECK(ima.entries == 1 && ima.differ == 0);
    OK(hf_ima_replay(hf_bytes_text(old), 10, HF_SHA1, (struct hf_bytes){NULL, 0}, NULL, &ima));
    CHECK(ima.entries == 1 && ima.differ == 0);
}

#define D20 "1d8d532d463c9f8c205d0df7787669a85f93e260"
#define Z20 "0000000000000000000000000000000000000000"
TEST(lines_that_are_none_are_refused)
{
    static const struct {
        const char *name, *text;
        hf_err want;
    } cases[] = {
        {"an unknown template", "10 " D20 " my-own sha1:" Z20 " x\n", HF_E_UNSUPPORTED},
        {"no name", "10 " D20 " ima-ng sha1:" Z20 "\n", HF_E_FORMAT},
        {"a word too many", "10 " D20 " ima-ng sha1:" Z20 " x y\n", HF_E_FORMAT},
        {"no algorithm", "10 " D20 " ima-ng " Z20 " x\n", HF_E_FORMAT},
        {"a short digest", "10 1d8d ima-ng sha1:" Z20 " x\n", HF_E_FORMAT},
        {"a digest of another size behind",
         "10 " D20 " ima-ng sha1:" Z20 " x\n10 " D20 D20 D20 " ima-ng sha1:" Z20 " x\n", HF_E_FORMAT},
        {"a register in letters", "1a " D20 " ima-ng sha1:" Z20 " x\n", HF_E_FORMAT},
        {"odd hex", "10 " D20 " ima-ng sha1:000 x\n", HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_ima ima;

        CASE(cases[i].name);
        FAILS(hf_ima_replay(hf_bytes_text(cases[i].text), 10, HF_SHA1, (struct hf_bytes){NULL, 0}, NULL, &ima),
              cases[i].want);
    }
}

TEST(a_cut_list_is_refused_or_ends_between_entries)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    unsigned accepted = 0;
    struct hf_ima ima;

    NEED_VECTORS();
    whole("tpm/ima/tss-sml-ima-ng-sha1.b64", &in);
    for (size_t n = 0; n < in.n; n++)
        accepted += hf_ima_replay((struct hf_bytes){in.p, n}, 10, HF_SHA1, (struct hf_bytes){NULL, 0}, NULL, &ima) ==
                    HF_OK;
    CHECK(accepted == 6); /* before each of six entries */
    FAILS(hf_ima_replay(hf_buf_bytes(&in), 10, HF_SHA256, (struct hf_bytes){in.p, 20}, NULL, &ima), HF_E_ARG);
    FAILS(hf_ima_replay(hf_buf_bytes(&in), 10, 0x7777, (struct hf_bytes){NULL, 0}, NULL, &ima), HF_E_UNSUPPORTED);
}

TESTS(RUN(binary_lists_of_the_common_templates_replay), RUN(entries_of_other_registers_are_passed_over),
      RUN(a_violation_extends_ones), RUN(a_list_ahead_of_its_quote_matches_in_every_bank_of_old_and_new_kernels),
      RUN(data_that_was_changed_under_its_digest_is_found), RUN(text_lists_say_the_same_as_binary_ones),
      RUN(a_text_line_gives_the_template_data_that_the_kernel_hashed), RUN(lines_that_are_none_are_refused),
      RUN(a_cut_list_is_refused_or_ends_between_entries))
