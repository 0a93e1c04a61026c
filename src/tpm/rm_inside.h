/* What the files of the resource manager share. */
#ifndef HF_TPM_RM_INSIDE_H
#define HF_TPM_RM_INSIDE_H

#include "tpm/rm.h"
#include "tpm/wire.h"

#include <tss2/tss2_tpm2_types.h>

#define HF_RM_NO_HANDLE 0u /* PCR 0's handle: never an object's or session's */

#define HF_RM_STUCK 8u

struct hf_rm_object {
    struct hf_rm_client *owner;
    uint32_t virtual_handle;
    uint32_t real;         /* HF_RM_NO_HANDLE: not in the TPM, but in `context` */
    struct hf_buf context; /* TPMS_CONTEXT; kept after loading, because an object does not change... */
    bool sequence;         /* ...unless it is a hash or HMAC sequence */
    uint64_t used;         /* turn of its last use */
};

struct hf_rm_session {
    struct hf_rm_client *owner; /* NULL: saved by a client that is gone */
    uint32_t handle;            /* HF_RM_NO_HANDLE: an empty row */
    bool loaded;                /* in the TPM's memory; else in `context` */
    bool parked;                /* saved by a client, and not loaded by one since */
    struct hf_buf context;      /* TPMS_CONTEXT, valid for one load */
    uint64_t sequence;          /* of `context` */
    uint8_t blob[32];           /* parked: SHA-256 of the context as the client got it */
    uint64_t used;
};

struct hf_rm_client {
    struct hf_rm *rm;
    size_t index; /* in rm->client */
    uint32_t next_handle;
    size_t n_objects;
};

struct hf_rm {
    struct hf_tpm_transport *raw;
    bool dead;
    uint64_t turn; /* counts commands of clients */
    uint64_t swaps;
    uint32_t active_max;    /* TPM2_PT_ACTIVE_SESSIONS_MAX, at most HF_RM_SESSIONS */
    uint64_t gap_max;       /* TPM2_PT_CONTEXT_GAP_MAX */
    uint64_t last_sequence; /* of the latest session context */
    size_t n_commands;
    uint32_t *command; /* TPMA_CC, ascending by command index */
    size_t n_clients;
    struct hf_rm_client *client[HF_RM_CLIENTS];
    size_t n_objects;
    struct hf_rm_object *object[HF_RM_OBJECTS];
    struct hf_rm_session session[HF_RM_SESSIONS];
    uint32_t stuck[HF_RM_STUCK]; /* handles that the TPM refused to flush */
    hf_rm_watch *watch;
    void *watch_arg;
    uint8_t out[HF_TPM_IO_MAX]; /* commands of the manager's own */
    struct hf_tpm_reply in;     /* and their answers */
};

/*
 * Functions that talk to the TPM return hf_err for a TPM that is gone (the manager is dead then), and
 * the TPM's own verdict through *rc.
 */

/* rm_raw.c: commands of the manager's own. */
hf_err hf_rm_raw(struct hf_rm *rm, struct hf_bytes command, uint32_t timeout_ms, struct hf_tpm_reply *reply,
                 uint32_t *rc);
hf_err hf_rm_raw_save(struct hf_rm *rm, uint32_t handle, struct hf_buf *context, uint32_t *rc);
hf_err hf_rm_raw_load(struct hf_rm *rm, struct hf_bytes context, uint32_t *handle, uint32_t *rc);
hf_err hf_rm_raw_flush(struct hf_rm *rm, uint32_t handle, uint32_t *rc);
/* Try again to flush what could not be flushed. *done: something went. */
hf_err hf_rm_raw_flush_stuck(struct hf_rm *rm, bool *done);
/* The TPM gave this handle anew: whatever had it is gone. */
void hf_rm_raw_unstick(struct hf_rm *rm, uint32_t handle);
/* One page of a capability: the reader stands behind the count of `n` elements, in rm->in. */
hf_err hf_rm_raw_capability(struct hf_rm *rm, uint32_t capability, uint32_t property, uint32_t count, bool *more,
                            uint32_t *n, struct hf_reader *r);
void hf_rm_tell(struct hf_rm *rm, uint32_t handle, bool added);

/* rm_object.c */
struct hf_rm_object *hf_rm_object_find(const struct hf_rm_client *c, uint32_t virtual_handle);
/* Room for one more object of the client, before the TPM makes it: NULL at a limit. */
struct hf_rm_object *hf_rm_object_new(struct hf_rm_client *c);
/* The TPM made it under this handle: it is the client's from now on. */
void hf_rm_object_add(struct hf_rm_object *o, uint32_t real, bool sequence);
void hf_rm_object_free(struct hf_rm_object **o); /* one that was never added */
/* Forget it: the TPM has it no more. */
void hf_rm_object_drop(struct hf_rm *rm, struct hf_rm_object *o);
/* Flush and forget it. */
hf_err hf_rm_object_end(struct hf_rm *rm, struct hf_rm_object *o);
/* Into the TPM. rc TPM2_RC_HANDLE: it is lost, and forgotten. Others as ContextLoad. */
hf_err hf_rm_object_load(struct hf_rm *rm, struct hf_rm_object *o, uint32_t *rc);
/* The least recently used object that this turn does not use, out of the TPM. *done: false: none is. */
hf_err hf_rm_object_evict(struct hf_rm *rm, bool *done);
/* Forget objects that the TPM flushed by itself (TPM2_Clear and its kind). */
hf_err hf_rm_object_resync(struct hf_rm *rm);

/* rm_session.c */
struct hf_rm_session *hf_rm_session_find(struct hf_rm_client *c, uint32_t handle);
struct hf_rm_session *hf_rm_session_any(struct hf_rm *rm, uint32_t handle);
/* True when one more can be tracked for the client. */
bool hf_rm_session_room(const struct hf_rm_client *c);
void hf_rm_session_add(struct hf_rm_client *c, uint32_t handle);
void hf_rm_session_drop(struct hf_rm *rm, struct hf_rm_session *s);
hf_err hf_rm_session_end(struct hf_rm *rm, struct hf_rm_session *s, uint32_t *rc);
hf_err hf_rm_session_load(struct hf_rm *rm, struct hf_rm_session *s, uint32_t *rc);
hf_err hf_rm_session_evict(struct hf_rm *rm, bool *done);
/* The client saved it: it is out of the TPM, and `context` is its valid form. */
hf_err hf_rm_session_park(struct hf_rm *rm, struct hf_rm_session *s, struct hf_bytes context);
/* The client loads what a client saved. False when the context is not the latest one of `s`. */
bool hf_rm_session_unpark(struct hf_rm_client *c, struct hf_rm_session *s, struct hf_bytes context);
/* Flush the one that was saved longest ago by a client. */
hf_err hf_rm_session_drop_oldest(struct hf_rm *rm, bool *done);
/* Save the oldest saved session anew, so that the gap to the newest becomes smaller. */
hf_err hf_rm_session_refresh(struct hf_rm *rm, bool *done);
/* The same ahead of need, when half of the gap is used. */
hf_err hf_rm_session_refresh_early(struct hf_rm *rm);

static inline bool hf_rm_is_transient(uint32_t handle)
{
    return handle >> TPM2_HR_SHIFT == TPM2_HT_TRANSIENT;
}

static inline bool hf_rm_is_session(uint32_t handle)
{
    return handle >> TPM2_HR_SHIFT == TPM2_HT_HMAC_SESSION || handle >> TPM2_HR_SHIFT == TPM2_HT_POLICY_SESSION;
}

/* rm_run.c: one command of a client, its handles mapped. */
struct hf_rm_work {
    struct hf_rm_client *client;
    struct hf_bytes command;
    uint32_t timeout_ms;
    uint32_t attributes; /* TPMA_CC */
    struct hf_wire_command cmd;
    struct hf_rm_object *object[HF_WIRE_HANDLES];   /* of the handle area, or NULL */
    struct hf_rm_session *in_area[HF_WIRE_HANDLES]; /* sessions as handles: policy commands, ContextSave */
    struct hf_rm_session *auth[HF_WIRE_SESSIONS];   /* of the authorization area, or NULL for a password */
    struct hf_rm_object *made;                      /* room for what it may create */
};
hf_err hf_rm_run(struct hf_rm_work *work, struct hf_tpm_reply *reply);

/* rm_special.c: what the manager answers itself. *done: false: hf_rm_run has to. */
hf_err hf_rm_special(struct hf_rm_work *work, struct hf_tpm_reply *reply, bool *done);

#endif
