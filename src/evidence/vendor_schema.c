/* Vendor schemas: does a document keep to one? */
#include "evidence/vendor_schema.h"
#include "base/cleanup.h"
#include "codec/json_read.h"

#include <stdio.h>

static const struct {
    const char *name;
    enum hf_json_type type;
    bool whole; /* numbers: without a fraction */
} types[] = {
    {"str", HF_JSON_TEXT, false},     {"string", HF_JSON_TEXT, false},   {"int", HF_JSON_NUMBER, true},
    {"integer", HF_JSON_NUMBER, true}, {"float", HF_JSON_NUMBER, false},  {"number", HF_JSON_NUMBER, false},
    {"bool", HF_JSON_BOOL, false},    {"boolean", HF_JSON_BOOL, false},  {"list", HF_JSON_ARRAY, false},
    {"array", HF_JSON_ARRAY, false},  {"dict", HF_JSON_OBJECT, false},   {"object", HF_JSON_OBJECT, false},
};

/* Along a path with dots. */
static bool follow(struct hf_json_value v, const char *path, struct hf_json_value *out)
{
    char name[64];

    while (*path) {
        size_t n = strcspn(path, ".");

        if (n >= sizeof(name))
            return false;
        (void)snprintf(name, sizeof(name), "%.*s", (int)n, path);
        if (hf_json_get(v, name, &v) != HF_OK)
            return false;
        path += n + (path[n] == '.');
    }
    *out = v;
    return true;
}

static bool find(struct hf_json_value top, const char *field, struct hf_json_value *out)
{
    struct hf_json_value commitment;

    return follow(top, field, out) ||
           (hf_json_get(top, "commitment", &commitment) == HF_OK && follow(commitment, field, out));
}

static hf_err check_type(const struct hf_vendor_rule *rule, struct hf_json_value v)
{
    int64_t whole;

    for (size_t i = 0; rule->type && i < HF_COUNT(types); i++) {
        if (strcmp(types[i].name, rule->type) != 0)
            continue;
        if (v.type != types[i].type || (types[i].whole && hf_json_as_i64(v, &whole) != HF_OK))
            return hf_fail(HF_E_MISMATCH, "field %s is %s, where %s is wanted", rule->field, hf_json_type_name(v.type),
                           rule->type);
        return HF_OK;
    }
    return rule->type ? hf_fail(HF_E_CONFIG, "field %s: there is no type \"%.40s\"", rule->field, rule->type) : HF_OK;
}

static hf_err measure(struct hf_json_value v, double *out)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    if (v.type == HF_JSON_NUMBER)
        return hf_json_as_double(v, out);
    if (v.type == HF_JSON_TEXT)
        HF_TRY(hf_json_as_text(v, &text));
    *out = v.type == HF_JSON_TEXT ? (double)text.n : (double)hf_json_count(v);
    return HF_OK;
}

static hf_err check_rule(const struct hf_vendor_rule *rule, struct hf_json_value top)
{
    struct hf_json_value v;
    double size = 0;

    if (!find(top, rule->field, &v)) /* whether it must be there is another list's to say */
        return HF_OK;
    HF_TRY(check_type(rule, v));
    HF_TRY(measure(v, &size));
    if (rule->has_min && size < rule->min)
        return hf_fail(HF_E_MISMATCH, "field %s: %g is below %g", rule->field, size, rule->min);
    if (rule->has_max && size > rule->max)
        return hf_fail(HF_E_MISMATCH, "field %s: %g is above %g", rule->field, size, rule->max);
    return HF_OK;
}

static bool is_listed(const char *const *list, size_t n, struct hf_json_value key)
{
    for (size_t i = 0; i < n; i++) {
        if (hf_json_is(key, list[i]))
            return true;
    }
    return false;
}

static hf_err check_others(const struct hf_vendor_schema *s, struct hf_json_value top)
{
    for (struct hf_json_iter it = hf_json_iter(top); s->optional && hf_json_next(&it);) {
        if (!is_listed(s->required, s->n_required, it.key) && !is_listed(s->optional, s->n_optional, it.key))
            return hf_fail(HF_E_MISMATCH, "field %.*s is neither required nor optional",
                           (int)(it.key.raw.n < 60 ? it.key.raw.n : 60), (const char *)it.key.raw.p);
    }
    return HF_OK;
}

hf_err hf_vendor_schema_check(const struct hf_vendor_schema *schema, struct hf_bytes json)
{
    struct hf_json_value top, v;

    HF_TRY(hf_json_parse(json, &top));
    if (top.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "%s, where an object is wanted", hf_json_type_name(top.type));
    for (size_t i = 0; i < schema->n_required; i++) {
        if (!find(top, schema->required[i], &v) || v.type == HF_JSON_NULL)
            return hf_fail(HF_E_MISMATCH, "field %s is missing", schema->required[i]);
    }
    if (schema->vendor_name && find(top, "vendor", &v) && !hf_json_is(v, schema->vendor_name))
        return hf_fail(HF_E_MISMATCH, "field vendor is %.*s, where \"%s\" is wanted",
                       (int)(v.raw.n < 60 ? v.raw.n : 60), (const char *)v.raw.p, schema->vendor_name);
    HF_TRY(check_others(schema, top));
    for (size_t i = 0; i < schema->n_rules; i++)
        HF_TRY(check_rule(&schema->rules[i], top));
    return HF_OK;
}
