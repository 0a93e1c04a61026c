/* What the benchmarks share: time, medians, rows with a target. */
#ifndef HF_BENCH_H
#define HF_BENCH_H

#include "base/clock.h"
#include "base/error.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* End the program where a call fails: a benchmark of something broken means nothing. */
#define MUST(call) \
    do { \
        hf_err hf_must_ = (call); \
        if (hf_must_ != HF_OK) { \
            (void)fprintf(stderr, "%s:%d: %s: %s: %s\n", __FILE__, __LINE__, #call, hf_err_name(hf_must_), hf_err_detail()); \
            exit(1); \
        } \
    } while (0)

static inline int bench_order(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static inline double bench_median(double *values, size_t n)
{
    qsort(values, n, sizeof(*values), bench_order);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* A row: what was measured, the value with its unit, and the target it stands against. */
static inline void bench_row(const char *what, double value, const char *unit, const char *relation, double target)
{
    int met = relation[0] == '<' ? value <= target : value >= target;

    (void)printf("%-58s %10.2f %-6s target %s %g %s\n", what, value, unit, relation, target, met ? "met" : "MISSED");
}

static inline void bench_fact(const char *what, double value, const char *unit)
{
    (void)printf("%-58s %10.2f %-6s\n", what, value, unit);
}

/* A line for the shell that must succeed. */
static inline void shell(const char *line)
{
    if (system(line) != 0) {
        (void)fprintf(stderr, "failed: %s\n", line);
        exit(1);
    }
}

#endif
