/* What is persistent in this TPM, and a loaded key handed to tpm2-tools: tpm2_sign -c key.ctx ... */
#include <holdfast/objects.h>
#include <stdio.h>

static hf_err show(void *arg, const struct hf_tpm_object *object)
{
    (void)arg;
    (void)printf("0x%08x  %-9s %s%s\n", (unsigned)object->handle, object->algorithm, object->kind, object->system ? " (system)" : "");
    return HF_OK;
}

static hf_err save_context(struct hf_tpm *tpm, struct hf_buf *out)
{
    const struct hf_tpm_key_spec spec = {.algorithm = "ecc-p256"};
    struct hf_tpm_key *key = NULL;
    hf_err err = hf_tpm_generate_key_pair(tpm, NULL, &spec, &key);

    if (err == HF_OK)
        err = hf_tpm_key_to_context(key, out);
    hf_tpm_key_close(&key);
    return err;
}

int main(void)
{
    struct hf_tpm *tpm = NULL;
    struct hf_buf context = {0};
    hf_err err = hf_tpm_open(NULL, &tpm);

    if (err == HF_OK)
        err = save_context(tpm, &context);
    if (err == HF_OK)
        err = hf_tpm_persistent_each(tpm, show, NULL);
    if (err == HF_OK)
        (void)printf("a saved context of %zu bytes\n", context.n);
    else
        (void)fprintf(stderr, "%s\n", hf_err_detail());
    hf_buf_free(&context);
    hf_tpm_close(&tpm);
    return hf_err_exit(err);
}
