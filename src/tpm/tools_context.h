/*
 * Object contexts as tpm2-tools 4 and later save them (`tpm2_load -c key.ctx`): the TPM's own saved context
 * with the public part that ESYS keeps beside it. Big-endian throughout.
 */
#ifndef HF_TPM_TOOLS_CONTEXT_H
#define HF_TPM_TOOLS_CONTEXT_H

#include "tpm/types.h"

#define HF_TOOLS_CONTEXT_MAGIC 0xbadcc0deu
#define HF_TOOLS_CONTEXT_MAX ((size_t)16 * 1024)

struct hf_tools_context {
    uint32_t hierarchy;    /* TPM2_RH_* */
    uint32_t saved_handle; /* 0x80000000; 0x80000001 a sequence, 0x80000002 an stClear object (Part 2, 14.3) */
    uint64_t sequence;
    struct hf_bytes context; /* TPM2B_CONTEXT_DATA without its size: only the TPM can read it */
    uint16_t metadata_size;  /* ESYS writes 0 and does not look at it */
    uint32_t esys_handle;    /* the handle when it was saved */
    struct hf_bytes name;
    struct hf_bytes public_area; /* TPMT_PUBLIC */
};

/* Does a file begin as one? */
bool hf_tools_context_is(struct hf_bytes file);

/*
 * Views into the input. The Name must be the public area's.
 *
 *   HF_E_FORMAT, HF_E_TRUNCATED, HF_E_TRAILING  it is damaged
 *   HF_E_UNSUPPORTED                            a saved session, or another version
 *   HF_E_INTEGRITY                              the Name is not the public area's
 */
hf_err hf_tools_context_parse(struct hf_bytes in, struct hf_tools_context *out);

/* out is replaced. */
hf_err hf_tools_context_write(const struct hf_tools_context *ctx, struct hf_buf *out);

#endif
