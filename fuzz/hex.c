/* Hexadecimal: what is read is written as the same digits, in lower case. */
#include "codec/hex.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <ctype.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

    if (hf_hex_parse((struct hf_bytes){data, size}, &bytes) != HF_OK)
        return 0;
    if (bytes.n * 2 != size || hf_hex_write(hf_buf_bytes(&bytes), &again) != HF_OK || again.n != size)
        abort();
    for (size_t i = 0; i < size; i++) {
        if (again.p[i] != (uint8_t)tolower(data[i]))
            abort();
    }
    return 0;
}
