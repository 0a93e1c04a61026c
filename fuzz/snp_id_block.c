/* ID block and ID authentication: what is read is written again byte for byte, and its rows lie inside. */
#include "evidence/snp_id_block.h"
#include "base/cleanup.h"
#include "fuzz.h"
#include "fuzz_inspect.h"

static void block(struct hf_bytes in)
{
    uint8_t again[HF_SNP_ID_BLOCK_SIZE];
    struct hf_snp_id_block b;

    if (hf_snp_id_block_parse(in, &b) != HF_OK)
        return;
    hf_snp_id_block_write(&b, again);
    if (!hf_bytes_equal(HF_BYTES_OF(again), in))
        abort();
}

static void auth(struct hf_bytes in)
{
    uint8_t again[HF_SNP_ID_AUTH_SIZE];
    struct hf_snp_id_auth a;

    if (hf_snp_id_auth_parse(in, &a) != HF_OK)
        return;
    hf_snp_id_auth_write(&a, again);
    if (!hf_bytes_equal(HF_BYTES_OF(again), in))
        abort();
}

static void key(struct hf_bytes in)
{
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *k = NULL;
    uint8_t again[HF_AMD_KEY_SIZE];

    if (hf_amd_key_parse(in, &k) != HF_OK)
        return;
    if (hf_amd_key_write(k, again) != HF_OK || !hf_bytes_equal(HF_BYTES_OF(again), in))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_bytes in = {data, size};

    (void)fuzz_inspect(in, hf_snp_id_block_inspect);
    if (size >= HF_SNP_ID_BLOCK_SIZE) {
        block((struct hf_bytes){data, HF_SNP_ID_BLOCK_SIZE});
        auth((struct hf_bytes){data + HF_SNP_ID_BLOCK_SIZE, size - HF_SNP_ID_BLOCK_SIZE});
    }
    key(in);
    return 0;
}
