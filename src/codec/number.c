/* Decimal text and doubles. */
#include "codec/number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBER_MAX 1024
#define DIGITS_MAX 17 /* enough for every double */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t c_locale; /* kept for the life of the process */

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

hf_err hf_number_double(struct hf_bytes text, double *out)
{
    char copy[NUMBER_MAX + 1];
    char *end = NULL;
    double v;

    if (text.n == 0 || text.n > NUMBER_MAX)
        return hf_fail(HF_E_FORMAT, "a number of %zu characters, where 1 to %d are allowed", text.n, NUMBER_MAX);
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    (void)pthread_once(&once, make_locale);
    if (!c_locale)
        return hf_fail(HF_E_MEMORY, "no memory for a locale");
    v = strtod_l(copy, &end, c_locale);
    if (end != copy + text.n || !isfinite(v))
        return hf_fail(HF_E_FORMAT, "the number %.40s is not a finite double", copy);
    *out = v;
    return HF_OK;
}

/* Decimal digits without a point: value = 0.DIGITS times 10^exponent. */
struct decimal {
    char digits[DIGITS_MAX + 1];
    int n;
    int exponent;
};

/* v > 0 rounded to n digits. snprintf writes the point of the locale, so only digits and exponent are taken. */
static void round_to(double v, int n, struct decimal *out)
{
    char text[64];
    const char *e;

    (void)snprintf(text, sizeof(text), "%.*e", n - 1, v);
    out->n = 0;
    for (const char *p = text; *p && *p != 'e' && out->n < n; p++) {
        if (*p >= '0' && *p <= '9')
            out->digits[out->n++] = *p;
    }
    out->digits[out->n] = 0;
    e = strrchr(text, 'e');
    out->exponent = (e ? (int)strtol(e + 1, NULL, 10) : 0) + 1;
}

static bool reads_as(const struct decimal *d, double v)
{
    char text[64];
    double again = 0;
    int n = snprintf(text, sizeof(text), "0.%se%d", d->digits, d->exponent);

    return hf_number_double((struct hf_bytes){(const uint8_t *)text, (size_t)n}, &again) == HF_OK && again == v;
}

/* One more in the last digit. False where that would carry. */
static bool next_up(struct decimal *d)
{
    if (d->digits[d->n - 1] == '9')
        return false;
    d->digits[d->n - 1]++;
    return true;
}

static void shortest(double v, struct decimal *out)
{
    int exponent;
    bool power_of_two = frexp(v, &exponent) == 0.5;

    for (int n = 1; n < DIGITS_MAX; n++) {
        round_to(v, n, out);
        if (reads_as(out, v))
            return;
        /* Below a power of two the doubles lie twice as close, so that a number of n digits above it can belong to
         * it though the nearest one, below, does not. */
        if (power_of_two && next_up(out) && reads_as(out, v))
            return;
    }
    round_to(v, DIGITS_MAX, out);
}

static void trim_zeros(struct decimal *d)
{
    while (d->n > 1 && d->digits[d->n - 1] == '0')
        d->digits[--d->n] = 0;
}

hf_err hf_number_write(double v, char out[HF_NUMBER_TEXT])
{
    const char *sign = v < 0 ? "-" : "";
    struct decimal d = {0};
    int e, point;

    if (!isfinite(v))
        return hf_fail(HF_E_FORMAT, "a number that is not finite has no JSON form");
    if (v == 0) {
        (void)snprintf(out, HF_NUMBER_TEXT, "0"); /* also for -0 */
        return HF_OK;
    }
    shortest(fabs(v), &d);
    trim_zeros(&d);
    point = d.exponent;
    e = point - 1;
    if (point > 0 && point <= 21 && point >= d.n)
        (void)snprintf(out, HF_NUMBER_TEXT, "%s%s%.*s", sign, d.digits, point - d.n, "000000000000000000000");
    else if (point > 0 && point <= 21)
        (void)snprintf(out, HF_NUMBER_TEXT, "%s%.*s.%s", sign, point, d.digits, d.digits + point);
    else if (point > -6 && point <= 0)
        (void)snprintf(out, HF_NUMBER_TEXT, "%s0.%.*s%s", sign, -point, "000000", d.digits);
    else
        (void)snprintf(out, HF_NUMBER_TEXT, "%s%c%s%se%c%d", sign, d.digits[0], d.n > 1 ? "." : "", d.digits + 1,
                       e < 0 ? '-' : '+', abs(e));
    return HF_OK;
}
