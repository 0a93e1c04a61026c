/* The error table's texts, and the thread's latest failure. */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct row {
    const char *name;
    int exit_status;
    int http_status;
    const char *text;
};

#define ROW(code, exit_status, http_status, text) {#code, exit_status, http_status, text},
static const struct row rows[] = {HF_ERRORS(ROW)};

static _Thread_local char detail[1024];
static _Thread_local uint32_t device_code;

static const struct row *row(hf_err err)
{
    return (unsigned)err < HF_ERR_COUNT ? &rows[err] : &rows[HF_E_INTERNAL];
}

const char *hf_err_name(hf_err err)
{
    return row(err)->name;
}

const char *hf_err_text(hf_err err)
{
    return row(err)->text;
}

int hf_err_exit(hf_err err)
{
    return row(err)->exit_status;
}

int hf_err_http(hf_err err)
{
    return row(err)->http_status;
}

const char *hf_err_detail(void)
{
    return detail;
}

uint32_t hf_err_device_code(void)
{
    return device_code;
}

const char *hf_version(void)
{
    return HF_VERSION;
}

static HF_PRINTF(1, 0) void set_detail(const char *fmt, va_list args)
{
    char line[sizeof(detail)]; /* the arguments may quote the detail that is replaced */

    (void)vsnprintf(line, sizeof(line), fmt, args);
    memcpy(detail, line, sizeof(detail));
}

hf_err hf_fail(hf_err err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set_detail(fmt, args);
    va_end(args);
    device_code = 0;
    return err;
}

hf_err hf_fail_device(hf_err err, uint32_t code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set_detail(fmt, args);
    va_end(args);
    device_code = code;
    return err;
}

static hf_err err_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return HF_E_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return HF_E_PERMISSION;
    case EEXIST:
        return HF_E_EXISTS;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return HF_E_FULL;
    case ENOMEM:
        return HF_E_MEMORY;
    case EAGAIN:
    case EBUSY:
        return HF_E_BUSY;
    case ETIMEDOUT:
        return HF_E_TIMEOUT;
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return HF_E_ARG;
    default:
        return HF_E_IO;
    }
}

hf_err hf_fail_errno(const char *fmt, ...)
{
    int number = errno;
    va_list args;
    char what[512];

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    return hf_fail(err_of_errno(number), "%s: %s", what, strerror(number));
}
