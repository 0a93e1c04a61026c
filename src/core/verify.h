/* Judging evidence as an operation: in a worker, and recorded. */
#ifndef HF_CORE_VERIFY_H
#define HF_CORE_VERIFY_H

#include "core/nonce.h"
#include "worker/worker.h"

/*
 * hf_worker_verify, with a record "evidence.verify". `object` is what the record calls the evidence: a file's name
 * without its folder. The verdict counts only when the record stands: on any error but HF_E_WARNED and HF_E_UNTRUSTED
 * `result` is not to be looked at.
 */
hf_err hf_core_verify(struct hf_core *core, const struct hf_who *who, const char *object, struct hf_worker *worker,
                      const struct hf_verify_request *request, struct hf_verify_result *result);

/*
 * The same for evidence that must count once, with a row for each of these:
 *   nonce use   the request's nonce was issued here for this purpose (core/nonce.h), and this attempt uses it up
 *   replay      what is acceptable was not accepted before, within twice its highest age
 * And the store's errors, with which there is no verdict.
 */
struct hf_verify_once {
    bool burn;
    const char *purpose; /* NULL: "" */
    uint32_t max_age_s;  /* 0: nothing is remembered */
    uint64_t max;        /* entries; 0: HF_NONCE_ENTRIES */
};
hf_err hf_core_verify_once(struct hf_core *core, const struct hf_who *who, const char *object, struct hf_worker *worker,
                           const struct hf_verify_request *request, const struct hf_verify_once *once,
                           struct hf_verify_result *result);

#endif
