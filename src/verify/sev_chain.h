/* The certificates of an SEV platform: PDH <- PEK <- {OCA, CEK}, CEK <- ASK <- ARK. */
#ifndef HF_VERIFY_SEV_CHAIN_H
#define HF_VERIFY_SEV_CHAIN_H

#include "evidence/sev_cert.h"
#include "verify/judge.h"

/* Is signature `which` (0 or 1) of a certificate this key's? */
hf_err hf_sev_cert_check(const struct hf_sev_cert *cert, unsigned which, const struct hf_pubkey *signer);

/* Is an AMD certificate signed by this key? RSA-2048 signs with SHA-256, RSA-4096 with SHA-384. */
hf_err hf_amd_cert_check(const struct hf_amd_cert *cert, const struct hf_pubkey *signer);

/* A platform's certificates as far as they were found: views into the evidence and the endorsements. */
struct hf_sev_chain {
    bool has_pdh, has_pek, has_oca, has_cek, has_ask, has_ark;
    struct hf_sev_cert pdh, pek, oca, cek;
    struct hf_amd_cert ask, ark;
};

/* Take what `bytes` holds; the first of each usage counts. */
hf_err hf_sev_chain_take(struct hf_sev_chain *chain, struct hf_bytes bytes);

/*
 * All links. What the evidence lacks is taken from HF_ENDORSEMENT_SEV_CERT, and for ASK and ARK from X.509 certificates
 * with the same keys (Milan and later). Rows "pdh", "pek owner", "pek chip", "owner", "certificate chain", "root",
 * "validity". `need_pdh`: a missing PDH fails; otherwise it is not asked for. True when PEK is proved to be of
 * an AMD chip under a pinned root.
 */
bool hf_sev_chain_check(const struct hf_judge *j, struct hf_sev_chain *chain, bool need_pdh, struct hf_verdict *v,
                        struct hf_findings *f);

#endif
