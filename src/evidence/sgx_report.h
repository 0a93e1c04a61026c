/*
 * SGX report structures: the body that quotes carry too, REPORT (the body with a MAC that only the target enclave can
 * check) and TARGETINFO. Intel SDM volume 3D, 38.15 and 38.16. Little-endian.
 */
#ifndef HF_EVIDENCE_SGX_REPORT_H
#define HF_EVIDENCE_SGX_REPORT_H

#include "evidence/inspect.h"

#define HF_SGX_BODY_SIZE 384
#define HF_SGX_REPORT_SIZE 432
#define HF_SGX_TARGETINFO_SIZE 512

/* ATTRIBUTES.flags. Other bits are reserved: zero. */
#define HF_SGX_FLAG_INIT 0x1u
#define HF_SGX_FLAG_DEBUG 0x2u
#define HF_SGX_FLAG_MODE64 0x4u
#define HF_SGX_FLAG_PROVISION_KEY 0x10u
#define HF_SGX_FLAG_EINITTOKEN_KEY 0x20u
#define HF_SGX_FLAG_CET 0x40u
#define HF_SGX_FLAG_KSS 0x80u
#define HF_SGX_FLAG_AEXNOTIFY 0x400u
#define HF_SGX_FLAGS_KNOWN 0x4f7u

struct hf_sgx_body {
    uint8_t cpu_svn[16];
    uint32_t misc_select;
    uint8_t cet; /* CET attributes */
    uint8_t isv_ext_prod_id[16];
    uint64_t flags; /* ATTRIBUTES, as two numbers */
    uint64_t xfrm;
    uint8_t mr_enclave[32];
    uint8_t mr_signer[32];
    uint8_t config_id[64];
    uint16_t isv_prod_id;
    uint16_t isv_svn;
    uint16_t config_svn;
    uint8_t isv_family_id[16];
    uint8_t report_data[64];
};

/* Exactly HF_SGX_BODY_SIZE bytes. HF_E_FORMAT for a reserved byte that is not zero; reserved flags are for the verifier
 * to judge. */
hf_err hf_sgx_body_parse(struct hf_bytes in, struct hf_sgx_body *out);
void hf_sgx_body_write(const struct hf_sgx_body *body, uint8_t out[HF_SGX_BODY_SIZE]);

/* REPORT, as EREPORT makes it. */
struct hf_sgx_report {
    struct hf_sgx_body body;
    uint8_t key_id[32];
    uint8_t mac[16]; /* AES-CMAC over the body with a key of the target enclave on this platform */
};
hf_err hf_sgx_report_parse(struct hf_bytes in, struct hf_sgx_report *out);
void hf_sgx_report_write(const struct hf_sgx_report *report, uint8_t out[HF_SGX_REPORT_SIZE]);

/* TARGETINFO: for whom EREPORT makes the MAC. */
struct hf_sgx_targetinfo {
    uint8_t mr_enclave[32];
    uint64_t flags, xfrm;
    uint8_t cet;
    uint16_t config_svn;
    uint32_t misc_select;
    uint8_t config_id[64];
};
hf_err hf_sgx_targetinfo_parse(struct hf_bytes in, struct hf_sgx_targetinfo *out);
void hf_sgx_targetinfo_write(const struct hf_sgx_targetinfo *target, uint8_t out[HF_SGX_TARGETINFO_SIZE]);

/* "INIT DEBUG MODE64BIT reserved(0x8)" into a place. */
void hf_sgx_flags_text(uint64_t flags, char *place, size_t size);

/* Tell the fields of a body that begins at `at` of the inspected bytes; goes on as far as they allow. */
void hf_sgx_body_inspect(struct hf_inspect *i, size_t at);

/* A REPORT, or a body by itself. */
hf_err hf_sgx_report_inspect(struct hf_bytes in, struct hf_inspect *i);
hf_err hf_sgx_targetinfo_inspect(struct hf_bytes in, struct hf_inspect *i);

#endif
