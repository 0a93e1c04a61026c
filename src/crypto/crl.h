/*
 * Certificate revocation lists (RFC 5280, 5). Complete lists of one issuer only: delta lists, indirect lists,
 * lists of some reasons, and unknown critical extensions are refused when parsed.
 */
#ifndef HF_CRYPTO_CRL_H
#define HF_CRYPTO_CRL_H

#include "crypto/x509.h"

struct hf_crl_entry {
    struct hf_bytes serial; /* the INTEGER's octets */
    hf_time date;
    int reason; /* CRLReason, -1 when not given */
};

/* Read it; do not write to it. Views live as long as the list. */
struct hf_crl {
    struct hf_buf copy;
    struct hf_bytes der;
    struct hf_bytes tbs;
    struct hf_bytes issuer; /* Name, DER */
    char *issuer_text;
    hf_time this_update;
    bool has_next_update;
    hf_time next_update;
    struct hf_sig_alg sig_alg;
    struct hf_bytes sig_oid;
    struct hf_bytes signature;
    struct hf_bytes authority_id;
    struct hf_bytes number; /* cRLNumber's octets; empty when absent */
    bool users_only;        /* issuingDistributionPoint: covers only end certificates, */
    bool cas_only;          /* only CAs */
    bool has_point;         /* it names a distribution point: */
    struct hf_bytes point;  /* the content of its fullName; empty when it is said otherwise */
    size_t n;
    struct hf_crl_entry *entry; /* sorted by serial */
    uint8_t sha256[32];         /* of der */
};

/* From DER, all of it, or the first "X509 CRL" block of PEM. */
hf_err hf_crl_parse(struct hf_bytes in, struct hf_crl **out);
void hf_crl_free(struct hf_crl **crl);

/* Signed by this certificate, which is its issuer by name and may sign lists (cRLSign where keyUsage is there)?
 * HF_E_MISMATCH, HF_E_UNTRUSTED (may not), HF_E_UNSUPPORTED (algorithm). */
hf_err hf_crl_verify(const struct hf_crl *crl, const struct hf_cert *issuer);

/* thisUpdate <= at <= nextUpdate; a list without nextUpdate is refused. HF_E_UNTRUSTED names the dates. */
hf_err hf_crl_check_time(const struct hf_crl *crl, hf_time at);

/* Does this list speak about the certificate: same issuer, right kind, same distribution point? */
bool hf_crl_covers(const struct hf_crl *crl, const struct hf_cert *cert);

/* The entry of a serial number, or NULL. */
const struct hf_crl_entry *hf_crl_find(const struct hf_crl *crl, struct hf_bytes serial);

/* All of it: the list is the issuer's and of this time, covers the certificate, and does not list it.
 * HF_E_UNTRUSTED when it is revoked (since when and why), or the list is of another time or may not be;
 * HF_E_ARG when it does not cover the certificate; the errors of hf_crl_verify. */
hf_err hf_crl_check(const struct hf_crl *crl, const struct hf_cert *cert, const struct hf_cert *issuer, hf_time at);

/* "keyCompromise"; "unspecified" for none. Never NULL. */
const char *hf_crl_reason_name(int reason);

#endif
