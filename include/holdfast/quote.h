/*
 * Statements signed in the TPM about itself: quotes over PCRs, certificates of keys, the time.
 *
 * A signer should be an attestation key (HF_TPM_USE_ATTEST): the TPM lets a restricted key sign only what
 * the TPM itself made. With an unrestricted key the same bytes could be signed by anybody who may use it;
 * the results say so in `restricted`, and verifiers refuse or mark them.
 *
 * Sources: TCG TPM 2.0 Library, Part 2, 10.12 (TPMS_ATTEST); Part 3, section 18.
 */
#ifndef HOLDFAST_QUOTE_H
#define HOLDFAST_QUOTE_H

#include <holdfast/eventlog.h>
#include <holdfast/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A signed statement. Start with {0}; free with hf_tpm_statement_free. */
struct hf_tpm_statement {
    struct hf_buf attest;    /* TPMS_ATTEST: these bytes are signed */
    struct hf_buf signature; /* TPMT_SIGNATURE */
    bool restricted;         /* the signer signs nothing that the TPM did not make */
};

/* Free what it holds, and leave it empty. */
HF_API void hf_tpm_statement_free(struct hf_tpm_statement *statement);

/* How to sign. Zero: the key's own scheme and hash, or the usual for its kind. */
struct hf_tpm_signing {
    enum hf_tpm_scheme scheme;
    unsigned hash;
};

/*
 * Quote PCRs, with values that belong to the quote.
 *
 *   key        signs: ecc or rsa; open, authorized
 *   selection  "sha256:0,1,2,3+sha384:7"
 *   nonce      qualifying data: at most 64 bytes. Without one the quote can be replayed
 *   how        NULL: the key's own
 *   pcrs       receives the values that the quoted digest is over
 *
 * One signature, as a rule: 2 ms on an embedded TPM, up to a second on a chip.
 *
 * Returns HF_OK, or
 *   HF_E_ARG          the selection is not one, or the nonce is too long
 *   HF_E_KEY_TYPE     the key cannot sign, or not so
 *   HF_E_UNSUPPORTED  the TPM lacks a bank or register that is selected
 *   HF_E_BUSY         registers changed during each of several attempts
 *   HF_E_AUTH, HF_E_LOCKED  as hf_tpm_sign
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_quote_pcrs(struct hf_tpm_key *key, const char *selection, struct hf_bytes nonce,
                                              const struct hf_tpm_signing *how, struct hf_tpm_statement *out,
                                              struct hf_pcrs *pcrs);

/* Certify that an object is loaded in this TPM: its Name and qualified Name, signed by `key`. Both keys
 * must be usable: a certificate needs the object's authorization too. */
HF_API HF_MUST_CHECK hf_err hf_tpm_certify(struct hf_tpm_key *object, struct hf_tpm_key *key, struct hf_bytes nonce,
                                           const struct hf_tpm_signing *how, struct hf_tpm_statement *out);

/* Certify how an object was made (its creation data, hf_tpm_key_creation), by the ticket that the TPM gave
 * with it. HF_E_NOT_FOUND where this process did not make it. */
HF_API HF_MUST_CHECK hf_err hf_tpm_certify_creation(struct hf_tpm_key *object, struct hf_tpm_key *key,
                                                    struct hf_bytes nonce, const struct hf_tpm_signing *how,
                                                    struct hf_tpm_statement *out);

/* The same from a hash and ticket that were kept (TPM2B content and TPMT_TK_CREATION). HF_E_MISMATCH: the
 * ticket is not this TPM's for this object. */
HF_API HF_MUST_CHECK hf_err hf_tpm_certify_ticket(struct hf_tpm_key *object, struct hf_bytes creation_hash,
                                                  struct hf_bytes ticket, struct hf_tpm_key *key, struct hf_bytes nonce,
                                                  const struct hf_tpm_signing *how, struct hf_tpm_statement *out);

/* The TPM's clock and counters, signed. `endorsement_auth` may be NULL: empty. */
HF_API HF_MUST_CHECK hf_err hf_tpm_certify_time(struct hf_tpm_key *key, const struct hf_secret *endorsement_auth,
                                                struct hf_bytes nonce, const struct hf_tpm_signing *how,
                                                struct hf_tpm_statement *out);

#ifdef __cplusplus
}
#endif
#endif
