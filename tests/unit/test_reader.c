/* base/reader and base/writer. */
#include "base/reader.h"
#include "base/writer.h"
#include "test.h"

TEST(numbers_are_read_in_both_orders)
{
    static const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct hf_reader r = hf_reader(HF_BYTES_OF(in));

    CHECK(hf_rd_u8(&r) == 1);
    CHECK(hf_rd_u16be(&r) == 0x0203);
    CHECK(hf_rd_u16le(&r) == 0x0504);
    CHECK(hf_rd_u32be(&r) == 0x06070809);
    OK(hf_rd_end(&r));
    r = hf_reader(HF_BYTES_OF(in));
    CHECK(hf_rd_u64le(&r) == 0x0807060504030201);
    FAILS(hf_rd_end(&r), HF_E_TRAILING);
    CHECK_DETAIL("1 bytes are left over after offset 8");
}

TEST(the_first_read_that_does_not_fit_fails_the_reader_for_good)
{
    static const uint8_t in[] = {0xff, 0xff, 0xff};
    struct hf_reader r = hf_reader(HF_BYTES_OF(in));
    uint8_t copy[2] = {9, 9};

    CHECK(hf_rd_u32be(&r) == 0);
    CHECK(hf_rd_u8(&r) == 0); /* would fit, but the reader has failed */
    hf_rd_copy(&r, copy, sizeof(copy));
    CHECK(copy[0] == 0 && copy[1] == 0);
    CHECK(hf_rd_view(&r, 1).n == 0);
    CHECK(!hf_rd_more(&r));
    FAILS(hf_rd_end(&r), HF_E_TRUNCATED);
    CHECK_DETAIL("need 4 bytes, have 3");
}

TEST(a_length_beyond_the_input_gives_an_empty_view)
{
    static const uint8_t in[] = {0xff, 0xff, 1, 2};
    struct hf_reader r = hf_reader(HF_BYTES_OF(in));
    struct hf_bytes v = hf_rd_view(&r, hf_rd_u16be(&r));

    CHECK(v.n == 0 && v.p == NULL);
    FAILS(hf_rd_end(&r), HF_E_TRUNCATED);
}

TEST(a_set_reserved_byte_is_named)
{
    static const uint8_t in[] = {0, 0, 7, 0};
    struct hf_reader r = hf_reader(HF_BYTES_OF(in));

    hf_rd_zero(&r, 4);
    FAILS(hf_rd_end(&r), HF_E_FORMAT);
    CHECK_DETAIL("offset 2");
}

TEST(an_empty_input_is_fine_until_something_is_read)
{
    struct hf_reader r = hf_reader((struct hf_bytes){NULL, 0});

    OK(hf_rd_end(&r));
    (void)hf_rd_u8(&r);
    FAILS(hf_rd_end(&r), HF_E_TRUNCATED);
}

TEST(a_part_is_a_reader_of_its_own)
{
    static const uint8_t in[] = {0, 2, 0xaa, 0xbb, 0xcc};
    struct hf_reader r = hf_reader(HF_BYTES_OF(in));
    struct hf_reader part = hf_rd_sub(&r, hf_rd_u16be(&r));

    CHECK(hf_rd_u16be(&part) == 0xaabb);
    OK(hf_rd_end(&part));
    CHECK(hf_rd_u8(&r) == 0xcc);
    OK(hf_rd_end(&r));
    part = hf_rd_sub(&r, 1);
    FAILS(hf_rd_end(&part), HF_E_TRUNCATED);
}

TEST(what_is_written_is_what_is_read)
{
    uint8_t place[32];
    struct hf_writer w = hf_writer(place, sizeof(place));
    struct hf_bytes done = {0};
    struct hf_reader r;

    hf_wr_u8(&w, 1);
    hf_wr_u16be(&w, 2);
    hf_wr_u32le(&w, 3);
    hf_wr_u64be(&w, 4);
    hf_wr_b16(&w, hf_bytes_text("abc"));
    OK(hf_wr_end(&w, &done));
    r = hf_reader(done);
    CHECK(hf_rd_u8(&r) == 1 && hf_rd_u16be(&r) == 2 && hf_rd_u32le(&r) == 3 && hf_rd_u64be(&r) == 4);
    CHECK_BYTES(hf_rd_view(&r, hf_rd_u16be(&r)), hf_bytes_text("abc"));
    OK(hf_rd_end(&r));
}

TEST(a_write_that_does_not_fit_writes_nothing_more)
{
    uint8_t place[4] = {0};
    struct hf_writer w = hf_writer(place, 3);
    struct hf_bytes done;

    hf_wr_u32be(&w, 0xffffffff);
    hf_wr_u8(&w, 1);
    FAILS(hf_wr_end(&w, &done), HF_E_LIMIT);
    CHECK(place[0] == 0 && place[3] == 0);
}

TESTS(RUN(numbers_are_read_in_both_orders), RUN(the_first_read_that_does_not_fit_fails_the_reader_for_good),
      RUN(a_length_beyond_the_input_gives_an_empty_view), RUN(a_set_reserved_byte_is_named),
      RUN(an_empty_input_is_fine_until_something_is_read), RUN(a_part_is_a_reader_of_its_own),
      RUN(what_is_written_is_what_is_read), RUN(a_write_that_does_not_fit_writes_nothing_more))
