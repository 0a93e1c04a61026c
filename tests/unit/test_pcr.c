/* evidence/pcr: selections as text and bytes, values, digests; verdicts. */
#include "base/text.h"
#include "evidence/pcr.h"
#include "test.h"
#include "verify/pcr_log.h"
#include "verify/verdict.h"

TEST(selections_are_read_as_tpm2_tools_writes_them)
{
    static const struct {
        const char *text, *printed; /* NULL: as it was */
        size_t count;
    } cases[] = {
        {"sha256:0", NULL, 1},
        {"sha256:0,1,7+sha384:16", NULL, 4},
        {"sha1:23", NULL, 1},
        {"sha256:7,0", "sha256:0,7", 2},
        {"sha384:16+sha256:0", NULL, 2}, /* the order of banks is kept: a quote hashes in it */
        {"sha1:all", "sha1:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23", 24},
        {"sm3_256:1", NULL, 1},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
        struct hf_pcr_selection sel;
        char *text = NULL;

        CASE(cases[i].text);
        OK(hf_pcr_selection_parse(cases[i].text, &sel));
        CHECK(hf_pcr_selection_count(&sel) == cases[i].count);
        OK(hf_pcr_selection_print(&sel, &out));
        OK(hf_buf_text(&out, &text));
        CHECK_TEXT(text, cases[i].printed ? cases[i].printed : cases[i].text);
    }
}

TEST(selections_that_are_none_name_the_position)
{
    static const struct {
        const char *text, *detail;
    } cases[] = {
        {"", "position 1: a bank and a colon"},
        {"sha256", "position 1: a bank and a colon"},
        {"sha256:", "position 8: a register number"},
        {"sha256:24", "position 8: PCR 24 is out of range"},
        {"sha256:99999999999999999999", "position 8: PCR 99999999999999999999 is out of range"},
        {"sha256:0,", "position 10: a register number"},
        {"sha256:0,,1", "position 10"},
        {"sha256:0-7", "position 9: '-'"},
        {"sha256:0 ", "position 9: ' '"},
        {"sha256: 0", "position 8"},
        {"sha256:-1", "position 8"},
        {"sha256:1,1", "position 10: PCR 1 is named twice"},
        {"sha256:1+sha256:2", "position 10: bank sha256 is named twice"},
        {"sha256:1+", "position 10: a bank"},
        {"md5:1", "position 1: \"md5\" is not a bank"},
        {"SHA256:1", "is not a bank"},
        {"sha256:allx", "position 11"},
        {"sha256:1,all", "position 10"},
        {"+sha256:1", "position 1"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_pcr_selection sel;

        CASE(cases[i].text);
        FAILS(hf_pcr_selection_parse(cases[i].text, &sel), HF_E_ARG);
        CHECK_DETAIL(cases[i].detail);
    }
}

TEST(selection_bytes_keep_their_order_and_refuse_what_cannot_be)
{
    static const uint8_t good[] = {0, 0, 0, 2, 0, 0x0c, 3, 0, 0, 1, 0, 0x0b, 3, 0x81, 0, 1};
    static const struct {
        const char *name;
        size_t at;
        uint8_t to;
        hf_err want;
    } cases[] = {
        {"a bank twice", 11, 0x0c, HF_E_FORMAT},    {"a bitmap of no bytes", 6, 0, HF_E_FORMAT},
        {"a bitmap of 5 bytes", 6, 5, HF_E_FORMAT}, {"three banks", 3, 3, HF_E_TRUNCATED},
        {"one bank", 3, 1, HF_E_TRAILING},          {"2^24 banks", 0, 1, HF_E_FORMAT},
    };
    struct hf_pcr_selection sel;
    struct hf_reader r = hf_reader(HF_BYTES_OF(good));
    uint8_t place[64];
    struct hf_writer w = hf_writer(place, sizeof(place));

    hf_pcr_selection_read(&r, &sel);
    OK(hf_rd_end(&r));
    CHECK(sel.n == 2 && sel.bank[0].alg == HF_SHA384 && sel.bank[1].mask == 0x10081);
    hf_pcr_selection_write(&sel, &w);
    CHECK_BYTES(hf_wr_done(&w), HF_BYTES_OF(good));
    hf_pcr_selection_sort(&sel);
    CHECK(sel.bank[0].alg == HF_SHA256);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        uint8_t bad[sizeof(good)];

        CASE(cases[i].name);
        memcpy(bad, good, sizeof(bad));
        bad[cases[i].at] = cases[i].to;
        r = hf_reader(HF_BYTES_OF(bad));
        hf_pcr_selection_read(&r, &sel);
        FAILS(hf_rd_end(&r), cases[i].want);
    }
}

TEST(values_are_of_known_banks_registers_and_lengths)
{
    struct hf_pcrs pcrs = {0};
    uint8_t bytes[64] = {1};
    struct hf_pcr_selection sel;
    struct hf_digest digest;

    OK(hf_pcrs_put(&pcrs, HF_SHA256, 7, (struct hf_bytes){bytes, 32}));
    FAILS(hf_pcrs_put(&pcrs, HF_SHA256, 7, (struct hf_bytes){bytes, 20}), HF_E_FORMAT);
    FAILS(hf_pcrs_put(&pcrs, HF_SHA256, 24, (struct hf_bytes){bytes, 32}), HF_E_FORMAT);
    FAILS(hf_pcrs_put(&pcrs, 0x4444, 0, (struct hf_bytes){bytes, 32}), HF_E_UNSUPPORTED);
    CHECK(hf_pcrs_value(&pcrs, HF_SHA256, 7).n == 32 && hf_pcrs_value(&pcrs, HF_SHA256, 6).n == 0);
    CHECK(hf_pcrs_value(&pcrs, HF_SHA1, 7).n == 0 && hf_pcrs_value(&pcrs, HF_SHA256, 99).n == 0);
    OK(hf_pcr_selection_parse("sha256:7,8", &sel));
    FAILS(hf_pcrs_digest(&pcrs, &sel, HF_SHA256, &digest), HF_E_NOT_FOUND);
    CHECK_DETAIL("sha256 PCR 8");
}

/* A log that says PCR 4 = v, and values to hold against it. */
TEST(a_log_must_explain_every_register_that_was_extended)
{
    static const struct {
        const char *name;
        unsigned pcr;
        uint8_t fill;
        hf_err want;
        const char *row;
    } cases[] = {
        {"as in the log", 4, 7, HF_OK, "event log"},
        {"another value", 4, 8, HF_E_UNTRUSTED, "sha256 PCR 4"},
        {"not in the log and extended", 5, 7, HF_E_UNTRUSTED, "sha256 PCR 5"},
        {"not in the log, at its reset value", 5, 0, HF_E_WARNED, "registers without events"},
        {"a dynamic launch register at reset", 17, 0xff, HF_E_WARNED, "registers without events"},
        {"a dynamic launch register at zero", 17, 0, HF_E_UNTRUSTED, "sha256 PCR 17"},
    };
    static struct hf_eventlog log; /* large */
    static struct hf_verdict v;
    uint8_t bytes[32];

    memset(bytes, 7, sizeof(bytes));
    OK(hf_pcrs_put(&log.pcrs, HF_SHA256, 4, HF_BYTES_OF(bytes)));
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_pcrs values = {0};

        CASE(cases[i].name);
        memset(bytes, 7, sizeof(bytes));
        OK(hf_pcrs_put(&values, HF_SHA256, 4, HF_BYTES_OF(bytes)));
        memset(bytes, cases[i].fill, sizeof(bytes));
        OK(hf_pcrs_put(&values, HF_SHA256, cases[i].pcr, HF_BYTES_OF(bytes)));
        v = (struct hf_verdict){0};
        hf_pcr_log_check(&values, &log, 0, &v);
        FAILS(hf_verdict_err(&v), cases[i].want);
        CHECK(hf_verdict_row(&v, cases[i].row) != NULL);
    }
    v = (struct hf_verdict){0};
    {
        struct hf_pcrs values = {0};

        OK(hf_pcrs_put(&values, HF_SHA1, 4, (struct hf_bytes){bytes, 20}));
        hf_pcr_log_check(&values, &log, 0, &v);
        FAILS(hf_verdict_err(&v), HF_E_UNTRUSTED);
        CHECK(hf_verdict_row(&v, "sha1 bank") != NULL);
    }
}

TEST(a_verdict_is_as_good_as_its_worst_row)
{
    static struct hf_verdict v;
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char *line = NULL;

    FAILS(hf_verdict_err(&v), HF_E_UNTRUSTED); /* nothing was checked */
    CHECK(hf_verdict_status(&v) == HF_VERDICT_NONE);
    (void)hf_check_not_applicable(&v, "not here", "because");
    CHECK(hf_verdict_status(&v) == HF_VERDICT_NONE);
    (void)hf_check(&v, "one", HF_OK);
    OK(hf_verdict_err(&v));
    (void)hf_check_absent(&v, "two", "none given");
    FAILS(hf_verdict_err(&v), HF_E_WARNED);
    CHECK_DETAIL("the first is \"two\"");
    hf_check_found(hf_check(&v, "three", hf_fail(HF_E_FORMAT, "what was wrong")), "%d", 5);
    FAILS(hf_verdict_err(&v), HF_E_UNTRUSTED);
    CHECK_DETAIL("1 of 4 checks failed, the first is \"three\"");
    CHECK_TEXT(hf_verdict_row(&v, "three")->note, "what was wrong");
    OK(hf_verdict_text(&v, &text));
    OK(hf_buf_text(&text, &line));
    CHECK(strstr(line, "failed          three") && strstr(line, "verdict: contraindicated"));
}

TEST(a_verdict_without_room_is_contraindicated)
{
    static struct hf_verdict v;
    uint8_t bytes[200] = {0xab};

    for (size_t i = 0; i < HF_CHECKS_MAX; i++)
        (void)hf_check(&v, "row", HF_OK);
    OK(hf_verdict_err(&v));
    (void)hf_check(&v, "row", HF_OK);
    FAILS(hf_verdict_err(&v), HF_E_UNTRUSTED);
    v = (struct hf_verdict){0};
    CHECK(hf_check_equal(&v, "long", HF_BYTES_OF(bytes), (struct hf_bytes){bytes, 199})->status == HF_CHECK_FAILED);
    CHECK(strcmp(v.row[0].found + strlen(v.row[0].found) - 3, "...") == 0);
}

TESTS(RUN(selections_are_read_as_tpm2_tools_writes_them), RUN(selections_that_are_none_name_the_position),
      RUN(selection_bytes_keep_their_order_and_refuse_what_cannot_be),
      RUN(values_are_of_known_banks_registers_and_lengths), RUN(a_log_must_explain_every_register_that_was_extended),
      RUN(a_verdict_is_as_good_as_its_worst_row), RUN(a_verdict_without_room_is_contraindicated))
