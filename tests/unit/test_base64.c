/* codec/base64. */
#include "codec/base64.h"
#include "test.h"

TEST(the_vectors_of_rfc_4648_go_both_ways)
{
    static const struct {
        const char *bytes, *text, *url;
    } cases[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+", "-__-"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

        CASE(cases[i].text);
        OK(hf_base64_write(hf_bytes_text(cases[i].bytes), &out));
        CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text(cases[i].text));
        out.n = 0;
        OK(hf_base64url_write(hf_bytes_text(cases[i].bytes), &out));
        CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text(cases[i].url));
        out.n = 0;
        OK(hf_base64_parse(hf_bytes_text(cases[i].text), &out));
        CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text(cases[i].bytes));
        out.n = 0;
        OK(hf_base64url_parse(hf_bytes_text(cases[i].url), &out));
        CHECK_BYTES(hf_buf_bytes(&out), hf_bytes_text(cases[i].bytes));
    }
    CASE("");
}

TEST(only_the_canonical_form_is_read)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf scratch = {0};
    static const struct {
        const char *name, *text;
        hf_err strict, loose, url;
    } cases[] = {
        {"one digit", "Z", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"five digits", "Zm9vY", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"no padding", "Zg", HF_E_FORMAT, HF_E_FORMAT, HF_OK},
        {"half the padding", "Zg=", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"padding", "Zg==", HF_OK, HF_OK, HF_E_FORMAT},
        {"three padding characters", "Zg===", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"padding of nothing", "====", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"padding behind whole groups", "Zm9v====", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"padding in the middle", "Zg==Zg==", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"spare bits of one byte", "Zh==", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"spare bits of two bytes", "Zm9=", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"spare bits without padding", "Zh", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"a newline", "Zm9v\n", HF_E_FORMAT, HF_OK, HF_E_FORMAT},
        {"a space", "Zm 9v", HF_E_FORMAT, HF_OK, HF_E_FORMAT},
        {"a vertical tab", "Zm9v\v", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"the other alphabet", "-_8=", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"the standard alphabet where URLs are read", "+/+/", HF_OK, HF_OK, HF_E_FORMAT},
        {"a high byte", "Zm9\xf6", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
        {"a dot", "Zm9.", HF_E_FORMAT, HF_E_FORMAT, HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        struct hf_bytes text = hf_bytes_text(cases[i].text);

        CASE(cases[i].name);
        FAILS(hf_base64_parse(text, &out), cases[i].strict);
        CHECK(cases[i].strict == HF_OK || out.n == 0);
        out.n = 0;
        FAILS(hf_base64_parse_loose(text, &out), cases[i].loose);
        CHECK(cases[i].loose == HF_OK || out.n == 0);
        out.n = 0;
        FAILS(hf_base64url_parse(text, &out), cases[i].url);
        CHECK(cases[i].url == HF_OK || out.n == 0);
    }
    CASE("");
    FAILS(hf_base64_parse(hf_bytes_text("Zm9v*"), &scratch), HF_E_FORMAT);
    CHECK_DETAIL("0x2a at position 4");
}

TEST(every_length_and_byte_is_read_back)
{
    uint8_t all[256];

    for (unsigned i = 0; i < 256; i++)
        all[i] = (uint8_t)(i * 167 + 13);
    for (size_t n = 0; n <= sizeof(all); n++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf back = {0};
        struct hf_bytes in = {all, n};

        OK(hf_base64_write(in, &text));
        CHECK(text.n == (n + 2) / 3 * 4);
        OK(hf_base64_parse(hf_buf_bytes(&text), &back));
        CHECK_BYTES(hf_buf_bytes(&back), in);
        text.n = back.n = 0;
        OK(hf_base64url_write(in, &text));
        OK(hf_base64url_parse(hf_buf_bytes(&text), &back));
        CHECK_BYTES(hf_buf_bytes(&back), in);
    }
}

TEST(a_ceiling_holds)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf exact = {.max = 3};
    HF_CLEANUP(hf_buf_free) struct hf_buf small = {.max = 2};

    FAILS(hf_base64_parse(hf_bytes_text("Zm9v"), &small), HF_E_LIMIT);
    CHECK(small.n == 0);
    FAILS(hf_base64_write(hf_bytes_text("f"), &small), HF_E_LIMIT);
    OK(hf_base64_parse(hf_bytes_text("Zm9v"), &exact)); /* as many bytes as the ceiling */
    CHECK(exact.n == 3);
    exact.n = 0;
    OK(hf_base64_parse(hf_bytes_text("Zm8="), &exact));
    CHECK(exact.n == 2);
}

TESTS(RUN(the_vectors_of_rfc_4648_go_both_ways), RUN(only_the_canonical_form_is_read),
      RUN(every_length_and_byte_is_read_back), RUN(a_ceiling_holds))
