/* A platform's event log by itself: it proves nothing, and a TPM quote in the same call says what it explains. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "verify/judge.h"

#include <holdfast/eventlog.h>

static bool has_quote(const struct hf_judge *j)
{
    for (size_t i = 0; i < j->n_also; i++) {
        if (j->also[i]->format && strcmp(j->also[i]->format->name, "tpm-quote") == 0)
            return true;
    }
    return false;
}

hf_judge_fn hf_tpm_eventlog_judge;

void hf_tpm_eventlog_judge(const struct hf_judge *j, struct hf_bytes evidence, struct hf_verdict *v,
                           struct hf_findings *f)
{
    HF_CLEANUP(hf_free) struct hf_eventlog *log = NULL;
    hf_err err = hf_alloc(sizeof(*log), &log);
    struct hf_check *row;

    if (err == HF_OK)
        err = hf_eventlog_replay(evidence, log);
    row = hf_check(v, "structure", err);
    if (err == HF_OK) {
        hf_check_found(row, "%u events", log->events);
        hf_claim_number(&f->claims, "events", log->events);
    }
    if (has_quote(j))
        (void)hf_check_not_applicable(v, "quote", "the rows of the TPM quote beside it say what this log explains");
    else
        (void)hf_check_absent(v, "quote",
                              "a log proves nothing by itself: give the TPM quote whose registers it explains in "
                              "the same call");
}
