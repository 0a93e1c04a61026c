/* The worker: what it answers, what it cannot do, and what its death or lies are worth. */
#include "test.h"
#include "worker/confine.h"
#include "worker/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void worker_new(const struct hf_worker_conf *conf, struct hf_worker **out)
{
    OK(hf_worker_start(conf, out));
}

/* ---- confinement, from the inside ---- */

enum attack {
    READ_FILE,
    MAKE_FILE,
    NET_SOCKET,
    UNIX_SOCKET,
    RUN,
    FORK,
    TRACE,
    KILL_PARENT,
    SIGNAL_GROUP,
    READ_PARENT,
    MAP_CODE,
    MAKE_CODE,
    MAP_FILE_,
    STDOUT,
    DUP,
    UNLIMIT,
    CHDIR,
    CLOCK,
    PRCTL,
    IO_URING,
    LINK,
    MEMFD,
    ENOUGH
};

static long attempt(enum attack what)
{
    static char *const none[] = {NULL};
    const struct rlimit more = {100, 100};
    char byte = 0;

    switch (what) {
    case READ_FILE:
        return open("/etc/passwd", O_RDONLY);
    case MAKE_FILE:
        return open("made-by-a-worker", O_WRONLY | O_CREAT, 0600);
    case NET_SOCKET:
        return socket(AF_INET, SOCK_STREAM, 0);
    case UNIX_SOCKET:
        return socket(AF_UNIX, SOCK_STREAM, 0);
    case RUN:
        return execve("/bin/true", none, none);
    case FORK:
        return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    case TRACE:
        return ptrace(PTRACE_ATTACH, getppid(), 0, 0);
    case KILL_PARENT:
        return syscall(SYS_kill, 1, 0);
    case SIGNAL_GROUP:
        return syscall(SYS_kill, 0, 0);
    case READ_PARENT:
        return syscall(SYS_process_vm_readv, 1, NULL, 0, NULL, 0, 0);
    case MAP_CODE:
        return (long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    case MAKE_CODE: {
        void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        return page == MAP_FAILED ? 0 : mprotect(page, 4096, PROT_READ | PROT_EXEC);
    }
    case MAP_FILE_:
        return (long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0);
    case STDOUT:
        return write(STDOUT_FILENO, &byte, 1);
    case DUP:
        return dup(0);
    case UNLIMIT:
        return setrlimit(RLIMIT_NOFILE, &more);
    case CHDIR:
        return chdir("/");
    case CLOCK:
        return syscall(SYS_clock_settime, 0, NULL);
    case PRCTL:
        return syscall(SYS_prctl, 1, 0, 0, 0, 0);
    case IO_URING:
        return syscall(SYS_io_uring_setup, 1, NULL);
    case LINK:
        return link("/etc/passwd", "linked-by-a-worker");
    case MEMFD:
        return syscall(SYS_memfd_create, "x", 0);
    default:
        return 0;
    }
}

static hf_err attack(struct hf_bytes in, struct hf_buf *out)
{
    uint8_t answer;

    errno = 0;
    answer = attempt((enum attack)in.p[0]) == -1 ? (uint8_t)errno : 0;
    return hf_buf_add(out, (struct hf_bytes){&answer, 1});
}

TEST(from_inside_a_worker_the_world_is_out_of_reach)
{
    HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;
    unsigned parts = 0;

    worker_new(&(struct hf_worker_conf){.probe = attack}, &w);
    OK(hf_worker_confinement(w, &parts));
    if (!(parts & HF_CONFINED_SECCOMP)) {
        print_message("# SKIP: this build or kernel has no seccomp\n");
        skip();
    }
    for (uint8_t a = 0; a < ENOUGH; a++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};

        OK(hf_worker_probe_run(w, (struct hf_bytes){&a, 1}, &got));
        if (got.n != 1 || got.p[0] != EPERM)
            FAIL("attack %u: errno %u, want EPERM", a, got.n ? got.p[0] : 0);
    }
}

static hf_err no_more_than_asked(struct hf_bytes in, struct hf_buf *out)
{
    void *volatile p = malloc((size_t)3 << 30); /* which a compiler may not leave out */
    uint8_t got = p != NULL;

    (void)in;
    free(p);
    return hf_buf_add(out, (struct hf_bytes){&got, 1});
}

TEST(a_worker_has_the_memory_it_was_given)
{
    HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};

#if defined(__SANITIZE_ADDRESS__)
    skip();
#endif
    worker_new(&(struct hf_worker_conf){.probe = no_more_than_asked}, &w);
    OK(hf_worker_probe_run(w, (struct hf_bytes){NULL, 0}, &got));
    CHECK(got.n == 1 && got.p[0] == 0);
}

static hf_err echo(struct hf_bytes in, struct hf_buf *out)
{
    return hf_buf_add(out, in);
}

TEST(no_probe_runs_where_none_was_given)
{
    HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};

    worker_new(NULL, &w);
    FAILS(hf_worker_probe_run(w, (struct hf_bytes){NULL, 0}, &got), HF_E_UNSUPPORTED);
}

TEST(large_questions_and_answers_arrive_whole)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 200000, (size_t)20 << 20};
    HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;

    worker_new(&(struct hf_worker_conf){.probe = echo}, &w);
    for (size_t i = 0; i < HF_COUNT(sizes); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};
        uint8_t *place = NULL;

        OK(hf_buf_grow(&in, sizes[i], &place));
        for (size_t k = 0; k < sizes[i]; k++)
            place[k] = (uint8_t)(k * 7 + i);
        OK(hf_worker_probe_run(w, hf_buf_bytes(&in), &got));
        CHECK_BYTES(hf_buf_bytes(&got), hf_buf_bytes(&in));
    }
}

TEST(an_answer_over_its_limit_is_an_error_and_the_worker_lives)
{
    HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};
    uint8_t *place = NULL;

    worker_new(&(struct hf_worker_conf){.probe = echo}, &w);
    OK(hf_buf_grow(&in, (size_t)40 << 20, &place));
    memset(place, 1, in.n);
    FAILS(hf_worker_probe_run(w, hf_buf_bytes(&in), &got), HF_E_LIMIT);
    OK(hf_worker_probe_run(w, hf_bytes_text("still here"), &got));
    CHECK_BYTES(hf_buf_bytes(&got), hf_bytes_text("still here"));
}

/* ---- death ---- */

static hf_err misbehave(struct hf_bytes in, struct hf_buf *out)
{
    (void)out;
    if (in.p[0] == 's')
        __builtin_trap();
    if (in.p[0] == 'e')
        _exit(3);
    for (volatile int forever = 1; forever;)
        ;
    return HF_OK;
}

TEST(the_death_of_a_worker_is_an_error_of_ours_and_no_verdict)
{
    static const struct {
        const char *name;
        const char *how;
        hf_err want;
        const char *detail;
    } cases[] = {
        {"a crash", "s", HF_E_INTERNAL, "the judge died (s"},
        {"an exit", "e", HF_E_INTERNAL, "the judge died (status 3)"},
        {"an endless loop", "l", HF_E_TIMEOUT, "the judge took longer than 300 ms and was ended"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};

        CASE(cases[i].name);
        worker_new(&(struct hf_worker_conf){.probe = misbehave, .wait_ms = 300}, &w);
        FAILS(hf_worker_probe_run(w, hf_bytes_text(cases[i].how), &got), cases[i].want);
        CHECK(strncmp(hf_err_detail(), cases[i].detail, strlen(cases[i].detail)) == 0);
        FAILS(hf_worker_probe_run(w, hf_bytes_text("again"), &got), HF_E_INTERNAL);
    }
}

TEST(a_worker_without_end_runs_out_of_processor_time)
{
    HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};

    worker_new(&(struct hf_worker_conf){.probe = misbehave, .cpu_s = 1, .wait_ms = 20000}, &w);
    FAILS(hf_worker_probe_run(w, hf_bytes_text("l"), &got), HF_E_INTERNAL);
}

/* A body that a captured worker writes instead of an answer: raw bytes onto the socket. */
static hf_err lie(struct hf_bytes in, struct hf_buf *out)
{
    (void)out;
    for (int fd = 3; fd < 256; fd++) { /* one of them is the socket: others are refused */
        if (write(fd, in.p, in.n) > 0)
            break;
    }
    _exit(0);
}

TEST(bytes_that_are_no_answer_are_not_believed)
{
    static const struct {
        const char *name;
        const char *bytes;
        size_t n;
    } cases[] = {
        {"half a head", "\1\0\0\0", 4},
        {"a head without its body", "\1\0\0\0\x10\0\0\0", 8},
        {"more than any answer has", "\1\0\0\0\xff\xff\xff\x7f", 8},
        {"another kind of message", "\3\0\0\0\6\0\0\0\0\0\0\0\0\0", 14},
        {"an error that there is not", "\1\0\0\0\6\0\0\0\xff\0\0\0\0\0", 14},
        {"a detail that goes on past the end", "\1\0\0\0\6\0\0\0\1\0\xff\0\0\0", 14},
        {"a verdict without rows", "\1\0\0\0\6\0\0\0\x1b\0\0\0\0\0", 14},
        {"success without an answer", "\1\0\0\0\6\0\0\0\0\0\0\0\0\0", 14},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;
        HF_CLEANUP(hf_buf_free) struct hf_buf got = {0};
        struct hf_bytes bytes = {(const uint8_t *)cases[i].bytes, cases[i].n};

        CASE(cases[i].name);
        worker_new(&(struct hf_worker_conf){.probe = lie}, &w);
        FAILS(hf_worker_probe_run(w, bytes, &got), HF_E_INTERNAL);
        CHECK(got.n == 0);
    }
}

TEST(a_worker_killed_from_outside_is_missed)
{
    HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *result = NULL;
    const struct hf_bytes evidence = hf_bytes_text("evidence");
    const struct hf_verify_request q = {.evidence = &evidence, .n_evidence = 1};
    unsigned parts;

    OK(hf_verify_result_new(&result));
    worker_new(NULL, &w);
    OK(hf_worker_confinement(w, &parts));
    (void)shutdown(hf_worker_fd(w), SHUT_WR); /* it reads the end, and goes */
    FAILS(hf_worker_verify(w, &q, result), HF_E_INTERNAL);
    CHECK(strcmp(hf_verify_result_verdict(result), "none") == 0);
}

/* ---- errors of judging ---- */

TEST(what_is_no_evidence_is_said_in_the_words_of_hf_verify)
{
    HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;
    HF_CLEANUP(hf_verify_result_free) struct hf_verify_result *result = NULL;
    HF_CLEANUP(hf_verifier_free) struct hf_verifier *verifier = NULL;
    const struct hf_bytes evidence = hf_bytes_text("no evidence");
    const struct hf_verify_request cases[] = {
        {.evidence = &evidence, .n_evidence = 1},
        {.evidence = &evidence, .n_evidence = 1, .kind = "teapot"},
        {.evidence = &evidence, .n_evidence = 1, .recipe = "soup"},
    };

    OK(hf_verify_result_new(&result));
    OK(hf_verifier_new(&verifier));
    worker_new(NULL, &w);
    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        char detail[1024];
        hf_err want = hf_verify(verifier, &cases[i], result);

        (void)snprintf(detail, sizeof(detail), "%s", hf_err_detail());
        FAILS(hf_worker_verify(w, &cases[i], result), want);
        CHECK_TEXT(hf_err_detail(), detail);
    }
}

struct refusals {
    size_t n, which[4];
    hf_err err[4];
};

static hf_err on_refused(void *to, size_t i, hf_err err, const char *detail)
{
    struct refusals *r = to;

    CHECK(detail[0] && r->n < 4);
    r->which[r->n] = i;
    r->err[r->n++] = err;
    return HF_OK;
}

TEST(each_piece_of_a_briefing_is_taken_or_refused_by_itself)
{
    HF_CLEANUP(hf_worker_stop) struct hf_worker *w = NULL;
    HF_CLEANUP(hf_briefing_free) struct hf_briefing b = {0};
    struct refusals got = {0};

    worker_new(NULL, &w);
    OK(hf_briefing_add(&b, HF_BRIEF_COLLATERAL, "a.txt", hf_bytes_text("nothing known")));
    OK(hf_briefing_add(&b, HF_BRIEF_ROOT, "root.pem", hf_bytes_text("")));
    OK(hf_briefing_add(&b, HF_BRIEF_POLICY, "p", hf_bytes_text("no-such-policy")));
    OK(hf_worker_brief(w, &b, on_refused, &got));
    CHECK(got.n == 3 && got.which[2] == 2);
    CHECK(got.err[0] == HF_E_FORMAT && got.err[1] == HF_E_FORMAT && got.err[2] == HF_E_NOT_FOUND);
}

TESTS(RUN(from_inside_a_worker_the_world_is_out_of_reach),
      RUN(a_worker_has_the_memory_it_was_given),
      RUN(no_probe_runs_where_none_was_given),
      RUN(large_questions_and_answers_arrive_whole),
      RUN(an_answer_over_its_limit_is_an_error_and_the_worker_lives),
      RUN(the_death_of_a_worker_is_an_error_of_ours_and_no_verdict),
      RUN(a_worker_without_end_runs_out_of_processor_time),
      RUN(bytes_that_are_no_answer_are_not_believed),
      RUN(a_worker_killed_from_outside_is_missed),
      RUN(what_is_no_evidence_is_said_in_the_words_of_hf_verify),
      RUN(each_piece_of_a_briefing_is_taken_or_refused_by_itself))
