/* How far a TPM is from locking its users out. */
#include <holdfast/platform.h>
#include <stdio.h>

int main(void)
{
    struct hf_tpm *tpm = NULL;
    struct hf_tpm_lockout lockout;
    hf_err err = hf_tpm_open(NULL, &tpm);

    if (err == HF_OK)
        err = hf_tpm_lockout_get(tpm, &lockout);
    if (err == HF_OK)
        printf("%u of %u tries left\n", (unsigned)lockout.tries_left, (unsigned)lockout.max_tries);
    else
        fprintf(stderr, "%s\n", hf_err_detail());
    hf_tpm_close(&tpm);
    return hf_err_exit(err);
}
