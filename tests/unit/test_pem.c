/* codec/pem. */
#include "codec/pem.h"
#include "test.h"

#define BEGIN "-----BEGIN X-----\n"
#define END "-----END X-----\n"

TEST(a_block_is_read_or_refused_whole)
{
    static const struct {
        const char *name, *text;
        hf_err want;
        const char *body, *detail;
    } cases[] = {
        {"a block", BEGIN "YWJj\n" END, HF_OK, "abc", NULL},
        {"no newline at the end", BEGIN "YWJj\n-----END X-----", HF_OK, "abc", NULL},
        {"CR LF", "-----BEGIN X-----\r\nYWJj\r\n-----END X-----\r\n", HF_OK, "abc", NULL},
        {"text before and after", "Subject: x\n\n" BEGIN "YWJj\n" END "more\n", HF_OK, "abc", NULL},
        {"blank lines and spaces", BEGIN "\n Y WJj \t\n\n" END, HF_OK, "abc", NULL},
        {"lines of odd length", BEGIN "YW\nJjZA\n==\n" END, HF_OK, "abcd", NULL},
        {"nothing", "", HF_E_NOT_FOUND, NULL, "no PEM block in 0 bytes"},
        {"no block", "hello\n-----END X-----\n", HF_E_NOT_FOUND, NULL, "no PEM block"},
        {"BEGIN inside a line", "> " BEGIN "YWJj\n" END, HF_E_NOT_FOUND, NULL, "no PEM block"},
        {"no END", BEGIN "YWJj\n", HF_E_TRUNCATED, NULL, "has no END line"},
        {"another END label", BEGIN "YWJj\n-----END Y-----\n", HF_E_FORMAT, NULL, "line 3: \"-----END Y-----\", where"},
        {"an END cut short", BEGIN "YWJj\n-----END X----\n", HF_E_FORMAT, NULL, "line 3"},
        {"text behind END", BEGIN "YWJj\n-----END X----- z\n", HF_E_FORMAT, NULL, "line 3"},
        {"END with another case", BEGIN "YWJj\n-----end X-----\n", HF_E_FORMAT, NULL, "line 3"},
        {"BEGIN in a block", BEGIN "YWJj\n" BEGIN END, HF_E_FORMAT, NULL, "line 3"},
        {"a BEGIN without dashes", "-----BEGIN X\nYWJj\n" END, HF_E_FORMAT, NULL, "line 1: \"-----BEGIN X\""},
        {"an empty label", "-----BEGIN -----\nYWJj\n-----END -----\n", HF_E_FORMAT, NULL, "does not begin"},
        {"two spaces in a label", "-----BEGIN A  B-----\nYWJj\n-----END A  B-----\n", HF_E_FORMAT, NULL, "line 1"},
        {"an empty block", BEGIN END, HF_E_FORMAT, NULL, "is empty"},
        {"a bad digit", BEGIN "YW*j\n" END, HF_E_FORMAT, NULL, "0x2a at position 2"},
        {"missing padding", BEGIN "YWJjZA\n" END, HF_E_FORMAT, NULL, "padding"},
        {"bits behind the end", BEGIN "YWJjZB==\n" END, HF_E_FORMAT, NULL, "not zero"},
        {"headers", BEGIN "Proc-Type: 4,ENCRYPTED\n\nYWJj\n" END, HF_E_UNSUPPORTED, NULL, "has headers"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf body = {0};
        struct hf_reader r = hf_reader(hf_bytes_text(cases[i].text));
        struct hf_pem pem = {0};

        CASE(cases[i].name);
        FAILS(hf_pem_next(&r, &pem, &body), cases[i].want);
        if (cases[i].want == HF_OK) {
            CHECK_BYTES(hf_buf_bytes(&body), hf_bytes_text(cases[i].body));
            CHECK_BYTES(pem.label, hf_bytes_text("X"));
            CHECK(memcmp(pem.whole.p, "-----BEGIN X-----", 17) == 0);
            CHECK(memcmp(pem.whole.p + pem.whole.n - 15, "-----END X-----", 15) == 0);
        } else {
            CHECK_DETAIL(cases[i].detail);
            CHECK(body.n == 0 && pem.whole.n == 0);
        }
    }
    CASE("");
}

TEST(blocks_follow_each_other_and_a_bad_one_ends_the_walk)
{
    static const char text[] = "-----BEGIN A-----\nYQ==\n-----END A-----\nbetween\n"
                               "-----BEGIN B C-----\nYg==\n-----END B C-----\n-----BEGIN D-----\n!\n-----END D-----\n"
                               "-----BEGIN E-----\nYQ==\n-----END E-----\n";
    HF_CLEANUP(hf_buf_free) struct hf_buf body = {0};
    struct hf_reader r = hf_reader(hf_bytes_text(text));
    struct hf_pem pem = {0};

    OK(hf_pem_next(&r, &pem, &body));
    CHECK_BYTES(pem.label, hf_bytes_text("A"));
    OK(hf_pem_next(&r, &pem, &body));
    CHECK_BYTES(pem.label, hf_bytes_text("B C"));
    CHECK_BYTES(hf_buf_bytes(&body), hf_bytes_text("b"));
    FAILS(hf_pem_next(&r, &pem, &body), HF_E_FORMAT);
    FAILS(hf_pem_next(&r, &pem, &body), HF_E_FORMAT); /* block E is not reached behind a bad one */
    CHECK_BYTES(hf_buf_bytes(&body), hf_bytes_text("b"));
    OK(hf_pem_find(hf_bytes_text(text), "B C", &body));
    FAILS(hf_pem_find(hf_bytes_text(text), "E", &body), HF_E_FORMAT);
}

TEST(a_block_is_found_by_its_label_alone)
{
    static const char text[] = "-----BEGIN A-----\nYQ==\n-----END A-----\n";
    HF_CLEANUP(hf_buf_free) struct hf_buf body = {0};

    OK(hf_pem_find(hf_bytes_text(text), "A", &body));
    CHECK_BYTES(hf_buf_bytes(&body), hf_bytes_text("a"));
    FAILS(hf_pem_find(hf_bytes_text(text), "AA", &body), HF_E_NOT_FOUND);
    CHECK_DETAIL("holds \"A\", where \"AA\" is wanted");
    FAILS(hf_pem_find(hf_bytes_text("A"), "A", &body), HF_E_NOT_FOUND);
    CHECK(hf_pem_is(hf_bytes_text(text)));
    CHECK(hf_pem_is(hf_bytes_text("x\n-----BEGIN A")));
    CHECK(!hf_pem_is(hf_bytes_text("x -----BEGIN A-----")));
    CHECK(!hf_pem_is(hf_bytes_text("")));
}

TEST(a_block_is_written_in_lines_of_64)
{
    static const uint8_t bytes[49] = {0};
    static const char want[] = "-----BEGIN A B-----\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                               "AA==\n-----END A B-----\n";
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf small = {.max = 30};

    OK(hf_pem_write("A B", HF_BYTES_OF(bytes), &out));
    CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text(want));
    out.n = 0;
    OK(hf_pem_write("A", (struct hf_bytes){bytes, 48}, &out)); /* one full line, no empty one behind it */
    CHECK(out.n == 18 + 65 + 16);
    FAILS(hf_pem_write("A", (struct hf_bytes){NULL, 0}, &out), HF_E_ARG);
    FAILS(hf_pem_write("A\nB", HF_BYTES_OF(bytes), &out), HF_E_ARG);
    FAILS(hf_pem_write("", HF_BYTES_OF(bytes), &out), HF_E_ARG);
    FAILS(hf_pem_write("A", HF_BYTES_OF(bytes), &small), HF_E_LIMIT);
    CHECK(small.n == 0);
}

TESTS(RUN(a_block_is_read_or_refused_whole), RUN(blocks_follow_each_other_and_a_bad_one_ends_the_walk),
      RUN(a_block_is_found_by_its_label_alone), RUN(a_block_is_written_in_lines_of_64))
