/* Claims and rows of SGX and TD report bodies. */
#include "verify/intel_body.h"

#include <inttypes.h>
#include <stdio.h>

struct place {
    const char *name;
    size_t at, n;
};

/* Claims of the fields that the bytes reach. */
static void claim_places(struct hf_bytes bytes, const struct place *places, size_t n, struct hf_claims *c)
{
    for (size_t i = 0; i < n; i++) {
        if (places[i].at + places[i].n <= bytes.n)
            hf_claim_bytes(c, places[i].name, (struct hf_bytes){bytes.p + places[i].at, places[i].n});
    }
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

void hf_sgx_body_judge(struct hf_bytes bytes, const struct hf_sgx_body *b, struct hf_verdict *v, struct hf_findings *f)
{
    static const struct place places[] = {
        {"mrenclave", 64, 32},      {"mrsigner", 128, 32},       {"report_data", 320, 64},
        {"config_id", 192, 64},     {"isv_ext_prod_id", 32, 16}, {"misc_select", 16, 4},
        {"isv_family_id", 304, 16}, {"attributes", 48, 16},      {"xfrm", 56, 8},
        {"cpu_svn", 0, 16},
    };

    claim_places(bytes, places, HF_COUNT(places), &f->claims);
    hf_claim_number(&f->claims, "isv_prod_id", b->isv_prod_id);
    hf_claim_number(&f->claims, "isv_svn", b->isv_svn);
    hf_claim_number(&f->claims, "config_svn", b->config_svn);
    hf_judge_debug(b->flags & HF_SGX_FLAG_DEBUG, "ATTRIBUTES.DEBUG", v, f);
    hf_judge_reserved_bits(v, "ATTRIBUTES", b->flags & ~(uint64_t)HF_SGX_FLAGS_KNOWN);
    if (!(b->flags & HF_SGX_FLAG_INIT))
        hf_check_expected(hf_check_warn(v, "init",
                                        "no processor reports of an enclave before EINIT: a test's report, as Intel's "
                                        "own samples are"),
                          "ATTRIBUTES.INIT is set");
}

/* ---- TDX ---- */

/* Intel TDX Module base architecture specification, "ATTRIBUTES": bits 0 to 7 put a TD under debug. */
static void judge_td_debug(const struct hf_td_body *b, struct hf_verdict *v, struct hf_findings *f)
{
    uint64_t bits = b->td_attributes & HF_TD_ATTR_UNDER_DEBUG;
    char how[64];

    if (bits & HF_TD_ATTR_DEBUG)
        (void)snprintf(how, sizeof(how), "TDATTRIBUTES.DEBUG");
    else
        (void)snprintf(how, sizeof(how), "TDATTRIBUTES bits 0 to 7 are 0x%02" PRIx64, bits);
    hf_judge_debug(bits != 0, how, v, f);
}

void hf_td_body_rows(const struct hf_td_body *b, struct hf_verdict *v, struct hf_findings *f)
{
    bool disable = b->td_attributes & HF_TD_ATTR_SEPT_VE_DISABLE;
    struct hf_check *row;

    judge_td_debug(b, v, f);
    hf_judge_reserved_bits(v, "TDATTRIBUTES", b->td_attributes & ~HF_TD_ATTRS_KNOWN);
    hf_judge_migration(b->td_attributes & HF_TD_ATTR_MIGRATABLE,
                       "TDATTRIBUTES.MIGRATABLE: a migration TD may move it to another platform", v, f);
    row = disable ? hf_check(v, "sept ve disable", HF_OK)
                  : hf_check_not_applicable(v, "sept ve disable",
                                            "the host can raise #VE at any memory access of the TD, which its kernel "
                                            "must be prepared for; a policy says whether that may be");
    hf_check_found(row, disable ? "on" : "off");
}

void hf_td_body_judge(struct hf_bytes bytes, const struct hf_td_body *b, struct hf_verdict *v, struct hf_findings *f)
{
    static const struct place places[] = {
        {"mrtd", 136, 48},          {"rtmr0", 328, 48},       {"rtmr1", 376, 48},       {"rtmr2", 424, 48},
        {"rtmr3", 472, 48},         {"report_data", 520, 64}, {"mrconfigid", 184, 48},  {"mrowner", 232, 48},
        {"mrownerconfig", 280, 48}, {"mrseam", 16, 48},       {"mrsignerseam", 64, 48}, {"seam_attributes", 112, 8},
        {"td_attributes", 120, 8},  {"xfam", 128, 8},         {"tee_tcb_svn", 0, 16},   {"tee_tcb_svn_2", 584, 16},
        {"mrservicetd", 600, 48},
    };

    claim_places(bytes, places, HF_COUNT(places), &f->claims);
    hf_td_body_rows(b, v, f);
}
