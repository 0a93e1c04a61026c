/*
 * Operations. core is the only folder that grants permission and writes the audit trail: permission,
 * work, audit record, in this order; without a record there is no result.
 *
 * An operation is a row of hf_ops and a function hf_core_<op> in a file of its own:
 *
 *     static hf_err work(struct hf_core *core, void *arg) { struct sign *s = arg; ... }
 *
 *     hf_err hf_core_tpm_sign(struct hf_core *core, const struct hf_who *who, ..., struct hf_buf *out)
 *     {
 *         HF_CLEANUP(hf_buf_free) struct hf_buf sig = {0};
 *         struct sign s = {key, data, &sig};
 *
 *         HF_TRY(hf_core_do(core, who, HF_OP_TPM_SIGN, key_id, work, &s));
 *         return hf_buf_move(&sig, out);     the last line: released only when the record is written
 *     }
 */
#ifndef HF_CORE_CORE_H
#define HF_CORE_CORE_H

#include "base/bytes.h"

#include <holdfast/tpm.h>

/* Who asks: for in-process use the uid, recorded as admin of the directory. */
struct hf_who {
    enum hf_role {
        HF_ROLE_NONE,
        HF_ROLE_ADMIN,
        HF_ROLE_OPERATOR,
        HF_ROLE_SIGNER,
        HF_ROLE_VERIFIER,
        HF_ROLE_AUDITOR,
        HF_ROLE_ROBOT
    } role;
    char name[128];   /* "uid:1000", "token:ci", "spiffe://..." */
    const char *door; /* "cli", "library", "pkcs11", "rest" */
};

struct hf_core_conf {
    const char *state_dir;     /* NULL: HOLDFAST_STATE, then the next, then the default of base/state_dir.h */
    const char *configured_state; /* from a configuration file; NULL: none */
    struct hf_tpm_options tpm; /* its state_dir is this core's, whatever stands there */
    const char *store; /* NULL: HOLDFAST_STORE, then the next, then holdfast.db in the state directory; see store/store.h */
    const char *configured_store; /* from a configuration file; NULL: none */
    bool one_shot; /* a process that ends after a few operations: it starts no flusher threads */
};

struct hf_core;

hf_err hf_core_open(const struct hf_core_conf *conf, struct hf_core **out);
void hf_core_close(struct hf_core **core);

/* The caller of an in-process host: this uid as admin, through `door`. */
struct hf_who hf_who_here(const char *door);

/* The TPM of this core, connected on first use. */
hf_err hf_core_tpm(struct hf_core *core, struct hf_tpm **out);

/* How it is connected: for what speaks to the TPM beside that connection. */
const struct hf_tpm_options *hf_core_tpm_options(const struct hf_core *core);

/* The state directory: its path, and a descriptor to open beneath. */
const char *hf_core_state_path(const struct hf_core *core);
int hf_core_state_dir(const struct hf_core *core);

/* Class of an operation: when its audit record is on disk (DESIGN 11). */
enum hf_op_class {
    HF_OP_USE,    /* sign, decrypt, verify, read: with the kernel before release, on disk within 100 ms */
    HF_OP_CHANGE, /* create, destroy, policy, access: on disk before release */
};

/* name, class, least roles that may do it (bits 1 << role) */
#define HF_ANYONE 0xfeu /* every role but NONE */
#define HF_ADMIN (1u << HF_ROLE_ADMIN)
#define HF_OPERATOR (1u << HF_ROLE_OPERATOR | HF_ADMIN)
#define HF_SIGNER (1u << HF_ROLE_SIGNER | HF_OPERATOR)
#define HF_VERIFIER (1u << HF_ROLE_VERIFIER | HF_ADMIN)
#define HF_AUDITOR (1u << HF_ROLE_AUDITOR | HF_ADMIN)
#define HF_ROBOT (1u << HF_ROLE_ROBOT | HF_ADMIN)
#include "core/ops.h" /* HF_OPS(X): X(HF_OP_TPM_SIGN, "tpm.sign", HF_OP_USE, HF_SIGNER) ... */

#define HF_OPS_ENUM(id, name, class, roles) id,
enum hf_op { HF_OPS(HF_OPS_ENUM) HF_OP_COUNT };
#undef HF_OPS_ENUM

/* "tpm.sign". Never NULL. */
const char *hf_op_name(enum hf_op op);

typedef hf_err hf_work(struct hf_core *core, void *arg);

/*
 * Permission, work, record. `object` names what it is done to (a key's Name, an NV index, a path-free
 * file name), for the record; never a secret. It may be NULL, and it is read when the work is done, so
 * the work may fill it in.
 *
 * Returns what the work returned once that is recorded: a refusal and a failure are recorded too.
 * HF_E_DENIED when the role may not. When the record cannot be written, that failure (HF_E_FULL,
 * HF_E_IO, HF_E_BUSY, ...), whose detail says whether the work was done; release nothing then. It is
 * never one of the answers HF_E_MISMATCH, HF_E_UNTRUSTED, HF_E_WARNED, so a verdict that comes with
 * those is recorded and may be shown.
 */
hf_err hf_core_do(struct hf_core *core, const struct hf_who *who, enum hf_op op, const char *object, hf_work *work,
                  void *arg);

/*
 * An event of the caller's own, as an audit record: `event_type` ("KEY_ACCESS") and `operation` ("SIGN")
 * are words, `key_handle` is 0 when no key is meant, `result` is a word of the caller's ("SUCCESS").
 */
hf_err hf_core_log_event(struct hf_core *core, const struct hf_who *who, const char *event_type, uint32_t key_handle,
                         const char *operation, const char *result);

/* The store of this core, opened on first use. See store/store.h. */
struct hf_store;
hf_err hf_core_store(struct hf_core *core, struct hf_store **out);

/* The audit file of this core, opened on first use. See core/audit.h. */
struct hf_audit;
hf_err hf_core_audit(struct hf_core *core, struct hf_audit **out);

/* Move a buffer's content to an output. */
hf_err hf_buf_move(struct hf_buf *from, struct hf_buf *to);

#endif
