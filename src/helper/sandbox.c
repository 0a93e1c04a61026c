/* What the helper gives up before it serves. */
#include "helper/sandbox.h"
#include "base/bytes.h"
#include "base/log.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#if HF_WITH_SECCOMP
#include <seccomp.h>
#include <sys/socket.h>
#endif

#define DESCRIPTORS_MAX 320u /* 256 clients and what the helper itself has */

hf_err hf_sandbox_prepare(void)
{
    const struct rlimit none = {0, 0};
    struct rlimit files = {0, 0};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return hf_fail_errno("PR_SET_NO_NEW_PRIVS");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return hf_fail_errno("PR_SET_DUMPABLE");
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return hf_fail_errno("RLIMIT_CORE");
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return hf_fail_errno("RLIMIT_NOFILE");
    if (files.rlim_max == RLIM_INFINITY || files.rlim_max > DESCRIPTORS_MAX)
        files.rlim_max = DESCRIPTORS_MAX;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        return hf_fail_errno("RLIMIT_NOFILE");
    return HF_OK;
}

hf_err hf_sandbox_descriptors(uint32_t a, int b, int c)
{
    unsigned from = 3;
    unsigned keep[3] = {a, (unsigned)b, (unsigned)c};

    for (size_t i = 0; i < HF_COUNT(keep); i++) { /* ascending */
        for (size_t k = i + 1; k < HF_COUNT(keep); k++) {
            unsigned larger = keep[i];

            if (keep[k] < larger) {
                keep[i] = keep[k];
                keep[k] = larger;
            }
        }
    }
    for (size_t i = 0; i < HF_COUNT(keep); i++) {
        if (keep[i] < from)
            continue;
        if (keep[i] > from && close_range(from, keep[i] - 1, 0) != 0)
            return hf_fail_errno("close_range");
        from = keep[i] + 1;
    }
    return close_range(from, ~0u, 0) == 0 ? HF_OK : hf_fail_errno("close_range");
}

#if HF_WITH_SECCOMP
/* A list of what is refused: the helper's own needs are libc's and libcrypto's business, which change
 * with their versions; what a captured helper would want does not. */
static const int refused[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(connect),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(chroot),
    SCMP_SYS(pivot_root),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(sethostname),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(clock_settime),
    SCMP_SYS(settimeofday),
};

static int fill(scmp_filter_ctx ctx)
{
    const struct scmp_arg_cmp not_unix = {.arg = 0, .op = SCMP_CMP_NE, .datum_a = AF_UNIX};
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < HF_COUNT(refused); i++)
        rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
    if (rc == 0)
        rc = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1, &not_unix);
    return rc == 0 ? seccomp_load(ctx) : rc;
}

hf_err hf_sandbox_enter(void)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    int rc = ctx ? fill(ctx) : -ENOMEM;

    if (ctx)
        seccomp_release(ctx);
    if (rc == 0)
        return HF_OK;
    hf_log(HF_LOG_WARNING, "tpm.sandbox", "seccomp=%d", rc);
    return HF_OK;
}
#else
hf_err hf_sandbox_enter(void)
{
    hf_log(HF_LOG_NOTICE, "tpm.sandbox", "seccomp=not in this build");
    return HF_OK;
}
#endif
