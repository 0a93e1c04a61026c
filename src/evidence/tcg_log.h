/*
 * TCG event log, as a cursor that allocates nothing: the crypto-agile format (TCG PC Client Platform
 * Firmware Profile 1.06, 10), the SHA-1 format of TPM 1.2, and the confidential computing event log
 * (UEFI 2.10, 38.4), whose events have the agile form with register indices of their own.
 *
 *     HF_TRY(hf_tcg_log_open(bytes, &log));
 *     while (hf_tcg_log_next(&log, &event))
 *         ...
 *     HF_TRY(hf_tcg_log_end(&log));
 */
#ifndef HF_EVIDENCE_TCG_LOG_H
#define HF_EVIDENCE_TCG_LOG_H

#include "base/bytes.h"
#include "base/reader.h"
#include "crypto/hash.h"

#include <holdfast/eventlog.h>

#define HF_TCG_ALGS_MAX HF_PCR_BANKS_MAX

/* One digest of an event, inside the log. */
struct hf_tcg_digest {
    uint16_t alg; /* TPM_ALG_ID */
    struct hf_bytes bytes;
};

struct hf_tcg_event {
    uint32_t number; /* from 0; the header event counts */
    size_t offset;   /* of its first byte in the log */
    bool header;     /* the Spec ID event: always in the SHA-1 form, never extended */
    uint32_t reg;    /* PCRIndex, or the CC measurement register's index */
    uint32_t type;   /* EV_* */
    size_t n_digests;
    struct hf_tcg_digest digest[HF_TCG_ALGS_MAX];
    struct hf_bytes data;
    struct hf_bytes tail; /* of the header alone: vendor information that its size does not count */
};

struct hf_tcg_log {
    struct hf_reader r;
    enum hf_eventlog_kind kind;
    bool agile;
    size_t n_algs; /* of the header; 1 (SHA-1) for the old format */
    struct hf_tcg_alg {
        uint16_t alg;
        uint16_t size;
    } alg[HF_TCG_ALGS_MAX];
    /* from the Spec ID event */
    uint32_t platform_class;
    uint8_t version_major, version_minor, errata, uintn_size;
    struct hf_bytes vendor_info;
    bool vendor_info_outside; /* it lies behind the header event, whose size does not count it */
    struct hf_bytes padding;  /* 0xff or zero bytes behind the last event: known at the end */
    uint32_t next;            /* number of the next event */
    struct hf_tcg_event first;
};

/* Start: reads the first event, which says what format this is. Views stay inside `in`. */
hf_err hf_tcg_log_open(struct hf_bytes in, struct hf_tcg_log *out);

/* The next event, the header first. False at the end and at a failure. */
bool hf_tcg_log_next(struct hf_tcg_log *log, struct hf_tcg_event *out);

/* HF_OK when all bytes were used, or what was wrong. */
hf_err hf_tcg_log_end(const struct hf_tcg_log *log);

/* A digest of an event by algorithm; an empty view where it has none. */
struct hf_bytes hf_tcg_event_digest(const struct hf_tcg_event *event, uint16_t alg);

/* Append an event in the form that this log has. */
hf_err hf_tcg_event_write(const struct hf_tcg_log *log, const struct hf_tcg_event *event, struct hf_buf *out);

/*
 * Append a log's bytes from what came in as raw, hex or base64 (line breaks allowed). Nothing but the
 * form is looked at: what does not start as a log does is tried as text.
 */
hf_err hf_tcg_log_decode(struct hf_bytes in, struct hf_buf *out);

#endif
