/* XML in small, and manifests in it: the canonical form of a document is its own canonical form. */
#include "codec/xml.h"
#include "base/cleanup.h"
#include "evidence/rim.h"
#include "fuzz.h"

#include <stdlib.h>

static void canonical(struct hf_bytes in, bool exclusive)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf once = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf twice = {0};

    if (hf_xml_canonical(in, (struct hf_bytes){0}, NULL, 0, exclusive, &once) != HF_OK)
        return;
    if (hf_xml_canonical(hf_buf_bytes(&once), (struct hf_bytes){0}, NULL, 0, exclusive, &twice) != HF_OK ||
        !hf_bytes_equal(hf_buf_bytes(&once), hf_buf_bytes(&twice)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_rim_free) struct hf_rim *rim = NULL;
    struct hf_bytes in = {data, size};

    canonical(in, false);
    canonical(in, true);
    if (hf_rim_parse(in, &rim) == HF_OK && (rim->n > HF_RIM_MEASUREMENTS_MAX || rim->certs.n == 0))
        abort();
    return 0;
}
