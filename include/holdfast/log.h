/*
 * The log: for operators, allowed to be lost. The library prints nothing; it hands lines to a hook.
 * A line is an event name and key=value pairs, and never holds a secret.
 */
#ifndef HOLDFAST_LOG_H
#define HOLDFAST_LOG_H

#include <holdfast/error.h>

#ifdef __cplusplus
extern "C" {
#endif

enum hf_log_level { HF_LOG_ERROR, HF_LOG_WARNING, HF_LOG_NOTICE, HF_LOG_INFO, HF_LOG_DEBUG };

/* Called from the thread that logs, one line at a time; may be called from several threads. */
typedef void hf_log_hook(void *arg, enum hf_log_level level, const char *event, const char *fields);

/* Lines at `level` and above go to `hook`; NULL turns the log off, as it is at start. Set it
 * before starting threads. */
HF_API void hf_log_set(hf_log_hook *hook, void *arg, enum hf_log_level level);

/* "error" to "debug". Never NULL. */
HF_API const char *hf_log_level_name(enum hf_log_level level);

#ifdef __cplusplus
}
#endif
#endif
