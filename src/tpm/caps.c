/* Capabilities and the facts about a TPM. */
#include "tpm/caps.h"

#include <stdio.h>

hf_err hf_tpm_capability(struct hf_tpm *tpm, uint32_t capability, uint32_t property, uint32_t count, struct hf_tpm_call *c,
                         bool *more)
{
    uint32_t said;

    HF_TRY(hf_tpm_call_start(c, TPM2_CC_GetCapability));
    /* Facts about the TPM may be asked for before there is a salt key; a resource manager answers for the
     * handles and cannot sign that. */
    c->bare = !tpm->salt.known || capability == TPM2_CAP_HANDLES;
    hf_wr_u32be(&c->w, capability);
    hf_wr_u32be(&c->w, property);
    hf_wr_u32be(&c->w, count);
    HF_TRY(hf_tpm_call_run(tpm, c));
    *more = hf_rd_u8(&c->r) != 0;
    said = hf_rd_u32be(&c->r);
    HF_TRY(hf_rd_err(&c->r));
    if (said != capability)
        return hf_fail(HF_E_DEVICE, "TPM2_GetCapability: capability %u in the answer to %u", (unsigned)said, (unsigned)capability);
    return HF_OK;
}

hf_err hf_tpm_properties(struct hf_tpm *tpm, uint32_t first, hf_tpm_property_each *each, void *arg)
{
    uint32_t next = first;
    bool more = true;

    while (more) {
        struct hf_tpm_call c;
        uint32_t n;
        uint32_t property = next;

        HF_TRY(hf_tpm_capability(tpm, TPM2_CAP_TPM_PROPERTIES, next, 0x100 - (next - first), &c, &more));
        n = hf_rd_u32be(&c.r);
        for (uint32_t i = 0; i < n && hf_rd_more(&c.r); i++) {
            uint32_t value;

            property = hf_rd_u32be(&c.r);
            value = hf_rd_u32be(&c.r);
            HF_TRY(hf_rd_err(&c.r));
            if (property < next || property - first > 0xff)
                return HF_OK; /* the next group */
            HF_TRY(each(arg, property, value));
        }
        HF_TRY(hf_rd_end(&c.r));
        if (n == 0 || property == UINT32_MAX || property - first >= 0xff)
            return HF_OK;
        next = property + 1;
    }
    return HF_OK;
}

hf_err hf_tpm_property(struct hf_tpm *tpm, uint32_t property, uint32_t *out)
{
    struct hf_tpm_call c;
    bool more = false;
    uint32_t n;
    uint32_t found;
    uint32_t value;

    HF_TRY(hf_tpm_capability(tpm, TPM2_CAP_TPM_PROPERTIES, property, 1, &c, &more));
    n = hf_rd_u32be(&c.r);
    found = hf_rd_u32be(&c.r);
    value = hf_rd_u32be(&c.r);
    if (hf_rd_err(&c.r) != HF_OK || n != 1 || found != property)
        return hf_fail(HF_E_NOT_FOUND, "the TPM has no property 0x%x", (unsigned)property);
    *out = value;
    return HF_OK;
}

hf_err hf_tpm_handles(struct hf_tpm *tpm, uint8_t type, hf_tpm_handle_each *each, void *arg)
{
    uint32_t next = (uint32_t)type << 24;
    bool more = true;

    while (more) {
        struct hf_tpm_call c;
        uint32_t n;
        uint32_t handle = next;

        HF_TRY(hf_tpm_capability(tpm, TPM2_CAP_HANDLES, next, 254, &c, &more));
        n = hf_rd_u32be(&c.r);
        for (uint32_t i = 0; i < n && hf_rd_more(&c.r); i++) {
            handle = hf_rd_u32be(&c.r);
            HF_TRY(hf_rd_err(&c.r));
            HF_TRY(each(arg, handle));
        }
        HF_TRY(hf_rd_end(&c.r));
        if (n == 0 || handle < next || handle == UINT32_MAX)
            return HF_OK;
        next = handle + 1;
    }
    return HF_OK;
}

/* Four characters of a property, printable ones only, without spaces at the end. */
static void add_text(char *out, size_t size, uint32_t value)
{
    size_t n = strlen(out);

    for (int shift = 24; shift >= 0; shift -= 8) {
        char c = (char)(value >> shift & 0xff);

        if (c >= ' ' && c <= '~' && n + 1 < size)
            out[n++] = c;
    }
    out[n] = 0;
}

static void trim(char *text)
{
    size_t n = strlen(text);

    while (n && text[n - 1] == ' ')
        text[--n] = 0;
}

static hf_err fixed(void *arg, uint32_t property, uint32_t value)
{
    struct hf_tpm_info *info = arg;

    switch (property) {
    case TPM2_PT_REVISION: info->revision = value; break;
    case TPM2_PT_DAY_OF_YEAR: info->day = value; break;
    case TPM2_PT_YEAR: info->year = value; break;
    case TPM2_PT_MANUFACTURER: add_text(info->manufacturer, sizeof(info->manufacturer), value); break;
    case TPM2_PT_VENDOR_STRING_1:
    case TPM2_PT_VENDOR_STRING_2:
    case TPM2_PT_VENDOR_STRING_3:
    case TPM2_PT_VENDOR_STRING_4: add_text(info->vendor, sizeof(info->vendor), value); break;
    case TPM2_PT_FIRMWARE_VERSION_1: info->firmware |= (uint64_t)value << 32; break;
    case TPM2_PT_FIRMWARE_VERSION_2: info->firmware |= value; break;
    case TPM2_PT_MODES: info->fips = (value & 3) != 0; break; /* TPMA_MODES: FIPS_140_2, FIPS_140_3 */
    case TPM2_PT_HR_TRANSIENT_MIN: info->transient_min = value; break;
    case TPM2_PT_HR_PERSISTENT_MIN: info->persistent_min = value; break;
    case TPM2_PT_HR_LOADED_MIN: info->sessions_loaded_min = value; break;
    case TPM2_PT_ACTIVE_SESSIONS_MAX: info->sessions_active_max = value; break;
    case TPM2_PT_NV_COUNTERS_MAX: info->nv_counters_max = value; break;
    case TPM2_PT_NV_INDEX_MAX: info->nv_index_max = value; break;
    case TPM2_PT_NV_BUFFER_MAX: info->nv_buffer_max = value; break;
    case TPM2_PT_MAX_COMMAND_SIZE: info->command_max = value; break;
    case TPM2_PT_MAX_RESPONSE_SIZE: info->response_max = value; break;
    case TPM2_PT_MAX_DIGEST: info->max_digest = value; break;
    case TPM2_PT_CONTEXT_GAP_MAX: info->context_gap_max = value; break;
    default: break;
    }
    return HF_OK;
}

static hf_err variable(void *arg, uint32_t property, uint32_t value)
{
    struct hf_tpm_info *info = arg;

    switch (property) {
    case TPM2_PT_PERMANENT:
        info->owner_auth_set = value & TPMA_PERMANENT_OWNERAUTHSET;
        info->endorsement_auth_set = value & TPMA_PERMANENT_ENDORSEMENTAUTHSET;
        info->lockout_auth_set = value & TPMA_PERMANENT_LOCKOUTAUTHSET;
        info->in_lockout = value & TPMA_PERMANENT_INLOCKOUT;
        break;
    case TPM2_PT_STARTUP_CLEAR: info->orderly = value & TPMA_STARTUP_CLEAR_ORDERLY; break;
    case TPM2_PT_HR_PERSISTENT: info->persistent_used = value; break;
    case TPM2_PT_HR_PERSISTENT_AVAIL: info->persistent_free = value; break;
    case TPM2_PT_NV_COUNTERS: info->nv_counters_used = value; break;
    case TPM2_PT_NV_COUNTERS_AVAIL: info->nv_counters_free = value; break;
    case TPM2_PT_LOCKOUT_COUNTER: info->lockout_counter = value; break;
    case TPM2_PT_MAX_AUTH_FAIL: info->max_tries = value; break;
    case TPM2_PT_LOCKOUT_INTERVAL: info->recovery_s = value; break;
    case TPM2_PT_LOCKOUT_RECOVERY: info->lockout_recovery_s = value; break;
    default: break;
    }
    return HF_OK;
}

/* What the vendor's name tells. Only a verified EK certificate makes it hardware; that is not decided here. */
static enum hf_tpm_environment by_vendor(const struct hf_tpm_info *info)
{
    static const struct {
        const char *manufacturer;
        enum hf_tpm_environment environment;
    } rows[] = {
        {"IBM", HF_TPM_ENV_EMULATED},  /* libtpms, swtpm, the IBM and Microsoft reference code */
        {"XCG", HF_TPM_ENV_EMULATED},  /* the Microsoft reference implementation */
        {"MSFT", HF_TPM_ENV_VIRTUAL},  /* Azure, Hyper-V */
        {"GOOG", HF_TPM_ENV_VIRTUAL},  /* Google Cloud */
        {"AMZN", HF_TPM_ENV_VIRTUAL},  /* NitroTPM */
        {"VMW", HF_TPM_ENV_VIRTUAL},   /* VMware */
    };

    for (size_t i = 0; i < HF_COUNT(rows); i++) {
        if (strcmp(info->manufacturer, rows[i].manufacturer) == 0)
            return rows[i].environment;
    }
    return HF_TPM_ENV_UNKNOWN;
}

hf_err hf_tpm_environment_find(struct hf_tpm *tpm)
{
    struct hf_tpm_info info = {0};

    if (tpm->environment != HF_TPM_ENV_UNKNOWN)
        return HF_OK;
    HF_TRY(hf_tpm_properties(tpm, TPM2_PT_FIXED, fixed, &info));
    trim(info.manufacturer);
    tpm->environment = by_vendor(&info);
    return HF_OK;
}

static hf_err collect(struct hf_tpm *tpm, struct hf_tpm_info *info)
{
    HF_TRY(hf_tpm_properties(tpm, TPM2_PT_FIXED, fixed, info));
    HF_TRY(hf_tpm_properties(tpm, TPM2_PT_VAR, variable, info));
    trim(info->manufacturer);
    trim(info->vendor);
    if (tpm->environment == HF_TPM_ENV_UNKNOWN)
        tpm->environment = by_vendor(info);
    return tpm->plain_bus ? HF_OK : hf_tpm_salt_ready(tpm);
}

hf_err hf_tpm_info_get(struct hf_tpm *tpm, struct hf_tpm_info *out)
{
    struct hf_tpm_info info = {0};
    hf_err err;

    HF_TRY(hf_tpm_take(tpm));
    err = collect(tpm, &info);
    (void)snprintf(info.uri, sizeof(info.uri), "%s", tpm->uri);
    (void)snprintf(info.source, sizeof(info.source), "%s", tpm->source);
    info.environment = tpm->environment;
    info.bus = hf_tpm_bus(tpm);
    info.managed_here = tpm->managed_here;
    for (size_t i = 0; !tpm->plain_bus && i < tpm->salt.name.n; i++)
        (void)snprintf(info.salt_key + 2 * i, 3, "%02x", tpm->salt.name.bytes[i]);
    hf_tpm_give(tpm);
    HF_TRY(err);
    *out = info;
    return HF_OK;
}
