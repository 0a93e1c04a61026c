/* tpm/record.c, replay.c and recording.c. */
#include "base/alloc.h"
#include "base/file.h"
#include "software_tpm.h"
#include "test.h"
#include "tpm/recording.h"

#include <sys/stat.h>

static const uint8_t get_random[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 2};
static const uint8_t get_more[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 3};
static const uint8_t self_test[] = {0x80, 1, 0, 0, 0, 11, 0, 0, 1, 0x43, 0};
static const uint8_t two_random[] = {0x80, 1, 0, 0, 0, 14, 0, 0, 0, 0, 0, 2, 0xab, 0xcd};
static const uint8_t done[] = {0x80, 1, 0, 0, 0, 10, 0, 0, 0, 0};

struct place {
    char dir[40];
    char path[64];
};

static void place_make(struct place *p)
{
    *p = (struct place){"/tmp/holdfast-record-XXXXXX", ""};
    CHECK(mkdtemp(p->dir) != NULL);
    (void)snprintf(p->path, sizeof(p->path), "%s/wire", p->dir);
}

static void place_remove(struct place *p)
{
    (void)unlink(p->path);
    (void)rmdir(p->dir);
}

/* Two exchanges, and a command between them that was not answered. */
static void write_recording(const struct place *p)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf out = {0};
    struct hf_tpm_exchange list[] = {
        {1, 2, HF_BYTES_OF(get_random), HF_BYTES_OF(two_random), true},
        {3, 0, HF_BYTES_OF(self_test), {NULL, 0}, false},
        {4, 5, HF_BYTES_OF(self_test), HF_BYTES_OF(done), true},
    };
    struct hf_tpm_recording rec = {.managed = true, .exchanges = list, .n = 3};

    OK(hf_tpm_recording_write(&rec, &out));
    OK(hf_file_write(p->path, hf_buf_bytes(&out)));
}

static void open_uri(const char *before, const struct place *p, const char *after, struct hf_tpm_transport **t)
{
    char uri[300];

    (void)snprintf(uri, sizeof(uri), "%s%s%s", before, p->path, after);
    OK(hf_tpm_transport_open(uri, NULL, NULL, t));
}

TEST(a_recording_answers_in_its_order)
{
    HF_CLEANUP(place_remove) struct place p;
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
    struct hf_tpm_reply reply;

    place_make(&p);
    write_recording(&p);
    open_uri("replay:", &p, "", &t);
    CHECK(t->managed && t->kind == HF_TPM_KIND_EMULATED);
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_more), 0, &reply), HF_E_MISMATCH);
    CHECK_DETAIL("exchange 0");
    CHECK_DETAIL("differs at byte 11: 0x02 there, 0x03 here");
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(self_test), 0, &reply), HF_E_MISMATCH);
    CHECK_DETAIL("differs at byte 5");
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 0, &reply));
    CHECK_BYTES(((struct hf_bytes){reply.bytes, reply.n}), HF_BYTES_OF(two_random));
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(self_test), 0, &reply), HF_E_UNAVAILABLE);
    CHECK_DETAIL("exchange 1 of the recording was never answered");
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(self_test), 0, &reply));
    CHECK_BYTES(((struct hf_bytes){reply.bytes, reply.n}), HF_BYTES_OF(done));
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(self_test), 0, &reply), HF_E_UNAVAILABLE);
    CHECK_DETAIL("ends after 3 exchanges; command 0x00000143");
}

TEST(a_loose_replay_compares_the_command_code_alone)
{
    HF_CLEANUP(place_remove) struct place p;
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
    struct hf_tpm_reply reply;

    place_make(&p);
    write_recording(&p);
    open_uri("replay:", &p, ",loose", &t);
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(self_test), 0, &reply), HF_E_MISMATCH);
    CHECK_DETAIL("has command 0x0000017b, not 0x00000143");
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_more), 0, &reply));
    CHECK_BYTES(((struct hf_bytes){reply.bytes, reply.n}), HF_BYTES_OF(two_random));
}

TEST(what_was_recorded_from_a_tpm_replays_without_it)
{
    HF_CLEANUP(software_tpm_stop) struct software_tpm tpm = {0};
    HF_CLEANUP(place_remove) struct place p = {"/nonexistent", "/nonexistent"};
    struct hf_tpm_reply answers[6];
    struct hf_tpm_reply reply;
    struct stat st;
    char after[160];

    if (!software_tpm_start(&tpm, SOFTWARE_TPM_UNIX))
        skip();
    place_make(&p);
    (void)snprintf(after, sizeof(after), ":%s", tpm.uri);
    for (size_t i = 0; i < 6; i += 3) { /* two connections: the second one appends */
        HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;

        open_uri("record:", &p, after, &t);
        CHECK(!t->managed && t->kind == HF_TPM_KIND_EMULATED);
        for (size_t k = i; k < i + 3; k++)
            OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 5000, &answers[k]));
    }
    software_tpm_kill(&tpm);
    CHECK(stat(p.path, &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK(st.st_size == 16 + 6 * (13 + 12 + 13 + 14));
    for (int round = 0; round < 2; round++) {
        HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;

        open_uri("replay:", &p, "", &t);
        for (size_t i = 0; i < 6; i++) {
            OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 0, &reply));
            CHECK_BYTES(((struct hf_bytes){reply.bytes, reply.n}), ((struct hf_bytes){answers[i].bytes, answers[i].n}));
        }
        FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 0, &reply), HF_E_UNAVAILABLE);
    }
}

TEST(a_command_that_died_on_the_way_is_recorded_too)
{
    HF_CLEANUP(place_remove) struct place inner;
    HF_CLEANUP(place_remove) struct place outer;
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
    HF_CLEANUP(hf_tpm_recording_free) struct hf_tpm_recording rec = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf file = {0};
    struct hf_tpm_reply reply;
    char after[100];

    place_make(&inner);
    place_make(&outer);
    write_recording(&inner);
    (void)snprintf(after, sizeof(after), ":replay:%s", inner.path);
    open_uri("record:", &outer, after, &t);
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 0, &reply));
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(self_test), 0, &reply), HF_E_UNAVAILABLE);
    hf_tpm_transport_close(&t);
    OK(hf_file_read(outer.path, 4096, &file));
    OK(hf_tpm_recording_parse(hf_buf_bytes(&file), &rec));
    CHECK(rec.n == 2 && rec.managed && rec.exchanges[0].answered && !rec.exchanges[1].answered);
    CHECK(rec.exchanges[0].answered_ns >= rec.exchanges[0].sent_ns && rec.exchanges[0].sent_ns > 0);
}

TEST(a_file_that_is_no_recording_of_such_a_tpm_is_not_touched)
{
    HF_CLEANUP(place_remove) struct place p;
    HF_CLEANUP(place_remove) struct place inner;
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *first = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf header = {0};
    struct hf_tpm_transport *t = NULL;
    struct stat st;
    char uri[160];

    place_make(&p);
    place_make(&inner);
    write_recording(&inner); /* managed */
    (void)snprintf(uri, sizeof(uri), "record:%s:replay:%s", p.path, inner.path);
    OK(hf_file_write(p.path, hf_bytes_text("notes that are dear to me")));
    FAILS(hf_tpm_transport_open(uri, NULL, NULL, &t), HF_E_EXISTS);
    CHECK_DETAIL("not a TPM recording");
    CHECK(stat(p.path, &st) == 0 && st.st_size == 25);
    OK(hf_tpm_recording_header_write(false, &header));
    OK(hf_file_write(p.path, hf_buf_bytes(&header)));
    FAILS(hf_tpm_transport_open(uri, NULL, NULL, &t), HF_E_EXISTS);
    CHECK_DETAIL("without");
    CHECK(unlink(p.path) == 0);
    OK(hf_tpm_transport_open(uri, NULL, NULL, &first));
    FAILS(hf_tpm_transport_open(uri, NULL, NULL, &t), HF_E_BUSY);
    CHECK(t == NULL);
    hf_tpm_transport_close(&first);
    CHECK(unlink(p.path) == 0 && symlink(inner.path, p.path) == 0);
    CHECK(hf_tpm_transport_open(uri, NULL, NULL, &t) != HF_OK);
}

TEST(uris_that_lack_a_part_are_refused)
{
    static const struct {
        const char *uri;
        hf_err want;
    } cases[] = {
        {"record", HF_E_ARG},
        {"record:", HF_E_ARG},
        {"record:/tmp/x", HF_E_ARG},
        {"record:/tmp/x:", HF_E_ARG},
        {"record::replay:/x", HF_E_ARG},
        {"record:/tmp/x:nonsense", HF_E_ARG},
        {"record:/nonexistent/x:replay:/nonexistent/y", HF_E_NOT_FOUND},
        {"replay", HF_E_ARG},
        {"replay:", HF_E_ARG},
        {"replay:,loose", HF_E_ARG},
        {"replay:/nonexistent/x", HF_E_NOT_FOUND},
        {"replay:/dev", HF_E_ARG},
        {"replay:/dev/null", HF_E_TRUNCATED},
        {"replay:/etc/passwd", HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_tpm_transport *t = NULL;

        CASE(cases[i].uri);
        FAILS(hf_tpm_transport_open(cases[i].uri, NULL, NULL, &t), cases[i].want);
        CHECK(t == NULL);
    }
}

TEST(no_memory_is_an_error_and_leaves_nothing_behind)
{
    HF_CLEANUP(place_remove) struct place p;
    HF_CLEANUP(place_remove) struct place out;
    struct hf_tpm_reply reply;
    char uri[160];
    unsigned long n = 0;
    hf_err err;

    place_make(&p);
    place_make(&out);
    write_recording(&p);
    (void)snprintf(uri, sizeof(uri), "record:%s:replay:%s", out.path, p.path);
    do {
        struct hf_tpm_transport *t = NULL;

        hf_alloc_fail_at(++n);
        err = hf_tpm_transport_open(uri, NULL, NULL, &t);
        if (err == HF_OK)
            err = hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 0, &reply);
        hf_tpm_transport_close(&t);
        CHECK(err == (hf_alloc_has_failed() ? HF_E_MEMORY : HF_OK));
    } while (err != HF_OK);
    hf_alloc_fail_at(0);
    CHECK(n > 5);
}

#define HEADER 'H', 'F', 'T', 'P', 'M', 'R', 'E', 'C', 0, 0, 0, 1, 0, 0, 0, 0
#define TIME 0, 0, 0, 0, 0, 0, 0, 1
#define COMMAND 0, TIME, 0, 0, 0, 10, 0x80, 1, 0, 0, 0, 10, 0, 0, 1, 1
#define RESPONSE 1, TIME, 0, 0, 0, 2, 0x80, 1

TEST(a_recording_is_read_strictly)
{
    static const uint8_t empty[] = {HEADER};
    static const uint8_t one[] = {HEADER, COMMAND, RESPONSE};
    static const uint8_t unanswered[] = {HEADER, COMMAND, COMMAND, RESPONSE, COMMAND};
    static const uint8_t magic[] = {'h', 'F', 'T', 'P', 'M', 'R', 'E', 'C', 0, 0, 0, 1, 0, 0, 0, 0};
    static const uint8_t version[] = {'H', 'F', 'T', 'P', 'M', 'R', 'E', 'C', 0, 0, 0, 2, 0, 0, 0, 0};
    static const uint8_t flags[] = {'H', 'F', 'T', 'P', 'M', 'R', 'E', 'C', 0, 0, 0, 1, 0, 0, 0, 2};
    static const uint8_t response_first[] = {HEADER, RESPONSE};
    static const uint8_t two_responses[] = {HEADER, COMMAND, RESPONSE, RESPONSE};
    static const uint8_t direction[] = {HEADER, 2, TIME, 0, 0, 0, 0};
    static const uint8_t short_command[] = {HEADER, 0, TIME, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t huge[] = {HEADER, 0, TIME, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t cut[] = {HEADER, 0, TIME, 0, 0, 0, 10, 0x80};
    static const struct {
        const char *name;
        struct hf_bytes in;
        hf_err want;
        size_t n;
    } cases[] = {
        {"a header alone", HF_BYTES_OF(empty), HF_OK, 0},
        {"one exchange", HF_BYTES_OF(one), HF_OK, 1},
        {"commands without answers", HF_BYTES_OF(unanswered), HF_OK, 3},
        {"nothing", {NULL, 0}, HF_E_TRUNCATED, 0},
        {"half a header", {empty, 15}, HF_E_TRUNCATED, 0},
        {"another magic", HF_BYTES_OF(magic), HF_E_FORMAT, 0},
        {"version 2", HF_BYTES_OF(version), HF_E_UNSUPPORTED, 0},
        {"an unknown flag", HF_BYTES_OF(flags), HF_E_FORMAT, 0},
        {"a response without a command", HF_BYTES_OF(response_first), HF_E_FORMAT, 0},
        {"two responses", HF_BYTES_OF(two_responses), HF_E_FORMAT, 0},
        {"a third direction", HF_BYTES_OF(direction), HF_E_FORMAT, 0},
        {"a command of nine bytes", HF_BYTES_OF(short_command), HF_E_FORMAT, 0},
        {"a length of 4 GiB", HF_BYTES_OF(huge), HF_E_FORMAT, 0},
        {"a record cut short", HF_BYTES_OF(cut), HF_E_TRUNCATED, 0},
        {"a record header cut short", {cut, 20}, HF_E_TRUNCATED, 0},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_tpm_recording_free) struct hf_tpm_recording rec = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

        CASE(cases[i].name);
        FAILS(hf_tpm_recording_parse(cases[i].in, &rec), cases[i].want);
        CHECK(rec.n == cases[i].n);
        if (cases[i].want == HF_OK) {
            OK(hf_tpm_recording_write(&rec, &again));
            CHECK_BYTES(hf_buf_bytes(&again), cases[i].in);
        }
    }
}

TESTS(RUN(a_recording_answers_in_its_order), RUN(a_loose_replay_compares_the_command_code_alone),
      RUN(what_was_recorded_from_a_tpm_replays_without_it), RUN(a_command_that_died_on_the_way_is_recorded_too),
      RUN(a_file_that_is_no_recording_of_such_a_tpm_is_not_touched), RUN(uris_that_lack_a_part_are_refused),
      RUN(no_memory_is_an_error_and_leaves_nothing_behind), RUN(a_recording_is_read_strictly))
