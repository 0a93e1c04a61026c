/* The clock of the machine, for the folders that may look at it. Judgement takes time as an argument. */
#ifndef HF_BASE_CLOCK_H
#define HF_BASE_CLOCK_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Seconds since 1970-01-01 UTC; negative before. */
typedef int64_t hf_time;

/* Wall time in seconds, and in milliseconds. */
hf_time hf_now(void);
uint64_t hf_now_ms(void);

/* Time that only moves forward, for deadlines and measurements. */
uint64_t hf_monotonic_ms(void);
uint64_t hf_monotonic_ns(void);

/* "2026-11-24T17:04:28Z" into at least HF_TIME_TEXT bytes. */
#define HF_TIME_TEXT 32
void hf_time_write(hf_time t, char out[HF_TIME_TEXT]);

/* Unix seconds in decimal, or RFC 3339 with Z or an offset. */
hf_err hf_time_parse(const char *text, hf_time *out);

#endif
