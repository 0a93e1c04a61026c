/* Several appraisal policies as one, for evidence that must satisfy them all. */
#include "base/cleanup.h"
#include "policy/appraisal_i.h"

#include <stdio.h>

static hf_err apart(const struct hf_appraisal *a, const struct hf_appraisal *b, const char *path, const char *why)
{
    return hf_fail(HF_E_CONFIG, "policies %s and %s contradict each other: %s: %s", a->name, b->name, path, why);
}

/* What both lists have; `covers` for providers, where "sev" covers "snp". */
static hf_err keep_common(const struct hf_appraisal_value *from, const struct hf_appraisal_value *other, bool providers,
                          struct hf_appraisal_value *out)
{
    for (size_t i = 0; i < from->n; i++) {
        bool common = false;

        for (size_t k = 0; !common && k < other->n; k++) {
            if (from->text)
                common = providers ? hf_appraisal_covers(other->text[k], from->text[i])
                                   : strcmp(other->text[k], from->text[i]) == 0;
            else
                common = other->numbers[k] == from->numbers[i];
        }
        if (common) {
            hf_err err = from->text ? hf_appraisal_add_text(out, hf_bytes_text(from->text[i]))
                                    : hf_appraisal_add_number(out, from->numbers[i]);

            if (err != HF_OK && err != HF_E_EXISTS)
                return err;
        }
    }
    return HF_OK;
}

static hf_err add_all(const struct hf_appraisal_value *from, struct hf_appraisal_value *out)
{
    for (size_t i = 0; i < from->n; i++) {
        hf_err err = hf_appraisal_add_text(out, hf_bytes_text(from->text[i]));

        if (err != HF_OK && err != HF_E_EXISTS)
            return err;
    }
    return HF_OK;
}

static const struct hf_appraisal_named *named_of(const struct hf_appraisal_value *v,
                                                 const struct hf_appraisal_named *key)
{
    for (size_t i = 0; i < v->n; i++) {
        if (strcmp(v->named[i].group, key->group) == 0 && strcmp(v->named[i].name, key->name) == 0)
            return &v->named[i];
    }
    return NULL;
}

/* Values of one name: those of both, where both have it. *none tells that there is none in common. */
static hf_err merge_named(const struct hf_appraisal_value *a, const struct hf_appraisal_value *b,
                          struct hf_appraisal_value *out, bool *none)
{
    for (size_t i = 0; i < a->n + b->n; i++) {
        const struct hf_appraisal_named *from = i < a->n ? &a->named[i] : &b->named[i - a->n];
        const struct hf_appraisal_named *other = named_of(i < a->n ? b : a, from);
        struct hf_appraisal_named *named = NULL;

        if (i >= a->n && other)
            continue;
        HF_TRY(hf_appraisal_add_named(out, from->group, from->name, &named));
        for (size_t k = 0; k < from->n; k++) {
            bool common = !other;

            for (size_t m = 0; other && m < other->n; m++)
                common |= strcmp(other->text[m], from->text[k]) == 0;
            if (common)
                HF_TRY(hf_appraisal_named_add(named, hf_bytes_text(from->text[k])));
        }
        *none |= named->n == 0;
    }
    return HF_OK;
}

static uint64_t merged_number(size_t i, uint64_t a, uint64_t b)
{
    const struct hf_appraisal_field *f = &hf_appraisal_fields[i];
    bool more = f->kind == HF_AP_NUMBER || f->kind == HF_AP_DATE || i == HF_AP_LEVEL || i == HF_AP_CERTIFICATES ||
                i == HF_AP_TCB_UPDATES || i == HF_AP_NONCE;

    return (a > b) == more ? a : b;
}

static hf_err merge_lists(const struct hf_appraisal *a, const struct hf_appraisal *b, size_t i,
                          struct hf_appraisal_value *out)
{
    const struct hf_appraisal_field *f = &hf_appraisal_fields[i];
    const struct hf_appraisal_value *x = &a->value[i], *y = &b->value[i];
    bool none = false;

    if (f->kind == HF_AP_MEASURES || f->kind == HF_AP_PCRS) {
        HF_TRY(merge_named(x, y, out, &none));
    } else if (f->rule == HF_AP_WITHOUT || i == HF_AP_VALIDATORS) {
        HF_TRY(add_all(x, out));
        HF_TRY(add_all(y, out));
    } else {
        HF_TRY(keep_common(x, y, i == HF_AP_PROVIDERS, out));
        if (i == HF_AP_PROVIDERS)
            HF_TRY(keep_common(y, x, true, out));
        none = out->n == 0 && f->rule != HF_AP_WITHIN;
    }
    return none ? apart(a, b, f->path, "there is no value that both allow") : HF_OK;
}

static hf_err merge_field(const struct hf_appraisal *a, const struct hf_appraisal *b, size_t i,
                          struct hf_appraisal_value *to)
{
    HF_CLEANUP(hf_appraisal_value_free) struct hf_appraisal_value out = {0};
    const struct hf_appraisal_field *f = &hf_appraisal_fields[i];
    const struct hf_appraisal_value *x = &a->value[i], *y = &b->value[i];

    if (!x->holds || !y->holds) {
        HF_TRY(hf_appraisal_value_copy(x->holds ? x : y, to));
        to->line = to->column = 0;
        return HF_OK;
    }
    if (i == HF_AP_RECIPE) {
        if (x->number && y->number && x->number != y->number)
            return apart(a, b, f->path, "each wants another recipe");
        out.number = x->number ? x->number : y->number;
    } else if (f->kind == HF_AP_SVNS || f->kind == HF_AP_MASK) {
        out.n = x->n;
        for (size_t k = 0; k < sizeof(out.bytes); k++) {
            uint8_t most = x->bytes[k] > y->bytes[k] ? x->bytes[k] : y->bytes[k];

            out.bytes[k] = f->kind == HF_AP_MASK ? (uint8_t)(x->bytes[k] | y->bytes[k]) : most;
        }
    } else if (f->kind <= HF_AP_WORD) {
        out.number = merged_number(i, x->number, y->number);
    } else {
        HF_TRY(merge_lists(a, b, i, &out));
    }
    out.holds = true;
    out.set = x->set || y->set;
    hf_appraisal_value_free(to);
    *to = out;
    out = (struct hf_appraisal_value){0};
    return HF_OK;
}

/* Bits, providers and levels of the two may contradict each other though no single field does. */
static hf_err check_both(const struct hf_appraisal *a, const struct hf_appraisal *b, const struct hf_appraisal *merged)
{
    hf_err err = hf_appraisal_check(merged);
    char why[384];

    if (err != HF_E_CONFIG)
        return err;
    (void)snprintf(why, sizeof(why), "%s", hf_err_detail());
    return hf_fail(HF_E_CONFIG, "policies %s and %s contradict each other: %s", a->name, b->name, why);
}

static hf_err merge_two(const struct hf_appraisal *a, const struct hf_appraisal *b, struct hf_appraisal **out)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    char name[2 * sizeof(p->name)];

    (void)snprintf(name, sizeof(name), "%s+%s", a->name, b->name);
    HF_TRY(hf_appraisal_new(name, &p));
    for (size_t i = 0; i < hf_appraisal_n_fields(); i++)
        HF_TRY(merge_field(a, b, i, &p->value[i]));
    HF_TRY(check_both(a, b, p));
    *out = hf_take(p);
    return HF_OK;
}

hf_err hf_appraisal_merge(const struct hf_appraisal *const *policies, size_t n, const char *name,
                          struct hf_appraisal **out)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;

    if (n == 0)
        return hf_fail(HF_E_ARG, "no policy to merge");
    for (size_t i = 1; i < n; i++) {
        struct hf_appraisal *next = NULL;

        HF_TRY(merge_two(p ? p : policies[0], policies[i], &next));
        hf_appraisal_free(&p);
        p = next;
    }
    if (n == 1)
        HF_TRY(merge_two(policies[0], policies[0], &p));
    if (name || n == 1)
        (void)snprintf(p->name, sizeof(p->name), "%s", name ? name : policies[0]->name);
    HF_TRY(hf_appraisal_finish(p));
    *out = hf_take(p);
    return HF_OK;
}
