/* Opening evidence: what the parts of evidence/open*.c share. */
#ifndef HF_EVIDENCE_OPEN_I_H
#define HF_EVIDENCE_OPEN_I_H

#include "codec/json_read.h"
#include "evidence/table.h"
#include "evidence/tpm_quote.h"

#define HF_OPEN_DEPTH 6 /* encodings and envelopes within each other */

struct hf_opening {
    struct hf_evidence_set *set;
    const char *kind; /* NULL: any */
    unsigned depth;
    unsigned json_depth; /* of the objects and arrays that are open, over all texts */
    struct hf_buf certs; /* certificates and lists that were found, as PEM */
    char looked[192];    /* what the outermost layer looked like */
    size_t n_tpm;
    struct hf_open_tpm *tpm; /* quotes that wait for their key */
    struct hf_buf ak;        /* a key that the envelope calls an attestation key */
};

/* Add what is in it; nothing found is HF_OK. `where` is the path so far. */
hf_err hf_open_any(struct hf_opening *o, struct hf_bytes in, const char *where);

/* The same for bytes that were decoded: the set keeps them when something in them was found, and the buffer is empty
 * then. */
hf_err hf_open_decoded(struct hf_opening *o, struct hf_buf *decoded, const char *where);

/* Keep a certificate or list in DER; *known false where it is none. A public key is known, and not kept: one that
 * travels with the evidence vouches for nothing. */
hf_err hf_open_endorsement(struct hf_opening *o, struct hf_bytes der, bool *known);

/* Keep a document that verifiers know how to read as an item without a format. */
hf_err hf_open_collateral(struct hf_opening *o, struct hf_bytes in, const char *where);

/* Say what the input looks like, once: the outermost layer's word stays. */
void hf_open_looks(struct hf_opening *o, const char *fmt, ...) HF_PRINTF(2, 3);

/* "a/b" from a path and a name. Cut where it has no room. */
#define HF_OPEN_WHERE 64
void hf_open_where(char out[HF_OPEN_WHERE], const char *path, struct hf_bytes name);

/* What a text's hex or base64 stands for, appended: HF_E_FORMAT where it is neither. `size`: how many bytes are wanted,
 * 0 for any: base64 of zeros is a text of hexadecimal digits as well. */
hf_err hf_open_decode(struct hf_bytes text, size_t size, struct hf_buf *out);

/* An array of numbers from 0 to 255 as bytes, appended. */
hf_err hf_open_numbers(struct hf_json_value array, struct hf_buf *out);

/* Bytes of a member in whichever way they are written, appended: HF_E_FORMAT for what is none. */
hf_err hf_open_bytes(struct hf_json_value v, size_t size, struct hf_buf *out);

/* An SEV-SNP report in its fields: *known where it is one. */
hf_err hf_open_snp_fields(struct hf_opening *o, struct hf_json_value object, const char *where, bool *known);

/* A TPM quote in an object: *known where it is one; which of its members are parts of it. A member that may be its
 * key. And, at the end, the items they make; `from`: the first item of this envelope. */
hf_err hf_open_tpm(struct hf_opening *o, struct hf_json_value object, const char *where, bool *known);
bool hf_open_tpm_part(struct hf_json_value key);
hf_err hf_open_tpm_key(struct hf_opening *o, struct hf_json_value key, struct hf_json_value value);
hf_err hf_open_tpm_end(struct hf_opening *o, size_t from);
void hf_open_tpm_free(struct hf_opening *o);

/* PEM, hex and base64; JSON; a wrapper. *known: it was one, whatever was in it. */
hf_err hf_open_text(struct hf_opening *o, struct hf_bytes in, const char *where, bool *known);
hf_err hf_open_json(struct hf_opening *o, struct hf_bytes in, const char *where, bool *known);
hf_err hf_open_cmw(struct hf_opening *o, struct hf_bytes in, const char *where, bool *known);

#endif
