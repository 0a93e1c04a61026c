/*
 * One-shot commands from exec to exit, against tpm2-tools on the same swtpm, in turns; memory and the
 * embedded TPM's cold start.
 *
 *   bench_cli HOLDFAST FOLDER
 */
#include "bench.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ROUNDS = 40 };

/* Run a command line through no shell; microseconds, and its peak memory in KiB. */
static double run(const char *const *argv, long *peak_kb)
{
    posix_spawn_file_actions_t files;
    struct rusage usage;
    uint64_t start;
    double took;
    pid_t pid;
    int status = 0;

    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    start = hf_monotonic_ns();
    if (posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ) != 0) {
        (void)fprintf(stderr, "%s: cannot run\n", argv[0]);
        exit(1);
    }
    (void)wait4(pid, &status, 0, &usage);
    took = (double)(hf_monotonic_ns() - start) / 1000.0;
    (void)posix_spawn_file_actions_destroy(&files);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        (void)fprintf(stderr, "%s %s: failed with status 0x%x\n", argv[0], argv[1] ? argv[1] : "", (unsigned)status);
        exit(1);
    }
    if (peak_kb)
        *peak_kb = usage.ru_maxrss;
    return took;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL}, NULL)

static int have(const char *program)
{
    char line[300];

    (void)snprintf(line, sizeof(line), "command -v %s >/dev/null 2>&1", program);
    return system(line) == 0;
}

static void against_tools(const char *holdfast)
{
    static double ours[ROUNDS], theirs[ROUNDS], salted[ROUNDS], floor_exec[ROUNDS];
    const char *tcti = "swtpm:path=swtpm.sock";

    if (!have("swtpm") || !have("tpm2_sign")) {
        (void)printf("skipped: swtpm or tpm2-tools is not installed\n");
        return;
    }
    (void)mkdir("swtpm", 0700);
    shell("swtpm socket --tpm2 --tpmstate dir=\"$PWD/swtpm\" --server type=unixio,path=\"$PWD/swtpm.sock\" "
                 "--ctrl type=unixio,path=\"$PWD/swtpm.sock.ctrl\" --flags not-need-init,startup-clear --daemon --pid file=\"$PWD/swtpm.pid\"");
    (void)setenv("TPM2TOOLS_TCTI", tcti, 1);
    (void)RUN(holdfast, "--tpm", tcti, "tpm", "create", "--alg", "ecc-p256", "--out", "k.pem");
    (void)RUN("tpm2_load", "-r", "k.pem", "-c", "k.ctx");
    (void)RUN("tpm2_flushcontext", "-t");
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = RUN(holdfast, "--tpm", tcti, "tpm", "sign", "--key", "k.pem", "--in", "m", "--out", "s");
        theirs[i] = RUN("tpm2_sign", "-c", "k.ctx", "-g", "sha256", "-o", "s2", "m");
        (void)RUN("tpm2_flushcontext", "-t");
        /* the same protection: a session salted with a key of the TPM, which takes tpm2-tools three commands */
        salted[i] = RUN("tpm2_startauthsession", "--hmac-session", "-S", "s.ctx", "--tpmkey-context", "0x81000001");
        salted[i] += RUN("tpm2_sign", "-c", "k.ctx", "-p", "session:s.ctx", "-g", "sha256", "-o", "s2", "m");
        salted[i] += RUN("tpm2_flushcontext", "s.ctx");
        (void)RUN("tpm2_flushcontext", "-t");
        floor_exec[i] = RUN("/bin/true");
    }
    bench_fact("exec of nothing", bench_median(floor_exec, ROUNDS) / 1000, "ms");
    bench_fact("holdfast tpm sign (salted, encrypted, audited), one shot", bench_median(ours, ROUNDS) / 1000, "ms");
    bench_fact("tpm2_sign (password session), one shot", bench_median(theirs, ROUNDS) / 1000, "ms");
    bench_fact("tpm2-tools with a salted session, three commands", bench_median(salted, ROUNDS) / 1000, "ms");
    bench_fact("holdfast tpm sign: times faster than these", bench_median(salted, ROUNDS) / bench_median(ours, ROUNDS), "x");
    bench_row("holdfast tpm sign: times faster than tpm2_sign", bench_median(theirs, ROUNDS) / bench_median(ours, ROUNDS), "x", ">=", 5);
    shell("kill $(cat swtpm.pid)");
}

static void embedded(const char *holdfast)
{
    static double cold[ROUNDS], warm[ROUNDS];
    long peak = 0;
    long worst = 0;

    (void)setenv("HOLDFAST_TPM_IDLE_MS", "1", 1); /* the helper ends at once, so that each start is cold */
    for (int i = 0; i < ROUNDS / 4; i++) {
        char state[32];

        (void)snprintf(state, sizeof(state), "cold-%d", i);
        cold[i] = RUN(holdfast, "--tpm", "embedded", "--state", state, "tpm", "random", "--bytes", "8");
    }
    (void)unsetenv("HOLDFAST_TPM_IDLE_MS");
    bench_row("embedded TPM: first command on a machine, exec to exit", bench_median(cold, ROUNDS / 4) / 1000, "ms", "<=", 60);
    (void)RUN(holdfast, "--tpm", "embedded", "--state", "warm", "tpm", "create", "--alg", "ecc-p256", "--out", "e.pem");
    for (int i = 0; i < ROUNDS; i++) {
        const char *argv[] = {holdfast, "--tpm", "embedded", "--state", "warm", "tpm", "sign", "--key", "e.pem", "--in", "m", "--out", "s", NULL};

        warm[i] = run(argv, &peak);
        worst = peak > worst ? peak : worst;
    }
    bench_fact("embedded TPM: holdfast tpm sign, one shot", bench_median(warm, ROUNDS) / 1000, "ms");
    bench_row("command: peak resident memory", (double)worst / 1024, "MiB", "<=", 16);
}

int main(int argc, char **argv)
{
    FILE *m;

    if (argc != 3 || (mkdir(argv[2], 0700) != 0 && access(argv[2], W_OK) != 0) || chdir(argv[2]) != 0) {
        (void)fprintf(stderr, "usage: bench_cli HOLDFAST FOLDER\n");
        return 1;
    }
    shell("rm -rf cold-* warm swtpm state *.sock* *.pem *.ctx");
    (void)setenv("HOLDFAST_STATE", "state", 1);
    m = fopen("m", "w");
    if (!m || fputs("message\n", m) < 0 || fclose(m) != 0)
        return 1;
    against_tools(argv[1]);
    embedded(argv[1]);
    return 0;
}
