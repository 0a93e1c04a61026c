/*
 * Errors: one table for the C caller, the shell and the HTTP client.
 *
 * A function that can fail returns hf_err; its results come last in its arguments and are written
 * on success only. What exactly happened is kept for the thread until its next failure.
 */
#ifndef HOLDFAST_ERROR_H
#define HOLDFAST_ERROR_H

#include <stdint.h>

#if defined(__GNUC__)
#define HF_API __attribute__((visibility("default")))
#define HF_MUST_CHECK __attribute__((warn_unused_result))
#define HF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define HF_API
#define HF_MUST_CHECK
#define HF_PRINTF(fmt, args)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Every failure the library can report, told to each of its audiences.
 *   code               exit  http  text                                              */
#define HF_ERRORS(X) \
    X(HF_OK,              0,  200, "success") \
    X(HF_E_ARG,          64,  422, "the request is not usable as it stands") \
    X(HF_E_KEY_TYPE,     64,  422, "the key is of a kind that cannot do this") \
    X(HF_E_TRUNCATED,    65,  400, "the input ends early") \
    X(HF_E_TRAILING,     65,  400, "the input goes on after its end") \
    X(HF_E_FORMAT,       65,  400, "the input is malformed") \
    X(HF_E_LIMIT,        65,  413, "the input is larger than its limit") \
    X(HF_E_INTEGRITY,    65,  400, "an integrity check failed") \
    X(HF_E_PARENT,       65,  400, "the blob belongs to another parent or another device") \
    X(HF_E_NOT_FOUND,    66,  404, "there is no such thing") \
    X(HF_E_UNSUPPORTED,  69,  501, "this device or build cannot do that") \
    X(HF_E_UNAVAILABLE,  69,  503, "the device or service is not there") \
    X(HF_E_DEVICE,       69,  400, "the device reported a fault") \
    X(HF_E_TIMEOUT,      69,  504, "the device or service did not answer in time") \
    X(HF_E_FULL,         69,  507, "there is no room left") \
    X(HF_E_IO,           69,  500, "reading or writing failed") \
    X(HF_E_MEMORY,       70,  500, "out of memory") \
    X(HF_E_INTERNAL,     70,  500, "a fault of holdfast itself") \
    X(HF_E_EXISTS,       73,  409, "it exists already") \
    X(HF_E_BUSY,         75,  503, "busy; worth retrying") \
    X(HF_E_CANCELLED,    75,  409, "the work was cancelled") \
    X(HF_E_PERMISSION,   77,  403, "the operating system does not permit this") \
    X(HF_E_DENIED,       77,  403, "policy does not allow this") \
    X(HF_E_AUTH,         77,  403, "the authorization value is wrong or missing") \
    X(HF_E_LOCKED,       77,  423, "the device is in dictionary-attack lockout") \
    X(HF_E_IMPOSTOR,     77,  403, "the device is not the one that was pinned") \
    X(HF_E_CONFIG,       78,  500, "the configuration is not usable") \
    X(HF_E_WARNED,        3,  200, "trusted, with warnings that are listed") \
    X(HF_E_MISMATCH,      1,  200, "the answer is no") \
    X(HF_E_UNTRUSTED,     1,  200, "the evidence was read but is not trusted")

#define HF_ERRORS_ENUM(code, exit_status, http_status, text) code,
typedef enum hf_err { HF_ERRORS(HF_ERRORS_ENUM) HF_ERR_COUNT } hf_err;
#undef HF_ERRORS_ENUM

/* "HF_E_TRUNCATED": the code's own name. Never NULL. */
HF_API const char *hf_err_name(hf_err err);

/* One general sentence without numbers. Never NULL. */
HF_API const char *hf_err_text(hf_err err);

/* The exit status of a command that ends with this error: 0 to 78. */
HF_API int hf_err_exit(hf_err err);

/* The HTTP status of a reply that carries this error: 200 to 507. */
HF_API int hf_err_http(hf_err err);

/* What exactly happened in this thread's latest failure: one line, valid until its next failure.
 * Empty before the first. */
HF_API const char *hf_err_detail(void);

/* The response code that the device gave with this thread's latest failure (TPM_RC for a TPM,
 * TEE_Result for OP-TEE), or 0 where no device answered. */
HF_API uint32_t hf_err_device_code(void);

/* "0.1.0": the library's version. */
HF_API const char *hf_version(void);

#ifdef __cplusplus
}
#endif
#endif
