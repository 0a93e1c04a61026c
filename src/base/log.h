/* Lines for operators: `hf_log(HF_LOG_NOTICE, "device.retry", "device=%s wait_ms=%u", name, ms);` */
#ifndef HF_BASE_LOG_H
#define HF_BASE_LOG_H

#include <holdfast/log.h>

void hf_log(enum hf_log_level level, const char *event, const char *fmt, ...) HF_PRINTF(3, 4);

#endif
