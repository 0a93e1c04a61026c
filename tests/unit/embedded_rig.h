/* An embedded TPM of a test: its directory, connections, and its death. */
#ifndef HF_TEST_EMBEDDED_RIG_H
#define HF_TEST_EMBEDDED_RIG_H

#include "base/clock.h"
#include "base/file.h"
#include "tpm/embedded.h"
#include "tpm_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

struct rig {
    char dir[64];
    char state[512]; /* the TPM's directory: "tpm" in dir */
    struct hf_tpm_transport *t[2];
    struct tpm_user a, b;
};

static inline hf_err rig_run(void *who, struct hf_bytes command, struct hf_tpm_reply *reply)
{
    struct hf_tpm_transport **t = who;

    return (*t)->ops->transact(*t, command, 60000, reply);
}

static inline void rig_make(struct rig *r)
{
    CASE("");
    memset(r, 0, sizeof(*r));
    (void)snprintf(r->dir, sizeof(r->dir), "/tmp/holdfast-test-XXXXXX");
    CHECK(mkdtemp(r->dir) != NULL);
    (void)snprintf(r->state, sizeof(r->state), "%s/tpm", r->dir);
    (void)setenv("HOLDFAST_TPM_IDLE_MS", "30000", 1);
    (void)unsetenv("HOLDFAST_TPM_STATE_KEY");
    r->a.run = r->b.run = rig_run;
    r->a.who = &r->t[0];
    r->b.who = &r->t[1];
}

static inline hf_err rig_connect(struct rig *r, int i)
{
    return hf_tpm_embedded_ops.open(&(struct hf_tpm_where){.rest = r->state}, &r->t[i]);
}

static inline void rig_disconnect(struct rig *r, int i)
{
    hf_tpm_embedded_ops.close(&r->t[i]);
}

/* A bare connection, or -1. */
static inline int rig_socket(const struct rig *r)
{
    HF_CLEANUP(hf_fd_close) int dir = open(r->state, O_PATH | O_DIRECTORY | O_CLOEXEC);
    HF_CLEANUP(hf_fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address;

    if (dir < 0 || hf_embedded_address(r->state, dir, &address) != HF_OK ||
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    return hf_fd_take(&fd);
}

/* The process that listens, or 0. */
static inline pid_t rig_pid(const struct rig *r)
{
    HF_CLEANUP(hf_fd_close) int fd = rig_socket(r);
    struct ucred peer = {0};
    socklen_t n = sizeof(peer);

    return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 ? peer.pid : 0;
}

/* Neither gone nor a zombie that waits for init. */
static inline bool rig_alive(pid_t pid)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf stat = {0};
    char path[64];
    char *text = NULL;
    const char *state;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (hf_file_read(path, 4096, &stat) != HF_OK || hf_buf_text(&stat, &text) != HF_OK)
        return false;
    state = strrchr(text, ')');
    return state && state[1] && state[2] != 'Z';
}

/* End the process with a signal, and wait until it is gone. */
static inline void rig_kill(const struct rig *r, int signal)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    pid_t pid = rig_pid(r);

    CHECK(pid > 1);
    CHECK(kill(pid, signal) == 0);
    for (int i = 0; i < 10000 && rig_alive(pid); i++)
        (void)nanosleep(&pause, NULL);
    CHECK(!rig_alive(pid));
}

static inline int rig_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void rig_remove(struct rig *r)
{
    rig_disconnect(r, 0);
    rig_disconnect(r, 1);
    if (rig_pid(r))
        rig_kill(r, SIGTERM);
    (void)nftw(r->dir, rig_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void rig_file(const struct rig *r, const char *name, struct hf_buf *out)
{
    char path[600];

    (void)snprintf(path, sizeof(path), "%s/%s", r->state, name);
    hf_buf_free(out);
    OK(hf_file_read(path, 1 << 20, out));
}

static inline void rig_put(const struct rig *r, const char *name, struct hf_bytes bytes)
{
    char path[600];

    (void)snprintf(path, sizeof(path), "%s/%s", r->state, name);
    OK(hf_file_write_private(path, bytes));
}

#endif
