/*
 * Certificates of SEV and SEV-ES, which are no X.509: those of a platform (PDH, PEK, OCA, CEK) and those of AMD (ARK,
 * ASK). AMD publication 55766 (SEV API), appendices B and C. Little-endian throughout, RSA and EC numbers too.
 */
#ifndef HF_EVIDENCE_SEV_CERT_H
#define HF_EVIDENCE_SEV_CERT_H

#include "crypto/pubkey.h"
#include "evidence/inspect.h"

#define HF_SEV_CERT_SIZE 2084
#define HF_SEV_KEY_SIZE 1028
#define HF_SEV_SIG_SIZE 512
#define HF_SEV_SIGNED_SIZE 0x414
#define HF_SEV_COORD_SIZE 72

enum hf_sev_usage {
    HF_SEV_ARK = 0x0000,
    HF_SEV_ASK = 0x0013,
    HF_SEV_NONE = 0x1000, /* no second signature */
    HF_SEV_OCA = 0x1001,
    HF_SEV_PEK = 0x1002,
    HF_SEV_PDH = 0x1003,
    HF_SEV_CEK = 0x1004,
};

/* "PDH", "PEK"; "unknown". Never NULL. */
const char *hf_sev_usage_name(uint32_t usage);

enum hf_sev_algo {
    HF_SEV_ALGO_NONE = 0,
    HF_SEV_RSA_SHA256 = 0x001, /* PSS */
    HF_SEV_ECDSA_SHA256 = 0x002,
    HF_SEV_ECDH_SHA256 = 0x003,
    HF_SEV_RSA_SHA384 = 0x101,
    HF_SEV_ECDSA_SHA384 = 0x102,
    HF_SEV_ECDH_SHA384 = 0x103,
};
const char *hf_sev_algo_name(uint32_t algo);

/* Views point into the input. */
struct hf_sev_cert {
    struct hf_bytes whole; /* 2084 */
    uint8_t api_major, api_minor;
    uint32_t usage;      /* enum hf_sev_usage */
    uint32_t algo;       /* enum hf_sev_algo: what the key is for */
    struct hf_bytes key; /* 1028, as it stands: hf_sev_cert_key reads it */
    struct hf_sev_sig {
        uint32_t usage; /* whose: HF_SEV_NONE for none */
        uint32_t algo;
        struct hf_bytes value; /* 512 */
    } sig[2];
};

/* Exactly 2084 bytes. HF_E_UNSUPPORTED for another version or an unknown usage or algorithm, HF_E_FORMAT for a reserved
 * byte that is not zero. */
hf_err hf_sev_cert_parse(struct hf_bytes in, struct hf_sev_cert *out);

/* From the fields; key and signature values of other lengths are HF_E_ARG, empty ones written as zeros. */
hf_err hf_sev_cert_write(const struct hf_sev_cert *cert, uint8_t out[HF_SEV_CERT_SIZE]);

/* The key: EC on P-256 or P-384, or RSA. HF_E_FORMAT for numbers with anything behind them. */
hf_err hf_sev_cert_key(const struct hf_sev_cert *cert, struct hf_pubkey **out);

/* An EC key as it stands in a certificate. */
hf_err hf_sev_key_write(const struct hf_point *point, uint8_t out[HF_SEV_KEY_SIZE]);

/* A signature (512 bytes, or the 144 of an attestation report) in the form that hf_pubkey_verify takes, appended, and
 * its algorithm. `key` says how long its numbers are. */
hf_err hf_sev_signature(uint32_t algo, struct hf_bytes value, const struct hf_pubkey *key, struct hf_sig_alg *alg,
                        struct hf_buf *out);

/* r || s, or an RSA block, big-endian, as a certificate has it: `out` of n bytes. */
hf_err hf_sev_signature_write(uint32_t algo, struct hf_bytes sig, uint8_t *out, size_t n);

/* ---- AMD's own ---- */

struct hf_amd_cert {
    struct hf_bytes whole;
    uint8_t key_id[16], certifying_id[16];
    uint32_t usage; /* HF_SEV_ARK or HF_SEV_ASK */
    struct hf_bytes e, n, signature;
    struct hf_bytes signed_part;
};

/* One certificate, exactly; its length follows from its key's. */
hf_err hf_amd_cert_parse(struct hf_bytes in, struct hf_amd_cert *out);

/* Append it again, from the fields. */
hf_err hf_amd_cert_write(const struct hf_amd_cert *cert, struct hf_buf *out);
hf_err hf_amd_cert_key(const struct hf_amd_cert *cert, struct hf_pubkey **out);

/* ---- several, one behind another: as sevctl export writes them ---- */

struct hf_sev_item {
    bool amd;
    union {
        struct hf_sev_cert sev;
        struct hf_amd_cert ca;
    };
};

/* The first certificate of `rest`, which is then shortened. HF_E_NOT_FOUND when nothing is left. */
hf_err hf_sev_item_next(struct hf_bytes *rest, struct hf_sev_item *out);

/* Do these bytes look like such certificates, and nothing else, as far as versions, usages and lengths say? */
bool hf_sev_chain_is(struct hf_bytes in);

hf_err hf_sev_chain_inspect(struct hf_bytes in, struct hf_inspect *i);

#endif
