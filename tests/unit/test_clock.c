/* base/clock. */
#include "base/clock.h"
#include "test.h"

TEST(times_are_read_as_seconds_and_as_rfc_3339)
{
    static const struct {
        const char *text;
        hf_err want;
        hf_time value;
    } cases[] = {
        {"0", HF_OK, 0},
        {"1764003868", HF_OK, 1764003868},
        {"-1", HF_OK, -1},
        {"1970-01-01T00:00:00Z", HF_OK, 0},
        {"2025-11-24T17:04:28Z", HF_OK, 1764003868},
        {"2025-11-24t17:04:28z", HF_OK, 1764003868},
        {"2025-11-24 17:04:28Z", HF_OK, 1764003868},
        {"2025-11-24T17:04:28.123456Z", HF_OK, 1764003868},
        {"2025-11-24T19:04:28+02:00", HF_OK, 1764003868},
        {"2025-11-24T11:34:28-05:30", HF_OK, 1764003868},
        {"2016-12-31T23:59:60Z", HF_OK, 1483228800}, /* a leap second */
        {"2024-02-29T00:00:00Z", HF_OK, 1709164800},
        {"2023-02-29T00:00:00Z", HF_E_FORMAT, 0},
        {"2025-11-31T00:00:00Z", HF_E_FORMAT, 0},
        {"2025-13-01T00:00:00Z", HF_E_FORMAT, 0},
        {"2025-11-24T24:00:00Z", HF_E_FORMAT, 0},
        {"2025-11-24T17:04:61Z", HF_E_FORMAT, 0},
        {"2025-11-24T17:04:28", HF_E_FORMAT, 0},
        {"2025-11-24", HF_E_FORMAT, 0},
        {"2025-11-24T17:04:28.Z", HF_E_FORMAT, 0},
        {"2025-11-24T17:04:28+2:00", HF_E_FORMAT, 0},
        {"2025-11-24T17:04:28Z ", HF_E_FORMAT, 0},
        {"", HF_E_FORMAT, 0},
        {" 1", HF_E_FORMAT, 0},
        {"+1", HF_E_FORMAT, 0},
        {"1.5", HF_E_FORMAT, 0},
        {"99999999999999999999", HF_E_FORMAT, 0},
        {"yesterday", HF_E_FORMAT, 0},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        hf_time got = 7;

        CASE(cases[i].text);
        FAILS(hf_time_parse(cases[i].text, &got), cases[i].want);
        CHECK(got == (cases[i].want == HF_OK ? cases[i].value : 7));
    }
}

TEST(times_are_written_as_they_are_read)
{
    static const hf_time times[] = {0, 1, -1, 1764003868, 253402300799, -62135596800};
    char text[HF_TIME_TEXT];

    for (size_t i = 0; i < HF_COUNT(times); i++) {
        hf_time back = 0;

        hf_time_write(times[i], text);
        OK(hf_time_parse(text, &back));
        CHECK(back == times[i]);
    }
    hf_time_write(1764003868, text);
    CHECK_TEXT(text, "2025-11-24T17:04:28Z");
    hf_time_write(INT64_MAX, text);
    CHECK_TEXT(text, "@9223372036854775807");
}

TEST(clocks_move_forward_and_agree)
{
    uint64_t ns = hf_monotonic_ns();
    uint64_t ms = hf_now_ms() / 1000;
    hf_time now = hf_now();

    CHECK(hf_monotonic_ns() >= ns && ns > 0);
    CHECK(now > 1700000000 && now - (hf_time)ms <= 1 && (hf_time)ms - now <= 1);
}

TESTS(RUN(times_are_read_as_seconds_and_as_rfc_3339), RUN(times_are_written_as_they_are_read),
      RUN(clocks_move_forward_and_agree))
