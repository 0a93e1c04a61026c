/* tpm/rc.c: every response code, against libtss2-rc where it is installed. */
#include "test.h"
#include "tpm/call.h"
#include "tpm/rc.h"

#include <dlfcn.h>

/* As Part 2 and tss2_tpm2_types.h number them: the table must have each, under its name. */
#define CODES(X)                                                                                                       \
    X(INITIALIZE)                                                                                                      \
    X(FAILURE)                                                                                                         \
    X(SEQUENCE)                                                                                                        \
    X(PRIVATE) X(HMAC) X(DISABLED) X(EXCLUSIVE) X(AUTH_TYPE) X(AUTH_MISSING) X(POLICY) X(PCR) X(PCR_CHANGED)           \
        X(UPGRADE) X(TOO_MANY_CONTEXTS) X(AUTH_UNAVAILABLE) X(REBOOT) X(UNBALANCED) X(COMMAND_SIZE) X(COMMAND_CODE)    \
            X(AUTHSIZE) X(AUTH_CONTEXT) X(NV_RANGE) X(NV_SIZE) X(NV_LOCKED) X(NV_AUTHORIZATION) X(NV_UNINITIALIZED)    \
                X(NV_SPACE) X(NV_DEFINED) X(BAD_CONTEXT) X(CPHASH) X(PARENT) X(NEEDS_TEST) X(NO_RESULT) X(SENSITIVE)   \
                    X(ASYMMETRIC) X(ATTRIBUTES) X(HASH) X(VALUE) X(HIERARCHY) X(KEY_SIZE) X(MGF) X(MODE) X(TYPE)       \
                        X(HANDLE) X(KDF) X(RANGE) X(AUTH_FAIL) X(NONCE) X(PP) X(SCHEME) X(SIZE) X(SYMMETRIC) X(TAG)    \
                            X(SELECTOR) X(INSUFFICIENT) X(SIGNATURE) X(KEY) X(POLICY_FAIL) X(INTEGRITY) X(TICKET)      \
                                X(RESERVED_BITS) X(BAD_AUTH) X(EXPIRED) X(POLICY_CC) X(BINDING) X(CURVE) X(ECC_POINT)  \
                                    X(CONTEXT_GAP) X(OBJECT_MEMORY) X(SESSION_MEMORY) X(MEMORY) X(SESSION_HANDLES)     \
                                        X(OBJECT_HANDLES) X(LOCALITY) X(YIELDED) X(CANCELED) X(TESTING)                \
                                            X(REFERENCE_H0) X(REFERENCE_H6) X(REFERENCE_S0) X(REFERENCE_S6) X(NV_RATE) \
                                                X(LOCKOUT) X(RETRY) X(NV_UNAVAILABLE) X(BAD_TAG) X(SUCCESS)

TEST(every_code_has_its_name)
{
    static const struct {
        uint32_t code;
        const char *name;
    } codes[] = {
#define CODE(id) {TPM2_RC_##id, "TPM_RC_" #id},
        CODES(CODE)
#undef CODE
    };

    for (size_t i = 0; i < HF_COUNT(codes); i++) {
        CASE(codes[i].name);
        CHECK(hf_tpm_rc_name(codes[i].code) != NULL);
        CHECK_TEXT(hf_tpm_rc_name(codes[i].code), codes[i].name);
    }
    CHECK(hf_tpm_rc_name(0x102) == NULL && hf_tpm_rc_name(0x97f) == NULL && hf_tpm_rc_name(0x86) == NULL);
    CHECK(hf_tpm_rc_name(0x500) == NULL && hf_tpm_rc_name(0xa0008) == NULL && hf_tpm_rc_name(0x1101) == NULL);
}

TEST(a_failure_says_what_it_points_at_and_what_to_do)
{
    static const struct hf_tpm_command sign = {.code = TPM2_CC_Sign, .name = "TPM2_Sign"};
    static const struct hf_tpm_command create = {.code = TPM2_CC_Create, .name = "TPM2_Create"};
    static const struct {
        const struct hf_tpm_command *command;
        uint32_t rc;
        hf_err want;
        const char *detail;
    } cases[] = {
        {&sign, 0x2d2, HF_E_KEY_TYPE,
         "TPM2_Sign: TPM_RC_SCHEME (0x000002d2, parameter 2): unsupported or incompatible"},
        {&sign, 0x98e, HF_E_AUTH, "TPM_RC_AUTH_FAIL (0x0000098e, session 1): the authorization is wrong; this counts"},
        {&sign, 0x9a2, HF_E_AUTH, "TPM_RC_BAD_AUTH (0x000009a2, session 1)"},
        {&sign, 0x921, HF_E_LOCKED,
         "TPM_RC_LOCKOUT (0x00000921): the TPM is in dictionary-attack lockout; `holdfast tpm lockout"},
        {&sign, 0x99d, HF_E_DENIED, "TPM_RC_POLICY_FAIL (0x0000099d, session 1)"},
        {&sign, 0x1df, HF_E_PARENT,
         "TPM_RC_INTEGRITY (0x000001df, parameter 1): blob damaged, or made under another parent"},
        {&sign, 0x184, HF_E_NOT_FOUND, "TPM_RC_VALUE (0x00000184, handle 1)"},
        {&sign, 0x1c4, HF_E_ARG, "TPM_RC_VALUE (0x000001c4, parameter 1)"},
        {&create, 0x2c4, HF_E_UNSUPPORTED, "algorithm, size or curve"},
        {&create, 0x284, HF_E_NOT_FOUND, "handle 2"},
        {&sign, 0x182, HF_E_KEY_TYPE, "TPM_RC_ATTRIBUTES (0x00000182, handle 1)"},
        {&create, 0x2c2, HF_E_ARG, "TPM_RC_ATTRIBUTES (0x000002c2, parameter 2)"},
        {&sign, 0xfd2, HF_E_KEY_TYPE, "parameter 15"},
        {&sign, 0x912, HF_E_NOT_FOUND, "TPM_RC_REFERENCE_H2 (0x00000912, handle 3)"},
        {&sign, 0x91e, HF_E_NOT_FOUND, "TPM_RC_REFERENCE_S6 (0x0000091e, session 7)"},
        {&sign, 0x902, HF_E_BUSY, "TPM_RC_OBJECT_MEMORY"},
        {&sign, 0x922, HF_E_BUSY, "TPM_RC_RETRY"},
        {&sign, 0x908, HF_E_BUSY, "TPM_RC_YIELDED"},
        {&sign, 0x90a, HF_E_BUSY, "TPM_RC_TESTING"},
        {&sign, 0x901, HF_E_BUSY, "TPM_RC_CONTEXT_GAP"},
        {&sign, 0x14b, HF_E_FULL, "TPM_RC_NV_SPACE"},
        {&sign, 0x14c, HF_E_EXISTS, "TPM_RC_NV_DEFINED"},
        {&sign, 0x148, HF_E_DENIED, "TPM_RC_NV_LOCKED"},
        {&sign, 0x18b, HF_E_NOT_FOUND, "TPM_RC_HANDLE"},
        {&sign, 0x185, HF_E_DENIED, "TPM_RC_HIERARCHY"},
        {&sign, 0x143, HF_E_UNSUPPORTED, "TPM_RC_COMMAND_CODE"},
        {&sign, 0x2db, HF_E_MISMATCH, "TPM_RC_SIGNATURE"},
        {&sign, 0x128, HF_E_BUSY, "TPM_RC_PCR_CHANGED"},
        {NULL, 0x101, HF_E_DEVICE, "TPM_RC_FAILURE (0x00000101): the TPM is in failure mode"},
        {NULL, 0x102, HF_E_DEVICE, "response code (0x00000102): a code that is not known"},
        {NULL, 0x501, HF_E_DEVICE, "response code (0x00000501): a code of the TPM's vendor"},
        {NULL, 0x01e, HF_E_UNSUPPORTED, "TPM_RC_BAD_TAG (0x0000001e)"},
        {NULL, 0x026, HF_E_UNSUPPORTED, "TPM 1.2"},
        {NULL, 0xb0143, HF_E_UNSUPPORTED, "resource manager: TPM_RC_COMMAND_CODE (0x000b0143)"},
        {NULL, 0xc0902, HF_E_BUSY, "resource manager: TPM_RC_OBJECT_MEMORY (0x000c0902)"},
        {NULL, 0xa0008, HF_E_UNAVAILABLE, "TCTI: NO_CONNECTION (0x000a0008)"},
        {NULL, 0xa000c, HF_E_PERMISSION, "TCTI: NOT_PERMITTED"},
        {NULL, 0xa0009, HF_E_BUSY, "TCTI: TRY_AGAIN"},
        {NULL, 0x7001b, HF_E_DEVICE, "ESAPI: RSP_AUTH_FAILED"},
        {NULL, 0xff0001, HF_E_DEVICE, "unknown layer: GENERAL_FAILURE"},
        {NULL, 0xffffffff, HF_E_DEVICE, "unknown layer: response code (0xffffffff)"},
        {NULL, 0, HF_E_INTERNAL, "TPM_RC_SUCCESS"},
    };

    for (size_t i = 0; i < HF_COUNT(cases); i++) {
        CASE(cases[i].detail);
        FAILS(hf_tpm_fail_rc(cases[i].command, cases[i].rc), cases[i].want);
        CHECK_DETAIL(cases[i].detail);
        CHECK(hf_err_device_code() == cases[i].rc);
    }
}

/* What libtss2-rc says: "tpm:parameter(1):cause", "tpm:warn(2.0): cause", "tpm:0x102". */
struct opinion {
    bool known;
    char thing[16];
    unsigned number;
    char cause[256];
};

static struct opinion opinion_of(const char *text)
{
    struct opinion o = {0};
    const char *cause = strrchr(text, ':');

    if (strncmp(text, "tpm:", 4) != 0 || !cause)
        return o;
    o.known = strncmp(cause + 1, "0x", 2) != 0 && !strstr(text, "unknown") && !strstr(text, "(null)") &&
              !strstr(text, "Vendor specific");
    (void)snprintf(o.cause, sizeof(o.cause), "%s", cause + 1);
    if (sscanf(text, "tpm:%15[a-z](%u):", o.thing, &o.number) < 1)
        o.thing[0] = 0;
    return o;
}

/* The cause that each name had first; both ways one to one. */
static struct {
    const char *name;
    char cause[256];
} pairs[256];
static size_t n_pairs;

static void check_pair(const char *name, const char *cause)
{
    for (size_t i = 0; i < n_pairs; i++) {
        bool same_name = strcmp(pairs[i].name, name) == 0;
        bool same_cause = strcmp(pairs[i].cause, cause) == 0;

        if (same_name != same_cause)
            FAIL("%s is \"%s\", but %s is \"%s\"", name, cause, pairs[i].name, pairs[i].cause);
        if (same_name)
            return;
    }
    CHECK(n_pairs < HF_COUNT(pairs));
    pairs[n_pairs].name = name;
    (void)snprintf(pairs[n_pairs++].cause, sizeof(pairs[0].cause), "%s", cause);
}

TEST(libtss2_has_the_same_opinion_of_every_code)
{
    static const char *const things[] = {"", "handle", "session", "parameter"};
    void *library = dlopen("libtss2-rc.so.0", RTLD_NOW | RTLD_LOCAL);
    const char *(*decode)(uint32_t) = NULL;
    void *symbol;

    if (!library) {
        print_message("# SKIPPED: libtss2-rc.so.0 is not installed (package libtss2-rc0)\n");
        skip();
    }
    symbol = dlsym(library, "Tss2_RC_Decode");
    memcpy(&decode, &symbol, sizeof(decode));
    CHECK(decode != NULL);
    for (uint32_t rc = 1; rc <= 0xfff; rc++) {
        struct opinion theirs = opinion_of(decode(rc));
        struct hf_tpm_rc ours = hf_tpm_rc_decode(rc);
        char name[32];

        (void)snprintf(name, sizeof(name), "code 0x%03x", rc);
        CASE(name);
        if (rc == TPM2_RC_BAD_TAG || (!(rc & 0x080) && (rc & 0x600))) /* not theirs; bits they pass over */
            continue;
        CHECK(theirs.known == (ours.name != NULL));
        if (!theirs.known)
            continue;
        if (!strstr(theirs.cause, "not currently used")) /* their text of two codes */
            check_pair(ours.name, theirs.cause);
        if (!(rc & 0x080))
            continue;
        CHECK_TEXT(things[ours.points_at], theirs.thing);
        CHECK(theirs.number == (ours.number & 7)); /* they keep three bits of a parameter's four */
    }
    CHECK(n_pairs == 93); /* all 95 but those two */
    (void)dlclose(library);
}

TESTS(RUN(every_code_has_its_name), RUN(a_failure_says_what_it_points_at_and_what_to_do),
      RUN(libtss2_has_the_same_opinion_of_every_code))
