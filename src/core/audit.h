/*
 * The audit trail: `audit.log` in the state directory, one JSON object a line, each chained to the line
 * before by SHA-256 (core/audit_line.h says over what). Several processes append at once. When the file
 * is full it becomes `audit.<first seq>.log`, and the chain goes on in a new one.
 *
 *   CHANGE  fdatasync has returned before the append does
 *   USE     write has returned before the append does, so the record survives the death of the process;
 *           fdatasync follows within 100 ms, by group, from a thread of a long-lived process. A one-shot
 *           process starts the writing at close and does not wait for it (docs/security.md).
 *
 * Power loss can cut the tail of USE records. The next append keeps what is torn aside in
 * `audit.torn.<seq>` and says so in a record "audit.gap".
 */
#ifndef HF_CORE_AUDIT_H
#define HF_CORE_AUDIT_H

#include "base/bytes.h"

struct hf_audit;

/* What a caller says of one operation. Texts are cut to the lengths of core/audit_line.h; NULL is "". */
struct hf_audit_entry {
    const char *who;    /* "uid:1000" */
    const char *door;   /* "cli" */
    const char *op;     /* "tpm.sign" */
    const char *object; /* a key's Name, an NV index, a file name without its folder */
    const char *result; /* "HF_OK", "HF_E_DENIED" */
    const char *detail; /* of a failure; never a secret */
    uint32_t code;      /* the device's response code, or 0 */
};

/* A place in the chain: record `seq` has this hash. seq 0 is the place before the first record. */
struct hf_audit_head {
    uint64_t seq;
    uint8_t hash[32];
};

/* Open beneath the state directory, whose descriptor is kept (a duplicate). Creates the file, mode 0600,
 * and mends what power loss tore off: HF_E_INTEGRITY when it has no intact last record to go on from. With `one_shot` no thread is ever started. */
hf_err hf_audit_open(int state_dir, bool one_shot, struct hf_audit **out);

/* Ends the flusher after a last fdatasync. Accepts NULL in *a. */
void hf_audit_close(struct hf_audit **a);

/*
 * Append. Waits up to 10 s for other processes (HF_E_BUSY). HF_E_FULL and HF_E_IO leave the file as it
 * was. HF_E_INTEGRITY when the file has no intact last record to go on from. Never an answer
 * (HF_E_MISMATCH, HF_E_UNTRUSTED, HF_E_WARNED). From any thread.
 */
hf_err hf_audit_append(struct hf_audit *a, const struct hf_audit_entry *entry, bool durable);

/* Make room for a record before work that cannot be undone: HF_E_FULL here is better than after it. */
hf_err hf_audit_reserve(struct hf_audit *a);

/* The last record, as an anchor kept elsewhere (an NV index, paper) to tell truncation by. */
hf_err hf_audit_head_get(struct hf_audit *a, struct hf_audit_head *out);

/* The size past which a file is closed and the next one begun; 16 MiB at start. For tests. */
void hf_audit_rotate_at(struct hf_audit *a, uint64_t bytes);

#endif
