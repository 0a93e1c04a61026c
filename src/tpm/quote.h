/* What quotes, certificates and NV certificates share: how they are asked for, and read. */
#ifndef HF_TPM_QUOTE_H
#define HF_TPM_QUOTE_H

#include "evidence/pcr.h"
#include "tpm/key.h"

#include <holdfast/quote.h>

/* The signer as a later handle of a command: ready and authorized. */
struct hf_tpm_signer {
    struct hf_tpm_key *key;
    struct hf_tpm_sig_choice how;
    struct hf_bytes nonce;
    struct hf_tpm_session *session; /* its policy's; closed by the caller */
};

/* The key, scheme and nonce, checked before anything is sent. */
hf_err hf_tpm_signer_make(struct hf_tpm_key *key, const struct hf_tpm_signing *how, struct hf_bytes nonce,
                          struct hf_tpm_signer *out);

/* Add the signer as the next authorized handle. The connection is taken. */
hf_err hf_tpm_signer_handle(struct hf_tpm_signer *signer, struct hf_tpm_call *c);

/* inScheme: TPMT_SIG_SCHEME. */
void hf_tpm_signer_scheme(const struct hf_tpm_signer *signer, struct hf_writer *w);

/*
 * The rest of a response: TPM2B_ATTEST and TPMT_SIGNATURE, of this type (TPM2_ST_ATTEST_*) and over this
 * nonce; `attest` receives what was read. HF_E_DEVICE where the TPM answered something else.
 */
hf_err hf_tpm_statement_read(struct hf_reader *r, const struct hf_tpm_signer *signer, uint16_t type,
                             struct hf_tpm_statement *out, TPMS_ATTEST *attest);

/* Move a statement to an output, whose old content is freed. */
void hf_tpm_statement_move(struct hf_tpm_statement *from, struct hf_tpm_statement *to);

/* hf_tpm_quote_pcrs with a parsed selection. */
hf_err hf_tpm_quote_selection(struct hf_tpm_key *key, const struct hf_pcr_selection *sel, struct hf_bytes nonce,
                              const struct hf_tpm_signing *how, struct hf_tpm_statement *out, struct hf_pcrs *pcrs);

#endif
