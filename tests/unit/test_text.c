/* base/text. */
#include "base/text.h"
#include "test.h"

TEST(formatted_text_of_any_length_is_appended)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf b = {0};
    static const size_t widths[] = {0, 1, 511, 512, 513, 5000};
    size_t want = 0;

    for (size_t i = 0; i < HF_COUNT(widths); i++) {
        OK(hf_buf_printf(&b, "%*s|", (int)widths[i], ""));
        want += widths[i] + 1;
        CHECK(b.n == want && b.p[want - 1] == '|');
    }
    b.max = b.n + 2;
    FAILS(hf_buf_printf(&b, "abc"), HF_E_LIMIT);
    CHECK(b.n == want);
}

TEST(a_number_fills_its_text_and_keeps_its_limit)
{
    static const struct {
        const char *text;
        uint64_t max;
        hf_err want;
        uint64_t value;
    } cases[] = {
        {"0", 10, HF_OK, 0},
        {"10", 10, HF_OK, 10},
        {"0x0a", 10, HF_OK, 10},
        {"0XFF", 255, HF_OK, 255},
        {"18446744073709551615", UINT64_MAX, HF_OK, UINT64_MAX},
        {"0xffffffffffffffff", UINT64_MAX, HF_OK, UINT64_MAX},
        {"11", 10, HF_E_ARG, 0},
        {"18446744073709551616", UINT64_MAX, HF_E_ARG, 0},
        {"0x10000000000000000", UINT64_MAX, HF_E_ARG, 0},
        {"", 10, HF_E_ARG, 0},
        {"0x", 10, HF_E_ARG, 0},
        {" 1", 10, HF_E_ARG, 0},
        {"1 ", 10, HF_E_ARG, 0},
        {"+1", 10, HF_E_ARG, 0},
        {"-1", 10, HF_E_ARG, 0},
        {"1a", 100, HF_E_ARG, 0},
        {"0x1g", 100, HF_E_ARG, 0},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint64_t got = 99;

        CASE(cases[i].text);
        FAILS(hf_text_u64(cases[i].text, cases[i].max, "--n", &got), cases[i].want);
        CHECK(got == (cases[i].want == HF_OK ? cases[i].value : 99));
    }
}

TEST(words_are_as_far_apart_as_the_letters_that_differ)
{
    static const struct {
        const char *a;
        const char *b;
        size_t want;
    } cases[] = {
        {"first", "first", 0}, {"frist", "first", 1}, {"firs", "first", 1}, {"ffirst", "first", 1},
        {"fist", "first", 1},  {"", "first", 5},      {"first", "", 5},     {"sign", "seal", 3},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].a);
        CHECK(hf_text_distance(hf_bytes_text(cases[i].a), hf_bytes_text(cases[i].b)) == cases[i].want);
    }
}

TEST(a_view_becomes_a_text_unless_it_holds_a_nul)
{
    static const uint8_t nul[] = {'a', 0, 'b'};
    char *text = NULL;

    FAILS(hf_text_of(HF_BYTES_OF(nul), &text), HF_E_FORMAT);
    CHECK(text == NULL);
    OK(hf_text_of((struct hf_bytes){nul, 1}, &text));
    CHECK_TEXT(text, "a");
    hf_free(&text);
    OK(hf_text_of((struct hf_bytes){NULL, 0}, &text));
    CHECK_TEXT(text, "");
    hf_free(&text);
}

static hf_err whole_life(void)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf b = {0};
    HF_CLEANUP(hf_free) char *text = NULL;

    HF_TRY(hf_buf_printf(&b, "%0600d", 1));
    return hf_text_of(hf_buf_bytes(&b), &text);
}

TEST(each_allocation_may_fail)
{
    SWEEP(whole_life());
}

TESTS(RUN(formatted_text_of_any_length_is_appended), RUN(a_number_fills_its_text_and_keeps_its_limit),
      RUN(words_are_as_far_apart_as_the_letters_that_differ), RUN(a_view_becomes_a_text_unless_it_holds_a_nul),
      RUN(each_allocation_may_fail))
