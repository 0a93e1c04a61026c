/* Recordings of TPM exchanges: what is accepted is written as the same bytes, and lies in the input. */
#include "base/cleanup.h"
#include "fuzz.h"
#include "tpm/recording.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_tpm_recording_free) struct hf_tpm_recording rec = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_bytes in = {data, size};

    if (hf_tpm_recording_parse(in, &rec) != HF_OK)
        return 0;
    for (size_t i = 0; i < rec.n; i++) {
        const struct hf_tpm_exchange *e = &rec.exchanges[i];

        if (e->command.n < 10 || e->command.n > HF_TPM_IO_MAX || e->response.n > HF_TPM_IO_MAX || e->command.p < data ||
            e->command.p + e->command.n > data + size)
            abort();
    }
    if (hf_tpm_recording_write(&rec, &again) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&again), in))
        abort();
    return 0;
}
