/*
 * The endorsement key: which TPM this is, by its maker's certificate, and secrets that only it can open.
 *
 * Sources: TCG EK Credential Profile for TPM 2.0, 2.6 (templates, NV indices, certificate profile); TPM 2.0
 * Library, Part 1, section 24 (credential protection), Part 3, 12.5 and 12.6.
 */
#ifndef HOLDFAST_EK_H
#define HOLDFAST_EK_H

#include <holdfast/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Templates of the profile: L-1, L-2 (low range), and H-1 to H-7 (high range; H-5, SM2, is not known here). */
enum hf_tpm_ek_kind {
    HF_TPM_EK_RSA2048,      /* L-1; persistent at 0x81010001 */
    HF_TPM_EK_P256,         /* L-2; 0x81010016 */
    HF_TPM_EK_RSA2048_HIGH, /* H-1; 0x81010012 */
    HF_TPM_EK_P256_HIGH,    /* H-2; 0x81010014 */
    HF_TPM_EK_P384,         /* H-3; 0x81010016, as swtpm has it */
    HF_TPM_EK_P521,         /* H-4; 0x81010018 */
    HF_TPM_EK_RSA3072,      /* H-6; 0x8101001c */
    HF_TPM_EK_RSA4096,      /* H-7; 0x8101001e */
    HF_TPM_EK_KINDS
};

/* "rsa2048", "ecc-p256", "rsa2048-high", "ecc-p256-high", "ecc-p384", "ecc-p521", "rsa3072", "rsa4096". And
 * back: HF_E_ARG lists them. */
HF_API const char *hf_tpm_ek_kind_name(enum hf_tpm_ek_kind kind);
HF_API HF_MUST_CHECK hf_err hf_tpm_ek_kind_by_name(const char *name, enum hf_tpm_ek_kind *out);

/*
 * The endorsement key of a kind. A persistent one that was made from this kind's template is adopted, at its
 * usual handle or another of 0x81010000 to 0x810100ff; otherwise it is made again from the endorsement seed,
 * with the template and nonce that the TPM's maker left in NV where there are any. Making takes 30 ms to
 * minutes (RSA).
 *
 *   endorsement_auth  NULL: empty
 *
 * HF_E_UNSUPPORTED where the TPM lacks the algorithm.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_ek_open(struct hf_tpm *tpm, enum hf_tpm_ek_kind kind,
                                           const struct hf_secret *endorsement_auth, struct hf_tpm_key **out);

/* Make it persistent at its kind's handle; nothing to do where it is persistent already. HF_E_EXISTS where
 * another object stands there: it is left alone. */
HF_API HF_MUST_CHECK hf_err hf_tpm_ek_persist(struct hf_tpm_key **ek, enum hf_tpm_ek_kind kind,
                                              const struct hf_secret *owner_auth);

/* An EK certificate in the TPM's NV memory, as it stands there. */
struct hf_tpm_ek_certificate {
    uint32_t index;    /* 0x01c00002, 0x01c0000a, 0x01c00012 to 0x01c07fff */
    struct hf_buf der; /* the certificate, without what follows it; empty where it cannot be read */
    char problem[200]; /* why not; "" where all is well, or what is odd about its encoding */
};

#define HF_TPM_EK_CERTIFICATES_MAX 16
struct hf_tpm_ek_certificates {
    size_t n;
    struct hf_tpm_ek_certificate row[HF_TPM_EK_CERTIFICATES_MAX];
    struct hf_buf chain; /* the issuers that the TPM carries (0x01c00100 to 0x01c001ff), as PEM; may be empty */
    char chain_problem[200];
};

/* Free what the list holds, and leave it empty. */
HF_API void hf_tpm_ek_certificates_free(struct hf_tpm_ek_certificates *list);

/* All of them. Finding none is HF_OK with n = 0. */
HF_API HF_MUST_CHECK hf_err hf_tpm_ek_certificates_read(struct hf_tpm *tpm, struct hf_tpm_ek_certificates *out);

/* Whom to believe: roots, and issuers on the way to them. */
struct hf_tpm_ek_trust;

/* One that believes nobody. Freeing accepts NULL in *trust, and leaves NULL. */
HF_API HF_MUST_CHECK hf_err hf_tpm_ek_trust_new(struct hf_tpm_ek_trust **out);
HF_API void hf_tpm_ek_trust_free(struct hf_tpm_ek_trust **trust);

/* What the certificates of a file are. */
enum hf_tpm_ek_trust_as {
    HF_TPM_EK_ROOTS,   /* every certificate of the file is believed as it is */
    HF_TPM_EK_STORE,   /* self-issued ones are; the others only help to find the way there */
    HF_TPM_EK_ISSUERS, /* none is: they only help */
};

/* Add what a file holds, PEM blocks or DER. HF_E_FORMAT and others where it holds no certificate. */
HF_API HF_MUST_CHECK hf_err hf_tpm_ek_trust_add(struct hf_tpm_ek_trust *trust, struct hf_bytes file,
                                                enum hf_tpm_ek_trust_as as);

/* Why an EK is not believed. The first that applies, in this order. */
enum hf_tpm_ek_reason {
    HF_TPM_EK_GOOD,
    HF_TPM_EK_NO_CERTIFICATE,
    HF_TPM_EK_MALFORMED,      /* the certificate cannot be read */
    HF_TPM_EK_KEY_MISMATCH,   /* it is another key's */
    HF_TPM_EK_WRONG_USAGE,    /* extended key usage, key usage, or subjectAltName are not an EK's */
    HF_TPM_EK_EXPIRED,        /* it, or one of its issuers, is not valid at the time */
    HF_TPM_EK_UNKNOWN_ISSUER, /* no way to a root */
    HF_TPM_EK_BAD_CHAIN,      /* there is a way, and something on it is wrong */
    HF_TPM_EK_NOT_HELD,       /* the TPM did not prove that it holds the key */
};

/* "good", "no certificate", "unknown issuer", ... Never NULL. */
HF_API const char *hf_tpm_ek_reason_name(enum hf_tpm_ek_reason reason);

struct hf_tpm_ek_verdict {
    enum hf_tpm_ek_reason reason;
    char detail[320];                              /* what was seen and wanted */
    enum hf_tpm_environment environment;           /* by the maker that the certificate names; unknown unless good */
    bool held;                                     /* the TPM proved that it holds the key */
    uint32_t index;                                /* where the certificate was; 0: it was given */
    char manufacturer[16], model[64], version[32]; /* of subjectAltName: "STM", "ST33HTPHAHB4", "id:00490004" */
    char issuer[256];
    char issuer_url[256];          /* where it says its issuer's certificate is to be had; "" for nowhere */
    int64_t not_before, not_after; /* Unix seconds */
    char encoding[200];            /* what is odd about the certificate's bytes, and was passed over; "" */
};

struct hf_tpm_ek_question {
    enum hf_tpm_ek_kind kind;
    const struct hf_secret *endorsement_auth; /* NULL: empty */
    const struct hf_tpm_ek_trust *trust;
    struct hf_bytes certificate; /* PEM or DER, from elsewhere; no bytes: the TPM's own */
    int64_t at;                  /* Unix seconds */
};

/*
 * Is this TPM's endorsement key certified by somebody believed, and does the TPM hold it? `out` is filled in
 * either way. For the proof a session is salted with the key, which only its holder can use.
 *
 * Returns HF_OK, HF_E_UNTRUSTED (the verdict says why), or what asking the TPM failed with.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_ek_verify(struct hf_tpm *tpm, const struct hf_tpm_ek_question *question,
                                             struct hf_tpm_ek_verdict *out);

/* The same; when good, the key is made persistent and pinned: from then on the sessions of this TPM are salted
 * with it, and a TPM that does not hold it is refused (HF_TPM_BUS_EK). */
HF_API HF_MUST_CHECK hf_err hf_tpm_ek_pin(struct hf_tpm *tpm, const struct hf_tpm_ek_question *question,
                                          const struct hf_secret *owner_auth, struct hf_tpm_ek_verdict *out);

/*
 * Wrap a secret so that only the TPM with this EK can open it, and only while it holds the key of this Name.
 *
 *   ek      TPMT_PUBLIC or TPM2B_PUBLIC; or a public key or certificate (PEM or DER), which is taken for a key
 *           of the profile's template for its algorithm
 *   name    of the key that the secret is for: nameAlg || digest
 *   secret  at most the size of the EK's name hash (32 bytes for SHA-256)
 *   out     replaced by the credential as tpm2_makecredential writes it
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_make_credential(struct hf_bytes ek, struct hf_bytes name,
                                                   const struct hf_secret *secret, struct hf_buf *out);

/* The same made by a TPM, any TPM (TPM2_MakeCredential). */
HF_API HF_MUST_CHECK hf_err hf_tpm_make_credential_in_tpm(struct hf_tpm *tpm, struct hf_bytes ek, struct hf_bytes name,
                                                          const struct hf_secret *secret, struct hf_buf *out);

/* Which kind of EK a credential seems to be for, by the form of its secret. HF_E_UNSUPPORTED. */
HF_API HF_MUST_CHECK hf_err hf_tpm_credential_kind(struct hf_bytes credential, enum hf_tpm_ek_kind *out);

/*
 * Open a credential: the secret in it.
 *
 *   ek                from hf_tpm_ek_open, or another restricted decryption key
 *   endorsement_auth  NULL: empty. For the policy of the EK
 *   ak                the key that the secret is for
 *
 * Returns HF_OK, or
 *   HF_E_INTEGRITY  the credential was changed, or is for another EK or another key
 *   HF_E_AUTH       the endorsement authorization, or the key's, is wrong
 *   HF_E_FORMAT, HF_E_TRUNCATED, HF_E_TRAILING, HF_E_UNSUPPORTED  it is not a credential file of version 1
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_activate_credential(struct hf_tpm_key *ek, const struct hf_secret *endorsement_auth,
                                                       struct hf_tpm_key *ak, struct hf_bytes credential,
                                                       struct hf_secret **out);

#ifdef __cplusplus
}
#endif
#endif
