/* Verdicts: rows in, one answer out. */
#include "verify/verdict.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

static void set_text(char *place, size_t size, const char *text)
{
    size_t n = strlen(text);

    if (n < size) {
        memcpy(place, text, n + 1);
        return;
    }
    memcpy(place, text, size - 4);
    memcpy(place + size - 4, "...", 4);
}

/* Most rows hold a plain text: printing them would cost a third of what a verdict costs beside its signature. */
static HF_PRINTF(3, 0) void set(char *place, size_t size, const char *fmt, va_list args)
{
    int n;

    if (!strchr(fmt, '%')) {
        set_text(place, size, fmt);
        return;
    }
    if (strcmp(fmt, "%s") == 0) {
        set_text(place, size, va_arg(args, const char *));
        return;
    }
    n = vsnprintf(place, size, fmt, args);
    if (n < 0)
        place[0] = 0;
    else if ((size_t)n >= size)
        memcpy(place + size - 4, "...", 4);
}

static void set_hex(char *place, size_t size, struct hf_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;

    for (size_t i = 0; i < bytes.n && n + 3 <= size; i++) {
        place[n++] = digits[bytes.p[i] >> 4];
        place[n++] = digits[bytes.p[i] & 15];
    }
    place[n] = 0;
    if (2 * bytes.n > n)
        memcpy(place + n - 3, "...", 4);
    if (bytes.n == 0)
        (void)snprintf(place, size, "nothing");
}

void hf_verdict_start(struct hf_verdict *v)
{
    v->n = v->lost = 0;
}

static struct hf_check *add(struct hf_verdict *v, const char *name, enum hf_check_status status, hf_err err)
{
    struct hf_check *row = &v->overflow;
    size_t n;

    if (v->n < HF_CHECKS_MAX)
        row = &v->row[v->n++];
    else
        v->lost++;
    row->status = status;
    row->err = err;
    row->expected[0] = row->found[0] = row->note[0] = 0;
    n = strnlen(name, sizeof(row->name) - 1);
    memcpy(row->name, name, n);
    row->name[n] = 0;
    return row;
}

struct hf_check *hf_check(struct hf_verdict *v, const char *name, hf_err err)
{
    struct hf_check *row;

    if (err == HF_OK)
        return add(v, name, HF_CHECK_OK, err);
    row = add(v, name, err == HF_E_WARNED ? HF_CHECK_WARNING : HF_CHECK_FAILED, err);
    hf_check_note(row, "%s", hf_err_detail());
    return row;
}

struct hf_check *hf_check_absent(struct hf_verdict *v, const char *name, const char *fmt, ...)
{
    struct hf_check *row = add(v, name, HF_CHECK_ABSENT, HF_E_NOT_FOUND);
    va_list args;

    va_start(args, fmt);
    set(row->note, sizeof(row->note), fmt, args);
    va_end(args);
    return row;
}

struct hf_check *hf_check_warn(struct hf_verdict *v, const char *name, const char *fmt, ...)
{
    struct hf_check *row = add(v, name, HF_CHECK_WARNING, HF_E_WARNED);
    va_list args;

    va_start(args, fmt);
    set(row->note, sizeof(row->note), fmt, args);
    va_end(args);
    return row;
}

struct hf_check *hf_check_not_applicable(struct hf_verdict *v, const char *name, const char *fmt, ...)
{
    struct hf_check *row = add(v, name, HF_CHECK_NOT_APPLICABLE, HF_OK);
    va_list args;

    va_start(args, fmt);
    set(row->note, sizeof(row->note), fmt, args);
    va_end(args);
    return row;
}

void hf_check_expected(struct hf_check *row, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set(row->expected, sizeof(row->expected), fmt, args);
    va_end(args);
}

void hf_check_found(struct hf_check *row, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set(row->found, sizeof(row->found), fmt, args);
    va_end(args);
}

void hf_check_note(struct hf_check *row, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set(row->note, sizeof(row->note), fmt, args);
    va_end(args);
}

void hf_check_expected_hex(struct hf_check *row, struct hf_bytes bytes)
{
    set_hex(row->expected, sizeof(row->expected), bytes);
}

void hf_check_found_hex(struct hf_check *row, struct hf_bytes bytes)
{
    set_hex(row->found, sizeof(row->found), bytes);
}

struct hf_check *hf_check_equal(struct hf_verdict *v, const char *name, struct hf_bytes found, struct hf_bytes expected)
{
    bool equal = hf_bytes_equal(found, expected);
    struct hf_check *row = add(v, name, equal ? HF_CHECK_OK : HF_CHECK_FAILED, equal ? HF_OK : HF_E_MISMATCH);

    hf_check_found_hex(row, found);
    hf_check_expected_hex(row, expected);
    return row;
}

const struct hf_check *hf_verdict_row(const struct hf_verdict *v, const char *name)
{
    for (size_t i = 0; i < v->n; i++) {
        if (strcmp(v->row[i].name, name) == 0)
            return &v->row[i];
    }
    return NULL;
}

static size_t count(const struct hf_verdict *v, enum hf_check_status status)
{
    size_t n = 0;

    for (size_t i = 0; i < v->n; i++)
        n += v->row[i].status == status;
    return n;
}

enum hf_verdict_status hf_verdict_status(const struct hf_verdict *v)
{
    if (v->lost || count(v, HF_CHECK_FAILED))
        return HF_VERDICT_CONTRAINDICATED;
    if (count(v, HF_CHECK_ABSENT) || count(v, HF_CHECK_WARNING))
        return HF_VERDICT_WARNING;
    return count(v, HF_CHECK_OK) ? HF_VERDICT_AFFIRMING : HF_VERDICT_NONE;
}

static const char *first_of(const struct hf_verdict *v, enum hf_check_status a, enum hf_check_status b)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->row[i].status == a || v->row[i].status == b)
            return v->row[i].name;
    }
    return "";
}

hf_err hf_verdict_err(const struct hf_verdict *v)
{
    switch (hf_verdict_status(v)) {
    case HF_VERDICT_AFFIRMING:
        return HF_OK;
    case HF_VERDICT_WARNING:
        return hf_fail(HF_E_WARNED, "%zu of %zu checks warn or lack their input, the first is \"%s\"",
                       count(v, HF_CHECK_ABSENT) + count(v, HF_CHECK_WARNING), v->n,
                       first_of(v, HF_CHECK_ABSENT, HF_CHECK_WARNING));
    case HF_VERDICT_CONTRAINDICATED:
        if (v->lost)
            return hf_fail(HF_E_UNTRUSTED, "%zu checks more than a verdict of %d has room for", v->lost, HF_CHECKS_MAX);
        return hf_fail(HF_E_UNTRUSTED, "%zu of %zu checks failed, the first is \"%s\"", count(v, HF_CHECK_FAILED), v->n,
                       first_of(v, HF_CHECK_FAILED, HF_CHECK_FAILED));
    case HF_VERDICT_NONE:
        break;
    }
    return hf_fail(HF_E_UNTRUSTED, "nothing was checked");
}

const char *hf_check_status_name(enum hf_check_status status)
{
    static const char *const names[] = {"none", "ok", "not applicable", "absent", "warning", "failed"};

    return (size_t)status < HF_COUNT(names) ? names[status] : "failed";
}

const char *hf_verdict_status_name(enum hf_verdict_status status)
{
    static const char *const names[] = {"none", "affirming", "warning", "contraindicated"};

    return (size_t)status < HF_COUNT(names) ? names[status] : "contraindicated";
}

static hf_err row_text(const struct hf_check *row, struct hf_buf *out)
{
    HF_TRY(hf_buf_printf(out, "%-14s  %s\n", hf_check_status_name(row->status), row->name));
    if (row->expected[0] && row->status != HF_CHECK_OK)
        HF_TRY(hf_buf_printf(out, "                  expected %s\n", row->expected));
    if (row->found[0])
        HF_TRY(hf_buf_printf(out, "                  found    %s\n", row->found));
    if (row->note[0])
        HF_TRY(hf_buf_printf(out, "                  %s\n", row->note));
    return HF_OK;
}

hf_err hf_verdict_text(const struct hf_verdict *v, struct hf_buf *out)
{
    for (size_t i = 0; i < v->n; i++)
        HF_TRY(row_text(&v->row[i], out));
    if (v->lost)
        HF_TRY(hf_buf_printf(out, "%zu checks more had no room\n", v->lost));
    return hf_buf_printf(out, "verdict: %s\n", hf_verdict_status_name(hf_verdict_status(v)));
}

void hf_verdict_json(const struct hf_verdict *v, struct hf_json *j)
{
    hf_json_text(j, "verdict", hf_verdict_status_name(hf_verdict_status(v)));
    hf_json_array(j, "checks");
    for (size_t i = 0; i < v->n; i++) {
        const struct hf_check *row = &v->row[i];

        hf_json_object(j, NULL);
        hf_json_text(j, "name", row->name);
        hf_json_text(j, "status", hf_check_status_name(row->status));
        if (row->expected[0])
            hf_json_text(j, "expected", row->expected);
        if (row->found[0])
            hf_json_text(j, "found", row->found);
        if (row->note[0])
            hf_json_text(j, "note", row->note);
        hf_json_close(j);
    }
    hf_json_close(j);
    if (v->lost)
        hf_json_u64(j, "checks_lost", v->lost);
}
