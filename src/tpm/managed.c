/* A resource manager of this process around a raw transport: for device nodes without one. */
#include "tpm/managed.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "tpm/leftover.h"
#include "tpm/rm.h"

#include <unistd.h>

struct managed {
    struct hf_tpm_transport base;
    struct hf_tpm_transport *raw;
    struct hf_rm *rm;
    struct hf_rm_client *client;
    struct hf_leftover *record;
    pid_t pid; /* after a fork the TPM's handles are the parent's */
};

static const struct hf_tpm_transport_ops managed_ops;

static void managed_close(struct hf_tpm_transport **t)
{
    struct managed *m = (struct managed *)*t;

    if (!m)
        return;
    if (m->rm && m->pid != getpid())
        hf_rm_abandon(m->rm);
    hf_rm_client_close(&m->client);
    hf_rm_close(&m->rm);
    hf_leftover_close(&m->record);
    if (m->raw)
        m->raw->ops->close(&m->raw);
    hf_free(t);
}

static hf_err managed_transact(struct hf_tpm_transport *t, struct hf_bytes command, uint32_t timeout_ms,
                               struct hf_tpm_reply *reply)
{
    return hf_rm_transact(((struct managed *)t)->client, command, timeout_ms, reply);
}

static void note(void *record, uint32_t handle, bool added)
{
    hf_leftover_note(record, handle, added);
}

/* Flush what a process of ours that was killed left in this TPM; what others left is seen on the way, left and told. */
static hf_err sweep(struct managed *m)
{
    uint32_t ours[HF_LEFTOVER_MAX];
    size_t n;
    size_t flushed = 0;
    size_t foreign = 0;

    HF_TRY(hf_leftover_open(m->raw, &m->record));
    n = hf_leftover_take(m->record, ours);
    if (n) /* else nothing of ours is left, and three questions are spared */
        HF_TRY(hf_rm_sweep(m->rm, ours, n, &flushed, &foreign));
    if (flushed)
        hf_log(HF_LOG_NOTICE, "rm.swept", "flushed=%zu", flushed);
    if (foreign)
        hf_log(HF_LOG_WARNING, "rm.foreign", "handles=%zu why=another program left them in the TPM", foreign);
    hf_rm_watch_set(m->rm, note, m->record);
    return HF_OK;
}

hf_err hf_tpm_managed_flush(struct hf_tpm_transport *t, size_t *flushed)
{
    size_t left = 0;

    if (t->ops != &managed_ops)
        return hf_fail(HF_E_UNSUPPORTED, "the resource manager of this TPM is not in this process");
    return hf_rm_sweep(((struct managed *)t)->rm, NULL, 0, flushed, &left);
}

hf_err hf_tpm_managed_open(struct hf_tpm_transport **raw, struct hf_tpm_transport **out)
{
    struct managed *m = NULL;
    struct hf_tpm_transport *t = NULL;
    hf_err err = hf_alloc(sizeof(*m), &m);

    if (err != HF_OK) {
        (*raw)->ops->close(raw);
        return err;
    }
    t = &m->base;
    m->base = (struct hf_tpm_transport){&managed_ops, (*raw)->kind, true};
    m->raw = hf_take(*raw);
    m->pid = getpid();
    err = hf_rm_open(m->raw, &m->rm);
    if (err == HF_OK)
        err = sweep(m);
    if (err == HF_OK)
        err = hf_rm_client_open(m->rm, &m->client);
    if (err != HF_OK)
        managed_close(&t);
    else
        *out = t;
    return err;
}

static const struct hf_tpm_transport_ops managed_ops = {
    .scheme = "managed",
    .about = "a resource manager of this process around a raw transport",
    .close = managed_close,
    .transact = managed_transact,
};
