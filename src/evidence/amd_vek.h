/*
 * What AMD says in the certificate of a chip's key (VCEK) or of a cloud's (VLEK): X.509 extensions below
 * 1.3.6.1.4.1.3704.1. AMD publication 57230, "Versioned Chip Endorsement Key Certificate and KDS Interface".
 */
#ifndef HF_EVIDENCE_AMD_VEK_H
#define HF_EVIDENCE_AMD_VEK_H

#include "crypto/x509.h"
#include "evidence/snp_report.h"

#define HF_AMD_OID "1.3.6.1.4.1.3704.1"

/* Views point into the extensions. */
struct hf_amd_vek {
    unsigned struct_version;
    struct hf_bytes product_name; /* "Milan-B0", "Genoa", "Turin" */
    enum hf_snp_product product;  /* the same, without stepping */
    struct hf_snp_tcb tcb;
    uint8_t reserved_spl[4]; /* .3.4 to .3.7 */
    bool has_spl4;           /* .3.4 is not in Turin's */
    struct hf_bytes hwid;    /* VCEK: 64 bytes, Turin 8; else empty */
    bool hwid_wrapped;       /* it stands in an OCTET STRING: AMD issues raw ones, its specification says otherwise */
    struct hf_bytes csp_id;  /* VLEK: whose; else empty */
};

/* Does the certificate have any of these extensions? Cheap. */
bool hf_amd_vek_is(const struct hf_cert *cert);

/* HF_E_NOT_FOUND where a needed extension is missing; HF_E_FORMAT for values that do not fit, extensions of this
 * arc that are not known, and both or neither of hardware id and CSP id. */
hf_err hf_amd_vek_read(const struct hf_extension *ext, size_t n, struct hf_amd_vek *out);
hf_err hf_amd_vek_parse(const struct hf_cert *cert, struct hf_amd_vek *out);

/* The extensions again, in the order of their OIDs. */
#define HF_AMD_VEK_EXTENSIONS 12
struct hf_amd_vek_extension {
    const char *oid;
    size_t n;
    uint8_t value[80];
};
hf_err hf_amd_vek_write(const struct hf_amd_vek *vek, struct hf_amd_vek_extension out[HF_AMD_VEK_EXTENSIONS],
                        size_t *n);

#endif
