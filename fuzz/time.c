/* A time that is read is written and read again as the same second. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[128] = "";
    char written[HF_TIME_TEXT];
    hf_time t = 0;
    hf_time back = 0;

    if (size >= sizeof(text) || (size && memchr(data, 0, size)))
        return 0;
    if (size)
        memcpy(text, data, size);
    if (hf_time_parse(text, &t) != HF_OK)
        return 0;
    hf_time_write(t, written);
    if (written[0] == '@') /* beyond the years that RFC 3339 can write */
        return 0;
    if (hf_time_parse(written, &back) != HF_OK || back != t)
        abort();
    return 0;
}
