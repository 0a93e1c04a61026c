/* TCB info, structure versions 2 and 3. Intel PCS API versions 3 and 4. */
#include "evidence/intel_tcb.h"
#include "base/alloc.h"
#include "base/cleanup.h"
#include "codec/hex.h"

#include <stdlib.h>

#define MODULES_MAX 256

void hf_tcb_info_free(struct hf_tcb_info **info)
{
    struct hf_tcb_info *t = *info;

    if (!t)
        return;
    for (size_t i = 0; t->modules && i < t->n_modules; i++)
        hf_free(&t->modules[i].level);
    hf_free(&t->modules);
    hf_free(&t->level);
    hf_free(info);
}

const struct hf_tdx_module *hf_tcb_info_module(const struct hf_tcb_info *info, uint8_t version)
{
    for (size_t i = 0; i < info->n_modules; i++) {
        if (info->modules[i].version == version)
            return &info->modules[i];
    }
    return NULL;
}

/* ---- TDX modules ---- */

static hf_err module_fields(const struct hf_json_value m[3], struct hf_tdx_module *out)
{
    HF_TRY(hf_intel_hex(m[0], "mrsigner of a TDX module", out->mr_signer, sizeof(out->mr_signer)));
    HF_TRY(hf_intel_hex(m[1], "attributes of a TDX module", out->attributes, sizeof(out->attributes)));
    return hf_intel_hex(m[2], "attributesMask of a TDX module", out->attributes_mask, sizeof(out->attributes_mask));
}

static hf_err parse_module(struct hf_json_value v, struct hf_tdx_module *out)
{
    static const char *const names[] = {"mrsigner", "attributes", "attributesMask"};
    struct hf_json_value m[HF_COUNT(names)];

    HF_TRY(hf_intel_members(v, "tdxModule", names, HF_COUNT(names), HF_COUNT(names), false, m));
    return module_fields(m, out);
}

/* "TDX_0A": the version in hex, of either case. */
static hf_err module_version(struct hf_json_value id, uint8_t *out)
{
    if (id.type == HF_JSON_TEXT && id.raw.n == 8 && memcmp(id.raw.p, "\"TDX_", 5) == 0 &&
        hf_hex_parse_exact((struct hf_bytes){id.raw.p + 5, 2}, out, 1) == HF_OK)
        return HF_OK;
    return hf_fail(HF_E_FORMAT, "a TDX module identity %.*s, want \"TDX_\" and two hex digits",
                   id.raw.n < 40 ? (int)id.raw.n : 40, (const char *)id.raw.p);
}

static hf_err parse_identity(struct hf_json_value v, struct hf_tdx_module *out)
{
    static const char *const names[] = {"mrsigner", "attributes", "attributesMask", "id", "tcbLevels"};
    struct hf_json_value m[HF_COUNT(names)];

    HF_TRY(hf_intel_members(v, "a TDX module identity", names, HF_COUNT(names), HF_COUNT(names), false, m));
    HF_TRY(module_fields(m, out));
    HF_TRY(module_version(m[3], &out->version));
    return hf_svn_levels_read(m[4], "a TDX module identity", &out->level, &out->n);
}

static hf_err parse_modules(struct hf_json_value module, struct hf_json_value identities, struct hf_tcb_info *t)
{
    size_t count = hf_json_count(identities);

    HF_TRY(parse_module(module, &t->module));
    if (identities.raw.n == 0)
        return HF_OK;
    if (identities.type != HF_JSON_ARRAY || count == 0 || count > MODULES_MAX)
        return hf_fail(HF_E_FORMAT, "tdxModuleIdentities has %zu items, want 1 to %d", count, MODULES_MAX);
    HF_TRY(hf_alloc(count * sizeof(*t->modules), &t->modules));
    for (struct hf_json_iter it = hf_json_iter(identities); hf_json_next(&it); t->n_modules++) {
        struct hf_tdx_module *next = &t->modules[t->n_modules];

        HF_TRY(parse_identity(it.value, next));
        if (hf_tcb_info_module(t, next->version)) {
            hf_free(&next->level);
            return hf_fail(HF_E_FORMAT, "two identities of TDX module version %u", next->version);
        }
    }
    return HF_OK;
}

/* ---- levels ---- */

static hf_err parse_components(struct hf_json_value array, const char *what, uint16_t out[HF_TCB_COMPONENTS])
{
    static const char *const names[] = {"svn"};
    struct hf_json_value svn;
    uint64_t number;
    size_t i = 0;

    if (array.type != HF_JSON_ARRAY || hf_json_count(array) != HF_TCB_COMPONENTS)
        return hf_fail(HF_E_FORMAT, "%s has %zu components, want %d", what, hf_json_count(array), HF_TCB_COMPONENTS);
    for (struct hf_json_iter it = hf_json_iter(array); hf_json_next(&it); i++) {
        HF_TRY(hf_intel_members(it.value, what, names, 1, 1, true, &svn));
        HF_TRY(hf_intel_number(svn, what, UINT16_MAX, &number));
        out[i] = (uint16_t)number;
    }
    return HF_OK;
}

static hf_err parse_tcb3(struct hf_json_value v, bool tdx, struct hf_tcb_level *out)
{
    static const char *const names[] = {"sgxtcbcomponents", "pcesvn", "tdxtcbcomponents"};
    struct hf_json_value m[HF_COUNT(names)];
    uint64_t number;

    HF_TRY(hf_intel_members(v, "tcb", names, tdx ? 3 : 2, tdx ? 3 : 2, false, m));
    HF_TRY(parse_components(m[0], names[0], out->sgx));
    HF_TRY(hf_intel_number(m[1], names[1], UINT16_MAX, &number));
    out->pce_svn = (uint16_t)number;
    return tdx ? parse_components(m[2], names[2], out->tdx) : HF_OK;
}

static hf_err parse_tcb2(struct hf_json_value v, struct hf_tcb_level *out)
{
    static const char *const names[] = {"sgxtcbcomp01svn", "sgxtcbcomp02svn", "sgxtcbcomp03svn", "sgxtcbcomp04svn",
                                        "sgxtcbcomp05svn", "sgxtcbcomp06svn", "sgxtcbcomp07svn", "sgxtcbcomp08svn",
                                        "sgxtcbcomp09svn", "sgxtcbcomp10svn", "sgxtcbcomp11svn", "sgxtcbcomp12svn",
                                        "sgxtcbcomp13svn", "sgxtcbcomp14svn", "sgxtcbcomp15svn", "sgxtcbcomp16svn",
                                        "pcesvn"};
    struct hf_json_value m[HF_COUNT(names)];
    uint64_t number;

    HF_TRY(hf_intel_members(v, "tcb", names, HF_COUNT(names), HF_COUNT(names), false, m));
    for (size_t i = 0; i < HF_TCB_COMPONENTS; i++) {
        HF_TRY(hf_intel_number(m[i], names[i], UINT8_MAX, &number));
        out->sgx[i] = (uint16_t)number;
    }
    HF_TRY(hf_intel_number(m[HF_TCB_COMPONENTS], "pcesvn", UINT16_MAX, &number));
    out->pce_svn = (uint16_t)number;
    return HF_OK;
}

static hf_err parse_level(struct hf_json_value v, const struct hf_tcb_info *t, struct hf_tcb_level *out)
{
    static const char *const names[] = {"tcb", "tcbDate", "tcbStatus", "advisoryIDs"};
    struct hf_json_value m[HF_COUNT(names)];

    HF_TRY(hf_intel_members(v, "a TCB level", names, HF_COUNT(names), 3, false, m));
    HF_TRY(t->version == 2 ? parse_tcb2(m[0], out) : parse_tcb3(m[0], t->tdx, out));
    HF_TRY(hf_intel_time(m[1], "tcbDate", &out->date));
    HF_TRY(hf_tcb_status_read(m[2], &out->status));
    return hf_intel_advisories(m[3], &out->advisories);
}

static int by_components(const uint16_t a[HF_TCB_COMPONENTS], const uint16_t b[HF_TCB_COMPONENTS])
{
    for (size_t i = 0; i < HF_TCB_COMPONENTS; i++) {
        if (a[i] != b[i])
            return a[i] > b[i] ? -1 : 1;
    }
    return 0;
}

static int descending(const void *x, const void *y)
{
    const struct hf_tcb_level *a = x, *b = y;
    int order = by_components(a->sgx, b->sgx);

    if (order == 0)
        order = (int)b->pce_svn - (int)a->pce_svn;
    return order ? order : by_components(a->tdx, b->tdx);
}

static hf_err parse_levels(struct hf_json_value array, struct hf_tcb_info *t)
{
    size_t count = hf_json_count(array), i = 0;

    if (array.type != HF_JSON_ARRAY || count == 0 || count > HF_TCB_LEVELS_MAX)
        return hf_fail(HF_E_FORMAT, "tcbLevels has %zu items, want 1 to %d", count, HF_TCB_LEVELS_MAX);
    HF_TRY(hf_alloc(count * sizeof(*t->level), &t->level));
    for (struct hf_json_iter it = hf_json_iter(array); hf_json_next(&it); i++)
        HF_TRY(parse_level(it.value, t, &t->level[i]));
    t->n = count;
    qsort(t->level, count, sizeof(*t->level), descending);
    for (i = 1; i < count; i++) {
        if (descending(&t->level[i - 1], &t->level[i]) == 0)
            return hf_fail(HF_E_FORMAT, "tcbLevels has the same level twice");
    }
    return HF_OK;
}

/* ---- the document ---- */

enum { VERSION, ISSUED, NEXT_UPDATE, FMSPC, PCE_ID, TCB_TYPE, EVALUATION, LEVELS, ID, MODULE, IDENTITIES, MEMBERS };

static hf_err parse_head(const struct hf_json_value m[MEMBERS], struct hf_tcb_info *t)
{
    uint64_t number;

    HF_TRY(hf_intel_number(m[VERSION], "version", UINT32_MAX, &number));
    if (number != 2 && number != 3)
        return hf_fail(HF_E_UNSUPPORTED, "TCB info version %llu, known are 2 and 3", (unsigned long long)number);
    t->version = (unsigned)number;
    t->tdx = hf_json_is(m[ID], "TDX");
    if (t->version == 2 ? m[ID].raw.n != 0 : !t->tdx && !hf_json_is(m[ID], "SGX"))
        return hf_fail(HF_E_FORMAT, "TCB info version %u with the id %.*s", t->version,
                       m[ID].raw.n < 40 ? (int)m[ID].raw.n : 40, (const char *)m[ID].raw.p);
    if (t->tdx != (m[MODULE].raw.n != 0) || (!t->tdx && m[IDENTITIES].raw.n))
        return hf_fail(HF_E_FORMAT, "a TCB info for %s %s tdxModule", t->tdx ? "TDX" : "SGX",
                       t->tdx ? "without" : "with");
    HF_TRY(hf_intel_time(m[ISSUED], "issueDate", &t->issued));
    HF_TRY(hf_intel_time(m[NEXT_UPDATE], "nextUpdate", &t->next_update));
    HF_TRY(hf_intel_hex(m[FMSPC], "fmspc", t->fmspc, sizeof(t->fmspc)));
    HF_TRY(hf_intel_hex(m[PCE_ID], "pceId", t->pce_id, sizeof(t->pce_id)));
    HF_TRY(hf_intel_number(m[TCB_TYPE], "tcbType (components compared one by one)", 0, &number));
    HF_TRY(hf_intel_number(m[EVALUATION], "tcbEvaluationDataNumber", UINT32_MAX, &number));
    t->evaluation = (uint32_t)number;
    return HF_OK;
}

hf_err hf_tcb_info_parse(struct hf_bytes text, struct hf_tcb_info **out)
{
    static const char *const names[MEMBERS] = {[VERSION] = "version",
                                               [ISSUED] = "issueDate",
                                               [NEXT_UPDATE] = "nextUpdate",
                                               [FMSPC] = "fmspc",
                                               [PCE_ID] = "pceId",
                                               [TCB_TYPE] = "tcbType",
                                               [EVALUATION] = "tcbEvaluationDataNumber",
                                               [LEVELS] = "tcbLevels",
                                               [ID] = "id",
                                               [MODULE] = "tdxModule",
                                               [IDENTITIES] = "tdxModuleIdentities"};
    HF_CLEANUP(hf_tcb_info_free) struct hf_tcb_info *t = NULL;
    struct hf_json_value object, m[MEMBERS];

    HF_TRY(hf_alloc(sizeof(*t), &t));
    HF_TRY(hf_intel_signed_read(text, "tcbInfo", &object, t->signature));
    t->signed_part = object.raw;
    HF_TRY(hf_intel_members(object, "tcbInfo", names, MEMBERS, ID, false, m));
    HF_TRY(parse_head(m, t));
    if (t->tdx)
        HF_TRY(parse_modules(m[MODULE], m[IDENTITIES], t));
    HF_TRY(parse_levels(m[LEVELS], t));
    *out = hf_take(t);
    return HF_OK;
}
