/* base/error and base/log. */
#include "base/error.h"
#include "base/log.h"
#include "test.h"

#include <errno.h>
#include <pthread.h>

TEST(every_row_speaks_to_each_audience)
{
    static const int statuses[] = {0, 1, 3, 64, 65, 66, 69, 70, 73, 75, 77, 78};

    for (hf_err err = HF_OK; err < HF_ERR_COUNT; err++) {
        bool known = false;

        CASE(hf_err_name(err));
        for (size_t i = 0; i < HF_COUNT(statuses); i++)
            known = known || statuses[i] == hf_err_exit(err);
        CHECK(known);
        CHECK(hf_err_http(err) >= 200 && hf_err_http(err) <= 507);
        CHECK(hf_err_text(err)[0] && strncmp(hf_err_name(err), "HF_", 3) == 0);
        CHECK((err == HF_OK) == (hf_err_exit(err) == 0)); /* no failure looks like success to a shell */
    }
    CHECK_TEXT(hf_err_name(HF_E_TRUNCATED), "HF_E_TRUNCATED");
    CHECK_TEXT(hf_err_name(HF_ERR_COUNT), "HF_E_INTERNAL"); /* what is unknown is our fault */
    CHECK(hf_err_exit((hf_err)-1) == 70);
}

TEST(the_detail_is_that_of_the_latest_failure)
{
    FAILS(hf_fail_device(HF_E_DEVICE, 0x921, "the TPM says %s", "lockout"), HF_E_DEVICE);
    CHECK_TEXT(hf_err_detail(), "the TPM says lockout");
    CHECK(hf_err_device_code() == 0x921);
    FAILS(hf_fail(HF_E_ARG, "outer: %s", hf_err_detail()), HF_E_ARG); /* may quote the one it replaces */
    CHECK_TEXT(hf_err_detail(), "outer: the TPM says lockout");
    CHECK(hf_err_device_code() == 0);
}

TEST(a_system_call_s_failure_gets_the_code_that_fits)
{
    static const struct {
        int number;
        hf_err want;
    } cases[] = {{ENOENT, HF_E_NOT_FOUND},  {EACCES, HF_E_PERMISSION}, {EPERM, HF_E_PERMISSION}, {EEXIST, HF_E_EXISTS},
                 {ENOSPC, HF_E_FULL},       {EFBIG, HF_E_FULL},        {ENOMEM, HF_E_MEMORY},    {EAGAIN, HF_E_BUSY},
                 {ETIMEDOUT, HF_E_TIMEOUT}, {ELOOP, HF_E_ARG},         {EIO, HF_E_IO},           {12345, HF_E_IO}};

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        errno = cases[i].number;
        CASE(strerror(cases[i].number));
        errno = cases[i].number;
        FAILS(hf_fail_errno("%s", "key.pem"), cases[i].want);
        CHECK_DETAIL("key.pem: ");
    }
}

static void *other_thread(void *arg)
{
    (void)arg;
    return hf_err_detail()[0] == 0 && hf_fail(HF_E_IO, "mine") == HF_E_IO ? NULL : arg;
}

TEST(each_thread_has_its_own_detail)
{
    pthread_t thread;
    int here = 0;
    void *failed = &here;

    FAILS(hf_fail(HF_E_ARG, "here"), HF_E_ARG);
    CHECK(pthread_create(&thread, NULL, other_thread, &here) == 0);
    CHECK(pthread_join(thread, &failed) == 0 && failed == NULL);
    CHECK_TEXT(hf_err_detail(), "here");
}

TEST(a_detail_that_is_too_long_is_cut)
{
    char long_text[4000];

    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = 0;
    FAILS(hf_fail(HF_E_ARG, "%s", long_text), HF_E_ARG);
    CHECK(strlen(hf_err_detail()) == 1023);
}

struct seen {
    int n;
    char fields[128];
};

static void hook(void *arg, enum hf_log_level level, const char *event, const char *fields)
{
    struct seen *seen = arg;

    seen->n++;
    (void)snprintf(seen->fields, sizeof(seen->fields), "%s %s %s", hf_log_level_name(level), event, fields);
}

TEST(the_log_hands_lines_of_its_level_to_the_hook)
{
    struct seen seen = {0};

    hf_log(HF_LOG_ERROR, "test", "n=%d", 1); /* no hook: nothing happens */
    hf_log_set(hook, &seen, HF_LOG_NOTICE);
    hf_log(HF_LOG_NOTICE, "test.event", "n=%d", 2);
    CHECK_TEXT(seen.fields, "notice test.event n=2");
    hf_log(HF_LOG_INFO, "test.event", "n=%d", 3);
    CHECK(seen.n == 1);
    hf_log_set(NULL, NULL, HF_LOG_DEBUG);
    hf_log(HF_LOG_ERROR, "test", "n=%d", 4);
    CHECK(seen.n == 1);
}

TESTS(RUN(every_row_speaks_to_each_audience), RUN(the_detail_is_that_of_the_latest_failure),
      RUN(a_system_call_s_failure_gets_the_code_that_fits), RUN(each_thread_has_its_own_detail),
      RUN(a_detail_that_is_too_long_is_cut), RUN(the_log_hands_lines_of_its_level_to_the_hook))
