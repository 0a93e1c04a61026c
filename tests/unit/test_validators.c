/* Custom validators: yes, no, and everything that goes wrong, which is no. */
#include "base/clock.h"
#include "core/validators.h"
#include "folder.h"
#include "test.h"

#include <sys/stat.h>

static void script(const char *dir, const char *name, mode_t mode, const char *text)
{
    char path[512];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "w");
    CHECK(f != NULL);
    (void)fprintf(f, "#!/bin/sh\n%s\n", text);
    (void)fclose(f);
    CHECK(chmod(path, mode) == 0);
}

TEST(a_validator_passes_by_exiting_with_zero_and_nothing_else_passes)
{
    static const struct {
        const char *name, *text;
        mode_t mode;
        bool passed;
        const char *note;
    } cases[] = {
        {"yes", "exit 0", 0755, true, ""},
        {"yes-and-says", "echo 'as it should be'; echo more", 0755, true, "as it should be"},
        {"no", "exit 1", 0755, false, "it exited with 1"},
        {"no-and-why", "echo 'region is wrong'; exit 3", 0755, false, "region is wrong"},
        {"reads", "grep -q '\"tcb_status\": \"UpToDate\"'", 0755, true, ""},
        {"reads-another", "grep -q '\"tcb_status\": \"OutOfDate\"'", 0755, false, "it exited with 1"},
        {"reads-nothing", "exec <&-; exit 0", 0755, true, ""},
        {"no-environment", "test -z \"$HOME$HOLDFAST_STATE$LD_PRELOAD\"", 0755, true, ""},
        {"no-descriptors", "for f in 3 4 5 6 7 8 9; do [ ! -e /proc/self/fd/$f ] || exit 1; done", 0755, true, NULL},
        {"cannot-write-files", "f=/tmp/holdfast-validator-$$; (echo x >$f); [ -s $f ]; s=$?; rm -f $f; exit $s", 0755,
         false, NULL},
        {"colours", "printf '\\033[31mred'; exit 1", 0755, false, "?[31mred"},
        {"shouts", "head -c 1000000 /dev/zero | tr '\\0' x; exit 0", 0755, true, NULL},
        {"kills-itself", "kill -9 $$", 0755, false, "it died of signal 9"},
        {"not-executable", "exit 0", 0644, false, "it is not a program that can be run"},
        {"of-everybody", "exit 0", 0777, false, "others may change it"},
    };
    struct folder dir = folder_new();
    struct hf_validator_conf conf = {.dir = dir.path};

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_validator_result r;

        CASE(cases[i].name);
        script(dir.path, cases[i].name, cases[i].mode, cases[i].text);
        hf_validator_run(&conf, cases[i].name, hf_bytes_text("{\"claims\": {\"tcb_status\": \"UpToDate\"}}"), &r);
        if (r.passed != cases[i].passed)
            FAIL("passed %d, note %s", r.passed, r.note);
        if (cases[i].note && strncmp(r.note, cases[i].note, strlen(cases[i].note)) != 0)
            FAIL("its note is \"%s\"", r.note);
        if (i == 0)
            CHECK_TEXT(r.row, "validator yes");
    }
    folder_free(&dir);
}

TEST(names_cannot_leave_the_folder)
{
    static const char *const bad[] = {"../yes", "a/b", ".hidden", "", "no such", "missing"};
    struct folder dir = folder_new();
    struct hf_validator_conf conf = {.dir = dir.path}, nowhere = {.dir = NULL};
    struct hf_validator_result r;

    script(dir.path, "yes", 0755, "exit 0");
    for (size_t i = 0; i < HF_COUNT(bad); i++) {
        CASE(bad[i]);
        hf_validator_run(&conf, bad[i], hf_bytes_text("{}"), &r);
        CHECK(!r.passed && r.note[0]);
    }
    hf_validator_run(&nowhere, "yes", hf_bytes_text("{}"), &r);
    CHECK(!r.passed);
    hf_validator_run(&nowhere, "/bin/true", hf_bytes_text("{}"), &r);
    CHECK(r.passed);
    folder_free(&dir);
}

TEST(one_that_is_late_is_ended_with_all_that_it_started)
{
    struct folder dir = folder_new();
    struct hf_validator_conf conf = {.dir = dir.path, .wait_ms = 200};
    struct hf_validator_result r;
    uint64_t from;

    script(dir.path, "sleeps", 0755, "sleep 60");
    script(dir.path, "hides", 0755, "sleep 60 & exec >&-; sleep 60");
    script(dir.path, "keeps-the-pipe", 0755, "sleep 60 & exit 0");
    script(dir.path, "spins", 0755, "while :; do :; done");
    for (size_t i = 0; i < 4; i++) {
        static const char *const names[] = {"sleeps", "hides", "keeps-the-pipe", "spins"};

        CASE(names[i]);
        from = hf_monotonic_ms();
        hf_validator_run(&conf, names[i], hf_bytes_text("{}"), &r);
        CHECK(!r.passed && strstr(r.note, "without an answer"));
        CHECK(hf_monotonic_ms() - from < 5000);
    }
    folder_free(&dir);
}

TEST(claims_larger_than_a_pipe_arrive_whole)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf big = {0};
    struct folder dir = folder_new();
    struct hf_validator_conf conf = {.dir = dir.path};
    struct hf_validator_result r;
    uint8_t *place = NULL;

    OK(hf_buf_grow(&big, 3000000, &place));
    memset(place, 'x', big.n);
    script(dir.path, "counts", 0755, "wc -c");
    hf_validator_run(&conf, "counts", hf_buf_bytes(&big), &r);
    CHECK(r.passed);
    CHECK_TEXT(r.note, "3000000");
    folder_free(&dir);
}

TESTS(RUN(a_validator_passes_by_exiting_with_zero_and_nothing_else_passes), RUN(names_cannot_leave_the_folder),
      RUN(one_that_is_late_is_ended_with_all_that_it_started), RUN(claims_larger_than_a_pipe_arrive_whole))
