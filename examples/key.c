/* Make a key that stays in the TPM, sign with it, verify. */
#include <holdfast/key.h>
#include <stdio.h>

static hf_err sign_and_verify(struct hf_tpm_key *key)
{
    struct hf_bytes text = hf_bytes_text("a message of any length");
    struct hf_buf signature = {0};
    hf_err err = hf_tpm_sign(key, text, HF_TPM_SCHEME_DEFAULT, 0, &signature);

    if (err == HF_OK)
        err = hf_tpm_verify_signature(key, text, hf_buf_bytes(&signature), HF_TPM_SCHEME_DEFAULT, 0);
    if (err == HF_OK)
        printf("%zu bytes, verified\n", signature.n);
    hf_buf_free(&signature);
    return err;
}

int main(void)
{
    struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};
    struct hf_tpm *tpm = NULL;
    struct hf_tpm_key *key = NULL;
    hf_err err = hf_tpm_open(NULL, &tpm);

    if (err == HF_OK)
        err = hf_tpm_generate_key_pair(tpm, NULL, &spec, &key);
    if (err == HF_OK)
        err = sign_and_verify(key);
    if (err != HF_OK)
        fprintf(stderr, "%s\n", hf_err_detail());
    hf_tpm_key_close(&key);
    hf_tpm_close(&tpm);
    return hf_err_exit(err);
}
