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

/* SHA-256 of the roots' certificates as the vendors publish them, whose own signatures were found good when this was
 * written: they need not be looked at again. */
static const char *const certificates[] = {
    /* Intel SGX Root CA, 2018 to 2049 */
    "\x44\xa0\x19\x6b\x2b\x99\xf8\x89\xb8\xe1\x49\xe9\x5b\x80\x7a\x35"
    "\x0e\x74\x24\x96\x43\x99\xe8\x85\xa7\xcb\xb8\xcc\xfa\xb6\x74\xd3",
    /* Intel SGX Root CA, 2018 to 2033 */
    "\xfc\x64\xf8\x07\x6d\x79\xa4\xfe\xe9\xd1\xd4\x73\xd7\x4c\x89\xeb"
    "\x8d\x8f\xd5\x5c\x5a\xba\xfe\xab\xeb\xa7\x36\x6d\x20\x42\x94\x04",
    /* ARK-Milan */
    "\x69\xd0\x63\xb4\x53\x44\xd2\x6a\x2e\x94\xe1\xf4\x21\x0d\xe4\x9e"
    "\xf5\x55\x30\x82\x87\xd4\xc1\x74\x44\x5c\x95\x63\x9a\x54\x0b\xcd",
    /* ARK-Genoa */
    "\x4c\x65\x98\xd1\x9c\x18\x71\x9c\x5d\xfd\x4a\x7d\x33\x5f\x67\x4e"
    "\x5b\xfe\x1d\x8f\x80\x0c\xea\x2c\xf2\x70\xc1\x0d\x10\x3d\xb2\xf1",
    /* ARK-Turin */
    "\x1f\x08\x41\x61\xa4\x4b\xb6\xd9\x37\x78\xa9\x04\x87\x7d\x48\x19"
    "\xca\xfa\x5d\x05\xef\x41\x93\xb2\xde\xd9\xdd\x9c\x73\xdd\x3f\x6a",
    /* AWS Nitro Enclaves root G1 */
    "\x64\x1a\x03\x21\xa3\xe2\x44\xef\xe4\x56\x46\x31\x95\xd6\x06\x31"
    "\x7e\xd7\xcd\xcc\x3c\x17\x56\xe0\x98\x93\xf3\xc6\x8f\x79\xbb\x5b",
    /* NVIDIA Device Identity CA */
    "\x10\x2b\xf6\x59\xd5\x41\x96\x14\xc9\xd8\xe6\xae\xce\xbc\x80\x45"
    "\x4e\xb2\x6b\x1d\xf6\xa7\x69\xac\x72\x0b\x9a\x69\x0b\x16\x7b\x48",
};

bool hf_anchors_certificate(const uint8_t sha256[32])
{
    for (size_t i = 0; i < HF_COUNT(certificates); i++) {
        if (memcmp(certificates[i], sha256, 32) == 0)
            return true;
    }
    return false;
}

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

void hf_anchors_note_certificate(struct hf_anchors *a, const uint8_t sha256[32])
{
    if (a->n)
        memcpy(a->item[a->n - 1].certificate, sha256, 32);
}

bool hf_anchors_noted(const struct hf_anchors *a, const uint8_t sha256[32])
{
    for (size_t i = 0; i < a->n; i++) {
        if (memcmp(a->item[i].certificate, sha256, 32) == 0)
            return true;
    }
    return false;
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
