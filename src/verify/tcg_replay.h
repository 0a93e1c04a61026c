/* Replaying a TCG event log: values, digests that can be checked, and findings. */
#ifndef HF_VERIFY_TCG_REPLAY_H
#define HF_VERIFY_TCG_REPLAY_H

#include "evidence/tcg_event.h"
#include "evidence/tcg_log.h"

#include <holdfast/eventlog.h>

/* PCR = H(PCR || digest). The value becomes known; it starts from `start` when it was not. */
hf_err hf_pcr_extend(struct hf_pcr_bank *bank, unsigned pcr, struct hf_bytes digest);

/* How an event's digest relates to its data. */
enum hf_tcg_digest_check {
    HF_TCG_DIGEST_OTHER,   /* it is of something that is not in the log: an image, a table, memory */
    HF_TCG_DIGEST_MATCHES, /* it is the hash of the data, in the way that its type defines */
    HF_TCG_DIGEST_DIFFERS, /* its type defines it over the data, and it is not */
};
hf_err hf_tcg_event_check(const struct hf_tcg_event *event, const struct hf_tcg_digest *digest,
                          enum hf_tcg_digest_check *out);

/* What an auditor notes when reading a log in order. Start with {0}, call once for each event. */
struct hf_tcg_audit {
    uint32_t separated; /* bit i: register i had its separator */
    bool called;        /* firmware said that it calls an EFI application */
    bool exit_called;   /* ExitBootServices was called */
    uint32_t extended;  /* bit i: register i was extended */
    bool locality_seen;
};
void hf_tcg_audit_event(struct hf_tcg_audit *audit, const struct hf_tcg_log *log, const struct hf_tcg_event *event,
                        struct hf_eventlog *out);

/* Note something about an event. */
void hf_eventlog_note(struct hf_eventlog *log, uint32_t event, const char *fmt, ...) HF_PRINTF(3, 4);

#endif
