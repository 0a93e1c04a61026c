/* Intel's TCB algorithm: Intel TDX DCAP verification, "4.1.2.4.17 Verify TCB level". */
#include "verify/intel_tcb.h"

bool hf_intel_meets_sgx(const struct hf_tcb_level *level, const struct hf_pck *pck)
{
    for (size_t i = 0; i < HF_TCB_COMPONENTS; i++) {
        if (pck->svn[i] < level->sgx[i])
            return false;
    }
    return pck->pce_svn >= level->pce_svn;
}

bool hf_intel_meets_tdx(const struct hf_tcb_level *level, const uint8_t tee_tcb_svn[HF_TCB_COMPONENTS])
{
    for (size_t i = tee_tcb_svn[1] > 0 ? 2 : 0; i < HF_TCB_COMPONENTS; i++) {
        if (tee_tcb_svn[i] < level->tdx[i])
            return false;
    }
    return true;
}

unsigned hf_tcb_severity(enum hf_tcb_status status)
{
    static const uint8_t severity[HF_TCB_STATUSES] = {
        [HF_TCB_UP_TO_DATE] = 0,
        [HF_TCB_SW_HARDENING_NEEDED] = 1,
        [HF_TCB_CONFIGURATION_NEEDED] = 2,
        [HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = 3,
        [HF_TCB_TD_RELAUNCH_ADVISED] = 4,
        [HF_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED] = 5,
        [HF_TCB_OUT_OF_DATE] = 6,
        [HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = 7,
        [HF_TCB_REVOKED] = 8,
        [HF_TCB_NOT_SUPPORTED] = 9,
    };

    return (size_t)status < HF_TCB_STATUSES ? severity[status] : severity[HF_TCB_NOT_SUPPORTED];
}

enum hf_tcb_status hf_tcb_converge(enum hf_tcb_status status, enum hf_tcb_status other)
{
    if (other == HF_TCB_REVOKED || other == HF_TCB_NOT_SUPPORTED)
        return other;
    if (other != HF_TCB_OUT_OF_DATE)
        return status;
    if (status == HF_TCB_UP_TO_DATE || status == HF_TCB_SW_HARDENING_NEEDED)
        return HF_TCB_OUT_OF_DATE;
    if (status == HF_TCB_CONFIGURATION_NEEDED || status == HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED)
        return HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    return status;
}

/* The first level that the platform meets; and, from there on, the first whose TDX part it meets too. */
static void match(const struct hf_tcb_info *info, const struct hf_intel_platform *p, struct hf_intel_tcb *out)
{
    for (size_t i = 0; i < info->n; i++) {
        const struct hf_tcb_level *level = &info->level[i];

        if (!hf_intel_meets_sgx(level, p->pck))
            continue;
        if (!out->sgx)
            out->sgx = level;
        if (!p->td)
            return;
        if (hf_intel_meets_tdx(level, p->td->tee_tcb_svn)) {
            out->tdx = level;
            return;
        }
    }
}

static void judge_module(const struct hf_tcb_info *info, const struct hf_td_body *td, struct hf_intel_tcb *out)
{
    uint8_t version = td->tee_tcb_svn[1];
    uint64_t attributes = 0;

    out->module = version ? hf_tcb_info_module(info, version) : &info->module;
    out->module_status = version ? HF_TCB_NOT_SUPPORTED : HF_TCB_UP_TO_DATE;
    out->module_refused = true;
    if (!out->module)
        return;
    for (size_t i = 0; i < sizeof(out->module->attributes); i++)
        attributes |= (uint64_t)(out->module->attributes[i] & out->module->attributes_mask[i]) << 8 * i;
    out->module_ok = memcmp(td->mr_signer_seam, out->module->mr_signer, sizeof(td->mr_signer_seam)) == 0 &&
                     td->seam_attributes == 0 && attributes == 0;
    if (version) {
        out->module_level = hf_svn_level_of(out->module->level, out->module->n, td->tee_tcb_svn[0]);
        if (out->module_level)
            out->module_status = out->module_level->status;
    }
    out->module_refused = !out->module_ok || (version && !out->module_level);
}

/* What the platform has now meets the newest level, though what the TD was started with does not. */
static bool newest_is_there(const struct hf_tcb_info *info, const uint8_t svn2[HF_TCB_COMPONENTS])
{
    const struct hf_tcb_level *newest = &info->level[0];
    const struct hf_tdx_module *module = hf_tcb_info_module(info, svn2[1]);

    if (svn2[2] < newest->tdx[2])
        return false;
    if (svn2[1] == 0)
        return svn2[0] >= newest->tdx[0];
    return module && svn2[0] >= module->level[0].isv_svn;
}

static bool needs_configuration(enum hf_tcb_status s)
{
    return s == HF_TCB_CONFIGURATION_NEEDED || s == HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED ||
           s == HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED;
}

/* Only for TD reports 1.5, which say what the platform has now. */
static void judge_relaunch(const struct hf_tcb_info *info, const struct hf_td_body *td, const enum hf_tcb_status *qe,
                           struct hf_intel_tcb *out)
{
    enum hf_tcb_status sgx = out->sgx->status;
    bool tdx_is_old = out->platform == HF_TCB_OUT_OF_DATE || out->platform == HF_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED;
    bool sgx_is_new = sgx == HF_TCB_UP_TO_DATE || sgx == HF_TCB_SW_HARDENING_NEEDED ||
                      sgx == HF_TCB_CONFIGURATION_NEEDED || sgx == HF_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED;

    if (!td->v15 || (qe && *qe != HF_TCB_UP_TO_DATE) || !sgx_is_new || !tdx_is_old ||
        out->module_status != HF_TCB_OUT_OF_DATE)
        return;
    if (td->tee_tcb_svn_2[1] && !hf_tcb_info_module(info, td->tee_tcb_svn_2[1])) {
        out->module_refused = true; /* what runs there now is a module that nobody knows */
        out->platform = HF_TCB_NOT_SUPPORTED;
        return;
    }
    out->relaunch = newest_is_there(info, td->tee_tcb_svn_2);
    if (out->relaunch)
        out->platform = needs_configuration(sgx) || needs_configuration(out->platform)
                            ? HF_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
                            : HF_TCB_TD_RELAUNCH_ADVISED;
}

static void judge_platform(const struct hf_tcb_info *info, const struct hf_intel_platform *p,
                           const enum hf_tcb_status *qe, struct hf_intel_tcb *out)
{
    const struct hf_tcb_level *level = p->td ? out->tdx : out->sgx;

    if (!level)
        return;
    out->platform = level->status;
    if (!p->td)
        return;
    if (out->module_refused) {
        out->platform = HF_TCB_NOT_SUPPORTED;
        return;
    }
    out->platform = hf_tcb_converge(out->platform, out->module_status);
    if (out->platform != HF_TCB_REVOKED)
        judge_relaunch(info, p->td, qe, out);
}

void hf_intel_tcb_judge(const struct hf_tcb_info *info, const struct hf_intel_platform *platform,
                        const enum hf_tcb_status *qe, struct hf_intel_tcb *out)
{
    *out = (struct hf_intel_tcb){.platform = HF_TCB_NOT_SUPPORTED, .module_status = HF_TCB_NOT_SUPPORTED};
    match(info, platform, out);
    if (platform->td)
        judge_module(info, platform->td, out);
    judge_platform(info, platform, qe, out);
    out->status = qe ? hf_tcb_converge(out->platform, *qe) : out->platform;
}
