/* Appraisal policies for people: the normal form, the checks in plain words, two policies side by side. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "codec/hex.h"
#include "policy/appraisal_i.h"

#include <inttypes.h>
#include <stdio.h>

/* Quoted where YAML would read it as something else than this text. */
static hf_err put_text(const char *text, struct hf_buf *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf made = {0};
    struct hf_json j = hf_json(&made, false);
    bool simple = text[0] >= 'A' && text[0] <= 'z';

    for (size_t i = 0; text[i]; i++)
        simple &= (text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= 'a' && text[i] <= 'z') ||
                  (text[i] >= '0' && text[i] <= '9') || (i && (text[i] == '-' || text[i] == '_' || text[i] == '.'));
    if (simple && strcmp(text, "true") != 0 && strcmp(text, "false") != 0 && strcmp(text, "null") != 0 &&
        strcmp(text, "True") != 0 && strcmp(text, "False") != 0 && strcmp(text, "Null") != 0 &&
        strcmp(text, "TRUE") != 0 && strcmp(text, "FALSE") != 0 && strcmp(text, "NULL") != 0)
        return hf_buf_printf(out, "%s", text);
    hf_json_text(&j, NULL, text);
    HF_TRY(hf_json_end(&j));
    return hf_buf_add(out, hf_buf_bytes(&made));
}

static hf_err put_texts(char *const *text, size_t n, struct hf_buf *out)
{
    HF_TRY(hf_buf_printf(out, "["));
    for (size_t i = 0; i < n; i++) {
        HF_TRY(hf_buf_printf(out, i ? ", " : ""));
        HF_TRY(put_text(text[i], out));
    }
    return hf_buf_printf(out, "]");
}

static hf_err put_seconds(uint64_t ms, struct hf_buf *out)
{
    if (ms % 1000 == 0)
        return hf_buf_printf(out, "%" PRIu64, ms / 1000);
    return hf_buf_printf(out, "%" PRIu64 ".%03" PRIu64, ms / 1000, ms % 1000);
}

static hf_err put_date(uint64_t when, struct hf_buf *out)
{
    char text[HF_TIME_TEXT];

    hf_time_write((hf_time)when, text);
    if (when % 86400 == 0)
        text[10] = 0;
    return hf_buf_printf(out, "\"%s\"", text);
}

static hf_err put_svns(const struct hf_appraisal_value *v, struct hf_buf *out)
{
    HF_TRY(hf_buf_printf(out, "["));
    for (size_t i = 0; i < v->n; i++)
        HF_TRY(hf_buf_printf(out, "%s%u", i ? ", " : "", v->bytes[i]));
    return hf_buf_printf(out, "]");
}

static hf_err put_named(const struct hf_appraisal_value *v, struct hf_buf *out)
{
    const char *group = "";

    HF_TRY(hf_buf_printf(out, "{"));
    for (size_t i = 0; i < v->n; i++) {
        const struct hf_appraisal_named *m = &v->named[i];

        if (strcmp(m->group, group) != 0)
            HF_TRY(hf_buf_printf(out, "%s%s%s: {", group[0] ? "}" : "", i ? ", " : "", m->group));
        else if (i)
            HF_TRY(hf_buf_printf(out, ", "));
        group = m->group;
        HF_TRY(put_text(m->name, out));
        HF_TRY(hf_buf_printf(out, ": "));
        HF_TRY(put_texts(m->text, m->n, out));
    }
    return hf_buf_printf(out, group[0] ? "}}" : "}");
}

hf_err hf_appraisal_value_text(const struct hf_appraisal_field *f, const struct hf_appraisal_value *v,
                               struct hf_buf *out)
{
    const char *words = f->words;

    switch (f->kind) {
    case HF_AP_BOOL:
        return hf_buf_printf(out, v->number ? "true" : "false");
    case HF_AP_SECONDS:
        return put_seconds(v->number, out);
    case HF_AP_NUMBER:
        return hf_buf_printf(out, "%" PRIu64, v->number);
    case HF_AP_DATE:
        return put_date(v->number, out);
    case HF_AP_WORD:
        for (uint64_t i = 0; i < v->number; i++)
            words += strcspn(words, "|") + 1;
        return hf_buf_printf(out, "%.*s", (int)strcspn(words, "|"), words);
    case HF_AP_WORDS:
    case HF_AP_TEXTS:
    case HF_AP_HEXES:
        return put_texts(v->text, v->n, out);
    case HF_AP_NUMBERS:
        HF_TRY(hf_buf_printf(out, "["));
        for (size_t i = 0; i < v->n; i++)
            HF_TRY(hf_buf_printf(out, "%s%" PRIu64, i ? ", " : "", v->numbers[i]));
        return hf_buf_printf(out, "]");
    case HF_AP_SVNS:
        return put_svns(v, out);
    case HF_AP_MASK:
        HF_TRY(hf_buf_printf(out, "\""));
        HF_TRY(hf_hex_write((struct hf_bytes){v->bytes, v->n}, out));
        return hf_buf_printf(out, "\"");
    case HF_AP_MEASURES:
    case HF_AP_PCRS:
        return put_named(v, out);
    }
    return HF_E_INTERNAL;
}

/* ---- normal form ---- */

/* Open the mappings of a path that the one before it did not open: "snp.min_reported_tcb.bl". */
static hf_err put_path(const char *path, const char *before, struct hf_buf *out)
{
    size_t start = 0;
    int depth = 0;

    for (size_t i = 0; path[i]; i++) {
        if (path[i] != '.')
            continue;
        if (strncmp(path, before, i + 1) != 0)
            HF_TRY(hf_buf_printf(out, "%*s%.*s:\n", 2 * depth, "", (int)(i - start), path + start));
        start = i + 1;
        depth++;
    }
    return hf_buf_printf(out, "%*s%s: ", 2 * depth, "", path + start);
}

hf_err hf_appraisal_print(const struct hf_appraisal *p, const char *const *remarks, struct hf_buf *out)
{
    const char *before = "";

    HF_TRY(hf_buf_printf(out, "name: "));
    HF_TRY(put_text(p->name, out));
    if (p->about[0]) {
        HF_TRY(hf_buf_printf(out, "\ndescription: "));
        HF_TRY(put_text(p->about, out));
    }
    HF_TRY(hf_buf_printf(out, "\n"));
    for (size_t i = 0; i < hf_appraisal_n_fields(); i++) {
        if (!p->value[i].holds)
            continue;
        HF_TRY(put_path(hf_appraisal_fields[i].path, before, out));
        HF_TRY(hf_appraisal_value_text(&hf_appraisal_fields[i], &p->value[i], out));
        HF_TRY(
            hf_buf_printf(out, "%s%s\n", remarks && remarks[i] ? " # " : "", remarks && remarks[i] ? remarks[i] : ""));
        before = hf_appraisal_fields[i].path;
    }
    return HF_OK;
}

hf_err hf_appraisal_text(const struct hf_appraisal *p, struct hf_buf *out)
{
    return hf_appraisal_print(p, NULL, out);
}

static void named_json(const struct hf_appraisal_value *v, const char *key, struct hf_json *j)
{
    const char *group = "";

    hf_json_object(j, key);
    for (size_t i = 0; i < v->n; i++) {
        const struct hf_appraisal_named *m = &v->named[i];

        if (strcmp(m->group, group) != 0) {
            if (group[0])
                hf_json_close(j);
            hf_json_object(j, m->group);
            group = m->group;
        }
        hf_json_array(j, m->name);
        for (size_t k = 0; k < m->n; k++)
            hf_json_text(j, NULL, m->text[k]);
        hf_json_close(j);
    }
    if (group[0])
        hf_json_close(j);
    hf_json_close(j);
}

static hf_err value_json(const struct hf_appraisal_field *f, const struct hf_appraisal_value *v, const char *key,
                         struct hf_json *j)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    if (f->kind == HF_AP_MEASURES || f->kind == HF_AP_PCRS) {
        named_json(v, key, j);
    } else if (v->text) {
        hf_json_array(j, key);
        for (size_t i = 0; i < v->n; i++)
            hf_json_text(j, NULL, v->text[i]);
        hf_json_close(j);
    } else {
        HF_TRY(hf_appraisal_value_text(f, v, &text));
        if (f->kind == HF_AP_WORD)
            hf_json_text_n(j, key, hf_buf_bytes(&text));
        else
            hf_json_raw(j, key, hf_buf_bytes(&text));
    }
    return HF_OK;
}

hf_err hf_appraisal_json(const struct hf_appraisal *p, struct hf_json *j)
{
    const char *before = "";
    int open = 0;

    hf_json_text(j, "name", p->name);
    if (p->about[0])
        hf_json_text(j, "description", p->about);
    for (size_t i = 0; i < hf_appraisal_n_fields(); i++) {
        const char *path = hf_appraisal_fields[i].path;
        size_t start = 0, same = 0;
        int depth = 0, shared = 0;

        if (!p->value[i].holds)
            continue;
        while (path[same] && path[same] == before[same])
            shared += path[same++] == '.';
        for (; open > shared; open--)
            hf_json_close(j);
        for (size_t k = 0; path[k]; k++) {
            char name[32];

            if (path[k] != '.')
                continue;
            (void)snprintf(name, sizeof(name), "%.*s", (int)(k - start), path + start);
            if (depth++ >= open) {
                hf_json_object(j, name);
                open++;
            }
            start = k + 1;
        }
        HF_TRY(value_json(&hf_appraisal_fields[i], &p->value[i], path + start, j));
        before = path;
    }
    for (; open > 0; open--)
        hf_json_close(j);
    return HF_OK;
}

/* ---- in plain words ---- */

/* Booleans whose weaker value switches a check off. */
static const char *bool_words(size_t field, bool value)
{
    switch (field) {
    case HF_AP_TEST_MODE:
    case HF_AP_DEBUG:
        return value ? "allowed, as a warning" : "refused";
    case HF_AP_MIGRATION:
        return value ? "allowed" : "refused";
    case HF_AP_MISSING_CRL:
        return value ? "allowed, as a warning" : "refused";
    default:
        return value ? "yes" : "no";
    }
}

static hf_err explain_field(const struct hf_appraisal *p, size_t i, struct hf_buf *line)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf value = {0};
    const struct hf_appraisal_field *f = &hf_appraisal_fields[i];
    const char *at = strstr(f->meaning, "%s");
    char *text = NULL;

    if (f->kind == HF_AP_BOOL)
        HF_TRY(hf_buf_printf(&value, "%s", bool_words(i, p->value[i].number)));
    else
        HF_TRY(hf_appraisal_value_text(f, &p->value[i], &value));
    HF_TRY(hf_buf_text(&value, &text));
    return hf_buf_printf(line, "%.*s%s%s", (int)(at ? (size_t)(at - f->meaning) : strlen(f->meaning)), f->meaning,
                         at ? text : "", at ? at + 2 : "");
}

/* What holds without being written: statuses follow from enforce_tcb_updates. */
static bool implied_statuses(const struct hf_appraisal *p, size_t i)
{
    return i == HF_AP_TCB_UPDATES && p->value[i].number && !p->value[HF_AP_STATUSES].holds;
}

hf_err hf_appraisal_explain(const struct hf_appraisal *p, struct hf_buf *out, struct hf_json *j)
{
    if (j)
        hf_json_array(j, "checks");
    for (size_t i = 0; i < hf_appraisal_n_fields(); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf line = {0};
        const struct hf_appraisal_field *f = &hf_appraisal_fields[i];

        if (!p->value[i].holds || (i == HF_AP_RECIPE && p->value[i].number == 0))
            continue;
        HF_TRY(explain_field(p, i, &line));
        if (implied_statuses(p, i))
            HF_TRY(hf_buf_printf(&line, "; Intel's status is UpToDate or SWHardeningNeeded"));
        if (j) {
            hf_json_object(j, NULL);
            hf_json_text(j, "field", f->path);
            hf_json_text_n(j, "check", hf_buf_bytes(&line));
            hf_json_text(j, "costs", f->costs);
            hf_json_bool(j, "default", !p->value[i].set);
            hf_json_close(j);
        } else {
            HF_TRY(hf_buf_printf(out, "%.*s (%s)%s\n", (int)line.n, (const char *)line.p, f->costs,
                                 p->value[i].set ? "" : " [default]"));
        }
    }
    if (j)
        hf_json_close(j);
    return HF_OK;
}

/* ---- side by side ---- */

static bool holds_entry(size_t field, const struct hf_appraisal_value *v, const struct hf_appraisal_value *of, size_t i)
{
    bool numbers = hf_appraisal_fields[field].kind == HF_AP_NUMBERS, there = false;

    for (size_t k = 0; k < v->n; k++) {
        there |= numbers ? v->numbers[k] == of->numbers[i] : strcmp(v->text[k], of->text[i]) == 0;
        there |= field == HF_AP_PROVIDERS && hf_appraisal_covers(v->text[k], of->text[i]);
    }
    return there;
}

/* Is every entry of `a` in `b`? */
static bool within(size_t field, const struct hf_appraisal_value *a, const struct hf_appraisal_value *b)
{
    bool all = true;

    for (size_t i = 0; i < a->n; i++)
        all &= holds_entry(field, b, a, i);
    return all;
}

/* Of two lists, one of which is part of the other: what may be is stricter when shorter, what may not or must when
 * longer. */
static int stricter_list(size_t i, const struct hf_appraisal_value *a, const struct hf_appraisal_value *b)
{
    bool longer_is_strict = hf_appraisal_fields[i].rule == HF_AP_WITHOUT || i == HF_AP_VALIDATORS;
    bool a_in_b = within(i, a, b), b_in_a = within(i, b, a);

    if (a_in_b == b_in_a)
        return 0;
    return a_in_b != longer_is_strict ? 1 : -1;
}

/* 1: a is stricter, -1: b is, 0: neither, or one cannot say. */
static int stricter(size_t i, const struct hf_appraisal_value *a, const struct hf_appraisal_value *b)
{
    const struct hf_appraisal_field *f = &hf_appraisal_fields[i];
    bool more_is_strict = f->rule == HF_AP_AT_LEAST || f->rule == HF_AP_NOT_BEFORE || i == HF_AP_LEVEL ||
                          i == HF_AP_CERTIFICATES || i == HF_AP_TCB_UPDATES || i == HF_AP_NONCE;

    if (a->holds != b->holds)
        return a->holds ? 1 : -1;
    if (f->kind >= HF_AP_WORDS && f->kind <= HF_AP_NUMBERS)
        return stricter_list(i, a, b);
    if (f->kind > HF_AP_DATE && i != HF_AP_LEVEL)
        return 0;
    if (a->number == b->number)
        return 0;
    return (a->number > b->number) == more_is_strict ? 1 : -1;
}

static hf_err one_value(size_t i, const struct hf_appraisal_value *v, struct hf_buf *out, char **text)
{
    if (v->holds)
        HF_TRY(hf_appraisal_value_text(&hf_appraisal_fields[i], v, out));
    else
        HF_TRY(hf_buf_printf(out, "(any)"));
    return hf_buf_text(out, text);
}

hf_err hf_appraisal_diff(const struct hf_appraisal *a, const struct hf_appraisal *b, struct hf_buf *out,
                         struct hf_json *j, bool *same)
{
    bool equal = true;

    if (j)
        hf_json_array(j, "differences");
    for (size_t i = 0; i < hf_appraisal_n_fields(); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf text_a = {0};
        HF_CLEANUP(hf_buf_free) struct hf_buf text_b = {0};
        const char *path = hf_appraisal_fields[i].path;
        int who = stricter(i, &a->value[i], &b->value[i]);
        const char *says = who > 0 ? a->name : who < 0 ? b->name : NULL;
        char *in_a = NULL, *in_b = NULL;

        HF_TRY(one_value(i, &a->value[i], &text_a, &in_a));
        HF_TRY(one_value(i, &b->value[i], &text_b, &in_b));
        if (strcmp(in_a, in_b) == 0)
            continue;
        equal = false;
        if (j) {
            hf_json_object(j, NULL);
            hf_json_text(j, "field", path);
            hf_json_text(j, "a", a->value[i].holds ? in_a : NULL);
            hf_json_text(j, "b", b->value[i].holds ? in_b : NULL);
            hf_json_text(j, "stricter", who > 0 ? "a" : who < 0 ? "b" : NULL);
            hf_json_close(j);
        } else {
            HF_TRY(hf_buf_printf(out, "%s: %s -> %s%s%s%s\n", path, in_a, in_b, says ? " (stricter: " : "",
                                 says ? says : "", says ? ")" : ""));
        }
    }
    if (j)
        hf_json_close(j);
    *same = equal;
    return HF_OK;
}
