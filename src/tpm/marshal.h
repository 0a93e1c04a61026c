/*
 * TPM structures to bytes and back (Part 2). One function a structure does both: it visits the fields
 * in the order of the specification, and each visit reads or writes one. So what is read writes as the
 * same bytes again, by construction. Values that the specification does not have fail both ways.
 */
#ifndef HF_TPM_MARSHAL_H
#define HF_TPM_MARSHAL_H

#include "base/reader.h"
#include "base/writer.h"
#include "tpm/types.h"

struct hf_tpm_marshal {
    bool writing;
    struct hf_reader r; /* one of the two */
    struct hf_writer w;
    hf_err err; /* of writing; reading keeps its own */
};

struct hf_tpm_marshal hf_tpm_marshal_reading(struct hf_bytes in);
struct hf_tpm_marshal hf_tpm_marshal_writing(void *place, size_t size);

/* Reading: all of the input was used. `what` ("TPMT_PUBLIC") begins the error. */
hf_err hf_tpm_marshal_end(const struct hf_tpm_marshal *m, const char *what);

/* Writing: append what was written to `out`. */
hf_err hf_tpm_marshal_give(const struct hf_tpm_marshal *m, const char *what, struct hf_buf *out);

/* A value that cannot be: HF_E_FORMAT, or HF_E_UNSUPPORTED for an algorithm that is not known. */
void hf_tpm_marshal_fail(struct hf_tpm_marshal *m, hf_err err, const char *fmt, ...) HF_PRINTF(3, 4);

void hf_tpm_visit_u8(struct hf_tpm_marshal *m, uint8_t *v);
void hf_tpm_visit_u16(struct hf_tpm_marshal *m, uint16_t *v);
void hf_tpm_visit_u32(struct hf_tpm_marshal *m, uint32_t *v);
void hf_tpm_visit_u64(struct hf_tpm_marshal *m, uint64_t *v);
void hf_tpm_visit_yes_no(struct hf_tpm_marshal *m, uint8_t *v);
void hf_tpm_visit_bytes(struct hf_tpm_marshal *m, uint8_t *bytes, size_t n);

/* A TPM2B: its size, at most cap, and the bytes. */
void hf_tpm_visit_sized(struct hf_tpm_marshal *m, uint16_t *size, uint8_t *bytes, size_t cap);

/* The same for TPM2B_x with `buffer`. */
#define HF_TPM_VISIT_2B(m, b) hf_tpm_visit_sized((m), &(b)->size, (b)->buffer, sizeof((b)->buffer))
void hf_tpm_visit_name(struct hf_tpm_marshal *m, TPM2B_NAME *name);

/* TPMI_ALG_HASH, or TPMI_ALG_HASH+ with null_too. */
void hf_tpm_visit_hash(struct hf_tpm_marshal *m, uint16_t *alg, bool null_too);

void hf_tpm_visit_sym_object(struct hf_tpm_marshal *m, TPMT_SYM_DEF_OBJECT *sym);
void hf_tpm_visit_pcr_selection(struct hf_tpm_marshal *m, TPML_PCR_SELECTION *list);

#endif
