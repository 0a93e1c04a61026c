/* Failing in one line: hf_fail records what happened for this thread, HF_TRY passes it up. */
#ifndef HF_BASE_ERROR_H
#define HF_BASE_ERROR_H

#include <holdfast/error.h>

/* Record the detail of a failure and return its code: `return hf_fail(HF_E_ARG, "...")`. */
hf_err hf_fail(hf_err err, const char *fmt, ...) HF_PRINTF(2, 3);

/* The same, with the device's own response code. */
hf_err hf_fail_device(hf_err err, uint32_t device_code, const char *fmt, ...) HF_PRINTF(3, 4);

/* A failed system call: the code that fits errno, "what: No such file or directory". */
hf_err hf_fail_errno(const char *fmt, ...) HF_PRINTF(1, 2);

/* Pass a failure up. */
#define HF_TRY(expr) \
    do { \
        hf_err hf_try_err_ = (expr); \
        if (hf_try_err_ != HF_OK) \
            return hf_try_err_; \
    } while (0)

#endif
