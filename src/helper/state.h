/*
 * The directory that is an embedded TPM: its state file, its lock, its "software" mark.
 *
 *     state     permanent state of libtpms, in one of two slots
 *     resume    volatile state between two processes of one boot of the machine; deleted when read
 *     lock      held by the process that runs the TPM
 *     software  says what this is, for people who find it
 *     socket    where clients connect
 *
 * The state file is two slots of equal size. One holds the state, the other is zero: a new generation
 * is written into the empty slot and made durable, then the old one is overwritten with zeros, and made
 * so durably. The room is there already, so a full disk does not stop a TPM that runs; no name and no
 * size changes, so it takes two flushes of data and no journal; and nothing of a generation that was
 * replaced is left. A crash leaves a torn slot beside a whole one, or two whole ones: the younger
 * counts. A state that outgrows its slot moves to a new file.
 *
 * A slot, big-endian: "HFTPM\r\n\x1a", u16 version (1), u16 kind (1 state, 2 resume), u16 flags (1:
 * encrypted), u16 zero, u64 generation, u32 length of the payload, nonce[12], tag[16], SHA-256 of the
 * first 28 bytes and the payload as stored[32], payload, zeros. Encrypted: AES-256-GCM over the
 * payload, the first 28 bytes authenticated. The resume file is one such slot.
 */
#ifndef HF_HELPER_STATE_H
#define HF_HELPER_STATE_H

#include "base/bytes.h"

enum hf_tpm_state_kind { HF_TPM_STATE_PERMANENT = 1, HF_TPM_STATE_RESUME = 2 };

#define HF_TPM_STATE_HEADER 88u
#define HF_TPM_STATE_MAX ((size_t)1 << 20)

struct hf_tpm_state {
    int dir;
    int lock;
    int file;              /* the state file, once it was loaded or made; else -1 */
    char *path;            /* as given, for messages */
    struct hf_secret *key; /* NULL: not encrypted */
    size_t slot;           /* bytes of each slot of the file */
    unsigned live;         /* 0 or 1: the slot that holds the state */
    size_t used;           /* bytes of it that are not zero */
    uint64_t generation;   /* of the state in it */
};

/* Open the directory, made with mode 0700 when missing. HF_E_PERMISSION when it is somebody else's or
 * open to others. `key_spec` is file:PATH, credential:NAME, fd:N or NULL. Does not lock. */
hf_err hf_tpm_state_open(const char *path, const char *key_spec, struct hf_tpm_state **out);
void hf_tpm_state_close(struct hf_tpm_state **state);

/* Take the lock without waiting: HF_E_BUSY when another process has it. */
hf_err hf_tpm_state_lock(struct hf_tpm_state *state);

/* Read one of the two; *out stays empty when there is none. HF_E_FORMAT, HF_E_TRUNCATED, HF_E_TRAILING or
 * HF_E_INTEGRITY name the file when it is not one of ours; HF_E_AUTH when the key is wrong or missing.
 * Cleans up what a crash left. */
hf_err hf_tpm_state_load(struct hf_tpm_state *state, enum hf_tpm_state_kind kind, struct hf_buf *out);

/* The same without the lock and without cleaning up after a crash: for a TPM that may run. */
hf_err hf_tpm_state_peek(struct hf_tpm_state *state, enum hf_tpm_state_kind kind, struct hf_buf *out);

/* For HF_CLEANUP of buffers that held a TPM's state. */
void hf_buf_wiped_free(struct hf_buf *buf);

/* Replace the permanent state, after it was loaded: durable, and its previous generation gone, before it
 * returns. After a failure the slot is not known any more: load again, or end. */
hf_err hf_tpm_state_save(struct hf_tpm_state *state, struct hf_bytes permanent);

/* Write the volatile state; delete it, overwritten. Deleting what is not there is fine. */
hf_err hf_tpm_state_save_resume(struct hf_tpm_state *state, struct hf_bytes resume);
hf_err hf_tpm_state_drop_resume(struct hf_tpm_state *state);

/* The bytes of a slot from a payload, and back. HF_E_INTEGRITY and the like as hf_tpm_state_load. */
hf_err hf_tpm_slot_write(enum hf_tpm_state_kind kind, const struct hf_secret *key, uint64_t generation,
                         struct hf_bytes payload, struct hf_buf *slot);
hf_err hf_tpm_slot_parse(enum hf_tpm_state_kind kind, const struct hf_secret *key, struct hf_bytes slot,
                         struct hf_buf *payload);

/* What is in a slot, without its key. */
enum hf_tpm_slot_is { HF_TPM_SLOT_EMPTY, HF_TPM_SLOT_TORN, HF_TPM_SLOT_WHOLE };
enum hf_tpm_slot_is hf_tpm_slot_look(struct hf_bytes slot, uint64_t *generation, size_t *used);

#endif
