/* A relay between stdin/stdout and the embedded TPM of a directory: for tpm2-tools' TCTI "cmd:". */
#include "tpm/embedded.h"

#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const struct hf_tpm_where where = {.rest = argc > 1 ? argv[1] : ""};
    hf_err err = hf_embedded_relay(STDIN_FILENO, STDOUT_FILENO, &where);

    if (err != HF_OK)
        (void)fprintf(stderr, "%s: %s\n", argv[0], hf_err_detail());
    return hf_err_exit(err);
}
