/*
 * What others say about a platform: certificates, revocation lists, TCB infos, identities, reference values. In any
 * order, from any number of files; each recognised by its bytes, split into items, and parsed once. An item is
 * only what it says: verifiers check who signed it, and when it is valid.
 */
#ifndef HF_VERIFY_ENDORSEMENTS_H
#define HF_VERIFY_ENDORSEMENTS_H

#include "crypto/crl.h"
#include "crypto/x509.h"

enum hf_endorsement_kind {
    HF_ENDORSEMENT_CERT,       /* cert */
    HF_ENDORSEMENT_CRL,        /* crl */
    HF_ENDORSEMENT_TCB_INFO,   /* document: Intel TCB info, SGX or TDX, version 2 or 3 */
    HF_ENDORSEMENT_IDENTITY,   /* document: Intel enclave identity: QE, TD_QE, QVE */
    HF_ENDORSEMENT_SEV_CERT,   /* document: AMD's own certificate formats */
    HF_ENDORSEMENT_RIM,        /* document: NVIDIA reference integrity manifest */
    HF_ENDORSEMENT_OCSP,       /* document: an OCSP response */
    HF_ENDORSEMENT_PUBLIC_KEY, /* key: a bare public key (CCA's CPAK, a vendor's) */
};

struct hf_endorsement {
    enum hf_endorsement_kind kind;
    char source[96];       /* the file it came from, and the place inside: "pck.pem#2" */
    uint8_t sha256[32];    /* of the item's own bytes */
    struct hf_bytes bytes; /* these, owned by the set */
    struct hf_cert *cert;
    struct hf_crl *crl;
    struct hf_pubkey *key;
    void *document; /* parsed, of the type that the kind's reader says */
    void (*free_document)(void *address);
};

#define HF_ENDORSEMENTS_MAX 4096

/* Start with {0}. Read it from any number of threads once everything is added. */
struct hf_endorsements {
    size_t n;
    struct hf_endorsement *item;
    size_t n_kept;
    struct hf_buf *kept; /* the bytes that items point into */
    struct hf_certs certs; /* all certificates, as hf_chain_check takes them */
    uint8_t sha256[32];    /* over the items in their order: two sets of the same are the same set */
};
void hf_endorsements_free(struct hf_endorsements *set);

/*
 * Add what a file holds. `source` names it in rows and errors.
 *
 * Returns HF_OK also where it held nothing new (an item twice is kept once), or, with the set unchanged,
 *   HF_E_FORMAT  it is nothing that is known, or malformed: says what it looked like
 *   HF_E_LIMIT   more items than HF_ENDORSEMENTS_MAX
 */
hf_err hf_endorsements_add(struct hf_endorsements *set, struct hf_bytes in, const char *source);

/* ---- for recognisers ---- */

/*
 * A recogniser looks at bytes that nothing simpler (PEM, a DER certificate, CRL or key) has claimed. *known says
 * whether they are its own; it then adds its items with the functions below. One row each in
 * verify/endorsements.c.
 */
typedef hf_err hf_endorsement_reader(struct hf_endorsements *set, struct hf_bytes in, const char *source, bool *known);

/* Add one item; bytes are copied. The object becomes the set's, on failure too. */
hf_err hf_endorsements_add_cert(struct hf_endorsements *set, struct hf_cert *cert, const char *source);
hf_err hf_endorsements_add_crl(struct hf_endorsements *set, struct hf_crl *crl, const char *source);
hf_err hf_endorsements_add_key(struct hf_endorsements *set, struct hf_pubkey *key, const char *source);

/* `parse` gets the bytes as they lie in the set: views into them stay valid while the set does. */
hf_err hf_endorsements_add_document(struct hf_endorsements *set, enum hf_endorsement_kind kind, struct hf_bytes bytes,
                                    const char *source, hf_err (*parse)(struct hf_bytes in, void **out),
                                    void (*free_document)(void *address));

/* The next item of a kind from *at on (start with 0); NULL at the end. */
const struct hf_endorsement *hf_endorsements_next(const struct hf_endorsements *set, enum hf_endorsement_kind kind,
                                                  size_t *at);

#endif
