/* OCSP responses (RFC 6960): basic ones, of any number of certificates. */
#ifndef HF_EVIDENCE_OCSP_H
#define HF_EVIDENCE_OCSP_H

#include "crypto/x509.h"

#define HF_OID_OCSP_SIGNING "1.3.6.1.5.5.7.3.9"

enum hf_ocsp_status { HF_OCSP_GOOD, HF_OCSP_REVOKED, HF_OCSP_UNKNOWN };

/* One certificate's answer. */
struct hf_ocsp_single {
    enum hf_hash_alg hash; /* of the two below */
    struct hf_bytes issuer_name_hash;
    struct hf_bytes issuer_key_hash;
    struct hf_bytes serial; /* the INTEGER's octets */
    enum hf_ocsp_status status;
    hf_time revoked_at;
    int reason; /* CRLReason; -1 when not given */
    hf_time this_update;
    bool has_next_update;
    hf_time next_update;
};

#define HF_OCSP_SINGLES_MAX 16
#define HF_OCSP_CERTS_MAX 8

/* Views lie in the input. */
struct hf_ocsp {
    struct hf_bytes tbs;            /* tbsResponseData: what is signed */
    struct hf_bytes responder_name; /* Name, DER; or: */
    struct hf_bytes responder_key;  /* SHA-1 of the responder's key */
    hf_time produced_at;
    size_t n;
    struct hf_ocsp_single single[HF_OCSP_SINGLES_MAX];
    struct hf_sig_alg sig_alg;
    struct hf_bytes sig_alg_der;
    struct hf_bytes signature;
    size_t n_certs;
    struct hf_bytes cert[HF_OCSP_CERTS_MAX]; /* DER */
};

/*
 * All of the input is one response. HF_E_UNSUPPORTED for one that says an error ("unauthorized"), another type than
 * basic, a hash that is not known and critical extensions.
 */
hf_err hf_ocsp_parse(struct hf_bytes der, struct hf_ocsp *out);

/* Append a response from tbs, sig_alg_der, signature and certificates. */
hf_err hf_ocsp_write(const struct hf_ocsp *ocsp, struct hf_buf *out);

/* Append tbsResponseData from the responder, produced_at and the answers, without extensions. */
hf_err hf_ocsp_tbs_write(const struct hf_ocsp *ocsp, struct hf_buf *out);

/* Is this answer about the certificate of this issuer? */
bool hf_ocsp_covers(const struct hf_ocsp_single *single, const struct hf_cert *cert, const struct hf_cert *issuer);

/* The content of an issuer's public key BIT STRING, which issuerKeyHash and the responder's key are hashes of. */
hf_err hf_ocsp_key_bits(const struct hf_cert *cert, struct hf_bytes *out);

#endif
