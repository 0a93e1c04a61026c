/* codec/json_fields. */
#include "base/alloc.h"
#include "codec/json_fields.h"
#include "test.h"

struct inner {
    char *name;
    uint32_t level;
};

struct body {
    char *key;
    char *hash;
    struct hf_json_texts tags;
    struct hf_buf digest;
    struct hf_buf iv;
    struct hf_digest nonce;
    uint32_t small;
    uint64_t wait_ms;
    int64_t shift;
    double latitude;
    uint32_t handle;
    struct hf_json_numbers pcrs;
    bool force;
    bool force_given;
    struct hf_json_value policy;
    struct inner inner;
};

static const struct hf_json_field inner_fields[] = {
    HF_FIELD(TEXT, "name", struct inner, name, .required = true),
    HF_FIELD(U32, "level", struct inner, level, .max = 3),
    HF_FIELDS_END,
};

static const struct hf_json_field fields[] = {
    HF_FIELD(TEXT, "key", struct body, key, .required = true, .max = 8),
    HF_FIELD(TEXT, "hash", struct body, hash, .words = "sha256|sha384"),
    HF_FIELD(TEXTS, "tags", struct body, tags, .max = 3),
    HF_FIELD(BASE64, "digest", struct body, digest, .max = 4),
    HF_FIELD(HEX, "iv", struct body, iv),
    HF_FIELD(DIGEST, "nonce", struct body, nonce, .max = 4),
    HF_FIELD(U32, "small", struct body, small),
    HF_FIELD(U64, "wait_ms", struct body, wait_ms, .max = 60000),
    HF_FIELD(I64, "shift", struct body, shift),
    HF_FIELD(DOUBLE, "latitude", struct body, latitude),
    HF_FIELD(HANDLE, "handle", struct body, handle),
    HF_FIELD(NUMBERS, "pcrs", struct body, pcrs, .max = 23),
    HF_FIELD(BOOL, "force", struct body, force, .given = true, .given_at = offsetof(struct body, force_given)),
    HF_FIELD(RAW, "policy", struct body, policy),
    HF_FIELD(OBJECT, "inner", struct body, inner, .fields = inner_fields),
    HF_FIELDS_END,
};

TEST(every_kind_lands_in_its_field)
{
    static const char text[] =
        "{\"key\":\"k\\u0031\",\"hash\":\"sha384\",\"tags\":[\"a\",\"\"],\"digest\":\"AQID\",\"iv\":\"0A0b\","
        "\"nonce\":\"01020304\",\"small\":4294967295,\"wait_ms\":60000,\"shift\":-5,\"latitude\":52.5,"
        "\"handle\":\"0x81000001\",\"pcrs\":[0,7,23],\"force\":true,\"policy\":{ \"x\": [1] },"
        "\"inner\":{\"name\":\"n\",\"level\":3}}";
    struct body b = {0};

    OK(hf_json_read(hf_bytes_text(text), fields, &b));
    CHECK_TEXT(b.key, "k1");
    CHECK_TEXT(b.hash, "sha384");
    CHECK(b.tags.n == 2);
    CHECK_TEXT(b.tags.item[0], "a");
    CHECK_TEXT(b.tags.item[1], "");
    CHECK_BYTES(hf_buf_bytes(&b.digest), hf_bytes_text("\1\2\3"));
    CHECK_BYTES(hf_buf_bytes(&b.iv), hf_bytes_text("\n\v"));
    CHECK_BYTES(hf_digest_bytes(&b.nonce), hf_bytes_text("\1\2\3\4"));
    CHECK(b.small == UINT32_MAX && b.wait_ms == 60000 && b.shift == -5 && b.latitude == 52.5);
    CHECK(b.handle == 0x81000001 && b.force && b.force_given);
    CHECK(b.pcrs.n == 3 && b.pcrs.item[2] == 23);
    CHECK_BYTES(b.policy.raw, hf_bytes_text("{ \"x\": [1] }"));
    CHECK_TEXT(b.inner.name, "n");
    CHECK(b.inner.level == 3);
    hf_json_free(fields, &b);
    CHECK(!b.key && !b.tags.item && !b.digest.p && !b.inner.name);
}

TEST(what_is_absent_or_null_keeps_its_default)
{
    struct body b = {.wait_ms = 5000, .force = true, .latitude = 1};

    OK(hf_json_read(hf_bytes_text("{\"key\":\"k\",\"wait_ms\":null,\"force\":null,\"inner\":null,\"policy\":null}"),
                    fields, &b));
    CHECK(b.wait_ms == 5000 && b.force && !b.force_given && b.latitude == 1 && !b.inner.name);
    CHECK_BYTES(b.policy.raw, hf_bytes_text("null"));
    hf_json_free(fields, &b);
}

TEST(what_does_not_fit_is_named_by_its_path)
{
    static const struct {
        const char *name, *text, *type, *detail;
    } cases[] = {
        {"a required key missing", "{}", "missing", "key: Field required"},
        {"a required key null", "{\"key\":null}", "string_type", "key: null, where a text"},
        {"an array as the body", "[]", "dict_type", "an array, where an object"},
        {"an unknown key", "{\"key\":\"k\",\n  \"kez\":1}", "extra_forbidden",
         "kez: unknown key \"kez\" (line 2, column 3)"},
        {"a key of another case", "{\"key\":\"k\",\"Hash\":\"sha256\"}", "extra_forbidden", "Hash: unknown"},
        {"an empty unknown key", "{\"key\":\"k\",\"\":1}", "extra_forbidden", "unknown key \"\""},
        {"an unknown key deeper", "{\"key\":\"k\",\"inner\":{\"name\":\"n\",\"x\":1}}", "extra_forbidden",
         "inner.x: unknown"},
        {"a required key missing deeper", "{\"key\":\"k\",\"inner\":{}}", "missing", "inner.name: Field required"},
        {"a number for a text", "{\"key\":1}", "string_type", "key: a number, where a text"},
        {"a text too long", "{\"key\":\"123456789\"}", "string_too_long", "9 bytes, where at most 8"},
        {"a NUL in a text", "{\"key\":\"a\\u0000\"}", "value_error", "NUL"},
        {"another word", "{\"key\":\"k\",\"hash\":\"sha1\"}", "literal_error",
         "hash: \"sha1\", where one of sha256|sha384"},
        {"part of a word", "{\"key\":\"k\",\"hash\":\"sha\"}", "literal_error", "where one of"},
        {"two words", "{\"key\":\"k\",\"hash\":\"sha256|sha384\"}", "literal_error", "where one of"},
        {"no word", "{\"key\":\"k\",\"hash\":\"\"}", "literal_error", "where one of"},
        {"too many texts", "{\"key\":\"k\",\"tags\":[\"\",\"\",\"\",\"\"]}", "too_long", "4 items, where at most 3"},
        {"a number in the texts", "{\"key\":\"k\",\"tags\":[\"a\",2]}", "string_type", "tags[1]: a number"},
        {"a text for a list", "{\"key\":\"k\",\"tags\":\"a\"}", "list_type", "tags: a text, where an array"},
        {"bad base64", "{\"key\":\"k\",\"digest\":\"AQI\"}", "value_error", "digest: base64"},
        {"base64 too long", "{\"key\":\"k\",\"digest\":\"AAAAAAA=\"}", "bytes_too_long", "5 bytes, where at most 4"},
        {"bad hex", "{\"key\":\"k\",\"iv\":\"0g\"}", "value_error", "not a hex digit"},
        {"a digest too long", "{\"key\":\"k\",\"nonce\":\"0102030405\"}", "bytes_too_long", "where at most 4"},
        {"2^32", "{\"key\":\"k\",\"small\":4294967296}", "int_parsing", "from 0 to 4294967295"},
        {"one above the limit", "{\"key\":\"k\",\"wait_ms\":60001}", "int_parsing",
         "60001, where a whole number from 0 to 60000"},
        {"a fraction", "{\"key\":\"k\",\"wait_ms\":1.0}", "int_parsing", "whole number"},
        {"a text for a number", "{\"key\":\"k\",\"wait_ms\":\"1\"}", "int_type", "a text, where a number"},
        {"2^63", "{\"key\":\"k\",\"shift\":9223372036854775808}", "int_parsing", "from -2^63"},
        {"an infinite double", "{\"key\":\"k\",\"latitude\":1e999}", "finite_number", "not a finite double"},
        {"a handle with a sign", "{\"key\":\"k\",\"handle\":\"-1\"}", "int_parsing", "decimal or 0x"},
        {"a handle with a NUL", "{\"key\":\"k\",\"handle\":\"1\\u0000\"}", "int_parsing", "decimal or 0x"},
        {"a handle of 33 bits", "{\"key\":\"k\",\"handle\":\"0x100000000\"}", "int_parsing", "up to 4294967295"},
        {"a PCR too high", "{\"key\":\"k\",\"pcrs\":[1,24]}", "int_parsing", "pcrs[1]: 24"},
        {"1 for true", "{\"key\":\"k\",\"force\":1}", "bool_type", "force: a number, where true or false"},
        {"a list for an object", "{\"key\":\"k\",\"inner\":[]}", "dict_type", "inner: an array"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_json_problems problems;
        struct body b = {.wait_ms = 5, .small = 6};

        CASE(cases[i].name);
        FAILS(hf_json_read_all(hf_bytes_text(cases[i].text), fields, &b, &problems), HF_E_ARG);
        CHECK_DETAIL(cases[i].detail);
        CHECK(problems.n == 1);
        CHECK_TEXT(problems.item[0].type, cases[i].type);
        CHECK(!b.key && !b.tags.item && !b.digest.p && b.wait_ms == 5 && b.small == 6); /* nothing written */
    }
    CASE("");
}

TEST(text_that_is_not_json_is_told_apart)
{
    struct body b = {0};

    FAILS(hf_json_read(hf_bytes_text("{\"key\":0x1}"), fields, &b), HF_E_FORMAT);
    FAILS(hf_json_read(hf_bytes_text("{\"key\":\"a\",\"key\":\"b\"}"), fields, &b), HF_E_FORMAT);
    FAILS(hf_json_read(hf_bytes_text(""), fields, &b), HF_E_FORMAT);
}

TEST(all_problems_are_told_in_one_reply)
{
    static const char text[] = "{\"a\":1,\"tags\":[\"x\",null],\"inner\":{\"level\":4}}";
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_json j = hf_json(&out, false);
    struct hf_json_problems problems;
    struct body b = {0};

    FAILS(hf_json_read_all(hf_bytes_text(text), fields, &b, &problems), HF_E_ARG);
    CHECK_DETAIL("(and 4 more)");
    CHECK(problems.n == 5);
    CHECK(problems.item[1].line == 1 && problems.item[1].column == 20);
    problems.n = 2;
    hf_json_problems_write(&problems, "body", &j, NULL);
    OK(hf_json_end(&j));
    CHECK_BYTES(
        hf_buf_bytes(&out),
        hf_bytes_text("[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"a\"],\"msg\":\"unknown key \\\"a\\\"\"},"
                      "{\"type\":\"string_type\",\"loc\":[\"body\",\"tags\",1],\"msg\":\"null, where a text "
                      "is wanted\"}]"));
}

TEST(more_problems_than_are_kept_are_counted)
{
    static const char text[] =
        "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"key\":\"k\"}";
    struct hf_json_problems problems;
    struct body b = {0};

    FAILS(hf_json_read_all(hf_bytes_text(text), fields, &b, &problems), HF_E_ARG);
    CHECK(problems.n == 9);
    CHECK_DETAIL("(and 8 more)");
}

TEST(every_allocation_may_fail)
{
    static const char text[] =
        "{\"key\":\"k\",\"tags\":[\"a\",\"b\"],\"digest\":\"AQID\",\"iv\":\"0a\",\"inner\":{\"name\":\"n\"}}";

    for (unsigned long n = 1;; n++) {
        struct body b = {0};
        hf_err err;

        hf_alloc_fail_at(n);
        err = hf_json_read(hf_bytes_text(text), fields, &b);
        if (!hf_alloc_has_failed()) {
            hf_alloc_fail_at(0);
            OK(err);
            hf_json_free(fields, &b);
            CHECK(n > 5);
            return;
        }
        FAILS(err, HF_E_MEMORY);
        CHECK(!b.key && !b.tags.item);
    }
}

TESTS(RUN(every_kind_lands_in_its_field), RUN(what_is_absent_or_null_keeps_its_default),
      RUN(what_does_not_fit_is_named_by_its_path), RUN(text_that_is_not_json_is_told_apart),
      RUN(all_problems_are_told_in_one_reply), RUN(more_problems_than_are_kept_are_counted),
      RUN(every_allocation_may_fail))
