/* Claims and rows of SGX and TD report bodies. */
#include "verify/intel_body.h"

#include <inttypes.h>

#define XFRM_LEGACY 0x3u /* x87 and SSE: always on */

static struct hf_bytes part(struct hf_bytes bytes, size_t at, size_t n)
{
    return (struct hf_bytes){bytes.p + at, n};
}

void hf_judge_reserved_bits(struct hf_verdict *v, const char *what, uint64_t reserved)
{
    struct hf_check *row = hf_check(
        v, "reserved bits",
        reserved ? hf_fail(HF_E_FORMAT, "%s has bits set that nobody here knows: 0x%" PRIx64, what, reserved) : HF_OK);

    hf_check_expected(row, "0x0");
    hf_check_found(row, "0x%" PRIx64, reserved);
}

void hf_judge_migration(bool allowed, const char *how, struct hf_verdict *v, struct hf_findings *f)
{
    struct hf_check *row = hf_check(
        v, "migration", allowed ? hf_fail(HF_E_UNTRUSTED, "it may be moved to other machines: %s", how) : HF_OK);

    hf_check_expected(row, "off");
    hf_check_found(row, "%s", allowed ? "on" : "off");
    hf_claim_bool(&f->claims, "migration", allowed);
}

/* ---- SGX ---- */

static void sgx_claims(struct hf_bytes bytes, const struct hf_sgx_body *b, struct hf_claims *c)
{
    hf_claim_bytes(c, "mrenclave", part(bytes, 64, 32));
    hf_claim_bytes(c, "mrsigner", part(bytes, 128, 32));
    hf_claim_number(c, "isv_prod_id", b->isv_prod_id);
    hf_claim_number(c, "isv_svn", b->isv_svn);
    hf_claim_bytes(c, "report_data", part(bytes, 320, 64));
    hf_claim_bytes(c, "attributes", part(bytes, 48, 16));
    hf_claim_bytes(c, "misc_select", part(bytes, 16, 4));
    hf_claim_bytes(c, "config_id", part(bytes, 192, 64));
    hf_claim_number(c, "config_svn", b->config_svn);
    hf_claim_bytes(c, "isv_ext_prod_id", part(bytes, 32, 16));
    hf_claim_bytes(c, "isv_family_id", part(bytes, 304, 16));
    hf_claim_bytes(c, "cpu_svn", part(bytes, 0, 16));
}

void hf_sgx_body_judge(struct hf_bytes bytes, const struct hf_sgx_body *b, struct hf_verdict *v, struct hf_findings *f)
{
    char text[160];
    struct hf_check *row;
    bool init = b->flags & HF_SGX_FLAG_INIT, legacy = (b->xfrm & XFRM_LEGACY) == XFRM_LEGACY;

    sgx_claims(bytes, b, &f->claims);
    row = hf_check(v, "attributes",
                   !init     ? hf_fail(HF_E_FORMAT, "INIT is not set: no enclave that runs reports so")
                   : !legacy ? hf_fail(HF_E_FORMAT, "XFRM without x87 and SSE cannot be")
                             : HF_OK);
    hf_sgx_flags_text(b->flags, text, sizeof(text));
    hf_check_found(row, "%s, XFRM 0x%" PRIx64, text, b->xfrm);
    hf_judge_reserved_bits(v, "ATTRIBUTES.flags", b->flags & ~(uint64_t)HF_SGX_FLAGS_KNOWN);
    hf_judge_debug(b->flags & HF_SGX_FLAG_DEBUG, "ATTRIBUTES.flags bit 1", v, f);
}

/* ---- TDX ---- */

static void td_claims(struct hf_bytes bytes, const struct hf_td_body *b, struct hf_claims *c)
{
    static const char *const rtmrs[HF_TD_RTMRS] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};

    hf_claim_bytes(c, "mrtd", part(bytes, 136, HF_TD_HASH));
    for (size_t i = 0; i < HF_TD_RTMRS; i++)
        hf_claim_bytes(c, rtmrs[i], part(bytes, 328 + i * HF_TD_HASH, HF_TD_HASH));
    hf_claim_bytes(c, "report_data", part(bytes, 520, 64));
    hf_claim_bytes(c, "mrseam", part(bytes, 16, HF_TD_HASH));
    hf_claim_bytes(c, "mrsignerseam", part(bytes, 64, HF_TD_HASH));
    hf_claim_bytes(c, "mrconfigid", part(bytes, 184, HF_TD_HASH));
    hf_claim_bytes(c, "mrowner", part(bytes, 232, HF_TD_HASH));
    hf_claim_bytes(c, "mrownerconfig", part(bytes, 280, HF_TD_HASH));
    hf_claim_bytes(c, "tee_tcb_svn", part(bytes, 0, 16));
    hf_claim_bytes(c, "td_attributes", part(bytes, 120, 8));
    hf_claim_bytes(c, "xfam", part(bytes, 128, 8));
    if (b->v15) {
        hf_claim_bytes(c, "tee_tcb_svn_2", part(bytes, 584, 16));
        hf_claim_bytes(c, "mrservicetd", part(bytes, 600, HF_TD_HASH));
    }
}

void hf_td_body_rows(const struct hf_td_body *b, struct hf_verdict *v, struct hf_findings *f)
{
    char text[160];
    struct hf_check *row;
    bool legacy = (b->xfam & XFRM_LEGACY) == XFRM_LEGACY;

    if (legacy && !(b->td_attributes & HF_TD_ATTR_SEPT_VE_DISABLE))
        row = hf_check_warn(v, "attributes",
                            "SEPT_VE_DISABLE is not set: the host can make the TD's own memory fault, "
                            "which its kernel (or the paravisor under it) has to stand");
    else
        row = hf_check(v, "attributes", legacy ? HF_OK : hf_fail(HF_E_FORMAT, "XFAM without x87 and SSE cannot be"));
    hf_td_attributes_text(b->td_attributes, text, sizeof(text));
    hf_check_found(row, "%s, XFAM 0x%" PRIx64, text[0] ? text : "none", b->xfam);
    hf_judge_reserved_bits(v, "TDATTRIBUTES", b->td_attributes & ~HF_TD_ATTRS_KNOWN & ~HF_TD_ATTR_UNDER_DEBUG);
    hf_judge_debug(b->td_attributes & HF_TD_ATTR_UNDER_DEBUG, "TDATTRIBUTES bits 0 to 7 (debug, profiling)", v, f);
    hf_judge_migration(b->td_attributes & HF_TD_ATTR_MIGRATABLE, "TDATTRIBUTES bit 29", v, f);
}

void hf_td_body_judge(struct hf_bytes bytes, const struct hf_td_body *b, struct hf_verdict *v, struct hf_findings *f)
{
    td_claims(bytes, b, &f->claims);
    hf_td_body_rows(b, v, f);
}
