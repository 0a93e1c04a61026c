/* Do logs explain the values that a quote vouches for? Rows of a verdict. */
#ifndef HF_VERIFY_PCR_LOG_H
#define HF_VERIFY_PCR_LOG_H

#include "evidence/pcr.h"
#include "verify/verdict.h"

#include <holdfast/eventlog.h>

/*
 * Compare values with a replayed event log. Rows: "event log" when every register that has events
 * replays to its value; one failed row, "sha256 PCR 4", for each register that does not, for each that
 * was extended without an event, and one for each bank that the log does not have; "registers without
 * events", a warning, names those that are at their reset value and in no event; "event data", a
 * warning, counts events whose data is not what was measured.
 *
 *   skip  bit i: leave PCR i out, because another log explains it
 */
void hf_pcr_log_check(const struct hf_pcrs *values, const struct hf_eventlog *log, uint32_t skip, struct hf_verdict *v);

/*
 * Compare the value of the IMA register in every bank that has one with a measurement list. Rows: "ima log",
 * "ima entries" (their digests match their data), "ima violations".
 */
void hf_ima_log_check(const struct hf_pcrs *values, struct hf_bytes ima, unsigned pcr, struct hf_verdict *v);

#endif
