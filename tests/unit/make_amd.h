/*
 * AMD's hierarchy for tests: ARK, ASK and ASVK of any product, VCEKs and VLEKs with any extensions, revocation lists,
 * and reports of every version signed by them. Keys are made at run time; the two RSA-4096 keys once per process.
 */
#ifndef HF_TEST_MAKE_AMD_H
#define HF_TEST_MAKE_AMD_H

#include "evidence/amd_vek.h"
#include "testca.h"

#define MAKE_AMD_AT ((hf_time)1750000000) /* 2025-06-15: within everything that is made by default */

/* A certificate whose key lives until the process ends. */
struct make_amd_ca {
    struct hf_privkey *key;
    struct hf_cert *cert;
};

struct make_amd {
    char product[16];
    struct make_amd_ca ark, ask, asvk; /* ask and asvk share a key: names tell them apart */
};

/* "Milan", "Genoa", "Turin", or any other name. */
hf_err make_amd_new(const char *product, struct make_amd *out);
void make_amd_free(struct make_amd *amd);

/* A VCEK (with a hwid) or VLEK (with a csp_id) for a key of its own. `by` NULL: ASK or ASVK as is right. */
struct make_vek_spec {
    struct hf_amd_vek vek;
    hf_time from, until; /* both 0: 2020 to 2040 */
    const struct make_amd_ca *by;
    const char *subject;   /* NULL: CN=SEV-VCEK or CN=SEV-VLEK */
    struct hf_sig_alg sig; /* {0}: PSS as AMD does */
};
hf_err make_vek(const struct make_amd *amd, const struct make_vek_spec *spec, struct testca *out);

/* A list by the ARK; serials in hex. */
hf_err make_amd_crl(const struct make_amd *amd, const char *revoked, hf_time from, hf_time until, struct hf_buf *out);

/* An ordinary guest's report: policy 0x30000, platform without SMT, level bl=3 tee=0 snp=8 ucode=115 (Turin: fmc=1
 * too), chip id 01 02 03 .... Views point to static bytes; change what is wanted, then sign. */
void make_snp_report(unsigned version, enum hf_snp_product product, struct hf_snp_report *out);
hf_err make_snp_sign(const struct hf_snp_report *rep, const struct hf_privkey *key, uint8_t out[HF_SNP_REPORT_SIZE]);

/* Sign bytes that were changed since. */
hf_err make_snp_sign_again(uint8_t report[HF_SNP_REPORT_SIZE], const struct hf_privkey *key);

/* The extensions of the VCEK that belongs to a report. */
void make_vek_of(const struct hf_snp_report *rep, enum hf_snp_product product, const char *name,
                 struct hf_amd_vek *out);

#endif
