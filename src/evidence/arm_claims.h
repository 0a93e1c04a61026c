/*
 * Claims of Arm's platform tokens: PSA (RFC 9783, its 2.0.0 drafts, and PSA_IOT_PROFILE_1) and the CCA platform
 * (draft-ffm-rats-cca-token-04, and its older profiles), which share their keys.
 */
#ifndef HF_EVIDENCE_ARM_CLAIMS_H
#define HF_EVIDENCE_ARM_CLAIMS_H

#include "codec/cbor.h"
#include "evidence/inspect.h"

enum hf_arm_profile {
    HF_ARM_PROFILE_NONE,       /* no claim 265 */
    HF_ARM_PROFILE_UNKNOWN,    /* one that nobody here knows */
    HF_ARM_PROFILE_PSA_1,      /* PSA_IOT_PROFILE_1: keys of its own, from -75000 down */
    HF_ARM_PROFILE_PSA_2,      /* http://arm.com/psa/2.0.0, tag:psacertified.org,2023:psa#tfm */
    HF_ARM_PROFILE_CCA_LEGACY, /* http://arm.com/CCA-SSD/1.0.0: the realm's key is a bare point */
    HF_ARM_PROFILE_CCA_1,      /* 2023 and 2024: the realm's key is a COSE_Key */
    HF_ARM_PROFILE_CCA_2,      /* 2026: binding in a claim of its own */
    HF_ARM_PROFILE_CCA_DIRECT, /* the realm's claims are not signed by a key of their own */
};

/* What the security lifecycle says, by its upper byte. */
enum hf_arm_lifecycle {
    HF_ARM_LIFECYCLE_UNKNOWN = 0,
    HF_ARM_LIFECYCLE_ASSEMBLY = 1,
    HF_ARM_LIFECYCLE_PROVISIONING = 2,
    HF_ARM_LIFECYCLE_SECURED = 3,
    HF_ARM_LIFECYCLE_OTHER_DEBUG = 4, /* of what is not the root of trust: CCA's realm manager */
    HF_ARM_LIFECYCLE_ROT_DEBUG = 5,   /* of the root of trust, recoverable */
    HF_ARM_LIFECYCLE_DECOMMISSIONED = 6,
};

#define HF_ARM_COMPONENTS_MAX 32

struct hf_arm_component {
    struct hf_bytes type;        /* text; empty when absent, as all but measurement and signer may be */
    struct hf_bytes measurement; /* 32, 48 or 64 bytes */
    struct hf_bytes version;     /* text */
    struct hf_bytes signer;      /* 32, 48 or 64 bytes */
    struct hf_bytes hash;        /* text: the measurement's algorithm */
    struct hf_cbor map;          /* as it came; type HF_CBOR_UINT for one that is made */
};

/* Views lie in the input. Empty views are claims that are absent. */
struct hf_arm_claims {
    struct hf_cbor map; /* as it came: unknown claims are kept here */
    enum hf_arm_profile profile;
    struct hf_bytes profile_text;
    struct hf_bytes nonce;             /* 32, 48 or 64 bytes */
    struct hf_bytes binding;           /* CCA 2026: 32, 48 or 64 bytes */
    struct hf_bytes instance_id;       /* 33 bytes, the first 0x01 */
    struct hf_bytes implementation_id; /* 32 bytes */
    struct hf_bytes config;
    struct hf_bytes boot_seed;
    struct hf_bytes hash;          /* text */
    struct hf_bytes service;       /* text: where a verifier may be */
    struct hf_bytes certification; /* text */
    bool has_client;
    int64_t client;
    uint64_t lifecycle;
    bool no_software; /* PSA 1: says that it measures nothing */
    size_t n_components;
    struct hf_arm_component component[HF_ARM_COMPONENTS_MAX];
    size_t n_unknown; /* claims of keys that are not known; RFC 9711 has receivers pass them over */
};

/* The whole input is one claims map. HF_E_FORMAT names the claim that is missing or does not fit; what a profile does
 * not ask for may be absent. Unknown profiles are read by the keys of RFC 9783. */
hf_err hf_arm_psa_parse(struct hf_bytes in, struct hf_arm_claims *out);
hf_err hf_arm_cca_parse(struct hf_bytes in, struct hf_arm_claims *out);

/* Append the map, deterministic; unknown claims of `map` are written again. */
hf_err hf_arm_claims_write(const struct hf_arm_claims *claims, struct hf_buf *out);

/* Rows of a claims map, also of one that does not parse. */
void hf_arm_claims_inspect(struct hf_bytes in, struct hf_inspect *out);

/* NONE for no text, UNKNOWN for another one. */
enum hf_arm_profile hf_arm_profile_of(struct hf_bytes text);

enum hf_arm_lifecycle hf_arm_lifecycle_of(uint64_t value);
const char *hf_arm_lifecycle_name(enum hf_arm_lifecycle state); /* "secured". Never NULL */

/* Append the keys of unknown claims, with commas: at most `room` bytes with a NUL. */
void hf_arm_unknown_keys(struct hf_cbor map, bool (*known)(int64_t key), char *out, size_t room);
bool hf_arm_claim_known(int64_t key);

/* The bytes of a digest by its IANA name ("sha-256", also "SHA256"); 0 for one that is not known. */
size_t hf_arm_hash_size(struct hf_bytes name);

#endif
