/* codec/cose_key. */
#include "codec/cose_key.h"
#include "unhex.h"

TEST(a_cose_key_is_read_or_refused_whole)
{
#define X32 "5820 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    static const struct {
        const char *name, *hex;
        hf_err want;
    } cases[] = {
        {"P-256", "a4 0102 2001 21" X32 "22" X32, HF_OK},
        {"Ed25519", "a3 0101 2006 21" X32, HF_OK},
        {"with alg and kid", "a6 0102 024161 0326 2001 21" X32 "22" X32, HF_OK},
        {"no map", "80", HF_E_FORMAT},
        {"no kty", "a3 2001 21" X32 "22" X32, HF_E_FORMAT},
        {"kty of symmetric keys", "a2 0104 204161", HF_E_UNSUPPORTED},
        {"kty as text", "a4 01624543 2001 21" X32 "22" X32, HF_E_UNSUPPORTED},
        {"no crv", "a3 0102 21" X32 "22" X32, HF_E_FORMAT},
        {"an unknown curve", "a4 0102 2008 21" X32 "22" X32, HF_E_UNSUPPORTED},
        {"Ed25519 as EC2", "a4 0102 2006 21" X32 "22" X32, HF_E_UNSUPPORTED},
        {"no y", "a3 0102 2001 21" X32, HF_E_FORMAT},
        {"compressed", "a4 0102 2001 21" X32 "22f5", HF_E_UNSUPPORTED},
        {"P-384 with P-256's width", "a4 0102 2002 21" X32 "22" X32, HF_E_FORMAT},
        {"a private key", "a5 0102 2001 21" X32 "22" X32 "23" X32, HF_E_FORMAT},
        {"a key twice", "a5 0102 0102 2001 21" X32 "22" X32, HF_E_FORMAT},
        {"a byte behind", "a4 0102 2001 21" X32 "22" X32 "00", HF_E_TRAILING},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        HF_CLEANUP(hf_buf_free) struct hf_buf again = {0};
        struct hf_cose_key key;
        struct hf_bytes in = unhex(cases[i].hex);

        CASE(cases[i].name);
        FAILS(hf_cose_key_parse(in, HF_CBOR_DEFINITE, &key), cases[i].want);
        if (cases[i].want != HF_OK)
            continue;
        OK(hf_cose_key_write(&key, &again));
        CHECK_BYTES(hf_buf_bytes(&again), unhex(cases[i].hex));
    }
    CASE("");
}

TESTS(RUN(a_cose_key_is_read_or_refused_whole))
