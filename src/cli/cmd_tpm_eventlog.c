/* holdfast tpm eventlog show | replay */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "cli/cli.h"
#include "evidence/pcr.h"
#include "evidence/tcg_event.h"
#include "evidence/tcg_log.h"
#include "evidence/tpm_quote.h"

#include <holdfast/eventlog.h>

#define LOG_MAX ((size_t)64 << 20)

struct eventlog_opts {
    const char *file;
    bool strict;
};

static const struct hf_opt show_rows[] = {
    {HF_OPT_WORD, 0, "FILE", offsetof(struct eventlog_opts, file), NULL,
     "the log: raw, hex or base64; - for standard input", NULL, true},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static const struct hf_opt replay_rows[] = {
    {HF_OPT_FLAG, 0, "strict", offsetof(struct eventlog_opts, strict), NULL,
     "answer no (exit 1) when there is any finding", NULL, false},
    {HF_OPT_WORD, 0, "FILE", offsetof(struct eventlog_opts, file), NULL,
     "the log: raw, hex or base64; - for standard input", NULL, true},
    {HF_OPT_END, 0, NULL, 0, NULL, NULL, NULL, false},
};

static hf_err read_log(const char *file, struct hf_buf *raw)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf in = {0};

    HF_TRY(hf_cli_read(file, LOG_MAX, &in));
    return hf_tcg_log_decode(hf_buf_bytes(&in), raw);
}

static const char *kind_name(enum hf_eventlog_kind kind)
{
    return kind == HF_EVENTLOG_CC ? "ccel" : "tpm";
}

/* ---- show ---- */

static void event_json(const struct hf_tcg_event *event, const char *type, struct hf_bytes text, struct hf_json *j)
{
    hf_json_object(j, NULL);
    hf_json_u64(j, "event", event->number);
    hf_json_u64(j, "register", event->reg);
    hf_json_text(j, "type", type);
    hf_json_object(j, "digests");
    for (size_t i = 0; i < event->n_digests; i++) {
        char alg[HF_ALG_TEXT];

        hf_json_hex(j, hf_pcr_alg_text(event->digest[i].alg, alg), event->digest[i].bytes);
    }
    hf_json_close(j);
    hf_json_text_n(j, "text", text);
    hf_json_hex(j, "data", event->data);
    hf_json_close(j);
}

static hf_err show_event(const struct hf_cli *cli, const struct hf_tcg_event *event, struct hf_json *j)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    char number[12];
    const char *type = hf_tcg_event_type_name(event->type);

    (void)snprintf(number, sizeof(number), "0x%08x", event->type);
    HF_TRY(hf_tcg_event_describe(event, &text));
    if (cli->json)
        event_json(event, type ? type : number, hf_buf_bytes(&text), j);
    else if (event->reg == UINT32_MAX)
        (void)printf("%4u   -  %-34s %.*s\n", event->number, type ? type : number, (int)text.n, (const char *)text.p);
    else
        (void)printf("%4u  %2u  %-34s %.*s\n", event->number, event->reg, type ? type : number, (int)text.n,
                     (const char *)text.p);
    return HF_OK;
}

static hf_err run_show(struct hf_cli *cli, const void *options)
{
    const struct eventlog_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_json j = {0};
    struct hf_tcg_event event;
    struct hf_tcg_log log;

    HF_TRY(read_log(opt->file, &raw));
    HF_TRY(hf_tcg_log_open(hf_buf_bytes(&raw), &log));
    HF_TRY(hf_cli_json_start(&text, &j));
    hf_json_text(&j, "kind", kind_name(log.kind));
    hf_json_array(&j, "events");
    while (hf_tcg_log_next(&log, &event))
        HF_TRY(show_event(cli, &event, &j));
    HF_TRY(hf_tcg_log_end(&log));
    hf_json_close(&j);
    return cli->json ? hf_cli_json_end(&text, &j) : HF_OK;
}

/* The example makes a log of one event by hand: a separator in PCR 7. */
#define EXAMPLE_LOG "printf '07000000040000009069ca78e7450a285173431b3e52c5c25299e4730400000000000000' > boot.log\n"

const struct hf_command hf_cmd_tpm_eventlog_show = {
    .words = "tpm eventlog show",
    .about = "Print a boot event log, one line per event",
    .text = "Reads TCG logs (crypto-agile and the SHA-1 format of TPM 1.2) and the CCEL logs of confidential "
            "virtual machines. Linux has the machine's own in "
            "/sys/kernel/security/tpm0/binary_bios_measurements. Number, register, type and meaning of each event. "
            "A log that ends in the middle of an event is an error (65), after the events before it.",
    .example = EXAMPLE_LOG "holdfast tpm eventlog show boot.log\nholdfast tpm eventlog show boot.log --json",
    .opts = show_rows,
    .size = sizeof(struct eventlog_opts),
    .run = run_show,
};

/* ---- replay ---- */

static void replay_json(const struct hf_eventlog *log, struct hf_json *j)
{
    hf_json_text(j, "kind", kind_name(log->kind));
    hf_json_u64(j, "events", log->events);
    hf_json_u64(j, "locality", log->locality);
    hf_pcrs_json(&log->pcrs, j, "pcrs");
    hf_json_u64(j, "digests_checked", log->digests_checked);
    hf_json_u64(j, "digests_differ", log->digests_differ);
    hf_json_u64(j, "findings_total", log->findings);
    hf_json_array(j, "findings");
    for (uint32_t i = 0; i < log->findings && i < HF_FINDINGS_MAX; i++) {
        hf_json_object(j, NULL);
        hf_json_u64(j, "event", log->finding[i].event);
        hf_json_text(j, "text", log->finding[i].text);
        hf_json_close(j);
    }
    hf_json_close(j);
}

static hf_err replay_text(const struct hf_eventlog *log)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf hex = {0};

    for (size_t i = 0; i < log->pcrs.n; i++) {
        const struct hf_pcr_bank *bank = &log->pcrs.bank[i];
        char alg[HF_ALG_TEXT];

        for (unsigned pcr = 0; pcr < HF_PCR_COUNT; pcr++) {
            if (!(bank->mask & 1u << pcr))
                continue;
            hf_buf_free(&hex);
            for (size_t b = 0; b < bank->size; b++)
                HF_TRY(hf_buf_printf(&hex, "%02x", bank->value[pcr][b]));
            (void)printf("%s:%u  %.*s\n", hf_pcr_alg_text(bank->alg, alg), pcr, (int)hex.n, (const char *)hex.p);
        }
    }
    return HF_OK;
}

static hf_err run_replay(struct hf_cli *cli, const void *options)
{
    const struct eventlog_opts *opt = options;
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    HF_CLEANUP(hf_free) struct hf_eventlog *log = NULL;
    struct hf_json j = {0};

    HF_TRY(hf_alloc(sizeof(*log), &log));
    HF_TRY(read_log(opt->file, &raw));
    HF_TRY(hf_eventlog_replay(hf_buf_bytes(&raw), log));
    if (cli->json) {
        HF_TRY(hf_cli_json_start(&text, &j));
        replay_json(log, &j);
        HF_TRY(hf_cli_json_end(&text, &j));
    } else {
        HF_TRY(replay_text(log));
        for (uint32_t i = 0; i < log->findings && i < HF_FINDINGS_MAX; i++)
            hf_cli_say(cli, "event %u: %s", log->finding[i].event, log->finding[i].text);
    }
    if (opt->strict && log->findings)
        return hf_fail(HF_E_UNTRUSTED, "%u findings, the first at event %u: %s", log->findings, log->finding[0].event,
                       log->finding[0].text);
    return HF_OK;
}

const struct hf_command hf_cmd_tpm_eventlog_replay = {
    .words = "tpm eventlog replay",
    .about = "Compute the register values that follow from a boot event log",
    .text =
        "Compare them with a quote (holdfast tpm quote-verify --eventlog) before believing the log. Registers of a "
        "CCEL log are 1 to 4, for RTMR0 to RTMR3. Findings (a second separator, an event whose data is not what was "
        "measured, ...) do not change the values; with --strict any finding is exit status 1.",
    .example = EXAMPLE_LOG
    "holdfast tpm eventlog replay boot.log\nholdfast tpm eventlog replay boot.log --json --strict",
    .opts = replay_rows,
    .size = sizeof(struct eventlog_opts),
    .run = run_replay,
};
