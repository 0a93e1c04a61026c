/* Public keys: what is read as SPKI is written back byte for byte, but for the algorithm's own variants. */
#include "base/cleanup.h"
#include "crypto/pubkey.h"
#include "fuzz.h"

#include <stdlib.h>

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Written and read again it is the same key, and from then on the same bytes. */
static void round_trip(const struct hf_pubkey *key)
{
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf pem = {0};
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *a = NULL;
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *b = NULL;

    must(hf_pubkey_to_spki(key, &der) == HF_OK && hf_pubkey_to_pem(key, &pem) == HF_OK);
    must(hf_pubkey_from_spki(hf_buf_bytes(&der), &a) == HF_OK && hf_pubkey_from_pem(hf_buf_bytes(&pem), &b) == HF_OK);
    must(hf_pubkey_equal(key, a) && hf_pubkey_equal(key, b));
    must(hf_pubkey_to_spki(a, &again) == HF_OK && hf_bytes_equal(hf_buf_bytes(&der), hf_buf_bytes(&again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_bytes in = {data, size};
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *key = NULL;
    HF_CLEANUP(hf_pubkey_free) struct hf_pubkey *pem = NULL;
    HF_CLEANUP(hf_buf_free) struct hf_buf raw = {0};
    HF_CLEANUP(hf_buf_free) struct hf_buf der = {0};

    if (hf_pubkey_from_spki(in, &key) == HF_OK)
        round_trip(key);
    if (hf_pubkey_from_pem(in, &pem) == HF_OK)
        round_trip(pem);
    if (hf_ecdsa_from_der(HF_P384, in, &raw) == HF_OK) {
        must(hf_ecdsa_to_der(HF_P384, hf_buf_bytes(&raw), &der) == HF_OK);
        must(hf_bytes_equal(hf_buf_bytes(&der), in));
    }
    return 0;
}
