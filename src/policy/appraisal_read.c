/* Appraisal policies from YAML or JSON, by the table of fields. Every error says its line and column. */
#include "policy/appraisal_read.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "codec/yaml.h"

#include <stdarg.h>
#include <stdio.h>

HF_PRINTF(3, 4)
hf_err hf_appraisal_at(const struct hf_appraisal_text *t, struct hf_json_value at, const char *fmt, ...)
{
    size_t line, column;
    char why[384];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    hf_appraisal_place(t, at, &line, &column);
    return hf_fail(HF_E_CONFIG, "line %zu, column %zu: %s", line, column, why);
}

void hf_appraisal_place(const struct hf_appraisal_text *t, struct hf_json_value at, size_t *line, size_t *column)
{
    if (t->map->marks.n)
        hf_yaml_where(t->map, (size_t)(at.raw.p - t->json.p), line, column);
    else
        hf_json_where(t->json, at.raw.p, line, column);
}

/* A key as a C string, cut; keys with escapes are none of ours anyway. */
static void key_text(struct hf_json_value key, char out[64])
{
    size_t n = key.raw.n < 2 ? 0 : key.raw.n - 2;

    (void)snprintf(out, 64, "%.*s", (int)(n < 63 ? n : 63), (const char *)key.raw.p + 1);
}

/* ---- unknown keys ---- */

static const char *const own_keys[] = {"name", "description"};
static const char *const config_keys[] = {"tee_providers",  "default_provider", "attestation_policy",
                                          "binding_policy", "vendor_schemas",   "security_thresholds",
                                          "advanced",       "state",            "store",
                                          "tpm",            "sgx",              "sev",
                                          "optee"};

struct nearest {
    const char *typed;
    size_t distance;
    char best[64];
};

static void near(struct nearest *n, const char *key, size_t length)
{
    size_t d = hf_text_distance(hf_bytes_text(n->typed), (struct hf_bytes){(const uint8_t *)key, length});

    if (d < n->distance && length < sizeof(n->best)) {
        n->distance = d;
        (void)snprintf(n->best, sizeof(n->best), "%.*s", (int)length, key);
    }
}

static hf_err unknown(const struct hf_appraisal_text *t, struct hf_json_value key, const char *prefix)
{
    char typed[64];
    struct nearest n = {.typed = typed};
    size_t skip = strlen(prefix);

    key_text(key, typed);
    n.distance = strlen(typed) / 3 + 2;
    for (size_t i = 0; i < hf_appraisal_n_fields(); i++) {
        const char *path = hf_appraisal_fields[i].path;

        if (strncmp(path, prefix, skip) == 0)
            near(&n, path + skip, strcspn(path + skip, "."));
    }
    for (size_t i = 0; !skip && i < HF_COUNT(own_keys); i++)
        near(&n, own_keys[i], strlen(own_keys[i]));
    if (n.best[0])
        return hf_appraisal_at(t, key, "unknown key \"%s%s\"; did you mean \"%s%s\"?", prefix, typed, prefix, n.best);
    return hf_appraisal_at(t, key, "unknown key \"%s%s\"", prefix, typed);
}

/* ---- the policy ---- */

static const struct hf_appraisal_field *field_of(const char *prefix, struct hf_json_value key, bool *group)
{
    char typed[64];
    size_t skip = strlen(prefix), n;

    key_text(key, typed);
    n = strlen(typed);
    *group = false;
    for (size_t i = 0; i < hf_appraisal_n_fields(); i++) {
        const char *path = hf_appraisal_fields[i].path;

        if (strncmp(path, prefix, skip) != 0 || strncmp(path + skip, typed, n) != 0 || !hf_json_is(key, typed))
            continue;
        if (path[skip + n] == 0)
            return &hf_appraisal_fields[i];
        *group |= path[skip + n] == '.';
    }
    return NULL;
}

static hf_err read_field(const struct hf_appraisal_text *t, const struct hf_appraisal_field *f,
                         struct hf_json_value key, struct hf_json_value value, struct hf_appraisal *p)
{
    HF_CLEANUP(hf_appraisal_value_free) struct hf_appraisal_value v = {0};
    struct hf_appraisal_value *slot = &p->value[f - hf_appraisal_fields];

    if (value.type == HF_JSON_NULL)
        return HF_OK;
    HF_TRY(hf_appraisal_value_read(t, f, value, &v));
    hf_appraisal_place(t, key, &v.line, &v.column);
    v.set = true;
    v.holds = (f->kind != HF_AP_MEASURES && f->kind != HF_AP_TEXTS) || f->rule == HF_AP_WITHIN || v.n > 0;
    hf_appraisal_value_free(slot);
    *slot = v;
    v = (struct hf_appraisal_value){0};
    return HF_OK;
}

static hf_err read_own(const struct hf_appraisal_text *t, struct hf_json_value key, struct hf_json_value value,
                       struct hf_appraisal *p)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    bool name = hf_json_is(key, "name");
    char *place = name ? p->name : p->about;
    size_t size = name ? sizeof(p->name) : sizeof(p->about);
    hf_err err;

    if (value.type == HF_JSON_NULL)
        return HF_OK;
    err = hf_json_as_text(value, &text);
    if (err == HF_E_MEMORY)
        return err;
    if (err != HF_OK || text.n >= size)
        return hf_appraisal_at(t, value, "%s: a text of at most %zu bytes", name ? "name" : "description", size - 1);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < 0x20 || text.p[i] == 0x7f)
            return hf_appraisal_at(t, value, "%s: a control character in it", name ? "name" : "description");
    }
    if (name && text.n == 0)
        return hf_appraisal_at(t, value, "name: it is empty");
    (void)snprintf(place, size, "%.*s", (int)text.n, text.n ? (const char *)text.p : "");
    return HF_OK;
}

static hf_err read_object(const struct hf_appraisal_text *t, struct hf_json_value object, const char *prefix,
                          struct hf_appraisal *p)
{
    if (object.type != HF_JSON_OBJECT)
        return hf_appraisal_at(t, object, "%s is an object, not %s", prefix[0] ? prefix : "a policy",
                               hf_json_type_name(object.type));
    for (struct hf_json_iter it = hf_json_iter(object); hf_json_next(&it);) {
        bool group;
        const struct hf_appraisal_field *f = field_of(prefix, it.key, &group);

        if (f) {
            HF_TRY(read_field(t, f, it.key, it.value, p));
        } else if (group) {
            char key[64], deeper[160];

            if (it.value.type == HF_JSON_NULL)
                continue;
            key_text(it.key, key);
            (void)snprintf(deeper, sizeof(deeper), "%s%s.", prefix, key);
            HF_TRY(read_object(t, it.value, deeper, p)); /* three levels: what the table has */
        } else if (!prefix[0] && (hf_json_is(it.key, "name") || hf_json_is(it.key, "description"))) {
            HF_TRY(read_own(t, it.key, it.value, p));
        } else {
            return unknown(t, it.key, prefix);
        }
    }
    return HF_OK;
}

/* ---- seed 002's configuration around it ---- */

/* A policy must not go below the thresholds that stand beside it. */
static hf_err check_thresholds(const struct hf_appraisal_text *t, struct hf_json_value thresholds,
                               const struct hf_appraisal *p)
{
    static const struct {
        const char *key;
        size_t field;
        bool at_least; /* the policy's value must not be below; else not above */
    } rows[] = {{"min_security_level", HF_AP_LEVEL, true},
                {"max_attestation_age_seconds", HF_AP_AGE, false},
                {"require_certificate_validation", HF_AP_CERTIFICATES, true},
                {"require_tcb_updates", HF_AP_TCB_UPDATES, true},
                {"allow_test_mode", HF_AP_TEST_MODE, false}};
    static const char *const others[] = {"max_verification_retries", "confidence_threshold"};

    if (thresholds.type == HF_JSON_NULL)
        return HF_OK;
    if (thresholds.type != HF_JSON_OBJECT)
        return hf_appraisal_at(t, thresholds, "security_thresholds is an object, not %s",
                               hf_json_type_name(thresholds.type));
    for (struct hf_json_iter it = hf_json_iter(thresholds); hf_json_next(&it);) {
        HF_CLEANUP(hf_appraisal_value_free) struct hf_appraisal_value v = {0};
        size_t i = 0;

        if (hf_json_is(it.key, others[0]) || hf_json_is(it.key, others[1]) || it.value.type == HF_JSON_NULL)
            continue;
        while (i < HF_COUNT(rows) && !hf_json_is(it.key, rows[i].key))
            i++;
        if (i == HF_COUNT(rows))
            return hf_appraisal_at(t, it.key, "unknown key %.*s in security_thresholds",
                                   (int)(it.key.raw.n < 60 ? it.key.raw.n : 60), (const char *)it.key.raw.p);
        HF_TRY(hf_appraisal_value_read(t, &hf_appraisal_fields[rows[i].field], it.value, &v));
        if (rows[i].at_least ? p->value[rows[i].field].number < v.number : p->value[rows[i].field].number > v.number)
            return hf_appraisal_at(t, it.key, "attestation_policy.%s is laxer than security_thresholds.%s",
                                   hf_appraisal_fields[rows[i].field].path, rows[i].key);
    }
    return HF_OK;
}

static hf_err read_config(const struct hf_appraisal_text *t, struct hf_json_value top, struct hf_json_value policy,
                          struct hf_appraisal *p)
{
    struct hf_json_value thresholds;

    for (struct hf_json_iter it = hf_json_iter(top); hf_json_next(&it);) {
        bool known = false;

        for (size_t i = 0; i < HF_COUNT(config_keys); i++)
            known |= hf_json_is(it.key, config_keys[i]);
        if (!known)
            return hf_appraisal_at(t, it.key, "unknown key %.*s beside attestation_policy",
                                   (int)(it.key.raw.n < 60 ? it.key.raw.n : 60), (const char *)it.key.raw.p);
    }
    HF_TRY(read_object(t, policy, "", p));
    if (hf_json_get(top, "security_thresholds", &thresholds) == HF_OK)
        HF_TRY(check_thresholds(t, thresholds, p));
    return HF_OK;
}

static hf_err as_config(hf_err err)
{
    char why[512];

    if (err != HF_E_FORMAT && err != HF_E_UNSUPPORTED)
        return err;
    (void)snprintf(why, sizeof(why), "%s", hf_err_detail());
    return hf_fail(HF_E_CONFIG, "%s", why);
}

hf_err hf_appraisal_parse(struct hf_bytes text, const char *name, struct hf_appraisal **out)
{
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;
    HF_CLEANUP(hf_yaml_map_free) struct hf_yaml_map map = {{0}};
    HF_CLEANUP(hf_buf_free) struct hf_buf json = {0};
    struct hf_appraisal_text t = {.map = &map};
    struct hf_json_value top, policy;

    HF_TRY(hf_appraisal_new(name, &p));
    HF_TRY(as_config(hf_yaml_to_json(text, HF_APPRAISAL_MAX, &json, &map)));
    t.json = hf_buf_bytes(&json);
    HF_TRY(as_config(hf_json_parse(t.json, &top)));
    if (top.type == HF_JSON_OBJECT && hf_json_get(top, "attestation_policy", &policy) == HF_OK)
        HF_TRY(read_config(&t, top, policy, p));
    else
        HF_TRY(read_object(&t, top, "", p));
    HF_TRY(hf_appraisal_check(p));
    HF_TRY(hf_appraisal_finish(p));
    *out = hf_take(p);
    return HF_OK;
}
