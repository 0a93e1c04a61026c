/* Confidential computing event logs: they explain the RTMRs of a quote, or name the one that they do not. */
#include "evidence/sgx_quote.h"
#include "evidence/table.h"
#include "evidence/tcg_log.h"
#include "inspected.h"
#include "judged.h"
#include "vectors.h"
#include "verify/cc_eventlog.h"

TEST(real_logs_explain_their_quotes)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf list = {0};
    HF_CLEANUP(judged_free) struct judged j = {0};
    const char *all;
    size_t n = 0;

    NEED_VECTORS();
    judged_new(&j);
    all = vector_text("evidence/tdx/ccel/cases.json", &list);
    for (const char *at = json_first(all); at; at = json_next(at)) {
        HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf quote = {0};
        struct hf_bytes file = json_word(json_key(at, "file")), of = json_word(json_key(at, "quote"));
        const struct hf_evidence_format *format = NULL;
        const char *equal = json_key(at, "quote_rtmr_equal");
        char path[256];

        (void)snprintf(path, sizeof(path), "evidence/%.*s", (int)file.n, (const char *)file.p);
        CASE(path);
        vector(path, &log);
        OK(hf_evidence_detect(hf_buf_bytes(&log), NULL, &format));
        CHECK_TEXT(format->name, "cc-eventlog");
        FAILS(judge_one(&j, hf_buf_bytes(&log)), HF_E_WARNED);
        CHECK_ROW(&j, "quote", HF_CHECK_ABSENT);
        if (!equal)
            continue;
        n++;
        (void)snprintf(path, sizeof(path), "evidence/%.*s", (int)of.n, (const char *)of.p);
        vector(path, &quote);
        (void)judge_two(&j, hf_buf_bytes(&quote), hf_buf_bytes(&log));
        for (unsigned i = 0; i < 4; i++) {
            const char *value = json_first(equal);
            char row[32];

            for (unsigned k = 0; k < i; k++)
                value = json_next(value);
            (void)snprintf(row, sizeof(row), "cc-eventlog: rtmr%u", i);
            CHECK_ROW(&j, row, json_is(value, "true") ? HF_CHECK_OK : HF_CHECK_FAILED);
        }
    }
    CHECK(n >= 4);
}

/* ---- logs of our own ---- */

/* A header that names SHA-384, and one event per register. */
static void make(struct hf_buf *out, uint16_t alg, uint32_t reg)
{
    static const uint8_t spec[] = {'S', 'p', 'e', 'c', ' ', 'I', 'D', ' ', 'E', 'v', 'e', 'n',  't', '0', '3', 0, 0,
                                   0,   0,   0,   0,   2,   0,   2,   1,   0,   0,   0,   0x0c, 0,   48,  0,   0};
    uint8_t head[33], digest[48];
    struct hf_tcg_log log;
    struct hf_tcg_event event = {.reg = 1, .type = 3, .n_digests = 1, .header = true};

    memcpy(head, spec, sizeof(head));
    head[28] = (uint8_t)alg;
    head[30] = (uint8_t)hf_hash_size((enum hf_hash_alg)alg);
    memset(digest, 0, sizeof(digest));
    event.digest[0].bytes = (struct hf_bytes){digest, 20};
    event.data = HF_BYTES_OF(head);
    log.agile = true;
    OK(hf_tcg_event_write(&log, &event, out));
    memset(digest, 0x77, sizeof(digest));
    event = (struct hf_tcg_event){.reg = reg, .type = 0xd, .n_digests = 1, .data = hf_bytes_text("kernel")};
    event.digest[0] = (struct hf_tcg_digest){alg, {digest, hf_hash_size((enum hf_hash_alg)alg)}};
    OK(hf_tcg_event_write(&log, &event, out));
}

static void replayed(const struct hf_buf *log, struct hf_td_body *body)
{
    static struct hf_eventlog all;

    *body = (struct hf_td_body){0};
    OK(hf_eventlog_replay(hf_buf_bytes(log), &all));
    for (size_t i = 0; i < 4; i++) {
        if (all.pcrs.bank[0].mask & 2u << i)
            memcpy(body->rtmr[i], all.pcrs.bank[0].value[i + 1], HF_TD_HASH);
    }
}

static struct hf_claims claims;

TEST(each_register_has_its_row)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};
    static struct hf_verdict v;
    struct hf_td_body body;

    make(&log, HF_SHA384, 3);
    replayed(&log, &body);
    hf_verdict_start(&v);
    hf_claims_start(&claims);
    OK(hf_cc_eventlog_check(hf_buf_bytes(&log), &body, &v, &claims));
    CHECK(hf_verdict_status(&v) == HF_VERDICT_AFFIRMING);
    for (unsigned i = 0; i < 4; i++) {
        char row[8];

        (void)snprintf(row, sizeof(row), "rtmr%u", i);
        CHECK(hf_claim_find(&claims, row) &&
              hf_bytes_equal(hf_claim_find(&claims, row)->bytes, HF_BYTES_OF(body.rtmr[i])));
        hf_verdict_start(&v);
        body.rtmr[i][47] ^= 1;
        OK(hf_cc_eventlog_check(hf_buf_bytes(&log), &body, &v, &claims));
        body.rtmr[i][47] ^= 1;
        CHECK(hf_verdict_row(&v, row)->status == HF_CHECK_FAILED);
        CHECK(strstr(hf_verdict_row(&v, row)->note, i == 2 ? "replays to another" : "has no event for it"));
    }
}

TEST(logs_that_cannot_explain_a_td_are_named)
{
    static const struct {
        const char *name;
        uint16_t alg;
        uint32_t reg;
        size_t cut;
        const char *note;
    } cases[] = {
        {"SM3 alone", HF_SM3_256, 2, 0, "no SHA-384 digests"},
        {"MRTD extended", HF_SHA384, 0, 0, "measurement register 0"},
        {"a fifth RTMR", HF_SHA384, 5, 0, "measurement register 5"},
        {"cut", HF_SHA384, 2, 1, "event 1"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};
        static struct hf_verdict v;
        struct hf_td_body body = {0};

        CASE(cases[i].name);
        make(&log, cases[i].alg, cases[i].reg);
        hf_verdict_start(&v);
        OK(hf_cc_eventlog_check((struct hf_bytes){log.p, log.n - cases[i].cut}, &body, &v, &claims));
        CHECK(hf_verdict_row(&v, "event log")->status == HF_CHECK_FAILED);
        if (!strstr(hf_verdict_row(&v, "event log")->note, cases[i].note))
            FAIL("the note is \"%s\"", hf_verdict_row(&v, "event log")->note);
    }
}

static hf_err check_once(struct hf_bytes log)
{
    static struct hf_verdict v;

    hf_verdict_start(&v);
    hf_claims_start(&claims);
    return hf_cc_eventlog_check(log, NULL, &v, &claims);
}

TEST(checking_survives_a_lack_of_memory)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};

    make(&log, HF_SHA384, 1);
    SWEEP(check_once(hf_buf_bytes(&log)));
}

TEST(a_log_is_told_event_by_event)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf log = {0};
    static struct inspected told;
    const struct hf_evidence_format *format = NULL;

    make(&log, HF_SHA384, 4);
    OK(hf_evidence_detect(hf_buf_bytes(&log), "tdx", &format));
    OK(inspected(hf_buf_bytes(&log), format->inspect, &told));
    CHECK(strstr(told.text, "1 MR index @65+4 = 4 (RTMR3)"));
    CHECK(strstr(told.text, "1 algorithm @0+0 = 12 (sha384, 48 bytes)"));
}

TESTS(RUN(real_logs_explain_their_quotes), RUN(each_register_has_its_row), RUN(logs_that_cannot_explain_a_td_are_named),
      RUN(checking_survives_a_lack_of_memory), RUN(a_log_is_told_event_by_event))
