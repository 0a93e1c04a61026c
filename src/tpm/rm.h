/*
 * The resource manager: any number of clients, objects and sessions on a TPM with three slots each.
 *
 * Like the kernel's /dev/tpmrm0: a client has virtual transient handles (0x80FFFFFF downwards, stable
 * for the life of the object) and sees only what is its own; objects and sessions are swapped with
 * TPM2_ContextSave, ContextLoad and FlushContext when a command needs room, least recently used
 * first. Sessions keep their real handles, because a session's handle is its Name. What a client
 * saved itself with TPM2_ContextSave outlives its connection; everything else dies with it.
 *
 * One thread at a time. What the TPM answers is checked before it is believed; after an exchange that
 * fails below TPM level the manager is dead and every call gives HF_E_UNAVAILABLE.
 */
#ifndef HF_TPM_RM_H
#define HF_TPM_RM_H

#include "tpm/transport.h"

struct hf_rm;
struct hf_rm_client;

#define HF_RM_CLIENTS 256u        /* at once */
#define HF_RM_CLIENT_OBJECTS 256u /* transient objects of one client */
#define HF_RM_OBJECTS 2048u       /* of all clients */
#define HF_RM_SESSIONS 256u       /* active sessions that are tracked, whatever the TPM allows beyond */

/* Start on a TPM; one that waits for TPM2_Startup gets it. `raw` is borrowed and must outlive the manager. Reads the
 * TPM's limits. */
hf_err hf_rm_open(struct hf_tpm_transport *raw, struct hf_rm **out);

/* TPMA_CC of a command of the specification: what a TPM lists about it, but for the bits of NV and
 * EXTENSIVE. False for others, which the TPM is asked about. */
bool hf_rm_standard(uint32_t code, uint32_t *attributes);

/* Flush what clients still have. Contexts that clients saved stay valid. All clients are gone then. */
void hf_rm_close(struct hf_rm **rm);

/* From now on say nothing to the TPM and nothing to the watch: its handles are somebody else's now. */
void hf_rm_abandon(struct hf_rm *rm);

hf_err hf_rm_client_open(struct hf_rm *rm, struct hf_rm_client **out);

/* Flush the client's objects and sessions. Accepts an empty one. */
void hf_rm_client_close(struct hf_rm_client **client);

/* One command of a client. Whatever the client sent, the answer is a TPM's: HF_OK with a response
 * code in the reply; any other result means that the TPM is gone. */
hf_err hf_rm_transact(struct hf_rm_client *client, struct hf_bytes command, uint32_t timeout_ms,
                      struct hf_tpm_reply *reply);

/* The sessions that clients saved, for the next manager of the same TPM when the TPM itself goes on. */
hf_err hf_rm_keep(const struct hf_rm *rm, struct hf_buf *out);
hf_err hf_rm_restore(struct hf_rm *rm, struct hf_bytes kept);

/* What is alive now. */
struct hf_rm_counts {
    size_t clients, objects, sessions; /* sessions of connected clients */
    size_t saved;                      /* sessions that clients saved and have not loaded again */
    uint64_t swaps;                    /* objects and sessions brought back into the TPM so far */
};
struct hf_rm_counts hf_rm_counts(const struct hf_rm *rm);

/* Told of every handle that appears in the TPM and is to be flushed when this process dies: added or
 * gone. For the record that the sweep of a raw device works from. */
typedef void hf_rm_watch(void *arg, uint32_t real_handle, bool added);
void hf_rm_watch_set(struct hf_rm *rm, hf_rm_watch *watch, void *arg);

/* The transient objects and loaded sessions that are in the TPM and not this manager's: flush those
 * that `ours` lists (NULL: all of them), count the others. */
hf_err hf_rm_sweep(struct hf_rm *rm, const uint32_t *ours, size_t n_ours, size_t *flushed, size_t *foreign);

#endif
