/* Event logs as kinds of evidence: the log of a TPM's platform, and that of a TD (CCEL). */
#include "evidence/table.h"
#include "evidence/tcg_event.h"

#include <stdio.h>

static bool is_log(struct hf_bytes in, enum hf_eventlog_kind kind)
{
    static const char spec_id[] = "Spec ID Event03";
    struct hf_tcg_log log;

    return in.n > 32 + sizeof(spec_id) && memcmp(in.p + 32, spec_id, sizeof(spec_id)) == 0 &&
           hf_tcg_log_open(in, &log) == HF_OK && log.agile && log.kind == kind;
}

static bool detect_cc(struct hf_bytes in)
{
    return is_log(in, HF_EVENTLOG_CC);
}

/* The form of TPM 1.2 begins with nothing that only a log would begin with: all of its events must be such. */
static bool is_sha1_log(struct hf_bytes in)
{
    static const uint8_t zero[20] = {0};
    struct hf_tcg_log log;
    struct hf_tcg_event event;
    uint32_t n = 0;

    if (hf_tcg_log_open(in, &log) != HF_OK || log.agile || log.kind != HF_EVENTLOG_TPM)
        return false;
    for (; hf_tcg_log_next(&log, &event); n++) {
        struct hf_bytes sha1 = hf_tcg_event_digest(&event, HF_SHA1);

        if (event.type == HF_EV_NO_ACTION) /* of any register: nothing is extended */
            continue;
        if (event.reg >= HF_PCR_COUNT || !hf_tcg_event_type_name(event.type) ||
            hf_bytes_equal(sha1, HF_BYTES_OF(zero)))
            return false;
    }
    return n > 1 && hf_tcg_log_end(&log) == HF_OK;
}

static bool detect_tpm(struct hf_bytes in)
{
    return is_log(in, HF_EVENTLOG_TPM) || is_sha1_log(in);
}

static void tell_header(const struct hf_tcg_log *log, struct hf_inspect *i)
{
    hf_inspect_number(i, "platform class", (struct hf_bytes){0}, log->platform_class, NULL);
    hf_inspect_number(i, "specification version", (struct hf_bytes){0}, log->version_major, "%u.%u errata %u",
                      log->version_major, log->version_minor, log->errata);
    for (size_t k = 0; k < log->n_algs; k++)
        hf_inspect_number(i, "algorithm", (struct hf_bytes){0}, log->alg[k].alg, "%s, %u bytes",
                          hf_hash_name((enum hf_hash_alg)log->alg[k].alg)
                              ? hf_hash_name((enum hf_hash_alg)log->alg[k].alg)
                              : "unknown",
                          log->alg[k].size);
}

static void tell_event(const struct hf_tcg_log *log, const struct hf_tcg_event *event, struct hf_inspect *i)
{
    char name[48];
    struct hf_bytes whole = hf_inspect_part(i, event->offset, hf_rd_at(&log->r) - event->offset);
    const char *type = hf_tcg_event_type_name(event->type);

    (void)snprintf(name, sizeof(name), "event %u", event->number);
    hf_inspect_open(i, name, whole);
    hf_inspect_number(i, log->kind == HF_EVENTLOG_CC ? "MR index" : "PCR", hf_inspect_part(i, event->offset, 4),
                      event->reg, "%s",
                      log->kind != HF_EVENTLOG_CC ? ""
                      : event->reg == 0           ? "MRTD"
                      : event->reg == 1           ? "RTMR0"
                      : event->reg == 2           ? "RTMR1"
                      : event->reg == 3           ? "RTMR2"
                      : event->reg == 4           ? "RTMR3"
                                                  : "unknown");
    hf_inspect_number(i, "type", hf_inspect_part(i, event->offset + 4, 4), event->type, "%s", type ? type : "unknown");
    for (size_t k = 0; k < event->n_digests; k++)
        hf_inspect_bytes(i, "digest", event->digest[k].bytes, "%s",
                         hf_hash_name((enum hf_hash_alg)event->digest[k].alg)
                             ? hf_hash_name((enum hf_hash_alg)event->digest[k].alg)
                             : "unknown algorithm");
    if (event->header)
        tell_header(log, i);
    hf_inspect_bytes(i, "data", event->data, NULL);
    hf_inspect_close(i);
}

static hf_err inspect(struct hf_bytes in, struct hf_inspect *i)
{
    struct hf_tcg_log log;
    struct hf_tcg_event event;

    HF_TRY(hf_tcg_log_open(in, &log));
    while (hf_tcg_log_next(&log, &event))
        tell_event(&log, &event, i);
    if (log.padding.n)
        hf_inspect_bytes(i, "padding", log.padding, NULL);
    return hf_tcg_log_end(&log);
}

const struct hf_evidence_format hf_format_cc_eventlog = {
    .name = "cc-eventlog",
    .family = "tdx",
    .about = "confidential computing event log (CCEL) of a TD",
    .detect = detect_cc,
    .inspect = inspect,
};

const struct hf_evidence_format hf_format_tpm_eventlog = {
    .name = "tpm-eventlog",
    .family = "tpm",
    .about = "TCG event log of a platform with a TPM 2.0",
    .detect = detect_tpm,
    .inspect = inspect,
};
