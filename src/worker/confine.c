/* Confinement of a worker: rlimits, landlock, seccomp. */
#include "worker/confine.h"

#include <errno.h>
#include <linux/landlock.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#if HF_WITH_SECCOMP
#include <seccomp.h>
#endif

/* A sanitizer maps terabytes, and what it finds must be told somewhere. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static hf_err limit(int what, rlim_t value, const char *name)
{
    const struct rlimit both = {value, value};

    return setrlimit((__rlimit_resource_t)what, &both) == 0 ? HF_OK : hf_fail_errno("%s", name);
}

static hf_err limits_set(const struct hf_confinement *limits)
{
    HF_TRY(limit(RLIMIT_CORE, 0, "RLIMIT_CORE"));
    HF_TRY(limit(RLIMIT_FSIZE, 0, "RLIMIT_FSIZE"));
    HF_TRY(limit(RLIMIT_NOFILE, 0, "RLIMIT_NOFILE"));
    HF_TRY(limit(RLIMIT_MEMLOCK, 0, "RLIMIT_MEMLOCK"));
    if (limits->cpu_s)
        HF_TRY(limit(RLIMIT_CPU, limits->cpu_s, "RLIMIT_CPU"));
    return SANITIZED ? HF_OK : limit(RLIMIT_AS, limits->memory, "RLIMIT_AS");
}

/* Every descriptor but this one. */
static hf_err close_others(int fd)
{
    unsigned from = SANITIZED ? 3 : 0, keep = (unsigned)fd;

    if (keep > from && close_range(from, keep - 1, 0) != 0)
        return hf_fail_errno("close_range");
    return close_range(keep + 1, ~0u, 0) == 0 ? HF_OK : hf_fail_errno("close_range");
}

/* No file may be opened, made or removed beneath any folder. false where the kernel has no landlock. */
static bool landlock(void)
{
    const struct landlock_ruleset_attr none = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
                             LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                             LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                             LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                             LANDLOCK_ACCESS_FS_MAKE_SYM};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &none, sizeof(none), 0);
    bool done = rules >= 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;

    if (rules >= 0)
        (void)close(rules);
    return done;
}

#if HF_WITH_SECCOMP
/* All that judging needs: its socket, memory that cannot be executed, and its end. Everything else is EPERM. */
static int fill(scmp_filter_ctx ctx, int fd)
{
    static const int free_of_rules[] = {
        SCMP_SYS(munmap),       SCMP_SYS(brk),  SCMP_SYS(madvise),    SCMP_SYS(futex), SCMP_SYS(getrandom),
        SCMP_SYS(rt_sigreturn), SCMP_SYS(exit), SCMP_SYS(exit_group),
    };
    const struct scmp_arg_cmp our_socket = {0, SCMP_CMP_EQ, (scmp_datum_t)fd, 0};
    const struct scmp_arg_cmp no_code = {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0};
    const struct scmp_arg_cmp no_file = {3, SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS};
    const struct scmp_arg_cmp map[] = {no_code, no_file};
    const struct scmp_arg_cmp our_stderr = {0, SCMP_CMP_EQ, STDERR_FILENO, 0};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < HF_COUNT(free_of_rules); i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, free_of_rules[i], 0);
    if (rc == 0)
        rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, &our_socket);
    if (rc == 0)
        rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, &our_socket);
    if (rc == 0)
        rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, map);
    if (rc == 0)
        rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_code);
    if (rc == 0)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mremap), 0);
    if (rc == 0 && SANITIZED)
        rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, &our_stderr);
    if (rc == 0 && SANITIZED)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(sigaltstack), 0);
    return rc == 0 ? seccomp_load(ctx) : rc;
}

static bool filter(int fd)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool done = ctx && fill(ctx, fd) == 0;

    if (ctx)
        seccomp_release(ctx);
    return done;
}
#else
static bool filter(int fd)
{
    (void)fd;
    return false;
}
#endif

/* Handlers and masks were made for the parent. A terminal's interrupt is the parent's to answer. */
static void signals_reset(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL); /* not of every number: those fail, and are none the worse for it */
    (void)signal(SIGINT, SIG_IGN);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

hf_err hf_confine(int fd, pid_t parent, const struct hf_confinement *limits, unsigned *parts)
{
    unsigned held = 0;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return hf_fail_errno("PR_SET_PDEATHSIG");
    if (getppid() != parent)
        return hf_fail(HF_E_UNAVAILABLE, "the parent is gone");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return hf_fail_errno("PR_SET_NO_NEW_PRIVS");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return hf_fail_errno("PR_SET_DUMPABLE");
    signals_reset();
    HF_TRY(close_others(fd));
    if (landlock())
        held |= HF_CONFINED_LANDLOCK;
    HF_TRY(limits_set(limits));
    if (filter(fd))
        held |= HF_CONFINED_SECCOMP;
    *parts = held;
    return HF_OK;
}
