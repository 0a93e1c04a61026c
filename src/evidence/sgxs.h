/*
 * An SGXS stream: how an enclave is built, record by record, and so its MRENCLAVE. Intel SDM volume 3D, 38.1.2 and
 * the ECREATE, EADD, EEXTEND pages: MRENCLAVE is SHA-256 over exactly these bytes.
 */
#ifndef HF_EVIDENCE_SGXS_H
#define HF_EVIDENCE_SGXS_H

#include "base/reader.h"

enum hf_sgxs_kind { HF_SGXS_ECREATE, HF_SGXS_EADD, HF_SGXS_EEXTEND };

struct hf_sgxs_record {
    enum hf_sgxs_kind kind;
    uint32_t ssa_frame_size; /* ECREATE: pages */
    uint64_t size;           /* ECREATE: bytes of the enclave, a power of two */
    uint64_t offset;         /* EADD, EEXTEND: from the enclave's base */
    struct hf_bytes secinfo; /* EADD: 48 bytes */
    struct hf_bytes data;    /* EEXTEND: the 256 bytes that are measured */
};

/* A cursor that allocates nothing. */
struct hf_sgxs {
    struct hf_reader r;
    uint64_t size; /* of the enclave */
    bool created;
};
struct hf_sgxs hf_sgxs_open(struct hf_bytes in);

/* The next record. False at the end and at a failure; hf_sgxs_end tells which. */
bool hf_sgxs_next(struct hf_sgxs *s, struct hf_sgxs_record *out);
hf_err hf_sgxs_end(const struct hf_sgxs *s);

/* Append a record. */
hf_err hf_sgxs_write(const struct hf_sgxs_record *record, struct hf_buf *out);

/* MRENCLAVE of a whole stream. HF_E_FORMAT where a record does not fit: no ECREATE first, an offset that is not aligned
 * or outside. */
hf_err hf_sgxs_mr_enclave(struct hf_bytes in, uint8_t out[32]);

#endif
