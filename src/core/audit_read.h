/* Reading the audit trail: every line in order, and the verdict over the chain. */
#ifndef HF_CORE_AUDIT_READ_H
#define HF_CORE_AUDIT_READ_H

#include "core/audit_line.h"

/* One line, without its newline. `whole` is false for a last line without one, and for the start of a
 * line longer than HF_AUDIT_LINE_MAX, after which no more of that file is read. */
struct hf_audit_place {
    const char *file;
    uint64_t line; /* from 1 */
    bool whole;
};
typedef hf_err hf_audit_visit(void *arg, const struct hf_audit_place *place, struct hf_bytes line);

/* Visit the lines that stand there when it is called, oldest first; only those of the last `files` files
 * unless that is 0. Ends early with what the visitor returns when that is not HF_OK. */
hf_err hf_audit_walk(int state_dir, size_t files, hf_audit_visit *visit, void *arg);

struct hf_audit_report {
    uint64_t records;
    uint64_t first, last; /* seq */
    uint64_t gaps;        /* records "audit.gap": tails that power loss tore off */
    uint8_t hash[32];     /* of the last record */
    bool anchored;        /* an anchor was given, and its record is there */
    char broken[400];     /* what is wrong with the first record that is; "" when nothing is */
    char file[40];        /* where */
    uint64_t line;
};

/*
 * Judge the chain. `first` is the record it must begin with: 1, or a later one when older files are kept
 * elsewhere. `anchor` may be NULL; without one, a chain that was cut off or written anew from its start
 * cannot be told from a true one.
 *
 * The report is written with these results:
 *   HF_OK          intact
 *   HF_E_WARNED    intact, with gaps
 *   HF_E_MISMATCH  broken; the report names the first record that is damaged, missing, out of order,
 *                  forged or cut off
 */
hf_err hf_audit_verify(int state_dir, uint64_t first, const struct hf_audit_head *anchor, struct hf_audit_report *out);

#endif
