/* A transport that breaks what a script says, for tests. */
#include "tpm/faulty.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/reader.h"
#include "base/writer.h"
#include "tpm/types.h"

#include <time.h>

#define COMMANDS_KEPT 1024u

struct faulty {
    struct hf_tpm_transport base;
    struct hf_tpm_transport *inner;
    struct hf_tpm_fault script[HF_TPM_FAULTS_MAX];
    size_t n;
    bool dead;
    unsigned seen, broken;
    uint32_t commands[COMMANDS_KEPT];
    struct hf_tpm_reply previous;
};

static void faulty_close(struct hf_tpm_transport **t)
{
    struct faulty *f = (struct faulty *)*t;

    if (!f)
        return;
    hf_tpm_transport_close(&f->inner);
    hf_free(t);
}

/* The first fault whose turn it is. Counts down what passes. */
static const struct hf_tpm_fault *fault_for(struct faulty *f, uint32_t code)
{
    const struct hf_tpm_fault *hit = NULL;

    for (size_t i = 0; i < f->n; i++) {
        struct hf_tpm_fault *fault = &f->script[i];

        if ((fault->command && fault->command != code) || fault->times == 0)
            continue;
        if (fault->skip) {
            fault->skip--;
        } else if (!hit) {
            fault->times--;
            hit = fault;
        }
    }
    return hit;
}

static void answer_code(uint32_t rc, struct hf_tpm_reply *reply)
{
    struct hf_writer w = hf_writer(reply->bytes, sizeof(reply->bytes));

    hf_wr_u16be(&w, TPM2_ST_NO_SESSIONS);
    hf_wr_u32be(&w, 10);
    hf_wr_u32be(&w, rc);
    reply->n = 10;
}

static void wait_ms(uint32_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)nanosleep(&t, NULL);
}

static hf_err die(struct faulty *f, hf_err err, const char *what)
{
    f->dead = true;
    return hf_fail(err, "injected fault at command %u: %s", f->seen - 1, what);
}

/* What happens to an answer that came. */
static void damage(const struct hf_tpm_fault *fault, const struct hf_tpm_reply *previous, struct hf_tpm_reply *reply)
{
    size_t v = fault->value;

    if (fault->kind == HF_TPM_FAULT_CUT && v < reply->n) {
        reply->n = v;
    } else if (fault->kind == HF_TPM_FAULT_LONG) {
        if (reply->n + v <= sizeof(reply->bytes))
            memset(reply->bytes + reply->n, 0xee, v);
        reply->n += v;
    } else if (fault->kind == HF_TPM_FAULT_GARBAGE) {
        reply->n = v < sizeof(reply->bytes) ? v : sizeof(reply->bytes);
        memset(reply->bytes, 0xa5, reply->n);
    } else if (fault->kind == HF_TPM_FAULT_FLIP && v / 8 < reply->n) {
        reply->bytes[v / 8] = (uint8_t)(reply->bytes[v / 8] ^ (1u << v % 8));
    } else if (fault->kind == HF_TPM_FAULT_DELAY) {
        wait_ms(fault->value);
    } else if (fault->kind == HF_TPM_FAULT_REORDER && previous->n) {
        *reply = *previous;
    }
}

static hf_err faulty_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                              struct hf_tpm_reply *reply)
{
    struct faulty *f = (struct faulty *)t;
    struct hf_reader r = hf_reader(command);
    const struct hf_tpm_fault *fault;
    struct hf_tpm_reply whole;
    uint32_t code;

    if (f->dead)
        return hf_fail(HF_E_UNAVAILABLE, "the connection died of an injected fault before");
    hf_rd_skip(&r, 6);
    code = hf_rd_u32be(&r);
    if (f->seen < COMMANDS_KEPT)
        f->commands[f->seen] = code;
    f->seen++;
    fault = fault_for(f, code);
    f->broken += fault != NULL;
    if (fault && fault->kind == HF_TPM_FAULT_DEATH)
        return die(f, HF_E_UNAVAILABLE, "death before the command");
    if (fault && fault->kind == HF_TPM_FAULT_CODE) {
        answer_code(fault->value, reply);
        return HF_OK;
    }
    HF_TRY(f->inner->ops->transact(f->inner, command, timeout_ms, reply));
    if (fault && fault->kind == HF_TPM_FAULT_LOSS)
        return die(f, HF_E_UNAVAILABLE, "death after the command");
    if (fault && fault->kind == HF_TPM_FAULT_SILENCE)
        return die(f, HF_E_TIMEOUT, "silence");
    whole = *reply;
    if (fault)
        damage(fault, &f->previous, reply);
    f->previous = whole;
    return HF_OK;
}

static const struct hf_tpm_transport_ops faulty_ops = {
    .scheme = "faulty",
    .about = "for tests",
    .close = faulty_close,
    .transact = faulty_transact,
};

hf_err hf_tpm_faulty_script(struct hf_tpm_transport *t, const struct hf_tpm_fault *script, size_t n)
{
    struct faulty *f = (struct faulty *)t;

    if (n > HF_TPM_FAULTS_MAX)
        return hf_fail(HF_E_ARG, "%zu faults; at most %d", n, HF_TPM_FAULTS_MAX);
    for (size_t i = 0; i < n; i++) {
        f->script[i] = script[i];
        f->script[i].times = script[i].times ? script[i].times : 1;
    }
    f->n = n;
    return HF_OK;
}

hf_err hf_tpm_faulty_open(struct hf_tpm_transport **inner, const struct hf_tpm_fault *script, size_t n,
                          struct hf_tpm_transport **out)
{
    HF_CLEANUP(hf_free) struct faulty *f = NULL;

    HF_TRY(hf_alloc(sizeof(*f), &f));
    HF_TRY(hf_tpm_faulty_script(&f->base, script, n));
    f->base = (struct hf_tpm_transport){&faulty_ops, (*inner)->kind, (*inner)->managed};
    f->inner = hf_take(*inner);
    *out = &hf_take(f)->base;
    return HF_OK;
}

unsigned hf_tpm_faulty_seen(const struct hf_tpm_transport *t)
{
    return ((const struct faulty *)t)->seen;
}

unsigned hf_tpm_faulty_broken(const struct hf_tpm_transport *t)
{
    return ((const struct faulty *)t)->broken;
}

uint32_t hf_tpm_faulty_command(const struct hf_tpm_transport *t, unsigned n)
{
    const struct faulty *f = (const struct faulty *)t;

    return n < f->seen && n < COMMANDS_KEPT ? f->commands[n] : 0;
}
