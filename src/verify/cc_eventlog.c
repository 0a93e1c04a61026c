/* A confidential computing event log against a TD's registers. UEFI 2.10, 38.4: MR index 1 to 4 is RTMR0 to RTMR3. */
#include "verify/cc_eventlog.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "evidence/pcr.h"
#include "evidence/sgx_quote.h"
#include "verify/judge.h"

static const char *const names[HF_TD_RTMRS] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};

static void check_register(const struct hf_eventlog *log, unsigned i, const uint8_t have[HF_TD_HASH],
                           struct hf_verdict *v)
{
    static const uint8_t zero[HF_TD_HASH] = {0};
    struct hf_bytes want = hf_pcrs_value(&log->pcrs, HF_SHA384, i + 1);
    bool same = memcmp(have, want.n ? want.p : zero, HF_TD_HASH) == 0;
    struct hf_check *row = hf_check(
        v, names[i],
        same     ? HF_OK
        : want.n ? hf_fail(HF_E_MISMATCH, "the event log replays to another value")
                 : hf_fail(HF_E_MISMATCH, "the register was extended, and the event log has no event for it"));

    hf_check_expected_hex(row, (struct hf_bytes){want.n ? want.p : zero, HF_TD_HASH});
    hf_check_found_hex(row, (struct hf_bytes){have, HF_TD_HASH});
}

static void check_log(const struct hf_eventlog *log, const struct hf_td_body *body, struct hf_verdict *v)
{
    struct hf_check *row;

    if (log->kind != HF_EVENTLOG_CC) {
        (void)hf_check(v, "event log", hf_fail(HF_E_MISMATCH, "it is of PCRs, not of a TD's registers"));
        return;
    }
    row = hf_check(v, "event log",
                   !body || hf_pcrs_bank(&log->pcrs, HF_SHA384) || log->events <= 1
                       ? HF_OK
                       : hf_fail(HF_E_MISMATCH, "it has no SHA-384 digests, which RTMRs are made of"));
    hf_check_found(row, "%u events", log->events);
    if (log->findings)
        hf_check_note(row, "%u finding%s, the first at event %u: %s", log->findings, log->findings == 1 ? "" : "s",
                      log->finding[0].event, log->finding[0].text);
    for (unsigned i = 0; body && i < HF_TD_RTMRS; i++)
        check_register(log, i, body->rtmr[i], v);
    if (log->digests_differ)
        hf_check_found(hf_check_warn(v, "event data", "what these events say was not what was measured"),
                       "%u of %u digests differ from their event's data", log->digests_differ, log->digests_checked);
}

static void claim_registers(const struct hf_eventlog *log, struct hf_claims *claims)
{
    static const uint8_t zero[HF_TD_HASH] = {0};

    for (unsigned i = 0; i < HF_TD_RTMRS; i++) {
        struct hf_bytes value = hf_pcrs_value(&log->pcrs, HF_SHA384, i + 1);

        hf_claim_bytes_copy(claims, names[i], value.n ? value : HF_BYTES_OF(zero));
    }
    hf_claim_number(claims, "events", log->events - 1); /* the header measures nothing */
}

hf_err hf_cc_eventlog_check(struct hf_bytes bytes, const struct hf_td_body *body, struct hf_verdict *v,
                            struct hf_claims *claims)
{
    HF_CLEANUP(hf_free) struct hf_eventlog *log = NULL;
    hf_err err;

    HF_TRY(hf_alloc(sizeof(*log), &log));
    err = hf_eventlog_replay(bytes, log);
    if (err == HF_OK)
        check_log(log, body, v);
    if (err == HF_OK && log->kind == HF_EVENTLOG_CC && hf_pcrs_bank(&log->pcrs, HF_SHA384))
        claim_registers(log, claims);
    if (err != HF_OK)
        (void)hf_check(v, "event log", err);
    return HF_OK;
}

/* The quote whose registers the log may explain: the first of those judged in the same call. */
static bool find_quote(const struct hf_judge *j, struct hf_sgx_quote *out)
{
    for (size_t i = 0; i < j->n_also; i++) {
        if (j->also[i]->format && strcmp(j->also[i]->format->name, "tdx-quote") == 0 &&
            hf_sgx_quote_parse(j->also[i]->bytes, out) == HF_OK)
            return true;
    }
    return false;
}

hf_judge_fn hf_cc_eventlog_judge;

void hf_cc_eventlog_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v,
                          struct hf_findings *f)
{
    struct hf_sgx_quote quote;
    bool have = find_quote(j, &quote);
    hf_err err = hf_cc_eventlog_check(evidence, have ? &quote.td : NULL, v, &f->claims);

    if (err != HF_OK)
        (void)hf_check(v, "event log", err);
    if (!have)
        (void)hf_check_absent(v, "quote",
                              "a log proves nothing by itself: give the TDX quote whose RTMRs it explains in "
                              "the same call");
}
