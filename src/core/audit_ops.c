/* Reading the audit trail as operations. */
#include "core/audit_ops.h"

struct verify {
    uint64_t first;
    const struct hf_audit_head *anchor;
    struct hf_audit_report report;
};

static hf_err verify(struct hf_core *core, void *arg)
{
    struct verify *v = arg;

    return hf_audit_verify(hf_core_state_dir(core), v->first, v->anchor, &v->report);
}

hf_err hf_core_audit_verify(struct hf_core *core, const struct hf_who *who, uint64_t first,
                            const struct hf_audit_head *anchor, struct hf_audit_report *out)
{
    struct verify v = {.first = first, .anchor = anchor};
    hf_err err = hf_core_do(core, who, HF_OP_AUDIT_VERIFY, NULL, verify, &v);

    if (err == HF_OK || err == HF_E_WARNED || err == HF_E_MISMATCH)
        *out = v.report;
    return err;
}

static hf_err permitted(struct hf_core *core, void *arg)
{
    (void)core;
    (void)arg;
    return HF_OK;
}

hf_err hf_core_audit_walk(struct hf_core *core, const struct hf_who *who, enum hf_op op, size_t files,
                          hf_audit_visit *visit, void *arg)
{
    HF_TRY(hf_core_do(core, who, op, NULL, permitted, NULL));
    return hf_audit_walk(hf_core_state_dir(core), files, visit, arg);
}
