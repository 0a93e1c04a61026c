/* Starting the process of the embedded TPM, and running it for an import or export. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "tpm/embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define SAID_MAX 1024 /* bytes of "ok" or of a failure */

extern char **environ;

static bool runs(const char *path)
{
    return access(path, X_OK) == 0;
}

hf_err hf_embedded_helper(char **out)
{
    /* beside the program, where an installation puts it, where a build puts it */
    static const char *const near[] = {"", "../libexec/holdfast/", "../helper/"};
    const char *named = secure_getenv("HOLDFAST_TPM_HELPER");
    char self[PATH_MAX];
    char path[PATH_MAX + 64];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (named && named[0])
        return runs(named) ? hf_strdup(named, out)
                           : hf_fail(HF_E_CONFIG, "HOLDFAST_TPM_HELPER is %s, which is no program", named);
    if (n > 0) {
        const char *folder;

        self[n] = 0;
        folder = dirname(self);
        for (size_t i = 0; i < HF_COUNT(near); i++) {
            (void)snprintf(path, sizeof(path), "%s/%sholdfast-tpm", folder, near[i]);
            if (runs(path))
                return hf_strdup(path, out);
        }
    }
    if (runs(HF_LIBEXECDIR "/holdfast-tpm"))
        return hf_strdup(HF_LIBEXECDIR "/holdfast-tpm", out);
    return hf_fail(HF_E_UNAVAILABLE,
                   "the program holdfast-tpm is missing: neither beside this program nor in " HF_LIBEXECDIR
                   "; HOLDFAST_TPM_HELPER may name it");
}

/* Run the helper with descriptor 3 as the pipe it speaks through. */
static hf_err spawn(char *const argv[], int said, pid_t *out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none;
    int rc;

    (void)sigemptyset(&none);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return hf_fail(HF_E_MEMORY, "no memory to start holdfast-tpm");
    if (posix_spawnattr_init(&attr) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return hf_fail(HF_E_MEMORY, "no memory to start holdfast-tpm");
    }
    rc = posix_spawn_file_actions_adddup2(&actions, said, 3);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_RDWR, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_RDWR, 0);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(&attr, &none);
    if (rc == 0)
        rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    if (rc == 0)
        rc = posix_spawn(out, argv[0], &actions, &attr, argv, environ);
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&actions);
    errno = rc;
    return rc == 0 ? HF_OK : hf_fail_errno("%s", argv[0]);
}

/* Everything the helper says until it closes the pipe. */
static hf_err listen_to(int fd, char said[SAID_MAX])
{
    uint64_t deadline = hf_monotonic_ms() + HF_EMBEDDED_START_MS;
    size_t n = 0;

    for (;;) {
        uint64_t now = hf_monotonic_ms();
        struct pollfd p = {.fd = fd, .events = POLLIN};
        ssize_t got;

        if (now >= deadline)
            return hf_fail(HF_E_TIMEOUT, "holdfast-tpm did not start within %u ms", HF_EMBEDDED_START_MS);
        if (poll(&p, 1, (int)(deadline - now)) <= 0)
            continue;
        got = read(fd, said + n, SAID_MAX - 1 - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    said[n] = 0;
    return HF_OK;
}

/* "ok", or "HF_E_NAME detail". */
static hf_err understand(const char *said)
{
    if (strcmp(said, "ok") == 0)
        return HF_OK;
    for (int i = 1; i < HF_ERR_COUNT; i++) {
        const char *name = hf_err_name((hf_err)i);
        size_t n = strlen(name);

        if (strncmp(said, name, n) == 0 && said[n] == ' ')
            return hf_fail((hf_err)i, "%s", said + n + 1);
    }
    return hf_fail(HF_E_UNAVAILABLE, "holdfast-tpm ended without a word");
}

static hf_err run_helper(char *const argv[])
{
    HF_CLEANUP(hf_fd_close) int ours = -1;
    HF_CLEANUP(hf_fd_close) int theirs = -1;
    char said[SAID_MAX];
    int ends[2];
    pid_t pid = 0;
    hf_err err;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return hf_fail_errno("pipe");
    ours = ends[0];
    theirs = ends[1];
    if (theirs == 3) { /* dup2 onto itself would keep close-on-exec */
        theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, 4);
        hf_fd_close(&ends[1]);
        if (theirs < 0)
            return hf_fail_errno("dup");
    }
    HF_TRY(spawn(argv, theirs, &pid));
    hf_fd_close(&theirs);
    err = listen_to(ours, said);
    if (err == HF_E_TIMEOUT)
        (void)kill(pid, SIGTERM);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return err == HF_OK ? understand(said) : err;
}

hf_err hf_embedded_start(const char *dir)
{
    HF_CLEANUP(hf_free) char *helper = NULL;
    HF_CLEANUP(hf_free) char *state = NULL;
    char ready[] = "--ready-fd=3";
    char option[] = "--state";

    HF_TRY(hf_embedded_helper(&helper));
    HF_TRY(hf_strdup(dir, &state));
    return run_helper((char *const[]){helper, ready, option, state, NULL});
}

static hf_err transfer(const struct hf_tpm_where *where, const char *verb, const char *file, bool replace)
{
    HF_CLEANUP(hf_free) char *helper = NULL;
    HF_CLEANUP(hf_free) char *dir = NULL;
    HF_CLEANUP(hf_free) char *path = NULL;
    HF_CLEANUP(hf_free) char *option = NULL;
    char ready[] = "--ready-fd=3";
    char state[] = "--state";
    char over[] = "--replace";

    HF_TRY(hf_embedded_helper(&helper));
    HF_TRY(hf_embedded_dir(where, &dir));
    HF_TRY(hf_strdup(verb, &option));
    HF_TRY(hf_strdup(file, &path));
    return run_helper((char *const[]){helper, ready, state, dir, option, path, replace ? over : NULL, NULL});
}

hf_err hf_embedded_import_swtpm(const struct hf_tpm_where *where, const char *file, bool replace)
{
    return transfer(where, "--import-swtpm", file, replace);
}

hf_err hf_embedded_export_swtpm(const struct hf_tpm_where *where, const char *file)
{
    return transfer(where, "--export-swtpm", file, false);
}
