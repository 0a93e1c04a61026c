/*
 * Platform configuration registers: read, extended, reset, predicted.
 *
 * A register only ever becomes H(old || digest). So its value vouches for a whole sequence of measurements,
 * and can be computed before they happen.
 *
 * Sources: TCG TPM 2.0 Library, Part 3, section 22; TCG PC Client Platform Firmware Profile 1.06.
 */
#ifndef HOLDFAST_PCR_H
#define HOLDFAST_PCR_H

#include <holdfast/eventlog.h>
#include <holdfast/tpm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A digest for one bank. */
struct hf_pcr_digest {
    uint16_t alg; /* TPM_ALG_ID: 4 SHA-1, 0xb SHA-256, 0xc SHA-384, 0xd SHA-512 */
    uint16_t n;   /* bytes: that hash's size */
    uint8_t bytes[HF_PCR_SIZE_MAX];
};

/*
 * One register.
 *
 *   bank   "sha256"; NULL means that
 *   index  0 to 23
 *   out    replaced by the value: 20 to 64 bytes
 *
 * HF_E_UNSUPPORTED where the TPM has no such bank.
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_read_pcr(struct hf_tpm *tpm, const char *bank, unsigned index, struct hf_buf *out);

/*
 * Many registers, as they were at one moment: what takes several commands is read again when a register
 * changed in between. (The TPM does not count changes of 16 and 21 to 23, PC Client PTP 3.6; a quote covers
 * those at one moment.)
 *
 *   selection  "sha256:0,1,7+sha384:16", "sha256:all"; NULL: every register of every bank
 *
 * Returns HF_OK, or
 *   HF_E_ARG          the selection is not one; the detail has the position
 *   HF_E_UNSUPPORTED  the TPM lacks a bank or register that is named
 *   HF_E_BUSY         registers changed during each of several attempts
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_read_pcrs(struct hf_tpm *tpm, const char *selection, struct hf_pcrs *out);

/*
 * Extend a register by the hash of data, in every bank that is allocated: value = H(value || H(data)).
 *
 *   index  0 to 23
 *   data   any length; hashed here, with each bank's hash
 *
 * Returns HF_OK, or
 *   HF_E_DENIED       this locality may not extend the register
 *   HF_E_UNSUPPORTED  the TPM has a bank of a hash that is not known here: give digests
 */
HF_API HF_MUST_CHECK hf_err hf_tpm_extend_pcr(struct hf_tpm *tpm, unsigned index, struct hf_bytes data);

/* Extend by digests that are made already, at most one for each bank. Banks without one stay as they are:
 * anybody may then extend them to any value, so give one for each. */
HF_API HF_MUST_CHECK hf_err hf_tpm_extend_pcr_digests(struct hf_tpm *tpm, unsigned index,
                                                      const struct hf_pcr_digest *digests, size_t n);

/* Back to its start, in every bank: 16 and 23 as a rule; HF_E_DENIED where the locality does not permit it. */
HF_API HF_MUST_CHECK hf_err hf_tpm_pcr_reset(struct hf_tpm *tpm, unsigned index);

/* A change to what an event log says, for a prediction. */
struct hf_pcr_change {
    enum { HF_PCR_REPLACE, HF_PCR_EXTEND } kind;
    uint32_t at; /* replace: the event's number, from 0 for the header; extend: the register */
    size_t n;    /* digests */
    struct hf_pcr_digest digest[HF_PCR_BANKS_MAX];
};

/*
 * The values that registers will have when a log's events come out differently: events replaced (a new boot
 * loader, kernel or command line), and more extended at the end. Pure.
 *
 *   log      a TCG event log, raw
 *   changes  a replaced event keeps its place. A bank without a digest in a change loses its value of that
 *            register: it cannot be known
 *   out      as hf_eventlog_replay gives it
 *
 * HF_E_NOT_FOUND for an event that the log does not have; HF_E_ARG for one that extends nothing; errors of
 * hf_eventlog_replay.
 */
HF_API HF_MUST_CHECK hf_err hf_pcr_predict(struct hf_bytes log, const struct hf_pcr_change *changes, size_t n,
                                           struct hf_eventlog *out);

/* The same from values as they are now, without a log: changes of kind HF_PCR_EXTEND alone. */
HF_API HF_MUST_CHECK hf_err hf_pcr_predict_from(const struct hf_pcrs *now, const struct hf_pcr_change *changes,
                                                size_t n, struct hf_pcrs *out);

/* The digests of data in the banks of `pcrs`: what hf_tpm_extend_pcr extends. */
HF_API HF_MUST_CHECK hf_err hf_pcr_change_data(struct hf_bytes data, const uint16_t *algs, size_t n_algs,
                                               struct hf_pcr_change *out);

#ifdef __cplusplus
}
#endif
#endif
