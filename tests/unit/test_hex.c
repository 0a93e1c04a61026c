/* codec/hex. */
#include "codec/hex.h"
#include "test.h"

TEST(digits_of_either_case_are_read_and_nothing_else)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf scratch = {0};
    static const struct {
        const char *name, *text, *want; /* NULL: refused */
    } cases[] = {
        {"nothing", "", ""},
        {"lower case", "00ff7f", "\0\xff\x7f"},
        {"upper case", "ABCDEF", "\xab\xcd\xef"},
        {"both", "aBcDeF", "\xab\xcd\xef"},
        {"an odd number", "abc", NULL},
        {"one digit", "a", NULL},
        {"a space", "ab cd ", NULL},
        {"0x", "0xab", NULL},
        {"a letter behind f", "ag", NULL},
        {"a colon", "a:", NULL},
        {"@, which is ` with another bit", "@@", NULL},
        {"a control character that becomes a digit with a bit set", "\x11\x11", NULL},
        {"a byte with the high bit", "\xe1\xe1", NULL},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

        CASE(cases[i].name);
        OK(hf_buf_add(&out, hf_bytes_text("x")));
        FAILS(hf_hex_parse(hf_bytes_text(cases[i].text), &out), cases[i].want ? HF_OK : HF_E_FORMAT);
        CHECK(out.n == 1 + (cases[i].want ? strlen(cases[i].text) / 2 : 0));
        if (cases[i].want && out.n > 1)
            CHECK(memcmp(out.p + 1, cases[i].want, out.n - 1) == 0);
    }
    CASE("");
    FAILS(hf_hex_parse(hf_bytes_text("00g0"), &scratch), HF_E_FORMAT);
    CHECK_DETAIL("0x67 at position 2");
}

TEST(a_place_takes_its_size_and_no_other)
{
    uint8_t place[3] = {9, 9, 9};

    OK(hf_hex_parse_exact(hf_bytes_text("0a0B"), place, 2));
    CHECK(place[0] == 10 && place[1] == 11 && place[2] == 9);
    FAILS(hf_hex_parse_exact(hf_bytes_text("0a0b"), place, 3), HF_E_FORMAT);
    CHECK_DETAIL("4 hex digits, where 6 are needed");
    FAILS(hf_hex_parse_exact(hf_bytes_text("0a0b0"), place, 2), HF_E_FORMAT);
    FAILS(hf_hex_parse_exact(hf_bytes_text("0c0x"), place, 2), HF_E_FORMAT);
    CHECK(place[0] == 10 && place[1] == 11); /* written on success only */
    OK(hf_hex_parse_exact(hf_bytes_text(""), place, 0));
}

TEST(every_byte_is_written_and_read_back)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf back = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf small = {.max = 3};
    uint8_t all[256];

    for (unsigned i = 0; i < 256; i++)
        all[i] = (uint8_t)i;
    OK(hf_hex_write(HF_BYTES_OF(all), &text));
    CHECK(text.n == 512 && memcmp(text.p + 0xab * 2, "ab", 2) == 0);
    OK(hf_hex_parse(hf_buf_bytes(&text), &back));
    CHECK_BYTES(hf_buf_bytes(&back), HF_BYTES_OF(all));
    FAILS(hf_hex_write((struct hf_bytes){all, 2}, &small), HF_E_LIMIT);
    OK(hf_hex_write((struct hf_bytes){NULL, 0}, &small));
    CHECK(small.n == 0);
}

TESTS(RUN(digits_of_either_case_are_read_and_nothing_else), RUN(a_place_takes_its_size_and_no_other),
      RUN(every_byte_is_written_and_read_back))
