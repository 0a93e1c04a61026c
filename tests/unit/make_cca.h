/* Arm CCA and PSA tokens for tests, with keys made at run time, and with whatever a test wants to be wrong. */
#ifndef HF_MAKE_CCA_H
#define HF_MAKE_CCA_H

#include "crypto/privkey.h"
#include "evidence/cca_token.h"
#include "evidence/psa_token.h"

struct make_cca_keys {
    struct hf_privkey *platform; /* CPAK, or PSA's IAK */
    struct hf_privkey *realm;    /* RAK */
};
hf_err make_cca_keys_new(enum hf_curve platform, enum hf_curve realm, struct make_cca_keys *out);
void make_cca_keys_free(struct make_cca_keys *keys);

struct make_cca_spec {
    const char *profile;       /* NULL: tag:arm.com,2023:cca_platform#1.0.0; PSA: tag:psacertified.org,2023:psa#tfm */
    const char *realm_profile; /* NULL: tag:arm.com,2023:realm#1.0.0; "": none */
    bool point;                /* the realm's key as a bare point */
    uint64_t tag;              /* 0: HF_CCA_TAG_COLLECTION */
    uint8_t challenge[64];
    const struct hf_privkey *realm_signer; /* NULL: the realm's own */
    bool mac;                              /* PSA: a COSE_Mac0 */
    /* Called before the claims are written. */
    void (*edit)(struct hf_arm_claims *platform, struct hf_cca_realm *realm);
};
hf_err make_cca_token(const struct make_cca_spec *spec, const struct make_cca_keys *keys, struct hf_buf *out);
hf_err make_psa_token(const struct make_cca_spec *spec, const struct make_cca_keys *keys, struct hf_buf *out);

#endif
