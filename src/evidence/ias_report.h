/*
 * Saved reports of Intel's attestation service for EPID quotes (IAS), which ended in 2025: the service's JSON with the
 * signature and the certificates that its HTTP response had in headers. Intel, "Attestation Service for SGX, API
 * Documentation", version 4.
 *
 * Two forms are read: the HTTP response as it was saved (headers X-IASReport-Signature and
 * X-IASReport-Signing-Certificate, an empty line, the body), and a JSON object with "report" (the body as text, or its
 * base64), "signature" (base64) and "certificates" (PEM).
 */
#ifndef HF_EVIDENCE_IAS_REPORT_H
#define HF_EVIDENCE_IAS_REPORT_H

#include "base/clock.h"
#include "evidence/inspect.h"

#define HF_IAS_QUOTE_SIZE 432

struct hf_ias_report {
    struct hf_buf body;      /* what is signed, byte for byte */
    struct hf_buf signature; /* RSA */
    struct hf_buf chain;     /* PEM */
    /* from the body */
    char status[48]; /* isvEnclaveQuoteStatus */
    hf_time at;      /* timestamp */
    uint64_t version;
    uint8_t quote[HF_IAS_QUOTE_SIZE]; /* isvEnclaveQuoteBody: EPID header 48, report body 384 */
    struct hf_buf nonce;              /* text that the requester chose; empty where there is none */
    struct hf_buf advisories;         /* with a comma between each two */
};
void hf_ias_report_free(struct hf_ias_report *report);

/* HF_E_FORMAT for what it is not, a body without its members included. */
hf_err hf_ias_report_parse(struct hf_bytes in, struct hf_ias_report *out);

/* Append it in the JSON form: body, signature and chain alone. */
hf_err hf_ias_report_write(const struct hf_ias_report *report, struct hf_buf *out);

#endif
