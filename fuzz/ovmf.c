/* SEV's table and metadata in firmware: what is read is written into an image that says the same, and a launch digest
 * is made of it in bounded time. */
#include "evidence/ovmf.h"
#include "base/cleanup.h"
#include "crypto/hash.h"
#include "evidence/snp_launch.h"
#include "fuzz.h"

#include <stdlib.h>

#define PAGES_MAX 256 /* of all sections, so that one input stays short */

static bool is_short(const struct hf_ovmf *ovmf)
{
    uint64_t size = 0;

    for (size_t i = 0; i < ovmf->n; i++)
        size += ovmf->section[i].size;
    return size <= (uint64_t)PAGES_MAX * HF_OVMF_PAGE;
}

static void launch(const struct hf_ovmf *ovmf)
{
    static const enum hf_sev_mode modes[] = {HF_SEV_SNP, HF_SEV_ES, HF_SEV_LEGACY};
    struct hf_sev_kernel kernel = {.kernel = {1}};
    struct hf_sev_launch l = {.vcpus = 2, .ovmf = ovmf->image, .kernel = ovmf->has_hashes ? &kernel : NULL};
    struct hf_digest ld;

    for (size_t i = 0; i < HF_COUNT(modes) && is_short(ovmf); i++) {
        l.mode = modes[i];
        (void)hf_sev_launch_digest(&l, &ld);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf page = {0};
    struct hf_ovmf ovmf, again;

    if (hf_ovmf_parse((struct hf_bytes){data, size}, &ovmf) != HF_OK)
        return 0;
    launch(&ovmf);
    if (hf_ovmf_write(&ovmf, &page) != HF_OK || hf_ovmf_parse(hf_buf_bytes(&page), &again) != HF_OK)
        abort();
    again.image = ovmf.image;
    if (again.has_table != ovmf.has_table || again.n != ovmf.n || again.reset_eip != ovmf.reset_eip ||
        again.hashes_gpa != ovmf.hashes_gpa || again.hashes_size != ovmf.hashes_size ||
        again.svsm_launch != ovmf.svsm_launch || again.has_metadata != ovmf.has_metadata ||
        memcmp(again.section, ovmf.section, ovmf.n * sizeof(ovmf.section[0])) != 0)
        abort();
    return 0;
}
