/* A swtpm for a test. */
#include "software_tpm.h"
#include "base/cleanup.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "/usr/bin/swtpm"
#define START_MS 10000

static void give_up(const char *what)
{
    printf("Bail out! swtpm: %s\n", what);
    exit(1);
}

static struct sockaddr_in local(unsigned port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static bool can_bind(unsigned port, unsigned *bound)
{
    HF_CLEANUP(hf_fd_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = local(port);
    socklen_t n = sizeof(a);
    int one = 1;

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return false;
    *bound = ntohs(a.sin_port);
    return true;
}

/* A port that is free and whose neighbour above is free as well. */
static unsigned free_port(void)
{
    unsigned port = 0;
    unsigned above = 0;

    for (int i = 0; i < 100; i++)
        if (can_bind(0, &port) && port < 65535 && can_bind(port + 1, &above))
            return port;
    give_up("no two free ports");
    return 0;
}

static bool answers(const struct software_tpm *tpm)
{
    HF_CLEANUP(hf_fd_close) int fd = socket(tpm->port ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un u = {.sun_family = AF_UNIX};
    struct sockaddr_in i = local(tpm->port);

    if (tpm->port)
        return connect(fd, (const struct sockaddr *)&i, sizeof(i)) == 0;
    (void)snprintf(u.sun_path, sizeof(u.sun_path), "%s/data", tpm->dir);
    return connect(fd, (const struct sockaddr *)&u, sizeof(u)) == 0;
}

static void wait_until_it_answers(const struct software_tpm *tpm)
{
    const struct timespec pause = {.tv_nsec = 5000000};

    for (int ms = 0; ms < START_MS; ms += 5) {
        if (answers(tpm))
            return;
        if (waitpid(tpm->pid, NULL, WNOHANG) != 0)
            give_up("it ended at once");
        (void)nanosleep(&pause, NULL);
    }
    give_up("it does not answer");
}

static void run(const struct software_tpm *tpm)
{
    char state[96];
    char server[160];
    char control[160];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* it never outlives the test */
    (void)snprintf(state, sizeof(state), "dir=%s", tpm->dir);
    if (tpm->port) {
        (void)snprintf(server, sizeof(server), "type=tcp,port=%u,bindaddr=127.0.0.1", tpm->port);
        (void)snprintf(control, sizeof(control), "type=tcp,port=%u,bindaddr=127.0.0.1", tpm->port + 1);
    } else {
        (void)snprintf(server, sizeof(server), "type=unixio,path=%s/data", tpm->dir);
        (void)snprintf(control, sizeof(control), "type=unixio,path=%s/ctrl", tpm->dir);
    }
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    (void)dup2(null, STDERR_FILENO);
    (void)execl(PROGRAM, "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl", control,
                "--flags", "not-need-init,startup-clear", (char *)NULL);
    _exit(127);
}

void software_tpm_restart(struct software_tpm *tpm)
{
    software_tpm_kill(tpm);
    (void)fflush(stdout);
    tpm->pid = fork();
    if (tpm->pid == 0)
        run(tpm);
    if (tpm->pid < 0)
        give_up("fork failed");
    wait_until_it_answers(tpm);
}

bool software_tpm_start(struct software_tpm *tpm, enum software_tpm_way way)
{
    *tpm = (struct software_tpm){.dir = "/tmp/holdfast-swtpm-XXXXXX"};
    if (access(PROGRAM, X_OK) != 0) {
        printf("# SKIPPED: swtpm is not installed (package swtpm)\n");
        return false;
    }
    if (!mkdtemp(tpm->dir))
        give_up("no temporary folder");
    if (way == SOFTWARE_TPM_TCP) {
        tpm->port = free_port();
        (void)snprintf(tpm->uri, sizeof(tpm->uri), "swtpm:host=127.0.0.1,port=%u", tpm->port);
    } else {
        (void)snprintf(tpm->uri, sizeof(tpm->uri), "swtpm:path=%s/data", tpm->dir);
    }
    software_tpm_restart(tpm);
    return true;
}

void software_tpm_kill(struct software_tpm *tpm)
{
    if (tpm->pid <= 0)
        return;
    (void)kill(tpm->pid, SIGKILL);
    (void)waitpid(tpm->pid, NULL, 0);
    tpm->pid = 0;
}

void software_tpm_stop(struct software_tpm *tpm)
{
    static const char *const names[] = {"tpm2-00.permall", "tpm2-00.volatilestate", ".lock", "data", "ctrl"};
    char path[128];

    software_tpm_kill(tpm);
    if (!tpm->dir[0])
        return;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", tpm->dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(tpm->dir);
    *tpm = (struct software_tpm){0};
}
