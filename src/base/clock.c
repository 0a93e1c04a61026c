/* The clock, and times as RFC 3339 text. */
#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t ns_of(clockid_t id)
{
    struct timespec ts = {0};

    (void)clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

hf_time hf_now(void)
{
    return (hf_time)time(NULL);
}

uint64_t hf_now_ms(void)
{
    return ns_of(CLOCK_REALTIME) / 1000000u;
}

uint64_t hf_monotonic_ns(void)
{
    return ns_of(CLOCK_MONOTONIC);
}

uint64_t hf_monotonic_ms(void)
{
    return hf_monotonic_ns() / 1000000u;
}

void hf_time_write(hf_time t, char out[HF_TIME_TEXT])
{
    time_t seconds = (time_t)t;
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900 || tm.tm_year < -1900)
        (void)snprintf(out, HF_TIME_TEXT, "@%lld", (long long)t);
    else
        (void)snprintf(out, HF_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ", (tm.tm_year + 1900) % 10000, tm.tm_mon + 1,
                       tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Exactly `n` decimal digits within [low, high]. */
static bool digits(const char **text, int n, int low, int high, int *out)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        char c = (*text)[i];

        if (c < '0' || c > '9')
            return false;
        v = v * 10 + (c - '0');
    }
    *text += n;
    *out = v;
    return v >= low && v <= high;
}

static bool mark(const char **text, char a, char b)
{
    if (**text != a && **text != b)
        return false;
    (*text)++;
    return true;
}

static bool offset_parse(const char **text, int *seconds)
{
    int sign = **text == '-' ? -1 : 1;
    int hours = 0;
    int minutes = 0;

    *seconds = 0;
    if (mark(text, 'Z', 'z'))
        return true;
    if (!mark(text, '+', '-') || !digits(text, 2, 0, 23, &hours) || !mark(text, ':', ':') ||
        !digits(text, 2, 0, 59, &minutes))
        return false;
    *seconds = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool rfc3339(const char *s, hf_time *out)
{
    struct tm tm = {0};
    struct tm back;
    int year = 0;
    int offset = 0;
    int leap = 0;
    time_t t;

    if (!digits(&s, 4, 0, 9999, &year) || !mark(&s, '-', '-') || !digits(&s, 2, 1, 12, &tm.tm_mon) ||
        !mark(&s, '-', '-') || !digits(&s, 2, 1, 31, &tm.tm_mday) || (!mark(&s, 'T', 't') && !mark(&s, ' ', ' ')) ||
        !digits(&s, 2, 0, 23, &tm.tm_hour) || !mark(&s, ':', ':') || !digits(&s, 2, 0, 59, &tm.tm_min) ||
        !mark(&s, ':', ':') || !digits(&s, 2, 0, 60, &tm.tm_sec))
        return false;
    if (mark(&s, '.', '.')) {
        if (*s < '0' || *s > '9')
            return false;
        while (*s >= '0' && *s <= '9')
            s++;
    }
    if (!offset_parse(&s, &offset) || *s)
        return false;
    leap = tm.tm_sec == 60;
    tm.tm_sec -= leap;
    tm.tm_year = year - 1900;
    tm.tm_mon -= 1;
    back = tm;
    t = timegm(&back);
    if (back.tm_mday != tm.tm_mday) /* the 31st of a month of 30 days */
        return false;
    *out = (hf_time)t + leap - offset;
    return true;
}

hf_err hf_time_parse(const char *text, hf_time *out)
{
    char *end = NULL;
    long long seconds;

    if (rfc3339(text, out))
        return HF_OK;
    errno = 0;
    seconds = strtoll(text, &end, 10);
    if (errno || end == text || *end || strchr(" \t\n+", text[0]))
        return hf_fail(HF_E_FORMAT, "\"%.64s\" is neither Unix seconds nor RFC 3339 such as 2026-11-24T17:00:00Z",
                       text);
    *out = seconds;
    return HF_OK;
}
