/*
 * Linux IMA measurement lists, binary and text, as a cursor. Formats: Linux Documentation/security/IMA-templates
 * and security/integrity/ima/ima_fs.c; templates ima, ima-ng, ima-sig, ima-buf, ima-modsig, ima-ngv2,
 * ima-sigv2, evm-sig.
 */
#ifndef HF_EVIDENCE_IMA_H
#define HF_EVIDENCE_IMA_H

#include "base/bytes.h"
#include "base/reader.h"

#define HF_IMA_TEMPLATE_MAX 15
#define HF_IMA_PARTS_MAX 3

struct hf_ima_entry {
    uint32_t number; /* from 0 */
    size_t offset;   /* of its first byte in the list */
    uint32_t pcr;
    struct hf_digest digest;  /* of the template data: SHA-1, or another hash in lists that name one */
    bool violation;           /* the digest is zero: the register was extended with ones */
    struct hf_bytes template; /* "ima-ng" */
    struct hf_bytes data;     /* template data: fields of u32 length and bytes; for "ima" digest, length, name */
    size_t n_parts;           /* what the template's digest is over, in order */
    struct hf_bytes part[HF_IMA_PARTS_MAX];
    struct hf_bytes file_alg; /* "sha256", "ima:sha256"; "sha1" for "ima" */
    struct hf_bytes file_digest;
    struct hf_bytes path;      /* without its NUL */
    struct hf_bytes signature; /* of templates that have one; no bytes for an unsigned file */
};

struct hf_ima_list {
    struct hf_reader r;
    bool text;
    size_t digest_size; /* 20, or 32 to 64 in a list of another hash */
    uint32_t next;
    struct hf_buf scratch; /* template data of a text entry */
};

/* Start. The form and the digest size are taken from the first entry. Close with hf_ima_list_close. */
hf_err hf_ima_list_open(struct hf_bytes in, struct hf_ima_list *out);
void hf_ima_list_close(struct hf_ima_list *list);

/* Go to the entry at an offset that an earlier walk came to, with this number. */
hf_err hf_ima_list_seek(struct hf_ima_list *list, uint64_t offset, uint32_t number);

/* The next entry; its views live until the next call. False at the end and at a failure. */
bool hf_ima_list_next(struct hf_ima_list *list, struct hf_ima_entry *out);

/* HF_OK when all bytes were used, or what was wrong. */
hf_err hf_ima_list_end(const struct hf_ima_list *list);

/* Append an entry in the binary form. */
hf_err hf_ima_entry_write(const struct hf_ima_entry *entry, struct hf_buf *out);

#endif
