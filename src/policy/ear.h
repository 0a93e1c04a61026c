/*
 * EAT Attestation Results (draft-ietf-rats-ear-04): a verdict that others rely on, signed, as a JWT (RFC 7519) or a
 * CWT (RFC 8392). Written with the draft's names; read with these and with the older ones that deployed verifiers
 * write ("ear.status", profile tag:github.com,2023:veraison/ear).
 */
#ifndef HF_POLICY_EAR_H
#define HF_POLICY_EAR_H

#include "crypto/privkey.h"
#include "policy/trust_vector.h"

#define HF_EAR_PROFILE "tag:ietf.org,2026:rats/ear#03"
#define HF_EAR_SUBMODS_MAX 16
#define HF_EAR_POLICIES_MAX 8
#define HF_EAR_TEXT 128

struct hf_ear_submod {
    char name[HF_EAR_TEXT];
    enum hf_verdict_status status;
    bool has_vector;
    struct hf_trust_vector vector;
    size_t n_policies;
    char policy[HF_EAR_POLICIES_MAX][HF_EAR_TEXT];
};

/* One that was read. Nothing in it counts before hf_ear_verify. */
struct hf_ear {
    bool cwt;
    bool old_names;
    int64_t alg; /* HF_COSE_ES256, _ES384, _EDDSA: of both forms */
    char profile[HF_EAR_TEXT];
    char developer[HF_EAR_TEXT], build[HF_EAR_TEXT];
    int64_t issued_at;
    bool has_expiry;
    int64_t expires_at;
    struct hf_digest nonce; /* n 0: none */
    bool has_status;
    enum hf_verdict_status status; /* over all; the worst submodule where the token says none */
    size_t n;
    struct hf_ear_submod submod[HF_EAR_SUBMODS_MAX];
    struct hf_buf payload;   /* the claims: JSON or CBOR */
    struct hf_buf to_verify; /* what is signed */
    struct hf_buf signature;
};
void hf_ear_free(struct hf_ear *ear);

/* Read a token. HF_E_FORMAT, HF_E_UNSUPPORTED (an algorithm, a critical header, a profile that is not known),
 * HF_E_LIMIT. *out is to be {0} before. */
hf_err hf_ear_parse(struct hf_bytes in, struct hf_ear *out);

/* Is it signed by the key, and has it not expired at `at`? HF_OK, HF_E_MISMATCH, HF_E_KEY_TYPE, HF_E_UNTRUSTED
 * (expired, or issued more than 300 s after `at`). */
hf_err hf_ear_verify(const struct hf_ear *ear, const struct hf_pubkey *key, int64_t at);

/* Inside ear: the claims of one of the two forms. */
hf_err hf_ear_read_json(struct hf_bytes claims, struct hf_ear *out);
hf_err hf_ear_read_cbor(struct hf_bytes claims, struct hf_ear *out);
bool hf_ear_known_profile(const char *profile);

#endif
