/* holdfast-tpm: one software TPM, served on a unix socket in its state directory. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/text.h"
#include "helper/engine.h"
#include "helper/sandbox.h"
#include "helper/server.h"
#include "helper/transfer.h"
#include "tpm/embedded.h"
#include "tpm/rm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define IDLE_MS 10000u
#define LOCK_WAIT_MS 10000u

struct options {
    const char *state;
    const char *import_swtpm, *export_swtpm;
    uint32_t ready_fd;
    uint32_t idle_ms;
    bool replace, foreground, help;
};

static const struct hf_opt opts[] = {
    {HF_OPT_FILE, 's', "state", offsetof(struct options, state), "DIR", "the TPM's state directory", NULL, false},
    {HF_OPT_FLAG, 'f', "foreground", offsetof(struct options, foreground), NULL, "stay in the foreground", NULL, false},
    {HF_OPT_U32, 'i', "idle", offsetof(struct options, idle_ms), "MS",
     "end after so long without a client (HOLDFAST_TPM_IDLE_MS, 10000)", NULL, false},
    {HF_OPT_FILE, 0, "import-swtpm", offsetof(struct options, import_swtpm), "FILE", "take over a swtpm state and end",
     NULL, false},
    {HF_OPT_FILE, 0, "export-swtpm", offsetof(struct options, export_swtpm), "FILE", "write a swtpm state and end",
     NULL, false},
    {HF_OPT_FLAG, 0, "replace", offsetof(struct options, replace), NULL, "import over a TPM that exists", NULL, false},
    {HF_OPT_U32, 0, "ready-fd", offsetof(struct options, ready_fd), "N", "say \"ok\" or what failed there", NULL,
     false},
    {HF_OPT_FLAG, 'h', "help", offsetof(struct options, help), NULL, "show this", NULL, false},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static void usage(void)
{
    (void)printf("usage: holdfast-tpm --state DIR [OPTION]...\n"
                 "One software TPM on the socket DIR/" HF_EMBEDDED_SOCKET ", plain TPM commands both ways.\n");
    for (const struct hf_opt *o = opts; o->kind != HF_OPT_END; o++)
        (void)printf("  --%s%s%s\t%s\n", o->name, o->value ? "=" : "", o->value ? o->value : "", o->about);
}

/* "ok" or "HF_E_NAME detail" to who started us, and to stderr where nobody did. */
static void say(uint32_t ready_fd, hf_err err)
{
    char text[1000];
    int n = err == HF_OK ? snprintf(text, sizeof(text), "ok")
                         : snprintf(text, sizeof(text), "%s %s", hf_err_name(err), hf_err_detail());

    if (n < 0)
        return;
    if (ready_fd)
        (void)hf_fd_write_all(
            (int)ready_fd, "readiness",
            (struct hf_bytes){(uint8_t *)text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1});
    else if (err != HF_OK)
        (void)fprintf(stderr, "holdfast-tpm: %s\n", hf_err_detail());
    if (ready_fd)
        (void)close((int)ready_fd);
}

static bool answers(const struct hf_tpm_state *state)
{
    HF_CLEANUP(hf_fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address;

    return fd >= 0 && hf_embedded_address(state->path, state->dir, &address) == HF_OK &&
           connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

/* The lock, or *other = true when a process that has it serves already. */
static hf_err take_turn(struct hf_tpm_state *state, bool *other)
{
    uint64_t deadline = hf_monotonic_ms() + LOCK_WAIT_MS;
    const struct timespec pause = {.tv_nsec = 2000000};
    hf_err err;

    while ((err = hf_tpm_state_lock(state)) == HF_E_BUSY && hf_monotonic_ms() < deadline) {
        if (answers(state)) {
            *other = true;
            return HF_OK;
        }
        (void)nanosleep(&pause, NULL);
    }
    return err;
}

static bool engine_broken(void *engine)
{
    return hf_engine_broken(engine);
}

/* Serve and end orderly: clients gone, objects flushed, the state at rest. */
static hf_err serve(struct hf_tpm_state *state, const struct options *opt, int signals)
{
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *engine = NULL;
    HF_CLEANUP(hf_rm_close) struct hf_rm *rm = NULL;
    HF_CLEANUP(hf_fd_close) int listener = -1;
    HF_CLEANUP(hf_buf_free) struct hf_buf kept = {.max = 65536};
    struct hf_bytes extra = {0};
    hf_err err;

    HF_TRY(hf_engine_open(state, &engine));
    HF_TRY(hf_rm_open(engine, &rm));
    if (hf_engine_resumed(engine, &extra))
        HF_TRY(hf_rm_restore(rm, extra));
    HF_TRY(hf_server_listen(state->path, state->dir, &listener));
    HF_TRY(hf_sandbox_enter());
    say(opt->ready_fd, HF_OK);
    err = hf_server_run(&(struct hf_server){rm, listener, signals, opt->idle_ms, engine_broken, engine});
    (void)unlinkat(state->dir, HF_EMBEDDED_SOCKET, 0);
    hf_fd_close(&listener); /* who waits in the queue sees a reset and starts the next process */
    if (err == HF_OK && hf_rm_keep(rm, &kept) == HF_OK)
        err = hf_engine_suspend(engine, hf_buf_bytes(&kept));
    else
        (void)hf_engine_rest(engine);
    if (err != HF_OK)
        hf_log(HF_LOG_ERROR, "tpm.end", "why=%s", hf_err_detail());
    return HF_OK;
}

static hf_err run(const struct options *opt, int signals)
{
    HF_CLEANUP(hf_tpm_state_close) struct hf_tpm_state *state = NULL;
    bool other = false;

    HF_TRY(hf_tpm_state_open(opt->state, getenv("HOLDFAST_TPM_STATE_KEY"), &state));
    HF_TRY(hf_sandbox_descriptors(opt->ready_fd, signals, state->dir));
    if (opt->import_swtpm)
        return hf_transfer_import(state, opt->import_swtpm, opt->replace);
    if (opt->export_swtpm)
        return hf_transfer_export(state, opt->export_swtpm);
    HF_TRY(take_turn(state, &other));
    if (!other)
        return serve(state, opt, signals);
    say(opt->ready_fd, HF_OK);
    return HF_OK;
}

/* A process of its own session, child of init. The first process ends at once. */
static hf_err daemonize(void)
{
    pid_t pid = fork();

    if (pid < 0)
        return hf_fail_errno("fork");
    if (pid > 0)
        _exit(0);
    if (setsid() < 0)
        return hf_fail_errno("setsid");
    return HF_OK;
}

static hf_err signals_open(int *out)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file size limit is a write that fails */
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return hf_fail_errno("sigprocmask");
    *out = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *out < 0 ? hf_fail_errno("signalfd") : HF_OK;
}

static void log_to_stderr(void *arg, enum hf_log_level level, const char *event, const char *text)
{
    (void)arg;
    (void)level;
    (void)fprintf(stderr, "%s %s\n", event, text);
}

static hf_err start(int argc, char **argv, struct options *opt)
{
    HF_CLEANUP(hf_fd_close) int signals = -1;
    const char *idle = getenv("HOLDFAST_TPM_IDLE_MS");
    uint64_t ms = IDLE_MS;

    opt->idle_ms = UINT32_MAX; /* not given */
    HF_TRY(hf_opts_parse(opts, argc - 1, argv + 1, opt));
    if (idle && idle[0])
        HF_TRY(hf_text_u64(idle, INT32_MAX, "HOLDFAST_TPM_IDLE_MS", &ms));
    if (opt->idle_ms > INT32_MAX)
        opt->idle_ms = (uint32_t)ms;
    if (opt->help) {
        usage();
        return HF_OK;
    }
    if (!opt->state)
        return hf_fail(HF_E_ARG, "--state is required: the directory of the TPM's state");
    if (opt->foreground)
        hf_log_set(log_to_stderr, NULL, HF_LOG_INFO);
    (void)umask(077);
    HF_TRY(signals_open(&signals));
    HF_TRY(hf_sandbox_prepare());
    if (!opt->foreground && !opt->import_swtpm && !opt->export_swtpm)
        HF_TRY(daemonize());
    return run(opt, signals);
}

int main(int argc, char **argv)
{
    struct options opt = {0};
    hf_err err = start(argc, argv, &opt);

    if (err != HF_OK || opt.import_swtpm || opt.export_swtpm)
        say(opt.ready_fd, err);
    hf_opts_free(opts, &opt);
    return hf_err_exit(err);
}
