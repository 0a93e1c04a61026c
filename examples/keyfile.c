/* Write a key as a PEM file that other programs read, and load it again. */
#include <holdfast/keyfile.h>
#include <stdio.h>

int main(void)
{
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};
    struct hf_tpm *tpm = NULL;
    struct hf_tpm_key *made = NULL;
    struct hf_tpm_key *loaded = NULL;
    struct hf_buf pem = {0};
    hf_err err = hf_tpm_open(NULL, &tpm);

    if (err == HF_OK)
        err = hf_tpm_generate_key_pair(tpm, NULL, &spec, &made);
    if (err == HF_OK)
        err = hf_tpm_key_to_pem(made, &pem);
    if (err == HF_OK)
        err = hf_tpm_key_from_pem(tpm, hf_buf_bytes(&pem), &loaded);
    if (err == HF_OK)
        fwrite(pem.p, 1, pem.n, stdout);
    else
        fprintf(stderr, "%s\n", hf_err_detail());
    hf_tpm_key_close(&loaded);
    hf_tpm_key_close(&made);
    hf_buf_free(&pem);
    hf_tpm_close(&tpm);
    return hf_err_exit(err);
}
