/* Names of what TPMs have. */
#include "tpm/algorithms.h"
#include "tpm/call.h"

#include <stdio.h>

static const struct {
    uint16_t alg;
    const char *name;
} algorithms[] = {
    {TPM2_ALG_RSA, "rsa"},
    {TPM2_ALG_TDES, "tdes"},
    {TPM2_ALG_SHA1, "sha1"},
    {TPM2_ALG_HMAC, "hmac"},
    {TPM2_ALG_AES, "aes"},
    {TPM2_ALG_MGF1, "mgf1"},
    {TPM2_ALG_KEYEDHASH, "keyedhash"},
    {TPM2_ALG_XOR, "xor"},
    {TPM2_ALG_SHA256, "sha256"},
    {TPM2_ALG_SHA384, "sha384"},
    {TPM2_ALG_SHA512, "sha512"},
    {TPM2_ALG_NULL, "null"},
    {TPM2_ALG_SM3_256, "sm3-256"},
    {TPM2_ALG_SM4, "sm4"},
    {TPM2_ALG_RSASSA, "rsassa"},
    {TPM2_ALG_RSAES, "rsaes"},
    {TPM2_ALG_RSAPSS, "rsapss"},
    {TPM2_ALG_OAEP, "oaep"},
    {TPM2_ALG_ECDSA, "ecdsa"},
    {TPM2_ALG_ECDH, "ecdh"},
    {TPM2_ALG_ECDAA, "ecdaa"},
    {TPM2_ALG_SM2, "sm2"},
    {TPM2_ALG_ECSCHNORR, "ecschnorr"},
    {TPM2_ALG_ECMQV, "ecmqv"},
    {TPM2_ALG_KDF1_SP800_56A, "kdf1-sp800-56a"},
    {TPM2_ALG_KDF2, "kdf2"},
    {TPM2_ALG_KDF1_SP800_108, "kdf1-sp800-108"},
    {TPM2_ALG_ECC, "ecc"},
    {TPM2_ALG_SYMCIPHER, "symcipher"},
    {TPM2_ALG_CAMELLIA, "camellia"},
    {TPM2_ALG_SHA3_256, "sha3-256"},
    {TPM2_ALG_SHA3_384, "sha3-384"},
    {TPM2_ALG_SHA3_512, "sha3-512"},
    {TPM2_ALG_CMAC, "cmac"},
    {TPM2_ALG_CTR, "ctr"},
    {TPM2_ALG_OFB, "ofb"},
    {TPM2_ALG_CBC, "cbc"},
    {TPM2_ALG_CFB, "cfb"},
    {TPM2_ALG_ECB, "ecb"},
};

static const struct {
    uint16_t curve;
    const char *name;
} curves[] = {
    {TPM2_ECC_NIST_P192, "ecc-p192"},
    {TPM2_ECC_NIST_P224, "ecc-p224"},
    {TPM2_ECC_NIST_P256, "ecc-p256"},
    {TPM2_ECC_NIST_P384, "ecc-p384"},
    {TPM2_ECC_NIST_P521, "ecc-p521"},
    {TPM2_ECC_BN_P256, "ecc-bn256"},
    {TPM2_ECC_BN_P638, "ecc-bn638"},
    {TPM2_ECC_SM2_P256, "ecc-sm2"},
    {0x0030, "ecc-brainpool256"},
    {0x0031, "ecc-brainpool384"},
    {0x0032, "ecc-brainpool512"},
    {0x0040, "curve25519"},
    {0x0041, "curve448"},
};

/* Commands that holdfast never sends, so that the engine's table lacks them. */
static const struct {
    uint32_t code;
    const char *name;
} more_commands[] = {
    {TPM2_CC_FieldUpgradeStart, "TPM2_FieldUpgradeStart"},
    {TPM2_CC_SetAlgorithmSet, "TPM2_SetAlgorithmSet"},
    {TPM2_CC_FieldUpgradeData, "TPM2_FieldUpgradeData"},
    {TPM2_CC_FirmwareRead, "TPM2_FirmwareRead"},
    {TPM2_CC_AC_GetCapability, "TPM2_AC_GetCapability"},
    {TPM2_CC_AC_Send, "TPM2_AC_Send"},
    {TPM2_CC_Policy_AC_SendSelect, "TPM2_Policy_AC_SendSelect"},
    {TPM2_CC_CertifyX509, "TPM2_CertifyX509"},
    {TPM2_CC_ACT_SetTimeout, "TPM2_ACT_SetTimeout"},
    {0x00000199, "TPM2_ECC_Encrypt"},
    {0x0000019a, "TPM2_ECC_Decrypt"},
    {0x0000019b, "TPM2_PolicyCapability"},
    {0x0000019c, "TPM2_PolicyParameters"},
    {0x0000019d, "TPM2_NV_DefineSpace2"},
    {0x0000019e, "TPM2_NV_ReadPublic2"},
    {0x0000019f, "TPM2_SetCapability"},
};

enum as { AS_NUMBER, AS_TEXT, AS_HEX, AS_ALGORITHM, AS_MS, AS_SECONDS, AS_BITS };

#define P(name, as)                         \
    {                                       \
        TPM2_PT_##name, "TPM_PT_" #name, as \
    }
static const struct property {
    uint32_t property;
    const char *name;
    enum as as;
} properties[] = {
    P(FAMILY_INDICATOR, AS_TEXT),
    P(LEVEL, AS_NUMBER),
    P(REVISION, AS_NUMBER),
    P(DAY_OF_YEAR, AS_NUMBER),
    P(YEAR, AS_NUMBER),
    P(MANUFACTURER, AS_TEXT),
    P(VENDOR_STRING_1, AS_TEXT),
    P(VENDOR_STRING_2, AS_TEXT),
    P(VENDOR_STRING_3, AS_TEXT),
    P(VENDOR_STRING_4, AS_TEXT),
    P(VENDOR_TPM_TYPE, AS_HEX),
    P(FIRMWARE_VERSION_1, AS_HEX),
    P(FIRMWARE_VERSION_2, AS_HEX),
    P(INPUT_BUFFER, AS_NUMBER),
    P(HR_TRANSIENT_MIN, AS_NUMBER),
    P(HR_PERSISTENT_MIN, AS_NUMBER),
    P(HR_LOADED_MIN, AS_NUMBER),
    P(ACTIVE_SESSIONS_MAX, AS_NUMBER),
    P(PCR_COUNT, AS_NUMBER),
    P(PCR_SELECT_MIN, AS_NUMBER),
    P(CONTEXT_GAP_MAX, AS_NUMBER),
    P(NV_COUNTERS_MAX, AS_NUMBER),
    P(NV_INDEX_MAX, AS_NUMBER),
    P(MEMORY, AS_BITS),
    P(CLOCK_UPDATE, AS_MS),
    P(CONTEXT_HASH, AS_ALGORITHM),
    P(CONTEXT_SYM, AS_ALGORITHM),
    P(CONTEXT_SYM_SIZE, AS_NUMBER),
    P(ORDERLY_COUNT, AS_NUMBER),
    P(MAX_COMMAND_SIZE, AS_NUMBER),
    P(MAX_RESPONSE_SIZE, AS_NUMBER),
    P(MAX_DIGEST, AS_NUMBER),
    P(MAX_OBJECT_CONTEXT, AS_NUMBER),
    P(MAX_SESSION_CONTEXT, AS_NUMBER),
    P(PS_FAMILY_INDICATOR, AS_HEX),
    P(PS_LEVEL, AS_NUMBER),
    P(PS_REVISION, AS_NUMBER),
    P(PS_DAY_OF_YEAR, AS_NUMBER),
    P(PS_YEAR, AS_NUMBER),
    P(SPLIT_MAX, AS_NUMBER),
    P(TOTAL_COMMANDS, AS_NUMBER),
    P(LIBRARY_COMMANDS, AS_NUMBER),
    P(VENDOR_COMMANDS, AS_NUMBER),
    P(NV_BUFFER_MAX, AS_NUMBER),
    P(MODES, AS_BITS),
    P(MAX_CAP_BUFFER, AS_NUMBER),
    P(PERMANENT, AS_BITS),
    P(STARTUP_CLEAR, AS_BITS),
    P(HR_NV_INDEX, AS_NUMBER),
    P(HR_LOADED, AS_NUMBER),
    P(HR_LOADED_AVAIL, AS_NUMBER),
    P(HR_ACTIVE, AS_NUMBER),
    P(HR_ACTIVE_AVAIL, AS_NUMBER),
    P(HR_TRANSIENT_AVAIL, AS_NUMBER),
    P(HR_PERSISTENT, AS_NUMBER),
    P(HR_PERSISTENT_AVAIL, AS_NUMBER),
    P(NV_COUNTERS, AS_NUMBER),
    P(NV_COUNTERS_AVAIL, AS_NUMBER),
    P(ALGORITHM_SET, AS_NUMBER),
    P(LOADED_CURVES, AS_NUMBER),
    P(LOCKOUT_COUNTER, AS_NUMBER),
    P(MAX_AUTH_FAIL, AS_NUMBER),
    P(LOCKOUT_INTERVAL, AS_SECONDS),
    P(LOCKOUT_RECOVERY, AS_SECONDS),
    P(NV_WRITE_RECOVERY, AS_NUMBER),
    P(AUDIT_COUNTER_0, AS_NUMBER),
    P(AUDIT_COUNTER_1, AS_NUMBER),
};

/* Bits of properties that are sets (Part 2, 6.6 and 8.6 to 8.8). */
static const struct {
    uint32_t property;
    uint32_t bit;
    const char *word;
} bit_words[] = {
    {TPM2_PT_PERMANENT, TPMA_PERMANENT_OWNERAUTHSET, "ownerAuthSet"},
    {TPM2_PT_PERMANENT, TPMA_PERMANENT_ENDORSEMENTAUTHSET, "endorsementAuthSet"},
    {TPM2_PT_PERMANENT, TPMA_PERMANENT_LOCKOUTAUTHSET, "lockoutAuthSet"},
    {TPM2_PT_PERMANENT, TPMA_PERMANENT_DISABLECLEAR, "disableClear"},
    {TPM2_PT_PERMANENT, TPMA_PERMANENT_INLOCKOUT, "inLockout"},
    {TPM2_PT_PERMANENT, TPMA_PERMANENT_TPMGENERATEDEPS, "tpmGeneratedEPS"},
    {TPM2_PT_STARTUP_CLEAR, TPMA_STARTUP_CLEAR_PHENABLE, "phEnable"},
    {TPM2_PT_STARTUP_CLEAR, TPMA_STARTUP_CLEAR_SHENABLE, "shEnable"},
    {TPM2_PT_STARTUP_CLEAR, TPMA_STARTUP_CLEAR_EHENABLE, "ehEnable"},
    {TPM2_PT_STARTUP_CLEAR, TPMA_STARTUP_CLEAR_PHENABLENV, "phEnableNV"},
    {TPM2_PT_STARTUP_CLEAR, TPMA_STARTUP_CLEAR_ORDERLY, "orderly"},
    {TPM2_PT_MEMORY, TPMA_MEMORY_SHAREDRAM, "sharedRAM"},
    {TPM2_PT_MEMORY, TPMA_MEMORY_SHAREDNV, "sharedNV"},
    {TPM2_PT_MEMORY, TPMA_MEMORY_OBJECTCOPIEDTORAM, "objectCopiedToRam"},
    {TPM2_PT_MODES, 1u << 0, "FIPS_140_2"},
    {TPM2_PT_MODES, 1u << 1, "FIPS_140_3"},
};

static void number_word(uint32_t number, int digits, char out[HF_TPM_WORD])
{
    (void)snprintf(out, HF_TPM_WORD, "0x%0*x", digits, (unsigned)number);
}

void hf_tpm_alg_word(uint32_t alg, char out[HF_TPM_WORD])
{
    for (size_t i = 0; i < HF_COUNT(algorithms); i++) {
        if (algorithms[i].alg == alg) {
            (void)snprintf(out, HF_TPM_WORD, "%s", algorithms[i].name);
            return;
        }
    }
    number_word(alg, 4, out);
}

void hf_tpm_curve_word(uint32_t curve, char out[HF_TPM_WORD])
{
    for (size_t i = 0; i < HF_COUNT(curves); i++) {
        if (curves[i].curve == curve) {
            (void)snprintf(out, HF_TPM_WORD, "%s", curves[i].name);
            return;
        }
    }
    number_word(curve, 4, out);
}

void hf_tpm_cc_word(uint32_t code, char out[HF_TPM_WORD])
{
    const struct hf_tpm_command *command = hf_tpm_command_find(code);

    number_word(code, 8, out);
    if (command)
        (void)snprintf(out, HF_TPM_WORD, "%s", command->name);
    for (size_t i = 0; i < HF_COUNT(more_commands); i++) {
        if (more_commands[i].code == code)
            (void)snprintf(out, HF_TPM_WORD, "%s", more_commands[i].name);
    }
}

static const struct property *property_find(uint32_t property)
{
    for (size_t i = 0; i < HF_COUNT(properties); i++) {
        if (properties[i].property == property)
            return &properties[i];
    }
    return NULL;
}

void hf_tpm_property_word(uint32_t property, char out[HF_TPM_WORD])
{
    const struct property *row = property_find(property);

    if (row)
        (void)snprintf(out, HF_TPM_WORD, "%s", row->name);
    else
        number_word(property, 8, out);
}

static void add_word(char *out, size_t size, const char *word)
{
    size_t n = strlen(out);

    (void)snprintf(out + n, size - n, "%s%s", n ? " " : "", word);
}

void hf_tpm_alg_text(uint32_t attributes, char *out, size_t size)
{
    static const struct {
        uint32_t bit;
        const char *word;
    } words[] = {
        {TPMA_ALGORITHM_ASYMMETRIC, "asymmetric"},
        {TPMA_ALGORITHM_SYMMETRIC, "symmetric"},
        {TPMA_ALGORITHM_HASH, "hash"},
        {TPMA_ALGORITHM_OBJECT, "object"},
        {TPMA_ALGORITHM_SIGNING, "signing"},
        {TPMA_ALGORITHM_ENCRYPTING, "encrypting"},
        {TPMA_ALGORITHM_METHOD, "method"},
    };

    out[0] = 0;
    for (size_t i = 0; i < HF_COUNT(words); i++) {
        if (attributes & words[i].bit)
            add_word(out, size, words[i].word);
    }
}

void hf_tpm_cc_text(uint32_t attributes, char *out, size_t size)
{
    (void)snprintf(out, size, "%u handle%s", (unsigned)(attributes & TPMA_CC_CHANDLES_MASK) >> TPMA_CC_CHANDLES_SHIFT,
                   (attributes & TPMA_CC_CHANDLES_MASK) >> TPMA_CC_CHANDLES_SHIFT == 1 ? "" : "s");
    if (attributes & TPMA_CC_NV)
        add_word(out, size, "may-write-nv");
    if (attributes & TPMA_CC_FLUSHED)
        add_word(out, size, "flushes");
    if (attributes & TPMA_CC_RHANDLE)
        add_word(out, size, "gives-handle");
    if (attributes & TPMA_CC_EXTENSIVE)
        add_word(out, size, "extensive");
    if (attributes & TPMA_CC_V)
        add_word(out, size, "vendor");
}

static void four_characters(uint32_t value, char *out, size_t size)
{
    size_t n = 0;

    for (int shift = 24; shift >= 0; shift -= 8) {
        char c = (char)(value >> shift & 0xff);

        if (c >= ' ' && c <= '~' && n + 1 < size)
            out[n++] = c;
    }
    out[n] = 0;
}

static void bits_text(uint32_t property, uint32_t value, char *out, size_t size)
{
    uint32_t left = value;
    char rest[16];

    out[0] = 0;
    for (size_t i = 0; i < HF_COUNT(bit_words); i++) {
        if (bit_words[i].property != property || !(value & bit_words[i].bit))
            continue;
        add_word(out, size, bit_words[i].word);
        left &= ~bit_words[i].bit;
    }
    (void)snprintf(rest, sizeof(rest), "0x%x", (unsigned)left);
    if (left)
        add_word(out, size, rest);
    if (!out[0])
        (void)snprintf(out, size, "none");
}

void hf_tpm_property_text(uint32_t property, uint32_t value, char *out, size_t size)
{
    const struct property *row = property_find(property);
    char word[HF_TPM_WORD];

    switch (row ? row->as : AS_HEX) {
    case AS_NUMBER:
        (void)snprintf(out, size, "%u", (unsigned)value);
        return;
    case AS_TEXT:
        four_characters(value, out, size);
        return;
    case AS_HEX:
        (void)snprintf(out, size, "0x%08x", (unsigned)value);
        return;
    case AS_MS:
        (void)snprintf(out, size, "%u ms", (unsigned)value);
        return;
    case AS_SECONDS:
        (void)snprintf(out, size, "%u s", (unsigned)value);
        return;
    case AS_BITS:
        bits_text(property, value, out, size);
        return;
    case AS_ALGORITHM:
        hf_tpm_alg_word(value, word);
        (void)snprintf(out, size, "%s", word);
        return;
    }
}

const char *hf_tpm_handle_word(uint32_t handle)
{
    switch (handle >> 24) {
    case TPM2_HT_PCR:
        return "PCR";
    case TPM2_HT_NV_INDEX:
        return "NV index";
    case TPM2_HT_HMAC_SESSION:
        return "loaded session";
    case TPM2_HT_POLICY_SESSION:
        return "policy or saved session";
    case TPM2_HT_PERMANENT:
        return "permanent";
    case TPM2_HT_TRANSIENT:
        return "transient object";
    case TPM2_HT_PERSISTENT:
        return "persistent object";
    default:
        return "handle";
    }
}
