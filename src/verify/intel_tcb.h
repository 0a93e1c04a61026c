/*
 * How a platform stands with Intel's TCB info: level, TDX module, convergence, relaunch. A pure function over values
 * that were read and whose signatures somebody else checks. Intel TDX DCAP verification, "4.1.2.4.17 Verify TCB level".
 */
#ifndef HF_VERIFY_INTEL_TCB_H
#define HF_VERIFY_INTEL_TCB_H

#include "evidence/intel_identity.h"
#include "evidence/intel_tcb.h"
#include "evidence/pck.h"
#include "evidence/sgx_quote.h"

/* What is compared with the levels. */
struct hf_intel_platform {
    const struct hf_pck *pck;
    const struct hf_td_body *td; /* NULL for SGX */
};

/* What came of it. Pointers are into the TCB info; NULL where nothing matched. */
struct hf_intel_tcb {
    const struct hf_tcb_level *sgx;
    const struct hf_tcb_level *tdx;          /* SGX quotes: NULL */
    const struct hf_tdx_module *module;      /* what the TDX module must be; NULL when its version is not known */
    const struct hf_svn_level *module_level; /* NULL for module version 0, which has none */
    bool module_ok;                          /* signer and attributes are as the module's identity says */
    bool module_refused;                     /* no identity, another signer, no level */
    enum hf_tcb_status module_status;        /* UpToDate for module version 0 */
    bool relaunch;                           /* the TD was started before the platform was brought up to date */
    enum hf_tcb_status platform;             /* level, module and relaunch, before the QE is looked at */
    enum hf_tcb_status status;               /* converged with the QE's */
};

/*
 * Judge. `qe`: the level of the quoting enclave, NULL when it is not known: `status` is then that of the platform.
 * The TCB info must be of the platform's FMSPC, PCEID and TEE: that is for the caller to check.
 */
void hf_intel_tcb_judge(const struct hf_tcb_info *info, const struct hf_intel_platform *platform,
                        const enum hf_tcb_status *qe, struct hf_intel_tcb *out);

/* Does the platform meet the SGX part of a level; and the TDX part, without components 0 and 1 where the TDX module has
 * an identity of its own? */
bool hf_intel_meets_sgx(const struct hf_tcb_level *level, const struct hf_pck *pck);
bool hf_intel_meets_tdx(const struct hf_tcb_level *level, const uint8_t tee_tcb_svn[HF_TCB_COMPONENTS]);

/* A status of the platform or TDX module seen with that of a QE or TDX module: UpToDate, OutOfDate, Revoked or
 * NotSupported. */
enum hf_tcb_status hf_tcb_converge(enum hf_tcb_status status, enum hf_tcb_status other);

/* Higher is worse: 0 for UpToDate. */
unsigned hf_tcb_severity(enum hf_tcb_status status);

#endif
