/* Judging evidence as an operation: in a worker, and recorded. */
#ifndef HF_CORE_VERIFY_H
#define HF_CORE_VERIFY_H

#include "core/core.h"
#include "worker/worker.h"

/*
 * hf_worker_verify, with a record "evidence.verify". `object` is what the record calls the evidence: a file's name
 * without its folder. The verdict counts only when the record stands: on any error but HF_E_WARNED and HF_E_UNTRUSTED
 * `result` is not to be looked at.
 */
hf_err hf_core_verify(struct hf_core *core, const struct hf_who *who, const char *object, struct hf_worker *worker,
                      const struct hf_verify_request *request, struct hf_verify_result *result);

#endif
