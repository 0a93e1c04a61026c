/*
 * What SGX and TDX quotes have in common: a quote signed by an attestation key, which a quoting enclave vouches for,
 * which the PCK signs, which Intel certifies; and how the platform stands with Intel's collateral. Intel SGX ECDSA
 * QuoteVerificationLibrary, "4.1.2.4 Quote verification".
 */
#ifndef HF_VERIFY_DCAP_H
#define HF_VERIFY_DCAP_H

#include "evidence/sgx_quote.h"
#include "verify/judge.h"

struct hf_dcap {
    const struct hf_judge *j;
    const struct hf_sgx_quote *q;
    struct hf_verdict *v;
    struct hf_findings *f;
};

/* Read a quote of this TEE: row "structure". False when there is nothing more to judge. */
bool hf_dcap_open(struct hf_bytes evidence, enum hf_quote_tee tee, struct hf_sgx_quote *q, struct hf_verdict *v);

/*
 * Rows "certification data", "qe report signature", "qe report binding", "signature", and those of the platform:
 * "certificate chain", "root", "validity", "pck certificate", "revocation", "qe identity", "tcb info", "module
 * identity" and "relaunch" (TDX), "platform level", "advisories". Claims of the platform; horizon, environment, level.
 *
 * With a cache, what a quoting enclave and a platform proved once costs one signature, the quote's own, from then on:
 * their rows are kept with the interval in which no date that they rest on begins or ends.
 */
void hf_dcap_judge(const struct hf_dcap *d);

#endif
