/* Does a confidential computing event log explain the registers of a TD? */
#ifndef HF_VERIFY_CC_EVENTLOG_H
#define HF_VERIFY_CC_EVENTLOG_H

#include "evidence/td_report.h"
#include "verify/claims.h"
#include "verify/verdict.h"

/*
 * Rows "event log" (it replays), "rtmr0" to "rtmr3" (the value it replays to, and that of the report; a register
 * without events must be zero), and "event data", a warning for events whose data is not what was measured.
 * Claims are what it replays to, "rtmr0" to "rtmr3", whether or not a report carries the same, and how many "events"
 * follow its header.
 * Returns the first failure that is ours: HF_E_MEMORY.
 */
hf_err hf_cc_eventlog_check(struct hf_bytes log, const struct hf_td_body *body, struct hf_verdict *v,
                            struct hf_claims *claims);

#endif
