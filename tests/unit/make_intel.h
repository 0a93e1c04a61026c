/*
 * SGX and TDX quotes and Intel's collateral for tests: an own root, PCK CA, PCK, TCB Signing certificate, attestation
 * key; lists, TCB info and identity with any level; quotes of every version. Everything can be set, wrong ones
 * included.
 *
 *   HF_CLEANUP(make_intel_free) struct make_intel m;
 *   make_intel_start(&m, true);              a TD; change m.spec[...], m.pck, m.td, m.level as the test wants
 *   OK(make_intel_certs(&m));
 *   OK(make_intel_quote(&m, &quote));
 *   OK(make_intel_collateral(&m, &endorsements));
 */
#ifndef HF_MAKE_INTEL_H
#define HF_MAKE_INTEL_H

#include "evidence/pck.h"
#include "evidence/sgx_quote.h"
#include "testca.h"
#include "verify/endorsements.h"

enum { INTEL_ROOT, INTEL_CA, INTEL_PCK, INTEL_SIGNER, INTEL_CERTS };

#define INTEL_AT ((hf_time)1700000000)     /* when tests judge */
#define INTEL_FROM (INTEL_AT - 10 * 86400) /* of collateral and lists */
#define INTEL_UNTIL (INTEL_AT + 20 * 86400)

#define INTEL_LEVELS 6

struct make_level {
    uint8_t sgx[16];
    uint16_t pce_svn;
    uint8_t tdx[16];
    const char *status;
    const char *advisories[3];
};

struct make_svn_level {
    uint16_t isv_svn;
    const char *status;
    const char *advisory;
};

struct make_module {
    const char *id; /* "TDX_03" */
    uint8_t signer; /* every byte of mrsigner */
    size_t n;
    struct make_svn_level level[INTEL_LEVELS];
};

/* When a document or list holds, and one change of its text before it is signed. */
struct make_document {
    hf_time from, until;
    unsigned evaluation;
    const char *edit, *into; /* the first of these texts becomes the other; NULL: none */
    bool bad_signature;
};

struct make_intel {
    struct testca_spec spec[INTEL_CERTS];
    struct testca ca[INTEL_CERTS];
    struct hf_privkey *ak;

    /* the quote */
    uint16_t version;
    bool tdx;
    struct hf_pck pck;
    struct hf_sgx_body sgx;
    struct hf_td_body td;
    struct hf_sgx_body qe;
    uint8_t auth[32];
    uint16_t cert_type;
    size_t padding;
    bool cert_nul;     /* a NUL behind the chain */
    bool cert_shuffle; /* root, leaf, CA */
    bool other_qe;     /* the QE report is signed by another key */
    bool other_ak;     /* the quote is */
    bool unbound;      /* the QE report's data are of another key */

    /* collateral */
    unsigned tcb_version; /* 2 or 3 */
    const char *tcb_id;
    size_t n_levels;
    struct make_level level[INTEL_LEVELS];
    size_t n_modules;
    struct make_module module[INTEL_LEVELS];
    uint8_t module_signer; /* of tdxModule */
    const char *identity_id;
    size_t n_qe_levels;
    struct make_svn_level qe_level[INTEL_LEVELS];
    struct make_document tcb_info, identity, pck_crl, root_crl;
    const char *revoked[INTEL_CERTS]; /* serials on the list that covers the certificate */
    bool wrong_signer;                /* documents are signed by the PCK */

    struct hf_buf ext, chain, qe_report, qe_signature, signature, body, text;
};

/* A platform that is up to date, with collateral of three levels: UpToDate, SWHardeningNeeded, OutOfDate. */
void make_intel_start(struct make_intel *m, bool tdx);
hf_err make_intel_certs(struct make_intel *m);

/* In place of what `out` held. */
hf_err make_intel_quote(struct make_intel *m, struct hf_buf *out);
hf_err make_intel_tcb_info(struct make_intel *m, struct hf_buf *out);
hf_err make_intel_identity(struct make_intel *m, struct hf_buf *out);
hf_err make_intel_pck_crl(struct make_intel *m, struct hf_buf *out);
hf_err make_intel_root_crl(struct make_intel *m, struct hf_buf *out);

/* All four, and the TCB Signing certificate. */
hf_err make_intel_collateral(struct make_intel *m, struct hf_endorsements *out);

void make_intel_free(struct make_intel *m);

#endif
