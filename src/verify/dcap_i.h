/* Shared by dcap.c (keys and signatures), dcap_certs.c, dcap_platform.c (how the platform stands), dcap_collateral.c
 * (which documents count) and dcap_level.c (rows and claims of the level). */
#ifndef HF_VERIFY_DCAP_I_H
#define HF_VERIFY_DCAP_I_H

#include "verify/dcap.h"
#include "verify/intel_tcb.h"

#define HF_DCAP_ADVISORIES 2048 /* bytes of their names with commas */

/* Certification data, read. */
struct hf_dcap_certs {
    struct hf_certs list; /* as they came */
    const struct hf_cert *leaf;
    struct hf_pck pck;
    uint8_t sha256[32]; /* of the certification data */
};
void hf_dcap_certs_free(void *address);

/*
 * Row "certification data" when something is wrong with it; NULL then. *own is for the caller to free
 * (hf_dcap_certs_free), unless the cache has it. Quotes without a certificate take the PCK among the endorsements that
 * signed their QE report.
 */
const struct hf_dcap_certs *hf_dcap_certs_take(const struct hf_dcap *d, struct hf_dcap_certs **own);

/* ECDSA P-256 over SHA-256, r || s. */
extern const struct hf_sig_alg hf_dcap_ecdsa;

/* How the platform stands, as plain values: claims are made of it. */
struct hf_dcap_platform {
    const char *ca; /* "platform" or "processor"; NULL: no certificate of either */
    struct hf_pck pck;
    bool has_qe;
    enum hf_tcb_status qe;
    struct hf_json_value qe_advisories; /* for the row alone, like the pointers in tcb */
    bool has_tcb;
    struct hf_intel_tcb tcb;
    enum hf_tcb_status sgx_status, tdx_status; /* of the matched levels */
    bool has_date;
    hf_time tcb_date;
    hf_time issued; /* the older one of TCB info and identity; 0 without either */
    uint32_t evaluation;
    bool has_early; /* a data set of a lower number, also of this time, did not call it out of date */
    hf_time early_until;
    size_t n_advisories;
    char advisories[HF_DCAP_ADVISORIES];
};

/* All rows of the platform; the horizon and environment are those of d->f. */
void hf_dcap_platform_judge(const struct hf_dcap *d, const struct hf_dcap_certs *certs, struct hf_dcap_platform *out);

/* Claims of the platform at the time of judgement. */
void hf_dcap_platform_claims(const struct hf_dcap_platform *p, bool tdx, hf_time at, struct hf_findings *f);

/* Certificates that may have issued `leaf`, and those that may have issued these: of the quote and the endorsements. */
hf_err hf_dcap_pool(const struct hf_dcap *d, const struct hf_certs *quote, const struct hf_cert *leaf,
                    struct hf_certs *out);

/* A TCB info or identity, chosen among the endorsements. */
struct hf_dcap_document {
    const struct hf_endorsement *e; /* NULL: none that fits */
    bool good;                      /* signed by a TCB Signing certificate of Intel's, and of this time */
    bool others;                    /* there are documents of the kind, for other platforms or enclaves */
    bool no_signer;                 /* no TCB Signing certificate is at hand: who signed it may not be known */
    bool by_key;                    /* good by Intel's key alone: of its certificate nothing is known */
    char why[160];                  /* not good */
    const struct hf_cert *signer;   /* and who issued its certificate, when it is good */
    const struct hf_cert *issuer;
};

struct hf_dcap_want {
    enum hf_endorsement_kind kind;
    bool tdx;
    const struct hf_pck *pck;
    uint32_t below; /* TCB infos of a lower evaluation number alone; 0: any */
};

/* The document of the highest evaluation number that is good, else the one that is nearest to it. It narrows the
 * horizon and lowers the environment unless `quiet`. */
void hf_dcap_document_choose(const struct hf_dcap *d, const struct hf_certs *quote, const struct hf_dcap_want *want,
                             bool quiet, struct hf_dcap_document *out);

/* Rows of the level. */
void hf_dcap_level_rows(const struct hf_dcap *d, const struct hf_tcb_info *info, const struct hf_intel_platform *p,
                        struct hf_dcap_platform *out);

#endif
