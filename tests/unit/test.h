/*
 * The project's test macros over cmocka. A test is named as a sentence that is true; its cases are
 * rows, and CASE says which row is being tried, for the failure message. Output is TAP.
 *
 *   TEST(a_reader_cannot_leave_its_input) { ... }
 *   TESTS(RUN(a_reader_cannot_leave_its_input), ...)      at the end of the file
 */
#ifndef HF_TEST_H
#define HF_TEST_H

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka.h needs the four above */
#include <cmocka.h>

static const char *hf_test_case = "";

#define TEST(name) static void name(void **hf_state_ __attribute__((unused)))
#define CASE(text) (hf_test_case = (text))

#define FAIL(...) \
    do { \
        print_error("%s:%d: ", __FILE__, __LINE__); \
        if (hf_test_case[0]) \
            print_error("case \"%s\": ", hf_test_case); \
        print_error(__VA_ARGS__); \
        print_error("\n"); \
        _fail(__FILE__, __LINE__); \
    } while (0)

#define CHECK(condition) \
    do { \
        if (!(condition)) \
            FAIL("not so: %s", #condition); \
    } while (0)

/* The call must succeed. */
#define OK(call) \
    do { \
        hf_err hf_got_ = (call); \
        if (hf_got_ != HF_OK) \
            FAIL("%s: %s: %s", #call, hf_err_name(hf_got_), hf_err_detail()); \
    } while (0)

/* The call must give exactly this error. */
#define FAILS(call, want) \
    do { \
        hf_err hf_got_ = (call); \
        if (hf_got_ != (want)) \
            FAIL("%s: got %s (%s), want %s", #call, hf_err_name(hf_got_), hf_err_detail(), hf_err_name(want)); \
    } while (0)

#define CHECK_BYTES(got, want) \
    do { \
        if (!hf_bytes_equal((got), (want))) \
            FAIL("%s: %zu bytes differ from the %zu wanted", #got, (got).n, (want).n); \
    } while (0)

#define CHECK_TEXT(got, want) \
    do { \
        if (strcmp((got), (want)) != 0) \
            FAIL("%s: got \"%s\", want \"%s\"", #got, (got), (want)); \
    } while (0)

/*
 * Let each allocation of a call fail once, until it needs no more. Every such run must end in
 * HF_E_MEMORY, and the last in success. `call` cleans up after itself; the sanitizers see what it leaks.
 */
#define SWEEP(call) \
    do { \
        for (unsigned long hf_nth_ = 1;; hf_nth_++) { \
            hf_err hf_got_; \
            bool hf_failed_; \
            hf_alloc_fail_at(hf_nth_); \
            hf_got_ = (call); \
            hf_failed_ = hf_alloc_has_failed(); \
            hf_alloc_fail_at(0); \
            if (hf_got_ != (hf_failed_ ? HF_E_MEMORY : HF_OK)) \
                FAIL("%s with allocation %lu %s: %s: %s", #call, hf_nth_, hf_failed_ ? "failing" : "not reached", \
                     hf_err_name(hf_got_), hf_err_detail()); \
            if (!hf_failed_) \
                break; \
        } \
    } while (0)

/* The failure's detail must mention a text. */
#define CHECK_DETAIL(part) \
    do { \
        if (!strstr(hf_err_detail(), (part))) \
            FAIL("the detail \"%s\" does not mention \"%s\"", hf_err_detail(), (part)); \
    } while (0)

/* End this test because what it needs is not here. Said loudly, and counted as passed: cmocka's own skip()
 * writes "not ok # SKIP", which Meson takes for a failure. */
#define SKIP(...) \
    do { \
        print_message("# SKIPPED: " __VA_ARGS__); \
        print_message("\n"); \
        return; \
    } while (0)

/* One row of the table at the end: RUN(name) */
#define RUN(name) {#name, name, NULL, NULL, NULL}

#define TESTS(...) \
    int main(void) \
    { \
        const struct CMUnitTest tests[] = {__VA_ARGS__}; \
        cmocka_set_message_output(CM_OUTPUT_TAP); \
        return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL); \
    }

#endif
