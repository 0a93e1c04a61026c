/* Names of what TPMs have: algorithms, curves, commands, properties (TCG Algorithm Registry; Part 2, 6). */
#ifndef HF_TPM_ALGORITHMS_H
#define HF_TPM_ALGORITHMS_H

#include "base/bytes.h"

#define HF_TPM_WORD 40

/* The name, or the number in hex where there is none. */
void hf_tpm_alg_word(uint32_t alg, char out[HF_TPM_WORD]);
void hf_tpm_curve_word(uint32_t curve, char out[HF_TPM_WORD]);
void hf_tpm_cc_word(uint32_t code, char out[HF_TPM_WORD]);
void hf_tpm_property_word(uint32_t property, char out[HF_TPM_WORD]);

/* TPMA_ALGORITHM, TPMA_CC and the value of a property, readable. */
void hf_tpm_alg_text(uint32_t attributes, char *out, size_t size);
void hf_tpm_cc_text(uint32_t attributes, char *out, size_t size);
void hf_tpm_property_text(uint32_t property, uint32_t value, char *out, size_t size);

/* "transient object", "NV index", ... of a handle's first byte. */
const char *hf_tpm_handle_word(uint32_t handle);

#endif
