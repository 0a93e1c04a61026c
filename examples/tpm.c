/* Which TPM is this, and how well is the way to it protected? */
#include <holdfast/tpm.h>
#include <stdio.h>

int main(void)
{
    struct hf_tpm *tpm = NULL;
    struct hf_tpm_info info;
    hf_err err = hf_tpm_open(NULL, &tpm);

    if (err == HF_OK)
        err = hf_tpm_info_get(tpm, &info);
    if (err == HF_OK)
        printf("%s by %s, environment: %s, bus: %s\n", info.uri, info.manufacturer,
               hf_tpm_environment_name(info.environment), hf_tpm_bus_name(info.bus));
    else
        fprintf(stderr, "%s\n", hf_err_detail());
    hf_tpm_close(&tpm);
    return hf_err_exit(err);
}
