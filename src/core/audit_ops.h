/* Reading the audit trail as operations: permitted and recorded like all others. */
#ifndef HF_CORE_AUDIT_OPS_H
#define HF_CORE_AUDIT_OPS_H

#include "core/audit_read.h"
#include "core/core.h"

/* hf_audit_verify; the report is written with its three answers. */
hf_err hf_core_audit_verify(struct hf_core *core, const struct hf_who *who, uint64_t first,
                            const struct hf_audit_head *anchor, struct hf_audit_report *out);

/* hf_audit_walk as `op` (HF_OP_AUDIT_TAIL, HF_OP_AUDIT_EXPORT). That it is read is recorded before the
 * first line is handed out, so the record of the reading is among the lines. */
hf_err hf_core_audit_walk(struct hf_core *core, const struct hf_who *who, enum hf_op op, size_t files,
                          hf_audit_visit *visit, void *arg);

#endif
