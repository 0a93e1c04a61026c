/* Authorization values: from a file, a descriptor, the environment, or a prompt without echo. */
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>

#define AUTH_MAX ((size_t)4096)

static struct termios terminal_before;
static volatile sig_atomic_t terminal_fd = -1;

/* Ctrl-C at the prompt: the terminal gets its echo back before the program ends by the signal. */
static void restore_and_end(int signal_number)
{
    if (terminal_fd >= 0)
        (void)tcsetattr(terminal_fd, TCSANOW, &terminal_before);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static hf_err echo_off(int fd)
{
    struct termios quiet;

    if (tcgetattr(fd, &terminal_before) != 0)
        return hf_fail_errno("terminal");
    quiet = terminal_before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    terminal_fd = fd;
    (void)signal(SIGINT, restore_and_end);
    (void)signal(SIGTERM, restore_and_end);
    (void)signal(SIGHUP, restore_and_end);
    (void)signal(SIGQUIT, restore_and_end);
    return tcsetattr(fd, TCSAFLUSH, &quiet) == 0 ? HF_OK : hf_fail_errno("terminal");
}

static void echo_on(int fd)
{
    (void)tcsetattr(fd, TCSANOW, &terminal_before);
    terminal_fd = -1;
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)signal(SIGHUP, SIG_DFL);
    (void)signal(SIGQUIT, SIG_DFL);
}

/* The descriptor's bytes up to its end, or up to the first newline; one newline at the end is dropped. */
static hf_err read_secret(int fd, const char *what, bool one_line, struct hf_secret **out)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *whole = NULL;
    uint8_t *place = NULL;
    size_t n = 0;

    HF_TRY(hf_secret_new_zero(AUTH_MAX + 1, &place, &whole));
    while (n <= AUTH_MAX) {
        ssize_t got = read(fd, place + n, one_line ? 1 : AUTH_MAX + 1 - n); /* a line: what follows is for others */

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return hf_fail_errno("%s", what);
        n += (size_t)got;
        if (got == 0 || (one_line && place[n - 1] == '\n')) {
            if (n && place[n - 1] == '\n')
                n--;
            return hf_secret_new((struct hf_bytes){place, n}, out);
        }
    }
    return hf_fail(HF_E_LIMIT, "%s holds more than %zu bytes", what, AUTH_MAX);
}

static hf_err from_prompt(const char *prompt, struct hf_secret **out)
{
    HF_CLEANUP(hf_fd_close) int tty = -1;
    hf_err err;

    if (!isatty(STDIN_FILENO))
        return read_secret(STDIN_FILENO, "standard input", true, out);
    tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0)
        return hf_fail_errno("/dev/tty");
    HF_TRY(hf_fd_write_all(tty, "/dev/tty", hf_bytes_text(prompt ? prompt : "Authorization value")));
    HF_TRY(hf_fd_write_all(tty, "/dev/tty", hf_bytes_text(": ")));
    err = echo_off(tty);
    if (err == HF_OK)
        err = read_secret(tty, "/dev/tty", true, out);
    echo_on(tty);
    (void)hf_fd_write_all(tty, "/dev/tty", hf_bytes_text("\n"));
    return err;
}

static hf_err from_file(const char *path, struct hf_secret **out)
{
    HF_CLEANUP(hf_fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    return fd < 0 ? hf_fail_errno("%s", path) : read_secret(fd, path, false, out);
}

static hf_err from_fd(const char *number, struct hf_secret **out)
{
    uint64_t fd = 0;

    HF_TRY(hf_text_u64(number, 1 << 20, "descriptor", &fd));
    return read_secret((int)fd, "the descriptor", false, out);
}

static hf_err from_env(const char *name, struct hf_secret **out)
{
    const char *value = getenv(name);

    if (!value)
        return hf_fail(HF_E_ARG, "the environment has no %.80s", name);
    if (strlen(value) > AUTH_MAX)
        return hf_fail(HF_E_LIMIT, "%.80s holds %zu bytes; at most %zu are read", name, strlen(value), AUTH_MAX);
    return hf_secret_new(hf_bytes_text(value), out);
}

/* A credential that systemd handed to the service (systemd.exec(5), LoadCredential=). */
static hf_err from_credential(const char *name, struct hf_secret **out)
{
    const char *folder = secure_getenv("CREDENTIALS_DIRECTORY");
    HF_CLEANUP(hf_fd_close) int dir = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    HF_CLEANUP(hf_fd_close) int fd = -1;

    if (!folder)
        return hf_fail(HF_E_ARG, "credential:%.80s: no credentials were handed over (CREDENTIALS_DIRECTORY)", name);
    if (dir < 0)
        return hf_fail_errno("%s", folder);
    HF_TRY(hf_open_beneath(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0, &fd));
    return read_secret(fd, name, false, out);
}

hf_err hf_cli_auth(const char *spec, const char *prompt, struct hf_secret **out)
{
    if (!spec) {
        *out = NULL;
        return HF_OK;
    }
    if (strcmp(spec, "-") == 0)
        return from_prompt(prompt, out);
    if (strncmp(spec, "file:", 5) == 0)
        return from_file(spec + 5, out);
    if (strncmp(spec, "fd:", 3) == 0)
        return from_fd(spec + 3, out);
    if (strncmp(spec, "env:", 4) == 0)
        return from_env(spec + 4, out);
    if (strncmp(spec, "credential:", 11) == 0)
        return from_credential(spec + 11, out);
    return hf_fail(HF_E_ARG, "an authorization value is given as file:PATH, fd:N, env:NAME, credential:NAME or -");
}
