/*
 * Recordings of what passed between holdfast and a TPM: `record:FILE:URI` appends to one, and
 * `replay:FILE` answers from one. A recording holds the wire as it was: with parameter encryption
 * turned off, secrets too, hence mode 0600. All numbers are big-endian.
 *
 *    0  8  "HFTPMREC"
 *    8  4  version, 1
 *   12  4  flags: 1 where the recorded TPM had a resource manager; all others 0
 * and then for each record
 *    0  1  direction: 0 command, 1 response
 *    1  8  nanoseconds of a clock that only moves forward
 *    9  4  length
 *   13  n  the bytes: 10 to 4,096 of a command, 0 to 4,096 of a response
 *
 * A response follows its command. A command that no response follows is one that failed on the way.
 */
#ifndef HF_TPM_RECORDING_H
#define HF_TPM_RECORDING_H

#include "base/bytes.h"
#include "tpm/transport.h"

#define HF_TPM_RECORDING_MAGIC "HFTPMREC"
#define HF_TPM_RECORDING_VERSION 1u
#define HF_TPM_RECORDING_HEADER 16u
#define HF_TPM_RECORDING_MAX ((size_t)256 << 20)

struct hf_tpm_exchange {
    uint64_t sent_ns;
    uint64_t answered_ns;     /* 0 when there was no answer */
    struct hf_bytes command;  /* inside the input */
    struct hf_bytes response; /* inside the input; meaningful where answered */
    bool answered;
};

struct hf_tpm_recording {
    bool managed;
    struct hf_tpm_exchange *exchanges;
    size_t n;
};

/* The whole of `in`, which must outlive the recording. */
hf_err hf_tpm_recording_parse(struct hf_bytes in, struct hf_tpm_recording *out);
void hf_tpm_recording_free(struct hf_tpm_recording *r);

/* The same bytes again. */
hf_err hf_tpm_recording_write(const struct hf_tpm_recording *r, struct hf_buf *out);

/* Its pieces, for writing while it happens. */
enum hf_tpm_direction { HF_TPM_SENT = 0, HF_TPM_RECEIVED = 1 };
hf_err hf_tpm_recording_header_parse(struct hf_bytes in, bool *managed);
hf_err hf_tpm_recording_header_write(bool managed, struct hf_buf *out);
hf_err hf_tpm_recording_record_write(enum hf_tpm_direction direction, uint64_t ns, struct hf_bytes bytes,
                                     struct hf_buf *out);

#endif
