/* codec/cbor: reading and writing. */
#include "base/text.h"
#include "codec/cbor.h"
#include "unhex.h"

#include <math.h>

TEST(an_item_is_read_under_its_rules)
{
    static const struct {
        const char *name, *hex;
        hf_err loose, definite, deterministic;
    } cases[] = {
        {"0", "00", HF_OK, HF_OK, HF_OK},
        {"2^64-1", "1bffffffffffffffff", HF_OK, HF_OK, HF_OK},
        {"-2^64", "3bffffffffffffffff", HF_OK, HF_OK, HF_OK},
        {"a map in order", "a3 00 01 20 02 6161 03", HF_OK, HF_OK, HF_OK},
        {"a tag in a tag", "d8 18 c0 60", HF_OK, HF_OK, HF_OK},
        {"23 in two bytes", "1817", HF_OK, HF_OK, HF_E_FORMAT},
        {"255 in three bytes", "1900ff", HF_OK, HF_OK, HF_E_FORMAT},
        {"65535 in five bytes", "1a0000ffff", HF_OK, HF_OK, HF_E_FORMAT},
        {"2^32-1 in nine bytes", "1b00000000ffffffff", HF_OK, HF_OK, HF_E_FORMAT},
        {"a string length that is not minimal", "5801aa", HF_OK, HF_OK, HF_E_FORMAT},
        {"a tag that is not minimal", "d801 00", HF_OK, HF_OK, HF_E_FORMAT},
        {"keys out of order", "a2 01 00 00 00", HF_OK, HF_OK, HF_E_FORMAT},
        {"a longer key first", "a2 6161 00 01 00", HF_OK, HF_OK, HF_E_FORMAT},
        {"an indefinite array", "9f 01 ff", HF_OK, HF_E_FORMAT, HF_E_FORMAT},
        {"an indefinite map", "bf 01 02 ff", HF_OK, HF_E_FORMAT, HF_E_FORMAT},
        {"a text in parts", "7f 6161 60 6162 ff", HF_OK, HF_E_FORMAT, HF_E_FORMAT},
        {"1.0 as a double", "fb3ff0000000000000", HF_OK, HF_OK, HF_E_FORMAT},
        {"1.0 as a single", "fa3f800000", HF_OK, HF_OK, HF_E_FORMAT},
        {"1.0 as a half", "f93c00", HF_OK, HF_OK, HF_OK},
        {"1e5 as a single", "fa47c35000", HF_OK, HF_OK, HF_OK},
        {"1.1 as a double", "fb3ff199999999999a", HF_OK, HF_OK, HF_OK},
        {"another NaN", "f97e01", HF_OK, HF_OK, HF_E_FORMAT},
        {"a NaN as a double", "fb7ff8000000000000", HF_OK, HF_OK, HF_E_FORMAT},
        {"infinity as a half", "f97c00", HF_OK, HF_OK, HF_OK},
        {"infinity as a single", "fa7f800000", HF_OK, HF_OK, HF_E_FORMAT},
        {"simple value 255", "f8ff", HF_OK, HF_OK, HF_OK},
        {"nothing", "", HF_E_TRUNCATED, HF_E_TRUNCATED, HF_E_TRUNCATED},
        {"a head cut off", "19 01", HF_E_TRUNCATED, HF_E_TRUNCATED, HF_E_TRUNCATED},
        {"a string cut off", "43 0102", HF_E_TRUNCATED, HF_E_TRUNCATED, HF_E_TRUNCATED},
        {"a string of 2^64-1 bytes", "5bffffffffffffffff 00", HF_E_TRUNCATED, HF_E_TRUNCATED, HF_E_TRUNCATED},
        {"an array of 2^64-1 items", "9bffffffffffffffff 00", HF_E_TRUNCATED, HF_E_TRUNCATED, HF_E_TRUNCATED},
        {"a map without its last value", "a1 01", HF_E_TRUNCATED, HF_E_TRUNCATED, HF_E_TRUNCATED},
        {"a tag before nothing", "c1", HF_E_TRUNCATED, HF_E_TRUNCATED, HF_E_TRUNCATED},
        {"two items", "00 00", HF_E_TRAILING, HF_E_TRAILING, HF_E_TRAILING},
        {"a break alone", "ff", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"a break in a definite array", "81 ff", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"a break for a value", "bf 01 ff", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"an open indefinite array", "9f 01", HF_E_TRUNCATED, HF_E_FORMAT, HF_E_FORMAT},
        {"a reserved head", "1c", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"an indefinite integer", "1f", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"an indefinite tag", "df", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"a chunk of another type", "7f 4161 ff", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"a chunk in parts", "7f 7f6161ff ff", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"UTF-8 across chunks", "7f 61c3 61a4 ff", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"broken UTF-8", "61ff", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"false in two bytes", "f814", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"a key twice", "a2 01 00 01 00", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"a key twice, once longer", "a2 01 00 1801 00", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"a text key twice, once longer", "a2 6161 00 780161 00", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"a key twice in a deeper map", "81 a2 01 a1 01 00 01 00", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"an array as a key", "a1 80 00", HF_E_UNSUPPORTED, HF_E_UNSUPPORTED, HF_E_UNSUPPORTED},
        {"a tag as a key", "a1 c001 00", HF_E_UNSUPPORTED, HF_E_UNSUPPORTED, HF_E_UNSUPPORTED},
        {"a text in parts as a key", "a1 7f6161ff 00", HF_E_UNSUPPORTED, HF_E_FORMAT, HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_bytes in = unhex(cases[i].hex);
        struct hf_cbor v;

        CASE(cases[i].name);
        FAILS(hf_cbor_parse(in, HF_CBOR_LOOSE, &v), cases[i].loose);
        FAILS(hf_cbor_parse(in, HF_CBOR_DEFINITE, &v), cases[i].definite);
        FAILS(hf_cbor_parse(in, HF_CBOR_DETERMINISTIC, &v), cases[i].deterministic);
    }
    CASE("");
}

TEST(depth_32_is_the_limit)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    struct hf_cbor v;

    for (unsigned i = 0; i < HF_CBOR_DEPTH; i++)
        OK(hf_buf_add(&in, unhex("81")));
    OK(hf_buf_add(&in, unhex("00")));
    OK(hf_cbor_parse(hf_buf_bytes(&in), HF_CBOR_LOOSE, &v));
    in.n = 0;
    for (unsigned i = 0; i < 100000; i++)
        OK(hf_buf_add(&in, unhex("c1")));
    FAILS(hf_cbor_parse(hf_buf_bytes(&in), HF_CBOR_LOOSE, &v), HF_E_FORMAT);
    CHECK_DETAIL("offset 32: nested deeper than 32");
}

TEST(a_key_that_stands_twice_is_found_in_maps_of_any_size)
{
    static const uint64_t sizes[] = {2, 8, 9, 100, 20000};

    for (size_t i = 0; i < HF_COUNT(sizes); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        uint8_t head[] = {0xb9, (uint8_t)(sizes[i] >> 8), (uint8_t)sizes[i]};
        struct hf_cbor v;

        OK(hf_buf_add(&in, HF_BYTES_OF(head)));
        for (uint64_t k = 0; k < sizes[i]; k++) {
            uint64_t key = (k * 7919) % sizes[i]; /* in no order */
            uint8_t pair[] = {0x19, (uint8_t)(key >> 8), (uint8_t)key, 0xf6};

            OK(hf_buf_add(&in, HF_BYTES_OF(pair)));
        }
        OK(hf_cbor_parse(hf_buf_bytes(&in), HF_CBOR_DEFINITE, &v));
        CHECK(v.value == sizes[i]);
        memcpy(in.p + in.n - 4, in.p + 3, 3); /* the last key is the first again */
        FAILS(hf_cbor_parse(hf_buf_bytes(&in), HF_CBOR_DEFINITE, &v), HF_E_FORMAT);
        CHECK_DETAIL("stands twice");
    }
}

TEST(values_are_slices_of_the_input)
{
    struct hf_bytes in = unhex("a4 01 43aabbcc 20 9f 01 02 ff 63616263 c1 1903e8 6178 7f 6161 6162 ff");
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_cbor top, v, item;
    struct hf_bytes view;
    uint64_t u = 0;
    int64_t s = 0;
    bool b;

    OK(hf_cbor_parse(in, HF_CBOR_LOOSE, &top));
    CHECK(top.type == HF_CBOR_MAP && top.value == 4);
    CHECK_BYTES(top.raw, in);
    OK(hf_cbor_get(top, 1, &v));
    CHECK_BYTES(v.raw, unhex("43aabbcc"));
    OK(hf_cbor_as_bytes(v, &view));
    CHECK(view.p == in.p + 3 && view.n == 3);
    FAILS(hf_cbor_as_text(v, &view), HF_E_FORMAT);
    CHECK_DETAIL("a byte string, where a text is wanted");
    OK(hf_cbor_get(top, -1, &v));
    CHECK(v.type == HF_CBOR_ARRAY && v.indefinite && v.value == 2);
    CHECK_BYTES(v.raw, unhex("9f0102ff"));
    OK(hf_cbor_item(v, 1, &item));
    OK(hf_cbor_as_u64(item, 2, &u));
    CHECK(u == 2);
    FAILS(hf_cbor_as_u64(item, 1, &u), HF_E_FORMAT);
    FAILS(hf_cbor_item(v, 2, &item), HF_E_NOT_FOUND);
    OK(hf_cbor_get_text(top, "abc", &v));
    FAILS(hf_cbor_untag(v, 2, &item), HF_E_FORMAT);
    CHECK_DETAIL("tag 1, where tag 2");
    OK(hf_cbor_untag(v, 1, &item));
    OK(hf_cbor_as_i64(item, &s));
    CHECK(s == 1000);
    FAILS(hf_cbor_untag(item, 1, &item), HF_E_FORMAT);
    OK(hf_cbor_get_text(top, "x", &v));
    FAILS(hf_cbor_as_text(v, &view), HF_E_FORMAT);
    OK(hf_cbor_string(v, &text));
    CHECK_BYTES(hf_buf_bytes(&text), hf_bytes_text("ab"));
    FAILS(hf_cbor_get(top, 2, &v), HF_E_NOT_FOUND);
    FAILS(hf_cbor_get_text(top, "ab", &v), HF_E_NOT_FOUND);
    FAILS(hf_cbor_get(item, 2, &v), HF_E_FORMAT);
    FAILS(hf_cbor_as_bool(item, &b), HF_E_FORMAT);
    OK(hf_cbor_parse(unhex("3b7fffffffffffffff"), HF_CBOR_LOOSE, &v));
    OK(hf_cbor_as_i64(v, &s));
    CHECK(s == INT64_MIN);
    OK(hf_cbor_parse(unhex("3b8000000000000000"), HF_CBOR_LOOSE, &v));
    FAILS(hf_cbor_as_i64(v, &s), HF_E_FORMAT);
    OK(hf_cbor_parse(unhex("f5"), HF_CBOR_LOOSE, &v));
    OK(hf_cbor_as_bool(v, &b));
    CHECK(b);
}

TEST(floats_have_their_values_and_their_shortest_form)
{
    static const struct {
        double value;
        const char *hex;
    } cases[] = {
        {0.0, "f90000"},
        {-0.0, "f98000"},
        {1.0, "f93c00"},
        {1.1, "fb3ff199999999999a"},
        {1.5, "f93e00"},
        {65504.0, "f97bff"},
        {100000.0, "fa47c35000"},
        {3.4028234663852886e+38, "fa7f7fffff"},
        {1.0e+300, "fb7e37e43c8800759c"},
        {5.960464477539063e-8, "f90001"},
        {0.00006103515625, "f90400"},
        {-4.0, "f9c400"},
        {-4.1, "fbc010666666666666"},
        {6.097555160522461e-05, "f903ff"},
        {2.9802322387695312e-8, "fa33000000"}, /* 2^-25 */
        {65520.0, "fa477ff000"},
        {65536.0, "fa47800000"},
    };
    struct hf_cbor v;
    uint16_t half;

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        struct hf_cbor_writer w = hf_cbor_writer(&out);

        CASE(cases[i].hex);
        hf_cbor_put_double(&w, cases[i].value);
        OK(hf_cbor_end(&w));
        CHECK_BYTES(hf_buf_bytes(&out), unhex(cases[i].hex));
        OK(hf_cbor_parse(hf_buf_bytes(&out), HF_CBOR_DETERMINISTIC, &v));
        CHECK(v.type == HF_CBOR_FLOAT && v.number == cases[i].value && signbit(v.number) == signbit(cases[i].value));
    }
    CASE("");
    for (uint32_t bits = 0; bits < 0x10000; bits++) { /* every half is found again */
        uint8_t in[] = {0xf9, (uint8_t)(bits >> 8), (uint8_t)bits};

        OK(hf_cbor_parse(HF_BYTES_OF(in), HF_CBOR_LOOSE, &v));
        CHECK(hf_cbor_half(v.number, &half));
        CHECK(isnan(v.number) ? half == 0x7e00 : half == bits);
    }
}

TEST(maps_are_written_in_order)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_cbor_writer w = hf_cbor_writer(&out);
    struct hf_cbor v;

    hf_cbor_put_tag(&w, 61);
    hf_cbor_put_map(&w);
    hf_cbor_put_text(&w, "b");
    hf_cbor_put_array(&w);
    hf_cbor_put_tag(&w, 1);
    hf_cbor_put_u64(&w, 1000);
    hf_cbor_put_bool(&w, true);
    hf_cbor_put_close(&w);
    hf_cbor_put_i64(&w, -1);
    hf_cbor_put_null(&w);
    hf_cbor_put_u64(&w, 24);
    hf_cbor_put_bytes(&w, unhex("aa"));
    hf_cbor_put_u64(&w, 3);
    hf_cbor_put_raw(&w, unhex("80"));
    hf_cbor_put_close(&w);
    OK(hf_cbor_end(&w));
    CHECK_BYTES(hf_buf_bytes(&out), unhex("d83d a4 03 80 1818 41aa 20 f6 6162 82 c11903e8 f5"));
    OK(hf_cbor_parse(hf_buf_bytes(&out), HF_CBOR_DETERMINISTIC, &v));
}

TEST(a_writer_refuses_what_is_not_cbor)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_cbor_writer w = hf_cbor_writer(&out);

    hf_cbor_put_map(&w);
    hf_cbor_put_u64(&w, 1);
    hf_cbor_put_close(&w);
    FAILS(hf_cbor_end(&w), HF_E_INTERNAL);
    w = hf_cbor_writer(&out);
    hf_cbor_put_map(&w);
    for (int i = 0; i < 4; i++)
        hf_cbor_put_u64(&w, 1);
    hf_cbor_put_close(&w);
    FAILS(hf_cbor_end(&w), HF_E_ARG);
    CHECK_DETAIL("twice");
    w = hf_cbor_writer(&out);
    hf_cbor_put_array(&w);
    FAILS(hf_cbor_end(&w), HF_E_INTERNAL);
    w = hf_cbor_writer(&out);
    hf_cbor_put_close(&w);
    FAILS(hf_cbor_end(&w), HF_E_INTERNAL);
    w = hf_cbor_writer(&out);
    hf_cbor_put_tag(&w, 1);
    FAILS(hf_cbor_end(&w), HF_E_INTERNAL);
    w = hf_cbor_writer(&out);
    hf_cbor_put_text_n(&w, unhex("ff"));
    FAILS(hf_cbor_end(&w), HF_E_FORMAT);
    w = hf_cbor_writer(&out);
    hf_cbor_put_raw(&w, unhex("0000"));
    FAILS(hf_cbor_end(&w), HF_E_TRAILING);
    w = hf_cbor_writer(&out);
    for (int i = 0; i <= HF_CBOR_DEPTH; i++)
        hf_cbor_put_array(&w);
    FAILS(hf_cbor_end(&w), HF_E_INTERNAL);
}

TESTS(RUN(an_item_is_read_under_its_rules), RUN(depth_32_is_the_limit),
      RUN(a_key_that_stands_twice_is_found_in_maps_of_any_size), RUN(values_are_slices_of_the_input),
      RUN(floats_have_their_values_and_their_shortest_form), RUN(maps_are_written_in_order),
      RUN(a_writer_refuses_what_is_not_cbor))
