/* Configuration files: whatever is accepted is shown as JSON that is accepted again, with the same meaning. */
#include "core/config.h"
#include "base/cleanup.h"
#include "fuzz.h"

#include <stdlib.h>

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_config_free) struct hf_config config = {0};
    HF_CLEANUP(hf_config_free) struct hf_config again = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf text = {0};

    if (hf_config_parse((struct hf_bytes){data, size}, "fuzz", &config) != HF_OK)
        return 0;
    if (hf_config_parse(hf_buf_bytes(&config.json), "again", &again) != HF_OK)
        abort();
    if (!same(config.tpm_uri, again.tpm_uri) || !same(config.state, again.state) || config.literals != again.literals)
        abort();
    if (hf_config_warnings(&config, &text) != HF_OK)
        abort();
    return 0;
}
