/* codec/json: writing, and codec/utf8. */
#include "codec/json.h"
#include "codec/json_read.h"
#include "codec/utf8.h"
#include "test.h"

TEST(what_is_written_is_json)
{
    static const uint8_t bytes[] = {0, 0xff};
    static const char want[] = "{\"a\":[1,-2,true,null,[]],\"t\":\"x\",\"n\":null,\"h\":\"00ff\",\"b\":\"AP8=\","
                               "\"k\":\"0x81000001\",\"f\":\"7 of 9\",\"r\":{\"z\":0},\"o\":{}}";
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_json j = hf_json(&out, false);

    hf_json_object(&j, NULL);
    hf_json_array(&j, "a");
    hf_json_u64(&j, NULL, 1);
    hf_json_i64(&j, NULL, -2);
    hf_json_bool(&j, NULL, true);
    hf_json_null(&j, NULL);
    hf_json_array(&j, NULL);
    hf_json_close(&j);
    hf_json_close(&j);
    hf_json_text(&j, "t", "x");
    hf_json_text(&j, "n", NULL);
    hf_json_hex(&j, "h", HF_BYTES_OF(bytes));
    hf_json_base64(&j, "b", HF_BYTES_OF(bytes));
    hf_json_handle(&j, "k", 0x81000001);
    hf_json_printf(&j, "f", "%d of %d", 7, 9);
    hf_json_raw(&j, "r", hf_bytes_text("{\"z\":0}"));
    hf_json_object(&j, "o");
    hf_json_close(&j);
    hf_json_close(&j);
    OK(hf_json_end(&j));
    CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text(want));
    OK(hf_json_check(hf_buf_bytes(&out)));
}

TEST(pretty_text_is_indented_and_empty_containers_stay_short)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_json j = hf_json(&out, true);

    hf_json_object(&j, NULL);
    hf_json_u64(&j, "a", UINT64_MAX);
    hf_json_array(&j, "b");
    hf_json_i64(&j, NULL, INT64_MIN);
    hf_json_close(&j);
    hf_json_array(&j, "c");
    hf_json_close(&j);
    hf_json_close(&j);
    OK(hf_json_end(&j));
    CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text("{\n  \"a\": 18446744073709551615,\n  \"b\": [\n    "
                                                  "-9223372036854775808\n  ],\n  \"c\": []\n}"));
}

TEST(texts_are_escaped_and_always_utf8)
{
    static const struct {
        const char *name;
        struct hf_bytes in;
        const char *want;
    } cases[] = {
        {"escapes", {(const uint8_t *)"\"\\/\b\f\n\r\t\x1f\x7f", 10}, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\x7f\""},
        {"a NUL", {(const uint8_t *)"a\0b", 3}, "\"a\\u0000b\""},
        {"UTF-8", {(const uint8_t *)"\xc3\xa4\xf0\x9f\x98\x80", 6}, "\"\xc3\xa4\xf0\x9f\x98\x80\""},
        {"a lone byte",
         {(const uint8_t *)"a\xff"
                           "b",
          3},
         "\"a\xef\xbf\xbd"
         "b\""},
        {"a cut sequence", {(const uint8_t *)"\xe2\x82", 2}, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"an overlong slash", {(const uint8_t *)"\xc0\xaf", 2}, "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"a surrogate", {(const uint8_t *)"\xed\xa0\x80", 3}, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"nothing", {NULL, 0}, "\"\""},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        struct hf_json j = hf_json(&out, false);

        CASE(cases[i].name);
        hf_json_text_n(&j, NULL, cases[i].in);
        OK(hf_json_end(&j));
        CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text(cases[i].want));
        OK(hf_json_check(hf_buf_bytes(&out)));
    }
    CASE("");
}

TEST(a_writer_that_failed_stays_failed)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf small = {.max = 4};
    struct hf_json j = hf_json(&out, false);

    hf_json_close(&j);
    hf_json_u64(&j, NULL, 1);
    FAILS(hf_json_end(&j), HF_E_INTERNAL);
    CHECK(out.n == 0);
    j = hf_json(&out, false);
    hf_json_array(&j, NULL);
    FAILS(hf_json_end(&j), HF_E_INTERNAL);
    CHECK_DETAIL("left open at depth 1");
    j = hf_json(&small, false);
    hf_json_text(&j, NULL, "longer");
    FAILS(hf_json_end(&j), HF_E_LIMIT);
    j = hf_json(&out, false);
    for (int i = 0; i <= HF_JSON_DEPTH; i++)
        hf_json_array(&j, NULL);
    FAILS(hf_json_end(&j), HF_E_INTERNAL);
    CHECK_DETAIL("deeper than 32");
}

TEST(a_formatted_text_is_never_cut)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_json j = hf_json(&out, false);
    char text[3000];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = 0;
    hf_json_printf(&j, NULL, "%s", text);
    OK(hf_json_end(&j));
    CHECK(out.n == sizeof(text) - 1 + 2);
}

TEST(code_points_go_both_ways)
{
    for (uint32_t point = 0; point < 0x110000; point += point < 0x3000 ? 1 : 61) {
        uint8_t text[4], cut[4];
        size_t n;
        uint32_t wrong = point >= 0xd800 && point < 0xe000;

        n = hf_utf8_write(point, text);
        CHECK(hf_utf8_sequence(text, n) == (wrong ? 0 : n));
        CHECK(hf_utf8_point(text, n) == point);
        memcpy(cut, text, n);
        CHECK(n == 1 || hf_utf8_sequence(cut, n - 1) == 0);
    }
    OK(hf_utf8_check((struct hf_bytes){NULL, 0}));
    FAILS(hf_utf8_check(hf_bytes_text("ab\x80")), HF_E_FORMAT);
    CHECK_DETAIL("0x80 at position 2");
}

TESTS(RUN(what_is_written_is_json), RUN(pretty_text_is_indented_and_empty_containers_stay_short),
      RUN(texts_are_escaped_and_always_utf8), RUN(a_writer_that_failed_stays_failed),
      RUN(a_formatted_text_is_never_cut), RUN(code_points_go_both_ways))
