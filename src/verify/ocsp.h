/* OCSP responses as endorsements, and revocation by them or by lists. */
#ifndef HF_VERIFY_OCSP_H
#define HF_VERIFY_OCSP_H

#include "evidence/ocsp.h"
#include "verify/judge.h"

/* The document of an HF_ENDORSEMENT_OCSP. */
struct hf_ocsp_document {
    struct hf_ocsp ocsp;
    struct hf_certs certs; /* its certificates: of whoever signed it */
};

/* Recognises responses in DER, and in base64 of that. */
hf_endorsement_reader hf_ocsp_endorsements;

/* Which rows, and about which certificates. */
struct hf_revocation_rows {
    const char *row; /* "revocation" */
    size_t first;    /* of the chain: the leaf is 0 */
    const char *url; /* who answers where a certificate does not say it; NULL */
};

/*
 * A row over the certificates of the chain from `first` to below the root: good by an OCSP response or by a list, of
 * the right signer and of the time of judgement. Anything that says revoked fails it; an answer that is missing, or of
 * another time, makes it absent, naming the certificate and the responder.
 */
bool hf_judge_revocation_by_any(const struct hf_judge *j, const struct hf_chain *chain,
                                const struct hf_revocation_rows *rows, struct hf_verdict *v, struct hf_findings *f);

#endif
