/* Appraisal policies as values: made with their defaults, checked for contradictions, hashed, freed. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "policy/appraisal_i.h"

#include <stdarg.h>
#include <stdio.h>

#define LIST_MAX 1024 /* values of one field */

/* ---- values ---- */

static void texts_free(char ***text, size_t n)
{
    for (size_t i = 0; *text && i < n; i++)
        hf_free(&(*text)[i]);
    hf_free(text);
}

void hf_appraisal_value_free(struct hf_appraisal_value *v)
{
    for (size_t i = 0; v->named && i < v->n; i++) {
        texts_free(&v->named[i].text, v->named[i].n);
        hf_free(&v->named[i].name);
    }
    hf_free(&v->named);
    texts_free(&v->text, v->n);
    hf_free(&v->numbers);
    *v = (struct hf_appraisal_value){0};
}

/* Lists are kept in order: what means the same looks the same. */
static hf_err insert_text(char ***list, size_t *n, struct hf_bytes text)
{
    HF_CLEANUP(hf_free) char *copy = NULL;
    size_t at = 0;

    HF_TRY(hf_text_of(text, &copy));
    while (at < *n && strcmp((*list)[at], copy) < 0)
        at++;
    if (at < *n && strcmp((*list)[at], copy) == 0)
        return hf_fail(HF_E_EXISTS, "\"%.80s\" stands twice", copy);
    if (*n == LIST_MAX)
        return hf_fail(HF_E_LIMIT, "more than %d values", LIST_MAX);
    HF_TRY(hf_realloc((*n + 1) * sizeof(**list), list));
    memmove(*list + at + 1, *list + at, (*n - at) * sizeof(**list));
    (*list)[at] = hf_take(copy);
    ++*n;
    return HF_OK;
}

hf_err hf_appraisal_add_text(struct hf_appraisal_value *v, struct hf_bytes text)
{
    return insert_text(&v->text, &v->n, text);
}

hf_err hf_appraisal_add_number(struct hf_appraisal_value *v, uint64_t number)
{
    size_t at = 0;

    while (at < v->n && v->numbers[at] < number)
        at++;
    if (at < v->n && v->numbers[at] == number)
        return hf_fail(HF_E_EXISTS, "%llu stands twice", (unsigned long long)number);
    if (v->n == LIST_MAX)
        return hf_fail(HF_E_LIMIT, "more than %d values", LIST_MAX);
    HF_TRY(hf_realloc((v->n + 1) * sizeof(*v->numbers), &v->numbers));
    memmove(v->numbers + at + 1, v->numbers + at, (v->n - at) * sizeof(*v->numbers));
    v->numbers[at] = number;
    v->n++;
    return HF_OK;
}

static int named_order(const struct hf_appraisal_named *a, const char *group, const char *name)
{
    int order = strcmp(a->group, group);

    return order ? order : strcmp(a->name, name);
}

hf_err hf_appraisal_add_named(struct hf_appraisal_value *v, const char *group, const char *name,
                              struct hf_appraisal_named **out)
{
    HF_CLEANUP(hf_free) char *copy = NULL;
    size_t at = 0;

    while (at < v->n && named_order(&v->named[at], group, name) < 0)
        at++;
    if (at < v->n && named_order(&v->named[at], group, name) == 0)
        return hf_fail(HF_E_EXISTS, "\"%.80s\" stands twice", name);
    if (v->n == LIST_MAX)
        return hf_fail(HF_E_LIMIT, "more than %d values", LIST_MAX);
    HF_TRY(hf_strdup(name, &copy));
    HF_TRY(hf_realloc((v->n + 1) * sizeof(*v->named), &v->named));
    memmove(v->named + at + 1, v->named + at, (v->n - at) * sizeof(*v->named));
    v->named[at] = (struct hf_appraisal_named){0};
    (void)snprintf(v->named[at].group, sizeof(v->named[at].group), "%s", group);
    v->named[at].name = hf_take(copy);
    v->n++;
    *out = &v->named[at];
    return HF_OK;
}

hf_err hf_appraisal_named_add(struct hf_appraisal_named *named, struct hf_bytes text)
{
    return insert_text(&named->text, &named->n, text);
}

static hf_err copy_named(const struct hf_appraisal_value *from, struct hf_appraisal_value *to)
{
    for (size_t i = 0; i < from->n; i++) {
        struct hf_appraisal_named *named = NULL;

        HF_TRY(hf_appraisal_add_named(to, from->named[i].group, from->named[i].name, &named));
        for (size_t k = 0; k < from->named[i].n; k++)
            HF_TRY(hf_appraisal_named_add(named, hf_bytes_text(from->named[i].text[k])));
    }
    return HF_OK;
}

hf_err hf_appraisal_value_copy(const struct hf_appraisal_value *from, struct hf_appraisal_value *to)
{
    HF_CLEANUP(hf_appraisal_value_free) struct hf_appraisal_value v = *from;

    v.n = from->text || from->numbers || from->named ? 0 : from->n;
    v.text = NULL;
    v.numbers = NULL;
    v.named = NULL;
    for (size_t i = 0; from->text && i < from->n; i++)
        HF_TRY(hf_appraisal_add_text(&v, hf_bytes_text(from->text[i])));
    for (size_t i = 0; from->numbers && i < from->n; i++)
        HF_TRY(hf_appraisal_add_number(&v, from->numbers[i]));
    if (from->named)
        HF_TRY(copy_named(from, &v));
    hf_appraisal_value_free(to);
    *to = v;
    v = (struct hf_appraisal_value){0};
    return HF_OK;
}

/* ---- policies ---- */

void hf_appraisal_free(struct hf_appraisal **policy)
{
    for (size_t i = 0; *policy && i < HF_AP_FIELDS_MAX; i++)
        hf_appraisal_value_free(&(*policy)->value[i]);
    hf_free(policy);
}

/*
 * The defaults are seed 002's: high, an hour, certificates and updates enforced, no test mode. It allows sgx, sev and
 * nitro; the kinds of hardware that it did not know yet stand beside them.
 */
hf_err hf_appraisal_new(const char *name, struct hf_appraisal **out)
{
    static const char *const providers[] = {"cca", "nitro", "nvidia", "psa", "sev", "sgx", "snp", "tdx", "tpm"};
    static const struct {
        size_t field;
        uint64_t number;
    } defaults[] = {{HF_AP_LEVEL, 2},       {HF_AP_AGE, 3600000},   {HF_AP_TEST_MODE, 0}, {HF_AP_CERTIFICATES, 1},
                    {HF_AP_TCB_UPDATES, 1}, {HF_AP_NONCE, 0},       {HF_AP_RECIPE, 0},    {HF_AP_DEBUG, 0},
                    {HF_AP_MIGRATION, 0},   {HF_AP_MISSING_CRL, 0}, {HF_AP_SKEW, 300000}};
    HF_CLEANUP(hf_appraisal_free) struct hf_appraisal *p = NULL;

    HF_TRY(hf_alloc(sizeof(*p), &p));
    (void)snprintf(p->name, sizeof(p->name), "%s", name);
    for (size_t i = 0; i < HF_COUNT(defaults); i++) {
        p->value[defaults[i].field].holds = true;
        p->value[defaults[i].field].number = defaults[i].number;
    }
    for (size_t i = 0; i < HF_COUNT(providers); i++)
        HF_TRY(hf_appraisal_add_text(&p->value[HF_AP_PROVIDERS], hf_bytes_text(providers[i])));
    p->value[HF_AP_PROVIDERS].holds = true;
    *out = hf_take(p);
    return HF_OK;
}

void hf_appraisal_name_of(const char *path, char out[64])
{
    const char *slash = strrchr(path, '/'), *start = slash ? slash + 1 : path, *dot = strrchr(start, '.');
    size_t n = dot && dot > start ? (size_t)(dot - start) : strlen(start);

    (void)snprintf(out, 64, "%.*s", (int)(n < 63 ? n : 63), n ? start : "policy");
    for (size_t i = 0; out[i]; i++) {
        if (out[i] < 0x20 || out[i] == 0x7f)
            out[i] = '?';
    }
}

const char *hf_appraisal_name(const struct hf_appraisal *policy)
{
    return policy->name;
}

const char *hf_appraisal_about_text(const struct hf_appraisal *policy)
{
    return policy->about;
}

const char *hf_appraisal_asked(const struct hf_appraisal *policy)
{
    return policy->asked;
}

const uint8_t *hf_appraisal_sha256(const struct hf_appraisal *policy)
{
    return policy->sha256;
}

/* The i-th of "a|b|c", without allocation: words of a table live as long as the program, so do these few. */
const char *hf_appraisal_recipe(const struct hf_appraisal *policy)
{
    static const char *const names[] = {
        "any", "raw64", "sha256-nonce", "sha512-nonce", "sha512-nonce-pubkey", "model-nonce-key", "azure-hcl"};
    uint64_t i = policy->value[HF_AP_RECIPE].number;

    return i < HF_COUNT(names) ? names[i] : "any";
}

const char *hf_appraisal_validator(const struct hf_appraisal *policy, size_t i)
{
    const struct hf_appraisal_value *v = &policy->value[HF_AP_VALIDATORS];

    return i < v->n ? v->text[i] : NULL;
}

hf_err hf_appraisal_finish(struct hf_appraisal *policy)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};
    struct hf_digest digest;

    HF_TRY(hf_appraisal_text(policy, &text));
    HF_TRY(hf_hash_one(HF_SHA256, hf_buf_bytes(&text), &digest));
    memcpy(policy->sha256, digest.bytes, sizeof(policy->sha256));
    return HF_OK;
}

/* ---- contradictions ---- */

static HF_PRINTF(2, 3) hf_err contradicts(const struct hf_appraisal_value *v, const char *fmt, ...)
{
    char why[256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    if (v->line)
        return hf_fail(HF_E_CONFIG, "line %zu, column %zu: %s", v->line, v->column, why);
    return hf_fail(HF_E_CONFIG, "%s", why);
}

static bool allows_family(const struct hf_appraisal *p, const char *family)
{
    const struct hf_appraisal_value *v = &p->value[HF_AP_PROVIDERS];

    for (size_t i = 0; i < v->n; i++) {
        if (hf_appraisal_covers(v->text[i], family))
            return true;
    }
    return false;
}

static bool allows_about(const struct hf_appraisal *p, const struct hf_appraisal_field *f)
{
    static const char *const families[] = {"sgx", "tdx", "sev",    "snp",    "nitro", "tpm",
                                           "cca", "psa", "nvidia", "vendor", "mock"};

    for (size_t i = 0; i < HF_COUNT(families); i++) {
        if (hf_appraisal_about(f, families[i]) && allows_family(p, families[i]))
            return true;
    }
    return false;
}

static bool share_text(char *const *a, size_t n_a, char *const *b, size_t n_b)
{
    for (size_t i = 0; i < n_a; i++) {
        for (size_t k = 0; k < n_b; k++) {
            if (strcmp(a[i], b[k]) == 0)
                return true;
        }
    }
    return false;
}

static hf_err check_field(const struct hf_appraisal *p, size_t i)
{
    const struct hf_appraisal_field *f = &hf_appraisal_fields[i];
    const struct hf_appraisal_value *v = &p->value[i];
    const struct hf_appraisal_value *next = &p->value[i + 1];

    if (!v->holds)
        return HF_OK;
    if (!allows_about(p, f))
        return contradicts(v, "%s is about evidence that allowed_providers does not allow", f->path);
    for (size_t k = 0; f->rule == HF_AP_ONES && next->holds && k < sizeof(v->bytes); k++) {
        if (v->bytes[k] & next->bytes[k])
            return contradicts(next, "%s contradicts %s: a bit cannot be one and zero", f[1].path, f->path);
    }
    if (f->rule == HF_AP_WITHOUT && next->holds && f[1].rule == HF_AP_WITHIN &&
        share_text(v->text, v->n, next->text, next->n))
        return contradicts(next, "%s contradicts %s: an advisory stands in both", f[1].path, f->path);
    return HF_OK;
}

/* The same claim wanted by a field and by required_measurements, with no value in common. */
static hf_err check_measurement(const struct hf_appraisal *p, const struct hf_appraisal_named *m)
{
    const char *name = hf_appraisal_claim_name(m->name);

    for (size_t i = HF_AP_NAMED; i < hf_appraisal_n_fields(); i++) {
        const struct hf_appraisal_field *f = &hf_appraisal_fields[i];
        const struct hf_appraisal_value *v = &p->value[i];
        size_t n = f->claim ? strcspn(f->claim, "|") : 0;

        if (!v->holds || f->kind != HF_AP_HEXES || !m->group[0] || !hf_appraisal_about(f, m->group) ||
            strlen(name) != n || strncmp(f->claim, name, n) != 0)
            continue;
        if (!share_text(v->text, v->n, m->text, m->n))
            return contradicts(v, "%s contradicts required_measurements: no value of %s stands in both", f->path,
                               m->name);
    }
    return HF_OK;
}

static hf_err check_measurements(const struct hf_appraisal *p)
{
    const struct hf_appraisal_value *v = &p->value[HF_AP_MEASUREMENTS];

    for (size_t i = 0; i < v->n; i++) {
        if (v->named[i].group[0] && !allows_family(p, v->named[i].group) &&
            !(strcmp(v->named[i].group, "sev") == 0 && allows_family(p, "snp")))
            return contradicts(v, "required_measurements is about %s, which allowed_providers does not allow",
                               v->named[i].group);
        HF_TRY(check_measurement(p, &v->named[i]));
    }
    return HF_OK;
}

/* What a kind of evidence can reach at best: seed 002. */
static uint64_t best_level(const char *provider)
{
    return strcmp(provider, "vendor") == 0 ? 1 : strcmp(provider, "mock") == 0 ? 0 : 2;
}

static hf_err check_level(const struct hf_appraisal *p)
{
    static const char *const names[] = {"low", "medium", "high"};
    const struct hf_appraisal_value *v = &p->value[HF_AP_PROVIDERS];
    uint64_t best = 0;

    for (size_t i = 0; i < v->n; i++)
        best = best_level(v->text[i]) > best ? best_level(v->text[i]) : best;
    if (v->n == 0)
        return contradicts(v, "allowed_providers is empty: no evidence at all could pass");
    if (best < p->value[HF_AP_LEVEL].number)
        return contradicts(&p->value[HF_AP_LEVEL],
                           "required_security_level is above what allowed_providers can reach, which is %s",
                           names[best]);
    return HF_OK;
}

hf_err hf_appraisal_check(const struct hf_appraisal *p)
{
    HF_TRY(check_level(p));
    if (!p->value[HF_AP_TCB_UPDATES].number && p->value[HF_AP_STATUSES].holds)
        return contradicts(&p->value[HF_AP_STATUSES],
                           "intel.allowed_tcb_statuses contradicts enforce_tcb_updates: false");
    for (size_t i = 0; i < hf_appraisal_n_fields(); i++)
        HF_TRY(check_field(p, i));
    return check_measurements(p);
}
