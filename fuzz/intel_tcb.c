/* TCB infos and identities: views lie in the text, levels are sorted without doubles; over every TCB info, a platform
 * that lacks nothing reaches the newest level, and one of lower numbers never a better one. */
#include "verify/intel_tcb.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

static void must(bool good)
{
    if (!good)
        abort();
}

static bool inside(struct hf_bytes in, struct hf_bytes part)
{
    return part.n == 0 || (part.p >= in.p && part.p + part.n <= in.p + in.n);
}

static void check_svn_levels(struct hf_bytes in, const struct hf_svn_level *level, size_t n)
{
    must(n > 0);
    for (size_t i = 0; i < n; i++) {
        must(inside(in, level[i].advisories.raw));
        must(i == 0 || level[i - 1].isv_svn > level[i].isv_svn);
        must(hf_svn_level_of(level, n, level[i].isv_svn) == &level[i]);
    }
}

/* Where in the order of levels the platform stands: lower numbers never stand before. */
static size_t place(const struct hf_tcb_info *info, const struct hf_tcb_level *level)
{
    return level ? (size_t)(level - info->level) : info->n;
}

static void check_judgement(const struct hf_tcb_info *info)
{
    struct hf_pck pck = {.pce_svn = UINT16_MAX};
    struct hf_td_body td = {.v15 = true};
    struct hf_intel_platform p = {&pck, info->tdx ? &td : NULL};
    struct hf_intel_tcb full, lower;

    memset(pck.svn, 255, sizeof(pck.svn));
    memset(td.tee_tcb_svn, 255, sizeof(td.tee_tcb_svn));
    memset(td.tee_tcb_svn_2, 255, sizeof(td.tee_tcb_svn_2));
    td.tee_tcb_svn[1] = (uint8_t)info->evaluation;
    hf_intel_tcb_judge(info, &p, NULL, &full);
    must(!full.tdx || full.tdx >= full.sgx);
    for (size_t i = 0; i < HF_TCB_COMPONENTS; i++) {
        pck.svn[i] = 1;
        hf_intel_tcb_judge(info, &p, NULL, &lower);
        must(place(info, lower.sgx) >= place(info, full.sgx));
        pck.svn[i] = 255;
        if (!info->tdx || i == 1)
            continue;
        td.tee_tcb_svn[i] = 1;
        hf_intel_tcb_judge(info, &p, NULL, &lower);
        must(place(info, lower.tdx) >= place(info, full.tdx));
        td.tee_tcb_svn[i] = 255;
    }
}

static void check_info(struct hf_bytes in, const struct hf_tcb_info *info)
{
    must(inside(in, info->signed_part) && info->n > 0);
    for (size_t i = 0; i < info->n; i++)
        must(inside(in, info->level[i].advisories.raw));
    for (size_t i = 0; i < info->n_modules; i++) {
        must(hf_tcb_info_module(info, info->modules[i].version) == &info->modules[i]);
        check_svn_levels(in, info->modules[i].level, info->modules[i].n);
    }
    check_judgement(info);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_tcb_info_free) struct hf_tcb_info *info = NULL;
    HF_CLEANUP(hf_identity_free) struct hf_identity *identity = NULL;
    struct hf_bytes in = {data, size};

    if (hf_tcb_info_parse(in, &info) == HF_OK)
        check_info(in, info);
    if (hf_identity_parse(in, &identity) == HF_OK) {
        must(!info && inside(in, identity->signed_part));
        check_svn_levels(in, identity->level, identity->n);
    }
    return 0;
}
