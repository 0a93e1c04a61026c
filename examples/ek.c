/* The endorsement key, and the certificates that the TPM's maker left. */
#include <holdfast/ek.h>
#include <stdio.h>

int main(void)
{
    static struct hf_tpm_ek_certificates certificates;
    struct hf_tpm *tpm = NULL;
    struct hf_tpm_key *ek = NULL;
    struct hf_buf pem = {0};
    hf_err err = hf_tpm_open(NULL, &tpm);

    if (err == HF_OK)
        err = hf_tpm_ek_open(tpm, HF_TPM_EK_P256, NULL, &ek);
    if (err == HF_OK)
        err = hf_tpm_key_public_pem(ek, &pem);
    if (err == HF_OK)
        err = hf_tpm_ek_certificates_read(tpm, &certificates);
    if (err == HF_OK)
        printf("%.*s%zu certificates\n", (int)pem.n, (const char *)pem.p, certificates.n);
    else
        fprintf(stderr, "%s\n", hf_err_detail());
    hf_tpm_ek_certificates_free(&certificates);
    hf_buf_free(&pem);
    hf_tpm_key_close(&ek);
    hf_tpm_close(&tpm);
    return hf_err_exit(err);
}
