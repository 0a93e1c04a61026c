/*
 * The roots that evidence may end in, pinned by SHA-256 of SubjectPublicKeyInfo: those of the vendors, from their
 * publications (verify/anchors.c), and those that the caller adds. Nothing of ours is ever among them by itself.
 */
#ifndef HF_VERIFY_ANCHORS_H
#define HF_VERIFY_ANCHORS_H

#include "crypto/chain.h"

/* What a key proves that is chained to this root. */
enum hf_environment {
    HF_ENV_UNKNOWN,  /* a root that the caller gave; a key that nobody vouches for */
    HF_ENV_HARDWARE, /* a vendor's root over its silicon */
    HF_ENV_VIRTUAL,  /* a cloud's root over its virtual devices */
    HF_ENV_EMULATED, /* the producer says so, under any root */
};

/* "unknown", "hardware", "virtual", "emulated". Never NULL. */
const char *hf_environment_name(enum hf_environment env);

/* Whose root it is: a root of one vendor is none for another one's evidence. */
enum hf_anchor_vendor {
    HF_VENDOR_ANY, /* given by the caller: for every kind */
    HF_VENDOR_INTEL_SGX,
    HF_VENDOR_INTEL_IAS,
    HF_VENDOR_AMD,
    HF_VENDOR_AWS_NITRO,
    HF_VENDOR_NVIDIA,
    HF_VENDOR_NVIDIA_RIM, /* of reference manifests, which vouch for no device */
    HF_VENDOR_TPM,
};

struct hf_anchor {
    enum hf_anchor_vendor vendor;
    enum hf_environment environment;
    uint8_t spki_sha256[32];
    uint8_t certificate[32]; /* SHA-256 of the certificate it came in, whose own signature is good; zeros: none */
    char name[64]; /* "Intel SGX Root CA", "ARK-Milan" */
};

#define HF_ANCHORS_MAX 64

/* Start with hf_anchors_builtin, or empty with {0}. */
struct hf_anchors {
    size_t n;
    struct hf_anchor item[HF_ANCHORS_MAX];
};
void hf_anchors_builtin(struct hf_anchors *out);

/* Add a root by its key. HF_E_LIMIT when there is no room. */
hf_err hf_anchors_add(struct hf_anchors *a, enum hf_anchor_vendor vendor, enum hf_environment env,
                      const uint8_t spki_sha256[32], const char *name);

/* The root of this key for this vendor's evidence (or one for every kind); NULL when it is none. */
const struct hf_anchor *hf_anchors_find(const struct hf_anchors *a, enum hf_anchor_vendor vendor,
                                        const uint8_t spki_sha256[32]);

/* Is this one of the vendors' own root certificates, as they publish them? It says nothing about whether it is pinned. */
bool hf_anchors_certificate(const uint8_t sha256[32]);

/* The certificate in which the latest root was added: its own signature was checked and is good. */
void hf_anchors_note_certificate(struct hf_anchors *a, const uint8_t sha256[32]);

/* Is a root's certificate of this hash one that was noted? */
bool hf_anchors_noted(const struct hf_anchors *a, const uint8_t sha256[32]);

/* The pins of a vendor, as hf_chain_options.root_spki wants them: at most HF_ANCHORS_MAX. */
size_t hf_anchors_pins(const struct hf_anchors *a, enum hf_anchor_vendor vendor, uint8_t out[HF_ANCHORS_MAX][32]);

/* An extension of this OID, in any certificate of a chain, marks what it certifies as emulated. Its value is not
 * looked at. */
#define HF_OID_EMULATED "2.25.15631722333364201"

#endif
