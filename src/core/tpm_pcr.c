/* PCRs as operations. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "core/tpm_attest.h"
#include "evidence/pcr.h"
#include "evidence/pe_image.h"
#include "evidence/tcg_event.h"
#include "evidence/tcg_log.h"

#include <stdio.h>

struct reading {
    const char *selection;
    struct hf_pcrs *out;
};

static hf_err read_work(struct hf_core *core, void *arg)
{
    const struct reading *r = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    return hf_tpm_read_pcrs(tpm, r->selection, r->out);
}

hf_err hf_core_tpm_pcr_read(struct hf_core *core, const struct hf_who *who, const char *selection, struct hf_pcrs *out)
{
    struct hf_pcrs pcrs;
    struct reading r = {selection, &pcrs};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_PCR_READ, selection, read_work, &r));
    *out = pcrs;
    return HF_OK;
}

static hf_err extend_work(struct hf_core *core, void *arg)
{
    const struct hf_core_extend *what = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    return what->n ? hf_tpm_extend_pcr_digests(tpm, what->index, what->digest, what->n)
                   : hf_tpm_extend_pcr(tpm, what->index, what->data);
}

hf_err hf_core_tpm_pcr_extend(struct hf_core *core, const struct hf_who *who, const struct hf_core_extend *what)
{
    struct hf_core_extend mine = *what;
    char object[16];

    (void)snprintf(object, sizeof(object), "pcr %u", what->index);
    return hf_core_do(core, who, HF_OP_TPM_PCR_EXTEND, object, extend_work, &mine);
}

static hf_err reset_work(struct hf_core *core, void *arg)
{
    const unsigned *index = arg;
    struct hf_tpm *tpm = NULL;

    HF_TRY(hf_core_tpm(core, &tpm));
    return hf_tpm_pcr_reset(tpm, *index);
}

hf_err hf_core_tpm_pcr_reset(struct hf_core *core, const struct hf_who *who, unsigned index)
{
    char object[16];

    (void)snprintf(object, sizeof(object), "pcr %u", index);
    return hf_core_do(core, who, HF_OP_TPM_PCR_RESET, object, reset_work, &index);
}

/* ---- predictions ---- */

struct prediction {
    const struct hf_core_predict *what;
    struct hf_pcrs *out;
};

/* Was the event's digest made over an image by firmware, and not over a file's bytes? */
static hf_err measures_image(struct hf_bytes bytes, uint32_t number, bool *out)
{
    struct hf_tcg_log log;
    struct hf_tcg_event event;

    HF_TRY(hf_tcg_log_open(bytes, &log));
    while (hf_tcg_log_next(&log, &event)) {
        if (event.number != number)
            continue;
        *out = event.type == HF_EV_EFI_BOOT_SERVICES_APPLICATION || event.type == HF_EV_EFI_BOOT_SERVICES_DRIVER ||
               event.type == HF_EV_EFI_RUNTIME_SERVICES_DRIVER;
        return HF_OK;
    }
    HF_TRY(hf_tcg_log_end(&log));
    return hf_fail(HF_E_NOT_FOUND, "the event log has no event %u; its last is %u", (unsigned)number,
                   (unsigned)(log.next - 1));
}

static hf_err hash_image(struct hf_core_change *c, const uint16_t *algs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct hf_digest digest;

        HF_TRY(hf_pe_digest(c->data, (enum hf_hash_alg)algs[i], &digest));
        c->change.digest[i].alg = algs[i];
        c->change.digest[i].n = (uint16_t)digest.n;
        memcpy(c->change.digest[i].bytes, digest.bytes, digest.n);
    }
    c->change.n = n;
    return HF_OK;
}

/* The digests of changes that were given as data, in the banks that there are. */
static hf_err fill_in(const struct hf_core_predict *what, const uint16_t *algs, size_t n)
{
    for (size_t i = 0; i < what->n; i++) {
        struct hf_core_change *c = &what->change[i];
        bool image = false;

        if (c->change.n)
            continue;
        if (c->change.kind == HF_PCR_REPLACE && what->log.n)
            HF_TRY(measures_image(what->log, c->change.at, &image));
        if (image && !hf_pe_is_image(c->data))
            return hf_fail(HF_E_ARG,
                           "event %u measured an image that firmware started, and what takes its place is no PE image",
                           (unsigned)c->change.at);
        HF_TRY(image ? hash_image(c, algs, n) : hf_pcr_change_data(c->data, algs, n, &c->change));
    }
    return HF_OK;
}

static hf_err changes_of(const struct hf_core_predict *what, struct hf_pcr_change **out)
{
    HF_TRY(hf_alloc((what->n + 1) * sizeof(**out), out));
    for (size_t i = 0; i < what->n; i++)
        (*out)[i] = what->change[i].change;
    return HF_OK;
}

/* Only the registers asked for; each must be known. */
static hf_err select_pcrs(const char *selection, const struct hf_pcrs *pcrs, struct hf_pcrs *out)
{
    struct hf_pcr_selection sel;
    struct hf_pcrs chosen = {0};
    char alg[HF_ALG_TEXT];

    if (!selection) {
        *out = *pcrs;
        return HF_OK;
    }
    HF_TRY(hf_pcr_selection_parse(selection, &sel));
    for (size_t i = 0; i < sel.n; i++) {
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            struct hf_bytes value = hf_pcrs_value(pcrs, sel.bank[i].alg, pcr);

            if (!(sel.bank[i].mask & 1u << pcr))
                continue;
            if (value.n == 0)
                return hf_fail(HF_E_NOT_FOUND, "the value of %s:%u cannot be known from what is given",
                               hf_pcr_alg_text(sel.bank[i].alg, alg), pcr);
            HF_TRY(hf_pcrs_put(&chosen, sel.bank[i].alg, pcr, value));
        }
    }
    *out = chosen;
    return HF_OK;
}

static hf_err from_log(const struct prediction *p)
{
    HF_CLEANUP(hf_free) struct hf_eventlog *log = NULL;
    HF_CLEANUP(hf_free) struct hf_pcr_change *changes = NULL;
    uint16_t algs[HF_PCR_BANKS_MAX];

    HF_TRY(hf_alloc(sizeof(*log), &log));
    HF_TRY(hf_eventlog_replay(p->what->log, log));
    if (log->kind != HF_EVENTLOG_TPM)
        return hf_fail(HF_E_UNSUPPORTED, "a confidential computing event log has no PCRs to predict");
    for (size_t i = 0; i < log->pcrs.n; i++)
        algs[i] = log->pcrs.bank[i].alg;
    HF_TRY(fill_in(p->what, algs, log->pcrs.n));
    HF_TRY(changes_of(p->what, &changes));
    HF_TRY(hf_pcr_predict(p->what->log, changes, p->what->n, log));
    return select_pcrs(p->what->selection, &log->pcrs, p->out);
}

static hf_err from_now(struct hf_core *core, const struct prediction *p)
{
    HF_CLEANUP(hf_free) struct hf_pcr_change *changes = NULL;
    struct hf_tpm *tpm = NULL;
    struct hf_pcrs now, then;
    uint16_t algs[HF_PCR_BANKS_MAX];

    HF_TRY(hf_core_tpm(core, &tpm));
    HF_TRY(hf_tpm_read_pcrs(tpm, p->what->selection, &now));
    for (size_t i = 0; i < now.n; i++)
        algs[i] = now.bank[i].alg;
    HF_TRY(fill_in(p->what, algs, now.n));
    HF_TRY(changes_of(p->what, &changes));
    HF_TRY(hf_pcr_predict_from(&now, changes, p->what->n, &then));
    return select_pcrs(p->what->selection, &then, p->out);
}

static hf_err predict_work(struct hf_core *core, void *arg)
{
    const struct prediction *p = arg;

    return p->what->log.n ? from_log(p) : from_now(core, p);
}

hf_err hf_core_tpm_pcr_predict(struct hf_core *core, const struct hf_who *who, const struct hf_core_predict *what,
                               struct hf_pcrs *out)
{
    struct hf_pcrs pcrs;
    struct prediction p = {what, &pcrs};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_PCR_PREDICT, what->selection, predict_work, &p));
    *out = pcrs;
    return HF_OK;
}
