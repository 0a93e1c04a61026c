/* What a response code says, why it probably came, and what to do. */
#include "tpm/rc.h"
#include "tpm/call.h"

#include <stdio.h>

struct row {
    uint32_t code;
    hf_err err;
    hf_err err_handle; /* where it points at a handle; HF_OK: the same */
    const char *name;
    const char *cause;
    const char *hint;
};

#define RC(id) TPM2_RC_##id
#define NAME(id) "TPM_RC_" #id
#define ROW(id, err, cause, hint)                       \
    {                                                   \
        RC(id), (err), HF_OK, NAME(id), (cause), (hint) \
    }
#define ROW_HANDLE(id, err, err_handle, cause, hint)           \
    {                                                          \
        RC(id), (err), (err_handle), NAME(id), (cause), (hint) \
    }

/* Format 0, version 1: errors. */
static const struct row errors[] = {
    ROW(INITIALIZE, HF_E_DEVICE, "the TPM was not started up, or is started already",
        "TPM2_Startup is due after power on"),
    ROW(FAILURE, HF_E_DEVICE, "the TPM is in failure mode",
        "power it off and on; `holdfast tpm info` shows its self test"),
    ROW(SEQUENCE, HF_E_ARG, "a sequence handle is used wrongly", NULL),
    ROW(PRIVATE, HF_E_DEVICE, "the private area is not usable", NULL),
    ROW(HMAC, HF_E_DEVICE, "an HMAC is not usable", NULL),
    ROW(DISABLED, HF_E_DENIED, "the command is disabled", "the platform (firmware setup) may have turned it off"),
    ROW(EXCLUSIVE, HF_E_BUSY, "an exclusive audit session was interrupted", "repeat the audited sequence"),
    ROW(AUTH_TYPE, HF_E_DENIED, "this kind of authorization is not permitted for this",
        "a policy may be required, or forbidden"),
    ROW(AUTH_MISSING, HF_E_AUTH, "authorization is required and is missing", NULL),
    ROW(POLICY, HF_E_DENIED, "the policy does not hold", "compare it with `holdfast tpm policy show`"),
    ROW(PCR, HF_E_DENIED, "PCRs do not have the values the policy wants",
        "`holdfast tpm pcr read` shows which; approve or seal anew after an update"),
    ROW(PCR_CHANGED, HF_E_BUSY, "a PCR changed after the policy had looked at it", "run the policy again"),
    ROW(UPGRADE, HF_E_UNAVAILABLE, "the TPM is in field upgrade mode", "finish the firmware update"),
    ROW(TOO_MANY_CONTEXTS, HF_E_FULL, "the context counter is at its end", "the TPM needs a reset (reboot)"),
    ROW(AUTH_UNAVAILABLE, HF_E_DENIED, "the object has no such authorization",
        "it may permit a policy only, or a value only"),
    ROW(REBOOT, HF_E_UNAVAILABLE, "the TPM needs a reset before it goes on", "reboot"),
    ROW(UNBALANCED, HF_E_UNSUPPORTED, "hash and cipher are not of balanced strength",
        "take a hash at least as strong as the cipher"),
    ROW(COMMAND_SIZE, HF_E_DEVICE, "the command's size does not fit its content", NULL),
    ROW(COMMAND_CODE, HF_E_UNSUPPORTED, "this TPM does not have the command", "`holdfast tpm caps` lists what it has"),
    ROW(AUTHSIZE, HF_E_DEVICE, "the authorization area has a wrong size", NULL),
    ROW(AUTH_CONTEXT, HF_E_DEVICE, "the command permits no session", NULL),
    ROW(NV_RANGE, HF_E_ARG, "offset and size leave the NV index", "`holdfast tpm nv show` gives its size"),
    ROW(NV_SIZE, HF_E_LIMIT, "the NV index would be larger than the TPM permits",
        "`holdfast tpm info` gives nv_index_max; write several"),
    ROW(NV_LOCKED, HF_E_DENIED, "the NV index is locked",
        "a read or write lock lasts until the next reset, or for good; "
        "`holdfast tpm nv show`"),
    ROW(NV_AUTHORIZATION, HF_E_DENIED, "the NV index does not permit this to who asks",
        "its attributes decide: `holdfast tpm nv show`"),
    ROW(NV_UNINITIALIZED, HF_E_NOT_FOUND, "the NV index was never written", "write it first"),
    ROW(NV_SPACE, HF_E_FULL, "the TPM has no NV space left",
        "`holdfast tpm nv list` shows who uses "
        "it; undefine or evict something"),
    ROW(NV_DEFINED, HF_E_EXISTS, "the NV index or persistent handle is in use",
        "take another one, or undefine or evict it first"),
    ROW(BAD_CONTEXT, HF_E_INTEGRITY, "the saved context is not valid", NULL),
    ROW(CPHASH, HF_E_DENIED, "the policy binds other command parameters", NULL),
    ROW(PARENT, HF_E_KEY_TYPE, "the parent cannot be one", "a parent is a restricted decryption key"),
    ROW(NEEDS_TEST, HF_E_BUSY, "a function must be tested first", "retry"),
    ROW(NO_RESULT, HF_E_DEVICE, "the TPM could not process the request", NULL),
    ROW(SENSITIVE, HF_E_INTEGRITY, "the sensitive area is damaged", NULL),
};

/* Format 1: with a handle, a session or a parameter. */
static const struct row format1[] = {
    ROW(ASYMMETRIC, HF_E_UNSUPPORTED, "the TPM does not have the asymmetric algorithm", NULL),
    ROW_HANDLE(ATTRIBUTES, HF_E_ARG, HF_E_KEY_TYPE, "the attributes contradict each other or this use", NULL),
    ROW(HASH, HF_E_UNSUPPORTED, "the TPM does not have the hash, or not for this",
        "`holdfast tpm caps` lists its algorithms"),
    ROW_HANDLE(VALUE, HF_E_ARG, HF_E_NOT_FOUND, "a value is out of range, or nothing has this handle", NULL),
    ROW(HIERARCHY, HF_E_DENIED, "the hierarchy is disabled, or not the one for this",
        "firmware may have disabled it; a reset enables it again"),
    ROW(KEY_SIZE, HF_E_UNSUPPORTED, "the TPM does not have the key size", "`holdfast tpm caps` lists the sizes it has"),
    ROW(MGF, HF_E_UNSUPPORTED, "the TPM does not have the mask generation function", NULL),
    ROW(MODE, HF_E_UNSUPPORTED, "the TPM does not have the mode, or not for this key", NULL),
    ROW(TYPE, HF_E_KEY_TYPE, "the type does not fit the use", NULL),
    ROW(HANDLE, HF_E_NOT_FOUND, "nothing has this handle, or it is not for this use",
        "`holdfast tpm list` and `holdfast tpm nv list` show what there is"),
    ROW(KDF, HF_E_UNSUPPORTED, "the TPM does not have the key derivation, or not for this", NULL),
    ROW(RANGE, HF_E_ARG, "a value is out of its range", NULL),
    ROW(AUTH_FAIL, HF_E_AUTH, "the authorization is wrong; this counts towards dictionary-attack lockout",
        "`holdfast tpm lockout show` gives the tries left"),
    ROW(NONCE, HF_E_DEVICE, "a session's nonce does not fit", "the session is out of step; open a new one"),
    ROW(PP, HF_E_DENIED, "physical presence is required", NULL),
    ROW(SCHEME, HF_E_KEY_TYPE, "unsupported or incompatible scheme",
        "the key's own scheme decides: `holdfast tpm show`"),
    ROW(SIZE, HF_E_ARG, "a size is wrong", NULL),
    ROW(SYMMETRIC, HF_E_UNSUPPORTED, "the TPM does not have the symmetric algorithm or key size, or not for this",
        NULL),
    ROW(TAG, HF_E_ARG, "a structure has a wrong tag", NULL),
    ROW(SELECTOR, HF_E_ARG, "a union's selector is wrong", NULL),
    ROW(INSUFFICIENT, HF_E_ARG, "a structure ends early", NULL),
    ROW(SIGNATURE, HF_E_MISMATCH, "the signature is not valid", NULL),
    ROW(KEY, HF_E_KEY_TYPE, "the key is not of a kind for this use", "`holdfast tpm show` tells what it may do"),
    ROW(POLICY_FAIL, HF_E_DENIED, "the policy is not satisfied",
        "a PCR or NV value differs, a step is missing, or it is another policy: "
        "`holdfast tpm policy try`"),
    ROW(INTEGRITY, HF_E_PARENT, "blob damaged, or made under another parent or by another TPM",
        "load it under the parent it was made under; the three usual SRKs differ"),
    ROW(TICKET, HF_E_INTEGRITY, "a ticket is not valid", "tickets end with the TPM's reset, and belong to one TPM"),
    ROW(RESERVED_BITS, HF_E_ARG, "reserved bits are set", NULL),
    ROW(BAD_AUTH, HF_E_AUTH, "the authorization is wrong; this does not count towards lockout", NULL),
    ROW(EXPIRED, HF_E_DENIED, "the policy's authorization has expired", "ask for a new one"),
    ROW(POLICY_CC, HF_E_DENIED, "the policy permits another command than this", NULL),
    ROW(BINDING, HF_E_INTEGRITY, "public and private part do not belong together", NULL),
    ROW(CURVE, HF_E_UNSUPPORTED, "the TPM does not have the curve", "`holdfast tpm caps` lists the curves it has"),
    ROW(ECC_POINT, HF_E_ARG, "the point is not on the curve", NULL),
};

#define NOT_LOADED_H(n) ROW(REFERENCE_H##n, HF_E_NOT_FOUND, "the object or session of a handle is not loaded", NULL)
#define NOT_LOADED_S(n) ROW(REFERENCE_S##n, HF_E_NOT_FOUND, "an authorization session is not loaded", "open a new one")

/* Format 0: warnings. The command may succeed later. */
static const struct row warnings[] = {
    ROW(CONTEXT_GAP, HF_E_BUSY, "a saved session is too old for another one to be saved",
        "load or flush the oldest saved session"),
    ROW(OBJECT_MEMORY, HF_E_BUSY, "no memory for another object",
        "something else left objects loaded: `holdfast tpm flush`, or use /dev/tpmrm0"),
    ROW(SESSION_MEMORY, HF_E_BUSY, "no memory for another session",
        "something else left sessions open: `holdfast tpm flush`, or use /dev/tpmrm0"),
    ROW(MEMORY, HF_E_BUSY, "no memory in the TPM", "flush objects and sessions: `holdfast tpm flush`"),
    ROW(SESSION_HANDLES, HF_E_BUSY, "no session handle is free", "flush sessions: `holdfast tpm flush`"),
    ROW(OBJECT_HANDLES, HF_E_BUSY, "no object handle is free", "reboot"),
    ROW(LOCALITY, HF_E_DENIED, "the command comes from a wrong locality", NULL),
    ROW(YIELDED, HF_E_BUSY, "the TPM paused the command", "retry"),
    ROW(CANCELED, HF_E_CANCELLED, "the command was cancelled", NULL),
    ROW(TESTING, HF_E_BUSY, "the TPM is testing itself", "retry"),
    NOT_LOADED_H(0),
    NOT_LOADED_H(1),
    NOT_LOADED_H(2),
    NOT_LOADED_H(3),
    NOT_LOADED_H(4),
    NOT_LOADED_H(5),
    NOT_LOADED_H(6),
    NOT_LOADED_S(0),
    NOT_LOADED_S(1),
    NOT_LOADED_S(2),
    NOT_LOADED_S(3),
    NOT_LOADED_S(4),
    NOT_LOADED_S(5),
    NOT_LOADED_S(6),
    ROW(NV_RATE, HF_E_BUSY, "the TPM limits how fast NV is written", "retry later"),
    ROW(LOCKOUT, HF_E_LOCKED, "the TPM is in dictionary-attack lockout",
        "`holdfast tpm lockout show` tells when it ends, `holdfast tpm lockout reset` ends it"),
    ROW(RETRY, HF_E_BUSY, "the TPM could not start the command", "retry"),
    ROW(NV_UNAVAILABLE, HF_E_BUSY, "NV cannot be written now", "retry later"),
};

/* Codes of software stacks are the same in each layer. */
static const char *const tss_names[] = {
    NULL,
    "GENERAL_FAILURE",
    "NOT_IMPLEMENTED",
    "BAD_CONTEXT",
    "ABI_MISMATCH",
    "BAD_REFERENCE",
    "INSUFFICIENT_BUFFER",
    "BAD_SEQUENCE",
    "NO_CONNECTION",
    "TRY_AGAIN",
    "IO_ERROR",
    "BAD_VALUE",
    "NOT_PERMITTED",
    "INVALID_SESSIONS",
    "NO_DECRYPT_PARAM",
    "NO_ENCRYPT_PARAM",
    "BAD_SIZE",
    "MALFORMED_RESPONSE",
    "INSUFFICIENT_CONTEXT",
    "INSUFFICIENT_RESPONSE",
    "INCOMPATIBLE_TCTI",
    "NOT_SUPPORTED",
    "BAD_TCTI_STRUCTURE",
    "MEMORY",
    "BAD_TR",
    "MULTIPLE_DECRYPT_SESSIONS",
    "MULTIPLE_ENCRYPT_SESSIONS",
    "RSP_AUTH_FAILED",
};

static const struct row *find_in(const struct row *rows, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

/* Part 2, 6.6.2, figures 25 to 27. */
#define FORMAT1 0x080u
#define VERSION1 0x100u
#define VENDOR 0x400u
#define WARNING 0x800u
#define PARAMETER 0x040u

static void decode_format1(uint32_t rc, struct hf_tpm_rc *d)
{
    const struct row *row = find_in(format1, HF_COUNT(format1), FORMAT1 | (rc & 0x3f));
    unsigned n = rc >> 8 & 0xf;

    if (rc & PARAMETER) {
        d->points_at = HF_TPM_RC_PARAMETER;
        d->number = n;
    } else {
        d->points_at = n & 8 ? HF_TPM_RC_SESSION : HF_TPM_RC_HANDLE;
        d->number = n & 7;
    }
    if (!row)
        return;
    d->name = row->name;
    d->cause = row->cause;
    d->hint = row->hint;
    d->err = d->points_at == HF_TPM_RC_HANDLE && row->err_handle != HF_OK ? row->err_handle : row->err;
}

static void decode_format0(uint32_t rc, struct hf_tpm_rc *d)
{
    const struct row *row;

    if (rc & VENDOR) {
        d->cause = "a code of the TPM's vendor";
        return;
    }
    row = rc & WARNING ? find_in(warnings, HF_COUNT(warnings), rc) : find_in(errors, HF_COUNT(errors), rc);
    if (!row)
        return;
    d->name = row->name;
    d->cause = row->cause;
    d->hint = row->hint;
    d->err = row->err;
    if (rc >= TPM2_RC_REFERENCE_H0 && rc <= TPM2_RC_REFERENCE_S6) {
        d->points_at = rc >= TPM2_RC_REFERENCE_S0 ? HF_TPM_RC_SESSION : HF_TPM_RC_HANDLE;
        d->number = (rc & 7) + 1;
    }
}

static void decode_tpm(uint32_t rc, struct hf_tpm_rc *d)
{
    d->from_tpm = true;
    d->cause = "a code that is not known";
    if (rc == 0) {
        d->name = "TPM_RC_SUCCESS";
        d->cause = "success";
        d->err = HF_E_INTERNAL; /* nobody fails with it */
    } else if (rc > 0xfff) {
        return;
    } else if (rc & FORMAT1) {
        decode_format1(rc, d);
    } else if (rc & VERSION1) {
        decode_format0(rc, d);
    } else {
        d->name = rc == TPM2_RC_BAD_TAG ? "TPM_RC_BAD_TAG" : NULL;
        d->cause = rc == TPM2_RC_BAD_TAG ? "the command's tag is wrong, or this is a TPM 1.2"
                                         : "a code of TPM 1.2, which cannot be used here";
        d->err = HF_E_UNSUPPORTED;
    }
}

static void decode_stack(uint32_t code, struct hf_tpm_rc *d)
{
    d->cause = "the software between holdfast and the TPM failed";
    if (code < HF_COUNT(tss_names))
        d->name = tss_names[code];
    if (code == TSS2_BASE_RC_NO_CONNECTION || code == TSS2_BASE_RC_IO_ERROR)
        d->err = HF_E_UNAVAILABLE;
    else if (code == TSS2_BASE_RC_TRY_AGAIN)
        d->err = HF_E_BUSY;
    else if (code == TSS2_BASE_RC_NOT_PERMITTED)
        d->err = HF_E_PERMISSION;
    else if (code == TSS2_BASE_RC_NOT_IMPLEMENTED || code == TSS2_BASE_RC_NOT_SUPPORTED)
        d->err = HF_E_UNSUPPORTED;
}

static const char *layer_name(uint32_t layer)
{
    static const char *const names[] = {[0] = "TPM",
                                        [6] = "FAPI",
                                        [7] = "ESAPI",
                                        [8] = "SAPI",
                                        [9] = "marshalling",
                                        [10] = "TCTI",
                                        [11] = "resource manager",
                                        [12] = "resource manager"};

    return layer < HF_COUNT(names) && names[layer] ? names[layer] : "unknown layer";
}

struct hf_tpm_rc hf_tpm_rc_decode(uint32_t rc)
{
    uint32_t layer = rc >> TSS2_RC_LAYER_SHIFT;
    uint32_t code = rc & 0xffff;
    struct hf_tpm_rc d = {.layer = layer_name(layer), .err = HF_E_DEVICE};

    /* Resource managers (the kernel's says 11) answer with TPM codes for what they refuse themselves. */
    if (layer == 0 || layer == 12 || (layer == 11 && code >= FORMAT1))
        decode_tpm(code, &d);
    else
        decode_stack(code, &d);
    return d;
}

const char *hf_tpm_rc_name(uint32_t rc)
{
    struct hf_tpm_rc d = hf_tpm_rc_decode(rc);

    return d.from_tpm ? d.name : NULL;
}

/* Commands whose parameters name what a new object shall be: a value refused there is one the TPM lacks. */
static bool makes_object(uint32_t command)
{
    switch (command) {
    case TPM2_CC_Create:
    case TPM2_CC_CreatePrimary:
    case TPM2_CC_CreateLoaded:
    case TPM2_CC_LoadExternal:
    case TPM2_CC_TestParms:
        return true;
    default:
        return false;
    }
}

hf_err hf_tpm_fail_rc(const struct hf_tpm_command *command, uint32_t rc)
{
    static const char *const things[] = {"", ", handle ", ", session ", ", parameter "};
    struct hf_tpm_rc d = hf_tpm_rc_decode(rc);
    char where[32] = "";
    char from[32] = ""; /* the layer, where it is not simply the TPM */

    if (d.points_at != HF_TPM_RC_NOTHING && d.number)
        (void)snprintf(where, sizeof(where), "%s%u", things[d.points_at], d.number);
    if (command && makes_object(command->code) && d.points_at == HF_TPM_RC_PARAMETER && (rc & 0xbf) == TPM2_RC_VALUE) {
        d.err = HF_E_UNSUPPORTED;
        d.cause = "the TPM does not have an algorithm, size or curve that was asked for";
        d.hint = "`holdfast tpm caps` lists what it has";
    }
    if (rc > 0xffff)
        (void)snprintf(from, sizeof(from), "%s: ", d.layer);
    return hf_fail_device(d.err, rc, "%s%s%s%s (0x%08x%s): %s%s%s", command ? command->name : "", command ? ": " : "",
                          from, d.name ? d.name : "response code", rc, where, d.cause, d.hint ? "; " : "",
                          d.hint ? d.hint : "");
}
