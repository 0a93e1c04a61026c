/* PE images: the digest does not depend on the checksum, and appended signatures do not change what is measured. */
#include "evidence/pe_image.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_digest once, again;
    uint8_t *copy;
    size_t pe;

    if (hf_pe_digest((struct hf_bytes){data, size}, HF_SHA256, &once) != HF_OK)
        return 0;
    copy = malloc(size);
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    pe = data[0x3c] | (size_t)data[0x3d] << 8 | (size_t)data[0x3e] << 16 | (size_t)data[0x3f] << 24;
    memset(copy + pe + 24 + 64, 0x5a, 4); /* CheckSum: it was read, so it is there */
    if (hf_pe_digest((struct hf_bytes){copy, size}, HF_SHA256, &again) != HF_OK ||
        memcmp(once.bytes, again.bytes, once.n) != 0)
        abort();
    free(copy);
    return 0;
}
