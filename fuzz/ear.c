/* EARs: nothing that a fuzzer writes verifies under a key, and what is read is within its bounds. */
#include "policy/ear.h"
#include "base/cleanup.h"
#include "crypto/privkey.h"
#include "fuzz.h"

#include <stdlib.h>

static const struct hf_pubkey *key_of(int64_t alg)
{
    static struct hf_privkey *keys[3];

    if (!keys[0] &&
        (hf_privkey_generate_ec(HF_P256, &keys[0]) != HF_OK || hf_privkey_generate_ec(HF_P384, &keys[1]) != HF_OK ||
         hf_privkey_generate_ed25519(&keys[2]) != HF_OK))
        abort();
    return hf_privkey_public(keys[alg == -7 ? 0 : alg == -35 ? 1 : 2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    HF_CLEANUP(hf_ear_free) struct hf_ear ear = {0};

    if (hf_ear_parse((struct hf_bytes){data, size}, &ear) != HF_OK)
        return 0;
    if (ear.n == 0 || ear.n > HF_EAR_SUBMODS_MAX || !hf_ear_known_profile(ear.profile) || ear.nonce.n > HF_DIGEST_MAX)
        abort();
    for (size_t i = 0; i < ear.n; i++) {
        if (ear.submod[i].n_policies > HF_EAR_POLICIES_MAX || strnlen(ear.submod[i].name, HF_EAR_TEXT) == HF_EAR_TEXT)
            abort();
    }
    if (hf_ear_verify(&ear, key_of(ear.alg), ear.issued_at) == HF_OK)
        abort();
    return 0;
}
