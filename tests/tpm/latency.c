/*
 * What the embedded TPM costs over libtpms in process: start, a short command, a swap, a durable write.
 *
 *     latency [ROUNDS]
 *
 * Medians of one run, so that the numbers compare.
 */
#include "embedded_rig.h"

#include "tpm/rm.h"
#include "tpm/tpm_inproc.h"

#include <stdlib.h>

static const struct hf_bytes no_policy = {0};

static hf_err run_raw(void *who, struct hf_bytes command, struct hf_tpm_reply *reply)
{
    struct hf_tpm_transport *t = who;

    return t->ops->transact(t, command, 60000, reply);
}

static hf_err run_client(void *who, struct hf_bytes command, struct hf_tpm_reply *reply)
{
    return hf_rm_transact(who, command, 60000, reply);
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void report(const char *name, uint64_t *ns, size_t n)
{
    qsort(ns, n, sizeof(*ns), ascending);
    (void)printf("%-44s median %9.1f us  min %9.1f us\n", name, (double)ns[n / 2] / 1000, (double)ns[0] / 1000);
}

static void get_random(struct tpm_user *u)
{
    cmd(u, TPM2_ST_NO_SESSIONS, TPM2_CC_GetRandom);
    hf_wr_u16be(&u->w, 32);
    CHECK(go(u) == 0);
}

static void measure_random(const char *name, struct tpm_user *u, uint64_t *ns, size_t rounds)
{
    for (size_t i = 0; i < rounds; i++) {
        uint64_t start = hf_monotonic_ns();

        get_random(u);
        ns[i] = hf_monotonic_ns() - start;
    }
    report(name, ns, rounds);
}

static void measure_unseal(const char *name, struct tpm_user *u, size_t objects, uint64_t *ns, size_t rounds)
{
    uint32_t handle[4] = {0};
    char got[64];

    for (size_t i = 0; i < objects; i++)
        CHECK(sealed(u, TPM2_RH_OWNER, "", true, no_policy, "content", &handle[i]) == 0);
    for (size_t i = 0; i < rounds; i++) {
        uint64_t start = hf_monotonic_ns();

        CHECK(unseal(u, handle[i % objects], "", got) == 0);
        ns[i] = hf_monotonic_ns() - start;
    }
    for (size_t i = 0; i < objects; i++)
        CHECK(flush(u, handle[i]) == 0);
    report(name, ns, rounds);
}

static void measure_inproc(uint64_t *ns, size_t rounds)
{
    struct hf_tpm_transport *t = NULL;
    struct hf_rm *rm = NULL;
    struct hf_rm_client *c = NULL;
    static struct tpm_user raw;
    static struct tpm_user managed;

    OK(hf_tpm_inproc_ops.open(&(struct hf_tpm_where){0}, &t));
    raw.run = run_raw;
    raw.who = t;
    measure_random("GetRandom 32, libtpms in process", &raw, ns, rounds);
    measure_unseal("Unseal, libtpms in process", &raw, 1, ns, rounds);
    OK(hf_rm_open(t, &rm));
    OK(hf_rm_client_open(rm, &c));
    managed.run = run_client;
    managed.who = c;
    measure_random("GetRandom 32, manager in process", &managed, ns, rounds);
    measure_unseal("Unseal, manager in process, loaded", &managed, 1, ns, rounds);
    measure_unseal("Unseal, manager in process, swapped each time", &managed, 4, ns, rounds);
    hf_rm_client_close(&c);
    hf_rm_close(&rm);
    t->ops->close(&t);
}

static void measure_start(struct rig *r, bool cold, uint64_t *ns)
{
    for (size_t i = 0; i < 21; i++) {
        uint64_t start;

        if (cold)
            rig_make(r);
        start = hf_monotonic_ns();
        OK(rig_connect(r, 0));
        get_random(&r->a);
        ns[i] = hf_monotonic_ns() - start;
        if (cold)
            rig_remove(r);
        else {
            rig_disconnect(r, 0);
            rig_kill(r, SIGTERM);
        }
    }
    report(cold ? "exec to first answer, manufacturing" : "exec to first answer, from state", ns, 21);
}

static long rss_kb(pid_t pid)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf status = {0};
    char path[64];
    char *text = NULL;
    const char *at;

    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    OK(hf_file_read(path, 65536, &status));
    OK(hf_buf_text(&status, &text));
    at = strstr(text, "VmRSS:");
    return at ? strtol(at + 6, NULL, 10) : 0;
}

int main(int argc, char **argv)
{
    size_t rounds = argc > 1 ? (size_t)atol(argv[1]) : 20000;
    uint64_t *ns = calloc(rounds < 100 ? 100 : rounds, sizeof(*ns));
    static struct rig r;

    CHECK(ns != NULL);
    measure_inproc(ns, rounds);
    measure_start(&r, true, ns);
    rig_make(&r);
    measure_start(&r, false, ns);
    OK(rig_connect(&r, 0));
    measure_random("GetRandom 32, embedded", &r.a, ns, rounds);
    measure_unseal("Unseal, embedded, loaded", &r.a, 1, ns, rounds);
    measure_unseal("Unseal, embedded, swapped each time", &r.a, 4, ns, rounds);
    CHECK(nv_define(&r.a, 0x01800001, NV_COUNTER, 8) == 0);
    for (size_t i = 0; i < 100; i++) {
        uint64_t start = hf_monotonic_ns();

        CHECK(nv_increment(&r.a, 0x01800001) == 0);
        ns[i] = hf_monotonic_ns() - start;
    }
    report("NV_Increment, embedded, durable", ns, 100);
    (void)printf("%-44s %ld kB\n", "resident memory of the process", rss_kb(rig_pid(&r)));
    rig_remove(&r);
    free(ns);
    return 0;
}
