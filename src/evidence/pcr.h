/*
 * Platform configuration registers: which ones (a selection, as text and as TPML_PCR_SELECTION) and
 * what they hold. TPM 2.0 Library Specification Part 2, 10.6.1 and 10.9.7; text as tpm2-tools writes it.
 */
#ifndef HF_EVIDENCE_PCR_H
#define HF_EVIDENCE_PCR_H

#include "base/bytes.h"
#include "base/reader.h"
#include "base/writer.h"
#include "crypto/hash.h"

#include <holdfast/eventlog.h>

/* Banks in the order in which they were named: a quote hashes its registers in that order. Each bank
 * occurs once; bit i of `mask` stands for PCR i. A bank without registers is kept as it was received. */
struct hf_pcr_selection {
    size_t n;
    struct hf_pcr_select {
        uint16_t alg; /* TPM_ALG_ID */
        uint8_t size; /* bytes of the bitmap as received: 1 to 4; 3 where we write it */
        uint32_t mask;
    } bank[HF_PCR_BANKS_MAX];
};

/*
 * "sha256:0,1,7+sha384:16"; "sha256:all" for 0 to 23. No spaces, no ranges; a register twice, a bank
 * twice, an empty bank are refused. HF_E_ARG names the position, counted from 1.
 */
hf_err hf_pcr_selection_parse(const char *text, struct hf_pcr_selection *out);

/* The same text, banks in the order they have here; banks without registers are left out. */
hf_err hf_pcr_selection_print(const struct hf_pcr_selection *sel, struct hf_buf *out);

/* The same into a fixed place, cut where it does not fit; every selection fits HF_PCR_SELECTION_TEXT bytes. */
#define HF_PCR_SELECTION_TEXT 768
void hf_pcr_selection_text(const struct hf_pcr_selection *sel, char *place, size_t size);

/* TPML_PCR_SELECTION. Reading keeps the order; a bank that comes twice, bits of PCR 24 and above, and
 * more than HF_PCR_BANKS_MAX banks fail the reader. */
void hf_pcr_selection_read(struct hf_reader *r, struct hf_pcr_selection *out);
void hf_pcr_selection_write(const struct hf_pcr_selection *sel, struct hf_writer *w);

/* Banks by ascending algorithm number, empty ones dropped, bitmaps of 3 bytes: one form for one meaning. */
void hf_pcr_selection_sort(struct hf_pcr_selection *sel);

/* The same registers of the same banks, in whatever order. */
bool hf_pcr_selection_same(const struct hf_pcr_selection *a, const struct hf_pcr_selection *b);

/* Registers selected, over all banks. */
size_t hf_pcr_selection_count(const struct hf_pcr_selection *sel);

/* The registers that hold a value here, as a selection. */
void hf_pcrs_selection(const struct hf_pcrs *pcrs, struct hf_pcr_selection *out);

/* A bank by its algorithm: NULL where there is none. */
const struct hf_pcr_bank *hf_pcrs_bank(const struct hf_pcrs *pcrs, uint16_t alg);

/* A value by bank and register; an empty view where it is not known. */
struct hf_bytes hf_pcrs_value(const struct hf_pcrs *pcrs, uint16_t alg, unsigned pcr);

/* Put a value: HF_E_UNSUPPORTED for an unknown algorithm, HF_E_FORMAT for a wrong length or register. */
hf_err hf_pcrs_put(struct hf_pcrs *pcrs, uint16_t alg, unsigned pcr, struct hf_bytes value);

/* The value a register has before its first extend, into `out` of `size` bytes: all ones for 17 to 22,
 * which only a dynamic launch sets to zero, and zero for the rest (PC Client PTP, 3.6). */
void hf_pcr_reset_value(unsigned pcr, size_t size, uint8_t *out);

/* "sha256", or the number in hex where it has no name: into a place of at least HF_ALG_TEXT bytes. */
#define HF_ALG_TEXT 12
const char *hf_pcr_alg_text(uint16_t alg, char place[HF_ALG_TEXT]);

/*
 * H(the selected values, in the order of the selection): TPMS_QUOTE_INFO.pcrDigest.
 * HF_E_NOT_FOUND names the first selected register that has no value.
 */
hf_err hf_pcrs_digest(const struct hf_pcrs *pcrs, const struct hf_pcr_selection *sel, enum hf_hash_alg alg,
                      struct hf_digest *out);

#endif
