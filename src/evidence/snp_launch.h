/*
 * The launch digest of a guest, computed from what it is started with: what a report's measurement must be.
 * SEV-SNP: AMD publication 56860, "SNP_LAUNCH_UPDATE". SEV and SEV-ES: AMD publication 55766, "LAUNCH_MEASURE".
 * The initial state of vCPUs is the VMM's: QEMU's, Amazon EC2's, Google Compute Engine's, libkrun's.
 */
#ifndef HF_EVIDENCE_SNP_LAUNCH_H
#define HF_EVIDENCE_SNP_LAUNCH_H

#include "evidence/ovmf.h"

#define HF_SNP_LAUNCH_VCPUS_MAX 4096
#define HF_SEV_VMSA_SIZE 4096

enum hf_sev_mode { HF_SEV_SNP, HF_SEV_SNP_SVSM, HF_SEV_ES, HF_SEV_LEGACY };
enum hf_sev_vmm { HF_VMM_QEMU, HF_VMM_EC2, HF_VMM_GCE, HF_VMM_KRUN };

/* "snp", "snp:svsm", "seves", "sev"; "qemu", "ec2", "gce", "krun". HF_E_ARG lists them. */
hf_err hf_sev_mode_by_name(const char *name, enum hf_sev_mode *out);
hf_err hf_sev_vmm_by_name(const char *name, enum hf_sev_vmm *out);

/* The CPUID signature (Fn0000_0001_EAX) of a family, model and stepping; of QEMU's CPU model ("EPYC-Milan", with or
 * without a version). HF_E_ARG lists the models. */
uint32_t hf_sev_cpu_signature(unsigned family, unsigned model, unsigned stepping);
hf_err hf_sev_cpu_by_name(const char *name, uint32_t *out);

struct hf_sev_launch {
    enum hf_sev_mode mode;
    enum hf_sev_vmm vmm;
    unsigned vcpus;             /* not looked at for plain SEV */
    uint32_t cpu_signature;     /* EC2, GCE and krun do not show it to the guest */
    uint64_t features;          /* SEV_FEATURES of each vCPU; bit 0 (SNP active) is set for SNP in any case */
    struct hf_bytes ovmf;       /* the whole image, as the VMM maps it below 4 GiB */
    const uint8_t *ovmf_digest; /* SNP: 48 bytes, the digest after the firmware's pages, in place of them; NULL */
    const struct hf_sev_kernel *kernel; /* booted directly; NULL: none */
    struct hf_bytes svsm;               /* the SVSM's image; mapped below the firmware and its variables */
    uint64_t variables_size;            /* of the firmware's variables file, with an SVSM */
};

/* 48 bytes for SNP, 32 for SEV and SEV-ES. HF_E_ARG for inputs that do not go together, HF_E_FORMAT for firmware
 * without what is needed. */
struct hf_digest;
hf_err hf_sev_launch_digest(const struct hf_sev_launch *launch, struct hf_digest *out);

/* The digest after the firmware's pages alone: for ovmf_digest. */
hf_err hf_snp_ovmf_digest(struct hf_bytes ovmf, struct hf_digest *out);

/* The page of registers that a vCPU starts with. eip: where; 0xfffffff0 for the first. */
struct hf_sev_vcpu {
    enum hf_sev_vmm vmm;
    bool svsm;
    uint32_t eip, cpu_signature;
    uint64_t features;
};
void hf_sev_vmsa(const struct hf_sev_vcpu *vcpu, uint8_t out[HF_SEV_VMSA_SIZE]);

#endif
