/*
 * Judging, against OpenSSL's bare signature check of the same kind in the same run: warm (chain, keys and collateral
 * seen before) and cold (nothing seen); what surrounds the signature; two threads; the command; many files.
 *
 *   bench_verify HOLDFAST MAKE_EVIDENCE FOLDER [kinds | around | threads | files]
 *
 * Rates are of processor time, so that what else the machine does counts for neither side.
 */
#include "verify_subject.h"

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { ROUNDS = 9, SLICE_MS = 40 };

/* Calls per second of processor time, over one slice. */
static double rate(void (*call)(void *arg), void *arg)
{
    double start = cpu_s(), prepared = prepared_s, took = 0;
    unsigned long n = 0;

    while (took < SLICE_MS / 1000.0) {
        for (int i = 0; i < 4; i++, n++)
            call(arg);
        took = cpu_s() - start - (prepared_s - prepared);
    }
    return (double)n / took;
}

/* How fast one is beside the other, in turns: the median of the ratios; the median rates, if wanted. */
static double beside(void (*call)(void *arg), void *arg, void (*bare)(void *arg), void *bare_arg, double *rate_out,
                     double *bare_out)
{
    double ratios[ROUNDS], ours[ROUNDS], theirs[ROUNDS];

    for (int i = 0; i < ROUNDS; i++) {
        theirs[i] = rate(bare, bare_arg);
        ours[i] = rate(call, arg);
        ratios[i] = ours[i] / theirs[i];
    }
    if (rate_out)
        *rate_out = bench_median(ours, ROUNDS);
    if (bare_out)
        *bare_out = bench_median(theirs, ROUNDS);
    return bench_median(ratios, ROUNDS);
}

static void row(const char *what, struct subject *s, void (*call)(void *arg), const char *relation, double target)
{
    double ours = 0, bare = 0;
    double ratio = beside(call, s, bare_verify, s->bare, &ours, &bare);
    char name[96];

    (void)snprintf(name, sizeof(name), "%s: %.0f/s beside %.0f/s", what, ours, bare);
    bench_row(name, ratio, "x", relation, target);
}

/* ---- kinds ---- */

static void kinds(void)
{
    struct subject s;

    subject_intel(&s, false);
    row("SGX, AK seen", &s, judge_warm, ">=", 0.85);
    row("SGX, new AK", &s, judge_new_ak, ">=", 0.40);
    row("SGX, cold", &s, judge_cold, ">=", 0.08);
    subject_free(&s);
    subject_intel(&s, true);
    row("TDX, AK seen", &s, judge_warm, ">=", 0.85);
    row("TDX, new AK", &s, judge_new_ak, ">=", 0.40);
    row("TDX, cold", &s, judge_cold, ">=", 0.08);
    subject_free(&s);
    for (int fast = 0; fast <= hf_p384_available(); fast++) {
        hf_p384_use(fast);
        subject_snp(&s);
        row(fast ? "SNP, warm, fast P-384" : "SNP, warm, OpenSSL's P-384", &s, judge_warm, ">=", fast ? 1.75 : 0.95);
        row(fast ? "SNP, cold, fast P-384" : "SNP, cold, OpenSSL's P-384", &s, judge_cold, ">=", 0.60);
        subject_free(&s);
        subject_nitro(&s);
        row(fast ? "Nitro, same leaf, fast P-384" : "Nitro, same leaf, OpenSSL's P-384", &s, judge_warm, ">=",
            fast ? 1.75 : 0.95);
        row(fast ? "Nitro, cold, fast P-384" : "Nitro, cold, OpenSSL's P-384", &s, judge_cold, ">=", 0.18);
        subject_free(&s);
    }
    subject_tpm(&s);
    row("TPM quote, RSA-2048, by its parts", &s, judge_quote, ">=", 0.80);
    bench_fact("TPM quote, RSA-2048, in its JSON envelope", beside(judge_warm, &s, bare_verify, s.bare, NULL, NULL), "x");
    subject_free(&s);
}

/* What a verdict costs beside its one signature: parsing, all other checks, a policy. */
static void around(void)
{
    struct subject s;
    double ours[ROUNDS], bare[ROUNDS];

    subject_intel(&s, false);
    MUST(hf_verifier_set_policy(s.verifier, POLICY));
    judge_warm(&s);
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = 1e6 / rate(judge_warm, &s);
        bare[i] = 1e6 / rate(our_verify, s.bare);
    }
    bench_row("parsing, checks and policy of an SGX quote", bench_median(ours, ROUNDS) - bench_median(bare, ROUNDS),
              "us", "<=", 10);
    subject_free(&s);
}

/* ---- two threads ---- */

struct runner {
    struct subject *s;
    struct hf_verifier *verifier;
    uint64_t until;
    uint64_t n;
};

static void *run_thread(void *arg)
{
    struct runner *r = arg;
    struct hf_verify_result *result = NULL;

    MUST(hf_verify_result_new(&result));
    while (hf_monotonic_ms() < r->until) {
        for (int i = 0; i < 16; i++, r->n++)
            judge_with(r->s, r->verifier, result);
    }
    hf_verify_result_free(&result);
    return NULL;
}

static double threads_rate(struct subject *s, unsigned n)
{
    struct runner r[2] = {{0}, {0}};
    pthread_t thread[2];
    uint64_t start = hf_monotonic_ms(), all = 0, took;

    for (unsigned i = 0; i < n; i++) {
        r[i] = (struct runner){.s = s, .until = start + 400};
        MUST(hf_verifier_beside(s->verifier, &r[i].verifier));
        if (pthread_create(&thread[i], NULL, run_thread, &r[i]) != 0)
            exit(1);
    }
    for (unsigned i = 0; i < n; i++) {
        (void)pthread_join(thread[i], NULL);
        all += r[i].n;
        hf_verifier_free(&r[i].verifier);
    }
    took = hf_monotonic_ms() - start;
    return (double)all * 1000.0 / (double)took;
}

static void two_threads(void)
{
    double ratios[5];
    struct subject s;

    subject_intel(&s, false);
    for (size_t i = 0; i < 5; i++) {
        double one = threads_rate(&s, 1);

        ratios[i] = threads_rate(&s, 2) / one;
    }
    bench_row("two threads beside one", bench_median(ratios, 5), "x", ">=", 1.9);
    subject_free(&s);
}

/* ---- the command ---- */

static double processor_s(const struct rusage *u)
{
    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) + (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

/* Run it; milliseconds of wall, and processor time and peak memory of it and its workers. */
static double command(const char *const *argv, double *cpu, long *peak_kb)
{
    posix_spawn_file_actions_t files;
    struct rusage before, usage;
    uint64_t start;
    pid_t pid;
    int status = 0;

    (void)getrusage(RUSAGE_CHILDREN, &before);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    (void)posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    start = hf_monotonic_ns();
    if (posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
        exit(1);
    (void)waitpid(pid, &status, 0);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)getrusage(RUSAGE_CHILDREN, &usage);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 3) { /* without nonces the answer is a warning */
        (void)fprintf(stderr, "%s %s: status 0x%x\n", argv[0], argv[1], (unsigned)status);
        exit(1);
    }
    *cpu = processor_s(&usage) - processor_s(&before);
    *peak_kb = usage.ru_maxrss;
    return (double)(hf_monotonic_ns() - start) / 1e6;
}

static void cold_command(const char *holdfast, const char *folder)
{
    static double took[40];
    char quote[1100], collateral[1100], root[1100];
    const char *const argv[] = {holdfast,       "verify",   quote,  "--root", root,
                                "--collateral", collateral, "--at", AT,       NULL};
    double cpu = 0;
    long peak = 0;

    (void)snprintf(quote, sizeof(quote), "%s/evidence/0/0.quote", folder);
    (void)snprintf(collateral, sizeof(collateral), "%s/sgx", folder);
    (void)snprintf(root, sizeof(root), "%s/sgx-root.der", folder);
    for (size_t i = 0; i < 40; i++)
        took[i] = command(argv, &cpu, &peak);
    bench_row("holdfast verify of an SGX quote, exec to exit", bench_median(took, 40), "ms", "<=", 25);
}

/* The library over the same files in the same way: read, judge. Seconds of processor time for each. */
static double library_cost(const char *folder)
{
    struct hf_verify_result *result = NULL;
    struct hf_verifier *verifier = NULL;
    struct hf_buf file = {0};
    unsigned n = 0;
    double start;

    verifier_of_folder(folder, &verifier);
    MUST(hf_verify_result_new(&result));
    start = cpu_s();
    for (unsigned turn = 0; turn < 10; turn++) {
        for (unsigned i = 0; i < 1000; i++, n++) {
            char path[1100];
            struct hf_bytes view;
            struct hf_verify_request q = {.evidence = &view, .n_evidence = 1, .at = strtoll(AT, NULL, 10)};

            (void)snprintf(path, sizeof(path), "%s/evidence/0/%u.quote", folder, i);
            file.n = 0;
            MUST(hf_file_read(path, (size_t)1 << 20, &file));
            view = hf_buf_bytes(&file);
            if (hf_verify(verifier, &q, result) != HF_E_WARNED)
                exit(1);
        }
    }
    start = (cpu_s() - start) / n;
    hf_buf_free(&file);
    hf_verify_result_free(&result);
    hf_verifier_free(&verifier);
    return start;
}

static void batch(const char *holdfast, const char *folder)
{
    char evidence[1100], collateral[1100], root[1100];
    const char *const argv[] = {holdfast,       "verify-batch", evidence, "--root", root,
                                "--collateral", collateral,     "--at",   AT,       NULL};
    double cpu = 0, wall, before, after;
    long peak = 0;

    (void)snprintf(evidence, sizeof(evidence), "%s/evidence", folder);
    (void)snprintf(collateral, sizeof(collateral), "%s/sgx", folder);
    (void)snprintf(root, sizeof(root), "%s/sgx-root.der", folder);
    before = library_cost(folder);
    wall = command(argv, &cpu, &peak);
    after = library_cost(folder);
    bench_fact("100,000 SGX quotes with verify-batch", wall / 1000, "s");
    bench_row("  its rate beside the library's over the same files", (before + after) / 2 * 100000 / cpu, "x",
              ">=", 0.9);
    bench_row("  memory of its largest process", (double)peak / 1024, "MiB", "<=", 64);
}

static void files(const char *holdfast, const char *make, const char *folder)
{
    char line[2300];

    (void)snprintf(line, sizeof(line), "rm -rf '%s' && mkdir -p '%s/state' && chmod 700 '%s/state'", folder, folder,
                   folder);
    shell(line);
    (void)snprintf(line, sizeof(line), "%s/state", folder);
    (void)setenv("HOLDFAST_STATE", line, 1);
    (void)snprintf(line, sizeof(line), "'%s' '%s' 100000", make, folder);
    shell(line);
    cold_command(holdfast, folder);
    batch(holdfast, folder);
    (void)snprintf(line, sizeof(line), "rm -rf '%s'", folder);
    shell(line);
}

static int asked(int argc, char **argv, const char *part)
{
    return argc < 5 || strcmp(argv[4], part) == 0;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        (void)fprintf(stderr, "usage: bench_verify HOLDFAST MAKE_EVIDENCE FOLDER [kinds | around | threads | files]\n");
        return 64;
    }
    if (asked(argc, argv, "kinds"))
        kinds();
    if (asked(argc, argv, "around"))
        around();
    if (asked(argc, argv, "threads"))
        two_threads();
    if (asked(argc, argv, "files"))
        files(argv[1], argv[2], argv[3]);
    return 0;
}
