/*
 * Arm CCA attestation token (draft-ffm-rats-cca-token, -00 to -04): a collection of a platform token, signed by the
 * platform's key, and a realm token, signed by a key that the platform token is bound to.
 */
#ifndef HF_EVIDENCE_CCA_TOKEN_H
#define HF_EVIDENCE_CCA_TOKEN_H

#include "base/reader.h"
#include "codec/cose.h"
#include "codec/cose_key.h"
#include "evidence/arm_claims.h"
#include "evidence/table.h"

/* Tags of the collection: the profiles of 2023 and before, and CMW (draft-ietf-rats-msg-wrap). */
#define HF_CCA_TAG_COLLECTION 399
#define HF_CCA_TAG_CMW 907

/* Keys of the collection; CMW's content format of application/eat+cwt. */
#define HF_CCA_PLATFORM 44234
#define HF_CCA_REALM 44241
#define HF_CCA_EAT_CWT 263

#define HF_CCA_EXTENSIBLE 4

/* Claims of a realm. Views lie in the input; empty ones are claims that are absent. */
struct hf_cca_realm {
    struct hf_cbor map;              /* as it came: unknown claims are kept here */
    struct hf_bytes profile;         /* text; the legacy profile has none */
    struct hf_bytes challenge;       /* 64 bytes */
    struct hf_bytes personalization; /* 64 bytes */
    struct hf_bytes hash;            /* text: of the measurements */
    struct hf_bytes public_key;      /* the claim's value: what the platform token is bound to */
    bool cose_key;                   /* it is a COSE_Key; else a SEC 1 point, not compressed */
    struct hf_cose_key key;          /* either, read */
    struct hf_bytes key_hash;        /* text: how the binding is hashed */
    struct hf_bytes initial;         /* 32, 48 or 64 bytes */
    struct hf_bytes extensible[HF_CCA_EXTENSIBLE];
    bool has_mec_policy, has_lfa_policy;
    uint64_t mec_policy;         /* 0 shared, 1 private memory encryption context */
    uint64_t lfa_policy;         /* 0 no live firmware activation, 1 allowed */
    struct hf_bytes instance_id; /* 33 bytes, the first 0x01 */
    size_t n_unknown;
};

struct hf_cca_token {
    uint64_t tag; /* HF_CCA_TAG_* */
    struct hf_cbor map;
    size_t n_other; /* entries beside the two: not looked into, and covered by no signature that is checked */
    struct hf_bytes platform_bytes, realm_bytes; /* each a COSE_Sign1 */
    struct hf_cose_sign1 platform, realm;
    struct hf_arm_claims platform_claims;
    struct hf_cca_realm realm_claims;
};

/* The whole input is one realm claims map. HF_E_FORMAT names the claim. */
hf_err hf_cca_realm_parse(struct hf_bytes in, struct hf_cca_realm *out);

/* Append the map, deterministic; unknown claims of `map` are written again. */
hf_err hf_cca_realm_write(const struct hf_cca_realm *realm, struct hf_buf *out);

/* The whole input is one token. HF_E_UNSUPPORTED for a realm token that is not signed (the direct model). */
hf_err hf_cca_token_parse(struct hf_bytes in, struct hf_cca_token *out);

/* Append the collection from tag, platform_bytes, realm_bytes and the other entries of `map`, deterministic. */
hf_err hf_cca_token_write(const struct hf_cca_token *token, struct hf_buf *out);

bool hf_cca_realm_claim_known(int64_t key);

hf_err hf_cca_token_inspect(struct hf_bytes in, struct hf_inspect *out);

/* Rows of a COSE message: algorithm, payload by `claims`, signature. For PSA tokens too. */
void hf_arm_cose_inspect(const struct hf_cose_sign1 *msg, void (*claims)(struct hf_bytes in, struct hf_inspect *out),
                         struct hf_inspect *out);

#endif
