/* Have the TPM state its registers, signed over a fresh nonce. */
#include <holdfast/quote.h>
#include <stdio.h>

int main(void)
{
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256", .use = HF_TPM_USE_ATTEST};
    struct hf_tpm *tpm = NULL;
    struct hf_tpm_key *key = NULL;
    struct hf_tpm_statement quote = {0};
    struct hf_pcrs pcrs;
    hf_err err = hf_tpm_open(NULL, &tpm);

    if (err == HF_OK)
        err = hf_tpm_generate_key_pair(tpm, NULL, &spec, &key);
    if (err == HF_OK) /* the verifier chooses the nonce */
        err = hf_tpm_quote_pcrs(key, "sha256:0,1,7", hf_bytes_text("16 fresh bytes.."), NULL, &quote, &pcrs);
    if (err == HF_OK)
        printf("%zu bytes, signed in %zu; restricted: %s\n", quote.attest.n, quote.signature.n,
               quote.restricted ? "yes" : "no");
    else
        fprintf(stderr, "%s\n", hf_err_detail());
    hf_tpm_statement_free(&quote);
    hf_tpm_key_close(&key);
    hf_tpm_close(&tpm);
    return hf_err_exit(err);
}
