/* tpm/transport.c, and the transports that need no TPM to be tried: mssim, device, tcti, faulty. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/writer.h"
#include "software_tpm.h"
#include "test.h"
#include "tpm/faulty.h"
#include "tpm/types.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

static const uint8_t get_random[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 2};
static const uint8_t self_test[] = {0x80, 1, 0, 0, 0, 11, 0, 0, 1, 0x43, 1};
static const uint8_t two_random[] = {0x80, 1, 0, 0, 0, 14, 0, 0, 0, 0, 0, 2, 0xab, 0xcd};

/* A transport that gives what it was told to give. */
struct canned {
    struct hf_tpm_transport base;
    struct hf_bytes answer;
    size_t n; /* claimed */
    unsigned asked;
};

static hf_err canned_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                              struct hf_tpm_reply *reply)
{
    struct canned *c = (struct canned *)t;

    (void)command;
    CHECK(timeout_ms != 0);
    c->asked++;
    memcpy(reply->bytes, c->answer.p, c->answer.n);
    reply->n = c->n ? c->n : c->answer.n;
    return HF_OK;
}

static void canned_close(struct hf_tpm_transport **t)
{
    *t = NULL;
}

static const struct hf_tpm_transport_ops canned_ops = {
    .scheme = "canned", .close = canned_close, .transact = canned_transact};

static struct canned canned(struct hf_bytes answer)
{
    return (struct canned){.base = {.ops = &canned_ops, .kind = HF_TPM_KIND_EMULATED}, .answer = answer};
}

TEST(a_uri_that_is_none_is_answered_with_the_schemes)
{
    static const char *const uris[] = {"", ":", "tabrmd:", "DEVICE:/dev/tpm0", "devic", "http://x"};
    struct hf_tpm_transport *t = NULL;

    for (size_t i = 0; i < HF_COUNT(uris); i++) {
        CASE(uris[i]);
        FAILS(hf_tpm_transport_open(uris[i], NULL, NULL, &t), HF_E_ARG);
        CHECK_DETAIL("device, swtpm, mssim, tcti");
        CHECK_DETAIL("record, replay");
        CHECK(t == NULL);
    }
    FAILS(hf_tpm_transport_open("/dev/tpm0", NULL, NULL, &t), HF_E_ARG);
    CHECK_DETAIL("\"device:/dev/tpm0\"");
    hf_tpm_transport_close(&t);
}

TEST(every_row_of_the_table_is_complete)
{
    for (size_t i = 0; hf_tpm_transports[i]; i++) {
        const struct hf_tpm_transport_ops *ops = hf_tpm_transports[i];

        CASE(ops->scheme);
        CHECK(ops->open && ops->close && ops->transact && ops->about);
        CHECK(strncmp(ops->about, ops->scheme, strlen(ops->scheme)) == 0);
        CHECK(!strchr(ops->scheme, ':'));
        for (size_t k = 0; k < i; k++)
            CHECK(strcmp(ops->scheme, hf_tpm_transports[k]->scheme) != 0);
    }
}

TEST(only_whole_commands_are_sent)
{
    static uint8_t large[HF_TPM_IO_MAX + 1] = {0x80, 1, 0, 0, 0x10, 1};
    static const uint8_t wrong[] = {0x80, 1, 0, 0, 0, 13, 0, 0, 1, 0x7b, 0, 2};
    static const struct {
        const char *name;
        struct hf_bytes command;
    } cases[] = {
        {"nothing", {NULL, 0}},
        {"nine bytes", {get_random, 9}},
        {"one byte short of its size", {get_random, 11}},
        {"a size one too large", {wrong, 12}},
        {"larger than possible", {large, sizeof(large)}},
    };
    struct canned c = canned(HF_BYTES_OF(two_random));
    struct hf_tpm_reply reply;

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].name);
        FAILS(hf_tpm_transport_transact(&c.base, cases[i].command, 0, &reply), HF_E_ARG);
    }
    CHECK(c.asked == 0);
    OK(hf_tpm_transport_transact(&c.base, HF_BYTES_OF(get_random), 0, &reply));
    CHECK(c.asked == 1);
}

TEST(only_whole_answers_are_believed)
{
    static const uint8_t sessions[] = {0x80, 2, 0, 0, 0, 14, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t bad_tag[] = {0x80, 3, 0, 0, 0, 10, 0, 0, 0, 0};
    static const uint8_t command_tag[] = {0x00, 0xc4, 0, 0, 0, 10, 0, 0, 0, 0x1e};
    static const uint8_t bare[] = {0x80, 1, 0, 0, 0, 10, 0, 0, 1, 1};
    static const struct {
        const char *name;
        struct hf_bytes answer;
        size_t n;
        hf_err want;
        const char *detail;
    } cases[] = {
        {"without sessions", {two_random, 14}, 0, HF_OK, NULL},
        {"with sessions", {sessions, 14}, 0, HF_OK, NULL},
        {"a failure", {bare, 10}, 0, HF_OK, NULL},
        {"nothing", {two_random, 0}, 0, HF_E_DEVICE, "answered 0 bytes"},
        {"nine bytes", {two_random, 9}, 0, HF_E_DEVICE, "answered 9 bytes"},
        {"one byte short", {two_random, 13}, 0, HF_E_DEVICE, "13 bytes that say they are 14"},
        {"one byte too many", {two_random, 14}, 15, HF_E_DEVICE, "15 bytes that say they are 14"},
        {"more than the place holds", {two_random, 14}, 4097, HF_E_DEVICE, "answered 4097 bytes"},
        {"a reserved tag", {bad_tag, 10}, 0, HF_E_DEVICE, "tag 0x8003"},
        {"a TPM 1.2", {command_tag, 10}, 0, HF_E_DEVICE, "TPM 1.2"},
        {"a command", {get_random, 12}, 0, HF_OK, NULL}, /* looks like one; its code is the caller's matter */
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct canned c = canned(cases[i].answer);
        struct hf_tpm_reply reply = {.n = 99};

        CASE(cases[i].name);
        c.n = cases[i].n;
        FAILS(hf_tpm_transport_transact(&c.base, HF_BYTES_OF(get_random), 1, &reply), cases[i].want);
        if (cases[i].detail)
            CHECK_DETAIL(cases[i].detail);
        CHECK(reply.n == (cases[i].want == HF_OK ? cases[i].answer.n : 0));
    }
}

TEST(injected_faults_are_noticed)
{
    static const struct {
        struct hf_tpm_fault fault;
        hf_err want;
        hf_err after; /* of the next command */
        const char *name;
    } cases[] = {
        {{.kind = HF_TPM_FAULT_CUT, .value = 12}, HF_E_DEVICE, HF_OK, "cut"},
        {{.kind = HF_TPM_FAULT_CUT, .value = 0}, HF_E_DEVICE, HF_OK, "cut to nothing"},
        {{.kind = HF_TPM_FAULT_LONG, .value = 1}, HF_E_DEVICE, HF_OK, "long"},
        {{.kind = HF_TPM_FAULT_LONG, .value = 100000}, HF_E_DEVICE, HF_OK, "longer than possible"},
        {{.kind = HF_TPM_FAULT_GARBAGE, .value = 200}, HF_E_DEVICE, HF_OK, "garbage"},
        {{.kind = HF_TPM_FAULT_FLIP, .value = 15}, HF_E_DEVICE, HF_OK, "a bit of the tag"},
        {{.kind = HF_TPM_FAULT_FLIP, .value = 40}, HF_E_DEVICE, HF_OK, "a bit of the size"},
        {{.kind = HF_TPM_FAULT_FLIP, .value = 100}, HF_OK, HF_OK, "a bit of the content"},
        {{.kind = HF_TPM_FAULT_SILENCE}, HF_E_TIMEOUT, HF_E_UNAVAILABLE, "silence"},
        {{.kind = HF_TPM_FAULT_DEATH}, HF_E_UNAVAILABLE, HF_E_UNAVAILABLE, "death"},
        {{.kind = HF_TPM_FAULT_LOSS}, HF_E_UNAVAILABLE, HF_E_UNAVAILABLE, "loss"},
        {{.kind = HF_TPM_FAULT_DELAY, .value = 5}, HF_OK, HF_OK, "delay"},
        {{.kind = HF_TPM_FAULT_CODE, .value = TPM2_RC_RETRY}, HF_OK, HF_OK, "retry"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct canned c = canned(HF_BYTES_OF(two_random));
        struct hf_tpm_transport *raw = &c.base;
        HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
        struct hf_tpm_reply reply;

        CASE(cases[i].name);
        OK(hf_tpm_faulty_open(&raw, &cases[i].fault, 1, &t));
        CHECK(raw == NULL && t->kind == HF_TPM_KIND_EMULATED);
        FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 1000, &reply), cases[i].want);
        CHECK(hf_tpm_faulty_broken(t) == 1);
        FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 1000, &reply), cases[i].after);
        CHECK(hf_tpm_faulty_broken(t) == 1);
    }
}

TEST(a_script_counts_and_chooses_commands)
{
    static const struct hf_tpm_fault script[] = {
        {.kind = HF_TPM_FAULT_CODE, .command = TPM2_CC_SelfTest, .value = TPM2_RC_TESTING, .times = 2},
        {.kind = HF_TPM_FAULT_CODE, .skip = 3, .value = TPM2_RC_YIELDED},
    };
    struct canned c = canned(HF_BYTES_OF(two_random));
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = &c.base;
    struct hf_tpm_reply reply;
    static const struct {
        struct hf_bytes command;
        uint8_t code[2];
    } steps[] = {
        {{get_random, 12}, {0, 0}},      {{self_test, 11}, {0x09, 0x0a}},
        {{self_test, 11}, {0x09, 0x0a}}, {{self_test, 11}, {0x09, 0x08}}, /* the fourth command of all */
        {{self_test, 11}, {0, 0}},       {{get_random, 12}, {0, 0}},
    };

    OK(hf_tpm_faulty_open(&t, script, HF_COUNT(script), &t));
    for (size_t i = 0; i < HF_COUNT(steps); i++) {
        OK(hf_tpm_transport_transact(t, steps[i].command, 1000, &reply));
        CHECK(memcmp(reply.bytes + 8, steps[i].code, 2) == 0);
    }
    CHECK(hf_tpm_faulty_seen(t) == 6 && hf_tpm_faulty_broken(t) == 3 && c.asked == 3);
    CHECK(hf_tpm_faulty_command(t, 0) == TPM2_CC_GetRandom && hf_tpm_faulty_command(t, 1) == TPM2_CC_SelfTest);
    CHECK(hf_tpm_faulty_command(t, 6) == 0);
    FAILS(hf_tpm_faulty_script(t, script, HF_TPM_FAULTS_MAX + 1), HF_E_ARG);
}

TEST(a_reordered_answer_is_the_one_before)
{
    static const struct hf_tpm_fault script[] = {{.kind = HF_TPM_FAULT_REORDER, .skip = 1}};
    static const uint8_t other[] = {0x80, 1, 0, 0, 0, 10, 0, 0, 0, 0};
    struct canned c = canned(HF_BYTES_OF(two_random));
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = &c.base;
    struct hf_tpm_reply reply;

    OK(hf_tpm_faulty_open(&t, script, 1, &t));
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 1000, &reply));
    c.answer = HF_BYTES_OF(other);
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(self_test), 1000, &reply));
    CHECK_BYTES(((struct hf_bytes){reply.bytes, reply.n}), HF_BYTES_OF(two_random));
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(self_test), 1000, &reply));
    CHECK_BYTES(((struct hf_bytes){reply.bytes, reply.n}), HF_BYTES_OF(other));
}

/* --- a program that plays the other side ------------------------------------------------------- */

static void helper_end(pid_t *pid)
{
    if (*pid > 0) {
        (void)kill(*pid, SIGKILL);
        (void)waitpid(*pid, NULL, 0);
    }
    *pid = 0;
}

static bool read_all(int fd, void *place, size_t n)
{
    for (uint8_t *p = place; n;) {
        ssize_t got = read(fd, p, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        p += got;
        n -= (size_t)got;
    }
    return true;
}

static bool write_all(int fd, const void *place, size_t n)
{
    return write(fd, place, n) == (ssize_t)n;
}

/* A listening socket of 127.0.0.1 at `port`, or at any for 0. */
static int listen_at(unsigned port, unsigned *got)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(a);
    int one = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 4) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0) {
        (void)close(fd);
        return -1;
    }
    *got = ntohs(a.sin_port);
    return fd;
}

enum simulator_mood { WELL, WRONG_END, TOO_LARGE, TOO_SHORT, NO_POWER, MUTE };

/* Signals on the platform port are answered by zero, which NO_POWER does not do. */
static void simulate_platform(int fd, enum simulator_mood mood)
{
    uint8_t signal_code[4];
    const uint8_t answer[4] = {0, 0, 0, mood == NO_POWER ? 1 : 0};

    while (read_all(fd, signal_code, 4) && signal_code[3] != 20)
        if (!write_all(fd, answer, 4))
            return;
}

static void simulate_commands(int fd, enum simulator_mood mood)
{
    static const uint8_t zero[4];
    uint8_t head[9]; /* TPM_SEND_COMMAND, locality, size */
    uint8_t command[4096];

    while (read_all(fd, head, 4) && head[3] == 8 && read_all(fd, head + 4, 5)) {
        size_t n = (size_t)head[7] << 8 | head[8];
        const uint8_t size[4] = {0, 0, mood == TOO_LARGE ? 0x20 : 0, sizeof(two_random)};
        const uint8_t end[4] = {0, 0, 0, mood == WRONG_END ? 5 : 0};

        if (head[4] != 0 || n > sizeof(command) || !read_all(fd, command, n) || memcmp(command, get_random, n) != 0)
            return;
        if (mood == MUTE)
            continue;
        if (!write_all(fd, size, 4) || !write_all(fd, two_random, mood == TOO_SHORT ? 5 : sizeof(two_random)) ||
            mood == TOO_SHORT || !write_all(fd, end, 4))
            return;
    }
    (void)write_all(fd, zero, 0);
}

/* The simulator of one client: its command port. */
static unsigned simulator_start(enum simulator_mood mood, pid_t *pid)
{
    unsigned port = 0;
    unsigned above = 0;
    int command = -1;
    int platform = -1;

    for (int i = 0; i < 100 && platform < 0; i++) {
        if (command >= 0)
            (void)close(command);
        command = listen_at(0, &port);
        platform = listen_at(port + 1, &above);
    }
    CHECK(command >= 0 && platform >= 0);
    *pid = fork();
    CHECK(*pid >= 0);
    if (*pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGPIPE, SIG_IGN);
        if (fork() == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            simulate_platform(accept(platform, NULL, NULL), mood);
            _exit(0);
        }
        simulate_commands(accept(command, NULL, NULL), mood);
        _exit(0);
    }
    (void)close(command);
    (void)close(platform);
    return port;
}

TEST(the_simulators_framing_is_spoken)
{
    static const struct {
        enum simulator_mood mood;
        hf_err open, transact;
        const char *detail;
        const char *name;
    } cases[] = {
        {WELL, HF_OK, HF_OK, NULL, "well"},
        {WRONG_END, HF_OK, HF_E_DEVICE, "ended its answer with 5", "an answer that ends with a number"},
        {TOO_LARGE, HF_OK, HF_E_DEVICE, "announces an answer of 8206 bytes", "an answer larger than possible"},
        {TOO_SHORT, HF_OK, HF_E_UNAVAILABLE, "has gone", "an answer cut by death"},
        {NO_POWER, HF_E_DEVICE, HF_OK, "ended its answer with 1", "a platform that does not power on"},
        {MUTE, HF_OK, HF_E_TIMEOUT, "did not answer in time", "silence"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(helper_end) pid_t pid = 0;
        HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
        struct hf_tpm_reply reply;
        char uri[64];

        CASE(cases[i].name);
        (void)snprintf(uri, sizeof(uri), "mssim:port=%u", simulator_start(cases[i].mood, &pid));
        FAILS(hf_tpm_transport_open(uri, NULL, NULL, &t), cases[i].open);
        if (cases[i].open == HF_OK) {
            CHECK(t->kind == HF_TPM_KIND_EMULATED && !t->managed);
            FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 200, &reply), cases[i].transact);
        }
        if (cases[i].detail)
            CHECK_DETAIL(cases[i].detail);
        if (cases[i].open == HF_OK && cases[i].transact == HF_OK)
            CHECK_BYTES(((struct hf_bytes){reply.bytes, reply.n}), HF_BYTES_OF(two_random));
        if (cases[i].transact != HF_OK) {
            FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 200, &reply), HF_E_UNAVAILABLE);
            CHECK_DETAIL("was lost before");
        }
    }
}

TEST(the_simulator_needs_a_port_above_its_own)
{
    struct hf_tpm_transport *t = NULL;

    FAILS(hf_tpm_transport_open("mssim:port=65535", NULL, NULL, &t), HF_E_ARG);
    FAILS(hf_tpm_transport_open("mssim:path=/x", NULL, NULL, &t), HF_E_ARG);
}

/* --- a character device: the slave of a pseudo terminal, whose master plays the TPM ---------------- */

static int terminal_open(char *name, size_t size)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    int slave;
    struct termios raw;

    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0 && ptsname_r(master, name, size) == 0);
    slave = open(name, O_RDWR | O_NOCTTY);
    CHECK(slave >= 0 && tcgetattr(slave, &raw) == 0);
    cfmakeraw(&raw);
    CHECK(tcsetattr(slave, TCSANOW, &raw) == 0);
    return master; /* the slave stays open, so that its settings stay */
}

/* Answers every 12-byte command with `parts` pieces of the given bytes. */
static pid_t terminal_serve(int master, struct hf_bytes answer, size_t parts)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    uint8_t command[12];
    pid_t pid = fork();

    CHECK(pid >= 0);
    if (pid)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (read_all(master, command, sizeof(command))) {
        for (size_t i = 0; i < parts; i++) {
            size_t from = answer.n * i / parts;

            (void)write_all(master, answer.p + from, answer.n * (i + 1) / parts - from);
            (void)nanosleep(&pause, NULL);
        }
    }
    _exit(0);
}

TEST(a_device_is_written_and_read_with_a_deadline)
{
    static const uint8_t huge[] = {0x80, 1, 0, 1, 0, 0, 0, 0, 0, 0};
    static const uint8_t tiny[] = {0x80, 1, 0, 0, 0, 9, 0, 0, 0, 0};
    static const uint8_t double_answer[] = {0x80, 1, 0, 0, 0, 10, 0, 0, 0, 0, 0x80, 1};
    static const struct {
        struct hf_bytes answer;
        size_t parts;
        hf_err want;
        const char *detail;
        const char *name;
    } cases[] = {
        {{two_random, 14}, 1, HF_OK, NULL, "whole"},
        {{two_random, 14}, 3, HF_OK, NULL, "in three parts"},
        {{two_random, 13}, 1, HF_E_TIMEOUT, "in time", "one byte short"},
        {{two_random, 0}, 1, HF_E_TIMEOUT, "in time", "nothing"},
        {{huge, 10}, 1, HF_E_DEVICE, "announces an answer of 65536 bytes", "too large"},
        {{tiny, 10}, 1, HF_E_DEVICE, "announces an answer of 9 bytes", "too small"},
        {{double_answer, 12}, 1, HF_E_DEVICE, "12 bytes that say they are 10", "too much"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(helper_end) pid_t pid = 0;
        HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
        HF_CLEANUP(hf_fd_close) int master = -1;
        struct hf_tpm_reply reply;
        char name[64];
        char uri[80];

        CASE(cases[i].name);
        master = terminal_open(name, sizeof(name));
        pid = terminal_serve(master, cases[i].answer, cases[i].parts);
        (void)snprintf(uri, sizeof(uri), "device:%s", name);
        OK(hf_tpm_transport_open(uri, NULL, NULL, &t));
        CHECK(t->kind == HF_TPM_KIND_UNKNOWN && !t->managed);
        FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 300, &reply), cases[i].want);
        if (cases[i].detail)
            CHECK_DETAIL(cases[i].detail);
        if (cases[i].want == HF_OK)
            CHECK_BYTES(((struct hf_bytes){reply.bytes, reply.n}), HF_BYTES_OF(two_random));
        FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 300, &reply),
              cases[i].want == HF_OK ? HF_OK : HF_E_UNAVAILABLE);
    }
}

TEST(devices_that_cannot_be_opened_are_told_apart)
{
    char missing[] = "device:/dev/holdfast-no-such-tpm";
    char file[] = "/tmp/holdfast-device-XXXXXX";
    char uri[64];
    struct hf_tpm_transport *t = NULL;
    int fd = mkstemp(file);

    CHECK(fd >= 0);
    FAILS(hf_tpm_transport_open(missing, NULL, NULL, &t), HF_E_UNAVAILABLE);
    CHECK_DETAIL("No such file");
    (void)snprintf(uri, sizeof(uri), "device:%s", file);
    FAILS(hf_tpm_transport_open(uri, NULL, NULL, &t), HF_E_ARG);
    CHECK_DETAIL("not a device node");
    CHECK(fchmod(fd, 0) == 0);
    if (geteuid() == 0) { /* root may open everything: ask as somebody else, in a process of its own */
        pid_t pid = fork();
        int status = 0;

        if (pid == 0) {
            if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
                _exit(2);
            _exit(hf_tpm_transport_open(uri, NULL, NULL, &t) == HF_E_PERMISSION && strstr(hf_err_detail(), "group tss")
                      ? 0
                      : 1);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    } else {
        FAILS(hf_tpm_transport_open(uri, NULL, NULL, &t), HF_E_PERMISSION);
        CHECK_DETAIL("group tss");
    }
    (void)close(fd);
    (void)unlink(file);
}

/* --- libtss2's modules ----------------------------------------------------------------------------- */

TEST(a_module_of_libtss2_reaches_a_tpm)
{
    HF_CLEANUP(software_tpm_stop) struct software_tpm tpm = {0};
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
    struct hf_tpm_reply reply;
    char uri[160];

    (void)setenv("TSS2_LOG", "all+none", 1); /* libtss2 writes to stderr what it does not like */
    if (!software_tpm_start(&tpm, SOFTWARE_TPM_TCP))
        skip();
    (void)snprintf(uri, sizeof(uri), "tcti:%s", tpm.uri);
    OK(hf_tpm_transport_open(uri, NULL, NULL, &t));
    CHECK(t->kind == HF_TPM_KIND_EMULATED && !t->managed);
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 5000, &reply));
    CHECK(reply.n == 14);
    CHECK(kill(tpm.pid, SIGSTOP) == 0);
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 100, &reply), HF_E_TIMEOUT);
    CHECK(kill(tpm.pid, SIGCONT) == 0);
    FAILS(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 100, &reply), HF_E_UNAVAILABLE);
    CHECK_DETAIL("lost before");
}

/* The same simulator, spoken to by libtss2: it is the protocol, and not only our idea of it. */
TEST(libtss2_speaks_to_the_simulator_as_we_do)
{
    HF_CLEANUP(helper_end) pid_t pid = 0;
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *t = NULL;
    struct hf_tpm_reply reply;
    char uri[64];

    (void)snprintf(uri, sizeof(uri), "tcti:mssim:host=127.0.0.1,port=%u", simulator_start(WELL, &pid));
    OK(hf_tpm_transport_open(uri, NULL, NULL, &t));
    OK(hf_tpm_transport_transact(t, HF_BYTES_OF(get_random), 5000, &reply));
    CHECK_BYTES(((struct hf_bytes){reply.bytes, reply.n}), HF_BYTES_OF(two_random));
}

TEST(modules_that_are_missing_or_misused_are_errors)
{
    static const struct {
        const char *uri;
        hf_err want;
    } cases[] = {
        {"tcti:", HF_E_ARG},
        {"tcti:no-such-module", HF_E_ARG},
        {"tcti:device:/dev/holdfast-no-such-tpm", HF_E_UNAVAILABLE},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        struct hf_tpm_transport *t = NULL;

        CASE(cases[i].uri);
        FAILS(hf_tpm_transport_open(cases[i].uri, NULL, NULL, &t), cases[i].want);
        CHECK(t == NULL);
    }
}

TESTS(RUN(a_uri_that_is_none_is_answered_with_the_schemes), RUN(every_row_of_the_table_is_complete),
      RUN(only_whole_commands_are_sent), RUN(only_whole_answers_are_believed), RUN(injected_faults_are_noticed),
      RUN(a_script_counts_and_chooses_commands), RUN(a_reordered_answer_is_the_one_before),
      RUN(the_simulators_framing_is_spoken), RUN(the_simulator_needs_a_port_above_its_own),
      RUN(a_device_is_written_and_read_with_a_deadline), RUN(devices_that_cannot_be_opened_are_told_apart),
      RUN(a_module_of_libtss2_reaches_a_tpm), RUN(libtss2_speaks_to_the_simulator_as_we_do),
      RUN(modules_that_are_missing_or_misused_are_errors))
