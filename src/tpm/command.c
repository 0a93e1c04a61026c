/* The command table (TCG TPM 2.0 Library, Part 3): what the engine must know of each command. */
#include "tpm/call.h"

#define IN 1   /* the first parameter is a TPM2B */
#define OUT 2  /* the first response parameter is a TPM2B */
#define BARE 4 /* no session may go along */
#define SAFE 8 /* may be sent again when the answer was lost */

/* name, handles, authorized handles, response handles, flags; by command code */
#define COMMANDS(X) \
    X(NV_UndefineSpaceSpecial, 2, 2, 0, 0) \
    X(EvictControl, 2, 1, 0, 0) \
    X(HierarchyControl, 1, 1, 0, 0) \
    X(NV_UndefineSpace, 2, 1, 0, 0) \
    X(ChangeEPS, 1, 1, 0, 0) \
    X(ChangePPS, 1, 1, 0, 0) \
    X(Clear, 1, 1, 0, 0) \
    X(ClearControl, 1, 1, 0, 0) \
    X(ClockSet, 1, 1, 0, 0) \
    X(HierarchyChangeAuth, 1, 1, 0, IN) \
    X(NV_DefineSpace, 1, 1, 0, IN) \
    X(PCR_Allocate, 1, 1, 0, 0) \
    X(PCR_SetAuthPolicy, 1, 1, 0, IN) \
    X(PP_Commands, 1, 1, 0, 0) \
    X(SetPrimaryPolicy, 1, 1, 0, IN) \
    X(ClockRateAdjust, 1, 1, 0, 0) \
    X(CreatePrimary, 1, 1, 1, IN | OUT) \
    X(NV_GlobalWriteLock, 1, 1, 0, 0) \
    X(GetCommandAuditDigest, 2, 2, 0, IN | OUT) \
    X(NV_Increment, 2, 1, 0, 0) \
    X(NV_SetBits, 2, 1, 0, 0) \
    X(NV_Extend, 2, 1, 0, IN) \
    X(NV_Write, 2, 1, 0, IN) \
    X(NV_WriteLock, 2, 1, 0, 0) \
    X(DictionaryAttackLockReset, 1, 1, 0, 0) \
    X(DictionaryAttackParameters, 1, 1, 0, 0) \
    X(NV_ChangeAuth, 1, 1, 0, IN) \
    X(PCR_Event, 1, 1, 0, IN) \
    X(PCR_Reset, 1, 1, 0, 0) \
    X(SequenceComplete, 1, 1, 0, IN | OUT) \
    X(SetCommandCodeAuditStatus, 1, 1, 0, 0) \
    X(IncrementalSelfTest, 0, 0, 0, SAFE) \
    X(SelfTest, 0, 0, 0, SAFE) \
    X(Startup, 0, 0, 0, BARE) \
    X(Shutdown, 0, 0, 0, BARE) \
    X(StirRandom, 0, 0, 0, IN | SAFE) \
    X(ActivateCredential, 2, 2, 0, IN | OUT | SAFE) \
    X(Certify, 2, 2, 0, IN | OUT | SAFE) \
    X(PolicyNV, 3, 1, 0, IN) \
    X(CertifyCreation, 2, 1, 0, IN | OUT | SAFE) \
    X(Duplicate, 2, 1, 0, IN | OUT | SAFE) \
    X(GetTime, 2, 2, 0, IN | OUT | SAFE) \
    X(GetSessionAuditDigest, 3, 2, 0, IN | OUT | SAFE) \
    X(NV_Read, 2, 1, 0, OUT | SAFE) \
    X(NV_ReadLock, 2, 1, 0, 0) \
    X(ObjectChangeAuth, 2, 1, 0, IN | OUT | SAFE) \
    X(PolicySecret, 2, 1, 0, IN | OUT) \
    X(Rewrap, 2, 1, 0, IN | OUT | SAFE) \
    X(Create, 1, 1, 0, IN | OUT | SAFE) \
    X(ECDH_ZGen, 1, 1, 0, IN | OUT | SAFE) \
    X(HMAC, 1, 1, 0, IN | OUT | SAFE) \
    X(Import, 1, 1, 0, IN | OUT | SAFE) \
    X(Load, 1, 1, 1, IN | OUT) \
    X(Quote, 1, 1, 0, IN | OUT | SAFE) \
    X(RSA_Decrypt, 1, 1, 0, IN | OUT | SAFE) \
    X(HMAC_Start, 1, 1, 1, IN) \
    X(SequenceUpdate, 1, 1, 0, IN) \
    X(Sign, 1, 1, 0, IN | SAFE) \
    X(Unseal, 1, 1, 0, OUT | SAFE) \
    X(PolicySigned, 2, 0, 0, IN | OUT) \
    X(ContextLoad, 0, 0, 1, BARE) \
    X(ContextSave, 1, 0, 0, BARE) \
    X(ECDH_KeyGen, 1, 0, 0, OUT | SAFE) \
    X(EncryptDecrypt, 1, 1, 0, OUT | SAFE) \
    X(FlushContext, 0, 0, 0, BARE) \
    X(LoadExternal, 0, 0, 1, IN | OUT) \
    X(MakeCredential, 1, 0, 0, IN | OUT | SAFE) \
    X(NV_ReadPublic, 1, 0, 0, OUT | SAFE) \
    X(PolicyAuthorize, 1, 0, 0, IN) \
    X(PolicyAuthValue, 1, 0, 0, 0) \
    X(PolicyCommandCode, 1, 0, 0, 0) \
    X(PolicyCounterTimer, 1, 0, 0, IN) \
    X(PolicyCpHash, 1, 0, 0, IN) \
    X(PolicyLocality, 1, 0, 0, 0) \
    X(PolicyNameHash, 1, 0, 0, IN) \
    X(PolicyOR, 1, 0, 0, 0) \
    X(PolicyTicket, 1, 0, 0, IN) \
    X(ReadPublic, 1, 0, 0, OUT | SAFE) \
    X(RSA_Encrypt, 1, 0, 0, IN | OUT | SAFE) \
    X(StartAuthSession, 2, 0, 1, BARE) \
    X(VerifySignature, 1, 0, 0, IN | SAFE) \
    X(ECC_Parameters, 0, 0, 0, SAFE) \
    X(GetCapability, 0, 0, 0, SAFE) \
    X(GetRandom, 0, 0, 0, OUT | SAFE) \
    X(GetTestResult, 0, 0, 0, OUT | SAFE) \
    X(Hash, 0, 0, 0, IN | OUT | SAFE) \
    X(PCR_Read, 0, 0, 0, SAFE) \
    X(PolicyPCR, 1, 0, 0, IN) \
    X(PolicyRestart, 1, 0, 0, 0) \
    X(ReadClock, 0, 0, 0, BARE | SAFE) \
    X(PCR_Extend, 1, 1, 0, 0) \
    X(PCR_SetAuthValue, 1, 1, 0, IN) \
    X(NV_Certify, 3, 2, 0, IN | OUT | SAFE) \
    X(EventSequenceComplete, 2, 2, 0, IN) \
    X(HashSequenceStart, 0, 0, 1, IN) \
    X(PolicyPhysicalPresence, 1, 0, 0, 0) \
    X(PolicyDuplicationSelect, 1, 0, 0, IN) \
    X(PolicyGetDigest, 1, 0, 0, OUT | SAFE) \
    X(TestParms, 0, 0, 0, SAFE) \
    X(Commit, 1, 1, 0, IN | OUT) \
    X(PolicyPassword, 1, 0, 0, 0) \
    X(ZGen_2Phase, 1, 1, 0, IN | OUT) \
    X(EC_Ephemeral, 0, 0, 0, OUT) \
    X(PolicyNvWritten, 1, 0, 0, 0) \
    X(PolicyTemplate, 1, 0, 0, IN) \
    X(CreateLoaded, 1, 1, 1, IN | OUT) \
    X(PolicyAuthorizeNV, 3, 1, 0, 0) \
    X(EncryptDecrypt2, 1, 1, 0, IN | OUT | SAFE)

#define ROW(id, n, a, o, f) \
    {TPM2_CC_##id, "TPM2_" #id, n, a, o, ((f) & IN) != 0, ((f) & OUT) != 0, ((f) & BARE) != 0, ((f) & SAFE) != 0},
static const struct hf_tpm_command commands[] = {COMMANDS(ROW)};

const struct hf_tpm_command *hf_tpm_command_find(uint32_t code)
{
    for (size_t i = 0; i < HF_COUNT(commands); i++) {
        if (commands[i].code == code)
            return &commands[i];
    }
    return NULL;
}

