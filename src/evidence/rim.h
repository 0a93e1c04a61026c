/*
 * NVIDIA's reference integrity manifests (RIM): SWID tags (ISO/IEC 19770-2:2015, TCG Reference Integrity Manifest
 * Information Model 1.01) with the measurements that a driver or a VBIOS has, signed by XMLDSig. Two shapes are in
 * use, one for each, which differ in their values only; nothing else is read.
 */
#ifndef HF_EVIDENCE_RIM_H
#define HF_EVIDENCE_RIM_H

#include "crypto/x509.h"

#define HF_RIM_MEASUREMENTS_MAX 128
#define HF_RIM_VALUES_MAX 2048 /* digests over all measurements */
#define HF_RIM_CERTS_MAX 8

struct hf_rim_measurement {
    uint8_t index; /* from 0: block index + 1 of a report */
    bool active;
    uint16_t first, n; /* its values, any of which will do */
};

struct hf_rim {
    struct hf_bytes text;    /* the document */
    struct hf_bytes name;    /* "GH100"; views lie in the text */
    struct hf_bytes product; /* "GH100" */
    struct hf_bytes version; /* "550.90.07", "96.00.9F.00.01" */
    struct hf_bytes tag_id;
    size_t n;
    struct hf_rim_measurement measurement[HF_RIM_MEASUREMENTS_MAX];
    size_t n_values;
    struct hf_digest *value;
    /* The signature: what is signed, hashed when the document was read. */
    struct hf_digest digest_said;  /* DigestValue */
    struct hf_digest digest_found; /* of the canonical document without its signature */
    struct hf_sig_alg sig_alg;
    struct hf_digest signed_info; /* of the canonical SignedInfo */
    uint8_t signature[132];
    size_t n_signature;
    struct hf_certs certs; /* as they stand in it, the signer's first */
};

/* All of the text is one manifest, which must live as long. Nothing about the signature is verified yet.
 * HF_E_UNSUPPORTED names an algorithm or a form that is not known. */
hf_err hf_rim_parse(struct hf_bytes text, struct hf_rim **out);
void hf_rim_free(struct hf_rim **rim);

/* Are these bytes such a document, as far as they begin? */
bool hf_rim_is(struct hf_bytes text);

/* Is the document what its signer signed: digest and signature, by the first certificate's key? */
hf_err hf_rim_verify(const struct hf_rim *rim);

/* The measurement of an index that is active; NULL. */
const struct hf_rim_measurement *hf_rim_find(const struct hf_rim *rim, uint8_t index);

/* Does a value fit the measurement? */
bool hf_rim_fits(const struct hf_rim *rim, const struct hf_rim_measurement *m, struct hf_bytes value);

#endif
