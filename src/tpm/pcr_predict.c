/* PCR values of a boot that has not happened yet: an event log with changes, replayed. */
#include "base/cleanup.h"
#include "evidence/pcr.h"
#include "evidence/tcg_event.h"
#include "evidence/tcg_log.h"

#include <holdfast/pcr.h>

static hf_err check_change(const struct hf_pcr_change *change)
{
    if (change->kind != HF_PCR_REPLACE && change->kind != HF_PCR_EXTEND)
        return hf_fail(HF_E_ARG, "a change of kind %d", (int)change->kind);
    if (change->n == 0 || change->n > HF_PCR_BANKS_MAX)
        return hf_fail(HF_E_ARG, "a change with %zu digests; 1 to %d are possible", change->n, HF_PCR_BANKS_MAX);
    if (change->kind == HF_PCR_EXTEND && change->at >= HF_PCR_COUNT)
        return hf_fail(HF_E_ARG, "PCR %u: registers are 0 to %d", (unsigned)change->at, HF_PCR_COUNT - 1);
    for (size_t i = 0; i < change->n; i++) {
        if (hf_hash_size((enum hf_hash_alg)change->digest[i].alg) != change->digest[i].n || change->digest[i].n == 0)
            return hf_fail(HF_E_ARG, "a digest of %u bytes for bank 0x%04x", change->digest[i].n,
                           change->digest[i].alg);
    }
    return HF_OK;
}

/* The change's digests in the banks of the log, in the log's order; others are none of its business. */
static hf_err put_digests(const struct hf_tcg_log *log, const struct hf_pcr_change *change, struct hf_tcg_event *event)
{
    event->n_digests = 0;
    for (size_t i = 0; i < log->n_algs; i++) {
        for (size_t k = 0; k < change->n; k++) {
            const struct hf_pcr_digest *digest = &change->digest[k];

            if (digest->alg == log->alg[i].alg)
                event->digest[event->n_digests++] = (struct hf_tcg_digest){digest->alg, {digest->bytes, digest->n}};
        }
    }
    if (event->n_digests == 0)
        return hf_fail(HF_E_ARG, "a change has no digest for any bank of the event log");
    if (!log->agile && event->n_digests != 1)
        return hf_fail(HF_E_ARG, "an event log of the SHA-1 format takes one SHA-1 digest");
    return HF_OK;
}

/* The last change of an event; NULL where it stays. */
static const struct hf_pcr_change *replacement(const struct hf_pcr_change *changes, size_t n, uint32_t number)
{
    const struct hf_pcr_change *found = NULL;

    for (size_t i = 0; i < n; i++) {
        if (changes[i].kind == HF_PCR_REPLACE && changes[i].at == number)
            found = &changes[i];
    }
    return found;
}

static hf_err write_event(const struct hf_tcg_log *log, struct hf_tcg_event *event, const struct hf_pcr_change *change,
                          struct hf_buf *out)
{
    if (!change)
        return hf_tcg_event_write(log, event, out);
    if (event->header || event->type == HF_EV_NO_ACTION)
        return hf_fail(HF_E_ARG, "event %u is not measured (EV_NO_ACTION), so nothing can take its place",
                       event->number);
    HF_TRY(put_digests(log, change, event));
    event->data = (struct hf_bytes){NULL, 0}; /* what it will say is not known, so it vouches for nothing */
    return hf_tcg_event_write(log, event, out);
}

/* The log's events with replacements. Padding behind them is left out. */
static hf_err rewrite(struct hf_tcg_log *log, const struct hf_pcr_change *changes, size_t n, struct hf_buf *out)
{
    struct hf_tcg_event event;

    while (hf_tcg_log_next(log, &event))
        HF_TRY(write_event(log, &event, replacement(changes, n, event.number), out));
    HF_TRY(hf_tcg_log_end(log));
    for (size_t i = 0; i < n; i++) {
        if (changes[i].kind == HF_PCR_REPLACE && changes[i].at >= log->next)
            return hf_fail(HF_E_NOT_FOUND, "the event log has no event %u; its last is %u", (unsigned)changes[i].at,
                           (unsigned)(log->next - 1));
    }
    return HF_OK;
}

static hf_err append(const struct hf_tcg_log *log, const struct hf_pcr_change *changes, size_t n, struct hf_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        struct hf_tcg_event event = {.reg = changes[i].at, .type = HF_EV_COMPACT_HASH};

        if (changes[i].kind != HF_PCR_EXTEND)
            continue;
        HF_TRY(put_digests(log, &changes[i], &event));
        HF_TRY(hf_tcg_event_write(log, &event, out));
    }
    return HF_OK;
}

hf_err hf_pcr_predict(struct hf_bytes bytes, const struct hf_pcr_change *changes, size_t n, struct hf_eventlog *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf changed = {0};
    struct hf_tcg_log log;

    for (size_t i = 0; i < n; i++)
        HF_TRY(check_change(&changes[i]));
    HF_TRY(hf_tcg_log_open(bytes, &log));
    HF_TRY(rewrite(&log, changes, n, &changed));
    HF_TRY(append(&log, changes, n, &changed));
    return hf_eventlog_replay(hf_buf_bytes(&changed), out);
}

/* value = H(value || digest); a bank without a digest no longer has a value that is known. */
static hf_err extend(struct hf_pcr_bank *bank, const struct hf_pcr_change *change)
{
    struct hf_digest next;

    for (size_t i = 0; i < change->n; i++) {
        struct hf_bytes parts[] = {{bank->value[change->at], bank->size},
                                   {change->digest[i].bytes, change->digest[i].n}};

        if (change->digest[i].alg != bank->alg)
            continue;
        HF_TRY(hf_hash((enum hf_hash_alg)bank->alg, parts, 2, &next));
        memcpy(bank->value[change->at], next.bytes, next.n);
        return HF_OK;
    }
    bank->mask &= ~(1u << change->at);
    return HF_OK;
}

hf_err hf_pcr_predict_from(const struct hf_pcrs *now, const struct hf_pcr_change *changes, size_t n,
                           struct hf_pcrs *out)
{
    struct hf_pcrs pcrs = *now;

    for (size_t i = 0; i < n; i++) {
        HF_TRY(check_change(&changes[i]));
        if (changes[i].kind != HF_PCR_EXTEND)
            return hf_fail(HF_E_ARG, "an event can be replaced only where there is an event log");
        for (size_t k = 0; k < pcrs.n; k++) {
            if (pcrs.bank[k].mask & 1u << changes[i].at)
                HF_TRY(extend(&pcrs.bank[k], &changes[i]));
        }
    }
    *out = pcrs;
    return HF_OK;
}
