/* Enclave identity, structure version 2. Intel PCS API versions 3 and 4. */
#include "evidence/intel_identity.h"
#include "base/alloc.h"
#include "base/cleanup.h"

static const char *const id_names[] = {"QE", "TD_QE", "QVE", "QAE"};

const char *hf_identity_name(enum hf_identity_id id)
{
    return (size_t)id < HF_COUNT(id_names) ? id_names[id] : "unknown";
}

void hf_identity_free(struct hf_identity **identity)
{
    if (*identity)
        hf_free(&(*identity)->level);
    hf_free(identity);
}

enum {
    ID,
    VERSION,
    ISSUED,
    NEXT_UPDATE,
    EVALUATION,
    MISC,
    MISC_MASK,
    ATTRIBUTES,
    MASK,
    SIGNER,
    PRODUCT,
    LEVELS,
    MEMBERS
};

/* Hex of the bytes as they stand in a report. */
static hf_err misc_select(struct hf_json_value v, const char *what, uint32_t *out)
{
    uint8_t b[4];

    HF_TRY(hf_intel_hex(v, what, b, sizeof(b)));
    *out = (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
    return HF_OK;
}

static hf_err which_id(struct hf_json_value v, enum hf_identity_id *out)
{
    for (size_t i = 0; i < HF_COUNT(id_names); i++) {
        if (hf_json_is(v, id_names[i])) {
            *out = (enum hf_identity_id)i;
            return HF_OK;
        }
    }
    return hf_fail(HF_E_FORMAT, "an enclave identity of id %.*s, known are QE, TD_QE, QVE, QAE",
                   v.raw.n < 40 ? (int)v.raw.n : 40, (const char *)v.raw.p);
}

static hf_err parse_members(const struct hf_json_value m[MEMBERS], struct hf_identity *out)
{
    uint64_t number;

    HF_TRY(hf_intel_number(m[VERSION], "version", UINT32_MAX, &number));
    if (number != 2)
        return hf_fail(HF_E_UNSUPPORTED, "enclave identity version %llu, known is 2", (unsigned long long)number);
    HF_TRY(which_id(m[ID], &out->id));
    HF_TRY(hf_intel_time(m[ISSUED], "issueDate", &out->issued));
    HF_TRY(hf_intel_time(m[NEXT_UPDATE], "nextUpdate", &out->next_update));
    HF_TRY(hf_intel_number(m[EVALUATION], "tcbEvaluationDataNumber", UINT32_MAX, &number));
    out->evaluation = (uint32_t)number;
    HF_TRY(misc_select(m[MISC], "miscselect", &out->misc_select));
    HF_TRY(misc_select(m[MISC_MASK], "miscselectMask", &out->misc_select_mask));
    HF_TRY(hf_intel_hex(m[ATTRIBUTES], "attributes", out->attributes, sizeof(out->attributes)));
    HF_TRY(hf_intel_hex(m[MASK], "attributesMask", out->attributes_mask, sizeof(out->attributes_mask)));
    HF_TRY(hf_intel_hex(m[SIGNER], "mrsigner", out->mr_signer, sizeof(out->mr_signer)));
    HF_TRY(hf_intel_number(m[PRODUCT], "isvprodid", UINT16_MAX, &number));
    out->isv_prod_id = (uint16_t)number;
    return hf_svn_levels_read(m[LEVELS], "an enclave identity", &out->level, &out->n);
}

hf_err hf_identity_parse(struct hf_bytes text, struct hf_identity **out)
{
    static const char *const names[MEMBERS] = {
        [ID] = "id",
        [VERSION] = "version",
        [ISSUED] = "issueDate",
        [NEXT_UPDATE] = "nextUpdate",
        [EVALUATION] = "tcbEvaluationDataNumber",
        [MISC] = "miscselect",
        [MISC_MASK] = "miscselectMask",
        [ATTRIBUTES] = "attributes",
        [MASK] = "attributesMask",
        [SIGNER] = "mrsigner",
        [PRODUCT] = "isvprodid",
        [LEVELS] = "tcbLevels",
    };
    HF_CLEANUP(hf_identity_free) struct hf_identity *identity = NULL;
    struct hf_json_value object, m[MEMBERS];

    HF_TRY(hf_alloc(sizeof(*identity), &identity));
    HF_TRY(hf_intel_signed_read(text, "enclaveIdentity", &object, identity->signature));
    identity->signed_part = object.raw;
    HF_TRY(hf_intel_members(object, "enclaveIdentity", names, MEMBERS, MEMBERS, false, m));
    HF_TRY(parse_members(m, identity));
    *out = hf_take(identity);
    return HF_OK;
}
