/*
 * AWS Nitro Enclaves attestation documents: COSE_Sign1 over a CBOR map (aws-nitro-enclaves-nsm-api,
 * docs/attestation_process.md, sections 2.2 and 3).
 */
#ifndef HF_EVIDENCE_NITRO_H
#define HF_EVIDENCE_NITRO_H

#include "evidence/table.h"

#define HF_NITRO_PCRS 32
#define HF_NITRO_BUNDLE_MAX 16
#define HF_NITRO_CERT_MAX 1024      /* bytes of a certificate */
#define HF_NITRO_FIELD_MAX 1024     /* bytes of public key, user data, nonce */
#define HF_NITRO_DOCUMENT_MAX 32768 /* an NSM's response never has more than 16 KiB */
#define HF_NITRO_SIGNATURE 96       /* r || s of P-384 */

/* A field that may be null. */
struct hf_nitro_field {
    bool given;
    struct hf_bytes bytes;
};

/* Every view lies inside the document. */
struct hf_nitro_doc {
    bool tagged;                     /* with CBOR tag 18; no document that is known has it */
    bool indefinite;                 /* the payload is a map of indefinite length, as NSMs write it */
    struct hf_bytes protected_bytes; /* {1: -35}: ES384 */
    struct hf_bytes payload;         /* as it was signed */
    struct hf_bytes signature;       /* HF_NITRO_SIGNATURE bytes */
    struct hf_bytes module_id;       /* text: "i-…-enc…" */
    struct hf_bytes digest;          /* text: "SHA384" */
    uint64_t timestamp_ms;           /* since 1970-01-01 UTC */
    uint32_t pcr_mask;               /* bit i: register i is there */
    struct hf_bytes pcr[HF_NITRO_PCRS]; /* 32, 48 or 64 bytes each */
    struct hf_bytes certificate;        /* DER, the signer's */
    size_t n_bundle;
    struct hf_bytes bundle[HF_NITRO_BUNDLE_MAX]; /* DER, the root first, the signer's issuer last */
    struct hf_nitro_field public_key, user_data, nonce;
};

/*
 * The whole input is one document. Unknown keys, keys twice, other types, strings of indefinite length and sizes that
 * the document's description does not allow are refused; maps and arrays of the payload may be of indefinite length.
 * HF_E_UNSUPPORTED names another algorithm, HF_E_FORMAT and HF_E_LIMIT everything else.
 */
hf_err hf_nitro_doc_parse(struct hf_bytes in, struct hf_nitro_doc *out);

/* Append the payload that these fields make, in the order of an NSM; and the document around a payload and its
 * signature. A document that an NSM wrote comes out as it was. */
hf_err hf_nitro_payload_write(const struct hf_nitro_doc *doc, struct hf_buf *out);
hf_err hf_nitro_doc_write(const struct hf_nitro_doc *doc, struct hf_buf *out);

hf_err hf_nitro_doc_inspect(struct hf_bytes in, struct hf_inspect *out);

#endif
