/* Quotes as an operation. */
#include "base/cleanup.h"
#include "core/tpm_attest.h"

struct quoting {
    const struct hf_core_key *ref;
    const char *selection;
    struct hf_bytes nonce;
    const struct hf_tpm_signing *how;
    struct hf_core_quote *out;
};

void hf_core_quote_free(struct hf_core_quote *quote)
{
    hf_tpm_statement_free(&quote->statement);
    hf_buf_free(&quote->ak_public);
}

static hf_err work(struct hf_core *core, void *arg)
{
    HF_CLEANUP(hf_tpm_key_close) struct hf_tpm_key *key = NULL;
    const struct quoting *q = arg;
    struct hf_tpm_key_info info;

    HF_TRY(hf_core_key_open(core, q->ref, &key));
    hf_tpm_key_info(key, &info);
    HF_TRY(hf_buf_set(&q->out->ak_public, info.public_area));
    return hf_tpm_quote_pcrs(key, q->selection, q->nonce, q->how, &q->out->statement, &q->out->pcrs);
}

hf_err hf_core_tpm_quote(struct hf_core *core, const struct hf_who *who, const struct hf_core_key *ref,
                         const char *selection, struct hf_bytes nonce, const struct hf_tpm_signing *how,
                         struct hf_core_quote *out)
{
    HF_CLEANUP(hf_core_quote_free) struct hf_core_quote made = {0};
    struct quoting q = {ref, selection, nonce, how, &made};

    HF_TRY(hf_core_do(core, who, HF_OP_TPM_QUOTE, ref->label, work, &q));
    hf_core_quote_free(out);
    *out = made;
    made = (struct hf_core_quote){0};
    return HF_OK;
}
