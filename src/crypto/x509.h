/*
 * X.509 certificates (RFC 5280), read once. The parser is ours: it costs a tenth of OpenSSL's, takes exactly
 * DER, and says what it refuses. A parsed certificate never changes and may be used from any number of threads.
 */
#ifndef HF_CRYPTO_X509_H
#define HF_CRYPTO_X509_H

#include "base/clock.h"
#include "crypto/pubkey.h"

/* KeyUsage (RFC 5280 4.2.1.3), as bits of hf_cert.key_usage. */
enum {
    HF_KU_DIGITAL_SIGNATURE = 1 << 0,
    HF_KU_CONTENT_COMMITMENT = 1 << 1,
    HF_KU_KEY_ENCIPHERMENT = 1 << 2,
    HF_KU_DATA_ENCIPHERMENT = 1 << 3,
    HF_KU_KEY_AGREEMENT = 1 << 4,
    HF_KU_CERT_SIGN = 1 << 5,
    HF_KU_CRL_SIGN = 1 << 6,
};

struct hf_extension {
    struct hf_bytes oid; /* the body of the OBJECT IDENTIFIER */
    bool critical;
    struct hf_bytes value; /* the content of the OCTET STRING, not looked into */
};

#define HF_EXTENSIONS_MAX 64

/* Read it; do not write to it. All views point into `der`, and live as long as the certificate. */
struct hf_cert {
    unsigned owners;    /* by hf_cert_share and hf_cert_free alone */
    struct hf_buf copy; /* the bytes that were given */

    struct hf_bytes der;     /* the certificate, without what follows it */
    struct hf_bytes tbs;     /* tbsCertificate: what is signed */
    unsigned version;        /* 1 to 3 */
    struct hf_bytes serial;  /* the INTEGER's octets as they are */
    struct hf_bytes issuer;  /* Name, DER */
    struct hf_bytes subject; /* Name, DER */
    struct hf_bytes spki;    /* SubjectPublicKeyInfo, DER */
    hf_time not_before, not_after;

    char *serial_hex;  /* lower case, "00" and "01" included, without a sign octet */
    char *issuer_text; /* "CN=Intel SGX Root CA,O=Intel Corporation": in the order of RFC 4514 */
    char *subject_text;

    struct hf_pubkey *key;   /* never NULL */
    uint8_t sha256[32];      /* of der */
    uint8_t spki_sha256[32]; /* of spki as it stands in the certificate */

    struct hf_sig_alg sig_alg; /* scheme HF_SIG_NONE when it is not one we know: hf_cert_verify then refuses */
    struct hf_bytes sig_oid;
    struct hf_bytes signature;

    size_t n_ext;
    struct hf_extension *ext;
    bool has_basic; /* basicConstraints is there */
    bool ca;
    int path_len; /* -1: none given */
    bool has_key_usage;
    uint16_t key_usage;
    struct hf_bytes eku;          /* content of the SEQUENCE; empty when absent */
    struct hf_bytes san;          /* content of GeneralNames; empty when absent */
    struct hf_bytes subject_id;   /* subjectKeyIdentifier; empty when absent */
    struct hf_bytes authority_id; /* keyIdentifier of authorityKeyIdentifier; empty when absent */

    size_t trailing;   /* bytes that follow the certificate: 0 unless parsed tolerantly */
    bool set_disorder; /* a SET OF in a name is not sorted: false unless parsed tolerantly */
};

/* The whole input is one DER certificate. HF_E_TRAILING for more, HF_E_FORMAT for what is not DER,
 * HF_E_UNSUPPORTED for a key we cannot use. */
hf_err hf_cert_parse(struct hf_bytes der, struct hf_cert **out);

/* For certificates out of a TPM's NV memory: bytes after the certificate and names whose SET OF is not sorted
 * (Nuvoton) are allowed, and reported in `trailing` and `set_disorder`. Everything else is as strict. */
hf_err hf_cert_parse_tolerant(struct hf_bytes der, struct hf_cert **out);

struct hf_cert *hf_cert_share(struct hf_cert *cert);
void hf_cert_free(struct hf_cert **cert);

/* Certificates in their order, owned by the list. Start with {0}. */
#define HF_CERTS_MAX 4096
struct hf_certs {
    size_t n;
    struct hf_cert **cert;
};
void hf_certs_free(struct hf_certs *list);

/* Add a certificate, which the list then shares. */
hf_err hf_certs_add(struct hf_certs *list, struct hf_cert *cert);

/* Add what a file holds: PEM blocks "CERTIFICATE" (others passed over), or DER certificates one after another.
 * HF_E_NOT_FOUND when a PEM text holds none. On failure the list is unchanged. */
hf_err hf_certs_read(struct hf_bytes in, struct hf_certs *list);

/* The same with the tolerance of hf_cert_parse_tolerant: what TPM vendors publish needs it, roots included. */
hf_err hf_certs_read_tolerant(struct hf_bytes in, struct hf_certs *list);

/* Append the certificate as PEM. */
hf_err hf_cert_to_pem(const struct hf_cert *cert, struct hf_buf *out);

/* An extension by its OID ("1.2.840.113741.1.13.1"); NULL when absent. */
const struct hf_extension *hf_cert_ext(const struct hf_cert *cert, const char *oid);

/* Is the extended key usage listed? Without the extension: no. anyExtendedKeyUsage is not taken for it. */
bool hf_cert_has_eku(const struct hf_cert *cert, const char *oid);

/* URLs: caIssuers and OCSP of authorityInfoAccess, fullName URIs of cRLDistributionPoints. The i-th, or
 * HF_E_NOT_FOUND past the last. */
enum hf_cert_url { HF_URL_ISSUERS, HF_URL_OCSP, HF_URL_CRL };
hf_err hf_cert_url(const struct hf_cert *cert, enum hf_cert_url which, size_t i, struct hf_bytes *out);

/* GeneralName (RFC 5280 4.2.1.6) by its tag number. */
enum { HF_NAME_OTHER = 0, HF_NAME_EMAIL = 1, HF_NAME_DNS = 2, HF_NAME_DIRECTORY = 4, HF_NAME_URI = 6, HF_NAME_IP = 7 };
struct hf_general_name {
    unsigned kind;
    struct hf_bytes value; /* text or address; the Name's DER; of otherName the content of its [0] value */
    struct hf_bytes oid;   /* otherName: its type-id */
};

/* The i-th of subjectAltName, or HF_E_NOT_FOUND past the last. */
hf_err hf_cert_san(const struct hf_cert *cert, size_t i, struct hf_general_name *out);

/* The first attribute of this type in a Name's DER ("2.23.133.2.1": tpmManufacturer; "2.5.4.3": commonName):
 * the value's octets as they are. HF_E_NOT_FOUND. */
hf_err hf_name_find(struct hf_bytes name, const char *oid, struct hf_bytes *out);

/* Append a Name's DER as text, the last RDN first (RFC 4514); NUL, quotes and the like escaped. */
hf_err hf_name_text(struct hf_bytes name, struct hf_buf *out);

/* Is the child's signature the key's? HF_OK, HF_E_MISMATCH, HF_E_UNSUPPORTED (algorithm), HF_E_KEY_TYPE. */
hf_err hf_cert_verify(const struct hf_cert *child, const struct hf_pubkey *key);

/* By names and key identifiers, could this be the issuer? Proves nothing. */
bool hf_cert_may_issue(const struct hf_cert *issuer, const struct hf_cert *child);

/* Issuer and subject are the same name. */
bool hf_cert_self_issued(const struct hf_cert *cert);

/* An AlgorithmIdentifier (the whole element) of a signature, PSS parameters included. HF_SIG_NONE in
 * out->scheme, and HF_OK, for an algorithm that is not known; HF_E_FORMAT for parameters that do not fit. */
hf_err hf_sig_alg_parse(struct hf_bytes der, struct hf_sig_alg *out, struct hf_bytes *oid);

/* The same written; appends. ECDSA and Ed25519, RSASSA, RSAPSS with its salt length. */
hf_err hf_sig_alg_write(const struct hf_sig_alg *alg, struct hf_buf *out);

#endif
