/* Vendor roots, by SHA-256 of their SubjectPublicKeyInfo. Sources are beside each row. */
#include "verify/anchors.h"
#include "codec/hex.h"

#include <stdio.h>

static const struct {
    enum hf_anchor_vendor vendor;
    enum hf_environment environment;
    const char *name;
    const char *spki;
} builtin[] = {
    /* certificates.trustedservices.intel.com: the 2018-2033 and 2018-2049 certificates have one key */
    {HF_VENDOR_INTEL_SGX, HF_ENV_HARDWARE, "Intel SGX Root CA",
     "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e"},
    /* Intel's RK_PUB.zip, as IAS clients carry it; of reports made before the service ended in 2025 */
    {HF_VENDOR_INTEL_IAS, HF_ENV_HARDWARE, "Intel SGX Attestation Report Signing CA",
     "a9beeb83bb1222c108b436bdd82334e5cf380d61039dae11db95272343850394"},
    /* kdsintf.amd.com, and developer.amd.com for the older ones */
    {HF_VENDOR_AMD, HF_ENV_HARDWARE, "ARK-Milan", "9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9"},
    {HF_VENDOR_AMD, HF_ENV_HARDWARE, "ARK-Genoa", "429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831"},
    {HF_VENDOR_AMD, HF_ENV_HARDWARE, "ARK-Turin", "4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08"},
    {HF_VENDOR_AMD, HF_ENV_HARDWARE, "ARK-Naples", "3a04f8f1347de206c9206a81148ba4ef0a233b245d43a15dd82de043bb3e4f69"},
    {HF_VENDOR_AMD, HF_ENV_HARDWARE, "ARK-Rome", "7447ffa21e2b938bfade89f5e9066c00a328813bfc43685605cceabd18da6fde"},
    /* aws-nitro-enclaves.amazonaws.com/AWS_NitroEnclaves_Root-G1.zip */
    {HF_VENDOR_AWS_NITRO, HF_ENV_HARDWARE, "AWS Nitro Enclaves root G1",
     "f2caf5ecc6190b4a8399b78bc58a2bbcd0382375db8a1bfd78a82743874fd225"},
    /* docs.nvidia.com/attestation */
    {HF_VENDOR_NVIDIA, HF_ENV_HARDWARE, "NVIDIA Device Identity CA",
     "a90c4eb5acfd3e3d03a25db6a26b84f720ad0503196c627c21ddd48dd85b06a4"},
    /* github.com/NVIDIA/nvtrust, verifier_RIM_root.pem: signs reference manifests */
    {HF_VENDOR_NVIDIA_RIM, HF_ENV_UNKNOWN, "NVIDIA CoRIM signing Root CA",
     "dec1dc316477aa851eebdf51327ae9f864bc8d89254657ed1e7eb9168af1e1a3"},
};

const char *hf_environment_name(enum hf_environment env)
{
    static const char *const names[] = {"unknown", "hardware", "virtual", "emulated"};

    return (size_t)env < HF_COUNT(names) ? names[env] : "unknown";
}

hf_err hf_anchors_add(struct hf_anchors *a, enum hf_anchor_vendor vendor, enum hf_environment env,
                      const uint8_t spki_sha256[32], const char *name)
{
    struct hf_anchor *anchor = &a->item[a->n];

    if (a->n == HF_ANCHORS_MAX)
        return hf_fail(HF_E_LIMIT, "more than %d roots", HF_ANCHORS_MAX);
    *anchor = (struct hf_anchor){.vendor = vendor, .environment = env};
    memcpy(anchor->spki_sha256, spki_sha256, sizeof(anchor->spki_sha256));
    (void)snprintf(anchor->name, sizeof(anchor->name), "%s", name);
    a->n++;
    return HF_OK;
}

void hf_anchors_builtin(struct hf_anchors *out)
{
    uint8_t spki[32];

    out->n = 0;
    for (size_t i = 0; i < HF_COUNT(builtin); i++) {
        if (hf_hex_parse_exact(hf_bytes_text(builtin[i].spki), spki, sizeof(spki)) == HF_OK)
            (void)hf_anchors_add(out, builtin[i].vendor, builtin[i].environment, spki, builtin[i].name);
    }
}

static bool counts(const struct hf_anchor *anchor, enum hf_anchor_vendor vendor)
{
    return anchor->vendor == HF_VENDOR_ANY || anchor->vendor == vendor;
}

const struct hf_anchor *hf_anchors_find(const struct hf_anchors *a, enum hf_anchor_vendor vendor,
                                        const uint8_t spki_sha256[32])
{
    for (size_t i = 0; i < a->n; i++) {
        if (counts(&a->item[i], vendor) && memcmp(a->item[i].spki_sha256, spki_sha256, 32) == 0)
            return &a->item[i];
    }
    return NULL;
}

size_t hf_anchors_pins(const struct hf_anchors *a, enum hf_anchor_vendor vendor, uint8_t out[HF_ANCHORS_MAX][32])
{
    size_t n = 0;

    for (size_t i = 0; i < a->n; i++) {
        if (counts(&a->item[i], vendor))
            memcpy(out[n++], a->item[i].spki_sha256, 32);
    }
    return n;
}
