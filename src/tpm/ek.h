/* Endorsement keys by their templates (TCG EK Credential Profile 2.6, annex B). */
#ifndef HF_TPM_EK_H
#define HF_TPM_EK_H

#include "crypto/x509.h"
#include "tpm/key.h"

#include <holdfast/ek.h>

/* A row of the profile. */
struct hf_tpm_ek_row {
    const char *name;
    uint16_t type;
    uint16_t detail; /* key bits, or TPM_ECC_CURVE */
    uint16_t name_alg;
    bool high;            /* range: policy B, userWithAuth, empty unique; low: policy A, unique of zeros */
    uint32_t handle;      /* where it is made persistent */
    uint32_t certificate; /* NV index; the template is one above in the high range, two above in the low */
};
const struct hf_tpm_ek_row *hf_tpm_ek_row(enum hf_tpm_ek_kind kind);

/* The profile's template. */
hf_err hf_tpm_ek_template(enum hf_tpm_ek_kind kind, TPMT_PUBLIC *out);

/* The template that this TPM's maker wants: the profile's, or what stands in NV; with the nonce in NV. */
hf_err hf_tpm_ek_template_of(struct hf_tpm *tpm, enum hf_tpm_ek_kind kind, TPMT_PUBLIC *out);

/* TPMT_PUBLIC of an EK of which only the key is known: the profile's template filled in. Low range where there is one.
 */
hf_err hf_tpm_ek_public_of(const struct hf_pubkey *key, struct hf_buf *out);

/* The EK as an authorization: its policy PolicySecret(TPM_RH_ENDORSEMENT) satisfied in *session (closed by the
 * caller), or its empty value in the high range. The connection is taken. */
hf_err hf_tpm_ek_authorize(struct hf_tpm_key *ek, const struct hf_secret *endorsement_auth, struct hf_tpm_auth *auth,
                           struct hf_tpm_session **session);

/* The content of an NV index of the EK range. HF_E_NOT_FOUND where it is not defined, or never written. */
hf_err hf_tpm_ek_nv_read(struct hf_tpm *tpm, uint32_t index, struct hf_buf *out);

/* An EK certificate as somebody gives it: the first of a PEM text, or DER as it stood in NV memory. */
hf_err hf_tpm_ek_cert_read(struct hf_bytes in, struct hf_cert **out);

/* Roots are believed as they are; issuers only help to find the way there. */
struct hf_tpm_ek_trust {
    struct hf_certs roots;
    struct hf_certs issuers;
};

/*
 * The pure part of hf_tpm_ek_verify: is the certificate an EK's, this key's, and believed? `more` holds issuers
 * that came with it, NULL for none. Fills in everything but held and index.
 */
hf_err hf_tpm_ek_judge(const struct hf_cert *cert, const struct hf_pubkey *key, const struct hf_tpm_ek_trust *trust,
                       const struct hf_certs *more, hf_time at, struct hf_tpm_ek_verdict *out);

/* What the maker in a certificate's subjectAltName is: "STM" hardware, "GOOG" virtual, "IBM" emulated. */
enum hf_tpm_environment hf_tpm_ek_environment(const char *manufacturer);

#endif
