/*
 * The directory that is an embedded TPM: its state file, its lock, its "software" mark.
 *
 *     state     permanent state of libtpms behind our header; replaced whole, durable
 *     spare     the place the next state is written to: same size, already allocated, so that a full
 *               disk does not stop a TPM that runs; holds zeros between writes
 *     resume    volatile state between two processes of one boot of the machine; deleted when read
 *     lock      held by the process that runs the TPM
 *     software  says what this is, for people who find it
 *     socket    where clients connect
 *
 * A header has 80 bytes, big-endian: "HFTPM\r\n\x1a", u16 version (1), u16 kind (1 state, 2 resume),
 * u16 flags (1: encrypted), u16 zero, u32 length of the payload, nonce[12], tag[16], SHA-256 of the
 * payload as stored[32]. Encrypted: AES-256-GCM over the payload, the first 20 bytes authenticated.
 * What lies behind the payload is zero.
 */
#ifndef HF_HELPER_STATE_H
#define HF_HELPER_STATE_H

#include "base/bytes.h"

enum hf_tpm_state_kind { HF_TPM_STATE_PERMANENT = 1, HF_TPM_STATE_RESUME = 2 };

#define HF_TPM_STATE_HEADER 80u
#define HF_TPM_STATE_MAX ((size_t)1 << 20)

struct hf_tpm_state {
    int dir;
    int lock;
    char *path;            /* as given, for messages */
    struct hf_secret *key; /* NULL: not encrypted */
    size_t used;           /* bytes of the state file that are not zero; 0: unknown */
    bool spare_clean;      /* the spare is known to hold zeros */
};

/* Open the directory, made with mode 0700 when missing. HF_E_PERMISSION when it is somebody else's or
 * open to others. `key_spec` is file:PATH, credential:NAME, fd:N or NULL. Does not lock. */
hf_err hf_tpm_state_open(const char *path, const char *key_spec, struct hf_tpm_state **out);
void hf_tpm_state_close(struct hf_tpm_state **state);

/* Take the lock without waiting: HF_E_BUSY when another process has it. */
hf_err hf_tpm_state_lock(struct hf_tpm_state *state);

/* Read one of the two; *out stays empty when there is none. HF_E_FORMAT, HF_E_TRUNCATED or
 * HF_E_INTEGRITY name the file when it is not one of ours; HF_E_AUTH when the key is wrong or missing. */
hf_err hf_tpm_state_load(struct hf_tpm_state *state, enum hf_tpm_state_kind kind, struct hf_buf *out);

/* The same without the lock and without cleaning up after a crash: for a TPM that may run. */
hf_err hf_tpm_state_peek(struct hf_tpm_state *state, enum hf_tpm_state_kind kind, struct hf_buf *out);

/* For HF_CLEANUP of buffers that held a TPM's state. */
void hf_buf_wiped_free(struct hf_buf *buf);

/* Replace the permanent state: durable, and its previous generation gone, before it returns. */
hf_err hf_tpm_state_save(struct hf_tpm_state *state, struct hf_bytes permanent);

/* Write the volatile state; delete it, overwritten. Deleting what is not there is fine. */
hf_err hf_tpm_state_save_resume(struct hf_tpm_state *state, struct hf_bytes resume);
hf_err hf_tpm_state_drop_resume(struct hf_tpm_state *state);

/* The bytes of a file from a payload, and back. */
hf_err hf_tpm_state_write(enum hf_tpm_state_kind kind, const struct hf_secret *key, struct hf_bytes payload,
                          struct hf_buf *file);
hf_err hf_tpm_state_parse(enum hf_tpm_state_kind kind, const struct hf_secret *key, struct hf_bytes file,
                          struct hf_buf *payload);

#endif
