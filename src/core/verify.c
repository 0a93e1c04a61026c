/* Judging evidence as an operation. */
#include "core/verify.h"

struct judging {
    struct hf_worker *worker;
    const struct hf_verify_request *request;
    struct hf_verify_result *result;
};

static hf_err work(struct hf_core *core, void *arg)
{
    const struct judging *j = arg;

    (void)core;
    return hf_worker_verify(j->worker, j->request, j->result);
}

hf_err hf_core_verify(struct hf_core *core, const struct hf_who *who, const char *object, struct hf_worker *worker,
                      const struct hf_verify_request *request, struct hf_verify_result *result)
{
    struct judging j = {worker, request, result};

    return hf_core_do(core, who, HF_OP_EVIDENCE_VERIFY, object, work, &j);
}
