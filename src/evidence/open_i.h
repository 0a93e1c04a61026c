/* Opening evidence: what the parts of evidence/open*.c share. */
#ifndef HF_EVIDENCE_OPEN_I_H
#define HF_EVIDENCE_OPEN_I_H

#include "evidence/table.h"

#define HF_OPEN_DEPTH 6 /* encodings and envelopes within each other */

struct hf_opening {
    struct hf_evidence_set *set;
    const char *kind; /* NULL: any */
    unsigned depth;
    struct hf_buf certs; /* certificates, lists and keys that were found, as PEM */
    char looked[192];    /* what the outermost layer looked like */
};

/* Add what is in it; nothing found is HF_OK. `where` is the path so far. */
hf_err hf_open_any(struct hf_opening *o, struct hf_bytes in, const char *where);

/* The same for bytes that were decoded: the set keeps them when something in them was found, and the buffer is empty then. */
hf_err hf_open_decoded(struct hf_opening *o, struct hf_buf *decoded, const char *where);

/* Keep a certificate, list or public key in DER; *known false where it is none of them. */
hf_err hf_open_endorsement(struct hf_opening *o, struct hf_bytes der, bool *known);

/* Say what the input looks like, once: the outermost layer's word stays. */
void hf_open_looks(struct hf_opening *o, const char *fmt, ...) HF_PRINTF(2, 3);

/* "a/b" from a path and a name. Cut where it has no room. */
#define HF_OPEN_WHERE 64
void hf_open_where(char out[HF_OPEN_WHERE], const char *path, struct hf_bytes name);

/* PEM, hex and base64; JSON; a wrapper. *known: it was one, whatever was in it. */
hf_err hf_open_text(struct hf_opening *o, struct hf_bytes in, const char *where, bool *known);
hf_err hf_open_json(struct hf_opening *o, struct hf_bytes in, const char *where, bool *known);
hf_err hf_open_cmw(struct hf_opening *o, struct hf_bytes in, const char *where, bool *known);

/* A cloud's JSON of a TPM quote, {"message", "signature", "pcrs"}, as an envelope of ours; `holder` is the object around
 * it, which may have the key. *known: it was one. */
struct hf_json_value;
hf_err hf_open_tpm(struct hf_opening *o, const struct hf_json_value *holder, const struct hf_json_value *quote,
                   const char *where, bool *known);

#endif
