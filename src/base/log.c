/* The log hook. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static hf_log_hook *hook;
static void *hook_arg;
static enum hf_log_level hook_level;

void hf_log_set(hf_log_hook *fn, void *arg, enum hf_log_level level)
{
    hook = fn;
    hook_arg = arg;
    hook_level = level;
}

const char *hf_log_level_name(enum hf_log_level level)
{
    static const char *const names[] = {"error", "warning", "notice", "info", "debug"};

    return (unsigned)level < sizeof(names) / sizeof(names[0]) ? names[level] : "unknown";
}

void hf_log(enum hf_log_level level, const char *event, const char *fmt, ...)
{
    va_list args;
    char fields[512];

    if (!hook || level > hook_level)
        return;
    va_start(args, fmt);
    (void)vsnprintf(fields, sizeof(fields), fmt, args);
    va_end(args);
    hook(hook_arg, level, event, fields);
}
