/*
 * A TPM quote and what travels with it: TPMS_ATTEST and TPMT_SIGNATURE (TPM 2.0 Library Specification
 * Part 2, 10.12.8 and 11.3.4), files of PCR values, and our JSON envelope.
 */
#ifndef HF_EVIDENCE_TPM_QUOTE_H
#define HF_EVIDENCE_TPM_QUOTE_H

#include "base/bytes.h"
#include "evidence/pcr.h"
#include "evidence/tpm_public.h"

/* TPMS_ATTEST of any type; the body is read for TPM_ST_ATTEST_QUOTE. Magic and type are for the verifier
 * to judge. Views point into the input. */
struct hf_quote_attest {
    uint32_t magic;
    uint16_t type;
    struct hf_bytes signer;     /* qualifiedSigner: a qualified Name */
    struct hf_bytes extra_data; /* the caller's nonce */
    uint64_t clock_ms;
    uint32_t reset_count;
    uint32_t restart_count;
    bool safe;
    uint64_t firmware;
    struct hf_bytes attested;          /* the body's bytes, whatever the type */
    struct hf_pcr_selection selection; /* of a quote */
    struct hf_bytes pcr_digest;
};
hf_err hf_quote_attest_parse(struct hf_bytes in, struct hf_quote_attest *out);

/* Append it again: selection and digest for a quote, `attested` for other types. */
hf_err hf_quote_attest_write(const struct hf_quote_attest *attest, struct hf_buf *out);

/* TPMT_SIGNATURE by RSASSA, RSAPSS or ECDSA; other schemes are HF_E_UNSUPPORTED. */
struct hf_quote_signature {
    struct hf_quote_scheme scheme;
    struct hf_bytes rsa;  /* RSA */
    struct hf_bytes r, s; /* ECDSA: big-endian, any length up to the curve's */
};
hf_err hf_quote_signature_parse(struct hf_bytes in, struct hf_quote_signature *out);
hf_err hf_quote_signature_write(const struct hf_quote_signature *sig, struct hf_buf *out);

/* PCR values as somebody claims them. */
struct hf_pcr_claim {
    bool has_selection; /* the file says which registers it holds */
    struct hf_pcr_selection selection;
    struct hf_pcrs pcrs;
};

/* Values alone, one after another, in the order of `sel` (tpm2_quote -F values). The length must be exact. */
hf_err hf_pcr_values_parse(struct hf_bytes in, const struct hf_pcr_selection *sel, struct hf_pcr_claim *out);
hf_err hf_pcr_values_write(const struct hf_pcrs *pcrs, const struct hf_pcr_selection *sel, struct hf_buf *out);

/* tpm2-tools' "serialized" form: TPML_PCR_SELECTION and TPML_DIGESTs as a little-endian host lays them out.
 * Unused places are not looked at when reading, and zero when writing. */
hf_err hf_pcr_serialized_parse(struct hf_bytes in, struct hf_pcr_claim *out);
hf_err hf_pcr_serialized_write(const struct hf_pcrs *pcrs, const struct hf_pcr_selection *sel, struct hf_buf *out);

/* Either: values where the length is exactly what the signed selection needs, serialized otherwise. */
hf_err hf_pcr_file_parse(struct hf_bytes in, const struct hf_pcr_selection *signed_selection, struct hf_pcr_claim *out);

/*
 * The JSON envelope:
 *
 *   {"holdfast": "tpm-quote/1", "environment": "emulated", "attest": BASE64, "signature": BASE64,
 *    "ak_public": BASE64 of TPMT_PUBLIC, "ak_name": HEX, "pcrs": {"sha256": {"0": HEX, ...}, ...},
 *    "eventlog": BASE64, "ima": BASE64}
 *
 * eventlog and ima are optional; nothing else is allowed. All it says is claimed but what `attest` signs.
 * Clouds give the AK as a bare key and the signature without its header: ak_public may then be SubjectPublicKeyInfo,
 * which has no ak_name, or left out where something else in the same evidence names the key; signature the bare
 * RSA block.
 */
struct hf_tpm_envelope {
    char environment[16];    /* the producer's own mark: it can only lower trust */
    struct hf_buf attest;    /* TPMS_ATTEST */
    struct hf_buf signature; /* TPMT_SIGNATURE, or a bare RSA block */
    struct hf_buf ak_public; /* TPMT_PUBLIC, or SubjectPublicKeyInfo, or nothing */
    struct hf_pcr_claim claim;
    struct hf_buf eventlog; /* empty where there is none */
    struct hf_buf ima;
};
void hf_tpm_envelope_free(struct hf_tpm_envelope *env);

/* Is it SubjectPublicKeyInfo? No public area begins with a SEQUENCE. */
bool hf_tpm_envelope_bare_key(const struct hf_tpm_envelope *env);

/* Append the envelope as one line of JSON and a newline. Registers are those of claim.selection. */
hf_err hf_tpm_envelope_write(const struct hf_tpm_envelope *env, struct hf_buf *out);

/* Read it. Unknown or missing members, a name that is not that of the public area, and values of banks
 * that do not exist are HF_E_FORMAT; the claim then has a selection of its own. */
hf_err hf_tpm_envelope_parse(struct hf_bytes json, struct hf_tpm_envelope *out);

/* Values as {"sha256": {"0": "hex", ...}, ...}. */
struct hf_json;
void hf_pcrs_json(const struct hf_pcrs *pcrs, struct hf_json *j, const char *key);

#endif
