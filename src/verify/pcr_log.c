/* Quoted values against event logs and IMA lists. */
#include "verify/pcr_log.h"

#include <stdio.h>

/* A failed row for one register. */
static struct hf_check *fail_register(struct hf_verdict *v, const struct hf_pcr_bank *bank, unsigned pcr,
                                      const char *why)
{
    char name[48], alg[HF_ALG_TEXT];
    struct hf_check *row;

    (void)snprintf(name, sizeof(name), "%s PCR %u", hf_pcr_alg_text(bank->alg, alg), pcr);
    row = hf_check(v, name, hf_fail(HF_E_MISMATCH, "%s", why));
    hf_check_found_hex(row, (struct hf_bytes){bank->value[pcr], bank->size});
    return row;
}

/* True when the value is explained. Registers without events at their reset value go to *silent. */
static bool check_register(const struct hf_pcr_bank *bank, unsigned pcr, const struct hf_eventlog *log,
                           uint32_t *silent, struct hf_verdict *v)
{
    struct hf_bytes have = {bank->value[pcr], bank->size};
    struct hf_bytes want = hf_pcrs_value(&log->pcrs, bank->alg, pcr);
    uint8_t reset[HF_PCR_SIZE_MAX];

    if (want.n) {
        if (hf_bytes_equal(have, want))
            return true;
        hf_check_expected_hex(fail_register(v, bank, pcr, "the event log replays to another value"), want);
        return false;
    }
    hf_pcr_reset_value(pcr, bank->size, reset);
    if (memcmp(have.p, reset, have.n) == 0) {
        *silent |= 1u << pcr;
        return false;
    }
    (void)fail_register(v, bank, pcr, "the register was extended, and the event log has no event for it");
    return false;
}

static void note_silent(const struct hf_pcr_selection *silent, struct hf_verdict *v)
{
    char text[HF_PCR_SELECTION_TEXT];
    struct hf_check *row;

    if (!silent->n)
        return;
    row = hf_check_warn(v, "registers without events", "at their reset value; the event log says nothing of them");
    hf_pcr_selection_text(silent, text, sizeof(text));
    hf_check_found(row, "%s", text);
}

void hf_pcr_log_check(const struct hf_pcrs *values, const struct hf_eventlog *log, uint32_t skip, struct hf_verdict *v)
{
    struct hf_pcr_selection silent = {0};
    size_t explained = 0, rows = v->n;
    struct hf_check *row;

    if (log->kind != HF_EVENTLOG_TPM) {
        (void)hf_check(v, "event log",
                       hf_fail(HF_E_MISMATCH, "it is of confidential computing registers, not of PCRs"));
        return;
    }
    for (size_t i = 0; i < values->n; i++) {
        const struct hf_pcr_bank *bank = &values->bank[i];
        char name[48], alg[HF_ALG_TEXT];
        uint32_t at_reset = 0;

        if (!(bank->mask & ~skip))
            continue;
        if (!hf_pcrs_bank(&log->pcrs, bank->alg)) {
            (void)snprintf(name, sizeof(name), "%s bank", hf_pcr_alg_text(bank->alg, alg));
            (void)hf_check(v, name, hf_fail(HF_E_MISMATCH, "the event log has no digests for this bank"));
            continue;
        }
        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            if (bank->mask & ~skip & 1u << pcr)
                explained += check_register(bank, pcr, log, &at_reset, v);
        }
        if (at_reset)
            silent.bank[silent.n++] = (struct hf_pcr_select){bank->alg, 3, at_reset};
    }
    if (v->n == rows) {
        row = hf_check(v, "event log", explained ? HF_OK : hf_fail(HF_E_WARNED, "it explains no quoted register"));
        hf_check_found(row, "%zu registers explained by %u events", explained, log->events);
        if (log->findings)
            hf_check_note(row, "%u findings, the first at event %u: %s", log->findings, log->finding[0].event,
                          log->finding[0].text);
    }
    note_silent(&silent, v);
    if (log->digests_differ)
        hf_check_found(hf_check_warn(v, "event data", "what these events say was not what was measured"),
                       "%u of %u digests differ from their event's data", log->digests_differ, log->digests_checked);
}

static void check_ima_bank(const struct hf_pcr_bank *bank, struct hf_bytes list, unsigned pcr, struct hf_verdict *v)
{
    struct hf_ima ima = {0};
    char alg[HF_ALG_TEXT];
    hf_err err = hf_ima_replay(list, pcr, bank->alg, (struct hf_bytes){bank->value[pcr], bank->size}, NULL, &ima);
    struct hf_check *row = hf_check(v, "ima log",
                                    err == HF_OK && ima.matched == 0 && ima.entries
                                        ? hf_fail(HF_E_WARNED, "the quote is older than every entry")
                                        : err);

    if (err != HF_OK && err != HF_E_MISMATCH)
        return;
    hf_check_expected_hex(row, (struct hf_bytes){bank->value[pcr], bank->size});
    if (err == HF_OK)
        hf_check_found(row, "%u of %u entries give %s PCR %u%s", ima.matched, ima.entries,
                       hf_pcr_alg_text(bank->alg, alg), pcr, ima.padded ? ", SHA-1 padded with zeros" : "");
    else
        hf_check_found_hex(row, (struct hf_bytes){ima.value, bank->size});
    row = hf_check(v, "ima entries",
                   ima.differ ? hf_fail(HF_E_MISMATCH, "the first is entry %u", ima.first_differ) : HF_OK);
    hf_check_found(row, "%u entries have a digest that is not that of their data", ima.differ);
    if (ima.violations)
        hf_check_found(hf_check_warn(v, "ima violations", "files were changed while they were measured"), "%u",
                       ima.violations);
}

void hf_ima_log_check(const struct hf_pcrs *values, struct hf_bytes ima, unsigned pcr, struct hf_verdict *v)
{
    bool any = false;

    for (size_t i = 0; pcr < HF_PCR_COUNT && i < values->n; i++) {
        if (!(values->bank[i].mask & 1u << pcr))
            continue;
        check_ima_bank(&values->bank[i], ima, pcr, v);
        any = true;
    }
    if (!any)
        (void)hf_check(v, "ima log", hf_fail(HF_E_MISMATCH, "PCR %u is not quoted: nothing vouches for the list", pcr));
}
