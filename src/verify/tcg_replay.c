/* Replay of TCG event logs. PC Client Platform Firmware Profile 1.06, 10.1 and 10.4.5; UEFI 2.10, 38.4. */
#include "verify/tcg_replay.h"
#include "evidence/pcr.h"

#include <stdarg.h>
#include <stdio.h>

#define CC_REGISTERS 5 /* 0 is MRTD, 1 to 4 are RTMR0 to RTMR3 */

void hf_eventlog_note(struct hf_eventlog *log, uint32_t event, const char *fmt, ...)
{
    struct hf_finding *finding = &log->finding[log->findings < HF_FINDINGS_MAX ? log->findings : HF_FINDINGS_MAX - 1];
    va_list args;

    if (log->findings++ >= HF_FINDINGS_MAX)
        return;
    finding->event = event;
    va_start(args, fmt);
    (void)vsnprintf(finding->text, sizeof(finding->text), fmt, args);
    va_end(args);
}

hf_err hf_pcr_extend(struct hf_pcr_bank *bank, unsigned pcr, struct hf_bytes digest)
{
    struct hf_bytes parts[2] = {{bank->value[pcr], bank->size}, digest};
    struct hf_digest next;

    HF_TRY(hf_hash((enum hf_hash_alg)bank->alg, parts, 2, &next));
    memcpy(bank->value[pcr], next.bytes, next.n);
    bank->mask |= 1u << pcr;
    return HF_OK;
}

/*
 * Where PCR 0 starts: the locality of the StartupLocality event (10.4.5.3), which may stand behind events
 * of PCR 0; or 4 when the hardware measured the core root of trust (TPM 2.0 Part 1, 34.2.2).
 */
static hf_err startup_locality(struct hf_tcg_log log, uint8_t *out)
{
    struct hf_tcg_event event;
    bool seen = false;
    uint8_t locality = 0, found;

    while (hf_tcg_log_next(&log, &event)) {
        if (event.type == HF_EV_EFI_HCRTM_EVENT && event.reg == 0)
            found = 4;
        else if (!hf_tcg_startup_locality(&event, &found))
            continue;
        if (found > 4)
            return hf_fail(HF_E_FORMAT, "event %u: startup locality %u; 0 to 4 exist", event.number, found);
        if (seen && found != locality)
            return hf_fail(HF_E_FORMAT, "event %u: startup locality %u, but an earlier event says %u", event.number,
                           found, locality);
        locality = found;
        seen = true;
    }
    *out = locality;
    return hf_tcg_log_end(&log);
}

/* Every register starts at zero, also 17 to 22: a log that extends those speaks of a dynamic launch,
 * which has reset them. */
static hf_err open_banks(const struct hf_tcg_log *log, uint8_t locality, struct hf_pcrs *out)
{
    for (size_t i = 0; i < log->n_algs; i++) {
        size_t size = hf_hash_size((enum hf_hash_alg)log->alg[i].alg);

        if (size == 0)
            return hf_fail(HF_E_UNSUPPORTED, "bank 0x%04x of the event log is of an unknown hash", log->alg[i].alg);
        out->bank[i] = (struct hf_pcr_bank){.alg = log->alg[i].alg, .size = (uint16_t)size};
        out->bank[i].value[0][size - 1] = log->kind == HF_EVENTLOG_TPM ? locality : 0;
    }
    out->n = log->n_algs;
    return HF_OK;
}

static hf_err check_digests(const struct hf_tcg_event *event, struct hf_eventlog *out)
{
    for (size_t i = 0; i < event->n_digests; i++) {
        enum hf_tcg_digest_check check = HF_TCG_DIGEST_OTHER;
        char alg[HF_ALG_TEXT];

        HF_TRY(hf_tcg_event_check(event, &event->digest[i], &check));
        if (check == HF_TCG_DIGEST_OTHER)
            continue;
        out->digests_checked++;
        if (check != HF_TCG_DIGEST_DIFFERS)
            continue;
        out->digests_differ++;
        hf_eventlog_note(out, event->number, "the %s digest is not that of the event's data",
                         hf_pcr_alg_text(event->digest[i].alg, alg));
    }
    return HF_OK;
}

/* `lost` collects, for each bank, the registers of events that have no digest for it. */
static hf_err replay_event(const struct hf_tcg_log *log, const struct hf_tcg_event *event, struct hf_eventlog *out,
                           uint32_t lost[HF_PCR_BANKS_MAX])
{
    if (event->header || event->type == HF_EV_NO_ACTION)
        return HF_OK;
    if (log->kind == HF_EVENTLOG_CC && (event->reg == 0 || event->reg >= CC_REGISTERS))
        return hf_fail(HF_E_FORMAT, "event %u extends measurement register %u; 1 to %d can be", event->number,
                       event->reg, CC_REGISTERS - 1);
    if (event->reg >= HF_PCR_COUNT)
        return hf_fail(HF_E_FORMAT, "event %u extends PCR %u; 0 to %d exist", event->number, event->reg,
                       HF_PCR_COUNT - 1);
    for (size_t i = 0; i < out->pcrs.n; i++) {
        struct hf_pcr_bank *bank = &out->pcrs.bank[i];
        struct hf_bytes digest = hf_tcg_event_digest(event, bank->alg);
        char alg[HF_ALG_TEXT];

        if (digest.n) {
            HF_TRY(hf_pcr_extend(bank, event->reg, digest));
            continue;
        }
        if (!(lost[i] & 1u << event->reg))
            hf_eventlog_note(out, event->number, "no %s digest: that bank's value of register %u cannot be known",
                             hf_pcr_alg_text(bank->alg, alg), event->reg);
        lost[i] |= 1u << event->reg;
    }
    return check_digests(event, out);
}

hf_err hf_eventlog_replay(struct hf_bytes bytes, struct hf_eventlog *out)
{
    struct hf_eventlog result = {0};
    struct hf_tcg_audit audit = {0};
    uint32_t lost[HF_PCR_BANKS_MAX] = {0};
    struct hf_tcg_log log;
    struct hf_tcg_event event;

    HF_TRY(hf_tcg_log_open(bytes, &log));
    HF_TRY(startup_locality(log, &result.locality));
    HF_TRY(open_banks(&log, result.locality, &result.pcrs));
    result.kind = log.kind;
    result.agile = log.agile;
    while (hf_tcg_log_next(&log, &event)) {
        hf_tcg_audit_event(&audit, &log, &event, &result);
        HF_TRY(replay_event(&log, &event, &result, lost));
        result.events++;
    }
    HF_TRY(hf_tcg_log_end(&log));
    for (size_t i = 0; i < result.pcrs.n; i++)
        result.pcrs.bank[i].mask &= ~lost[i];
    *out = result;
    return HF_OK;
}
