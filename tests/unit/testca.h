/*
 * A certificate authority for tests: writes certificates and revocation lists with exactly the fields asked
 * for, wrong ones included. Keys come from crypto/privkey.h. Nothing here belongs into the library.
 *
 *   struct testca root = {0}, leaf = {0};
 *   OK(testca_new(&(struct testca_spec){.subject = "CN=Root", .ca = true, .key_usage = HF_KU_CERT_SIGN}, NULL, &root));
 *   OK(testca_new(&(struct testca_spec){.subject = "CN=Leaf", .curve = HF_P384}, &root, &leaf));
 */
#ifndef HF_TESTCA_H
#define HF_TESTCA_H

#include "crypto/privkey.h"
#include "crypto/x509.h"

struct testca_ext {
    const char *oid;
    bool critical;
    struct hf_bytes value; /* the content of the OCTET STRING */
};

struct testca_spec {
    const char *subject; /* "C=DE,O=Test,CN=Leaf": RDNs in the order of the DER; dotted OIDs work; NULL: "CN=test" */
    const char *issuer_name;     /* in place of the issuer's subject */
    struct hf_bytes subject_der; /* a whole Name, in place of subject */
    const char *serial;          /* the INTEGER's octets in hex; NULL: "01" */
    hf_time from, until;         /* both 0: 2020-01-01 to 2040-01-01 */
    bool ca, has_path_len;
    int path_len;
    bool no_basic;                /* leave basicConstraints out */
    bool no_key_ids;              /* leave subject and authority key identifiers out */
    uint16_t key_usage;           /* HF_KU_*; 0: leave it out */
    const char *eku[4];           /* OIDs */
    const char *crl_url;          /* cRLDistributionPoints */
    const struct testca_ext *ext; /* further ones, as they are, behind the others */
    size_t n_ext;
    unsigned version;    /* 0: 3 */
    enum hf_curve curve; /* of the new key; HF_CURVE_NONE: P-256, unless rsa_bits or ed25519 */
    unsigned rsa_bits;
    bool ed25519;
    struct hf_sig_alg sig;       /* {0}: what fits the issuer's key, with SHA-256 (P-384: SHA-384) */
    struct hf_sig_alg sig_outer; /* what the outer algorithm says; {0}: the same */
};

/* A certificate with its key. Free with testca_free. */
struct testca {
    struct hf_privkey *key;
    struct hf_cert *cert;
};

/* A new key and its certificate, issued by `issuer`, or self-signed for NULL. */
hf_err testca_new(const struct testca_spec *spec, const struct testca *issuer, struct testca *out);
void testca_free(struct testca *ca);

/* Only the certificate's DER, for a key that exists (a TPM's, for instance); appended. issuer_cert NULL: self-issued.
 */
hf_err testca_issue(const struct testca_spec *spec, const struct hf_privkey *issuer_key,
                    const struct hf_cert *issuer_cert, const struct hf_pubkey *subject_key, struct hf_buf *out);

/* Append a Name's DER; one RDN's worth of a SET with several attributes is written "CN=a+O=b", not sorted. */
hf_err testca_name(const char *text, struct hf_buf *out);

struct testca_revoked {
    const char *serial; /* hex */
    hf_time date;
    int reason;            /* -1: none */
    struct testca_ext ext; /* .oid NULL: none */
};

struct testca_crl_spec {
    hf_time this_update, next_update; /* both 0: 2020-01-01 to 2040-01-01; next 0 alone: left out */
    const struct testca_revoked *revoked;
    size_t n_revoked;
    const char *issuer_name;
    const struct testca_ext *ext;
    size_t n_ext;
    bool v1; /* no extensions at all */
    struct hf_sig_alg sig;
};

/* A revocation list's DER, appended. */
hf_err testca_crl(const struct testca_crl_spec *spec, const struct testca *issuer, struct hf_buf *out);

/* The content of an IssuingDistributionPoint with one URL (NULL: none) and one flag (its tag; 0: none). */
hf_err testca_scope(const char *url, unsigned flag, struct hf_buf *out);

/* A file of the shared vectors, appended; HF_E_NOT_FOUND when it, or all of them, are not there. */
hf_err testca_vector(const char *path, struct hf_buf *out);

#define TESTCA_FROM ((hf_time)1577836800)  /* 2020-01-01 */
#define TESTCA_UNTIL ((hf_time)2208988800) /* 2040-01-01 */

#endif
