/* Base64: what the strict reader takes is the one way to write it; the loose reader takes it too. */
#include "codec/base64.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

static void check(struct hf_bytes in, hf_err (*parse)(struct hf_bytes, struct hf_buf *),
                  hf_err (*write)(struct hf_bytes, struct hf_buf *))
{
    HF_CLEANUP(hf_buf_free) struct hf_buf bytes = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};

    if (parse(in, &bytes) != HF_OK)
        return;
    if (write(hf_buf_bytes(&bytes), &again) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&again), in))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf strict = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf loose = {0};
    struct hf_bytes in = {data, size};

    check(in, hf_base64_parse, hf_base64_write);
    check(in, hf_base64url_parse, hf_base64url_write);
    if (hf_base64_parse(in, &strict) == HF_OK &&
        (hf_base64_parse_loose(in, &loose) != HF_OK || !hf_bytes_equal(hf_buf_bytes(&strict), hf_buf_bytes(&loose))))
        abort();
    return 0;
}
