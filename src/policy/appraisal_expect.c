/* What a policy expects of single claims: a row for each field it sets, by the field's rule. Nothing is allocated. */
#include "base/clock.h"
#include "policy/appraisal_i.h"
#include "policy/composite.h"
#include "policy/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct expectation {
    const struct hf_appraisal *policy;
    const struct hf_appraisal_field *f;
    const struct hf_appraisal_value *want;
    const struct hf_claim *claim;
    char found[160], expected[160], note[192];
};

struct hf_check *hf_appraisal_row(struct hf_verdict *v, const struct hf_item_result *item, const char *name, hf_err err)
{
    struct hf_check *row;
    char whole[96];

    if (item->label[0])
        (void)snprintf(whole, sizeof(whole), "%.20s: %.70s", item->label, name);
    row = hf_check(v, item->label[0] ? whole : name, err);
    if (err == HF_OK)
        row->note[0] = 0;
    return row;
}

/* ---- text, cut at its room ---- */

HF_PRINTF(2, 3) static void add(char text[160], const char *fmt, ...)
{
    size_t n = strlen(text);
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text + n, 160 - n, fmt, args);
    va_end(args);
}

/* Text as it is: most of what is said, and faster. */
static void put(char text[160], const char *more, size_t n)
{
    size_t at = strlen(text), room = 159 - at;

    n = n < room ? n : room;
    memcpy(text + at, more, n);
    text[at + n] = 0;
}

static void add_hex(char text[160], const uint8_t *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    size_t at = strlen(text);

    for (size_t i = 0; i < n && at + 3 <= 160; i++) {
        text[at++] = digits[p[i] >> 4];
        text[at++] = digits[p[i] & 15];
    }
    text[at] = 0;
}

static void add_claim(char text[160], const struct hf_claim *c)
{
    if (c->kind == HF_CLAIM_BYTES)
        add_hex(text, c->bytes.p, c->bytes.n);
    else if (c->kind == HF_CLAIM_NUMBER)
        add(text, "%" PRIu64, c->number);
    else if (c->kind == HF_CLAIM_BOOL)
        add(text, "%s", c->number ? "true" : "false");
    else if (c->bytes.n)
        put(text, (const char *)c->bytes.p, c->bytes.n);
}

static void add_list(char text[160], const struct hf_appraisal_value *v)
{
    size_t n = v->n;

    if (n > 1)
        add(text, "one of ");
    for (size_t i = 0; i < n && strlen(text) < 150; i++) {
        put(text, ", ", i ? 2 : 0);
        if (v->text)
            put(text, v->text[i], strlen(v->text[i]));
        else
            add(text, "%" PRIu64, v->numbers[i]);
    }
}

/* ---- claims ---- */

const struct hf_claim *hf_appraisal_claim(const struct hf_claims *claims, const char *names)
{
    for (const char *at = names; *at;) {
        size_t n = strcspn(at, "|");

        for (size_t i = 0; i < claims->n; i++) {
            if (memcmp(claims->item[i].name, at, n) == 0 && claims->item[i].name[n] == 0)
                return &claims->item[i];
        }
        at += n + (at[n] == '|');
    }
    return NULL;
}

/* A claim as at most 16 bytes: numbers and short hex texts too. */
static bool claim_bytes(const struct hf_claim *c, uint8_t out[16])
{
    memset(out, 0, 16);
    if (c->kind == HF_CLAIM_NUMBER) {
        for (size_t i = 0; i < 8; i++)
            out[i] = (uint8_t)(c->number >> (8 * i));
        return true;
    }
    if (c->kind != HF_CLAIM_BYTES || c->bytes.n > 16)
        return false;
    if (c->bytes.n)
        memcpy(out, c->bytes.p, c->bytes.n);
    return true;
}

static bool claim_number(const struct hf_claim *c, uint64_t *out)
{
    *out = c->number;
    if (c->kind == HF_CLAIM_NUMBER)
        return true;
    if ((c->kind != HF_CLAIM_TEXT && c->kind != HF_CLAIM_TEXTS) || c->bytes.n == 0 || c->bytes.n > 19)
        return false;
    *out = 0;
    for (size_t i = 0; i < c->bytes.n; i++) {
        if (c->bytes.p[i] < '0' || c->bytes.p[i] > '9')
            return false;
        *out = 10 * *out + (uint64_t)(c->bytes.p[i] - '0');
    }
    return true;
}

/* ---- rules: true where it holds ---- */

static bool one_of(struct expectation *e)
{
    const struct hf_appraisal_value *w = e->want;

    add_claim(e->found, e->claim);
    add_list(e->expected, w);
    for (size_t i = 0; i < w->n; i++) {
        uint64_t number;

        if (w->text ? hf_claim_is(e->claim, w->text[i]) : claim_number(e->claim, &number) && number == w->numbers[i])
            return true;
    }
    add(e->note, "none of the %zu values that are allowed", w->n);
    return false;
}

static bool at_least(struct expectation *e)
{
    uint64_t have;

    add(e->expected, "at least %" PRIu64, e->want->number);
    add_claim(e->found, e->claim);
    if (claim_number(e->claim, &have) && have >= e->want->number)
        return true;
    add(e->note, "below the minimum");
    return false;
}

static bool not_before(struct expectation *e)
{
    const struct hf_claim *c = e->claim;
    char text[HF_TIME_TEXT];
    hf_time when = 0;
    bool known = c->kind == HF_CLAIM_NUMBER;

    add_claim(e->found, c);
    hf_time_write((hf_time)e->want->number, text);
    add(e->expected, "%s or later", text);
    if (known)
        when = (hf_time)c->number;
    if (c->kind == HF_CLAIM_TEXT && c->bytes.n < sizeof(text)) {
        (void)snprintf(text, sizeof(text), "%.*s%s", (int)(c->bytes.n < 21 ? c->bytes.n : 21), (const char *)c->bytes.p,
                       c->bytes.n == 10 ? "T00:00:00Z" : "");
        known = hf_time_parse(text, &when) == HF_OK;
    }
    if (known && when >= (hf_time)e->want->number)
        return true;
    add(e->note, known ? "older than the policy wants" : "this is no time");
    return false;
}

/* TEE_TCB_SVN begins with the TDX module's ISVSVN, which starts anew with each version, the byte behind it. */
static bool newer_module(const struct expectation *e, const uint8_t have[16])
{
    return strcmp(e->f->claim, "tee_tcb_svn") == 0 && e->want->n > 1 && have[1] > e->want->bytes[1];
}

static bool components(struct expectation *e)
{
    uint8_t have[16];
    bool good = claim_bytes(e->claim, have);

    if (!good)
        add(e->note, "the claim is no list of components");
    for (size_t i = 0; good && i < e->want->n; i++) {
        add(e->found, "%s%u", i ? " " : "", have[i]);
        add(e->expected, "%s%u", i ? " " : "at least ", e->want->bytes[i]);
    }
    for (size_t i = newer_module(e, have) ? 1 : 0; i < e->want->n; i++) {
        if (have[i] < e->want->bytes[i]) {
            add(e->note, "%s%zu is %u, not %u", e->note[0] ? ", " : "component ", i, have[i], e->want->bytes[i]);
            good = false;
        }
    }
    return good;
}

static bool bits(struct expectation *e, bool ones)
{
    uint8_t have[16];
    bool good = claim_bytes(e->claim, have);

    add_claim(e->found, e->claim);
    add(e->expected, "bits that are %s: ", ones ? "one" : "zero");
    add_hex(e->expected, e->want->bytes, e->want->n);
    if (!good)
        add(e->note, "the claim holds no bits");
    for (size_t i = 0; i < 8 * e->want->n; i++) {
        bool wanted = e->want->bytes[i / 8] >> (i % 8) & 1, set = have[i / 8] >> (i % 8) & 1;

        if (wanted && set != ones) {
            add(e->note, "%s%zu", e->note[0] ? ", " : ones ? "not set: bit " : "set: bit ", i);
            good = false;
        }
    }
    return good;
}

static bool listed(const struct hf_appraisal_value *v, struct hf_bytes word)
{
    for (size_t i = 0; i < v->n; i++) {
        if (strlen(v->text[i]) == word.n && memcmp(v->text[i], word.p, word.n) == 0)
            return true;
    }
    return false;
}

static bool words(struct expectation *e, bool must_be_listed)
{
    struct hf_bytes left = e->claim->bytes;

    add(e->found, "%s", left.n ? "" : "none");
    add_claim(e->found, e->claim);
    add(e->expected, must_be_listed ? "only: " : "none of: ");
    for (size_t i = 0; i < e->want->n; i++)
        add(e->expected, "%s%s", i ? ", " : "", e->want->text[i]);
    while (left.n) {
        const uint8_t *comma = memchr(left.p, ',', left.n);
        size_t n = comma ? (size_t)(comma - left.p) : left.n;

        if (listed(e->want, (struct hf_bytes){left.p, n}) != must_be_listed)
            add(e->note, "%s%.*s",
                e->note[0]       ? ", "
                : must_be_listed ? "not allowed: "
                                 : "refused: ",
                (int)n, (const char *)left.p);
        n += comma ? 1 : 0;
        left = (struct hf_bytes){left.p + n, left.n - n};
    }
    return e->note[0] == 0;
}

static bool holds(struct expectation *e)
{
    switch (e->f->rule) {
    case HF_AP_ONE_OF:
        return one_of(e);
    case HF_AP_AT_LEAST:
        return at_least(e);
    case HF_AP_COMPONENTS:
        return components(e);
    case HF_AP_ONES:
    case HF_AP_ZEROS:
        return bits(e, e->f->rule == HF_AP_ONES);
    case HF_AP_WITHOUT:
    case HF_AP_WITHIN:
        return words(e, e->f->rule == HF_AP_WITHIN);
    case HF_AP_NOT_BEFORE:
        return not_before(e);
    case HF_AP_OWN:
        break;
    }
    return false;
}

/* "measurement mrenclave" for values of a claim, "policy bits" for masks, else what the table says. */
static const char *row_name(const struct hf_appraisal_field *f, char out[64])
{
    int n = (int)strcspn(f->claim, "|");

    if (f->rule != HF_AP_ONE_OF && f->rule != HF_AP_ONES && f->rule != HF_AP_ZEROS)
        return f->row;
    (void)snprintf(out, 64, "%s%.*s%s", f->rule == HF_AP_ONE_OF ? "measurement " : "", n, f->claim,
                   f->rule == HF_AP_ONE_OF ? "" : " bits");
    return out;
}

static void say(struct expectation *e, const struct hf_item_result *item, struct hf_verdict *v)
{
    bool good = e->claim && holds(e);
    struct hf_check *row;
    char name[64];

    if (!e->claim) {
        (void)snprintf(e->note, sizeof(e->note), "the evidence makes no claim \"%.*s\"", (int)strcspn(e->f->claim, "|"),
                       e->f->claim);
        if (e->want->text || e->want->numbers)
            add_list(e->expected, e->want);
    }
    row = hf_appraisal_row(v, item, row_name(e->f, name), good ? HF_OK : hf_fail(HF_E_DENIED, "%s", e->note));
    hf_check_found(row, "%s", e->found);
    hf_check_expected(row, "%s", e->expected);
    if (!good)
        hf_check_note(row, "%s (%s of policy %s)", e->note, e->f->path, e->policy->name);
}

void hf_appraisal_expect(const struct hf_appraisal *policy, const struct hf_item_result *item, struct hf_verdict *v)
{
    for (size_t i = HF_AP_NAMED; hf_appraisal_fields[i].path; i++) {
        const struct hf_appraisal_field *f = &hf_appraisal_fields[i];
        struct expectation e;

        if (!policy->value[i].holds || f->rule == HF_AP_OWN || !hf_appraisal_about(f, hf_composite_family(item)))
            continue;
        e.policy = policy;
        e.f = f;
        e.want = &policy->value[i];
        e.claim = hf_appraisal_claim(&item->findings.claims, f->claim);
        e.found[0] = e.expected[0] = e.note[0] = 0;
        say(&e, item, v);
    }
}
