/*
 * Addresses of the vendors' services.
 *
 * Intel: "Intel SGX and TDX Provisioning Certification Service", API version 4 (a PCCS has the same paths).
 * AMD: "Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface Specification" (57230).
 */
#ifndef HF_COLLATERAL_VENDOR_H
#define HF_COLLATERAL_VENDOR_H

#include "base/bytes.h"

#define HF_URL_MAX 512
#define HF_WANTED_MAX 16

#define HF_INTEL_API "https://api.trustedservices.intel.com"
#define HF_INTEL_ROOT_CRL "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"
#define HF_AMD_KDS "https://kdsintf.amd.com"

struct hf_wanted {
    char what[48];
    char url[HF_URL_MAX];
};

struct hf_wanted_list {
    size_t n;
    struct hf_wanted item[HF_WANTED_MAX];
};

/* Add one unless its URL is there. HF_E_LIMIT: too many, or too long. */
hf_err hf_wanted_add(struct hf_wanted_list *list, const char *what, const char *url, ...) HF_PRINTF(3, 4);

/* TCB info, QE identity, PCK CRL and root CRL: `fmspc` 12 hex digits, `ca` "processor" or "platform", `tee` "sgx" or
 * "tdx". */
hf_err hf_wanted_intel(struct hf_wanted_list *list, const char *fmspc, const char *ca, const char *tee);

/* Chain and CRL of a product ("Milan"), and with a chip id (hex) also its VCEK: `tcb` is "bl=4,tee=0,snp=22,ucode=213",
 * with fmc=1 for Turin. `signer`: "vcek" or "vlek" (whose certificates only the cloud has). */
hf_err hf_wanted_amd(struct hf_wanted_list *list, const char *product, const char *signer, const char *chip_id,
                     const char *tcb);

/* Which data set of Intel's is asked for. */
struct hf_data_set {
    const char *update; /* "early", "standard"; NULL */
    uint32_t number;    /* tcbEvaluationDataNumber; 0 */
};

/*
 * Where to really go for an address: `from` (a mirror, a PCCS; NULL: none) takes the place of the vendor's host. There
 * may be several such places; `i` counts them.
 */
size_t hf_vendor_places(const char *url, const char *from);
hf_err hf_vendor_place(const char *url, const char *from, size_t i, char out[HF_URL_MAX]);

/* The address with the data set in it, where the service has several: what is asked for, and what the answer is kept
 * under. */
hf_err hf_vendor_name(const char *url, const struct hf_data_set *set, char out[HF_URL_MAX]);

#endif
