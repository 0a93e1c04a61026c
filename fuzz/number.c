/* JSON numbers: a double that is read is written as text that reads as the same double, and is written the same again;
 * any eight bytes that are a finite double are too. */
#include "codec/number.h"
#include "fuzz.h"

#include <math.h>
#include <stdlib.h>

static void round_trip(double value)
{
    char once[HF_NUMBER_TEXT], twice[HF_NUMBER_TEXT];
    double again = 0;

    if (hf_number_write(value, once) != HF_OK || hf_number_double(hf_bytes_text(once), &again) != HF_OK ||
        again < value || again > value)
        abort();
    if (hf_number_write(again, twice) != HF_OK || strcmp(once, twice) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double value;

    if (hf_number_double((struct hf_bytes){data, size}, &value) == HF_OK) {
        if (!isfinite(value))
            abort();
        round_trip(value);
    }
    if (size == sizeof(value)) {
        memcpy(&value, data, sizeof(value));
        if (isfinite(value))
            round_trip(value);
    }
    return 0;
}
