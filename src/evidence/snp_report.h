/*
 * The SEV-SNP attestation report, versions 2 to 5. AMD SEV-SNP Firmware ABI Specification, publication 56860,
 * "Attestation" (revisions 1.51 to 1.58). 1184 bytes, little-endian; the first 672 are signed.
 */
#ifndef HF_EVIDENCE_SNP_REPORT_H
#define HF_EVIDENCE_SNP_REPORT_H

#include "evidence/table.h"

#define HF_SNP_REPORT_SIZE 1184
#define HF_SNP_SIGNED_SIZE 0x2a0

/* Policy: what the guest's owner allows. */
#define HF_SNP_POLICY_ABI_MINOR(p) ((unsigned)((p)&0xff))
#define HF_SNP_POLICY_ABI_MAJOR(p) ((unsigned)((p) >> 8 & 0xff))
#define HF_SNP_POLICY_SMT ((uint64_t)1 << 16)
#define HF_SNP_POLICY_ONE ((uint64_t)1 << 17) /* reserved, must be one */
#define HF_SNP_POLICY_MIGRATE_MA ((uint64_t)1 << 18)
#define HF_SNP_POLICY_DEBUG ((uint64_t)1 << 19)
#define HF_SNP_POLICY_RAPL_DIS ((uint64_t)1 << 23)
#define HF_SNP_POLICY_CIPHERTEXT_HIDING ((uint64_t)1 << 24)
#define HF_SNP_POLICY_KNOWN ((uint64_t)0x3ffffff)

/* Platform info: what the platform is set to. */
#define HF_SNP_PLATFORM_SMT ((uint64_t)1 << 0)
#define HF_SNP_PLATFORM_RAPL_DIS ((uint64_t)1 << 3)
#define HF_SNP_PLATFORM_CIPHERTEXT_HIDING ((uint64_t)1 << 4)
#define HF_SNP_PLATFORM_KNOWN ((uint64_t)0xff)

/* Flags at 0x48. */
#define HF_SNP_FLAG_AUTHOR_KEY ((uint32_t)1 << 0)
#define HF_SNP_FLAG_MASK_CHIP_KEY ((uint32_t)1 << 1)
#define HF_SNP_FLAGS_KNOWN ((uint32_t)0x1f)
#define HF_SNP_SIGNING_KEY(flags) ((unsigned)((flags) >> 2 & 7))
enum { HF_SNP_KEY_VCEK = 0, HF_SNP_KEY_VLEK = 1, HF_SNP_KEY_NONE = 7 };

#define HF_SNP_ALG_ECDSA_P384_SHA384 1
#define HF_SNP_VMPL_HOST 0xffffffffu /* the host asked, not the guest */

enum hf_snp_product {
    HF_SNP_PRODUCT_UNKNOWN,
    HF_SNP_PRODUCT_MILAN,
    HF_SNP_PRODUCT_GENOA, /* Bergamo and Siena too */
    HF_SNP_PRODUCT_TURIN,
    HF_SNP_PRODUCT_VENICE, /* known by name; its TCB's layout is not published */
};

/* "Milan", as AMD's key server spells it; "unknown". Never NULL. */
const char *hf_snp_product_name(enum hf_snp_product product);

/* By CPUID family and model (0x19, 0x01: Milan); by a certificate's product name ("Genoa-B1", "Turin"). */
enum hf_snp_product hf_snp_product_of(uint8_t family, uint8_t model);
enum hf_snp_product hf_snp_product_by_name(struct hf_bytes name);

/* Security versions of the parts that the platform's trust rests on. */
struct hf_snp_tcb {
    bool has_fmc;
    uint8_t fmc, boot_loader, tee, snp, microcode;
};

/* A TCB_VERSION of a product. HF_E_UNSUPPORTED where the product's layout is not known, HF_E_FORMAT for set reserved
 * bytes. And back: zeros where it is not known. */
hf_err hf_snp_tcb_parse(const uint8_t raw[8], enum hf_snp_product product, struct hf_snp_tcb *out);
void hf_snp_tcb_write(const struct hf_snp_tcb *tcb, uint8_t raw[8]);

/* "bl=3 tee=0 snp=8 ucode=115", with "fmc=1 " before it for Turin. */
#define HF_SNP_TCB_TEXT 48
void hf_snp_tcb_text(const struct hf_snp_tcb *tcb, char out[HF_SNP_TCB_TEXT]);

/* Its parts by name, in the order of writing: "FMC", "boot loader", "TEE", "SNP", "microcode". NULL past the last. */
#define HF_SNP_TCB_PARTS 5
const char *hf_snp_tcb_part(const struct hf_snp_tcb *tcb, size_t i, uint8_t *out);

struct hf_snp_firmware {
    uint8_t build, minor, major;
};

/* Views point into the input. */
struct hf_snp_report {
    uint32_t version;
    uint32_t guest_svn;
    uint64_t policy;
    struct hf_bytes family_id, image_id; /* 16 */
    uint32_t vmpl;
    uint32_t signature_algo;
    uint8_t current_tcb[8];
    uint64_t platform_info;
    uint32_t flags;
    struct hf_bytes report_data;       /* 64 */
    struct hf_bytes measurement;       /* 48 */
    struct hf_bytes host_data;         /* 32 */
    struct hf_bytes id_key_digest;     /* 48 */
    struct hf_bytes author_key_digest; /* 48 */
    struct hf_bytes report_id;         /* 32 */
    struct hf_bytes report_id_ma;      /* 32; all ones: no migration agent */
    uint8_t reported_tcb[8];
    uint8_t family, model, stepping; /* version 3 and later */
    struct hf_bytes chip_id;         /* 64; zero when masked; Turin: 8 and zeros */
    uint8_t committed_tcb[8];
    struct hf_snp_firmware current, committed;
    uint8_t launch_tcb[8];
    uint64_t launch_mitigations, current_mitigations; /* version 5 */
    struct hf_bytes r, s;                             /* 72 each, little-endian */
    struct hf_bytes body;                             /* what is signed */
    size_t reserved_at;                               /* offset of the first reserved byte that is not zero; 0: none */
};

/* Exactly one report. HF_E_FORMAT for a version that is not known; reserved bytes are for the verifier to judge. */
hf_err hf_snp_report_parse(struct hf_bytes in, struct hf_snp_report *out);

/* The same bytes again; reserved ones are written as zeros. */
void hf_snp_report_write(const struct hf_snp_report *rep, uint8_t out[HF_SNP_REPORT_SIZE]);

/* The product that the report itself names (from version 3 on), or that its chip id shows (Turin's is short). */
enum hf_snp_product hf_snp_report_product(const struct hf_snp_report *rep);

/* The product whose layout its TCBs have: version 2 without Turin's short chip id leaves Milan or Genoa, which share
 * one; HF_SNP_PRODUCT_UNKNOWN where the chip id is masked too. */
enum hf_snp_product hf_snp_report_layout(const struct hf_snp_report *rep);

/* All zero: the host hides the chip. */
bool hf_snp_chip_masked(const struct hf_snp_report *rep);

/* The chip id as its certificate has it: 64 bytes, Turin 8. */
struct hf_bytes hf_snp_report_hwid(const struct hf_snp_report *rep, enum hf_snp_product product);

/*
 * Where AMD's key server has the certificate of a report's key: VCEK by chip and TCB, "" when the chip is masked or
 * the TCB cannot be read; VLEKs are not published, so "" as well.
 */
#define HF_SNP_URL_MAX 320
void hf_snp_report_vcek_url(const struct hf_snp_report *rep, enum hf_snp_product product, char out[HF_SNP_URL_MAX]);

/* R or S (72 bytes, little-endian) as 48 bytes, big-endian. HF_E_FORMAT where it is wider. */
hf_err hf_amd_scalar(struct hf_bytes le, const char *name, uint8_t out[48]);

/* A report and its certificates as one file: 1184 bytes, then an AMD certificate table (an extended report), which
 * may be empty. */
void hf_snp_report_split(struct hf_bytes in, struct hf_bytes *report, struct hf_bytes *table);

/* Does it look like a report, at the start of `in`? */
bool hf_snp_report_looks(struct hf_bytes in);

/* Tell the fields of a report that lies in out->whole. */
hf_err hf_snp_report_inspect(struct hf_bytes in, struct hf_inspect *out);

#endif
