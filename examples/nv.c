/* A few bytes kept in the TPM itself. */
#include <holdfast/nv.h>
#include <stdio.h>

int main(void)
{
    struct hf_tpm *tpm = NULL;
    struct hf_secret *out = NULL;
    struct hf_tpm_nv_spec spec = {.index = 0x01500042, .size = 5};
    hf_err err = hf_tpm_open(NULL, &tpm);

    if (err == HF_OK)
        err = hf_tpm_nv_define(tpm, &spec);
    if (err == HF_OK)
        err = hf_tpm_nv_write(tpm, spec.index, NULL, 0, hf_bytes_text("hello"));
    if (err == HF_OK)
        err = hf_tpm_nv_read(tpm, spec.index, NULL, 0, 5, &out);
    if (err == HF_OK)
        printf("%.*s\n", (int)hf_secret_expose(out).n, (const char *)hf_secret_expose(out).p);
    if (err == HF_OK)
        err = hf_tpm_nv_undefine(tpm, spec.index, NULL);
    if (err != HF_OK)
        fprintf(stderr, "%s\n", hf_err_detail());
    hf_secret_free(&out);
    hf_tpm_close(&tpm);
    return hf_err_exit(err);
}
