/*
 * DCAP quotes: versions 3, 4 and 5, of SGX enclaves and TDs. Intel SGX ECDSA QuoteGenReference API, A.4; Intel TDX DCAP
 * quoting library API, A.3. Little-endian; signatures and keys big-endian.
 */
#ifndef HF_EVIDENCE_SGX_QUOTE_H
#define HF_EVIDENCE_SGX_QUOTE_H

#include "evidence/sgx_report.h"
#include "evidence/td_report.h"

#define HF_QUOTE_HEADER_SIZE 48
#define HF_QUOTE_KEY_P256 2 /* attestation key type: ECDSA-256 with P-256 */

enum hf_quote_tee { HF_QUOTE_TEE_SGX = 0, HF_QUOTE_TEE_TDX = 0x81 };

/* The numbers are those of quote version 5. */
enum hf_quote_body { HF_QUOTE_BODY_SGX = 1, HF_QUOTE_BODY_TD10 = 2, HF_QUOTE_BODY_TD15 = 3 };

/* Certification data: what vouches for the PCK. */
enum hf_quote_cert {
    HF_QUOTE_CERT_PPID = 1,         /* PPID in the clear: no certificate inside */
    HF_QUOTE_CERT_PPID_RSA2048 = 2, /* encrypted PPID, CPUSVN, PCESVN, PCEID: no certificate inside */
    HF_QUOTE_CERT_PPID_RSA3072 = 3,
    HF_QUOTE_CERT_LEAF = 4,      /* PCK leaf, PEM or DER */
    HF_QUOTE_CERT_CHAIN = 5,     /* PEM chain; a trailing NUL and any order occur */
    HF_QUOTE_CERT_QE_REPORT = 6, /* the outer type of versions 4 and 5: read through, never seen here */
    HF_QUOTE_CERT_MANIFEST = 7,  /* platform manifest: no certificate inside */
};

/* One quote. Views point into the input. */
struct hf_sgx_quote {
    struct hf_bytes header; /* 48 bytes; the fields below are in it */
    uint16_t version;       /* 3, 4 or 5 */
    uint16_t key_type;      /* HF_QUOTE_KEY_P256 */
    uint32_t tee;           /* enum hf_quote_tee */
    uint16_t word8, word10; /* v3: QE_SVN and PCE_SVN; v4, v5: reserved, and filled in by some; judge by neither */
    uint8_t qe_vendor[16];
    uint8_t user_data[20]; /* the first 16 are the QE's identifier */

    enum hf_quote_body body_type;
    struct hf_bytes body; /* 384, 584 or 648 bytes */
    union {
        struct hf_sgx_body sgx; /* tee HF_QUOTE_TEE_SGX */
        struct hf_td_body td;   /* tee HF_QUOTE_TEE_TDX */
    };

    struct hf_bytes signed_part;  /* from the header to the end of the body: what the AK signs */
    struct hf_bytes signature;    /* 64: r || s by the AK */
    struct hf_bytes ak;           /* 64: x || y */
    struct hf_bytes qe_report;    /* 384: signed by the PCK */
    struct hf_sgx_body qe;        /* the same, read */
    struct hf_bytes qe_signature; /* 64: r || s by the PCK */
    struct hf_bytes auth;         /* QE authentication data */
    uint16_t cert_type;           /* enum hf_quote_cert, the inner one in v4 and v5 */
    struct hf_bytes cert;
    struct hf_bytes claims; /* behind the quote: Open Enclave's custom claims, whose SHA-256 is in the report data */
    size_t padding;         /* zero bytes behind the quote: not signed, not part of it */
};

extern const uint8_t hf_quote_intel_vendor[16]; /* the QE vendor that is known */

/*
 * Nested lengths must nest exactly. Returns HF_OK, or
 *   HF_E_UNSUPPORTED  an EPID quote (version 1 or 2, signature type 0 or 1), another version, key type, TEE or vendor
 *   HF_E_TRUNCATED    it ends early
 *   HF_E_TRAILING     bytes behind it that are neither all zero nor custom claims
 *   HF_E_FORMAT       a length, a body type, a reserved byte that does not fit
 */
hf_err hf_sgx_quote_parse(struct hf_bytes in, struct hf_sgx_quote *out);

/* Append header and body: what the AK signs. From the fields and the bytes of `body`; `header` is not looked at. */
hf_err hf_sgx_quote_write_signed(const struct hf_sgx_quote *q, struct hf_buf *out);

/* Append the whole quote, lengths computed, `padding` zeros behind it. Writes any version as one of 3, 4 or 5: other
 * numbers get the layout of 4. `qe`, `sgx`, `td` are not looked at; qe_report and body are. */
hf_err hf_sgx_quote_write(const struct hf_sgx_quote *q, struct hf_buf *out);

/* Tells every field, also of a quote that does not parse. */
hf_err hf_sgx_quote_inspect(struct hf_bytes in, struct hf_inspect *i);

#endif
