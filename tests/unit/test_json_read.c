/* codec/json_read: checking a text, and the values in it. */
#include "base/text.h"
#include "codec/json_read.h"
#include "test.h"

#define TEXT_N(s) ((struct hf_bytes){(const uint8_t *)(s), sizeof(s) - 1})

TEST(one_strict_value_fills_the_text)
{
    static const struct {
        const char *name;
        struct hf_bytes text;
        const char *detail; /* NULL: fine */
    } cases[] = {
        {"an object", TEXT_N("{\"a\": [1, -2.5e+3, true, false, null, \"\\u00e4\\n\"]}"), NULL},
        {"a number alone", TEXT_N(" 0 "), NULL},
        {"negative zero", TEXT_N("-0"), NULL},
        {"a surrogate pair", TEXT_N("\"\\ud83d\\ude00\""), NULL},
        {"four bytes of UTF-8", TEXT_N("\"\xf0\x9f\x98\x80\""), NULL},
        {"empty containers", TEXT_N("[{}, [], \"\"]"), NULL},
        {"nothing", TEXT_N(""), "the text is empty"},
        {"white space alone", TEXT_N(" \n "), "line 2, column 2: the text ends, where a value is wanted"},
        {"a key twice", TEXT_N("{\"a\":1,\n \"a\":2}"), "line 2, column 2: the key \"a\" stands twice"},
        {"a key twice, once escaped", TEXT_N("{\"a\":1, \"\\u0061\":2}"), "stands twice"},
        {"a key twice in a deeper object", TEXT_N("[{\"b\":{\"a\":1,\"c\":0,\"a\":2}}]"), "column 20: the key \"a\""},
        {"two empty keys", TEXT_N("{\"\":1,\"\":2}"), "stands twice"},
        {"a second value", TEXT_N("1 2"), "column 3: '2', where the end of the text"},
        {"a comma at the end of an array", TEXT_N("[1,]"), "column 4: ']', where a value"},
        {"a comma at the end of an object", TEXT_N("{\"a\":1,}"), "'}', where a key in double quotes"},
        {"no comma", TEXT_N("[1 2]"), "where ',' or ']'"},
        {"no colon", TEXT_N("{\"a\" 1}"), "where ':'"},
        {"a key without quotes", TEXT_N("{a:1}"), "'a', where a key"},
        {"an array left open", TEXT_N("[1"), "the text ends, where ',' or ']'"},
        {"an object left open", TEXT_N("{\"a\":1"), "the text ends, where ',' or '}'"},
        {"a text left open", TEXT_N("\"ab"), "where a closing quote"},
        {"the wrong bracket", TEXT_N("[1}"), "'}', where"},
        {"a leading zero", TEXT_N("01"), "leading zero"},
        {"a plus sign", TEXT_N("+1"), "where a value"},
        {"a point first", TEXT_N(".5"), "where a value"},
        {"a point last", TEXT_N("1."), "where a digit"},
        {"an exponent without digits", TEXT_N("1e"), "where a digit"},
        {"a minus alone", TEXT_N("-"), "where a digit"},
        {"a hexadecimal number", TEXT_N("0x10"), "'x', where the end"},
        {"NaN", TEXT_N("NaN"), "where a value"},
        {"Infinity", TEXT_N("-Infinity"), "where a digit"},
        {"True", TEXT_N("True"), "where a value"},
        {"a word cut short", TEXT_N("tru"), "true, false, null"},
        {"a word that goes on", TEXT_N("nullx"), "where the end"},
        {"single quotes", TEXT_N("'a'"), "where a value"},
        {"a comment", TEXT_N("1 // one"), "where the end"},
        {"a byte order mark",
         TEXT_N("\xef\xbb\xbf"
                "1"),
         "byte 0xef"},
        {"a NUL behind", TEXT_N("1\0"), "byte 0x00"},
        {"a NUL in a text", TEXT_N("\"a\0\""), "control character"},
        {"a newline in a text", TEXT_N("\"a\nb\""), "control character"},
        {"an overlong sequence", TEXT_N("\"\xc0\x80\""), "byte 0xc0, where UTF-8"},
        {"an encoded surrogate", TEXT_N("\"\xed\xa0\x80\""), "UTF-8"},
        {"beyond U+10FFFF", TEXT_N("\"\xf4\x90\x80\x80\""), "UTF-8"},
        {"0xff", TEXT_N("\"\xff\""), "UTF-8"},
        {"UTF-8 cut by the quote", TEXT_N("\"\xe2\x82\""), "UTF-8"},
        {"a lone high surrogate", TEXT_N("\"\\ud800\""), "second half"},
        {"a high surrogate and a letter", TEXT_N("\"\\ud800\\u0061\""), "second half"},
        {"a lone low surrogate", TEXT_N("\"\\udc00\""), "first half"},
        {"an unknown escape", TEXT_N("\"\\x41\""), "one of"},
        {"an escaped NUL byte", TEXT_N("\"\\\0\""), "one of"},
        {"three hex digits", TEXT_N("\"\\u123\""), "four hex digits"},
        {"a form feed between", TEXT_N("[\f1]"), "byte 0x0c"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        FAILS(hf_json_check(cases[i].text), cases[i].detail ? HF_E_FORMAT : HF_OK);
        if (cases[i].detail)
            CHECK_DETAIL(cases[i].detail);
    }
    CASE("");
}

TEST(depth_64_is_the_limit)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    for (unsigned i = 0; i < HF_JSON_READ_DEPTH; i++)
        OK(hf_buf_add(&text, hf_bytes_text("[")));
    for (unsigned i = 0; i < HF_JSON_READ_DEPTH; i++)
        OK(hf_buf_add(&text, hf_bytes_text("]")));
    OK(hf_json_check(hf_buf_bytes(&text)));
    text.n = 0;
    for (unsigned i = 0; i < 100000; i++)
        OK(hf_buf_add(&text, hf_bytes_text("{\"\":")));
    FAILS(hf_json_check(hf_buf_bytes(&text)), HF_E_FORMAT);
    CHECK_DETAIL("column 257: '{', where a value no deeper than 64 levels");
}

/* Keys in the order in which they come from a seed; the one at `twice`, if any, is the first again. */
static hf_err check_many(size_t n, size_t twice, unsigned step)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    OK(hf_buf_add(&text, hf_bytes_text("{")));
    for (size_t i = 0; i < n; i++)
        OK(hf_buf_printf(&text, "%s\"%s%zu\":0", i ? "," : "", i == twice ? "\\u006b" : "k",
                         i == twice ? 0 : i * step % n));
    OK(hf_buf_add(&text, hf_bytes_text("}")));
    return hf_json_check(hf_buf_bytes(&text));
}

TEST(a_key_that_stands_twice_is_found_in_objects_of_any_size)
{
    static const size_t sizes[] = {2, 7, 8, 9, 10, 100, 20001};

    for (size_t i = 0; i < HF_COUNT(sizes); i++) {
        OK(check_many(sizes[i], SIZE_MAX, 1));
        OK(check_many(sizes[i], SIZE_MAX, (unsigned)sizes[i] - 1));
        FAILS(check_many(sizes[i], 1, 1), HF_E_FORMAT);
        FAILS(check_many(sizes[i], sizes[i] - 1, 1), HF_E_FORMAT);
        CHECK_DETAIL("stands twice");
    }
}

TEST(values_are_slices_of_the_text)
{
    static const char text[] = " {\"a\" : [1 , {\"]\":\"}\\\"\"} ] , \"\\u00e4\":null,\"n\":-1.5e3} ";
    struct hf_json_value top, a, v;
    struct hf_json_iter it;

    OK(hf_json_parse(TEXT_N(text), &top));
    CHECK(top.type == HF_JSON_OBJECT && hf_json_count(top) == 3);
    CHECK(top.raw.p == (const uint8_t *)text + 1 && top.raw.n == sizeof(text) - 3);
    OK(hf_json_get(top, "a", &a));
    CHECK_BYTES(a.raw, hf_bytes_text("[1 , {\"]\":\"}\\\"\"} ]"));
    CHECK(a.type == HF_JSON_ARRAY && hf_json_count(a) == 2);
    OK(hf_json_get(top, "\xc3\xa4", &v));
    CHECK(v.type == HF_JSON_NULL);
    CHECK_BYTES(v.raw, hf_bytes_text("null"));
    OK(hf_json_get(top, "n", &v));
    CHECK_BYTES(v.raw, hf_bytes_text("-1.5e3"));
    FAILS(hf_json_get(top, "b", &v), HF_E_NOT_FOUND);
    CHECK_DETAIL("the key \"b\" is missing");
    FAILS(hf_json_get(a, "b", &v), HF_E_FORMAT);
    CHECK_DETAIL("an array, where an object with the key \"b\"");
    it = hf_json_iter(a);
    CHECK(hf_json_next(&it) && it.index == 0 && it.value.type == HF_JSON_NUMBER && it.value.raw.n == 1);
    CHECK(hf_json_next(&it) && it.index == 1 && it.value.type == HF_JSON_OBJECT);
    CHECK(!hf_json_next(&it));
    it = hf_json_iter(it.value);
    CHECK(hf_json_next(&it) && hf_json_is(it.key, "]") && hf_json_is(it.value, "}\""));
    CHECK(!hf_json_next(&it));
    it = hf_json_iter(v);
    CHECK(!hf_json_next(&it));
    OK(hf_json_parse(TEXT_N("[]"), &a));
    CHECK(hf_json_count(a) == 0);
}

static hf_err u64_of(const char *text, uint64_t max, uint64_t *out)
{
    struct hf_json_value v;

    OK(hf_json_parse(hf_bytes_text(text), &v));
    return hf_json_as_u64(v, max, out);
}

TEST(integers_are_exact_or_refused)
{
    static const struct {
        const char *text;
        uint64_t max;
        hf_err want;
        uint64_t value;
    } cases[] = {
        {"0", UINT64_MAX, HF_OK, 0},
        {"0", 0, HF_OK, 0},
        {"1", 0, HF_E_FORMAT, 0},
        {"5", 5, HF_OK, 5},
        {"6", 5, HF_E_FORMAT, 0},
        {"10", 9, HF_E_FORMAT, 0},
        {"255", 255, HF_OK, 255},
        {"256", 255, HF_E_FORMAT, 0},
        {"18446744073709551615", UINT64_MAX, HF_OK, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, HF_E_FORMAT, 0},
        {"99999999999999999999999", UINT64_MAX, HF_E_FORMAT, 0},
        {"-1", UINT64_MAX, HF_E_FORMAT, 0},
        {"1.0", UINT64_MAX, HF_E_FORMAT, 0},
        {"1e3", UINT64_MAX, HF_E_FORMAT, 0},
        {"\"1\"", UINT64_MAX, HF_E_FORMAT, 0},
        {"true", UINT64_MAX, HF_E_FORMAT, 0},
        {"null", UINT64_MAX, HF_E_FORMAT, 0},
    };
    static const struct {
        const char *text;
        hf_err want;
        int64_t value;
    } negative[] = {
        {"-9223372036854775808", HF_OK, INT64_MIN},
        {"-9223372036854775809", HF_E_FORMAT, 0},
        {"9223372036854775807", HF_OK, INT64_MAX},
        {"9223372036854775808", HF_E_FORMAT, 0},
        {"-0", HF_OK, 0},
        {"-1", HF_OK, -1},
        {"-1.5", HF_E_FORMAT, 0},
        {"[]", HF_E_FORMAT, 0},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint64_t v = 0;

        CASE(cases[i].text);
        FAILS(u64_of(cases[i].text, cases[i].max, &v), cases[i].want);
        CHECK(v == cases[i].value);
    }
    for (size_t i = 0; i < HF_COUNT(negative); i++) {
        struct hf_json_value value;
        int64_t v = 0;

        CASE(negative[i].text);
        OK(hf_json_parse(hf_bytes_text(negative[i].text), &value));
        FAILS(hf_json_as_i64(value, &v), negative[i].want);
        CHECK(v == negative[i].value);
    }
    CASE("");
    FAILS(u64_of("256", 255, &(uint64_t){0}), HF_E_FORMAT);
    CHECK_DETAIL("256, where a whole number from 0 to 255");
}

TEST(doubles_are_finite)
{
    struct hf_json_value v;
    double d = 0;

    OK(hf_json_parse(hf_bytes_text("-1.5e3"), &v));
    OK(hf_json_as_double(v, &d));
    CHECK(d == -1500);
    OK(hf_json_parse(hf_bytes_text("1e400"), &v));
    FAILS(hf_json_as_double(v, &d), HF_E_FORMAT);
    OK(hf_json_parse(hf_bytes_text("\"1\""), &v));
    FAILS(hf_json_as_double(v, &d), HF_E_FORMAT);
    CHECK(d == -1500);
}

TEST(texts_are_unescaped_and_encodings_are_strict)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_json_value v;
    bool b = false;

    OK(hf_json_parse(TEXT_N("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00E4\\u20ac\\uD83D\\ude00\xc3\xa4\""), &v));
    OK(hf_json_as_text(v, &out));
    CHECK_BYTES(hf_buf_bytes(&out), TEXT_N("\"\\/\b\f\n\r\t\0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xa4"));
    CHECK(!hf_json_is(v, "\"\\/\b\f\n\r\t"));
    OK(hf_json_parse(TEXT_N("\"a\\u0062c\""), &v));
    CHECK(hf_json_is(v, "abc") && !hf_json_is(v, "ab") && !hf_json_is(v, "abcd") && !hf_json_is(v, "axc"));
    FAILS(hf_json_as_bool(v, &b), HF_E_FORMAT);
    out.n = 0;
    OK(hf_json_parse(TEXT_N("\"0aFF\""), &v));
    OK(hf_json_as_hex(v, &out));
    CHECK_BYTES(hf_buf_bytes(&out), TEXT_N("\x0a\xff"));
    FAILS(hf_json_as_base64url(v, &(struct hf_buf){.max = 1}), HF_E_LIMIT);
    OK(hf_json_parse(TEXT_N("\"0aF\""), &v));
    FAILS(hf_json_as_hex(v, &out), HF_E_FORMAT);
    FAILS(hf_json_as_base64(v, &out), HF_E_FORMAT);
    CHECK(out.n == 2);
    OK(hf_json_parse(TEXT_N("\"\\/\\/8=\""), &v));
    OK(hf_json_as_base64(v, &out));
    CHECK_BYTES(hf_buf_bytes(&out), TEXT_N("\x0a\xff\xff\xff"));
    OK(hf_json_parse(TEXT_N("true"), &v));
    OK(hf_json_as_bool(v, &b));
    CHECK(b);
    FAILS(hf_json_as_text(v, &out), HF_E_FORMAT);
    CHECK_DETAIL("true or false, where a text");
    FAILS(hf_json_as_hex(v, &out), HF_E_FORMAT);
}

TESTS(RUN(one_strict_value_fills_the_text), RUN(depth_64_is_the_limit),
      RUN(a_key_that_stands_twice_is_found_in_objects_of_any_size), RUN(values_are_slices_of_the_text),
      RUN(integers_are_exact_or_refused), RUN(doubles_are_finite), RUN(texts_are_unescaped_and_encodings_are_strict))
