/* The words of the policy language. */
#include "tpm/policy_words.h"

const struct hf_policy_word hf_policy_kinds[] = {
    {"pcr", HF_POLICY_PCR},
    {"authvalue", HF_POLICY_AUTHVALUE},
    {"password", HF_POLICY_PASSWORD},
    {"secret", HF_POLICY_SECRET},
    {"signed", HF_POLICY_SIGNED},
    {"authorize", HF_POLICY_AUTHORIZE},
    {"authorizenv", HF_POLICY_AUTHORIZE_NV},
    {"nv", HF_POLICY_NV},
    {"counter-timer", HF_POLICY_COUNTER_TIMER},
    {"command", HF_POLICY_COMMAND},
    {"locality", HF_POLICY_LOCALITY},
    {"duplicate-to", HF_POLICY_DUPLICATE_TO},
    {"cphash", HF_POLICY_CPHASH},
    {"namehash", HF_POLICY_NAMEHASH},
    {"template", HF_POLICY_TEMPLATE},
    {"nv-written", HF_POLICY_NV_WRITTEN},
    {"physical-presence", HF_POLICY_PHYSICAL_PRESENCE},
    {"or", HF_POLICY_OR},
    {"digest", HF_POLICY_DIGEST},
    {NULL, 0},
};

/* Part 2, 6.8 TPM_EO. s: two's complement, u: unsigned; both big-endian. */
const struct hf_policy_word hf_policy_operations[] = {
    {"eq", TPM2_EO_EQ},
    {"neq", TPM2_EO_NEQ},
    {"sgt", TPM2_EO_SIGNED_GT},
    {"ugt", TPM2_EO_UNSIGNED_GT},
    {"slt", TPM2_EO_SIGNED_LT},
    {"ult", TPM2_EO_UNSIGNED_LT},
    {"sge", TPM2_EO_SIGNED_GE},
    {"uge", TPM2_EO_UNSIGNED_GE},
    {"sle", TPM2_EO_SIGNED_LE},
    {"ule", TPM2_EO_UNSIGNED_LE},
    {"bitset", TPM2_EO_BITSET},
    {"bitclear", TPM2_EO_BITCLEAR},
    {NULL, 0},
};

/* TPMI_DH_ENTITY without TPM_RH_NULL, which PolicySecret does not take. */
const struct hf_policy_word hf_policy_hierarchies[] = {
    {"owner", TPM2_RH_OWNER},
    {"endorsement", TPM2_RH_ENDORSEMENT},
    {"lockout", TPM2_RH_LOCKOUT},
    {"platform", TPM2_RH_PLATFORM},
    {NULL, 0},
};

const struct hf_policy_word hf_policy_commands[] = {
    {"nv-undefine-space-special", TPM2_CC_NV_UndefineSpaceSpecial},
    {"evict-control", TPM2_CC_EvictControl},
    {"hierarchy-control", TPM2_CC_HierarchyControl},
    {"nv-undefine-space", TPM2_CC_NV_UndefineSpace},
    {"change-eps", TPM2_CC_ChangeEPS},
    {"change-pps", TPM2_CC_ChangePPS},
    {"clear", TPM2_CC_Clear},
    {"clear-control", TPM2_CC_ClearControl},
    {"clock-set", TPM2_CC_ClockSet},
    {"hierarchy-change-auth", TPM2_CC_HierarchyChangeAuth},
    {"nv-define-space", TPM2_CC_NV_DefineSpace},
    {"pcr-allocate", TPM2_CC_PCR_Allocate},
    {"pcr-set-auth-policy", TPM2_CC_PCR_SetAuthPolicy},
    {"pp-commands", TPM2_CC_PP_Commands},
    {"set-primary-policy", TPM2_CC_SetPrimaryPolicy},
    {"field-upgrade-start", TPM2_CC_FieldUpgradeStart},
    {"clock-rate-adjust", TPM2_CC_ClockRateAdjust},
    {"create-primary", TPM2_CC_CreatePrimary},
    {"nv-global-write-lock", TPM2_CC_NV_GlobalWriteLock},
    {"get-command-audit-digest", TPM2_CC_GetCommandAuditDigest},
    {"nv-increment", TPM2_CC_NV_Increment},
    {"nv-set-bits", TPM2_CC_NV_SetBits},
    {"nv-extend", TPM2_CC_NV_Extend},
    {"nv-write", TPM2_CC_NV_Write},
    {"nv-write-lock", TPM2_CC_NV_WriteLock},
    {"dictionary-attack-lock-reset", TPM2_CC_DictionaryAttackLockReset},
    {"dictionary-attack-parameters", TPM2_CC_DictionaryAttackParameters},
    {"nv-change-auth", TPM2_CC_NV_ChangeAuth},
    {"pcr-event", TPM2_CC_PCR_Event},
    {"pcr-reset", TPM2_CC_PCR_Reset},
    {"sequence-complete", TPM2_CC_SequenceComplete},
    {"set-algorithm-set", TPM2_CC_SetAlgorithmSet},
    {"set-command-code-audit-status", TPM2_CC_SetCommandCodeAuditStatus},
    {"activate-credential", TPM2_CC_ActivateCredential},
    {"certify", TPM2_CC_Certify},
    {"policy-nv", TPM2_CC_PolicyNV},
    {"certify-creation", TPM2_CC_CertifyCreation},
    {"duplicate", TPM2_CC_Duplicate},
    {"get-time", TPM2_CC_GetTime},
    {"get-session-audit-digest", TPM2_CC_GetSessionAuditDigest},
    {"nv-read", TPM2_CC_NV_Read},
    {"nv-read-lock", TPM2_CC_NV_ReadLock},
    {"object-change-auth", TPM2_CC_ObjectChangeAuth},
    {"policy-secret", TPM2_CC_PolicySecret},
    {"rewrap", TPM2_CC_Rewrap},
    {"create", TPM2_CC_Create},
    {"ecdh-zgen", TPM2_CC_ECDH_ZGen},
    {"hmac", TPM2_CC_HMAC},
    {"import", TPM2_CC_Import},
    {"load", TPM2_CC_Load},
    {"quote", TPM2_CC_Quote},
    {"rsa-decrypt", TPM2_CC_RSA_Decrypt},
    {"hmac-start", TPM2_CC_HMAC_Start},
    {"sequence-update", TPM2_CC_SequenceUpdate},
    {"sign", TPM2_CC_Sign},
    {"unseal", TPM2_CC_Unseal},
    {"encrypt-decrypt", TPM2_CC_EncryptDecrypt},
    {"pcr-extend", TPM2_CC_PCR_Extend},
    {"pcr-set-auth-value", TPM2_CC_PCR_SetAuthValue},
    {"nv-certify", TPM2_CC_NV_Certify},
    {"event-sequence-complete", TPM2_CC_EventSequenceComplete},
    {"commit", TPM2_CC_Commit},
    {"zgen-2phase", TPM2_CC_ZGen_2Phase},
    {"create-loaded", TPM2_CC_CreateLoaded},
    {"policy-authorize-nv", TPM2_CC_PolicyAuthorizeNV},
    {"encrypt-decrypt2", TPM2_CC_EncryptDecrypt2},
    {"certify-x509", TPM2_CC_CertifyX509},
    {"act-set-timeout", TPM2_CC_ACT_SetTimeout},
    {NULL, 0},
};

const struct hf_policy_time_field hf_policy_time_fields[] = {
    {"time", 0, 8},           /* ms since the TPM was started */
    {"clock", 8, 8},          /* ms of operation in all */
    {"reset-count", 16, 4},   /* TPM Resets since the last Clear */
    {"restart-count", 20, 4}, /* restarts and resumes since the last Reset */
    {"safe", 24, 1},          /* yes: no value of clock was ever higher */
    {NULL, 0, 0},
};

const char *hf_policy_kind_word(enum hf_policy_kind kind)
{
    const struct hf_policy_word *row = hf_policy_word_of(hf_policy_kinds, kind);

    return row ? row->word : "unknown";
}

const struct hf_policy_word *hf_policy_word_find(const struct hf_policy_word *table, struct hf_bytes word)
{
    for (; table->word; table++) {
        if (hf_bytes_equal(hf_bytes_text(table->word), word))
            return table;
    }
    return NULL;
}

const struct hf_policy_word *hf_policy_word_of(const struct hf_policy_word *table, uint32_t value)
{
    for (; table->word; table++) {
        if (table->value == value)
            return table;
    }
    return NULL;
}
