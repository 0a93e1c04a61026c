/* core/audit: the chain, what is torn, who appends at once, and what verify sees. */
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "core/audit_file.h"
#include "core/audit_read.h"
#include "folder.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct hf_audit_entry entry = {
    .who = "uid:1000", .door = "library", .op = "tpm.sign", .object = "000b00ff", .result = "HF_OK"};

static struct hf_audit *opened(const struct folder *f)
{
    struct hf_audit *a = NULL;

    OK(hf_audit_open(f->fd, true, &a));
    return a;
}

static void append_n(const struct folder *f, int n)
{
    HF_CLEANUP(hf_audit_close) struct hf_audit *a = opened(f);

    for (int i = 0; i < n; i++)
        OK(hf_audit_append(a, &entry, false));
}

static struct hf_audit_report judged(const struct folder *f, hf_err want)
{
    struct hf_audit_report rep = {0};

    FAILS(hf_audit_verify(f->fd, 1, NULL, &rep), want);
    return rep;
}

static char *content(const struct folder *f, const char *name, struct hf_buf *buf)
{
    char *text = NULL;

    OK(hf_file_read_at(f->fd, name, 1 << 24, buf));
    OK(hf_buf_text(buf, &text));
    return text;
}

/* The start of line n, from 1. */
static char *line_at(char *text, int n)
{
    while (--n) {
        text = strchr(text, '\n');
        CHECK(text != NULL);
        text++;
    }
    return text;
}

static void put_back(const struct folder *f, const char *text)
{
    OK(hf_file_replace_at(f->fd, HF_AUDIT_FILE, hf_bytes_text(text)));
}

TEST(records_are_chained_from_the_first_to_the_last)
{
    FOLDER(f);
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    struct hf_audit_report rep;
    char *text;

    append_n(&f, 2);
    append_n(&f, 3);
    rep = judged(&f, HF_OK);
    CHECK(rep.records == 5 && rep.first == 1 && rep.last == 5 && rep.gaps == 0 && !rep.anchored);
    text = content(&f, HF_AUDIT_FILE, &buf);
    CHECK(strncmp(text, "{\"seq\":1,\"time\":", 16) == 0);
    CHECK(strstr(
        text,
        "\"who\":\"uid:1000\",\"door\":\"library\",\"op\":\"tpm.sign\",\"object\":\"000b00ff\",\"result\":\"HF_OK\","
        "\"detail\":\"\",\"code\":0,\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\""));
}

TEST(the_file_is_for_its_owner_only)
{
    FOLDER(f);
    struct stat st;

    append_n(&f, 1);
    CHECK(fstatat(f.fd, HF_AUDIT_FILE, &st, 0) == 0 && (st.st_mode & 07777) == 0600);
}

TEST(verify_names_the_first_record_that_is_wrong)
{
    static const struct {
        const char *name;
        int line;         /* whose text is changed */
        const char *find; /* in that line; NULL: swap it with the next one */
        const char *put;  /* as long as find; NULL: the line is taken out */
        const char *want; /* in the report */
        uint64_t want_line;
    } cases[] = {
        {"another result", 3, "HF_OK", "HF_NO", "record 3 was altered", 3},
        {"another time", 1, "\"time\":1", "\"time\":2", "record 1 was altered", 1},
        {"another hash", 4, "\"hash\":\"", "\"hush\":\"", "the line after record 3 is damaged", 4},
        {"the first taken out", 1, "", NULL, "records 1 to 1 are missing", 1},
        {"one in the middle taken out", 3, "", NULL, "records 3 to 3 are missing", 3},
        {"two swapped", 2, NULL, NULL, "records 2 to 2 are missing", 2},
        {"another number", 4, "\"seq\":4", "\"seq\":3", "record 3 was altered", 4},
        {"a line end lost", 2, "}\n", "} ", "is damaged", 2},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        FOLDER(f);
        HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf changed = {0};
        struct hf_audit_report rep;
        char *text;
        char *line;
        char *next;

        CASE(cases[i].name);
        append_n(&f, 5);
        text = content(&f, HF_AUDIT_FILE, &buf);
        line = line_at(text, cases[i].line);
        next = line_at(text, cases[i].line + 1);
        if (cases[i].put) {
            char *place = strstr(line, cases[i].find);

            CHECK(place != NULL);
            memcpy(place, cases[i].put, strlen(cases[i].put));
            put_back(&f, text);
        } else {
            char *after = line_at(text, cases[i].line + 2);

            OK(hf_buf_add(&changed, (struct hf_bytes){(uint8_t *)text, (size_t)(line - text)}));
            OK(hf_buf_add(&changed, (struct hf_bytes){(uint8_t *)next, (size_t)(after - next)}));
            if (!cases[i].find)
                OK(hf_buf_add(&changed, (struct hf_bytes){(uint8_t *)line, (size_t)(next - line)}));
            OK(hf_buf_add(&changed, hf_bytes_text(after)));
            OK(hf_file_replace_at(f.fd, HF_AUDIT_FILE, hf_buf_bytes(&changed)));
        }
        rep = judged(&f, HF_E_MISMATCH);
        if (!strstr(rep.broken, cases[i].want))
            FAIL("\"%s\" does not say \"%s\"", rep.broken, cases[i].want);
        CHECK(rep.line == cases[i].want_line);
    }
}

TEST(a_forged_record_with_a_fitting_hash_breaks_the_next)
{
    FOLDER(f);
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf forged = {0};
    struct hf_audit_record rec;
    struct hf_audit_report rep;
    uint8_t hash[32];
    char *text;
    char *two;
    char *three;

    append_n(&f, 3);
    text = content(&f, HF_AUDIT_FILE, &buf);
    two = line_at(text, 2);
    three = line_at(text, 3);
    OK(hf_audit_line_parse((struct hf_bytes){(uint8_t *)two, (size_t)(three - two) - 1}, &rec));
    (void)snprintf(rec.who, sizeof(rec.who), "uid:0");
    OK(hf_buf_add(&forged, (struct hf_bytes){(uint8_t *)text, (size_t)(two - text)}));
    OK(hf_audit_line_write(&rec, &forged, hash));
    OK(hf_buf_add(&forged, hf_bytes_text(three)));
    OK(hf_file_replace_at(f.fd, HF_AUDIT_FILE, hf_buf_bytes(&forged)));
    rep = judged(&f, HF_E_MISMATCH);
    CHECK(strstr(rep.broken, "record 3 does not follow") && rep.line == 3);
}

TEST(an_anchor_tells_truncation_and_a_new_start)
{
    FOLDER(f);
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    struct hf_audit_head anchor;
    struct hf_audit_report rep;
    char *text;

    append_n(&f, 4);
    {
        HF_CLEANUP(hf_audit_close) struct hf_audit *a = opened(&f);

        OK(hf_audit_head_get(a, &anchor));
    }
    CHECK(anchor.seq == 4);
    append_n(&f, 1);
    OK(hf_audit_verify(f.fd, 1, &anchor, &rep));
    CHECK(rep.anchored && rep.last == 5);

    text = content(&f, HF_AUDIT_FILE, &buf);
    *line_at(text, 3) = 0; /* two records are left: intact, and too short */
    put_back(&f, text);
    (void)judged(&f, HF_OK);
    FAILS(hf_audit_verify(f.fd, 1, &anchor, &rep), HF_E_MISMATCH);
    CHECK(strstr(rep.broken, "ends at record 2 and the anchor is record 4: 2 records were cut off"));

    append_n(&f, 5); /* another record 4 */
    (void)judged(&f, HF_OK);
    FAILS(hf_audit_verify(f.fd, 1, &anchor, &rep), HF_E_MISMATCH);
    CHECK(strstr(rep.broken, "record 4 is not the anchored one"));
}

TEST(a_torn_tail_is_kept_aside_and_told)
{
    static const char *const tails[] = {"{\"seq\":4,\"time\":17", "\n", "{\"seq\":4}\n", "garbage\nand more\n"};

    for (size_t i = 0; i < HF_COUNT(tails); i++) {
        FOLDER(f);
        HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
        HF_CLEANUP(hf_fd_close) int fd = -1;
        struct hf_audit_report rep;
        char *text;
        char *name;
        char kept[HF_AUDIT_NAME_MAX] = "";

        CASE(tails[i]);
        append_n(&f, 3);
        fd = openat(f.fd, HF_AUDIT_FILE, O_WRONLY | O_APPEND | O_CLOEXEC);
        CHECK(fd >= 0);
        OK(hf_fd_write_all(fd, "test", hf_bytes_text(tails[i])));
        (void)judged(&f, HF_E_MISMATCH);
        append_n(&f, 1);
        rep = judged(&f, HF_E_WARNED);
        CHECK(rep.records == 5 && rep.gaps == 1);
        text = content(&f, HF_AUDIT_FILE, &buf);
        name = strstr(line_at(text, 4), "audit.torn.");
        CHECK(name != NULL);
        (void)snprintf(kept, sizeof(kept), "%.*s", (int)strcspn(name, "\""), name);
        buf.n = 0;
        CHECK_TEXT(content(&f, kept, &buf), tails[i]);
    }
}

TEST(a_torn_first_line_is_mended_too)
{
    FOLDER(f);
    struct hf_audit_report rep;

    put_back(&f, "{\"seq\":1,");
    append_n(&f, 1);
    rep = judged(&f, HF_E_WARNED);
    CHECK(rep.records == 2 && rep.first == 1);
}

TEST(a_file_without_any_intact_record_is_not_appended_to)
{
    FOLDER(f);
    HF_CLEANUP(hf_audit_close) struct hf_audit *a = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf junk = {0};

    for (int i = 0; i < 1000; i++)
        OK(hf_buf_printf(&junk, "no record %d\n", i));
    OK(hf_file_replace_at(f.fd, HF_AUDIT_FILE, hf_buf_bytes(&junk)));
    FAILS(hf_audit_open(f.fd, true, &a), HF_E_INTEGRITY);
}

TEST(records_that_vanish_under_an_open_trail_are_missed)
{
    FOLDER(f);
    HF_CLEANUP(hf_audit_close) struct hf_audit *a = opened(&f);
    struct hf_audit_report rep;

    for (int i = 0; i < 3; i++)
        OK(hf_audit_append(a, &entry, false));
    CHECK(unlinkat(f.fd, HF_AUDIT_FILE, 0) == 0);
    OK(hf_audit_append(a, &entry, false));
    rep = judged(&f, HF_E_MISMATCH);
    CHECK(strstr(rep.broken, "records 1 to 3 are missing"));
}

TEST(a_full_file_is_closed_and_the_chain_goes_on)
{
    FOLDER(f);
    struct hf_audit_names names = {0};
    struct hf_audit_report rep;
    uint64_t later;

    for (int run = 0; run < 2; run++) { /* the second opens what the first left */
        HF_CLEANUP(hf_audit_close) struct hf_audit *a = opened(&f);

        hf_audit_rotate_at(a, 2000);
        for (int i = 0; i < 20; i++)
            OK(hf_audit_append(a, &entry, i % 2));
    }
    rep = judged(&f, HF_OK);
    OK(hf_audit_names(f.fd, &names));
    CHECK(names.n >= 5 && rep.records == 40 + names.n);
    CHECK_TEXT(names.name[0], "audit.00000000000000000001.log");
    later = strtoull(names.name[1] + 6, NULL, 10);

    CHECK(unlinkat(f.fd, names.name[0], 0) == 0);
    rep = judged(&f, HF_E_MISMATCH);
    CHECK(strstr(rep.broken, "records 1 to"));
    OK(hf_audit_verify(f.fd, later, NULL, &rep)); /* kept elsewhere, and said so */
    CHECK(rep.first == later);
    CHECK(unlinkat(f.fd, names.name[2], 0) == 0);
    FAILS(hf_audit_verify(f.fd, later, NULL, &rep), HF_E_MISMATCH);
    hf_audit_names_free(&names);
}

TEST(an_end_between_closing_a_file_and_beginning_the_next_loses_nothing)
{
    FOLDER(f);
    struct hf_audit_report rep;

    append_n(&f, 3);
    CHECK(renameat(f.fd, HF_AUDIT_FILE, f.fd, "audit.00000000000000000001.log") == 0);
    append_n(&f, 2);
    rep = judged(&f, HF_OK);
    CHECK(rep.records == 5);
}

TEST(texts_of_any_kind_come_back_and_long_ones_are_cut_between_characters)
{
    FOLDER(f);
    HF_CLEANUP(hf_audit_close) struct hf_audit *a = opened(&f);
    HF_CLEANUP(hf_buf_free) struct hf_buf buf = {0};
    char long_text[1000];
    struct hf_audit_entry e = {
        .who = NULL, .door = "a\"b\\c", .op = "line\nend\ttab\x01", .object = long_text, .detail = "\xff\xfe"};
    struct hf_audit_record rec;
    char *text;

    for (size_t i = 0; i + 1 < sizeof(long_text); i += 2)
        memcpy(long_text + i, "\xc3\xbc", 2);
    long_text[sizeof(long_text) - 1] = 0;
    e.result = "HF_OK";
    OK(hf_audit_append(a, &e, true));
    (void)judged(&f, HF_OK);
    text = content(&f, HF_AUDIT_FILE, &buf);
    OK(hf_audit_line_parse((struct hf_bytes){(uint8_t *)text, buf.n - 1}, &rec));
    CHECK_TEXT(rec.who, "");
    CHECK_TEXT(rec.door, e.door);
    CHECK_TEXT(rec.op, e.op);
    CHECK(strlen(rec.object) == 238); /* 239 would cut a letter in two */
    CHECK_TEXT(rec.detail, "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(a_line_is_read_only_as_it_is_written)
{
    static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
    static const struct {
        const char *name;
        const char *start; /* up to prev */
        hf_err want;
    } cases[] = {
        {"as written",
         "{\"seq\":1,\"time\":2,\"who\":\"a\",\"door\":\"\",\"op\":\"\",\"object\":\"\",\"result\":\"\",\"detail\":"
         "\"\",\"code\":0,",
         HF_OK},
        {"a space",
         "{\"seq\": "
         "1,\"time\":2,\"who\":\"a\",\"door\":\"\",\"op\":\"\",\"object\":\"\",\"result\":\"\",\"detail\":\"\","
         "\"code\":0,",
         HF_E_FORMAT},
        {"a leading zero",
         "{\"seq\":01,\"time\":2,\"who\":\"a\",\"door\":\"\",\"op\":\"\",\"object\":\"\",\"result\":\"\",\"detail\":"
         "\"\",\"code\":0,",
         HF_E_FORMAT},
        {"an escape not needed",
         "{\"seq\":1,\"time\":2,\"who\":\"\\u0061\",\"door\":\"\",\"op\":\"\",\"object\":\"\",\"result\":\"\","
         "\"detail\":\"\",\"code\":0,",
         HF_E_FORMAT},
        {"a NUL",
         "{\"seq\":1,\"time\":2,\"who\":\"\\u0000\",\"door\":\"\",\"op\":\"\",\"object\":\"\",\"result\":\"\","
         "\"detail\":\"\",\"code\":0,",
         HF_E_FORMAT},
        {"a number too large",
         "{\"seq\":18446744073709551616,\"time\":2,\"who\":\"a\",\"door\":\"\",\"op\":\"\",\"object\":\"\",\"result\":"
         "\"\",\"detail\":\"\",\"code\":0,",
         HF_E_FORMAT},
        {"a code too large",
         "{\"seq\":1,\"time\":2,\"who\":\"a\",\"door\":\"\",\"op\":\"\",\"object\":\"\",\"result\":\"\",\"detail\":"
         "\"\",\"code\":4294967296,",
         HF_E_FORMAT},
        {"another order",
         "{\"time\":2,\"seq\":1,\"who\":\"a\",\"door\":\"\",\"op\":\"\",\"object\":\"\",\"result\":\"\",\"detail\":"
         "\"\",\"code\":0,",
         HF_E_FORMAT},
        {"a member more",
         "{\"seq\":1,\"time\":2,\"who\":\"a\",\"door\":\"\",\"op\":\"\",\"object\":\"\",\"result\":\"\",\"detail\":"
         "\"\",\"code\":0,\"x\":1,",
         HF_E_FORMAT},
        {"not UTF-8",
         "{\"seq\":1,\"time\":2,\"who\":\"\xff\",\"door\":\"\",\"op\":\"\",\"object\":\"\",\"result\":\"\",\"detail\":"
         "\"\",\"code\":0,",
         HF_E_FORMAT},
        {"nothing", "", HF_E_FORMAT},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf line = {0};
        struct hf_audit_record rec;

        CASE(cases[i].name);
        OK(hf_buf_printf(&line, "%s\"prev\":\"%s\",\"hash\":\"%s\"}", cases[i].start, zeros, zeros));
        FAILS(hf_audit_line_parse(hf_buf_bytes(&line), &rec), cases[i].want);
        for (size_t n = 0; n < line.n && cases[i].want == HF_OK; n++)
            FAILS(hf_audit_line_parse((struct hf_bytes){line.p, n}, &rec), HF_E_FORMAT);
        OK(hf_buf_add(&line, hf_bytes_text(" ")));
        FAILS(hf_audit_line_parse(hf_buf_bytes(&line), &rec), HF_E_FORMAT);
    }
}

#define WRITERS 4
#define EACH 200

TEST(many_processes_append_at_once_and_one_is_killed)
{
    FOLDER(f);
    struct hf_audit_report rep;
    pid_t child[WRITERS];
    int status;

    for (int i = 0; i < WRITERS; i++) {
        child[i] = fork();
        CHECK(child[i] >= 0);
        if (child[i] == 0) {
            struct hf_audit *a = NULL;
            hf_err err = hf_audit_open(f.fd, false, &a);

            hf_audit_rotate_at(a, 40000);
            for (int k = 0; err == HF_OK && (k < EACH || i == 0); k++) /* the first goes on until it is killed */
                err = hf_audit_append(a, &entry, k % 50 == 0);
            _exit(err == HF_OK ? 0 : 1);
        }
    }
    for (int i = 1; i < WRITERS; i++) {
        CHECK(waitpid(child[i], &status, 0) == child[i]);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    CHECK(kill(child[0], SIGKILL) == 0 && waitpid(child[0], &status, 0) == child[0]);
    append_n(&f, 1); /* mends what the kill may have torn */
    memset(&rep, 0, sizeof(rep));
    {
        hf_err err = hf_audit_verify(f.fd, 1, NULL, &rep);

        if (err != HF_OK && err != HF_E_WARNED)
            FAIL("%s", hf_err_detail());
    }
    CHECK(rep.records >= (WRITERS - 1) * EACH + 1);
}

static void *appends(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        if (hf_audit_append(arg, &entry, false) != HF_OK)
            return arg;
    }
    return NULL;
}

/* AddressSanitizer's own allocator is left locked in a child that is forked while threads allocate. */
void __asan_init(void);
#pragma weak __asan_init
#define FORK_AMONG_THREADS (__asan_init == NULL)

TEST(threads_append_at_once_and_a_forked_child_too)
{
    FOLDER(f);
    struct hf_audit *a = NULL;
    pthread_t thread[WRITERS];
    pid_t child = -1;
    int status;

    OK(hf_audit_open(f.fd, false, &a));
    if (!FORK_AMONG_THREADS)
        child = fork();
    for (int i = 0; i < WRITERS && child != 0; i++)
        CHECK(pthread_create(&thread[i], NULL, appends, a) == 0);
    if (FORK_AMONG_THREADS)
        child = fork();
    if (child == 0) {
        void *failed = appends(a);

        hf_audit_close(&a);
        _exit(failed ? 1 : 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        void *failed = NULL;

        CHECK(pthread_join(thread[i], &failed) == 0 && failed == NULL);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    hf_audit_close(&a);
    CHECK(judged(&f, HF_OK).records == (WRITERS + 1) * EACH);
}

TEST(a_file_that_may_not_grow_fails_the_append_and_stays_whole)
{
    FOLDER(f);
    HF_CLEANUP(hf_audit_close) struct hf_audit *a = opened(&f);
    struct rlimit before;
    struct rlimit small;
    struct stat st;
    hf_err err;

    OK(hf_audit_append(a, &entry, false));
    CHECK(fstatat(f.fd, HF_AUDIT_FILE, &st, 0) == 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    small = before;
    small.rlim_cur = (rlim_t)st.st_size + 100; /* a part of a record fits */
    CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
    err = hf_audit_append(a, &entry, false);
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
    FAILS(err, HF_E_FULL);
    CHECK(judged(&f, HF_OK).records == 1);
    OK(hf_audit_append(a, &entry, false));
    CHECK(judged(&f, HF_OK).records == 2);
}

static hf_err whole_life(void)
{
    FOLDER(f);
    HF_CLEANUP(hf_audit_close) struct hf_audit *a = NULL;
    struct hf_audit_report rep;

    HF_TRY(hf_audit_open(f.fd, true, &a));
    hf_audit_rotate_at(a, 800);
    for (int i = 0; i < 4; i++)
        HF_TRY(hf_audit_append(a, &entry, false));
    return hf_audit_verify(f.fd, 1, NULL, &rep);
}

TEST(each_allocation_may_fail)
{
    SWEEP(whole_life());
}

TEST(a_failed_allocation_cuts_nothing_off)
{
    for (unsigned long n = 1; n < 20; n++) {
        FOLDER(f);
        struct hf_audit *a = NULL;

        append_n(&f, 3);
        hf_alloc_fail_at(n);
        if (hf_audit_open(f.fd, true, &a) == HF_OK && hf_audit_append(a, &entry, false) != HF_OK)
            CHECK(hf_alloc_has_failed());
        hf_audit_close(&a);
        hf_alloc_fail_at(0);
        CHECK(judged(&f, HF_OK).records >= 3);
    }
}

TESTS(RUN(records_are_chained_from_the_first_to_the_last), RUN(the_file_is_for_its_owner_only),
      RUN(verify_names_the_first_record_that_is_wrong), RUN(a_forged_record_with_a_fitting_hash_breaks_the_next),
      RUN(an_anchor_tells_truncation_and_a_new_start), RUN(a_torn_tail_is_kept_aside_and_told),
      RUN(a_torn_first_line_is_mended_too), RUN(a_file_without_any_intact_record_is_not_appended_to),
      RUN(records_that_vanish_under_an_open_trail_are_missed), RUN(a_full_file_is_closed_and_the_chain_goes_on),
      RUN(an_end_between_closing_a_file_and_beginning_the_next_loses_nothing),
      RUN(texts_of_any_kind_come_back_and_long_ones_are_cut_between_characters),
      RUN(a_line_is_read_only_as_it_is_written), RUN(many_processes_append_at_once_and_one_is_killed),
      RUN(threads_append_at_once_and_a_forked_child_too),
      RUN(a_file_that_may_not_grow_fails_the_append_and_stays_whole), RUN(each_allocation_may_fail),
      RUN(a_failed_allocation_cuts_nothing_off))
