/* codec/jcs and codec/number. */
#include "codec/jcs.h"
#include "codec/number.h"
#include "test.h"

#include <locale.h>
#include <math.h>

TEST(numbers_are_written_as_in_the_rfc)
{
    /* RFC 8785, appendix B, and the powers of two whose shortest form is not the nearest one. */
    static const struct {
        uint64_t bits;
        const char *text; /* NULL: no JSON */
    } cases[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x7fffffffffffffff, NULL},
        {0x7ff0000000000000, NULL},
        {0xfff0000000000000, NULL},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
        {0x0060000000000000, "7.120236347223045e-307"},
        {0x7e40000000000000, "1.3393857589828342e+300"},
        {0x0010000000000000, "2.2250738585072014e-308"},
        {0x3ff0000000000000, "1"},
        {0x4024000000000000, "10"},
        {0x3fb999999999999a, "0.1"},
        {0xbff8000000000000, "-1.5"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        char text[HF_NUMBER_TEXT];
        double d, again = 0;

        CASE(cases[i].text ? cases[i].text : "not finite");
        memcpy(&d, &cases[i].bits, sizeof(d));
        FAILS(hf_number_write(d, text), cases[i].text ? HF_OK : HF_E_FORMAT);
        if (!cases[i].text)
            continue;
        CHECK_TEXT(text, cases[i].text);
        OK(hf_number_double(hf_bytes_text(text), &again));
        CHECK(again == d);
    }
    CASE("");
}

TEST(numbers_do_not_depend_on_the_locale)
{
    char text[HF_NUMBER_TEXT];
    double d = 0;

    if (!setlocale(LC_ALL, "de_DE.UTF-8"))
        print_message("# no locale with a comma here: tried in the C locale only\n");
    OK(hf_number_write(1234.5, text));
    CHECK_TEXT(text, "1234.5");
    OK(hf_number_double(hf_bytes_text("1234.5"), &d));
    CHECK(d == 1234.5);
    FAILS(hf_number_double(hf_bytes_text("1234,5"), &d), HF_E_FORMAT);
    FAILS(hf_number_double(hf_bytes_text(""), &d), HF_E_FORMAT);
    FAILS(hf_number_double(hf_bytes_text("1e309"), &d), HF_E_FORMAT);
    (void)setlocale(LC_ALL, "C");
}

TEST(a_text_has_one_canonical_form)
{
    static const struct {
        const char *name, *text, *want; /* NULL: refused */
    } cases[] = {
        {"the example of 3.2.2",
         "{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],\n"
         "\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n \"literals\": [null, true, "
         "false]}",
         "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
         "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"},
        {"the order of 3.2.3",
         "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With "
         "Dagesh\",\"1\":\"One\","
         "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\",\"\\u00f6\":\"Latin Small Letter O With "
         "Diaeresis\"}",
         "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\",\"\xc3\xb6\":\"Latin Small Letter O With "
         "Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji: Grinning "
         "Face\",\"\xef\xac\xb3\":\"Hebrew "
         "Letter Dalet With Dagesh\"}"},
        {"shorter keys first", "{\"ab\":1,\"a\":2,\"\":3}", "{\"\":3,\"a\":2,\"ab\":1}"},
        {"objects in objects", "{\"b\":{\"d\":1,\"c\":[ ]},\"a\":{ }}", "{\"a\":{},\"b\":{\"c\":[],\"d\":1}}"},
        {"array items keep their order", "[3, 1, [2]]", "[3,1,[2]]"},
        {"escapes with a name", "\"\\b\\t\\n\\f\\r\\u0008\\u007f\\u0000\"", "\"\\b\\t\\n\\f\\r\\b\x7f\\u0000\""},
        {"negative zero", "-0", "0"},
        {"one point zero", "1.0", "1"},
        {"2^53", "9007199254740992", "9007199254740992"},
        {"2^53+1 is no double", "9007199254740993", NULL},
        {"2^64-1 is no double", "18446744073709551615", NULL},
        {"2^64 is one", "18446744073709551616", "18446744073709552000"},
        {"as ECMAScript writes 2^64", "18446744073709552000", "18446744073709552000"},
        {"its neighbour", "18446744073709552001", NULL},
        {"10^20", "-100000000000000000000", "-100000000000000000000"},
        {"beyond the doubles", "1e400", NULL},
        {"no JSON", "{\"a\":1,}", NULL},
        {"a key twice", "{\"a\":1,\"a\":1}", NULL},
        {"a lone surrogate", "\"\\udead\"", NULL},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

        CASE(cases[i].name);
        FAILS(hf_jcs_write(hf_bytes_text(cases[i].text), &out), cases[i].want ? HF_OK : HF_E_FORMAT);
        if (!cases[i].want) {
            CHECK(out.n == 0);
            continue;
        }
        CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text(cases[i].want));
        OK(hf_jcs_write(hf_buf_bytes(&out), &again));
        CHECK_BYTES(hf_buf_bytes(&again), hf_buf_bytes(&out));
    }
    CASE("");
}

TESTS(RUN(numbers_are_written_as_in_the_rfc), RUN(numbers_do_not_depend_on_the_locale),
      RUN(a_text_has_one_canonical_form))
