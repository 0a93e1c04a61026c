/* tpm/embedded and the program holdfast-tpm: starting, ending, sharing, and what a client can do wrong. */
#include "embedded_rig.h"

#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct hf_bytes no_policy = {0};

TEST(a_tpm_is_there_on_first_use_and_says_what_it_is)
{
    static struct rig r;
    struct hf_buf mark = {0};
    struct stat st;

    rig_make(&r);
    OK(rig_connect(&r, 0));
    CHECK(r.t[0]->managed && r.t[0]->kind == HF_TPM_KIND_EMULATED);
    CHECK(property(&r.a, TPM2_PT_MANUFACTURER) == 0x49424d00);
    rig_file(&r, "software", &mark);
    CHECK(mark.n > 0);
    CHECK(stat(r.state, &st) == 0 && (st.st_mode & 07777) == 0700);
    hf_buf_free(&mark);
    rig_remove(&r);
}

TEST(startup_and_shutdown_of_a_client_change_nothing)
{
    static const uint32_t codes[] = {TPM2_CC_Shutdown, TPM2_CC_Startup, TPM2_CC_Shutdown};
    static struct rig r;
    uint32_t object = 0;
    char got[64];

    rig_make(&r);
    OK(rig_connect(&r, 0));
    CHECK(sealed(&r.a, TPM2_RH_OWNER, "", true, no_policy, "still here", &object) == 0);
    for (size_t i = 0; i < HF_COUNT(codes); i++) {
        cmd(&r.a, TPM2_ST_NO_SESSIONS, codes[i]);
        hf_wr_u16be(&r.a.w, TPM2_SU_CLEAR);
        CHECK(go(&r.a) == 0);
    }
    cmd(&r.a, TPM2_ST_NO_SESSIONS, TPM2_CC_Startup);
    CHECK(go(&r.a) == TPM2_RC_COMMAND_SIZE);
    CHECK(unseal(&r.a, object, "", got) == 0);
    rig_remove(&r);
}

static void *connect_in_thread(void *arg)
{
    struct hf_tpm_transport *t = NULL;
    struct rig *r = arg;

    if (hf_tpm_embedded_ops.open(&(struct hf_tpm_where){.rest = r->state}, &t) != HF_OK) {
        print_error("%s\n", hf_err_detail());
        return (void *)1;
    }
    hf_tpm_embedded_ops.close(&t);
    return NULL;
}

TEST(racing_starters_end_with_one_process)
{
    static struct rig r;
    pthread_t thread[8];
    pid_t pid;

    rig_make(&r);
    for (size_t i = 0; i < HF_COUNT(thread); i++)
        CHECK(pthread_create(&thread[i], NULL, connect_in_thread, &r) == 0);
    for (size_t i = 0; i < HF_COUNT(thread); i++) {
        void *failed = NULL;

        CHECK(pthread_join(thread[i], &failed) == 0);
        CHECK(failed == NULL);
    }
    pid = rig_pid(&r);
    OK(rig_connect(&r, 0));
    OK(rig_connect(&r, 1));
    CHECK(pid > 1 && rig_pid(&r) == pid);
    rig_remove(&r);
}

TEST(clients_do_not_see_one_another)
{
    static struct rig r;
    uint32_t list[64];
    uint32_t object = 0;
    char got[64];

    rig_make(&r);
    OK(rig_connect(&r, 0));
    OK(rig_connect(&r, 1));
    CHECK(sealed(&r.a, TPM2_RH_OWNER, "", true, no_policy, "mine", &object) == 0);
    CHECK(unseal(&r.b, object, "", got) == TPM2_RC_REFERENCE_H0);
    CHECK(handles(&r.b, HF_WIRE_TRANSIENT, list) == 0);
    CHECK(handles(&r.a, HF_WIRE_TRANSIENT, list) == 1);
    rig_remove(&r);
}

static uint32_t pcr_extend(struct tpm_user *u)
{
    uint8_t digest[32] = {7};

    cmd(u, TPM2_ST_SESSIONS, TPM2_CC_PCR_Extend);
    hf_wr_u32be(&u->w, 16);
    password(u, "");
    hf_wr_u32be(&u->w, 1);
    hf_wr_u16be(&u->w, TPM2_ALG_SHA256);
    hf_wr_bytes(&u->w, HF_BYTES_OF(digest));
    return go(u);
}

static bool pcr_is_zero(struct tpm_user *u)
{
    static const uint8_t zero[32];
    struct hf_reader r;

    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_PCR_Read);
    hf_wr_u32be(&u->w, 1);
    hf_wr_u16be(&u->w, TPM2_ALG_SHA256);
    hf_wr_u8(&u->w, 3);
    hf_wr_bytes(&u->w, (struct hf_bytes){(const uint8_t[]){0, 0, 1}, 3});
    CHECK(go(u) == 0);
    r = answer(u);
    hf_rd_skip(&r, 4 + 10 + 4);
    return hf_bytes_equal(hf_rd_view(&r, hf_rd_u16be(&r)), HF_BYTES_OF(zero));
}

/* An idle end is no reset: nothing of the machine was restarted. */
TEST(an_idle_end_keeps_pcrs_and_saved_contexts_and_a_crash_does_not)
{
    static struct rig r;
    struct hf_buf object_context = {0};
    struct hf_buf session_context = {0};
    uint32_t object = 0;
    uint32_t session = 0;
    char got[64];

    rig_make(&r);
    OK(rig_connect(&r, 0));
    CHECK(pcr_extend(&r.a) == 0);
    CHECK(sealed(&r.a, TPM2_RH_OWNER, "", true, no_policy, "kept", &object) == 0);
    CHECK(context_save(&r.a, object, &object_context) == 0);
    CHECK(start_session(&r.a, TPM2_SE_POLICY, &session) == 0);
    CHECK(context_save(&r.a, session, &session_context) == 0);
    rig_disconnect(&r, 0);
    rig_kill(&r, SIGTERM);

    OK(rig_connect(&r, 0));
    CHECK(!pcr_is_zero(&r.a));
    CHECK(context_load(&r.a, &object_context, &object) == 0);
    CHECK(unseal(&r.a, object, "", got) == 0);
    CHECK_TEXT(got, "kept");
    CHECK(context_load(&r.a, &session_context, &session) == 0);
    CHECK(policy_command(&r.a, session, TPM2_CC_Unseal) == 0);

    rig_kill(&r, SIGKILL);
    rig_disconnect(&r, 0);
    OK(rig_connect(&r, 0));
    CHECK(pcr_is_zero(&r.a));
    CHECK(context_load(&r.a, &object_context, &object) != 0);
    hf_buf_free(&object_context);
    hf_buf_free(&session_context);
    rig_remove(&r);
}

TEST(a_process_without_clients_ends_and_the_next_client_starts_another)
{
    static struct rig r;
    const struct timespec pause = {.tv_nsec = 20000000};
    pid_t pid;

    rig_make(&r);
    (void)setenv("HOLDFAST_TPM_IDLE_MS", "100", 1);
    OK(rig_connect(&r, 0));
    pid = rig_pid(&r);
    for (int i = 0; i < 15; i++)
        (void)nanosleep(&pause, NULL);
    CHECK(rig_pid(&r) == pid); /* a client is there, although it says nothing */
    rig_disconnect(&r, 0);
    for (int i = 0; i < 200 && rig_alive(pid); i++)
        (void)nanosleep(&pause, NULL);
    CHECK(!rig_alive(pid));
    OK(rig_connect(&r, 0));
    CHECK(rig_pid(&r) != pid);
    rig_remove(&r);
}

/* The moment a process ends is the worst one to arrive. */
TEST(no_client_is_lost_to_a_process_that_is_just_ending)
{
    static struct rig r;

    rig_make(&r);
    (void)setenv("HOLDFAST_TPM_IDLE_MS", "1", 1);
    for (int i = 0; i < 60; i++) {
        const struct timespec pause = {.tv_nsec = i % 12 * 250000};

        OK(rig_connect(&r, 0));
        CHECK(property(&r.a, TPM2_PT_MANUFACTURER) == 0x49424d00);
        rig_disconnect(&r, 0);
        (void)nanosleep(&pause, NULL);
    }
    rig_remove(&r);
}

TEST(a_dead_process_is_told_at_once_and_for_good)
{
    static struct rig r;
    static struct hf_tpm_reply reply;
    static const uint8_t random[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8};
    uint64_t start;

    rig_make(&r);
    OK(rig_connect(&r, 0));
    rig_kill(&r, SIGKILL);
    start = hf_monotonic_ms();
    FAILS(r.t[0]->ops->transact(r.t[0], HF_BYTES_OF(random), 60000, &reply), HF_E_UNAVAILABLE);
    FAILS(r.t[0]->ops->transact(r.t[0], HF_BYTES_OF(random), 60000, &reply), HF_E_UNAVAILABLE);
    CHECK(hf_monotonic_ms() - start < 1000);
    rig_remove(&r);
}

TEST(a_stopped_process_is_a_timeout)
{
    static struct rig r;
    static struct hf_tpm_reply reply;
    static const uint8_t random[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8};
    pid_t pid;

    rig_make(&r);
    OK(rig_connect(&r, 0));
    pid = rig_pid(&r);
    CHECK(kill(pid, SIGSTOP) == 0);
    FAILS(r.t[0]->ops->transact(r.t[0], HF_BYTES_OF(random), 100, &reply), HF_E_TIMEOUT);
    FAILS(r.t[0]->ops->transact(r.t[0], HF_BYTES_OF(random), 100, &reply), HF_E_UNAVAILABLE);
    CHECK(kill(pid, SIGCONT) == 0);
    rig_remove(&r);
}

static bool closed_within(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char byte;

    return poll(&p, 1, ms) == 1 && recv(fd, &byte, 1, 0) <= 0;
}

TEST(half_a_command_holds_nobody_up_and_garbage_ends_its_own_connection)
{
    static const uint8_t half[] = {0x80, 1, 0, 0, 0, 12, 0, 0};
    static const struct {
        const char *name;
        uint8_t bytes[10];
    } garbage[] = {
        {"a size of 0", {0x80, 1, 0, 0, 0, 0, 0, 0, 1, 0x7b}},
        {"a size of 9", {0x80, 1, 0, 0, 0, 9, 0, 0, 1, 0x7b}},
        {"a size over 4096", {0x80, 1, 0, 0, 0x10, 1, 0, 0, 1, 0x7b}},
        {"a size of 4 GiB", {0x80, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, 0x7b}},
    };
    static struct rig r;
    int waiting;

    rig_make(&r);
    OK(rig_connect(&r, 0));
    waiting = rig_socket(&r);
    CHECK(waiting >= 0);
    CHECK(send(waiting, half, sizeof(half), 0) == (ssize_t)sizeof(half));
    for (int i = 0; i < 50; i++)
        CHECK(property(&r.a, TPM2_PT_MANUFACTURER) == 0x49424d00);
    for (size_t i = 0; i < HF_COUNT(garbage); i++) {
        int fd = rig_socket(&r);

        CASE(garbage[i].name);
        CHECK(send(fd, garbage[i].bytes, 10, 0) == 10);
        CHECK(closed_within(fd, 2000));
        (void)close(fd);
    }
    CHECK(property(&r.a, TPM2_PT_MANUFACTURER) == 0x49424d00);
    CHECK(!closed_within(waiting, 0));
    (void)close(waiting);
    rig_remove(&r);
}

TEST(commands_may_arrive_together_or_byte_by_byte)
{
    static const uint8_t random[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8};
    static struct rig r;
    uint8_t many[3 * sizeof(random)];
    uint8_t got[128];
    size_t n = 0;
    int fd;

    rig_make(&r);
    OK(rig_connect(&r, 0));
    fd = rig_socket(&r);
    for (size_t i = 0; i < sizeof(many); i++)
        many[i] = random[i % sizeof(random)];
    CHECK(send(fd, many, sizeof(many), 0) == (ssize_t)sizeof(many));
    for (size_t i = 0; i < sizeof(random); i++)
        CHECK(send(fd, random + i, 1, 0) == 1);
    while (n < 4 * 20) {
        ssize_t k = recv(fd, got + n, sizeof(got) - n, 0);

        CHECK(k > 0);
        n += (size_t)k;
    }
    CHECK(n == 80 && got[60] == 0x80 && got[65] == 20);
    (void)close(fd);
    rig_remove(&r);
}

TEST(a_client_that_is_killed_leaves_nothing)
{
    static struct rig r;
    uint32_t session[70];
    uint32_t n = 0;

    rig_make(&r);
    OK(rig_connect(&r, 0));
    for (int round = 0; round < 5; round++) {
        pid_t pid = fork();

        CHECK(pid >= 0);
        if (pid == 0) {
            uint32_t handle;

            if (rig_connect(&r, 1) != HF_OK)
                _exit(1);
            for (int i = 0; i < 20; i++) {
                if (sealed(&r.b, TPM2_RH_OWNER, "", true, no_policy, "x", &handle) != 0 ||
                    start_session(&r.b, TPM2_SE_HMAC, &handle) != 0)
                    _exit(1);
            }
            (void)raise(SIGKILL);
        }
        CHECK(waitpid(pid, &(int){0}, 0) == pid);
    }
    while (n < 32 && start_session(&r.a, TPM2_SE_HMAC, &session[n]) == 0)
        n++;
    CHECK(n == 32); /* 100 leaked ones would have filled the TPM's 64 */
    rig_remove(&r);
}

TEST(a_path_too_long_for_a_socket_works)
{
    static struct rig r;

    rig_make(&r);
    (void)snprintf(r.state, sizeof(r.state), "%s/%0100d/%0100d/tpm", r.dir, 1, 2);
    OK(rig_connect(&r, 0));
    CHECK(property(&r.a, TPM2_PT_MANUFACTURER) == 0x49424d00);
    rig_remove(&r);
}

TEST(the_error_says_why_the_process_does_not_start)
{
    static struct rig r;
    char *helper = strdup(getenv("HOLDFAST_TPM_HELPER"));

    rig_make(&r);
    (void)setenv("HOLDFAST_TPM_HELPER", "/nonexistent/helper", 1);
    FAILS(rig_connect(&r, 0), HF_E_CONFIG);
    CHECK_DETAIL("/nonexistent/helper");
    (void)setenv("HOLDFAST_TPM_HELPER", "/bin/true", 1);
    FAILS(rig_connect(&r, 0), HF_E_UNAVAILABLE);
    (void)setenv("HOLDFAST_TPM_HELPER", helper, 1);
    free(helper);

    CASE("a file where the directory should be");
    rig_make(&r);
    OK(hf_file_write_private(r.state, hf_bytes_text("x")));
    FAILS(rig_connect(&r, 0), HF_E_NOT_FOUND);
    CHECK_DETAIL(r.state);
    CHECK_DETAIL("Not a directory");
    CASE("a setting that is no number");
    (void)setenv("HOLDFAST_TPM_IDLE_MS", "soon", 1);
    (void)remove(r.state);
    FAILS(rig_connect(&r, 0), HF_E_ARG);
    CHECK_DETAIL("HOLDFAST_TPM_IDLE_MS");
    rig_remove(&r);
}

TEST(a_relay_ends_with_its_input)
{
    static const uint8_t random[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8};
    static struct rig r;
    uint8_t got[64];
    int in[2];
    int out[2];

    rig_make(&r);
    for (size_t cut = 0; cut < 2; cut++) {
        const struct hf_tpm_where where = {.rest = r.state};

        CHECK(pipe(in) == 0 && pipe(out) == 0);
        CHECK(write(in[1], random, sizeof(random)) == (ssize_t)sizeof(random));
        if (cut)
            CHECK(write(in[1], random, 7) == 7);
        (void)close(in[1]);
        if (cut)
            FAILS(hf_embedded_relay(in[0], out[1], &where), HF_E_TRUNCATED);
        else
            OK(hf_embedded_relay(in[0], out[1], &where));
        CHECK(read(out[0], got, sizeof(got)) == 20 && got[5] == 20);
        (void)close(in[0]);
        (void)close(out[0]);
        (void)close(out[1]);
    }
    rig_remove(&r);
}

TESTS(RUN(a_tpm_is_there_on_first_use_and_says_what_it_is), RUN(startup_and_shutdown_of_a_client_change_nothing),
      RUN(racing_starters_end_with_one_process), RUN(clients_do_not_see_one_another),
      RUN(an_idle_end_keeps_pcrs_and_saved_contexts_and_a_crash_does_not),
      RUN(a_process_without_clients_ends_and_the_next_client_starts_another),
      RUN(no_client_is_lost_to_a_process_that_is_just_ending), RUN(a_dead_process_is_told_at_once_and_for_good),
      RUN(a_stopped_process_is_a_timeout), RUN(half_a_command_holds_nobody_up_and_garbage_ends_its_own_connection),
      RUN(commands_may_arrive_together_or_byte_by_byte), RUN(a_client_that_is_killed_leaves_nothing),
      RUN(a_path_too_long_for_a_socket_works), RUN(the_error_says_why_the_process_does_not_start),
      RUN(a_relay_ends_with_its_input))
