/*
 * Every evidence format this build knows. A format is a row in its own file:
 *
 *     const struct hf_evidence_format hf_format_snp_report = {
 *         .name = "snp-report", .family = "snp", .about = "AMD SEV-SNP attestation report, versions 2 to 5",
 *         .detect = detect, .inspect = hf_snp_report_inspect,
 *     };
 *
 * and its name in evidence/table.c. What verifies it is a row of verify/table.c with the same name.
 */
#ifndef HF_EVIDENCE_TABLE_H
#define HF_EVIDENCE_TABLE_H

#include "evidence/inspect.h"

struct hf_evidence_format {
    const char *name;   /* "sgx-quote": in verdicts and --kind */
    const char *family; /* "sgx": --kind takes it as well, policies and seed 002 call providers so */
    const char *about;  /* one line */
    /* Are these bytes of this format, as far as its first bytes, length and shape say? Cheap, no allocation. Real
     * evidence is of one format; of bytes that were spliced to fit two, the first in the table wins. */
    bool (*detect)(struct hf_bytes in);
    /* Tell every field. Returns the first thing that does not fit, after telling all that can be told. */
    hf_err (*inspect)(struct hf_bytes in, struct hf_inspect *out);
};

/* All of them, in alphabetical order, ended by NULL. */
extern const struct hf_evidence_format *const hf_evidence_formats[];

/* By name or family and bytes: "auto" (or NULL) looks at the bytes alone; a family's name chooses among its formats.
 * HF_E_ARG: no such kind, with all that there are; HF_E_FORMAT: the bytes are of no known kind, or of another one
 * than was said, with what they look like. */
hf_err hf_evidence_detect(struct hf_bytes in, const char *kind, const struct hf_evidence_format **out);

/*
 * Bytes as they came, opened: what is inside hex, base64, PEM, a cloud's JSON or a CMW, as items of one kind each.
 * Raw evidence is one item. Endorsements that travel inside are listed too (certificates of a Nitro document or
 * of a quote are not: they are part of the evidence).
 */
#define HF_EVIDENCE_ITEMS_MAX 16
struct hf_evidence_item {
    const struct hf_evidence_format *format; /* NULL: an endorsement (certificate, CRL, collateral) */
    struct hf_bytes bytes;
    char where[64]; /* "" for raw evidence; else the path inside: "base64", "quote", "cmw/gpu" */
};
struct hf_evidence_set {
    size_t n;
    struct hf_evidence_item item[HF_EVIDENCE_ITEMS_MAX];
    size_t n_buf;
    struct hf_buf buf[HF_EVIDENCE_ITEMS_MAX]; /* decoded bytes that items point into */
};
void hf_evidence_set_free(struct hf_evidence_set *set);

/* `in` must outlive the set. HF_E_FORMAT says what it looked like; HF_E_LIMIT: more items, or nested deeper, than
 * there is room for. Adds to the set: several files make one set. Unchanged on failure. */
hf_err hf_evidence_open(struct hf_bytes in, const char *kind, struct hf_evidence_set *set);

/* Several files that make one set. Parts of one item, as tools leave them, are put together: message, signature and
 * register values of a TPM quote; the certificates of an SEV platform. What the set holds on failure is to be freed. */
hf_err hf_evidence_open_files(const struct hf_bytes *in, size_t n, const char *kind, struct hf_evidence_set *set);

#endif
