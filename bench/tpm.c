/*
 * What our layer adds to the TPM's own time. Each command is built, salted, encrypted, HMAC-checked and
 * decrypted as always; the time spent waiting for the TPM is measured inside the same run (the same bytes
 * into libtpms, or through the helper), and the rest is ours.
 */
#include "base/cleanup.h"
#include "bench.h"
#include "tpm/key.h"
#include "tpm/tpm_inproc.h"

#include <holdfast/key.h>
#include <pthread.h>
#include <string.h>

enum { RUNS = 2000 };

/* Under the resource manager, right above libtpms: how long the TPM itself takes, by command. */
static struct hf_tpm_transport *bottom;
static uint64_t floor_ns;      /* of all commands */
static uint64_t floor_sign_ns; /* of TPM2_Sign alone */

static hf_err floor_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms, struct hf_tpm_reply *reply)
{
    uint64_t start = hf_monotonic_ns();
    hf_err err = bottom->ops->transact(bottom, command, timeout_ms, reply);
    uint64_t took = hf_monotonic_ns() - start;

    (void)t;
    floor_ns += took;
    if ((command.p[8] << 8 | command.p[9]) == (int)(TPM2_CC_Sign & 0xffff))
        floor_sign_ns += took;
    return err;
}

static void floor_close(struct hf_tpm_transport **t)
{
    *t = NULL;
    hf_tpm_transport_close(&bottom);
}

static const struct hf_tpm_transport_ops floor_ops = {.scheme = "floor", .transact = floor_transact, .close = floor_close};
static struct hf_tpm_transport floor_transport = {.ops = &floor_ops, .kind = HF_TPM_KIND_EMULATED};

struct subject {
    struct hf_tpm *tpm;
    struct hf_tpm_key *sign, *sealed;
    struct hf_buf out;
};

static void do_random(struct subject *s)
{
    MUST(hf_tpm_random(s->tpm, 32, &s->out));
}

static void do_sign(struct subject *s)
{
    MUST(hf_tpm_sign(s->sign, hf_bytes_text("message"), 0, 0, &s->out));
}

static void do_unseal(struct subject *s)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = NULL;

    MUST(hf_tpm_unseal(s->sealed, &secret));
}

static void do_extend(struct subject *s)
{
    struct hf_tpm_entity pcr = hf_tpm_entity_plain(16);
    struct hf_tpm_call c;
    uint8_t digest[32] = {1};

    MUST(hf_tpm_call_start(&c, TPM2_CC_PCR_Extend));
    hf_tpm_call_handle(&c, &pcr, NULL);
    hf_wr_u32be(&c.w, 1);
    hf_wr_u16be(&c.w, TPM2_ALG_SHA256);
    hf_wr_bytes(&c.w, HF_BYTES_OF(digest));
    MUST(hf_tpm_call_run(s->tpm, &c));
}

/* Load alone: the object is flushed by the next round, outside the measurement. */
static void do_load(struct subject *s)
{
    struct hf_tpm_entity entity = {0};

    MUST(hf_tpm_take(s->tpm));
    MUST(hf_tpm_key_ready(s->sign, &entity));
    hf_tpm_give(s->tpm);
}

static void flush_key(struct subject *s)
{
    if (s->sign->handle)
        hf_tpm_flush(s->tpm, s->sign->handle);
    s->sign->handle = 0;
}

static const struct {
    const char *name;
    void (*run)(struct subject *s);
    void (*before)(struct subject *s);
    double ratio; /* the whole may be at most this many times the TPM's own time; 0: no such target */
} commands[] = {
    {"GetRandom 32", do_random, NULL, 0},
    {"PCR_Extend", do_extend, NULL, 0},
    {"Unseal 32 bytes", do_unseal, NULL, 0},
    {"Sign P-256", do_sign, NULL, 1.1},
    {"Load P-256", do_load, flush_key, 1.5},
};

static void prepare(struct hf_tpm *tpm, struct subject *s)
{
    HF_CLEANUP(hf_secret_free) struct hf_secret *secret = NULL;
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};
    uint8_t bytes[32] = {7};

    s->tpm = tpm;
    MUST(hf_secret_new(HF_BYTES_OF(bytes), &secret));
    MUST(hf_tpm_generate_key_pair(tpm, NULL, &spec, &s->sign));
    MUST(hf_tpm_seal(tpm, NULL, secret, NULL, &s->sealed));
}

static void done(struct subject *s)
{
    hf_tpm_key_close(&s->sign);
    hf_tpm_key_close(&s->sealed);
    hf_buf_free(&s->out);
}

/* Median overhead and total of each command; budget_us bounds the overhead. */
static void overheads(struct hf_tpm *tpm, const char *where, double budget_us, bool ratios)
{
    struct subject s = {0};

    prepare(tpm, &s);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        static double total[RUNS], ours[RUNS], ratio[RUNS];
        char row[96];

        for (size_t n = 0; n < RUNS; n++) {
            uint64_t start;
            double all;
            double waited;

            if (commands[i].before)
                commands[i].before(&s);
            tpm->wait_ns = 0;
            floor_ns = 0;
            start = hf_monotonic_ns();
            commands[i].run(&s);
            all = (double)(hf_monotonic_ns() - start) / 1000.0;
            waited = (double)(bottom ? floor_ns : tpm->wait_ns) / 1000.0;
            total[n] = all;
            ours[n] = all - waited;
            ratio[n] = all / waited;
        }
        (void)snprintf(row, sizeof(row), "%s, %s: added", where, commands[i].name);
        bench_row(row, bench_median(ours, RUNS), "us", "<=", budget_us);
        (void)snprintf(row, sizeof(row), "%s, %s: whole", where, commands[i].name);
        bench_fact(row, bench_median(total, RUNS), "us");
        if (ratios && commands[i].ratio > 0) {
            (void)snprintf(row, sizeof(row), "%s, %s: times the floor", where, commands[i].name);
            bench_row(row, bench_median(ratio, RUNS), "x", "<=", commands[i].ratio);
        }
    }
    done(&s);
}

enum { THREADS = 8, KEYS = 50, EACH = 200 };

struct crowd {
    struct hf_tpm_key *key[KEYS];
    unsigned seed;
};

static void *sign_many(void *arg)
{
    struct crowd *crowd = arg;
    unsigned at = __atomic_fetch_add(&crowd->seed, 7u, __ATOMIC_RELAXED);
    struct hf_buf out = {0};

    for (int i = 0; i < EACH; i++) {
        at = at * 1103515245u + 12345u;
        MUST(hf_tpm_sign(crowd->key[at / 65536u % KEYS], hf_bytes_text("message"), 0, 0, &out));
    }
    hf_buf_free(&out);
    return NULL;
}

/*
 * Any number of named keys on three slots. The single-key floor is the TPM's own time for the same
 * signatures in the same run: what one key that is always loaded would take with nothing of ours around it.
 */
static void crowd(struct hf_tpm *tpm)
{
    struct crowd crowd = {.seed = 1};
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};
    pthread_t thread[THREADS];
    uint64_t start;
    double took;

    for (size_t i = 0; i < KEYS; i++)
        MUST(hf_tpm_generate_key_pair(tpm, NULL, &spec, &crowd.key[i]));
    floor_sign_ns = 0;
    start = hf_monotonic_ns();
    for (size_t i = 0; i < THREADS; i++)
        (void)pthread_create(&thread[i], NULL, sign_many, &crowd);
    for (size_t i = 0; i < THREADS; i++)
        (void)pthread_join(thread[i], NULL);
    took = (double)(hf_monotonic_ns() - start);
    bench_fact("8 threads, 50 keys, 3 slots: signatures", THREADS * EACH / (took / 1e9), "/s");
    bench_row("8 threads, 50 keys, 3 slots: of the single-key floor", (double)floor_sign_ns / took, "x", ">=", 0.8);
    for (size_t i = 0; i < KEYS; i++)
        hf_tpm_key_close(&crowd.key[i]);
}

int main(int argc, char **argv)
{
    struct hf_tpm_options opt = {.uri = "embedded", .state_dir = argc > 1 ? argv[1] : "bench-state"};
    struct hf_tpm_options here = {.state_dir = opt.state_dir, .no_pin = true};
    struct hf_tpm_transport *under = &floor_transport;
    HF_CLEANUP(hf_tpm_close) struct hf_tpm *tpm = NULL;

    MUST(hf_tpm_inproc_start((struct hf_bytes){NULL, 0}, (struct hf_bytes){NULL, 0}, &bottom));
    MUST(hf_tpm_open_over(&under, false, &here, &tpm));
    overheads(tpm, "in process", 20, true);
    crowd(tpm);
    hf_tpm_close(&tpm);
    MUST(hf_tpm_open(&opt, &tpm));
    overheads(tpm, "through the helper", 40, false);
    return 0;
}
