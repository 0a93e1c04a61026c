/* UTF-8: sequence by sequence it is the code points that are written as the same bytes; the check of a whole text says
 * what its sequences say; what is shown on a terminal is never a control character. */
#include "codec/utf8.h"
#include "fuzz.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool good = true;

    for (size_t at = 0; good && at < size;) {
        size_t n = hf_utf8_sequence(data + at, size - at), shown = hf_utf8_shown(data + at, size - at);
        uint8_t again[4];
        uint32_t point;

        good = n != 0;
        if (shown && (shown != n || data[at] < ' ' || data[at] == 0x7f))
            abort();
        if (!good)
            break;
        point = hf_utf8_point(data + at, n);
        if (n > size - at || point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ||
            hf_utf8_write(point, again) != n || memcmp(again, data + at, n) != 0)
            abort();
        at += n;
    }
    if ((hf_utf8_check((struct hf_bytes){data, size}) == HF_OK) != good)
        abort();
    return 0;
}
