/* A policy from its text, bound to the TPM's present registers, and its digest. */
#include <holdfast/policy.h>
#include <stdio.h>

int main(void)
{
    struct hf_policy *policy = NULL;
    struct hf_tpm *tpm = NULL;
    struct hf_buf digest = {0};
    hf_err err = hf_policy_parse(hf_bytes_text("pcr sha256:7,16; authvalue"), &policy);

    if (err == HF_OK)
        err = hf_tpm_open(NULL, &tpm);
    if (err == HF_OK)
        err = hf_policy_bind_tpm(policy, tpm);
    if (err == HF_OK)
        err = hf_policy_digest(policy, "sha256", &digest);
    for (size_t i = 0; err == HF_OK && i < digest.n; i++)
        printf("%02x%s", digest.p[i], i + 1 < digest.n ? "" : "\n");
    if (err != HF_OK)
        fprintf(stderr, "%s\n", hf_err_detail());
    hf_buf_free(&digest);
    hf_policy_free(&policy);
    hf_tpm_close(&tpm);
    return hf_err_exit(err);
}
