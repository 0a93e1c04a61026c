/* Custom validators: started, fed, listened to, ended. */
#include "core/validators.h"
#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define WAIT_MS 5000
#define OUTPUT_MAX 4096
#define MEMORY_MAX ((rlim_t)512 << 20)
#define FILES_MAX 32
#define COULD_NOT_START 127

struct run {
    pid_t pid;
    int in, out; /* ours: its standard input and output */
    uint64_t until;
    struct hf_bytes left; /* of the claims */
    size_t n;
    char said[OUTPUT_MAX];
};

static void refuse(struct hf_validator_result *out, const char *why)
{
    out->passed = false;
    (void)snprintf(out->note, sizeof(out->note), "%s", why);
}

/* ---- which program ---- */

static bool is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";

    return name[0] && name[0] != '.' && strspn(name, letters) == strlen(name);
}

/* The program's own path, from the root: it is started there. */
static const char *program_of(const struct hf_validator_conf *conf, const char *name, char path[PATH_MAX])
{
    char asked[PATH_MAX];
    struct stat st;
    int n;

    if (name[0] == '/')
        n = snprintf(asked, sizeof(asked), "%s", name);
    else if (is_name(name) && conf->dir)
        n = snprintf(asked, sizeof(asked), "%s/%s", conf->dir, name);
    else
        return conf->dir ? "its name is neither a file's name nor an absolute path"
                         : "no folder of validators is named";
    if (n < 0 || (size_t)n >= sizeof(asked))
        return "its path is too long";
    if (!realpath(asked, path) || stat(path, &st) != 0)
        return "there is no such program";
    if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
        return "it is not a program that can be run";
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return "others may change it: its mode lets the group or everybody write";
    return NULL;
}

/* ---- the child ---- */

static void limit(int what, rlim_t value)
{
    struct rlimit r = {value, value};

    if (setrlimit((__rlimit_resource_t)what, &r) != 0)
        _exit(COULD_NOT_START);
}

static _Noreturn void become(const char *path, int in, int out, unsigned wait_ms, pid_t parent)
{
    char *const argv[] = {(char *)(uintptr_t)path, NULL};
    char *const env[] = {NULL};
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    sigset_t none;

    (void)sigemptyset(&none);
    if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || null < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
        dup2(null, 2) < 0 || close_range(3, ~0u, 0) != 0 || chdir("/") != 0 ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        _exit(COULD_NOT_START);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NOFILE, FILES_MAX);
    limit(RLIMIT_AS, MEMORY_MAX);
    limit(RLIMIT_CPU, wait_ms / 1000 + 1);
    (void)execve(path, argv, env);
    _exit(COULD_NOT_START);
}

static const char *start(const char *path, unsigned wait_ms, struct run *run)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    pid_t parent = getpid();

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0)
        return "no socket for its input";
    if (pipe2(out, O_CLOEXEC) != 0) {
        hf_fd_close(&in[0]);
        hf_fd_close(&in[1]);
        return "no pipe for its output";
    }
    run->pid = fork();
    if (run->pid == 0)
        become(path, in[1], out[1], wait_ms, parent);
    hf_fd_close(&in[1]);
    hf_fd_close(&out[1]);
    run->in = in[0];
    run->out = out[0];
    return run->pid < 0 ? "no process for it" : NULL;
}

/* ---- talking ---- */

static void feed(struct run *run)
{
    ssize_t n = send(run->in, run->left.p, run->left.n, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n > 0)
        run->left = (struct hf_bytes){run->left.p + n, run->left.n - (size_t)n};
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        run->left.n = 0; /* it does not want to know more */
    if (run->left.n == 0)
        hf_fd_close(&run->in);
}

/* False at the end of its output. What is beyond the limit is read and dropped. */
static bool listen_to(struct run *run)
{
    char more[OUTPUT_MAX];
    ssize_t n = read(run->out, more, sizeof(more));

    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    for (ssize_t i = 0; i < n && run->n < sizeof(run->said) - 1; i++)
        run->said[run->n++] = more[i];
    return n > 0;
}

static int left_ms(const struct run *run)
{
    uint64_t now = hf_monotonic_ms();

    return now >= run->until ? 0 : (int)(run->until - now);
}

/* False when it is late. */
static bool converse(struct run *run)
{
    bool open = true;

    if (run->left.n == 0)
        hf_fd_close(&run->in);
    while (open && left_ms(run) > 0) {
        struct pollfd fds[2] = {{run->out, POLLIN, 0}, {run->in, POLLOUT, 0}}; /* -1 is passed over */

        if (poll(fds, 2, left_ms(run)) < 0 && errno != EINTR)
            return false;
        if (fds[1].revents)
            feed(run);
        if (fds[0].revents)
            open = listen_to(run);
    }
    return !open;
}

/* Its status, or -1 when it is late: then it and what it started are ended. */
static int end(struct run *run, bool in_time)
{
    int status = -1;
    pid_t got = 0;

    while (in_time && (got = waitpid(run->pid, &status, WNOHANG)) == 0 && left_ms(run) > 0)
        (void)poll(NULL, 0, 2);
    (void)kill(-run->pid, SIGKILL);
    if (got == run->pid)
        return status;
    while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return -1;
}

/* The first line, without what a terminal would obey. */
static void first_line(const struct run *run, struct hf_validator_result *out)
{
    size_t n = 0;

    for (; n < run->n && n < sizeof(out->note) - 1 && run->said[n] != '\n'; n++)
        out->note[n] = run->said[n] >= 0x20 && run->said[n] < 0x7f ? run->said[n] : '?';
    out->note[n] = 0;
}

void hf_validator_run(const struct hf_validator_conf *conf, const char *name, struct hf_bytes claims,
                      struct hf_validator_result *out)
{
    unsigned wait_ms = conf->wait_ms ? conf->wait_ms : WAIT_MS;
    struct run run = {.in = -1, .out = -1, .left = claims, .until = hf_monotonic_ms() + wait_ms};
    char path[PATH_MAX];
    const char *why = program_of(conf, name, path);
    int status;

    *out = (struct hf_validator_result){0};
    (void)snprintf(out->row, sizeof(out->row), "validator %.36s", name);
    if (!why)
        why = start(path, wait_ms, &run);
    if (why) {
        hf_fd_close(&run.in);
        hf_fd_close(&run.out);
        refuse(out, why);
        return;
    }
    status = end(&run, converse(&run));
    hf_fd_close(&run.in);
    hf_fd_close(&run.out);
    first_line(&run, out);
    out->passed = status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (status < 0)
        (void)snprintf(out->note, sizeof(out->note), "it was ended after %u ms without an answer", wait_ms);
    else if (WIFSIGNALED(status))
        (void)snprintf(out->note, sizeof(out->note), "it died of signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) == COULD_NOT_START)
        refuse(out, "it could not be started");
    else if (!out->passed && !out->note[0])
        (void)snprintf(out->note, sizeof(out->note), "it exited with %d", WEXITSTATUS(status));
}

struct hf_verify_outside hf_validator_outside(const struct hf_validator_result *result)
{
    return (struct hf_verify_outside){result->row, result->passed, result->note[0] ? result->note : NULL};
}
