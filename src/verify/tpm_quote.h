/*
 * Judging a TPM quote: is it authentic, fresh, and over the PCR values that are claimed?
 * Pure: the same inputs give the same verdict.
 */
#ifndef HF_VERIFY_TPM_QUOTE_H
#define HF_VERIFY_TPM_QUOTE_H

#include "crypto/pubkey.h"
#include "evidence/tpm_quote.h"
#include "verify/verdict.h"

#include <holdfast/eventlog.h>

/* What was seen in an earlier quote by the same key: later ones may not go back behind it. */
struct hf_tpm_clock_floor {
    uint64_t clock_ms;
    uint32_t reset_count;
    uint32_t restart_count;
    uint64_t firmware;
};

struct hf_tpm_quote_input {
    struct hf_bytes attest;           /* TPMS_ATTEST */
    struct hf_bytes signature;        /* TPMT_SIGNATURE; with a scheme below: the bare signature */
    struct hf_quote_scheme bare;      /* {0}: TPMT_SIGNATURE. Otherwise of a bare signature: an RSA block, or an
                                       ECDSA signature as DER or as r || s */
    struct hf_bytes ak_public;        /* TPMT_PUBLIC, TPM2B_PUBLIC, or a public key as PEM or SPKI DER */
    struct hf_pubkey *prepared;       /* that key made before, so that many quotes by it do not each make it: with a
                                         public area, whose numbers must be its own, or without ak_public; NULL: none */
    const struct hf_bytes *nonce;     /* what extraData must be; NULL: not checked, and said so */
    const struct hf_bytes *signer;    /* the qualified Name the AK has; NULL: not compared */
    const struct hf_pcr_claim *claim; /* the values that the quote is said to be over; NULL: none are known */
    const struct hf_pcr_selection *selection; /* the registers that must be quoted; NULL: those that are */
    const struct hf_pcrs *expected;           /* values that must be among the quoted ones; NULL: none */
    struct hf_bytes eventlog;                 /* TCG event log, raw; no bytes: none */
    struct hf_bytes ima;                      /* IMA measurement list; no bytes: none */
    unsigned ima_pcr;                         /* 0: 10 */
    const struct hf_tpm_clock_floor *floor;   /* NULL: no earlier quote is known */
    /* the producer's own mark, "emulated" for instance: it can only lower trust; NULL: none */
    const char *environment;
    bool common_rows; /* nonce and environment are judged by the caller, as for all kinds: no rows here */
};

/* What a quote says once it is believed. */
struct hf_tpm_quote_result {
    struct hf_pcrs pcrs; /* only registers of the signed selection, only when their digest is the signed one */
    uint64_t clock_ms;
    uint32_t reset_count;
    uint32_t restart_count;
    bool safe;
    uint64_t firmware;
};

/*
 * All checks run. Rows: "structure", "magic", "type", "public key", "attributes", "scheme", "signature",
 * "nonce", "signer", "pcr selection", "pcr digest", "hash strength", "expected values", "clock safe", "clock",
 * "environment", "event log", "ima log", and one row for each register that a log does not explain.
 *
 * `verdict` is filled in either way; `result` is written (and may be used) unless HF_E_UNTRUSTED.
 *
 * Returns HF_OK, HF_E_WARNED or HF_E_UNTRUSTED as hf_verdict_err does, or HF_E_MEMORY.
 */
hf_err hf_tpm_quote_verify(const struct hf_tpm_quote_input *in, struct hf_verdict *verdict,
                           struct hf_tpm_quote_result *result);

/*
 * The same rows added to a verdict that has others. *result is what the quote says, whatever the rows say of it;
 * registers are there only where their digest is the signed one. HF_OK or HF_E_MEMORY.
 */
hf_err hf_tpm_quote_check(const struct hf_tpm_quote_input *in, struct hf_verdict *verdict,
                          struct hf_tpm_quote_result *result);

#endif
