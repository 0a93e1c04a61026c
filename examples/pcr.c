/* Extend a register that is for experiments, and read it. */
#include <holdfast/pcr.h>
#include <stdio.h>

int main(void)
{
    struct hf_tpm *tpm = NULL;
    struct hf_buf value = {0};
    hf_err err = hf_tpm_open(NULL, &tpm);

    if (err == HF_OK)
        err = hf_tpm_extend_pcr(tpm, 16, hf_bytes_text("Measurement data"));
    if (err == HF_OK)
        err = hf_tpm_read_pcr(tpm, "sha256", 16, &value);
    for (size_t i = 0; err == HF_OK && i < value.n; i++)
        printf("%02x%s", value.p[i], i + 1 < value.n ? "" : "\n");
    if (err != HF_OK)
        fprintf(stderr, "%s\n", hf_err_detail());
    hf_buf_free(&value);
    hf_tpm_close(&tpm);
    return hf_err_exit(err);
}
