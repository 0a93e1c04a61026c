/* Event logs made by hand: every rule of reading and replaying, mostly by breaking it. */
#include "codec/base64.h"
#include "evidence/pcr.h"
#include "evidence/tcg_event.h"
#include "evidence/tcg_log.h"
#include "test.h"
#include "verify/tcg_replay.h"

static struct hf_eventlog replayed;

static void le(struct hf_buf *out, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = 0;

        if (i < 8)
            byte = (uint8_t)(v >> (8 * i));

        OK(hf_buf_add(out, (struct hf_bytes){&byte, 1}));
    }
}

/* The header of a log with two banks, SHA-1 and SHA-256. `reg` 1 makes it a CCEL log. */
static void header(struct hf_buf *log, uint32_t reg, uint16_t second)
{
    le(log, reg, 4);
    le(log, HF_EV_NO_ACTION, 4);
    le(log, 0, 20);
    le(log, 37, 4);
    OK(hf_buf_add(log, (struct hf_bytes){(const uint8_t *)"Spec ID Event03", 16}));
    le(log, 0, 4);
    le(log, 0x02000200, 4);
    le(log, 2, 4);
    le(log, HF_SHA1, 2);
    le(log, 20, 2);
    le(log, second, 2);
    le(log, 32, 2);
    le(log, 0, 1);
}

/* An event whose digests are of `measured`, or zero for EV_NO_ACTION. */
static void event(struct hf_buf *log, uint32_t reg, uint32_t type, const void *data, size_t n)
{
    static const enum hf_hash_alg algs[] = {HF_SHA1, HF_SHA256};

    le(log, reg, 4);
    le(log, type, 4);
    le(log, 2, 4);
    for (size_t i = 0; i < 2; i++) {
        struct hf_digest digest;

        OK(hf_hash_one(algs[i], (struct hf_bytes){data, n}, &digest));
        if (type == HF_EV_NO_ACTION)
            memset(digest.bytes, 0, sizeof(digest.bytes));
        le(log, algs[i], 2);
        OK(hf_buf_add(log, hf_digest_bytes(&digest)));
    }
    le(log, n, 4);
    OK(hf_buf_add(log, (struct hf_bytes){data, n}));
}

static void locality(struct hf_buf *log, char which)
{
    char data[17] = "StartupLocality";

    data[16] = which;
    event(log, 0, HF_EV_NO_ACTION, data, sizeof(data));
}

static hf_err replay(const struct hf_buf *log)
{
    return hf_eventlog_replay(hf_buf_bytes(log), &replayed);
}

static bool noted(const char *text)
{
    for (uint32_t i = 0; i < replayed.findings && i < HF_FINDINGS_MAX; i++) {
        if (strstr(replayed.finding[i].text, text))
            return true;
    }
    return false;
}

/* What SHA-256 PCR 0 is after one event over "x", from an initial value that ends in `start`. */
static void want_pcr0(uint8_t start)
{
    uint8_t first[32] = {0};
    struct hf_digest digest, want;
    struct hf_bytes parts[2] = {{first, 32}, {digest.bytes, 32}};

    first[31] = start;
    OK(hf_hash_one(HF_SHA256, hf_bytes_text("x"), &digest));
    OK(hf_hash(HF_SHA256, parts, 2, &want));
    CHECK_BYTES(hf_pcrs_value(&replayed.pcrs, HF_SHA256, 0), hf_digest_bytes(&want));
}

TEST(pcr_0_starts_at_the_locality_that_the_log_says)
{
    for (char which = 0; which <= 4; which++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};

        header(&log, 0, HF_SHA256);
        locality(&log, which);
        event(&log, 0, HF_EV_POST_CODE, "x", 1);
        OK(replay(&log));
        CHECK(replayed.locality == which && replayed.events == 3 && replayed.findings == 0);
        want_pcr0((uint8_t)which);
    }
}

TEST(a_hardware_measured_root_of_trust_means_locality_4)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};

    header(&log, 0, HF_SHA256);
    event(&log, 0, HF_EV_EFI_HCRTM_EVENT, "x", 1);
    OK(replay(&log));
    CHECK(replayed.locality == 4);
    want_pcr0(4);
    locality(&log, 3);
    FAILS(replay(&log), HF_E_FORMAT); /* contradicts it */
}

TEST(no_action_events_never_extend)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};

    header(&log, 0, HF_SHA256);
    event(&log, 0, HF_EV_NO_ACTION, "SP800-155 Event3", 17);
    event(&log, UINT32_MAX, HF_EV_NO_ACTION, "anything", 8);
    OK(replay(&log));
    CHECK(replayed.pcrs.bank[1].mask == 0 && replayed.events == 3);
    event(&log, 0, HF_EV_POST_CODE, "x", 1);
    OK(replay(&log));
    want_pcr0(0);
    CHECK(replayed.pcrs.bank[1].mask == 1);
}

TEST(padding_ends_a_log_and_hides_nothing)
{
    static const struct {
        const char *name;
        uint8_t byte;
        size_t n;
        bool dirty;
        hf_err want;
    } cases[] = {
        {"ones", 0xff, 4096, false, HF_OK},
        {"a record of ones", 0xff, 8, false, HF_OK},
        {"zeros", 0, 4096, false, HF_OK},
        {"a record of zeros", 0, 16, false, HF_OK},
        {"less than a record of ones", 0xff, 7, false, HF_E_TRUNCATED},
        {"less than a record of zeros", 0, 15, false, HF_E_FORMAT},
        {"ones and something", 0xff, 64, true, HF_E_FORMAT},
        {"zeros and something", 0, 64, true, HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};
        uint8_t *place = NULL;

        CASE(cases[i].name);
        header(&log, 0, HF_SHA256);
        event(&log, 0, HF_EV_POST_CODE, "x", 1);
        OK(hf_buf_grow(&log, cases[i].n, &place));
        memset(place, cases[i].byte, cases[i].n);
        if (cases[i].dirty)
            place[cases[i].n - 1] = 0x55;
        FAILS(replay(&log), cases[i].want);
    }
}

TEST(logs_that_contradict_themselves_are_refused)
{
    static const struct {
        const char *name;
        size_t at; /* byte changed, in a log of header and one event (offsets from the header's end at 69) */
        uint8_t to;
        hf_err want;
    } cases[] = {
        {"no digests", 69 + 8, 0, HF_E_FORMAT},
        {"three digests of two banks", 69 + 8, 3, HF_E_FORMAT},
        {"the same bank twice", 69 + 12 + 22, HF_SHA1, HF_E_FORMAT},
        {"a bank that the header does not name", 69 + 12 + 22, HF_SHA384, HF_E_FORMAT},
        {"PCR 24", 69, 24, HF_E_FORMAT},
        {"PCR 256", 70, 1, HF_E_FORMAT},
        {"a data size beyond the end", 69 + 12 + 22 + 34, 200, HF_E_TRUNCATED},
        {"a huge data size", 69 + 12 + 22 + 34 + 3, 0xff, HF_E_TRUNCATED},
        {"a SHA-256 of 20 bytes", 32 + 28 + 6, 20, HF_E_FORMAT},
        {"a bank named twice in the header", 32 + 28 + 4, HF_SHA1, HF_E_FORMAT},
        {"no banks", 32 + 24, 0, HF_E_FORMAT},
        {"more banks than fit", 32 + 24, 99, HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};

        CASE(cases[i].name);
        header(&log, 0, HF_SHA256);
        CHECK(log.n == 69);
        event(&log, 0, HF_EV_POST_CODE, "x", 1);
        log.p[cases[i].at] = cases[i].to;
        FAILS(replay(&log), cases[i].want);
    }
}

TEST(localities_that_do_not_exist_or_differ_are_refused)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};

    header(&log, 0, HF_SHA256);
    locality(&log, 3);
    locality(&log, 3);
    OK(replay(&log));
    CHECK(noted("a second StartupLocality"));
    locality(&log, 0);
    FAILS(replay(&log), HF_E_FORMAT);
    CHECK_DETAIL("startup locality 0, but an earlier event says 3");
    hf_buf_free(&log);
    header(&log, 0, HF_SHA256);
    locality(&log, 5);
    FAILS(replay(&log), HF_E_FORMAT);
}

TEST(a_bank_of_an_unknown_hash_cannot_be_replayed_but_be_read)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};
    struct hf_tcg_log cursor;
    struct hf_tcg_event first;

    header(&log, 0, 0x7777);
    FAILS(replay(&log), HF_E_UNSUPPORTED);
    OK(hf_tcg_log_open(hf_buf_bytes(&log), &cursor));
    CHECK(hf_tcg_log_next(&cursor, &first) && first.header && !hf_tcg_log_next(&cursor, &first));
    OK(hf_tcg_log_end(&cursor));
}

TEST(a_ccel_log_has_registers_1_to_4)
{
    for (uint32_t reg = 0; reg <= 5; reg++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};

        header(&log, 1, HF_SHA256);
        event(&log, reg, HF_EV_POST_CODE, "x", 1);
        FAILS(replay(&log), reg == 0 || reg == 5 ? HF_E_FORMAT : HF_OK);
        CHECK(reg == 0 || reg == 5 || (replayed.kind == HF_EVENTLOG_CC && replayed.pcrs.bank[0].mask == 1u << reg));
    }
}

TEST(what_is_odd_is_noted_and_does_not_change_the_values)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};
    struct hf_digest before;

    header(&log, 0, HF_SHA256);
    event(&log, 4, HF_EV_EFI_BOOT_SERVICES_APPLICATION, "image", 5);
    event(&log, 7, HF_EV_SEPARATOR, "\0\0\0", 4);
    event(&log, 7, HF_EV_SEPARATOR, "\1\0\0", 4);
    event(&log, 7, 0x12345, "x", 1);
    OK(replay(&log));
    CHECK(noted("an EFI application before"));
    CHECK(noted("a second separator"));
    CHECK(noted("reports a firmware error"));
    CHECK(noted("0x00012345 is not in the specification"));
    CHECK(replayed.digests_differ == 0 && replayed.digests_checked == 4);
    before.n = 32;
    memcpy(before.bytes, hf_pcrs_value(&replayed.pcrs, HF_SHA256, 7).p, 32);
    event(&log, 7, HF_EV_SEPARATOR, "\0\0\0", 4);
    log.p[log.n - 1] = 7; /* the data is changed under its digest */
    OK(replay(&log));
    CHECK(replayed.digests_differ == 2 && noted("the sha256 digest is not that of the event's data"));
    CHECK(!hf_bytes_equal(hf_pcrs_value(&replayed.pcrs, HF_SHA256, 7), hf_digest_bytes(&before)));
}

TEST(findings_beyond_the_room_for_them_are_counted)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};

    header(&log, 0, HF_SHA256);
    for (unsigned i = 0; i < HF_FINDINGS_MAX + 9; i++)
        event(&log, 1, 0x7000 + i, "x", 1);
    OK(replay(&log));
    CHECK(replayed.findings == HF_FINDINGS_MAX + 9);
}

TEST(the_old_format_has_one_bank)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};
    struct hf_digest digest;

    OK(hf_hash_one(HF_SHA1, HF_BYTES_OF("\0\0\0"), &digest));
    le(&log, 7, 4);
    le(&log, HF_EV_SEPARATOR, 4);
    OK(hf_buf_add(&log, hf_digest_bytes(&digest)));
    le(&log, 4, 4);
    le(&log, 0, 4);
    OK(replay(&log));
    CHECK(!replayed.agile && replayed.pcrs.n == 1 && replayed.pcrs.bank[0].mask == 1u << 7);
    for (size_t n = 0; n < log.n; n++)
        CHECK(hf_eventlog_replay((struct hf_bytes){log.p, n}, &replayed) != HF_OK);
}

TEST(text_is_decoded_and_bytes_are_left_alone)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};

    header(&log, 0, HF_SHA256);
    OK(hf_tcg_log_decode(hf_buf_bytes(&log), &out));
    CHECK_BYTES(hf_buf_bytes(&out), hf_buf_bytes(&log));
    OK(hf_base64_write(hf_buf_bytes(&log), &text));
    OK(hf_buf_add(&text, hf_bytes_text("\n")));
    hf_buf_free(&out);
    OK(hf_tcg_log_decode(hf_buf_bytes(&text), &out));
    CHECK_BYTES(hf_buf_bytes(&out), hf_buf_bytes(&log));
    hf_buf_free(&out);
    CHECK(hf_tcg_log_decode(hf_bytes_text("this is no log"), &out) != HF_OK);
    FAILS(hf_eventlog_replay((struct hf_bytes){NULL, 0}, &replayed), HF_E_TRUNCATED);
}

TESTS(RUN(pcr_0_starts_at_the_locality_that_the_log_says), RUN(a_hardware_measured_root_of_trust_means_locality_4),
      RUN(no_action_events_never_extend), RUN(padding_ends_a_log_and_hides_nothing),
      RUN(logs_that_contradict_themselves_are_refused), RUN(localities_that_do_not_exist_or_differ_are_refused),
      RUN(a_bank_of_an_unknown_hash_cannot_be_replayed_but_be_read), RUN(a_ccel_log_has_registers_1_to_4),
      RUN(what_is_odd_is_noted_and_does_not_change_the_values), RUN(findings_beyond_the_room_for_them_are_counted),
      RUN(the_old_format_has_one_bank), RUN(text_is_decoded_and_bytes_are_left_alone))
