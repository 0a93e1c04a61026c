/*
 * Every operation: a row gives its name in audit records, its class (DESIGN 11), and the roles that may
 * do it. What creates, destroys, writes or opens access is a CHANGE; what uses a key or reads is a USE.
 * Included by core/core.h, which explains the masks.
 */
#ifndef HF_CORE_OPS_H
#define HF_CORE_OPS_H

/* clang-format off */
/*    id                            name                     class         roles */
#define HF_OPS(X) \
    X(HF_OP_AUDIT_EXPORT,           "audit.export",          HF_OP_USE,    HF_AUDITOR) \
    X(HF_OP_AUDIT_TAIL,             "audit.tail",            HF_OP_USE,    HF_AUDITOR) \
    X(HF_OP_AUDIT_VERIFY,           "audit.verify",          HF_OP_USE,    HF_AUDITOR) \
    X(HF_OP_COLLATERAL_EXPIRE,      "collateral.expire",     HF_OP_CHANGE, HF_VERIFIER | HF_OPERATOR) \
    X(HF_OP_COLLATERAL_FETCH,       "collateral.fetch",      HF_OP_CHANGE, HF_VERIFIER | HF_OPERATOR) \
    X(HF_OP_COLLATERAL_LIST,        "collateral.list",       HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_COLLATERAL_SHOW,        "collateral.show",       HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_EVENT,                  "event",                 HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_NONCE_CHECK,            "nonce.check",           HF_OP_CHANGE, HF_VERIFIER | HF_OPERATOR) \
    X(HF_OP_NONCE_NEW,              "nonce.new",             HF_OP_USE,    HF_VERIFIER | HF_OPERATOR) \
    X(HF_OP_REPLAY_CHECK,           "replay.check",          HF_OP_CHANGE, HF_VERIFIER | HF_OPERATOR) \
    X(HF_OP_EVIDENCE_VERIFY,        "evidence.verify",       HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_EVIDENCE_VERIFY_BATCH,  "evidence.verify-batch", HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_AUTH,               "tpm.auth",              HF_OP_CHANGE, HF_ADMIN) \
    X(HF_OP_TPM_CAPS,               "tpm.caps",              HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_CERTIFY,            "tpm.certify",           HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_CLEAR,              "tpm.clear",             HF_OP_CHANGE, HF_ADMIN) \
    X(HF_OP_TPM_CLOCK,              "tpm.clock",             HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_CLOCK_SET,          "tpm.clock.set",         HF_OP_CHANGE, HF_ADMIN) \
    X(HF_OP_TPM_CREATE,             "tpm.create",            HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_CREDENTIAL_ACTIVATE,"tpm.credential.activate", HF_OP_USE,  HF_SIGNER | HF_ROBOT) \
    X(HF_OP_TPM_CREDENTIAL_MAKE,    "tpm.credential.make",   HF_OP_USE,    HF_SIGNER | HF_VERIFIER) \
    X(HF_OP_TPM_DECRYPT,            "tpm.decrypt",           HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_DOCTOR,             "tpm.doctor",            HF_OP_USE,    HF_OPERATOR) \
    X(HF_OP_TPM_DUPLICATE,          "tpm.duplicate",         HF_OP_CHANGE, HF_ADMIN) \
    X(HF_OP_TPM_ECDH,               "tpm.ecdh",              HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_EK_CERTIFICATE,     "tpm.ek.certificate",    HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_EK_PERSIST,         "tpm.ek.persist",        HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_EK_PIN,             "tpm.ek.pin",            HF_OP_CHANGE, HF_ADMIN) \
    X(HF_OP_TPM_EK_SHOW,            "tpm.ek.show",           HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_EK_VERIFY,          "tpm.ek.verify",         HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_ENCRYPT,            "tpm.encrypt",           HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_EVENTLOG_REPLAY,    "tpm.eventlog.replay",   HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_EVENTLOG_SHOW,      "tpm.eventlog.show",     HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_EVICT,              "tpm.evict",             HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_FLUSH,              "tpm.flush",             HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_HASH,               "tpm.hash",              HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_HMAC,               "tpm.hmac",              HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_IMA_REPLAY,         "tpm.ima.replay",        HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_IMPORT,             "tpm.import",            HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_INFO,               "tpm.info",              HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_LIST,               "tpm.list",              HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_LOAD,               "tpm.load",              HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_LOAD_EXTERNAL,      "tpm.load-external",     HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_LOCKOUT_RESET,      "tpm.lockout.reset",     HF_OP_CHANGE, HF_ADMIN) \
    X(HF_OP_TPM_LOCKOUT_SET,        "tpm.lockout.set",       HF_OP_CHANGE, HF_ADMIN) \
    X(HF_OP_TPM_LOCKOUT_SHOW,       "tpm.lockout.show",      HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_NV_DEFINE,          "tpm.nv.define",         HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_NV_EXTEND,          "tpm.nv.extend",         HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_NV_INCREMENT,       "tpm.nv.increment",      HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_NV_LIST,            "tpm.nv.list",           HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_NV_LOCK,            "tpm.nv.lock",           HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_NV_READ,            "tpm.nv.read",           HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_NV_SHOW,            "tpm.nv.show",           HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_NV_UNDEFINE,        "tpm.nv.undefine",       HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_NV_WRITE,           "tpm.nv.write",          HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_PCR_EXTEND,         "tpm.pcr.extend",        HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_PCR_PREDICT,        "tpm.pcr.predict",       HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_PCR_READ,           "tpm.pcr.read",          HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_PCR_RESET,          "tpm.pcr.reset",         HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_PIN,                "tpm.pin",               HF_OP_CHANGE, HF_ADMIN) \
    X(HF_OP_TPM_PIPE,               "tpm.pipe",              HF_OP_CHANGE, HF_ADMIN) \
    X(HF_OP_TPM_POLICY_APPROVE,     "tpm.policy.approve",    HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_POLICY_DIGEST,      "tpm.policy.digest",     HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_POLICY_SHOW,        "tpm.policy.show",       HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_POLICY_SIGN,        "tpm.policy.sign",       HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_POLICY_TRY,         "tpm.policy.try",        HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_PRIMARY,            "tpm.primary",           HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_QUOTE,              "tpm.quote",             HF_OP_USE,    HF_SIGNER | HF_ROBOT) \
    X(HF_OP_TPM_QUOTE_VERIFY,       "tpm.quote-verify",      HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_RANDOM,             "tpm.random",            HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_SEAL,               "tpm.seal",              HF_OP_CHANGE, HF_OPERATOR) \
    X(HF_OP_TPM_SHOW,               "tpm.show",              HF_OP_USE,    HF_ANYONE) \
    X(HF_OP_TPM_SIGN,               "tpm.sign",              HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_STATE_EXPORT,       "tpm.state.export",      HF_OP_CHANGE, HF_ADMIN) \
    X(HF_OP_TPM_STATE_IMPORT,       "tpm.state.import",      HF_OP_CHANGE, HF_ADMIN) \
    X(HF_OP_TPM_UNSEAL,             "tpm.unseal",            HF_OP_USE,    HF_SIGNER) \
    X(HF_OP_TPM_VERIFY,             "tpm.verify",            HF_OP_USE,    HF_ANYONE)
/* clang-format on */

#endif
