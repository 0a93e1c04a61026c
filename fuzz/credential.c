/* Credential files: what is accepted is written as the same bytes. */
#include "tpm/credential.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_tpm_credential c;
    enum hf_tpm_ek_kind kind;

    if (hf_tpm_credential_parse((struct hf_bytes){data, size}, &c) != HF_OK)
        return 0;
    if (c.secret.n <= 1024 && c.id_object.n <= 1024) {
        if (hf_tpm_credential_write(&c, &again) != HF_OK ||
            !hf_bytes_equal(hf_buf_bytes(&again), (struct hf_bytes){data, size}))
            abort();
    }
    if (hf_tpm_credential_kind((struct hf_bytes){data, size}, &kind) == HF_OK && (unsigned)kind >= HF_TPM_EK_KINDS)
        abort();
    return 0;
}
