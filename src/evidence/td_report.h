/*
 * TD reports: the bodies that TDX quotes carry (1.0 and 1.5), and TDREPORT, which only its own platform can check.
 * Intel TDX Module ABI specification, "TD report"; Intel TDX DCAP quoting library API, A.3. Little-endian.
 */
#ifndef HF_EVIDENCE_TD_REPORT_H
#define HF_EVIDENCE_TD_REPORT_H

#include "evidence/inspect.h"

#define HF_TD_BODY_10_SIZE 584
#define HF_TD_BODY_15_SIZE 648
#define HF_TDREPORT_SIZE 1024
#define HF_TD_HASH 48 /* bytes of SHA-384 */
#define HF_TD_RTMRS 4

/* TDATTRIBUTES. Bits 0 to 7 put a TD under debug or profiling by the host. */
#define HF_TD_ATTR_DEBUG 0x1ull
#define HF_TD_ATTR_UNDER_DEBUG 0xffull
#define HF_TD_ATTR_ICSSD (1ull << 16)
#define HF_TD_ATTR_SERVTD_EXT (1ull << 17)
#define HF_TD_ATTR_LASS (1ull << 27)
#define HF_TD_ATTR_SEPT_VE_DISABLE (1ull << 28)
#define HF_TD_ATTR_MIGRATABLE (1ull << 29)
#define HF_TD_ATTR_PKS (1ull << 30)
#define HF_TD_ATTR_KL (1ull << 31)
#define HF_TD_ATTR_PERFMON (1ull << 63)
#define HF_TD_ATTRS_KNOWN 0x80000000f8030071ull

struct hf_td_body {
    uint8_t tee_tcb_svn[16]; /* [0] module ISVSVN, [1] module version, [2] SEAM loader */
    uint8_t mr_seam[HF_TD_HASH];
    uint8_t mr_signer_seam[HF_TD_HASH];
    uint64_t seam_attributes;
    uint64_t td_attributes;
    uint64_t xfam;
    uint8_t mr_td[HF_TD_HASH];
    uint8_t mr_config_id[HF_TD_HASH];
    uint8_t mr_owner[HF_TD_HASH];
    uint8_t mr_owner_config[HF_TD_HASH];
    uint8_t rtmr[HF_TD_RTMRS][HF_TD_HASH];
    uint8_t report_data[64];
    bool v15;                  /* the two below are there */
    uint8_t tee_tcb_svn_2[16]; /* what the platform has now; tee_tcb_svn is from when the TD was started */
    uint8_t mr_servicetd[HF_TD_HASH];
};

/* HF_TD_BODY_10_SIZE or HF_TD_BODY_15_SIZE bytes: the length says which. */
hf_err hf_td_body_parse(struct hf_bytes in, struct hf_td_body *out);

/* Writes HF_TD_BODY_15_SIZE bytes when body->v15, else HF_TD_BODY_10_SIZE, and returns how many. */
size_t hf_td_body_write(const struct hf_td_body *body, uint8_t out[HF_TD_BODY_15_SIZE]);

/* TDREPORT: REPORTMACSTRUCT, TEE_TCB_INFO and TDINFO, as TDCALL[TDG.MR.REPORT] makes it. */
struct hf_tdreport {
    uint8_t type, subtype, version; /* REPORTTYPE: 0x81, 0, 0 (TD 1.0) or 1 (TD 1.5 with service TDs) */
    uint8_t cpu_svn[16];
    uint8_t tcb_info_hash[HF_TD_HASH]; /* as it stands: hf_tdreport_hashes gives what they must be */
    uint8_t td_info_hash[HF_TD_HASH];
    uint8_t mac[32];
    uint64_t valid;         /* which fields of TEE_TCB_INFO are */
    struct hf_td_body body; /* from all three parts, always with the fields of 1.5; mr_servicetd is SERVTD_HASH */
};
hf_err hf_tdreport_parse(struct hf_bytes in, struct hf_tdreport *out);
void hf_tdreport_write(const struct hf_tdreport *report, uint8_t out[HF_TDREPORT_SIZE]);

/* SHA-384 over TEE_TCB_INFO and over TDINFO, computed from the bytes of a TDREPORT. */
hf_err hf_tdreport_hashes(struct hf_bytes in, uint8_t tcb_info_hash[HF_TD_HASH], uint8_t td_info_hash[HF_TD_HASH]);

/* "SEPT_VE_DISABLE PKS reserved(0x4)" into a place. */
void hf_td_attributes_text(uint64_t attributes, char *place, size_t size);

/* Tell the fields of a body of `n` bytes at `at`; goes on as far as the bytes allow. */
void hf_td_body_inspect(struct hf_inspect *i, size_t at, size_t n);

/* A TDREPORT, or a body by itself. */
hf_err hf_td_report_inspect(struct hf_bytes in, struct hf_inspect *i);

#endif
