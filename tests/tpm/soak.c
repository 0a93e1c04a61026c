/*
 * Clients and the process of one embedded TPM, killed at random, for so many seconds:
 *
 *     soak SECONDS [SEED]
 *
 * Afterwards no acknowledged NV write may be missing, no object or session may be left in the TPM, and
 * the lockout counter must be 0, although half of the keys are behind a PIN.
 */
#include "embedded_rig.h"

#include "helper/engine.h"
#include "helper/state.h"
#include "tpm/rm.h"

#include <sys/mman.h>
#include <sys/wait.h>

#define CLIENTS 8
#define KEYS 4
#define COUNTER(i) (0x01800010u + (uint32_t)(i))

/* What each client has tried and what was acknowledged, in memory that outlives it. */
struct ledger {
    uint64_t base, tried, acknowledged, commands, refused;
};

static struct ledger *ledger;

static hf_err run_raw(void *who, struct hf_bytes command, struct hf_tpm_reply *reply)
{
    struct hf_tpm_transport *t = who;

    return t->ops->transact(t, command, 60000, reply);
}

/* One turn of a client: 0 while all is well; anything else ends the connection. */
static int turn(struct rig *r, struct ledger *l, int me, uint32_t key[KEYS], bool pin[KEYS])
{
    static const struct hf_bytes no_policy = {0};
    struct tpm_user *u = &r->a;
    int k = rand() % KEYS;
    uint32_t session = 0;
    uint32_t rc = 0;
    char got[64];

    l->commands++;
    switch (rand() % 6) {
    case 0:
        l->tried++;
        rc = nv_increment(u, COUNTER(me));
        if (rc == 0)
            l->acknowledged++;
        return rc != 0;
    case 1:
        if (key[k])
            rc = flush(u, key[k]);
        key[k] = 0;
        return rc != 0;
    case 2:
        rc = start_session(u, TPM2_SE_POLICY, &session);
        if (rc == 0 && rand() % 2)
            rc = policy_command(u, session, TPM2_CC_Unseal);
        if (rc == 0 && rand() % 2)
            rc = flush(u, session);
        return rc != 0 && rc != TPM2_RC_SESSION_HANDLES;
    default:
        if (!key[k]) {
            pin[k] = rand() % 2;
            return sealed(u, TPM2_RH_OWNER, pin[k] ? "1234" : "", !pin[k], no_policy, "soaked", &key[k]) != 0;
        }
        rc = unseal(u, key[k], pin[k] ? "1234" : "", got);
        return rc != 0 || strcmp(got, "soaked") != 0;
    }
}

static void client(struct rig *r, int me, unsigned seed)
{
    struct ledger *l = &ledger[me];

    srand(seed);
    for (;;) {
        uint32_t key[KEYS] = {0};
        bool pin[KEYS] = {false};

        while (rig_connect(r, 0) != HF_OK)
            l->refused++;
        for (int i = 0; i < 40 && turn(r, l, me, key, pin) == 0; i++)
            continue;
        rig_disconnect(r, 0);
    }
}

static pid_t client_start(struct rig *r, int me)
{
    pid_t pid = fork();

    CHECK(pid >= 0);
    if (pid == 0) {
        client(r, me, (unsigned)rand() ^ (unsigned)getpid());
        _exit(0);
    }
    return pid;
}

static void soak(struct rig *r, unsigned seconds, unsigned *client_kills, unsigned *tpm_kills)
{
    uint64_t end = hf_monotonic_ms() + 1000 * (uint64_t)seconds;
    pid_t pid[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        pid[i] = client_start(r, i);
    while (hf_monotonic_ms() < end) {
        const struct timespec pause = {.tv_nsec = rand() % 60000000};
        int i = rand() % CLIENTS;
        pid_t tpm = rand() % 4 == 0 ? rig_pid(r) : 0;

        (void)nanosleep(&pause, NULL);
        if (tpm > 1) {
            *tpm_kills += kill(tpm, SIGKILL) == 0;
            continue;
        }
        CHECK(kill(pid[i], SIGKILL) == 0 && waitpid(pid[i], &(int){0}, 0) == pid[i]);
        (*client_kills)++;
        pid[i] = client_start(r, i);
    }
    for (int i = 0; i < CLIENTS; i++) {
        (void)kill(pid[i], SIGKILL);
        (void)waitpid(pid[i], &(int){0}, 0);
    }
}

/* A client that was killed may have asked for a helper just before, which starts only now: it ends as well. */
static void lock_when_free(const struct rig *r, struct hf_tpm_state *state)
{
    hf_err err = hf_tpm_state_lock(state);

    for (int i = 0; err == HF_E_BUSY && i < 200; i++) {
        pid_t late = rig_pid(r);

        if (late > 1)
            (void)kill(late, SIGTERM);
        (void)usleep(50000);
        err = hf_tpm_state_lock(state);
    }
    OK(err);
}

/* The TPM's own view, past the resource manager: its volatile state is resumed in this process. */
static uint32_t left_behind(struct rig *r)
{
    HF_CLEANUP(hf_tpm_state_close) struct hf_tpm_state *state = NULL;
    HF_CLEANUP(hf_tpm_transport_close) struct hf_tpm_transport *engine = NULL;
    struct tpm_user raw = {.run = run_raw};
    struct hf_bytes kept = {0};
    uint32_t list[64];

    OK(hf_tpm_state_open(r->state, NULL, &state));
    lock_when_free(r, state);
    OK(hf_engine_open(state, &engine));
    CHECK(hf_engine_resumed(engine, &kept));
    raw.who = engine;
    return handles(&raw, HF_WIRE_TRANSIENT, list) + handles(&raw, HF_WIRE_LOADED_SESSIONS, list) +
           handles(&raw, HF_WIRE_SAVED_SESSIONS, list);
}

int main(int argc, char **argv)
{
    static struct rig r;
    unsigned seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 5;
    unsigned seed = argc > 2 ? (unsigned)atoi(argv[2]) : (unsigned)time(NULL);
    unsigned client_kills = 0;
    unsigned tpm_kills = 0;
    uint64_t lost = 0;
    uint64_t phantom = 0;
    struct ledger sum = {0};
    uint32_t lockout;
    uint32_t left;

    srand(seed);
    rig_make(&r);
    ledger = mmap(NULL, CLIENTS * sizeof(*ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(ledger != MAP_FAILED);
    OK(rig_connect(&r, 0));
    for (int i = 0; i < CLIENTS; i++) {
        CHECK(nv_define(&r.a, COUNTER(i), NV_COUNTER, 8) == 0);
        CHECK(nv_increment(&r.a, COUNTER(i)) == 0);
        CHECK(nv_read(&r.a, COUNTER(i), &ledger[i].base) == 0);
    }
    rig_disconnect(&r, 0);
    soak(&r, seconds, &client_kills, &tpm_kills);

    OK(rig_connect(&r, 0));
    lockout = property(&r.a, TPM2_PT_LOCKOUT_COUNTER);
    for (int i = 0; i < CLIENTS; i++) {
        uint64_t value = 0;

        CHECK(nv_read(&r.a, COUNTER(i), &value) == 0);
        value -= ledger[i].base;
        lost += value < ledger[i].acknowledged ? ledger[i].acknowledged - value : 0;
        phantom += value > ledger[i].tried ? value - ledger[i].tried : 0;
        sum.acknowledged += ledger[i].acknowledged;
        sum.commands += ledger[i].commands;
        sum.refused += ledger[i].refused;
    }
    rig_disconnect(&r, 0);
    rig_kill(&r, SIGTERM);
    left = left_behind(&r);
    (void)printf("soak seed=%u seconds=%u commands=%llu increments=%llu client_kills=%u tpm_kills=%u refused=%llu "
                 "lost=%llu phantom=%llu left=%u lockout=%u\n",
                 seed, seconds, (unsigned long long)sum.commands, (unsigned long long)sum.acknowledged, client_kills,
                 tpm_kills, (unsigned long long)sum.refused, (unsigned long long)lost, (unsigned long long)phantom,
                 left, lockout);
    rig_remove(&r);
    return lost || phantom || left || lockout || sum.acknowledged == 0 || sum.refused;
}
