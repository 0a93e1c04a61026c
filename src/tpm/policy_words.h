/* The words of the policy language: one table each, read by the parser, the printer and the manual. */
#ifndef HF_TPM_POLICY_WORDS_H
#define HF_TPM_POLICY_WORDS_H

#include "tpm/policy_tree.h"

struct hf_policy_word {
    const char *word;
    uint32_t value;
};

/* "pcr"; never NULL. */
const char *hf_policy_kind_word(enum hf_policy_kind kind);

/* The row of a word, or of a value; NULL when there is none. Tables end with a NULL word. */
const struct hf_policy_word *hf_policy_word_find(const struct hf_policy_word *table, struct hf_bytes word);
const struct hf_policy_word *hf_policy_word_of(const struct hf_policy_word *table, uint32_t value);

extern const struct hf_policy_word hf_policy_kinds[];       /* enum hf_policy_kind */
extern const struct hf_policy_word hf_policy_operations[];  /* TPM2_EO_* */
extern const struct hf_policy_word hf_policy_hierarchies[]; /* TPM2_RH_* */
extern const struct hf_policy_word hf_policy_commands[];    /* TPM2_CC_*, those that authorize something */

/* TPMS_TIME_INFO as PolicyCounterTimer sees it: 25 bytes (Part 2, 10.11.6). */
#define HF_POLICY_TIME_INFO 25
struct hf_policy_time_field {
    const char *word;
    uint16_t offset;
    uint16_t size;
};
extern const struct hf_policy_time_field hf_policy_time_fields[];

#endif
