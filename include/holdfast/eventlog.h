/*
 * Event logs: what firmware, boot loaders and the kernel say they measured, and which register values
 * follow from it. Nothing here is proof by itself: compare the values with a quote.
 *
 * Sources: TCG PC Client Platform Firmware Profile 1.06 (crypto-agile format and the SHA-1 format of
 * TPM 1.2); UEFI 2.10, 38.4 (confidential computing event log, CCEL); Linux IMA template formats.
 *
 * All functions are pure: bytes in, result out; no file, no clock, no TPM. Safe from several threads.
 */
#ifndef HOLDFAST_EVENTLOG_H
#define HOLDFAST_EVENTLOG_H

#include <holdfast/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HF_PCR_COUNT 24
#define HF_PCR_BANKS_MAX 8
#define HF_PCR_SIZE_MAX 64

/* Values of registers, one bank per hash algorithm. Bit i of `mask` says that value[i] is known. */
struct hf_pcrs {
    size_t n;
    struct hf_pcr_bank {
        uint16_t alg;  /* TPM_ALG_ID: 4 SHA-1, 0xb SHA-256, 0xc SHA-384, 0xd SHA-512, 0x12 SM3-256 */
        uint16_t size; /* bytes of each value */
        uint32_t mask;
        uint8_t value[HF_PCR_COUNT][HF_PCR_SIZE_MAX];
    } bank[HF_PCR_BANKS_MAX];
};

/* Something in a log that a careful reader would want to know. It does not change the values. */
struct hf_finding {
    uint32_t event; /* number of the event, from 0 for the header */
    char text[160];
};
#define HF_FINDINGS_MAX 64

enum hf_eventlog_kind {
    HF_EVENTLOG_TPM, /* registers are PCRs 0 to 23 */
    HF_EVENTLOG_CC,  /* registers are 0: MRTD, which a log never extends, and 1 to 4: RTMR0 to RTMR3 */
};

struct hf_eventlog {
    enum hf_eventlog_kind kind;
    bool agile;               /* several banks; otherwise the SHA-1 format of TPM 1.2 */
    uint32_t events;          /* the header event included */
    uint8_t locality;         /* from which PCR 0 started: 0, 3 or 4 as a rule */
    struct hf_pcrs pcrs;      /* every register that an event extended; for HF_EVENTLOG_CC by log index */
    uint32_t digests_checked; /* digests that are defined over the event's own data, and were compared */
    uint32_t digests_differ;  /* of these, how many do not match it: each is a finding */
    uint32_t findings;        /* how many there were; the first HF_FINDINGS_MAX are kept */
    struct hf_finding finding[HF_FINDINGS_MAX];
};

/*
 * Replay a log (raw bytes) into the values its registers must have.
 *
 *   log  the whole log; padding of 0xff bytes or zeros behind the last event is accepted
 *
 * Takes about one hash of 64 bytes per event and bank. Returns HF_OK, or
 *   HF_E_TRUNCATED    the last event is cut
 *   HF_E_FORMAT       it is not a log, or an event contradicts the header; the detail names the event
 *   HF_E_UNSUPPORTED  a bank's hash is not known, so its values cannot be computed
 */
HF_API HF_MUST_CHECK hf_err hf_eventlog_replay(struct hf_bytes log, struct hf_eventlog *out);

/* What a Linux IMA measurement list amounts to. Counts are of the entries that a wanted value vouches for,
 * or of all when none was given or found. */
struct hf_ima {
    uint32_t entries;               /* in the whole list, for the register asked for */
    uint32_t matched;               /* from the start, after which the register had the wanted value; may be 0 */
    bool matches;                   /* there is such a point */
    bool padded;                    /* the bank was extended with SHA-1 padded with zeros (Linux before 5.8) */
    uint32_t violations;            /* entries with a zero digest: a file was changed while it was measured */
    uint32_t differ;                /* entries whose digest is not that of their own data */
    uint32_t first_differ;          /* number of the first of them, from 0 */
    uint32_t other_pcr;             /* entries for other registers, passed over */
    uint8_t value[HF_PCR_SIZE_MAX]; /* the register: as wanted when it matches, else after the whole list */
    /* where a later call goes on: behind what matched, or at the end */
    struct hf_ima_state {
        uint64_t offset;
        uint32_t entries, other_pcr;
        uint8_t exact[HF_PCR_SIZE_MAX];
        uint8_t padded[HF_PCR_SIZE_MAX];
    } state;
};

/*
 * Replay an IMA measurement list, binary (binary_runtime_measurements) or text
 * (ascii_runtime_measurements), and look for the point at which the register had a quoted value. The
 * kernel goes on measuring while a quote is made, so a list that is ahead of the quote is fine.
 *
 *   list  all of it, raw; binary ones little-endian (ima_canonical_fmt on other machines)
 *   pcr   the register: 10 unless the kernel was told otherwise
 *   alg   TPM_ALG_ID of the bank
 *   want  the quoted value, or no bytes to replay only
 *   from  what an earlier call with the same list, register and bank gave: its entries are not
 *         replayed again; NULL to start at the beginning. `list` has what came since behind it
 *
 * Returns HF_OK when the wanted value was found or none was asked for, or
 *   HF_E_MISMATCH     no point of the list gives it; out is filled in all the same
 *   HF_E_ARG          `want` is not as long as the bank's hash, or `from` is not of this list
 *   HF_E_TRUNCATED, HF_E_FORMAT  it is not a list; the detail names the entry and its offset
 *   HF_E_UNSUPPORTED  the bank's hash is not known, or a template that cannot be read from text
 */
HF_API HF_MUST_CHECK hf_err hf_ima_replay(struct hf_bytes list, unsigned pcr, uint16_t alg, struct hf_bytes want,
                                          const struct hf_ima *from, struct hf_ima *out);

#ifdef __cplusplus
}
#endif
#endif
