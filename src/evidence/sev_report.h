/* The attestation report of SEV and SEV-ES guests. AMD publication 55766 (SEV API), ATTESTATION. Little-endian. */
#ifndef HF_EVIDENCE_SEV_REPORT_H
#define HF_EVIDENCE_SEV_REPORT_H

#include "evidence/inspect.h"

#define HF_SEV_REPORT_SIZE 208
#define HF_SEV_REPORT_SIGNED 52

/* Guest policy; the upper half is the least API version, major in bits 16 to 23 and minor in 24 to 31. */
#define HF_SEV_POLICY_NODBG 0x01u
#define HF_SEV_POLICY_NOKS 0x02u
#define HF_SEV_POLICY_ES 0x04u
#define HF_SEV_POLICY_NOSEND 0x08u
#define HF_SEV_POLICY_DOMAIN 0x10u
#define HF_SEV_POLICY_SEV 0x20u
#define HF_SEV_POLICY_KNOWN 0xffff003fu

struct hf_sev_report {
    uint8_t mnonce[16];
    uint8_t launch_digest[32];
    uint32_t policy;
    uint32_t sig_usage;     /* enum hf_sev_usage: PEK */
    uint32_t sig_algo;      /* enum hf_sev_algo */
    uint8_t signature[144]; /* R 72, S 72 */
};
hf_err hf_sev_report_parse(struct hf_bytes in, struct hf_sev_report *out);
void hf_sev_report_write(const struct hf_sev_report *report, uint8_t out[HF_SEV_REPORT_SIZE]);

/* "NODBG ES, API 0.22" into a place. */
void hf_sev_policy_text(uint64_t policy, char *place, size_t size);

hf_err hf_sev_report_inspect(struct hf_bytes in, struct hf_inspect *i);

#endif
