/* Intel's signed JSON documents: what TCB infos and enclave identities share. */
#include "evidence/intel_document.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/hex.h"

#include <stdio.h>
#include <stdlib.h>

#define TIME_LENGTH 20 /* 2026-11-24T17:04:28Z */

static const char *const status_names[HF_TCB_STATUSES] = {
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
    "Revoked",
    "NotSupported",
    "TDRelaunchAdvised",
    "TDRelaunchAdvisedConfigurationNeeded",
};

const char *hf_tcb_status_name(enum hf_tcb_status status)
{
    return (size_t)status < HF_TCB_STATUSES ? status_names[status] : "NotSupported";
}

static int shown(struct hf_bytes raw)
{
    return raw.n < 60 ? (int)raw.n : 60;
}

hf_err hf_tcb_status_read(struct hf_json_value v, enum hf_tcb_status *out)
{
    for (enum hf_tcb_status s = HF_TCB_UP_TO_DATE; s <= HF_TCB_REVOKED; s++) {
        if (hf_json_is(v, status_names[s])) {
            *out = s;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_FORMAT, "tcbStatus %.*s is not known", shown(v.raw), (const char *)v.raw.p);
}

/* ---- members ---- */

hf_err hf_intel_members(struct hf_json_value object, const char *what, const char *const *names, size_t n,
                        size_t required, bool tolerant, struct hf_json_value *out)
{
    if (object.type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "%s is %s, want an object", what, hf_json_type_name(object.type));
    memset(out, 0, n * sizeof(*out));
    for (struct hf_json_iter it = hf_json_iter(object); hf_json_next(&it);) {
        size_t i = 0;

        while (i < n && !hf_json_is(it.key, names[i]))
            i++;
        if (i < n)
            out[i] = it.value;
        else if (!tolerant)
            return hf_fail(HF_E_FORMAT, "%s has a key %.*s that is not known", what, shown(it.key.raw),
                           (const char *)it.key.raw.p);
    }
    for (size_t i = 0; i < required; i++) {
        if (out[i].raw.n == 0)
            return hf_fail(HF_E_FORMAT, "%s has no \"%s\"", what, names[i]);
    }
    return HF_OK;
}

/* Between the quotes of a text without escapes. */
static hf_err plain_text(struct hf_json_value v, const char *what, struct hf_bytes *out)
{
    if (v.type != HF_JSON_TEXT)
        return hf_fail(HF_E_FORMAT, "%s is %s, want a text", what, hf_json_type_name(v.type));
    *out = (struct hf_bytes){v.raw.p + 1, v.raw.n - 2};
    if (out->n && memchr(out->p, '\\', out->n))
        return hf_fail(HF_E_FORMAT, "%s holds an escape", what);
    return HF_OK;
}

hf_err hf_intel_hex(struct hf_json_value v, const char *what, void *out, size_t n)
{
    struct hf_bytes text = {0};

    HF_TRY(plain_text(v, what, &text));
    if (text.n != 2 * n)
        return hf_fail(HF_E_FORMAT, "%s has %zu hex digits, want %zu", what, text.n, 2 * n);
    return hf_hex_parse_exact(text, out, n) == HF_OK
               ? HF_OK
               : hf_fail(HF_E_FORMAT, "%s is not hex: \"%.*s\"", what, shown(text), (const char *)text.p);
}

hf_err hf_intel_number(struct hf_json_value v, const char *what, uint64_t max, uint64_t *out)
{
    return hf_json_as_u64(v, max, out) == HF_OK
               ? HF_OK
               : hf_fail(HF_E_FORMAT, "%s is %.*s, want an integer of at most %llu", what, shown(v.raw),
                         (const char *)v.raw.p, (unsigned long long)max);
}

hf_err hf_intel_time(struct hf_json_value v, const char *what, hf_time *out)
{
    char copy[TIME_LENGTH + 1] = "";
    struct hf_bytes text = {0};

    HF_TRY(plain_text(v, what, &text));
    if (text.n == TIME_LENGTH && text.p[TIME_LENGTH - 1] == 'Z') {
        memcpy(copy, text.p, TIME_LENGTH);
        if (hf_time_parse(copy, out) == HF_OK)
            return HF_OK;
    }
    return hf_fail(HF_E_FORMAT, "%s is \"%.*s\", want a time such as 2026-11-24T17:04:28Z", what, shown(text),
                   (const char *)text.p);
}

hf_err hf_intel_advisories(struct hf_json_value v, struct hf_json_value *out)
{
    struct hf_bytes text = {0};

    *out = v;
    if (v.raw.n == 0)
        return HF_OK;
    if (v.type != HF_JSON_ARRAY)
        return hf_fail(HF_E_FORMAT, "advisoryIDs is %s, want an array", hf_json_type_name(v.type));
    for (struct hf_json_iter it = hf_json_iter(v); hf_json_next(&it);) {
        HF_TRY(plain_text(it.value, "an advisory's ID", &text));
        if (text.n == 0 || text.n > 64 || memchr(text.p, ',', text.n))
            return hf_fail(HF_E_FORMAT, "an advisory's ID %.*s", shown(it.value.raw), (const char *)it.value.raw.p);
    }
    return HF_OK;
}

/* ---- levels of one SVN ---- */

static hf_err svn_level(struct hf_json_value v, const char *what, struct hf_svn_level *out)
{
    static const char *const names[] = {"tcb", "tcbDate", "tcbStatus", "advisoryIDs"};
    static const char *const tcb_names[] = {"isvsvn"};
    struct hf_json_value m[HF_COUNT(names)], tcb;
    uint64_t svn;

    HF_TRY(hf_intel_members(v, what, names, HF_COUNT(names), 3, false, m));
    HF_TRY(hf_intel_members(m[0], what, tcb_names, 1, 1, false, &tcb));
    HF_TRY(hf_intel_number(tcb, "isvsvn", UINT16_MAX, &svn));
    HF_TRY(hf_intel_time(m[1], "tcbDate", &out->date));
    HF_TRY(hf_tcb_status_read(m[2], &out->status));
    if (out->status != HF_TCB_UP_TO_DATE && out->status != HF_TCB_OUT_OF_DATE && out->status != HF_TCB_REVOKED)
        return hf_fail(HF_E_FORMAT, "%s has the status %s, want UpToDate, OutOfDate or Revoked", what,
                       hf_tcb_status_name(out->status));
    out->isv_svn = (uint16_t)svn;
    return hf_intel_advisories(m[3], &out->advisories);
}

static int descending(const void *a, const void *b)
{
    return (int)((const struct hf_svn_level *)b)->isv_svn - (int)((const struct hf_svn_level *)a)->isv_svn;
}

hf_err hf_svn_levels_read(struct hf_json_value array, const char *what, struct hf_svn_level **out, size_t *n)
{
    HF_CLEANUP(hf_free) struct hf_svn_level *levels = NULL;
    size_t count = hf_json_count(array), i = 0;

    if (array.type != HF_JSON_ARRAY || count == 0 || count > HF_SVN_LEVELS_MAX)
        return hf_fail(HF_E_FORMAT, "%s has %zu levels, want 1 to %d", what, count, HF_SVN_LEVELS_MAX);
    HF_TRY(hf_alloc(count * sizeof(*levels), &levels));
    for (struct hf_json_iter it = hf_json_iter(array); hf_json_next(&it); i++)
        HF_TRY(svn_level(it.value, what, &levels[i]));
    qsort(levels, count, sizeof(*levels), descending);
    for (i = 1; i < count; i++) {
        if (levels[i - 1].isv_svn == levels[i].isv_svn)
            return hf_fail(HF_E_FORMAT, "%s has two levels of ISVSVN %u", what, levels[i].isv_svn);
    }
    *out = hf_take(levels);
    *n = count;
    return HF_OK;
}

const struct hf_svn_level *hf_svn_level_of(const struct hf_svn_level *levels, size_t n, uint16_t isv_svn)
{
    for (size_t i = 0; i < n; i++) {
        if (levels[i].isv_svn <= isv_svn)
            return &levels[i];
    }
    return NULL;
}

hf_err hf_intel_signed_read(struct hf_bytes text, const char *name, struct hf_json_value *object, uint8_t signature[64])
{
    const char *const names[] = {name, "signature"};
    struct hf_json_value top, m[2];
    uint8_t sig[64];

    HF_TRY(hf_json_parse(text, &top));
    HF_TRY(hf_intel_members(top, name, names, 2, 2, false, m));
    HF_TRY(hf_intel_hex(m[1], "signature", sig, sizeof(sig)));
    if (m[0].type != HF_JSON_OBJECT)
        return hf_fail(HF_E_FORMAT, "%s is %s, want an object", name, hf_json_type_name(m[0].type));
    *object = m[0];
    memcpy(signature, sig, sizeof(sig));
    return HF_OK;
}
