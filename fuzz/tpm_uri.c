/* TPM addresses write as text that reads the same; other programs' configuration becomes a URI of ours. */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "fuzz.h"
#include "tpm/uri.h"

#include <stdlib.h>

static void address(const char *text)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    struct hf_tpm_address a;
    struct hf_tpm_address b;
    char *written = NULL;

    if (hf_tpm_address_parse("swtpm", text, &a) != HF_OK)
        return;
    if ((a.path[0] == 0) != (a.host[0] != 0 && a.port != 0))
        abort();
    if (hf_tpm_address_write(&a, &again) != HF_OK || hf_buf_text(&again, &written) != HF_OK ||
        hf_tpm_address_parse("swtpm", written, &b) != HF_OK || memcmp(&a, &b, sizeof(a)) != 0)
        abort();
}

static void foreign(const char *text)
{
    static const char *const schemes[] = {"device", "swtpm", "mssim", "tcti:"};
    HF_CLEANUP(hf_free) char *uri = NULL;

    if (hf_tpm_uri_foreign(text, &uri) != HF_OK)
        return;
    for (size_t i = 0; i < HF_COUNT(schemes); i++)
        if (strncmp(uri, schemes[i], strlen(schemes[i])) == 0)
            return;
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_free) char *text = NULL;

    if (hf_text_of((struct hf_bytes){data, size}, &text) != HF_OK)
        return 0;
    address(text);
    foreign(text);
    return 0;
}
