/* Verdicts over NVIDIA's reports: what their two halves share. */
#ifndef HF_VERIFY_NVIDIA_H
#define HF_VERIFY_NVIDIA_H

#include "evidence/spdm.h"
#include "verify/judge.h"

#define HF_NVIDIA_OCSP_URL "http://ocsp.ndis.nvidia.com"

/* What names the manifests of a device: for a GPU driver and VBIOS, for a switch its BIOS. */
struct hf_nvidia_device {
    bool is_switch;
    char chip[16];   /* "GH100", of the leaf's name; "" when there is none */
    char driver[32]; /* "550.90.07"; "" on a switch */
    char vbios[HF_NVIDIA_VERSION_TEXT];
    char driver_rim[128]; /* "NV_GPU_DRIVER_GH100_550.90.07" */
    char vbios_rim[128];  /* "NV_GPU_VBIOS_1010_0200_882_96009F0001" */
};
void hf_nvidia_device_of(const struct hf_spdm_report *report, const struct hf_cert *leaf, struct hf_nvidia_device *out);

/*
 * Rows "driver RIM", "VBIOS RIM", their revocation, and "measurements": every active measurement of both manifests
 * against the report's. Without a manifest: absent, with its URL. True when every measurement was compared and fits.
 */
bool hf_nvidia_judge_measurements(const struct hf_judge *j, const struct hf_spdm_report *report,
                                  const struct hf_nvidia_device *device, struct hf_verdict *v, struct hf_findings *f);

/* Recognises manifests: XML, and the answers of NVIDIA's RIM service. */
hf_endorsement_reader hf_nvidia_rim_endorsements;

#endif
